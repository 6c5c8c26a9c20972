"""What a fieldbook offers to learn from: segments with a text somebody confirmed, whose speakers allow training. Reads only, any thread.

Consent is asked here and nowhere else: every path from a fieldbook to a training set goes through `material`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldapp.model import SegmentId
from fieldapp.store.consent_filter import condition

PURPOSE = "train"
PROMPT = "prompt"
"""Not a tier but the prompt's own gloss: an elicited answer means what was asked."""
MEANING_TEXTS = ("translation", PROMPT, "transcription")
ENGLISH = ("en", "eng", "english")


@dataclass(frozen=True, slots=True)
class Example:
    """One segment to learn from or to test with. `meaning` is its meaning id, or its text where it has none."""

    segment: SegmentId
    speaker: str
    variety: str
    meaning: str
    text: str
    tier: str


@dataclass(frozen=True, slots=True)
class Material:
    """The examples, in the order they were recorded, and what was left out."""

    examples: tuple[Example, ...]
    not_allowed: int
    without_text: int

    def sentence(self) -> str:
        """What entered and what did not, for the report."""
        speakers, meanings = len({e.speaker for e in self.examples}), len({e.meaning for e in self.examples})
        said = f"{len(self.examples)} segments by {speakers} speakers, {meanings} meanings"
        left = [f"{self.not_allowed} without consent to '{PURPOSE}'"] * bool(self.not_allowed) + [f"{self.without_text} without a confirmed text"] * bool(
            self.without_text
        )
        return f"{said}; left out: {', '.join(left)}" if left else said


def material(db: sqlite3.Connection, tiers: Sequence[str] = MEANING_TEXTS) -> Material:
    """Every segment that may train, with the text of the first of these tiers that it has. Drafts of machines are no facts and never enter."""
    may = condition(db, PURPOSE)
    rows = db.execute(
        "SELECT segment.id, segment.recording, segment.meaning_id, person.code AS speaker, variety.name AS variety, item.gloss, item.text AS asked, "  # noqa: S608  (our own text)
        f"item.meaning_id AS item_meaning, {may.sql} AS allowed "
        "FROM segment LEFT JOIN person ON person.id = segment.speaker LEFT JOIN variety ON variety.id = segment.variety "
        "LEFT JOIN item ON item.id = segment.item WHERE segment.state <> 'rejected' AND segment.stop > segment.start ORDER BY segment.pk",
        may.parameters,
    ).fetchall()
    confirmed = _confirmed(db)
    found: list[Example] = []
    not_allowed = without_text = 0
    for row in rows:
        texts = confirmed.get(row["id"], {})
        if row["gloss"] is not None:
            texts = {**texts, PROMPT: asked(json.loads(row["gloss"]), row["asked"])}
        tier = next((tier for tier in tiers if texts.get(tier)), "")
        if not tier:
            without_text += 1
        elif not row["allowed"]:
            not_allowed += 1
        else:
            meaning = row["meaning_id"] or row["item_meaning"] or f"text:{texts[tier].casefold()}"
            speaker = row["speaker"] or f"unknown in {row['recording']}"
            found.append(Example(SegmentId(row["id"]), speaker, row["variety"] or "", meaning, texts[tier], tier))
    return Material(tuple(found), not_allowed, without_text)


def _confirmed(db: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """The confirmed texts of each segment by tier; of several on one tier the English one, else the oldest."""
    found: dict[str, dict[str, str]] = {}
    english = ", ".join(f"'{word}'" for word in ENGLISH)
    query = f"SELECT segment, tier, text FROM annotation WHERE state = 'confirmed' ORDER BY lower(language) IN ({english}) DESC, pk"  # noqa: S608
    for row in db.execute(query):
        if text := row["text"].strip():
            found.setdefault(row["segment"], {}).setdefault(row["tier"], text)
    return found


def asked(gloss: Mapping[str, str], text: str) -> str:
    """What a prompt means in words: its English gloss, else any, else the prompt itself."""
    glosses = {str(key).casefold(): str(value).strip() for key, value in gloss.items()}
    return next((glosses[key] for key in ENGLISH if glosses.get(key)), "") or next(filter(None, glosses.values()), "") or text.strip()
