"""Export of a hundred thousand annotations, and reading annotation files back: seconds, and the most memory used so far."""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench.intake import measured

if TYPE_CHECKING:
    from fieldapp.corpus.bundle import Bundle
    from fieldapp.model import Span

_RATE = 48_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many, which formats, and a file of one's own to read."""
    parser.add_argument("--annotations", type=int, default=100_000, help="texts in all, two on each segment")
    parser.add_argument("--format", action="append", default=[], metavar="NAME", help="measure this format; may be given again (default: csv, textgrid, elan)")
    parser.add_argument("--file", type=Path, action="append", default=[], help="also read this annotation file; may be given again")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Export and read back in each format, then read the files."""
    from fieldapp.corpus import importers
    from fieldapp.corpus.exporters import Options, exporter
    from fieldapp.corpus.output import Output

    data: dict[str, Any] = {"annotations": options.annotations, "export": {}, "read_back": {}, "read": {}}
    with tempfile.TemporaryDirectory() as place:
        bundle = _bundle(Path(place), options.annotations)
        for name in options.format or ["csv", "textgrid", "elan"]:
            progress(-1, f"exporting {name}")
            out = Path(place) / name
            module = exporter(name)
            data["export"][name] = _row(measured(partial(module.write, bundle, Output(out), Options())), out)
        for name in data["export"]:
            progress(-1, f"reading {name}")
            for file in sorted((Path(place) / name).iterdir())[:1]:
                data["read_back"][name] = _row(measured(partial(importers.read, file)), file)
    for file in options.file:
        data["read"][file.name] = _row(measured(partial(importers.read, file)), file) | {"labels": importers.read(file).labels}
    rows = [(f"{what.replace('_', ' ')} {name}", row) for what in ("export", "read_back", "read") for name, row in data[what].items()]
    lines = [f"{name:<32}{row['seconds']:7.2f} s {row['mb']:8.1f} MB   most memory so far {row['peak_mb']:.0f} MB" for name, row in rows]
    return Answer("\n".join([f"{options.annotations} annotations", *lines]), data)


def _row(figures: tuple[float, float], place: Path) -> dict[str, float]:
    files = [place] if place.is_file() else list(place.iterdir())
    return {"seconds": round(figures[0], 2), "mb": round(sum(file.stat().st_size for file in files) / 1e6, 1), "peak_mb": round(figures[1], 1)}


def _bundle(folder: Path, number: int) -> Bundle:
    """Two speakers who take turns in one long recording, each utterance with a transcription and a translation."""
    from fieldapp.corpus.bundle import Bundle
    from fieldapp.model import Annotation, AnnotationId, Person, PersonId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span

    session = Session(id=SessionId("S"), name="bench", date="2026-01-01")
    persons = {PersonId(code): Person(id=PersonId(code), code=code) for code in ("W1", "M2")}
    master = Recording(id=RecordingId("R"), session=session.id, path="audio/bench.wav", rate=_RATE, channels=1, bits=24, frames=number * _RATE)
    segments = tuple(
        Segment(id=SegmentId(f"G{n}"), recording=master.id, span=Span(n * _RATE, n * _RATE + 40_000), speaker=PersonId(("W1", "M2")[n % 2]), state="checked")
        for n in range(number // 2)
    )
    texts = {
        one.id: (
            Annotation(id=AnnotationId(f"A{n}"), segment=one.id, tier="transcription", text=f"tʰɑ˥˩ jɑ̃˨˧ {n}"),
            Annotation(id=AnnotationId(f"B{n}"), segment=one.id, tier="translation", text=f"the sun, number {n}", language="en"),
        )
        for n, one in enumerate(segments)
    }
    return Bundle(
        title="bench", folder=folder, cut=_no_cut, sessions={session.id: session}, persons=persons, recordings={master.id: master}, segments=segments,
        annotations=texts,
    )  # fmt: skip


def _no_cut(source: Path, span: Span, target: Path) -> None:
    """The measured formats take no sound along."""
