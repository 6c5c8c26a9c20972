"""Consent: one rule in two forms, defaults, exceptions, running out and taking back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fieldapp.errors import WrongUsage
from fieldapp.model import Changed, Consent, ConsentId, PersonId, RecordingId, SegmentId, SessionId, new_id
from fieldapp.store import consent, people, segments, sessions, texts, undo
from fieldapp.store.consent import ANYONE, ANYTHING, may_use
from fieldapp.store.consent_filter import condition
from fieldapp.store.consent_filter import people as people_who
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_master, make_segment

NOW = "2026-06-15T12:00:00.000Z"


@pytest.fixture
def story(store: Store, master: RecordingId, speaker: PersonId) -> SegmentId:
    made = make_segment(master, 0, 10, speaker=speaker)
    store.do(lambda tx: segments.add_segments(tx, [made]))
    return made.id


def say(store: Store, person: str, purpose: str, allowed: bool, **more: str | None) -> None:
    row = Consent(id=ConsentId(new_id()), person=PersonId(person), purpose=purpose, allowed=allowed, **more)  # type: ignore[arg-type]
    store.do(lambda tx: consent.give(tx, row))


def test_without_a_word_the_laptop_may_work_and_nothing_may_leave(store: Store, story: SegmentId) -> None:
    db = store.reader()
    assert may_use(db, story, "search")
    assert may_use(db, story, "listen")
    for purpose in ("publish", "train", "archive", "share", "something new"):
        verdict = may_use(db, story, purpose)
        assert not verdict
        assert verdict.why == f"W1 has not allowed '{purpose}' (nothing is noted)."


def test_a_grant_reaches_its_audience_and_no_other(store: Store, story: SegmentId, speaker: PersonId) -> None:
    say(store, speaker, "publish", True, given="2026-01-01", audience="researchers")
    assert may_use(store.reader(), story, "publish", "researchers", NOW).why == "W1 allowed 'publish' for researchers on 2026-01-01."
    assert not may_use(store.reader(), story, "publish", ANYONE, NOW)
    assert not may_use(store.reader(), story, "train", "researchers", NOW)


def test_a_grant_runs_out_after_its_last_day(store: Store, story: SegmentId, speaker: PersonId) -> None:
    say(store, speaker, "publish", True, given="2026-01-01", until="2026-06-15")
    assert may_use(store.reader(), story, "publish", at=NOW)
    assert not may_use(store.reader(), story, "publish", at="2025-12-31")
    assert may_use(store.reader(), story, "publish", at="2026-06-16").why == "W1 allowed 'publish' for anyone only until 2026-06-15."


def test_one_story_can_be_held_back_or_let_go(store: Store, story: SegmentId, speaker: PersonId) -> None:
    say(store, speaker, ANYTHING, True, given="2026-01-01")
    say(store, speaker, "publish", False, given="2026-01-01", segment=story)
    assert not may_use(store.reader(), story, "publish", at=NOW)
    assert may_use(store.reader(), story, "train", at=NOW)
    say(store, speaker, ANYTHING, True, given="2026-02-01")
    assert not may_use(store.reader(), story, "publish", at=NOW), "a general yes must not open what was held back in particular"
    say(store, speaker, "publish", True, given="2026-03-01", segment=story)
    assert may_use(store.reader(), story, "publish", at=NOW)
    say(store, speaker, "publish", False, given="2026-04-01")
    assert not may_use(store.reader(), story, "publish", at=NOW), "a newer general no ends it"


def test_somebody_else_in_the_segment_can_say_no(store: Store, story: SegmentId, speaker: PersonId) -> None:
    other = store.do(lambda tx: people.ensure_person(tx, "X2")).id
    say(store, speaker, "publish", True, given="2026-01-01")
    say(store, other, "publish", False, given="2025-01-01", segment=story)
    assert not may_use(store.reader(), story, "publish", at=NOW)


def test_withdrawing_reaches_vectors_and_the_history_of_edits(store: Store, story: SegmentId, speaker: PersonId) -> None:
    say(store, speaker, ANYTHING, True, given="2026-01-01")
    say(store, speaker, "publish", True, given="2026-01-01", segment=story)

    def vectors(tx: Transaction) -> None:
        tx.db.execute("INSERT INTO space (id, kind, model, dims, created) VALUES ('s', 'meaning', 'm', 1, '')")
        tx.db.execute("INSERT INTO vector (id, segment, space, data, crc, created) VALUES ('v', ?, 's', x'00', 0, '')", (story,))

    store.do(vectors)
    store.do(lambda tx: texts.set_text(tx, story, "note", "private"), undo="Type")
    assert may_use(store.reader(), story, "publish")
    written = store.write(lambda tx: consent.withdraw(tx, speaker)).result()
    assert (written.value.segments, written.value.texts, written.value.vectors_deleted) == (1, 1, 1)
    assert Changed.CONSENT | Changed.VECTORS in written.changed
    assert undo.labels(store.reader()) == ("", "")
    for purpose in ("search", "publish", "train"):
        assert not may_use(store.reader(), story, purpose)


def test_withdrawing_one_purpose_leaves_the_others(store: Store, story: SegmentId, speaker: PersonId) -> None:
    say(store, speaker, ANYTHING, True, given="2026-01-01")
    say(store, speaker, ANYTHING, True, given="2026-01-01", segment=story)
    written = store.write(lambda tx: consent.withdraw(tx, speaker, "train", note="by telephone")).result()
    assert not may_use(store.reader(), story, "train")
    assert may_use(store.reader(), story, "publish")
    assert Changed.VECTORS not in written.changed
    assert [row.note for row in consent.consents(store.reader(), speaker)][-1] == "by telephone"


def test_a_consent_for_nothing_is_refused(store: Store, speaker: PersonId) -> None:
    with pytest.raises(WrongUsage, match="purpose"):
        say(store, speaker, " ", True)


DAYS = st.sampled_from(["2026-01-01", "2026-03-01", "2026-05-05T10:00:00.000Z", "2026-06-15", "2026-09-01"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from(["A", "B"]),
            "purpose": st.sampled_from(["search", "publish", ANYTHING]),
            "allowed": st.booleans(),
            "audience": st.sampled_from([ANYONE, "press", "village"]),
            "given": DAYS,
            "until": st.none() | DAYS,
            "withdrawn": st.none() | DAYS,
            "segment": st.none() | st.sampled_from(["sA", "sB", "s-", "s1"]),
        }
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Segments of A, of B, of nobody, and of nobody in sessions where A, or A and B, took part."""
    with Store.create(tmp_path_factory.mktemp("consent") / "book", "") as store:
        master = make_master(store)

        def fill(tx: Transaction) -> None:
            tx.db.executemany("INSERT INTO person (id, code, created, changed) VALUES (?, ?, '', '')", [("A", "A"), ("B", "B")])
            for identity, speaker in (("sA", "A"), ("sB", "B"), ("s-", None)):
                tx.db.execute(
                    "INSERT INTO segment (id, recording, start, stop, speaker, created, changed) VALUES (?, ?, 0, 1, ?, '', '')", (identity, master, speaker)
                )
            for number, taking_part in enumerate(("A", "AB")):
                session, sound, segment = f"session{number}", f"sound{number}", f"s{number}"
                tx.db.execute("INSERT INTO session (id, name, created, changed) VALUES (?, ?, '', '')", (session, session))
                tx.db.execute(
                    "INSERT INTO recording (id, session, path, rate, channels, bits, frames, created, changed) VALUES (?, ?, ?, 16000, 1, 16, 9, '', '')",
                    (sound, session, f"audio/{sound}.wav"),
                )
                tx.db.execute("INSERT INTO segment (id, recording, start, stop, created, changed) VALUES (?, ?, 0, 1, '', '')", (segment, sound))
                for person in taking_part:
                    sessions.take_part(tx, SessionId(session), PersonId(person))

        store.do(fill)
        yield store


IDENTITIES = ("sA", "sB", "s-", "s0", "s1")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.sampled_from(["search", "publish", "train"]), st.sampled_from([ANYONE, "press"]), DAYS)
@example([], "search", ANYONE, NOW)
def test_the_answer_and_the_sql_condition_agree(shared: Store, rows: list[dict[str, object]], purpose: str, audience: str, at: str) -> None:
    def replace_all(tx: Transaction) -> None:
        tx.db.execute("DELETE FROM consent")
        for row in rows:
            consent.give(tx, Consent(id=ConsentId(new_id()), **row))  # type: ignore[arg-type]

    shared.do(replace_all)
    db = shared.reader()
    clause = condition(db, purpose, audience, at, segment="s")
    found = {row["id"] for row in db.execute(f"SELECT s.id FROM segment s WHERE {clause.sql}", clause.parameters)}
    assert found == {identity for identity in IDENTITIES if may_use(db, identity, purpose, audience, at)}


def test_where_nobody_is_named_everybody_who_took_part_must_have_allowed_it(shared: Store) -> None:
    def told(*said: tuple[str, str, bool]) -> dict[str, str]:
        shared.do(lambda tx: tx.db.execute("DELETE FROM consent"))
        for person, purpose, allowed in said:
            say(shared, person, purpose, allowed, given="2026-01-01")
        db = shared.reader()
        return {one: may_use(db, one, "publish").why for one in ("s-", "s0", "s1") if not may_use(db, one, "publish")}

    nobody = "No speaker is named who could have allowed 'publish'."
    assert told(("A", "publish", True), ("B", ANYTHING, True)) == {"s-": nobody}
    assert told(("A", "publish", True)) == {
        "s-": nobody,
        "s1": "No speaker is named, and B, who took part, has not allowed 'publish' (nothing is noted).",
    }
    held = told(("A", "publish", True), ("B", "publish", False))
    assert held["s1"] == "No speaker is named, and B, who took part, refused 'publish' for anyone on 2026-01-01."
    assert may_use(shared.reader(), "s1", "listen"), "what stays on the laptop is not narrowed"
    assert people_who(shared.reader(), "publish") == {"A"}
    assert people_who(shared.reader(), "listen") == {"A", "B"}


def test_a_condition_for_many_people_is_one_short_clause(shared: Store, tmp_path: Path) -> None:
    assert condition(shared.reader(), "search", at="2000").sql == "1"
    assert condition(shared.reader(), "train", at="2000").sql == "0"
