"""Undo and redo of edits: every step back and forth restores exactly what was there, also after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.errors import NotThere
from fieldapp.model import Annotation, AnnotationId, Changed, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import segments, texts, undo
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_master

TABLES = ("segment", "annotation", "vector", "consent")
Edit = Callable[[Transaction], object]


def everything(store: Store) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in store.reader().execute(f"SELECT * FROM {table} ORDER BY id")] for table in TABLES]


def one_segment(store: Store, master: RecordingId) -> SegmentId:
    made = Segment(id=SegmentId(new_id()), recording=master, span=Span(0, 100))
    store.do(lambda tx: segments.add_segments(tx, [made]))
    return made.id


def test_an_edit_is_undone_and_redone(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)
    states = [everything(store)]
    for text in ("a", "b'c", "田\n野"):
        store.do(lambda tx, text=text: texts.set_text(tx, one, "note", text), undo=f"Type {text}")  # type: ignore[misc]
        states.append(everything(store))
    assert undo.labels(store.reader()) == ("Type 田\n野", "")
    for state in states[-2::-1]:
        assert store.undo().result().changed == Changed.ANNOTATIONS
        assert everything(store) == state
    assert undo.labels(store.reader()) == ("", "Type a")
    for state in states[1:]:
        store.redo().result()
        assert everything(store) == state
    with pytest.raises(NotThere, match="nothing to redo"):
        store.redo().result()


def test_undo_survives_a_restart(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)
    before = everything(store)
    store.do(lambda tx: segments.split_segment(tx, one, 50), undo="Split")
    store.close()
    with Store.open(store.folder) as again:
        assert again.undo().result().value == "Split"
        assert everything(again) == before


def test_a_deleted_segment_comes_back_with_texts_vectors_and_consent(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)

    def fill(tx: Transaction) -> None:
        texts.add_texts(tx, [Annotation(id=AnnotationId("t"), segment=one, tier="note", text="x", confidence=0.1 + 0.2)])
        tx.db.execute("INSERT INTO person (id, code, created, changed) VALUES ('p', 'P', '', '')")
        tx.db.execute(
            "INSERT INTO consent (id, person, purpose, allowed, given, segment, created, changed) VALUES ('c', 'p', 'train', 0, '', ?, '', '')", (one,)
        )
        tx.db.execute("INSERT INTO space (id, kind, model, dims, created) VALUES ('s', 'meaning', 'm', 1, '')")
        tx.db.execute("INSERT INTO vector (id, segment, space, data, crc, created) VALUES ('v', ?, 's', x'0001ff', 7, '')", (one,))

    store.do(fill)
    before = everything(store)
    store.do(lambda tx: segments.delete_segments(tx, [one]), undo="Delete")
    assert everything(store) == [[], [], [], []]
    written = store.undo().result()
    assert Changed.VECTORS in written.changed
    assert everything(store) == before


def test_what_machines_write_is_no_step_and_redo_brings_it_back(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)
    _, second = store.do(lambda tx: segments.split_segment(tx, one, 50), undo="Split")
    store.do(lambda tx: texts.set_text(tx, second.id, "transcription", "draft", source="machine:m", state="draft"))
    after = everything(store)
    assert undo.labels(store.reader()) == ("Split", "")
    store.undo().result()
    store.redo().result()
    assert everything(store) == after


def test_undo_leaves_alone_what_was_changed_elsewhere_in_the_row(store: Store, master: RecordingId) -> None:
    one = segments.segment(store.reader(), one_segment(store, master))
    store.do(lambda tx: segments.update_segment(tx, replace(one, state="checked")), undo="Check")
    store.do(lambda tx: segments.update_segment(tx, replace(one, state="checked", quality={"snr": 34})))
    store.undo().result()
    assert segments.segment(store.reader(), one.id) == replace(one, quality={"snr": 34})


def test_a_new_edit_ends_redo_and_an_edit_without_effect_is_no_step(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)
    store.do(lambda tx: texts.set_text(tx, one, "note", "a"), undo="A")
    store.undo().result()
    store.do(lambda tx: None, undo="Nothing")
    assert undo.labels(store.reader()) == ("", "A")
    store.do(lambda tx: texts.set_text(tx, one, "note", "b"), undo="B")
    assert undo.labels(store.reader()) == ("B", "")


def test_a_failed_edit_leaves_no_step(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)

    def fails(tx: Transaction) -> None:
        texts.set_text(tx, one, "note", "a")
        raise KeyError

    with pytest.raises(KeyError):
        store.do(fails, undo="Fails")
    assert undo.labels(store.reader()) == ("", "")
    store.do(lambda tx: texts.set_text(tx, one, "note", "b"))
    assert undo.labels(store.reader()) == ("", "")


def test_at_least_fifty_steps_are_kept_and_not_endlessly_many(store: Store, master: RecordingId) -> None:
    one = one_segment(store, master)
    for n in range(undo.KEPT_STEPS + 20):
        store.write(lambda tx, n=n: texts.set_text(tx, one, "note", str(n)), undo=str(n))  # type: ignore[misc]
    store.do(lambda tx: None)
    assert undo.KEPT_STEPS >= 50
    assert store.reader().execute("SELECT count(*) FROM undo_step").fetchone()[0] == undo.KEPT_STEPS
    assert store.reader().execute("SELECT count(*) FROM undo_row").fetchone()[0] == undo.KEPT_STEPS


EDITS = st.lists(st.tuples(st.sampled_from(["add", "text", "split", "merge", "delete", "move"]), st.integers(0, 99)), min_size=1, max_size=10)


@settings(max_examples=15)
@given(EDITS)
def test_any_sequence_of_edits_can_be_walked_back_and_forth(edits: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder, Store.create(Path(folder) / "book", "") as store:
        master = make_master(store)
        states = [everything(store)]
        for kind, number in edits:
            work = edit(kind, number, [one.id for one in segments.segments(store.reader(), master)], master)
            if work is not None:
                store.do(work, undo=kind)
                states.append(everything(store))
        for state in states[-2::-1]:
            store.undo().result()
            assert everything(store) == state
        for state in states[1:]:
            store.redo().result()
            assert everything(store) == state


def edit(kind: str, number: int, known: list[SegmentId], master: RecordingId) -> Edit | None:
    """One edit on what is there, or None where it makes no sense."""
    if kind == "add":
        return lambda tx: segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master, span=Span(number, number + 10))])
    if not known or (kind == "merge" and len(known) < 2):
        return None
    one = known[number % len(known)]
    if kind == "text":
        return lambda tx: texts.set_text(tx, one, f"tier{number % 3}", f"text {number}")
    if kind == "delete":
        return lambda tx: segments.delete_segments(tx, [one])
    if kind == "merge":
        return lambda tx: segments.merge_segments(tx, known[:2])

    def cut_or_move(tx: Transaction) -> None:
        found = segments.segment(tx.db, one)
        if kind == "split" and len(found.span) > 1:
            segments.split_segment(tx, one, found.span.start + 1)
        else:
            segments.update_segment(tx, replace(found, span=Span(found.span.start + 1, found.span.stop + 1)))

    return cut_or_move
