"""Who speaks the parallel world: espeak-ng's voices for training, others kept away for testing, each with a chance of speed and pitch.

`klatt` voices are another kind of synthesis than the rest; some of each kind are never trained, so that a figure on
unseen voices means voices of both kinds.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from fieldapp.errors import FieldError

RATE = 16000
ESPEAK_LANGUAGE = {"cmn": "cmn-latn-pinyin", "yue": "yue", "hak": "hak", "eng": "en"}
"""espeak-ng's plain `cmn` reads Han characters through English letters in the packaged version; the pinyin voice reads them right."""
ENGLISH_ACCENTS = ("en", "en-us", "en-gb-x-rp", "en-gb-scotland", "en-029", "en-gb-x-gbcwmd")
TRAINED = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "Alex", "Alicia", "Andrea", "Andy", "Annie", "belinda", "benjamin", "boris", "caleb",
    "david", "Denis", "Diogo", "ed", "edward", "Gene", "Henrique", "Hugo", "iven", "Jacky", "john", "kaukovalta", "linda", "marcelo", "Marco", "Mario", "max",
    "Michael", "miguel", "Mike", "Nguyen", "pablo", "paul", "pedro", "quincy", "rob", "sandro", "steph", "travis", "victor", "zac", "anika", "aunty",
    "klatt", "klatt3", "klatt5", "klatt6", "grandpa", "norbert", "gustave", "adam",
)  # fmt: skip
DEVELOPMENT = ("f5", "antonio", "klatt4")
UNSEEN = ("m8", "Lee", "steph2", "michel", "robert", "edward2", "shelby", "iven3", "klatt2", "grandma")


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of speaking."""

    variant: str
    speed: int
    pitch: int
    accent: str = ""

    @property
    def name(self) -> str:
        """For records; the variant is what makes a voice seen or unseen. A person has no speed or pitch to choose."""
        return self.variant if not self.speed else f"{self.variant}-s{self.speed}-p{self.pitch}"


def choose(variants: tuple[str, ...], chance: random.Random) -> Voice:
    """A voice of one of the variants."""
    return Voice(chance.choice(variants), chance.randint(110, 200), chance.randint(15, 85), chance.choice(ENGLISH_ACCENTS))


def speak(text: str, language: str, voice: Voice) -> NDArray[np.int16]:
    """The text in that voice, 16 kHz, silence at the ends cut off."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise FieldError("espeak-ng is not installed.", "Install it: apt install espeak-ng")
    name = voice.accent if language == "eng" and voice.accent else ESPEAK_LANGUAGE[language]
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        file = Path(folder) / "said.wav"
        command = [program, "-v", f"{name}+{voice.variant}", "-s", str(voice.speed), "-p", str(voice.pitch), "-w", str(file), "--", text]
        done = subprocess.run(command, capture_output=True, check=False)
        samples, rate = soundfile.read(file, dtype="float32") if done.returncode == 0 and file.exists() else (np.zeros(0, np.float32), RATE)
    if not len(samples):
        raise FieldError(f"espeak-ng said nothing for {text!r}: {done.stderr.decode(errors='replace').strip()}")
    return to_pcm(trim(soxr.resample(samples, rate, RATE)))


def _scratch() -> str | None:
    """Memory instead of disk where the system offers it: a file lives for milliseconds."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def trim(samples: NDArray[np.float32], keep_s: float = 0.05) -> NDArray[np.float32]:
    """Without the silence at both ends, but for a little."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * max(1e-6, float(np.abs(samples).max())))
    if not len(loud):
        return samples
    keep = int(keep_s * RATE)
    return samples[max(0, loud[0] - keep) : loud[-1] + keep]


def to_pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Peak at -3 dB, 16 bit."""
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    return (samples * (0.7 / peak if peak > 0 else 0.0) * 32767).astype(np.int16)
