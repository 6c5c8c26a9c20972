"""Train a meaning head: from raw vectors of speech into the space of a text encoder that stays as it is. Plain numpy, any thread.

It begins either with the best linear map in closed form (ridge regression in the whitened space) or with the head that came with
the model, whichever finds the texts of meanings left out in turn sooner. Then come some hundred steps (`growing`). Strictness and the
number of steps are decided on meanings left out, too; it may be none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fieldapp.errors import FieldError
from fieldapp.lab.adapt.growing import STEPS_EACH, Maps, grow, turned
from fieldapp.lab.ranking import ranks, same
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.heads import Head, prefix

NAME = "adapted"
STRICTNESS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
FOLDS = 3
CHECKS = 12
"""How often the left-out meanings are asked whether going on still helps."""
PATIENCE = 4
"""How many such checks in a row may bring nothing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head was trained: what was chosen on left-out meanings, and how well those were found then. `begun`: the head it began with (else: none)."""

    strictness: float
    steps: int
    left_out: float
    prefixes: tuple[int, ...]
    begun: str = ""


def prefixes_of(dims: int) -> tuple[int, ...]:
    """The lengths at which vectors of so many numbers are used."""
    return (*(p for p in heads.PREFIXES if p < dims), dims)


def choose(
    raw: F32, texts: F32, meanings: Sequence[str], *, start: Head | None = None, seed: int = 0, said: Callable[[float, str], None] = lambda *_: None
) -> Recipe:
    """Find the beginning, its strictness and the number of steps for these examples, by leaving meanings out."""
    prefixes = prefixes_of(texts.shape[1])
    folds = list(_folds(meanings))
    found, given = dict.fromkeys(STRICTNESS, 0.0), 0.0
    for inside, outside in folds:
        whiten = _whitening(raw[inside])
        known, new, left = whiten(raw[inside]), whiten(raw[outside]), [meanings[i] for i in outside]
        for strictness, fitted in _ridges(known, texts[inside]).items():
            found[strictness] += _texts_found(fitted.of_speech(new), texts[outside], left) / len(folds)
        given += _texts_found(start(raw[outside]), start.of_texts(texts[outside]), left) / len(folds) if start else 0.0
    strictness = max(found, key=lambda key: (found[key], key))
    begun = start.name if start and given >= found[strictness] else ""
    inside, outside = folds[0]
    recipe, left = Recipe(strictness, 0, 0.0, prefixes, begun), [meanings[i] for i in outside]
    ground, fitted = _beginning(raw[inside], texts[inside], recipe, start)
    known, new = ground(raw[inside]), ground(raw[outside])
    best, steps = _serves(fitted, new, texts[outside], left, prefixes), 0
    for check, grown in enumerate(grow(fitted, known, texts[inside], [meanings[i] for i in inside], prefixes, seed), 1):
        now = _serves(grown, new, texts[outside], left, prefixes)
        if now > best:
            best, steps = now, check * STEPS_EACH
        said(0.6 * check / CHECKS, f"learning: meanings left out are found with {now:.2f}")
        if check == CHECKS or check * STEPS_EACH >= steps + PATIENCE * STEPS_EACH:
            break
    return Recipe(strictness, steps, best, prefixes, begun)


def train(raw: F32, texts: F32, meanings: Sequence[str], recipe: Recipe, *, start: Head | None = None, seed: int = 0, text_model: str = "") -> Head:
    """The head of these examples by this recipe. The same examples in the same order give the same head."""
    ground, fitted = _beginning(raw, texts, recipe, start)
    if recipe.steps:
        for check, grown in enumerate(grow(fitted, ground(raw), texts, meanings, recipe.prefixes, seed), 1):
            if check * STEPS_EACH >= recipe.steps:
                fitted = grown
                break
    matrix = ground.matrix.astype(np.float64) @ fitted.speech
    # A head has a centre and no bias; one with the same effect is found by going back through the matrix.
    back = np.linalg.lstsq(matrix.T, fitted.bias.astype(np.float64), rcond=1e-6)[0]
    return Head(NAME, (ground.centre - back).astype(np.float32), matrix.astype(np.float32), len(raw), text_model, fitted.texts)


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What is done to raw vectors before they are mapped."""

    centre: F32
    matrix: F32

    def __call__(self, raw: F32) -> F32:
        made: F32 = ((raw - self.centre) @ self.matrix).astype(np.float32)
        return made


def _beginning(raw: F32, texts: F32, recipe: Recipe, start: Head | None) -> tuple[_Ground, Maps]:
    """Where learning begins; turned so that prefixes are of use, unless only the full length is asked for."""
    if recipe.begun and start is not None:
        ground = _Ground(start.centre, np.eye(start.takes, dtype=np.float32))
        long = float(np.linalg.norm((raw - start.centre) @ start.matrix, axis=1).mean())
        aims = np.eye(texts.shape[1], dtype=np.float32) if start.texts is None else start.texts
        maps = Maps(start.matrix / np.float32(long), np.zeros(start.dims, np.float32), aims)
    else:
        ground = _whitening(raw)
        maps = _ridges(ground(raw), texts)[recipe.strictness]
    return ground, turned(maps, ground(raw), texts) if len(recipe.prefixes) > 1 else maps


def _whitening(raw: F32) -> _Ground:
    """The fieldbook's own kind of head, at full width and on average of length 1."""
    head = heads.fit(raw, dims=raw.shape[1])
    return _Ground(head.centre, (head.matrix / np.sqrt(head.takes)).astype(np.float32))


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


def _ridges(known: F32, texts: F32) -> dict[float, Maps]:
    """One map for each strictness, from one decomposition."""
    mean_in, mean_out = known.mean(axis=0, dtype=np.float64), texts.mean(axis=0, dtype=np.float64)
    inside, outside = known - mean_in, texts - mean_out
    strengths, directions = np.linalg.eigh(inside.T @ inside)
    turned = directions.T @ (inside.T @ outside)
    found = {}
    for strictness in STRICTNESS:
        weights = directions @ (turned / (strengths.clip(0) + strictness * strengths.mean() + 1e-9)[:, None])
        found[strictness] = Maps(weights.astype(np.float32), (mean_out - mean_in @ weights).astype(np.float32), np.eye(texts.shape[1], dtype=np.float32))
    return found


def _texts_found(out: F32, texts: F32, meanings: Sequence[str]) -> float:
    """How soon the right text is found among those of the left-out meanings (mean reciprocal rank), each text counted once."""
    _, first = np.unique(np.array(meanings), return_index=True)
    found = ranks(unit(out) @ texts[first].T, same(meanings, [meanings[i] for i in first]))
    return float((1 / found.ranks).mean())


def _serves(maps: Maps, new: F32, texts: F32, meanings: Sequence[str], prefixes: Sequence[int]) -> float:
    """How soon left-out meanings are found: by their texts at every length, and by others who said them, in equal parts."""
    spoken, written = unit(maps.of_speech(new)), unit(maps.of_texts(texts))
    by_text = float(np.mean([_texts_found(prefix(spoken, length), prefix(written, length), meanings) for length in prefixes]))
    right, itself = same(meanings, meanings), np.eye(len(spoken), dtype=np.bool_)
    by_voice = ranks(spoken @ spoken.T, right, ~itself)
    return 0.5 * (by_text + float((1 / by_voice.ranks).mean())) if len(by_voice) else by_text
