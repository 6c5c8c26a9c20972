"""Load a model for the first time in a child process with limits: a broken or malicious one kills the child, never us. Any thread; waits.

Run as a module it is that child: it loads the folder it is given, lets the model work once and prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from fieldapp.errors import ModelError
from fieldapp.speech.bag import TextBag, is_bag
from fieldapp.speech.models.binary import read_layout

SECONDS = 120.0
SPARE_BYTES = 3 << 30  # address space beside the weights: libraries and thread stacks
_TELLTALE = 300  # characters of a complaint that are passed on
_THIS = "fieldapp.speech.models.probe"
_FROZEN_WORD = "run-module"  # a frozen program runs one of our modules when it is called with this


def probe(folder: Path, kind: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Facts about the model in a folder, found by using it once in a child; ModelError when it does not survive that."""
    bag = is_bag(folder)
    layout = None if bag else read_layout(folder / "model.bin")
    size = (folder / "model.bin").stat().st_size
    module = [_FROZEN_WORD] if getattr(sys, "frozen", False) else ["-m"]
    words = [sys.executable, *module, _THIS, str(folder), "bag" if bag else kind, str(size * 8)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, env=_surroundings(), check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(f"The model in {folder} did not answer within {seconds:.0f} s when it was tried.", "It is broken or too big.") from None
    answer = _answer(done.stdout)
    if done.returncode or answer is None:
        raise ModelError(f"The model in {folder} cannot be used: {_why(done)}.", "Fetch or convert it again, and only from a source you trust.")
    if layout is None:
        return answer | {"architecture": "bag of pieces"}
    return answer | {"architecture": layout.architecture, "encoder_layers": layout.layers("encoder"), "decoder_layers": layout.layers("decoder")}


def _surroundings() -> dict[str, str]:
    home = str(Path(__file__).resolve().parents[3])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": home + (os.pathsep + before if before else ""), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def _answer(output: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(output.decode("utf-8").strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return found if isinstance(found, dict) else None


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        try:
            name = signal.Signals(-done.returncode).name
        except ValueError:
            name = str(-done.returncode)
        return f"the loader crashed on it ({name})"
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return (last[0] if last else f"the loader ended with code {done.returncode}")[:_TELLTALE].rstrip(".")


def _limit(spare: int) -> None:
    """No more memory and processor time than a real model of this size needs."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (SPARE_BYTES + spare, SPARE_BYTES + spare))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _try_whisper(folder: str) -> dict[str, Any]:
    import ctranslate2  # noqa: PLC0415  (only the child loads it)
    import numpy as np  # noqa: PLC0415
    import tokenizers  # noqa: PLC0415

    words = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    model = ctranslate2.models.Whisper(folder, device="cpu", intra_threads=1)
    start = words.token_to_id("<|startoftranscript|>")
    if start is None:
        raise ValueError("its vocabulary is not that of a Whisper")
    mel = np.zeros((1, model.n_mels, 100), np.float32)
    states = model.encode(ctranslate2.StorageView.from_array(mel))
    model.generate(states, [[start]], beam_size=1, max_length=4)
    model.align(states, [start], [[start - 1, start - 1]], [100])  # settings that only this use reads can break it, too
    if model.is_multilingual:
        model.detect_language(states)
    made = np.asarray(states)
    if not np.isfinite(made).all():
        raise ValueError("its encoder answers with numbers that are none")
    return {"width": int(made.shape[-1]), "mels": int(model.n_mels), "multilingual": bool(model.is_multilingual)}


def _try_text(folder: str) -> dict[str, Any]:
    import ctranslate2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import tokenizers  # noqa: PLC0415

    words = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    model = ctranslate2.Encoder(folder, device="cpu", intra_threads=1)
    ids = np.array([words.encode("the sun").ids], np.int32)
    answer = model.forward_batch(ctranslate2.StorageView.from_array(ids), ctranslate2.StorageView.from_array(np.array([ids.shape[1]], np.int32)))
    made = np.asarray(answer.last_hidden_state)
    if not np.isfinite(made).all():
        raise ValueError("it answers with numbers that are none")
    return {"width": int(made.shape[-1])}


def _try_bag(folder: str) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    made = TextBag(Path(folder))
    if not all(np.isfinite(pieces).all() for pieces in made.pieces(["the sun", "太阳"])):
        raise ValueError("it answers with numbers that are none")
    return {"width": made.width}


_TRIALS = {"whisper": _try_whisper, "text": _try_text, "bag": _try_bag}

if __name__ == "__main__":
    _limit(int(sys.argv[3]))
    try:
        found = _TRIALS[sys.argv[2]](sys.argv[1])
    except Exception as trouble:  # noqa: BLE001  (whatever the libraries raise is the answer)
        sys.exit(f"{type(trouble).__name__}: {trouble}".splitlines()[0])
    sys.stdout.write(json.dumps(found) + "\n")
