"""What an archive will still ask for is known before anything is deposited, by card and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp import cli, completeness
from fieldapp.corpus.deposit.profiles import PROFILES
from fieldapp.errors import WrongUsage
from fieldapp.gui.widgets.archive_bar import FIELDS
from fieldapp.store import people, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


@pytest.fixture
def book(tmp_path: Path) -> Path:
    def fill(tx: Transaction) -> None:
        wu, who = people.ensure_variety(tx, "Wu"), people.ensure_person(tx, "W1")
        people.update_variety(tx, replace(wu, iso639_3="wuu"))
        people.update_person(tx, replace(who, gender="f", birth_year=1948, languages=("wuu",)))
        people.ensure_person(tx, "K2")
        whole, bare = sessions.ensure_session(tx, "whole"), sessions.ensure_session(tx, "bare")
        whole = replace(whole, title="x", description="x", genre="x", place="x", equipment="x")
        sessions.update_session(tx, replace(whole, date="2026-01-01", variety=wu.id))
        sessions.take_part(tx, whole.id, who.id)
        assert bare.id != whole.id

    with Store.create(tmp_path / "book", "Suzhou") as store:
        store.do(fill)
    return tmp_path / "book"


def test_what_is_missing_is_told_by_card(book: Path) -> None:
    with Store.open(book) as store:
        db = store.reader()
        found = completeness.lacking(db, "elar")
        bare, k2 = sessions.find_session(db, "bare"), people.find_person(db, "K2")
        assert bare is not None
        assert k2 is not None
        by_card = {of: {one.field for one in found if one.of == of} for of in {one.of for one in found}}
    assert by_card == {
        "": {"description", "licence", "depositor"},
        bare.id: {"title", "date", "description", "genre", "place", "language", "speakers", "equipment"},
        k2.id: {"gender", "birth_year", "languages"},
    }


def test_every_field_any_archive_asks_for_has_a_name_in_the_window() -> None:
    asked = {name for one in PROFILES for name in (*one.project_fields, *one.session_fields, *one.person_fields)}
    assert asked <= FIELDS.keys()


def test_the_archive_is_remembered_and_must_be_known(book: Path) -> None:
    with Store.open(book) as store:
        store.do(lambda tx: completeness.choose(tx, "paradisec"))
        assert completeness.chosen(store.reader()) == "paradisec"
        with pytest.raises(WrongUsage, match="no archive profile"):
            store.do(lambda tx: completeness.choose(tx, "attic"))
        store.do(lambda tx: completeness.choose(tx, ""))
        assert completeness.chosen(store.reader()) == ""


def test_the_command_line_says_the_same_and_makes_nothing(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deposit", str(book), "--profile", "olac", "--missing", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["missing"]
    assert [(one["where"], one["field"]) for one in found] == [("session bare", "title"), ("session bare", "date"), ("session bare", "language")]
    assert not list(book.parent.rglob("bagit.txt"))


def test_what_is_said_of_the_whole_is_kept_and_no_longer_missing(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(book), "--set", "licence=CC BY 4.0", "--set", "depositor=W. Fang", "--set", "description=Words of Suzhou", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["described"]["licence"] == "CC BY 4.0"
    with Store.open(book) as store:
        assert not [one for one in completeness.lacking(store.reader(), "elar") if not one.of]
    assert cli.main(["info", str(book), "--set", "colour=blue"]) == 2
    assert cli.main(["info", str(book), "--set", "title= "]) == 2
