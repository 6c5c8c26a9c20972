"""`python -m fieldapp.lab.starter`: render the world, train an arm, export it. Each step can be stopped and goes on where it was."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fieldapp.lab.starter import corpus
from fieldapp.lab.starter.export import export, manifest
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.lab.starter.train import ARMS, Plan, train, trained_shape, trained_weights
from fieldapp.speech.manifest import write


def main() -> None:
    """One step of the recipe."""
    parser = argparse.ArgumentParser(prog="python -m fieldapp.lab.starter", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the folder everything is made in")
    steps = parser.add_subparsers(dest="step", required=True)
    render = steps.add_parser("render", help="speak the world")
    render.add_argument("--meanings", type=int, default=16000)
    render.add_argument("--real", type=Path, help="manifest of real spoken words to add")
    learn = steps.add_parser("train", help="train one arm")
    learn.add_argument("--arm", choices=ARMS, default="c")
    learn.add_argument("--steps", type=int, default=6000)
    learn.add_argument("--minutes", type=float, default=150.0)
    learn.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    ship = steps.add_parser("export", help="make the folder CTranslate2 runs")
    ship.add_argument("--arm", choices=ARMS, default="c")
    ship.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.step == "render":
        corpus.render(options.work / "world", options.seed, options.meanings, options.real, _say)
    elif options.step == "export":
        run = options.work / f"arm-{options.arm}"
        export(trained_weights(run), trained_shape(run), Vocabulary.load(run / "tokenizer.json"), options.out)
        write(options.out, manifest({}))
    else:
        plan = Plan(arm=options.arm, seed=options.seed, steps=options.steps)
        until = time.monotonic() + 60 * options.minutes
        train(corpus.Corpus(options.work / "world"), options.work / f"arm-{options.arm}", plan, device=options.device, until=until, said=_say)


def _say(share: float, doing: str) -> None:
    sys.stderr.write(f"{share:6.1%} {doing}\n")


if __name__ == "__main__":
    main()
