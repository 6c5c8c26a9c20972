"""The window on a recording of hours in a large fieldbook: frames a second, keys until on the screen, memory.

Prints frames per second of scrolling and zooming at five views and two window sizes, and p95 of a key until it is drawn. Drawn without a screen.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from pathlib import Path

from fieldapp.commands import Answer, Progress
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id

RATE = 48_000
ISLAND_S, EVERY_S = 20, 600


def arguments(parser: argparse.ArgumentParser) -> None:
    """How long, how many."""
    parser.add_argument("--hours", type=float, default=10.0, help="length of the recording (10)")
    parser.add_argument("--segments", type=int, default=100_000, help="segments in the fieldbook, a fifth of them in the long recording (100000)")
    parser.add_argument("--frames", type=int, default=120, help="frames drawn per view (120)")
    parser.add_argument("--keys", type=int, default=400, help="keys typed (400)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Make the fieldbook, then draw and type."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="fieldapp-bench-") as scratch:
        book, settings = Path(scratch) / "book", Path(scratch) / "settings.json"
        progress(-1, "making the fieldbook")
        make_book(book, options.hours, options.segments)
        progress(-1, "drawing and typing")
        from fieldapp.gui.bench import measure

        found = measure(book, settings, options.frames, options.keys)
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        f"{name:28} {part['fps']:7.0f} frames/s   p95 {part['p95_ms']:6.1f} ms   worst {part['worst_ms']:6.1f} ms"
        for name, part in found.items()
        if _drawn(part)
    ]
    key = found["key_ms"]
    lines.append(f"key until drawn: p50 {key['p50']:.1f} ms, p95 {key['p95']:.1f} ms, worst {key['worst']:.1f} ms")
    lines.append(f"most memory {found['memory_mb']:.0f} MB, {found['hours']:.1f} h of sound")
    return Answer(text="\n".join(lines), data=found)


def _drawn(part: object) -> bool:
    return isinstance(part, dict) and "fps" in part


def make_book(folder: Path, hours: float, count: int) -> None:
    """A sparse long recording with islands of noise, drafts all along it, and the rest of the segments in short recordings."""
    from fieldapp.store import people, segments, sessions, texts
    from fieldapp.store.store import Store
    from fieldapp.store.transaction import Transaction

    frames = round(hours * 3600 * RATE)

    def fill(tx: Transaction) -> None:
        session = Session(id=SessionId(new_id()), name="long", date="2026-11-21")
        sessions.add_session(tx, session)
        speaker = people.ensure_person(tx, "W1")
        for number in range(5):
            long = number == 0
            master = Recording(id=RecordingId(new_id()), session=session.id, path=f"audio/{number}.wav", rate=RATE, channels=1, bits=16, frames=frames)
            sessions.add_recording(tx, master)
            step = frames // max(1, count // 5)
            made = [
                Segment(
                    id=SegmentId(new_id()),
                    recording=master.id,
                    span=Span(n * step, n * step + step * 4 // 5),
                    speaker=speaker.id,
                    state="draft" if long else "checked",
                )
                for n in range(count // 5)
            ]
            segments.add_segments(tx, made)
            texts.add_texts(
                tx,
                [
                    Annotation(id=AnnotationId(new_id()), segment=one.id, tier=tier, text=f"tʰɑ˥˩ jɑ̃ {n}", source="machine:m", state="draft")
                    for n, one in enumerate(made)
                    for tier in ("transcription", "translation")
                ],
            )

    with Store.create(folder, "bench") as store:
        store.do(fill)
    _write_sound(folder / "audio" / "0.wav", frames)


def _write_sound(path: Path, frames: int) -> None:
    import numpy as np

    from fieldapp.audio.samples import to_pcm

    size = 2 * frames
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + (1).to_bytes(2, "little")
    head += RATE.to_bytes(4, "little") + (2 * RATE).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    island = to_pcm(np.random.default_rng(1).normal(0, 0.1, (ISLAND_S * RATE, 1)).astype(np.float32), 16)
    with path.open("wb") as file:
        file.write(b"RIFF" + (36 + size).to_bytes(4, "little") + head + b"data" + size.to_bytes(4, "little"))
        file.truncate(44 + size)
        for at in range(0, frames - ISLAND_S * RATE, EVERY_S * RATE):
            file.seek(44 + 2 * at)
            file.write(island)
