"""Alignment, calibration and ordering as pure functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.finding import ordering
from fieldapp.finding.calibration import FEWEST_SAME, Calibration, Labelled, calibrate
from fieldapp.finding.likeness import seqsim, stretches
from fieldapp.finding.question import Basis, Match, Reason
from fieldapp.model import Hit, RecordingId, SegmentId, Space, SpaceId, Span
from fieldapp.speech.embed import F32, unit

random = np.random.default_rng(7)


def noise(length: int, width: int = 12) -> F32:
    return random.standard_normal((length, width)).astype(np.float32)


@given(st.integers(1, 30), st.integers(0, 20), st.integers(0, 20))
def test_a_query_is_found_where_it_was_put(length: int, before: int, after: int) -> None:
    query = noise(length)
    found = stretches(query, [np.concatenate([noise(before), query, noise(after)])])[0]
    assert found.likeness == pytest.approx(1.0, abs=1e-4)
    assert found.path.tolist() == list(range(before, before + length))


def test_a_stretch_spoken_half_or_twice_as_fast_is_found() -> None:
    query = np.repeat(noise(10), 2, axis=0)
    for spoken in (query[::2], np.repeat(query, 2, axis=0)):
        found = stretches(query, [np.concatenate([noise(5), spoken, noise(5)])])[0]
        assert found.likeness == pytest.approx(1.0, abs=1e-4)
        assert found.first == pytest.approx(5, abs=3)
        assert found.last == pytest.approx(4 + len(spoken), abs=3)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(1, 12))
def test_candidates_do_not_change_each_other(lengths: list[int], asked: int) -> None:
    query, candidates = noise(asked), [noise(length) for length in lengths]
    together = stretches(query, candidates)
    for one, candidate in zip(together, candidates):
        alone = stretches(query, [candidate])[0]
        assert one.likeness == pytest.approx(alone.likeness, abs=1e-5)
        assert one.path.tolist() == alone.path.tolist()
        assert 0 <= one.first <= one.last < len(candidate)


def test_nothing_cannot_be_compared() -> None:
    assert stretches(noise(3), []) == []
    with pytest.raises(ValueError, match="nothing"):
        stretches(noise(0), [noise(3)])
    with pytest.raises(ValueError, match="nothing"):
        stretches(noise(3), [noise(0)])


def test_seqsim_is_one_for_itself_and_symmetric() -> None:
    one, other = unit(noise(6)), unit(noise(9))
    assert seqsim(one @ one.T) == pytest.approx(1.0, abs=1e-5)
    assert seqsim(one @ other.T) == pytest.approx(seqsim(other @ one.T), abs=1e-6)
    assert seqsim(np.zeros((2, 3), np.float32)) == 0.0


def labelled(meanings: int, speakers: int) -> Labelled:
    pairs = [(meaning, speaker) for meaning in range(meanings) for speaker in range(speakers)]
    ids = tuple(SegmentId(f"{meaning}-{speaker}") for meaning, speaker in pairs)
    return Labelled(ids, np.array([m for m, _ in pairs]), np.array([s for _, s in pairs]))


def test_pairs_of_one_speaker_do_not_count() -> None:
    some = labelled(6, 3)
    made = calibrate(np.zeros((18, 18), np.float32), some)
    assert len(made.same) == 3 * 6 * 6
    assert made.same.sum() == 3 * 6
    assert not made.ready
    assert f"{3 * 6} pairs" in made.basis(0.5).note
    assert str(FEWEST_SAME) in made.basis(0.5).note


def test_the_share_is_that_of_the_nearest_pairs_and_ties_count_together() -> None:
    similarities = np.concatenate([np.linspace(0, 0.5, 500), np.full(150, 0.9)]).astype(np.float32)
    same = np.concatenate([np.zeros(500, bool), np.arange(150) % 3 == 0])
    made = Calibration(similarities, same)
    high, low = made.basis(0.95), made.basis(0.1)
    assert (high.pairs, high.shared) == (150, 50)
    assert high.share == pytest.approx(1 / 3)
    assert "of the 150 pairs" in high.note
    assert (low.shared, low.share) == (0, 0.0)
    assert Calibration(similarities, same, different=10.0).basis(0.95).share == pytest.approx(50 / 1050)


def match(name: str, meaning: str = "", speaker: str = "") -> Match:
    hit = Hit(segment=SegmentId(name), recording=RecordingId("r"), span=Span(0, 1), rate=1, path="p", meaning_id=meaning, speaker=speaker)
    return Match(hit=hit, reasons=(Reason(mode="words", why=name, rank=1),))


def names(matches: list[Match]) -> str:
    return "".join(one.hit.segment for one in matches)


def test_agreement_of_rankings_comes_before_one_first_place() -> None:
    a, b, c, d = (match(name) for name in "abcd")
    fused = ordering.fuse([[a, b, c], [d, b, c]])
    assert names(fused) == "bcad"
    assert len(fused[0].reasons) == 2
    assert fused[0].hit.score == pytest.approx(2 / 62)


def near(name: str, share: float | None, kind: str = "meaning", similarity: float = 0.5) -> Match:
    space = Space(id=SpaceId("s"), kind=kind, model="m")
    return replace(match(name), reasons=(Reason(mode="meaning", why=name, rank=1, similarity=similarity, space=space, basis=Basis("", 50, 1, share)),))


def test_a_ranking_that_has_meant_nothing_in_this_fieldbook_counts_little() -> None:
    translations = [near("a", 0.95), near("b", 0.0), near("c", 0.0)]
    sounds = [near("b", 0.02), near("c", 0.02), near("d", 0.01), near("a", 0.01)]
    assert names(ordering.fuse([sounds, translations]))[0] == "a"
    unknown = [near(name, None) for name in "bcda"]
    assert names(ordering.fuse([unknown, translations]))[0] == "a"


def test_the_very_words_of_the_query_come_before_what_lies_near_them() -> None:
    sounds = [near("b", 0.4), near("c", 0.4), near("a", 0.4)]
    assert names(ordering.fuse([sounds, [near("a", None, "text:translation", 1.0), near("b", None, "text:translation", 0.6)]]))[0] == "a"
    assert names(ordering.fuse([sounds, [near("a", None, "text:translation", 0.7), near("b", None, "text:translation", 0.6)]]))[0] == "b"


def test_marks_and_stretches_survive_fusion() -> None:
    marked, stretched = match("a"), replace(match("a"), stretch=Span(3, 4))
    marked = replace(marked, hit=replace(marked.hit, marks=((0, 1),)))
    for rankings in ([[marked], [stretched]], [[stretched], [marked]]):
        fused = ordering.fuse(rankings)[0]
        assert (fused.hit.marks, fused.stretch) == (((0, 1),), Span(3, 4))


@given(st.lists(st.sampled_from("xyz"), max_size=12))
def test_spreading_loses_nobody_and_keeps_everybodys_order(speakers: list[str]) -> None:
    matches = [match(f"{place:02}", speaker=speaker) for place, speaker in enumerate(speakers)]
    spread = ordering.spread(matches, "speaker")
    assert sorted(names(spread)) == sorted(names(matches))
    for speaker in set(speakers):
        own = [one.hit.segment for one in spread if one.hit.speaker == speaker]
        assert own == sorted(own)
    assert {one.hit.speaker for one in spread[: len(set(speakers))]} == set(speakers)


def test_the_asked_meaning_is_first_or_left_out() -> None:
    matches = [match("a", "x"), match("b", "y"), match("c", "x")]
    assert names(ordering.by_meaning(matches, "y", "first")) == "bac"
    assert names(ordering.by_meaning(matches, "x", "exclude")) == "b"
    assert names(ordering.by_meaning(matches, "", "exclude")) == "abc"
