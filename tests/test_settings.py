"""Settings: defaults, one file, upgrades, and what happens to files that are wrong in some way."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from fieldapp import settings as module
from fieldapp.errors import FieldError
from fieldapp.settings import UPGRADES, Keeper, Settings, Vad, load, opened, save, upgraded
from fieldapp.speech.endpoints import EndpointRules


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_means_defaults_and_no_complaint(file: Path) -> None:
    assert load(file) == (Settings(), ())
    assert not file.exists()


def test_what_was_saved_is_loaded(file: Path) -> None:
    chosen = replace(Settings(), theme="dark", pre_roll_seconds=5, input_device="Zoom H5 ✓", vad=Vad(silence=0.7), recent_fieldbooks=("/a", "/b"))
    save(chosen, file)
    assert load(file) == (chosen, ())
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_keys_of_another_version_survive_saving(file: Path) -> None:
    put(file, json.dumps({"version": 7, "theme": "dark", "hologram": {"deep": [1]}, "vad": {"whispered": True}}))
    chosen, problems = load(file)
    assert (chosen.theme, problems) == ("dark", ())
    save(replace(chosen, bits=16), file)
    raw = json.loads(file.read_text(encoding="utf-8"))
    assert (raw["version"], raw["hologram"], raw["vad"]["whispered"], raw["bits"]) == (7, {"deep": [1]}, True, 16)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"words"', "\x00", '{"a": 1}}', '{"a":' * 100_000], ids=lambda text: text[:8])
def test_a_broken_file_is_set_aside_with_a_sentence(file: Path, text: str) -> None:
    put(file, text)
    chosen, problems = load(file)
    assert chosen == Settings()
    assert len(problems) == 1
    kept = [path for path in file.parent.iterdir() if "broken" in path.name]
    assert kept[0].name in problems[0]
    assert kept[0].read_text(encoding="utf-8") == text
    save(chosen, file)
    assert load(file) == (Settings(), ())


def test_bytes_that_are_no_text_are_set_aside(file: Path) -> None:
    put(file, "")
    file.write_bytes(b"\xff\xfe{")
    assert len(load(file)[1]) == 1


def test_a_file_that_cannot_be_read_is_told_and_left(file: Path) -> None:
    file.mkdir(parents=True)
    chosen, problems = load(file)
    assert chosen == Settings()
    assert "cannot be read" in problems[0]
    assert file.is_dir()


@pytest.mark.parametrize(
    ("key", "value"),
    [("theme", "pink"), ("theme", 3), ("sample_rate", 8000), ("bits", True), ("bits", 24.0), ("pre_roll_seconds", -1), ("pre_roll_seconds", "2"),
     ("text_percent", 1000), ("recent_fieldbooks", "x"), ("recent_fieldbooks", [1]), ("vad", []), ("backup_keep", None), ("unattended_hours", float("nan"))],
)  # fmt: skip
def test_an_impossible_value_is_told_and_only_it_falls_back(file: Path, key: str, value: object) -> None:
    put(file, json.dumps({"channels": 2, key: value}))
    chosen, problems = load(file)
    assert chosen == replace(Settings(), channels=2)
    assert len(problems) == 1
    assert key in problems[0]


def test_an_impossible_nested_value_is_named_with_its_place(file: Path) -> None:
    put(file, json.dumps({"vad": {"silence": 0.7, "start": 7}}))
    chosen, problems = load(file)
    assert chosen.vad == Vad(silence=0.7)
    assert "vad.start" in problems[0]


def test_saving_to_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(FieldError, match="cannot be saved"):
        save(Settings(), tmp_path / "config" / "settings.json")


def test_a_save_that_fails_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(replace(Settings(), theme="dark"), file)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FieldError, match="No space"):
        save(replace(Settings(), theme="light"), file)
    assert load(file)[0].theme == "dark"
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_settings_handed_over_are_kept_behind_and_the_last_of_them_stays(file: Path) -> None:
    trouble: list[FieldError] = []
    keeper = Keeper(file, trouble.append)
    for percent in range(80, 200):
        keeper.keep(replace(Settings(), text_percent=percent))
    keeper.close()
    assert load(file) == (replace(Settings(), text_percent=199), ())
    keeper.keep(replace(Settings(), text_percent=120))
    assert load(file)[0].text_percent == 120, "what comes after the end is kept, too"
    assert not trouble


def test_a_disk_that_is_slow_holds_nobody_up_and_only_the_newest_waits_for_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free, began, written = threading.Event(), threading.Event(), []

    def slow(descriptor: int) -> None:
        began.set()
        assert free.wait(20)
        written.append(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    keeper = Keeper(file, lambda trouble: None)
    keeper.keep(replace(Settings(), theme="dark"))
    assert began.wait(20)
    for percent in (110, 120, 130):
        keeper.keep(replace(Settings(), text_percent=percent))  # comes back although nothing can be written
    assert not written
    free.set()
    keeper.close()
    assert load(file)[0].text_percent == 130
    assert len(written) == 2


def test_settings_that_cannot_be_kept_are_told_and_the_next_ones_are_tried(tmp_path: Path) -> None:
    blocking = tmp_path / "config"
    blocking.write_text("a file where the folder should be", encoding="utf-8")
    told = threading.Event()
    keeper = Keeper(blocking / "settings.json", lambda trouble: told.set() if "cannot be saved" in str(trouble) else None)
    keeper.keep(replace(Settings(), theme="dark"))
    assert told.wait(20)
    blocking.unlink()
    keeper.keep(replace(Settings(), theme="light"))
    keeper.close()
    assert load(blocking / "settings.json")[0].theme == "light"


def test_upgrades_run_in_order_from_the_version_of_the_file() -> None:
    def rename(raw: dict[str, Any]) -> dict[str, Any]:
        return {"theme" if key == "colours" else key: value for key, value in raw.items()}

    def flip(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, "theme": {"black": "dark"}.get(raw.get("theme", ""), "light")}

    steps = (rename, flip)
    assert upgraded({"colours": "black"}, steps) == {"theme": "dark", "version": 3}
    assert upgraded({"version": 2, "theme": "black"}, steps) == {"theme": "dark", "version": 3}
    assert upgraded({"version": 3, "theme": "dark"}, steps) == {"theme": "dark", "version": 3}
    assert upgraded({"version": 9, "colours": "x"}, steps) == {"version": 9, "colours": "x"}


def test_every_upgrade_has_its_own_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert not [step for step in UPGRADES if f"settings.{getattr(step, '__name__', '?')}(" not in here]


def test_recent_fieldbooks_are_newest_first_without_doubles(tmp_path: Path) -> None:
    chosen = Settings()
    for name in ("one", "two", "one"):
        chosen = opened(chosen, tmp_path / name)
    assert [Path(path).name for path in chosen.recent_fieldbooks] == ["one", "two"]
    for number in range(40):
        chosen = opened(chosen, tmp_path / str(number))
    assert len(chosen.recent_fieldbooks) == module.RECENT_KEPT


def every_field(value: Any) -> Iterator[tuple[Any, Any]]:
    for one in fields(value):
        inside = getattr(value, one.name)
        yield one, inside
        if is_dataclass(inside):
            yield from every_field(inside)


def test_every_setting_says_what_it_is_and_its_default_is_allowed() -> None:
    for one, default in every_field(Settings()):
        assert one.metadata["about"], one.name
        if one.metadata.get("choices"):
            assert default in one.metadata["choices"]
        if "low" in one.metadata:
            assert one.metadata["low"] <= default <= one.metadata["high"]


def test_the_live_engine_takes_the_settings_as_they_are() -> None:
    assert EndpointRules(**asdict(Vad())) == EndpointRules()


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("\ud800")
_json = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8)
_names = st.sampled_from([one.name for one in fields(Settings)] + ["version", "other"])


@example_settings(max_examples=40)  # each writes and syncs a file
@given(st.dictionaries(_names, _json, max_size=6))
def test_any_table_gives_settings_that_can_be_saved_and_loaded_again(tmp_path_factory: pytest.TempPathFactory, raw: dict[str, Any]) -> None:
    file = put(tmp_path_factory.getbasetemp() / "any" / "settings.json", json.dumps(raw))
    chosen, _ = load(file)
    save(chosen, file)
    assert load(file) == (chosen, ())
