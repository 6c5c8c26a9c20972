"""Versions, SQLite's abilities, fonts and models."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from fieldapp.doctor import software
from fieldapp.doctor.fonts import able, judged, parsed
from fieldapp.doctor.models import judged as one_model
from fieldapp.doctor.models import models
from fieldapp.speech.manifest import Manifest
from fieldapp.speech.models.shelf import Installed, Shelf
from fieldapp.writing.scripts import SCRIPTS


def test_sqlite_is_tried_and_its_faults_are_named() -> None:
    finding = software.sqlite()[0]
    assert finding.status == "ok"
    assert finding.found.startswith(sqlite3.sqlite_version)
    if sqlite3.sqlite_version == "3.40.1":
        assert "LIKE" in finding.found
        assert ".recover" in finding.found
        assert "deleted words" in finding.found


def test_a_sqlite_without_trigrams_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "_works", lambda *_: False)
    assert [finding.status for finding in software.sqlite()] == ["missing"]


def test_a_library_that_is_not_there_is_essential_and_named() -> None:
    finding = software.libraries(("numpy", "no-such-library"))
    assert finding.status == "missing"
    assert "no-such-library" in finding.found
    assert "numpy" not in finding.found


def test_an_extra_is_never_essential() -> None:
    assert software.extra("x", ("no-such-library",), "how to get it").status == "ok"
    assert software.extra("x", ("no-such-library",), "how to get it").advice == "how to get it"
    assert software.extra("x", ("numpy",), "how to get it").advice == ""


FONTS = [
    "Charis SIL\t20-7e 256-2b0 2b1 2e5-2e9 300-362",
    "Noto Sans CJK SC,Noto Sans CJK SC Regular\t3400-9fff 3040-30ff ac00-d7a3",
    "DejaVu Sans\t20-7e 250-2af 2b0-2ff 300-36f 370-3ff 400-4ff 1f00-1fff",
]


def test_fonts_are_read_from_what_fontconfig_lists() -> None:
    covered = parsed(FONTS)
    assert range(0x20, 0x7F) in covered["Charis SIL"]
    assert range(0x2B1, 0x2B2) in covered["Charis SIL"]


def test_ipa_and_han_are_each_judged() -> None:
    both = {finding.what: finding for finding in judged(parsed(FONTS), {})}
    assert both["font for IPA"].found == "Charis SIL"
    assert both["font for Han"].found == "Noto Sans CJK SC"
    none = {finding.what: finding for finding in judged(parsed(FONTS[2:]), {})}
    assert none["font for IPA"].status == none["font for Han"].status == "look"
    assert "fonts-sil-charis" in none["font for IPA"].advice


def test_scripts_without_a_font_are_named() -> None:
    finding = judged(parsed(FONTS), {})[-1]
    assert "Tibetan" in finding.found
    assert "Hangul" not in finding.found


def test_a_chosen_font_that_is_not_installed_is_named() -> None:
    *_, last = judged(parsed(FONTS), {"ipa": "Charis SIL", "Han": "My Own Han"})
    assert (last.what, last.status) == ("font for Han", "look")
    assert "My Own Han" in last.found


def test_fonts_that_show_a_script_well_come_first() -> None:
    covered = {"Aaa Kai": [range(0x3400, 0x9FFF)], "Noto Sans CJK SC,Noto Sans CJK": [range(0x3400, 0x9FFF)], "Other": [range(128)]}
    assert able(covered, next(script for script in SCRIPTS if script.name == "Han")) == ["Noto Sans CJK SC", "Aaa Kai"]


def folder(path: Path, manifest: object) -> Path:
    path.mkdir(parents=True)
    (path / "model.bin").write_bytes(b"x" * 1000)
    (path / "fieldmodel.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def test_no_model_is_told_with_what_still_works(tmp_path: Path) -> None:
    (finding,) = models(Shelf(tmp_path / "models"))
    assert finding.status == "look"
    assert "Recording" in finding.advice


def test_installed_and_bundled_models_are_listed(tmp_path: Path) -> None:
    folder(tmp_path / "bundled" / "starter", {"format": 1, "name": "starter", "languages": ["cmn", "yue"]})
    folder(tmp_path / "models" / "small", {"format": 1, "name": "small"})
    found = models(Shelf(tmp_path / "models", tmp_path / "bundled"))
    assert [(finding.what, finding.status) for finding in found] == [("model small", "ok"), ("model starter", "ok")]
    assert "cmn, yue" in found[1].found


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    folder(tmp_path / "models" / "garbled", [])
    assert [finding.status for finding in models(Shelf(tmp_path / "models"))] == ["look"]


def test_the_starter_says_what_it_cannot_do_and_how_to_get_more(tmp_path: Path) -> None:
    finding = one_model(Installed(tmp_path, Manifest(name="starter", languages=("zh", "hak")), own=False))
    assert finding.status == "ok"
    assert "cannot write free speech" in finding.found
    assert "fieldapp model add" in finding.advice
    assert one_model(Installed(tmp_path, Manifest(name="whisper-base"), own=True)).advice == ""
