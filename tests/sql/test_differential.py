"""Random queries mean the same on Python's objects and on every engine."""

from __future__ import annotations

import os

from differential import check
from engines import Engine

QUERIES = {"sqlite": 400, "duckdb": 400, "postgresql": 400, "mysql": 200, "clickhouse": 60, "spark": 40}
COUNT = os.environ.get("ODATA_DIFFERENTIAL")
SEED = int(os.environ.get("ODATA_DIFFERENTIAL_SEED", "1"))


def test_an_engine_gives_the_ids_that_python_gives_in_the_same_order(engine: Engine) -> None:
    report = check(engine, int(COUNT or QUERIES[engine.name]), SEED, most=5)
    assert not report.disagreements, str(report)
    assert sum(report.refused.values()) <= 2 + report.tried / 10, str(report)
    assert report.empty < report.tried / 2, "most queries are to keep some rows"
