"""A colleague's copy comes back: what one side changed is taken, what both changed is shown with all three versions, withdrawals win, deletions stay."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fieldapp.cli import main
from fieldapp.errors import WrongUsage
from fieldapp.model import Annotation, AnnotationId, Consent, ConsentId, SegmentId, Span, new_id
from fieldapp.store import backup, consent, erase, people, saved, segments, sessions, spaces, texts, vectors
from fieldapp.store.merge import Merged, merge
from fieldapp.store.merge.result import BOTH_CHANGED, DELETED_HERE, DELETED_THERE, TWO_TEXTS, UNKNOWN
from fieldapp.store.merge.threeway import weigh
from fieldapp.store.rows import RECORDING
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_master, make_segment

G1, G2 = SegmentId("G1"), SegmentId("G2")


def note(segment: SegmentId, text: str, store: Store, **more: str) -> None:
    store.do(lambda tx: texts.set_text(tx, segment, "note", text, **more), undo="Type")


def delete(store: Store, segment: SegmentId) -> None:
    store.do(lambda tx: segments.delete_segments(tx, [segment]), undo="Delete")


def note_in(store: Store, segment: SegmentId) -> list[str]:
    return [one.text for one in texts.texts(store.reader(), segment)]


@pytest.fixture(autouse=True)
def no_daily_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup of the day is made in the background; here the journals alone shall tell what was, the same every time."""
    monkeypatch.setattr(backup, "is_due", lambda folder: False)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "ours", "Wu") as made:
        master = make_master(made)
        (made.folder / "audio/suzhou3.wav").write_bytes(b"sound")

        def work(tx: Transaction) -> None:
            who = people.ensure_person(tx, "W1").id
            segments.add_segments(tx, [replace(make_segment(master, 10 * n, 10 * n + 5), id=SegmentId(f"G{n}"), speaker=who) for n in (1, 2)])
            for segment in (G1, G2):
                texts.set_text(tx, segment, "note", f"text of {segment}")
            consent.give(tx, Consent(id=ConsentId("C1"), person=who, purpose="archive", allowed=True))

        made.do(work)
        yield made


@pytest.fixture
def theirs(ours: Store) -> Iterator[Store]:
    """The copy a colleague took, whole folder and all."""
    copy = ours.folder.with_name("theirs")
    with ours_closed(ours):
        shutil.copytree(ours.folder, copy, ignore=shutil.ignore_patterns("*.lock", "holder*", "reserve"))
    with Store.open(copy) as opened:
        assert not opened.read_only
        yield opened


class ours_closed:  # noqa: N801  (reads as a sentence)
    """Everything of a fieldbook in its file while somebody copies it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> None:
        self.store.do(lambda tx: None)

    def __exit__(self, *_: object) -> None: ...


def kinds(merged: Merged) -> list[str]:
    return [one.kind for one in merged.conflicts]


def test_what_only_one_side_changed_needs_nobody_to_decide(ours: Store, theirs: Store) -> None:
    note(G1, "changed here", ours)
    note(G2, "changed there", theirs)
    merged = merge(ours, theirs.folder)
    assert (note_in(ours, G1), note_in(ours, G2)) == (["changed here"], ["changed there"])
    assert merged.conflicts == []
    assert (merged.updated["annotation"], merged.kept["annotation"]) == (1, 1)


def test_what_both_changed_is_shown_with_what_it_was_and_stays(ours: Store, theirs: Store) -> None:
    note(G1, "ours", ours)
    note(G1, "theirs", theirs)
    merged = merge(ours, theirs.folder)
    (one,) = merged.conflicts
    assert (one.kind, one.where) == (BOTH_CHANGED, "suzhou3 at 0.00 s, W1, note")
    assert [(d.base, d.ours, d.theirs) for d in one.disputes] == [("text of G1", "ours", "theirs")]
    assert note_in(ours, G1) == ["ours"]
    again = merge(ours, theirs.folder, theirs=[one.key])
    assert (note_in(ours, G1), again.conflicts) == (["theirs"], [])


def test_both_sides_of_one_row_come_together_where_they_do_not_meet(ours: Store, theirs: Store) -> None:
    ours.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, G1), meaning_id="sun", metadata={"a": 1})), undo="x")
    theirs.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, G1), take=3, metadata={"b": 2})), undo="x")
    assert merge(ours, theirs.folder).conflicts == []
    found = segments.segment(ours.reader(), G1)
    assert (found.meaning_id, found.take, found.metadata) == ("sun", 3, {"a": 1, "b": 2})


def test_a_text_and_its_confirmation_are_one_thing() -> None:
    base = {"id": "A", "text": "x", "state": "draft", "language": ""}
    taken, disputed = weigh("annotation", base, {**base, "text": "y"}, {**base, "state": "confirmed"})
    assert taken == {}
    assert {one.field for one in disputed} == {"text", "state"}
    moved = {"id": "G", "start": 0, "stop": 5}
    assert weigh("segment", moved, {**moved, "start": 3}, {**moved, "stop": 2})[0] == {}


def test_what_was_deleted_here_stays_away_unless_they_worked_on_it(ours: Store, theirs: Store) -> None:
    for segment in (G1, G2):
        delete(ours, segment)
    theirs.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, G2), take=7)), undo="x")
    merged = merge(ours, theirs.folder)
    assert kinds(merged) == [DELETED_HERE]
    assert merged.stayed_away == ["segment/G1"]
    assert list(segments.segments(ours.reader(), make_id(ours))) == []
    back = merge(ours, theirs.folder, theirs=["all"])
    assert back.conflicts == []
    assert {one.id for one in segments.segments(ours.reader(), make_id(ours))} == {"G1", "G2"}
    assert note_in(ours, G2) == ["text of G2"]


def make_id(store: Store) -> str:
    return str(next(iter(RECORDING.each(store.reader()))).id)


def test_what_was_deleted_there_stays_and_is_told(ours: Store, theirs: Store) -> None:
    delete(theirs, G1)
    merged = merge(ours, theirs.folder)
    assert [(one.key, one.kind) for one in merged.conflicts] == [("segment/G1", DELETED_THERE)]
    assert segments.segment(ours.reader(), G1).id == "G1"
    merge(ours, theirs.folder, theirs=["segment/G1"])
    assert {one.id for one in segments.segments(ours.reader(), make_id(ours))} == {"G2"}


def test_two_texts_written_apart_both_stay_and_one_written_twice_is_one(ours: Store, theirs: Store) -> None:
    for store, text in ((ours, "sun"), (theirs, "sun")):
        add(store, G1, text)
    for store, text in ((ours, "moon"), (theirs, "the moon")):
        add(store, G2, text)
    merged = merge(ours, theirs.folder)
    assert kinds(merged) == [TWO_TEXTS]
    assert [one.text for one in texts.texts(ours.reader(), G1) if one.tier == "translation"] == ["sun"]
    assert [one.text for one in texts.texts(ours.reader(), G2) if one.tier == "translation"] == ["moon", "the moon"]


def add(store: Store, segment: SegmentId, text: str) -> None:
    store.do(lambda tx: texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=segment, tier="translation", text=text)]))


def test_a_base_somebody_names_settles_what_nothing_else_tells(ours: Store, theirs: Store, tmp_path: Path) -> None:
    base = backup.make(ours.folder / "fieldbook.db", note="given-away")
    kept = tmp_path / "kept.db"
    shutil.move(base, kept)
    for copy in (*backup.found(ours.folder), *backup.found(theirs.folder)):
        copy.unlink()
    for store, text in ((ours, "one"), (ours, "two"), (theirs, "three"), (theirs, "four")):
        store.do(partial(texts.set_text, segment=G1, tier="note", text=text))  # no journal, no backup
    assert kinds(merge(ours, theirs.folder, dry=True)) == [UNKNOWN]
    (one,) = merge(ours, theirs.folder, base=kept, dry=True).conflicts
    assert (one.kind, one.disputes[0].base) == (BOTH_CHANGED, "text of G1")


def test_a_withdrawal_comes_over_whoever_heard_it_and_takes_vectors_along(ours: Store, theirs: Store) -> None:
    who = people.find_person(ours.reader(), "W1")
    assert who is not None

    def embed(tx: Transaction) -> None:
        space = spaces.ensure_space(tx, kind="meaning", model="m", dims=4)
        vectors.put_vectors(tx, space, [(G1, np.ones(4, np.float32))])

    ours.do(embed)
    theirs.do(lambda tx: consent.withdraw(tx, who.id))
    merged = merge(ours, theirs.folder)
    assert merged.conflicts == []
    assert not consent.may_use(ours.reader(), G1, "archive")
    assert not consent.may_use(ours.reader(), G1, "search")
    assert ours.reader().execute("SELECT count(*) FROM vector").fetchone()[0] == 0
    merge(theirs, ours.folder)  # and our older yes does not undo it there
    assert not consent.may_use(theirs.reader(), G1, "archive")


def test_somebody_erased_here_does_not_come_back(ours: Store, theirs: Store) -> None:
    who = people.find_person(ours.reader(), "W1")
    assert who is not None
    ours.do(lambda tx: erase.erase(tx, who.id))
    theirs.do(lambda tx: people.update_person(tx, replace(who, name="Wang Fang")))
    theirs.do(lambda tx: segments.add_segments(tx, [replace(make_segment(segments.segment(tx.db, G1).recording, 50, 60), id=SegmentId("G3"), speaker=who.id)]))
    note(SegmentId("G3"), "secret words", theirs)
    merged = merge(ours, theirs.folder)
    assert segments.segment(ours.reader(), "G3").span == Span(50, 60)
    assert merged.left_out["annotation"] == 3
    told = "".join(path.read_text() for path in (ours.folder / "backups").glob("*.jsonl"))
    everything = told + "".join(str(tuple(row)) for table in ("person", "annotation") for row in ours.reader().execute(f"SELECT * FROM {table}"))
    assert "secret" not in everything
    assert "Wang Fang" not in everything
    assert any("erased in the other" in one for one in merge(theirs, ours.folder).notes)


def test_every_file_that_new_rows_name_comes_along(ours: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "other", "Other") as other:
        make_master(other)
        for name, content in (("audio/suzhou3.wav", b"their sound"), ("audio/suzhou3.original.eaf", b"<x/>"), ("audio/suzhou3.mp3", b"mp3")):
            (other.folder / name).write_bytes(content)
        (ours.folder / "audio/suzhou3.original.eaf").write_bytes(b"<ours/>")
        about = {"annotations": [{"path": "audio/suzhou3.original.eaf", "sha256": "", "name": "x.eaf", "format": "elan"}]}
        (one,) = RECORDING.each(other.reader())
        other.do(lambda tx: sessions.update_recording(tx, replace(one, original="audio/suzhou3.mp3", metadata=about)))
        (other.folder / "audio/outside.wav").symlink_to("/etc/hostname")
        merged = merge(ours, other.folder)
    found = sessions.recording(ours.reader(), one.id)
    assert (ours.folder / found.path).read_bytes() == b"their sound"
    assert (ours.folder / found.original).read_bytes() == b"mp3"
    assert (ours.folder / found.metadata["annotations"][0]["path"]).read_bytes() == b"<x/>"
    assert (ours.folder / "audio/suzhou3.original.eaf").read_bytes() == b"<ours/>"
    assert merged.conflicts == []


def test_baskets_are_joined_and_searches_keep_their_names_apart(ours: Store, theirs: Store) -> None:
    for store, segment, query in ((ours, G1, "sun"), (theirs, G2, "moon")):
        store.do(partial(saved.add_to_basket, segments=[segment]))
        store.do(partial(saved.save_search, name="mine", asked={"query": query, "mode": "words"}))
    merge(ours, theirs.folder)
    assert saved.basket(ours.reader()) == [G1, G2]
    assert {name: asked["query"] for name, asked in saved.saved_searches(ours.reader()).items()} == {"mine": "sun", "mine-2": "moon"}
    assert not [one for one in merge(ours, theirs.folder).notes if "basket" in one or "search" in one]


def test_a_rehearsal_tells_and_changes_nothing(ours: Store, theirs: Store) -> None:
    note(G2, "changed there", theirs)
    before = sorted(path.name for path in ours.folder.rglob("*"))
    merged = merge(ours, theirs.folder, dry=True)
    assert merged.updated["annotation"] == 1
    assert note_in(ours, G2) == ["text of G2"]
    assert sorted(path.name for path in ours.folder.rglob("*")) == before


def test_a_fieldbook_is_not_merged_with_itself(ours: Store) -> None:
    with pytest.raises(WrongUsage):
        merge(ours, ours.folder)


def test_merge_and_restore_on_the_command_line(ours: Store, theirs: Store, capsys: pytest.CaptureFixture[str]) -> None:
    note(G1, "ours", ours)
    note(G1, "theirs", theirs)
    ours.close()
    theirs.close()
    book, other = str(ours.folder), str(theirs.folder)
    assert main(["merge", book, other, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["conflicts"][0]["fields"][0]["base"] == "text of G1"
    assert main(["merge", book, other, "--theirs", told["conflicts"][0]["key"]]) == 0
    assert "1 annotation" in capsys.readouterr().out
    assert main(["restore", book, "--json"]) == 0
    copies = json.loads(capsys.readouterr().out)["copies"]
    assert any("before-merge" in name for name in copies)
    before = next(name for name in reversed(copies) if "before-merge" in name)
    assert main(["restore", book, "--copy", before]) == 0
    with Store.open(ours.folder) as back:
        assert note_in(back, G1) == ["ours"]
    assert main(["restore", book, "--copy", "nothing.db"]) == 1
    assert main(["merge", book, str(ours.folder.parent)]) == 1
