"""The end of a session: parts become rows, gaps and speech become events, takes become segments. Idempotent; any thread.

Everything goes into one transaction, so a crash in here leaves a session that the next start closes again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.masters import Part, read_master
from fieldapp.audio.quality import QualityMeter
from fieldapp.audio.repair import file_digest
from fieldapp.bulk.drafts import LISTENED
from fieldapp.elicitation import events as kinds
from fieldapp.elicitation.boundaries import Rules
from fieldapp.elicitation.loudness import Loudness
from fieldapp.elicitation.takes import Taken, derive_takes, utterances
from fieldapp.model import Event, EventId, ItemId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.session.joining import join
from fieldapp.session.plan import CLOSED, RECORDING, RECOVERED, Course, course_of, items_of, stem_of
from fieldapp.session.sound import Listener, Run, read_span
from fieldapp.store import runs as computed
from fieldapp.store import segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

DIGEST_SECONDS = 20.0
READ_FRAMES = 1 << 20
SOURCE = "elicitation"
LEAST_SECONDS = 0.25  # a shorter rest behind the last live row is its end


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a session became."""

    session: str
    master: RecordingId
    rate: int
    frames: int
    parts: tuple[Recording, ...]
    segments: tuple[Segment, ...]
    gaps: tuple[Span, ...]
    state: str
    repairs: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    """Prompts without a take."""


def runs_of(folder: Path, rows: Sequence[Recording]) -> list[Run]:
    """The runs of the recorder behind the rows of a master that is not closed yet; every row was the first part of one."""
    return [Run(folder / "audio" / stem_of(row), row.first_frame) for row in rows if row.state == RECORDING]


def close_session(store: Store, master: Recording, loudness: Loudness | None = None, *, crashed: bool = False) -> Outcome:
    """Make the rows of a master that nobody records any more. `loudness` saves reading it again."""
    rows = sessions.parts(store.reader(), master.id)
    runs = runs_of(store.folder, rows)
    repairs = [f"{name}: {what}" for run in runs if run.parts() and not _ended(run) for name, what in read_master(run.stem, mend=True).repairs.items()]
    listener = Listener(runs, master.rate, lambda _: None)
    parts = listener.parts()
    if loudness is None or loudness.frames != max((part.first_frame + part.frames for part in parts), default=0):
        while listener.hear(READ_FRAMES):
            pass
        loudness = listener.meter.loudness()
    state = RECOVERED if crashed else CLOSED
    files = _part_rows(store.folder, master, rows, parts, runs, state)
    gaps = _gaps(runs, parts)
    course, events = course_of(store, master), sessions.events(store.reader(), master.id)
    happened = sorted([*events, *(_event(master, gap.start, kinds.GAP, frames=len(gap)) for gap in gaps)], key=lambda event: event.frame)
    takes = derive_takes(happened, loudness, master.rate, Rules(early=course.early))
    live = segments.segments(store.reader(), master.id)
    made = _segments(store, master, course, takes) if course.topics else _talk(store, master, course, loudness, live)
    measured = {} if course.topics else {row.id: _quality(parts, row.span, master.rate) for row in live}
    made = [replace(segment, quality=_quality(parts, segment.span, master.rate)) for segment in made]
    new_events = [event for event in happened if event.kind == kinds.GAP] + [event for taken in takes for event in _speech(master, course, taken)]
    remarks = {segment.id: " ".join(taken.remarks) for segment, taken in zip(made, takes, strict=False) if taken.remarks and course.topics}

    def work(tx: Transaction) -> bool:
        if sessions.recording(tx.db, master.id).state != RECORDING:
            return False  # somebody else was quicker
        known = {row.id for row in rows}
        for file in files:
            (sessions.update_recording if file.id in known else sessions.add_recording)(tx, file)
        sessions.add_events(tx, new_events)
        live = segments.segments(tx.db, master.id)
        segments.add_segments(tx, made)
        if course.topics and live:
            join(tx, made, live, master.rate)
        for row in live if measured else ():
            segments.update_segment(tx, replace(row, quality={**measured.get(row.id, {}), **row.quality}))
        for segment, text in remarks.items():
            texts.set_text(tx, segment, "note", text)
        return True

    store.do(work)
    session = sessions.session(store.reader(), master.session).name
    kept = tuple(segments.segments(store.reader(), master.id))
    return Outcome(session, master.id, master.rate, loudness.frames, tuple(files), kept, tuple(gaps), state, tuple(repairs), _unanswered(store, course, kept))


def _unanswered(store: Store, course: Course, kept: Sequence[Segment]) -> tuple[str, ...]:
    items, answered = items_of(store, course), {segment.item for segment in kept}
    return tuple(items[topic].text for topic in dict.fromkeys(course.topics) if topic in items and topic not in answered)


def _part_rows(folder: Path, master: Recording, rows: Sequence[Recording], parts: Sequence[Part], runs: Sequence[Run], state: str) -> list[Recording]:
    known = {row.path: row for row in rows}
    digests = _digests(runs, [part.path for part in parts])
    found = []
    for number, part in enumerate(parts):
        path = f"audio/{part.path.name}"
        row = known.get(path) or replace(master, id=RecordingId(new_id()), path=path, master=master.id, metadata={})
        fmt = part.layout.format
        found.append(
            replace(
                row,
                rate=fmt.rate,
                channels=fmt.channels,
                bits=fmt.bits,
                frames=part.frames,
                bytes=part.path.stat().st_size,
                sha256=digests[part.path.name],
                part=number,
                first_frame=part.first_frame,
                started=_later(master.started, part.first_frame / fmt.rate),
                state=state,
            )
        )
    paths = {row.path for row in found}
    return found + [replace(row, state=state) for row in rows if row.path not in paths and row.state == RECORDING]


def _digests(runs: Sequence[Run], paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every file: the recorder makes them after closing a part; what it did not live to make is made here."""
    deadline = time.monotonic() + DIGEST_SECONDS
    coming = {part.path.name for run in runs if _ended(run) for part in run.parts()}
    while True:
        entries = [entry for run in runs for entry in _journal(run) if entry["kind"] == "digest"]
        found = {str(entry["path"]): str(entry["sha256"]) for entry in entries}
        if coming <= set(found) or time.monotonic() > deadline:
            return {path.name: found.get(path.name) or file_digest(path) for path in paths}
        time.sleep(0.02)


def _ended(run: Run) -> bool:
    """Whether the recorder ended this run itself: then its files are whole and their digests come."""
    return any(entry["kind"] == "ended" for entry in _journal(run))


def _journal(run: Run) -> list[dict[str, Any]]:
    path = journal_path(run.stem)
    return list(read_journal(path)) if path.exists() else []


def _gaps(runs: Sequence[Run], parts: Sequence[Part]) -> list[Span]:
    """Holes between the files, and places where the sound card lost something (one frame long where nobody knows how much)."""
    found, end = list[Span](), 0
    for part in parts:
        if part.first_frame > end:
            found.append(Span(end, part.first_frame))
        end = part.first_frame + part.frames
    for run in runs:
        for entry in _journal(run):
            if entry["kind"] == "gap" and entry.get("why") == "overflow":
                frame = int(entry["frame"]) + run.offset
                found.append(Span(frame, frame + max(1, int(entry.get("frames") or 1))))
    return sorted(found)


def _event(master: Recording, frame: int, kind: str, topic: str = "", take: int | None = None, *, oral: bool = False, **value: Any) -> Event:
    about: Mapping[str, Any] = {**value, "segment": topic} if oral and topic else value
    return Event(id=EventId(new_id()), recording=master.id, frame=frame, kind=kind, item=ItemId(topic) if topic and not oral else None, take=take, value=about)


def _speech(master: Recording, course: Course, taken: Taken) -> list[Event]:
    edges = [(kinds.SPEECH_START, taken.speech.start), (kinds.SPEECH_END, taken.speech.stop)] if taken.speech else []
    return [_event(master, frame, kind, taken.topic, taken.take, oral=bool(course.oral)) for kind, frame in edges]


def _segments(store: Store, master: Recording, course: Course, takes: Sequence[Taken]) -> list[Segment]:
    items = items_of(store, course)
    return [_segment(master, course, taken, items[taken.topic].meaning_id if taken.topic in items else "") for taken in takes]


def _segment(master: Recording, course: Course, taken: Taken, meaning: str) -> Segment:
    about: dict[str, Any] = {"turn": [taken.turn.start, taken.turn.stop]}
    about |= {"answer": taken.answer} if taken.answer else {}
    about |= {"silent": True} if taken.speech is None else {}
    about |= {"gap": True} if taken.gap else {}
    about |= {"marks": list(taken.marks)} if taken.marks else {}
    about |= {"oral": course.oral, "of": taken.topic} if course.oral else {}
    return Segment(
        id=SegmentId(new_id()),
        recording=master.id,
        span=taken.span,
        speaker=course.speaker,
        variety=course.variety,
        item=None if course.oral else ItemId(taken.topic),
        meaning_id=meaning,
        take=taken.take,
        best=taken.best,
        source=SOURCE,
        metadata=about,
    )


def _talk(store: Store, master: Recording, course: Course, loudness: Loudness, live: Sequence[Segment]) -> list[Segment]:
    """Without prompts: what was said, as far as live transcription has not made its rows already."""
    if computed.was_run_on(store.reader(), LISTENED, master.id):
        return []
    heard = max((row.span.stop for row in live), default=0)
    make = {"recording": master.id, "speaker": course.speaker, "variety": course.variety, "source": "loudness"}
    spans = [Span(max(span.start, heard), span.stop) for span in utterances(loudness, master.rate) if span.stop - heard > LEAST_SECONDS * master.rate]
    return [Segment(id=SegmentId(new_id()), span=span, **make) for span in spans]  # type: ignore[arg-type]


def _quality(parts: Sequence[Part], span: Span, rate: int) -> dict[str, object]:
    sound = read_span(parts, span)
    meter = QualityMeter(rate, sound.shape[1], span.start)
    meter.push(sound)
    meter.finish()
    return meter.quality().row()


def _later(started: str, seconds: float) -> str:
    return (datetime.fromisoformat(started) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
