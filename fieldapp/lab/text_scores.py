"""How right translations are: BLEU and chrF over many texts at once. Any thread.

They are the corpus scores as sacreBLEU defines them (BLEU: four orders, exponential smoothing, lower case, words apart
by blanks; chrF: six orders, beta 2, blanks left out), so that figures can be compared with published ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

BLEU_ORDERS, CHRF_ORDERS, CHRF_BETA = 4, 6, 2.0


def bleu(references: Sequence[str], said: Sequence[str]) -> float:
    """Corpus BLEU, 0 to 100, one reference a text."""
    right, total = [0] * BLEU_ORDERS, [0] * BLEU_ORDERS
    wanted_length = said_length = 0
    for wanted, got in zip(references, said, strict=True):
        one, other = wanted.casefold().split(), got.casefold().split()
        wanted_length, said_length = wanted_length + len(one), said_length + len(other)
        for order in range(1, BLEU_ORDERS + 1):
            mine, theirs = _runs(one, order), _runs(other, order)
            right[order - 1] += (mine & theirs).total()
            total[order - 1] += theirs.total()
    if not said_length or not right[0] or not all(total):
        return 0.0
    smooth, logs = 1.0, 0.0
    for hits, count in zip(right, total):
        if not hits:
            smooth *= 2
        logs += math.log((hits or 1 / smooth) / count)
    brevity = min(1.0, math.exp(1 - wanted_length / said_length))
    return 100 * brevity * math.exp(logs / BLEU_ORDERS)


def chrf(references: Sequence[str], said: Sequence[str]) -> float:
    """Corpus chrF, 0 to 100, one reference a text."""
    precision, recall, orders = 0.0, 0.0, 0
    pairs = [("".join(wanted.split()), "".join(got.split())) for wanted, got in zip(references, said, strict=True)]
    for order in range(1, CHRF_ORDERS + 1):
        counted = [(_runs(wanted, order), _runs(got, order)) for wanted, got in pairs]
        right = sum((mine & theirs).total() for mine, theirs in counted)
        wanted_count, got_count = (sum(one[side].total() for one in counted) for side in (0, 1))
        if wanted_count and got_count:
            precision, recall, orders = precision + right / got_count, recall + right / wanted_count, orders + 1
    if not orders or not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    factor = CHRF_BETA**2
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall)


def _runs(sequence: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(_windows(sequence, order))


def _windows(sequence: Sequence[str], order: int) -> Iterable[tuple[str, ...]]:
    return (tuple(sequence[start : start + order]) for start in range(len(sequence) - order + 1))
