"""The rows of the other fieldbook, one after the other, inside one transaction: new ones come, known ones are weighed, nothing goes unsaid."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fieldapp.model import Changed
from fieldapp.store import consent_filter, undo
from fieldapp.store.connect import Reader
from fieldapp.store.merge import collections
from fieldapp.store.merge.files import renamed
from fieldapp.store.merge.foreign import CACHES, TABLES, is_sane
from fieldapp.store.merge.history import Side, ancestor, row_in
from fieldapp.store.merge.result import BOTH_CHANGED, DELETED_HERE, DELETED_THERE, INVALID, TWO_TEXTS, UNKNOWN, Conflict, Merged, place_of
from fieldapp.store.merge.threeway import UNCOMPARED, Dispute, Row, same, together, weigh
from fieldapp.store.transaction import Transaction

EVERYTHING = "all"
_SAME_BY = {"variety": ("name",), "participation": ("session", "person", "role"), "space": ("kind", "model", "layer", "head", "version")}
_RENAMED = {"person": "code", "session": "name", "promptlist": "name"}
_OF_SEGMENTS = ("annotation", "vector", "frames")
_EMPTY = ("", None, "{}", "[]")
_DELETABLE = ("segment", "annotation")


@dataclass(slots=True)
class Taking:
    """One merge. `names` says which of their ids mean a row of ours; `decided` are the conflicts in which theirs shall win."""

    tx: Transaction
    source: sqlite3.Connection
    files: Mapping[str, str]
    here: Side
    there: Side
    base: Reader | None
    names: dict[str, str]
    decided: Collection[str]
    result: Merged
    left: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    refused: bool = False

    def run(self) -> None:
        """Everything."""
        self.tx.db.execute("PRAGMA defer_foreign_keys=ON")  # a part of a master may come before its first part
        self.erased = _erased_in(self.tx.db)
        for table in (*TABLES, *CACHES):
            described = list(self.tx.db.execute(f"PRAGMA table_info({table})"))
            references = [row["from"] for row in self.tx.db.execute(f"PRAGMA foreign_key_list({table})")]
            for theirs in self.source.execute(f"SELECT * FROM {table}"):  # noqa: S608  (our own names, here and below)
                row = {column["name"]: theirs[column["name"]] for column in described if column["name"] in theirs.keys() and column["name"] != "pk"}  # noqa: SIM118
                row |= {column: self.names.get(row[column], row[column]) for column in references}
                if not is_sane(self.tx, table, row, described):
                    self._conflict(Conflict(table, str(row["id"]), INVALID, theirs=row))
                elif any(row[column] in self.left for column in references):
                    self._leave(table, row)
                else:
                    self._take(table, row)
        for table in _DELETABLE:
            self._deleted_there(table)
        collections.take(self.tx, self.source, self.files, self.result)
        if self.refused:
            self._reach_vectors()
        self.tx.touch(Changed.EVERYTHING)

    def _take(self, table: str, row: Row) -> None:
        if self._is_of_erased(table, row):
            return
        ours = row_in(self.tx.db, table, row["id"])
        if ours is not None:
            self._known(table, ours, row)
        elif table in CACHES or not self._was_deleted(table, row):
            self._new(table, row)

    def _known(self, table: str, ours: Row, theirs: Row) -> None:
        if same(table, ours, theirs):
            self.result.same[table] += 1
            return
        if table in CACHES:
            return
        base = ancestor(table, ours, theirs, self.here, self.there, self.base)
        taken, disputed = weigh(table, base, ours, theirs)
        if table == "consent":
            taken, disputed = self._stricter(ours, theirs, taken, disputed)
        if table == "person" and _is_erased(theirs.get("metadata")):
            self.result.notes.append(f"{ours['code']} was erased in the other fieldbook. To do that here: fieldapp consent DIR erase --person {ours['code']}")
            return
        if disputed:
            conflict = Conflict(table, ours["id"], UNKNOWN if base is None else BOTH_CHANGED, place_of(self.tx.db, table, ours), tuple(disputed), theirs)
            if self._conflict(conflict):
                taken |= together({one.field: one.theirs for one in disputed}, ours | taken)
        if taken:
            self._update(table, ours["id"], taken | {name: max(ours[name], theirs[name]) for name in ("changed",) if name in ours})
        elif not disputed:
            self.result.kept[table] += 1

    def _stricter(self, ours: Row, theirs: Row, taken: Row, disputed: list[Dispute]) -> tuple[Row, list[Dispute]]:
        """Of two versions of a consent the narrower counts, whoever changed it: nobody is asked about a withdrawal."""
        strict = {
            "allowed": min(ours["allowed"], theirs["allowed"]),
            "withdrawn": min(filter(None, (ours["withdrawn"], theirs["withdrawn"])), default=None),
            "until": min(filter(None, (ours["until"], theirs["until"])), default=None),
        }
        self.refused = self.refused or not strict["allowed"] or strict["withdrawn"] is not None
        narrower = {name: value for name, value in strict.items() if value != ours[name]}
        return {k: v for k, v in taken.items() if k not in strict} | narrower, [one for one in disputed if one.field not in strict]

    def _new(self, table: str, row: Row) -> None:
        db = self.tx.db
        if table in _SAME_BY and self._is_twin(table, row):
            return
        if table == "annotation" and self._is_said_already(row):
            return
        if table in _RENAMED:
            self._rename(table, row)
        renamed(table, row, self.files)
        if table == "recording" and row["sha256"]:
            twin = db.execute("SELECT path FROM recording WHERE sha256 = ? AND id <> ?", (row["sha256"], row["id"])).fetchone()
            self.result.notes += [f"{row['path']} holds the same sound as {twin['path']}; both stay."] if twin else []
        if table == "consent":
            self.refused = self.refused or not row["allowed"] or row["withdrawn"] is not None
        try:
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608
            self.result.added[table] += 1
        except sqlite3.IntegrityError as error:
            self._leave(table, row)
            if table not in CACHES:
                self._conflict(Conflict(table, row["id"], str(error), theirs=row))

    def _is_twin(self, table: str, row: Row) -> bool:
        condition = " AND ".join(f"{name} = ?" for name in _SAME_BY[table])
        twin = self.tx.db.execute(f"SELECT id FROM {table} WHERE {condition}", [row[name] for name in _SAME_BY[table]]).fetchone()  # noqa: S608
        if twin is not None:
            self.names[row["id"]] = twin["id"]
            self.result.same[table] += 1
            if table == "variety":
                self._fill(table, twin["id"], row)
        return twin is not None

    def _fill(self, table: str, identity: str, theirs: Row) -> None:
        """Two rows under one name are one thing: what is empty here is filled, what differs is shown."""
        ours = row_in(self.tx.db, table, identity)
        told = {name: value for name, value in theirs.items() if name not in (*UNCOMPARED, "id") and value not in _EMPTY}
        if ours is None or not (lacking := {name: value for name, value in told.items() if ours[name] != value}):
            return
        disputed = tuple(Dispute(name, None, ours[name], value) for name, value in lacking.items() if ours[name] not in _EMPTY)
        if disputed and not self._conflict(Conflict(table, identity, UNKNOWN, str(ours["name"]), disputed, theirs)):
            lacking = {name: value for name, value in lacking.items() if ours[name] in _EMPTY}
        if lacking:
            self._update(table, identity, lacking)

    def _is_said_already(self, row: Row) -> bool:
        """The very text on the same tier is one text; another confirmed one is shown, and both stay."""
        if row["state"] != "confirmed":
            return False
        for ours in self.tx.db.execute("SELECT * FROM annotation WHERE segment = ? AND tier = ? AND state = 'confirmed'", (row["segment"], row["tier"])):
            if ours["text"] == row["text"]:
                self.names[row["id"]] = ours["id"]
                self.result.same["annotation"] += 1
                return True
            both = (Dispute("text", None, ours["text"], row["text"]),)
            self.result.conflicts.append(Conflict("annotation", row["id"], TWO_TEXTS, place_of(self.tx.db, "annotation", row), both, row))
        return False

    def _was_deleted(self, table: str, row: Row) -> bool:
        """What was here once and is not any more stays away, unless they worked on it since: that is for a person to decide."""
        before = list(self.here.versions(table, row["id"]))
        if self.base is not None and (known := row_in(self.base, table, row["id"])) is not None:
            before.append(known)
        if not before:
            return False
        if any(same(table, one, row) for one in before):
            if self._decided(f"{table}/{row['id']}"):
                return False
            self.left.add(row["id"])
            self.result.stayed_away.append(f"{table}/{row['id']}")
            return True
        taken = self._conflict(Conflict(table, row["id"], DELETED_HERE, place_of(self.tx.db, table, row), theirs=row))
        self.left |= set() if taken else {row["id"]}
        return not taken

    def _deleted_there(self, table: str) -> None:
        """Rows that stood there once, still stand here, and are gone there."""
        erased = _erased_in(self.source)
        gone = {str(row["id"]) for kind, row in self.there.deleted if kind == table}
        for earlier in filter(None, (self.base, self.there.newest())):
            gone |= {row["id"] for row in earlier.execute(f"SELECT id FROM {table}")}  # noqa: S608
        for identity in sorted(gone):
            ours = row_in(self.tx.db, table, identity)
            if ours is None or row_in(self.source, table, identity) is not None:
                continue
            home = row_in(self.source, "segment", ours["segment"]) if table == "annotation" else ours
            if home is None or home["speaker"] in erased:
                continue  # it went with its segment, or with everything that was known of its speaker, which is told
            if self._conflict(Conflict(table, identity, DELETED_THERE, place_of(self.tx.db, table, ours))):
                self.tx.db.execute(f"DELETE FROM {table} WHERE id = ?", (identity,))  # noqa: S608

    def _is_of_erased(self, table: str, row: Row) -> bool:
        """Whoever was erased here does not come back: no texts, nothing known of them; the spans keep their sound from leaving."""
        if not self.erased:
            return False
        if table in _OF_SEGMENTS:
            home = self.tx.db.execute("SELECT speaker FROM segment WHERE id = ?", (row["segment"],)).fetchone()
            if home is not None and home["speaker"] in self.erased:
                self._leave(table, row)
                return True
        elif table == "person" and row["id"] in self.erased:
            self._leave(table, row, known=True)
            return True
        elif table == "segment" and row["speaker"] in self.erased:
            if row_in(self.tx.db, table, row["id"]) is not None:
                self._leave(table, row, known=True)
                return True
            row |= {"state": "rejected", "source": "", "quality": "{}", "metadata": "{}"}
        elif table == "consent" and row["person"] in self.erased:
            row |= {"note": "", "evidence": ""}
        return False

    def _reach_vectors(self) -> None:
        """A refusal came over: what must not be found any more has no vectors here, and no edit brings it back."""
        allowed = consent_filter.condition(self.tx.db, "search")
        for table in ("vector", "frames"):
            self.tx.db.execute(f"DELETE FROM {table} WHERE segment IN (SELECT id FROM segment WHERE NOT {allowed.sql})", allowed.parameters)  # noqa: S608
        undo.forget(self.tx)

    def _rename(self, table: str, row: Row) -> None:
        """Two people with the same code are two people until somebody says otherwise."""
        column = _RENAMED[table]
        wanted, number = row[column], 1
        while self.tx.db.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (row[column],)).fetchone():  # noqa: S608
            number += 1
            row[column] = f"{wanted}-{number}"
        if number > 1:
            self.result.notes.append(f"The {table} '{wanted}' is now called '{row[column]}': another {table} here has that {column}.")

    def _update(self, table: str, identity: str, columns: Row) -> None:
        self.tx.db.execute(f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", (*columns.values(), identity))  # noqa: S608
        self.result.updated[table] += 1

    def _leave(self, table: str, row: Row, *, known: bool = False) -> None:
        self.result.left_out[table] += 1
        if not known:
            self.left.add(row["id"])

    def _conflict(self, conflict: Conflict) -> bool:
        """Note it, unless a person has decided for theirs; returns whether they have."""
        if conflict.kind != INVALID and self._decided(conflict.key):
            return True
        self.result.conflicts.append(conflict)
        return False

    def _decided(self, key: str) -> bool:
        return EVERYTHING in self.decided or key in self.decided


def _erased_in(db: sqlite3.Connection) -> set[str]:
    return {row["id"] for row in db.execute("SELECT id, metadata FROM person") if _is_erased(row["metadata"])}


def _is_erased(metadata: object) -> bool:
    try:
        return isinstance(metadata, str) and json.loads(metadata).get("erased") is True
    except (ValueError, AttributeError, RecursionError):
        return False
