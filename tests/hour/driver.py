"""Who works in the window: steps that wait without blocking, hands that press keys from outside, an eye on when live text is seen.

Steps are generators in the GUI thread. What they yield is waited for by a timer: seconds of a person's hesitation, or something that becomes true.
"""

from __future__ import annotations

import queue
import random
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from unittest.mock import patch

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

import fieldapp.session.live_text as live_text
from fieldapp.gui.widgets.live_lines import LiveLines
from fieldapp.speech.live import Final, Live, Partial
from hour.watch import Watch

Step = Generator[float | Callable[[], bool], None, None]
PATIENCE_S = 300.0
LOOK_MS = 10
KEY_S = (0.05, 0.14)
"""A quick typist."""
COMMANDS = {"\r": int(Qt.Key.Key_Return), "\t": int(Qt.Key.Key_Tab)}


class Driver(QObject):
    """Carries steps out one after the other; one that fails is noted with its name, and the next one begins."""

    over = Signal()

    def __init__(self, watch: Watch, pace: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watch, self._pace = watch, pace
        self.failures: list[str] = []
        self.done: list[str] = []
        self._steps: deque[tuple[str, Callable[[], Step]]] = deque()
        self._step: Step | None = None
        self._until: Callable[[], bool] = lambda: True
        self._deadline = 0.0
        self._more: Callable[[], Iterable[tuple[str, Callable[[], Step]]]] = lambda: ()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)

    def start(self, more: Callable[[], Iterable[tuple[str, Callable[[], Step]]]]) -> None:
        """Ask for steps again and again until there are none."""
        self._more = more
        self._timer.start()

    def _on_look(self) -> None:
        name = self._watch.doing
        try:
            if not self._until():
                if time.monotonic() > self._deadline:
                    raise TimeoutError(f"what it waited for never came ({PATIENCE_S:.0f} s)")
                return
            self._go_on()
        except Exception:  # noqa: BLE001  (whatever goes wrong in a step is told at the end)
            self.failures.append(f"{name}: {traceback.format_exc(limit=-2)}")
            self._step, self._until = None, lambda: True

    def _go_on(self) -> None:
        if self._step is None:
            if not self._steps:
                self._steps.extend(self._more())
            if not self._steps:
                self._timer.stop()
                self._watch.doing = ""
                self.over.emit()
                return
            self._watch.doing, make = self._steps.popleft()
            self._step = make()
        waits = next(self._step, None)
        self._deadline = time.monotonic() + PATIENCE_S
        if waits is None:
            self.done.append(self._watch.doing)
            self._step, self._until = None, lambda: True
        elif callable(waits):
            self._until = waits
        else:
            ready = time.monotonic() + waits * self._pace
            self._deadline += waits
            self._until = lambda: time.monotonic() >= ready


class Hands(QObject):
    """Presses keys from a thread of its own, whatever the window does meanwhile; measures until the widget has drawn what they did.

    A key waits in the queue of the event loop as one of a keyboard does. The event itself is made in the GUI thread: one that is posted belongs to Qt and
    to the thread that made it at once, and the window died of that in a run.
    """

    _drawn = Signal()
    _key = Signal(int, str)

    def __init__(self, pace: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seconds: list[float] = []
        self._chance = random.Random(1)
        self._pace = min(1.0, pace)
        self._jobs: queue.Queue[str | None] = queue.Queue()
        self._pressed: deque[float] = deque()
        self._heard: list[float] = []
        self._left = 0
        self._widget: QWidget | None = None
        self._drawn.connect(self._on_drawn, Qt.ConnectionType.QueuedConnection)
        self._key.connect(self._on_key, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._press, name="hands", daemon=True)
        self._thread.start()

    def type(self, widget: QWidget, seen: QWidget, text: str) -> Callable[[], bool]:
        """Type into a widget that is painted by `seen` (its viewport, or itself); what is returned says whether everything is on the screen."""
        for one in {self._widget, widget} - {None}:
            assert one is not None
            one.removeEventFilter(self)
        widget.installEventFilter(self)
        seen.installEventFilter(self)
        self._widget = widget
        self._left = len(text)
        self._jobs.put(text)
        return lambda: self._left <= 0

    def stop(self) -> None:
        """Hands off."""
        self._jobs.put(None)
        self._thread.join()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's own name)
        if event.type() == QEvent.Type.KeyPress and watched is self._widget and self._pressed:
            self._heard.append(self._pressed.popleft())
        elif event.type() == QEvent.Type.Paint and self._heard:
            self._drawn.emit()  # comes after this paint event
        return False

    def _on_drawn(self) -> None:
        now = time.perf_counter()
        self.seconds += [now - pressed for pressed in self._heard]
        self._left -= len(self._heard)
        self._heard.clear()

    def _press(self) -> None:
        while (job := self._jobs.get()) is not None:
            for letter in job:
                time.sleep(self._chance.uniform(*KEY_S) * self._pace)
                self._pressed.append(time.perf_counter())
                self._key.emit(COMMANDS.get(letter, 0), letter)

    def _on_key(self, key: int, said: str) -> None:
        if self._widget is not None:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QCoreApplication.sendEvent(self._widget, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, said))


class LiveEye(QObject):
    """From the engine's result until the record page has drawn it. Results that come while that page is not shown are not waited for."""

    _drawn = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.finals: list[float] = []
        self.partials: list[float] = []
        self.results = 0
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, float, bool]] = []
        self._lines: LiveLines | None = None
        self._shown = False
        self._drawn.connect(self._on_drawn, Qt.ConnectionType.QueuedConnection)
        eye = self

        class NotedLive(Live):
            """The live engine, whose results are noted the moment they exist."""

            def work(self) -> Final | Partial | None:
                done = super().work()
                if done is not None:
                    eye.note(done.utterance.text if isinstance(done, Final) else done.text, final=isinstance(done, Final))
                return done

        self._patch = patch.object(live_text, "Live", NotedLive)
        self._patch.start()

    def stop(self) -> None:
        """The engine as it was."""
        self._patch.stop()

    def watch(self, lines: LiveLines) -> None:
        """Look at these."""
        if self._lines is not lines:
            self._lines = lines
            lines.installEventFilter(self)
        self._shown = lines.isVisible()

    def note(self, text: str, *, final: bool) -> None:
        """A result; on the engine's thread."""
        now = time.perf_counter()
        with self._lock:
            self.results += bool(text)
            if text and self._shown:
                if final:
                    self._waiting = [one for one in self._waiting if one[2]]  # partials it takes the place of
                self._waiting.append((text, now, final))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's own name)
        if event.type() == QEvent.Type.Paint:
            self._drawn.emit()
        elif event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            with self._lock:
                self._shown = event.type() == QEvent.Type.Show
                self._waiting.clear()
        return False

    def _on_drawn(self) -> None:
        now = time.perf_counter()
        told = self._lines.accessibleDescription().split("\n") if self._lines is not None else []
        with self._lock:
            for text, noted, final in [one for one in self._waiting if one[0] in told]:
                (self.finals if final else self.partials).append(now - noted)
                self._waiting.remove((text, noted, final))
