"""What tests of the recorder share: waiting without a clock in the assertion, and ending a recorder whatever a test did."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from fieldapp.audio import protocol

Answer = TypeVar("Answer")


def until(what: Callable[[], Answer], seconds: float = 30.0) -> Answer:
    """Wait until something is true; it may take long on a busy machine."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return answer


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def end_recorder(pid: int) -> None:
    """Ask a recorder to end, and wait until it has closed its files. A number that now belongs to somebody else is left alone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if any("fieldapp.audio.recorder" in word for word in psutil.Process(pid).cmdline()):
            os.kill(pid, signal.SIGTERM)
            until(lambda: gone(pid))


@contextlib.contextmanager
def recorder_ends_with(folder: Path) -> Iterator[Path]:
    """A folder whose recorder, if any, is ended afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if contact := protocol.read_contact(folder):
            end_recorder(contact["pid"])
