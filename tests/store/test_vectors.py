"""Vectors and frames in the fieldbook: checksummed, replaced, found lacking, read fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fieldapp.errors import Damaged, WrongUsage
from fieldapp.model import Changed, RecordingId, SegmentId, Space, Span
from fieldapp.store import consent, people, segments, spaces, texts, vectors
from fieldapp.store.store import Store
from store.building import make_segment


def make_space(store: Store, kind: str = "meaning", dims: int = 8, model: str = "starter@1") -> Space:
    return store.do(lambda tx: spaces.ensure_space(tx, kind=kind, model=model, dims=dims))


def make_segments(store: Store, master: RecordingId, count: int) -> list[SegmentId]:
    made = [make_segment(master, i * 1000, i * 1000 + 900) for i in range(count)]
    store.do(lambda tx: segments.add_segments(tx, made))
    return [segment.id for segment in made]


def some(count: int, dims: int = 8, seed: int = 0) -> vectors.F32:
    return np.random.default_rng(seed).standard_normal((count, dims)).astype(np.float32)


def test_a_vector_comes_back_as_it_was_put(store: Store, master: RecordingId) -> None:
    space, (first, second) = make_space(store), make_segments(store, master, 2)
    told: list[Changed] = []
    stop = store.subscribe(told.append)
    values = some(1)[0]
    store.do(lambda tx: vectors.put_vectors(tx, space, [(first, values)]))
    stop()
    found = vectors.vector(store.reader(), space, first)
    assert found is not None
    np.testing.assert_allclose(found, values, rtol=1e-3)
    assert vectors.vector(store.reader(), space, second) is None
    assert told == [Changed.VECTORS]


def test_a_replaced_vector_gets_a_new_row_number(store: Store, master: RecordingId) -> None:
    space, (only,) = make_space(store), make_segments(store, master, 1)
    store.do(lambda tx: vectors.put_vectors(tx, space, [(only, some(1)[0])]))
    before = vectors.matrix(store.reader(), space)[0]
    store.do(lambda tx: vectors.put_vectors(tx, space, [(only, some(1, seed=1)[0])]))
    pks, matrix = vectors.matrix(store.reader(), space)
    assert len(pks) == 1
    assert pks[0] > before[0]
    np.testing.assert_allclose(matrix[0], some(1, seed=1)[0], rtol=1e-3)
    assert vectors.segments_of(store.reader(), pks) == {int(pks[0]): only}


def test_vectors_that_do_not_fit_their_space_are_bugs(store: Store, master: RecordingId) -> None:
    space, (only,) = make_space(store), make_segments(store, master, 1)
    for wrong in (np.zeros(7, np.float32), np.full(8, np.nan, np.float32)):
        with pytest.raises(ValueError, match="does not fit"):
            store.do(lambda tx, wrong=wrong: vectors.put_vectors(tx, space, [(only, wrong)]))  # type: ignore[misc]


def test_a_space_is_made_once_and_never_changes_its_width(store: Store) -> None:
    assert make_space(store) == make_space(store)
    assert make_space(store, kind="sound") != make_space(store)
    with pytest.raises(WrongUsage, match="of 8 numbers, not 9"):
        make_space(store, dims=9)


def test_headed_spaces_count_their_versions_and_keep_their_head(store: Store, master: RecordingId) -> None:
    raw, ids = make_space(store), make_segments(store, master, 2)
    store.do(lambda tx: vectors.put_vectors(tx, raw, [(ids[0], some(1)[0])]))
    assert spaces.space_to_search(store.reader(), "meaning") == raw
    first = store.do(lambda tx: spaces.add_headed_space(tx, raw, "whitening", 4, b"\x00head 1\xff"))
    second = store.do(lambda tx: spaces.add_headed_space(tx, raw, "whitening", 4, b"head 2"))
    assert (first.version, second.version) == (1, 2)
    assert spaces.head_of(store.reader(), first.id) == b"\x00head 1\xff"
    assert spaces.head_of(store.reader(), raw.id) is None
    assert spaces.space_to_search(store.reader(), "meaning") == raw  # a space without vectors finds nothing
    store.do(lambda tx: vectors.put_vectors(tx, first, [(ids[0], some(1, 4)[0])]))
    assert spaces.space_to_search(store.reader(), "meaning", "starter@1") == first
    assert spaces.space_to_search(store.reader(), "meaning", "other") is None
    store.do(lambda tx: spaces.drop_space(tx, first.id))
    assert vectors.vector(store.reader(), first, ids[0]) is None
    assert spaces.spaces(store.reader(), "meaning") == [raw, second]


def test_a_flipped_bit_is_seen_and_left_out(store: Store, master: RecordingId) -> None:
    space, ids = make_space(store), make_segments(store, master, 5)
    store.do(lambda tx: vectors.put_vectors(tx, space, zip(ids, some(5))))
    store.do(lambda tx: vectors.put_frames(tx, space, ids[0], 3, 25.0, b"frames"))
    store.do(lambda tx: tx.db.execute("UPDATE vector SET data = zeroblob(16) WHERE segment = ?", (ids[2],)))
    store.do(lambda tx: tx.db.execute("UPDATE vector SET data = x'00' WHERE segment = ?", (ids[3],)))
    store.do(lambda tx: tx.db.execute("UPDATE frames SET data = x'00'"))
    with pytest.raises(Damaged, match="vector is damaged"):
        vectors.vector(store.reader(), space, ids[2])
    with pytest.raises(Damaged, match="frames of a segment are damaged"):
        vectors.frames(store.reader(), space, ids[0])
    (block,) = vectors.blocks(store.reader(), space)
    assert len(block.pks) == len(block.matrix) == 3
    assert len(block.damaged) == 2
    assert store.do(vectors.drop_damaged) == 3
    assert vectors.lacking(store.reader(), space) == [ids[2], ids[3]]


def test_frames_come_back(store: Store, master: RecordingId) -> None:
    space, (only,) = make_space(store), make_segments(store, master, 1)
    assert vectors.frames(store.reader(), space, only) is None
    store.do(lambda tx: vectors.put_frames(tx, space, only, 3, 25.0, b"frames"))
    assert vectors.frames(store.reader(), space, only) == vectors.StoredFrames(3, 25.0, b"frames")


def test_only_segments_whose_sound_changed_lack_a_vector(store: Store, master: RecordingId) -> None:
    space, ids = make_space(store), make_segments(store, master, 4)
    assert vectors.lacking(store.reader(), space) == ids
    store.do(lambda tx: vectors.put_vectors(tx, space, zip(ids, some(4))))
    assert vectors.lacking(store.reader(), space) == []
    one, two = (segments.segment(store.reader(), i) for i in ids[:2])
    store.do(lambda tx: segments.update_segment(tx, replace(one, meaning_id="w:sun")))  # another label: the sound is the same
    assert vectors.lacking(store.reader(), space) == []
    store.do(lambda tx: segments.update_segment(tx, replace(two, span=Span(two.span.start, two.span.stop + 50))))
    assert vectors.lacking(store.reader(), space) == [ids[1]]
    store.do(lambda tx: segments.update_segment(tx, replace(two, state="rejected")))
    assert vectors.lacking(store.reader(), space) == []


def test_only_texts_that_changed_lack_a_vector(store: Store, master: RecordingId) -> None:
    space, ids = make_space(store, kind="text:translation"), make_segments(store, master, 3)
    store.do(lambda tx: [texts.set_text(tx, i, "translation", f"the sun {n}") for n, i in enumerate(ids)])
    assert [text for _, text in vectors.lacking_text(store.reader(), space, "translation")] == ["the sun 0", "the sun 1", "the sun 2"]
    store.do(lambda tx: vectors.put_vectors(tx, space, zip(ids, some(3)), as_of="2999-01-01T00:00:00.000Z"))
    assert vectors.lacking_text(store.reader(), space, "translation") == []
    store.do(lambda tx: tx.db.execute("UPDATE vector SET created = '2000-01-01T00:00:00.000Z' WHERE segment = ?", (ids[1],)))
    assert vectors.lacking_text(store.reader(), space, "translation") == [(ids[1], "the sun 1")]
    store.do(lambda tx: texts.set_text(tx, ids[1], "translation", "a draft", source="machine:x", state="draft", language="en"))
    assert vectors.lacking_text(store.reader(), space, "translation") == [(ids[1], "the sun 1")]  # what a person confirmed counts
    assert vectors.lacking_text(store.reader(), space, "gloss") == []
    speaker = store.do(lambda tx: people.ensure_person(tx, "W9")).id
    store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, ids[1]), speaker=speaker)))
    store.do(lambda tx: consent.withdraw(tx, speaker, "search"))
    assert vectors.lacking_text(store.reader(), space, "translation") == []


def test_what_one_space_has_and_another_lacks(store: Store, master: RecordingId) -> None:
    raw, headed, ids = make_space(store), make_space(store, model="other"), make_segments(store, master, 3)
    store.do(lambda tx: vectors.put_vectors(tx, raw, zip(ids, some(3))))
    store.do(lambda tx: vectors.put_vectors(tx, headed, [(ids[1], some(1)[0])]))
    assert [segment for segment, _ in vectors.only_in(store.reader(), raw, headed)] == [ids[0], ids[2]]


def test_a_deleted_segment_takes_its_vectors_along(store: Store, master: RecordingId) -> None:
    space, ids = make_space(store), make_segments(store, master, 2)
    store.do(lambda tx: vectors.put_vectors(tx, space, zip(ids, some(2))))
    store.do(lambda tx: segments.delete_segments(tx, ids[:1]))
    assert vectors.counted(store.reader(), space) == 1


def test_a_cache_reads_on_where_it_stopped(store: Store, master: RecordingId) -> None:
    space, ids = make_space(store), make_segments(store, master, 10)
    store.do(lambda tx: vectors.put_vectors(tx, space, zip(ids, some(10))))
    read = list(vectors.blocks(store.reader(), space, rows=4))
    assert [len(block.pks) for block in read] == [4, 4, 2]
    assert not list(vectors.blocks(store.reader(), space, after=int(read[-1].pks[-1])))
    assert vectors.matrix(store.reader(), make_space(store, model="empty"))[1].shape == (0, 8)
