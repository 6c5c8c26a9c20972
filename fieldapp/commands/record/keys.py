"""Where keys come from: a terminal, key by key, or lines of words. Each carries the moment it arrived, not the one it was looked at.

A terminal is read on the caller's thread; lines by a thread of their own, because no system can ask a pipe politely on all platforms.
"""

from __future__ import annotations

import queue
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

from fieldapp.audio.protocol import now

STOP = "stop"
LETTERS = {
    " ": "next",
    "r": "redo",
    "s": "skip",
    "b": "back",
    "m": "mark",
    "p": "pause",
    "d": "discard",
    "2": "second",
    "a": "alternative",
    "g": "best",
    "q": STOP,
}
WORDS = {**LETTERS, "n": "next", "quit": STOP, **{word: word for word in (*LETTERS.values(), "remark")}}
_LINE = re.compile(r"(?:@(\d{1,7}(?:\.\d{1,9})?)\s+)?(\S+)(?:\s+(.*))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key and the moment it came; `second` is what it is meant for when a script says so."""

    key: str
    text: str = ""
    second: float | None = None
    moment: float = 0.0


class LineKeys:
    """Words on standard input, a line each; `over` when there will be no more."""

    def __init__(self, stream: TextIO) -> None:
        self.over = False
        self.odd: list[str] = []
        self._stream = stream
        self._lines: queue.SimpleQueue[tuple[str, float] | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, name="lines", daemon=True).start()  # a pipe that nobody closes must not keep us
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to give back."""

    def _read(self) -> None:
        try:
            for line in self._stream:
                self._lines.put((line, now()))
        except (OSError, ValueError):
            pass
        self._lines.put(None)

    def poll(self, seconds: float) -> Iterator[Pressed]:
        """What came, waiting a little for it."""
        time.sleep(seconds)
        while not self._lines.empty():
            arrived = self._lines.get()
            if arrived is None:
                self.over = True
            elif arrived[0].strip():
                yield from self._understood(arrived[0].strip(), arrived[1])

    def _understood(self, line: str, moment: float) -> Iterator[Pressed]:
        found = _LINE.fullmatch(line)
        key = WORDS.get(found.group(2).lower()) if found else None
        if found is None or key is None:
            self.odd.append(f"'{line[:40]}' was not understood and did nothing.")
            return
        yield Pressed(key, found.group(3) or "", float(found.group(1)) if found.group(1) else None, moment)


class TerminalKeys:
    """Single keys of a terminal, without Enter."""

    over = False
    odd: list[str]

    def __init__(self) -> None:
        self.odd = []
        self._before: Any = None

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if sys.platform != "win32":
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def poll(self, seconds: float) -> Iterator[Pressed]:
        """What was pressed, waiting a little for it; letters that mean nothing do nothing."""
        while letter := self._letter(seconds):
            key = LETTERS.get(letter.lower())
            if key:
                yield Pressed(key, moment=now())
            seconds = 0.0

    def _letter(self, seconds: float) -> str:
        if sys.platform == "win32":
            import msvcrt

            until = now() + seconds
            while not msvcrt.kbhit():
                if now() >= until:
                    return ""
                time.sleep(0.005)
            return msvcrt.getwch()
        import os
        import select

        ready = select.select([sys.stdin], [], [], seconds)[0]
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore") if ready else ""
