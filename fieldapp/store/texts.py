"""Texts on the tiers of segments. Writes run on the `db-writer` thread inside a transaction, reads on any thread.

What a machine wrote is a draft until a person confirms it, and keeps its source either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from fieldapp.model import Annotation, AnnotationId, SegmentId, new_id
from fieldapp.store.rows import ANNOTATION
from fieldapp.store.transaction import Transaction


def add_texts(tx: Transaction, added: Iterable[Annotation]) -> None:
    """Add texts, one or a hundred thousand."""
    ANNOTATION.insert(tx, added)


def update_text(tx: Transaction, annotation: Annotation) -> None:
    """Replace the text with this id."""
    ANNOTATION.update(tx, annotation)


def set_text(tx: Transaction, segment: SegmentId, tier: str, text: str, *, language: str = "", source: str = "person", state: str = "confirmed") -> Annotation:
    """Write the text of a tier: over the one that is there (oldest, if several), or as a new one."""
    before = ANNOTATION.first(tx.db, "segment = ? AND tier = ? AND language = ? ORDER BY pk", segment, tier, language)
    if before is None:
        made = Annotation(id=AnnotationId(new_id()), segment=segment, tier=tier, text=text, language=language, source=source, state=state)
        ANNOTATION.insert(tx, [made])
        return made
    changed = replace(before, text=text, source=source, state=state, confidence=None, run=None)
    ANNOTATION.update(tx, changed)
    return changed


def confirm(tx: Transaction, identity: AnnotationId) -> None:
    """A person has looked: the draft is now a fact. Its source still says who wrote it."""
    ANNOTATION.update(tx, replace(ANNOTATION.get(tx.db, identity), state="confirmed"))


def delete_text(tx: Transaction, identity: AnnotationId) -> None:
    """Delete one text."""
    ANNOTATION.delete(tx, identity)


def text(db: sqlite3.Connection, identity: str) -> Annotation:
    """The text with this id."""
    return ANNOTATION.get(db, identity)


def texts(db: sqlite3.Connection, segment: str) -> list[Annotation]:
    """The texts of a segment, by tier."""
    return list(ANNOTATION.each(db, "segment = ? ORDER BY tier, pk", segment))


def tiers(db: sqlite3.Connection) -> list[str]:
    """The tiers in use."""
    return [row[0] for row in db.execute("SELECT DISTINCT tier FROM annotation ORDER BY tier")]
