"""The words of the parallel world: one concept a row, in English, Mandarin, Cantonese and Hakka, from resources/starter/world.

Hakka is written in Pha̍k-fa-sṳ (Sixian), the others in their own characters. The tables are for teaching a small model,
not a dictionary: a word was chosen so that espeak-ng can speak it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fieldapp import paths

LANGUAGES = ("cmn", "yue", "hak", "eng")


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing, with its classifier in the three Sinitic varieties."""

    id: str
    kind: str
    one: str
    many: str
    words: Mapping[str, str]
    classifiers: Mapping[str, str]

    @property
    def countable(self) -> bool:
        """Whether English can put a number before it."""
        return self.one != self.many


@dataclass(frozen=True, slots=True)
class Verb:
    """An action, with what it can be done to (`-` nothing, `place` somewhere)."""

    id: str
    objects: frozenset[str]
    base: str
    past: str
    third: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """Anything else: adjectives (with what they can be said of) and small words (with their kind)."""

    id: str
    kind: str
    english: str
    words: Mapping[str, str]


def _rows(name: str) -> Iterator[list[str]]:
    for line in paths.resource("starter", "world", f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def nouns() -> tuple[Noun, ...]:
    """All things."""
    made = []
    for name, kind, one, many, cmn, cmn_cl, yue, yue_cl, hak, hak_cl in _rows("nouns"):
        words = {"cmn": cmn, "yue": yue, "hak": hak, "eng": one}
        made.append(Noun(name, kind, one, many, words, {"cmn": cmn_cl, "yue": yue_cl, "hak": hak_cl}))
    return tuple(made)


@cache
def verbs() -> tuple[Verb, ...]:
    """All actions."""
    return tuple(
        Verb(name, frozenset(objects.split(",")), base, past, third, {"cmn": cmn, "yue": yue, "hak": hak, "eng": base})
        for name, objects, base, past, third, cmn, yue, hak in _rows("verbs")
    )


@cache
def adjectives() -> tuple[Word, ...]:
    """All qualities."""
    return tuple(_word(row) for row in _rows("adjectives"))


@cache
def others() -> tuple[Word, ...]:
    """Pronouns, times, questions, directions and the small words."""
    return tuple(_word(row) for row in _rows("others"))


def _word(row: list[str]) -> Word:
    name, kind, english, cmn, yue, hak = row
    return Word(name, kind, english, {"cmn": cmn, "yue": yue, "hak": hak, "eng": english})


@cache
def digits() -> Mapping[int, Mapping[str, str]]:
    """The words 0 to 10 and 100."""
    return {int(n): {"eng": english, "cmn": cmn, "yue": yue, "hak": hak} for n, english, cmn, yue, hak in _rows("numbers")}


def number(n: int, language: str) -> str:
    """A number from 0 to 999 as it is said."""
    if not 0 <= n <= 999:
        raise ValueError(f"{n} is outside the world")
    return _english_number(n) if language == "eng" else _sinitic_number(n, language)


_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _english_number(n: int) -> str:
    small = digits()
    if n >= 100:
        rest = f" and {_english_number(n % 100)}" if n % 100 else ""
        return f"{small[n // 100]['eng']} hundred{rest}"
    if n >= 20:
        return _TENS[n // 10] + (f" {small[n % 10]['eng']}" if n % 10 else "")
    return _TEENS[n - 10] if n >= 10 else small[n]["eng"]


def _sinitic_number(n: int, language: str) -> str:
    words = {key: value[language] for key, value in digits().items()}
    parts: list[str] = []
    hundreds, rest = divmod(n, 100)
    if hundreds:
        parts += [words[hundreds], words[100]]
        if 0 < rest < 10:
            parts.append(words[0])
    tens, ones = divmod(rest, 10)
    if tens:
        parts += [words[tens]] if tens > 1 or hundreds else []
        parts.append(words[10])
    if ones or not n:
        parts.append(words[ones])
    return ("-" if language == "hak" else "").join(parts)


def concepts() -> dict[str, Mapping[str, str]]:
    """Every single word of the world by its meaning id, numbers left out."""
    entries: tuple[Noun | Verb | Word, ...] = (*nouns(), *verbs(), *adjectives(), *others())
    return {f"w:{entry.id}": entry.words for entry in entries}
