"""The default head: no labels, every prefix usable, the same from the same vectors, safe as a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fieldapp.errors import Damaged, FieldError
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.heads import PREFIXES, fit, from_bytes, prefix, to_bytes


def toy_world(words: int = 60, speakers: int = 6, width: int = 320, seed: int = 3) -> tuple[F32, np.ndarray]:
    """Vectors of words said by several speakers: a large common part, a speaker's part, the word, noise; strengths fall as in real spaces."""
    rng = np.random.default_rng(seed)
    falling = (np.arange(1, width + 1) ** -0.5).astype(np.float32)
    turned = np.linalg.qr(rng.standard_normal((width, width)))[0]
    word = rng.standard_normal((words, 1, width)) * falling
    speaker = 2.0 * rng.standard_normal((1, speakers, width)) * falling
    noise = 1.2 * rng.standard_normal((words, speakers, width)) * falling
    vectors = (word + speaker + noise + 5.0).reshape(-1, width) @ turned
    return unit(vectors.astype(np.float32)), np.repeat(np.arange(words), speakers)


def found_first(vectors: F32, labels: np.ndarray) -> float:
    """How often the nearest other vector is of the same word."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -2.0)
    return float((labels[likeness.argmax(axis=1)] == labels).mean())


def test_the_head_finds_what_raw_vectors_hide_and_every_prefix_is_usable() -> None:
    raw, words = toy_world()
    headed = fit(raw)(raw)
    assert found_first(raw, words) < 0.1  # the nearest is somebody else's word in the same voice
    assert min(found_first(prefix(headed, dims), words) for dims in PREFIXES) > 0.5
    np.testing.assert_allclose(np.linalg.norm(prefix(headed, 32), axis=1), 1.0, atol=1e-5)


def test_headed_vectors_are_centred_and_their_directions_independent() -> None:
    raw, _ = toy_world(words=400, width=64)
    head = fit(raw, dims=64)
    plain = (raw - head.centre) @ head.matrix
    np.testing.assert_allclose(plain.mean(axis=0), 0, atol=1e-3)
    covariance = plain.T @ plain / len(plain)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.05
    assert (np.diff(np.diag(covariance)) < 0.05).all()  # the strongest first


def test_the_same_vectors_give_the_same_head() -> None:
    raw, _ = toy_world()
    assert to_bytes(fit(raw)) == to_bytes(fit(raw.copy()))


def test_a_head_is_as_narrow_as_its_model() -> None:
    raw, _ = toy_world(width=48)
    assert fit(raw).dims == 48


def test_few_vectors_are_drawn_towards_a_sphere_and_do_not_explode() -> None:
    raw, words = toy_world(words=10, speakers=2, width=320)
    headed = fit(raw)(raw)
    assert np.isfinite(headed).all()
    assert found_first(headed, words) >= found_first(raw, words)


def test_equal_vectors_do_not_break_it() -> None:
    head = fit(np.ones((20, 8), np.float32))
    assert np.isfinite(head(np.ones(8, np.float32))).all()


def test_too_few_vectors_get_no_head() -> None:
    with pytest.raises(FieldError, match="too few"):
        fit(np.ones((heads.FEWEST - 1, 4), np.float32))


def test_a_head_of_another_model_is_refused() -> None:
    raw, _ = toy_world(width=48)
    with pytest.raises(FieldError, match="another model"):
        fit(raw)(np.zeros((2, 47), np.float32))


def test_a_head_survives_being_stored() -> None:
    raw, _ = toy_world(width=48)
    head = fit(raw)
    again = from_bytes(to_bytes(head))
    np.testing.assert_array_equal(again(raw), head(raw))
    assert (again.name, again.fitted_on, again.takes, again.dims) == ("whitening", 360, 48, 48)


def test_a_head_may_bring_texts_into_its_space_and_takes_that_along() -> None:
    raw, _ = toy_world(width=48)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((24, 24)))[0].astype(np.float32)
    head = replace(fit(raw, dims=24), text_model="bag@1", texts=turn)
    again = from_bytes(to_bytes(head))
    texts = np.random.default_rng(1).standard_normal((5, 24)).astype(np.float32)
    np.testing.assert_array_equal(again.of_texts(texts), head.of_texts(texts))
    np.testing.assert_allclose(again.as_texts(again.of_texts(texts)), unit(texts), atol=1e-5)
    assert fit(raw).of_texts(texts) is texts
    with pytest.raises(ValueError, match="does not fit"):
        replace(head, texts=np.zeros((24, 12), np.float32))


def test_an_altered_head_is_refused_wherever_it_was_altered() -> None:
    raw, _ = toy_world(width=16)
    data = to_bytes(fit(raw))
    for at in (0, 5, 9, 40, len(data) // 2, len(data) - 1):
        spoiled = bytearray(data)
        spoiled[at] ^= 1
        with pytest.raises(Damaged):
            from_bytes(bytes(spoiled))
    for cut in (0, 3, 40, len(data) - 1):
        with pytest.raises(Damaged):
            from_bytes(data[:cut])
