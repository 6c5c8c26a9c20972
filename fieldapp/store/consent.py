"""Consent as data: what each person allows, and the one answer to "may this segment be used for this, by them, now?".

The rules. A row speaks for a purpose (or ANYTHING) to an audience (or ANYONE). Of what a person said in general, the
newest word counts; at the same moment a no wins. A grant that was withdrawn or has run out is a no from then on. What was said
about one segment comes before what was said in general, but a yes to one segment ends with a newer general no. A no by
anybody else who speaks about the segment counts as well. Where nobody is named as the speaker, the segment may leave when
everybody who took part in its session said yes in general. Where nothing was said, work on the own laptop is
allowed and everything that leaves it, or trains a model, is not.

`may_use` answers for one segment and says why; `condition` is the same rule as SQL for many. Writes run on the `db-writer` thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from fieldapp.errors import WrongUsage
from fieldapp.model import Changed, Consent, ConsentId, PersonId, new_id
from fieldapp.store import undo
from fieldapp.store.rows import CONSENT, SEGMENT, utc_now
from fieldapp.store.transaction import Transaction

ANYTHING = "anything"
ANYONE = "anyone"
LOCAL_PURPOSES = ("search", "listen", "transcribe")
PURPOSES = (*LOCAL_PURPOSES, "share", "archive", "publish", "train")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no, and the sentence that says why."""

    allowed: bool
    why: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal reached inside the fieldbook; what left it before (exports, backups, models) it can only name."""

    segments: int
    texts: int
    vectors_deleted: int
    frames_deleted: int

    def __str__(self) -> str:
        return (
            f"{self.segments} segments with {self.texts} texts are now held back; {self.vectors_deleted} vectors and {self.frames_deleted} frame caches "
            "were deleted. Exports, backups and models made before still contain them."
        )


@dataclass(frozen=True, slots=True, order=True)
class _Word:
    """One statement on the time line; sorts so that the last one counts: newest, and a no after a yes of the same moment."""

    when: str
    is_no: bool
    why: str


def give(tx: Transaction, consent: Consent) -> None:
    """Note what a person allows or refuses; `given` is filled in with now where it is empty."""
    if not consent.purpose.strip() or not consent.audience.strip():
        raise WrongUsage("A consent needs a purpose and an audience.", f"Purposes: {', '.join((*PURPOSES, ANYTHING))}.")
    row = consent if consent.given else Consent(**{name: getattr(consent, name) for name in Consent.__slots__} | {"given": utc_now()})
    CONSENT.insert(tx, [row])


def withdraw(tx: Transaction, person: PersonId, purpose: str = ANYTHING, *, note: str = "", evidence: str = "") -> Withdrawal:
    """The person takes it back, for one purpose or for all: grants end now, a refusal is noted, vectors go where even searching ends.

    Nothing of it can be undone by Ctrl+Z: the history of edits is dropped, so that old words cannot come back by accident.
    """
    now = utc_now()
    tx.db.execute(
        "UPDATE consent SET withdrawn = ?1, changed = ?1 WHERE person = ?2 AND allowed AND withdrawn IS NULL AND (purpose = ?3 OR ?3 = ?4)",
        (now, person, purpose, ANYTHING),
    )
    give(tx, Consent(id=ConsentId(new_id()), person=person, purpose=purpose, allowed=False, given=now, note=note, evidence=evidence))
    undo.forget(tx)
    would = reach(tx.db, person, purpose)
    if purpose in (ANYTHING, "search"):
        tx.db.execute("DELETE FROM vector WHERE segment IN (SELECT id FROM segment WHERE speaker = ?)", (person,))
        tx.db.execute("DELETE FROM frames WHERE segment IN (SELECT id FROM segment WHERE speaker = ?)", (person,))
        tx.touch(Changed.VECTORS)
    return would


def reach(db: sqlite3.Connection, person: PersonId, purpose: str = ANYTHING) -> Withdrawal:
    """What a withdrawal would reach now; nothing is changed."""
    spoken = "segment IN (SELECT id FROM segment WHERE speaker = ?)"
    tables = {"segment": "speaker = ?", "annotation": spoken, "vector": spoken, "frames": spoken}
    found = {table: int(db.execute(f"SELECT count(*) FROM {table} WHERE {where}", (person,)).fetchone()[0]) for table, where in tables.items()}  # noqa: S608
    if purpose not in (ANYTHING, "search"):
        found |= {"vector": 0, "frames": 0}
    return Withdrawal(found["segment"], found["annotation"], found["vector"], found["frames"])


def allowed_purposes(db: sqlite3.Connection) -> dict[str, int]:
    """To how many purposes each person has said yes and not taken it back, by code; for telling, not for deciding."""
    rows = db.execute(
        "SELECT p.code, count(DISTINCT c.purpose) FROM consent c JOIN person p ON p.id = c.person WHERE c.allowed AND c.withdrawn IS NULL "
        "AND (c.until IS NULL OR c.until >= substr(?, 1, length(c.until))) GROUP BY p.code",
        (utc_now(),),
    )
    return dict(map(tuple, rows))


def consents(db: sqlite3.Connection, person: PersonId) -> list[Consent]:
    """Everything a person has said, oldest first."""
    return list(CONSENT.each(db, "person = ? ORDER BY given, pk", person))


def may_use(db: sqlite3.Connection, segment: str, purpose: str, audience: str = ANYONE, at: str = "") -> Verdict:
    """May this segment be used for this purpose by this audience at this time (now, where none is named)? And why not?"""
    at = at or utc_now()
    speaker = SEGMENT.get(db, segment).speaker
    codes = {row["id"]: row["code"] for row in db.execute("SELECT id, code FROM person")} if speaker is None else {}
    rows = list(CONSENT.each(db, "segment = ? OR (person = ? AND segment IS NULL)", segment, speaker))
    if speaker is not None:
        codes[speaker] = db.execute("SELECT code FROM person WHERE id = ?", (speaker,)).fetchone()["code"]
    own = [row for row in rows if row.segment and row.person == speaker]
    others = {row.person for row in rows if row.segment and row.person != speaker}
    heard = {other: _last_word([row for row in rows if row.segment and row.person == other], purpose, audience, at) for other in others}
    refusal = next((word for word in heard.values() if word and word.is_no), None)
    if refusal:
        return Verdict(False, f"Somebody else in this segment {refusal.why}.")
    general = _last_word([row for row in rows if not row.segment], purpose, audience, at)
    here = _last_word(own, purpose, audience, at)
    if here and not here.is_no and general and general.is_no and general.when > here.when:
        here = general
    word = here or general or (next((word for word in heard.values() if word), None) if speaker is None else None)
    name = codes.get(speaker, "Nobody named") if speaker else "Somebody in this segment"
    if word:
        return Verdict(not word.is_no, f"{name} {word.why}.")
    if purpose in LOCAL_PURPOSES:
        return Verdict(True, f"Nothing was said about '{purpose}'; it stays on this laptop.")
    if speaker is None:
        return may_show(db, _session_of(db, segment), purpose, audience, at)
    return Verdict(False, f"{name} has not allowed '{purpose}' (nothing is noted).")


def may_show(db: sqlite3.Connection, session: str, purpose: str, audience: str = ANYONE, at: str = "") -> Verdict:
    """May what is in this session, and has no speaker named, be used? Only if everybody who took part said yes in general."""
    at = at or utc_now()
    named = "SELECT DISTINCT p.id, p.code FROM participation t JOIN person p ON p.id = t.person WHERE t.session = ? ORDER BY p.code"
    taking_part = db.execute(named, (session,)).fetchall()
    for person in taking_part:
        word = _last_word(CONSENT.each(db, "person = ? AND segment IS NULL", person["id"]), purpose, audience, at)
        if word is None and purpose not in LOCAL_PURPOSES:
            return Verdict(False, f"No speaker is named, and {person['code']}, who took part, has not allowed '{purpose}' (nothing is noted).")
        if word and word.is_no:
            return Verdict(False, f"No speaker is named, and {person['code']}, who took part, {word.why}.")
    if taking_part or purpose in LOCAL_PURPOSES:
        return Verdict(True, f"No speaker is named; everybody who took part allowed '{purpose}'.")
    return Verdict(False, f"No speaker is named who could have allowed '{purpose}'.")


def _session_of(db: sqlite3.Connection, segment: str) -> str:
    found = db.execute("SELECT r.session FROM segment s JOIN recording r ON r.id = s.recording WHERE s.id = ?", (segment,)).fetchone()
    return str(found["session"])


def _last_word(rows: Iterable[Consent], purpose: str, audience: str, at: str) -> _Word | None:
    """What counts of one person's rows: the newest statement that reaches this purpose and audience."""
    words: list[_Word] = []
    for row in rows:
        if row.purpose not in (purpose, ANYTHING) or row.given > at:
            continue
        reaches = row.audience in (ANYONE, audience)
        taken_back = row.withdrawn is not None and row.withdrawn <= at
        over = row.until is not None and at[: len(row.until)] > row.until  # "until 2026-11-21" includes that day
        what = f"'{row.purpose}' for {row.audience}"
        if row.allowed:
            if reaches:
                words.append(_Word(row.given, False, f"allowed {what} on {row.given[:10]}"))
            if reaches and over:
                words.append(_Word(f"{row.until}~", True, f"allowed {what} only until {row.until}"))
            if taken_back and (reaches or audience == ANYONE):
                words.append(_Word(str(row.withdrawn), True, f"withdrew {what} on {str(row.withdrawn)[:10]}"))
        elif (reaches or audience == ANYONE) and not taken_back and not over:
            words.append(_Word(row.given, True, f"refused {what} on {row.given[:10]}"))
    return max(words, default=None, key=lambda word: (word.when, word.is_no))
