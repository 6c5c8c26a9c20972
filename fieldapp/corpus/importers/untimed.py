"""Utterances of formats that may come without times: they stand at the beginning of the sound, in their order, until somebody places them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fieldapp.corpus.document import LATEST_MS, Text, Utterance
from fieldapp.corpus.lines import UNTIMED, drafts_told


def utterance(span: tuple[int | None, int | None], speaker: str, texts: Iterable[Text], warnings: list[str], number: int, media: str = "") -> Utterance:
    """One utterance; times that are missing or impossible are told."""
    start, stop = span
    kept = as_drafts(texts)
    if start is None or stop is None or not 0 <= start <= stop < LATEST_MS:
        why = "without times" if start is None or stop is None else "with impossible times"
        warnings.append(f"Some lines are {why}; they stand at the beginning of the sound, in their order.")
        return Utterance(0, 0, speaker, kept, media=media, metadata={UNTIMED: str(number)})
    return Utterance(start, stop, speaker, kept, media=media)


def as_drafts(texts: Iterable[Text]) -> tuple[Text, ...]:
    """Notes by which Fieldapp marks machine text become what they say: the texts are drafts again, the note goes."""
    every = list(texts)
    told: dict[str, str] = {}
    rest: list[Text] = []
    for text in every:
        drafts: Mapping[str, str] = drafts_told(text.text) if text.tier == "note" else {}
        told |= drafts
        rest += [] if drafts else [text]
    return tuple(replace(text, source=told[text.tier], state="draft") if text.tier in told else text for text in rest)
