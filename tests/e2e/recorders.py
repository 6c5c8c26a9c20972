"""What tests of the recorder share: waiting without a clock in the assertion, and ending a recorder whatever a test did."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from fieldapp.audio import protocol

Answer = TypeVar("Answer")


def until(what: Callable[[], Answer], seconds: float = 30.0) -> Answer:
    """Wait until something is true; it may take long on a busy machine."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return answer


@contextlib.contextmanager
def recorder_ends_with(folder: Path) -> Iterator[Path]:
    """A folder whose recorder, if any, is ended afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    contact = protocol.read_contact(folder)
    if contact:
        try:
            os.kill(contact["pid"], 15)
        except ProcessLookupError:
            return
        until(lambda: not protocol.contact_path(folder).exists())
