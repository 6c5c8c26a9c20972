"""Damaged copies of a file, the same every time."""

from __future__ import annotations

import random


def mutants(content: bytes, number: int, seed: int) -> list[bytes]:
    """Cut, doubled, flipped, spliced, re-encoded."""
    scraps = [b"\0", b"<a>", b"&x;", b"\\ref", b"*:\t", b"\x15", b"-1", b"99999999999999999999", b"\xff\xfe", b"%\n", b"../../x"]
    dice = random.Random(seed)
    made = []
    for _ in range(number):
        data = bytearray(content)
        for _ in range(dice.randint(1, 6)):
            at, length = dice.randrange(len(data) or 1), dice.randint(1, 400)
            match dice.randrange(6):
                case 0:
                    del data[at:]
                case 1:
                    data[at : at + length] = data[at : at + length] * 2
                case 2:
                    data[at : at + 1] = bytes([dice.randrange(256)])
                case 3:
                    del data[at : at + length]
                case 4:
                    data[at:at] = dice.choice(scraps)
                case _:
                    other = dice.randrange(len(data) or 1)
                    data[at : at + length] = data[other : other + length]
        made.append(bytes(data))
    return made
