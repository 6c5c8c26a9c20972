"""The parallel world: the same seed says the same, every meaning is said in every language, test meanings are never trained."""

from __future__ import annotations

import itertools

import pytest

from fieldapp.lab.starter import corpus, lexicon, tokens, voices
from fieldapp.lab.starter.grammar import FRAMES, HELD_OUT_FRAMES, Speaker
from fieldapp.lab.starter.lexicon import LANGUAGES, number
from fieldapp.lab.starter.phrases import comparative
from fieldapp.lab.starter.tokens import Vocabulary


def test_the_world_has_more_than_six_hundred_concepts_said_in_every_language() -> None:
    concepts = lexicon.concepts()
    assert len(concepts) + 1000 > 600
    assert len(concepts) > 550
    for name, words in concepts.items():
        assert set(words) == set(LANGUAGES), name
        assert all(words.values()), name


def test_no_concept_is_written_twice() -> None:
    everything = len(lexicon.nouns()) + len(lexicon.verbs()) + len(lexicon.adjectives()) + len(lexicon.others())
    assert len(lexicon.concepts()) == everything


@pytest.mark.parametrize(
    ("n", "language", "said"),
    [
        (0, "eng", "zero"),
        (17, "eng", "seventeen"),
        (305, "eng", "three hundred and five"),
        (999, "eng", "nine hundred and ninety nine"),
        (10, "cmn", "十"),
        (12, "cmn", "十二"),
        (305, "cmn", "三百零五"),
        (110, "yue", "一百一十"),
        (42, "hak", "si-sṳ̍p-ngi"),
    ],
)
def test_numbers_are_said_as_people_say_them(n: int, language: str, said: str) -> None:
    assert number(n, language) == said


@pytest.mark.parametrize("frame", FRAMES)
def test_every_frame_says_something_in_every_language(frame: str) -> None:
    speaker = Speaker(7)
    for _ in range(50):
        sentence = speaker.sentence(frame)
        assert all(sentence.said[language].strip() for language in LANGUAGES)
        assert "  " not in "".join(sentence.said.values())


def test_the_same_seed_says_the_same_sentences() -> None:
    one, two = Speaker(5), Speaker(5)
    assert [one.sentence() for _ in range(50)] == [two.sentence() for _ in range(50)]


@pytest.mark.parametrize(
    ("word", "more"),
    [("big", "bigger"), ("heavy", "heavier"), ("white", "whiter"), ("good", "better"), ("beautiful", "more beautiful"), ("sweet", "sweeter"), ("new", "newer")],
)
def test_english_compares_by_its_rules(word: str, more: str) -> None:
    assert comparative(word) == more


def test_training_hears_no_test_meaning_no_held_out_frame_and_no_unseen_voice() -> None:
    wanted = list(corpus.plan(1, 400))
    trained = [w for w in wanted if w.split == "train"]
    tested = [w for w in wanted if w.split == "test" and w.kind != "word"]
    assert not {w.meaning_id for w in trained} & {w.meaning_id for w in tested}
    assert {w.voice.variant for w in trained} <= set(voices.TRAINED)
    assert {w.voice.variant for w in tested} <= set(voices.UNSEEN)
    assert not any(w.meaning_id.startswith(f"s:{frame}:") for w in trained for frame in HELD_OUT_FRAMES)


def test_every_meaning_is_planned_in_every_language() -> None:
    for _, group in itertools.groupby(corpus.plan(2, 50), key=lambda w: w.meaning_id):
        languages = [w.language for w in group]
        assert languages[:4] == list(LANGUAGES)
        assert len(languages) % 4 == 0


@pytest.mark.parametrize("small", [False, True])
def test_the_vocabulary_writes_back_what_it_read(small: bool) -> None:
    texts = ["琴日個老人家買咗三條紅魚", "chho-pû-ngit ke ló-ngìn-kâ", "the old man", "昨天"]
    vocabulary = Vocabulary(tokens.learn(texts * 2, small=small))
    for text in (*texts, "tʰɑ˥˩ unseen 字"):
        assert vocabulary.decode(vocabulary.encode(text)) == text


def test_what_is_written_at_once_is_a_character_or_two_letters() -> None:
    texts = ["琴日老人", "ló-ta̍k-é", "younger man"]
    vocabulary = Vocabulary(tokens.learn(texts * 9, small=True))
    pieces = [[vocabulary.decode([one]) for one in vocabulary.encode(text)] for text in texts]
    assert pieces == [["琴", "日", "老", "人"], ["ló", "-ta̍", "k", "-é"], ["yo", "un", "ge", "r", " ma", "n"]]
