"""Batches for training: parallel ones, where every meaning comes in all languages, and mixed ones with words, numbers and human voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from fieldapp.lab.starter.augment import augment
from fieldapp.lab.starter.corpus import Clip, Corpus
from fieldapp.lab.starter.lexicon import LANGUAGES
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.lab.starter.voices import RATE

F32 = NDArray[np.float32]
LONGEST_S = 12.0
TAIL_S = (0.1, 0.7)


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays ready for the network; -100 in `targets` is not scored."""

    mel: F32
    steps: NDArray[np.int64]
    speech_steps: NDArray[np.int64]
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    transcripts: tuple[tuple[int, ...], ...]
    meanings: NDArray[np.int64]
    blank: int


class Batches:
    """Endless batches by seed and number: the same number gives the same batch, so training can stop and go on."""

    def __init__(self, corpus: Corpus, vocabulary: Vocabulary, seed: int, *, size: int = 32, translate: float = 0.3, augmented: bool = True) -> None:
        self._corpus, self._vocabulary, self._seed, self._size = corpus, vocabulary, seed, size
        self._translate, self._augmented = translate, augmented
        self._mel = FeatureExtractor(feature_size=80)
        trained = [c for c in corpus.clips if c.split == "train" and c.length < LONGEST_S * RATE]
        self._parallel: dict[str, dict[str, list[Clip]]] = {}
        for clip in trained:
            if clip.kind != "human":
                self._parallel.setdefault(clip.meaning_id, {}).setdefault(clip.language, []).append(clip)
        sentences = {c.meaning_id for c in trained if c.kind == "sentence"}
        self._sentences = sorted(sentences)
        self._words = sorted(set(self._parallel) - sentences)
        self._human = [c for c in trained if c.kind == "human"]

    def batch(self, number: int) -> Batch:
        """Batch `number`: three of four are parallel, the rest mixes human words in."""
        chance = np.random.default_rng((self._seed, number))
        if number % 4 == 3 and self._human:
            clips = [self._human[i] for i in chance.integers(len(self._human), size=self._size)]
        else:
            pool = self._words if number % 4 == 1 and self._words else self._sentences
            chosen = chance.choice(len(pool), size=self._size // len(LANGUAGES), replace=False)
            by_language = [self._parallel[pool[i]] for i in chosen]
            clips = [said[language][chance.integers(len(said[language]))] for said in by_language for language in LANGUAGES]
        return self.collate(clips, chance)

    def collate(self, clips: Sequence[Clip], chance: np.random.Generator) -> Batch:
        """Lay clips side by side."""
        sounds = [self._corpus.samples(c) for c in clips]
        if self._augmented:
            sounds = [augment(s, chance) for s in sounds]
        tails = [int(chance.uniform(*TAIL_S) * RATE) for _ in sounds]
        length = max(len(s) + tail for s, tail in zip(sounds, tails))
        length = -(-length // 3200) * 3200
        mel = np.stack([self._mel(np.pad(s, (0, length - len(s))), padding=0)[:, : length // 160] for s in sounds]).astype(np.float32)
        if self._augmented:
            _mask(mel, chance)
        tasks = ["translate" if not c.text or (c.language != "eng" and chance.random() < self._translate) else "transcribe" for c in clips]
        rows = [self._row(c, task) for c, task in zip(clips, tasks)]
        width = max(len(tokens) for tokens, _ in rows)
        tokens = np.full((len(rows), width), self._vocabulary.end, dtype=np.int64)
        targets = np.full((len(rows), width), -100, dtype=np.int64)
        for i, (row, prompt) in enumerate(rows):
            tokens[i, : len(row)] = row
            targets[i, prompt - 1 : len(row) - 1] = row[prompt:]
        known = {m: i for i, m in enumerate(dict.fromkeys(c.meaning_id for c in clips))}
        return Batch(
            mel,
            np.array([-(-(len(s) + t) // 320) for s, t in zip(sounds, tails)]),
            np.array([-(-len(s) // 320) for s in sounds]),
            tokens,
            targets,
            tuple(tuple(self._vocabulary.encode(c.text)) for c in clips),
            np.array([known[c.meaning_id] for c in clips]),
            self._vocabulary.end,
        )

    def _row(self, clip: Clip, task: str) -> tuple[list[int], int]:
        prompt = self._vocabulary.prompt(clip.language, task)
        return [*prompt, *self._vocabulary.encode(clip.english if task == "translate" else clip.text), self._vocabulary.end], len(prompt)


def _mask(mel: F32, chance: np.random.Generator) -> None:
    """Cover stretches of time and bands of frequency, so that the rest has to do."""
    for row in mel:
        quiet = row.min()
        for _ in range(2):
            width = int(chance.integers(0, 10))
            start = int(chance.integers(0, 80 - width))
            row[start : start + width] = quiet
            width = int(chance.integers(0, max(2, row.shape[1] // 12)))
            start = int(chance.integers(0, row.shape[1] - width))
            row[:, start : start + width] = quiet


def ahead(batches: Batches, first: int, stop: int, workers: int) -> Iterator[tuple[int, Batch]]:
    """Batches in order, made in other threads while the network learns."""
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(workers) as pool:
        waiting: list[tuple[int, Future[Batch]]] = []
        for number in range(first, stop):
            waiting.append((number, pool.submit(batches.batch, number)))
            if len(waiting) > 2 * workers:
                at, future = waiting.pop(0)
                yield at, future.result()
        for at, future in waiting:
            yield at, future.result()
