"""Make a model fit the dialect: learn from your own confirmed segments, measure on speakers and meanings held back, use it only if it is better.

Only segments whose speakers allow 'train' are learned from. Nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.engine import current, model_folder, text_model_of
from fieldapp.errors import ModelError, NotThere, ReadOnly

if TYPE_CHECKING:
    from fieldapp.lab.adapt.meaning import Outcome
    from fieldapp.model import Space
    from fieldapp.speech.manifest import Manifest
    from fieldapp.store.store import Store

KINDS = ("meaning", "recogniser")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is adapted, to what, and whether the measurement has the last word."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook to learn from")
    parser.add_argument(
        "--kind", choices=KINDS, default="meaning", help="the space that search by meaning uses (default), or what writes the drafts (extra [train])"
    )
    parser.add_argument("--dry-run", action="store_true", help="learn and measure, change nothing")
    parser.add_argument("--model", default="", help="the speech model whose vectors are used (else: the one in the settings)")
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder whose space is aimed at (else: the speech model's own)")
    parser.add_argument(
        "--tier", action="append", default=[], metavar="TIER", help="the texts to aim at, in order of preference (translation, prompt, transcription)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides which speakers and meanings are held back (0)")
    parser.add_argument(
        "--language", default=None, metavar="CODE", help="recogniser: the language token to teach (else: the settings', else what it hears most)"
    )
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="recogniser: learn at most so long; the same command goes on (60)")
    parser.add_argument("--anyway", action="store_true", help="use what was made even where the measurement says no")
    parser.add_argument("--back", action="store_true", help="give up an adaptation: what was used before is used again")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Learn, measure, decide; or go back."""
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    with Store.open(folder, read_only=options.dry_run) as store:
        if store.read_only and not options.dry_run:
            raise ReadOnly(f"{folder} is open for reading only: {store.read_only_reason}.", "Nothing was changed; --dry-run measures without writing.")
        if options.kind == "recogniser":
            from fieldapp.commands import adapt_recogniser

            return adapt_recogniser.back(options) if options.back else adapt_recogniser.adapt(store, options, progress)
        return _back(store, options) if options.back else _meaning(store, options, progress)


def _meaning(store: Store, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp import __version__
    from fieldapp.lab.adapt.head import NAME
    from fieldapp.lab.adapt.material import MEANING_TEXTS
    from fieldapp.lab.adapt.meaning import adapt_meaning
    from fieldapp.lab.adapt.telling import told
    from fieldapp.speech.manifest import identity, manifest_of
    from fieldapp.speech.text import load
    from fieldapp.store import runs

    folder = model_folder(options.model or current().model)
    manifest = manifest_of(folder)
    encoder = load(model_folder(options.text or _text_model(folder)))
    raw, text_model = _raw(store, manifest), identity(encoder.manifest)
    tiers = tuple(options.tier) or MEANING_TEXTS
    outcome = adapt_meaning(store.reader(), raw, encoder, text_model, tiers=tiers, seed=options.seed, said=progress)
    used = (outcome.verdict.adopt or options.anyway) and not options.dry_run
    about = {"model": identity(manifest), "text": text_model, "seed": options.seed, "tiers": list(tiers)}
    data = about | outcome.data() | {"used": used}
    if not options.dry_run:
        run = store.do(lambda tx: runs.begin_run(tx, "adapt-meaning", __version__, about))
        if used:
            _use(store, raw, outcome)
        store.do(lambda tx: runs.end_run(tx, run, data))
    decided = "it is used from now on; take it back with: fieldapp adapt DIR --back" if used else "nothing was changed"
    progress(1.0, f"{NAME} head measured")
    return Answer("\n".join([*told(outcome, encoder.manifest.name), f"So {decided}."]), data)


def _use(store: Store, raw: Space, outcome: Outcome) -> None:
    from fieldapp.bulk.embedding import Embeddings

    Embeddings.open(store, raw.model, raw.dims, raw.layer).adopt(store, raw.kind, outcome.head)


def _back(store: Store, options: argparse.Namespace) -> Answer:
    from fieldapp.lab.adapt.head import NAME
    from fieldapp.speech.manifest import identity, manifest_of
    from fieldapp.store import spaces

    model = identity(manifest_of(model_folder(options.model or current().model)))
    adapted = [space for space in spaces.spaces(store.reader(), "meaning", model) if space.head == NAME]
    if not adapted:
        raise NotThere(f"There is no adapted meaning space for the model {model}.", "There is nothing to give up.")
    for space in adapted:
        store.do(lambda tx, space=space: spaces.drop_space(tx, space.id))  # type: ignore[misc]
    now = spaces.space_to_search(store.reader(), "meaning", model)
    data: dict[str, Any] = {"dropped": len(adapted), "now": (now.head or "raw") if now else ""}
    return Answer(f"The adapted head is gone; search uses the space '{data['now']}' again.", data)


def _raw(store: Store, manifest: Manifest) -> Space:
    from fieldapp.speech.manifest import identity
    from fieldapp.store import spaces

    there = spaces.spaces(store.reader(), "meaning", identity(manifest))
    raw = next((space for space in there if not space.head and space.layer == manifest.exit_layer), None)
    if raw is None:
        raise NotThere(f"No segment has vectors of the model '{manifest.name}'.", "Compute them first: fieldapp embed DIR")
    return raw


def _text_model(folder: Path) -> str:
    """The sentence encoder that the model's own meaning head was trained with."""
    from fieldapp.speech.heads import shipped

    head = shipped(folder)
    if head is None or not head.text_model:
        raise ModelError(f"The model in {folder} names no text model of its own.", "Name one: --text MODEL (kind 'text' in: fieldapp model list)")
    return text_model_of(folder, head)
