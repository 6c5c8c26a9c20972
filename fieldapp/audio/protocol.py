"""How the recorder is talked to: one JSON object a line, both ways, over a local socket. Plain functions for any thread.

**Finding it.** A running recorder keeps `derived/recorder.json` in the fieldbook: address, token, process id. The address is a Unix
socket in a folder only its owner may enter, or on Windows a port of this machine. `derived/recorder.lock` is locked as long as the
recorder lives, so a file left by a dead one is recognised, and a fieldbook never has two.

**Talking.** First line `{"hello": TOKEN, "protocol": 1, "name": "window"}`, answered like a command. Then commands `{"id": 7, "do": NAME, ...}`, each
answered by `{"id": 7, "ok": true, ...}` or `{"id": 7, "ok": false, "error": KIND, "message": ..., "hint": ...}`; answers may overtake each other. The
recorder never speaks unasked; a window asks for `levels` as often as it draws and for `news` when it likes.

| do | gives | answer |
|---|---|---|
| `arm` | `device` (null: default), `rate`, `channels` (1, 2), `pick` ([2]: second channel), or `source` (file), `speed` (0: at once), `times` | status |
| `record` | `path` (stem, no suffix), `bits`, `peaks` (folder), `preroll` seconds, `limit` bytes a part, `reference` | status, `preroll` frames, `reference` |
| `stop` | | `frames`, `paths`, `why` |
| `disarm` | | status |
| `mark` | `at` (seconds of `now()`, this moment if left out) | `frame` of the master heard at that moment, `written` frames |
| `status` | | `state` (idle, armed, recording), `lost`, `frames`, `paths`, `overflows`, `free`, `device`, `rate`, `channels`, `bits`, `last`, `attached`, ... |
| `levels` | `spectrum` (bool) | `peak`, `rms`, `held`, `floor` dB a channel, `clipped`, `frames`, `lost`, with spectrum `spectrum` dB and `bands` Hz |
| `news` | `since` (number) | `news`: notices in order, each with `number`: journal lines, warnings |
| `set_unattended` | `seconds` | how long to record on with nobody attached |
| `bye` | | leaves; a recorder that is not recording ends with its last client |

Times cross processes as `now()`, which on every system we run on counts the same for all processes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

PROTOCOL = 1
LONGEST_LINE = 1 << 16
BUSY_EXIT = 3  # a recorder that finds another one serving its fieldbook
UNWRITABLE_EXIT = 4  # one whose fieldbook cannot be written
now = time.perf_counter


def contact_path(folder: Path) -> Path:
    """Where the recorder of a fieldbook says how to reach it."""
    return folder / "derived" / "recorder.json"


def lock_path(folder: Path) -> Path:
    """What a living recorder keeps locked."""
    return folder / "derived" / "recorder.lock"


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def pack(message: dict[str, Any]) -> bytes:
    """One line."""
    return _JSON.encode(message).encode() + b"\n"


def unpack(line: bytes) -> dict[str, Any] | None:
    """One line's object, or None when it is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def read_contact(folder: Path) -> dict[str, Any] | None:
    """What the recorder wrote, or None when there is nothing to read."""
    try:
        return unpack(contact_path(folder).read_bytes())
    except OSError:
        return None


def write_contact(folder: Path, contact: dict[str, Any]) -> None:
    """Replace the contact file; only its owner may read it."""
    path = contact_path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pack(contact))
    fresh.replace(path)


def lock(folder: Path) -> BinaryIO | None:
    """Lock the fieldbook's recorder for this process, as long as the file is open; None when another one holds it."""
    path = lock_path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  (Windows only)

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  (not on Windows)

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
