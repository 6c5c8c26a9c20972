"""From model.bin to the network that can be trained, and back: the names of one in terms of the other. Any thread, no torch.

CTranslate2 keeps query, key and value in one table; the network has one each. Only tables that were trained are written
again, so that a model that learned little differs little.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fieldapp.errors import ModelError
from fieldapp.lab.starter.net import MELS, POSITIONS, TEXT_POSITIONS, Shape, Weights, sinusoids
from fieldapp.speech.manifest import FILE, checksums_of, identity, manifest_of, write
from fieldapp.speech.models.binary import Layout, read_layout, read_numbers, write_changed
from fieldapp.speech.models.shelf import MODEL


@dataclass(frozen=True, slots=True)
class Table:
    """One table of model.bin and the tables of the network it holds, one below the other."""

    name: str
    parts: tuple[str, ...]


def shape_of(folder: Path) -> tuple[Shape, int]:
    """The size of a model and of its vocabulary; refuses what the network here cannot be."""
    layout = read_layout(folder / MODEL)
    heads = read_numbers(folder / MODEL, layout, "encoder/num_heads")
    positions, words, ears, written = (
        _shape(layout, name)
        for name in ("encoder/position_encodings/encodings", "decoder/embeddings/weight", "encoder/conv1/weight", "decoder/position_encodings/encodings")
    )
    fitting = layout.architecture == "WhisperSpec" and ears[1:2] == (MELS,) and positions[:1] == (POSITIONS,) and written[:1] == (TEXT_POSITIONS,)
    if not fitting:
        raise ModelError(f"The model in {folder} cannot be adapted: it is no Whisper with {MELS} mel bands.", "Choose the starter, or tiny to medium.")
    return Shape(positions[1], int(heads), layout.layers("encoder"), layout.layers("decoder")), words[0]


def untrained(folder: Path, place: Path) -> Path:
    """The same model before it learned anything: the numbers of its linear layers and convolutions in an order of chance. Made once."""
    manifest = manifest_of(folder)
    target = place / f"{identity(manifest)}-untrained"
    if (target / FILE).is_file():
        return target
    chance = np.random.default_rng(0)
    shape = shape_of(folder)[0]
    mixed = {
        name: chance.permutation(table.ravel()).reshape(table.shape)
        for name, table in read_weights(folder, shape).items()
        if name.endswith(".weight") and table.ndim > 1 and name != "tokens.weight"
    }
    target.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file() and path.suffix == ".json" and path.name != FILE:
            shutil.copyfile(path, target / path.name)
    write_weights(folder, target / MODEL, shape, mixed)
    write(target, replace(manifest, name=f"{manifest.name}-untrained", checksums=checksums_of(target)))
    return target


def read_weights(folder: Path, shape: Shape) -> Weights:
    """All weights by the network's names; 8-bit ones as the numbers they stand for."""
    path = folder / MODEL
    layout = read_layout(path)
    if not np.allclose(read_numbers(path, layout, "encoder/position_encodings/encodings"), sinusoids(POSITIONS, shape.width), atol=2e-3):
        raise ModelError(f"The model in {folder} cannot be adapted: its encoder counts time in a way of its own.")
    weights: Weights = {}
    for table in _tables(shape):
        numbers = read_numbers(path, layout, table.name)
        for part, piece in zip(table.parts, np.split(numbers, len(table.parts))):
            if not part.endswith("key.bias"):  # Whisper's key has none
                weights[part] = np.ascontiguousarray(piece)
    return weights


def write_weights(folder: Path, target: Path, shape: Shape, trained: Mapping[str, np.ndarray]) -> None:
    """The model.bin of `folder` with these tables of the network changed."""
    path = folder / MODEL
    layout = read_layout(path)
    changed = {}
    for table in _tables(shape):
        if trained.keys() & set(table.parts):
            before = dict(zip(table.parts, np.split(read_numbers(path, layout, table.name), len(table.parts))))
            changed[table.name] = np.concatenate([np.asarray(trained.get(part, before[part]), np.float32) for part in table.parts])
    write_changed(path, target, layout, changed)


def _tables(shape: Shape) -> Iterator[Table]:
    for conv in ("conv1", "conv2"):
        yield from _linear(f"encoder/{conv}", conv)
    yield Table("decoder/embeddings/weight", ("tokens.weight",))
    yield Table("decoder/position_encodings/encodings", ("text_positions",))
    for side, layers in (("encoder", shape.encoder_layers), ("decoder", shape.decoder_layers)):
        yield from _norm(f"{side}/layer_norm", f"{side}_norm")
        for number in range(layers):
            there, here = f"{side}/layer_{number}", f"{side}.{number}"
            yield from _norm(f"{there}/self_attention/layer_norm", f"{here}.attention_norm")
            yield from _linear(f"{there}/self_attention/linear_0", *(f"{here}.attention.{part}" for part in ("query", "key", "value")))
            yield from _linear(f"{there}/self_attention/linear_1", f"{here}.attention.out")
            if side == "decoder":
                yield from _norm(f"{there}/attention/layer_norm", f"{here}.crossed_norm")
                yield from _linear(f"{there}/attention/linear_0", f"{here}.crossed.query")
                yield from _linear(f"{there}/attention/linear_1", f"{here}.crossed.key", f"{here}.crossed.value")
                yield from _linear(f"{there}/attention/linear_2", f"{here}.crossed.out")
            yield from _norm(f"{there}/ffn/layer_norm", f"{here}.feed_norm")
            yield from _linear(f"{there}/ffn/linear_0", f"{here}.wide")
            yield from _linear(f"{there}/ffn/linear_1", f"{here}.narrow")


def _linear(there: str, *here: str) -> Iterator[Table]:
    for part in ("weight", "bias"):
        yield Table(f"{there}/{part}", tuple(f"{name}.{part}" for name in here))


def _norm(there: str, here: str) -> Iterator[Table]:
    yield Table(f"{there}/gamma", (f"{here}.weight",))
    yield Table(f"{there}/beta", (f"{here}.bias",))


def _shape(layout: Layout, name: str) -> tuple[int, ...]:
    variable = layout.variable(name)
    return variable.shape if variable else ()
