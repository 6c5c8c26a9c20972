"""A microphone on a machine without a sound card: a PulseAudio server of our own whose source `mic` hears what is played into its sink `field`.

Everything in it is float32, so 24-bit samples pass unchanged and a marker signal can number every frame. PortAudio reaches it through
ALSA's pulse plugin. Needs pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2; nothing of the machine's own sound is touched.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 48_000
NEEDED = ("pulseaudio", "pactl", "paplay", "parec")
_ALSA = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse device mic }
ctl.!default { type pulse }
pcm.mic { type pulse device mic hint { show on description "Virtual microphone" } }
pcm.field { type pulse device field hint { show on description "Virtual loudspeaker" } }
"""


def missing() -> str:
    """Why there can be no virtual microphone here, or nothing."""
    lacking = [name for name in NEEDED if not shutil.which(name)]
    return f"no virtual microphone without {', '.join(lacking)}" if lacking else ""


class VirtualMic:
    """Starts at once; `environment` is what a process needs to hear it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mic-"))  # a socket's path must be short
        (self.folder / "alsa.conf").write_text(_ALSA)
        self.environment = {
            "XDG_RUNTIME_DIR": str(self.folder),
            "PULSE_SERVER": f"unix:{self.folder}/native.sock",
            "PULSE_LATENCY_MSEC": "20",  # otherwise sound comes in bursts of two seconds
            "ALSA_CONFIG_PATH": str(self.folder / "alsa.conf"),
        }
        self._players: list[subprocess.Popen[bytes]] = []
        try:
            self._start()
        except AssertionError:
            self.close()
            raise

    def _start(self) -> None:
        modules = [
            f"module-native-protocol-unix socket={self.folder}/native.sock auth-anonymous=1",
            f"module-cli-protocol-unix socket={self.folder}/control.sock",
            f"module-null-sink sink_name=field rate={RATE} channels=2 format=float32le",
            "module-remap-source master=field.monitor source_name=mic",
        ]
        words = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*words, *(word for module in modules for word in ("-L", module))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment, "HOME": str(self.folder)},
            )
        deadline = time.monotonic() + 20
        while self._run("pactl", "info", check=False).returncode:
            assert time.monotonic() < deadline, f"the sound server did not start: {(self.folder / 'log').read_text()}"
            time.sleep(0.05)

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env={**os.environ, **self.environment}, capture_output=True, text=True, check=check, timeout=20)

    def play(self, sound: Path) -> subprocess.Popen[bytes]:
        """What the speaker says: a sound file, played in the background."""
        patient = {**os.environ, **self.environment, "PULSE_LATENCY_MSEC": "1000"}  # a player in a hurry leaves holes
        player = subprocess.Popen(["paplay", "--device=field", str(sound)], env=patient, stderr=subprocess.DEVNULL)
        self._players.append(player)
        return player

    def listen(self, target: Path, source: str = "field.monitor") -> subprocess.Popen[bytes]:
        """An independent ear: raw float32 stereo of what passes through the card, until terminated."""
        with target.open("wb") as file:
            words = ["parec", f"--device={source}", "--format=float32le", f"--rate={RATE}", "--channels=2", "--latency-msec=20", "--raw"]
            ear = subprocess.Popen(words, stdout=file, env={**os.environ, **self.environment}, stderr=subprocess.DEVNULL)
        self._players.append(ear)
        return ear

    def _listeners(self) -> list[str]:
        """Who listens to the microphone."""
        outputs = self._run("pactl", "list", "short", "source-outputs").stdout.splitlines()
        sources = {line.split()[0]: line.split()[1] for line in self._run("pactl", "list", "short", "sources").stdout.splitlines()}
        return [line.split()[0] for line in outputs if sources.get(line.split()[1]) == "mic"]

    def unplug(self) -> None:
        """Pull the plug: the microphone is gone, and whoever listened to it is cut off. What is being played plays on."""
        self._cut_off("source-output", self._listeners)
        self._run("pactl", "unload-module", "module-remap-source")

    def replug(self) -> None:
        """Put the plug back."""
        self._run("pactl", "load-module", "module-remap-source", "master=field.monitor", "source_name=mic")

    def freeze(self) -> None:
        """The microphone stays but falls silent as drivers do when a device dies: no more callbacks."""
        self._run("pactl", "suspend-source", "mic", "1")

    def thaw(self) -> None:
        """It speaks again."""
        self._run("pactl", "suspend-source", "mic", "0")

    def hang(self) -> None:
        """The loudspeaker stays but takes nothing any more."""
        self._run("pactl", "suspend-sink", "field", "1")

    def drop(self) -> None:
        """The sound server throws out whoever plays; what they opened is dead from here on."""
        self._cut_off("sink-input", lambda: [line.split()[0] for line in self._run("pactl", "list", "short", "sink-inputs").stdout.splitlines()])

    def _cut_off(self, kind: str, there: Callable[[], list[str]]) -> None:
        """What only the server's own shell can do."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.folder / "control.sock"))
            control.sendall("".join(f"kill-{kind} {index}\n" for index in there()).encode())
            deadline = time.monotonic() + 20
            while there():
                assert time.monotonic() < deadline, f"the {kind} was not cut off"
                time.sleep(0.01)

    def close(self) -> None:
        """End everything that was started."""
        for process in [*self._players, self._server]:
            if process.poll() is None:
                process.terminate()
            process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def write_marker(path: Path, seconds: float) -> None:
    """A signal in which every frame carries its own number (from 1): the left channel its low 23 bits, the right one what is above its lowest 8."""
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_24") as file:
        done, frames = 0, round(seconds * RATE)
        while done < frames:
            number = np.arange(done + 1, min(done + RATE, frames) + 1, dtype=np.int32)
            file.write(np.stack([number & 0x7FFFFF, number >> 8], axis=1).astype(np.int32) << 8)
            done += RATE


def read_marker(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The number in each frame (float or int32 samples, two channels); 0 is silence, -1 a frame that is damaged."""
    whole = np.rint(block * (2**23 if block.dtype.kind == "f" else 2**-8)).astype(np.int64)
    low, high = whole[:, 0], whole[:, 1]
    number = (high >> 15 << 23) | low
    return np.where(number >> 8 == high, number, -1)


def breaks(numbers: np.ndarray[Any, Any]) -> list[tuple[int, int, int]]:
    """Where the numbering does not go on by one while something is played: (index, number before, number after)."""
    heard = np.flatnonzero(numbers)
    if not len(heard):
        return []
    first, last = heard[0], heard[-1]
    inside = numbers[first : last + 1]
    return [(int(first + i + 1), int(inside[i]), int(inside[i + 1])) for i in np.flatnonzero(np.diff(inside) != 1)]
