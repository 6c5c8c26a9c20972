from __future__ import annotations

from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from fieldapp.errors import ModelError
from fieldapp.speech import device as devices
from fieldapp.speech.device import Device
from fieldapp.speech.features import LogMel, laid_length, lay
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.manifest import write as write_manifest
from fieldapp.speech.recogniser import RATE, STEP
from fieldapp.speech.whisper import Whisper, load

from .sounds import F32, fan, music

EXACT, TAILED, PADDED = Context("flexible", 0.0), Context("flexible", 1.28), Context("padded")


def states(model: Whisper, audio: F32, context: Context) -> F32:
    return model.frames(model.encode([audio], context))[0]


@pytest.mark.parametrize(("mels", "seconds"), [(80, 1.6), (128, 2.56)])
def test_no_length_gives_as_many_encoder_steps_as_mel_bands(mels: int, seconds: float) -> None:
    for samples in range(round((seconds - 1) * RATE), round((seconds + 0.5) * RATE), 97):
        for context in (EXACT, TAILED, PADDED):
            length = laid_length(samples, context, mels)
            assert length % STEP == 0
            assert length // STEP != mels
            assert samples <= length <= 30 * RATE


def test_the_trap_is_real_and_the_layout_avoids_it(mini: Whisper) -> None:
    """States with n_mels steps are taken for a spectrogram: generating from them differs from generating from the mel."""
    mel = LogMel(80)(fan(1.6))
    prompt = [[50258, 50259, 50359, 50363]]

    def first_logits(features: ctranslate2.StorageView) -> F32:
        result = mini._model.generate(features, prompt, beam_size=1, max_length=5, return_logits_vocab=True)
        return np.asarray(result[0].logits[0][0], np.float32)

    view = ctranslate2.StorageView.from_array(mel[None])
    encoded = mini._model.encode(view)
    assert encoded.shape[1] == 80
    assert abs(first_logits(encoded) - first_logits(view)).max() > 0.01
    laid = lay([fan(1.6)], EXACT, 80)[0]
    view = ctranslate2.StorageView.from_array(LogMel(80)(laid)[None])
    assert abs(first_logits(mini._model.encode(view)) - first_logits(view)).max() < 1e-4


def test_one_encoder_run_feeds_language_text_alignment_and_vectors(mini: Whisper) -> None:
    before = mini.encodes
    encoded = mini.encode([music(3.0)], TAILED)
    language, probability = mini.detect_language(encoded)[0]
    decoded = mini.generate(encoded, [language], task="transcribe", beam=1, limits=[44])[0]
    words = mini.align(encoded, [decoded], "transcribe")[0]
    frames = mini.frames(encoded)[0]
    assert mini.encodes == before + 1
    assert 0 < probability <= 1
    assert decoded.text == "denbo gerban mibun panbir sardo zedan"
    assert (len(decoded.tokens), decoded.capped, decoded.language) == (6, False, language)
    assert -0.1 < decoded.avg_logprob <= 0
    assert [word.text.strip() for word in words] == decoded.text.split()
    assert all(0 <= word.span.start <= word.span.stop <= 3 * RATE for word in words)
    assert frames.shape == (150, 64)


def test_text_from_states_equals_text_from_the_spectrogram(mini: Whisper) -> None:
    audio = music(4.0)
    encoded = mini.encode([audio], TAILED)
    direct = ctranslate2.StorageView.from_array(np.stack([LogMel(80)(lay([audio], TAILED, 80)[0])]))
    prompt = [[50258, 50259, 50359, 50363]]
    results = [mini._model.generate(source, prompt, beam_size=1, return_scores=True)[0] for source in (encoded.states, direct)]
    assert results[0].sequences_ids == results[1].sequences_ids
    assert results[0].scores[0] == pytest.approx(results[1].scores[0], abs=1e-5)


def test_rows_of_a_batch_give_what_they_give_alone(mini: Whisper) -> None:
    rows = [music(2.0), fan(3.1), music(3.2, seed=9)]
    together = mini.frames(mini.encode(rows, PADDED))
    for row, frames in zip(rows, together):
        assert len(frames) == -(-len(row) // STEP)
        alone = states(mini, row, PADDED)
        cosine = (frames * alone).sum(1) / np.linalg.norm(frames, axis=1) / np.linalg.norm(alone, axis=1)
        assert cosine.min() > 0.99


def test_silence_is_added_to_the_audio_not_to_the_spectrogram() -> None:
    laid = lay([music(1.0)], TAILED, 80)[0]
    mel = LogMel(80)(laid)
    assert mel.shape == (80, len(laid) // 160)
    assert mel[:, -50:].max() == pytest.approx(mel.max() - 2.0)  # the floor, 8 below the loudest and scaled by 4; not 0


def test_a_text_that_does_not_end_is_reported_as_capped(mini: Whisper) -> None:
    encoded = mini.encode([music(1.0)], TAILED)
    assert mini.generate(encoded, ["fr"], task="transcribe", beam=1, limits=[4])[0].capped


@pytest.mark.parametrize("limit", [3, 4, 5, 20, 61, 150, 220, 400])
def test_the_limit_is_exactly_the_number_of_tokens(endless: Whisper, limit: int) -> None:
    """CTranslate2 decodes at most half of what it is given as its longest length; a limit must not be halved silently."""
    decoded = endless.generate(endless.encode([music(1.0)], EXACT), ["fr"], task="transcribe", beam=1, limits=[limit])[0]
    assert (len(decoded.tokens), decoded.capped) == (min(limit, 220), True)


def test_an_unknown_language_is_a_sentence(mini: Whisper) -> None:
    encoded = mini.encode([music(1.0)], TAILED)
    with pytest.raises(ModelError, match="language code 'qaa'"):
        mini.generate(encoded, ["qaa"], task="transcribe", beam=1, limits=[4])
    with pytest.raises(ModelError, match="cannot 'sing'"):
        mini.generate(encoded, ["fr"], task="sing", beam=1, limits=[4])


def test_a_language_that_stock_models_do_not_have_is_asked_for_by_its_own_code(mini_folder: Path, tmp_path: Path) -> None:
    model = load(with_hakka(mini_folder, tmp_path), "cpu", threads=1)
    encoded = model.encode([music(2.0)], TAILED)
    decoded = model.generate(encoded, ["hak"], task="transcribe", beam=1, limits=[44])[0]
    assert (decoded.language, len(decoded.text.split())) == ("hak", 6)
    assert len(model.align(encoded, [decoded], "transcribe")[0]) == 6


def test_only_languages_and_tasks_of_the_manifest_are_used(mini_folder: Path, tmp_path: Path) -> None:
    folder = with_hakka(mini_folder, tmp_path)
    write_manifest(folder, Manifest(name="ours", languages=("gd", "hak"), tasks=("transcribe",)))
    model = load(folder, "cpu", threads=1)
    assert [model.knows(code) for code in ("hak", "gd", "de", "")] == [True, False, False, False]
    encoded = model.encode([music(2.0)], TAILED)
    assert model.detect_language(encoded)[0][0] == "hak"
    with pytest.raises(ModelError, match="does not know the language code 'de'"):
        model.generate(encoded, ["de"], task="transcribe", beam=1, limits=[4])
    with pytest.raises(ModelError, match="cannot 'translate'"):
        model.generate(encoded, ["hak"], task="translate", beam=1, limits=[4])


def with_hakka(mini_folder: Path, folder: Path) -> Path:
    """The same model, but that its token of one language is called otherwise."""
    for path in mini_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes().replace(b"<|su|>", b"<|hak|>") if path.suffix == ".json" else path.read_bytes())
    return folder


def test_audio_longer_than_the_window_is_refused(mini: Whisper) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mini.encode([np.zeros(31 * RATE, np.float32)], TAILED)


def test_a_folder_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin is missing"):
        load(tmp_path, "cpu")
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        load(tmp_path, "cpu")
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(tmp_path, "cpu")


def test_a_broken_tokenizer_is_a_sentence(mini_folder: Path, tmp_path: Path) -> None:
    for path in mini_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(tmp_path, "cpu")


def test_the_device_says_why(mini: Whisper) -> None:
    assert mini.device.kind == "cpu"
    assert mini.device.reason == "On the processor with 8-bit integers, the fastest on this processor, 1 thread."


def test_auto_without_a_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_cuda_cards", lambda: 0)
    assert devices.choose("auto").reason.startswith("No CUDA graphics card was found, so on the processor")
    with pytest.raises(ModelError, match="CUDA device 0 was asked for, but none"):
        devices.choose("cuda")
    with pytest.raises(ModelError, match="no device"):
        devices.choose("tpu")
    with pytest.raises(ModelError, match="cannot compute in float8"):
        devices.choose("cpu", compute_type="float8")


def test_auto_goes_back_to_the_processor_when_the_card_refuses(mini_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Device("cuda", "float16", 1, "On the graphics card.")
    really = devices.choose
    monkeypatch.setattr(devices, "choose", lambda wanted, **options: refusing if wanted != "cpu" else really(wanted, **options))
    model = load(mini_folder, "auto", threads=1)
    assert model.device.kind == "cpu"
    assert model.device.reason.startswith("The graphics card could not be used (")
    with pytest.raises(ModelError):
        load(mini_folder, "cuda", threads=1)


def test_a_rehearsal_takes_some_time(mini: Whisper) -> None:
    assert 0 < mini.rehearse(1.0, 3) < 60


def test_a_text_model_is_no_recogniser(tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest(name="texts", kind="text"))
    with pytest.raises(ModelError, match="cannot write what is said"):
        load(tmp_path, "cpu")
