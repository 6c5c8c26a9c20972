"""What the word index stores for a text and asks for a query: runs of three characters as FTS5 tokens. Pure functions.

A token is `p` (the text as typed) or `l` (its loose form, only where that differs) and three characters; the index's own
prefix tables of two and three characters answer for one and two characters. Edges of the text are characters too, so
"the whole text" and "a whole word" are single look-ups. ASCII is moved into a private area: FTS5's `ascii` tokenizer then
takes every token as it is, and no query can ever contain FTS5 syntax.
"""

from __future__ import annotations

from collections.abc import Iterable

from fieldapp.store.fold import NOTHING, fold, loose

_START, _STOP = "\ue080", "\ue081"
_ASCII = {code: chr(0xE000 + code) for code in range(128)}
_SPACE = _ASCII[0x20]
_ASKED_AT_MOST = 24  # runs of a long query that are looked up; what is found is compared in full anyway


def document(text: str, tags: str) -> str:
    """The tokens of one text, to be indexed (and later deleted) under its row number."""
    folded, loosely = fold(text, NOTHING), loose(text)
    plain = _runs(folded)
    extra = _runs(loosely) - plain if loosely != folded else ()
    return f"{' p'.join(('', *plain))}{' l'.join(('', *extra))} {tags}"


def anywhere(sought: str, *, loosely: bool) -> str:
    """FTS5 expression for texts that hold `sought` (folded, or loose)."""
    return all_of(_one(run, loosely) for run in _inner(sought.translate(_ASCII)))


def whole(sought: str, *, loosely: bool) -> str:
    """FTS5 expression for texts that are nothing but `sought`."""
    return all_of(_one(run, loosely) for run in _inner(_START + sought.translate(_ASCII) + _STOP))


def as_words(sought: str, *, loosely: bool) -> str:
    """FTS5 expression for texts where blanks or edges stand around `sought`."""
    moved = sought.translate(_ASCII)
    before, after = (_START, _SPACE), (_STOP, _SPACE)
    if len(moved) == 1:
        return any_of(_one(first + moved + last, loosely) for first in before for last in after)
    first = any_of(_one(edge + moved[:2], loosely) for edge in before)
    last = any_of(_one(moved[-2:] + edge, loosely) for edge in after)
    return all_of([anywhere(sought, loosely=loosely), first, last])


def tag(kind: str, value: int | str) -> str:
    """The token for a property of a text; SQL builds the same in `word_index.TAGS`."""
    return f"{kind}{value if isinstance(value, int) else value.encode().hex()}"


def _runs(folded: str) -> set[str]:
    if not folded:
        return set()
    padded = _START + folded.translate(_ASCII) + _STOP + _STOP
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _inner(moved: str) -> list[str]:
    if len(moved) < 3:
        return [moved]
    runs = list(dict.fromkeys(moved[at : at + 3] for at in range(len(moved) - 2)))
    step = -(-len(runs) // _ASKED_AT_MOST)
    return runs[::step]


def _one(run: str, loosely: bool) -> str:
    kinds = ("p", "l") if loosely else ("p",)
    return any_of(f'"{kind}{run}"{"*" if len(run) < 3 else ""}' for kind in kinds)


def all_of(expressions: Iterable[str]) -> str:
    """All of these."""
    return "(" + " AND ".join(expressions) + ")"


def any_of(expressions: Iterable[str]) -> str:
    """One of these."""
    return "(" + " OR ".join(expressions) + ")"
