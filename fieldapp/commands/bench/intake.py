"""Import of many short files and of one long recording: files and megabytes a second, and the most memory used while it runs."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress

_RATE = 48_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many, how long, on which disk."""
    parser.add_argument("--files", type=int, default=300, help="short files of two seconds, a third each WAV, FLAC and Ogg")
    parser.add_argument("--hours", type=float, default=10.0, help="length of the long recording (48 kHz, 24 bit, mono)")
    parser.add_argument("--dir", type=Path, help="a folder on the disk to measure (default: the system's temporary folder)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Import short files, then read the long one as an import, the models and the waveform do."""
    with tempfile.TemporaryDirectory(dir=options.dir) as place:
        folder = Path(place)
        _short_files(folder / "short", options.files)
        short = measured(lambda: _import(folder, folder / "short", progress))
        long = _long_file(folder / "long.wav", options.hours)
        data: dict[str, Any] = {"files": options.files, "short": _rates(short, folder / "short"), "hours": options.hours, "long": {}}
        for what, work in _LONG.items():
            progress(-1, f"{what} of {options.hours} h")
            data["long"][what] = _rates(measured(lambda work=work: work(long)), long)  # type: ignore[misc]  # bound per round
        data["draw_ms"] = _draw(long)
    return Answer(_as_text(data), data)


def _short_files(folder: Path, count: int) -> None:
    import numpy as np
    import soundfile

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        sound = rng.standard_normal(2 * _RATE) * 0.1
        soundfile.write(folder / f"{number}.{('wav', 'flac', 'ogg')[number % 3]}", sound, _RATE)


def _long_file(path: Path, hours: float) -> Path:
    import numpy as np
    import soundfile

    minute = np.random.default_rng(0).standard_normal(60 * _RATE) * 0.05
    with soundfile.SoundFile(path, "w", _RATE, 1, "PCM_24", format="RF64") as file:
        for _ in range(round(hours * 60)):
            file.write(minute)
    return path


def _import(folder: Path, source: Path, progress: Progress) -> None:
    from fieldapp.intake.importing import Import
    from fieldapp.intake.manifest import find_files
    from fieldapp.store.store import Store

    with Store.create(folder / "book", "bench") as store:
        Import(store).run(find_files([source]), [source], "", progress)


def _decode(path: Path) -> None:
    from fieldapp.audio.decode import open_audio

    with open_audio(path) as reader:
        for _ in reader.blocks():
            pass


def _mono(path: Path) -> None:
    from fieldapp.audio.resample import mono16k

    for _ in mono16k(path):
        pass


def _peaks(path: Path) -> None:
    from fieldapp.audio.peaks import build_peaks

    build_peaks(path, path.with_suffix(".peaks"))


def _quality(path: Path) -> None:
    from fieldapp.audio.quality import measure

    measure(path)


def _draw(path: Path) -> float:
    """Opening an overview and drawing all of it."""
    from fieldapp.audio.peaks import Peaks
    from fieldapp.model import Span

    begun = time.perf_counter()
    peaks = Peaks(path.with_suffix(".peaks"))
    peaks.view(Span(0, peaks.frames), 2000)
    return round((time.perf_counter() - begun) * 1e3, 1)


_LONG: dict[str, Callable[[Path], None]] = {"decode": _decode, "mono16k": _mono, "quality": _quality, "peaks": _peaks}


def peak_mb() -> float:
    """The most memory this process ever used; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and the most memory used so far."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun, peak_mb()


def _rates(measured: tuple[float, float], source: Path) -> dict[str, float]:
    seconds, peak = measured
    files = [source] if source.is_file() else list(source.iterdir())
    size = sum(path.stat().st_size for path in files) / 1e6
    return {"seconds": round(seconds, 1), "files_per_s": round(len(files) / seconds, 2), "mb_per_s": round(size / seconds, 1), "peak_mb": round(peak, 1)}


def _as_text(data: dict[str, Any]) -> str:
    rows = {f"import of {data['files']} short files": data["short"]} | {f"{what} of {data['hours']} h": row for what, row in data["long"].items()}
    lines = [
        f"{what:<28}{row['seconds']:8.1f} s {row['files_per_s']:8.1f} files/s {row['mb_per_s']:8.1f} MB/s   most memory so far {row['peak_mb']:.0f} MB"
        for what, row in rows.items()
    ]
    return "\n".join([*lines, f"opening and drawing the overview of {data['hours']} h: {data['draw_ms']} ms"])
