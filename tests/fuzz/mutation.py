"""Inputs from seeds: bytes changed, pieces put in, parts taken out, doubled or exchanged with another seed's."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.fuzz.targets import FuzzTarget

_LONGEST = 4096


def inputs(target: FuzzTarget, seed: int) -> Iterator[bytes]:
    """Endless; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    yield from target.seeds
    while True:
        data = bytearray(chance.choice(target.seeds))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(6):
                case 0:
                    data[at : at + 1] = bytes((chance.randrange(256),))
                case 1 | 2:
                    data[at:at] = chance.choice(target.pieces) * chance.choice((1, 1, 1, 2, 40))
                case 3:
                    del data[at : at + chance.choice((1, 2, 10))]
                case 4:
                    data[at:at] = data[at : at + chance.randrange(1, 40)]
                case _:
                    other = chance.choice(target.seeds)
                    data[at:] = other[chance.randrange(len(other)) :]
        yield bytes(data[:_LONGEST])
