"""What experiments share: where utterances come from (manifest, fieldbook, YuBao folder), which ear hears them. Not a bench itself."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldapp.intake.manifest import Row
    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.utterances import F32, Selection, Utterance
    from fieldapp.speech.whisper import Whisper

_MENTIONED = 12
BY_CHANCE = "instead of a fixed distance: what is nearer than the closest words of this share of pairs of unlike meaning sounds alike (sentences: 0.1)"
DEMO = Path("demo")
LONGEST_SECONDS = 180


def source_arguments(parser: argparse.ArgumentParser) -> None:
    """Which utterances."""
    wanted = "a manifest CSV, a fieldbook, a YuBao folder (SITE.json beside SITE/*.wav), or 'demo' for the bundled one"
    parser.add_argument("source", metavar="SOURCE", type=Path, help=wanted)
    parser.add_argument("--where", metavar="COLUMN=VALUE", action="append", default=[], help="only these utterances (VALUE,VALUE for several); may be repeated")


def model_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model hears them."""
    parser.add_argument("--model", default="", help="a model's name or folder (else: the one in the settings)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")


def against_argument(parser: argparse.ArgumentParser) -> None:
    """Which pairs of units."""
    parser.add_argument("--against", default="", metavar="UNIT", help="only pairs with this unit, such as the one language that is no relative of the others")


def share(text: str) -> float:
    """A share between 0 and 1, as an option takes it."""
    value = float(text)
    if not 0 < value < 1:
        raise ValueError
    return value


def none_share(options: argparse.Namespace) -> WrongUsage:
    """Nothing can be compared."""
    named = f" with '{options.against}'" if options.against else ""
    return WrongUsage(f"No two units by '{options.by}' share two meanings{named}.", "Choose another column with --by.")


@contextlib.contextmanager
def selected(options: argparse.Namespace, progress: Progress) -> Iterator[Selection]:
    """The utterances that were asked for; their sound can be read inside the `with`."""
    from fieldapp.commands.lab.keeping import DATABASE
    from fieldapp.lab import yubao
    from fieldapp.lab.utterances import filtered

    source = place_of(options, progress)
    with contextlib.ExitStack() as open_things:
        if (source / DATABASE).is_file():
            selection = _of_fieldbook(source, open_things)
        elif source.is_dir() and yubao.is_yubao(source):
            selection = yubao.read(source, _read)
        elif source.is_dir():
            raise WrongUsage(f"{source} is neither a fieldbook nor a YuBao folder.", "Name a manifest CSV, a fieldbook, or a folder with SITE.json files.")
        else:
            selection = _of_manifest(source)
        selection = filtered(selection, options.where)
        if not len(selection):
            raise WrongUsage(f"{options.source} gives no utterances." + "".join(f" {sentence}" for sentence in selection.aside[:3]))
        yield selection


def place_of(options: argparse.Namespace, progress: Progress) -> Path:
    """Where the utterances come from; the demo is built when it is missing."""
    source: Path = options.source.absolute()
    return _demo(progress) if options.source == DEMO and not source.exists() else source


def heard_by(model: str, device: str | None, sounds: Sequence[F32], progress: Progress) -> tuple[Heard, Path]:
    """What a model hears, and the model's folder."""
    from fieldapp.commands.engine import current, model_folder
    from fieldapp.lab.hearing import hear
    from fieldapp.speech import heads, whisper
    from fieldapp.speech.device import processor_cores

    chosen = current()
    folder = model_folder(model or chosen.model)
    cores = processor_cores()
    recogniser = whisper.load(folder, device or chosen.compute_device, threads=1, workers=cores)
    return hear(recogniser, sounds, progress, head=heads.shipped(folder), workers=cores), folder


def exits_of(model: str, layers: str, device: str | None, place: Path, progress: Progress) -> Iterator[tuple[int, Whisper, str]]:
    """The exits of a model that were asked for, first to last, and the model's own name; twins that are missing are made in `place`."""
    from fieldapp.commands.engine import current, model_folder
    from fieldapp.lab import twins
    from fieldapp.speech import whisper
    from fieldapp.speech.device import processor_cores
    from fieldapp.speech.manifest import identity, manifest_of

    chosen = current()
    folder = model_folder(model or chosen.model)
    name = identity(manifest_of(folder))
    for layer in twins.chosen(layers, twins.layers_of(folder)):
        progress(-1, f"{name}: an exit after layer {layer}")
        twin = twins.twin(folder, layer, place)
        yield layer, whisper.load(twin, device or chosen.compute_device, threads=1, workers=processor_cores()), name


def heard_at(model: str, layers: str, device: str | None, sounds: Sequence[F32], place: Path, progress: Progress) -> Iterator[tuple[int, Heard]]:
    """What a model hears at each of its exits, all under the model's own name."""
    from fieldapp.lab.hearing import hear
    from fieldapp.speech.device import processor_cores

    for layer, recogniser, name in exits_of(model, layers, device, place, progress):
        yield layer, replace(hear(recogniser, sounds, progress, workers=processor_cores()), name=name, layer=layer)


def about(options: argparse.Namespace, selection: Selection) -> dict[str, object]:
    """With what a study was done, as every report says it."""
    speakers, varieties = ({u.column(name) for u in selection.utterances} - {""} for name in ("speaker", "variety"))
    said = {"source": str(options.source), "utterances": len(selection), "speakers": len(speakers), "varieties": len(varieties), "items": selection.digest}
    return said | ({"where": ", ".join(options.where)} if options.where else {}) | {"seed": options.seed}


def set_aside(selection: Selection) -> tuple[str, ...]:
    """What was left out, as doubts of a report."""
    more = len(selection.aside) - _MENTIONED
    return (*selection.aside[:_MENTIONED], *([f"... and {more} more left out."] if more > 0 else []))


def _demo(progress: Progress) -> Path:
    """The bundled demo as a fieldbook, built once for each version of it."""
    import shutil

    from fieldapp import paths
    from fieldapp.intake.demo import build

    made_of = paths.resource("demo")
    book = paths.cache() / f"demo-{demo_digest(made_of)}"
    if not book.exists():
        unfinished = book.with_suffix(".unfinished")  # somebody may stop it
        shutil.rmtree(unfinished, ignore_errors=True)
        build(unfinished, made_of, progress).rename(book)
    return book


def demo_digest(made_of: Path) -> str:
    """Names this version of the demo."""
    import hashlib

    tables = b"".join(path.read_bytes() for path in sorted(made_of.glob("*.csv")))
    return hashlib.sha256(tables).hexdigest()[:12]


def _of_manifest(path: Path) -> Selection:
    from fieldapp.intake.manifest import read_manifest
    from fieldapp.lab.utterances import Selection

    wanted = read_manifest(path, allow_outside=True)  # sound is only read here
    aside = tuple(f"{problem.where}: {problem.sentence}" for problem in wanted.problems)
    return Selection(path.name, tuple(_utterance(row, path.parent) for row in wanted.rows), _read, aside)


def _utterance(row: Row, folder: Path) -> Utterance:
    from fieldapp.lab.utterances import Utterance

    texts = {tier: text for tier, (text, _) in row.texts.items()}
    name = row.path.relative_to(folder).as_posix() if row.path.is_relative_to(folder) else str(row.path)
    return Utterance(
        id=name,
        where=str(row.path),
        speaker=row.speaker,
        variety=row.variety,
        language=row.language,
        meaning=row.meaning_id,
        transcript=texts.get("transcription", ""),
        translation=texts.get("translation", ""),
        ipa=texts.get("ipa", ""),
        split=row.metadata.get("split", ""),
        metadata=row.metadata,
    )


def _read(utterance: Utterance) -> F32:
    from fieldapp.audio.decode import open_audio
    from fieldapp.audio.resample import mono16k_array

    path = Path(utterance.where)
    with open_audio(path) as sound:
        too_long(path.name, sound.frames / sound.rate)
    return mono16k_array(path)


def too_long(name: str, seconds: float) -> None:
    """Refuse what can be no utterance: frames of all against frames of all would not fit into memory."""
    from fieldapp.errors import AudioError

    if seconds > LONGEST_SECONDS:
        raise AudioError(f"{name} is {seconds:.0f} s long; an utterance has at most {LONGEST_SECONDS} s.", "Cut it into utterances first.")


def _of_fieldbook(folder: Path, open_things: contextlib.ExitStack) -> Selection:
    from fieldapp.commands.lab.fieldbook import read
    from fieldapp.store.store import Store

    return read(open_things.enter_context(Store.open(folder, read_only=True)))
