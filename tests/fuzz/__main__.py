"""`python -m tests.fuzz SECONDS [TARGET…]`: fuzzes each target for so long, and says how many inputs that were.

An input that fails is written to ``fuzz-TARGET.bin``; `python -m tests.fuzz FILE TARGET` runs it again.
"""

from __future__ import annotations

import itertools
import secrets
import sys
import time
from pathlib import Path

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> int:
    """Returns the exit status: 1 where an input has failed."""
    first, *names = arguments or ["60"]
    if not first.isdigit():
        for name in names:
            TARGETS[name].run(Path(first).read_bytes())
        return 0
    failed = False
    for name in names or TARGETS:
        target = TARGETS[name]
        seed = secrets.randbits(32)
        until = time.monotonic() + int(first)
        tried = 0
        for tried, data in zip(itertools.count(1), inputs(target, seed), strict=False):
            try:
                target.run(data)
            except Exception as error:
                file = Path(f"fuzz-{name}.bin")
                file.write_bytes(data)
                sys.stdout.write(
                    f"{name:16} FAILED after {tried:,} inputs: {type(error).__name__}: {error}; see {file}\n"
                )
                failed = True
                break
            if time.monotonic() >= until:
                break
        else:
            continue
        if not failed or tried:
            sys.stdout.write(f"{name:16} {tried:>12,} inputs in {first} s, seed {seed}\n")
            sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
