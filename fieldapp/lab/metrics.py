"""How alike two utterances are, for many at once: SeqSim over frames, cosine of pooled vectors, how many directions carry them. Any thread.

Frames are [steps, width] arrays without padding. All matrices are [queries, candidates]; SeqSim is symmetric, so the matrix
of (B, A) is the transpose of that of (A, B) and one computation serves both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.speech.embed import unit

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

BLOCK_FRAMES = 512
"""Rows of the frame-by-frame matrix that are held at once: with 4,000 frames on the other side 8 MB, which stays near the processor."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The frames of many utterances, of length 1, one below the other; utterance i is `frames[starts[i]:starts[i + 1]]`."""

    frames: F32
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, utterances: Sequence[NDArray[np.floating]]) -> Pool:
        """Utterances laid out for comparison; each must have at least one frame."""
        if not utterances:
            raise ValueError("nothing to compare")
        lengths = [len(frames) for frames in utterances]
        if not all(lengths):
            raise ValueError("an utterance without frames cannot be compared")
        return cls(unit(np.concatenate(utterances)), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def chosen(self, rows: Sequence[int]) -> Pool:
        """Some of the utterances, in the given order."""
        parts = [self.frames[self.starts[row] : self.starts[row + 1]] for row in rows]
        return Pool(np.concatenate(parts), np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64))


def seqsim_matrix(queries: Pool, candidates: Pool) -> F32:
    """SeqSim of every query with every candidate: F1 of frame-wise best cosines (BERTScore on frames)."""
    precision = np.empty((len(queries), len(candidates)), np.float32)
    recall = np.empty_like(precision)
    into = candidates.starts
    for first, last in _blocks(queries.starts):
        begin = queries.starts[first]
        alike = queries.frames[begin : queries.starts[last]] @ candidates.frames.T
        best = np.maximum.reduceat(alike, into[:-1], axis=1)
        for i in range(first, last):
            rows = slice(queries.starts[i] - begin, queries.starts[i + 1] - begin)
            precision[i] = best[rows].mean(axis=0)
            recall[i] = np.add.reduceat(alike[rows].max(axis=0), into[:-1]) / np.diff(into)
    return _f1(precision, recall)


def pooled(utterances: Sequence[NDArray[np.floating]]) -> F32:
    """The mean of each utterance's frames, of length 1."""
    return unit(np.stack([np.asarray(frames, np.float32).mean(axis=0) for frames in utterances]))


def cosine_matrix(queries: NDArray[np.floating], candidates: NDArray[np.floating]) -> F32:
    """Cosine of every query vector with every candidate vector."""
    return unit(queries) @ unit(candidates).T


def angular(one: NDArray[np.floating], other: NDArray[np.floating]) -> F32:
    """arccos(cosine) / pi of every pair of rows: 0 for the same direction, 1 for opposite ones."""
    return (np.arccos(np.clip(cosine_matrix(one, other), -1.0, 1.0)) / np.pi).astype(np.float32)


def csls(matrix: NDArray[np.floating], neighbours: int = 10) -> F64:
    """Scores with hubness taken away: twice the score, less the mean score of each side's nearest neighbours."""
    scores = np.asarray(matrix, np.float64)
    return 2 * scores - _crowd(scores, neighbours)[:, None] - _crowd(scores.T, neighbours)[None, :]


def energy_dims(vectors: NDArray[np.floating], shares: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99)) -> dict[float, int]:
    """How many principal directions carry each share of the variance."""
    spectrum = energy(vectors)
    return {share: int(np.searchsorted(spectrum, share) + 1) for share in shares}


def energy(vectors: NDArray[np.floating]) -> F64:
    """The share of variance that the first 1, 2, 3 ... principal directions carry together."""
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    strengths = np.linalg.eigvalsh(centred.T @ centred)[::-1].clip(0)
    total = float(strengths.sum())
    return np.cumsum(strengths) / total if total > 0 else np.ones(len(strengths))


def _f1(precision: F32, recall: F32) -> F32:
    both = precision + recall
    score: F32 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=np.abs(both) > 1e-9)
    return score


def _blocks(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of whole utterances of at most BLOCK_FRAMES frames (or one utterance, where it is longer)."""
    found, first = [], 0
    for i in range(1, len(starts)):
        if starts[i] - starts[first] > BLOCK_FRAMES and i - 1 > first:
            found.append((first, i - 1))
            first = i - 1
    return [*found, (first, len(starts) - 1)]


def _crowd(scores: F64, neighbours: int) -> F64:
    most = min(neighbours, scores.shape[1])
    nearest: F64 = np.partition(scores, -most, axis=1)[:, -most:].mean(axis=1)
    return nearest
