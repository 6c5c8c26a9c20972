"""Vectors as one byte a number, to propose rows with: a quarter of the memory to read, by compiled code. Any thread; knows no database.

What is coded is how a vector of length 1 differs from the space's `centre`, with the largest difference as 127. The vectors of a speech
model lie so close together that their own numbers, rounded, could not tell them apart. With x a row and q a query, both of length 1:

    q . x  =  (q - centre) . (x - centre)  +  centre . (x - centre)  +  q . centre

The first product is made of bytes, the second is kept for each row (`shifts`), the third is the same for all rows. Comparing lets go of
Python's lock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import simsimd
from numpy.typing import NDArray

from fieldapp.store.exact import F32, I64, unit

I8 = NDArray[np.int8]
_LARGEST = 127
_BLOCK = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Rows in bytes: row n differs from the centre by `numbers[n] * scales[n]`. What has no direction has a shift of -infinity: nothing is like it."""

    numbers: I8
    scales: F32
    shifts: F32

    @classmethod
    def empty(cls, rows: int, dims: int) -> Codes:
        """Room for so many rows."""
        return cls(np.zeros((rows, dims), np.int8), np.zeros(rows, np.float32), np.zeros(rows, np.float32))

    @classmethod
    def of(cls, vectors: NDArray[np.floating], centre: F32) -> Codes:
        """Vectors of any length, coded."""
        made = unit(vectors)
        usable = made.any(axis=1)
        made -= centre
        numbers, scales = _coded(made)
        return cls(numbers, scales, np.where(usable, np.vecdot(made, centre), np.float32(-np.inf)))

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, chosen: slice | I64) -> Codes:
        """Some of the rows: without copying for a slice."""
        return Codes(self.numbers[chosen], self.scales[chosen], self.shifts[chosen])

    def put(self, at: int, other: Codes) -> None:
        """Write the rows of others from row `at` on."""
        for mine, theirs in ((self.numbers, other.numbers), (self.scales, other.scales), (self.shifts, other.shifts)):
            mine[at : at + len(other)] = theirs

    def prefixes(self, centre: F32, dims: int) -> F32:
        """The first `dims` numbers of each row, as vectors of length 1; zeros where there is no direction."""
        made = unit(self.numbers[:, :dims] * self.scales[:, None] + centre[:dims])
        made[~np.isfinite(self.shifts)] = 0
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A query of length 1 in the same bytes, one row, and what it has in common with every row."""

    numbers: I8
    scale: np.float32
    common: np.float32

    @classmethod
    def of(cls, query: F32, centre: F32) -> Asked:
        """A query of length 1, coded."""
        numbers, scales = _coded((query - centre)[None])
        return cls(numbers, scales[0], np.vecdot(query, centre))


def centre_of(vectors: NDArray[np.floating]) -> F32:
    """The middle of vectors, as those of length 1; zeros where there are none."""
    total = np.zeros(vectors.shape[1])
    for start in range(0, len(vectors), _BLOCK):
        total += unit(vectors[start : start + _BLOCK]).sum(axis=0)
    return (total / max(len(vectors), 1)).astype(np.float32)


def likeness(codes: Codes, asked: Asked) -> F32:
    """About the cosine of each row with the query."""
    if not len(codes):  # of nothing it would raise
        return np.zeros(0, np.float32)
    # Never with `out=`: it then gives away a reference to None that it does not have, and Python ends after some thousand answers.
    found: F32 = np.asarray(simsimd.cdist(asked.numbers, codes.numbers, "dot", out_dtype="float32")).reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):  # a file that was not checked yet may hold anything
        found *= codes.scales
        found *= asked.scale
        found += codes.shifts
        found += asked.common
    return found


def _coded(differences: F32) -> tuple[I8, F32]:
    scales = np.abs(differences).max(axis=1, initial=0) / np.float32(_LARGEST)
    return np.rint(differences / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8), scales
