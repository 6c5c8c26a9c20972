"""What SRT and WebVTT have in common: cues, their times, right-to-left lines set apart. Any thread."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.document import Document, Text, Utterance, tier_in_name, understand, without_impossible
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, file_names, lines_by_tier
from fieldapp.corpus.output import Output
from fieldapp.corpus.written import text_of
from fieldapp.errors import ImportProblem
from fieldapp.model import Annotation

RTL_ISOLATE, POP_ISOLATE = "\u2067", "\u2069"
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
CARRIED = "takes, states, prompts and languages"


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle."""

    start_ms: int
    stop_ms: int
    lines: tuple[str, ...]


def write_tiers(bundle: Bundle, out: Output, options: Options, suffix: str, form: Form) -> list[Loss]:
    """One file for each sound file and tier; machine tiers have files of their own."""
    losses: list[Loss] = []
    for stem, by_tier in lines_by_tier(bundle, out, options, losses):
        names = file_names(by_tier, stem, losses)
        for tier, found in by_tier.items():
            every = [_cue(line, text, losses, form.encode) for line, text in found]
            cues = [cue for cue in every if cue[1]]
            if not cues:
                continue
            out.text(f"{stem}.{names[tier]}{suffix}", form.head + "".join(f"{form.cue(number, *cue)}\n" for number, cue in enumerate(cues, 1)))
        if by_tier:
            losses.append(Loss(stem, CARRIED if form.speakers else f"speakers, {CARRIED}"))
    return losses


@dataclass(frozen=True, slots=True)
class Form:
    """How one of the two formats looks."""

    head: str
    separator: str
    speakers: bool
    escaped: bool

    def encode(self, line: str) -> str:
        """A line of text as the format writes it."""
        return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if self.escaped else line

    def cue(self, number: int, line: Line, rows: list[str]) -> str:
        """One cue, with a line end at its end."""
        start, stop = (clock(time, self.separator) for time in line.milliseconds)
        if self.speakers and line.speaker:
            rows = [f"<v {self.encode(line.speaker)}>{rows[0]}", *rows[1:]]
        return "\n".join([str(number), f"{start} --> {stop}", *rows, ""])


def _cue(line: Line, text: Annotation, losses: list[Loss], encode: Callable[[str], str]) -> tuple[Line, list[str]]:
    rows = re.split(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text.text)
    kept = [row for row in (re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", row) for row in rows) if row.strip()]
    if "\n".join(kept) != text.text:
        losses.append(Loss(text.id, "empty lines and control characters inside a text"))
    return line, [isolated(encode(row)) for row in kept]


def isolated(row: str) -> str:
    """A line that begins right to left, set apart so that players without bidi settings keep its order."""
    first = next((kind for kind in map(unicodedata.bidirectional, row) if kind in ("L", "R", "AL")), "L")
    return row if first == "L" else f"{RTL_ISOLATE}{row}{POP_ISOLATE}"


def clock(milliseconds: int, separator: str) -> str:
    """00:00:00,000"""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{rest:03}"


def cues(path: Path, warnings: list[str]) -> Iterator[Cue]:
    """The cues of a file of either format; what stands between them (numbers, notes, styles) is passed over."""
    for block in re.split(r"\n[ \t]*\n", text_of(path, warnings)):
        rows = block.strip("\n").split("\n")
        place = next((number for number, row in enumerate(rows[:3]) if TIMING.fullmatch(row)), None)
        if place is None:
            continue
        times = TIMING.fullmatch(rows[place])
        assert times
        parts = times.groups()
        yield Cue(_milliseconds(parts[:4]), _milliseconds(parts[4:]), tuple(rows[place + 1 :]))


def document(path: Path, name: str, mapping: Mapping[str, str], decoded: Callable[[str], tuple[str, str]], warnings: list[str]) -> Document:
    """The document of a subtitle file; `x.translation.srt` is a translation, `x.srt` the transcription."""
    stem = tier_in_name(path, mapping)
    found = understand([stem], mapping)[stem]
    source, state = ("machine", "draft") if found.machine else ("import", "confirmed")
    utterances = []
    for cue in cues(path, warnings):
        speaker, text = decoded("\n".join(row.removeprefix(RTL_ISOLATE).removesuffix(POP_ISOLATE) for row in cue.lines))
        texts = (Text(found.tier, text, "", source, state),) if text.strip() else ()
        utterances.append(Utterance(cue.start_ms, cue.stop_ms, speaker or found.speaker, texts))
    if not utterances:
        raise ImportProblem(f"{path.name} holds no subtitles.", "It may be damaged or of another format.")
    kept = without_impossible(utterances, warnings)
    return Document(format=name, utterances=kept, tiers={stem: found.tier}, warnings=tuple(warnings))


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in (*parts[:3], (parts[3] or "0").ljust(3, "0")))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
