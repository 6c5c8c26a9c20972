"""What an archive will still ask for, of a fieldbook as it stands and before anything is deposited: where store and corpus meet. Reads on any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from fieldapp.corpus.deposit.missing import Missing, missing
from fieldapp.corpus.deposit.profiles import profile
from fieldapp.model import Changed, Person, PersonId, Session, SessionId, Variety, VarietyId
from fieldapp.store import about, people, sessions
from fieldapp.store.transaction import Transaction

ARCHIVE = "archive"
"""The setting of a fieldbook that names the archive it is made for."""


@dataclass(frozen=True, slots=True)
class Known:
    """As much of a fieldbook as an archive asks about."""

    title: str
    description: str
    licence: str
    depositor: str
    sessions: Mapping[SessionId, Session]
    persons: Mapping[PersonId, Person]
    varieties: Mapping[VarietyId, Variety]
    roles: Mapping[SessionId, tuple[tuple[PersonId, str], ...]]


def lacking(db: sqlite3.Connection, archive: str) -> list[Missing]:
    """What nobody has filled in yet, of everything in the fieldbook; consent is asked later, when it is deposited."""
    every = sessions.sessions(db)
    known = Known(
        **about.described(db),
        sessions={one.id: one for one in every},
        persons={one.id: one for one in people.persons(db)},
        varieties={one.id: one for one in people.varieties(db)},
        roles={one.id: tuple(sessions.participants(db, one.id)) for one in every},
    )
    return missing(profile(archive), known, every)


def chosen(db: sqlite3.Connection) -> str:
    """The name of the archive this fieldbook is made for; empty while nobody has chosen."""
    return about.setting(db, ARCHIVE)


def choose(tx: Transaction, archive: str) -> None:
    """Remember the archive; empty for none."""
    about.set_setting(tx, ARCHIVE, profile(archive).name if archive else "")
    tx.touch(Changed.SETTINGS)
