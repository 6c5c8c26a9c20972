"""Sentences of the parallel world: one meaning, said in each variety by the variety's own rules.

A sentence is a meaning id and what it is in every language, so recordings of it are parallel by construction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldapp.lab.starter.lexicon import LANGUAGES, Noun, Verb, Word, adjectives, nouns, others, verbs
from fieldapp.lab.starter.phrases import PLACES, STATIVE, Thing, clause, comparative, join, phrase, verb_form


@dataclass(frozen=True, slots=True)
class Sentence:
    """One meaning and how it is said in each language."""

    meaning_id: str
    frame: str
    said: Mapping[str, str]


class Speaker:
    """Makes sentences by chance, repeatably: the same seed gives the same sentences."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._by_kind: dict[str, list[Noun]] = {}
        for noun in nouns():
            self._by_kind.setdefault(noun.kind, []).append(noun)
        self._verbs: list[Verb] = list(verbs())
        self._pronouns = [o for o in others() if o.kind == "pronoun"]
        self._times = [o for o in others() if o.kind == "time" and o.id not in ("now", "today")]

    def sentence(self, frame: str | None = None) -> Sentence:
        """A sentence of one frame, or of any."""
        name = frame or self._chance.choice(list(FRAMES))
        meaning, say = FRAMES[name](self)
        return Sentence(f"s:{name}:{meaning}", name, {language: say(language) for language in LANGUAGES})

    def choose(self, *kinds: str) -> Noun:
        """A noun of one of these kinds."""
        return self._chance.choice([n for kind in kinds for n in self._by_kind[kind]])

    def quality(self, noun: Noun) -> Word:
        """An adjective that can be said of the noun."""
        return self._chance.choice([a for a in adjectives() if "any" in a.kind or noun.kind in a.kind])

    def subject(self) -> Thing:
        """Who does it."""
        if self._chance.random() < 0.3:
            return Thing(pronoun=self._chance.choice(self._pronouns))
        return self.thing(self.choose("person"), qualities=0.1)

    def thing(self, noun: Noun, *, qualities: float = 0.35) -> Thing:
        """A noun phrase around a noun."""
        quality = self.quality(noun) if self._chance.random() < qualities else None
        if noun.countable and self._chance.random() < 0.35:
            return Thing(noun, count=self._chance.randint(2, 10), quality=quality)
        return Thing(noun, which=self._chance.choice(("the", "this", "that")), quality=quality)

    def time(self) -> Word:
        """When it happens."""
        return self._chance.choice(self._times)

    def negative(self) -> bool:
        """Whether it does not happen."""
        return self._chance.random() < 0.2

    def verb(self, kind: str) -> Verb:
        """`-` without object, `place` of going, `thing` with an object."""
        fitting = [v for v in self._verbs if kind in v.objects or (kind == "thing" and self.objects(v))]
        return self._chance.choice(fitting)

    def objects(self, verb: Verb) -> list[str]:
        """The kinds of nouns a verb can be done to."""
        if "any" in verb.objects:
            return ["food", "tool", "animal", "wear", "person"]
        return sorted(kind for kind in verb.objects if kind in self._by_kind and kind != "place")

    def pick(self, names: list[str]) -> str:
        """One of several names."""
        return self._chance.choice(names)

    def count(self) -> int:
        """A small number."""
        return self._chance.randint(2, 10)


Said = tuple[str, Callable[[str], str]]


def _acts(s: Speaker) -> Said:
    subject, verb, time, negative = s.subject(), s.verb("thing"), s.time(), s.negative()
    thing = s.thing(s.choose(*s.objects(verb)))
    return _id(subject, verb, time, negative, thing.id), lambda x: clause(x, subject, verb, phrase(thing, x, after_verb=True), time, negative)


def _does(s: Speaker) -> Said:
    subject, verb, time, negative = s.subject(), s.verb("-"), s.time(), s.negative()
    return _id(subject, verb, time, negative, ""), lambda x: clause(x, subject, verb, "", time, negative)


def _goes(s: Speaker) -> Said:
    subject, verb, time, negative = s.subject(), s.verb("place"), s.time(), s.negative()
    place = s.choose("place")
    rest = {x: place.words[x] if x != "eng" else f"the {place.one}" for x in LANGUAGES}
    return _id(subject, verb, time, negative, place.id), lambda x: clause(x, subject, verb, rest[x], time, negative)


def _id(subject: Thing, verb: Verb, time: Word, negative: bool, rest: str) -> str:
    return "-".join(filter(None, (subject.id, "not" if negative else "", verb.id, rest, time.id)))


def _is(s: Speaker) -> Said:
    noun = s.choose("person", "animal", "tool", "wear", "food", "place")
    thing, quality, negative = s.thing(noun, qualities=0), s.quality(noun), s.negative()

    def say(x: str) -> str:
        if x == "eng":
            return join(x, phrase(thing, x), "are" if thing.plural else "is", "not" if negative else "very", quality.english)
        degree = {"cmn": ("很", "不"), "yue": ("好", "唔"), "hak": ("tông", "m̀")}[x][negative]
        return join(x, phrase(thing, x), degree, quality.words[x])

    return "-".join(filter(None, (thing.id, "not" if negative else "", quality.id))), say


def _is_at(s: Speaker) -> Said:
    thing, where = s.thing(s.choose("tool", "wear", "food", "animal"), qualities=0.2), s.pick(list(PLACES))
    base = s.choose("place") if where == "in" else s.choose("tool", "plant")

    def say(x: str) -> str:
        if x == "eng":
            return join(x, phrase(thing, x), "are" if thing.plural else "is", PLACES[where][x], "the", base.one)
        return join(x, phrase(thing, x), {"cmn": "在", "yue": "喺", "hak": "tī"}[x], base.words[x], PLACES[where][x])

    return f"{thing.id}-{where}-{base.id}", say


def _there_is(s: Speaker) -> Said:
    noun = s.choose("animal", "person", "tool")
    thing, place = Thing(noun, count=s.count()), s.choose("place")

    def say(x: str) -> str:
        if x == "eng":
            return join(x, "there are", phrase(thing, x), "in the", place.one)
        return join(x, place.words[x], PLACES["in"][x], {"cmn": "有", "yue": "有", "hak": "yû"}[x], phrase(thing, x, after_verb=True))

    return f"{thing.id}-{place.id}", say


def _has(s: Speaker) -> Said:
    subject, noun, negative = s.subject(), s.choose("animal", "tool", "wear", "person"), s.negative()
    thing = Thing(noun, count=s.count())

    def say(x: str) -> str:
        if x == "eng":
            verb = ("do not have" if subject.plural else "does not have") if negative else ("have" if subject.plural else "has")
            return join(x, phrase(subject, x), verb, phrase(thing, x))
        have = {"cmn": ("有", "没有"), "yue": ("有", "冇"), "hak": ("yû", "mò")}[x][negative]
        return join(x, phrase(subject, x), have, phrase(thing, x, after_verb=True))

    return "-".join(filter(None, (subject.id, "not" if negative else "", thing.id))), say


def _where_is(s: Speaker) -> Said:
    thing = s.thing(s.choose("person", "tool", "wear", "animal"), qualities=0.3)

    def say(x: str) -> str:
        if x == "eng":
            return join(x, "where", "are" if thing.plural else "is", phrase(thing, x))
        return join(x, phrase(thing, x), {"cmn": "在哪里", "yue": "喺邊度", "hak": "tī nai-vi"}[x])

    return thing.id, say


def _who(s: Speaker) -> Said:
    verb = s.verb("thing")
    thing = s.thing(s.choose(*s.objects(verb)), qualities=0.2)
    time = next(t for t in others() if t.id == "yesterday")

    def say(x: str) -> str:
        action, end = verb_form(verb, x, "past", negative=False, plural=False)
        who = {"eng": "who", "cmn": "谁", "yue": "邊個", "hak": "má-ngìn"}[x]
        if x == "eng":
            return join(x, who, action, phrase(thing, x, after_verb=True), time.english)
        return join(x, time.words[x], who, action, phrase(thing, x, after_verb=True), end)

    return f"{verb.id}-{thing.id}", say


def _how_many(s: Speaker) -> Said:
    subject, noun = s.subject(), s.choose("animal", "tool", "person")
    while not noun.countable:
        noun = s.choose("animal", "tool", "person")

    def say(x: str) -> str:
        if x == "eng":
            return join(x, "how many", noun.many, "do" if subject.plural else "does", phrase(subject, x), "have")
        have, many = {"cmn": ("有", "多少"), "yue": ("有", "幾多"), "hak": ("yû", "kí-tô")}[x]
        return join(x, phrase(subject, x), have, many, noun.classifiers[x], noun.words[x])

    return f"{subject.id}-{noun.id}", say


def _more(s: Speaker) -> Said:
    kind = s.pick(["person", "animal", "tool", "food", "place"])
    one, other = s.choose(kind), s.choose(kind)
    while other is one:
        other = s.choose(kind)
    first, second, quality = Thing(one, which="this"), Thing(other, which="that"), s.quality(one)

    def say(x: str) -> str:
        word = quality.words[x]
        if x == "eng":
            return join(x, phrase(first, x), "is", comparative(word), "than", phrase(second, x))
        if x == "yue":
            return join(x, phrase(first, x), word, "過", phrase(second, x))
        return join(x, phrase(first, x), {"cmn": "比", "hak": "pí"}[x], phrase(second, x), "" if x == "cmn" else "kha", word)

    return f"{first.id}-{second.id}-{quality.id}", say


def _give(s: Speaker) -> Said:
    noun = s.choose("tool", "food", "wear")
    thing = Thing(noun, count=s.count()) if noun.countable else Thing(noun, which="this")

    def say(x: str) -> str:
        asked = phrase(thing, x, after_verb=True)
        return {"eng": f"give me {asked}", "cmn": f"给我{asked}", "yue": f"畀{asked}我", "hak": f"pûn ngài {asked}"}[x]

    return thing.id, say


def _wants(s: Speaker) -> Said:
    subject, verb = s.subject(), s.verb("thing")
    while verb.id in STATIVE:
        verb = s.verb("thing")
    thing = s.thing(s.choose(*s.objects(verb)), qualities=0.2)

    def say(x: str) -> str:
        if x == "eng":
            return join(x, phrase(subject, x), "want to" if subject.plural else "wants to", verb.base, phrase(thing, x, after_verb=True))
        word = verb.words[x].removesuffix("了").removesuffix("咗")
        return join(x, phrase(subject, x), {"cmn": "想", "yue": "想", "hak": "siông-oi"}[x], word, phrase(thing, x, after_verb=True))

    return f"{subject.id}-{verb.id}-{thing.id}", say


FRAMES: Mapping[str, Callable[[Speaker], Said]] = {
    "acts": _acts, "does": _does, "goes": _goes, "is": _is, "at": _is_at, "there": _there_is, "has": _has, "where": _where_is, "who": _who,
    "how_many": _how_many, "more": _more, "give": _give, "wants": _wants,
}  # fmt: skip
HELD_OUT_FRAMES = ("there", "how_many")
"""Never trained: they show whether the model knows words or sentences."""
