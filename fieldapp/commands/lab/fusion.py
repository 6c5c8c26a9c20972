"""Which way finds the document that a spoken query asks for: writing the speech down first, two encoders that meet, or speech fused into the text model?

All learn from the same utterances and are asked about speakers and meanings none has learned from; documents are the written meanings.
The text model is a small reader made on the spot, or a checkpoint (--text-checkpoint FOLDER, for a large machine). Needs the extra [train].
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import Learning, learning_material
from fieldapp.commands.lab.selecting import about, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.adapt.fusion import Reader
    from fieldapp.lab.adapt.measure import Test
    from fieldapp.lab.report import Study, Table
    from fieldapp.lab.utterances import F32

FUSED, DUAL, WRITTEN = "fused into the text model", "two encoders", "written down first"
ORDER = ((FUSED, DUAL), (DUAL, WRITTEN))
"""What is expected: the first of each pair finds more."""
STEPS = 400
NDCG = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, by what, towards which text model."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder (else: the one the model's head was trained with)")
    parser.add_argument("--text-checkpoint", type=Path, metavar="FOLDER", help="fuse into this text model (a Hugging Face checkpoint on this disk)")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"steps of learning (default {STEPS})")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, find every way."""
    from fieldapp.lab.adapt import fusion
    from fieldapp.lab.adapt.listener import one_thread
    from fieldapp.lab.adapt.meaning import try_out
    from fieldapp.lab.adapt.tuning import the_torch
    from fieldapp.lab.report import Measured, Study
    from fieldapp.lab.statistics import bootstrap_difference

    the_torch()
    with selected(options, progress) as selection:
        given = learning_material(options, selection, progress)
    trial = try_out(given.examples, given.sound, given.texts, seed=options.seed, said=progress)
    test, rows = trial.test, list(trial.test.split.train)
    with one_thread():
        reader, about_reader = _reader(options, given, [given.examples[row].text for row in rows], progress)
        read = reader.texts([example.text for example in given.examples])
        meanings = [example.meaning for example in given.examples]
        fused = fusion.fuse(given.heard.frames, rows, read, meanings, reader, options.steps, options.seed, progress)
    said, doubts = _written(given, test, options, progress)
    ways = {FUSED: (fused, read), DUAL: (trial.vectors, trial.texts), WRITTEN: (said, given.texts)}
    found = {way: _asked(test, vectors, known) for way, (vectors, known) in ways.items()}
    table = _table(found, options.seed)
    steps = [(better, other, bootstrap_difference(found[other][0], found[better][0], found[other][3], seed=options.seed)) for better, other in ORDER]
    gains = {(better, other): float(found[better][0].mean() - found[other][0].mean()) for better, other in ORDER}
    return Study(
        "fusion",
        "Which way finds the document that a spoken query asks for?",
        about(options, selection) | {"model": given.model, "text model": about_reader, "steps": options.steps},
        (
            *(f"{row[0]}: {100 * float(row[3] or 0):.1f} % first (chance {100 * float(row[2] or 0):.1f} %, n {row[1]})" for row in table.rows),
            *(f"{better} beside {other}: {100 * gains[better, other]:+.1f} points (95 %: {sure})" for better, other, sure in steps),
        ),
        (test.split.sentence() + ".", *doubts, *set_aside(selection)),
        (table,),
        passed=all(sure.low > 0 for _, _, sure in steps),
        measured=tuple(
            Measured(f"R@1 of {better} more than {other}", gains[better, other], sure.low, sure.high, len(found[better][0])) for better, other, sure in steps
        ),
    )


def _reader(options: argparse.Namespace, given: Learning, known: list[str], progress: Progress) -> tuple[Reader, str]:
    from fieldapp.lab.adapt.fusion import CheckpointReader, MadeReader
    from fieldapp.speech.bag import TextBag

    if options.text_checkpoint:
        return CheckpointReader(options.text_checkpoint), options.text_checkpoint.name
    if not isinstance(given.encoder, TextBag):
        raise WrongUsage("This sentence encoder shows no word vectors that speech could take the place of.", "Name a checkpoint: --text-checkpoint FOLDER.")
    made = MadeReader(given.encoder.pieces, known, options.steps, options.seed, progress)
    return made, f"two layers, {made.fits:.2f} like {given.text_model} (cosine)"


def _written(given: Learning, test: Test, options: argparse.Namespace, progress: Progress) -> tuple[F32, tuple[str, ...]]:
    """Vectors of what the recogniser writes in the language of the documents, for the recordings that are asked with."""
    from fieldapp.commands.engine import current, model_folder
    from fieldapp.speech import whisper
    from fieldapp.speech.finals import FinalRules, transcribe

    model = whisper.load(model_folder(options.model or current().model), options.device or current().compute_device, threads=1)
    translates = "translate" in model.manifest.tasks
    found = np.zeros((len(given.examples), given.texts.shape[1]), np.float32)
    empty = 0
    for number, row in enumerate(test.split.test):
        progress(number / len(test.split.test), "writing down what is asked")
        heard = transcribe(model, given.sounds[row], FinalRules(translate=translates, retry=False), model.manifest.live)
        text = heard.translation or heard.text
        empty += not text
        if text:
            found[row] = given.encoder([text])[0]
    told = [f"Of {len(test.split.test)} spoken queries {empty} could not be written down; they count as not found."] if empty else []
    return found, tuple(told if translates else [*told, "The model does not translate: what it writes is compared as it is."])


def _asked(test: Test, vectors: F32, texts: F32) -> tuple[np.ndarray, float, float, list[str]]:
    """For each spoken query whether its document came first; nDCG; chance; the meanings."""
    from fieldapp.lab.ranking import ndcg, ranks, same

    meanings = [test.examples[row].meaning for row in test.split.test]
    written = sorted({test.examples[row].meaning: row for row in reversed(test.split.test)}.values())
    right = same(meanings, [test.examples[row].meaning for row in written])
    scores = vectors[list(test.split.test)] @ texts[written].T
    found = ranks(scores, right)
    return found.hits(1), ndcg(scores, right, NDCG), float(found.chance.mean()), meanings


def _table(found: dict[str, tuple[np.ndarray, float, float, list[str]]], seed: int) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, Column, Table
    from fieldapp.lab.statistics import bootstrap

    rows = []
    for way, (hits, gain, chance, meanings) in found.items():
        between = bootstrap(hits, meanings, seed=seed)
        rows.append((way, len(hits), chance, float(hits.mean()), between.low, between.high, gain))
    shares = tuple(Column(name, PERCENT) for name in ("chance", "R@1", "low", "high", f"nDCG@{NDCG}"))
    return Table("fusion", "Documents found by spoken queries (95 % interval over meanings)", (Column("way"), Column("n", COUNT), *shares), tuple(rows))
