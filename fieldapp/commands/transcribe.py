"""Turn recordings into draft text, translations and vectors. Stopped or killed, it goes on where it was when called again.

Where no language is named or set, the model listens for that of each variety, if it has a code for it, and guesses it for the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress
from fieldapp.commands.engine import current, endpoint_rules, engine_arguments, language_of, load_model, variety_language
from fieldapp.errors import ModelError, ReadOnly, WrongUsage

if TYPE_CHECKING:
    from fieldapp.bulk.transcription import Outcome
    from fieldapp.speech.finals import FinalRules
    from fieldapp.speech.whisper import Whisper
    from fieldapp.store.store import Store

BEAM = 5
LARGEST_BATCH = 32
CARD_BATCH = 4  # on a processor batches cost more than segments one by one


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, with which model."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    engine_arguments(parser)
    parser.add_argument("--pending", action="store_true", help="only segments that wait for text; do not listen to new recordings")
    parser.add_argument(
        "--task",
        choices=("transcribe", "translate", "both"),
        default="transcribe",
        help="write what is said (default), an English translation for every segment that has none, or both at once for what waits for text",
    )
    parser.add_argument("--beam", type=int, default=BEAM, help=f"how many readings are weighed (default {BEAM}; 1 is quickest)")
    parser.add_argument("--batch", type=int, default=0, metavar="N", help=f"segments of like length read together (default 1, on a graphics card {CARD_BATCH})")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Do it and count."""
    from fieldapp.audio.master import F32, stream_master
    from fieldapp.bulk.transcription import Task, transcribe_fieldbook
    from fieldapp.model import Recording
    from fieldapp.speech.device import processor_cores
    from fieldapp.store.sessions import parts
    from fieldapp.store.store import Store

    if options.beam < 1:
        raise WrongUsage("--beam must be at least 1.")
    if not 0 <= options.batch <= LARGEST_BATCH:
        raise WrongUsage(f"--batch must be 1 to {LARGEST_BATCH}.", "More only takes memory.")
    folder: Path = options.fieldbook.absolute()
    chosen, cores = current(), processor_cores()
    with Store.open(folder) as store:
        if store.read_only:
            raise ReadOnly(f"{folder} is open for reading only: {store.read_only_reason}.", "Nothing was changed.")
        model = load_model(options, chosen, workers=cores, threads=1)
        finals = _rules(options, language_of(options, chosen, model.manifest), model)
        batch = options.batch or (CARD_BATCH if model.device.kind == "cuda" else 1)
        languages = {} if finals.language or options.language == "auto" else _languages(store, model)
        task = Task(finals, endpoint_rules(chosen), cores, options.pending, batch, {"device": model.device.reason}, languages)

        def sound(master: Recording) -> Iterator[F32]:
            return stream_master(folder, parts(store.reader(), master.id))

        outcome = transcribe_fieldbook(store, model, sound, task, progress)
    data = {"model": model.manifest.name, "device": model.device.reason, **asdict(outcome)}
    return Answer(_as_text(outcome, model), data, code=1 if outcome.troubles else 0)


def _languages(store: Store, model: Whisper) -> dict[str, str]:
    """What the model is told of each variety, where it has a code for it."""
    from fieldapp.store.people import varieties

    told = {one.id: variety_language(one, model) for one in varieties(store.reader())}
    return {variety: code for variety, code in told.items() if code}


def _rules(options: argparse.Namespace, language: str, model: Whisper) -> FinalRules:
    from fieldapp.speech.finals import TRANSLATE, FinalRules

    if options.task != "transcribe" and TRANSLATE not in model.manifest.tasks:
        raise ModelError(f"The model '{model.manifest.name}' does not translate.", "Choose one whose tasks in 'fieldapp model list' name it.")
    return FinalRules(language=language, beam=options.beam, task=TRANSLATE if options.task == TRANSLATE else "transcribe", translate=options.task == "both")


def _as_text(outcome: Outcome, model: Whisper) -> str:
    lines = [f"Drafts by {model.manifest.name}: {outcome.texts}; new segments: {outcome.found}"]
    lines += [f"  without text  {count} ({reason})" for reason, count in outcome.without_text.items()]
    lines += [f"  not read  {trouble}" for trouble in outcome.troubles]
    lines.append(f"  {outcome.seconds:.1f} s, {outcome.speech_seconds / max(outcome.seconds, 1e-6):.1f} times as fast as speech. {model.device.reason}")
    return "\n".join(lines)
