"""The live engine from microphone to draft: speech played into the virtual microphone, recorded and written by `fieldapp record --live`.

    python tests/bench/live_microphone.py --model resources/models/starter --languages zh yue hak en --sentences 40

Sentences of the starter's world are spoken by espeak-ng in voices that trained nothing, with pauses between them; then come silence, fan, hum,
music and breathing, in which nothing may be written. A draft is as late as the moment its line is printed is after the end of its sentence in
the played sound; where that lies in the master is found by comparing loudness. Character errors are those of the drafts as printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import soundfile
import soxr
from e2e.recorders import recorder_ends_with, until
from e2e.virtual_mic import RATE, VirtualMic, missing
from numpy.typing import NDArray
from speech.sounds import NOISES

from fieldapp.audio import protocol
from fieldapp.audio.client import RecorderClient
from fieldapp.lab.starter import voices
from fieldapp.lab.starter.grammar import HELD_OUT_FRAMES, Speaker
from fieldapp.lab.starter.tokens import CODES
from fieldapp.model import Segment, Span
from fieldapp.speech.models.policies import character_errors
from fieldapp.store import texts
from fieldapp.store.rows import RECORDING, SEGMENT
from fieldapp.store.store import Store

F32 = NDArray[np.float32]
ROOT = Path(__file__).resolve().parents[2]
LEAD = 4.0  # for the model to be loaded; silence is a test, too
STEP = RATE // 100


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence and where it lies in the played sound, in frames."""

    language: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of the recording command: when it came, the second it names, its text."""

    moment: float
    start: float
    text: str


def play_list(languages: list[str], count: int, seed: int, noise: float) -> tuple[F32, list[Spoken], Span]:
    """The sound, the sentences in it, and the stretch of noises."""
    chance, speaker, spoken = random.Random(seed), Speaker(seed + 1000), list[Spoken]()
    names = {code: language for language, code in CODES.items()}
    parts, at = [np.zeros(round(LEAD * RATE), np.float32)], round(LEAD * RATE)
    for number in range(count):
        code = languages[number % len(languages)]
        said = speaker.sentence(chance.choice(HELD_OUT_FRAMES) if number % 2 else "acts").said[names[code]]
        raw = voices.speak(said, names[code], voices.choose(voices.UNSEEN, chance)).astype(np.float32) / 32768
        sound = np.asarray(soxr.resample(0.3 * raw, voices.RATE, RATE), np.float32)
        pause = np.zeros(round(chance.uniform(0.9, 2.2) * RATE), np.float32)
        spoken.append(Spoken(code, said, Span(at, at + len(sound))))
        parts += [sound, pause]
        at += len(sound) + len(pause)
    noises = [np.asarray(soxr.resample(NOISES[kind](noise), 16_000, RATE), np.float32) for kind in ("silence", "fan", "hum", "music", "breathing")]
    noisy = Span(at, at + sum(map(len, noises)))
    return np.concatenate([*parts, *noises]), spoken, noisy


def record(book: Path, mic: VirtualMic, sound: Path, seconds: float, words: list[str]) -> tuple[list[Printed], tuple[float, int], dict[str, Any]]:
    """Run the command; its lines, a moment with its frame, and what it says at the end."""
    command = [sys.executable, "-m", "fieldapp", "record", str(book), "--device", "mic", "--seconds", str(seconds), "--live", "--json", *words]
    lines, others = list[Printed](), list[str]()

    def read(stream: Any) -> None:
        for line in stream:
            head, _, text = line.strip().partition(" s  ")
            if text and head.replace(".", "").isdigit():
                lines.append(Printed(protocol.now(), float(head), text))
            else:
                others.append(line.strip())

    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        reader = threading.Thread(target=read, args=(process.stderr,))
        reader.start()
        until(lambda: process.poll() is not None or protocol.read_contact(book))
        with RecorderClient.attach(book, "bench") as watcher:
            until(lambda: watcher.status()["state"] == "recording")
            mic.play(sound)
            time.sleep(seconds / 2)
            moment = protocol.now()
            frame = watcher.mark(moment)
        assert process.stdout
        answer = process.stdout.read()
        reader.join()
    if process.returncode:
        raise SystemExit("\n".join(others))
    return lines, (moment, frame), json.loads(answer)


def shift(played: F32, heard: F32) -> int:
    """By how many frames the recording begins before the played sound."""
    ours, theirs = (np.sqrt(np.add.reduceat(x * x, np.arange(0, len(x), STEP))) for x in (heard, played))
    size = 1 << (len(ours) + len(theirs)).bit_length()
    match = np.fft.irfft(np.fft.rfft(ours - ours.mean(), size) * np.conj(np.fft.rfft(theirs - theirs.mean(), size)), size)
    best = int(match.argmax())
    return (best if best < size // 2 else best - size) * STEP


def judge(book: Path, printed: list[Printed], clock: tuple[float, int], spoken: list[Spoken], noisy: Span, played: F32) -> dict[str, Any]:
    """How late, how wrong, and what was written where nobody spoke."""
    with Store.open(book, read_only=True) as store:
        segments = sorted(SEGMENT.each(store.reader(), "1"), key=lambda one: one.span.start)
        (path,) = [one.path for one in RECORDING.each(store.reader(), "role = 'master'")]
        kept = {one.id: " ".join(text.text for text in texts.texts(store.reader(), one.id) if text.tier == "transcription") for one in segments}
    heard = soundfile.read(book / path, dtype="float32", always_2d=True)[0].mean(axis=1)
    offset = shift(played, heard)

    def written_at(segment: Segment) -> float | None:
        return next((line.moment for line in printed if abs(line.start - segment.span.start / RATE) < 0.006), None)

    late, errors, lengths, without, counts = list[float](), 0, 0, list[str](), list[int]()
    for one in spoken:
        place = Span(one.span.start + offset, one.span.stop + offset)
        mine = [segment for segment in segments if segment.span.overlaps(place)]
        text = " ".join(kept[segment.id] for segment in mine)
        wrong, length = character_errors(one.text, text)
        errors, lengths = errors + wrong, lengths + length
        counts.append(len(mine))
        moment = written_at(mine[-1]) if mine else None
        if moment is None:
            without.append("not heard" if not mine else str(mine[-1].quality.get("no_text", mine[-1].state)))
        else:
            late.append(moment - clock[0] - (place.stop - clock[1]) / RATE)
    noise = Span(noisy.start + offset, noisy.stop + offset)
    false = [kept[segment.id] for segment in segments if segment.span.overlaps(noise) and kept[segment.id]]
    return {
        "sentences": len(spoken),
        "sentences_in_no_segment": [number for number, count in enumerate(counts) if not count],
        "final_p50": round(float(np.percentile(late, 50)), 2) if late else None,
        "final_p95": round(float(np.percentile(late, 95)), 2) if late else None,
        "final_max": round(max(late), 2) if late else None,
        "without_text": {why: without.count(why) for why in sorted(set(without))},
        "character_errors": round(errors / max(1, lengths), 3),
        "segments": len(segments),
        "pending": sum(segment.state == "pending" for segment in segments),
        "noise_seconds": round(len(noisy) / RATE, 1),
        "segments_in_noise": sum(segment.span.overlaps(noise) for segment in segments),
        "words_in_noise": sum(len(text.split()) for text in false),
        "written_in_noise": false,
    }


def main() -> int:
    """Play, record, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model's name or folder")
    parser.add_argument(
        "--languages", nargs="+", default=["en"], help="codes of the languages that are spoken in turn; one is fixed, of several the model decides"
    )
    parser.add_argument("--sentences", type=int, default=40)
    parser.add_argument("--noise", type=float, default=15.0, metavar="S", help="seconds of each noise (default 15)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new folder in which fieldbook and sound stay")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if why := missing():
        sys.stderr.write(why + "\n")
        return 1
    played, spoken, noisy = play_list(options.languages, options.sentences, options.seed, options.noise)
    mic, load = VirtualMic(), os.getloadavg()[0]
    os.environ.update(mic.environment)
    try:
        with tempfile.TemporaryDirectory() as scratch, recorder_ends_with((options.keep or Path(scratch)) / "book") as book:
            folder = book.parent
            soundfile.write(folder / "played.wav", np.stack([played, played], axis=1), RATE, subtype="PCM_24")
            words = ["--model", options.model, "--language", options.languages[0] if len(options.languages) == 1 else "auto"]
            printed, clock, answer = record(book, mic, folder / "played.wav", len(played) / RATE + 6, words)
            found = judge(book, printed, clock, spoken, noisy, played)
    finally:
        mic.close()
    machine = {"machine": f"{os.cpu_count()} cores, {platform.system()}", "load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}
    about = {"bench": "live_microphone", "model": Path(options.model).name, "languages": options.languages, "seconds": round(len(played) / RATE, 1)}
    text = json.dumps({**about, **machine, **found, "state": answer["sessions"][0].get("state")}, indent=2, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0 if not found["words_in_noise"] else 1


if __name__ == "__main__":
    sys.exit(main())
