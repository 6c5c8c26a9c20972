"""How quick the window is: frames a second on a recording of hours, keys until they are on the screen, until a start can be worked with.

Called by `fieldapp bench window` and `fieldapp bench start`. Everything goes through the real window, page and event loop; only the screen is missing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.theme import dress
from fieldapp.model import Span
from fieldapp.settings import Settings

SIZES = ((1280, 800), (1920, 1200))
VIEWS = (("1 s", 1), ("10 s", 10), ("1 min", 60), ("10 min", 600), ("whole", 0))
SCROLL_PX = 12
PATIENCE_S = 300.0
LOOK_MS = 5


def start_until_usable(book: Path, settings: Path, page: str) -> tuple[float, float]:
    """Open the window on a page of a fieldbook; the wall times at which it is drawn and has answered what was waiting, and at which all is read.

    Review is drawn with the segments around the first to check; the others, the lists at the side and the queue follow.
    """
    window = _open(book, settings, page)
    window.repaint()
    usable = time.time()
    review = window.page
    if isinstance(review, ThePage):
        _until(lambda: review.book.whole)
        window.repaint()
    read = time.time()
    window.close()
    return usable, read


def measure(book: Path, settings: Path, frames: int, keys: int) -> dict[str, Any]:
    """Scroll and zoom at both sizes, then type."""
    window = _open(book, settings)
    page = window.page
    assert isinstance(page, ThePage)
    sound = page.sound
    assert sound is not None
    _until(lambda: sound.has_overviews and page.book.whole)
    found: dict[str, Any] = {"hours": page.stage.timeline.frames / page.stage.timeline.rate / 3600}
    found["segments"] = len(page.shown.lines)
    for wide, high in SIZES:
        window.resize(wide, high)
        QApplication.processEvents()
        for name, seconds in VIEWS:
            found[f"scroll {name} {wide}x{high}"] = _per_second(_scroll(page, seconds, frames))
        found[f"zoom {wide}x{high}"] = _per_second(_zoom(page, frames))
    found["key_ms"] = _keys(page, keys)
    window.close()
    return found


def _open(book: Path, settings: Path, page_name: str = "review") -> MainWindow:
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    dress(application, "light", 100)
    window = MainWindow(Desk(Settings(theme="light"), settings))
    window.resize(*SIZES[0])
    window.show()
    window.desk.open(book)
    window.show_page(page_name)
    page = window.page
    if isinstance(page, ThePage):
        _until(lambda: bool(page.shown.lines))
    QApplication.processEvents()
    return window


def _until(done: Callable[[], bool]) -> None:
    """Wait as the application's own loop does: asleep until something comes (with a time limit, Qt would not sleep, and take the processor from the work)."""
    deadline = time.monotonic() + PATIENCE_S
    alarm = QTimer()
    alarm.start(LOOK_MS)
    while not done() and time.monotonic() < deadline:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    alarm.stop()


def _scroll(page: ThePage, seconds: int, frames: int) -> list[float]:
    """Milliseconds per frame, scrolling from a place where there is sound."""
    line = page.stage.timeline
    if seconds:
        line.show(Span(line.frames // 2, line.frames // 2 + seconds * line.rate))
    else:
        line.show_all()
        line.zoom(0.5, line.width / 2)  # there must be something to scroll to
    return [_frame(page, lambda: line.scroll(SCROLL_PX)) for _ in range(frames)]


def _zoom(page: ThePage, frames: int) -> list[float]:
    """In from the whole to a second and out again."""
    line = page.stage.timeline
    line.show_all()
    step = 36_000.0 ** (-2 / frames)
    return [_frame(page, lambda n=number: line.zoom(step if n < frames / 2 else 1 / step, line.width / 2)) for number in range(frames)]  # type: ignore[misc]


def _frame(page: ThePage, change: Callable[[], None]) -> float:
    """One change until every part of the stage is drawn and what came in between is done."""
    began = time.perf_counter()
    change()
    for widget in (page.stage.wave, page.stage.tones, page.stage.tiers, page.stage.minimap):
        widget.repaint()
    QApplication.processEvents()
    return (time.perf_counter() - began) * 1000


def _per_second(milliseconds: list[float]) -> dict[str, float]:
    ranked = sorted(milliseconds)
    return {"fps": 1000 * len(ranked) / sum(ranked), "p95_ms": ranked[int(0.95 * (len(ranked) - 1))], "worst_ms": ranked[-1]}


class _Painted(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def _keys(page: ThePage, keys: int) -> dict[str, float]:
    """From a key until the field has drawn it, walking on through segments."""
    field = page.stage.field
    field.setFocus()
    painted, viewport = _Painted(), field.viewport()
    viewport.installEventFilter(painted)
    took = []
    for number in range(keys):
        if number % 20 == 19:
            page.do("review.next")
            QApplication.processEvents()
        before, began = painted.count, time.perf_counter()
        QTest.keyClick(field, Qt.Key.Key_A)
        while painted.count == before and time.perf_counter() - began < 1:
            QApplication.processEvents()
        took.append((time.perf_counter() - began) * 1000)
    viewport.removeEventFilter(painted)
    return {"p50": statistics.median(took), "p95": sorted(took)[int(0.95 * (keys - 1))], "worst": max(took)}
