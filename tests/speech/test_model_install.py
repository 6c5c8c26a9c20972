"""Model folders: installed whole, checked, cut to twins, refused with a sentence when broken or harmful."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from fieldapp.errors import AlreadyThere, FieldError, ModelError, WrongUsage
from fieldapp.speech import heads, random_whisper, text
from fieldapp.speech.heads import Head
from fieldapp.speech.manifest import Manifest, identity, manifest_of
from fieldapp.speech.models import intake
from fieldapp.speech.models.binary import read_layout, write_selection
from fieldapp.speech.models.exit import make_twin
from fieldapp.speech.models.intake import add_folder, try_once
from fieldapp.speech.models.probe import probe
from fieldapp.speech.models.shelf import Shelf


@pytest.fixture
def copied(mini_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(mini_folder, tmp_path / "given"))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf", tmp_path / "came-with-it")


def encoded(folder: Path, seed: int = 0) -> np.ndarray:
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32", intra_threads=1)
    mel = np.random.default_rng(seed).standard_normal((1, model.n_mels, 60)).astype(np.float32)
    return np.array(model.encode(ctranslate2.StorageView.from_array(mel)))


def test_a_folder_becomes_a_model_with_a_manifest(shelf: Shelf, copied: Path) -> None:
    model = add_folder(shelf, copied, name="mini", licence="MIT")
    assert [m.name for m in shelf] == ["mini"]
    about = manifest_of(model.folder)
    assert (about.name, about.kind, about.licence, about.source) == ("mini", "whisper", "MIT", str(copied))
    assert set(about.checksums) == {"model.bin", "config.json", "tokenizer.json", "vocabulary.json"}
    assert about.measured["probe"]["width"] == 64
    assert about.measured["probe"]["encoder_layers"] == 2
    assert shelf.trusted("mini").folder == model.folder
    assert identity(model.manifest) == f"mini@{about.checksums['model.bin'][:12]}"
    assert not [path for path in shelf.own.iterdir() if path.name.startswith(".")]


def test_a_description_that_comes_with_the_model_is_kept(shelf: Shelf, copied: Path) -> None:
    from fieldapp.speech.manifest import Context, write

    write(copied, Manifest(name="theirs", live=Context("flexible", 0.0), training="toy", licence="CC0"))
    about = add_folder(shelf, copied, name="mine").manifest
    assert (about.name, about.live.tail, about.training, about.licence) == ("mine", 0.0, "toy", "CC0")


def _head(takes: int) -> bytes:
    return heads.to_bytes(Head("meaning", np.zeros(takes, np.float32), np.eye(takes, 8, dtype=np.float32), text_model="words@1"))


def test_a_head_for_meaning_comes_along_if_it_fits(shelf: Shelf, copied: Path) -> None:
    (copied / heads.FILE).write_bytes(_head(64))
    model = add_folder(shelf, copied, name="mini")
    assert heads.FILE in model.manifest.checksums
    kept = heads.shipped(model.folder)
    assert kept is not None
    assert kept.text_model == "words@1"
    for head, sentence in ((_head(32), "takes vectors of 32 numbers; this model gives 64"), (b"no head", "This is no head")):
        (copied / heads.FILE).write_bytes(head)
        with pytest.raises(FieldError, match=sentence):
            add_folder(shelf, copied, name="other")
    assert [one.name for one in shelf] == ["mini"]


def test_a_bag_of_pieces_is_installed_as_a_text_model(shelf: Shelf, bag_folder: Path, tmp_path: Path) -> None:
    model = add_folder(shelf, bag_folder, name="words")
    assert (model.manifest.kind, model.manifest.measured["probe"]["architecture"]) == ("text", "bag of pieces")
    assert text.load(model.folder)(["the sun"]).shape == (1, model.manifest.measured["probe"]["width"])
    try_once(bag_folder, tmp_path / "tried")
    broken = Path(shutil.copytree(bag_folder, tmp_path / "broken"))
    with (broken / "model.bin").open("r+b") as file:
        file.truncate(500)
    with pytest.raises(ModelError, match="cannot be used"):
        add_folder(shelf, broken, name="broken")


def test_an_altered_model_is_not_trusted(shelf: Shelf, copied: Path) -> None:
    model = add_folder(shelf, copied, name="mini")
    with (model.folder / "model.bin").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    with pytest.raises(ModelError, match=r"altered since it was installed: model\.bin"):
        shelf.trusted("mini")
    (model.folder / "fieldmodel.json").unlink()
    with pytest.raises(ModelError, match="never checked"):
        shelf.trusted("mini")


def test_names_are_not_taken_twice_and_cannot_leave_the_shelf(shelf: Shelf, copied: Path) -> None:
    add_folder(shelf, copied, name="mini")
    with pytest.raises(AlreadyThere, match="already a model"):
        add_folder(shelf, copied, name="mini")
    for name in ("../mini", "a/b", ".hidden", "con ", "", "é"):
        with pytest.raises(FieldError):
            shelf.place_for(name)


def test_removing_spares_what_came_with_the_program(shelf: Shelf, copied: Path, tmp_path: Path) -> None:
    shutil.copytree(copied, tmp_path / "came-with-it" / "starter")
    add_folder(shelf, copied, name="mini")
    assert [m.name for m in shelf] == ["mini", "starter"]
    with pytest.raises(ModelError, match="not one you installed"):
        shelf.remove("starter")
    with pytest.raises(ModelError, match="not one you installed"):
        shelf.remove(str(copied))
    shelf.remove("mini")
    assert [m.name for m in shelf] == ["starter"]
    with pytest.raises(ModelError, match="no model 'mini'"):
        shelf.find("mini")


def test_a_broken_manifest_is_listed_with_its_trouble(shelf: Shelf, copied: Path) -> None:
    model = add_folder(shelf, copied, name="mini")
    (model.folder / "fieldmodel.json").write_text("{")
    assert "no model description" in next(iter(shelf)).trouble
    with pytest.raises(ModelError, match="no model description"):
        shelf.trusted("mini")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda f: (f / "tokenizer.json").unlink(), r"tokenizer\.json is missing"),
        (lambda f: (f / "modeling_own.py").write_text("print()"), "could run code"),
        (lambda f: (f / "pytorch_model.bin").write_bytes(b"\x80\x02"), "could run code"),
        (lambda f: (f / "nested").mkdir() or (f / "nested" / "weights.PKL").write_bytes(b""), "could run code"),
        (lambda f: (f / "LICENSE").symlink_to("/etc/hostname"), "leads out of"),
        (lambda f: (f / "LICENSE").symlink_to("nothing"), "link to nothing"),
        (lambda f: os.mkfifo(f / "LICENSE"), "no plain file"),
        (lambda f: (f / "config.json").write_text("[" * 100_000), "cannot be used"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be used"),
        (lambda f: (f / "model.bin").write_bytes(b""), "cut off"),
        (lambda f: (f / "model.bin").write_bytes(b"\x80\x02}q\x00." * 100), "its version is"),
    ],
)  # fmt: skip
def test_harmful_and_broken_folders_get_a_sentence(shelf: Shelf, copied: Path, spoil: object, sentence: str) -> None:
    spoil(copied)  # type: ignore[operator]
    with pytest.raises(ModelError, match=sentence):
        add_folder(shelf, copied, name="bad")
    assert list(shelf) == []
    assert not shelf.own.exists() or not list(shelf.own.iterdir())


def test_what_is_wrong_is_told_of_the_folder_that_was_named(shelf: Shelf, copied: Path) -> None:
    (copied / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="cannot be used") as told:
        add_folder(shelf, copied, name="bad")
    assert str(copied) in told.value.message


def test_oversized_files_are_refused_unread(shelf: Shelf, copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (copied / "vocabulary.json").open("r+b") as file:
        file.truncate(intake.LARGEST_OTHER + 1)  # a sparse file
    with pytest.raises(ModelError, match="too big"):
        add_folder(shelf, copied)


def test_a_model_of_another_kind_is_refused(shelf: Shelf, copied: Path) -> None:
    data = (copied / "model.bin").read_bytes()
    (copied / "model.bin").write_bytes(data.replace(b"WhisperSpec", b"WhisperSpic", 1))
    with pytest.raises(ModelError, match="of no use here"):
        add_folder(shelf, copied)


def test_a_loader_that_hangs_or_crashes_is_ended(copied: Path) -> None:
    with pytest.raises(ModelError, match="did not answer within"):
        probe(copied, "whisper", seconds=0.01)


def test_the_selection_of_everything_is_the_same_model(mini_folder: Path, copied: Path) -> None:
    layout = read_layout(mini_folder / "model.bin")
    write_selection(mini_folder / "model.bin", copied / "model.bin", layout, lambda _name: True)
    assert (copied / "model.bin").read_bytes() == (mini_folder / "model.bin").read_bytes()


@pytest.mark.slow
def test_a_twin_computes_what_the_first_layers_of_the_original_compute(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = random_whisper.make(tmp_path / "float", "mini", quantization="float32")
    monkeypatch.setitem(random_whisper.SHAPES, "shorter", random_whisper.Shape(64, 1, 2))  # the same random numbers, one layer less
    original = add_folder(shelf, folder, name="mini")
    twin = make_twin(shelf, original, 1)
    assert (twin.name, twin.manifest.exit_layer) == ("mini-exit1", 1)
    assert "first 1 of 2 encoder layers" in twin.manifest.source
    layout = read_layout(twin.folder / "model.bin")
    assert (layout.layers("encoder"), layout.layers("decoder")) == (1, 2)
    states = encoded(twin.folder)
    assert states.shape == encoded(original.folder).shape
    assert np.abs(states - encoded(original.folder)).max() > 0.01
    np.testing.assert_allclose(states, encoded(random_whisper.make(tmp_path / "truth", "shorter", quantization="float32")), atol=1e-5)
    with pytest.raises(WrongUsage, match="between 1 and 1"):
        make_twin(shelf, original, 2)
    with pytest.raises(AlreadyThere):
        make_twin(shelf, original, 1)


def test_a_twin_keeps_numbers_that_only_a_lost_layer_named(tmp_path: Path, mini_folder: Path) -> None:
    source = mini_folder / "model.bin"
    layout = read_layout(source)
    lost = layout.aliases["encoder/layer_norm/gamma"]  # these numbers stand in the file under the name of a decoder layer
    write_selection(source, tmp_path / "cut.bin", layout, lambda name: name.startswith("encoder/"))
    cut = read_layout(tmp_path / "cut.bin")
    before, after = layout.variable(lost), cut.variable("encoder/layer_norm/gamma")
    assert before is not None
    assert after is not None
    old, new = source.read_bytes(), (tmp_path / "cut.bin").read_bytes()
    assert old[before.at : before.at + before.size] == new[after.at : after.at + after.size]
    assert all(variable.name.startswith("encoder/") for variable in cut.variables)


@pytest.mark.slow
def test_two_hundred_broken_models_never_reach_the_loader_or_die_in_the_child(mini_folder: Path, copied: Path, shelf: Shelf) -> None:
    """Most damage is seen in the table of contents; what passes is tried in a child, of which this test can only afford some."""
    rng = np.random.default_rng(5)
    whole = (mini_folder / "model.bin").read_bytes()
    layout = read_layout(mini_folder / "model.bin")
    headers = sorted({variable.at - back for variable in layout.variables for back in range(1, 40)} | set(range(30)))
    passed = []
    for number in range(200):
        data = bytearray(whole)
        if number % 4 == 0:
            del data[int(rng.integers(0, len(data))) :]
        else:
            for _ in range(int(rng.integers(1, 4))):
                at = int(rng.choice(headers)) if number % 4 < 3 else int(rng.integers(0, len(data)))
                data[at] ^= 1 << int(rng.integers(0, 8))
        (copied / "model.bin").write_bytes(bytes(data))
        try:
            read_layout(copied / "model.bin")
        except ModelError as trouble:
            assert str(copied) in trouble.message  # noqa: PT017
        else:
            passed.append(bytes(data))
    assert len(passed) < 120
    for harmless in passed[:4]:
        (copied / "model.bin").write_bytes(harmless)
        try:
            add_folder(shelf, copied, name="spoiled")
        except ModelError:
            assert not (shelf.own / "spoiled").exists()
        else:
            shelf.remove("spoiled")  # only numbers differ: a model like any other


def test_a_frozen_program_may_run_the_child(copied: Path) -> None:
    """It has no `python -m`: its own executable must know the module by name."""
    import subprocess
    import sys

    from fieldapp.audio.launch import FROZEN_WORD, OWN_MODULES
    from fieldapp.speech.models import probe as module

    assert module._THIS in OWN_MODULES
    assert module._FROZEN_WORD == FROZEN_WORD
    words = [sys.executable, "-m", "fieldapp", FROZEN_WORD, module._THIS, str(copied), "whisper", "1000000"]
    done = subprocess.run(words, capture_output=True, text=True, env=module._surroundings(), check=False)
    assert '"width": 64' in done.stdout
