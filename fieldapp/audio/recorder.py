"""The recorder process: `python -m fieldapp.audio.recorder FIELDBOOK`. It knows neither Qt, the models nor the store.

Main thread: the deck (read the ring, write the master). Beside it the server's thread, the thread of digests, and PortAudio's own,
which runs C only. It ends on command, when its last client leaves while nothing is recorded, or when nobody was attached for
too long; a full disk ends the recording. The protocol is described in `protocol.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldapp import log as logs
from fieldapp.audio import protocol
from fieldapp.audio.deck import PREROLL_SECONDS, Deck
from fieldapp.audio.server import Order, Server, sweep
from fieldapp.audio.sources import DeviceSource, FileSource, Source
from fieldapp.audio.take import TakeOrder
from fieldapp.audio.wav import LARGEST_FILE
from fieldapp.errors import FieldError, WrongUsage

TICK_SECONDS = 0.05
UNATTENDED_SECONDS = 12 * 3600.0
FORGOTTEN_SECONDS = 60.0  # nobody attached and nothing recorded: the microphone is let go
RESERVE_BYTES = 200 * 10**6
CONTACT_SECONDS = 1.0
AUTOGROUP = Path("/proc/self/autogroup")
URGENCY = -11  # as sound servers ask for

LEFT = "the last client left"

log = logging.getLogger(__name__)


class Recorder:
    """The deck and the server, and what may be asked of them."""

    def __init__(self, folder: Path, reserve: int, unattended: float) -> None:
        self.deck = Deck(reserve)
        self.unattended = unattended
        self.ending = ""
        self._folder = folder
        self._urgent = become_urgent()
        self._contact_at = 0.0
        self._orders: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "arm": self._arm,
            "disarm": self._disarm,
            "record": self._record,
            "stop": lambda _: self.deck.stop(),
            "set_unattended": self._set_unattended,
            "bye": self._bye,
        }
        self.server = Server({"status": self._status, "mark": self._mark, "levels": self._levels, "news": self._news})

    def run(self) -> None:
        """Work until the end; what is recorded is closed whatever happens."""
        self.server.start()
        try:
            while not self._over():
                begun = time.perf_counter()
                self._keep_contact(begun)
                self.deck.tick()
                self._obey(begun if self.deck.hurried else begun + TICK_SECONDS)
                self._mind_the_time()
        finally:
            self.server.close()  # first: nobody must be greeted by a recorder that only finishes its digests
            self.deck.close(self.ending or "the recorder failed")
            with contextlib.suppress(OSError):  # a disk that turned read-only keeps it; the lock tells that nobody is there
                protocol.contact_path(self._folder).unlink(missing_ok=True)
            log.info("ends: %s", self.ending)

    def _over(self) -> bool:
        """Whether to end; somebody who came while the last client left is served."""
        if self.ending == LEFT and self.server.attached:
            self.ending = ""
        return bool(self.ending)

    def _keep_contact(self, moment: float) -> None:
        if moment - self._contact_at < CONTACT_SECONDS and self._contact_at:
            return
        self._contact_at = moment
        contact = {"protocol": protocol.PROTOCOL, "address": self.server.address, "token": self.server.token, "pid": os.getpid()}
        if protocol.read_contact(self._folder) != contact:  # `derived` may be deleted at any time
            try:
                protocol.write_contact(self._folder, contact)
            except OSError as trouble:
                log.warning("cannot say where I am: %s", trouble)

    def _obey(self, until: float) -> None:
        """Carry out orders until the next tick is due."""
        while True:
            try:
                order = self.server.orders.get(timeout=max(0.0, until - time.perf_counter()))
            except queue.Empty:
                return
            self.server.answer(order, self._outcome(order))

    def _outcome(self, order: Order) -> dict[str, Any]:
        name = str(order.message.get("do"))
        try:
            if name not in self._orders:
                raise WrongUsage(f"The recorder knows no '{name}'.")
            return {"ok": True, **self._orders[name](order.message)}
        except FieldError as trouble:
            return {"ok": False, "error": type(trouble).__name__, "message": trouble.message, "hint": trouble.hint}
        except (TypeError, ValueError, KeyError) as trouble:
            return {"ok": False, "error": "WrongUsage", "message": f"'{name}' was asked wrongly: {trouble}.", "hint": ""}

    def _mind_the_time(self) -> None:
        if self.server.attached:
            return
        allowed = self.unattended if self.deck.take else FORGOTTEN_SECONDS
        if protocol.now() - self.server.empty_since > allowed:
            self.ending = "nobody was attached"

    # --- orders: the writer thread ---

    def _arm(self, message: dict[str, Any]) -> dict[str, Any]:
        source: Source
        if message.get("source"):
            source = FileSource(Path(message["source"]), float(message.get("speed", 1.0)), int(message.get("times", 1)))
        else:
            pick = tuple(int(channel) for channel in message.get("pick") or ())
            source = DeviceSource(message.get("device"), int(message.get("rate", 48_000)), int(message.get("channels", 1)), pick)
        self.deck.arm(source)
        return self._status(message)

    def _disarm(self, message: dict[str, Any]) -> dict[str, Any]:
        if not self.deck.take:
            self.deck.disarm()
        return self._status(message)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        peaks = message.get("peaks")
        order = TakeOrder(
            path=Path(message["path"]),
            bits=int(message.get("bits", 24)),
            peaks=Path(peaks) if peaks else None,
            limit=int(message.get("limit") or LARGEST_FILE),
            reference=str(message.get("reference") or ""),
        )
        return self.deck.record(order, float(message.get("preroll", PREROLL_SECONDS)))

    def _set_unattended(self, message: dict[str, Any]) -> dict[str, Any]:
        self.unattended = float(message["seconds"])
        return {"seconds": self.unattended}

    def _bye(self, _: dict[str, Any]) -> dict[str, Any]:
        if not self.server.attached and not self.deck.take:
            self.ending = LEFT
        return {}

    # --- answered at once: the server's thread ---

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {**self.deck.status(), "attached": self.server.attached, "unattended": self.unattended, "urgent": self._urgent, "pid": os.getpid()}

    def _mark(self, message: dict[str, Any]) -> dict[str, Any]:
        take, position = self.deck.take, self.deck.position
        at = message.get("at")
        frame = position.frame_at(protocol.now() if at is None else float(at)) if position and take else 0
        return {"frame": frame, "written": take.frames if take else 0, "state": self.deck.state}

    def _levels(self, message: dict[str, Any]) -> dict[str, Any]:
        take, meter = self.deck.take, self.deck.meter
        facts = meter.levels(bool(message.get("spectrum"))) if meter else {}
        return {**facts, "frames": take.frames if take else 0, "state": self.deck.state, "lost": self.deck.lost, "overflows": self.deck.overflows}

    def _news(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"news": self.deck.news.since(int(message.get("since", 0)))}


def become_urgent() -> bool:
    """Ask for a higher priority; whether it was granted."""
    try:
        if sys.platform == "win32":
            import ctypes  # noqa: PLC0415  (Windows only)

            high = 0x80
            return bool(ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), high))
        os.setpriority(os.PRIO_PROCESS, 0, URGENCY)
        if AUTOGROUP.exists():  # Linux on a desktop divides the processor between sessions first: a priority alone counts only within our own
            AUTOGROUP.write_text(str(URGENCY), encoding="ascii")
    except (OSError, AttributeError):
        return False
    return True


def main(words: list[str] | None = None) -> int:
    """Serve one fieldbook until told to end."""
    parser = argparse.ArgumentParser(prog="fieldapp.audio.recorder", description=__doc__)
    parser.add_argument("folder", type=Path, help="the fieldbook; the recorder keeps its contact file and log in its derived folder")
    parser.add_argument("--reserve", type=int, default=RESERVE_BYTES, help="bytes of the disk that are never used")
    parser.add_argument("--unattended", type=float, default=UNATTENDED_SECONDS, help="seconds to record on with nobody attached")
    options = parser.parse_args(words)
    folder = options.folder.absolute()
    if not folder.is_dir():
        parser.error(f"there is no folder {folder}")
    try:
        locked = protocol.lock(folder)
    except OSError as trouble:
        sys.stderr.write(f"{folder} cannot be written: {trouble.strerror}\n")
        return protocol.UNWRITABLE_EXIT
    if locked is None:
        return protocol.BUSY_EXIT
    with locked, logs.writing(folder / "derived", "recorder"):
        sweep((protocol.read_contact(folder) or {}).get("address"))  # we hold the lock, so whoever wrote it is gone
        recorder = Recorder(folder, options.reserve, options.unattended)

        def end(number: int, _: object) -> None:
            recorder.ending = f"signal {signal.Signals(number).name}"

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal is no reason to stop
        recorder.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
