"""Sessions, who took part, recordings (and the parts of a master), events. Writes on the `db-writer` thread, reads on any."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from fieldapp.errors import WrongUsage
from fieldapp.model import Changed, Event, PersonId, Recording, Session, SessionId, new_id
from fieldapp.store.rows import EVENT, RECORDING, SESSION
from fieldapp.store.storable import clean
from fieldapp.store.transaction import Transaction

CONSENT_ROLE = "consent"
"""The role of a recording that is the evidence of a consent; no machine listens to it."""
TRANSLATION_ROLE = "translation"
"""The role of answers aloud that say the same in another language."""


def add_session(tx: Transaction, session: Session) -> None:
    """Add a session; the name must be new."""
    if not session.name.strip():
        raise WrongUsage("A session needs a name (the stem of its files).")
    SESSION.insert(tx, [session])


def update_session(tx: Transaction, session: Session) -> None:
    """Replace what is known about the session with this id."""
    SESSION.update(tx, session)


def ensure_session(tx: Transaction, name: str) -> Session:
    """The session with this name, made where there is none yet."""
    known = find_session(tx.db, name)
    if known is None:
        known = Session(id=SessionId(new_id()), name=clean(name)[0])
        add_session(tx, known)
    return known


def session(db: sqlite3.Connection, identity: str) -> Session:
    """The session with this id."""
    return SESSION.get(db, identity)


def find_session(db: sqlite3.Connection, name: str) -> Session | None:
    """The session with this name."""
    return SESSION.first(db, "name = ?", clean(name)[0])


def sessions(db: sqlite3.Connection) -> list[Session]:
    """All of them, newest first."""
    return list(SESSION.each(db, "1 ORDER BY date DESC, name DESC"))


def take_part(tx: Transaction, session: SessionId, person: PersonId, role: str = "speaker") -> None:
    """Note that a person took part in a session; saying it twice changes nothing."""
    tx.db.execute(
        "INSERT INTO participation (id, session, person, role) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (new_id(), session, person, tx.text(role, "role"))
    )
    tx.touch(Changed.SESSIONS)


def take_no_part(tx: Transaction, session: SessionId, person: PersonId, role: str) -> None:
    """Take back that a person took part in this way."""
    tx.db.execute("DELETE FROM participation WHERE session = ? AND person = ? AND role = ?", (session, person, role))
    tx.touch(Changed.SESSIONS)


def participants(db: sqlite3.Connection, session: SessionId) -> list[tuple[PersonId, str]]:
    """Who took part, and as what."""
    rows = db.execute("SELECT person, role FROM participation WHERE session = ? ORDER BY role, pk", (session,))
    return [(PersonId(row["person"]), row["role"]) for row in rows]


def add_recording(tx: Transaction, recording: Recording) -> None:
    """Add a sound file; `path` is relative to the fieldbook, with forward slashes, and must be new."""
    if not stays_inside(recording.path):
        raise WrongUsage(f"The path of a recording must stay inside the fieldbook: {recording.path!r}.")
    RECORDING.insert(tx, [recording])


def stays_inside(path: str) -> bool:
    """Whether a path is relative, with forward slashes, and never climbs out of the fieldbook."""
    return not (path.startswith("/") or "\\" in path or ":" in path or "\x00" in path or ".." in path.split("/"))


def update_recording(tx: Transaction, recording: Recording) -> None:
    """Replace what is known about the recording with this id (its length when it closes, its checksum)."""
    RECORDING.update(tx, recording)


def recording(db: sqlite3.Connection, identity: str) -> Recording:
    """The recording with this id."""
    return RECORDING.get(db, identity)


def find_recording(db: sqlite3.Connection, *, sha256: str = "", path: str = "") -> Recording | None:
    """A recording by its checksum or its path inside the fieldbook."""
    return RECORDING.first(db, "sha256 = ?", sha256) if sha256 else RECORDING.first(db, "path = ?", path)


def recordings(db: sqlite3.Connection, session: SessionId | None = None) -> list[Recording]:
    """The recordings of a session (or of all), parts of a master in order after each other."""
    where = "1" if session is None else "session = ?"
    return list(RECORDING.each(db, f"{where} ORDER BY session, coalesce(master, id), part", *([] if session is None else [session])))


def parts(db: sqlite3.Connection, master: str) -> list[Recording]:
    """The files of one master, in order: the recording that gives it its id first, then what continued it."""
    return list(RECORDING.each(db, "id = ? OR master = ? ORDER BY first_frame, part", master, master))


def add_events(tx: Transaction, events: Iterable[Event]) -> None:
    """Note what happened while recording."""
    EVENT.insert(tx, events)


def events(db: sqlite3.Connection, recording: str) -> list[Event]:
    """What happened during a recording, in the order of its frames."""
    return list(EVENT.each(db, "recording = ? ORDER BY frame, pk", recording))
