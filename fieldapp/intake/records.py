"""The rows of the fieldbook that one imported file becomes. Runs on the `db-writer` thread inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from fieldapp.intake.manifest import Row
from fieldapp.intake.staging import Staged
from fieldapp.model import Annotation, AnnotationId, Changed, PersonId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, VarietyId, new_id
from fieldapp.store import people, segments, sessions
from fieldapp.store.texts import add_texts
from fieldapp.store.transaction import Transaction

SOURCE = "import"
UTTERANCE_SECONDS = 20.0
"""Sound without words that is longer than one utterance gets no segment: `fieldapp transcribe` or a person listens where in it somebody speaks."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row ready to be written: with its staged files, or with the recording that holds the same sound already."""

    row: Row
    staged: Staged | None
    twin: RecordingId | None
    sha256: str
    mark: str
    content: str
    made: RecordingId = field(default_factory=lambda: RecordingId(new_id()))

    @property
    def recording(self) -> RecordingId:
        return self.twin or self.made


def write_session(tx: Transaction, name: str, key: str, *, asked: bool) -> Session:
    """The session of an import: the one asked for, the one an earlier run of the same import made, or a new one under a free name."""
    found = tx.db.execute("SELECT id FROM session WHERE json_extract(metadata, '$.import') = ?", (key,)).fetchone()
    if asked or found:
        return sessions.session(tx.db, found["id"]) if found and not asked else sessions.ensure_session(tx, name)
    free, number = name, 1
    while sessions.find_session(tx.db, free):
        number += 1
        free = f"{name}_{number}"
    made = Session(id=SessionId(new_id()), name=free, date=date.today().isoformat(), metadata={SOURCE: key})
    sessions.add_session(tx, made)
    return made


def drop_if_empty(tx: Transaction, session: str) -> bool:
    """Take a session back that an import made and into which nothing came."""
    empty = "json_extract(metadata, '$.import') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM recording WHERE recording.session = session.id)"
    gone = tx.db.execute(f"DELETE FROM session WHERE id = ? AND {empty}", (session,)).rowcount > 0  # noqa: S608  (a constant)
    if gone:
        tx.touch(Changed.SESSIONS)
    return gone


def write_arrival(tx: Transaction, session: str, arrival: Arrival) -> str:
    """Write one row; tells what became of it: `imported`, `described` (a known sound gained a description) or `duplicates`."""
    row = arrival.row
    if arrival.staged:
        talk = _is_talk(row, arrival.staged)
        _write_recordings(tx, SessionId(session), arrival, arrival.staged, _heading(tx, arrival) if talk else {})
        if talk:
            return "imported"
    home = sessions.recording(tx.db, arrival.recording)
    wanted = _segment(tx, arrival, home)
    if "mark" in home.metadata.get(SOURCE, {}) and not (row.texts or row.meaning_id):
        return "duplicates"
    before = [] if arrival.staged else [one for one in segments.segments(tx.db, home.id) if one.source == SOURCE]
    if before and any(_says_as_much(tx, one, wanted, row) for one in before):
        return "duplicates"
    bare = next((one for one in before if not (one.speaker or one.variety or one.meaning_id or _texts(tx, one))), None)
    if bare:
        wanted = replace(wanted, id=bare.id)
        segments.update_segment(tx, wanted)
    else:
        segments.add_segments(tx, [wanted])
    add_texts(
        tx,
        [
            Annotation(id=AnnotationId(new_id()), segment=wanted.id, tier=tier, text=text, language=language, source=SOURCE)
            for tier, (text, language) in row.texts.items()
        ],
    )
    if wanted.speaker:
        sessions.take_part(tx, home.session, wanted.speaker)
    return "imported" if arrival.staged else "described"


def _is_talk(row: Row, staged: Staged) -> bool:
    return not (row.texts or row.meaning_id) and staged.frames > UTTERANCE_SECONDS * staged.rate


def _heading(tx: Transaction, arrival: Arrival) -> dict[str, Any]:
    """What a recording without segments keeps of its row: who speaks which variety, and the marks by which it is known again."""
    speaker, variety = _who(tx, arrival.row)
    said = {"speaker": speaker, "variety": variety, **arrival.row.metadata}
    return {name: value for name, value in said.items() if value} | {SOURCE: {"mark": arrival.mark, "content": arrival.content}}


def _write_recordings(tx: Transaction, session: SessionId, arrival: Arrival, staged: Staged, heading: Mapping[str, Any]) -> None:
    first = 0
    origin = {"name": arrival.row.path.name, "sha256": arrival.sha256} | ({"trouble": staged.trouble} if staged.trouble else {})
    about = {**heading, SOURCE: {**heading.get(SOURCE, {}), **origin}}
    if heading.get("speaker"):
        sessions.take_part(tx, session, heading["speaker"])
    for number, part in enumerate(staged.parts):
        sessions.add_recording(
            tx,
            Recording(
                id=RecordingId(new_id()) if number else arrival.made,
                session=session,
                path=f"audio/{part.path.name}",
                rate=staged.rate,
                channels=staged.channels,
                bits=staged.bits,
                frames=part.frames,
                sha256=part.sha256,
                bytes=part.bytes,
                master=arrival.made if number else None,
                part=number,
                first_frame=first,
                original=f"audio/{staged.original.name}" if staged.original else "",
                metadata=about,
            ),
        )
        first += part.frames


def _who(tx: Transaction, row: Row) -> tuple[PersonId | None, VarietyId | None]:
    speaker = people.ensure_person(tx, row.speaker).id if row.speaker else None
    return speaker, people.ensure_variety(tx, row.variety, language=row.language).id if row.variety else None


def _segment(tx: Transaction, arrival: Arrival, home: Recording) -> Segment:
    row = arrival.row
    speaker, variety = _who(tx, row)
    frames = arrival.staged.frames if arrival.staged else max(part.first_frame + part.frames for part in sessions.parts(tx.db, home.id))
    return Segment(
        id=SegmentId(new_id()),
        recording=home.id,
        span=Span(0, frames),
        speaker=speaker,
        variety=variety,
        meaning_id=row.meaning_id,
        state="checked" if "transcription" in row.texts else "pending",
        source=SOURCE,
        quality=arrival.staged.quality.row() if arrival.staged else {},
        metadata={**row.metadata, SOURCE: {"mark": arrival.mark, "content": arrival.content}},
    )


def _texts(tx: Transaction, segment: Segment) -> set[tuple[str, str]]:
    return {(row["tier"], row["text"]) for row in tx.db.execute("SELECT tier, text FROM annotation WHERE segment = ?", (segment.id,))}


def _says_as_much(tx: Transaction, there: Segment, wanted: Segment, row: Row) -> bool:
    """Whether everything the row says is said of this segment already."""
    pairs = ((wanted.speaker, there.speaker), (wanted.variety, there.variety), (wanted.meaning_id, there.meaning_id))
    same = all(mine in ("", None, theirs) for mine, theirs in pairs)
    return same and {(tier, text) for tier, (text, _) in row.texts.items()} <= _texts(tx, there)
