"""Audacity labels: one label track for each sound file, speaker and tier."""

from __future__ import annotations

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import file_names, lines_by_tier, one_row, plain_name
from fieldapp.corpus.output import Output

NAME = "audacity"
TITLE = "Audacity labels"
SUFFIX = ".txt"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """`x.W1.transcription.txt`: seconds, seconds, text."""
    losses: list[Loss] = []
    for stem, by_tier in lines_by_tier(bundle, out, options, losses):
        tracks: dict[str, list[str]] = {}
        names = file_names(by_tier, stem, losses)
        for tier, found in by_tier.items():
            for line, text in found:
                start, stop = line.milliseconds
                name = ".".join(part for part in (stem, plain_name(line.speaker) if line.speaker else "", names[tier]) if part)
                tracks.setdefault(name, []).append(f"{start / 1000:.6f}\t{stop / 1000:.6f}\t{one_row(text.text, text.id, losses)}\n")
        for name, rows in tracks.items():
            out.text(f"{name}{SUFFIX}", "".join(rows))
        if by_tier:
            losses.append(Loss(stem, "speakers (they stand in the names of the files), takes, states, prompts and languages"))
    return losses
