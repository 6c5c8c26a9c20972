"""The chart of the IPA: every symbol once, named in every language, found by any of its names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp import paths
from fieldapp.writing.chart import RECENT_KEPT, Symbol, read_chart, shown, with_recent
from fieldapp.writing.keyboards import read_keyboard

CHART = read_chart(paths.resource("ipa", "symbols.tsv"))


def test_every_symbol_stands_once_and_has_a_name_in_every_language() -> None:
    assert len({symbol.text for symbol in CHART.symbols}) == len(CHART.symbols)
    for code in {path.name.split(".")[0] for path in paths.resource("translations").glob("*.json")}:
        assert not [symbol.text for symbol in CHART.symbols if not symbol.name("") or symbol.name(code) == symbol.name("")]
    assert {symbol.group for symbol in CHART.symbols} == {"consonants", "vowels", "other", "diacritics", "tones"}


def test_no_two_symbols_share_a_place_or_a_name() -> None:
    placed = [(symbol.group, symbol.row, symbol.column) for symbol in CHART.symbols if symbol.row]
    assert len(set(placed)) == len(placed)
    names = [symbol.name("") for symbol in CHART.symbols]
    assert len(set(names)) == len(names)


def test_symbols_are_written_as_the_ipa_means_them() -> None:
    assert CHART.get("g") is None
    script_g = CHART.get("ɡ")
    assert script_g is not None
    assert script_g.codes == "U+0261"
    assert not [symbol.text for symbol in CHART.symbols if unicodedata.normalize("NFC", symbol.text) != symbol.text]


@pytest.mark.parametrize(
    ("sought", "first"),
    [("velar nasal", "ŋ"), ("nasal velar", "ŋ"), ("ŋ", "ŋ"), ("u+0259", "ə"), ("schwa", "ə"), ("浊软腭鼻音", "ŋ"), ("tie bar", "\u0361"), ("apical ret", "ʅ")],
)
def test_a_symbol_is_found_by_what_somebody_calls_it(sought: str, first: str) -> None:
    assert CHART.search(sought)[0].text == first


def test_it_is_found_by_the_keys_that_make_it_too() -> None:
    keyboard = read_keyboard(paths.resource("keyboards", "X-SAMPA.tsv"))
    assert CHART.search("J\\", keyboard.table.items())[0].text == "ɟ"
    assert keyboard.keys_of("ɟ") == "J\\"
    assert keyboard.keys_of("b") == ""


@given(st.text(max_size=12))
def test_whatever_is_sought_only_what_holds_it_is_found(sought: str) -> None:
    for symbol in CHART.search(sought):
        named = " ".join(name for _, name in symbol.names).casefold()
        known = symbol.text == unicodedata.normalize("NFC", sought.strip()) or symbol.codes.casefold() == sought.strip().casefold()
        assert known or all(word in named for word in sought.casefold().split())
    assert CHART.search(" ") == []


@given(st.sampled_from(CHART.symbols))
def test_every_symbol_finds_itself(symbol: Symbol) -> None:
    assert CHART.search(symbol.name(""))[0].name("") == symbol.name("")


def test_a_mark_alone_stands_on_a_dotted_circle() -> None:
    assert (shown("a"), shown("\u0303"), shown("\u0361"), shown("")) == ("a", "◌\u0303", "◌\u0361◌", "")


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=60))
def test_recent_symbols_are_the_last_used_each_once(used: list[str]) -> None:
    recent: tuple[str, ...] = ()
    for one in used:
        recent = with_recent(recent, one)
    assert list(recent) == list(dict.fromkeys(reversed(used)))[:RECENT_KEPT]
