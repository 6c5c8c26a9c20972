"""How the parallel world builds phrases and clauses in each variety: classifiers, tense, negation, comparison."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.lab.starter.lexicon import Noun, Verb, Word, number, others

STATIVE = {"like", "want", "know", "love", "fear", "live"}
PAST = {"yesterday", "last_night", "last_year", "last_month", "this_morning"}
FUTURE = {"tomorrow", "next_year", "next_week", "tonight"}
TWO = {"cmn": "两", "yue": "兩", "hak": "lióng"}
PLACES = {
    "in": {"eng": "in", "cmn": "里", "yue": "入面", "hak": "tî-poi"},
    "on": {"eng": "on", "cmn": "上面", "yue": "上面", "hak": "song-poi"},
    "under": {"eng": "under", "cmn": "下面", "yue": "下面", "hak": "hâ-poi"},
    "behind": {"eng": "behind", "cmn": "后面", "yue": "後面", "hak": "sṳ́-mî-heu"},
    "beside": {"eng": "beside", "cmn": "旁边", "yue": "側邊", "hak": "phòng-phiên"},
    "in_front": {"eng": "in front of", "cmn": "前面", "yue": "前面", "hak": "mien-chhièn"},
}
IRREGULAR = {"good": "better", "bad": "worse", "far": "farther"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase: which (`this`, `that`, `the`, a number or a pronoun), what kind, which quality."""

    noun: Noun | None = None
    which: str = "the"
    count: int = 0
    quality: Word | None = None
    pronoun: Word | None = None

    @property
    def id(self) -> str:
        """The phrase as part of a meaning id."""
        if self.pronoun is not None:
            return self.pronoun.id
        assert self.noun is not None
        return ".".join(filter(None, (str(self.count) if self.count else self.which, self.quality.id if self.quality else "", self.noun.id)))

    @property
    def plural(self) -> bool:
        """Whether an English verb after it loses its -s."""
        return self.count > 1 or (self.pronoun is not None and self.pronoun.id != "he")


def join(language: str, *parts: str) -> str:
    """Words in a row, with spaces where the script has them."""
    return ("" if language in ("cmn", "yue") else " ").join(part for part in parts if part)


def phrase(thing: Thing, language: str, *, after_verb: bool = False) -> str:
    """A noun phrase."""
    if thing.pronoun is not None:
        if language == "eng" and after_verb:
            return {"i": "me", "he": "him", "we": "us", "they": "them"}.get(thing.pronoun.id, thing.pronoun.english)
        return thing.pronoun.words[language]
    assert thing.noun is not None
    quality = thing.quality.words[language] if thing.quality else ""
    if language == "eng":
        return join("eng", number(thing.count, "eng") if thing.count else thing.which, quality, thing.noun.many if thing.count > 1 else thing.noun.one)
    if quality and (len(quality) > 1 if language != "hak" else "-" in quality):
        quality = join(language, quality, {"cmn": "的", "yue": "嘅", "hak": "ke"}[language])
    head = ""
    if thing.count:
        head = join(language, TWO[language] if thing.count == 2 else number(thing.count, language), thing.noun.classifiers[language])
    elif thing.which in ("this", "that"):
        words = next(o for o in others() if o.id == thing.which).words
        head = join(language, words[language], thing.noun.classifiers[language])
    elif language == "yue" and not after_verb:
        head = thing.noun.classifiers[language]
    return join(language, head, quality, thing.noun.words[language])


def verb_form(verb: Verb, language: str, tense: str, negative: bool, plural: bool) -> tuple[str, str]:
    """The verb with its tense and polarity, and what stands at the end of the sentence."""
    word, stative = verb.words[language], verb.id in STATIVE
    if language == "eng":
        habit = verb.base if plural else verb.third
        forms = {
            "past": (verb.past, f"did not {verb.base}"),
            "future": (f"will {verb.base}", f"will not {verb.base}"),
            "habit": (habit, f"{'do' if plural else 'does'} not {verb.base}"),
        }
        return forms[tense][negative], ""
    if tense == "future":
        before = {"cmn": "不会" if negative else "会", "yue": "唔會" if negative else "會", "hak": "m̀-voi" if negative else "voi"}[language]
        return join(language, before, word), ""
    if tense == "habit" or stative:
        return join(language, {"cmn": "不", "yue": "唔", "hak": "m̀"}[language] if negative else "", word), ""
    if negative:
        return join(language, {"cmn": "没有", "yue": "冇", "hak": "mò"}[language], word.removesuffix("了").removesuffix("咗")), ""
    if language == "hak":
        return word, "lè"
    mark = {"cmn": "了", "yue": "咗"}[language]
    return word.removesuffix(mark) + mark, ""


def clause(language: str, subject: Thing, verb: Verb, rest: str, time: Word, negative: bool) -> str:
    """A whole clause: subject, verb in the tense of its time, the rest."""
    tense = "past" if time.id in PAST else "future" if time.id in FUTURE else "habit"
    action, end = verb_form(verb, language, tense, negative, subject.plural)
    if language == "eng":
        return join("eng", phrase(subject, "eng"), action, rest, time.english)
    return join(language, time.words[language], phrase(subject, language), action, rest, end)


def comparative(word: str) -> str:
    """bigger, heavier, more beautiful, better."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) > 6 or " " in word or word.endswith(("ful", "ous", "en", "ed", "id")):
        return f"more {word}"
    if word.endswith("y"):
        return f"{word[:-1]}ier"
    doubled = word[-1] if len(word) > 2 and word[-1] not in "aeiouwyx" and word[-2] in "aeiou" and word[-3] not in "aeiou" else ""
    return word + ("r" if word.endswith("e") else f"{doubled}er")
