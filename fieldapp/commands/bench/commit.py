"""Time from handing a segment with two texts to the store until it is committed: a machine's draft, what a person says, a person's edit."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fieldapp.commands import Answer, Progress
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import connect, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from fieldapp.store.writer import Writer


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    label: str = ""
    remade: bool = False


KINDS = (_Kind("a machine's draft", remade=True), _Kind("what cannot be made again"), _Kind("an edit that can be undone", label="edit"))
_BLOCK = 50  # commits with one kind of durability before the next has its turn


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many, on which disk, beside how much."""
    parser.add_argument("--commits", type=int, default=1000, help="commits per kind of durability")
    parser.add_argument("--present", type=int, default=20_000, help="segments (with two texts each) that are there already")
    parser.add_argument("--dir", type=Path, help="a folder on the disk to measure (default: the system's temporary folder)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Measure the kinds in turn, so that other load on the machine hits all of them alike."""
    times: list[list[float]] = [[] for _ in KINDS]
    with tempfile.TemporaryDirectory(dir=options.dir) as place:
        folder = Path(place) / "book"
        with Store.create(folder, "bench") as store:
            master = _fill(store, options.present, progress)
        for done in range(0, options.commits, _BLOCK):
            progress(done / options.commits, "committing")
            for kind, measured in zip(KINDS, times, strict=True):
                writer = Writer(connect.open_writer(folder / connect.DATABASE), folder, lambda: False)
                with contextlib.closing(writer):
                    _commit(writer, master, "warm up", kind)
                    measured += [_commit(writer, master, str(done + number), kind) for number in range(_BLOCK)]
        progress(1, "committed")
    data = [
        {
            "commit": kind.name,
            "synchronous": "NORMAL" if kind.remade else "FULL",
            "commits": len(measured),
            "p50_ms": round(statistics.median(measured) * 1e3, 3),
            "p95_ms": round(statistics.quantiles(measured, n=20)[-1] * 1e3, 3),
        }
        for kind, measured in zip(KINDS, times, strict=True)
    ]
    lines = [f"{row['commit']:<34}{row['synchronous']:<8} p50 {row['p50_ms']} ms   p95 {row['p95_ms']} ms" for row in data]
    return Answer("\n".join([f"one segment with two texts, {options.present} present", *lines]), {"present": options.present, "kinds": data})


def _fill(store: Store, many: int, progress: Progress) -> RecordingId:
    def recording(tx: Transaction) -> RecordingId:
        session = sessions.ensure_session(tx, "bench")
        made = Recording(id=RecordingId(new_id()), session=session.id, path="audio/bench.wav", rate=48000, channels=1, bits=24, frames=1)
        sessions.add_recording(tx, made)
        return made.id

    master = store.do(recording)
    for start in range(0, many, 5000):
        progress(start / many, "filling")
        rows = [_rows(master, str(number)) for number in range(start, min(start + 5000, many))]

        def work(tx: Transaction, rows: list[tuple[Segment, list[Annotation]]] = rows) -> None:
            segments.add_segments(tx, [segment for segment, _ in rows])
            texts.add_texts(tx, [text for _, both in rows for text in both])

        store.do(work)
    return master


def _rows(master: RecordingId, word: str) -> tuple[Segment, list[Annotation]]:
    one = Segment(id=SegmentId(new_id()), recording=master, span=Span(0, 48000), meaning_id=word, state="draft")
    said = {"transcription": f"tʰɑ˥˩ jɑ̃˨˧ {word}", "translation": f"the sun number {word}"}
    return one, [Annotation(id=AnnotationId(new_id()), segment=one.id, tier=tier, text=text) for tier, text in said.items()]


def _commit(writer: Writer, master: RecordingId, word: str, kind: _Kind) -> float:
    segment, both = _rows(master, word)

    def work(tx: Transaction) -> None:
        segments.add_segments(tx, [segment])
        texts.add_texts(tx, both)

    begun = time.perf_counter()
    writer.submit(work, kind.label, frees=False, remade=kind.remade).result()
    return time.perf_counter() - begun
