"""Measure our SQL on a large table against SQL that an expert wrote by hand, on real databases.

    python benchmarks/indexes.py [--rows N] [--rounds N] [--engines sqlite,postgresql,mysql] [--plans]

prints the median of the ratios, from pairs of samples taken in turn. Engines that are not installed are
skipped; the queries are those of tests/support/indexes.py.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / place) for place in ("tests/support", "")]

from engines import ENGINES, Engine, close_all, engine  # noqa: E402  # found on the path above
from indexes import CASES, Case, by_hand, fill, ours, plan  # noqa: E402  # found on the path above

SAMPLE = 0.02
"""Seconds after which no other run of a sample begins."""
Statement = tuple[str, Sequence[Any]]


def seconds(run: Callable[[], object]) -> float:
    """Return the best time of a few runs; a long run is not repeated."""
    best, until = float("inf"), time.perf_counter() + SAMPLE
    while (begun := time.perf_counter()) < until:
        run()
        best = min(best, time.perf_counter() - begun)
    return best


def measure(database: Engine, case: Case, rounds: int) -> tuple[float, float, int]:
    """Return the median ratio, our median time in seconds, and the number of rows."""
    statements = [ours(database, case), by_hand(database, case)]
    results = [database.run(*statement) for statement in statements]
    if "orderby" not in case.options:
        results = [sorted(rows) for rows in results]
    if results[0] != results[1]:
        raise ValueError(f"{database.name}, {case.title}: not the same rows")
    runs = [lambda s=statement: database.run(*s) for statement in statements]
    pairs = []
    for n in range(rounds):
        turn = runs if n % 2 else runs[::-1]
        pair = [seconds(run) for run in turn]
        pairs.append(pair if n % 2 else pair[::-1])
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs), len(results[0])


def main() -> None:
    """Fill the tables, measure and print."""
    options = argparse.ArgumentParser(
        description="Compare the library's SQL with that of an expert; see the docstring of this file."
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--engines", default="sqlite,postgresql,mysql")
    options.add_argument("--plans", action="store_true", help="show the plans where they are not the same")
    given = options.parse_args()
    for name in given.engines.split(","):
        missing = ENGINES[name].missing()
        if missing:
            print(f"{name}: {missing}")
            continue
        database = engine(name)
        if name == "postgresql":
            database.execute(
                "SET max_parallel_workers_per_gather = 0"
            )  # which take what is free of the cores
        begun = time.perf_counter()
        fill(database, given.rows)
        print(f"\n{name}, {given.rows:,} rows, filled in {time.perf_counter() - begun:.0f} s")
        print(f"{'':36}{'ours / by hand':>14}{'ours, ms':>12}{'rows':>8}")
        begun = time.perf_counter()
        for case in CASES:
            ratio, taken, rows = measure(database, case, given.rounds)
            print(f"{case.title:36}{ratio:14.2f}{taken * 1e3:12.2f}{rows:8}", flush=True)
            plans = [
                plan(database, *statement) for statement in (ours(database, case), by_hand(database, case))
            ]
            if given.plans and plans[0] != plans[1]:
                print(f"    ours {plans[0]}\n    by hand {plans[1]}")
        print(f"measured in {time.perf_counter() - begun:.0f} s")
    close_all()


if __name__ == "__main__":
    main()
