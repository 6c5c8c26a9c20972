"""A question is kept and asked again as it was; what a damaged one says is a sentence."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import Damaged, WrongUsage
from fieldapp.finding.kept import as_kept, folded, from_kept
from fieldapp.finding.question import SAME_MEANING, SPREADS, Question
from fieldapp.model import Query, SegmentId
from fieldapp.store.fold import FOLDS
from finding.toybook import voice

NAMES = st.lists(st.text(), max_size=3).map(tuple)
QUERIES = st.builds(
    Query, text=st.text(), mode=st.sampled_from(("words", "meaning", "sound", "hybrid")), tiers=NAMES, varieties=NAMES, speakers=NAMES, sessions=NAMES,
    since=st.text(), until=st.text(), checked_only=st.booleans(), fold=st.frozensets(st.sampled_from(FOLDS)), limit=st.integers(1, 500),
)  # fmt: skip
QUESTIONS = st.builds(
    Question, query=QUERIES, like=st.none() | st.text(min_size=1).map(SegmentId), meaning_id=st.text(), same_meaning=st.sampled_from(SAME_MEANING),
    spread=st.sampled_from(SPREADS),
)  # fmt: skip


@given(QUESTIONS)
def test_a_question_comes_back_as_it_was(question: Question) -> None:
    assert from_kept(as_kept(question)) == question


@given(st.dictionaries(st.sampled_from(tuple(as_kept(Question(query=Query())))), st.none() | st.integers() | st.text() | st.lists(st.integers() | st.text())))
def test_whatever_was_kept_is_a_question_or_a_sentence(kept: dict[str, Any]) -> None:
    with contextlib.suppress(Damaged):
        assert from_kept(kept).query.limit >= 1


def test_a_question_with_a_voice_cannot_be_kept() -> None:
    with pytest.raises(WrongUsage, match="recording cannot be saved"):
        as_kept(Question(query=Query(), heard=voice(1)))


def test_all_folds_have_one_word() -> None:
    assert folded("all") == frozenset(FOLDS)
    assert folded("tones,marks") == {"tones", "marks"}
    assert folded("") == frozenset()
