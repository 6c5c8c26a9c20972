from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import ModelError
from fieldapp.speech.manifest import FILE, Context, Manifest, altered_files, checksums_of, manifest_of, stock, write

FULL = Manifest(
    name="suzhou-base",
    live=Context("flexible", 0.64),
    bulk=Context("padded", 0.0),
    exit_layer=4,
    languages=("zh", "wuu"),
    tasks=("transcribe", "translate"),
    training="4 h of Suzhou Wu",
    licence="CC BY 4.0",
    source="hub:someone/suzhou-base",
    checksums={"model.bin": "0" * 64},
    measured={"cer": 0.2},
)


def test_a_written_manifest_reads_back_the_same(tmp_path: Path) -> None:
    write(tmp_path, FULL)
    assert manifest_of(tmp_path) == FULL
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


def test_a_description_from_before_second_looks_could_be_declined_allows_them(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"format": 1, "name": "m", "live": {"policy": "flexible", "tail": 0.4}}), encoding="utf-8")
    assert manifest_of(tmp_path).live == Context("flexible", 0.4, second_look=True)
    write(tmp_path, Manifest(name="m", live=Context("flexible", 0.4, second_look=False)))
    assert not manifest_of(tmp_path).live.second_look


def test_a_folder_without_a_manifest_is_a_stock_whisper(tmp_path: Path) -> None:
    folder = tmp_path / "faster-whisper-small"
    folder.mkdir()
    manifest = manifest_of(folder)
    assert manifest == stock("faster-whisper-small")
    assert (manifest.live, manifest.bulk) == (Context("flexible", 1.28), Context("packed", 1.28))


def test_an_english_only_stock_model_does_not_translate() -> None:
    assert stock("base.en").tasks == ("transcribe",)
    assert stock("base.en").languages == ("en",)
    assert "translate" in stock("base").tasks


def test_unknown_keys_of_a_later_minor_version_are_ignored(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"format": 1, "name": "m", "colour": "blue"}), encoding="utf-8")
    assert manifest_of(tmp_path) == Manifest(name="m")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "\\xff",
        '{"name": "m"}',
        '{"format": 1}',
        '{"format": 2, "name": "m"}',
        '{"format": 1, "name": 3}',
        '{"format": 1, "name": "m", "live": {"policy": "elastic", "tail": 1}}',
        '{"format": 1, "name": "m", "live": {"policy": "packed", "tail": 1}}',
        '{"format": 1, "name": "m", "live": {"policy": "flexible", "tail": -1}}',
        '{"format": 1, "name": "m", "live": {"policy": "flexible", "tail": NaN}}',
        '{"format": 1, "name": "m", "live": 7}',
        '{"format": 1, "name": "m", "kind": "video"}',
        '{"format": 1, "name": "m", "checksums": ["a"]}',
        '{"format": 1, "name": "m", "checksums": {"../../etc/passwd": "00"}}',
        '{"format": 1, "name": "m", "exit_layer": "all"}',
        '{"format": 1, "name": "m", "languages": 5}',
        "[" * 100_000,
    ],
)
def test_a_broken_manifest_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError):
        manifest_of(tmp_path)


def test_a_manifest_of_other_bytes_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError):
        manifest_of(tmp_path)


_values = st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2), st.just({"policy": "padded"}))
_keys = st.sampled_from(["name", "live", "bulk", "kind", "tasks", "languages", "checksums", "measured", "exit_layer"])


@given(st.dictionaries(_keys, _values, max_size=4))
def test_any_json_gives_a_manifest_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / FILE).write_text(json.dumps({"format": 1, **values}), encoding="utf-8")
    with contextlib.suppress(ModelError):
        assert isinstance(manifest_of(folder).name, str)


def test_altered_and_missing_files_are_named(tmp_path: Path) -> None:
    for name in ("model.bin", "tokenizer.json", "config.json"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    manifest = replace(FULL, checksums=checksums_of(tmp_path))
    write(tmp_path, manifest)
    assert altered_files(tmp_path, manifest) == []
    (tmp_path / "model.bin").write_text("other", encoding="utf-8")
    (tmp_path / "config.json").unlink()
    assert altered_files(tmp_path, manifest) == ["config.json", "model.bin"]
