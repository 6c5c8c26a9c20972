"""What every exporter is given: plain values, already filtered by consent, in a stable order. No store, no clock, no sound library.

A bundle knows where the sound files lie and how to cut them (`cut` is handed in), so exporters stay free of audio code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fieldapp.model import (
    Annotation,
    Consent,
    Item,
    ItemId,
    Person,
    PersonId,
    Recording,
    RecordingId,
    Segment,
    SegmentId,
    Session,
    SessionId,
    Span,
    Variety,
    VarietyId,
)

Cut = Callable[[Path, Span, Path], None]
"""Copies a span (in frames of that file) of one sound file into a new one, sample-accurate, broadcast metadata kept."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something the format cannot carry: where it was, what is missing in the export."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A segment (or a recording without any, by its path) that consent keeps from leaving, and the rule that said so."""

    segment: SegmentId | str
    why: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that is no sound and came with a project: its path in the folder it came from, and where it is kept in the fieldbook."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class SoundFile:
    """One sound file and the segments that lie in it, their spans in frames of that file."""

    recording: Recording
    stem: str
    pieces: tuple[tuple[Segment, Span], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A fieldbook, or the part of it that may leave for one purpose.

    `segments` are ordered by recording, start, stop and id; `annotations` of a segment by tier, confirmed first, then id.
    Segment spans stand on the clock of their master; `recordings` holds every part, `parts_of` puts them in order.
    """

    title: str
    description: str = ""
    licence: str = ""
    depositor: str = ""
    purpose: str = "archive"
    folder: Path
    cut: Cut
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    persons: Mapping[PersonId, Person] = field(default_factory=dict)
    varieties: Mapping[VarietyId, Variety] = field(default_factory=dict)
    roles: Mapping[SessionId, tuple[tuple[PersonId, str], ...]] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    recordings: Mapping[RecordingId, Recording] = field(default_factory=dict)
    items: Mapping[ItemId, Item] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    annotations: Mapping[SegmentId, tuple[Annotation, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    whole: frozenset[RecordingId] = frozenset()
    """Masters that may leave in one piece, because nothing in them is held back; of the others only cuts may."""
    unheard: tuple[Person, ...] = ()
    """People who allow it and take no part in what leaves."""
    project: tuple[str, str] = ("", "")
    """The name and the description (`.sprj`) of the SayMore or lameta project that the fieldbook came from."""
    papers: Mapping[str, tuple[Paper, ...]] = field(default_factory=dict)
    """What may go along, by the id of the session or person it is about; of the project under an empty id."""

    def masters(self) -> Iterator[tuple[Recording, tuple[Segment, ...]]]:
        """Each master, spoken answers to segments (role `careful`, `translation`) too, with its segments."""
        by_master: dict[RecordingId, list[Segment]] = {}
        for segment in self.segments:
            by_master.setdefault(segment.recording, []).append(segment)
        for recording in self.recordings.values():
            if recording.master is None:
                yield recording, tuple(by_master.get(recording.id, ()))

    def parts_of(self, master: RecordingId) -> list[Recording]:
        """The sound files of a master, first part first."""
        parts = [r for r in self.recordings.values() if r.id == master or r.master == master]
        return sorted(parts, key=lambda r: (r.first_frame, r.part))

    def sound_files(self, losses: list[Loss]) -> Iterator[SoundFile]:
        """Every part of every master with its segments; one that runs over the end of its part is cut there, which is a loss."""
        for master, segments in self.masters():
            parts = self.parts_of(master.id)
            homes: dict[RecordingId, list[tuple[Segment, Span]]] = {part.id: [] for part in parts}
            for segment in segments:
                inside = [(p, c) for p in parts if (c := segment.span.clip(Span(p.first_frame, p.first_frame + p.frames))) is not None]
                empty = next((p for p in reversed(parts) if p.first_frame <= segment.span.start), parts[0])
                part, span = max(inside, key=lambda found: len(found[1]), default=(empty, segment.span))
                if span != segment.span:
                    losses.append(Loss(segment.id, "the stretch that lies in the next or previous part of the recording"))
                homes[part.id].append((segment, Span(max(0, span.start - part.first_frame), max(0, span.stop - part.first_frame))))
            for part in parts:
                yield SoundFile(part, PurePosixPath(part.path).stem, tuple(homes[part.id]))

    def texts(self, segment: SegmentId) -> tuple[Annotation, ...]:
        """All texts of a segment."""
        return self.annotations.get(segment, ())

    def text(self, segment: SegmentId, tier: str) -> str:
        """The best text on one tier: confirmed before draft, empty when there is none."""
        return next((a.text for a in self.texts(segment) if a.tier == tier), "")

    def tiers(self) -> list[str]:
        """The tiers in use: the well-known ones in their usual order, others behind them by name."""
        used = {a.tier for texts in self.annotations.values() for a in texts}
        return [t for t in TIER_ORDER if t in used] + sorted(used - set(TIER_ORDER))

    def speaker_code(self, segment: Segment) -> str:
        """The code of who speaks, empty when nobody is named."""
        return self.persons[segment.speaker].code if segment.speaker is not None and segment.speaker in self.persons else ""

    def variety_name(self, segment: Segment) -> str:
        """The variety of the segment, or of its session."""
        session = self.sessions[self.recordings[segment.recording].session]
        variety = segment.variety or session.variety
        return self.varieties[variety].name if variety is not None and variety in self.varieties else ""

    def sound_path(self, recording: Recording) -> Path:
        """Where the sound file lies."""
        return self.folder / recording.path


TIER_ORDER = ("transcription", "ipa", "translation", "gloss", "note")


def is_machine(annotation: Annotation) -> bool:
    """Whether a text is still a machine's draft and must say so wherever it goes."""
    return annotation.state == "draft" and annotation.source.startswith("machine")
