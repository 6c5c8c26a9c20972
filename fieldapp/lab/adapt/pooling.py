"""Would a head hear more with attention, or with a mix of layers? The four ways of pooling, learned alike. Needs torch (extra [train]); any thread.

Every way ends in one linear map towards the texts and learns by the loss of the engine's own head: 1 - cosine and the mean InfoNCE over
prefixes, others of the same meaning left out. Only what lies before the map differs: which layers count, and which moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fieldapp.lab.adapt.fusion import contrast
from fieldapp.lab.adapt.head import prefixes_of
from fieldapp.lab.adapt.listener import padded, scaled
from fieldapp.lab.adapt.tuning import the_torch
from fieldapp.speech.embed import F32

BATCH, RATE = 96, 1e-3
Said = Callable[[float, str], None]


def pooled(
    layers: Sequence[Sequence[F32]], learn_from: Sequence[int], texts: F32, meanings: Sequence[str], *, attention: bool, steps: int, seed: int, said: Said
) -> tuple[F32, list[float]]:
    """Learn from some utterances, given the frames of each layer; the vectors of all, and how much each layer counts."""
    torch = the_torch()
    ready = [scaled(frames, [frames[row] for row in learn_from]) for frames in layers]
    numbers = {meaning: number for number, meaning in enumerate(dict.fromkeys(meanings))}
    labels, wanted = torch.tensor([numbers[meaning] for meaning in meanings]), torch.from_numpy(texts)
    torch.manual_seed(seed)
    mix = torch.nn.Parameter(torch.zeros(len(layers)))
    query = torch.nn.Parameter(torch.zeros(ready[0][0].shape[1]))
    linear = torch.nn.Linear(ready[0][0].shape[1], texts.shape[1])
    learned = [mix, *linear.parameters(), *([query] if attention else [])]
    optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.05)
    chance = np.random.default_rng(seed)

    def vectors(rows: Sequence[int]) -> Any:
        laid, inside = zip(*(padded([layer[row] for row in rows]) for layer in ready))
        weights = torch.softmax(mix, dim=0)
        frames = sum(weight * layer for weight, layer in zip(weights, laid))
        moments = torch.softmax((frames @ query).masked_fill(~inside[0], -1e4), dim=1)
        return torch.nn.functional.normalize(linear((frames * moments[..., None]).sum(dim=1)), dim=1)

    for step in range(steps):
        rows = chance.choice(np.array(learn_from), size=min(BATCH, len(learn_from)), replace=False).tolist()
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - 0.9 * step / steps)
        made = vectors(rows)
        loss = (1 - (made * wanted[rows]).sum(dim=1)).mean() + contrast(made, wanted[rows], labels[rows], prefixes_of(texts.shape[1]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        said(step / steps, f"loss {float(loss.detach()):.2f}")
    with torch.no_grad():
        found: F32 = np.concatenate([vectors(range(first, min(first + BATCH, len(meanings)))).numpy() for first in range(0, len(meanings), BATCH)])
        return found, torch.softmax(mix, dim=0).tolist()
