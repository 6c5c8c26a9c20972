"""`python -m fieldapp.lab.starter`: render the world, train an arm, export it. Each step can be stopped and goes on where it was."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from fieldapp.lab.starter import corpus, demo_audio
from fieldapp.lab.starter.export import export, export_meaning, manifest
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.lab.starter.train import ARMS, MEANT, WRITTEN, Plan, train, trained_shape, trained_weights
from fieldapp.speech.manifest import checksums_of, write

STEPS, WRITING, TOGETHER = 4700, 2400, 4700


def main() -> None:
    """One step of the recipe."""
    parser = argparse.ArgumentParser(prog="python -m fieldapp.lab.starter", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("starter"), help="the folder everything is made in (default: ./starter)")
    steps = parser.add_subparsers(dest="step", required=True)
    render = steps.add_parser("render", help="speak the world")
    render.add_argument("--meanings", type=int, default=16000)
    render.add_argument("--real", type=Path, help="manifest of real spoken words to add")
    learn = steps.add_parser("train", help="train one arm")
    learn.add_argument("--arm", choices=ARMS, default="c")
    learn.add_argument("--steps", type=int, default=STEPS)
    learn.add_argument("--writing", type=int, default=WRITING, help="further steps in which only the decoder learns (default %(default)s)")
    learn.add_argument("--together", type=int, default=TOGETHER, help="last steps, in which all learn again (default %(default)s)")
    learn.add_argument("--minutes", type=float, default=150.0)
    learn.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    ship = steps.add_parser("export", help="make the folder CTranslate2 runs")
    ship.add_argument("--arm", choices=ARMS, default="c")
    ship.add_argument("--steps", type=int, default=STEPS, help="which run (default %(default)s)")
    ship.add_argument("--out", type=Path, required=True, help="the folder of the recogniser; its sentence encoder gets the one beside it, NAME-text")
    demo = steps.add_parser("demo", help="speak the demo fieldbook")
    demo.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.step == "render":
        corpus.render(options.work / "world", options.seed, options.meanings, options.real, _say)
    elif options.step == "demo":
        demo_audio.make(options.out, options.seed, _say)
    elif options.step == "export":
        run = _run(options)
        weights = trained_weights(run)
        export(weights, trained_shape(run), Vocabulary.load(run / WRITTEN), options.out)
        if options.arm == "c":
            export_meaning(weights, Vocabulary.load(run / MEANT), options.out, options.out.with_name(f"{options.out.name}-text"))
        write(options.out, replace(manifest({}, name=options.out.name), checksums=checksums_of(options.out)))
    else:
        plan = Plan(arm=options.arm, seed=options.seed, steps=options.steps, writing=options.writing, together=options.together)
        until = time.monotonic() + 60 * options.minutes
        train(corpus.Corpus(options.work / "world"), _run(options), plan, device=options.device, until=until, said=_say)


def _run(options: argparse.Namespace) -> Path:
    """Where a run keeps its things: runs of different length are different runs."""
    folder: Path = options.work / f"arm-{options.arm}-{options.steps}"
    return folder


def _say(share: float, doing: str) -> None:
    sys.stderr.write(f"{share:6.1%} {doing}\n")


if __name__ == "__main__":
    main()
