"""The sound of the demo fieldbook: parallel sentences no model was trained on, words and pictures, said by synthetic speakers, as small Ogg/Opus files.

One file a speaker, all utterances after each other as in a session; tables beside them say what is where. Made once, with
espeak-ng, and kept in `resources/demo`, because a person who opens the demo has no espeak-ng. The same seed gives the same sound.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from fieldapp import paths
from fieldapp.lab.starter import voices
from fieldapp.lab.starter.corpus import split_of
from fieldapp.lab.starter.dialects import MadeDialect
from fieldapp.lab.starter.grammar import FRAMES, HELD_OUT_FRAMES, Sentence, Speaker
from fieldapp.lab.starter.lexicon import LANGUAGES, concepts, nouns
from fieldapp.lab.starter.voices import RATE, Voice

SENTENCES, WORDS = 50, 100
PAUSE_S = 0.4
BITS_PER_SECOND = 16_000
FROM_A_NEW_FRAME = 5
"""Sentences from each frame that training never uses; the others are new combinations in known frames."""
_MOST_OF_ONE_CONCEPT = 3
_YES = {True: "yes", False: "no"}
_COLOURS = ("red", "yellow", "blue", "green", "white", "black", "grey", "brown")
_CLUMSY = re.compile(r"\b(this|that) (\w+ )?\w+s\b|\w+rrer\b|\b(kill|hit|beat|bite)")


@dataclass(frozen=True, slots=True)
class Item:
    """One meaning and how it is said; `picture` where it is asked for with one."""

    meaning_id: str
    kind: str
    said: dict[str, str]
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """A synthetic speaker. `transcribed`: a person's texts come with the demo; `strength`: of a made dialect."""

    code: str
    language: str
    variety: str
    voice: Voice
    transcribed: bool = False
    strength: int = 0

    @property
    def seen(self) -> bool:
        """Whether the starter model was trained with this voice."""
        return self.voice.variant not in voices.UNSEEN


CAST = (
    Cast("C1", "cmn", "Mandarin", Voice("f2", 150, 55), transcribed=True),
    Cast("C2", "cmn", "Mandarin", Voice("michel", 140, 40)),
    Cast("C3", "cmn", "Mandarin", Voice("steph2", 160, 60)),
    Cast("K1", "yue", "Cantonese", Voice("robert", 150, 45), transcribed=True),
    Cast("K2", "yue", "Cantonese", Voice("shelby", 145, 55)),
    Cast("K3", "yue", "Cantonese", Voice("m8", 160, 35)),
    Cast("H1", "hak", "Hakka", Voice("f3", 145, 50), transcribed=True),
    Cast("H2", "hak", "Hakka", Voice("edward2", 140, 45)),
    Cast("H3", "hak", "Hakka", Voice("klatt2", 150, 50)),
    Cast("E1", "eng", "English", Voice("m3", 150, 45, "en-gb-scotland"), transcribed=True),
    Cast("E2", "eng", "English", Voice("Lee", 150, 50, "en-us")),
    Cast("E3", "eng", "English", Voice("grandma", 140, 60, "en")),
    Cast("X1", "cmn", "Made dialect", Voice("iven3", 145, 50), strength=5),
)


def items(seed: int) -> list[Item]:
    """What everybody says: sentences, words, pictures."""
    pictured = {f"w:{path.stem}": path.name for path in sorted(paths.resource("demo", "pictures").glob("*.svg"))}
    known = concepts()
    words = [name for name in _common(known) if name not in pictured][:WORDS]
    return [
        *(Item(meaning, "sentence", said) for meaning, said in _sentences(seed)),
        *(Item(name, "word", dict(known[name])) for name in words),
        *(Item(name, "picture", dict(known[name]), picture) for name, picture in pictured.items()),
    ]


def make(folder: Path, seed: int, progress: Callable[[float, str], None]) -> None:
    """Write tables and sound into a folder."""
    asked = items(seed)
    (folder / "sound").mkdir(parents=True, exist_ok=True)
    _table(
        folder / "items.csv",
        ("meaning_id", "kind", *LANGUAGES, "picture"),
        ((one.meaning_id, one.kind, *(one.said[language] for language in LANGUAGES), one.picture) for one in asked),
    )
    _table(
        folder / "speakers.csv",
        ("code", "language", "variety", "voice", "trained", "transcribed", "changes"),
        ((c.code, c.language, c.variety, _voice(c), _YES[c.seen], _YES[c.transcribed], _changes(c)) for c in CAST),
    )
    cuts: list[tuple[str, str, int, int]] = []
    for number, speaker in enumerate(CAST):
        progress(number / len(CAST), f"{speaker.code} speaks")
        sound, spans = _session(speaker, asked)
        _encode(folder / "sound" / f"{speaker.code}.opus", sound)
        cuts += [(speaker.code, one.meaning_id, start, stop) for one, (start, stop) in zip(asked, spans)]
    _table(folder / "cuts.csv", ("speaker", "meaning_id", "start", "stop"), cuts)
    progress(1.0, "the demo is spoken")


def _sentences(seed: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Sentences that training never says, some of frames it never uses; no concept stands in more than a few of them."""
    speaker, used, found = Speaker(seed), Counter[str](), set[str]()
    frames = [*HELD_OUT_FRAMES, *(frame for frame in FRAMES if frame not in HELD_OUT_FRAMES)]
    for attempt in itertools.count():
        one = speaker.sentence(frames[attempt % len(frames)])
        named = set(re.findall(r"[a-z]\w+", one.meaning_id.split(":", 2)[2])) - {"the", "this", "that", "not"}
        unseen = one.frame in HELD_OUT_FRAMES or split_of(one.meaning_id) == "test"
        crowded = one.frame in HELD_OUT_FRAMES and sum(f":{one.frame}:" in name for name in found) >= FROM_A_NEW_FRAME
        if unseen and not crowded and not _odd(one) and one.meaning_id not in found and all(used[name] < _MOST_OF_ONE_CONCEPT for name in named):
            used.update(named)
            found.add(one.meaning_id)
            yield one.meaning_id, dict(one.said)
        if len(found) == SENTENCES:
            return


def _odd(sentence: Sentence) -> bool:
    """What a grammar says and a person would not: a demo is read by people."""
    people = "|".join(noun.id for noun in nouns() if noun.kind == "person")
    hues = "|".join(_COLOURS)
    coloured = re.search(rf"\b({hues})\.({people})\b|\b({people})-(not-)?({hues})$", sentence.meaning_id)
    return bool(coloured or _CLUMSY.search(sentence.said["eng"]))


def _common(known: Iterable[str]) -> list[str]:
    """The Swadesh list first, then the rest in the order of the lexicon."""
    with paths.resource("promptlists", "swadesh-100.csv").open(encoding="utf-8", newline="") as file:
        basic = [f"w:{row['meaning_id']}" for row in csv.DictReader(file)]
    everything = list(known)
    return [*(name for name in basic if name in set(everything)), *(name for name in everything if name not in set(basic))]


def _session(speaker: Cast, asked: Sequence[Item]) -> tuple[NDArray[np.int16], list[tuple[int, int]]]:
    """Everything one speaker says, and where each utterance lies."""
    pause = np.zeros(round(PAUSE_S * RATE), np.int16)
    parts, spans, at = [pause], [], len(pause)
    for one in asked:
        text = one.said[speaker.language]
        if speaker.strength:
            said = MadeDialect(speaker.language, speaker.strength).speak(text, speaker.voice)
        else:
            said = voices.speak(text, speaker.language, speaker.voice)
        spans.append((at, at + len(said)))
        parts += [said, pause]
        at += len(said) + len(pause)
    return np.concatenate(parts), spans


def _changes(speaker: Cast) -> str:
    return "; ".join(change.name for change in MadeDialect(speaker.language, speaker.strength).changes) if speaker.strength else ""


def _voice(speaker: Cast) -> str:
    return "-".join(filter(None, (speaker.voice.accent, speaker.voice.name)))


def _encode(path: Path, samples: NDArray[np.int16]) -> None:
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, options={"application": "voip", "vbr": "on"})
        stream.layout, stream.bit_rate = "mono", BITS_PER_SECOND
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux([packet for piece in (frame, None) for packet in stream.encode(piece)])


def _table(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(names)
        lines.writerows(rows)
