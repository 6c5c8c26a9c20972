"""The model card of the starter, written from the numbers of its report and from what the recipe says of itself; nothing is typed by hand. Any thread."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldapp.lab.starter import voices
from fieldapp.lab.starter.corpus import HUMAN, Corpus
from fieldapp.lab.starter.grammar import FRAMES, HELD_OUT_FRAMES
from fieldapp.lab.starter.lexicon import concepts
from fieldapp.lab.starter.voices import RATE

DOUBTS = (
    "Most of the speech is synthetic (espeak-ng): figures on it say how well the model learned a made world, not how it hears people.",
    "Unseen voices are other variants of the same synthesizer; a person differs from them more than they differ from each other.",
    "Sentences come from a grammar of slots: unseen sentences combine known words.",
)
NOT_FOR = (
    "transcribing conversations, interviews or any free speech: it knows some hundreds of words",
    "evidence about Mandarin, Cantonese, Hakka or any other variety: its Sinitic sentences come from a small grammar made for teaching it",
    "judging speakers, their origin or their health",
    "anything where an unchecked text could do harm: its texts are drafts",
)


def trained(world: Path | None, words: Path | None) -> dict[str, Any]:
    """What the model was trained with, counted in the data themselves."""
    facts: dict[str, Any] = {
        "concepts": len(concepts()),
        "frames": len(FRAMES),
        "held_out_frames": list(HELD_OUT_FRAMES),
        "voices": len(voices.TRAINED),
        "unseen_voices": len(voices.UNSEEN),
    }
    if world:
        clips: Counter[tuple[str, str]] = Counter()
        samples: Counter[tuple[str, str]] = Counter()
        for clip in Corpus(world).clips:
            if clip.split == "train":
                clips[clip.kind, clip.language] += 1
                samples[clip.kind, clip.language] += clip.length
        facts["speech"] = [
            {"kind": kind, "language": language, "clips": count, "hours": samples[kind, language] / RATE / 3600} for (kind, language), count in clips.items()
        ]
    if words:
        licences: dict[tuple[str, str], set[str]] = defaultdict(set)
        with words.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["speaker"] in HUMAN:
                    licences[row["speaker"], row["source_repo"]].add(row["licence"])
        facts["people"] = [{"voice": voice, "source": source, "licence": ", ".join(sorted(names))} for (voice, source), names in licences.items()]
    return facts


def text(data: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    facts = data["facts"]
    parts = [
        f"# {facts['name']}",
        "This card was written by `fieldapp lab starter-report`; every figure in it is one that command prints.",
        f"A small recogniser (Whisper's architecture, {facts['megabytes']:.1f} MB) that writes what is said, translates it into English and gives every "
        f"recording a place by meaning. Languages: {', '.join(facts['languages'])}. Licence: {facts['licence']}. Made by: `{facts['source']}`.",
        f"Trained: {facts['training']}.",
        *_training(facts["trained"]),
        "## What it is not for\n\n" + "\n".join(f"- {one}" for one in NOT_FOR),
        "## What was to be reached\n\n" + _table(data["targets"], ("what", "wanted", "measured", "reached")),
        "## What speaks against believing it\n\n" + "\n".join(f"- {one}" for one in DOUBTS),
        "## Text\n\nCharacters wrong (CER), the language told; the last column says how often the model tells the language by itself.\n\n"
        + _table(data["recognised"], ("model", "test", "variety", "n", "cer", "low", "high", "whole", "language")),
        "## Translation into English\n\n" + _table(data["translated"], ("model", "test", "variety", "n", "bleu", "chrf", "exact")),
        "## Finding the same sentence in another variety\n\nR@1 among 50 sentences, by speakers with voices that were never trained, both directions of "
        "every two speakers.\n\n" + _table(data["found"], ("one", "other", "way", "n", "chance", "r1", "low", "high", "r5")),
        "## After each encoder layer\n\n" + _table(data["layers"], ("layer", "one", "way", "r1", "low", "high")),
        _table(data["layers_recognised"], ("test", "variety", "n", "cer")),
        *(_arms(data) if data["arms"] else []),
        *(["## Real people\n\n" + _table(data["human"], ("test", "one", "other", "way", "n", "chance", "r1", "low", "high"))] if data["human"] else []),
        "## Time on one core\n\n" + _table(data["speed"], ("what", "utterances", "speech_s", "ms_each", "times_speech")),
    ]
    return "\n\n".join(parts) + "\n"


def _arms(data: Mapping[str, Any]) -> list[str]:
    """What the other arms are, and what they find."""
    told = "\n".join(f"- {name} ({megabytes:.1f} MB): {training}." for name, megabytes, training in data["facts"]["arms"])
    return ["## Other arms of the recipe", told, _table(data["arms"], ("model", "layer", "one", "way", "r1", "low", "high"))]


def _training(facts: Mapping[str, Any]) -> list[str]:
    lines = [
        "## What it was trained with",
        f"A parallel world of {facts['concepts']} concepts and numbers in {facts['frames']} kinds of sentence (never trained: "
        f"{', '.join(facts['held_out_frames'])}), spoken by espeak-ng in {facts['voices']} voices; {facts['unseen_voices']} further voices are for testing.",
    ]
    if "speech" in facts:
        lines.append(_table(facts["speech"], ("kind", "language", "clips", "hours")))
    if "people" in facts:
        lines += ["Real spoken words, by licence:", _table(facts["people"], ("voice", "source", "licence"))]
    return lines


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    lines = [" | ".join(names), " | ".join("---" for _ in names), *(" | ".join(_cell(name, row[name]) for name in names) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{100 * value:.1f} %" if name in ("cer", "low", "high", "whole", "language", "exact", "chance", "r1", "r5") else f"{value:.1f}"
    return str(value)
