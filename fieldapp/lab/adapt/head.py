"""Train a meaning head: from raw vectors of speech into the space of a text encoder that stays as it is. Plain numpy, any thread.

First the best linear map in closed form (ridge regression in the whitened space), its strictness chosen on meanings left out in
turn; then some hundred steps on what retrieval asks for: cosine to the own text, and over every prefix length the own text
before those of other meanings (InfoNCE both ways). How many steps is decided on meanings left out, too; it may be none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import FieldError
from fieldapp.lab.ranking import ranks, same
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.heads import Head

NAME = "adapted"
TEMPERATURE = 0.05
STRICTNESS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
FOLDS = 3
CHECKS = 12
"""How often the left-out meanings are asked whether going on still helps."""
PATIENCE = 4
"""How many such checks in a row may bring nothing."""
STEPS_EACH = 40
BATCH = 256
RATE = 0.002
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head was trained: what was chosen on left-out meanings, and how well those were found then."""

    strictness: float
    steps: int
    left_out: float
    prefixes: tuple[int, ...]


@dataclass(slots=True, eq=False)
class _Map:
    """Whitened vectors to texts."""

    weights: F32
    bias: F32

    def __call__(self, vectors: F32) -> F32:
        return vectors @ self.weights + self.bias


def prefixes_of(dims: int) -> tuple[int, ...]:
    """The lengths at which vectors of so many numbers are used."""
    return (*(p for p in heads.PREFIXES if p < dims), dims)


def choose(raw: F32, texts: F32, meanings: Sequence[str], *, seed: int = 0, said: Callable[[float, str], None] = lambda *_: None) -> Recipe:
    """Find strictness and number of steps for these examples, by leaving meanings out."""
    prefixes = prefixes_of(texts.shape[1])
    folds = list(_folds(meanings))
    found = dict.fromkeys(STRICTNESS, 0.0)
    ready = []
    for inside, outside in folds:
        whiten = _whitening(raw[inside])
        ready.append((whiten(raw[inside]), whiten(raw[outside]), inside, outside))
    for known, new, inside, outside in ready:
        for strictness, fitted in _ridges(known, texts[inside]).items():
            found[strictness] += _mean_reciprocal(fitted(new), texts[outside], [meanings[i] for i in outside]) / len(folds)
    strictness = max(found, key=lambda key: (found[key], key))
    known, new, inside, outside = ready[0]
    start = _ridges(known, texts[inside])[strictness]
    outside_meanings = [meanings[i] for i in outside]
    best, steps = _mean_reciprocal(start(new), texts[outside], outside_meanings), 0
    gained = 0.0
    for check, grown in enumerate(_grow(start, known, texts[inside], [meanings[i] for i in inside], prefixes, seed), 1):
        now = _mean_reciprocal(grown(new), texts[outside], outside_meanings)
        if now > best:
            gained += now - best
            best, steps = now, check * STEPS_EACH
        said(0.6 * check / CHECKS, f"learning: meanings left out are found with {now:.2f}")
        if check == CHECKS or check * STEPS_EACH >= steps + PATIENCE * STEPS_EACH:
            break
    return Recipe(strictness, steps, found[strictness] + gained, prefixes)


def train(raw: F32, texts: F32, meanings: Sequence[str], recipe: Recipe, *, seed: int = 0, text_model: str = "") -> Head:
    """The head of these examples by this recipe. The same examples in the same order give the same head."""
    whiten = _whitening(raw)
    inside = whiten(raw)
    fitted = _ridges(inside, texts)[recipe.strictness]
    if recipe.steps:
        for check, grown in enumerate(_grow(fitted, inside, texts, meanings, recipe.prefixes, seed), 1):
            if check * STEPS_EACH >= recipe.steps:
                fitted = grown
                break
    matrix = (whiten.matrix.astype(np.float64) @ fitted.weights).astype(np.float64)
    # A head has a centre and no bias; one with the same effect is found by going back through the matrix.
    back = np.linalg.lstsq(matrix.T, fitted.bias.astype(np.float64), rcond=1e-6)[0]
    return Head(NAME, (whiten.centre - back).astype(np.float32), matrix.astype(np.float32), len(raw), text_model)


@dataclass(frozen=True, slots=True, eq=False)
class _Whitening:
    centre: F32
    matrix: F32

    def __call__(self, raw: F32) -> F32:
        made: F32 = ((raw - self.centre) @ self.matrix).astype(np.float32)
        return made


def _whitening(raw: F32) -> _Whitening:
    """The fieldbook's own kind of head, at full width and on average of length 1."""
    head = heads.fit(raw, dims=raw.shape[1])
    return _Whitening(head.centre, (head.matrix / np.sqrt(head.takes)).astype(np.float32))


def _folds(meanings: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
    names = {meaning: number for number, meaning in enumerate(sorted(set(meanings)))}
    if len(names) < 2 * FOLDS:
        raise FieldError(f"{len(names)} different meanings are too few to learn from.", f"At least {2 * FOLDS} are needed, better some hundred.")
    if len(meanings) * (FOLDS - 1) < heads.FEWEST * FOLDS + FOLDS:
        raise FieldError(f"{len(meanings)} segments are too few to learn from, once the test is held back.", "Confirm more texts, or ask more speakers.")
    for fold in range(FOLDS):
        outside = [number for number, meaning in enumerate(meanings) if names[meaning] % FOLDS == fold]
        left = set(outside)
        yield [number for number in range(len(meanings)) if number not in left], outside


def _ridges(known: F32, texts: F32) -> dict[float, _Map]:
    """One map for each strictness, from one decomposition."""
    mean_in, mean_out = known.mean(axis=0, dtype=np.float64), texts.mean(axis=0, dtype=np.float64)
    inside, outside = known - mean_in, texts - mean_out
    strengths, directions = np.linalg.eigh(inside.T @ inside)
    turned = directions.T @ (inside.T @ outside)
    found = {}
    for strictness in STRICTNESS:
        weights = directions @ (turned / (strengths.clip(0) + strictness * strengths.mean() + 1e-9)[:, None])
        found[strictness] = _Map(weights.astype(np.float32), (mean_out - mean_in @ weights).astype(np.float32))
    return found


def _grow(start: _Map, known: F32, texts: F32, meanings: Sequence[str], prefixes: tuple[int, ...], seed: int) -> Iterator[_Map]:
    """Go on from a closed-form map by Adam; yields the map every STEPS_EACH steps, for ever."""
    chance = np.random.default_rng(seed)
    numbers = {meaning: number for number, meaning in enumerate(dict.fromkeys(meanings))}
    labels = np.array([numbers[meaning] for meaning in meanings])
    values = [start.weights.copy(), start.bias.copy()]
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    step = 0
    while True:
        for _ in range(STEPS_EACH):
            step += 1
            rows = chance.choice(len(known), size=min(BATCH, len(known)), replace=False)
            out = known[rows] @ values[0] + values[1]
            slope = _slope(out, texts[rows], labels[rows], prefixes)
            for i, gradient in enumerate((known[rows].T @ slope, slope.sum(axis=0))):
                first[i] += 0.1 * (gradient - first[i])
                second[i] += 0.01 * (gradient**2 - second[i])
                values[i] -= RATE * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.99**step)) + 1e-8)
        yield _Map(values[0].copy(), values[1].copy())


def _slope(out: F32, texts: F32, labels: NDArray[np.int64], prefixes: tuple[int, ...]) -> F32:
    """How the loss changes with each output: 1 - cosine, plus the mean InfoNCE of all prefixes, both ways."""
    towards: F32 = (-texts / np.float32(len(out))).astype(np.float32)
    slope = before_length(out, lambda _: towards)
    for length in prefixes:
        wanted = unit(texts[:, :length])
        slope[:, :length] += before_length(out[:, :length], lambda made, wanted=wanted: contrast(made, wanted, labels)[1]) / len(prefixes)  # type: ignore[misc]
    return slope


def contrast(made: F32, wanted: F32, labels: NDArray[np.int64]) -> tuple[float, F32]:
    """InfoNCE both ways between vectors of length 1, and its slope at `made`. Others of the same meaning are neither right nor wrong: they are left out."""
    logits: F32 = made @ wanted.T / np.float32(TEMPERATURE)
    itself = np.eye(len(made), dtype=np.bool_)
    logits[(labels[:, None] == labels[None, :]) & ~itself] = -np.inf
    down, across = _softmax(logits, 0), _softmax(logits, 1)
    loss = -0.5 * float(np.log(np.maximum(np.diag(down), 1e-12)).mean() + np.log(np.maximum(np.diag(across), 1e-12)).mean())
    slope: F32 = ((0.5 * (down + across) - itself) / (len(made) * TEMPERATURE)).astype(np.float32)
    return loss, slope @ wanted


def before_length(out: F32, slope_of: Callable[[F32], F32]) -> F32:
    """The slope of a loss at vectors whose length is taken away before it looks at them."""
    lengths = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-8)
    made: F32 = (out / lengths).astype(np.float32)
    slope = slope_of(made)
    back: F32 = ((slope - made * (made * slope).sum(axis=1, keepdims=True)) / lengths).astype(np.float32)
    return back


def _softmax(logits: F32, axis: int) -> F32:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: F32 = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def _mean_reciprocal(out: F32, texts: F32, meanings: Sequence[str]) -> float:
    """How soon the right text is found among those of the left-out meanings, each text counted once."""
    _, first = np.unique(np.array(meanings), return_index=True)
    found = ranks(unit(out) @ texts[first].T, same(meanings, [meanings[i] for i in first]))
    return float((1 / found.ranks).mean())
