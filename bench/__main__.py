"""`python -m bench`: measure, print the tables, and write them to ``docs/benchmarks`` if asked to."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from bench import plot, report
from bench.processes import BenchmarkError
from bench.run import Plan, main_say, run


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts (5)")
    parser.add_argument("--seconds", type=int, default=2, help="of each work in each round (2)")
    parser.add_argument("--websockets", type=int, default=5000, help="how many idle ones (5000)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a part of a peer's name")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write JSON, Markdown and the plot there")
    options = parser.parse_args()
    plan = Plan(options.rounds, options.seconds, options.websockets, tuple(options.only))
    try:
        found = asyncio.run(run(plan, main_say))
    except BenchmarkError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    text = report.markdown(found)
    sys.stdout.write(text)
    if options.write is not None:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (options.write / "results.md").write_text(text, encoding="utf-8")
        (options.write / "cpu.svg").write_text(plot.cpu_per_request(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
