"""`python -m fieldapp.lab.starter`: render the world, train an arm, export it. Each step can be stopped and goes on where it was."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from fieldapp.lab.starter import corpus, demo_audio
from fieldapp.lab.starter.export import export, export_meaning, manifest
from fieldapp.lab.starter.net import Shape
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.lab.starter.train import ARMS, MEANT, WRITTEN, Plan, train, trained_plan, trained_steps, trained_weights
from fieldapp.speech.manifest import checksums_of, write

STEPS, WRITING, TOGETHER = 4700, 2400, 4700
SMALL = Shape(width=128, heads=4, encoder_layers=4, decoder_layers=2)
"""For comparing arms with each other."""


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
    learn.add_argument("--people", type=int, choices=(0, 1, 2), default=1, help="of every four batches so many are human words (default 1)")
    learn.add_argument("--small", action="store_true", help="a small network: enough to compare arms, not to be used")
    learn.add_argument("--minutes", type=float, default=150.0)
    learn.add_argument("--stop", type=int, default=sys.maxsize, metavar="STEP", help="stop at this step of the plan: arms are compared at the same one")
    learn.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    ship = steps.add_parser("export", help="make the folder CTranslate2 runs")
    ship.add_argument("--arm", choices=ARMS, default="c")
    ship.add_argument("--steps", type=int, default=STEPS, help="which run (default %(default)s)")
    ship.add_argument("--people", type=int, choices=(0, 1, 2), default=1, help="which run: with so many batches of human words")
    ship.add_argument("--small", action="store_true", help="which run: that of the small network")
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
        (options.out / "MODEL.md").unlink(missing_ok=True)  # it speaks of the model that was there before
        weights = trained_weights(run)
        planned = trained_plan(run)
        export(weights, planned.shape, Vocabulary.load(run / WRITTEN), options.out)
        if options.arm == "c":
            export_meaning(weights, Vocabulary.load(run / MEANT), options.out, options.out.with_name(f"{options.out.name}-text"))
        write(options.out, replace(manifest(_trained(planned, trained_steps(run)), name=options.out.name), checksums=checksums_of(options.out)))
    else:
        shape = SMALL if options.small else Shape()
        plan = Plan(options.arm, options.seed, options.steps, options.writing, options.together, people=options.people, device=options.device, shape=shape)
        until = time.monotonic() + 60 * options.minutes
        train(corpus.Corpus(options.work / "world"), _run(options), plan, until=until, stop=options.stop, said=_say)


def _run(options: argparse.Namespace) -> Path:
    """Where a run keeps its things: runs of different length or mixture are different runs."""
    mixture = "" if options.people == 1 else f"-people{options.people}"
    folder: Path = options.work / f"arm-{options.arm}-{options.steps}{mixture}{'-small' if options.small else ''}"
    return folder


def _trained(plan: Plan, done: int) -> str:
    """How long what of it learned, on what."""
    parts = []
    for steps, what in ((plan.steps, "all of it"), (plan.writing, "the decoder alone"), (plan.together, "all of it together")):
        if done > 0 and steps:
            parts.append(f"{what} for {min(done, steps)} steps")
        done -= steps
    machine = "a graphics card" if plan.device == "cuda" else "a processor"
    return f"arm {plan.arm.upper()} of the recipe, {plan.size} recordings a step on {machine}: {', then '.join(parts)}"


def _say(share: float, doing: str) -> None:
    sys.stderr.write(f"{share:6.1%} {doing}\n")


if __name__ == "__main__":
    main()
