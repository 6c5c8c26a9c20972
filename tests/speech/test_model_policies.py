"""Choosing a context policy: errors counted rightly, the fastest of those that cannot be told apart, run-aways never bought with speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fieldapp.speech import whisper
from fieldapp.speech.device import choose
from fieldapp.speech.finals import PADDED
from fieldapp.speech.guards import Fault
from fieldapp.speech.live import FINALS_ONLY, FOLLOW, QUICK_FIRST
from fieldapp.speech.manifest import Context, Manifest, manifest_of, preferred_type, write
from fieldapp.speech.models.cost import measure, pace, verdict
from fieldapp.speech.models.policies import PACKED, SINGLE, Example, Score, best, character_errors, chosen, compare, ways
from fieldapp.speech.recogniser import Encoded


def score(context: Context, errors: Sequence[int] | np.ndarray, *, ran_away: int = 0, seconds: float = 1.0, compute_type: str = "int8_float32") -> Score:
    return Score(context, compute_type, np.array(errors), np.full(len(errors), 20), ran_away, seconds, 60.0)


@pytest.mark.parametrize(
    ("reference", "heard", "errors", "length"),
    [
        ("abcd", "abd", 1, 4),
        ("", "abc", 3, 0),
        ("Guten Tag!", "guten  tag", 0, 8),
        ("太阳", "太阴", 1, 2),
        ("kitten", "sitting", 3, 6),
        ("e\u0301te\u0301", "\u00e9t\u00e9", 0, 3),
        ("tʰɑ˥˩", "", 3, 3),
    ],
)  # fmt: skip
def test_character_errors_are_counted_as_defined(reference: str, heard: str, errors: int, length: int) -> None:
    assert character_errors(reference, heard) == (errors, length)


def test_of_ways_that_cannot_be_told_apart_the_fastest_wins() -> None:
    rng = np.random.default_rng(1)
    padded = rng.integers(2, 8, 100)
    short = score(Context("flexible", 1.28), padded + rng.choice([-1, 0, 1], 100), seconds=1.0)
    slow = score(PADDED, padded, seconds=9.0)
    assert best([slow, short]) is short


def test_of_ways_about_as_fast_the_one_with_fewer_errors_wins() -> None:
    errors = np.random.default_rng(1).integers(0, 8, 100)
    fewer, quicker = score(Context("flexible", 0.4), errors, seconds=1.05), score(Context("flexible", 0.0), np.append(errors[:-1], errors[-1] + 1))
    assert best([quicker, fewer]) is fewer


def test_a_way_with_clearly_more_errors_or_run_aways_does_not_win() -> None:
    padded = np.full(100, 4)
    worse = score(Context("flexible", 0.0), padded + 2, seconds=1.0)
    looping = score(Context("flexible", 0.64), padded, seconds=1.0, ran_away=2)
    slow = score(PADDED, padded, seconds=9.0)
    assert best([worse, looping, slow]) is slow


def test_the_manifest_gets_the_winners_and_keeps_what_it_knew() -> None:
    about = Manifest(name="m", licence="MIT", measured={"probe": {"width": 64}})
    live = score(Context("flexible", 0.64), [1, 1], seconds=2.0)
    packed = score(Context("packed", 0.0), [1, 1], seconds=1.0)
    found = chosen(about, [live, packed], "cpu")
    assert (found.live, found.bulk, found.licence) == (Context("flexible", 0.64), Context("packed", 0.0), "MIT")
    assert found.measured["probe"] == {"width": 64}
    assert preferred_type(found, "cpu") == "int8_float32"
    assert preferred_type(found, "cuda") == ""


def test_a_model_that_never_heard_long_windows_stays_without_a_second_look() -> None:
    about = Manifest(name="m", live=Context("flexible", 0.4, second_look=False), bulk=Context("flexible", 0.4, second_look=False))
    found = chosen(about, [score(Context("flexible", 0.0), [1, 1])], "cpu")
    assert found.live == found.bulk == Context("flexible", 0.0, second_look=False)


def test_what_a_model_asks_for_takes_part_once() -> None:
    asked = Context("flexible", 0.4, second_look=False)
    assert ways(Manifest(name="m", live=asked)) == (SINGLE[0], asked, *SINGLE[1:])
    assert ways(Manifest(name="m", live=Context("flexible", 0.64, second_look=False))) == SINGLE


class Recording(whisper.Whisper):
    """A real model that writes down how its windows were laid."""

    laid: list[tuple[str, float, int]]

    def encode(self, rows: Sequence[np.ndarray], context: Context) -> Encoded:
        self.laid.append((context.policy, context.tail, len(rows)))
        return super().encode(rows, context)


def test_every_way_is_tried_on_every_example(mini_folder: Path) -> None:
    device = choose("cpu", threads=1)
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    examples = [Example(noise[:12_000], "denbo gerban mibun panbir sardo zedan", "en"), Example(noise, "denbo gerban", "fr")]
    models: list[Recording] = []

    def load(_compute_type: str) -> Recording:
        models.append(Recording(mini_folder, device))
        models[-1].laid = []
        return models[-1]

    told: list[float] = []
    scores = compare(load, ["int8_float32"], examples, lambda share, _doing: told.append(share))
    assert [made.context for made in scores] == [*SINGLE, PACKED]
    assert told == sorted(told)
    singly = [laid for laid in models[0].laid[1:] if laid[0] != "packed"]  # the first is the warm-up
    assert len(singly) >= 2 * len(SINGLE)
    for made in scores[:-1]:
        assert list(made.lengths) == [32, 11]
        assert made.errors[0] == 0  # this model always recites these six words
        assert made.ran_away in (0, 1)


def test_run_aways_are_those_that_never_end() -> None:
    from fieldapp.speech.models import policies

    assert policies._RAN_AWAY & Fault.CAPPED
    assert not policies._RAN_AWAY & Fault.SILENCE


def test_what_was_measured_decides_the_number_format(mini_folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(mini_folder, tmp_path / "mini")
    measured = {"policies_cpu": {"compute_type": "float32"}}
    write(tmp_path / "mini", Manifest(name="mini", measured=measured))
    model = whisper.load(tmp_path / "mini", "cpu", threads=1)
    assert model.device.compute_type == "float32"
    assert "own measurements prefer float32" in model.device.reason
    assert whisper.load(tmp_path / "mini", "cpu", compute_type="int8_float32", threads=1).device.compute_type == "int8_float32"
    assert manifest_of(tmp_path / "mini").measured == measured


def test_the_cost_of_a_model_leads_to_a_verdict(mini_folder: Path) -> None:
    found = measure(whisper.load(mini_folder, "cpu", threads=1))
    assert set(found.encode_ms) == {"1", "2", "5", "10", "30"}
    assert found.token_ms >= 0  # where other work interrupts, so few tokens may cost nothing measurable
    assert found.verdict == verdict(found.final_seconds)
    assert [verdict(seconds) for seconds in (0.5, 1.5, 3.0)] == ["live", "late", "afterwards"]


@pytest.mark.parametrize(
    ("seconds", "quick", "found"),
    [
        (0.5, None, FOLLOW), (0.5, 0.1, FOLLOW), (1.5, None, FOLLOW), (1.5, 0.4, QUICK_FIRST),
        (1.5, 1.2, FOLLOW), (3.0, 0.4, QUICK_FIRST), (3.0, None, FINALS_ONLY), (3.0, 1.2, FINALS_ONLY),
    ],
)  # fmt: skip
def test_what_a_final_costs_decides_how_a_speaker_is_followed(seconds: float, quick: float | None, found: str) -> None:
    assert pace(seconds, quick) == found
