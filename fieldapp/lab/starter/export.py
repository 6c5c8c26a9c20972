"""From trained weights to a folder CTranslate2 runs: the recogniser as int8, the meaning head beside it, vocabulary and manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.lab.starter import tokens
from fieldapp.lab.starter.net import GUIDED, POSITIONS, SCALE, Shape, Weights, sinusoids
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.speech import bag, heads
from fieldapp.speech.heads import Head
from fieldapp.speech.manifest import Context, Manifest, checksums_of, identity, write

LICENCE = "CC BY-SA 4.0"
SOURCE = "python -m fieldapp.lab.starter"
TAIL_S = 0.4
"""Silence behind a segment: the middle of what training put there."""


def export(weights: Weights, shape: Shape, vocabulary: Vocabulary, folder: Path, *, quantization: str = "int8") -> Path:
    """Write the model folder. The same weights give the same files."""
    from ctranslate2.specs.whisper_spec import WhisperSpec  # noqa: PLC0415  (only the recipe makes models)

    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    _encoder(spec.encoder, weights, shape)
    _decoder(spec.decoder, weights, shape)
    names = [vocabulary.tokenizer.id_to_token(i) for i in range(vocabulary.size)]
    spec.register_vocabulary(names)
    config = spec.config
    config.suppress_ids = [names.index(f"<|{word}|>") for word in ("transcribe", "translate", "startoflm", "startofprev", "nospeech")]
    config.suppress_ids_begin = [vocabulary.end]
    config.lang_ids = [names.index(f"<|{code}|>") for code in tokens.LANGUAGE_TOKENS]
    config.alignment_heads = [(layer, head) for layer in range(shape.decoder_layers) for head in range(GUIDED)]
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return folder


def manifest(training: str, *, name: str = "starter") -> Manifest:
    """What the folder says about itself."""
    context = Context("flexible", TAIL_S, second_look=False)
    return Manifest(
        name=name,
        live=context,
        bulk=context,
        languages=tuple(tokens.CODES.values()),
        tasks=("transcribe", "translate"),
        training=f"a parallel world spoken by espeak-ng in Mandarin, Cantonese, Hakka and English, and real spoken words, see MODEL.md; {training}",
        licence=LICENCE,
        source=SOURCE,
    )


def export_meaning(weights: Weights, vocabulary: Vocabulary, folder: Path, text_folder: Path) -> None:
    """The two sides of meaning: a head beside the recogniser, and the sentence encoder whose vectors it was trained to meet."""
    text_folder.mkdir(parents=True, exist_ok=True)
    bag.write(text_folder, weights["written.weight"])
    vocabulary.tokenizer.save(str(text_folder / "tokenizer.json"), pretty=False)
    about = Manifest(
        name=text_folder.name,
        kind="text",
        languages=tuple(tokens.CODES.values()),
        training="the texts of the starter's parallel world, together with its recogniser; see the model card of the starter",
        licence=LICENCE,
        source=SOURCE,
        checksums=checksums_of(text_folder),
    )
    write(text_folder, about)
    head = Head("meaning", weights["centre"] / np.float32(SCALE), np.ascontiguousarray(weights["meaning.weight"].T), text_model=identity(about))
    (folder / heads.FILE).write_bytes(heads.to_bytes(head))


def _linear(layer: Any, weights: Weights, name: str) -> None:
    layer.weight = weights[f"{name}.weight"]
    layer.bias = weights[f"{name}.bias"]


def _norm(layer: Any, weights: Weights, name: str) -> None:
    layer.gamma = weights[f"{name}.weight"]
    layer.beta = weights[f"{name}.bias"]


def _joined(layer: Any, weights: Weights, name: str, parts: tuple[str, ...]) -> None:
    """Query, key and value in one matrix, as CTranslate2 wants them; Whisper's key has no bias."""
    matrices = [weights[f"{name}.{part}.weight"] for part in parts]
    layer.weight = np.concatenate(matrices)
    layer.bias = np.concatenate([weights.get(f"{name}.{part}.bias", np.zeros(len(m), np.float32)) for part, m in zip(parts, matrices)])


def _self_attention(layer: Any, weights: Weights, name: str) -> None:
    _norm(layer.self_attention.layer_norm, weights, f"{name}.attention_norm")
    _joined(layer.self_attention.linear[0], weights, f"{name}.attention", ("query", "key", "value"))
    _linear(layer.self_attention.linear[1], weights, f"{name}.attention.out")


def _feed_forward(layer: Any, weights: Weights, name: str) -> None:
    _norm(layer.ffn.layer_norm, weights, f"{name}.feed_norm")
    _linear(layer.ffn.linear_0, weights, f"{name}.wide")
    _linear(layer.ffn.linear_1, weights, f"{name}.narrow")


def _encoder(encoder: Any, weights: Weights, shape: Shape) -> None:
    _linear(encoder.conv1, weights, "conv1")
    _linear(encoder.conv2, weights, "conv2")
    encoder.position_encodings.encodings = sinusoids(POSITIONS, shape.width)
    for number, layer in enumerate(encoder.layer):
        _self_attention(layer, weights, f"encoder.{number}")
        _feed_forward(layer, weights, f"encoder.{number}")
    _norm(encoder.layer_norm, weights, "encoder_norm")


def _decoder(decoder: Any, weights: Weights, shape: Shape) -> None:
    decoder.embeddings.weight = weights["tokens.weight"]
    decoder.projection.weight = weights["tokens.weight"]
    decoder.position_encodings.encodings = weights["text_positions"]
    for number, layer in enumerate(decoder.layer):
        name = f"decoder.{number}"
        _self_attention(layer, weights, name)
        _norm(layer.attention.layer_norm, weights, f"{name}.crossed_norm")
        _linear(layer.attention.linear[0], weights, f"{name}.crossed.query")
        _joined(layer.attention.linear[1], weights, f"{name}.crossed", ("key", "value"))
        _linear(layer.attention.linear[2], weights, f"{name}.crossed.out")
        _feed_forward(layer, weights, name)
    _norm(decoder.layer_norm, weights, "decoder_norm")
