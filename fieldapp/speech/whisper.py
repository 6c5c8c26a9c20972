"""A CTranslate2 Whisper: one encoder run feeds language detection, text, word times and vectors.

CTranslate2 releases the interpreter while it works and may be called from several threads. It cannot be interrupted.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.tokenizer import Tokenizer

from fieldapp.errors import ModelError
from fieldapp.model import Span
from fieldapp.speech import device as devices
from fieldapp.speech.device import Device
from fieldapp.speech.features import LogMel, lay
from fieldapp.speech.guards import compression_ratio
from fieldapp.speech.heads import shipped
from fieldapp.speech.manifest import Context, manifest_of, preferred_type
from fieldapp.speech.recogniser import F32, RATE, STEP, Decoded, Encoded, Word

MOST_TOKENS = 220  # half of Whisper's positions is the most that CTranslate2 decodes, the rest is for prompts


class Whisper:
    """One loaded model. `device.reason` says in a sentence where it runs and why."""

    def __init__(self, folder: Path, device: Device, *, workers: int = 1) -> None:
        for name in ("model.bin", "tokenizer.json"):
            if not (folder / name).is_file():
                raise ModelError(f"{folder} is no CTranslate2 Whisper model: {name} is missing.", "Add it with 'fieldapp model add'.")
        self.folder = folder
        self.manifest = manifest_of(folder)
        self.meaning = shipped(folder)
        self.device = device
        try:
            self._model: Any = ctranslate2.models.Whisper(
                str(folder),
                device=device.kind,
                device_index=device.index,
                compute_type=device.compute_type,
                inter_threads=workers,
                intra_threads=device.threads,
            )
            self._words = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as trouble:  # the tokenizer library raises bare Exception
            raise ModelError(f"The model in {folder} cannot be loaded: {trouble}.", "Install it again, or choose another.") from trouble
        self._mel = LogMel(self._model.n_mels)
        self._counting = threading.Lock()
        self._encodes = 0
        self._wordings: dict[tuple[str, str], Tokenizer] = {}

    @property
    def encodes(self) -> int:
        """How many rows were encoded so far."""
        return self._encodes

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self._model.is_multilingual)

    def encode(self, rows: Sequence[F32], context: Context) -> Encoded:
        """Run the encoder once over rows of audio, laid out as the context says."""
        features = self.spectrograms(rows, context)
        with self._counting:
            self._encodes += len(features)
        states = self._model.encode(ctranslate2.StorageView.from_array(features))
        return Encoded(states, tuple(-(-len(row) // STEP) for row in rows))

    def spectrograms(self, rows: Sequence[F32], context: Context) -> F32:
        """What the encoder is given: [rows, mels, frames]."""
        return np.stack([self._mel(row) for row in lay(list(rows), context, self._mel.mels)])

    def frames(self, encoded: Encoded) -> list[F32]:
        """The states of each row without its padding; on the CPU without a copy, from a card copied once."""
        states = encoded.states
        if states.device == "cuda":
            states = states.to_device(ctranslate2.Device.cpu)
        if states.dtype != ctranslate2.DataType.float32:
            states = states.to(ctranslate2.DataType.float32)
        array: F32 = np.asarray(states)
        return [row[:steps] for row, steps in zip(array, encoded.steps)]

    def detect_language(self, encoded: Encoded) -> list[tuple[str, float]]:
        """The likeliest language of each row and its probability."""
        if not self.multilingual:
            return [("en", 1.0)] * len(encoded.steps)
        ranked = self._model.detect_language(encoded.states)
        if not all(ranked):
            raise ModelError(f"The model in {self.folder} does not list its languages.", "Choose the language yourself, or convert the model again.")
        return [self._likeliest([(token.strip("<|>"), float(share)) for token, share in languages]) for languages in ranked]

    def _likeliest(self, ranked: list[tuple[str, float]]) -> tuple[str, float]:
        """The first the manifest lists: a vocabulary may have codes that were never trained."""
        return next(((code, share) for code, share in ranked if self.knows(code)), ranked[0])

    def generate(self, encoded: Encoded, languages: Sequence[str], *, task: str, beam: int, limits: Sequence[int]) -> list[Decoded]:
        """Text for each row. All rows stop at the largest limit; a row beyond its own is reported as capped."""
        speakers = [self._wording(language, task) for language in languages]
        most = min(max(limits), MOST_TOKENS)
        results = self._decode(encoded, speakers, most, beam_size=beam, return_scores=True, return_no_speech_prob=True)
        return [_decoded(result, speaker, language, min(limit, most)) for result, speaker, language, limit in zip(results, speakers, languages, limits)]

    def _decode(self, encoded: Encoded, speakers: Sequence[Tokenizer], most: int, **more: Any) -> Any:
        prompts = [[*speaker.sot_sequence, speaker.no_timestamps] for speaker in speakers]
        longest = max(2 * most, most + len(prompts[0]))  # CTranslate2 decodes at most half of `max_length` and never beyond it
        return self._model.generate(encoded.states, prompts, max_length=longest, **more)

    def align(self, encoded: Encoded, decoded: Sequence[Decoded], task: str) -> list[tuple[Word, ...]]:
        """Where each word of each row lies, from the decoder's attention; rows of one language per call."""
        speaker = self._wording(decoded[0].language, task)
        texts = [[token for token in row.tokens if token < speaker.eot] for row in decoded]
        found = self._model.align(encoded.states, speaker.sot_sequence, texts, [2 * steps for steps in encoded.steps])
        return [_words(speaker, text, result.alignments, steps) for text, result, steps in zip(texts, found, encoded.steps)]

    def knows(self, language: str) -> bool:
        """Whether the model can be asked for that language: its vocabulary has the code, and its manifest, if it lists any."""
        listed = self.manifest.languages
        return (language in listed or not listed) and (self._control(language) is not None if self.multilingual else language == "en")

    def rehearse(self, seconds: float = 5.0, tokens: int = 20) -> float:
        """Seconds that one final of that size takes here; also warms the model up. It may not end its text before."""
        silence = np.zeros(round(seconds * RATE), np.float32)
        speaker = self._wording("en" if self.knows("en") else next(iter(self.manifest.languages), "en"), "transcribe")
        begun = time.perf_counter()
        encoded = self.encode([silence], Context("flexible", 0.0))
        self._decode(encoded, [speaker], tokens, beam_size=1, suppress_tokens=[-1, speaker.eot])
        return time.perf_counter() - begun

    def _wording(self, language: str, task: str) -> Tokenizer:
        key = (language, task)
        if key not in self._wordings:
            name = self.manifest.name
            if not self.knows(language):
                raise ModelError(f"The model '{name}' does not know the language code '{language}'.", "Choose a related one, or auto.")
            if task not in self.manifest.tasks or (self.multilingual and self._control(task) is None):
                raise ModelError(f"The model '{name}' cannot '{task}' in '{language}'.", f"It can {' and '.join(self.manifest.tasks)}.")
            wording = Tokenizer(self._words, multilingual=False)  # the library refuses language codes that stock models do not have
            if self.multilingual:
                wording.language, wording.task, wording.language_code = self._control(language), self._control(task), language
            self._wordings[key] = wording
        return self._wordings[key]

    def _control(self, code: str) -> int | None:
        """The token of a language or task."""
        number: int | None = self._words.token_to_id(f"<|{code}|>")
        return number


def load(folder: Path, wanted: str = "auto", *, compute_type: str = "auto", threads: int = 0, index: int = 0, workers: int = 1) -> Whisper:
    """Load a model where it runs best; `auto` goes back to the processor when the graphics card refuses."""
    device = devices.choose(wanted, compute_type=compute_type, threads=threads, index=index)
    about = manifest_of(folder)
    if about.kind != "whisper":
        raise ModelError(f"The model in {folder} reads texts; it cannot write what is said.", "Choose one of the kind 'whisper': fieldapp model list")
    if compute_type == "auto" and (measured := preferred_type(about, device.kind)) not in ("", device.compute_type):
        device = replace(device, compute_type=measured, reason=f"{device.reason} The model's own measurements prefer {measured}.")
    try:
        return Whisper(folder, device, workers=workers)
    except ModelError as trouble:
        if device.kind != "cuda" or wanted == "cuda":
            raise
        cpu = devices.choose("cpu", threads=threads)
        return Whisper(folder, replace(cpu, reason=f"The graphics card could not be used ({trouble.message}) {cpu.reason}"), workers=workers)


def _decoded(result: Any, speaker: Tokenizer, language: str, limit: int) -> Decoded:
    tokens = tuple(result.sequences_ids[0])
    text = speaker.decode(list(tokens)).strip()
    return Decoded(
        text=text,
        tokens=tokens,
        avg_logprob=float(result.scores[0]) * len(tokens) / (len(tokens) + 1),
        no_speech=float(result.no_speech_prob),
        compression=compression_ratio(text),
        language=language,
        capped=len(tokens) >= limit,
    )


def _words(speaker: Tokenizer, tokens: list[int], alignments: list[tuple[int, int]], steps: int) -> tuple[Word, ...]:
    """Words from the aligner's path: a word begins where the path first reaches its first token."""
    if not tokens:
        return ()
    begins: dict[int, int] = {}
    for token, step in alignments:
        begins.setdefault(token, step)
    texts, groups = speaker.split_to_word_tokens([*tokens, speaker.eot])
    firsts = list(itertools.accumulate((len(group) for group in groups), initial=0))
    starts = [min(begins.get(first, steps), steps) for first in firsts]
    return tuple(Word(text, Span(a * STEP, max(a, b) * STEP)) for text, a, b in zip(texts[:-1], starts, starts[1:]))
