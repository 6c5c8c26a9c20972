"""Which stretch of an utterance sounds like a query, and how much: subsequence alignment of frames for many candidates at once. Pure.

Every frame of the query is matched with one frame of the candidate; between two frames of the query the candidate goes on by
none, one or two, so a stretch may be spoken up to twice as fast as the query, or as slowly as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.speech.embed import F32, unit

MOST_PAUSE = 2  # steps of the candidate between two frames of the query
_NEVER = np.float32(-1e9)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Where a candidate is like the query: `path[i]` is the candidate's frame for frame i of the query, `likeness` their mean cosine."""

    likeness: float
    path: NDArray[np.int64]

    @property
    def first(self) -> int:
        """The first frame of the stretch."""
        return int(self.path[0])

    @property
    def last(self) -> int:
        """The last frame of the stretch, which belongs to it."""
        return int(self.path[-1])


def stretches(query: F32, candidates: Sequence[F32]) -> list[Stretch]:
    """The best stretch of each candidate. Frames are [steps, width], without padding, at least one each."""
    if not candidates:
        return []
    lengths = np.array([len(frames) for frames in candidates])
    if not len(query) or not lengths.all():
        raise ValueError("nothing to compare")
    order = unit(query)
    alike = np.full((len(query), len(candidates), int(lengths.max())), _NEVER, np.float32)
    for number, frames in enumerate(candidates):
        alike[:, number, : len(frames)] = order @ unit(frames).T
    best, came = alike[0], np.zeros(alike.shape, np.int8)
    for step in range(1, len(query)):
        ways = np.full((MOST_PAUSE + 1, *best.shape), _NEVER, np.float32)
        for ahead in range(min(MOST_PAUSE + 1, best.shape[1])):
            ways[ahead, :, ahead:] = best[:, : best.shape[1] - ahead]
        came[step] = ways.argmax(axis=0)
        best = alike[step] + ways.max(axis=0)
    ends = best.argmax(axis=1)
    return [_traced(came[:, number], int(end), float(best[number, end]) / len(query)) for number, end in enumerate(ends)]


def seqsim(alike: F32) -> float:
    """SeqSim from the cosines of all frame pairs: how well each frame of either side is answered by its best one of the other."""
    there, back = float(alike.max(axis=1).mean()), float(alike.max(axis=0).mean())
    return 2 * there * back / (there + back) if there + back > 1e-9 else 0.0


def _traced(came: NDArray[np.int8], end: int, likeness: float) -> Stretch:
    path = np.empty(len(came), np.int64)
    path[-1] = at = end
    for step in range(len(came) - 1, 0, -1):
        at -= int(came[step, at])
        path[step - 1] = at
    return Stretch(likeness, path)
