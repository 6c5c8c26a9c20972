"""What the starter model can and cannot do: text, translation and meaning by unseen voices, per variety, layer and arm, and with real human words.

The first model is the one that is examined in full; further ones (other arms of the recipe) are compared with it. The demo's speech comes
with the program; the rendered world and the human recordings are named. --card writes the model card from the very numbers printed.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldapp.lab.report import Study, Table
    from fieldapp.lab.starter.evaluate import Retrieved
    from fieldapp.lab.starter.testsets import Examples

DEMO, TRAINED_VOICE = "demo, unseen sentences", "unseen words of the trained human voice"
HUMAN = {
    "same Mandarin syllables, two people": ("sinitic/cmn_yt", "sinitic/cmn_cw"),
    "English digits, three people": ("digits",),
    "words across languages, people": ("words",),
}
ACROSS = "words across languages, people"
FORMS = {
    **dict.fromkeys(("cer", "low", "high", "whole", "language", "exact", "chance", "r1", "r5"), "percent"),
    **dict.fromkeys(("n", "layer", "speaker_pairs", "utterances"), "count"),
}
TITLES = {
    "targets": "What was to be reached",
    "recognised": "Text: wrong characters (CER) with its interval, answers all right, language told by itself; the language is given",
    "translated": "English of speech in other varieties",
    "found": "Demo: the same sentence by a speaker of another variety (50 sentences, unseen voices), R@1 by every way of comparing",
    "layers": "The same after each encoder layer (early exits), and what is written from there",
    "layers_recognised": "Text after each encoder layer, one speaker a variety",
    "arms": "The same after each layer of other arms of the recipe",
    "human": "Real people: R@1 beside plain acoustics",
    "speed": "Time on one core",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which models, which data, where the card goes."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help="the starter, then other arms, by name or folder (default: the starter that is installed)")
    parser.add_argument("--world", type=Path, metavar="DIR", help="the rendered world of the recipe (its test clips)")
    parser.add_argument("--words", type=Path, metavar="M.csv", help="manifest of the human words the recipe trains with")
    parser.add_argument("--human", type=Path, metavar="M.csv", help="manifest of further human recordings (words, digits, syllables)")
    parser.add_argument("--most", type=int, default=150, metavar="N", help="utterances of each kind and variety of the world (default 150)")
    parser.add_argument("--card", type=Path, metavar="FILE", help="write the model card here")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Examine, print, keep."""
    from fieldapp.commands.engine import model_folder
    from fieldapp.lab.report import Study
    from fieldapp.lab.starter import card
    from fieldapp.speech.manifest import identity, manifest_of

    folders = [model_folder(name) for name in options.models or ["starter"]]
    rows = _examined(folders, options, progress)
    manifest = manifest_of(folders[0])
    about: dict[str, Any] = {
        "model": identity(manifest),
        "other arms": ", ".join(identity(manifest_of(folder)) for folder in folders[1:]) or "none",
        "seed": options.seed,
    }
    facts: dict[str, Any] = {"name": manifest.name, "licence": manifest.licence, "source": manifest.source, "languages": list(manifest.languages)}
    facts |= {
        "megabytes": _megabytes(folders[0]),
        "training": manifest.training,
        "trained": card.trained(options.world, options.words),
    }
    facts["arms"] = [(about.name, _megabytes(folder), about.training) for folder in folders[1:] for about in (manifest_of(folder),)]
    data: dict[str, Any] = {"facts": facts, "about": about} | {name: [asdict(row) for row in some] for name, some in rows.items()}
    if options.card:
        options.card.write_text(card.text(data), encoding="utf-8")
    reached = [target.reached for target in rows["targets"]]
    return Study(
        bench="starter-report",
        asked="What does the starter model write, translate and find, by voices and in sentences it never heard?",
        about=about,
        result=(f"{reached.count(True)} of {len(reached)} figures were reached, {reached.count(False)} missed, {reached.count(None)} not measured.",),
        doubt=card.DOUBTS,
        tables=tuple(_table(name, some) for name, some in rows.items() if some),
        data=data,
    )


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6


def _examined(folders: Sequence[Path], options: argparse.Namespace, progress: Progress) -> dict[str, list[Any]]:
    """Every table's rows."""
    from fieldapp import paths
    from fieldapp.lab.hearing import hear, hear_acoustics
    from fieldapp.lab.starter import evaluate, testsets
    from fieldapp.lab.starter.targets import targets
    from fieldapp.speech import heads, whisper
    from fieldapp.speech.device import processor_cores

    cores = processor_cores()
    demo = testsets.demo(paths.resource("demo"))
    acoustics = hear_acoustics(demo.sounds, progress, workers=cores)
    rows: dict[str, list[Any]] = {name: [] for name in TITLES}
    for number, folder in enumerate(folders):
        model = whisper.load(folder, "cpu", threads=1, workers=cores)
        heard = replace(hear(model, demo.sounds, progress, head=heads.shipped(folder), workers=cores), name=folder.name)
        for name, test in _read(demo, options, whole=not number).items():
            rows["recognised"] += evaluate.recognised(model, folder.name, test, name, progress, workers=cores, seed=options.seed)
            if name in (DEMO, testsets.SENTENCE, testsets.FRAME):
                rows["translated"] += evaluate.translated(model, folder.name, test, name, progress, workers=cores)
        if number:
            found = evaluate.retrieved({False: heard}, demo, DEMO, progress, ways=("head",), seed=options.seed)
            rows["arms"] += [*_by_layer(folder, demo, options, progress)[0], *(one for one in found if not one.other)]
            continue
        rows["found"] = evaluate.retrieved({False: heard, True: acoustics}, demo, DEMO, progress, seed=options.seed)
        rows["speed"] = evaluate.speed(model, folder.name, demo)
        if options.human:
            rows["human"] = _human(folder, model, options, progress)
        rows["layers"], rows["layers_recognised"] = _by_layer(folder, demo, options, progress, read=_one_speaker_each(demo))
    sentences = testsets.SENTENCE if options.world else DEMO
    mine = [row for row in rows["recognised"] if row.model == folders[0].name]
    rows["targets"] = targets(mine, sentences, TRAINED_VOICE, rows["found"], rows["human"], [name for name in HUMAN if name != ACROSS])
    return rows


def _read(demo: Examples, options: argparse.Namespace, *, whole: bool) -> dict[str, Examples]:
    """What a model is to write down, by name; the world only for the model that is examined as a `whole`."""
    from fieldapp.lab.starter import testsets

    read = {DEMO: demo}
    if options.world and whole:
        some = testsets.world(options.world, options.most)
        read |= {kind: some.only(lambda u, kind=kind: u.split == kind) for kind in testsets.KINDS.values()}  # type: ignore[misc]
    if options.words:
        read[TRAINED_VOICE] = testsets.trained_voice_words(options.words, options.most)
    if options.human:
        read["single syllables of another person"] = testsets.human(options.human, ("sinitic/cmn_cw",))
    return read


def _human(folder: Path, model: Any, options: argparse.Namespace, progress: Progress) -> list[Retrieved]:
    """What real people say, found in other real people."""
    from fieldapp.lab.hearing import hear, hear_acoustics
    from fieldapp.lab.starter import evaluate, testsets
    from fieldapp.speech import heads
    from fieldapp.speech.device import processor_cores

    cores, rows = processor_cores(), []
    for name, places in HUMAN.items():
        some = testsets.human(options.human, places)
        heard = replace(hear(model, some.sounds, progress, head=heads.shipped(folder), workers=cores), name=folder.name)
        ears = {False: heard, True: hear_acoustics(some.sounds, progress, workers=cores)}
        sums = {evaluate.ALL: lambda pair: True} if name != ACROSS else {}
        rows += evaluate.retrieved(ears, some, name, progress, sums=sums, seed=options.seed)
    return rows


def _by_layer(
    folder: Path, demo: Examples, options: argparse.Namespace, progress: Progress, *, read: Examples | None = None
) -> tuple[list[Retrieved], list[Any]]:
    """Retrieval after each encoder layer, and the text of `read` from there; the exits are made for the moment."""
    from fieldapp.lab import twins
    from fieldapp.lab.hearing import hear
    from fieldapp.lab.starter import evaluate
    from fieldapp.speech import whisper
    from fieldapp.speech.device import processor_cores

    cores = processor_cores()
    found: list[Retrieved] = []
    texts: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="fieldapp-exits-") as aside:
        for layer in range(1, twins.layers_of(folder) + 1):
            model = whisper.load(twins.twin(folder, layer, Path(aside)), "cpu", threads=1, workers=cores)
            heard = replace(hear(model, demo.sounds, progress, workers=cores), name=folder.name, layer=layer)
            rows = evaluate.retrieved({False: heard}, demo, DEMO, progress, ways=evaluate.BY_LAYER, seed=options.seed)
            found += [one for one in rows if not one.other]
            if read:
                texts += evaluate.recognised(model, folder.name, read, f"after layer {layer}", progress, workers=cores, detect=False)
    return found, texts


def _one_speaker_each(demo: Examples) -> Examples:
    speakers = {variety: next(u.speaker for u in demo.utterances if u.variety == variety) for variety in demo.varieties()}
    return demo.only(lambda u: u.speaker == speakers[u.variety])


def _table(name: str, rows: Sequence[Any]) -> Table:
    """Rows as a table; a cell that says yes or no in words."""
    from fieldapp.lab.report import Column, Table

    names = [one.name for one in fields(rows[0])]
    columns = tuple(Column(column, _form(rows[0], column)) for column in names)
    words = {True: "yes", False: "NO", None: "-"}
    cells = tuple(tuple(words[value] if column == "reached" else value for column in names for value in (getattr(row, column),)) for row in rows)
    return Table(name, TITLES[name], columns, cells)


def _form(row: Any, name: str) -> str:
    return FORMS.get(name, "number" if isinstance(getattr(row, name), float) else "text")
