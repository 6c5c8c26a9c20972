"""The ways two recordings can be compared, in one visible tuple; each needs what an ear heard and gives one matrix. Any thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import WrongUsage
from fieldapp.lab.dtw import dtw_matrix
from fieldapp.lab.hearing import Heard
from fieldapp.lab.metrics import cosine_matrix, seqsim_matrix

Rows = Sequence[int]
Compare = Callable[[Heard, Rows, Rows], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Similarity:
    """One way; `floor` ways take acoustics in place of a model."""

    name: str
    what: str
    compare: Compare
    floor: bool = False


def _seqsim(heard: Heard, queries: Rows, candidates: Rows) -> NDArray[np.float32]:
    return seqsim_matrix(heard.pool(queries), heard.pool(candidates))


def _pooled(heard: Heard, queries: Rows, candidates: Rows) -> NDArray[np.float32]:
    return cosine_matrix(heard.meaning[list(queries)], heard.meaning[list(candidates)])


def _sound(heard: Heard, queries: Rows, candidates: Rows) -> NDArray[np.float32]:
    return cosine_matrix(heard.sound[list(queries)], heard.sound[list(candidates)])


def _head(heard: Heard, queries: Rows, candidates: Rows) -> NDArray[np.float32]:
    if heard.headed is None:
        raise WrongUsage(f"The model {heard.name} has no meaning head.", "Compare with seqsim or pooled.")
    return cosine_matrix(heard.headed[list(queries)], heard.headed[list(candidates)])


def _dtw(heard: Heard, queries: Rows, candidates: Rows) -> NDArray[np.float32]:
    return -dtw_matrix(heard.pool(queries), heard.pool(candidates))


SIMILARITIES: tuple[Similarity, ...] = (
    Similarity("seqsim", "frames of the model, F1 of best matches", _seqsim),
    Similarity("pooled", "mean of the model's frames, cosine", _pooled),
    Similarity("sound", "means of three thirds of the model's frames, cosine", _sound),
    Similarity("head", "the model's meaning head, cosine", _head),
    Similarity("mfcc-dtw", "cepstra along the cheapest path: sound alone, no model", _dtw, floor=True),
    Similarity("mfcc-seqsim", "cepstra, F1 of best matches: sound alone, no model", _seqsim, floor=True),
)
"""A new way is one function and one line."""


def similarity(name: str) -> Similarity:
    """The way of this name."""
    found = next((way for way in SIMILARITIES if way.name == name), None)
    if found is None:
        raise WrongUsage(f"'{name}' is no way to compare.", f"There are: {', '.join(way.name for way in SIMILARITIES)}.")
    return found
