"""What commands that use the speech engine share: which model, on which device, with which settings. Not a command itself."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp import paths, settings
from fieldapp.errors import FieldError, ModelError

if TYPE_CHECKING:
    from fieldapp.model import Variety
    from fieldapp.session.live_text import Engine
    from fieldapp.speech.endpoints import EndpointRules
    from fieldapp.speech.heads import Head
    from fieldapp.speech.live import LiveRules
    from fieldapp.speech.manifest import Manifest
    from fieldapp.speech.models.shelf import Shelf
    from fieldapp.speech.whisper import Whisper


REHEARSALS = 2  # the first one warms the model up


def engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, device and language."""
    parser.add_argument("--model", default="", help="a model's name or folder (else: the one in the settings)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")
    parser.add_argument(
        "--language",
        default=None,
        metavar="CODE",
        help="the language it listens for, or 'auto' (else: as in the settings; a fieldbook's own where it names the variety)",
    )


def current() -> settings.Settings:
    """The person's settings."""
    return settings.load(paths.config() / settings.FILE)[0]


def language_of(options: argparse.Namespace, chosen: settings.Settings, manifest: Manifest) -> str:
    """The fixed language, or nothing when the model decides for each utterance; a model of one language has no choice."""
    given: str | None = options.language
    language = chosen.spoken_language if given is None else given
    return _fixed("" if language == "auto" else language, manifest)


def load_model(options: argparse.Namespace, chosen: settings.Settings, *, workers: int = 1, threads: int = 0) -> Whisper:
    """The model that was asked for, loaded; a language it does not know is refused before any work."""
    from fieldapp.speech import whisper

    model = whisper.load(model_folder(options.model or chosen.model), options.device or chosen.compute_device, threads=threads, workers=workers)
    language = language_of(options, chosen, model.manifest)
    if language and not model.knows(language):
        raise ModelError(f"The model '{model.manifest.name}' does not know the language code '{language}'.", "Choose a related one, or --language auto.")
    return model


def model_shelf() -> Shelf:
    """The person's models and those that came with the program."""
    from fieldapp.speech.models.shelf import Shelf

    try:
        bundled = [paths.resource("models")]
    except FieldError:
        bundled = []
    return Shelf(paths.models(), *bundled)


def model_folder(name: str) -> Path:
    """The folder of a model: an installed one if nobody altered it since, or one that is named by its path, tried once in a child."""
    from fieldapp.speech.models.intake import try_once

    given = Path(name).expanduser()
    if not given.is_dir():
        return model_shelf().trusted(name).folder
    try_once(given.absolute(), paths.cache() / "tried-models")
    return given.absolute()


def text_model_of(folder: Path, head: Head) -> str:
    """The sentence encoder a head of the model in `folder` was trained with: its name, or, where none of it is installed, the folder beside the model's."""
    name = head.text_model.partition("@")[0]
    beside = folder.with_name(name)
    return str(beside) if name not in {model.name for model in model_shelf()} and beside.is_dir() else name


def endpoint_rules(chosen: settings.Settings) -> EndpointRules:
    """The thresholds in the settings, in the engine's terms."""
    from fieldapp.speech.endpoints import ELICITATION, EndpointRules

    vad = chosen.vad
    rules = replace(EndpointRules(**asdict(vad)), end=min(vad.end, vad.start), soft=min(vad.soft, vad.hard), firm=min(vad.firm, vad.hard))
    if chosen.pauses == "elicitation":
        rules = replace(rules, silence=ELICITATION.silence, shortest=ELICITATION.shortest, start_windows=ELICITATION.start_windows)
    return rules


def live_rules(chosen: settings.Settings, manifest: Manifest) -> LiveRules:
    """How live work is done, as the settings say."""
    from fieldapp.speech.finals import FinalRules
    from fieldapp.speech.live import LiveRules
    from fieldapp.speech.partials import PartialRules

    finals, partials = FinalRules(language=_fixed(chosen.spoken_language, manifest)), PartialRules(wanted=chosen.live_policy == "full")
    return LiveRules(endpoints=endpoint_rules(chosen), finals=finals, partials=partials)


def live_engine(chosen: settings.Settings, spoken: Variety | None = None) -> Engine:
    """The model of the settings, ready for live work; slow, so it is called where waiting hurts nobody. Without a language it listens for what is spoken."""
    from fieldapp.session.live_text import Engine
    from fieldapp.speech import whisper
    from fieldapp.speech.models.cost import pace

    names = [chosen.model, *([chosen.quick_model] if chosen.quick_model not in ("", chosen.model) else [])]
    models = [whisper.load(model_folder(name), chosen.compute_device, threads=chosen.compute_threads) for name in names]
    rules = live_rules(chosen, models[0].manifest)
    if spoken and not rules.finals.language:
        rules = replace(rules, finals=replace(rules.finals, language=variety_language(spoken, models[0])))
    for model in models:
        if rules.finals.language and not model.knows(rules.finals.language):
            why = f"The model '{model.manifest.name}' does not know the language code '{rules.finals.language}'."
            raise ModelError(why, "Choose a related one, or none.")
    seconds = [min(model.rehearse() for _ in range(REHEARSALS)) for model in models]
    rules = replace(rules, pace=pace(seconds[0], seconds[1] if seconds[1:] else None))
    quick = models[1] if models[1:] else None
    return Engine(models[0], rules, models[0].device.reason, quick, _how_it_follows(rules.pace, models, seconds[0]))


def _how_it_follows(pace: str, models: list[Whisper], seconds: float) -> str:
    """A sentence where the model cannot keep up with a speaker here."""
    from fieldapp.speech.live import FINALS_ONLY, QUICK_FIRST

    slow = f"'{models[0].manifest.name}' takes {seconds:.1f} s for 5 s of speech here"
    if pace == QUICK_FIRST:
        return f"{slow}, so '{models[1].manifest.name}' drafts and it reads again in pauses."
    return f"{slow}: text comes late, and only when an utterance has ended. A quicker model helps." if pace == FINALS_ONLY else ""


def variety_language(variety: Variety, model: Whisper) -> str:
    """What the model is told when this variety is spoken; empty where it has no code for it."""
    from fieldapp.speech.spoken import model_language

    return model_language((variety.iso639_3, variety.language), model.knows)


def has_model(name: str) -> bool:
    """Whether a speech model of this name, or in this folder, is there at all."""
    try:
        model_shelf().find(name)
    except ModelError:
        return False
    return True


def _fixed(language: str, manifest: Manifest) -> str:
    return manifest.languages[0] if not language and len(manifest.languages) == 1 else language
