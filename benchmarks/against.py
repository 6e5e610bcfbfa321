"""Compare this checkout with another one of odata-ql: `python benchmarks/run.py --against PATH`.

Each checkout has a worker process of its own. Both take samples of a stage in turn, and only public names
that every version has are used. A ratio is this checkout's time over the other's in one round: below 1,
this one is faster.
"""

from __future__ import annotations

import resource
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from peers import FILTERS, make_rows, serve

if TYPE_CHECKING:
    import odata_query as oq

HERE = Path(__file__).resolve().parent
STAGES = ("parse", "parse_query", "sql.select", "apply")
IMPORTS = {
    "import odata_query": "import odata_query",
    "import the parser": "import odata_query; odata_query.parse_filter",
    "import parse_query and sql": "import odata_query, odata_query.sql; odata_query.parse_query",
}


def work() -> None:
    """Serve samples of the checkout that is first in sys.path."""
    import odata_query as oq
    from odata_query import python, sql

    types = dict.fromkeys(("reference", "fileType", "status"), "Edm.String")
    types |= {"width": "Edm.Int32", "height": "Edm.Int32", "sizeInBytes": "Edm.Int64"}
    types |= {"createdOn": "Edm.DateTimeOffset", "tags": "Collection(Edm.String)"}
    properties = {name: oq.Property(type) for name, type in types.items()}
    image = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True, nullable=False), **properties})
    rows = make_rows(1_000)

    def query(key: str) -> oq.Query:
        return oq.parse_query({"$filter": FILTERS[key], "$orderby": "width desc", "$top": "10"}, image)

    def select(key: str) -> sql.Statement:
        return sql.select(query(key), "images", dialect="postgresql", columns=["id", "reference"])

    serve({
        "parse": lambda key: [partial(oq.parse_filter, FILTERS[key])],
        "parse_query": lambda key: [partial(query, key)],
        "sql.select": lambda key: [partial(select, key)],
        "apply": lambda key: [partial(python.apply, rows, query(key))],
    })  # fmt: skip


def seconds_to_import(root: Path, code: str) -> float:
    """Return the processor time of a fresh interpreter that imports from a checkout."""
    from run import run

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(sys.executable, "-I", "-c", f"import sys; sys.path[:0] = [{str(root)!r}]; {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(here: Path, other: Path, rounds: int) -> str:
    """Measure both checkouts in turn and return a table of the ratios."""
    from run import Worker, cells, ratios, section

    if not (other / "odata_query" / "__init__.py").exists():
        raise SystemExit(f"no checkout of odata-ql: {other}")
    workers = {}
    for name, root in {"this": here, "other": other.resolve()}.items():
        code = f"import sys; sys.path[:0] = {[str(root), str(HERE)]!r}; import against; against.work()"
        workers[name] = Worker(sys.executable, "-I", "-c", code)
    tables = {}
    for stage in STAGES:
        samples: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in workers}
        for number in range(-1, rounds):  # the first round warms up
            for key in FILTERS:
                for name, worker in list(workers.items())[:: 1 if number % 2 else -1]:
                    answer = worker.ask(stage, key)
                    if "error" in answer:
                        raise SystemExit(f"{stage} ({key}) of {name}: {answer['error']}")
                    if number >= 0:
                        samples[name][key].append(answer["seconds"])
        tables[stage] = cells(ratios(samples["this"], samples["other"]))
    imports: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in workers}
    for number in range(-1, rounds):  # the first round writes the byte code
        for title, code in IMPORTS.items():
            for name, root in {"this": here, "other": other.resolve()}.items():
                taken = seconds_to_import(root, code)
                if number >= 0:
                    imports[name][title].append(taken)
    note = f"This checkout's time over that of {other}, medians of {rounds} rounds (least to greatest)."
    names = {key: f"`{text[:60]}`" for key, text in FILTERS.items()} | {"mean": "geometric mean"}
    return (
        section("Against", note, names, tables)
        + "\n"
        + section("Import", "The interpreter's start included.", {key: key for key in IMPORTS},
                  {"ratio": cells(ratios(imports["this"], imports["other"]))})
    )  # fmt: skip
