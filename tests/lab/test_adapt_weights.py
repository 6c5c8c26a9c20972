"""model.bin and the network that is trained are the same model; writing some tables leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from fieldapp.errors import ModelError
from fieldapp.lab.adapt.weights import read_weights, shape_of, write_weights
from fieldapp.lab.starter import net
from fieldapp.speech.models.binary import read_layout, read_numbers


@pytest.fixture(scope="module")
def folder(make_mini: Callable[..., Path]) -> Path:
    return make_mini(quantization="float32")


def states(folder: Path, mel: np.ndarray) -> np.ndarray:
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32")
    return np.array(model.encode(ctranslate2.StorageView.from_array(mel)))


@pytest.mark.slow
def test_the_network_hears_what_the_model_hears(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    shape, vocabulary = shape_of(folder)
    assert (shape, vocabulary) == (net.Shape(64, 2, 2, 2), 51865)
    model: Any = net.build(shape, vocabulary, pieces=1, phones=1).eval()
    left = model.load_state_dict({name: torch.from_numpy(table) for name, table in read_weights(folder, shape).items()}, strict=False)
    assert not [name for name in left.missing_keys if not name.startswith(("ctc", "meaning", "written", "centre"))]
    assert not left.unexpected_keys
    mel = np.random.default_rng(0).standard_normal((1, 80, 240)).astype(np.float32)
    with torch.no_grad():
        ours = model.encode(torch.from_numpy(mel), torch.tensor([120]))[0].numpy()
    np.testing.assert_allclose(ours, states(folder, mel), atol=2e-4)


def test_weights_survive_the_way_there_and_back(mini_folder: Path, tmp_path: Path) -> None:
    shape, _ = shape_of(mini_folder)
    weights = read_weights(mini_folder, shape)
    write_weights(
        mini_folder, tmp_path / "model.bin", shape, {name: weights[name] for name in weights if name.endswith("weight") and name.startswith("encoder.")}
    )
    before, after = read_layout(mini_folder / "model.bin"), read_layout(tmp_path / "model.bin")
    for variable in before.variables:
        np.testing.assert_allclose(
            read_numbers(mini_folder / "model.bin", before, variable.name), read_numbers(tmp_path / "model.bin", after, variable.name), atol=1e-6
        )


def test_a_changed_table_changes_alone_even_where_it_shared_its_numbers(mini_folder: Path, tmp_path: Path) -> None:
    shape, _ = shape_of(mini_folder)
    weights = read_weights(mini_folder, shape)
    changed = {"encoder.1.attention.value.bias": np.full(64, 3, np.float32), "encoder.0.wide.weight": 2 * weights["encoder.0.wide.weight"]}
    write_weights(mini_folder, tmp_path / "model.bin", shape, changed)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_bytes((mini_folder / name).read_bytes())
    now = read_weights(tmp_path, shape)
    assert now.keys() == weights.keys()
    for name, table in weights.items():
        np.testing.assert_allclose(now[name], changed.get(name, table), atol=1e-6, err_msg=name)
    mel = np.random.default_rng(0).standard_normal((1, 80, 240)).astype(np.float32)
    assert not np.allclose(states(tmp_path, mel), states(mini_folder, mel))  # it loads, and it is another model


def test_a_model_of_another_make_is_refused(mini_folder: Path, tmp_path: Path) -> None:
    data = (mini_folder / "model.bin").read_bytes()
    assert data.count(b"WhisperSpec\0") == 1
    (tmp_path / "model.bin").write_bytes(data.replace(b"WhisperSpec\0", b"WhimperSpec\0"))
    with pytest.raises(ModelError, match="cannot be adapted"):
        shape_of(tmp_path)
