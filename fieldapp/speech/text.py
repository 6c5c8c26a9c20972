"""Sentence encoders in the same runtime as Whisper: text in, one vector of length 1 a text out. Any thread.

BERT and XLM-R families, masked mean pooling. Their vectors live in spaces of their own: a vector of sound and one of text
are never compared, unless a head was trained for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers

from fieldapp.errors import ModelError
from fieldapp.speech.bag import TextBag, is_bag
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.manifest import manifest_of
from fieldapp.speech.models.binary import read_layout

BATCH_TOKENS = 2048
COMPUTE = "float32"  # 8-bit weights, 32-bit arithmetic: most of what 8-bit loses, it loses in the arithmetic


def load(folder: Path, *, device: str = "cpu", threads: int = 0) -> TextEncoder | TextBag:
    """The sentence encoder in this folder, of whichever make."""
    try:
        bag = is_bag(folder)
    except OSError as trouble:
        raise ModelError(f"{folder} holds no model: {trouble.strerror}.", "See 'fieldapp model list'.") from trouble
    return TextBag(folder) if bag else TextEncoder(folder, device=device, threads=threads)


class TextEncoder:
    """One loaded sentence encoder."""

    def __init__(self, folder: Path, *, device: str = "cpu", compute_type: str = COMPUTE, threads: int = 0) -> None:
        self.manifest = manifest_of(folder)
        layout = read_layout(folder / "model.bin")
        positions = layout.variable("encoder/position_encodings/encodings")
        if layout.architecture != "TransformerEncoderSpec" or positions is None:
            raise ModelError(f"The model in {folder} is no sentence encoder.", "Choose one of the kind 'text': fieldapp model list")
        try:
            self._model: Any = ctranslate2.Encoder(str(folder), device=device, compute_type=compute_type, intra_threads=threads)
            self._words = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as trouble:
            raise ModelError(f"The model in {folder} cannot be loaded: {trouble}.", "Install it again, or choose another.") from trouble
        self._words.no_padding()
        self._words.enable_truncation(positions.shape[0])
        self.width = int(positions.shape[1])

    def __call__(self, texts: Sequence[str]) -> F32:
        """One vector a text, [texts, width]. An empty text has a vector too, but it means nothing."""
        ids = [encoded.ids for encoded in self._words.encode_batch([text.strip() for text in texts])]
        vectors = np.zeros((len(ids), self.width), np.float32)
        for batch in _batches(ids):
            vectors[batch] = self._pooled([ids[number] for number in batch])
        return unit(vectors)

    def _pooled(self, rows: list[list[int]]) -> F32:
        lengths = np.array([len(row) for row in rows], np.int32)
        padded = np.zeros((len(rows), int(lengths.max())), np.int32)
        for row, ids in zip(padded, rows):
            row[: len(ids)] = ids
        answer = self._model.forward_batch(ctranslate2.StorageView.from_array(padded), ctranslate2.StorageView.from_array(lengths))
        states = answer.last_hidden_state
        if states.device != "cpu":
            states = states.to_device(ctranslate2.Device.cpu)
        mask = np.arange(padded.shape[1]) < lengths[:, None]
        values: F32 = np.asarray(states.to(ctranslate2.DataType.float32))
        means: F32 = (values * mask[:, :, None]).sum(axis=1, dtype=np.float32) / lengths[:, None].astype(np.float32)
        return means


def _batches(ids: list[list[int]]) -> Iterator[list[int]]:
    """Numbers of texts in batches of similar length, so that little is padding."""
    batch: list[int] = []
    for number in sorted(range(len(ids)), key=lambda number: len(ids[number])):
        if batch and (len(batch) + 1) * len(ids[number]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
