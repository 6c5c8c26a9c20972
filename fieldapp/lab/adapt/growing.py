"""Go on learning a meaning head from where it is: by steps, speech and texts at once, every prefix. Plain numpy, any thread.

Two maps learn, one for vectors of speech and one for those of texts (both models stay as they are). Before the first step both are turned
alike, so that what speech and texts share comes first: at full length nothing changes by that, and short prefixes become of use. A step asks for
a high cosine with the own text and, over every prefix, for the own text before those of other meanings and the same meaning in other voices before
other meanings (InfoNCE). What moves away from the beginning is drawn back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.speech.embed import F32, unit

TEMPERATURE = 0.05
VOICES = 0.5
"""How much other voices count beside texts."""
DRAWN_BACK = 3.0
"""The loss of having moved as far away as the beginning is long."""
STEPS_EACH = 40
BATCH = 384
RATE = 0.02
"""Of the size of the numbers that learn."""
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """From vectors of speech and from vectors of texts to one space."""

    speech: F32
    bias: F32
    texts: F32

    def of_speech(self, vectors: F32) -> F32:
        """Where vectors of speech lie; not of length 1."""
        return vectors @ self.speech + self.bias

    def of_texts(self, vectors: F32) -> F32:
        """Where vectors of texts lie; not of length 1."""
        return vectors @ self.texts


def turned(maps: Maps, known: F32, texts: F32) -> Maps:
    """The same space with its axes in the order in which speech and texts agree about them."""
    agree = unit(maps.of_speech(known)).T @ unit(maps.of_texts(texts)) / len(known)
    strengths, axes = np.linalg.eigh((agree + agree.T).astype(np.float64))
    axes = axes[:, np.argsort(-strengths)]
    axes = (axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))] < 0, -1.0, 1.0)).astype(np.float32)  # a sign is arbitrary: choose one
    return Maps(maps.speech @ axes, maps.bias @ axes, maps.texts @ axes)


def grow(start: Maps, known: F32, texts: F32, meanings: Sequence[str], prefixes: Sequence[int], seed: int) -> Iterator[Maps]:
    """Learn by Adam; yields the maps every STEPS_EACH steps, for ever."""
    chance = np.random.default_rng(seed)
    numbers = {meaning: number for number, meaning in enumerate(dict.fromkeys(meanings))}
    labels = np.array([numbers[meaning] for meaning in meanings])
    begun = (start.speech, start.bias, start.texts)
    values = [value.copy() for value in begun]
    sizes = [float(np.sqrt((value**2).mean())) for value in begun]
    sizes[1] = max(sizes[1], sizes[0])  # a bias may begin at nothing
    lengths = [max(float((value**2).sum()), 1e-8) for value in begun]
    lengths[1] = max(lengths[1], 1.0)
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    step = 0
    while True:
        for _ in range(STEPS_EACH):
            step += 1
            rows = chance.choice(len(known), size=min(BATCH, len(known)), replace=False)
            out, aim = known[rows] @ values[0] + values[1], texts[rows] @ values[2]
            of_out, of_aim = slopes(out, aim, labels[rows], prefixes)
            for i, gradient in enumerate((known[rows].T @ of_out, of_out.sum(axis=0), texts[rows].T @ of_aim)):
                whole = gradient + (2 * DRAWN_BACK / lengths[i]) * (values[i] - begun[i])
                first[i] += 0.1 * (whole - first[i])
                second[i] += 0.01 * (whole**2 - second[i])
                values[i] -= RATE * sizes[i] * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.99**step)) + 1e-8)
        yield Maps(*(value.copy() for value in values))


def slopes(out: F32, aim: F32, labels: Labels, prefixes: Sequence[int]) -> tuple[F32, F32]:
    """How the loss changes with each output for speech and for texts."""
    made, wanted = unit(out), unit(aim)
    of_out = before_length(out, made, -wanted / np.float32(len(out)))
    of_aim = before_length(aim, wanted, -made / np.float32(len(out)))
    share = np.float32(1 / len(prefixes))
    for length in prefixes:
        made, wanted = unit(out[:, :length]), unit(aim[:, :length])
        turn = contrast(made, wanted, labels)[1]
        up: F32 = share * (turn @ wanted + np.float32(VOICES) * voices(made, labels)[1])
        of_out[:, :length] += before_length(out[:, :length], made, up)
        of_aim[:, :length] += before_length(aim[:, :length], wanted, share * (turn.T @ made))
    return of_out, of_aim


def contrast(made: F32, wanted: F32, labels: Labels) -> tuple[float, F32]:
    """InfoNCE both ways between vectors of length 1, and its slope at their cosines. Others of the same meaning are neither right nor wrong: left out."""
    logits: F32 = made @ wanted.T / np.float32(TEMPERATURE)
    itself = np.eye(len(made), dtype=np.bool_)
    logits[(labels[:, None] == labels[None, :]) & ~itself] = -np.inf
    down, across = _softmax(logits, 0), _softmax(logits, 1)
    loss = -0.5 * float(np.log(np.maximum(np.diag(down), 1e-12)).mean() + np.log(np.maximum(np.diag(across), 1e-12)).mean())
    slope: F32 = ((0.5 * (down + across) - itself) / (len(made) * TEMPERATURE)).astype(np.float32)
    return loss, slope


def voices(made: F32, labels: Labels) -> tuple[float, F32]:
    """InfoNCE between vectors of speech of length 1: any of the same meaning before all others; and its slope at them. Nothing where none has a fellow."""
    itself = np.eye(len(made), dtype=np.bool_)
    fellows = (labels[:, None] == labels[None, :]) & ~itself
    asked = np.flatnonzero(fellows.any(axis=1))
    if not len(asked):
        return 0.0, np.zeros_like(made)
    logits: F32 = (made[asked] @ made.T / np.float32(TEMPERATURE)).astype(np.float32)
    logits[itself[asked]] = -np.inf
    every, right = _softmax(logits, 1), _softmax(np.where(fellows[asked], logits, np.float32(-np.inf)), 1)
    loss = -float(np.log(np.maximum((every * fellows[asked]).sum(axis=1), 1e-12)).mean())
    turn: F32 = ((every - right) / (len(asked) * TEMPERATURE)).astype(np.float32)
    slope = turn.T @ made[asked]
    slope[asked] += turn @ made
    return loss, slope


def before_length(out: F32, made: F32, slope: F32) -> F32:
    """The slope at vectors, from the slope at what they are at length 1."""
    lengths = np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-8)
    back: F32 = ((slope - made * (made * slope).sum(axis=1, keepdims=True)) / lengths).astype(np.float32)
    return back


def _softmax(logits: F32, axis: int) -> F32:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: F32 = powers / powers.sum(axis=axis, keepdims=True)
    return shares
