"""The starter's report: retrieval by its definition, targets by rule, a card that says what the numbers say, test sets that were never trained."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldapp import paths
from fieldapp.lab.hearing import Heard
from fieldapp.lab.starter import card, testsets
from fieldapp.lab.starter.evaluate import AMONG_SINITIC, WITH_ENGLISH, Recognised, Retrieved, retrieved
from fieldapp.lab.starter.targets import targets
from fieldapp.lab.starter.testsets import Examples
from fieldapp.lab.utterances import Utterance

NAMES = ("Mandarin", "Cantonese", "English")


def heard(noise: float, *, headed: bool = True) -> tuple[Heard, Examples]:
    """Three varieties, two speakers each, twelve meanings; what is heard is the meaning and as much noise as is said."""
    chance = np.random.default_rng(3)
    meanings = chance.standard_normal((12, 16)).astype(np.float32)
    said, frames = [], []
    for variety in NAMES:
        for speaker in ("1", "2"):
            for number, meaning in enumerate(meanings):
                said.append(Utterance(id=f"{variety}{speaker}{number}", where="", speaker=variety + speaker, variety=variety, meaning=str(number)))
                frames.append((meaning + noise * chance.standard_normal((5, 16))).astype(np.float32))
    pooled = np.stack([one.mean(axis=0) for one in frames])
    return Heard("made", -1, tuple(frames), pooled, pooled, pooled if headed else None), Examples(tuple(said), tuple(frames))


def quiet(share: float, doing: str) -> None:
    """Nobody listens."""


def test_what_is_heard_without_noise_is_always_found_and_with_much_noise_at_chance() -> None:
    for noise, low, high in ((0.0, 1.0, 1.0), (1000.0, 0.0, 0.25)):
        ear, test = heard(noise)
        rows = retrieved({False: ear}, test, "made", quiet)
        assert {row.way for row in rows} == {"head", "pooled", "seqsim", "sound"}
        assert all(low <= row.r1 <= high for row in rows)
        assert all(row.chance == pytest.approx(1 / 12) for row in rows)


def test_only_speakers_of_different_varieties_are_asked_about_each_other() -> None:
    ear, test = heard(0.1)
    rows = {row.one: row for row in retrieved({False: ear}, test, "made", quiet, ways=("pooled",)) if not row.other}
    assert rows[AMONG_SINITIC].speaker_pairs == 4
    assert rows[AMONG_SINITIC].n == 4 * 2 * 12
    assert rows[WITH_ENGLISH].speaker_pairs == 8


def test_a_model_without_a_head_is_compared_in_the_other_ways() -> None:
    ear, test = heard(0.1, headed=False)
    assert "head" not in {row.way for row in retrieved({False: ear}, test, "made", quiet)}


def found(way: str, r1: float, low: float, high: float, one: str = AMONG_SINITIC, test: str = "demo") -> Retrieved:
    return Retrieved("m", -1, test, one, "", way, 4, 50, 0.02, r1, low, high, 1.0)


def test_a_target_is_reached_missed_or_not_measured_by_rule() -> None:
    read = [Recognised("m", "s", variety, 50, 0.05, 0.04, 0.06, 0.8, 1.0) for variety in ("Mandarin", "Cantonese")]
    meant = [found("head", 0.95, 0.9, 1.0), found("seqsim", 0.5, 0.4, 0.6), found("mfcc-dtw", 0.3, 0.2, 0.41), found("mfcc-seqsim", 0.1, 0.0, 0.2)]
    people = [found("seqsim", 0.5, 0.4, 0.6, "a", "syllables"), found("mfcc-dtw", 0.45, 0.3, 0.6, "a", "syllables")]
    judged = {target.what: target.reached for target in targets(read, "s", "words", meant, people, ["syllables", "digits"])}
    assert judged["CER, Mandarin, s, unseen voices"] is False
    assert judged["CER, Cantonese, s, unseen voices"] is True
    assert judged["CER, Hakka, s, unseen voices"] is None
    assert judged[f"R@1, {AMONG_SINITIC}, 50 unseen sentences, unseen voices, meaning vectors"] is True
    assert judged["R@1, SeqSim on frames, all Sinitic pairs, intervals apart"] is False, "the intervals touch"
    assert judged["R@1, SeqSim on frames, syllables"] is True
    assert judged["R@1, SeqSim on frames, digits"] is None, "what was not measured is not left out"


def test_the_card_says_the_figures_the_licences_and_what_it_is_not_for() -> None:
    people = [{"voice": "somebody", "source": "a corpus", "licence": "CC BY-SA 3.0"}]
    facts: dict[str, Any] = {
        "name": "starter",
        "licence": "CC BY-SA 4.0",
        "source": "the recipe",
        "languages": ["zh", "en"],
        "megabytes": 11.3,
        "training": "all of it for 3 steps",
    }
    facts["trained"] = {**card.trained(None, None), "people": people}
    empty: dict[str, Any] = {name: [] for name in ("translated", "found", "layers", "layers_recognised", "arms", "human", "speed")}
    read = {"model": "starter", "test": "s", "variety": "Hakka", "n": 50, "cer": 0.0512, "low": 0.04, "high": 0.06, "whole": 0.8, "language": None}
    target = {"what": "CER, Hakka", "wanted": "at most 6%", "measured": "5.1%", "reached": True}
    written = card.text({"facts": facts, "recognised": [read], "targets": [target]} | empty)
    assert "| starter | s | Hakka | 50 | 5.1 % |" in written
    assert "| CER, Hakka | at most 6% | 5.1% | yes |" in written
    assert "CC BY-SA 3.0" in written
    assert "not for" in written
    assert "free speech" in written


def test_the_demos_test_set_holds_the_sentences_of_speakers_whose_voices_were_never_trained(tmp_path: Path) -> None:
    whole = paths.resource("demo")
    for name in ("items.csv", "cuts.csv"):
        shutil.copy(whole / name, tmp_path)
    with (whole / "speakers.csv").open(encoding="utf-8", newline="") as file:
        rows = [line for line in csv.reader(file) if line[0] in ("code", "C1", "K2")]
    with (tmp_path / "speakers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "sound").mkdir()
    shutil.copy(whole / "sound" / "K2.opus", tmp_path / "sound")
    test = testsets.demo(tmp_path)
    assert len(test) == 50
    assert {utterance.speaker for utterance in test.utterances} == {"K2"}
    assert all(0.3 < len(sound) / testsets.RATE < 8 and np.abs(sound).max() > 0.05 for sound in test.sounds)


def test_human_recordings_are_chosen_by_their_places(dev_data: Path) -> None:
    test = testsets.human(dev_data / "manifest.csv", ("sinitic/cmn_cw",))
    assert test.varieties() == ["sinitic/cmn_cw"]
    assert {utterance.language for utterance in test.utterances} == {"cmn"}
    assert len(test) > 40
