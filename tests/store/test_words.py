"""Word search: every length and script, hostile queries, ranking, highlighting, filters, consent; and the oracle: plain Python."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import NotThere, WrongUsage
from fieldapp.model import Query
from fieldapp.store import people, segments, word_index, words
from fieldapp.store.fold import fold, folds_for
from fieldapp.store.search import find, search
from fieldapp.store.store import Store
from fieldapp.store.texts import set_text
from store.building import make_master, make_segment
from store.test_fold import CHOICES, TRICKY
from store.word_texts import NOW, add_segment, add_session, add_text, ask, book_of, empty_book, texts_found

MIXED = (
    "天气",
    "今天天气很好",
    "田野调查",
    "Tłı̨chǫ ą̀ ı̨̀ ǫ̀ ę̀",
    "tʰjɛn˥ tɕʰi˥˩",
    "ŋ̩ mə̃ ɡo",
    "كَتَبَ الطَّالِبُ [kataba] 写",
    'he said "secret:hidden" NEAR(x) -y *z',
    "x" * 100 + "ʈʂa" + "y" * 100,
)


@pytest.fixture(scope="module")
def book() -> Iterator[sqlite3.Connection]:
    made = book_of(MIXED)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ("天", (0, 1)),
        ("天气", (0, 1)),
        ("天气很", (1,)),
        ("今天天气很好", (1,)),
        ("气天", ()),
        ("ŋ̩", (5,)),
        ("ɡo", (5,)),
        ("mə", (5,)),
        ("ʈʂ", (8,)),
        ("ą̀", (3,)),
        ("ı̨̀", (3,)),
        ("chǫ ą̀", (3,)),
        ("˥˩", (4,)),
        ("tɕʰi˥˩", (4,)),
        ("كَتَبَ", (6,)),
        ("[kataba] 写", (6,)),
        ("TŁI", ()),
        ("TŁı̨CHǪ", (3,)),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_any_number_of_code_points_in_any_script_is_found(book: sqlite3.Connection, sought: str, expected: tuple[int, ...], form: str) -> None:
    found = texts_found(book, unicodedata.normalize(form, f'"{sought}"'))  # type: ignore[arg-type]
    assert sorted(found) == sorted(MIXED[place] for place in expected)


@pytest.mark.parametrize(
    ("sought", "folds", "place"),
    [
        ("Tlicho a", "marks lookalikes", 3),
        ('"tʰjɛn tɕʰi"', "tones", 4),
        ("g", "lookalikes", 5),
        ("كتب الطالب", "marks", 6),
        ("تب", "marks", 6),
    ],
)
def test_folding_is_offered(book: sqlite3.Connection, sought: str, folds: str, place: int) -> None:
    assert MIXED[place] in texts_found(book, sought, folds)
    assert MIXED[place] not in texts_found(book, sought)


@pytest.mark.parametrize(
    "hostile",
    [
        '"',
        '""""',
        "secret:hidden",
        "NEAR(x",
        "-y",
        "*z",
        "a*",
        "AND",
        "p天气*",
        "c",
        "x OR y",
        "\0",
        "天\0",
        "\ud800",
        "\ue080天",
        "'; DROP TABLE person",
        "^x",
        "{a b}",
    ],
)
def test_nothing_typed_is_interpreted(book: sqlite3.Connection, hostile: str) -> None:
    expected = [text for text in MIXED if all(word.casefold() in fold(text) for word in hostile.split())]
    assert sorted(texts_found(book, hostile)) == sorted(expected)


@pytest.mark.parametrize("empty", ["", "   ", '""', "\u200d", "\u0300", "\u0300 \u0301"])
def test_nothing_to_look_for_is_said(book: sqlite3.Connection, empty: str) -> None:
    if empty == '""':
        assert texts_found(book, empty) == []
        return
    with pytest.raises(WrongUsage):
        ask(book, empty)


def test_too_much_to_look_for_is_said(book: sqlite3.Connection) -> None:
    with pytest.raises(WrongUsage, match="5001 characters"):
        ask(book, "x" * 5001)
    with pytest.raises(WrongUsage, match="33 words"):
        ask(book, " ".join(f"w{place}" for place in range(33)))
    with pytest.raises(WrongUsage, match="no folding called colour"):
        ask(book, "x", "colour")
    assert ask(book, "x" * 5000).total == 0


def test_words_must_all_occur_and_a_quoted_part_is_one_phrase() -> None:
    db = book_of(["ma tʰa", "tʰa ma", "ma"])
    assert texts_found(db, "ma tʰa") == ["ma tʰa", "tʰa ma"]
    assert texts_found(db, '"ma tʰa"') == ["ma tʰa"]
    assert texts_found(db, "“tʰa ma”") == ["tʰa ma"]


def test_the_whole_text_comes_before_whole_words_before_parts_and_confirmed_before_drafts() -> None:
    db = empty_book()
    for place, (text, state) in enumerate(
        [
            ("kamat", "confirmed"),
            ("ma", "draft"),
            ("ta ma", "draft"),
            ("ta ma na", "confirmed"),
            ("ma", "confirmed"),
            ("mã", "confirmed"),
            ("ta, ma!", "confirmed"),
        ]
    ):
        add_text(db, add_segment(db, f"s{place}"), text, state=state)
    word_index.update(db)
    found = ask(db, "ma")
    assert [hit.text for hit in found.hits] == ["ma", "ma", "ta, ma!", "ta ma na", "ta ma", "kamat"]
    assert [hit.state for hit in found.hits][:2] == ["confirmed", "draft"]
    assert [hit.why for hit in found.hits] == ["whole text"] * 2 + ["whole words"] * 3 + ["within a word"]
    assert [hit.rank for hit in found.hits] == list(range(6))


def test_a_segment_is_one_hit_with_its_best_text() -> None:
    db = empty_book()
    segment = add_segment(db, "s")
    add_text(db, segment, "ma na", tier="note")
    add_text(db, segment, "ma", tier="ipa")
    word_index.update(db)
    found = ask(db, "ma")
    assert [(hit.tier, hit.text) for hit in found.hits] == [("ipa", "ma")]
    assert (found.total, found.more) == (1, False)


def test_marks_are_code_point_ranges_of_the_stored_text(book: sqlite3.Connection) -> None:
    hit = ask(book, "天气 好").hits[0]
    assert [hit.text[start:stop] for start, stop in hit.marks] == ["天气", "好"]
    hit = ask(book, "كتب", "marks").hits[0]
    assert [hit.text[start:stop] for start, stop in hit.marks] == ["كَتَبَ"]


def test_a_full_pool_is_told_as_more_than(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "POOL", 6)
    db = book_of(["kamat"] * 20 + ["ma"])
    found = ask(db, "ma", limit=3)
    assert found.more
    assert found.total == 7
    assert [hit.text for hit in found.hits] == ["ma", "kamat", "kamat"]


def test_filters_narrow_by_everything_that_is_known() -> None:
    db = empty_book()
    add_session(db, "fuzhou", "2025-03-01")
    add_session(db, "undated", "")
    add_text(db, add_segment(db, "a", speaker="p-W1"), "ma a", tier="ipa")
    add_text(db, add_segment(db, "b", speaker="p-W2", variety="v-Gan"), "ma b", state="draft")
    add_text(db, add_segment(db, "c", speaker=None, session="fuzhou"), "ma c")
    add_text(db, add_segment(db, "d", session="undated", variety="v-Gan"), "ma d", tier="ɪpa: *")
    word_index.update(db)
    wanted: list[tuple[dict[str, Any], str]] = [
        ({"speakers": ("W1",)}, "ad"),
        ({"speakers": ("w1", "p-W2")}, "abd"),
        ({"varieties": ("Wu",)}, "a"),
        ({"varieties": ("gan",)}, "bd"),
        ({"sessions": ("fuzhou", "undated")}, "cd"),
        ({"tiers": ("ipa", "ɪpa: *")}, "ad"),
        ({"tiers": ("none such",)}, ""),
        ({"checked_only": True}, "acd"),
        ({"since": "2025-06"}, "ab"),
        ({"until": "2025"}, "c"),
        ({"since": "2025", "until": "2025-03"}, "c"),
        ({"since": "2027"}, ""),
        ({"speakers": ("W1",), "tiers": ("ipa",), "since": "2026", "checked_only": True}, "a"),
    ]
    for filters, expected in wanted:
        assert sorted(hit.segment for hit in ask(db, "ma", **filters).hits) == sorted(expected), filters
    with pytest.raises(NotThere, match="no speaker 'W9'"):
        ask(db, "ma", speakers=("W9",))


def test_consent_is_always_asked() -> None:
    db = book_of(["ma one", "ma two"])
    db.execute("UPDATE segment SET speaker = 'p-W2' WHERE id = 's1'")
    word_index.update(db)
    assert ask(db, "ma").total == 2
    assert ask(db, "ma", purpose="publish").total == 0
    say = "INSERT INTO consent (id, person, purpose, allowed, given, segment, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    db.execute(say, ("k1", "p-W2", "search", 0, NOW, None, NOW, NOW))
    db.execute(say, ("k2", "p-W1", "publish", 1, NOW, None, NOW, NOW))
    assert texts_found(db, "ma") == texts_found(db, "ma", purpose="publish") == ["ma one"]
    db.execute(say, ("k3", "p-W1", "search", 0, NOW, "s0", NOW, NOW))
    assert ask(db, "ma") == words.Found((), 0)


def test_a_text_of_a_megabyte_is_found_by_its_end() -> None:
    db = book_of(["天地玄黃 mə̃ " * 50_000 + "ʈʂa˥", "ma"])
    found = ask(db, "ʈʂa˥")
    assert found.total == 1
    assert found.hits[0].marks == ((450_000, 450_004),)


def test_search_reads_a_store_and_later_modes_say_that_they_are_not_there(store: Store) -> None:
    master = make_master(store)

    def fill(tx: object) -> None:
        made = make_segment(master, 0, 48000)
        segments.add_segments(tx, [made])  # type: ignore[arg-type]
        set_text(tx, made.id, "ipa", "tʰa")  # type: ignore[arg-type]

    store.do(fill)
    assert [hit.text for hit in search(store, Query(text="tʰ"))] == ["tʰa"]
    assert store.do(lambda tx: people.ensure_person(tx, "W1")).code == "W1"
    with pytest.raises(WrongUsage, match="sound"):
        find(store, Query(text="x", mode="sound"))


pieces = st.text(st.sampled_from(TRICKY.replace('"', "")), max_size=8)


@given(st.lists(pieces, max_size=6), pieces, st.sampled_from(CHOICES), st.none() | st.tuples(st.integers(0, 5), st.integers(0, 8), st.integers(0, 8)))
def test_the_index_finds_what_plain_python_finds(texts: list[str], sought: str, folds: frozenset[str], cut: tuple[int, int, int] | None) -> None:
    stored = [unicodedata.normalize("NFC", text.replace("\0", "\u2400")) for text in texts]
    if stored and cut:
        sought = stored[cut[0] % len(stored)][cut[1] :][: cut[2]].replace('"', "")
    db = BOOK
    db.execute("BEGIN")
    try:
        for place, text in enumerate(stored):
            add_text(db, add_segment(db, f"s{place}"), text)
        word_index.update(db)
        wanted = folds_for(sought, folds)
        expected = {f"s{place}" for place, text in enumerate(stored) if fold(sought, wanted) in fold(text, wanted)}
        try:
            found = ask(db, f'"{sought}"', " ".join(folds), limit=50)
        except WrongUsage:
            return
        if sought:
            assert {hit.segment for hit in found.hits} == expected
            assert all(hit.marks or not fold(sought, wanted) for hit in found.hits)
            assert (found.total, found.more) == (len(expected), False)
    finally:
        db.execute("ROLLBACK")


BOOK = empty_book()
