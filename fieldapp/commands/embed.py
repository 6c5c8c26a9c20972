"""Compute meaning and sound vectors for what has none yet, and of its translations and glosses; with a sentence encoder named, of one tier.

Goes on where it was stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.engine import current, model_folder
from fieldapp.errors import ReadOnly, WrongUsage

if TYPE_CHECKING:
    from fieldapp.bulk.embedding import Embeddings
    from fieldapp.bulk.listening import Listened
    from fieldapp.model import Space
    from fieldapp.speech.heads import Head
    from fieldapp.speech.manifest import Manifest
    from fieldapp.store.store import Store

OWN, NONE = "own", "none"
READ = ("translation", "gloss")
"""Tiers a sentence encoder reads beside the sound, where there are any."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, with which model and head."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("--model", default="", help="a Whisper for sound or a sentence encoder for text, by name or folder (else: the one in the settings)")
    parser.add_argument("--head", default=OWN, metavar="H", help="'own' (made from this fieldbook's vectors), 'none', or a head file")
    parser.add_argument("--tier", default="translation", help="whose texts a sentence encoder reads (default translation)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Do it and count."""
    from fieldapp.speech.manifest import manifest_of
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    with Store.open(folder) as store:
        if store.read_only:
            raise ReadOnly(f"{folder} is open for reading only: {store.read_only_reason}.", "Nothing was changed.")
        model = model_folder(options.model or current().model)
        return (_texts if manifest_of(model).kind == "text" else _sounds)(store, model, options, progress)


def _sounds(store: Store, model: Path, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp.speech.manifest import identity

    manifest, outcome = embed_sounds(store, model, progress, head=options.head, device=options.device or "")
    read = embed_read(store, progress, device=options.device or "")
    data: dict[str, Any] = {"model": identity(manifest), "exit_layer": manifest.exit_layer, **asdict(outcome), "texts": read}
    lines = [f"{outcome.embedded} segments have new vectors from {manifest.name}"]
    lines += [f"  {read} of their translations and glosses, too"] * bool(read)
    lines += [f"  without sound  {outcome.silent}"] * bool(outcome.silent)
    lines += [f"  {made}" for made in outcome.heads] + [f"  not read  {trouble}" for trouble in outcome.troubles]
    if outcome.embedded:
        lines.append(f"  {outcome.seconds:.1f} s, {outcome.speech_seconds / outcome.seconds:.0f} times as fast as speech")
    return Answer("\n".join(lines), data, code=1 if outcome.troubles else 0)


def embed_sounds(store: Store, model: Path, progress: Progress, *, head: str = OWN, device: str = "", spare: int = 0) -> tuple[Manifest, Listened]:
    """Vectors for every segment this model has not heard; `spare` cores are left to others."""
    from fieldapp.audio.master import F32, stream_master
    from fieldapp.bulk.embedding import Embeddings
    from fieldapp.bulk.listening import listen
    from fieldapp.model import Recording
    from fieldapp.speech import heads, whisper
    from fieldapp.speech.device import processor_cores
    from fieldapp.speech.models.binary import encoder_width
    from fieldapp.store.sessions import parts

    given = None if head in (OWN, NONE) else heads.from_bytes(_read(Path(head)))
    cores = max(1, processor_cores() - spare)
    recogniser = whisper.load(model, device or current().compute_device, threads=1, workers=cores)
    home = Embeddings.of(store, recogniser, encoder_width(model / "model.bin"))
    kind = _kind(given, home) if given else ""

    def sound(master: Recording) -> Iterator[F32]:
        return stream_master(store.folder, parts(store.reader(), master.id))

    outcome = listen(store, recogniser, home, sound, cores, progress, own_heads=head != NONE)
    if given:
        home.adopt(store, kind, given)
        outcome.heads.append(f"'{given.name}' for {kind}")
    return recogniser.manifest, outcome


def _texts(store: Store, model: Path, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp.speech.manifest import identity
    from fieldapp.store import texts

    if options.head != OWN:
        raise WrongUsage("--head is for sound; texts are compared as the sentence encoder gives them.")
    if options.tier not in (there := texts.tiers(store.reader())):
        raise WrongUsage(f"There is no text on a tier '{options.tier}'.", f"There are: {', '.join(there) or 'none yet'}.")
    manifest, space, count = embed_tier(store, model, options.tier, progress, device=options.device or "")
    data = {"model": identity(manifest), "space": space.kind, "embedded": count}
    return Answer(f"{count} texts of the tier {options.tier} have new vectors from {manifest.name}", data)


def embed_read(store: Store, progress: Progress, *, device: str = "") -> int:
    """Vectors for translations and glosses, by the sentence encoder this fieldbook knows, else by any that is installed; how many."""
    from fieldapp.commands.asking import reader_of
    from fieldapp.commands.engine import model_shelf
    from fieldapp.store import texts

    other = next((model.name for model in model_shelf() if model.manifest.kind == "text" and not model.trouble), None)
    reader = reader_of(store) or (model_folder(other) if other is not None else None)
    if reader is None:
        return 0
    return sum(embed_tier(store, reader, tier, progress, device=device)[2] for tier in texts.tiers(store.reader()) if tier in READ)


def embed_tier(store: Store, model: Path, tier: str, progress: Progress, *, device: str = "") -> tuple[Manifest, Space, int]:
    """Vectors for every text of a tier that is new or has changed."""
    from fieldapp.bulk.listening import embed_texts
    from fieldapp.speech import text
    from fieldapp.speech.device import choose

    encoder = text.load(model, device=choose(device or current().compute_device).kind)
    return encoder.manifest, *embed_texts(store, encoder, encoder.manifest, encoder.width, tier, progress)


def _kind(head: Head, home: Embeddings) -> str:
    """Whether a head is for meaning or sound: their raw vectors differ in width."""
    for kind, space in home.raw.items():
        if space.dims == head.takes:
            return kind
    raise WrongUsage(f"The head '{head.name}' takes vectors of {head.takes} numbers, which this model does not give.", "It was made for another model.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise WrongUsage(f"The head {path} cannot be read: {trouble.strerror}.", "Name a head file, 'own' or 'none'.") from trouble
