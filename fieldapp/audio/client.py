"""A hand on the recorder: find or start the one of a fieldbook, and ask it. One client belongs to one thread.

    with RecorderClient.start_or_attach(folder) as recorder:
        recorder.arm(device=None, channels=2)
        recorder.record(folder / "audio" / "2026-11-21-a", peaks=folder / "derived" / "peaks")
        frame = recorder.mark()
        recorder.stop()

Leaving the block only detaches: a running recording goes on. `bye()` lets a recorder end that records nothing.
"""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fieldapp import errors
from fieldapp.audio import protocol
from fieldapp.audio.launch import own_process, own_surroundings
from fieldapp.errors import DeviceError, FieldError, ReadOnly

ANSWER_SECONDS = 10.0
START_SECONDS = 20.0


class _OnItsOwn(subprocess.Popen[bytes]):
    """A process meant to outlive us, so nobody is warned when it does."""

    def __del__(self, *_: object) -> None:
        pass


_started: list[_OnItsOwn] = []  # kept so that one that ended is reaped; they are never killed


class NoRecorder(DeviceError):
    """No recorder is running for this fieldbook, or it went away."""


class RecorderClient:
    """One connection to a running recorder."""

    def __init__(self, contact: dict[str, Any], name: str) -> None:
        self.pid = int(contact["pid"])
        self._heard = b""
        self._number = 0
        address = contact["address"]
        unix = isinstance(address, str)
        self._line = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        try:
            self._line.settimeout(ANSWER_SECONDS)
            self._line.connect(address if unix else ("127.0.0.1", int(address)))
            self._line.sendall(protocol.pack({"hello": contact["token"], "protocol": protocol.PROTOCOL, "name": name}))
            self._check(self._next_answer())
        except (OSError, FieldError):
            self._line.close()
            raise

    @classmethod
    def attach(cls, folder: Path, name: str = "fieldapp") -> Self:
        """The running recorder of a fieldbook. Raises NoRecorder when there is none (a dead one's leftovers do not count)."""
        contact = protocol.read_contact(folder)
        try:
            if contact:
                return cls(contact, name)
        except (OSError, KeyError, ValueError, NoRecorder):
            pass
        raise NoRecorder(f"No recorder is running for {folder}.", "It is started when a recording begins.")

    @classmethod
    def start_or_attach(cls, folder: Path, name: str = "fieldapp", *, reserve: int | None = None, unattended: float | None = None) -> Self:
        """The recorder of a fieldbook, started if need be in a session of its own, so that whatever ends us does not end it."""
        if not folder.is_dir():
            raise NoRecorder(f"There is no folder {folder}.", "Make the fieldbook first: fieldapp new DIR.")
        try:
            return cls.attach(folder, name)
        except NoRecorder:
            process = _start(folder, reserve, unattended)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                return cls.attach(folder, name)
            except NoRecorder:
                time.sleep(0.02)
            if process.poll() == protocol.UNWRITABLE_EXIT:
                raise ReadOnly(f"Nothing can be recorded in {folder}: it cannot be written.", "Is the disk or the card locked?")
            if process.poll() == protocol.BUSY_EXIT:  # somebody was quicker, and that recorder will do; or one is about to end, and is waited for
                time.sleep(0.2)
                process = _start(folder, reserve, unattended)
            elif process.poll() is not None:
                break
        raise NoRecorder("The recorder did not start.", f"Its log may say why: {folder / 'derived' / 'recorder.log'}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Detach; the recorder goes on."""
        self._line.close()

    def ask(self, do: str, timeout: float = ANSWER_SECONDS, **words: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._number += 1
        self._line.settimeout(timeout)
        try:
            self._line.sendall(protocol.pack({"id": self._number, "do": do, **words}))
            while (answer := self._next_answer()).get("id") != self._number:
                pass  # an answer nobody waited for any more
        except OSError as trouble:
            raise NoRecorder(f"The recorder does not answer ({do}).", "What it recorded is safe; attach again.") from trouble
        return self._check(answer)

    def _next_answer(self) -> dict[str, Any]:
        while b"\n" not in self._heard:
            heard = self._line.recv(1 << 16)
            if not heard:
                raise NoRecorder("The recorder went away.", "What it recorded is safe; attach again.")
            self._heard += heard
        line, self._heard = self._heard.split(b"\n", 1)
        return protocol.unpack(line) or {}

    @staticmethod
    def _check(answer: dict[str, Any]) -> dict[str, Any]:
        if answer.get("ok"):
            return answer
        kind = getattr(errors, str(answer.get("error")), DeviceError)
        raise kind(str(answer.get("message", "The recorder gave no answer.")), str(answer.get("hint", "")))

    # --- what the table in protocol.py says ---

    def arm(self, device: str | None = None, *, rate: int = 48_000, channels: int = 1, pick: tuple[int, ...] = ()) -> dict[str, Any]:
        """Open a microphone."""
        return self.ask("arm", 30.0, device=device, rate=rate, channels=channels, pick=list(pick))

    def arm_file(self, source: Path, speed: float = 1.0, times: int = 1) -> dict[str, Any]:
        """Let a file take a microphone's place; it begins to play when recording begins, and recording ends with it."""
        return self.ask("arm", source=str(source.absolute()), speed=speed, times=times)

    def disarm(self) -> dict[str, Any]:
        """Let the microphone go."""
        return self.ask("disarm")

    def record(self, path: Path, *, bits: int = 24, peaks: Path | None = None, preroll: float = 2.0, limit: int = 0, reference: str = "") -> dict[str, Any]:
        """Begin a master; `path` is the stem of its files. Its frame 0 is the first frame of the pre-roll."""
        folder = str(peaks.absolute()) if peaks else None
        return self.ask("record", path=str(path.absolute()), bits=bits, peaks=folder, preroll=preroll, limit=limit, reference=reference)

    def stop(self) -> dict[str, Any]:
        """End the master; its files are closed when this returns."""
        return self.ask("stop", 60.0)

    def mark(self, at: float | None = None) -> int:
        """The master's frame at a moment of `protocol.now()`, by default this one."""
        return int(self.ask("mark", at=protocol.now() if at is None else at)["frame"])

    def status(self) -> dict[str, Any]:
        """What it is doing."""
        return self.ask("status")

    def levels(self, spectrum: bool = False) -> dict[str, Any]:
        """What it hears."""
        return self.ask("levels", spectrum=spectrum)

    def news(self, since: int = 0) -> list[dict[str, Any]]:
        """What happened after the notice with that number."""
        return list(self.ask("news", since=since)["news"])

    def set_unattended(self, seconds: float) -> None:
        """How long it records on with nobody attached."""
        self.ask("set_unattended", seconds=seconds)

    def bye(self) -> None:
        """Leave; a recorder that records nothing ends with its last client."""
        self.ask("bye")
        self.close()


def _start(folder: Path, reserve: int | None, unattended: float | None) -> _OnItsOwn:
    _started[:] = [process for process in _started if process.poll() is None]
    words = [str(folder.absolute())]
    words += ["--reserve", str(reserve)] if reserve is not None else []
    words += ["--unattended", str(unattended)] if unattended is not None else []
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    process = _OnItsOwn(
        own_process("fieldapp.audio.recorder", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=own_surroundings(),
        cwd=folder,
        start_new_session=True,
        creationflags=detached,
    )
    _started.append(process)
    return process
