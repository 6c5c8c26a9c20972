"""Makes a deposit: payload, descriptions, bag, self-check, evidence; it takes its name only when everything has passed. Any thread."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import bagit

from fieldapp import __version__
from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.deposit.descriptions import describe
from fieldapp.corpus.deposit.missing import Missing
from fieldapp.corpus.deposit.plan import Plan, completeness, make_plan
from fieldapp.corpus.deposit.profiles import Profile
from fieldapp.corpus.deposit.selfcheck import Check, check_bag, passed
from fieldapp.corpus.exporters import Options, elan, table
from fieldapp.corpus.output import Output, no_progress
from fieldapp.corpus.pieces import Source, copy_sound
from fieldapp.errors import AlreadyThere, ExportProblem

EVIDENCE = "fieldapp-evidence.json"
"""A tag file of the bag: what was checked, by which version of what, with what result."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A finished deposit."""

    plan: Plan
    checks: list[Check]
    missing: list[Missing]
    losses: list[Loss]


def make_deposit(
    bundle: Bundle,
    out: Path,
    profile: Profile,
    *,
    day: str,
    collection: str = "",
    schemas: Path | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> Deposit:
    """Write a bag at `out`, which must not exist yet; nothing is left there when anything fails. `day` is the date of bagging."""
    if out.exists():
        raise AlreadyThere(f"{out} is there already.", "A deposit is never written over another; choose a new name.")
    plan = make_plan(bundle, profile, collection)
    if not plan.items:
        raise ExportProblem("Nothing may be deposited: no session has a segment that consent lets out.", "fieldapp consent DIR shows what people allow.")
    work = out.with_name(f".{out.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        losses = _payload(plan, Output(work, progress))
        _bag(work, plan, day)
        progress(0.9, "opening the bag again and checking everything")
        masters = {sound.path: (bundle.sound_path(sound.source.recording), sound.source) for item in plan.items for sound in item.sounds}
        checks = check_bag(work, schemas=schemas, imdi_schema=profile.imdi_schema, masters=masters)
        if not passed(checks):
            failed = "; ".join(f"{check.what}: {check.detail}" for check in checks if check.ok is False)
            raise ExportProblem(f"The deposit did not pass its own check and was not kept. {failed}", "fieldapp check DIR looks at the fieldbook itself.")
        _evidence(work, plan, checks, day)
        work.replace(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Deposit(plan, checks, completeness(plan), [*plan.losses, *losses])


def _payload(plan: Plan, out: Output) -> list[Loss]:
    sounds = [(item, sound) for item in plan.items for sound in item.sounds]
    losses: list[Loss] = []
    for number, (_, sound) in enumerate(sounds):
        out.progress(0.6 * number / len(sounds), f"copying {sound.path}")
        out.file(sound.path, partial(_copy, plan, sound.source))
    for item in plan.items:
        losses += elan.write(item.bundle, Output(out.root / item.name), Options())
    losses += table.write(plan.bundle, out, Options())
    out.text("names.csv", plan.names())
    describe(plan, out)
    return losses


def _copy(plan: Plan, source: Source, target: Path) -> None:
    copy_sound(plan.origin, source, target)


def _bag(work: Path, plan: Plan, day: str) -> None:
    about = {"Bagging-Date": day, "External-Identifier": plan.collection, "External-Description": plan.origin.description or plan.origin.title,
             "Internal-Sender-Description": f"Made by Fieldapp {__version__} for {plan.profile.title}"}  # fmt: skip
    logging.getLogger("bagit").setLevel(logging.ERROR)
    about = {name: " ".join(text.split()) for name, text in about.items()}
    bagit.make_bag(str(work), bag_info=about, checksums=["sha256", "sha512"])


def _evidence(work: Path, plan: Plan, checks: list[Check], day: str) -> None:
    """The bag says itself how it was checked, and how much was held back; never who."""
    told = {
        "made_by": f"Fieldapp {__version__}",
        "day": day,
        "profile": plan.profile.name,
        "purpose": plan.origin.purpose,
        "checks": [asdict(check) for check in checks],
        "segments": len(plan.bundle.segments),
        "segments_held_back": len(plan.origin.left_out),
        "not_carried": dict(Counter(loss.what for loss in plan.losses)),
    }
    (work / EVIDENCE).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    bag = bagit.Bag(str(work))
    bag.save()
    bag.validate()
