"""A small network that learns to hear from recordings alone: it guesses what was covered up (masked prediction). Needs torch (extra [train]); any thread.

It takes frames (cepstra, or those of a model), no texts. Its units are the clusters of the frames themselves. On its states pictures
may teach, too (`grounding`), and experiments compare them with those of models that learned from texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.adapt.tuning import the_torch
from fieldapp.speech.embed import F32, unit

WIDTH, UNITS, BATCH = 96, 50, 24
COVERED, STRETCH = 0.08, 5
"""The share of frames at which a covered stretch begins, and its length in frames: about a third is covered."""
RATE = 2e-3
ROUNDS = 15
MOST_FRAMES = 20_000
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """Frames of recordings and the unit of each frame."""

    frames: Sequence[F32]
    units: Sequence[I64]

    def batches(self, steps: int, seed: int) -> Iterator[list[int]]:
        """So many batches, drawn from all clips in turn; the same for the same seed."""
        chance = np.random.default_rng(seed)
        waiting: list[int] = []
        for _ in range(steps):
            while len(waiting) < min(BATCH, len(self.frames)):
                waiting += chance.permutation(len(self.frames)).tolist()
            yield waiting[:BATCH]
            waiting = waiting[BATCH:]


def scaled(frames: Sequence[F32], like: Sequence[F32]) -> list[F32]:
    """Frames with every dimension centred and of one size, as `like` has them."""
    every = np.concatenate(like)
    mean, spread = every.mean(axis=0), every.std(axis=0).clip(1e-4)
    return [((one - mean) / spread).astype(np.float32) for one in frames]


def units_of(frames: Sequence[F32], seed: int) -> F32:
    """The centres of the clusters of frames (k-means)."""
    chance = np.random.default_rng(seed)
    every = np.concatenate(frames)
    some = every[chance.choice(len(every), min(MOST_FRAMES, len(every)), replace=False)]
    centres = some[chance.choice(len(some), min(UNITS, len(some)), replace=False)]
    for _ in range(ROUNDS):
        nearest = _nearest(some, centres)
        for number in range(len(centres)):
            mine = some[nearest == number]
            centres[number] = mine.mean(axis=0) if len(mine) else some[chance.integers(len(some))]
    return centres


def clips(frames: Sequence[F32], centres: F32) -> Clips:
    """Recordings with the unit of each frame."""
    return Clips(frames, [_nearest(one, centres) for one in frames])


def new_listener(takes: int, seed: int) -> Any:
    """A listener that has learned nothing: frames in, states (and guesses of units) out."""
    torch = the_torch()
    torch.manual_seed(seed)
    return _network()(takes)


def learn(listener: Any, material: Clips, steps: int, seed: int, also: Any = None, parameters: Sequence[Any] = ()) -> list[float]:
    """Masked prediction for so many steps; `also(states, inside, rows)` may add a loss, then both count half. The losses of masked prediction."""
    torch = the_torch()
    chance = np.random.default_rng((seed, 1))
    optimiser = torch.optim.AdamW([*listener.parameters(), *parameters], lr=RATE, weight_decay=0.01)
    losses = []
    for step, rows in enumerate(material.batches(steps, seed)):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 30) * (1 - 0.9 * step / steps)
        frames, inside = padded([material.frames[row] for row in rows])
        wanted, _ = padded([material.units[row] for row in rows])
        covered = torch.from_numpy(_covered(inside.numpy(), chance)) & inside
        states, guesses = listener(frames, inside, covered)
        loss = torch.nn.functional.cross_entropy(guesses[covered], wanted[covered]) if covered.any() else 0.0 * guesses.sum()
        losses.append(float(loss.detach()))
        whole = loss if also is None else 0.5 * loss + 0.5 * also(states, inside, rows)
        optimiser.zero_grad(set_to_none=True)
        whole.backward()
        torch.nn.utils.clip_grad_norm_(listener.parameters(), 1.0)
        optimiser.step()
    return losses


def heard_by(listener: Any, frames: Sequence[F32]) -> list[F32]:
    """The states of each recording."""
    torch = the_torch()
    found = []
    with torch.no_grad():
        for one in frames:
            laid, inside = padded([one])
            states, _ = listener(laid, inside, torch.zeros_like(inside))
            found.append(states[0].numpy().astype(np.float32))
    return found


def self_taught(frames: Sequence[F32], learned_from: Sequence[int], steps: int, seed: int) -> F32:
    """The mean state of each recording, of a listener that taught itself with some of them."""
    own = [frames[row] for row in learned_from]
    ready = scaled(frames, own)
    taught = [ready[row] for row in learned_from]
    with one_thread():
        listener = new_listener(ready[0].shape[1], seed)
        learn(listener, clips(taught, units_of(taught, seed)), steps, seed)
        return unit(np.stack([states.mean(axis=0) for states in heard_by(listener, ready)]))


def padded(some: Sequence[NDArray[Any]]) -> tuple[Any, Any]:
    """Rows of unlike length as one tensor, and which of its places are real."""
    torch = the_torch()
    longest = max(map(len, some))
    laid = np.stack([np.pad(one, [(0, longest - len(one)), *[(0, 0)] * (one.ndim - 1)]) for one in some])
    inside = np.arange(longest)[None, :] < np.array([len(one) for one in some])[:, None]
    return torch.from_numpy(laid), torch.from_numpy(inside)


class one_thread:  # noqa: N801  (used like a function)
    """torch on one thread inside: for so small a network more are slower, and numbers must not depend on how many cores there are."""

    def __enter__(self) -> None:
        self._before = the_torch().get_num_threads()
        the_torch().set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        the_torch().set_num_threads(self._before)


def _network() -> Any:
    import torch  # noqa: PLC0415  (heavy, and only training needs it)

    class Listener(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self, takes: int) -> None:
            super().__init__()
            self.inwards = torch.nn.Linear(takes, WIDTH)
            self.cover = torch.nn.Parameter(torch.zeros(WIDTH))
            self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(WIDTH) for _ in range(3))
            self.blocks = torch.nn.ModuleList(torch.nn.Conv1d(WIDTH, WIDTH, 5, padding=2) for _ in range(3))
            self.guess = torch.nn.Linear(WIDTH, UNITS)

        def forward(self, frames: Any, inside: Any, covered: Any) -> Any:
            states = torch.where(covered[..., None], self.cover, self.inwards(frames))
            for norm, block in zip(self.norms, self.blocks):
                ready = norm(states) * inside[..., None]
                states = states + torch.nn.functional.gelu(block(ready.transpose(1, 2)).transpose(1, 2))
            return states, self.guess(states)

    return Listener


def _nearest(frames: F32, centres: F32) -> I64:
    found: I64 = ((centres**2).sum(axis=1)[None, :] - 2 * frames @ centres.T).argmin(axis=1)
    return found


def _covered(inside: NDArray[np.bool_], chance: np.random.Generator) -> NDArray[np.bool_]:
    """Stretches that are covered; every recording has one."""
    begins = chance.random(inside.shape) < COVERED
    begins[np.arange(len(begins)), (chance.random(len(begins)) * inside.sum(axis=1)).astype(np.int64)] = True
    covered = begins.copy()
    for later in range(1, STRETCH):
        covered[:, later:] |= begins[:, :-later] if later < begins.shape[1] else False
    return covered
