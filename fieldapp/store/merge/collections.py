"""Baskets and saved searches of the other fieldbook: baskets are joined by name, a search of the same name comes under another one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from fieldapp.model import SegmentId
from fieldapp.store import papers, saved
from fieldapp.store.about import set_setting, setting
from fieldapp.store.merge.files import relisted
from fieldapp.store.merge.result import Merged
from fieldapp.store.transaction import Transaction


def take(tx: Transaction, source: sqlite3.Connection, files: Mapping[str, str], result: Merged) -> None:
    """All of them; other settings (title, description) stay each fieldbook's own. The project one of them came from is given back by both."""
    theirs = papers.project(source)
    if theirs and not papers.project(tx.db):
        set_setting(tx, papers.PROJECT, json.dumps(theirs | {papers.KEY: relisted(theirs[papers.KEY], files)}, ensure_ascii=False))
        result.notes.append(f"The description of the project {theirs['name']} came over.")
    elif theirs and theirs != papers.project(tx.db):
        result.notes.append(f"Their project {theirs['name']} is described otherwise than ours, which stays.")
    for row in source.execute("SELECT id, value FROM setting ORDER BY pk"):
        name, value = str(row["id"]), _read(row["value"])
        if name.startswith(saved.BASKET) and isinstance(value, list):
            _basket(tx, name.removeprefix(saved.BASKET), [SegmentId(str(one)) for one in value], result)
        elif name.startswith(saved.SEARCH) and isinstance(value, dict):
            _search(tx, name.removeprefix(saved.SEARCH), value, result)


def _basket(tx: Transaction, name: str, wanted: list[SegmentId], result: Merged) -> None:
    here = [one for one in wanted if tx.db.execute("SELECT 1 FROM segment WHERE id = ?", (one,)).fetchone()]
    if here and (new := saved.add_to_basket(tx, here, name)):
        result.notes.append(f"{new} segments came into the basket '{name}'.")


def _search(tx: Transaction, name: str, asked: dict[str, object], result: Merged) -> None:
    chosen, number = name, 1
    while (before := setting(tx.db, f"{saved.SEARCH}{chosen}")) and _read(before) != asked:
        number += 1
        chosen = f"{name}-{number}"
    if not before:
        saved.save_search(tx, chosen, asked)
        result.notes += [f"Their saved search '{name}' is called '{chosen}' here."] if chosen != name else []


def _read(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
