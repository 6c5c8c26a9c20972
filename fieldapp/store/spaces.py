"""Spaces: what a vector belongs to, and the head that made it. Writes on the `db-writer` thread, reads on any.

The head is kept with its space, in the database: vectors of a space can be made as long as the fieldbook exists.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from fieldapp.errors import Damaged, WrongUsage
from fieldapp.model import Space, SpaceId, new_id
from fieldapp.store.rows import SPACE
from fieldapp.store.transaction import Transaction

OWN_HEAD = "whitening"  # the name of the head that every fieldbook makes of its own vectors
_HEAD = "head"


def ensure_space(
    tx: Transaction, *, kind: str, model: str, layer: int = -1, head: str = "", version: int = 1, dims: int, about: Mapping[str, Any] | None = None
) -> Space:
    """The space with these coordinates, made where there is none yet. `about` is kept only when it is made."""
    known = SPACE.first(tx.db, "kind = ? AND model = ? AND layer = ? AND head = ? AND version = ?", kind, model, layer, head, version)
    if known is None:
        known = Space(id=SpaceId(new_id()), kind=kind, model=model, layer=layer, head=head, version=version, dims=dims)
        SPACE.insert(tx, [known])
        tx.db.execute("UPDATE space SET metadata = ? WHERE id = ?", (tx.json(dict(about or {}), "space.metadata"), known.id))
    elif known.dims != dims:
        raise WrongUsage(f"The space of '{model}' has vectors of {known.dims} numbers, not {dims}.", "A changed model needs another name.")
    return known


def add_headed_space(tx: Transaction, raw: Space, head: str, dims: int, data: bytes) -> Space:
    """A new version of the space that `head` makes of a raw one; `data` is the head itself."""
    last = tx.db.execute(
        "SELECT max(version) FROM space WHERE kind = ? AND model = ? AND layer = ? AND head = ?", (raw.kind, raw.model, raw.layer, head)
    ).fetchone()[0]
    about = {_HEAD: base64.b64encode(data).decode("ascii")}
    return ensure_space(tx, kind=raw.kind, model=raw.model, layer=raw.layer, head=head, version=(last or 0) + 1, dims=dims, about=about)


def drop_space(tx: Transaction, identity: SpaceId) -> None:
    """Remove a space with its vectors and frames."""
    SPACE.delete(tx, identity)


def spaces(db: sqlite3.Connection, kind: str = "", model: str = "") -> list[Space]:
    """All spaces, or those of a kind or model, oldest first."""
    return list(SPACE.each(db, "(? = '' OR kind = ?) AND (? = '' OR model = ?) ORDER BY pk", kind, kind, model, model))


def space(db: sqlite3.Connection, identity: str) -> Space:
    """The space with this id."""
    return SPACE.get(db, identity)


def space_to_search(db: sqlite3.Connection, kind: str, model: str = "") -> Space | None:
    """The newest space of a kind that holds vectors: one with a trained head before one with the fieldbook's own, that before a raw one."""
    return SPACE.first(
        db,
        "kind = ? AND (? = '' OR model = ?) AND EXISTS (SELECT 1 FROM vector WHERE vector.space = space.id) "
        "ORDER BY head <> '' DESC, head <> ? DESC, pk DESC",
        kind, model, model, OWN_HEAD,
    )  # fmt: skip


def head_of(db: sqlite3.Connection, identity: SpaceId) -> bytes | None:
    """The head that makes this space's vectors, or None for a raw space."""
    row = db.execute("SELECT metadata FROM space WHERE id = ?", (identity,)).fetchone()
    try:
        kept = json.loads(row[0]).get(_HEAD) if row else None
        return base64.b64decode(kept, validate=True) if kept else None
    except (ValueError, TypeError, AttributeError) as trouble:
        raise Damaged("The head of a vector space cannot be read.", "Make a new one with 'fieldapp embed'.") from trouble
