"""SRT subtitles: one file for each sound file and tier."""

from __future__ import annotations

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.corpus.subtitles import Form, write_tiers

NAME = "srt"
TITLE = "Subtitles (SRT)"
SUFFIX = ".srt"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """`x.transcription.srt`, `x.translation.srt` and so on."""
    return write_tiers(bundle, out, options, SUFFIX, Form(head="", separator=",", speakers=False, escaped=False))
