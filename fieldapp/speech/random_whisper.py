"""Make a Whisper folder with true structure and vocabulary but random weights, for benches and tests; no torch, no download.

Speed and memory of such a model are those of a trained one of the same shape. Its text means nothing: after `words`
tokens it ends, the words being the same whatever it hears; with `words=None` it never ends by itself. Any thread.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

END = 50257  # <|endoftext|>; the text tokens lie before it
STAMPS = 50364  # <|0.00|> and what follows
PROMPT = 4  # start, language, task, no timestamps
POSITIONS = 448
SYLLABLES = [c + v for c in "bdfgklmnprstvzy" for v in ("a", "e", "i", "o", "u", "ai", "au", "an", "en", "on", "in", "un", "ar", "er", "or", "ir")]


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a Whisper."""

    width: int
    layers: int
    heads: int
    mels: int = 80


SHAPES = {
    "mini": Shape(64, 2, 2),
    "tiny": Shape(384, 4, 6),
    "base": Shape(512, 6, 8),
    "small": Shape(768, 12, 12),
}


def make(folder: Path, size: str = "mini", *, words: int | None = 6, quantization: str = "int8", seed: int = 1) -> Path:
    """Write the model into `folder` (made if need be) and return it."""
    from ctranslate2.specs.whisper_spec import WhisperSpec  # noqa: PLC0415  (only benches and tests make models)

    shape = SHAPES[size]
    weights = _Weights(seed)
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    vocabulary = _vocabulary()
    _fill_encoder(spec.encoder, shape, weights)
    _fill_decoder(spec.decoder, shape, weights, len(vocabulary), words)
    spec.register_vocabulary(vocabulary)
    config = spec.config
    config.suppress_ids = [vocabulary.index(f"<|{name}|>") for name in ("transcribe", "translate", "startoflm", "startofprev", "nospeech")]
    if words is None:  # neither an end nor time stamps, which would make pipelines jump
        config.suppress_ids += [END, *range(STAMPS, len(vocabulary))]
    config.suppress_ids_begin = [END]
    config.lang_ids = list(range(END + 2, END + 2 + len(_languages())))
    config.alignment_heads = [(layer, head) for layer in range(shape.layers // 2, shape.layers) for head in range(shape.heads)]
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", vocabulary)
    return folder


class _Weights:
    """Small random arrays; large ones repeat one random block, which is as good for speed and far quicker to make."""

    def __init__(self, seed: int) -> None:
        self._block = np.random.default_rng(seed).standard_normal(1_000_003).astype(np.float32)
        self._at = 0

    def draw(self, *shape: int, scale: float) -> F32:
        count = int(np.prod(shape))
        self._at = (self._at + 77_777) % self._block.size
        return np.resize(np.roll(self._block, self._at), count).reshape(shape) * np.float32(scale)

    def linear(self, layer: Any, outputs: int, inputs: int) -> None:
        layer.weight = self.draw(outputs, inputs, scale=inputs**-0.5)
        layer.bias = np.zeros(outputs, np.float32)

    def norm(self, layer: Any, width: int, gain: float = 1.0) -> None:
        layer.gamma = np.full(width, gain, np.float32)
        layer.beta = np.zeros(width, np.float32)


def _fill_encoder(encoder: Any, shape: Shape, weights: _Weights) -> None:
    encoder.conv1.weight = weights.draw(shape.width, shape.mels, 3, scale=(3 * shape.mels) ** -0.5)
    encoder.conv1.bias = np.zeros(shape.width, np.float32)
    encoder.conv2.weight = weights.draw(shape.width, shape.width, 3, scale=(3 * shape.width) ** -0.5)
    encoder.conv2.bias = np.zeros(shape.width, np.float32)
    encoder.position_encodings.encodings = _sinusoids(1500, shape.width)
    for layer in encoder.layer:
        _fill_self_attention(layer, shape.width, weights)
        _fill_feed_forward(layer, shape.width, weights)
    weights.norm(encoder.layer_norm, shape.width)


def _fill_decoder(decoder: Any, shape: Shape, weights: _Weights, vocabulary: int, words: int | None) -> None:
    width = shape.width
    table = weights.draw(vocabulary, width, scale=width**-0.5)
    decoder.embeddings.weight = table
    decoder.projection.weight = table
    decoder.position_encodings.encodings = weights.draw(POSITIONS, width, scale=0.01) if words is None else _recited(table, words)
    for layer in decoder.layer:
        _fill_self_attention(layer, width, weights)
        weights.norm(layer.attention.layer_norm, width)
        for linear, outputs in zip(layer.attention.linear, (width, 2 * width, width)):
            weights.linear(linear, outputs, width)
        _fill_feed_forward(layer, width, weights)
    weights.norm(decoder.layer_norm, width, gain=1.0 if words is None else 3.0)


def _recited(table: F32, words: int) -> F32:
    """Positions that each point at one word of the vocabulary and then at the end: the model recites."""
    rows = [1000 + 997 * i % 49_000 for i in range(words)] + [END] * POSITIONS
    encodings = np.zeros((POSITIONS, table.shape[1]), np.float32)
    encodings[PROMPT - 1 :] = 40.0 * table[rows[: POSITIONS - PROMPT + 1]]
    return encodings


def _fill_self_attention(layer: Any, width: int, weights: _Weights) -> None:
    weights.norm(layer.self_attention.layer_norm, width)
    weights.linear(layer.self_attention.linear[0], 3 * width, width)
    weights.linear(layer.self_attention.linear[1], width, width)


def _fill_feed_forward(layer: Any, width: int, weights: _Weights) -> None:
    weights.norm(layer.ffn.layer_norm, width)
    weights.linear(layer.ffn.linear_0, 4 * width, width)
    weights.linear(layer.ffn.linear_1, width, 4 * width)


def _sinusoids(length: int, width: int) -> F32:
    scaled = np.arange(length)[:, None] * np.exp(-np.log(10000.0) / (width // 2 - 1) * np.arange(width // 2))[None]
    return np.concatenate([np.sin(scaled), np.cos(scaled)], axis=1).astype(np.float32)


def _languages() -> Sequence[str]:
    from faster_whisper.tokenizer import _LANGUAGE_CODES  # noqa: PLC0415

    return [code for code in _LANGUAGE_CODES if code != "yue"]  # the 99 of the 51,865-token vocabulary


def _vocabulary() -> list[str]:
    """51,865 tokens in Whisper's order: bytes, pseudo-words, control tokens, time stamps."""
    count = len(SYLLABLES)
    tokens = list(_byte_letters())
    number = 0
    while len(tokens) < END - 1:
        tokens.append("\u0120" + SYLLABLES[number % count] + SYLLABLES[number // count])
        number += 1
    tokens.append("")  # every multilingual Whisper has it there, and CTranslate2 takes a model without it for English-only
    tokens += ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _languages())]
    tokens += [f"<|{name}|>" for name in ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")]
    return tokens + [f"<|{step * 0.02:.2f}|>" for step in range(1501)]


def _byte_letters() -> list[str]:
    """The 256 letters that stand for bytes in a byte-level vocabulary."""
    from tokenizers.pre_tokenizers import ByteLevel  # noqa: PLC0415

    return sorted(ByteLevel.alphabet())


def _write_tokenizer(path: Path, vocabulary: list[str]) -> None:
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    special = [{"id": i, "content": token, "special": True, **plain} for i, token in enumerate(vocabulary) if i >= END]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model: dict[str, Any] = {"type": "BPE", "unk_token": None, "vocab": {token: i for i, token in enumerate(vocabulary[:END])}, "merges": []}
    document: dict[str, Any] = {"version": "1.0", "added_tokens": special, "pre_tokenizer": level, "decoder": level, "model": model}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
