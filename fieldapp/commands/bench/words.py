"""Word search in a fieldbook of a million segments: time to answer by length, script, filter and folding, beside simpler ways.

Prints p50 and p95 in milliseconds. Han and IPA queries are cut from random texts of the fieldbook, a tenth of them is scrambled so that
it probably occurs nowhere. Processor time beside waiting time tells how much of it was other programs' doing. LIKE scans every text;
unicode61 is the full-text index SQLite makes when nothing is said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress

LENGTHS = (1, 2, 3, 6)
_FIRST_ANSWER = """
import sys, time
start = time.perf_counter()
from pathlib import Path
from fieldapp.model import Query
from fieldapp.store.search import find
from fieldapp.store.store import Store
loaded = time.perf_counter()
with Store.open(Path(sys.argv[1]), read_only=True) as store:
    found = find(store, Query(text=sys.argv[2]))
    print((loaded - start) * 1000, (time.perf_counter() - loaded) * 1000, found.total)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """How big, where, how often."""
    parser.add_argument("--segments", type=int, default=1_000_000, help="segments in the fieldbook, with two texts each (1000000)")
    parser.add_argument("--book", type=Path, help="use this fieldbook, made before with --keep")
    parser.add_argument("--keep", type=Path, help="build the fieldbook here and keep it")
    parser.add_argument("--queries", type=int, default=100, help="queries of each kind (100)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Build, ask, compare."""
    from fieldapp.commands.bench import words_book

    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldapp-bench-")))
        book: Path = options.book or options.keep or scratch / "book"
        data: dict[str, Any] = {"sqlite": sqlite3.sqlite_version, "python": sys.version.split()[0], "cpus": os.cpu_count()}
        if not options.book:
            start = time.perf_counter()
            words_book.build(book, options.segments, progress)
            data["build_seconds"] = round(time.perf_counter() - start, 1)
            data["index_rebuild_seconds"] = _rebuild(book)
        data |= _sizes(book)
        data["first_answer_ms"] = _first_answers(book)
        data["queries"] = _all_queries(book, options.queries, progress)
        data["worst"] = _worst(data["queries"])
        data["simpler_ways"] = _simpler_ways(book, scratch, max(5, options.queries // 10), progress)
        small = scratch / "small"
        words_book.build(small, 200, progress)
        data["whole_process_s"] = {
            "fieldapp search": _whole_process("search", str(small), "a"),
            "fieldapp --help": _whole_process("--help"),
        }
    return Answer(_as_text(data), data)


def _sizes(book: Path) -> dict[str, Any]:
    from fieldapp.store.store import Store

    with Store.open(book, read_only=True) as store:
        db = store.reader()
        segments, texts = (db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("segment", "annotation"))  # noqa: S608  (two constants)
        letters = db.execute("SELECT avg(length(text)) FROM annotation").fetchone()[0]
        index = sum(row[0] for row in db.execute("SELECT length(block) FROM word_index_data"))
    return {
        "segments": segments,
        "texts": texts,
        "letters_per_text": round(letters, 1),
        "database_mb": round((book / "fieldbook.db").stat().st_size / 1e6),
        "word_index_mb": round(index / 1e6),
    }


def _rebuild(book: Path) -> float:
    from fieldapp.store.store import Store
    from fieldapp.store.word_index import rebuild_words

    with Store.open(book) as store:
        start = time.perf_counter()
        store.do(lambda tx: rebuild_words(tx.db))
        return round(time.perf_counter() - start, 1)


def _first_answers(book: Path) -> dict[str, Any]:
    """A new process opens the fieldbook and answers; cold means that the system's cache of the file was dropped first."""
    timed: dict[str, Any] = {}
    for name in ("cold", "warm"):
        runs = []
        for _ in range(5):
            if name == "cold":
                _forget_file(book / "fieldbook.db")
            told = subprocess.run([sys.executable, "-c", _FIRST_ANSWER, str(book), "一二"], capture_output=True, text=True, check=True).stdout.split()
            runs.append((float(told[0]), float(told[1])))
        timed[name] = {
            "open_and_answer": round(statistics.median(answer for _, answer in runs), 1),
            "with_loading_code": round(statistics.median(sum(both) for both in runs), 1),
        }
    return timed


def _forget_file(path: Path) -> None:
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _cut(db: sqlite3.Connection, chance: random.Random, script: str, length: int, count: int) -> list[str]:
    """Pieces of random texts, without blanks at their edges."""
    last = db.execute("SELECT max(pk) FROM annotation").fetchone()[0]
    pieces: list[str] = []
    while len(pieces) < count:
        row = db.execute("SELECT tier, text FROM annotation WHERE pk >= ?", (chance.randint(1, last),)).fetchone()
        text: str = row["text"]
        if (row["tier"] == "ipa") != (script == "ipa") or (script == "han" and not "\u4e00" <= text[0] <= "\u9fff") or len(text) < length:
            continue
        at = chance.randint(0, len(text) - length)
        piece = text[at : at + length]
        if len(pieces) % 10 == 9:
            piece = "".join(chance.sample(piece, length))
        if piece.strip() == piece and '"' not in piece and piece.strip("\u0303˥˦˧˨˩"):
            pieces.append(f'"{piece}"')
    return pieces


def _all_queries(book: Path, count: int, progress: Progress) -> list[dict[str, Any]]:
    from fieldapp.model import Query
    from fieldapp.store.fold import EVERYTHING, NOTHING
    from fieldapp.store.search import find
    from fieldapp.store.store import Store

    filters: dict[str, dict[str, Any]] = {
        "none": {},
        "speaker": {"speakers": ("W17",)},
        "session": {"sessions": ("session00000",)},
        "variety, year, checked": {"varieties": ("Suzhou",), "since": "2020", "until": "2020", "checked_only": True},
        "speaker, session, tier": {"speakers": ("W17",), "sessions": ("session00000",), "tiers": ("ipa",)},
    }
    chance, results = random.Random(7), []
    with Store.open(book, read_only=True) as store:

        def ask(folds: frozenset[str], chosen: dict[str, Any], text: str) -> int:
            return find(store, Query(text=text, fold=folds, **chosen)).total

        for script in ("han", "ipa"):
            for length in LENGTHS:
                asked = _cut(store.reader(), chance, script, length, count)
                for folding, folds in (("plain", NOTHING), ("folded", EVERYTHING), ("tones only", frozenset({"tones"}))):
                    for name, chosen in filters.items():
                        first = _time(asked, partial(ask, folds, chosen))["p95_ms"]  # much of it is read from the disk
                        told = _time(asked, partial(ask, folds, chosen))
                        results.append({"script": script, "length": length, "folding": folding, "filter": name, **told, "first_p95_ms": first})
                progress(len(results) / 120, f"asked {script} queries of {length}")
    return results


def _worst(queries: list[dict[str, Any]]) -> dict[str, float]:
    """The slowest class of queries: once its part of the file is in memory, and the very first time."""
    return {name: max(row[name] for row in queries) for name in ("p95_ms", "first_p95_ms")}


def _simpler_ways(book: Path, scratch: Path, count: int, progress: Progress) -> list[dict[str, Any]]:
    """LIKE and unicode61 on the same texts: how long, and which share of the queries that have an answer get one."""
    from fieldapp.model import Query
    from fieldapp.store.search import find
    from fieldapp.store.store import Store

    chance, results = random.Random(8), []
    with Store.open(book, read_only=True) as store, contextlib.closing(sqlite3.connect(scratch / "unicode61.db")) as other:
        progress(-1, "building the unicode61 index")
        db = store.reader()
        other.execute("CREATE VIRTUAL TABLE t USING fts5(text, content='', tokenize='unicode61')")
        other.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", (tuple(row) for row in db.execute("SELECT pk, text FROM annotation")))
        other.commit()

        def like(text: str) -> int:
            return len(db.execute("SELECT pk FROM annotation WHERE text LIKE ? LIMIT 200", (f"%{text[1:-1]}%",)).fetchall())

        def unicode61(text: str) -> int:
            return len(other.execute("SELECT rowid FROM t WHERE t MATCH ? LIMIT 200", (text,)).fetchall())

        for script in ("han", "ipa"):
            for length in LENGTHS:
                asked = [text for text in _cut(db, chance, script, length, count) if find(store, Query(text=text)).total]
                results += [{"script": script, "length": length, "way": way.__name__, **_time(asked, way)} for way in (like, unicode61)]
    return results


def _time(asked: Sequence[str], ask: Callable[[str], int]) -> dict[str, float]:
    times, worked, answered = [], [], 0
    for text in asked:
        start, working = time.perf_counter(), time.thread_time()
        answered += ask(text) > 0
        times.append((time.perf_counter() - start) * 1000)
        worked.append((time.thread_time() - working) * 1000)
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20, method="inclusive")[-1], 2),
        "max_ms": round(max(times), 2),
        "cpu_p95_ms": round(statistics.quantiles(worked, n=20, method="inclusive")[-1], 2),
        "found_share": round(answered / len(asked), 2),
    }


def _whole_process(*words: str) -> float:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "fieldapp", *words], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return round(statistics.median(times), 3)


def _as_text(data: dict[str, Any]) -> str:
    lines = [json.dumps({key: value for key, value in data.items() if key not in ("queries", "simpler_ways")}, ensure_ascii=False)]
    lines.append(f"{'script':7}{'length':>6}  {'folding':11}{'filter':25}{'p50 ms':>8}{'p95 ms':>8}{'max ms':>8}{'cpu p95':>8}{'first p95':>9}{'found':>7}")
    for row in [*data["queries"], *data["simpler_ways"]]:
        how = f"{row.get('folding', ''):11}{row.get('filter', row.get('way', '')):25}"
        times = "".join(f"{row[name]:8.2f}" for name in ("p50_ms", "p95_ms", "max_ms", "cpu_p95_ms")) + f"{row.get('first_p95_ms', 0):9.2f}"
        lines.append(f"{row['script']:7}{row['length']:>6}  {how}{times}{row['found_share']:7.2f}")
    return "\n".join(lines)
