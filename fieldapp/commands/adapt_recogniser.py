"""`fieldapp adapt --kind recogniser`: learn, measure, install, choose; and the way back. Not a command itself."""

from __future__ import annotations

import argparse
import re
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldapp import paths, settings
from fieldapp.commands import Answer, Progress
from fieldapp.commands.engine import current, model_folder, model_shelf
from fieldapp.errors import NotThere

if TYPE_CHECKING:
    from pathlib import Path

    from fieldapp.lab.adapt.recogniser import Adapted, Sound
    from fieldapp.speech.models.shelf import Installed
    from fieldapp.speech.recogniser import Recogniser
    from fieldapp.store.store import Store

WORK = "adapting"
BEFORE = "adapted_from"
"""In the manifest of an adapted model: which model was in use before."""


def adapt(store: Store, options: argparse.Namespace, progress: Progress) -> Answer:
    """Learn and measure; install and choose the new model when it is better (or --anyway)."""
    from fieldapp import __version__
    from fieldapp.lab.adapt.recogniser import adapt_recogniser
    from fieldapp.lab.adapt.telling import told_recogniser
    from fieldapp.lab.adapt.tuning import Plan, the_torch
    from fieldapp.speech import whisper
    from fieldapp.speech.manifest import identity, manifest_of
    from fieldapp.store import runs

    the_torch()
    chosen = current()
    name = options.model or chosen.model
    folder = model_folder(name)
    language = chosen.spoken_language if options.language is None else options.language
    work = store.folder / "derived" / WORK if not options.dry_run else paths.cache() / WORK

    def load(place: Path) -> Recogniser:
        return whisper.load(place, chosen.compute_device)

    until = time.monotonic() + 60 * options.minutes
    plan = Plan(seed=options.seed)
    sound = _sound_of(store)
    outcome = adapt_recogniser(store.reader(), folder, load, sound, work, plan, language="" if language == "auto" else language, until=until, said=progress)
    use = (outcome.gate.verdict.adopt or options.anyway) and not options.dry_run
    about = {"model": identity(manifest_of(folder)), "seed": options.seed, "language": outcome.language}
    data = about | outcome.data() | {"used": use, "installed": ""}
    if use:
        installed = _install(store, outcome, name, folder)
        data["installed"] = installed.name
        settings.save(replace(chosen, model=installed.name), paths.config() / settings.FILE)
    if not options.dry_run:
        run = store.do(lambda tx: runs.begin_run(tx, "adapt-recogniser", __version__, about))
        store.do(lambda tx: runs.end_run(tx, run, data))
    if outcome.tuned.finished:
        shutil.rmtree(work, ignore_errors=True)
    return Answer("\n".join([*told_recogniser(outcome), *_decided(data, outcome)]), data)


def back(options: argparse.Namespace) -> Answer:
    """Use the model again that was in use before the adapted one."""
    chosen = current()
    model = model_shelf().find(options.model or chosen.model)
    before = str(model.manifest.measured.get(BEFORE, ""))
    if not before:
        raise NotThere(f"The model '{model.name}' was not made by adapting another one.", "There is nothing to give up.")
    model_folder(before)  # refuses when it is gone or was altered
    settings.save(replace(chosen, model=before), paths.config() / settings.FILE)
    return Answer(f"'{before}' is in use again; '{model.name}' stays installed.", {"model": before, "was": model.name})


def _decided(data: dict[str, Any], outcome: Adapted) -> list[str]:
    if data["used"]:
        said = [f"So it is installed as '{data['installed']}' and in use from now on; take it back with: fieldapp adapt DIR --kind recogniser --back"]
        return [*said, "New vectors are needed for search by meaning: fieldapp embed DIR"]
    left = "" if outcome.tuned.finished else " Learning was stopped by the clock; the same command goes on."
    return [f"So nothing was changed.{left}"]


def _install(store: Store, outcome: Adapted, name: str, folder: Path) -> Installed:
    from fieldapp.speech.manifest import manifest_of
    from fieldapp.speech.models.intake import assembled, seal

    shelf, about = model_shelf(), manifest_of(folder)
    stem = f"{folder.name}-{re.sub(r'[^A-Za-z0-9]+', '-', store.folder.name).strip('-') or 'own'}"[:70]
    taken = {model.name for model in shelf}
    new = next(candidate for candidate in (stem, *(f"{stem}-{number}" for number in range(2, 1000))) if candidate not in taken)
    gate = outcome.gate
    measured = {BEFORE: name, "cer_before": gate.before, "cer_after": gate.after, "held_back_segments": gate.segments}
    training = f"{about.training}; then {outcome.minutes:.1f} min of confirmed segments of one fieldbook"
    made = replace(about, name=new, training=training, source=f"adapted from {about.name}", measured=measured, checksums={})
    with assembled(shelf.place_for(new)) as draft:
        for path in outcome.folder.iterdir():
            shutil.copyfile(path, draft / path.name)
        seal(draft, made)
    return shelf.find(new)


def _sound_of(store: Store) -> Sound:
    from fieldapp.audio.render import clips_of
    from fieldapp.audio.resample import mono16k_array
    from fieldapp.store import sessions
    from fieldapp.store.segments import segment

    def sound(identity: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        wanted = segment(store.reader(), identity)
        clips = clips_of(store.folder, sessions.parts(store.reader(), wanted.recording), wanted.span)
        return np.concatenate([np.zeros(0, np.float32), *(mono16k_array(clip.path, clip.span) for clip in clips)])

    return sound
