"""People, sessions, prompts, segments and texts go in and come out as the same values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import FieldError, NotThere, WrongUsage
from fieldapp.model import (
    Annotation,
    AnnotationId,
    Changed,
    Event,
    EventId,
    Item,
    ItemId,
    Person,
    PersonId,
    PromptList,
    PromptListId,
    RecordingId,
    Segment,
    SegmentId,
    SessionId,
    Span,
    Variety,
    VarietyId,
    new_id,
)
from fieldapp.store import people, prompts, segments, sessions, texts
from fieldapp.store.storable import clean, to_json
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_segment


def add(store: Store, *added: Segment) -> None:
    store.do(lambda tx: segments.add_segments(tx, added))


def test_a_person_comes_back_as_it_went_in(store: Store) -> None:
    person = Person(
        id=PersonId(new_id()), code="W1", name="Wáng Fāng", birth_year=1951, languages=("wuu", "cmn"), metadata={"village": "田野", "kin": ["a", {"b": 1}]}
    )
    store.do(lambda tx: people.add_person(tx, person))
    assert people.person(store.reader(), person.id) == person
    changed = replace(person, nickname="Fang")
    store.do(lambda tx: people.update_person(tx, changed))
    assert people.find_person(store.reader(), "W1") == changed


def test_a_variety_with_a_place_comes_back(store: Store) -> None:
    variety = Variety(id=VarietyId(new_id()), name="Sūzhōu", glottocode="suzh1234", latitude=31.3, longitude=120.6)
    store.do(lambda tx: people.add_variety(tx, variety))
    assert people.varieties(store.reader()) == [variety]
    assert store.do(lambda tx: people.ensure_variety(tx, "Su\u0304zho\u0304u")) == variety  # the same name, decomposed


def test_what_has_no_name_is_refused(store: Store) -> None:
    with pytest.raises(WrongUsage, match="code"):
        store.do(lambda tx: people.ensure_person(tx, " "))


def test_something_that_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(NotThere, match="no person"):
        people.person(store.reader(), "nobody")
    with pytest.raises(NotThere, match="no segment"):
        store.do(lambda tx: segments.delete_segments(tx, [SegmentId("none")]))


def test_a_reference_to_nothing_is_refused(store: Store) -> None:
    with pytest.raises(FieldError, match="not \\(or no longer\\) in the fieldbook"):
        add(store, make_segment(RecordingId("none"), 0, 1))


def test_parts_of_a_master_come_in_order(store: Store, master: RecordingId) -> None:
    first = sessions.recording(store.reader(), master)
    later = [replace(first, id=RecordingId(new_id()), path=f"audio/suzhou3-{part}.wav", master=master, part=part, first_frame=part * 500000) for part in (2, 1)]
    for part in later:
        store.do(lambda tx, part=part: sessions.add_recording(tx, part))  # type: ignore[misc]
    assert [part.part for part in sessions.parts(store.reader(), master)] == [0, 1, 2]
    assert sessions.recordings(store.reader(), first.session) == sessions.recordings(store.reader())


@pytest.mark.parametrize("path", ["/etc/passwd", "../out.wav", "audio/../../x.wav", "C:/x.wav", "audio\\x.wav"])
def test_a_recording_stays_inside_the_fieldbook(store: Store, master: RecordingId, path: str) -> None:
    known = sessions.recording(store.reader(), master)
    with pytest.raises(WrongUsage, match="inside"):
        store.do(lambda tx: sessions.add_recording(tx, replace(known, id=RecordingId(new_id()), path=path)))


def test_events_and_participants_come_back(store: Store, master: RecordingId, speaker: PersonId) -> None:
    session = SessionId(sessions.recording(store.reader(), master).session)
    made = [Event(id=EventId(new_id()), recording=master, frame=frame, kind="mark", value={"why": "laugh"}) for frame in (9, 3)]

    def work(tx: Transaction) -> None:
        sessions.add_events(tx, made)
        sessions.take_part(tx, session, speaker)
        sessions.take_part(tx, session, speaker)

    store.do(work)
    assert [event.frame for event in sessions.events(store.reader(), master)] == [3, 9]
    assert sessions.participants(store.reader(), session) == [(speaker, "speaker")]


def test_a_prompt_list_comes_back_in_order(store: Store) -> None:
    sun = PromptList(id=PromptListId(new_id()), name="Swadesh 100", seed=7)
    items = [Item(id=ItemId(new_id()), promptlist=sun.id, position=p, meaning_id=m, gloss={"en": m, "zh": "太阳"}) for p, m in ((2, "moon"), (1, "sun"))]
    store.do(lambda tx: prompts.add_promptlist(tx, sun, items))
    assert prompts.find_promptlist(store.reader(), "Swadesh 100") == sun
    assert prompts.items(store.reader(), sun.id) == items[::-1]


def test_many_segments_and_texts_in_one_go(store: Store, master: RecordingId) -> None:
    made = [make_segment(master, n * 10, n * 10 + 10, best=n % 2 == 0, quality={"snr": n}) for n in range(500)]
    written_texts = [Annotation(id=AnnotationId(new_id()), segment=one.id, tier="transcription", text=f"ŋ̩˥˧ {n}") for n, one in enumerate(made)]

    def work(tx: Transaction) -> None:
        segments.add_segments(tx, made)
        texts.add_texts(tx, written_texts)

    written = store.write(work).result()
    assert written.changed == Changed.SEGMENTS | Changed.ANNOTATIONS
    assert segments.segments(store.reader(), master) == made
    assert segments.segments(store.reader(), master, Span(15, 21)) == made[1:3]
    assert texts.texts(store.reader(), made[7].id) == [written_texts[7]]
    assert len(segments.pending(store.reader(), 100)) == 100


def test_what_many_rows_say_alike_is_in_memory_once(store: Store, master: RecordingId) -> None:
    made = [make_segment(master, n * 10, n * 10 + 10) for n in range(20)]
    written = [Annotation(id=AnnotationId(new_id()), segment=one.id, tier="my own tier", text=f"text {one.id}", language="hak") for one in made]
    add(store, *made)
    store.do(lambda tx: texts.add_texts(tx, written))
    read = segments.segments(store.reader(), master)
    said = [texts.texts(store.reader(), one.id)[0] for one in read]
    assert len({id(one.recording) for one in read}) == 1
    assert len({id(one.tier) for one in said}) == len({id(one.language) for one in said}) == 1


def test_splitting_and_merging_keep_every_text_and_frame(store: Store, master: RecordingId, speaker: PersonId) -> None:
    whole = make_segment(master, 0, 100, speaker=speaker)
    add(store, whole)
    store.do(lambda tx: texts.set_text(tx, whole.id, "gloss", "one"))
    first, second = store.do(lambda tx: segments.split_segment(tx, whole.id, 40))
    assert (first.id, first.span, second.span) == (whole.id, Span(0, 40), Span(40, 100))
    store.do(lambda tx: texts.set_text(tx, second.id, "gloss", "two"))
    store.do(lambda tx: texts.set_text(tx, second.id, "note", "loud"))
    joined = store.do(lambda tx: segments.merge_segments(tx, [second.id, first.id]))
    assert joined.span == whole.span
    assert [(text.tier, text.text) for text in texts.texts(store.reader(), whole.id)] == [("gloss", "one two"), ("note", "loud")]
    with pytest.raises(WrongUsage, match="inside"):
        store.do(lambda tx: segments.split_segment(tx, whole.id, 100))
    with pytest.raises(WrongUsage, match="at least two"):
        store.do(lambda tx: segments.merge_segments(tx, [whole.id, whole.id]))


def test_a_changed_span_loses_its_vectors(store: Store, master: RecordingId) -> None:
    one = make_segment(master, 0, 100)
    add(store, one)

    def vectors(tx: Transaction) -> None:
        tx.db.execute("INSERT INTO space (id, kind, model, dims, created) VALUES ('s', 'meaning', 'm', 1, '')")
        tx.db.execute("INSERT INTO vector (id, segment, space, data, crc, created) VALUES ('v', ?, 's', x'00', 0, '')", (one.id,))

    store.do(vectors)
    store.do(lambda tx: segments.update_segment(tx, replace(one, state="checked")))
    assert store.reader().execute("SELECT count(*) FROM vector").fetchone()[0] == 1
    written = store.write(lambda tx: segments.update_segment(tx, replace(one, span=Span(0, 99)))).result()
    assert Changed.VECTORS in written.changed
    assert store.reader().execute("SELECT count(*) FROM vector").fetchone()[0] == 0


def test_there_is_one_best_take(store: Store, master: RecordingId, speaker: PersonId) -> None:
    takes = [make_segment(master, n, n + 1, speaker=speaker, meaning_id="sun", take=n + 1) for n in range(3)]
    other = make_segment(master, 9, 10, speaker=speaker, meaning_id="moon", best=True)
    add(store, *takes, other)
    for chosen in takes:
        store.do(lambda tx, chosen=chosen: segments.set_best(tx, chosen.id))  # type: ignore[misc]
        assert [one.id for one in segments.segments(store.reader(), master) if one.best] == [chosen.id, other.id]


def test_a_draft_becomes_a_fact_and_keeps_its_source(store: Store, master: RecordingId) -> None:
    one = make_segment(master, 0, 1)
    add(store, one)
    draft = store.do(lambda tx: texts.set_text(tx, one.id, "transcription", "tʰɑ", source="machine:starter", state="draft"))
    store.do(lambda tx: texts.confirm(tx, draft.id))
    assert texts.text(store.reader(), draft.id) == replace(draft, state="confirmed")
    corrected = store.do(lambda tx: texts.set_text(tx, one.id, "transcription", "tʰɑ˥˩"))
    assert (corrected.id, corrected.source) == (draft.id, "person")


def test_what_no_text_can_hold_is_replaced_and_reported(store: Store, master: RecordingId) -> None:
    one = make_segment(master, 0, 1, metadata={"a\x00": "\udc80"})
    add(store, one)
    written = store.write(lambda tx: texts.set_text(tx, one.id, "note", "a\x00b\ud800c")).result()
    assert written.notes == ("annotation.text: characters that no text can hold (NUL, halves of surrogate pairs) were replaced.",)
    assert texts.text(store.reader(), written.value.id).text == "a␀b\ufffdc"
    assert segments.segment(store.reader(), one.id).metadata == {"a␀": "\ufffd"}


def test_a_text_of_a_megabyte_is_kept(store: Store, master: RecordingId) -> None:
    one = make_segment(master, 0, 1)
    add(store, one)
    long = "田野ŋ" * 350_000
    made = store.do(lambda tx: texts.set_text(tx, one.id, "note", long))
    assert texts.text(store.reader(), made.id).text == long


@given(st.text(st.characters(), max_size=40))
def test_any_text_can_be_stored_and_cleaning_twice_changes_nothing(text: str) -> None:
    stored, replaced = clean(text)
    stored.encode()
    assert "\x00" not in stored
    assert clean(stored) == (stored, False)
    assert replaced == ("\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text))


@given(st.recursive(st.text(st.characters(), max_size=8) | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_columns_hold_any_text_inside(value: object) -> None:
    import json

    stored, _ = to_json(value)
    stored.encode()
    json.loads(stored)
