"""The smallest sentence encoder: a text is the mean of the vectors of its pieces. It runs anywhere, in a fraction of a millisecond.

It knows no order of words. It is the text side of a meaning head that was trained with it: their vectors share a space. Any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from fieldapp.errors import ModelError
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.manifest import manifest_of

MAGIC = b"\x93NUMPY"
"""How its model.bin begins: it is one plain array [pieces, width] of half precision."""


def is_bag(folder: Path) -> bool:
    """Whether the model in this folder is one; OSError where there is no model."""
    with (folder / "model.bin").open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class TextBag:
    """One loaded bag of pieces."""

    def __init__(self, folder: Path) -> None:
        self.manifest = manifest_of(folder)
        try:
            self._pieces: NDArray[np.float16] = np.load(folder / "model.bin", allow_pickle=False)
            self._words = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as trouble:  # the tokenizer library raises bare Exception
            raise ModelError(f"The model in {folder} cannot be loaded: {trouble}.", "Install it again, or choose another.") from trouble
        if self._pieces.ndim != 2 or self._pieces.dtype != np.float16:
            raise ModelError(f"The model in {folder} is no table of pieces.", "Install it again, or choose another.")
        self.width = int(self._pieces.shape[1])

    def __call__(self, texts: Sequence[str]) -> F32:
        """One vector of length 1 a text, [texts, width]; zeros for a text without a known piece."""
        vectors = np.zeros((len(texts), self.width), np.float32)
        for vector, pieces in zip(vectors, self.pieces(texts)):
            if len(pieces):
                vector[:] = pieces.mean(axis=0, dtype=np.float32)
        return unit(vectors)

    def pieces(self, texts: Sequence[str]) -> list[F32]:
        """The vectors of each text's known pieces, in their order."""
        read = self._words.encode_batch([text.strip() for text in texts], add_special_tokens=False)
        return [self._pieces[[piece for piece in one.ids if piece < len(self._pieces)]].astype(np.float32) for one in read]


def write(folder: Path, pieces: F32) -> None:
    """Put the table of a new bag into its folder."""
    with (folder / "model.bin").open("wb") as file:
        np.save(file, pieces.astype(np.float16), allow_pickle=False)
