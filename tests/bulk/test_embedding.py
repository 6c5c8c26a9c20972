"""One pass, several spaces: what a segment leaves in the fieldbook, and how heads come, grow and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from fieldapp.bulk.embedding import Embeddings
from fieldapp.errors import FieldError
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech import heads
from fieldapp.speech.embed import Embedded, embedded, unpack
from fieldapp.speech.manifest import Manifest
from fieldapp.speech.recogniser import Recogniser
from fieldapp.store import consent, people, segments, sessions, spaces, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

WIDTH = 12


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "book", "Vectors") as made:
        yield made


def add_segments(book: Store, count: int) -> list[Segment]:
    def work(tx: Transaction) -> list[Segment]:
        session = sessions.ensure_session(tx, "one")
        known = sessions.recordings(tx.db)
        if not known:
            known = [Recording(id=RecordingId(new_id()), session=session.id, path="audio/one.wav", rate=48000, channels=1, bits=24, frames=1 << 30)]
            sessions.add_recording(tx, known[0])
        made = [Segment(id=SegmentId(new_id()), recording=known[0].id, span=Span(i * 1000, i * 1000 + 900)) for i in range(count)]
        segments.add_segments(tx, made)
        return made

    return book.do(work)


def heard(seed: int) -> Embedded:
    return embedded(np.random.default_rng(seed).standard_normal((30, WIDTH)).astype(np.float32) + 3)


def put_all(book: Store, home: Embeddings, these: list[Segment]) -> None:
    for number, segment in enumerate(these):
        assert book.do(lambda tx, n=number, s=segment: home.put(tx, s, heard(n)))  # type: ignore[misc]


def test_one_pass_leaves_meaning_sound_and_frames(book: Store) -> None:
    (only,) = add_segments(book, 1)
    home = Embeddings.open(book, "starter@1", WIDTH)
    assert home.lacking(book.reader()) == [only.id]
    put_all(book, home, [only])
    assert home.lacking(book.reader()) == []
    meaning = vectors.vector(book.reader(), home.raw["meaning"], only.id)
    assert meaning is not None
    np.testing.assert_allclose(meaning, heard(0).meaning, atol=1e-3)
    sound = vectors.vector(book.reader(), home.raw["sound"], only.id)
    assert sound is not None
    assert sound.shape == (3 * WIDTH,)
    frames = vectors.frames(book.reader(), home.raw["meaning"], only.id)
    assert frames is not None
    np.testing.assert_array_equal(unpack(frames.data).values, heard(0).kept.values)
    assert (frames.count, frames.rate) == (15, 25.0)


def test_a_segment_that_was_moved_meanwhile_gets_nothing(book: Store) -> None:
    first, second = add_segments(book, 2)
    home = Embeddings.open(book, "starter@1", WIDTH)
    book.do(lambda tx: segments.update_segment(tx, replace(first, span=Span(5, 700))))
    book.do(lambda tx: segments.delete_segments(tx, [second.id]))
    for old in (first, second):
        assert not book.do(lambda tx, old=old: home.put(tx, old, heard(1)))  # type: ignore[misc]
    assert home.lacking(book.reader()) == [first.id]


def test_what_a_withdrawal_deleted_does_not_come_back(book: Store) -> None:
    first, second = add_segments(book, 2)
    speaker = book.do(lambda tx: people.ensure_person(tx, "W1")).id
    book.do(lambda tx: segments.update_segment(tx, replace(first, speaker=speaker)))
    home = Embeddings.open(book, "starter@1", WIDTH)
    put_all(book, home, [first, second])
    book.do(lambda tx: consent.withdraw(tx, speaker))
    assert vectors.counted(book.reader(), home.raw["meaning"]) == 1
    assert home.lacking(book.reader()) == []
    assert not book.do(lambda tx: home.put(tx, first, heard(0)))  # a run that was under way
    assert vectors.counted(book.reader(), home.raw["meaning"]) == 1


def test_a_head_comes_with_enough_segments_grows_with_them_and_new_vectors_pass_through_it(book: Store) -> None:
    home = Embeddings.open(book, "starter@1", WIDTH)
    put_all(book, home, add_segments(book, heads.FEWEST - 1))
    assert home.renew_heads(book) == []
    put_all(book, home, add_segments(book, 1))
    assert len(home.renew_heads(book)) == 2
    assert home.renew_heads(book) == []
    found = spaces.space_to_search(book.reader(), "meaning")
    assert found is not None
    assert (found.head, found.version, found.dims) == ("whitening", 1, WIDTH)
    assert vectors.counted(book.reader(), found) == heads.FEWEST

    later = add_segments(book, 1)
    again = Embeddings.open(book, "starter@1", WIDTH)  # another start of the program
    put_all(book, again, later)
    assert vectors.counted(book.reader(), found) == heads.FEWEST + 1

    put_all(book, again, add_segments(book, 4 * heads.FEWEST))
    again.renew_heads(book)
    grown = spaces.space_to_search(book.reader(), "meaning")
    assert grown is not None
    assert grown.version == 2
    assert found not in spaces.spaces(book.reader())
    assert vectors.counted(book.reader(), grown) == vectors.counted(book.reader(), again.raw["meaning"])


def test_what_a_crash_left_out_is_filled_up(book: Store) -> None:
    home = Embeddings.open(book, "starter@1", WIDTH)
    put_all(book, home, add_segments(book, 20))
    home.renew_heads(book)
    space = home.headed[0]
    book.do(lambda tx: tx.db.execute("DELETE FROM vector WHERE space = ? AND pk % 2", (space.id,)))
    home.fill_up(book)
    assert vectors.counted(book.reader(), space) == 20


def test_models_and_layers_never_share_a_space(book: Store) -> None:
    one, two, three = Embeddings.open(book, "a@1", WIDTH), Embeddings.open(book, "a@1", WIDTH, layer=3), Embeddings.open(book, "b@1", WIDTH + 1)
    assert len({space.id for home in (one, two, three) for space in home.raw.values()}) == 6


def test_a_trained_head_stands_beside_the_fieldbooks_own_and_a_foreign_one_is_refused(book: Store) -> None:
    home = Embeddings.open(book, "a@1", WIDTH)
    put_all(book, home, add_segments(book, 20))
    home.renew_heads(book)
    trained = heads.Head("suzhou", np.zeros(WIDTH, np.float32), np.eye(WIDTH, 4, dtype=np.float32))
    space = home.adopt(book, "meaning", trained)
    assert spaces.space_to_search(book.reader(), "meaning") == space
    put_all(book, home, add_segments(book, 80))
    home.renew_heads(book)
    assert spaces.space_to_search(book.reader(), "meaning") == space  # though the fieldbook's own head is newer now
    assert [s.head for s in home.headed if s.kind == "meaning"] == ["suzhou", "whitening"]
    wrong = heads.Head("other", np.zeros(3, np.float32), np.eye(3, dtype=np.float32))
    with pytest.raises(FieldError, match="another model"):
        home.adopt(book, "meaning", wrong)
    assert len(spaces.spaces(book.reader())) == 5


def test_the_head_that_came_with_a_model_gets_a_space_of_its_own_once(book: Store) -> None:
    head = heads.Head("meaning", np.zeros(WIDTH, np.float32), np.eye(WIDTH, 4, dtype=np.float32), text_model="bag@1")
    recogniser = cast("Recogniser", SimpleNamespace(manifest=Manifest(name="starter"), meaning=head))
    home = Embeddings.of(book, recogniser, WIDTH)
    put_all(book, home, add_segments(book, 3))
    again = Embeddings.of(book, recogniser, WIDTH)
    assert [space.head for space in again.headed] == ["meaning"] == [space.head for space in home.headed]
    kept = spaces.head_of(book.reader(), again.headed[0].id)
    assert kept is not None
    assert heads.from_bytes(kept).text_model == "bag@1"
    assert vectors.counted(book.reader(), again.headed[0]) == 3
