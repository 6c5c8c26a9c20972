"""Keyboards: the longest keys win, key by key as all at once, and Backspace shows what a key had made."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp import paths
from fieldapp.errors import FieldError
from fieldapp.writing.keyboards import Change, Keyboard, Typist, read_keyboard, read_keyboards

KEYS = "ab_\\"
TABLES = st.dictionaries(st.text(KEYS, min_size=1, max_size=4), st.text("xyẽ̃𝄞", min_size=1, max_size=2), max_size=8)
XSAMPA = paths.resource("keyboards", "X-SAMPA.tsv")


def typed(typist: Typist, keys: str, text: str = "") -> str:
    """What stands in a field after these keys; `<` is Backspace."""
    for key in keys:
        change = typist.back() if key == "<" else typist.press(key)
        if change is None:
            text = text[:-1]
            continue
        assert text.endswith(change.removed)
        text = text[: len(text) - len(change.removed)] + change.inserted
    return text


@given(TABLES, st.text(KEYS, max_size=12))
def test_key_by_key_makes_what_all_keys_at_once_make(table: dict[str, str], keys: str) -> None:
    keyboard = Keyboard("drawn", table)
    assert typed(Typist(keyboard), keys) == keyboard.convert(keys)


@given(TABLES, st.text(KEYS, max_size=12))
def test_pieces_cover_the_keys_and_no_longer_piece_would_have_fitted(table: dict[str, str], keys: str) -> None:
    keyboard, at = Keyboard("drawn", table), 0
    for piece, _ in keyboard.pieces(keys):
        assert not [longer for longer in table if len(longer) > len(piece) and keys.startswith(longer, at)]
        at += len(piece)
    assert at == len(keys)


@given(TABLES, st.text(KEYS, min_size=1, max_size=12))
def test_backspace_gives_back_the_keys_of_the_symbol_just_made_and_nothing_else_changes(table: dict[str, str], keys: str) -> None:
    keyboard = Keyboard("drawn", table)
    typist = Typist(keyboard)
    text = typed(typist, keys)
    *others, (piece, symbol) = keyboard.pieces(keys)
    before = "".join(made for _, made in others)
    assert text == before + symbol
    undone = typist.back()
    assert undone == (Change(symbol, piece) if piece != symbol else None)
    assert typist.back() is None


def test_keys_given_back_stay_as_they_are_and_what_follows_begins_anew() -> None:
    keyboard = read_keyboard(XSAMPA)
    assert typed(Typist(keyboard), "t_h") == "tʰ"
    assert typed(Typist(keyboard), "t_h<") == "t_h"
    assert typed(Typist(keyboard), "S<S") == "Sʃ"
    assert typed(Typist(keyboard), "r\\`") == "ɻ"


@pytest.mark.parametrize(
    ("name", "keys", "made"),
    [
        ("X-SAMPA", 'n`_=" t_d_h A~:', "ɳ̩ˈ t̪ʰ ɑ̃ː"),
        ("X-SAMPA", "ts_)\\", "ts͡\\"),
        ("X-SAMPA", "t_)s\\ M\\_5_1", "t͡ɕ ɰ˥˩"),
        ("Pinyin", "nv3 zhuang4 lve4 Ai2", "nǚ zhuàng lüè Ái"),
        ("Chao 1-5", "t\u02b0a51", "tʰa˥˩"),
    ],
)
def test_keyboards_that_come_along_write_what_a_linguist_means(name: str, keys: str, made: str) -> None:
    assert typed(Typist(read_keyboard(paths.resource("keyboards", f"{name}.tsv"))), keys) == made


def test_every_keyboard_that_comes_along_is_whole() -> None:
    found, problems = read_keyboards([paths.resource("keyboards")])
    assert problems == []
    assert set(found) == {"X-SAMPA", "Pinyin", "Chao 1-5"}
    assert all(keyboard.table for keyboard in found.values())


def test_a_persons_own_file_takes_the_place_of_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "X-SAMPA.tsv").write_text("keys\tsymbol\nx\tU+0061 U+0303\n", encoding="utf-8")
    found, problems = read_keyboards([paths.resource("keyboards"), tmp_path, tmp_path / "not there"])
    assert problems == []
    assert found["X-SAMPA"].table == {"x": "a\u0303"}
    assert "Pinyin" in found


def test_lines_that_cannot_be_used_are_named_and_the_rest_counts(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text('symbol\tkeys\nŋ\t"\nɲ\t"\n\tq\nx\ny\t' + "k" * 17 + "\n\n", encoding="utf-8-sig")
    keyboard = read_keyboard(path)
    assert keyboard.table == {'"': "ŋ"}
    assert [problem.split(":")[0] for problem in keyboard.problems] == [f"mine.tsv, line {number}" for number in (3, 4, 5, 6)]


@pytest.mark.parametrize("content", [b"keys,symbol\na,b\n", b"\xff\xfe\x00", b"x" * 1_000_001])
def test_a_file_that_is_no_keyboard_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.tsv"
    path.write_bytes(content)
    with pytest.raises(FieldError, match=r"odd\.tsv"):
        read_keyboard(path)
    found, problems = read_keyboards([tmp_path])
    assert found == {}
    assert len(problems) == 1


@given(st.binary(max_size=200))
def test_no_file_makes_a_keyboard_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("drawn") / "drawn.tsv"
    path.write_bytes(b"keys\tsymbol\n" + content)
    found, problems = read_keyboards([path.parent])
    assert found or problems
