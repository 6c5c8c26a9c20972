"""`fieldapp embed` as a person calls it, on the tiny random model."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp import cli
from fieldapp.errors import Cancelled
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech import heads
from fieldapp.store import segments, sessions, spaces, texts, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 44_100
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def model(mini_folder: Path, tried_before: None) -> Path:
    return mini_folder


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Twenty tones with a segment each, and one segment beyond the end of the sound."""
    folder = tmp_path / "book"
    with Store.create(folder, "Tones") as store:
        seconds = np.arange(RATE * 10) / RATE
        tones = np.sin(2 * np.pi * (200 + 100 * np.floor(seconds * 2)) * seconds) * 0.3
        soundfile.write(folder / "audio" / "tones.flac", tones, RATE)

        def work(tx: Transaction) -> None:
            session = sessions.ensure_session(tx, "tones")
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/tones.flac", rate=RATE, channels=1, bits=16, frames=len(tones))
            sessions.add_recording(tx, master)
            spans = [Span(i * RATE // 2, (i + 1) * RATE // 2) for i in range(20)] + [Span(20 * RATE, 21 * RATE)]
            segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master.id, span=span) for span in spans])

        store.do(work)
    return folder


def embed(capsys: Printed, book: Path, *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert cli.main(["embed", str(book), "--device", "cpu", "--json", *words]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_every_segment_is_heard_once_and_again_only_when_its_sound_changed(capsys: Printed, book: Path, model: Path) -> None:
    first = embed(capsys, book, "--model", str(model))
    assert (first["embedded"], first["silent"]) == (20, 1)
    assert len(first["heads"]) == 2  # type: ignore[arg-type]
    assert embed(capsys, book, "--model", str(model))["embedded"] == 0
    with Store.open(book) as store:
        one = segments.pending(store.reader())[3]
        store.do(lambda tx: segments.update_segment(tx, replace(one, span=Span(one.span.start, one.span.stop + 4000))))
        store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, one.id), meaning_id="tone")))
    assert embed(capsys, book, "--model", str(model))["embedded"] == 1
    with Store.open(book, read_only=True) as store:
        space = spaces.space_to_search(store.reader(), "meaning")
        assert space is not None
        assert (space.head, vectors.counted(store.reader(), space)) == ("whitening", 20)


def test_a_stopped_run_keeps_what_it_has_done(book: Path, model: Path, capsys: Printed) -> None:
    from fieldapp.commands import embed as command

    def stop_soon(share: float, _doing: str) -> None:
        if share > 0.3:
            raise Cancelled

    options = argparse.Namespace(fieldbook=book, model=str(model), head="own", tier="translation", device="cpu")
    with pytest.raises(Cancelled):
        command.run(options, stop_soon)
    rest = embed(capsys, book, "--model", str(model))["embedded"]
    assert isinstance(rest, int)
    assert 0 < rest < 20


def test_a_head_can_be_brought_along_or_left_out(capsys: Printed, book: Path, model: Path, tmp_path: Path) -> None:
    assert embed(capsys, book, "--model", str(model), "--head", "none")["heads"] == []
    head = heads.Head("suzhou", np.zeros(64, np.float32), np.eye(64, 8, dtype=np.float32))
    (tmp_path / "suzhou.head").write_bytes(heads.to_bytes(head))
    embed(capsys, book, "--model", str(model), "--head", str(tmp_path / "suzhou.head"))
    with Store.open(book, read_only=True) as store:
        space = spaces.space_to_search(store.reader(), "meaning")
        assert space is not None
        assert (space.head, space.dims, vectors.counted(store.reader(), space)) == ("suzhou", 8, 20)
    (tmp_path / "broken.head").write_bytes(heads.to_bytes(head)[:-1])
    other = heads.Head("other", np.zeros(5, np.float32), np.eye(5, dtype=np.float32))
    (tmp_path / "other.head").write_bytes(heads.to_bytes(other))
    for name, code, sentence in (("broken", 1, "altered"), ("other", 2, "made for another model"), ("missing", 2, "cannot be read")):
        assert cli.main(["embed", str(book), "--model", str(model), "--head", str(tmp_path / f"{name}.head")]) == code
        assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_a_twin_has_spaces_of_its_own(capsys: Printed, book: Path, model: Path) -> None:
    assert cli.main(["model", "add", str(model)]) == 0
    assert cli.main(["model", "exit", "mini", "1"]) == 0
    embed(capsys, book, "--model", "mini")
    assert embed(capsys, book, "--model", "mini-exit1")["exit_layer"] == 1
    with Store.open(book, read_only=True) as store:
        assert {(space.model.split("@")[0], space.layer) for space in spaces.spaces(store.reader())} == {("mini", -1), ("mini-exit1", 1)}


def test_unreadable_sound_is_told_and_the_rest_is_done(capsys: Printed, book: Path, model: Path) -> None:
    (book / "audio" / "tones.flac").write_bytes(b"no sound")
    assert cli.main(["embed", str(book), "--model", str(model)]) == 1
    assert "not read" in capsys.readouterr().out


def test_texts_need_a_tier_that_is_there_and_no_head(capsys: Printed, book: Path, model: Path, text_model: Path) -> None:
    assert cli.main(["embed", str(book), "--model", str(text_model)]) == 2
    assert "no text on a tier 'translation'" in capsys.readouterr().err
    with Store.open(book) as store:
        ids = [segment.id for segment in segments.pending(store.reader())[:3]]
        store.do(lambda tx: [texts.set_text(tx, one, "translation", f"a b {n}") for n, one in enumerate(ids)])
    assert embed(capsys, book, "--model", str(text_model)) == {"model": "words", "space": "text:translation", "embedded": 3}
    assert embed(capsys, book, "--model", str(text_model))["embedded"] == 0
    assert cli.main(["embed", str(book), "--model", str(text_model), "--head", "none"]) == 2


def test_translations_are_read_beside_the_sound(capsys: Printed, book: Path, model: Path) -> None:
    with Store.open(book) as store:
        ids = [segment.id for segment in segments.pending(store.reader())[:3]]
        store.do(lambda tx: [texts.set_text(tx, one, "translation", f"six cooks {n}") for n, one in enumerate(ids)])
    assert embed(capsys, book, "--model", str(model))["texts"] == 3
    again = embed(capsys, book, "--model", str(model))
    assert (again["embedded"], again["texts"]) == (0, 0)
    with Store.open(book) as store:
        assert spaces.space_to_search(store.reader(), "text:translation") is not None


@pytest.fixture
def text_model(tmp_path: Path) -> Path:
    """A tiny sentence encoder with random numbers, made without a training library."""
    import tokenizers
    from ctranslate2.specs import common_spec, transformer_spec

    from fieldapp.speech.manifest import Manifest, write

    form = {"num_source_embeddings": 2, "embeddings_merge": common_spec.EmbeddingsMerge.ADD, "layernorm_embedding": True}
    encoder = transformer_spec.TransformerEncoderSpec(1, 2, pre_norm=False, activation=common_spec.Activation.GELU, **form)
    spec = transformer_spec.TransformerEncoderModelSpec(encoder, pooling_layer=False)
    words = ["<unk>", "a", "b", "0", "1", "2"]
    random = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    encoder.scale_embeddings = False
    for embeddings, rows in zip(encoder.embeddings, (len(words), 2)):
        embeddings.weight = draw(rows, 16)
    encoder.position_encodings.encodings = draw(20, 16)
    layer = encoder.layer[0]
    for norm in (encoder.layernorm_embedding, layer.self_attention.layer_norm, layer.ffn.layer_norm):
        norm.gamma, norm.beta = np.ones(16, np.float32), np.zeros(16, np.float32)
    attention, forward = layer.self_attention.linear, layer.ffn
    for linear, out, into in ((attention[0], 48, 16), (attention[1], 16, 16), (forward.linear_0, 32, 16), (forward.linear_1, 16, 32)):
        linear.weight, linear.bias = draw(out, into), draw(out)
    spec.register_vocabulary(words)
    spec.config.unk_token = "<unk>"
    spec.validate()
    spec.optimize(quantization="float32")
    folder = tmp_path / "words"
    folder.mkdir()
    spec.save(str(folder))
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(folder / "tokenizer.json"))
    write(folder, Manifest(name="words", kind="text"))
    return folder
