"""A hundred thousand annotations: exported, read back, imported into a fieldbook, exported from it; each step in a process of its own."""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench.intake import peak_mb

if TYPE_CHECKING:
    from fieldapp.corpus.bundle import Bundle
    from fieldapp.model import Span

Clocks = tuple[float, float]
_RATE = 48_000
_STEP = 960
"""Frames from one segment to the next: 20 ms, so that the sound of the whole stays small."""
_SOUND_RATE = 8000
ALL = (
    "csv",
    "tsv",
    "jsonl",
    "textgrid",
    "elan",
    "srt",
    "vtt",
    "audacity",
    "flextext",
    "chat",
    "toolbox",
    "saymore",
    "cldf",
    "audiofolder",
    "kaldi",
    "anki",
    "postcard",
)
WHOLE = ("csv", "textgrid", "elan")


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many, which formats, and a file of one's own to read."""
    parser.add_argument("--annotations", type=int, default=100_000, help="texts in all, two on each segment")
    parser.add_argument("--format", action="append", default=[], metavar="NAME", help="measure this format; may be given again (default: all)")
    parser.add_argument("--file", type=Path, action="append", default=[], help="also read this annotation file; may be given again")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Export and read back in each format, then the way through a fieldbook, then the files."""
    data: dict[str, Any] = {"annotations": options.annotations, "export": {}, "read_back": {}, "fieldbook": {}, "read": {}}
    chosen = options.format or list(ALL)
    with tempfile.TemporaryDirectory() as place:
        for name in chosen:
            progress(-1, f"exporting {name}")
            data["export"][name] = _alone("export", name, str(Path(place) / name), options.annotations)
            file = _readable(Path(place) / name)
            if file is not None:
                progress(-1, f"reading {name}")
                data["read_back"][name] = _alone("read", str(file))
        if "elan" in chosen:
            data["fieldbook"] = _through_a_fieldbook(Path(place), options.annotations, progress)
    for file in options.file:
        data["read"][file.name] = _alone("read", str(file))
        data["fieldbook"][f"import {file.name}"] = _imported(file, progress)
    rows = [(f"{what.replace('_', ' ')} {name}", row) for what in ("export", "read_back", "fieldbook", "read") for name, row in data[what].items()]
    lines = [
        f"{name:<36}{row['seconds']:7.2f} s ({row['cpu_seconds']:.2f} s of processor) {row['mb']:8.1f} MB   most memory {row['peak_mb']:.0f} MB"
        for name, row in rows
    ]
    return Answer("\n".join([f"{options.annotations} annotations", *lines]), data)


def _alone(step: str, *about: Any) -> dict[str, Any]:
    """One step in a new process, so that its memory is its own (the interpreter and what is exported included)."""
    with multiprocessing.get_context("spawn").Pool(1) as one:
        return one.apply(_measure, (step, *about))


def _measure(step: str, *about: Any) -> dict[str, Any]:
    steps: dict[str, Callable[..., tuple[Clocks, dict[str, Any]]]] = {"export": _export, "read": _read, "command": _command}
    begun, told = steps[step](*about)
    wall, cpu = (now - then for now, then in zip(_clocks(), begun, strict=True))
    return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "peak_mb": round(peak_mb(), 1), **told}


def _clocks() -> Clocks:
    """The clock on the wall, and the processor time this process had: on a busy machine only the second says what the work costs."""
    return time.perf_counter(), time.process_time()


def _export(name: str, out: str, number: int) -> tuple[Clocks, dict[str, Any]]:
    from fieldapp.corpus.exporters import Options, exporter
    from fieldapp.corpus.output import Output

    bundle, module = _bundle(Path(out), number), exporter(name)
    begun = _clocks()
    module.write(bundle, Output(Path(out)), Options())
    return begun, {"mb": _megabytes(Path(out))}


def _read(file: str) -> tuple[Clocks, dict[str, Any]]:
    from fieldapp.corpus import importers

    begun = _clocks()
    return begun, {"labels": importers.read(Path(file)).labels, "mb": _megabytes(Path(file))}


def _command(*words: str) -> tuple[Clocks, dict[str, Any]]:
    """What a person would type, in this process."""
    from fieldapp.cli import main

    begun = _clocks()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = main(list(words))
    if code:
        raise RuntimeError(f"fieldapp {' '.join(words)} ended with {code}")
    return begun, {"mb": 0.0}


def _through_a_fieldbook(place: Path, number: int, progress: Progress) -> dict[str, Any]:
    """The ELAN file with its sound into a new fieldbook, and the fieldbook out again."""
    import numpy as np
    import soundfile

    source = place / "elan" / "bench.eaf"
    soundfile.write(source.with_suffix(".wav"), np.zeros(number * _STEP * _SOUND_RATE // (2 * _RATE), np.int16), _SOUND_RATE)
    book = str(place / "book")
    _alone("command", "new", book)
    progress(-1, "importing into a fieldbook")
    _alone("command", "import", book, str(source.with_suffix(".wav")))
    found = {"import elan": _alone("command", "import", book, "--annotations", str(source)) | {"mb": _megabytes(source)}}
    for name in WHOLE:
        progress(-1, f"exporting the fieldbook to {name}")
        out = place / f"from-{name}"
        found[f"export {name}"] = _alone("command", "export", book, "--format", name, "--out", str(out), "--purpose", "listen") | {"mb": _megabytes(out)}
    return found


def _imported(file: Path, progress: Progress) -> dict[str, Any]:
    """Somebody's annotation file into a fieldbook that has its sound already (an hour of silence)."""
    import shutil

    import numpy as np
    import soundfile

    with tempfile.TemporaryDirectory() as place:
        sound, copy = Path(place) / f"{file.stem}.wav", Path(place) / file.name
        soundfile.write(sound, np.zeros(3600 * _SOUND_RATE, np.int16), _SOUND_RATE)
        _alone("command", "new", f"{place}/book")
        _alone("command", "import", f"{place}/book", str(sound))
        shutil.copyfile(file, copy)
        progress(-1, f"importing {file.name}")
        return _alone("command", "import", f"{place}/book", "--annotations", str(copy)) | {"mb": _megabytes(file)}


def _readable(folder: Path) -> Path | None:
    """The one annotation file of an export that comes back in, None where a format only goes out."""
    from fieldapp.corpus import importers

    files = sorted(path for path in folder.rglob("*") if path.is_file() and importers.importer_for(path))
    return max(files, key=lambda path: path.stat().st_size, default=None)


def _megabytes(place: Path) -> float:
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def _bundle(folder: Path, number: int) -> Bundle:
    """Two speakers who take turns in one recording, each utterance with a transcription and a translation."""
    from fieldapp.corpus.bundle import Bundle
    from fieldapp.model import Annotation, AnnotationId, Person, PersonId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span

    session = Session(id=SessionId("S"), name="bench", date="2026-01-01")
    persons = {PersonId(code): Person(id=PersonId(code), code=code) for code in ("W1", "M2")}
    master = Recording(id=RecordingId("R"), session=session.id, path="audio/bench.wav", rate=_RATE, channels=1, bits=24, frames=number * _STEP // 2)
    segments = tuple(
        Segment(
            id=SegmentId(f"G{n}"), recording=master.id, span=Span(n * _STEP, n * _STEP + _STEP * 5 // 6), speaker=PersonId(("W1", "M2")[n % 2]),
            state="checked", meaning_id=str(n % 999),
        )
        for n in range(number // 2)
    )  # fmt: skip
    texts = {
        one.id: (
            Annotation(id=AnnotationId(f"A{n}"), segment=one.id, tier="transcription", text=f"tʰɑ˥˩ jɑ̃˨˧ {n}"),
            Annotation(id=AnnotationId(f"B{n}"), segment=one.id, tier="translation", text=f"the sun, number {n}", language="en"),
        )
        for n, one in enumerate(segments)
    }
    return Bundle(
        title="bench", folder=folder, cut=_no_cut, sessions={session.id: session}, persons=persons, recordings={master.id: master}, segments=segments,
        annotations=texts, whole=frozenset({master.id}),
    )  # fmt: skip


def _no_cut(source: Path, span: Span, target: Path) -> None:
    """The measured exports take no sound along."""
