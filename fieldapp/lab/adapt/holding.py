"""What is held back for the test: some speakers and some meanings, neither of which training ever sees. Deterministic. Any thread.

A segment is trained with when neither its speaker nor its meaning is held back, tested with when both are; the others
are left out of both, but for being found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.lab.adapt.material import Example

SHARE = 4  # one meaning in four, one speaker in four of a variety


@dataclass(frozen=True, slots=True)
class Split:
    """Numbers of examples. `others` share either the speaker or the meaning with the test. `speakers` and `meanings` are those held back."""

    train: tuple[int, ...]
    test: tuple[int, ...]
    others: tuple[int, ...]
    speakers: tuple[str, ...]
    meanings: tuple[str, ...]

    def sentence(self) -> str:
        """How the test was made, for the report."""
        voices = f"{len(self.speakers)} speakers and " if self.speakers else "no speaker (there are too few), but "
        return f"held back: {voices}{len(self.meanings)} meanings; {len(self.train)} segments to learn from, {len(self.test)} to test with"


def hold_back(examples: Sequence[Example], seed: int = 0) -> Split:
    """Divide examples by speaker and by meaning at once."""
    speakers = _speakers(examples, seed)
    meanings = _some(sorted({example.meaning for example in examples}), seed)
    train, test, others = [], [], []
    for number, example in enumerate(examples):
        voice, meaning = example.speaker in speakers or not speakers, example.meaning in meanings
        if voice and meaning:
            test.append(number)
        elif meaning or (voice and speakers):
            others.append(number)
        else:
            train.append(number)
    return Split(tuple(train), tuple(test), tuple(others), tuple(sorted(speakers)), tuple(sorted(meanings)))


def _speakers(examples: Sequence[Example], seed: int) -> set[str]:
    """One in four of each variety that keeps a speaker to learn from; where each variety has one voice, one in four of all, from three on."""
    by_variety: dict[str, set[str]] = {}
    for example in examples:
        by_variety.setdefault(example.variety, set()).add(example.speaker)
    chosen = {speaker for voices in by_variety.values() if len(voices) > 1 for speaker in _some(sorted(voices), seed)}
    everybody = sorted({example.speaker for example in examples})
    if not chosen and len(everybody) > 2:
        chosen = _some(everybody, seed)
    return chosen if len(chosen) < len(everybody) else set()


def _some(names: Sequence[str], seed: int) -> set[str]:
    """One in four of these, at least one; the same for the same seed, whatever their order."""
    ordered = sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    return set(ordered[: max(1, len(ordered) // SHARE)]) if len(ordered) > 1 else set()
