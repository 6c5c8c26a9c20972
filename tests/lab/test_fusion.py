"""Speech in place of words: the way into a text model that stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fieldapp.errors import ModelError
from fieldapp.lab.adapt import fusion
from fieldapp.lab.adapt.listener import one_thread
from fieldapp.speech.embed import F32, unit

pytestmark = [pytest.mark.slow, pytest.mark.torch]

WIDTH = 16
TABLE = np.random.default_rng(0).standard_normal((12, WIDTH)).astype(np.float32)


def pieces(texts: Sequence[str]) -> list[F32]:
    """A letter is a piece."""
    return [TABLE[[ord(letter) - ord("a") for letter in text]] for text in texts]


def test_a_made_reader_reads_as_the_bag_does_and_then_stays_as_it_is() -> None:
    with one_thread():
        reader = fusion.MadeReader(pieces, ["abcdefghijkl"], 80, 0, lambda *_: None)
        before = reader.texts(["abc", "kl", ""])
        frames = [np.random.default_rng(n).standard_normal((7, 5)).astype(np.float32) for n in range(12)]
        wanted = reader.texts([chr(ord("a") + n % 6) * 2 for n in range(12)])
        made = fusion.fuse(frames, range(8), wanted, [str(n % 6) for n in range(12)], reader, 5, 0, lambda *_: None)
        again = fusion.fuse(frames, range(8), wanted, [str(n % 6) for n in range(12)], reader, 5, 0, lambda *_: None)
    assert np.array_equal(made, again)
    bag = unit(np.stack([one.mean(axis=0) for one in pieces(["abc", "kl"])]))
    assert reader.fits > 0.8
    assert (before[:2] * bag).sum(axis=1).min() > 0.6
    assert np.array_equal(reader.texts(["abc", "kl", ""]), before)
    assert np.isfinite(before).all()
    assert made.shape == (12, WIDTH)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1.0, abs=1e-4)


def test_speech_that_carries_words_is_led_to_their_texts() -> None:
    """Frames are turned pieces: whoever learns the turn from some words finds others."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((WIDTH, WIDTH)))[0].astype(np.float32)
    texts = ["".join(chr(ord("a") + i) for i in np.random.default_rng(n).integers(0, 12, 3)) for n in range(80)]
    frames = [(one.repeat(4, axis=0) @ turn).astype(np.float32) for one in pieces(texts)]
    with one_thread():
        reader = fusion.MadeReader(pieces, ["abcdefghijkl"], 60, 0, lambda *_: None)
        wanted = reader.texts(texts)
        made = fusion.fuse(frames, range(60), wanted, texts, reader, 80, 0, lambda *_: None)
    hits = (made[60:] @ wanted[60:].T).argmax(axis=1) == np.arange(20)
    assert hits.mean() > 0.25  # chance: one in twenty


def test_a_folder_that_is_no_text_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="text model"):
        fusion.CheckpointReader(tmp_path)


def test_a_checkpoint_of_a_sentence_encoder_can_be_fused_into(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsun\nmoon\n")
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    shape = transformers.BertConfig(vocab_size=7, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    transformers.BertModel(shape).save_pretrained(tmp_path)
    reader = fusion.CheckpointReader(tmp_path)
    texts = reader.texts(["sun", "moon"])
    assert texts.shape == (2, WIDTH)
    frames = [np.random.default_rng(n).standard_normal((6, 5)).astype(np.float32) for n in range(4)]
    assert fusion.fuse(frames, range(4), texts[[0, 1, 0, 1]], ["s", "m", "s", "m"], reader, 2, 0, lambda *_: None).shape == (4, WIDTH)
