"""Changed texts by the thousand: nothing but an ODataError escapes, and every position is in the text.

ODATA_FUZZ=200000 ODATA_FUZZ_SEED=7 pytest tests/test_fuzz.py
"""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import traceback
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import odata_query as oq
from odata_query import answers, python
from odata_query.model.properties import ComplexType
from odata_query.testing.choices import Choices
from odata_query.testing.generator import Generator
from odata_query.testing.mistakes import PIECES, mutate

COUNT = int(os.environ.get("ODATA_FUZZ", "4000"))
SEED = int(os.environ.get("ODATA_FUZZ_SEED", "0")) or random.SystemRandom().getrandbits(32)
LIMITS = oq.Limits(max_pattern=200)

CITY = ComplexType("City", {"name": oq.Property("Edm.String"), "size": oq.Property("Edm.Int64")})
MODEL = oq.EntityType(
    "Model.Thing",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "s": oq.Property("Edm.String"),
        "t": oq.Property("Edm.String", nullable=False),
        "n": oq.Property("Edm.Int32"),
        "big": oq.Property("Edm.Int64"),
        "d": oq.Property("Edm.Decimal"),
        "x": oq.Property("Edm.Double"),
        "ok": oq.Property("Edm.Boolean"),
        "day": oq.Property("Edm.Date"),
        "at": oq.Property("Edm.DateTimeOffset"),
        "hour": oq.Property("Edm.TimeOfDay"),
        "took": oq.Property("Edm.Duration"),
        "guid": oq.Property("Edm.Guid"),
        "raw": oq.Property("Edm.Binary"),
        "color": oq.Property(oq.EnumType("Sales.Color", {"Red": 1, "Green": 2, "Blue": 4}, is_flags=True)),
        "here": oq.Property("Edm.GeographyPoint"),
        "tags": oq.Property("Collection(Edm.String)"),
        "nums": oq.Property("Collection(Edm.Int32)"),
        "home": oq.Property(CITY),
        "cities": oq.Property(CITY, collection=True),
        "not": oq.Property("Edm.Boolean"),
        "eq": oq.Property("Edm.Int32"),
        "नाम": oq.Property("Edm.String"),
    },
)
FULL: dict[str, Any] = {
    "id": 0, "s": "a%b_c", "t": "O'Neil", "n": 7, "big": 2**63 - 1, "d": Decimal("2.5"), "x": -2.5, "ok": True,
    "day": dt.date(2024, 2, 29), "at": dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC), "hour": dt.time(10, 20), "took": dt.timedelta(hours=1),
    "guid": uuid.UUID(int=7), "raw": b"foo", "color": 3, "here": None, "tags": ["red", "blue"], "nums": [3, 1, 2],
    "home": {"name": "Bonn", "size": 300_000}, "cities": [{"name": "Ulm", "size": None}, {"name": None, "size": 3}], "not": False, "eq": 1, "नाम": "हिन्दी",
}  # fmt: skip
ROWS = [
    FULL,
    {**dict.fromkeys(FULL), "id": 1, "t": ""},
    {"id": 2, "t": "\U0001f600"},
    {**FULL, "id": 3, "n": -(2**31), "big": -(2**63), "d": Decimal("-1E-10"), "x": float("nan")},
    {**FULL, "id": 4, "n": 0, "big": 0, "d": Decimal(0), "x": 0.0, "took": dt.timedelta.max, "eq": 0},
    {
        **FULL,
        "id": 5,
        "x": float("inf"),
        "took": dt.timedelta.min,
        "day": dt.date.max,
        "d": Decimal("9" * 38),
    },
    {**FULL, "id": 6, "x": float("-inf"), "day": dt.date.min, "at": dt.datetime.max.replace(tzinfo=dt.UTC)},
    {**FULL, "id": 7, "at": dt.datetime.min.replace(tzinfo=dt.UTC), "tags": [], "nums": [], "cities": []},
    {**FULL, "id": 8, "tags": None, "nums": None, "cities": None, "home": None},
    {**FULL, "id": 9, "tags": [None, ""], "nums": [None], "home": {}, "cities": [{}]},
    {**FULL, "id": 10, "x": 5e-324, "color": 0, "s": "(", "t": "\n"},
    {**FULL, "id": 11, "x": 1.7e308, "color": -1, "s": "", "raw": b""},
]

CORPUS = (
    "s eq 'x'", "s ne null and n gt 3", "not (n eq 7) or ok", "not eq 1", "not eq eq eq", "not not", "eq eq eq", "n in (1,2,null)", "'red' in tags", "s in ('a%b_c','')",
    "contains(s,'%') or startswith(t,'O''')", "concat(concat(s,' '),t) eq 'x'", "substring(s,1,2) eq '%b'", "substring(s,-2) eq 'c'", "indexof(s,t) ge -1", "length(नाम) eq 6",
    "matchespattern(s,'^(a|b)+.*[^x-z]$')", "tolower(t) eq toupper(s)", "trim(s) eq s", "n add 1 mul 2 sub 3 gt 4", "(n add 1) mul -2 lt 4", "n div 2 eq 3 and n mod eq eq 0", "n divby eq gt d",
    "-n lt - 5", "-x eq INF or x eq NaN", "big add n gt 9223372036854775807", "d mul 1.5 le x", "round(x) eq -3", "floor(d) eq ceiling(d)", "ok eq true and not eq FALSE",
    "day eq 2024-02-29", "at ge 2024-02-29T12:00:00Z", "at add duration'P1D' gt now()", "day sub duration'PT1S' lt day", "at sub at eq duration'PT0S'", "took mul 2 gt duration'-P1DT2H3M4.5S'", "took div eq lt -took", "took sub took lt duration'P999999999DT1S'", "day sub took ne day and at sub took ne at",
    "year(at) eq 2024 and month(day) eq 2", "date(at) eq day and time(at) ge hour", "totalseconds(took) gt 0.5", "totaloffsetminutes(at) eq 0", "hour eq 10:20:00.000", "fractionalseconds(at) eq 0",
    "guid eq 00000000-0000-0000-0000-000000000007", "raw eq null", "color has 'Red'", "color eq Sales.Color'Red,Green'", "geo.distance(here,geography'SRID=4326;Point(8 49)') lt 5e3", "tags/any(t: t eq 'red')",
    "tags/all(t: contains(t,'e') or t eq $it/s)", "cities/any(c: c/size gt n and cities/any(d: d/name ne c/name))", "cities/$count($filter=size gt 2) ge 1", "tags/$count gt 1", "nums/$filter($this gt 1)/$count eq 2",
    "hassubset(nums,[1,3])", "hassubsequence(nums,[3,2])", "home/name eq 'Bonn'", "cast(n,Edm.String) eq '7'", "cast(s,Edm.Int32) eq null", "isof(s,Edm.String)", "case(n gt 1:'a',ok:'b',true:s) eq 'a'", "case(not:10:20,true:hour)",
    "$it/n eq $it/n", "@p eq n", '[1,2] eq nums', '{"a":[1,{"b":null}]} eq null', "f(a=1,b=x/y)", "Items(1)(2)/name", "n desc", "s,home/name desc , n asc", "length(s) desc,tags/$count",
    "cast(x,Edm.Int64) eq 1", "cast(took,Edm.String) ne cast(at,Edm.String)", "cast(cast(s,Edm.Duration),Edm.Date) eq day",
)  # fmt: skip
MISTAKES = re.findall(
    r"(?m)^\$(?:filter|orderby)=(.+)$",
    (Path(__file__).parent.parent / "data" / "mistakes.txt").read_text("utf-8"),
)
"""Texts that people write, near which the rules of advice look at the text in many ways."""
OPTIONS = (
    "$filter=s eq 'x'&$orderby=n desc&$top=5&$skip=1&$count=true", "filter=n%20gt%203&top=2", "$filter=n eq @p&@p=7", "$filter=@a&@a=@b and ok&@b=not ok", "$orderby=@p&@p=n",
    "$filter=s eq '%26'&custom=1", "$TOP=0", "?$skip=3&$orderby=home/name", "$expand=home", "$filter=@a&@a=@a",
)  # fmt: skip
NAMED = (
    *PIECES,
    *MODEL.properties,
    "home/",
    ",Edm.Boolean)",
    ",Edm.Double)",
    ",Edm.DateTimeOffset)",
    ",Sales.Color)",
)
GENERATOR = Generator(MODEL, rows=ROWS)


def checked(wrong: oq.ODataError, text: str | None) -> None:
    assert wrong.problems
    assert str(wrong)
    str(wrong).encode()
    details, body = wrong.to_problem_details(instance="/x", type_base="https://e"), wrong.to_odata()
    json.dumps(answers.flat(wrong, accept_language="es").body).encode()
    assert details["status"] in (400, 501)
    assert len(details["errors"]) == len(wrong.problems)
    assert body["error"]["code"] == wrong.problems[0].code
    for problem in wrong.problems:
        start, end = problem.span
        assert 0 <= start <= end
        assert len(problem.message) < 600
        if text is not None:
            assert end <= len(text), (problem, len(text))


def tried(do: Callable[[], Any], text: str | None) -> Any:
    """The result, or None for an ODataError, which is looked at."""
    try:
        return do()
    except oq.ODataError as wrong:
        checked(wrong, text)
        return None


def evaluated(options: str | dict[str, str], text: str | None, many: bool) -> None:
    query = tried(lambda: oq.parse_query(options, entity_type=MODEL, limits=LIMITS), text)
    if query is not None:
        few = tried(lambda: python.apply(ROWS, query), text)
        if many and few is not None and not query.orderby:
            # Generated code keeps the rows that closures keep.
            kept = [row["id"] for row in python.apply(ROWS * 50, query)]
            assert query.top is not None or query.skip is not None or kept == [row["id"] for row in few] * 50


def long_text(choices: Choices) -> str:
    """A text of 4 to 10 KB: changed texts of the corpus in a row, a list, or around one another."""
    size, parts = 4_000 + 100 * choices.below(60), [""]
    joint = choices.pick((" or ", " and ", ",", ") or (", " eq ", ":", "(", "'"))
    while sum(map(len, parts)) < size:
        parts.append(mutate(choices, choices.pick(CORPUS), CORPUS, NAMED))
        parts += [parts[-1]] * choices.below(30)
    opening = choices.pick(("", "s in (", "case(", "concat(", "not (", "tags/any(t: ", "["))
    return (opening + joint.join(parts[1:]))[:10_000]


def once_long(choices: Choices) -> tuple[str, Callable[[], None]]:
    """A long text, and everything that is done with it; or a query string of many aliases."""
    if choices.chance(0.4):
        count = choices.between(1, 60)
        values = [mutate(choices, choices.pick(CORPUS), CORPUS, NAMED) for _ in range(count)]
        names = [f"@p{choices.below(count + 1)}" for _ in range(count)]
        pairs = {"$filter": "@p0 and ok", "$orderby": choices.pick(("@p1", "n"))}
        pairs |= {
            f"@p{n}": choices.pick((v, f"{v} and {a}", a, f"{a} or {a}"))
            for n, (v, a) in enumerate(zip(values, names, strict=True))
        }
        return str(pairs), lambda: evaluated(pairs, None, False)
    text = long_text(choices)

    def do() -> None:
        evaluated({"$filter": text}, text, False)
        evaluated({"$orderby": text, "$top": "3"}, text, False)
        evaluated({"$filter": "@p", "@p": text}, None, False)

    return text, do


def once(choices: Choices) -> tuple[str, Callable[[], None]]:
    """A text, and everything that is done with it."""
    if choices.chance(0.15):
        options = mutate(choices, choices.pick(OPTIONS), OPTIONS, NAMED)
        return options, lambda: evaluated(options, None, False)
    known = MISTAKES if choices.chance(0.3) else CORPUS
    start = choices.pick(known) if choices.chance(0.7) else oq.unparse(GENERATOR.filter(choices, 3))
    text = mutate(choices, start, known, NAMED)
    many = choices.chance(0.03)
    raw = choices.chance(0.1)

    def do() -> None:
        tree = tried(lambda: oq.parse_filter(text, limits=LIMITS), text)
        if tree is not None:
            assert (
                oq.parse_filter(oq.unparse(tree), limits=oq.Limits(max_length=None, max_depth=None)) == tree
            )
        tried(lambda: oq.parse_orderby(text, limits=LIMITS), text)
        evaluated({"$filter": text}, text, many)
        evaluated({"$orderby": text, "$top": "3"}, text, False)
        if raw:
            evaluated(f"$filter={quote(text, errors='replace')}", None, False)

    return text, do


def test_nothing_but_an_odata_error_escapes() -> None:
    failures: dict[str, str] = {}
    for number in range(COUNT):
        seed = SEED * 1_000_003 + number
        text, do = (once_long if number % 50 == 0 else once)(Choices.seeded(seed))
        try:
            do()
        except Exception as wrong:
            place = traceback.extract_tb(wrong.__traceback__)[-1]
            key = f"{type(wrong).__name__} at {os.path.basename(place.filename)}:{place.name}"
            failures.setdefault(
                key,
                f"{key}: {str(wrong)[:200]}\n  text {text[:2_000]!r}\n  seed {seed} (ODATA_FUZZ_SEED={SEED})",
            )
    assert not failures, f"{len(failures)} kinds of failure:\n" + "\n".join(failures.values())
