"""The rendered world on disk: one file of samples, one line of JSON a clip. Rendering is repeatable and can go on where it stopped."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from fieldapp.lab.starter import voices
from fieldapp.lab.starter.grammar import FRAMES, HELD_OUT_FRAMES, Speaker
from fieldapp.lab.starter.lexicon import LANGUAGES, concepts, number
from fieldapp.lab.starter.voices import RATE

Said = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance. `text` is empty where only the English meaning is known; `start` and `length` are samples in the file."""

    meaning_id: str
    language: str
    text: str
    english: str
    voice: str
    split: str
    kind: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One utterance to be rendered."""

    meaning_id: str
    language: str
    text: str
    english: str
    voice: voices.Voice
    split: str
    kind: str
    source: Path | None = None
    """A recording instead of a voice."""


class Corpus:
    """Reads what was rendered; samples come from a memory map."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = (folder / "clips.jsonl").read_text(encoding="utf-8").splitlines()
        self.clips = [Clip(**json.loads(line)) for line in lines]
        self._samples = np.memmap(folder / "samples.i16", dtype=np.int16, mode="r")

    def samples(self, clip: Clip) -> NDArray[np.float32]:
        """A clip's samples from -1 to 1."""
        return self._samples[clip.start : clip.start + clip.length].astype(np.float32) / np.float32(32768)


def plan(seed: int, meanings: int) -> Iterator[Wanted]:
    """What to render: sentences, single words, numbers; and for testing, unseen meanings and frames by unseen voices."""
    chance = random.Random(seed)
    speaker = Speaker(seed)
    trained_frames = [name for name in FRAMES if name not in HELD_OUT_FRAMES]
    seen: set[str] = set()
    count = 0
    while count < meanings:
        sentence = speaker.sentence(chance.choice(trained_frames))
        if sentence.meaning_id in seen:
            continue
        seen.add(sentence.meaning_id)
        count += 1
        split = split_of(sentence.meaning_id)
        yield from _everybody(sentence.meaning_id, sentence.said, split, "sentence", chance)
    for number_of_frame in range(240):
        sentence = speaker.sentence(HELD_OUT_FRAMES[number_of_frame % len(HELD_OUT_FRAMES)])
        if sentence.meaning_id not in seen:
            seen.add(sentence.meaning_id)
            yield from _everybody(sentence.meaning_id, sentence.said, "test", "frame", chance)
    for meaning_id, words in concepts().items():
        for split in ("train", "train", "train", "test"):
            yield from _everybody(meaning_id, words, split, "word", chance)
    for n in range(1000):
        said = {language: number(n, language) for language in LANGUAGES}
        yield from _everybody(f"n:{n}", said, split_of(f"n:{n}"), "number", chance)


def split_of(meaning_id: str) -> str:
    """Which part a meaning belongs to: decided by the meaning alone, so no voice carries it across."""
    bucket = hashlib.sha256(meaning_id.encode()).digest()[0]
    return "test" if bucket < 6 else "dev" if bucket < 12 else "train"


def _everybody(meaning_id: str, said: Mapping[str, str], split: str, kind: str, chance: random.Random) -> Iterator[Wanted]:
    variants = {"train": voices.TRAINED, "dev": voices.DEVELOPMENT, "test": voices.UNSEEN}[split]
    for language in LANGUAGES:
        yield Wanted(meaning_id, language, said[language], said["eng"], voices.choose(variants, chance), split, kind)


def render(folder: Path, seed: int, meanings: int, real: Path | None, progress: Said) -> None:
    """Make the corpus. Rendering again with the same arguments goes on after the last whole clip."""
    folder.mkdir(parents=True, exist_ok=True)
    index, sound = folder / "clips.jsonl", folder / "samples.i16"
    done = index.read_text(encoding="utf-8").splitlines() if index.exists() else []
    position = sum(json.loads(done[-1])[k] for k in ("start", "length")) if done else 0
    human = list(_human(real)) if real is not None else []
    wanted = [*plan(seed, meanings), *human, *_repeated(human, seed)]
    todo = wanted[len(done) :]
    with sound.open("r+b" if sound.exists() else "w+b") as samples, index.open("a", encoding="utf-8") as clips, ThreadPoolExecutor(2) as pool:
        samples.truncate(2 * position)
        samples.seek(2 * position)
        for number_done, (one, pcm) in enumerate(zip(todo, pool.map(_sound_of, todo))):
            samples.write(pcm.tobytes())
            clip = Clip(one.meaning_id, one.language, one.text, one.english, one.voice.name, one.split, one.kind, position, len(pcm))
            clips.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
            position += len(pcm)
            if number_done % 500 == 0:
                samples.flush()
                clips.flush()
                progress((len(done) + number_done) / len(wanted), "speaking the world")
    progress(1.0, "the world is spoken")


def _sound_of(one: Wanted) -> NDArray[np.int16]:
    return voices.to_pcm(voices.trim(decode(one.source))) if one.source else voices.speak(one.text, one.language, one.voice)


HUMAN = {"cmn-tan": "cmn", "gc-en-art4apps": "eng", "gc-gd-words": "gla", "gc-es-smart4kids": "spa"}
"""Human voices whose words have a written form or an English meaning. The rest of the real recordings stays unseen."""


def _human(manifest: Path) -> Iterator[Wanted]:
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            language = HUMAN.get(row["speaker"])
            if language is None:
                continue
            english = row["meaning_id"].removeprefix("w:").replace("_", " ")
            split = "test" if split_of(row["transcript"] or english) != "train" else "train"
            nobody = voices.Voice(row["speaker"], 0, 0)
            yield Wanted(row["meaning_id"], language, row["transcript"], english, nobody, split, "human", manifest.parent / row["path"])


def _repeated(human: Sequence[Wanted], seed: int) -> Iterator[Wanted]:
    """The trained Mandarin words of the one human voice again, by many made voices: a word is not how one person says it."""
    chance = random.Random(seed)
    for one in human:
        if one.language == "cmn" and one.split == "train":
            for _ in range(2):
                yield replace(one, voice=voices.choose(voices.TRAINED, chance), kind="spoken", source=None)


def decode(path: Path) -> NDArray[np.float32]:
    """A short recording of any kind, mono, 16 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono")
        blocks = [f.to_ndarray()[0] for frame in container.decode(stream) for f in resampler.resample(frame)]
        rate = stream.rate
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return np.asarray(soxr.resample(samples, rate, RATE), dtype=np.float32)
