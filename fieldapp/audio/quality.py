"""Is this recording any good? Levels, noise, clipping and calm warnings, from blocks as they come or from a finished file.

`QualityMeter` is a push machine without threads: whoever has the blocks pushes them and shows the notices that come back.
It looks every half second at the last two, raises each kind once and again only after ten seconds without it. The limits are
set so that a quiet but usable speaker raises none.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.audio.decode import Block, open_audio
from fieldapp.model import Span

CLIPPED, TOO_QUIET, DEAD, HUM, ONE_SIDED, WRONG_MICROPHONE = "clipped", "too_quiet", "dead", "hum", "one_sided", "wrong_microphone"

SILENCE_DB = -120.0
_FULL_SCALE = 0.9999  # the largest 16-bit sample is 0.99997
_CLIP_RUN = 3
_WINDOWS = 10  # windows of 50 ms in a hop of half a second
_QUIET_HOPS = 20  # without the condition, until a kind may be raised again
_DEAD_HOPS, _GATED_HOPS = 2, 20  # a microphone that is dead, and one that gives nothing between two words
_ACTIVE_ABOVE_FLOOR_DB = 10.0
_FLOOR_AT_LEAST_DB = -70.0
_QUIET_RMS_DB, _QUIET_PEAK_DB = -46.0, -34.0
_NOTHING_DB, _NOTHING_HOPS = -50.0, 60
_ONE_SIDED_DB, _ONE_SIDED_LOUD_DB = 30.0, -50.0
_HUM_DB, _HUM_ABOVE_NEIGHBOURS_DB = -62.0, 15.0


@dataclass(frozen=True, slots=True)
class Notice:
    """One calm warning: what kind, since which frame, and what to do."""

    kind: str
    frame: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Quality:
    """What a stretch of sound measures, in dB below full scale; `clips` counts runs of three and more full-scale samples."""

    peak_db: float
    rms_db: float
    noise_db: float
    snr_db: float
    clips: int
    kinds: tuple[str, ...]

    def row(self) -> dict[str, object]:
        """As stored on a segment."""
        levels = {"peak_db": self.peak_db, "rms_db": self.rms_db, "noise_db": self.noise_db, "snr_db": self.snr_db}
        return {name: round(value, 1) for name, value in levels.items()} | {"clips": self.clips, "kinds": list(self.kinds)}


@dataclass(frozen=True, slots=True)
class _Hop:
    """Half a second, summed up."""

    power: NDArray[np.float64]  # by channel
    peak: float
    windows: NDArray[np.float64]  # RMS in dB of every 50 ms, of the louder channel
    constant: bool
    clips: int


class QualityMeter:
    """Takes blocks (frames by channels), gives back the warnings they raise."""

    def __init__(self, rate: int, channels: int, first_frame: int = 0) -> None:
        self._rate, self._channels, self._at = rate, channels, first_frame
        self._window = max(1, rate // (2 * _WINDOWS))
        self._rest: Block = np.zeros((0, channels), np.float32)
        self._signs = np.zeros((_CLIP_RUN, channels), np.int8)
        self._recent: deque[_Hop] = deque(maxlen=4)
        self._floor_windows: deque[NDArray[np.float64]] = deque(maxlen=20)
        self._last_mono: NDArray[np.float32] = np.zeros(0, np.float32)
        self._hum_hops = self._nothing_hops = 0
        self._still_hops = self._longest_still = 0
        self._sounded = self._gated = False
        self._raised: dict[str, int] = {}
        self._told: list[Notice] = []
        self._kinds: dict[str, None] = {}
        self._histogram = np.zeros(int(-SILENCE_DB) + 1, np.int64)
        self._peak, self._power, self._frames, self._clips = 0.0, 0.0, 0, 0

    @property
    def active(self) -> frozenset[str]:
        """The kinds that hold now, or did in the last ten seconds."""
        return frozenset(self._raised)

    @property
    def told(self) -> tuple[Notice, ...]:
        """Every notice so far."""
        return tuple(self._told)

    @property
    def holding(self) -> tuple[Notice, ...]:
        """The newest notice of each kind that is active; what is over is no longer in it."""
        active = self.active
        return tuple({notice.kind: notice for notice in self.told if notice.kind in active}.values())

    def push(self, block: Block) -> list[Notice]:
        """Add frames; returns what they raise."""
        sound = np.concatenate([self._rest, block]) if len(self._rest) else block
        size, notices = self._window * _WINDOWS, []
        for start in range(0, len(sound) - size + 1, size):
            notices += self._hop(sound[start : start + size])
        self._rest = sound[len(sound) // size * size :].copy()
        return notices

    def finish(self) -> list[Notice]:
        """Take in what is left of the last half second."""
        rest, self._rest = self._rest, self._rest[:0]
        return self._hop(rest) if len(rest) else []

    def quality(self) -> Quality:
        """What everything pushed so far measures."""
        count = int(self._histogram.sum())
        shares = np.cumsum(self._histogram) / max(1, count)
        noise, speech = (float(np.searchsorted(shares, share)) + SILENCE_DB if count else SILENCE_DB for share in (0.1, 0.95))
        rms = self._power / max(1, self._frames)
        dead = not self._sounded or self._longest_still >= _GATED_HOPS
        kinds = tuple(kind for kind in self._kinds if kind != DEAD or dead)
        return Quality(_db(self._peak**2), _db(rms), noise, speech - noise, self._clips, kinds)

    def _hop(self, sound: Block) -> list[Notice]:
        hop = self._sum_up(sound)
        self._recent.append(hop)
        self._floor_windows.append(hop.windows)
        raised = [self._latch(kind, sentence) for kind, sentence in self._judge(hop, sound)]
        self._at += len(sound)
        new = [notice for notice in raised if notice]
        self._told += new
        return new

    def _sum_up(self, sound: Block) -> _Hop:
        loud = np.abs(sound)
        square = np.square(sound, dtype=np.float64)
        width = min(self._window, len(sound))
        count = len(sound) // width
        windows = square[: count * width].reshape(count, width, self._channels).mean(axis=1).max(axis=1)
        in_db = 10 * np.log10(windows + 10 ** (SILENCE_DB / 10))
        hop = _Hop(square.mean(axis=0), float(loud.max()), in_db, bool((sound == sound[0]).all()), self._count_clips(sound, loud))
        np.add.at(self._histogram, np.clip(np.round(in_db - SILENCE_DB).astype(int), 0, len(self._histogram) - 1), 1)
        self._peak, self._power = max(self._peak, hop.peak), self._power + float(hop.power.max()) * len(sound)
        self._frames += len(sound)
        self._clips += hop.clips
        return hop

    def _count_clips(self, sound: Block, loud: Block) -> int:
        if loud.max() < _FULL_SCALE and not self._signs[-1].any():
            self._signs[:] = 0
            return 0
        signs = np.concatenate([self._signs, np.where(loud >= _FULL_SCALE, np.sign(sound), 0).astype(np.int8)])
        self._signs = signs[-_CLIP_RUN:].copy()
        here, one, two, three = signs[3:], signs[2:-1], signs[1:-2], signs[:-3]
        return int(np.count_nonzero((here != 0) & (here == one) & (one == two) & (two != three)))

    def _judge(self, hop: _Hop, sound: Block) -> list[tuple[str, str]]:
        """Every kind that holds now is told by a sentence, every other by an empty one."""
        return [
            (CLIPPED, "The sound is clipped. Turn the recording level down a little." if hop.clips else ""),
            (DEAD, self._dead(hop)),
            (TOO_QUIET, self._too_quiet(hop)),
            (HUM, self._hum(sound)),
            (ONE_SIDED, self._one_sided()),
        ]

    def _dead(self, hop: _Hop) -> str:
        """Some microphones give nothing at all between two words. Whoever has seen one do so waits longer before calling it dead."""
        if hop.constant:
            self._still_hops += 1
            self._longest_still = max(self._longest_still, self._still_hops)
        else:
            self._raised.pop(DEAD, None)  # it is not, from the first sound on
            self._gated = self._gated or (self._sounded and 0 < self._still_hops < _GATED_HOPS)
            self._sounded, self._still_hops = True, 0
        silent = self._still_hops >= (_GATED_HOPS if self._gated else _DEAD_HOPS)
        return "No sound arrives at all, not even noise. Check the cable, the mute switch and the chosen device." if silent else ""

    def _too_quiet(self, hop: _Hop) -> str:
        self._nothing_hops = 0 if _db(hop.peak**2) > _NOTHING_DB or hop.constant else self._nothing_hops + 1
        if self._nothing_hops >= _NOTHING_HOPS:
            return "For half a minute hardly anything was heard. Check that the microphone is on and near the speaker."
        if len(self._recent) < 2:
            return ""
        before = np.concatenate(list(self._floor_windows))
        recent = np.concatenate([past.windows for past in self._recent])
        heard = recent[recent > max(np.percentile(before, 10), _FLOOR_AT_LEAST_DB) + _ACTIVE_ABOVE_FLOOR_DB]
        enough = 2 * _WINDOWS if before.max() > _QUIET_RMS_DB else 14  # after normal speech a rustle must not count as a quiet voice
        peak = max(past.peak for past in self._recent)
        quiet = len(heard) >= enough and heard.max() < _QUIET_RMS_DB and _db(peak**2) < _QUIET_PEAK_DB
        return "The voice is very quiet. Move the microphone nearer or turn the recording level up." if quiet else ""

    def _one_sided(self) -> str:
        pair = list(self._recent)[-2:]
        if self._channels != 2 or len(pair) < 2:
            return ""
        left, right = (_db(float(power)) for power in np.mean([hop.power for hop in pair], axis=0))
        if abs(left - right) < _ONE_SIDED_DB or max(left, right) < _ONE_SIDED_LOUD_DB:
            return ""
        return f"Only the {'left' if left > right else 'right'} channel carries sound. Check the other microphone or its cable."

    def _hum(self, sound: Block) -> str:
        mono = sound.mean(axis=1, dtype=np.float32)
        second = np.concatenate([self._last_mono, mono])
        self._last_mono = mono
        mains = mains_hum(second, self._rate) if len(second) == 2 * self._window * _WINDOWS else 0
        self._hum_hops = self._hum_hops + 1 if mains else 0
        return f"There is a hum at {mains} Hz. Run the laptop on its battery, or move the cables away from power supplies." if self._hum_hops >= 2 else ""

    def _latch(self, kind: str, sentence: str) -> Notice | None:
        if not sentence:
            left = self._raised.get(kind, 0) - 1
            if left > 0:
                self._raised[kind] = left
            else:
                self._raised.pop(kind, None)
            return None
        new = kind not in self._raised
        self._raised[kind] = _QUIET_HOPS
        self._kinds[kind] = None
        return Notice(kind, self._at, sentence) if new else None


def mains_hum(second: NDArray[np.float32], rate: int) -> int:
    """50 or 60 when one second of sound holds a steady line there (or at twice and three times it), else 0."""
    spectrum = np.square(np.abs(np.fft.rfft(second * _fade(len(second)))))[: round(200 * len(second) / rate) + 1]
    spectrum *= 16 / 3 / len(second) ** 2  # a sine of power p gives p summed over its line
    loudest, mains = 0.0, 0
    for base in (50, 60):
        lines = [_line(spectrum, base * harmonic, len(second) / rate) for harmonic in (1, 2, 3)]
        steady = lines[0] > 0 or (lines[1] > 0 and lines[2] > 0)
        if steady and sum(lines) > loudest:
            loudest, mains = sum(lines), base
    return mains


@cache
def _fade(length: int) -> NDArray[np.float32]:
    return np.hanning(length).astype(np.float32)


def _line(spectrum: NDArray[np.float64], frequency: int, seconds: float) -> float:
    """The power of a line that stands out from its neighbours and is loud enough to matter, else 0."""
    middle = round(frequency * seconds)
    power = float(spectrum[middle - 1 : middle + 2].sum())
    beside = np.concatenate([spectrum[middle - 12 : middle - 3], spectrum[middle + 4 : middle + 13]])
    stands_out = power > 3 * float(np.median(beside)) * 10 ** (_HUM_ABOVE_NEIGHBOURS_DB / 10) and power > 4 * float(beside.max())
    return power if stands_out and _db(power) > _HUM_DB else 0.0


def measure(path: Path, span: Span | None = None) -> Quality:
    """The quality of a file or of a span of it, read through once."""
    with open_audio(path) as reader:
        meter = QualityMeter(reader.rate, reader.channels, span.start if span is not None else 0)
        for block in reader.blocks(span):
            meter.push(block)
        meter.finish()
    return meter.quality()


_LAPTOP = ("built-in", "builtin", "internal", "integrated", "macbook", "imac", "realtek", "hda intel", "hda-intel", "microphone array", "digital mic", "laptop")
_NOT_MEANT = {
    "webcam": "a webcam",
    "camera": "a camera",
    "monitor of": "what the computer itself plays",
    "stereo mix": "what the computer itself plays",
    "hands-free": "a telephone headset, which cuts everything above 4 or 8 kHz",
    "handsfree": "a telephone headset, which cuts everything above 4 or 8 kHz",
    "bluetooth": "a wireless headset, which compresses the sound",
    "airpods": "a wireless headset, which compresses the sound",
}


def wrong_microphone(device_name: str) -> Notice | None:
    """A warning when the name of an input says that it is not the microphone one records an archive with."""
    name = device_name.casefold()
    what = next((what for part, what in _NOT_MEANT.items() if part in name), "")
    if not what and any(part in name for part in _LAPTOP):
        what = "the computer's own microphone"
    return Notice(WRONG_MICROPHONE, 0, f"“{device_name}” seems to be {what}. Choose the outer microphone if there is one.") if what else None


def _db(power: float) -> float:
    return max(SILENCE_DB, 10 * math.log10(power)) if power > 0 else SILENCE_DB
