"""A bundle as lines: file by file, segment by segment, one text a tier; and the stretch of sound behind each line. Any thread.

Shared by the formats that know lines of text rather than tiers. What cannot be a line is told to `losses`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile, is_machine
from fieldapp.corpus.document import TIERS
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.model import Annotation, Segment, Span, Variety

UNKNOWN_LANGUAGE = "qaa"
"""ISO 639-3 keeps qaa..qtz for languages without a code."""
UNTIMED = "untimed"
"""Metadata of a segment that came in without times: its place in the order."""
_GUIDS = uuid.UUID("6f4f5e0c-4a52-5d0e-9d55-3f1e6a1c7b20")


@dataclass(frozen=True, slots=True)
class Line:
    """One segment in one sound file, with at most one text on each tier."""

    segment: Segment
    sound: SoundFile
    span: Span
    speaker: str
    language: str
    texts: dict[str, Annotation] = field(default_factory=dict)

    @property
    def milliseconds(self) -> tuple[int, int]:
        """Where it lies in its file."""
        return self.span.milliseconds(self.sound.recording.rate)

    @property
    def timed(self) -> bool:
        """Whether it has a stretch of sound; lines that came in without times have none until somebody places them."""
        return len(self.span) > 0

    def text(self, tier: str) -> str:
        """The text of a tier, empty where there is none."""
        return self.texts[tier].text if tier in self.texts else ""

    @property
    def drafts(self) -> dict[str, str]:
        """The tiers that hold a machine's guess, with the machine that made it."""
        return {tier: text.source for tier, text in self.texts.items() if is_machine(text)}

    def draft_note(self) -> str:
        """A sentence that says which texts are a machine's, empty where none is."""
        return "; ".join(f"{tier}: draft by {source}, not confirmed" for tier, source in self.drafts.items())


_DRAFT = re.compile(r"(?P<tier>[^:;]+): draft by (?P<source>[^;]+), not confirmed")


def drafts_told(note: str) -> dict[str, str]:
    """What `draft_note` said, read back: tier and the machine that wrote it; empty where the note is about something else."""
    found = [_DRAFT.fullmatch(part.strip()) for part in note.split(";")]
    return {one["tier"].strip(): one["source"] for one in found if one} if all(found) else {}


def lines(bundle: Bundle, options: Options, losses: list[Loss], *, untimed: bool = False, silent: bool = False) -> Iterator[tuple[SoundFile, list[Line]]]:
    """Every sound file with its lines, in order of time; with `silent` those without any, too.

    With `untimed`, for formats that can do without times, those that came in without any as well.
    """
    for sound in bundle.sound_files(losses):
        if not (sound.pieces or silent):
            continue
        found = []
        for segment, span in sorted(sound.pieces, key=lambda piece: (piece[1], _place(piece[0]), piece[0].id)):
            if not len(span) and not (untimed and _place(segment)):
                losses.append(Loss(segment.id, "a segment without any sound, with its texts"))
                continue
            texts = _one_a_tier(bundle, segment, options, losses)
            found.append(Line(segment, sound, span, bundle.speaker_code(segment), language_of(bundle, segment), texts))
        yield sound, found


def _place(segment: Segment) -> int:
    """Its place among the lines without times of the file it came from, 0 where it came with times."""
    told = str(segment.metadata.get(UNTIMED, ""))
    return int(told) if told.isascii() and told.isdecimal() else 0


def tier_texts(bundle: Bundle, segment: Segment, options: Options, losses: list[Loss]) -> dict[str, Annotation]:
    """The texts of a segment by tier, machines' drafts on tiers of their own (`machine-TIER`); a second text of the same kind is a loss."""
    kept: dict[str, Annotation] = {}
    for annotation in bundle.texts(segment.id):
        if not options.keeps(annotation.tier) or (is_machine(annotation) and not options.drafts):
            continue
        tier = f"machine-{annotation.tier}" if is_machine(annotation) else annotation.tier
        if tier in kept:
            losses.append(Loss(annotation.id, f"a second text on tier '{annotation.tier}'"))
        else:
            kept[tier] = annotation
    return kept


def lines_by_tier(bundle: Bundle, out: Output, options: Options, losses: list[Loss]) -> Iterator[tuple[str, dict[str, list[tuple[Line, Annotation]]]]]:
    """Every sound file's stem with its texts by tier, in order of time, for formats that hold one tier a file."""
    for number, sound in enumerate(bundle.sound_files(losses)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}")
        by_tier: dict[str, list[tuple[Line, Annotation]]] = {}
        for segment, span in sorted(sound.pieces, key=lambda piece: (piece[1], piece[0].id)):
            texts = tier_texts(bundle, segment, options, losses)
            start, stop = span.milliseconds(sound.recording.rate)
            if start == stop or not texts:
                losses.append(Loss(segment.id, "a segment shorter than a millisecond, with its texts" if start == stop else "a segment without any text"))
                continue
            line = Line(segment, sound, span, bundle.speaker_code(segment), "", texts)
            for tier, text in texts.items():
                by_tier.setdefault(tier, []).append((line, text))
        yield sound.stem, dict(sorted(by_tier.items()))


def not_told(found: list[Line], where: str, *, languages: bool = False, speakers: bool = False) -> list[Loss]:
    """One loss for a file whose format knows nothing of what is noted about its segments (and of languages and speakers, where told), if anything was."""
    noted = any(s.meaning_id or s.take != 1 or s.best or s.state in ("pending", "rejected") for s in (line.segment for line in found))
    lost = ["takes, states and prompts"] if noted else []
    lost += ["which language a text is in"] if languages and any(text.language for line in found for text in line.texts.values()) else []
    lost += ["who speaks in which segment"] if speakers and any(line.speaker for line in found) else []
    return [Loss(where, ", ".join(lost))] if lost else []


def file_names(tiers: Iterable[str], stem: str, losses: list[Loss]) -> dict[str, str]:
    """What a file of one tier is called after it; names that say a tier to nobody else are told, since the file comes back as a transcription."""
    names = distinct_names(tiers)
    odd = {tier: name for tier, name in names.items() if name.removeprefix("machine-").casefold() not in TIERS and not name.startswith("machine-")}
    losses += [Loss(f"{stem}.{name}", f"that this is the tier '{tier}' (say --map '{name}={tier}' when it comes back)") for tier, name in odd.items()]
    return names


def all_lines(bundle: Bundle, options: Options, losses: list[Loss]) -> list[Line]:
    """The lines of every sound file, one after another."""
    return [line for _, found in lines(bundle, options, losses) for line in found]


def cut_line(bundle: Bundle, line: Line, target: Path) -> None:
    """Write the sound of one line into a file of its own."""
    bundle.cut(bundle.sound_path(line.sound.recording), line.span, target)


def variety_of(bundle: Bundle, segment: Segment) -> Variety | None:
    """The variety of a segment, or of its session."""
    session = bundle.sessions[bundle.recordings[segment.recording].session]
    identity = segment.variety or session.variety
    return bundle.varieties.get(identity) if identity else None


def language_of(bundle: Bundle, segment: Segment) -> str:
    """The language tag of a segment."""
    variety = variety_of(bundle, segment)
    return (variety.language or variety.iso639_3 if variety else "") or UNKNOWN_LANGUAGE


def gloss_of(bundle: Bundle, line: Line) -> str:
    """What the line means, in the words of the prompt or of its translation."""
    item = bundle.items.get(line.segment.item) if line.segment.item else None
    return (item.gloss.get("en") or item.text if item else "") or line.text("translation") or line.segment.meaning_id


def guid(*parts: str) -> str:
    """A GUID that is the same in every export of the same thing."""
    return str(uuid.uuid5(_GUIDS, "\x1f".join(parts)))


def plain_name(text: str) -> str:
    """A name of ASCII letters, digits, `_` and `-`, never empty."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "x"


def distinct_names(texts: Iterable[str]) -> dict[str, str]:
    """For each text a plain name of its own; two that would fall together are numbered."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        if text not in names:
            name, number = plain_name(text), 1
            while name.lower() in taken:
                number += 1
                name = f"{plain_name(text)}-{number}"
            taken.add(name.lower())
            names[text] = name
    return names


def own_markers(found: Iterable[Line], known: Iterable[str], *, longest: int = 20) -> dict[str, str]:
    """For each tier a format has no marker for one of our own, `x` and small letters, and no two alike."""
    tiers = sorted({tier for line in found for tier in line.texts} - set(known))
    short = {tier: "x" + (re.sub(r"[^a-z]", "", tier.lower()) or "tier")[:longest] for tier in tiers}
    markers: dict[str, str] = {}
    for tier, marker in short.items():
        chosen, letters = marker, iter("abcdefghijklmnopqrstuvwxyz" * 9)
        while chosen in markers.values():
            chosen = f"{chosen}{next(letters)}"
        markers[tier] = chosen
    return markers


def markers_told(markers: dict[str, str]) -> str:
    """The markers and what they stand for, on one row."""
    return "; ".join(f"{marker}={tier}" for tier, marker in markers.items())


def markers_read(told: str) -> dict[str, str]:
    """What `markers_told` said: tier by marker."""
    pairs = (part.strip().partition("=") for part in told.split(";"))
    return {marker: tier for marker, equals, tier in pairs if equals and marker.startswith("x") and tier}


def one_row(text: str, where: str, losses: list[Loss]) -> str:
    """The text on one row, for formats where a line break ends the field; what is lost is told."""
    if not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", text):
        return text
    losses.append(Loss(where, "line breaks, tabs and control characters inside a text"))
    return " ".join(re.sub(r"[\x00-\x08\x0e-\x1b\x7f]", "", text).split())


def _one_a_tier(bundle: Bundle, segment: Segment, options: Options, losses: list[Loss]) -> dict[str, Annotation]:
    kept: dict[str, Annotation] = {}
    for annotation in bundle.texts(segment.id):
        if not options.keeps(annotation.tier) or (is_machine(annotation) and not options.drafts):
            continue
        if annotation.tier in kept:
            losses.append(Loss(annotation.id, f"a second text on tier '{annotation.tier}'"))
        else:
            kept[annotation.tier] = annotation
    return kept
