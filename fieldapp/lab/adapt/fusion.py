"""Late fusion: speech enters a text model in place of words, and only what leads into it learns. Needs torch (extra [train]); any thread.

Frames go through one linear map and one convolution that halves their number, then through the text model, which stays as it is and
gives the vector. The text model is a sentence encoder's checkpoint (for a large machine), or a reader of two layers that is taught on
the spot to give a bag's vectors for its pieces in any order, and then left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fieldapp.errors import ModelError
from fieldapp.lab.adapt.growing import TEMPERATURE
from fieldapp.lab.adapt.listener import padded, scaled
from fieldapp.lab.adapt.tuning import the_torch
from fieldapp.speech.embed import F32
from fieldapp.speech.heads import PREFIXES

BATCH, RATE = 48, 1e-3
LAYERS, HEADS, LONGEST = 2, 4, 24
Said = Callable[[float, str], None]


class Reader(Protocol):
    """A text model that stays as it is: vectors of words in, one vector out."""

    width: int

    def read(self, laid: Any, inside: Any) -> Any:
        """[texts, words, width] and which words are there: vectors of length 1."""
        ...

    def texts(self, texts: Sequence[str]) -> F32:
        """The vectors of texts."""
        ...


class MadeReader:
    """Two layers over the pieces of a bag, taught with pieces drawn at random to give the bag's own vectors."""

    def __init__(self, pieces: Callable[[Sequence[str]], list[F32]], known: Sequence[str], steps: int, seed: int, said: Said) -> None:
        torch = the_torch()
        torch.manual_seed(seed)
        self._pieces = pieces
        table = np.unique(np.concatenate(pieces(known)), axis=0)
        self._size = np.float32(table.std() or 1.0)
        table = table / self._size
        self.width = table.shape[1]
        layer = torch.nn.TransformerEncoderLayer(self.width, HEADS, 2 * self.width, dropout=0.0, batch_first=True, norm_first=True)
        self._layers = torch.nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        chance = np.random.default_rng(seed)
        self.fits = 0.0
        optimiser = torch.optim.Adam(self._layers.parameters(), lr=RATE)
        for step in range(steps):
            some = [table[chance.integers(len(table), size=chance.integers(1, LONGEST))] for _ in range(BATCH)]
            laid, inside = padded(some)
            wanted = torch.nn.functional.normalize(torch.from_numpy(np.stack([one.mean(axis=0) for one in some])), dim=1)
            loss = (1 - (self.read(laid, inside) * wanted).sum(dim=1)).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            self.fits = 1 - float(loss.detach())
            said(0.4 * step / steps, f"the reader learns: {self.fits:.2f} like the bag")
        self._layers.requires_grad_(False)

    def read(self, laid: Any, inside: Any) -> Any:
        """Through both layers; the mean of what is there."""
        torch = the_torch()
        states = self._layers(laid, src_key_padding_mask=~inside) * inside[..., None]
        return torch.nn.functional.normalize(states.sum(dim=1), dim=1)

    def texts(self, texts: Sequence[str]) -> F32:
        """Texts, as the reader reads their pieces."""
        nothing = np.zeros((1, self.width), np.float32)
        laid, inside = padded([one / self._size if len(one) else nothing for one in self._pieces(texts)])
        with the_torch().no_grad():
            made: F32 = self.read(laid, inside).numpy()
        return made


class CheckpointReader:
    """A sentence encoder in the form of a Hugging Face checkpoint: mean of its last states."""

    def __init__(self, folder: Path) -> None:
        try:
            from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415  (heavy, and only training needs it)

            self._model = AutoModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True).eval().requires_grad_(False)
            self._words = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except (ImportError, OSError, ValueError) as trouble:
            raise ModelError(f"{folder} cannot be read as a text model: {trouble}.", "Name a folder with config.json, tokenizer and safetensors.") from trouble
        self.width = int(self._model.config.hidden_size)

    def read(self, laid: Any, inside: Any) -> Any:
        """What the model makes of vectors in place of words."""
        torch = the_torch()
        states = self._model(inputs_embeds=laid, attention_mask=inside.long()).last_hidden_state * inside[..., None]
        return torch.nn.functional.normalize(states.sum(dim=1), dim=1)

    def texts(self, texts: Sequence[str]) -> F32:
        """Texts as any user of the model would encode them."""
        told = self._words(list(texts), padding=True, truncation=True, return_tensors="pt")
        with the_torch().no_grad():
            laid = self._model.get_input_embeddings()(told["input_ids"])
            made: F32 = self.read(laid, told["attention_mask"].bool()).numpy()
        return made


def fuse(frames: Sequence[F32], learn_from: Sequence[int], wanted: F32, meanings: Sequence[str], reader: Reader, steps: int, seed: int, said: Said) -> F32:
    """Learn the way into the reader from some recordings; the vectors of all."""
    torch = the_torch()
    ready = scaled(frames, [frames[row] for row in learn_from])
    numbers = {meaning: number for number, meaning in enumerate(dict.fromkeys(meanings))}
    labels = torch.tensor([numbers[meaning] for meaning in meanings])
    prefixes = (*(p for p in PREFIXES if p < reader.width), reader.width)
    torch.manual_seed(seed)
    inwards = torch.nn.Linear(ready[0].shape[1], reader.width, bias=False)
    halved = torch.nn.Conv1d(reader.width, reader.width, 2, stride=2)
    learned = [*inwards.parameters(), *halved.parameters()]
    optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
    chance = np.random.default_rng(seed)
    targets = torch.from_numpy(wanted)

    def vectors(rows: Sequence[int]) -> Any:
        laid, inside = padded([np.pad(ready[row], ((0, len(ready[row]) % 2), (0, 0))) for row in rows])
        return reader.read(halved(inwards(laid).transpose(1, 2)).transpose(1, 2), inside[:, ::2])

    for step in range(steps):
        rows = chance.choice(np.array(learn_from), size=min(BATCH, len(learn_from)), replace=False).tolist()
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - 0.9 * step / steps)
        loss = contrast(vectors(rows), targets[rows], labels[rows], prefixes)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        said(0.4 + 0.5 * step / steps, f"speech is led into the reader: loss {float(loss.detach()):.2f}")
    with torch.no_grad():
        made: F32 = np.concatenate([vectors(list(range(first, min(first + BATCH, len(ready))))).numpy() for first in range(0, len(ready), BATCH)])
    return made


def contrast(made: Any, wanted: Any, labels: Any, prefixes: Sequence[int]) -> Any:
    """The mean over prefixes of InfoNCE both ways; others of the same meaning are left out."""
    torch = the_torch()
    same = (labels[:, None] == labels[None, :]) & ~torch.eye(len(labels), dtype=torch.bool)
    own, total = torch.arange(len(labels)), 0.0
    for length in prefixes:
        one, other = (torch.nn.functional.normalize(side[:, :length], dim=1) for side in (made, wanted))
        logits = (one @ other.T / TEMPERATURE).masked_fill(same, -1e4)
        total = total + 0.5 * (torch.nn.functional.cross_entropy(logits, own) + torch.nn.functional.cross_entropy(logits.T, own))
    return total / len(prefixes)
