"""The bag of pieces: texts become vectors without any engine, and a head can say which bag shares its space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldapp.errors import Damaged, ModelError
from fieldapp.speech import bag, heads, text
from fieldapp.speech.heads import Head


def test_a_folder_with_a_table_is_loaded_as_a_bag(bag_folder: Path) -> None:
    encoder = text.load(bag_folder)
    vectors = encoder(["the red fish", "红鱼"])
    assert isinstance(encoder, bag.TextBag)
    assert vectors.shape == (2, encoder.width)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_a_bag_knows_no_order_and_trims_its_texts(bag_folder: Path) -> None:
    encoder = text.load(bag_folder)
    one, other, spaced = encoder([" red fish", " fish red", "\n red fish \t"])
    assert np.allclose(one, spaced)
    assert one @ other > 0.5


def test_an_empty_text_has_a_vector_of_zeros(bag_folder: Path) -> None:
    assert not text.load(bag_folder)(["  "]).any()


def test_special_tokens_in_a_text_mean_nothing(bag_folder: Path) -> None:
    assert np.isfinite(text.load(bag_folder)(["<|endoftext|>", "fish <|zh|>"])).all()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + b" " * 60])
def test_a_damaged_table_is_refused_with_a_sentence(content: bytes, bag_folder: Path) -> None:
    (bag_folder / "model.bin").write_bytes(content)
    with pytest.raises((ModelError, Damaged), match=r"\."):
        text.load(bag_folder)


def test_a_table_of_whole_numbers_is_refused(bag_folder: Path) -> None:
    with (bag_folder / "model.bin").open("wb") as file:
        np.save(file, np.zeros((3, 4), np.int64))
    with pytest.raises(ModelError, match="no table of pieces"):
        text.load(bag_folder)


def test_a_head_remembers_the_sentence_encoder_it_was_trained_with(tmp_path: Path) -> None:
    head = Head("meaning", np.zeros(4, np.float32), np.eye(4, dtype=np.float32), 7, "bag@12")
    assert heads.from_bytes(heads.to_bytes(head)).text_model == "bag@12"
    assert heads.from_bytes(heads.to_bytes(replace(head, text_model=""))).text_model == ""
    assert heads.shipped(tmp_path) is None
    (tmp_path / heads.FILE).write_bytes(heads.to_bytes(head))
    found = heads.shipped(tmp_path)
    assert found is not None
    assert found.name == "meaning"
