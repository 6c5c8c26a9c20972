"""What the starter is taught in one step: strings of words, people's words in twos, its language token, and never a translation into nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from fieldapp.lab.starter.batches import Batch, Batches
from fieldapp.lab.starter.corpus import Clip, Corpus
from fieldapp.lab.starter.lexicon import LANGUAGES
from fieldapp.lab.starter.phones import Phones
from fieldapp.lab.starter.tokens import CODES, Vocabulary, learn

LENGTH = 4000
WORDS = 20


@pytest.fixture
def batches(tmp_path: Path) -> Batches:
    """Twenty words and as many sentences in four languages, each a sound of its own, and twenty words of a person without English."""
    said = [(f"w:{n}", language, f"{language}{chr(97 + n)}", f"eng{chr(97 + n)}", "word") for n in range(WORDS) for language in LANGUAGES]
    said += [(f"s:{n}", language, f"{language}sentence{chr(97 + n)}", f"engsentence{chr(97 + n)}", "sentence") for n in range(WORDS) for language in LANGUAGES]
    said += [("", "cmn", f"person{chr(97 + n)}", "", "human") for n in range(WORDS)]
    clips = [
        Clip(meaning, language, text, english, "voice", "train", kind, LENGTH * at, LENGTH) for at, (meaning, language, text, english, kind) in enumerate(said)
    ]
    (tmp_path / "clips.jsonl").write_text("\n".join(json.dumps(asdict(clip)) for clip in clips), encoding="utf-8")
    np.ones(LENGTH * len(clips), np.int16).tofile(tmp_path / "samples.i16")
    phones = Phones(("a", "b"), {f"{clip.language}\t{clip.text}": (0, 1) for clip in clips})
    vocabulary = Vocabulary(learn([clip.text for clip in clips], small=True))
    return Batches(Corpus(tmp_path), vocabulary, vocabulary, phones, 1, size=16, augmented=False, translate=1.0)


def written(batches: Batches, batch: Batch) -> list[str]:
    targets = [[int(token) for token in row if token >= 0] for row in batch.targets]
    return [batches._written.decode(row[1:]) for row in targets]  # the first is the language


def test_words_come_in_strings_that_say_the_same_in_every_language(batches: Batches) -> None:
    batch = batches.batch(1)
    spoken = [batch.in_order[at] for at in range(len(LANGUAGES))]
    assert spoken == [language == "eng" for language in LANGUAGES]  # the others are translated here
    for at in range(0, len(batch.meanings), len(LANGUAGES)):
        some = written(batches, batch)[at : at + len(LANGUAGES)]
        assert len(set(some)) == 1
        assert len(set(batch.meanings[at : at + len(LANGUAGES)])) == 1
    words = [len(row) // 2 for row in batch.phones]
    assert max(words) > 1
    assert list(batch.speech_steps) == [-(-LENGTH * count // 320) for count in words]


def test_the_language_is_taught_and_told_first(batches: Batches) -> None:
    batch = batches.batch(1)
    told = [batches._written.tokenizer.id_to_token(int(row[0])) for row in batch.targets]
    assert told == [f"<|{CODES[language]}|>" for language in LANGUAGES] * (len(told) // len(LANGUAGES))


def test_what_has_no_english_is_never_translated_into_nothing(batches: Batches) -> None:
    batch = batches.batch(3)
    assert all(batch.in_order)
    assert all(text.startswith("person") for text in written(batches, batch))
    assert any(text.count("person") == 2 for text in written(batches, batch))


def test_so_many_of_four_batches_as_wanted_are_of_people(tmp_path: Path, batches: Batches) -> None:
    vocabulary, phones = batches._written, batches._phones
    for people, at in ((0, []), (1, [3]), (2, [0, 3])):
        mixed = Batches(Corpus(tmp_path), vocabulary, vocabulary, phones, 1, size=16, augmented=False, people=people)
        said = [mixed.batch(number).texts for number in range(4)]
        of_people = [number for number, texts in enumerate(said) if any("person" in vocabulary.decode(text) for text in texts)]
        assert of_people == at
