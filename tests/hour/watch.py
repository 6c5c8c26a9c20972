"""Watches an event loop from outside: how late each beat was, what the watched thread did meanwhile, and whose fault it was.

A thread of its own posts a beat into the loop every few milliseconds. A beat that is late is a key that would have been late. While one is late the
watched thread's Python stack is looked at again and again, so that the block gets a place; its processor time and the time it waited for a core
tell work from a starved machine, and what is left it waited for something else: the interpreter's lock, another thread, a disk.

Whoever looks needs the interpreter, too, and would make a late beat later: what was seen gets its names when the report is made.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

BEAT_S = 0.005
LIMIT_S = 0.050
LOOK_AFTER_S, LOOK_EVERY_S = 0.020, 0.010
ROOT = Path(__file__).resolve().parents[2]
OWN_FRAMES = ("watch.py", "driver.py", "window_hour.py")
"""Frames of the bench itself name nothing."""
WAITING = ("/thread.py", "/threading.py", "/selectors.py", "/queue.py", "/subprocess.py", "/connection.py")
"""Other threads that are in one of these wait for something."""
Places = tuple[tuple[CodeType, int], ...]
"""A stack as it was seen, innermost first."""


@dataclass(frozen=True, slots=True)
class _Late:
    """One beat that was late, as it was seen."""

    at_s: float
    ms: float
    work_ms: float
    core_ms: float | None
    doing: str
    looks: list[Places]
    beside: Counter[Places]

    def named(self) -> Block:
        """The same for people."""
        place, stack = _where(self.looks)
        beside = {_names(places)[1]: count for places, count in self.beside.items()}
        return Block(round(self.at_s, 2), round(self.ms, 1), round(self.work_ms, 1), _rounded(self.core_ms), self.doing, place, stack, beside)


@dataclass(frozen=True, slots=True)
class Block:
    """One beat that was late: when, how late, what of that was processor time of the watched thread and what was waiting for a core (milliseconds)."""

    at_s: float
    ms: float
    work_ms: float
    core_ms: float | None
    doing: str
    place: str
    stack: str
    beside: dict[str, int]
    """What other threads were at meanwhile, and how often it was seen: one of them may have had the interpreter."""

    @property
    def starved(self) -> bool:
        """Whether it would have held on a machine that had a core to spare: without the waiting for one it is short."""
        return self.core_ms is not None and self.ms - self.core_ms <= LIMIT_S * 1000


class Watch(QObject):
    """Made in the thread that is watched; `stop` ends it. `doing` is what the block is said to belong to."""

    _beat = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.doing = ""
        self.late: list[float] = []
        self.work: list[float] = []
        self._blocks: list[_Late] = []
        self._began = time.perf_counter()
        self._watched = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._watched)
        self._delays = _delays(threading.get_native_id())
        self._posted = self._posted_work = 0.0
        self._posted_core: float | None = None
        self._looks: list[Places] = []
        self._beside: Counter[Places] = Counter()
        self._ran, self._over = threading.Event(), threading.Event()
        self._beat.connect(self._on_beat, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._watch, name="gui watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more beats."""
        self._over.set()
        self._thread.join()
        if self._delays is not None:
            os.close(self._delays)
            self._delays = None

    def report(self) -> dict[str, Any]:
        """Everything that was measured, blocks in order and by place."""
        late, work = sorted(self.late), sorted(self.work)
        over = [one.named() for one in self._blocks]
        places = Counter(f"{one.doing}: {one.place}" for one in over)
        worst: dict[str, float] = {}
        for one in over:
            worst[f"{one.doing}: {one.place}"] = max(one.ms, worst.get(f"{one.doing}: {one.place}", 0.0))
        return {
            "beats": len(late),
            "p50_ms": _rank(late, 0.50),
            "p99_ms": _rank(late, 0.99),
            "p999_ms": _rank(late, 0.999),
            "over_30_ms": sum(one > 30 for one in late),
            "worst_ms": _rank(late, 1.0),
            "worst_work_ms": _rank(work, 1.0),
            "over_50_ms": len(over),
            "over_50_ms_without_waiting_for_a_core": sum(not one.starved for one in over),
            "over_50_ms_of_own_work": sum(one.work_ms > LIMIT_S * 1000 for one in over),
            "by_place": [{"place": place, "count": count, "worst_ms": round(worst[place], 1)} for place, count in places.most_common()],
            "blocks": [asdict(one) for one in over],
        }

    @Slot()
    def _on_beat(self) -> None:
        now = time.perf_counter()
        late = now - self._posted + BEAT_S  # whatever blocks may have begun right after the beat before
        work = time.clock_gettime(self._clock) - self._posted_work
        core = self._core()
        waited = (core - self._posted_core) * 1000 if core is not None and self._posted_core is not None else None
        self.late.append(late * 1000)
        self.work.append(work * 1000)
        if late > LIMIT_S:
            self._blocks.append(_Late(now - self._began, late * 1000, work * 1000, waited, self.doing, self._looks, self._beside))
        self._ran.set()

    def _watch(self) -> None:
        while not self._over.is_set():
            self._looks, self._beside = [], Counter()
            self._ran.clear()
            self._posted_core, self._posted_work = self._core(), time.clock_gettime(self._clock)
            self._posted = time.perf_counter()
            self._beat.emit()
            wait = LOOK_AFTER_S
            while not self._ran.wait(wait) and not self._over.is_set():
                frames = sys._current_frames()
                self._looks.append(_look(frames.pop(self._watched, None)))  # no frame is kept: its painters would live on with it
                frames.pop(threading.get_ident())
                self._beside.update(_look(frame, 3) for frame in frames.values() if not frame.f_code.co_filename.endswith(WAITING))
                del frames
                wait = LOOK_EVERY_S
            self._over.wait(BEAT_S)

    def _core(self) -> float | None:
        """How long the watched thread has waited for a core so far, where the system tells."""
        if self._delays is None:
            return None
        try:
            return int(os.pread(self._delays, 80, 0).split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return None


def _delays(thread: int) -> int | None:
    """Opened once; asked four hundred times a second."""
    try:
        return os.open(f"/proc/self/task/{thread}/schedstat", os.O_RDONLY)
    except OSError:
        return None


def _look(frame: FrameType | None, deep: int = 1000) -> Places:
    """Where a thread is; the frame is let go of."""
    places: list[tuple[CodeType, int]] = []
    while frame is not None and len(places) < deep:
        places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(places)


def _names(places: Places) -> tuple[str, str]:
    """The innermost place that is ours, and the whole stack in short."""
    lines: list[tuple[str, bool]] = []
    for code, line in places:
        path = Path(code.co_filename)
        ours = path.is_relative_to(ROOT)
        name = path.relative_to(ROOT).as_posix() if ours else path.name
        lines.append((f"{name}:{line} {code.co_name}", ours and path.name not in OWN_FRAMES))
    place = next((line for line, ours in lines if ours), "Qt itself")
    return place, " < ".join(line for line, _ in lines[:8])


def _where(looks: list[Places]) -> tuple[str, str]:
    """Where it was seen most often."""
    if not looks:
        return "not seen", ""
    named = [_names(one) for one in looks]
    place = Counter(place for place, _ in named).most_common(1)[0][0]
    return place, next(stack for where, stack in named if where == place)


def _rank(ranked: list[float], share: float) -> float | None:
    return round(ranked[int(share * (len(ranked) - 1))], 1) if ranked else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
