"""Filters, rows and timing for both workers, and the stages of the peers.

Run isolated by the Python of the peers' environment, where `odata_query` is of the distribution odata-query:
nothing of ours is imported here.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import metadata
from typing import Any

PEERS = ("odata-query", "odatapy")
FILTERS = {
    "a": "fileType eq 'jpg'",
    "b": "fileType eq 'png' and status eq 'Ok'",
    "c": "status in ('Ok', 'Re')",
    "d": "contains(reference, 'product')",
    "e": "fileType ne 'gif' and (width ge 800 or height ge 600) and not startswith(reference,'tmp')",
    "f": "createdOn ge 2024-01-01T00:00:00Z and sizeInBytes div 1024 gt 100"
    " and tolower(reference) eq 'a.jpg'",
    "g": "tags/any(t: t eq 'animales' or startswith(t,'mas'))",
    "h": " or ".join(f"reference eq 'img{n:03}.jpg'" for n in range(100)),
}

Row = dict[str, Any]
Function = Callable[[], Any]
JANUARY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NAMES = frozenset(f"img{n:03}.jpg" for n in range(100))
BY_HAND: dict[str, Callable[[list[Row]], list[Row]]] = {
    "a": lambda rows: [r for r in rows if r["fileType"] == "jpg"],
    "b": lambda rows: [r for r in rows if r["fileType"] == "png" and r["status"] == "Ok"],
    "c": lambda rows: [r for r in rows if r["status"] in ("Ok", "Re")],
    "d": lambda rows: [r for r in rows if r["reference"] is not None and "product" in r["reference"]],
    "e": lambda rows: [
        r for r in rows if r["fileType"] != "gif"
        and (
            (r["width"] is not None and r["width"] >= 800)
            or (r["height"] is not None and r["height"] >= 600)
        )
        and r["reference"] is not None and not r["reference"].startswith("tmp")
    ],
    "f": lambda rows: [
        r for r in rows if r["createdOn"] is not None and r["createdOn"] >= JANUARY
        and r["sizeInBytes"] is not None and r["sizeInBytes"] // 1024 > 100
        and r["reference"] is not None and r["reference"].lower() == "a.jpg"
    ],
    "g": lambda rows: [
        r for r in rows
        if any(t == "animales" or (t is not None and t.startswith("mas")) for t in r["tags"] or ())
    ],
    "h": lambda rows: [r for r in rows if r["reference"] in NAMES],
}  # fmt: skip
"""Code that a developer would write instead of each filter, by OData's rules for null."""


def make_rows(count: int) -> list[Row]:
    """Generate the same dictionaries in every process; a nullable property is null in one row of twenty."""
    choose = random.Random(7)
    rows: list[Row] = []
    for number in range(count):
        image = f"img{choose.randrange(400):03}.jpg"
        row = {
            "reference": choose.choice([image, image, "A.jpg", "a.JPG", "tmp-1.png", f"product-{number}"]),
            "fileType": choose.choice(["jpg", "png", "gif", "tiff"]),
            "status": choose.choice(["Ok", "Re", "Wait", "Bad"]),
            "width": choose.randrange(1600),
            "height": choose.randrange(1200),
            "sizeInBytes": choose.randrange(1_000_000),
            "createdOn": JANUARY + dt.timedelta(hours=choose.randrange(-20_000, 20_000)),
            "tags": choose.sample(["animales", "mascotas", "plants", "people", None], choose.randrange(4)),
        }
        rows.append({"id": number} | {k: None if choose.random() < 0.05 else v for k, v in row.items()})
    return rows


def checked(key: str, select: Function, rows: list[Row]) -> Function:
    """Return the function to time, after a check of the rows that it selects."""
    found, right = select(), BY_HAND[key](rows)
    if found != right or not 0 < len(right) < len(rows):
        raise ValueError(f"it keeps {len(found)} rows of {len(rows)}, {len(right)} match")
    return select


# ---- a worker ------------------------------------------------------------------------------------

Stage = Callable[[str], list[Function]]
"""A function from the letter of a filter to equivalent functions, the fastest of which counts."""
REPEATS, LOOP, ENOUGH = 5, 0.0005, 0.05
"""Repeats of a sample, the least seconds of a repeat, and the seconds after which no other follows."""


def repeat(function: Function, calls: int) -> float:
    """Return the processor time per call in seconds; other processes do not count."""
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls


def sample(function: Function, calls: int) -> float:
    """Return the best time of several repeats."""
    found: list[float] = []
    while len(found) < REPEATS and sum(found) * calls < ENOUGH:
        found.append(repeat(function, calls))
    return min(found)


def serve(stages: dict[str, Stage], packages: tuple[str, ...] = ()) -> None:
    """Answer each line `["parse", "a"]` with `{"seconds": 1.2e-05}`, until the input ends."""
    versions = {name: metadata.version(name) for name in packages}
    answer: dict[str, Any] = {"python": platform.python_version(), "versions": versions}
    print(json.dumps(answer), flush=True)
    prepared: dict[str, list[tuple[Function, int]]] = {}
    for line in sys.stdin:
        try:
            if line not in prepared:
                stage, key = json.loads(line)
                prepared[line] = []
                for function in stages[stage](key):
                    calls = 1
                    while repeat(function, calls) * calls < LOOP:
                        calls *= 2
                    prepared[line].append((function, calls))
            answer = {"seconds": min(sample(*timed) for timed in prepared[line])}
        except Exception as wrong:
            answer = {"error": f"{type(wrong).__name__}: {wrong}"[:300]}
        print(json.dumps(answer), flush=True)


def peer_stages(row_count: int) -> dict[str, Stage]:
    """Return `parse` and `sql` of both, odata-query with new and reused parsers; `evaluate` of odatapy."""
    import logging

    from odata_query.grammar import ODataLexer, ODataParser
    from odatapy.ext.sql import filter_to_sql
    from odatapy.server.eval import evaluate_filter
    from odatapy.server.uri.expression_parser import ExpressionParser

    from odata_query.sql import AstToSqliteSqlVisitor

    logging.disable()  # odata-query warns of every property
    lexer, parser, rows = ODataLexer(), ODataParser(), make_rows(row_count)

    def select(key: str) -> Function:
        tree = ExpressionParser.parse_string(FILTERS[key])
        return lambda: [row for row in rows if evaluate_filter(row, tree)]

    return {
        "odata-query parse": lambda key: [
            lambda: ODataParser().parse(ODataLexer().tokenize(FILTERS[key])),
            lambda: parser.parse(lexer.tokenize(FILTERS[key])),
        ],
        "odatapy parse": lambda key: [partial(ExpressionParser.parse_string, FILTERS[key])],
        "odata-query sql": lambda key: [
            lambda: AstToSqliteSqlVisitor().visit(parser.parse(lexer.tokenize(FILTERS[key])))
        ],
        "odatapy sql": lambda key: [lambda: filter_to_sql(ExpressionParser.parse_string(FILTERS[key]))],
        "odatapy evaluate": lambda key: [checked(key, select(key), rows)],
    }


if __name__ == "__main__":
    serve(peer_stages(int(sys.argv[1])), PEERS)
