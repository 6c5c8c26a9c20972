"""Does adapting help? Two fieldbooks of synthetic speakers are made and adapted by the commands a person would type.

    PYTHONPATH=. python tests/bench/adapting.py dialect --work FOLDER [--minutes 60]
    PYTHONPATH=. python tests/bench/adapting.py unseen --work FOLDER

`dialect`: eight voices the starter never heard speak a dialect made from Mandarin, sentences no model was trained on; the
recogniser learns from about ten minutes of corrected speech. `unseen`: 800 such sentences in four languages; a meaning head
learns from some 2,000 segments and is asked about 200 sentences by voices it has not heard. Needs espeak-ng and, for
`dialect`, the extra [train]. What was made is kept in FOLDER, so a run that was stopped goes on. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from fieldapp import cli
from fieldapp.lab.adapt.holding import hold_back
from fieldapp.lab.adapt.material import Example
from fieldapp.lab.starter import voices
from fieldapp.lab.starter.corpus import split_of
from fieldapp.lab.starter.dialects import MadeDialect
from fieldapp.lab.starter.grammar import FRAMES, HELD_OUT_FRAMES, Speaker
from fieldapp.lab.starter.lexicon import LANGUAGES
from fieldapp.lab.starter.voices import UNSEEN, Voice
from fieldapp.model import SegmentId

SEED = 11
STRENGTH = 5
DIALECT_SENTENCES, SPEAKERS_EACH = 100, 4
SENTENCES = 800
TRIES = 5000


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance to be made."""

    speaker: str
    variety: str
    language: str
    voice: Voice
    strength: int
    meaning: str
    text: str
    english: str


def sentences(count: int) -> list[tuple[str, dict[str, str]]]:
    """Sentences that no starter was trained with, of each kind in turn; a kind that has no more is left out (some have a dozen)."""
    speaker, found = Speaker(SEED), dict[str, dict[str, str]]()
    frames = [name for name in FRAMES if name not in HELD_OUT_FRAMES]
    while len(found) < count and frames:
        for frame in list(frames):
            drawn = (speaker.sentence(frame) for _ in range(TRIES))
            new = next((one for one in drawn if split_of(one.meaning_id) == "test" and one.meaning_id not in found), None)
            if new:
                found[new.meaning_id] = dict(new.said)
            else:
                frames.remove(frame)
    return list(found.items())[:count]


def dialect() -> Iterator[Said]:
    """Each sentence by half of eight speakers, in turn."""
    cast = [Voice(name, 140 + 4 * number, 40 + 3 * number) for number, name in enumerate(UNSEEN[:8])]
    for number, (meaning, said) in enumerate(sentences(DIALECT_SENTENCES)):
        for turn in range(SPEAKERS_EACH):
            who = (number + 2 * turn) % len(cast)
            yield Said(f"D{who}", "Made dialect", "cmn", cast[who], STRENGTH, meaning, said["cmn"], said["eng"])


def unseen() -> Iterator[Said]:
    """Two speakers a language; only what is learned from or tested with is made: who is held back is known beforehand."""
    cast = {f"{language}-{number}": (language, Voice(UNSEEN[2 * at + number], 150, 50)) for at, language in enumerate(LANGUAGES) for number in range(2)}
    spoken = sentences(SENTENCES)
    grid = [Example(SegmentId(""), who, language, meaning, said["eng"], "translation") for meaning, said in spoken for who, (language, _) in cast.items()]
    split, texts = hold_back(grid), dict(spoken)
    for number in sorted((*split.train, *split.test)):
        one = grid[number]
        language, voice = cast[one.speaker]
        yield Said(one.speaker, language, language, voice, 0, one.meaning, texts[one.meaning][language], one.text)


def make(work: Path, wanted: list[Said]) -> float:
    """Speak everything that is not there yet, with a manifest; how many minutes of sound that is."""
    (work / "sound").mkdir(parents=True, exist_ok=True)
    seconds = 0.0
    with (work / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "speaker", "variety", "language", "meaning_id", "transcript", "translation_en"))
        for number, one in enumerate(wanted):
            path = work / "sound" / f"{number:05d}.wav"
            if not path.exists():
                made = MadeDialect(one.language, one.strength).speak(one.text, one.voice) if one.strength else voices.speak(one.text, one.language, one.voice)
                soundfile.write(path, made, voices.RATE)
            seconds += soundfile.info(path).duration
            table.writerow((f"sound/{path.name}", one.speaker, one.variety, one.language, one.meaning, one.text, one.english))
    return seconds / 60


def ask(*words: str) -> dict[str, Any]:
    """What a command answers."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = cli.main([*words, "--json"])
    if code:
        sys.exit(f"fieldapp {' '.join(words)} ended with {code}")
    found: dict[str, Any] = json.loads(said.getvalue())
    return found


def main() -> None:
    """Make, import, allow, adapt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("dialect", "unseen"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the recogniser may learn")
    parser.add_argument("--model", default="starter")
    options = parser.parse_args()
    wanted = list(dialect() if options.what == "dialect" else unseen())
    minutes = make(options.work, wanted)
    book = options.work / "book"
    if not book.exists():
        ask("new", str(book))
    ask("import", str(book), "--manifest", str(options.work / "manifest.csv"))
    for speaker in sorted({one.speaker for one in wanted}):
        ask("consent", str(book), "give", "--person", speaker, "--purpose", "train")
    begun = time.monotonic()
    if options.what == "dialect":
        answer = ask("adapt", str(book), "--kind", "recogniser", "--model", options.model, "--language", "zh", "--minutes", str(options.minutes), "--dry-run")
    else:
        ask("embed", str(book), "--model", options.model)
        embedded = time.monotonic() - begun
        begun = time.monotonic()
        answer = {"embed_seconds": embedded} | ask("adapt", str(book), "--model", options.model, "--dry-run")
    told = {"segments": len(wanted), "minutes": minutes, "adapt_seconds": time.monotonic() - begun} | answer
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
