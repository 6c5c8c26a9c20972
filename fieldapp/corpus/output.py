"""Where an export goes: every file is written beside its place, made durable and moved in; unchanged files are left alone.

A stopped or failed export therefore leaves whole files only, and a second export touches only what changed.
"""

from __future__ import annotations

import csv
import errno
import filecmp
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fieldapp.errors import DiskFull, ExportProblem

_ROWS = 5000
_BUFFER = 1 << 20
"""Written seldom, in large pieces: a thread that writes a little every tenth of a millisecond starves every other one of the interpreter."""
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


def no_progress(share: float, doing: str) -> None:
    """For callers who do not watch."""


@dataclass(slots=True)
class Output:
    """One export's folder. `progress` may raise `Cancelled`, which leaves everything written so far whole.

    It is asked before every file and while long ones grow.
    """

    root: Path
    progress: Callable[[float, str], None] = no_progress
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    _told: tuple[float, str] = (0.0, "writing")

    def __post_init__(self) -> None:
        ask = self.progress

        def remembered(share: float, doing: str) -> None:
            self._told = share, doing
            ask(share, doing)

        self.progress = remembered

    def text(self, name: str, content: str) -> None:
        """One UTF-8 text file with LF line ends."""
        self.bytes(name, content.encode("utf-8"))

    def bytes(self, name: str, content: bytes) -> None:
        """One file of known content; left untouched when it already says the same."""
        place = self.place(name)
        if place.is_file() and place.stat().st_size == len(content) and place.read_bytes() == content:
            self.unchanged.append(name)
            return
        self.file(name, lambda temporary: _write(temporary, content))

    def rows(self, name: str, rows: Iterable[str]) -> None:
        """One UTF-8 text file with LF line ends, written as its rows come: a large one never stands in memory."""
        self.file(name, lambda temporary: _write_rows(temporary, self._watched(rows)))

    def sheet(self, name: str, rows: Iterable[Iterable[object]], delimiter: str = ",") -> None:
        """One table, written as its rows come. Whole in memory, copying and encoding it would hold every other thread of the window for a tenth of a second."""
        line = csv.writer(_Passed(), lineterminator="\n", delimiter=delimiter)
        self.rows(name, (str(line.writerow(row)) for row in rows))

    def file(self, name: str, make: Callable[[Path], None]) -> None:
        """One file that `make` writes at the path it is given, moved into place when it is whole."""
        place = self.place(name)
        self._go_on()
        temporary = place.with_name(f".{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            make(temporary)
            if place.is_file() and filecmp.cmp(temporary, place, shallow=False):
                temporary.unlink()
                self.unchanged.append(name)
                return
            _sync(temporary)
            temporary.replace(place)
        except OSError as trouble:
            temporary.unlink(missing_ok=True)
            if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(f"The disk is full; {place} was not written.", "Free some space and export again: whole files are kept.") from trouble
            raise ExportProblem(f"{place} cannot be written: {trouble.strerror or trouble}.", "Choose a folder you may write to.") from trouble
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        self.written.append(name)

    def _go_on(self) -> None:
        """Ask again whether somebody wants it to stop."""
        self.progress(*self._told)

    def _watched(self, rows: Iterable[str]) -> Iterator[str]:
        for number, row in enumerate(rows):
            if number % _ROWS == 0:
                self._go_on()
            yield row

    def place(self, name: str) -> Path:
        """The path of a file inside the export; a name that would leave the folder is refused."""
        pure = PurePosixPath(name)
        if not name or pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name or any(ord(c) < 32 for c in name):
            raise ExportProblem(f"{name!r} is no file name for an export.", "Rename the recording or session it comes from.")
        if any(_RESERVED.match(part) for part in pure.parts):
            raise ExportProblem(f"{name!r} is a name Windows reserves.", "Rename the recording or session it comes from.")
        return self.root / pure


class _Passed:
    """What a csv writer writes to, so that it gives back its line."""

    def write(self, line: str) -> str:
        return line


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _write_rows(path: Path, rows: Iterable[str]) -> None:
    with path.open("w", _BUFFER, encoding="utf-8", newline="\n") as file:
        file.writelines(rows)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
