"""Speech probabilities from Silero (bundled with faster-whisper) as a push machine: blocks of any size in, one number per 32 ms out.

State is carried from block to block, so the answer is that of one pass over the whole file. One machine, one thread.
"""

from __future__ import annotations

import numpy as np
from faster_whisper.vad import get_vad_model

from fieldapp.speech.endpoints import WINDOW
from fieldapp.speech.recogniser import F32

CONTEXT = 64  # samples of the previous window that the network sees again
MOST = 1024  # windows per call: bounds memory when a long file is pushed at once


class VoiceActivity:
    """Silero with its state."""

    def __init__(self) -> None:
        self._session = get_vad_model().session
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._waiting = np.zeros(0, np.float32)
        self._context = np.zeros(CONTEXT, np.float32)

    def push(self, audio: F32) -> F32:
        """Probabilities of all windows that are complete now."""
        samples = np.concatenate([self._waiting, audio.astype(np.float32, copy=False)])
        whole = len(samples) // WINDOW
        self._waiting = samples[whole * WINDOW :]
        windows = samples[: whole * WINDOW].reshape(-1, WINDOW)
        return np.concatenate([self._run(windows[i : i + MOST]) for i in range(0, whole, MOST)]) if whole else np.zeros(0, np.float32)

    def finish(self) -> F32:
        """The probability of the last, incomplete window, filled up with silence."""
        return self.push(np.zeros(-len(self._waiting) % WINDOW, np.float32))

    def _run(self, windows: F32) -> F32:
        contexts = np.concatenate([self._context[None], windows[:-1, -CONTEXT:]])
        self._context = windows[-1, -CONTEXT:].copy()
        found, self._hidden, self._cell = self._session.run(None, {"input": np.concatenate([contexts, windows], axis=1), "h": self._hidden, "c": self._cell})
        probabilities: F32 = np.asarray(found, np.float32).reshape(-1)
        return probabilities
