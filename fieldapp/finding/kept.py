"""A question as it is kept in a fieldbook, under names the command line uses too, and back. Pure.

What is read may come from a merged fieldbook or an older version: what is not understood is a sentence, never a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldapp.errors import Damaged, WrongUsage
from fieldapp.finding.question import ANY, Question
from fieldapp.model import Query, SegmentId
from fieldapp.store.fold import FOLDS

ALL = "all"


def voice_cannot_be_kept() -> WrongUsage:
    """What to say to somebody who wants to save a search with a recording."""
    return WrongUsage("A search with a recording cannot be saved: the file may go.", "Import it and search for segments like it.")


def as_kept(question: Question) -> dict[str, Any]:
    """What of a question can be asked again tomorrow; a voice cannot, because its file may go."""
    if question.heard is not None:
        raise voice_cannot_be_kept()
    query = question.query
    return {
        "query": query.text, "mode": query.mode, "like": question.like, "tier": list(query.tiers), "variety": list(query.varieties),
        "speaker": list(query.speakers), "session": list(query.sessions), "since": query.since, "until": query.until, "checked": query.checked_only,
        "ignore": ",".join(sorted(query.fold)), "purpose": query.purpose, "meaning": question.meaning_id,
        "same_meaning": question.same_meaning, "spread": question.spread, "k": query.limit,
    }  # fmt: skip


def from_kept(kept: Mapping[str, Any]) -> Question:
    """The question that was kept; what it does not say is as in a new one."""

    def text(name: str, otherwise: str = "") -> str:
        return str(_of(kept, name, str) or otherwise)

    def names(name: str) -> tuple[str, ...]:
        found = _of(kept, name, list) or []
        if not all(isinstance(one, str) for one in found):
            raise _odd(name)
        return tuple(found)

    query = Query(
        text=text("query"),
        mode=text("mode", "words"),
        tiers=names("tier"),
        varieties=names("variety"),
        speakers=names("speaker"),
        sessions=names("session"),
        since=text("since"),
        until=text("until"),
        checked_only=bool(_of(kept, "checked", bool)),
        purpose=text("purpose", "search"),
        fold=folded(text("ignore")),
        limit=max(1, _of(kept, "k", int) or Query().limit),
    )
    like = text("like")
    return Question(
        query=query,
        like=SegmentId(like) if like else None,
        meaning_id=text("meaning"),
        same_meaning=text("same_meaning", ANY),
        spread=text("spread"),
    )


def folded(written: str) -> frozenset[str]:
    """What `--ignore` says: names with commas between, or all of them."""
    return frozenset(FOLDS) if written == ALL else frozenset(filter(None, written.split(",")))


def _of(kept: Mapping[str, Any], name: str, kind: type) -> Any:
    found = kept.get(name)
    if found is not None and not isinstance(found, kind):
        raise _odd(name)
    return found


def _odd(name: str) -> Damaged:
    return Damaged(f"The saved search cannot be understood: '{name}' is not what it should be.", "Save it again.")
