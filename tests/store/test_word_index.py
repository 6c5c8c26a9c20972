"""The word index stays true to the texts through every kind of change, and forgets what is deleted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.model import Query, RecordingId
from fieldapp.store import check, segments, texts, word_index
from fieldapp.store.connect import DATABASE
from fieldapp.store.search import search
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_segment
from store.word_texts import add_segment, add_text, ask, book_of, empty_book, texts_found

BOOK = empty_book()
CHANGES = (
    "UPDATE annotation SET text = 'new ' || text",
    "UPDATE annotation SET state = 'draft' WHERE pk % 2",
    "UPDATE annotation SET tier = 'note'",
    "UPDATE annotation SET pk = pk + 100",
    "UPDATE annotation SET segment = 's0'",
    "UPDATE segment SET speaker = 'p-W2' WHERE id = 's1'",
    "UPDATE segment SET speaker = NULL",
    "UPDATE segment SET variety = 'v-Gan'",
    "UPDATE segment SET pk = pk + 100",
    "UPDATE session SET variety = 'v-Gan'",
    "UPDATE session SET pk = pk + 100",
    "DELETE FROM annotation WHERE pk % 2",
    "DELETE FROM segment WHERE id = 's1'",
    "INSERT INTO annotation (id, segment, tier, text, created, changed) SELECT hex(randomblob(9)), segment, tier, text, created, changed FROM annotation",
)


@given(st.lists(st.sampled_from([*CHANGES, "update"]), max_size=6))
def test_any_run_of_changes_leaves_the_index_true(changes: list[str]) -> None:
    db = BOOK
    db.execute("BEGIN")
    try:
        for name in ("s0", "s1", "s2"):
            segment = add_segment(db, name)
            add_text(db, segment, f"天气 {name}")
            add_text(db, segment, "tʰjɛn˥ mə̃", tier="ipa")
        for change in changes:
            word_index.update(db) if change == "update" else db.execute(change)
        word_index.update(db)
        assert word_index.check_words(db) == ()
        expected = {row[0] for row in db.execute("SELECT segment FROM annotation WHERE text LIKE '%天气%'")}
        assert {hit.segment for hit in ask(db, "天气").hits} == expected
        after = sorted(texts_found(db, "ə̃"))
        word_index.rebuild_words(db)
        assert word_index.check_words(db) == ()
        assert sorted(texts_found(db, "ə̃")) == after
    finally:
        db.execute("ROLLBACK")


def test_a_write_that_fails_leaves_no_trace_in_the_index(store: Store, master: RecordingId) -> None:
    def fails(tx: Transaction) -> None:
        made = make_segment(master, 0, 100)
        segments.add_segments(tx, [made])
        texts.set_text(tx, made.id, "ipa", "tʰa")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        store.do(fails)
    assert search(store, Query(text="tʰa")) == []
    assert word_index.check_words(store.reader()) == ()


def test_undo_reaches_the_index(store: Store, master: RecordingId) -> None:
    made = make_segment(master, 0, 100)
    store.do(lambda tx: segments.add_segments(tx, [made]))
    store.do(lambda tx: texts.set_text(tx, made.id, "ipa", "tʰa"), undo="write")
    store.do(lambda tx: texts.set_text(tx, made.id, "ipa", "ma"), undo="correct")
    assert [hit.text for hit in search(store, Query(text="ma"))] == ["ma"]
    store.undo().result()
    assert [hit.text for hit in search(store, Query(text="tʰa"))] == ["tʰa"]
    store.undo().result()
    assert search(store, Query(text="tʰa")) == search(store, Query(text="ma")) == []


def test_what_another_tool_wrote_is_indexed_with_the_next_write(store: Store, master: RecordingId) -> None:
    made = make_segment(master, 0, 100)
    store.do(lambda tx: segments.add_segments(tx, [made]))
    other = sqlite3.connect(store.folder / DATABASE)
    with other:
        other.execute("INSERT INTO annotation (id, segment, tier, text, created, changed) VALUES ('x', ?, 'ipa', 'tʰa', '', '')", (made.id,))
    other.close()
    assert word_index.check_words(store.reader()) == (
        "1 changed texts are not yet in the word index.",
        "1 texts are missing from the word index or stand in it in an older form.",
    )
    store.do(lambda tx: None)
    assert word_index.check_words(store.reader()) == ()
    assert len(search(store, Query(text="tʰa"))) == 1


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        ("DELETE FROM word_entry WHERE pk = 1", "1 texts are missing"),
        ("INSERT INTO word_entry VALUES (99, 1, 'gone', 's0')", "no longer in the fieldbook"),
        ("INSERT INTO word_index (word_index) VALUES ('delete-all')", "holds 0 texts where 2 were entered"),
        ("UPDATE word_version SET version = 0", "another version"),
        ("DELETE FROM word_index_data WHERE id > 10", "cannot be read"),
    ],
)
def test_harm_is_noticed_and_mended_by_a_rebuild(harm: str, sentence: str) -> None:
    db = book_of(["天气", "tʰa"])
    db.execute(harm)
    assert any(sentence in said for said in word_index.check_words(db)), word_index.check_words(db)
    assert word_index.rebuild_words(db) == 2
    assert word_index.check_words(db) == ()
    assert texts_found(db, "天气") == ["天气"]


def test_an_index_of_another_version_is_rebuilt_by_the_next_change() -> None:
    db = book_of(["天气", "tʰa"])
    db.execute("UPDATE word_version SET version = 0")
    add_text(db, add_segment(db, "later"), "mə")
    word_index.update(db)
    assert word_index.check_words(db) == ()


@settings(deadline=None, max_examples=5)
@given(st.integers(1, 3))
def test_more_changes_than_one_batch_are_all_indexed(batch: int) -> None:
    kept = word_index._BATCH
    word_index._BATCH = batch
    try:
        db = book_of(["天气", "tʰa", "mə", "天", "好", "ŋ̩", "ɡo"])
    finally:
        word_index._BATCH = kept
    assert word_index.check_words(db) == ()


def test_check_repairs_the_index(store: Store, master: RecordingId) -> None:
    made = make_segment(master, 0, 100)
    store.do(lambda tx: segments.add_segments(tx, [made]))
    store.do(lambda tx: texts.set_text(tx, made.id, "ipa", "tʰa"))
    store.do(lambda tx: tx.db.execute("DELETE FROM word_entry"))
    store.close()
    repaired = check.repair(store.folder, lambda share, doing: None)
    assert repaired.done == ("Built the word index anew: 1 texts.",)
    assert not any(finding.kind == "word-index" for finding in repaired.after)
    with Store.open(store.folder, read_only=True) as again:
        assert len(search(again, Query(text="tʰa"))) == 1


def test_deleted_words_vanish_from_the_file(store: Store, master: RecordingId) -> None:
    kept, gone = make_segment(master, 0, 100), make_segment(master, 100, 200)

    def fill(tx: Transaction) -> None:
        segments.add_segments(tx, [kept, gone])
        texts.set_text(tx, kept.id, "ipa", "kept words")
        texts.set_text(tx, gone.id, "ipa", "龘靐齉")

    store.do(fill)
    store.do(lambda tx: segments.delete_segments(tx, [gone.id]))
    store.do(lambda tx: word_index.purge_words(tx.db))
    folder: Path = store.folder
    store.close()
    everything = b"".join(file.read_bytes() for file in folder.glob("fieldbook.db*"))
    assert "龘".encode() not in everything
    assert b"kept words" in everything
