"""Sealed index files: what was built for a space, kept for the next opening. A cache; whatever is doubtful about a file, it is built again.

`SPACE-NUMBER.vectors` holds a header with checksums, the rows' numbers, the centre and their codes, laid out to be memory-mapped;
`SPACE-NUMBER.graph` beside it is hnswlib's own form, whose checksum stands in that header. Both are written under another name,
made durable and renamed, the graph first: without its .vectors file a graph is nothing. The header, the sizes, the numbers and the
centre are checked on opening, the codes soon after (`verify`: a wrong one could only propose a wrong candidate), and the graph
before the native loader sees a byte of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import struct
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.model import Space, new_id
from fieldapp.store.codes import Codes
from fieldapp.store.exact import F32
from fieldapp.store.graph import Graph
from fieldapp.store.space_rows import Part, SpaceRows

log = logging.getLogger(__name__)
_MAGIC = b"FieldIx2"
_START = struct.Struct("<8sI")
_PAGE = 4096
_DIGEST = 32
_KINDS = ("<i8", "<i8", "<f4", "<f4", "<f4", "<i1")  # row numbers, segments, centre; scales, shifts and numbers of the codes
_CHECKED_FIRST = 3
_PIECE = 4 << 20
_HOUR = 3600.0
VECTORS, GRAPH, UNFINISHED = ".vectors", ".graph", ".part"


@dataclass(frozen=True, slots=True)
class About:
    """What was decided of the graph when it was built: length of its prefixes, candidates it proposes, ef, the recall measured then. Without one 0, 0, 0, 1."""

    prefix: int
    candidates: int
    ef: int
    recall: float


@dataclass(frozen=True, slots=True)
class Sealed:
    """An opened file. `part` lies in memory only as far as it was looked at."""

    path: Path
    about: About
    part: Part
    centre: F32
    graph_bytes: int
    graph_digest: str
    code_digests: tuple[str, ...]
    mapped: mmap.mmap

    def verify(self) -> bool:
        """Whether the codes are as they were written; read past the mapping, so that they do not stay in memory."""
        places, codes = _offsets(len(self.part), len(self.centre)), self.part.codes
        sizes = codes.scales.nbytes, codes.shifts.nbytes, codes.numbers.nbytes
        return all(_digest_of_file(self.path, at, at + size) == digest for at, size, digest in zip(places[_CHECKED_FIRST:], sizes, self.code_digests))

    def graph(self) -> Graph | None:
        """The graph, or None where there is none that can be trusted."""
        file = self.path.with_suffix(GRAPH)
        try:
            if not self.graph_bytes or file.stat().st_size != self.graph_bytes or _digest_of_file(file, 0, self.graph_bytes) != self.graph_digest:
                return None
        except OSError:
            return None
        found = Graph.load(file, self.about.prefix, len(self.part))
        found.ef = self.about.ef
        return found

    def rest(self) -> None:
        """Give the memory of pages back that a search of all rows brought in; they are read again when needed."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self.mapped.madvise(mmap.MADV_DONTNEED)


def newest(folder: Path, space: Space, *, clean: bool) -> Sealed | None:
    """The newest file of a space that is whole. With `clean` all others of the space, and what a crash left, are removed."""
    files = sorted(folder.glob(f"{space.id}-*"), reverse=True) if folder.is_dir() else []
    found: Sealed | None = None
    for file in files:
        if found is None and file.suffix == VECTORS:
            try:
                found = _open(file, space)
            except (OSError, ValueError, KeyError, TypeError, struct.error) as trouble:
                log.warning("the index %s is not used (%s); it is built again", file.name, trouble)
    for file in files if clean else ():
        if found is None or file.stem != found.path.stem:
            _remove(file, unless_younger=_HOUR if file.suffix == UNFINISHED else 0)  # somebody may be writing it
    return found


def remove_others(folder: Path, known: Collection[str]) -> None:
    """Remove the files of all spaces but the known ones."""
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name.split("-")[0] not in known:
            _remove(file)


def write(folder: Path, space: Space, about: About, rows: SpaceRows, graph: Graph | None, commit: Callable[[Callable[[], None]], None]) -> Path:
    """Write the base of some rows to a new file. `commit` is handed the renaming and may refuse it by raising; OSError where there is no room."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{space.id}-{new_id()}"
    final = {ending: stem.with_suffix(ending) for ending in (VECTORS, GRAPH)}
    unfinished = {ending: path.with_suffix(ending + UNFINISHED) for ending, path in final.items()}
    header: dict[str, Any] = {"space": space.id, "dims": space.dims, "rows": len(rows.base), "about": asdict(about), "graph": {"bytes": 0, "sha256": ""}}
    try:
        if graph is not None:
            graph.save(unfinished[GRAPH])
            size = unfinished[GRAPH].stat().st_size
            header["graph"] = {"bytes": size, "sha256": _digest_of_file(unfinished[GRAPH], 0, size)}
            _make_durable(unfinished[GRAPH])
        _write_vectors(unfinished[VECTORS], header, rows)

        def rename() -> None:
            if graph is not None:
                unfinished[GRAPH].replace(final[GRAPH])
            unfinished[VECTORS].replace(final[VECTORS])

        commit(rename)
        _make_folder_durable(folder)
        return final[VECTORS]
    finally:
        for file in unfinished.values():
            _remove(file)


def _write_vectors(file: Path, header: dict[str, Any], rows: SpaceRows) -> None:
    part, codes = rows.base, rows.base.codes
    wanted = (part.pks, part.segments, rows.centre, codes.scales, codes.shifts, codes.numbers)
    arrays = [np.ascontiguousarray(array, kind) for array, kind in zip(wanted, _KINDS)]
    *places, stop = _offsets(len(part), rows.dims)
    header["sha256"] = [hashlib.sha256(array.data if array.size else b"").hexdigest() for array in arrays]
    text = json.dumps(header).encode()
    start = _START.pack(_MAGIC, len(text)) + text
    with file.open("wb") as out:
        out.write(start + hashlib.sha256(start).digest())
        for array, at in zip(arrays, places):
            out.seek(at)
            out.write(array.data if array.size else b"")
        out.truncate(stop)
        out.flush()
        os.fsync(out.fileno())


def _open(file: Path, space: Space) -> Sealed:
    """The file, memory-mapped; ValueError says what is wrong with it."""
    with file.open("rb") as source:
        start = source.read(_PAGE)
        header = _header(start)
        rows, about = int(header["rows"]), About(**header["about"])
        if header["space"] != space.id or header["dims"] != space.dims or not 0 <= about.prefix <= space.dims or rows < 1:
            raise ValueError("it belongs to another space")
        *places, stop = _offsets(rows, space.dims)
        if source.seek(0, os.SEEK_END) != stop:
            raise ValueError("its size is wrong")
        mapped = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    lengths = _lengths(rows, space.dims)
    arrays = [np.frombuffer(mapped, kind, length, at) for kind, length, at in zip(_KINDS, lengths, places)]
    digests = [str(digest) for digest in header["sha256"]]
    for array, digest in zip(arrays[:_CHECKED_FIRST], digests):
        if hashlib.sha256(array.data).hexdigest() != digest:
            raise ValueError("its row numbers are damaged")
    pks, segments, centre, scales, shifts, numbers = arrays
    part = Part(pks, segments, Codes(numbers.reshape(rows, space.dims), scales, shifts))
    return Sealed(file, about, part, centre, int(header["graph"]["bytes"]), str(header["graph"]["sha256"]), tuple(digests[_CHECKED_FIRST:]), mapped)


def _header(start: bytes) -> dict[str, Any]:
    magic, length = _START.unpack_from(start)
    stop = _START.size + length
    if magic != _MAGIC or stop + _DIGEST > len(start):
        raise ValueError("it is no index, or one of another version")
    if hashlib.sha256(start[:stop]).digest() != start[stop : stop + _DIGEST]:
        raise ValueError("its header is damaged")
    header = json.loads(start[_START.size : stop])
    if not isinstance(header, dict):
        raise TypeError("its header is no table")
    return header


def _lengths(rows: int, dims: int) -> tuple[int, ...]:
    """How many numbers stand in each section, in the order of `_KINDS`."""
    return rows, rows, dims, rows, rows, rows * dims


def _offsets(rows: int, dims: int) -> list[int]:
    """Where each section begins, on a page of its own, and where the file ends."""
    places, at = [], _PAGE
    for length, kind in zip(_lengths(rows, dims), _KINDS):
        places.append(_on_a_page(at))
        at = places[-1] + length * np.dtype(kind).itemsize
    return [*places, at]


def _on_a_page(at: int) -> int:
    return -(-at // _PAGE) * _PAGE


def _digest_of_file(file: Path, start: int, stop: int) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        source.seek(start)
        for piece in _pieces(stop - start):
            digest.update(source.read(piece))
    return digest.hexdigest()


def _pieces(length: int) -> Iterator[int]:
    while length > 0:
        yield min(length, _PIECE)
        length -= _PIECE


def _make_durable(file: Path) -> None:
    with file.open("rb+") as out:
        os.fsync(out.fileno())


def _make_folder_durable(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(file: Path, unless_younger: float = 0) -> None:
    try:
        if not unless_younger or time.time() - file.stat().st_mtime > unless_younger:
            file.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    except OSError as trouble:  # in use on a system that keeps such files; the next opening tries again
        log.info("the index file %s stays for now: %s", file.name, trouble)
