"""Reading labels off vectors with the plainest classifier there is: ridge regression onto one column a class. Deterministic; any thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRICTNESS = 0.1
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A trained classifier: vectors in, one score a class out."""

    classes: tuple[str, ...]
    mean: F64
    spread: F64
    weights: F64
    bias: F64

    def scores(self, vectors: NDArray[np.floating]) -> F64:
        """[vectors, classes]."""
        made: F64 = ((vectors - self.mean) / self.spread) @ self.weights + self.bias
        return made

    def __call__(self, vectors: NDArray[np.floating]) -> list[str]:
        """The likeliest class of each vector."""
        return [self.classes[best] for best in self.scores(vectors).argmax(axis=1)]


def learn(vectors: NDArray[np.floating], labels: Sequence[str]) -> Reader:
    """Learn to read labels; every class weighs the same, however often it occurs."""
    classes = tuple(sorted(set(labels)))
    numbers = {name: number for number, name in enumerate(classes)}
    values = np.asarray(vectors, np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0).clip(1e-6)
    inside = (values - mean) / spread
    wanted = np.eye(len(classes))[[numbers[label] for label in labels]]
    weight = (1 / wanted.sum(axis=0))[[numbers[label] for label in labels]]
    weight *= len(labels) / weight.sum()
    goal = wanted.T @ weight / weight.sum()
    near, far = inside * weight[:, None], wanted - goal
    if len(inside) < inside.shape[1]:  # fewer vectors than numbers in one: the same answer from the smaller system
        alike = inside @ near.T
        weights = near.T @ np.linalg.solve(alike + STRICTNESS * max(float(np.trace(alike)) / len(alike), 1e-9) * np.eye(len(alike)), far)
    else:
        square = inside.T @ near
        weights = np.linalg.solve(square + STRICTNESS * max(float(np.trace(square)) / len(square), 1e-9) * np.eye(len(square)), near.T @ far)
    return Reader(classes, mean, spread, weights, goal)


def balanced(truth: Sequence[str], guessed: Sequence[str]) -> float:
    """The mean over classes of how many of it were found: chance is 1 / classes, whatever is frequent."""
    right: dict[str, list[bool]] = {}
    for wanted, got in zip(truth, guessed):
        right.setdefault(wanted, []).append(wanted == got)
    return float(np.mean([np.mean(hits) for hits in right.values()])) if right else float("nan")


def evened(truth: Sequence[str]) -> F64:
    """What each item counts, so that all classes count alike: the weights whose mean of hits is the balanced accuracy."""
    count = Counter(truth)
    return np.array([len(truth) / (len(count) * count[label]) for label in truth])
