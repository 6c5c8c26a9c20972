"""Toolbox (standard format markers): one text file a sound file, with ELAN's time markers, so that ELAN and Toolbox both read it.

Words and glosses of the same number are set in columns, counted in bytes, as Toolbox does.
"""

from __future__ import annotations

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, lines, markers_told, not_told, one_row, own_markers
from fieldapp.corpus.output import Output

NAME = "toolbox"
TITLE = "Toolbox (SFM)"
SUFFIX = ".txt"

MARKERS = {"transcription": "tx", "ipa": "ph", "gloss": "ge", "translation": "ft", "note": "nt"}


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One .txt beside each sound file's name."""
    losses: list[Loss] = []
    for number, (sound, found) in enumerate(lines(bundle, options, losses, untimed=True)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}{SUFFIX}")
        rows = ["\\_sh v3.0  400  Text", "\\_DateStampHasFourDigitYear", "", f"\\id {sound.stem}"]
        markers = own_markers(found, MARKERS)
        rows += [f"\\tiers {markers_told(markers)}"] if markers else []
        for place, line in enumerate(found, 1):
            rows += ["", f"\\ref {sound.stem}.{place:03}", *_record(line, MARKERS | markers, losses)]
        losses += not_told(found, sound.stem, languages=True)
        out.text(f"{sound.stem}{SUFFIX}", "\n".join(rows) + "\n")
    return losses


def _record(line: Line, names: dict[str, str], losses: list[Loss]) -> list[str]:
    start, stop = line.milliseconds
    rows = [f"\\ELANBegin {start / 1000:.3f}", f"\\ELANEnd {stop / 1000:.3f}"] if line.timed else []
    if line.speaker:
        rows.append(f"\\ELANParticipant {line.speaker}")
    texts = {tier: one_row(a.text, a.id, losses) for tier, a in line.texts.items()}
    words, glosses = texts.get("transcription", "").split(), texts.get("gloss", "").split()
    if words and len(words) == len(glosses):
        texts["transcription"], texts["gloss"] = _columns(words, glosses)
    for tier, text in texts.items():
        rows.append(f"\\{names[tier]} {text}")
    if line.draft_note():
        rows.append(f"\\src {line.draft_note()}")
    return rows


def _columns(words: list[str], glosses: list[str]) -> tuple[str, str]:
    upper = lower = ""
    for word, gloss in zip(words, glosses, strict=True):
        width = max(len(word.encode()), len(gloss.encode())) + 1
        upper += word + " " * (width - len(word.encode()))
        lower += gloss + " " * (width - len(gloss.encode()))
    return upper.rstrip(), lower.rstrip()
