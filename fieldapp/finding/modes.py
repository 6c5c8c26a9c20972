"""The ways to look: one line in MODES each. Every way gives rankings; `ask` fuses, orders, spreads and numbers them. Any thread.

By words in the texts; by meaning from text (through the texts' vectors, and straight into sound where a text encoder shares a
space with it), from a voice or from a segment; by sound from a voice or a segment; hybrid is all that the query allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fieldapp.errors import FieldError, NotThere, WrongUsage
from fieldapp.finding import ordering
from fieldapp.finding.finder import Finder
from fieldapp.finding.look import Look
from fieldapp.finding.question import ANY, SAME_MEANING, SPREADS, Answer, Match, Question, Reason
from fieldapp.finding.sounding import confirmed, sounding_alike
from fieldapp.speech.embed import F32
from fieldapp.store import segments
from fieldapp.store.words import find_words

REARRANGED = 200
"""So many hits by words are fetched where their order is not the last word."""
RERANKED = 20
"""Of what is near in meaning so many are put in the order of their frames' SeqSim with the query's."""
EMBED = "Make them with: fieldapp embed DIR"

Rankings = list[list[Match]]


@dataclass(frozen=True, slots=True)
class Ways:
    """Rankings to be fused, remarks about what could not be looked for, and how many words found: of what is near there is no number."""

    rankings: Rankings
    remarks: tuple[str, ...] = ()
    total: int = 0
    more: bool = False


Mode = Callable[[Look], Ways]


def ask(finder: Finder, question: Question) -> Answer:
    """The best matches of a question."""
    mode = dict(MODES).get(question.query.mode)
    if mode is None:
        raise WrongUsage(f"There is no way to search by '{question.query.mode}'.", f"There are: {', '.join(name for name, _ in MODES)}.")
    if question.same_meaning not in SAME_MEANING or question.spread not in SPREADS:
        raise WrongUsage("Answers cannot be ordered that way.", f"The same meaning: {', '.join(SAME_MEANING)}. Spread over: speaker, variety.")
    if question.heard is not None and question.like:
        raise WrongUsage("A recording and a segment are two queries; ask for one at a time.")
    meaning = question.meaning_id or (segments.segment(finder.store.reader(), question.like).meaning_id if question.like else "")
    ways = mode(Look(finder, question))
    matches = ways.rankings[0] if len(ways.rankings) == 1 else ordering.fuse(ways.rankings)
    matches = ordering.spread(ordering.by_meaning(matches, meaning, question.same_meaning), question.spread)
    shown = ordering.numbered(matches[: question.query.limit])
    return Answer(shown, ways.remarks, max(ways.total, len(shown)), ways.more)


def by_words(look: Look) -> Ways:
    """Texts that hold what was typed."""
    if not look.query.text.strip() and _sounds(look.question):
        raise WrongUsage("A search by words needs a word.", "A voice or a segment can be searched by meaning, by sound or hybrid.")
    rearranged = look.question.spread or look.question.same_meaning != ANY
    query = replace(look.query, limit=max(look.query.limit, REARRANGED)) if rearranged else look.query
    found = find_words(look.finder.store.reader(), query)
    matches = [Match(hit=hit, reasons=(Reason(mode="words", why=f"{hit.tier}: {hit.why}", rank=hit.rank + 1),)) for hit in found.hits]
    return Ways([matches], total=found.total, more=found.more)


def by_meaning(look: Look) -> Ways:
    """What means the same as a text, a voice or a segment."""
    if _sounds(look.question):
        ways = [_from_sound(look), *_from_sound_to_texts(look)]
        lacking = "This fieldbook has no meaning vectors the query could be compared with."
    elif not look.query.text.strip():
        raise WrongUsage("There is nothing to search for.", "Type something, or give a recording or a segment.")
    elif look.finder.text_side is None:
        raise NotThere("There is no sentence encoder to understand the text with.", "Search by words, or add one: fieldapp model add")
    else:
        vector = look.finder.text_side.encode([look.query.text])[0]
        ways = [_from_text_to_sound(look, vector), *_from_text_to_texts(look, vector)]
        lacking = "Neither texts nor sounds of this fieldbook have vectors that typed text can be compared with."
    rankings = [way for way in ways if way is not None]
    if not rankings:
        raise NotThere(lacking, EMBED)
    return Ways(rankings)


def by_sound(look: Look) -> Ways:
    """What sounds like a voice or a segment, or holds a stretch that does."""
    if not _sounds(look.question):
        raise WrongUsage("A search by sound needs a sound.", "Give a recording (--audio FILE) or a segment (--like SEGMENT).")
    return Ways([sounding_alike(look)])


def hybrid(look: Look) -> Ways:
    """Everything the query allows."""
    typed, sounds = bool(look.query.text.strip()), _sounds(look.question)
    ways: list[Mode] = [way for way, wanted in ((by_words, typed), (by_meaning, True), (by_sound, sounds)) if wanted]
    found: list[Ways] = []
    troubles: list[FieldError] = []
    for way in ways:
        try:
            found.append(way(look))
        except NotThere as trouble:
            troubles.append(trouble)
    if not found:
        raise troubles[0]
    return Ways([ranking for one in found for ranking in one.rankings], tuple(f"Not looked for: {trouble.message}" for trouble in troubles))


MODES: tuple[tuple[str, Mode], ...] = (("words", by_words), ("meaning", by_meaning), ("sound", by_sound), ("hybrid", hybrid))
"""Name and how to look."""


def _sounds(question: Question) -> bool:
    return question.heard is not None or question.like is not None


def _from_sound(look: Look) -> list[Match] | None:
    space = look.finder.space("meaning", look.question.heard)
    if space is None:
        return None
    near = look.near(space, look.finder.vector(space, look.question), RERANKED)
    head = look.finder.head(space)
    if head is None or not head.text_model:  # what was trained on meaning knows better than frames do
        near = confirmed(look, near, RERANKED)
    return look.matches(near, "meaning", lambda _hit: "its sound lies near the query's in meaning", look.finder.calibration(space))


def _from_sound_to_texts(look: Look) -> Rankings:
    space = look.finder.reached_by_text()
    heard = look.question.heard
    if space is None or (heard is not None and (heard.model, heard.layer) != (space.model, space.layer)):
        return []
    vector, rankings = look.finder.vector(space, look.question), []
    head = look.finder.head(space)
    vector = head.as_texts(vector) if head else vector
    for texts in look.finder.text_spaces(look.query.tiers):
        near, tier = look.near(texts, vector), texts.kind.removeprefix("text:")
        rankings.append(look.matches(near, "meaning", lambda _hit, tier=tier: f"its {tier} means what was heard", look.finder.calibration(texts, space)))  # type: ignore[misc]
    return rankings


def _from_text_to_sound(look: Look, vector: F32) -> list[Match] | None:
    space = look.finder.reached_by_text()
    if space is None or space.dims != len(vector := look.finder.text_in(space, vector)):
        return None
    texts = next(iter(look.finder.text_spaces()), None)
    measure = look.finder.calibration(texts, space) if texts is not None else look.finder.uncalibrated
    return look.matches(look.near(space, vector), "meaning", lambda _hit: "its sound lies near the typed text", measure)


def _from_text_to_texts(look: Look, vector: F32) -> Rankings:
    rankings = []
    for space in look.finder.text_spaces(look.query.tiers):
        tier = space.kind.removeprefix("text:")
        near = look.near(space, vector)
        rankings.append(look.matches(near, "meaning", lambda _hit, tier=tier: f"its {tier} is near in meaning", look.finder.calibration(space)))  # type: ignore[misc]
    return rankings
