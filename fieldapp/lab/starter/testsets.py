"""What the starter model is examined with: the demo's parallel speakers, the world's test clips, real human words. Nothing of it was trained on. Any thread."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldapp.errors import FieldError
from fieldapp.lab.starter.corpus import HUMAN, Corpus, decode, split_of
from fieldapp.lab.utterances import F32, Utterance

NAMES = {"cmn": "Mandarin", "yue": "Cantonese", "hak": "Hakka", "eng": "English"}
MADE = "Made dialect"
SENTENCE, FRAME, WORD = "unseen sentences", "unseen frames", "trained words"
KINDS = {"sentence": SENTENCE, "frame": FRAME, "word": WORD}
"""What the world calls its test clips, and what they are: all of them by voices that were never trained."""
RATE = 16_000


@dataclass(frozen=True, slots=True)
class Examples:
    """Utterances and their sound, row by row."""

    utterances: tuple[Utterance, ...]
    sounds: tuple[F32, ...]

    def __len__(self) -> int:
        return len(self.utterances)

    def only(self, keep: Callable[[Utterance], bool]) -> Examples:
        """Those that pass."""
        return Examples.of((utterance, sound) for utterance, sound in zip(self.utterances, self.sounds) if keep(utterance))

    @classmethod
    def of(cls, pairs: Iterable[tuple[Utterance, F32]]) -> Examples:
        """Pairs laid beside each other."""
        listed = list(pairs)
        return cls(tuple(utterance for utterance, _ in listed), tuple(sound for _, sound in listed))

    def varieties(self) -> list[str]:
        """Those there are, in order of appearance."""
        return list(dict.fromkeys(utterance.variety for utterance in self.utterances))


def demo(folder: Path) -> Examples:
    """The fifty sentences of the demo by every speaker whose voice was never trained."""
    items = [row for row in _rows(folder / "items.csv") if row["kind"] == "sentence"]
    cuts = {(row["speaker"], row["meaning_id"]): (int(row["start"]), int(row["stop"])) for row in _rows(folder / "cuts.csv")}

    def said() -> Iterator[tuple[Utterance, F32]]:
        for speaker in _rows(folder / "speakers.csv"):
            if speaker["trained"] == "yes":
                continue
            sound = decode(folder / "sound" / f"{speaker['code']}.opus")
            for row in items:
                start, stop = cuts[speaker["code"], row["meaning_id"]]
                about = _utterance(speaker["code"], speaker["language"], row["meaning_id"], row[speaker["language"]], row["eng"], speaker["variety"])
                yield about, sound[start:stop]

    return Examples.of(said())


def world(folder: Path, most: int) -> Examples:
    """Test clips of the rendered world, at most so many of a kind and variety; `split` says which kind."""
    corpus = Corpus(folder)
    taken: dict[tuple[str, str], int] = {}

    def said() -> Iterator[tuple[Utterance, F32]]:
        for clip in corpus.clips:
            if clip.split != "test" or clip.kind not in KINDS:
                continue
            place = (clip.kind, clip.language)
            taken[place] = taken.get(place, 0) + 1
            if taken[place] <= most:
                about = _utterance(clip.voice, clip.language, clip.meaning_id, clip.text, clip.english, NAMES[clip.language], KINDS[clip.kind])
                yield about, corpus.samples(clip)

    return Examples.of(said())


def trained_voice_words(manifest: Path, most: int) -> Examples:
    """Mandarin words by the human voice the model was trained with, the words not."""
    rows = [row for row in _rows(manifest) if HUMAN.get(row["speaker"]) == "cmn" and row["transcript"] and split_of(row["transcript"]) != "train"]
    return Examples.of(_read(manifest.parent, rows[:: max(1, len(rows) // most)][:most], "cmn"))


def human(manifest: Path, places: Sequence[str]) -> Examples:
    """Recordings of people below some folders of a manifest, by their meanings."""
    rows = [row for row in _rows(manifest) if row["path"].startswith(tuple(places)) and row["meaning_id"]]
    return Examples.of(_read(manifest.parent, rows))


def _read(folder: Path, rows: Iterable[dict[str, str]], language: str = "") -> Iterator[tuple[Utterance, F32]]:
    for row in rows:
        sound = decode(folder / row["path"])
        if len(sound):
            tongue = language or row["language"]
            yield _utterance(row["speaker"], tongue, row["meaning_id"], row["transcript"], row.get("translation_en", ""), row["path"].rpartition("/")[0]), sound


def _utterance(speaker: str, language: str, meaning: str, said: str, english: str, variety: str, split: str = "") -> Utterance:
    return Utterance(
        id=f"{speaker}/{meaning or said}",
        where="",
        speaker=speaker,
        variety=variety,
        language=language,
        meaning=meaning or said,
        transcript=said,
        translation=english,
        split=split,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as trouble:
        raise FieldError(f"{path} cannot be read: {trouble.strerror}.", "Check the place that was named.") from trouble
