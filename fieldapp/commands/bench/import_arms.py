"""One pipeline over one array of audio, in a process of its own: `python -m fieldapp.commands.bench.import_arms ARM MODEL AUDIO`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands.bench.rehearsal import TOKENS_PER_SECOND, Paced, peak_megabytes
from fieldapp.speech.bulk import cut, find_speech, transcribe_all
from fieldapp.speech.device import processor_cores
from fieldapp.speech.endpoints import NORMAL
from fieldapp.speech.finals import FinalRules
from fieldapp.speech.manifest import Context
from fieldapp.speech.packing import Piece
from fieldapp.speech.recogniser import F32, RATE
from fieldapp.speech.whisper import load

WINDOW_SECONDS = 30
PROMPT = 4  # tokens before the text; the library adds them to the limit, and CTranslate2 decodes half of the sum


def ours(audio: F32, folder: Path, policy: str) -> dict[str, Any]:
    """Our bulk path: listen, cut, as many workers as cores."""
    cores = processor_cores()
    model = load(folder, "cpu", threads=1, workers=cores)
    paced = Paced(model, Context("flexible", 1.28), Context("packed") if policy == "packed" else Context("flexible", 1.28))
    began, cpu = time.perf_counter(), time.process_time()
    spans = list(find_speech([audio], NORMAL))
    pieces = (Piece(str(number), row) for number, row in enumerate(cut([audio], spans)))
    done = list(transcribe_all(paced, pieces, FinalRules(language="en"), workers=cores))
    took = time.perf_counter() - began, time.process_time() - cpu
    assert len(done) == len(spans)
    return {"seconds": took[0], "cpu_seconds": took[1], "tokens": paced.tokens, "windows": model.encodes}


def theirs(audio: F32, folder: Path, batched: bool) -> dict[str, Any]:
    """faster-whisper as it comes, but for what would make random weights work more: no time stamps, no second temperature."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    if batched:
        options = VadOptions(max_speech_duration_s=WINDOW_SECONDS, min_silence_duration_ms=160)  # as the pipeline sets them
        windows = len(collect_chunks(audio, get_speech_timestamps(audio, options), max_duration=WINDOW_SECONDS)[0])
    else:
        speech = sum(chunk["end"] - chunk["start"] for chunk in get_speech_timestamps(audio, VadOptions()))
        windows = -(-speech // (WINDOW_SECONDS * RATE))
    spoken = sum(len(span) for span in find_speech([audio], NORMAL)) / RATE
    each = max(1, round(TOKENS_PER_SECOND * spoken / max(1, windows)))
    plain: dict[str, Any] = {
        "language": "en",
        "beam_size": 1,
        "temperature": 0.0,
        "without_timestamps": True,
        "max_new_tokens": 2 * each - PROMPT,
        "vad_filter": True,
    }
    plain |= {"compression_ratio_threshold": None, "log_prob_threshold": None, "no_speech_threshold": None, "condition_on_previous_text": False}
    pipeline = BatchedInferencePipeline(model) if batched else model
    began, cpu = time.perf_counter(), time.process_time()
    segments, _ = pipeline.transcribe(audio, **plain)
    tokens = sum(len(segment.tokens) for segment in segments)
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu, "tokens": tokens, "windows": windows}


def main(arm: str, folder: str, audio_file: str) -> None:
    """Run one arm and print what it took."""
    audio: F32 = np.load(audio_file)
    found = ours(audio, Path(folder), arm) if arm in ("short", "packed") else theirs(audio, Path(folder), arm == "batched")
    found |= {"peak_mb": peak_megabytes()}
    sys.stdout.write(json.dumps({key: round(value, 2) for key, value in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
