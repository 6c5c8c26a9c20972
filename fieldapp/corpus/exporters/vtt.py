"""WebVTT subtitles: one file for each sound file and tier, speakers as voices."""

from __future__ import annotations

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.corpus.subtitles import Form, write_tiers

NAME = "vtt"
TITLE = "Subtitles for web pages (WebVTT)"
SUFFIX = ".vtt"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """`x.transcription.vtt`, `x.translation.vtt` and so on."""
    return write_tiers(bundle, out, options, SUFFIX, Form(head="WEBVTT\n\n", separator=".", speakers=True, escaped=True))
