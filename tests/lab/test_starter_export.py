"""What CTranslate2 runs is what was trained: the same states, the same next tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from fieldapp.lab.starter import export, net, tokens
from fieldapp.lab.starter.net import Shape
from fieldapp.lab.starter.tokens import Vocabulary

pytestmark = [pytest.mark.slow, pytest.mark.torch]

SMALL = Shape(width=32, heads=2, encoder_layers=2, decoder_layers=2)


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def exported(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[object, Vocabulary, Path]:
    vocabulary = Vocabulary(tokens.learn(["the old man bought three red fish", "昨天老人买了三条红鱼", "琴日個老人家買咗三條紅魚", "chho-pû-ngit"] * 3))
    torch.manual_seed(3)
    model = net.build(SMALL, vocabulary.size, pieces=vocabulary.end, phones=40).eval()
    model.text_positions.data *= 100  # so that the next token differs from place to place
    folder = export.export(net.as_arrays(model.state_dict()), SMALL, vocabulary, tmp_path_factory.mktemp("starter"), quantization="float32")
    return model, vocabulary, folder


def test_the_encoder_gives_the_same_states(torch: Any, exported: tuple[object, Vocabulary, Path]) -> None:
    model, _, folder = exported
    mel = np.random.default_rng(1).standard_normal((1, 80, 120)).astype(np.float32)
    with torch.no_grad():
        wanted, _ = model.encode(torch.from_numpy(mel), torch.tensor([60]))  # type: ignore[attr-defined]
    got = np.asarray(ctranslate2.models.Whisper(str(folder)).encode(ctranslate2.StorageView.from_array(mel)))
    assert np.abs(got - wanted.numpy()).max() < 1e-4


def test_the_decoder_writes_the_same_tokens(torch: Any, exported: tuple[object, Vocabulary, Path]) -> None:
    model, vocabulary, folder = exported
    mel = np.random.default_rng(2).standard_normal((1, 80, 200)).astype(np.float32)
    prompt = vocabulary.prompt("cmn", "transcribe")
    wanted: list[int] = []
    with torch.no_grad():
        states, inside = model.encode(torch.from_numpy(mel), torch.tensor([100]))  # type: ignore[attr-defined]
        for _ in range(12):
            logits = model.decode(torch.tensor([[*prompt, *wanted]]), states, inside)[0, -1]  # type: ignore[attr-defined]
            logits[vocabulary.plain :] = -1e9
            wanted.append(int(logits.argmax()))
    engine = ctranslate2.models.Whisper(str(folder))
    suppressed = list(range(vocabulary.plain, vocabulary.size))
    result = engine.generate(
        ctranslate2.StorageView.from_array(mel), [prompt], beam_size=1, max_length=len(prompt) + 12, suppress_tokens=suppressed, suppress_blank=False
    )
    got = result[0].sequences_ids[0]
    assert len(set(got)) > 2
    assert got == wanted[: len(got)]


def test_the_exported_model_knows_its_languages(exported: tuple[object, Vocabulary, Path]) -> None:
    _, vocabulary, folder = exported
    engine = ctranslate2.models.Whisper(str(folder))
    assert engine.is_multilingual
    mel = np.zeros((1, 80, 100), np.float32)
    found = dict(engine.detect_language(ctranslate2.StorageView.from_array(mel))[0])
    assert {"<|zh|>", "<|yue|>", "<|hak|>", "<|en|>"} <= set(found)
    assert vocabulary.tokenizer.id_to_token(vocabulary.prompt("cmn", "transcribe")[-1] + 1) == "<|0.00|>"
