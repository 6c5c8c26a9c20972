"""`fieldapp model bench`: what models cost here; with transcribed audio, which context and number format suits one (kept in its manifest)."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.engine import current, model_shelf
from fieldapp.errors import ModelError, WrongUsage

if TYPE_CHECKING:
    from fieldapp.speech.models.policies import Example, Score
    from fieldapp.speech.models.shelf import Installed, Shelf
    from fieldapp.speech.recogniser import Recogniser
    from fieldapp.speech.whisper import Whisper

SHORTEST_SECONDS = 0.3
CPU_TYPES, CUDA_TYPES = ("int8_float32", "float32"), ("float16", "int8_float16", "float32")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, on what."""
    parser.add_argument("model", metavar="MODEL", nargs="?", default="", help="an installed model (else: what each of them costs here)")
    parser.add_argument("--audio", metavar="MANIFEST", type=Path, help="a CSV with path and transcript; language helps")
    parser.add_argument("--most", type=int, default=200, help="at most so many of its rows (default 200)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")
    parser.add_argument("--dry-run", action="store_true", help="compare, but leave the manifest as it is")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Cost alone, or the comparison."""
    shelf = model_shelf()
    if not options.audio:
        return _cost(shelf, options, progress)
    if not options.model:
        raise WrongUsage("--audio compares the ways of one model: which?", "fieldapp model bench MODEL --audio MANIFEST")
    return _compare(shelf.find(options.model), options, progress)


def _load(folder: Path, options: argparse.Namespace, compute_type: str = "auto") -> Whisper:
    from fieldapp.speech import whisper

    return whisper.load(folder, options.device or current().compute_device, compute_type=compute_type, threads=1)


def _cost(shelf: Shelf, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp.speech.models.cost import measure

    chosen = [shelf.find(options.model)] if options.model else [model for model in shelf if model.manifest.kind == "whisper" and not model.trouble]
    if not chosen:
        raise ModelError("No speech model is installed.", "Add one: fieldapp model add OWNER/NAME")
    rows: list[dict[str, Any]] = []
    for number, model in enumerate(chosen):
        progress(number / len(chosen), f"measuring {model.name}")
        loaded = _load(model.folder, options)
        rows.append({"model": model.name, "megabytes": round(model.bytes / 1e6, 1), "device": loaded.device.reason, **measure(loaded).row()})
        del loaded
    live = [row for row in rows if row["verdict"] == "live"]
    pick = max(live, key=lambda row: row["megabytes"])["model"] if live else ""
    lines = [_cost_line(row) for row in rows]
    lines.append(f"the largest that keeps up with a speaker here: {pick}" if pick else "none keeps up with a speaker here: record now, transcribe later")
    return Answer("\n".join(lines), {"models": rows, "live": pick})


def _cost_line(row: dict[str, Any]) -> str:
    encoding = "  ".join(f"{seconds} s {spent:.0f}" for seconds, spent in row["encode_ms"].items())
    return f"{row['model']:<20} encode ms: {encoding}   {row['token_ms']:.1f} ms a token   5 s of speech in {row['final_seconds']:.2f} s: {row['verdict']}"


def _compare(model: Installed, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp.speech.manifest import write
    from fieldapp.speech.models import policies

    loaded = _load(model.folder, options)
    kind, knows = loaded.device.kind, loaded.knows
    del loaded
    examples, left_out = _examples(options.audio, options.most, knows)
    characters = sum(policies.character_errors(example.text, "")[1] for example in examples)
    if characters < policies.FEWEST_CHARACTERS:
        raise WrongUsage(f"{options.audio} has {characters} characters of usable transcript; {policies.FEWEST_CHARACTERS} are needed.", "; ".join(left_out[:3]))

    def load(compute_type: str) -> Recogniser:
        return _load(model.folder, options, compute_type)

    scores = policies.compare(load, _types(kind), examples, progress, time.process_time if kind == "cpu" else time.perf_counter)
    about = policies.chosen(model.manifest, scores, kind)
    why_not = "a trial run" if options.dry_run else "" if model.own else "what came with the program or was never added is not changed"
    if not why_not:
        write(model.folder, about)
    data = {
        "model": model.name,
        "live": _named(about.live),
        "bulk": _named(about.bulk),
        "written": not why_not,
        "kept": f"not written: {why_not}" if why_not else "written into its description",
        "left_out": left_out,
        **about.measured[f"policies_{kind}"],
    }
    return Answer(_as_text(scores, data), data)


def _types(kind: str) -> list[str]:
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(kind)
    return [name for name in (CPU_TYPES if kind == "cpu" else CUDA_TYPES) if name in supported]


def _named(context: Any) -> str:
    return f"{context.policy} {context.tail:.2f} s" if context.policy == "flexible" else str(context.policy)


def _examples(manifest: Path, most: int, knows: Callable[[str], bool]) -> tuple[list[Example], list[str]]:
    """What of a manifest can be used, and why the rest cannot."""
    from fieldapp.audio.resample import MODEL_RATE, mono16k_array
    from fieldapp.errors import AudioError
    from fieldapp.intake.manifest import read_manifest
    from fieldapp.speech.finals import LONGEST
    from fieldapp.speech.models.policies import Example

    wanted = read_manifest(manifest, allow_outside=True)
    left_out = [f"{problem.where}: {problem.sentence}" for problem in wanted.problems]
    found: list[Example] = []
    for row in wanted.rows:
        if len(found) == most:
            break
        text, language = row.texts.get("transcription", ("", ""))
        try:
            audio = mono16k_array(row.path) if text else None
        except AudioError as trouble:
            left_out.append(f"{row.where}: {trouble}")
            continue
        if audio is None or not SHORTEST_SECONDS * MODEL_RATE <= len(audio) <= LONGEST:
            left_out.append(f"{row.where}: {'no transcript' if audio is None else f'{len(audio) / MODEL_RATE:.1f} s is no single segment'}")
        else:
            found.append(Example(audio, text, next(_codes(language, knows), "")))
    return found, left_out


def _codes(language: str, knows: Callable[[str], bool]) -> Iterator[str]:
    """The code under which the model knows a language, if it does; nothing means it decides for itself."""
    import langcodes

    if language and knows(language):
        yield language
    elif language:
        try:
            short = langcodes.standardize_tag(language).split("-")[0]
        except ValueError:  # no code of any language
            return
        if knows(short):
            yield short


def _as_text(scores: list[Score], data: dict[str, Any]) -> str:
    from fieldapp.speech.models.policies import fair

    lines = [f"{data['model']}: {data['examples']} segments, {data['characters']} characters"]
    equals = fair(scores)
    for score in scores:
        row = score.row()
        way, speed = f"{_named(score.context):<16} {row['compute_type']:<14}", row["times_real_time"]
        mark = "=" if score in equals else " "
        lines.append(f"{mark} {way} character errors {row['cer']:7.1%}   texts that ran away {row['ran_away']:>3}   {speed:>7.1f} x real time")
    lines.append("= errors that cannot be told from the fewest; of these the fastest is chosen, and of those about as fast the one with the fewest errors")
    lines.append(f"chosen: live {data['live']}, stored recordings {data['bulk']}, numbers {data['compute_type']} ({data['kept']})")
    if left_out := data["left_out"]:
        lines.append(f"{len(left_out)} rows could not be used, such as {'; '.join(left_out[:3])}")
    return "\n".join(lines)
