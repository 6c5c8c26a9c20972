"""Batches for training: parallel ones, where every meaning comes in all languages, and mixed ones with words, numbers and human voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from fieldapp.lab.starter.augment import augment
from fieldapp.lab.starter.corpus import Clip, Corpus
from fieldapp.lab.starter.lexicon import LANGUAGES
from fieldapp.lab.starter.phones import FILE as PHONES
from fieldapp.lab.starter.phones import Phones
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.lab.starter.voices import RATE

T = TypeVar("T")
F32 = NDArray[np.float32]
LONGEST_S = 12.0
TAIL_S = (0.1, 0.7)
ALIKE = ("sentence", "word", "number")
"""Kinds of clip that come in all languages."""
STRINGS, STRING_S = 4, 2.5
"""So many words are said in one go, at most, for about so long."""
SPACED = {"eng": " ", "hak": " "}
"""What stands between the words of a string; the others write none."""
NEIGHBOURS = 0.06
"""A batch is drawn from this share of what is sorted by length: little of it is padding, and length tells nothing about meaning."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays ready for the network; -100 in `targets` is not scored."""

    mel: F32
    steps: NDArray[np.int64]
    speech_steps: NDArray[np.int64]
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    phones: tuple[tuple[int, ...], ...]
    texts: tuple[tuple[int, ...], ...]
    meanings: NDArray[np.int64]
    in_order: NDArray[np.bool_]
    """Which texts say what was said in the order in which it was said: transcriptions, not translations."""
    blank: int


class Batches:
    """Endless batches by seed and number: the same number gives the same batch, so training can stop and go on."""

    def __init__(
        self,
        corpus: Corpus,
        written: Vocabulary,
        meant: Vocabulary,
        phones: Phones,
        seed: int,
        *,
        size: int = 64,
        translate: float = 0.3,
        easy: int = 0,
        people: int = 1,
        augmented: bool = True,
    ) -> None:
        self._corpus, self._written, self._meant, self._phones, self._seed, self._size = corpus, written, meant, phones, seed, size
        self._translate, self._easy, self._augmented = translate, easy, augmented
        self._of_people = (3, 0)[:people]
        self._mel = FeatureExtractor(feature_size=80)
        trained = [c for c in corpus.clips if c.split == "train" and c.length < LONGEST_S * RATE]
        self._parallel: dict[str, dict[str, list[Clip]]] = {}
        for clip in trained:
            if clip.kind in ALIKE:
                self._parallel.setdefault(clip.meaning_id, {}).setdefault(clip.language, []).append(clip)
        sentences = {c.meaning_id for c in trained if c.kind == "sentence"}
        self._sentences = sorted(sentences, key=self._longest)
        self._words = sorted(set(self._parallel) - sentences, key=self._longest)
        self._human, self._spoken = (sorted((c for c in trained if c.kind == kind), key=lambda c: c.length) for kind in ("human", "spoken"))

    def _longest(self, meaning_id: str) -> int:
        return max(clip.length for said in self._parallel[meaning_id].values() for clip in said)

    def batch(self, number: int) -> Batch:
        """Batch `number`: of every four, `people` mix human words in and the others are parallel. The first ones are single words as they were spoken.

        After those, words come in strings that no grammar allows: what writes must listen, because it cannot guess.
        """
        chance = np.random.default_rng((self._seed, number))
        easy = number < self._easy
        if number % 4 in self._of_people and not easy and self._human:
            half = self._size // 2 if self._spoken else self._size
            utterances = _people(self._human, half, chance)
            utterances += _people(self._spoken, self._size - half, chance) if self._spoken else []
        else:
            rows = self._size // len(LANGUAGES)
            if easy and self._words:
                meant = [[each] for each in near(self._words, rows, chance)]
            elif number % 4 == 1 and self._words:
                meant = self._strings(rows, chance)
            else:
                meant = [[each] for each in near(self._sentences, rows, chance)]
            said = [[self._parallel[each][language] for each in row] for row in meant for language in LANGUAGES]
            utterances = [[clips[chance.integers(len(clips))] for clips in row] for row in said]
        return self.collate(utterances, chance, augmented=self._augmented and not easy)

    def _strings(self, count: int, chance: np.random.Generator) -> list[list[str]]:
        """Meanings of strings of words, short words more of them."""
        near_each_other = near(self._words, STRINGS * count, chance)
        longest = max(self._longest(each) for each in near_each_other)
        most = int(np.clip(STRING_S * RATE / longest, 1, STRINGS))
        return [near_each_other[STRINGS * row :][: chance.integers(1, most + 1)] for row in range(count) if STRINGS * row < len(near_each_other)]

    def collate(self, utterances: Sequence[Sequence[Clip]], chance: np.random.Generator, *, augmented: bool) -> Batch:
        """Lay utterances side by side. Most are one clip; a string of words is several, one after the other."""
        clips = [_joined(parts) for parts in utterances]
        sounds = [np.concatenate([self._corpus.samples(part) for part in parts]) for parts in utterances]
        if augmented:
            sounds = [augment(s, chance) for s in sounds]
        tails = [int(chance.uniform(*TAIL_S) * RATE) for _ in sounds]
        length = max(len(s) + tail for s, tail in zip(sounds, tails))
        length = -(-length // 3200) * 3200
        mel = np.stack([self._mel(np.pad(s, (0, length - len(s))), padding=0)[:, : length // 160] for s in sounds]).astype(np.float32)
        if augmented:
            _mask(mel, chance)
        tasks = [self._task(c, chance) for c in clips]
        rows = [self._row(c, task) for c, task in zip(clips, tasks)]
        width = max(len(tokens) for tokens, _ in rows)
        tokens = np.full((len(rows), width), self._written.end, dtype=np.int64)
        targets = np.full((len(rows), width), -100, dtype=np.int64)
        for i, (row, prompt) in enumerate(rows):
            tokens[i, : len(row)] = row
            targets[i, prompt - 1 : len(row) - 1] = row[prompt:]
            targets[i, 0] = row[1]  # the language
        names = [c.meaning_id or c.text for c in clips]
        known = {name: i for i, name in enumerate(dict.fromkeys(names))}
        read = [c.english if c.english and (not c.text or chance.random() < 0.5) else c.text for c in clips]
        return Batch(
            mel,
            np.array([-(-(len(s) + t) // 320) for s, t in zip(sounds, tails)]),
            np.array([-(-len(s) // 320) for s in sounds]),
            tokens,
            targets,
            tuple(_sounds(parts, self._phones) for parts in utterances),
            tuple(tuple(self._meant.encode(text)) for text in read),
            np.array([known[name] for name in names]),
            np.array([task == "transcribe" for task in tasks]),
            self._phones.count,
        )

    def _task(self, clip: Clip, chance: np.random.Generator) -> str:
        """Only what has an English side is ever translated."""
        if not clip.text:
            return "translate"
        return "translate" if clip.english and clip.language != "eng" and chance.random() < self._translate else "transcribe"

    def _row(self, clip: Clip, task: str) -> tuple[list[int], int]:
        prompt = self._written.prompt(clip.language, task)
        return [*prompt, *self._written.encode(clip.english if task == "translate" else clip.text), self._written.end], len(prompt)


def _people(ordered: Sequence[Clip], count: int, chance: np.random.Generator) -> list[list[Clip]]:
    """Utterances of one or two words of one language; what has no text stays alone."""
    utterances: list[list[Clip]] = []
    for clip in near(ordered, 2 * count, chance):
        before = utterances[-1] if utterances else []
        if len(before) == 1 and clip.text and before[0].text and clip.language == before[0].language and chance.random() < 0.5:
            before.append(clip)
        elif len(utterances) < count:
            utterances.append([clip])
    return utterances


def _joined(parts: Sequence[Clip]) -> Clip:
    """What a string of words says and means."""
    if len(parts) == 1:
        return parts[0]
    text = SPACED.get(parts[0].language, "").join(part.text for part in parts)
    ids = [part.meaning_id for part in parts]
    return replace(parts[0], meaning_id="+".join(ids) if all(ids) else "", text=text, english=" ".join(part.english for part in parts).strip())


def _sounds(parts: Sequence[Clip], phones: Phones) -> tuple[int, ...]:
    """The sounds of an utterance; empty where those of a part are not known."""
    each = [phones(part.language, part.text) for part in parts]
    return tuple(sound for sounds in each for sound in sounds) if all(each) else ()


def near(ordered: Sequence[T], count: int, chance: np.random.Generator) -> list[T]:
    """`count` different ones from one neighbourhood of a sorted list; as many as there are from a shorter one."""
    width = min(len(ordered), max(3 * count, round(NEIGHBOURS * len(ordered))))
    first = int(chance.integers(len(ordered) - width + 1))
    return [ordered[first + i] for i in chance.choice(width, size=min(count, width), replace=False)]


def _mask(mel: F32, chance: np.random.Generator) -> None:
    """In half of the recordings cover moments (never a whole syllable) and bands of frequency, so that the rest has to do."""
    for number in np.flatnonzero(chance.random(len(mel)) < 0.5):
        row = mel[number]
        quiet = row.min()
        for _ in range(2):
            width = int(chance.integers(0, 10))
            start = int(chance.integers(0, 80 - width))
            row[start : start + width] = quiet
            width = int(chance.integers(0, 10))
            start = int(chance.integers(0, row.shape[1] - width))
            row[:, start : start + width] = quiet


@dataclass(frozen=True, slots=True)
class Source:
    """What it takes to make the same batches in another process."""

    world: Path
    vocabularies: tuple[Path, Path]
    seed: int
    size: int
    translate: float
    easy: int
    people: int

    def batches(self) -> Batches:
        """Open the corpus and lay out its batches."""
        written, meant = (Vocabulary.load(place) for place in self.vocabularies)
        phones = Phones.load(self.world / PHONES)
        corpus = Corpus(self.world)
        return Batches(corpus, written, meant, phones, self.seed, size=self.size, translate=self.translate, easy=self.easy, people=self.people)


def ahead(source: Source, first: int, stop: int, workers: int) -> Iterator[tuple[int, Batch]]:
    """Batches in order, made while the network learns: in other processes, because threads would take the interpreter from it."""
    with ProcessPoolExecutor(workers, get_context("spawn"), _open, (source,)) as pool:
        waiting: list[tuple[int, Future[Batch]]] = []
        for number in range(first, stop):
            waiting.append((number, pool.submit(_made, number)))
            if len(waiting) > 3 * workers:
                at, future = waiting.pop(0)
                yield at, future.result()
        for at, future in waiting:
            yield at, future.result()


_opened: list[Batches] = []
"""In a process that makes batches: where it makes them from."""


def _open(source: Source) -> None:
    _opened.append(source.batches())


def _made(number: int) -> Batch:
    return _opened[0].batch(number)
