"""Measure what hostile queries cost: python benchmarks/attacks.py [--json] [name ...]

Each attack is parsed under the library's default limits and under those of an endpoint. The table shows the
bytes of the query, the limit that stopped it (or its cost), the milliseconds to refuse it or to parse it and
make its SQL for the slowest dialect, the memory that this takes at its peak, and the milliseconds to filter
1,000 rows of 10 members in Python. All times are of the processor. An attack runs in a process of its own,
for at most LONGEST seconds and in LARGEST bytes; `>` marks a number that was cut there, and `~` a time
estimated from fewer rows. It needs POSIX and takes a minute.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import odata_query as oq
from odata_query import python, sql
from odata_query.sql.dialects import BUILT_IN
from odata_query.web import Endpoint

LONGEST, LARGEST = 5, 1_500_000_000
ROWS, MEMBERS = 1_000, 10
PROMISED = {"ms": 50, "mb": 64, "rows_ms": 100}
"""What no query within the limits of an endpoint exceeds."""

# ---- the model and its rows ----------------------------------------------------------------------

MEMBER = oq.EntityType(
    "Member",
    {"n": oq.Property("Edm.Int32"), "s": oq.Property("Edm.String"), "d": oq.Property("Edm.Decimal", scale=2)},
)
ENUM = oq.EnumType("Code", {f"Code{n:05}": n for n in range(5_000)})
MODEL = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "a": oq.Property("Edm.Int32"),
        "b": oq.Property("Edm.Int64"),
        "s": oq.Property("Edm.String"),
        "u": oq.Property("Edm.String"),
        "d": oq.Property("Edm.Decimal", scale=2),
        "x": oq.Property("Edm.Double"),
        "t": oq.Property("Edm.DateTimeOffset"),
        "day": oq.Property("Edm.Date"),
        "p": oq.Property("Edm.Duration"),
        "ok": oq.Property("Edm.Boolean"),
        "code": oq.Property(ENUM),
        "at": oq.Property("Edm.GeometryPoint"),
        "tags": oq.Property("Collection(Edm.String)"),
        "items": oq.NavigationProperty(MEMBER, collection=True, table="members", join={"id": "row_id"}),
    },
)


def make_rows() -> list[dict[str, Any]]:
    """Make the rows, with members and texts that few conditions stop at early."""
    import datetime as dt
    from decimal import Decimal

    chance = random.Random(7)
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows = []
    for n in range(ROWS):
        text = "".join(chance.choices("ab", k=50))
        members = [{"n": k, "s": f"{text[k : k + 20]}{k}", "d": Decimal(k) / 4} for k in range(MEMBERS)]
        rows.append(
            {
                "id": n, "a": n % 97, "b": n * 1_000_003, "s": text, "u": text.upper() + "\u00c0\u0130" * 5,
                "d": Decimal(n) / 7, "x": n / 7, "t": start + dt.timedelta(n), "day": start.date(),
                "p": dt.timedelta(seconds=n * 1.5), "ok": n % 2 == 0, "code": n, "items": members,
                "at": f"POINT({n / 100} {n / 300})", "tags": [m["s"] for m in members],
            }
        )  # fmt: skip
    return rows


# ---- the attacks ---------------------------------------------------------------------------------

Options = list[tuple[str, str]]


def nest(form: str, inner: str, times: int) -> str:
    """Put a form around a text: `nest("f(*)", "x", 2)` -> `f(f(x))`."""
    for n in range(times):
        inner = form.replace("*", inner).replace("#", str(n))
    return inner


def aliases(values: Iterable[str], filter: str) -> Options:
    """Give `$filter` and the values of `@a0`, `@a1`, ..."""
    return [("$filter", filter), *((f"@a{n}", value) for n, value in enumerate(values))]


RING = ",".join(f"{n % 7}.{n} {n * 3 % 11}.{n}" for n in range(900))
CLASS = "".join(chr(0x4E00 + 2 * n) for n in range(200))
LONG = "\u00c0\u0130b" * 16_000
TEXTS: dict[str, str | Options] = {
    "four lambdas": nest("$it/items/any(v#:*)", "v0/n lt 0", 4)[4:],
    "three lambdas": nest("$it/items/any(v#:*)", "v0/n lt 0", 3)[4:],
    "two lambdas": nest("$it/items/any(v#:*)", "v0/n lt 0", 2)[4:],
    "a long lambda": f"items/any(i:{' and '.join(['i/n ge 0'] * 400)} and i/n lt 0)",
    "80 lambdas": " or ".join(f"items/any(i:i/n lt 0 or contains(i/s,'{n}x'))" for n in range(80)),
    "$filter segments in one another": nest("$it/items/$filter(*)/$count gt 20", "n gt 5", 4)[4:],
    "20 $count($filter=...)": nest("$it/tags/$count($filter=*) gt 0", "a gt 5", 20)[4:],
    "collections in one another": " or ".join(["hassubset(tags,concat(tags,['q']))"] * 80),
    "subsequences": " or ".join(["contains(concat(tags,tags),concat(tags,['q']))"] * 40),
    "members of collections": " or ".join(["'q' in concat(tags,tags)"] * 80),
    "a wide pattern": "matchespattern(s,'a.{190}c')",
    "a pattern with many sets": "matchespattern(s,'a.{14}c')",
    "a pattern with larger sets": "matchespattern(s,'(a|b)*a(a|b){12}c')",
    "30 small patterns": " or ".join(f"matchespattern(s,'a.{{3}}b{n}')" for n in range(30)),
    "200 patterns with large classes": " or ".join(f"matchespattern(u,'[{CLASS}]{n}')" for n in range(200)),
    "a pattern in a lambda": "items/any(i:matchespattern(i/s,'a.{14}c'))",
    "a pattern from pieces": "matchespattern(s,concat('[aeiou].{0,4900','0}Q'))",
    "a pattern from the row": "matchespattern(s,s) and matchespattern(u,'q')",
    "products of doubles": nest("(x mul *)", "x", 90) + " eq 1e0",
    "products of decimals": nest("(d mul *)", "d", 90) + " eq 1.5",
    "products of integers": nest("(b mul *)", "b", 90) + " eq 1",
    "quotients": nest("(* divby 3)", "d", 90) + " eq 1.5",
    "quotients of integers": nest("(* div a)", "b", 90) + " eq 1",
    "remainders": nest("(* mod 7)", "x", 90) + " eq 1e0",
    "roundings": nest("round(* mul 1.5)", "d", 45) + " eq 1.5",
    "durations": nest("(* mul 1.5)", "p", 90) + " gt duration'PT1S'",
    "moments": nest("(* add p)", "t", 90) + " gt 2024-01-01T00:00:00Z",
    "parts of dates": " and ".join(["year(t) ge month(day)"] * 200),
    "casts": " or ".join(["cast(cast(d,Edm.String),Edm.Decimal) eq 1.5"] * 150),
    "casts in one another": nest("cast(cast(*,Edm.String),Edm.Decimal)", "d", 45) + " eq 1.5",
    "substrings": nest("substring(*,1)", "s", 90) + " eq 'q'",
    "substrings of two ends": nest("substring(*,-4,a)", "s", 90) + " eq 'q'",
    "lower and upper case": nest("tolower(toupper(*))", "u", 45) + " eq 'q'",
    "trims": nest("trim(*)", "s", 90) + " eq 'q'",
    "positions": nest("indexof(concat(s,cast(*,Edm.String)),'q')", "1", 30) + " gt 5",
    "concatenations": nest("concat(*,s)", "s", 90) + " eq 'q'",
    "a long text, forty times": nest("tolower(*)", f"'{LONG}'", 40) + " eq s",
    "long texts in one another": f"contains('{'ab' * 10_000}',concat('{'ab' * 5_000}b',s))",
    "truth values": nest("(* eq (a gt #))", "ok", 90),
    "logic as values": nest("(not (* and a gt 1)) eq (ok or b gt #)", "ok", 40),
    "a case of 985 pairs": "case(" + ",".join(f"a eq {n}:{n}" for n in range(490)) + ") eq 7",
    "cases in one another": nest("case(a gt #:*,ok:#)", "a", 90) + " eq 7",
    "terms of `or`": " or ".join(["a eq 1000"] * 499),
    "terms of `or`, too many": " or ".join(["a eq 1000"] * 4_000),
    "a list of 1,000 texts": "s in (" + ",".join(f"'{n:036}'" for n in range(1_000)) + ")",
    "lists": " or ".join(f"a in ({','.join(map(str, range(1_000, 1_040)))})" for _ in range(45)),
    "a hostile polygon": f"geo.intersects(at,geometry'SRID=0;Polygon((0.0 0.0,{RING},0.0 0.0))')",
    "distances": " or ".join([f"geo.distance(at,geometry'SRID=0;Point(1 {n})') lt 0" for n in range(100)]),
    "nulls": " or ".join(["not (a ne null and d ne null)"] * 150),
    "parentheses": "(" * 20_000 + "a eq 1" + ")" * 20_000,
    "an open text": "contains(s,'" + "''" * 20_000,
    "$orderby with lambdas": [("$orderby", ",".join(["case(items/any(i:i/n lt 0):1,true:2)"] * 20))],
    "$orderby with patterns": [("$orderby", ",".join(["case(matchespattern(s,'a.{9}c'):1)"] * 5))],
    "an order by texts": [("$orderby", ",".join([nest("tolower(*)", "u", 15)] * 5))],
    "a chain of aliases": aliases([f"@a{n + 1}" for n in range(45)] + ["a"], "@a0 eq 1"),
    "a chain of 7,000 aliases": aliases([f"@a{n + 1}" for n in range(7_000)] + ["a"], "@a0 eq 1"),
    "doubling aliases": aliases([f"@a{n + 1} and @a{n + 1}" for n in range(40)] + ["ok"], "@a0"),
    "lambdas by aliases": aliases([f"$it/items/any(v:@a{n})" for n in range(1, 6)] + ["a lt 0"], "@a0"),
    "20 wrong members": " or ".join(f"code eq 'Kode{n:05}'" for n in range(40)),
    "20 wrong names": " or ".join(f"colr{n} eq 'x'" for n in range(400)),
}
"""The attacks by name: a `$filter`, or options."""


# ---- measuring -----------------------------------------------------------------------------------


def parsers() -> dict[str, Callable[[Options], oq.Query]]:
    """Return the parser of queries under each set of limits."""
    endpoint = Endpoint(MODEL)
    return {
        "library": lambda options: oq.parse_query(options, MODEL),
        "endpoint": lambda options: oq.parse_query(options, MODEL, limits=endpoint.limits),
    }


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the milliseconds that a call takes, and its result or its ODataError."""
    start = time.process_time()
    try:
        found = work()
    except oq.ODataError as error:
        found = error
    return (time.process_time() - start) * 1_000, found


def compile_all(parse: Callable[[Options], oq.Query], options: Options) -> tuple[float, str, Any]:
    """Return the milliseconds to parse and to make SQL for the slowest dialect, its name, and the query."""
    parsing, query = timed(lambda: parse(options))
    if isinstance(query, oq.ODataError):
        return parsing, "", query
    slowest, name = 0.0, ""
    for each in BUILT_IN:
        taken, _ = timed(lambda each=each: sql.select(query, "rows", dialect=each))
        slowest, name = max((slowest, name), (taken, each))
    return parsing + slowest, name, query


def measure(parse: Callable[[Options], oq.Query], options: Options, rows: list[Any], send: Any) -> None:
    """Send what an attack costs, as far as it is known; a limit of the process can end it."""
    compile_all(parse, [("$filter", "a eq 1")])
    ms, dialect, query = compile_all(parse, options)
    ms = min(ms, compile_all(parse, options)[0]) if ms < 500 else ms
    found: dict[str, Any] = {"ms": ms, "dialect": dialect}
    is_refused = isinstance(query, oq.ODataError)
    found["stopped by" if is_refused else "cost"] = (
        query.problems[0].code if is_refused else getattr(query, "cost", None)
    )
    send.send(found)
    tracemalloc.start()
    compile_all(parse, options)
    found["mb"] = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    send.send(found)
    if not is_refused:
        found["rows_ms"], known = run(query, rows)
        found["estimated from"] = known
        send.send(found)


def run(query: oq.Query, rows: list[Any]) -> tuple[float, int]:
    """Return the milliseconds for all rows, and the number of rows that were tried."""
    count, taken = 1, 0.0
    while True:
        taken, _ = timed(partial(python.apply, rows[:count], query))
        if count == len(rows) or (taken / count * len(rows) > LONGEST * 400 and taken > 100):
            return taken / count * len(rows), count
        count = min(len(rows), count * 10)


def limited(*args: Any) -> None:
    """Measure within limits of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        measure(*args)
    except MemoryError:
        args[-1].send({"mb": float("inf")})


def attack(parse: Callable[[Options], oq.Query], options: Options, rows: list[Any]) -> dict[str, Any]:
    """Measure an attack in a process of its own."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=limited, args=(parse, options, rows, send))
    process.start()
    send.close()
    found: dict[str, Any] = {"ms": float("inf")}
    while True:
        try:
            found |= receive.recv()
        except EOFError:
            break
    process.join()
    if "stopped by" not in found and "rows_ms" not in found:
        found["rows_ms"] = float("inf")
    return found


def main() -> None:
    """Print the table, or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options.add_argument("names", nargs="*", metavar="name", help="the attacks, by default all")
    given = options.parse_args()
    rows = make_rows()
    found: dict[str, dict[str, Any]] = {}
    for name, text in TEXTS.items():
        if given.names and name not in given.names:
            continue
        pairs = [("$filter", text)] if isinstance(text, str) else text
        found[name] = {"bytes": sum(len(part.encode()) for pair in pairs for part in pair)}
        for limits, parse in parsers().items():
            found[name][limits] = attack(parse, pairs, rows)
        if not given.json:
            if len(found) == 1:
                print(HEAD)
            print(line(name, found[name]), flush=True)
    if given.json:
        json.dump(found, sys.stdout, indent=1)


HEAD = f"{'attack':34}{'bytes':>7}  " + f"{'ended by':22}{'ms':>8}{'MB':>7}{'rows ms':>9}  " * 2


def line(name: str, found: dict[str, Any]) -> str:
    """Write a line of the table; `!` marks what an endpoint has promised not to exceed."""
    cells = [f"{name:34}{found['bytes']:7}  "]
    for limits in ("library", "endpoint"):
        each = found[limits]
        ended = each.get("stopped by") or f"cost {each.get('cost') if each.get('cost') is not None else '?'}"
        cells.append(f"{ended:22}")
        for column, width in (("ms", 8), ("mb", 7), ("rows_ms", 9)):
            value = each.get(column)
            text = "" if value is None else f">{LONGEST} s" if value == float("inf") else f"{value:.1f}"
            if column == "rows_ms" and each.get("estimated from", ROWS) < ROWS:
                text = "~" + text
            if limits == "endpoint" and value is not None and value > PROMISED[column]:
                text = "!" + text
            cells.append(f"{text:>{width}}")
        cells.append("  ")
    return "".join(cells).rstrip()


if __name__ == "__main__":
    main()
