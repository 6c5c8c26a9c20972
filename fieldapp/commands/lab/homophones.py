"""Does the model put a word nearer to what means the same or to what sounds the same in another variety, and does that change with depth?

Triples of a word, a synonym that sounds different and a near-homophone that means something else, found by pronunciation or listed by
you (--triples, columns word, synonym, homophone with ids as in the manifest). 50 % is no preference.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp import paths
from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import about, against_argument, heard_at, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.report import Cell, Study

FEWEST = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, which model, which exits."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what is a unit (default variety)")
    against_argument(parser)
    parser.add_argument("--layers", default="", metavar="N,N", help="only these exits; the last layer is always looked at")
    parser.add_argument("--similarity", default="seqsim", metavar="WAY", help="seqsim, pooled or sound (default seqsim)")
    parser.add_argument("--triples", type=Path, metavar="LIST.csv", help="your own triples (else they are found by pronunciation)")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """The share of triples with the synonym nearer, for acoustics and each layer."""
    from fieldapp.lab import homophones
    from fieldapp.lab.drawing import curves
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.pronounce import pronunciations
    from fieldapp.lab.report import COUNT, PERCENT, Column, Measured, Study, Table
    from fieldapp.lab.retrieval import pairs_between
    from fieldapp.lab.similarity import similarity
    from fieldapp.lab.statistics import bootstrap, bootstrap_difference
    from fieldapp.lab.utterances import rows_by
    from fieldapp.speech.device import processor_cores

    way, floor_way = similarity(options.similarity), similarity("mfcc-seqsim")
    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.meaning), "no meaning is noted")
        selection, sounds = sounds_of(selection, progress)
    utterances = selection.utterances
    ipa, whence = pronunciations(utterances)
    pairs = list(pairs_between(utterances, rows_by(utterances, options.by), against=options.against))
    triples = homophones.read(options.triples, utterances) if options.triples else homophones.find(utterances, pairs, ipa)
    if not triples:
        raise WrongUsage("There is no word with both a synonym and a near-homophone.", "More words are needed, or a list with --triples.")
    words = [utterances[triple.word].meaning for triple in triples]
    floor = hear_acoustics(sounds, progress, workers=processor_cores())
    shares = {0: homophones.preferred(triples, lambda asked, there: floor_way.compare(floor, asked, there))}
    name = ""
    for layer, heard in heard_at(options.model, options.layers, options.device, sounds, paths.cache() / "twins", progress):
        shares[layer] = homophones.preferred(triples, lambda asked, there, heard=heard: way.compare(heard, asked, there))  # type: ignore[misc]
        name = heard.name
    rows: list[tuple[Cell, ...]] = []
    for layer, share in shares.items():
        sure = bootstrap(share, words, seed=options.seed)
        rows.append(("acoustics (MFCC)" if not layer else name, layer, len(share), 0.5, float(share.mean()), sure.low, sure.high))
    layers = sorted(set(shares) - {0})
    rise, sure = (
        float(shares[layers[-1]].mean() - shares[layers[0]].mean()),
        bootstrap_difference(shares[layers[0]], shares[layers[-1]], words, seed=options.seed),
    )
    end = shares[layers[-1]]
    near = bootstrap(end, words, seed=options.seed)
    columns = (Column("ear"), Column("layer", COUNT), Column("triples", COUNT), *(Column(one, PERCENT) for one in ("chance", "synonym nearer", "low", "high")))
    few = (f"{len(set(words))} words have such a triple; below {FEWEST} chance decides.",) if len(set(words)) < FEWEST else ()
    return Study(
        bench="homophones",
        asked="Is a word nearer to its synonym than to its near-homophone in another variety, and more so in deeper layers? T1c.",
        about=about(options, selection) | {"model": name, "triples": len(triples), "words": len(set(words))},
        result=(
            f"Last layer: the synonym is nearer in {100 * float(shares[layers[-1]].mean()):.1f} % of {len(triples)} triples (50 % is no preference).",
            f"From layer {layers[0]} to {layers[-1]}: {100 * rise:+.1f} points ({sure}).",
        ),
        doubt=(*few, whence, *set_aside(selection)),
        tables=(Table("homophones", "Share of triples in which the synonym is nearer (95 % interval over words)", columns, tuple(rows)),),
        pictures={
            "homophones": curves({name: [(float(one), float(shares[one].mean())) for one in sorted(shares)]}, "Synonym nearer", "layer", "%", band=(0.49, 0.51))
        },
        files={"triples.csv": homophones.listed(triples, utterances, ipa)},
        passed=len(layers) > 1 and sure.low > 0,
        measured=(
            Measured("synonym nearer, last layer", float(end.mean()), near.low, near.high, len(triples), 0.5),
            Measured(f"more than at layer {layers[0]}", rise, sure.low, sure.high, len(triples)),
        ),
    )
