"""ZIP files from elsewhere, unpacked into a folder of their own: nothing leaves that folder, nothing grows beyond measure, nothing is run. Any thread.

What is hostile (names that lead out, links, overlapping or swelling entries) refuses the whole archive with a sentence that names the
entry; what is merely odd (macOS's twins, an archive inside the archive) is passed over or stays a file.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from fieldapp.errors import DiskFull, ImportProblem

SUFFIX = ".zip"
MOST_ENTRIES = 100_000
MOST_BYTES = 2**40
_SWELLING = 300
"""Sound never packs to a three-hundredth of its size, nor does any text worth reading; silence may, so small files are let be."""
_SMALL = 64 << 20
_BLOCK = 1 << 20
_HEADER = 30
_SPARE = 200 << 20
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_HINT = "Unpack it yourself, look at it, and import the folder."


def unpack(archive: Path, folder: Path, progress: Callable[[float, str], None]) -> None:
    """Everything in it into `folder`, which must be empty; ImportProblem before anything is written where the list of entries gives it away."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries(opened, archive)
            total = sum(entry.file_size for entry, _ in entries)
            free = shutil.disk_usage(folder).free
            if total + _SPARE > free:
                raise DiskFull(f"{archive.name} unpacks to {total / 1e9:.1f} GB; {free / 1e9:.1f} GB are free.", "Make room, or unpack it elsewhere.")
            for number, (entry, place) in enumerate(entries):
                progress(number / len(entries), f"unpacking {place.name}")
                _write(opened, entry, folder / place, archive)
    except zipfile.BadZipFile as trouble:
        raise ImportProblem(f"{archive.name} is no ZIP file that can be read: {trouble}.", "It may be cut short; fetch it again.") from trouble
    except (zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError) as trouble:
        raise ImportProblem(f"{archive.name} cannot be unpacked: {trouble}.", _HINT) from trouble
    except OSError as trouble:
        raise ImportProblem(f"{archive.name} cannot be unpacked: {trouble.strerror or trouble}.", _HINT) from trouble


def _entries(opened: zipfile.ZipFile, archive: Path) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The files to be written with their places, all looked at before the first is."""
    listed = opened.infolist()
    if len(listed) > MOST_ENTRIES:
        raise ImportProblem(f"{archive.name} holds {len(listed):,} files; more than {MOST_ENTRIES:,} are not unpacked.", _HINT)
    taken: set[str] = set()
    found: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    for entry in listed:
        place = _place(entry, archive)
        if entry.is_dir() or "__MACOSX" in place.parts or place.name.startswith("._"):
            continue
        mode = entry.external_attr >> 16
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise ImportProblem(f"{archive.name} holds '{place}', which is a link or no plain file.", _HINT)
        if entry.flag_bits & 1:
            raise ImportProblem(f"{archive.name} is locked with a password.", "Unpack it with the password and import the folder.")
        if entry.file_size > _SMALL and entry.file_size > _SWELLING * max(1, entry.compress_size):
            raise ImportProblem(f"{archive.name}: '{place}' would swell from {entry.compress_size} to {entry.file_size} bytes.", _HINT)
        key = str(place).casefold()
        if key in taken:
            raise ImportProblem(f"{archive.name} holds two files called '{place}'.", _HINT)
        taken.add(key)
        found.append((entry, place))
    if sum(entry.file_size for entry, _ in found) > MOST_BYTES:
        raise ImportProblem(f"{archive.name} would unpack to more than {MOST_BYTES >> 40} TB.", _HINT)
    _refuse_overlap(listed, archive)
    return found


def _place(entry: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    name = entry.filename
    if not entry.flag_bits & 0x800:  # older programs write UTF-8 without saying so
        try:
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = entry.filename
    place = PurePosixPath(name.replace("\\", "/"))
    odd = any(ord(letter) < 32 or ord(letter) == 127 for letter in name) or ":" in name or not place.parts
    if odd or place.is_absolute() or ".." in place.parts or any(_RESERVED.fullmatch(part) for part in place.parts) or len(str(place)) > 1000:
        raise ImportProblem(f"{archive.name} holds a file named {name[:200]!r}, which leads out of its folder or is no name.", _HINT)
    return place


def _refuse_overlap(listed: list[zipfile.ZipInfo], archive: Path) -> None:
    """Entries that share their bytes are how a small file becomes an endless one."""
    end = 0
    for entry in sorted(listed, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise ImportProblem(f"{archive.name}: the entry '{entry.filename[:200]}' lies inside another one.", _HINT)
        end = entry.header_offset + _HEADER + entry.compress_size


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, archive: Path) -> None:
    """One file; what is really there counts, not what the list says."""
    place.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, place.open("xb") as target:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > entry.file_size:
                raise ImportProblem(f"{archive.name}: '{entry.filename[:200]}' is longer than it says.", _HINT)
            target.write(block)
