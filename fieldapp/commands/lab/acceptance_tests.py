"""What 'lab acceptance' asks: the tests, each with its claim and the words of the experiment that decides it. Not a bench itself.

Recordings and labels are fixed here, before any result: sentences and words by voices the starter model was never trained with, labels of
at least five meanings, pictures by speakers of one language.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp import paths
from fieldapp.commands import Progress

if TYPE_CHECKING:
    from fieldapp.lab.report import Study

SENTENCES, WORDS, PICTURES = "prompts=Demo sentences", "prompts=Demo words,Demo pictures", "prompts=Demo pictures"
WRITTEN = "variety=Cantonese,English,Hakka,Mandarin"
"""The varieties whose wording can be pronounced on paper."""
STRANGER = "English"
"""The one language of the demo that is no relative of the others."""
DIALECT, BASE, TOLD = "Made dialect", "cmn", "zh"
"""The variety no model was trained with, the language it was made from, and the token a model is told for it."""
ARMS = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """One acceptance test. `words` may hold {names}; `figures` chooses among what the experiment measured; `lines` of its result are told."""

    id: str
    claim: str
    words: tuple[str, ...]
    figures: str = ""
    lines: int = 4
    verdict: Callable[[Study], bool | None] = lambda study: study.passed

    def spoken(self, names: Mapping[str, str]) -> list[str]:
        """The words with every name filled in; a word that is left empty falls away with the option before it."""
        found: list[str] = []
        for word in self.words:
            filled = word.format_map(names)
            if filled:
                found.append(filled)
            else:
                found.pop()
        return [*found, "--seed", names["seed"], *(("--device", names["device"]) if names["device"] else ())]


def _surely(what: str) -> Callable[[Study], bool | None]:
    """All figures of this name lie surely above chance; undecided where there is none."""

    def verdict(study: Study) -> bool | None:
        some = [one for one in study.measured if what in one.what and one.chance is not None and one.low is not None]
        return all(one.low > one.chance for one in some) if some else None  # type: ignore[operator]

    return verdict


def _four_arms(study: Study) -> bool | None:
    """The order must hold; with an arm missing nothing is shown even where it holds."""
    return study.passed if not study.passed or len(study.data["models"]) == ARMS else None


_MODEL = ("--model", "{model}")
_UNHEARD = ("--where", "{unheard}")
_FRAMES = ("meaning_id:1", "--fewest", "5")

TESTS: tuple[Wanted, ...] = (
    Wanted("T0", "varieties meet in the encoder: SeqSim finds the same sentence in another variety better than acoustics do, in every direction",
           ("retrieval", "demo", "--where", SENTENCES, *_UNHEARD, "--speaker-disjoint", *_MODEL)),
    Wanted("T1a", "they meet by meaning, not by sound alone: between languages that are no relatives, in sentences without words that sound alike, the last "
           "layer finds the same sentence and what knows sound only does not",
           ("layers", "demo", "--where", SENTENCES, *_UNHEARD, "--where", WRITTEN, "--against", STRANGER, "--by-chance", "0.1", *_MODEL)),
    Wanted("T1b", "an earlier exit reads a variety better that was never trained",
           ("exit", "{dialect}", "--language", TOLD, "--normaliser", "han", *_MODEL)),
    Wanted("T1c", "with depth a word comes nearer to its synonym than to what sounds like it",
           ("homophones", "demo", "--where", WORDS, *_UNHEARD, "--where", WRITTEN, *_MODEL)),
    Wanted("T2a", "short vectors lose less when every prefix was trained",
           ("prefixes", "demo", *_UNHEARD, *_MODEL), "lost less"),
    Wanted("T2b", "speech fused into a text model finds documents better than two encoders, and these better than writing it down first",
           ("fusion", "demo", *_UNHEARD, *_MODEL)),
    Wanted("T2c", "a few examples teach a label: 16 are far better than chance",
           ("zeroshot", "demo", "--where", SENTENCES, "--by", *_FRAMES, *_MODEL), "example", 8, _surely("16 spoken")),
    Wanted("T2d", "few directions carry what vectors hold",
           ("prefixes", "demo", *_UNHEARD, *_MODEL), "energy", 4, lambda study: any("energy" in one.what for one in study.measured)),
    Wanted("T3a", "pictures shrink the gap between a model of two languages and a model of one",
           ("grounding", "demo", "--where", "variety=English,Mandarin")),
    Wanted("T3b", "words are found by pictures alone: with contrast better than without, and that better than chance",
           ("pictures", "find", "all", "demo", "--where", PICTURES, "--where", f"variety=Mandarin,{DIALECT}", "--strings", "6", "--fewest", "3", *_MODEL)),
    Wanted("T3c", "learning from pictures changes nothing in the space of meanings, bit for bit",
           ("grounding", "demo", "--where", "variety=English,Mandarin"), "meaning", 4, lambda study: bool(study.data.get("untouched"))),
    Wanted("T4a", "learning to transcribe brings speech nearer to meaning, learning both nearer still",
           ("arms", "demo", *_UNHEARD, "--model", "{untrained}", "--model", "self-supervised", "--model", "{recogniser}", *_MODEL), "", 4, _four_arms),
    Wanted("T4b", "what was learned from texts holds for speech",
           ("zeroshot", "demo", "--where", SENTENCES, "--by", *_FRAMES, *_MODEL), "learned from", 4, _surely("learned from texts, asked about speech")),
    Wanted("T4c", "meaning and words can be read off a vector, and shuffled labels cannot",
           ("probe", "demo", *_UNHEARD, *_MODEL)),
)  # fmt: skip


def with_names(options: argparse.Namespace, progress: Progress) -> dict[str, str]:
    """What the {names} in the words stand for; what they need is made in the cache, the same each time."""
    from fieldapp.commands.engine import current, model_folder
    from fieldapp.lab.adapt.weights import untrained

    name = options.model or current().model
    folder = model_folder(name)
    demo = paths.resource("demo")
    with (demo / "speakers.csv").open(encoding="utf-8", newline="") as file:
        unheard = [row["code"] for row in csv.DictReader(file) if row["trained"] != "yes"]
    return {
        "model": name,
        "recogniser": options.recogniser,
        "device": options.device or "",
        "seed": str(options.seed),
        "unheard": f"speaker={','.join(unheard)}",
        "untrained": str(untrained(folder, paths.cache() / "untrained")),
        "dialect": str(_dialect(demo, progress)),
    }


def _dialect(demo: Path, progress: Progress) -> Path:
    """A manifest of the demo's made dialect with what was said, in the writing of its base."""
    import numpy as np
    import soundfile

    from fieldapp.audio.decode import open_audio
    from fieldapp.commands.lab.selecting import demo_digest
    from fieldapp.intake.demo import Tables

    manifest = paths.cache() / f"dialect-{demo_digest(demo)}" / "manifest.csv"
    if manifest.exists():
        return manifest
    manifest.parent.mkdir(parents=True, exist_ok=True)
    tables = Tables.read(demo)
    speaker = next(row for row in tables.speakers if row["variety"] == DIALECT)
    with open_audio(demo / "sound" / f"{speaker['code']}.opus") as sound:
        progress(-1.0, f"cutting {speaker['code']}")
        whole, rate = np.concatenate(list(sound.blocks())), sound.rate
    lines = [("path", "speaker", "variety", "language", "meaning_id", "transcript")]
    for number, item in enumerate(tables.items):
        cut = tables.cuts[speaker["code"], item["meaning_id"]]
        soundfile.write(manifest.parent / f"{number:03d}.flac", whole[cut.start : cut.stop], rate, subtype="PCM_16")
        lines.append((f"{number:03d}.flac", speaker["code"], DIALECT, BASE, item["meaning_id"], item[BASE]))
    draft = manifest.with_suffix(".new")
    with draft.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    draft.replace(manifest)
    return manifest
