"""A word is found by what recordings with its picture share; pictures say what they show in several ways."""

from __future__ import annotations

import numpy as np

from fieldapp.lab.pictures import find, labels_of, overlap, string_together

STEP = 0.04


def recordings(count: int = 24) -> tuple[list[np.ndarray], list[np.ndarray], list[bool], list[tuple[float, float]]]:
    """Each is noise of its own, a hum that all share, and in every other one the word at a place of chance."""
    chance = np.random.default_rng(2)
    word, hum = (chance.standard_normal((8, 12)).astype(np.float32) * 3 for _ in range(2))
    frames, shows, places = [], [], []
    for number in range(count):
        made = chance.standard_normal((60, 12)).astype(np.float32)
        made[:8] = hum + 0.3 * made[:8]
        at = int(chance.integers(10, 50))
        if number % 2 == 0:
            made[at : at + 8] = word + 0.5 * made[at : at + 8]
        frames.append(made)
        shows.append(number % 2 == 0)
        places.append((at * STEP, (at + 8) * STEP))
    return frames, [np.arange(60, dtype=np.float32) * STEP] * count, shows, places


def right(way: str) -> float:
    frames, times, shows, places = recordings()
    found = find(frames, times, shows, 0, way)
    assert {candidate.row for candidate in found} == {row for row, yes in enumerate(shows) if yes}
    return float(np.mean([overlap((one.start, one.stop), places[one.row]) >= 0.5 for one in found]))


def test_contrast_finds_the_word_where_sharing_alone_finds_the_hum_and_chance_neither() -> None:
    assert right("contrast") > 0.8
    assert right("contrast") > right("with only")
    assert right("random") < 0.4


def test_the_same_seed_finds_the_same() -> None:
    frames, times, shows, _ = recordings(10)
    assert find(frames, times, shows, 4) == find(frames, times, shows, 4)


def test_one_frame_and_one_recording_are_enough_not_to_fail() -> None:
    one = np.ones((1, 3), np.float32)
    (found,) = find([one], [np.zeros(1, np.float32)], [True], 0)
    assert found.stop - found.start >= 0.2


def test_a_picture_says_what_it_shows() -> None:
    assert labels_of("stimuli/big_dog-2.svg", "der Hund; le chien, Canis") == {"big", "dog", "2", "der hund", "le chien", "canis"}
    assert labels_of("", "") == set()


def test_words_are_strung_together_by_one_voice_without_repeats() -> None:
    words = ["one", "two", "three", "one", "two", "three", "one", "two"]
    sounds = [np.full(100, n, np.float32) for n in range(8)]
    made = string_together(words, ["x"] * 6 + ["y"] * 2, sounds, 3, 100, 0)
    assert [len(one.shown) for one in made] == [3, 3]
    for one in made:
        assert len(one.audio) == 300
        for word, start, stop in one.words:
            assert words[int(one.audio[int(start * 100)])] == word
            assert stop - start == 1


def test_overlap_is_shared_time_over_all_time() -> None:
    assert overlap((0, 2), (1, 3)) == 1 / 3
    assert overlap((0, 1), (2, 3)) == 0
