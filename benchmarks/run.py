"""Measure the speed of each stage, and compare it with odata-query and odatapy as ratios.

    python benchmarks/run.py [--quick] [--output DIR] [--peers DIR] [--upgrade]
    python benchmarks/run.py --against PATH [--quick]     compare this checkout with another one

writes results.json and RESULTS.md, by default beside this file. The peers are installed from PyPI into a
virtual environment of their own, made with the Python that runs this file and kept in the user's cache
or in --peers DIR; --upgrade makes it anew. It needs POSIX and takes three minutes.

Two workers, ours and the peers' (peers.py), both run by the Python of that environment, take samples in
turn, round after round. A sample is the best of a few repeats, in processor time, with the garbage
collector on. A ratio is that of two neighbouring samples of one round, so that the drift of a noisy
machine cancels. Reported are the median of the rounds (and the least to the greatest).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from against import compare
from peers import BY_HAND, FILTERS, PEERS, checked, make_rows, serve

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ROWS, PEER_ROWS = 10_000, 100
"""Numbers of rows to evaluate: the peer is slow, so times per row are compared."""
GROWTH: dict[str, Callable[[int], str]] = {
    "terms of `or`": lambda size: " or ".join(f"reference eq 'img{n}.jpg'" for n in range(size)),
    "items of `in`": lambda size: "reference in ({})".format(", ".join(f"'img{n}.jpg'" for n in range(size))),
    "segments of a path": lambda size: "/".join(f"part{n}" for n in range(size)) + " eq 1",
}
FEWEST = {"terms of `or`": 1_000, "items of `in`": 1_000, "segments of a path": 100}

# ---- our worker ----------------------------------------------------------------------------------


def work() -> None:
    """Serve samples of our stages, each with its input prepared."""
    import odata_query as oq
    from odata_query import python, sql
    from odata_query.python.closures import compile_program
    from odata_query.python.source import SELECT, compile_filter

    types = dict.fromkeys(("reference", "fileType", "status"), "Edm.String")
    types |= {"width": "Edm.Int32", "height": "Edm.Int32", "sizeInBytes": "Edm.Int64"}
    types |= {"createdOn": "Edm.DateTimeOffset", "tags": "Collection(Edm.String)"}
    properties = {name: oq.Property(type) for name, type in types.items()}
    image = oq.EntityType("Image", {"id": oq.Property("Edm.Int32", key=True, nullable=False), **properties})
    rows = make_rows(ROWS)
    bounds = ("max_length", "max_nodes", "max_depth", "max_in_items", "max_path_depth")
    unlimited: Any = dict.fromkeys(bounds)

    def tree(key: str) -> oq.Node:
        return oq.parse_filter(FILTERS[key])

    def typed(key: str) -> oq.Node:
        return oq.validate(tree(key), image)

    def query(key: str) -> oq.Query:
        return oq.parse_query({"$filter": FILTERS[key]}, image)

    def long_text(key: str) -> str:
        size, _, name = key.partition(" ")
        return GROWTH[name](int(size))

    serve({
        "parse": lambda key: [partial(oq.parse_filter, FILTERS[key])],
        "validate": lambda key: [partial(oq.validate, tree(key), image)],
        "closures": lambda key: [partial(compile_program, typed(key), dt.UTC, is_condition=True)],
        "source": lambda key: [partial(compile_filter, typed(key), dt.UTC, True, SELECT)],
        "whole": lambda key: [lambda: python.apply(rows[:10], query(key))],
        "sql": lambda key: [lambda: sql.where(typed(key), dialect="sqlite", table="images")],
        "evaluate": lambda key: [checked(key, partial(python.apply, rows, query(key)), rows)],
        "by hand": lambda key: [partial(BY_HAND[key], rows)],
        "growth": lambda key: [partial(oq.parse_filter, long_text(key), limits=oq.Limits(**unlimited))],
    })  # fmt: skip


# ---- measuring -----------------------------------------------------------------------------------

Samples = dict[str, dict[str, list[float]]]
"""Seconds by stage and key, one number for each round."""


def run(*command: Any) -> None:
    """Run a command to its end."""
    subprocess.run([str(part) for part in command], check=True)


def peer_python(directory: Path, upgrade: bool) -> str:
    """Return the Python of the peers' environment, which is created if it is missing."""
    directory = directory.expanduser().resolve() / f"odata-ql-peers-{sys.implementation.cache_tag}"
    if directory.is_relative_to(ROOT):
        raise SystemExit(f"the peers' environment cannot be inside the repository: {directory}")
    python = directory / "bin" / "python"
    if upgrade or not (directory / "complete").exists():
        print(f"Installing {' and '.join(PEERS)} into {directory}", file=sys.stderr)
        run(sys.executable, "-m", "venv", "--clear", directory)
        run(python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS)
        (directory / "complete").touch()
    return str(python)


class Worker:
    """A process that takes samples on request (see `peers.serve`)."""

    def __init__(self, *command: str) -> None:
        pipe, self.command = subprocess.PIPE, shlex.join(command)
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.about = self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SystemExit(f"this worker has ended: {self.command}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, stage: str, key: str) -> dict[str, Any]:
        """Request a sample of a stage: `{"seconds": 1.2e-05}` or `{"error": ...}`."""
        print(json.dumps([stage, key]), file=self._process.stdin, flush=True)
        return self._answer()


def measure(tasks: list[tuple[Worker, str, str]], rounds: int, refused: dict[str, str]) -> Samples:
    """Take samples of each stage and key in turn; `refused` collects the errors of peers."""
    samples: Samples = defaultdict(lambda: defaultdict(list))
    for number in range(-1, rounds):  # the first one warms up
        for worker, stage, key in tasks if number % 2 else tasks[::-1]:
            if f"{stage} ({key})" in refused:
                continue
            answer = worker.ask(stage, key)
            if "error" in answer:
                if not stage.startswith(PEERS) or number >= 0:
                    raise SystemExit(f"{stage} ({key}): {answer['error']}")
                refused[f"{stage} ({key})"] = answer["error"]
            elif number >= 0:
                samples[stage][key].append(answer["seconds"])
    return samples


IMPORTS = {
    "nothing": "pass",
    "ours": "import odata_query",
    "ours, parser": "import odata_query; odata_query.parse_filter",
    "ours, all of it": "import odata_query.python; odata_query.parse_query, odata_query.unparse",
    "odata-query, whose `__init__` imports nothing": "import odata_query",
    "odata-query, parser": "import odata_query.grammar",
    "odatapy, parser": "import odatapy.server.uri.expression_parser",
}


def measure_imports(python: str, rounds: int) -> dict[str, list[float]]:
    """Measure imports in fresh interpreters, less the time of one that imports nothing."""
    samples: dict[str, list[float]] = defaultdict(list)
    for number in range(-1, rounds):  # the first one writes the byte code
        taken: dict[str, float] = {}
        for name, code in IMPORTS.items():
            path = [str(ROOT)] if name.startswith("ours") else []
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run(python, "-I", "-c", f"import sys; sys.path[:0] = {path!r}; {code}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken[name] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            if number >= 0 and name != "nothing":
                samples[name].append(taken[name] - taken["nothing"])
    return samples


# ---- results -------------------------------------------------------------------------------------

Spreads = dict[str, dict[str, float]]
"""The median, least and greatest value of the rounds by key."""


def spreads(samples: dict[str, list[float]]) -> Spreads:
    """Reduce the samples of each key to what is reported."""
    return {
        key: {"median": statistics.median(found), "min": min(found), "max": max(found)}
        for key, found in samples.items()
    }


def ratios(over: dict[str, list[float]], under: dict[str, list[float]], scale: float = 1) -> Spreads:
    """Divide the samples of each round by key; `mean` is the geometric mean of each round."""
    found = {key: [a / b * scale for a, b in zip(over[key], under[key], strict=True)] for key in over}
    means = [statistics.geometric_mean(of_round) for of_round in zip(*found.values(), strict=True)]
    return spreads(found | ({"mean": means} if means else {}))


def number(value: float) -> str:
    """Format a number with three significant digits, or as an integer from 100."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cells(found: Spreads, scale: float = 1) -> dict[str, str]:
    """Format each median with the least and the greatest value."""
    texts = {key: [number(v[part] * scale) for part in ("median", "min", "max")] for key, v in found.items()}
    return {key: "{} ({} to {})".format(*parts) for key, parts in texts.items()}


def section(title: str, note: str, names: dict[str, str], columns: dict[str, dict[str, str]]) -> str:
    """Format a heading, a note and a table with a line for each key."""
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(column.get(key, "") for column in columns.values())] for key, name in names.items()]
    return f"## {title}\n\n{note}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def report(found: dict[str, Any]) -> str:
    """Format the results as Markdown."""
    names = {key: f"({key}) `{text}`" for key, text in FILTERS.items()}
    names |= {"h": "(h) 100 terms `reference eq 'imgNNN.jpg'` joined by `or`", "mean": "geometric mean"}
    median = {s: {key: v["median"] for key, v in of.items()} for s, of in found["seconds"].items()}
    micro = {stage: {key: number(v * 1e6) for key, v in of.items()} for stage, of in median.items()}
    imports, growth = found["import_seconds"], found["growth_seconds"]
    taken = {key: v["median"] for key, v in imports.items() if v["median"] > 0.001}
    stages = {"parse": "parse", "validate": "validate", "compile to closures": "closures"}
    stages |= {"compile to source": "source", "whole query": "whole"}
    sections = [
        f"# Benchmarks\n\nMedians of {found['rounds']} rounds (least to greatest); see `run.py`.\n",
        section(
            "Parse",
            "The peer's time over ours: above 1, ours is faster.",
            names,
            {f"{peer} {found['peers'][peer]}": cells(found["parse_speedup"][peer]) for peer in PEERS}
            | {"ours, µs": micro["parse"]},
        ),
        *(f"Left out: {what}: {why}.\n" for what, why in found["refused"].items()),
        section(
            "Our stages",
            "In µs. The whole query is `parse_query` and `apply` on 10 rows, nothing compiled before.",
            names,
            {title: micro[stage] for title, stage in stages.items()}
            | {"whole / parse": cells(found["whole_over_parse"])},
        ),
        section(
            "Text to SQL",
            "From a filter's text to the text and values of a condition for SQLite, nothing compiled before."
            " The peer's time over ours; only ours is validated by a model.",
            names,
            {peer: cells(found["sql_speedup"][peer]) for peer in PEERS} | {"ours, µs": micro["sql"]},
        ),
        section(
            "Evaluate",
            f"`apply` on {ROWS:,} dictionaries, compiled before. By hand is a null-safe list comprehension:"
            f" below 1, `apply` is faster. odatapy has {PEER_ROWS} rows: its time per row over ours.",
            names,
            {
                "rows a second": {key: number(ROWS / v) for key, v in median["evaluate"].items()},
                "apply / by hand": cells(found["evaluate_over_by_hand"]),
                "odatapy / apply": cells(found["evaluate_speedup"]["odatapy"]),
            },
        ),
        section(
            "Import",
            "Without the start of the interpreter. No ratio to what takes less than 1 ms.",
            {key: f"{key}: `{IMPORTS[key]}`" for key in imports},
            {
                "ms": cells(imports, 1e3),
                "our parser / this": {
                    key: number(imports["ours, parser"]["median"] / v) for key, v in taken.items()
                },
            },
        ),
        section(
            "Growth",
            "Our parser, with limits lifted.",
            {key: key for key in growth},
            {"µs for each": cells(growth, 1e6), "/ that of the fewest": cells(found["growth_over_fewest"])},
        ),
        f"{found['machine']}\n\n    {found['command']}\n",
    ]
    return "\n".join(sections)


def main() -> None:
    """Measure, write and print."""
    options = argparse.ArgumentParser(description="Times odata-ql and its peers: see the head of this file.")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    options.add_argument("--quick", action="store_true", help="few rounds, for a first look")
    options.add_argument("--output", type=Path, default=HERE, help="a directory for the results")
    options.add_argument("--peers", type=Path, default=cache, help="a directory for the peers' environment")
    options.add_argument("--upgrade", action="store_true", help="install the newest peers anew")
    options.add_argument("--against", type=Path, help="another checkout: compare this one with it alone")
    given = options.parse_args()
    if given.against:
        print(compare(ROOT, given.against, 5 if given.quick else 20))
        return
    rounds, load = 5 if given.quick else 40, os.getloadavg()[0]
    python = peer_python(given.peers, given.upgrade)
    theirs = Worker(python, "-I", str(HERE / "peers.py"), str(PEER_ROWS))
    path = [str(ROOT), str(HERE)]
    ours = Worker(python, "-I", "-c", f"import sys; sys.path[:0] = {path!r}; import run; run.work()")
    stages = [
        (theirs, "odata-query parse"), (ours, "parse"), (theirs, "odatapy parse"), (ours, "whole"),
        (theirs, "odata-query sql"), (ours, "sql"), (theirs, "odatapy sql"),
        (ours, "validate"), (ours, "closures"), (ours, "source"),
        (ours, "by hand"), (ours, "evaluate"), (theirs, "odatapy evaluate"),
    ]  # fmt: skip
    refused: dict[str, str] = {}
    print(f"Measuring in {rounds} rounds", file=sys.stderr)
    samples = measure([(worker, stage, key) for key in FILTERS for worker, stage in stages], rounds, refused)
    sizes = {f"{FEWEST[name] * more} {name}": FEWEST[name] * more for name in GROWTH for more in (1, 10, 100)}
    growth = measure([(ours, "growth", key) for key in sizes], 3 if given.quick else 7, refused)["growth"]
    per_part = {key: [seconds / size for seconds in growth[key]] for key, size in sizes.items()}
    fewest = {key: per_part[f"{FEWEST[name]} {name}"] for key in sizes for name in GROWTH if name in key}
    imports = measure_imports(python, rounds)
    result = {
        "command": shlex.join(["python", "benchmarks/run.py", *["--quick"] * given.quick]),
        "machine": f"{platform.python_implementation()} {ours.about['python']}, {os.cpu_count()} cores, "
        f"{platform.platform()}, load {load:.1f}, {dt.datetime.now(dt.UTC):%Y-%m-%d}.",
        "peers": theirs.about["versions"],
        "rounds": rounds,
        "refused": refused,
        "parse_speedup": {peer: ratios(samples[f"{peer} parse"], samples["parse"]) for peer in PEERS},
        "whole_over_parse": ratios(samples["whole"], samples["parse"]),
        "sql_speedup": {peer: ratios(samples[f"{peer} sql"], samples["sql"]) for peer in PEERS},
        "evaluate_over_by_hand": ratios(samples["evaluate"], samples["by hand"]),
        "evaluate_speedup": {
            "odatapy": ratios(samples["odatapy evaluate"], samples["evaluate"], ROWS / PEER_ROWS)
        },
        "import_seconds": spreads(imports),
        "growth_seconds": spreads(per_part),
        "growth_over_fewest": {key: ratios({key: per_part[key]}, fewest)[key] for key in sizes},
        "seconds": {stage: spreads(found) for stage, found in samples.items()},
    }
    given.output.mkdir(parents=True, exist_ok=True)
    as_json = json.dumps(result, indent=1, sort_keys=True) + "\n"
    (given.output / "results.json").write_text(as_json, encoding="utf-8")
    (given.output / "RESULTS.md").write_text(report(result), encoding="utf-8")
    print(report(result))


if __name__ == "__main__":
    main()
