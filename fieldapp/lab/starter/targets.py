"""What the starter model was meant to reach, and what it reached: named beforehand, compared by rule, printed either way. Pure; any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.lab.starter.evaluate import ALL, AMONG_SINITIC, WITH_ENGLISH, Recognised, Retrieved

AT_MOST, AT_LEAST, ABOVE = "at most", "at least", "above"
ERRORS = {"Mandarin": 0.03, "English": 0.03, "Cantonese": 0.06, "Hakka": 0.06}
MEANINGS = {AMONG_SINITIC: 0.9, WITH_ENGLISH: 0.8}
HUMAN_ERRORS = 0.25
BY_SOUND, FLOOR = "seqsim", "mfcc-dtw"
"""Named beforehand: frames by SeqSim are what is compared with the floor, not whichever way came out best."""


@dataclass(frozen=True, slots=True)
class Target:
    """One figure that was wanted. `reached` is None where nothing was measured."""

    what: str
    wanted: str
    measured: str
    reached: bool | None


def targets(
    recognised: Sequence[Recognised], sentences: str, trained_voice: str, meant: Sequence[Retrieved], people: Sequence[Retrieved], tests: Sequence[str]
) -> list[Target]:
    """All of them. `sentences` and `trained_voice` name the test sets of unseen sentences and of unseen words by the trained human voice.

    `tests` names those of `people`: what was not measured is listed as that.
    """
    made = [_errors(f"CER, {variety}, {sentences}, unseen voices", most, recognised, sentences, variety) for variety, most in ERRORS.items()]
    made += [_meaning(pairs, least, meant) for pairs, least in MEANINGS.items()]
    made += [_above_the_floor("SeqSim on frames, all Sinitic pairs, intervals apart", [one for one in meant if one.one == AMONG_SINITIC], apart=True)]
    made.append(_errors("CER, human Mandarin, unseen words of the trained voice", HUMAN_ERRORS, recognised, trained_voice, ""))
    for test in tests:
        some = [one for one in people if one.test == test]
        together = [one for one in some if one.one == ALL] or some
        made.append(_above_the_floor(f"SeqSim on frames, {test}", together, apart=False))
    return made


def _errors(what: str, most: float, rows: Sequence[Recognised], test: str, variety: str) -> Target:
    found = next((one for one in rows if one.test == test and variety in (one.variety, "")), None)
    if found is None:
        return Target(what, f"{AT_MOST} {most:.0%}", "not measured", None)
    return Target(what, f"{AT_MOST} {most:.0%}", f"{found.cer:.1%} ({_between(found.low, found.high)})", found.cer <= most)


def _meaning(pairs: str, least: float, rows: Sequence[Retrieved]) -> Target:
    what, wanted = f"R@1, {pairs}, 50 unseen sentences, unseen voices, meaning vectors", f"{AT_LEAST} {least:.0%}"
    found = next((one for one in rows if one.one == pairs and one.way == "head"), None)
    if found is None:
        return Target(what, wanted, "not measured", None)
    return Target(what, wanted, f"{found.r1:.1%} ({_between(found.low, found.high)})", found.r1 >= least)


def _above_the_floor(what: str, rows: Sequence[Retrieved], *, apart: bool) -> Target:
    mine = next((one for one in rows if one.way == BY_SOUND), None)
    floors = [one for one in rows if one.way.startswith("mfcc") and (apart or one.way == FLOOR)]
    if mine is None or not floors:
        return Target(f"R@1, {what}", f"{ABOVE} MFCC", "not measured", None)
    floor = max(floors, key=lambda one: one.r1)
    wanted = f"{ABOVE} {floor.way} {floor.r1:.1%} ({_between(floor.low, floor.high)})"
    reached = mine.low > floor.high if apart else mine.r1 > floor.r1
    return Target(f"R@1, {what}", wanted, f"{mine.r1:.1%} ({_between(mine.low, mine.high)})", reached)


def _between(low: float, high: float) -> str:
    return f"{low:.1%} to {high:.1%}"
