"""Folders: one variable moves them all, resources are found, a missing one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp import paths
from fieldapp.errors import FieldError

KINDS = (paths.config, paths.data, paths.models, paths.logs, paths.cache)


def test_one_variable_moves_every_folder(own_home: Path) -> None:
    assert all(kind().is_relative_to(own_home) for kind in KINDS)
    assert len({kind() for kind in KINDS}) == len(KINDS)


def test_naming_a_folder_does_not_make_it(own_home: Path) -> None:
    for kind in KINDS:
        kind()
    assert not own_home.exists()


def test_without_the_variable_the_system_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.HOME)
    assert all("fieldapp" in str(kind()).lower() for kind in KINDS)


def test_a_relative_home_is_taken_from_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.HOME, "stick")
    assert paths.config() == tmp_path / "stick" / "config"


def test_resources_come_with_the_program() -> None:
    assert paths.resource("CHANGELOG.md").is_file()


def test_a_missing_resource_is_a_sentence() -> None:
    with pytest.raises(FieldError, match="missing"):
        paths.resource("models", "no such model")
