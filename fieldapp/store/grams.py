"""What the word index stores for a text and asks for a query: runs of four characters as FTS5 tokens. Pure functions.

A token is `p` (the text as typed) or `l` (its loose form, only where that differs) and four characters; the index's own
prefix tables answer for one, two and three. The whole text and each of its blank-separated words are tokens too (as checksums,
confirmed texts apart from drafts), so that the best matches of a common word need no walk. ASCII is moved into a private
area: FTS5's `ascii` tokenizer then takes every token as it is, and no query can ever contain FTS5 syntax.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache

from fieldapp.store.fold import NOTHING, fold, loose

RUN = 4
_STOP = "\ue080"
_ASCII = {code: chr(0xE000 + code) for code in range(128)}
_ASKED_AT_MOST = 24  # runs of a long query that are looked up; what is found is compared in full anyway
CONFIRMED, DRAFT = "c", "d"


def document(text: str, tags: str) -> str:
    """The tokens of one text, to be indexed (and later deleted) under its row number; the last tag is its state."""
    folded, loosely, state = fold(text, NOTHING), loose(text), tags[-1]
    tokens = {"p" + run for run in _runs(folded)} | _wholes(folded, state)
    if loosely != folded:
        tokens |= {"l" + run for run in _runs(loosely) if "p" + run not in tokens} | _wholes(loosely, state)
    return f"{' '.join(tokens)} {tags}"


def anywhere(sought: str, *, loosely: bool) -> str:
    """FTS5 expression for texts that hold `sought` (folded, or loose)."""
    moved = sought.translate(_ASCII)
    runs = [moved] if len(moved) < RUN else list(dict.fromkeys(moved[at : at + RUN] for at in range(len(moved) - RUN + 1)))
    return all_of(_one(run, loosely) for run in runs[:: -(-len(runs) // _ASKED_AT_MOST)])


def whole(sought: str, state: str) -> str:
    """FTS5 expression for texts in this state that are nothing but `sought`."""
    return _checksum("e", sought, state)


def as_words(sought: str, state: str) -> str:
    """FTS5 expression for texts in this state in which the blank-separated words of `sought` stand."""
    return all_of(_checksum("w", word, state) for word in sought.split()[:_ASKED_AT_MOST])


def tag(kind: str, value: int | str) -> str:
    """The token for a property of a text; SQL builds the same in `word_index.TAGS`."""
    return f"{kind}{value if isinstance(value, int) else value.encode().hex()}"


def _runs(folded: str) -> set[str]:
    if not folded:
        return set()
    padded = folded.translate(_ASCII) + _STOP * (RUN - 1)
    return {padded[at : at + RUN] for at in range(len(folded))}


def _wholes(folded: str, state: str) -> set[str]:
    return {_checksum("e", folded, state), *(_checksum("w", word, state) for word in folded.split())}


@lru_cache(maxsize=50_000)
def _checksum(kind: str, text: str, state: str) -> str:
    return f"{kind}{state}{zlib.crc32(text.strip().encode()):x}"


def _one(run: str, loosely: bool) -> str:
    kinds = ("p", "l") if loosely else ("p",)
    return any_of(f'"{kind}{run}"{"*" if len(run) < RUN else ""}' for kind in kinds)


def all_of(expressions: Iterable[str]) -> str:
    """All of these."""
    return "(" + " AND ".join(expressions) + ")"


def any_of(expressions: Iterable[str]) -> str:
    """One of these."""
    return "(" + " OR ".join(expressions) + ")"
