"""SQL of dialects that no engine runs here, transpiled by sqlglot to DuckDB and run there: a second proof.

`python tests/support/transpiled.py trino 1000 1` tries 1000 random queries of seed 1.

DuckDB proves that a statement means what Python means if its functions mean what they say; so sqlglot must
give each function the vendor's meaning. Where it does not, `Fault` says so and writes the construct again.
Functions that sqlglot does not know are macros of DuckDB, or functions of Python, with the vendor's meaning.
What the proof cannot show: that the vendor's parser takes the text, types that the vendor infers, collations
other than that of code points, and the vendor's plans.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Any, ClassVar, NamedTuple
from unittest.mock import patch

import differential
import sqlglot
from engines import NATURAL, DuckDb, Kind, Params, seconds
from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

import odata_query as oq
from odata_query import python, sql
from odata_query.python import operations
from odata_query.testing import Check, Report
from odata_query.testing.conformance import PRODUCT

Write = Callable[[DuckDBGenerator, Any], str | None]


class Fault(NamedTuple):
    """A construct that sqlglot maps to something else than the vendor means.

    node     the node of sqlglot's tree
    sample   the construct in the vendor's SQL
    meaning  the vendor's meaning, which sqlglot's text for DuckDB misses
    write    writes the node for DuckDB; None leaves it to sqlglot
    """

    node: type[exp.Expr]
    sample: str
    meaning: str
    write: Write


# ---- functions of DuckDB -------------------------------------------------------------------------

_EXACT = Context(prec=100)


def exact_quotient(a: str, b: str) -> Decimal:
    """The quotient with 12 places, rounded half away from zero."""
    return _places(_EXACT.divide(Decimal(a), Decimal(b)))


def exact_product(a: str, b: str) -> Decimal:
    """The product with 12 places; an error if it has more than 26 digits before them."""
    return _places(_EXACT.multiply(Decimal(a), Decimal(b)))


def fine_product(a: str, b: str) -> Decimal:
    """The product with 18 places; an error if it has more than 20 digits before them."""
    return _places(_EXACT.multiply(Decimal(a), Decimal(b)), "1e-18")


def exact_remainder(a: str, b: str) -> Decimal:
    """The remainder with the sign of the first number."""
    return _places(_EXACT.remainder(Decimal(a), Decimal(b)))


def _places(number: Decimal, least: str = "1e-12") -> Decimal:
    return number.quantize(Decimal(least), ROUND_HALF_UP, _EXACT)


def simple_upper(text: str) -> str:
    """Upper case, character by character: `ß` stays."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def simple_lower(text: str) -> str:
    """Lower case, character by character: each sigma alike, `İ` to `i`."""
    return "".join(char.lower()[0] for char in text)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _text(units: bytes) -> str:
    return units.decode("utf-16-le", "replace")


def utf16_find(needle: str, text: str) -> int:
    """The position of a text in units of UTF-16, from 1; 0 if absent, or if the needle is empty."""
    before, found, _ = text.partition(needle) if needle else ("", "", "")
    return len(_utf16(before)) // 2 + 1 if found else 0


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], Sequence[str], str]] = {
    "exact_quotient": (exact_quotient, ["VARCHAR"] * 2, "DECIMAL(38,12)"),
    "exact_product": (exact_product, ["VARCHAR"] * 2, "DECIMAL(38,12)"),
    "fine_product": (fine_product, ["VARCHAR"] * 2, "DECIMAL(38,18)"),
    "exact_remainder": (exact_remainder, ["VARCHAR"] * 2, "DECIMAL(38,12)"),
    "simple_upper": (simple_upper, ["VARCHAR"], "VARCHAR"),
    "simple_lower": (simple_lower, ["VARCHAR"], "VARCHAR"),
    "full_upper": (str.upper, ["VARCHAR"], "VARCHAR"),
    "full_lower": (str.lower, ["VARCHAR"], "VARCHAR"),
    "utf16_length": (lambda text: len(_utf16(text)) // 2, ["VARCHAR"], "BIGINT"),
    "utf16_find": (utf16_find, ["VARCHAR"] * 2, "BIGINT"),
    "utf16_left": (lambda text, n: _text(_utf16(text)[: 2 * n]), ["VARCHAR", "BIGINT"], "VARCHAR"),
    "utf16_right": (
        lambda text, n: _text(_utf16(text)[-2 * n :] if n else b""),
        ["VARCHAR", "BIGINT"],
        "VARCHAR",
    ),
}
"""Functions of Python for DuckDB: the function, the types of its arguments, and that of its result."""


# ---- what several dialects share -----------------------------------------------------------------


def _exact(name: str, a: str, b: str, kind: str = "exact") -> str:
    return f"{kind}_{name}(CAST({a} AS VARCHAR), CAST({b} AS VARCHAR))"


def _divide(self: Any, node: exp.Div) -> str | None:
    if self.is_float(node.left) or self.is_float(node.right):
        return f"CAST({self.sql(node, 'this')} AS DOUBLE) / CAST({self.sql(node, 'expression')} AS DOUBLE)"
    return _exact("quotient", self.sql(node, "this"), self.sql(node, "expression"))


def _modulo(self: Any, node: exp.Mod) -> str | None:
    if self.is_float(node) or not (self.may_be_decimal(node.this) or self.may_be_decimal(node.expression)):
        return None
    return _exact("remainder", self.sql(node, "this"), self.sql(node, "expression"))


def _call(name: str, *parts: str) -> Write:
    """Write a node as a call of a function with some of its parts."""
    return lambda self, node: f"{name}({', '.join(self.sql(node, part) for part in parts)})"


DIVISION = (
    Fault(exp.Div, "SELECT a / 3", "division of exact numbers is exact; DuckDB's gives a DOUBLE", _divide),
    Fault(
        exp.Mod,
        "SELECT CAST(a AS DECIMAL(38, 12)) % 3",
        "the remainder too is exact; DuckDB's can be a DOUBLE",
        _modulo,
    ),
)
LETTERS = (
    Fault(
        exp.Upper, "SELECT UPPER(a)", "case is mapped character by character", _call("simple_upper", "this")
    ),
    Fault(
        exp.Lower, "SELECT LOWER(a)", "case is mapped character by character", _call("simple_lower", "this")
    ),
)


def _time(self: Any, node: exp.Cast) -> str | None:
    """Write the time of day of a moment."""
    value = node.this
    is_moment = not (isinstance(value, exp.Column) and value.name in self.times) and not value.find(
        exp.JSONExtract
    )
    if node.to.this == exp.DType.TIME and is_moment and not isinstance(value, exp.AtTimeZone | exp.Literal):
        return f"CAST(CAST({self.sql(value)} AS TIMESTAMP) AS TIME)"
    return None


TIME = Fault(exp.Cast, "SELECT CAST(a AS TIME)", "the time of a moment; DuckDB has no such cast", _time)
MICROSECOND = Fault(
    exp.Extract,
    "SELECT EXTRACT(MICROSECOND FROM a)",
    "the fraction of the second; DuckDB's has the whole seconds in it",
    lambda self, node: (
        f"(EXTRACT(MICROSECOND FROM {self.sql(node, 'expression')}) % 1000000)"
        if node.name.upper() == "MICROSECOND"
        else None
    ),
)


CASE_BY_CHARACTER = {"toupper(String)": "simple_upper(a)", "tolower(String)": "simple_lower(a)"}
"""Python's operations for dialects that say in their docstrings that case is mapped character by character."""


def _once(value: str, then: str) -> str:
    """Use a value several times, but write it once: chains of `l mul l` would grow beyond measure."""
    return f"list_transform([{value}], lambda given: {then})[1]"


def _nullif(self: DuckDBGenerator, node: exp.Nullif) -> str | None:
    if isinstance(node.this, exp.Column | exp.Placeholder | exp.Parameter):
        return None
    return _once(self.sql(node, "this"), f"CASE WHEN given <> {self.sql(node, 'expression')} THEN given END")


def _extreme(name: str) -> Write:
    def write(self: DuckDBGenerator, node: Any) -> str:
        pair = f"{{'a': {self.sql(node, 'this')}, 'b': {self.sql(node.expressions[0])}}}"
        return _once(
            pair, f"CASE WHEN given.a IS NOT NULL AND given.b IS NOT NULL THEN {name}(given.a, given.b) END"
        )

    return write


ONCE = Fault(
    exp.Nullif,
    "SELECT NULLIF(a + 1, 0)",
    "a function; DuckDB makes a CASE that repeats its arguments",
    _nullif,
)
EXTREMES = (
    Fault(
        exp.Greatest,
        "SELECT GREATEST(a, 0)",
        "null if one is null; sqlglot's CASE repeats all arguments",
        _extreme("greatest"),
    ),
    Fault(
        exp.Least,
        "SELECT LEAST(a, 0)",
        "null if one is null; sqlglot's CASE repeats all arguments",
        _extreme("least"),
    ),
)

_IS_NAN = "(typeof({x}) IN ('DOUBLE', 'FLOAT') AND isnan(TRY_CAST({x} AS DOUBLE)))"


def _ieee(sign: str, part: str) -> Write:
    """Write a comparison that is false if NaN is on a side where DuckDB takes it for the greatest number."""

    def write(self: Any, node: Any) -> str | None:
        if not any(self.is_float(side, unsure=True) for side in (node.this, node.expression)):
            return None
        left, right = self.sql(node, "this"), self.sql(node, "expression")
        is_nan = _IS_NAN.format(x=left if part == "this" else right)
        if sign == "<>":
            return f"({left} <> {right} OR {is_nan})"
        return f"({left} {sign} {right} AND NOT {is_nan})"

    return write


def ieee(type: str) -> tuple[Fault, ...]:
    return tuple(
    Fault(node, f"SELECT CAST(a AS {type}) {sign} 1", "NaN equals nothing and has no order", _ieee(sign, part))
    for node, sign, part in (
        (exp.EQ, "=", "this"), (exp.NEQ, "<>", "this"), (exp.GT, ">", "this"), (exp.GTE, ">=", "this"),
        (exp.LT, "<", "expression"), (exp.LTE, "<=", "expression"),
    )
)  # fmt: skip


def _bits(self: Any, node: exp.BitwiseAnd) -> str:
    return f"CAST({self.sql(node, 'this')} AS HUGEINT) & CAST({self.sql(node, 'expression')} AS HUGEINT)"


def _substring(self: Any, node: exp.Substring) -> str:
    numbers = [
        f"CAST({self.sql(node, part)} AS BIGINT)" for part in ("start", "length") if node.args.get(part)
    ]
    return f"SUBSTRING({', '.join([self.sql(node, 'this'), *numbers])})"


POSITIONS = Fault(exp.Substring, "SELECT SUBSTRING(a, b, 1)", "positions of any type of integers", _substring)
BITS = Fault(exp.BitwiseAnd, "SELECT {}", "of integers, which a quotient of two is", _bits)


class Transpiled(DuckDb):
    """DuckDB as a database whose dialect no engine runs here."""

    read: ClassVar[str]
    """The name of the dialect in sqlglot."""
    columns: ClassVar[Mapping[str, str]] = {}
    """The types of columns where they are not DuckDB's, by kind."""
    types: ClassVar[Mapping[str, str]] = {}
    """The types of DuckDB for those that sqlglot maps to others, by their text in the vendor's SQL."""
    zones: ClassVar[Sequence[dt.tzinfo]] = differential.FIXED_ZONES
    """Time zones of random queries. UTC alone where moments keep an offset, which DuckDB's do not."""
    escape = ""
    """The character that escapes another one in a text, as a regular expression."""
    python: ClassVar[Mapping[str, str]] = {}
    """Expressions of Python for operations whose meaning the dialect documents to be another one."""
    faults: ClassVar[tuple[Fault, ...]] = ()
    macros: ClassVar[Sequence[str]] = ()
    floats: frozenset[str] | set[str] = frozenset()
    decimals: frozenset[str] | set[str] = frozenset()
    times: frozenset[str] | set[str] = frozenset()
    integer: ClassVar[str | None] = None
    """The type of DuckDB for all integers, where the dialect has only one."""
    has_fine_decimals = False
    """True where decimals have room for 19 digits before the point and more than 19 after it."""
    texts: ClassVar[Sequence[tuple[str, str]]] = ()
    """Replacements, by regular expressions, of what sqlglot cannot parse."""

    def start(self) -> None:
        super().start()
        self.execute("SET max_expression_depth = 10000")
        self.execute("SET threads = 1")  # small tables
        sys.setrecursionlimit(200_000)  # sqlglot's functions call each other at each level of a statement
        for name, (function, types, result) in FUNCTIONS.items():
            self.connection.create_function(name, function, types, result)
        # Of a name or an offset; DuckDB's own function takes names only.
        moment = "(clock::VARCHAR || CASE WHEN zone[1] IN ('+', '-') THEN zone ELSE ' ' || zone END)"
        self.execute(f"CREATE MACRO timezone_of(zone, clock) AS {moment}::TIMESTAMPTZ")
        for macro in self.macros:
            self.execute(f"CREATE MACRO {macro}")
        self.writer = writer(type(self))

    @classmethod
    def missing(cls) -> str | None:
        return DuckDb.missing()

    def create(self, table: str, columns: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]) -> None:
        super().create(table, columns, rows)
        kinds = {name: self.named(kind)[0] for name, kind in columns.items()}
        self.floats = self.floats | {name for name, kind in kinds.items() if kind in ("Double", "Single")}
        self.times = self.times | {name for name, kind in kinds.items() if kind == "TimeOfDay"}
        self.decimals = self.decimals | {n for n, kind in kinds.items() if kind in ("Decimal", "Duration")}

    def column_type(self, kind: Kind) -> str:
        name, override = self.named(kind)
        if override is not None:
            return override
        inner = name.removeprefix("Collection(").removesuffix(")")
        is_integer = inner in ("SByte", "Byte", "Int16", "Int32", "Int64", "enum")
        found = self.columns.get(inner) or (is_integer and self.integer) or NATURAL["duckdb", inner]
        return self.columns.get("collection", "{}[]").format(found) if inner != name else found

    def run(self, text: str, params: Params = ()) -> list[tuple[Any, ...]]:
        if not isinstance(params, Mapping):
            text, params = numbered(text, self.escape), {f"p{n}": value for n, value in enumerate(params, 1)}
        floats = {name for name, value in params.items() if isinstance(value, float)}
        self.writer.floats = self.floats | floats
        self.writer.decimal_columns = self.decimals
        self.writer.times = self.times
        is_typed = self.integer is not None
        self.writer.integers = {name for name, value in params.items() if is_typed and type(value) is int}
        self.writer.decimals = {name: value for name, value in params.items() if isinstance(value, Decimal)}
        written = self.transpiled(text)
        return super().run(written, {name: self.bound(value) for name, value in params.items()})

    def is_too_fine(self, params: Params) -> bool:
        """True for a decimal that has no room in DuckDB's 38 digits beside an integer of 64 bits."""
        values = params.values() if isinstance(params, Mapping) else params
        decimals = (value for value in values if isinstance(value, Decimal))
        return self.has_fine_decimals and any(one.as_tuple().exponent < -19 for one in decimals)

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Change a row that the engine cannot hold."""
        return row

    def bound(self, value: Any) -> Any:
        """Convert a value as the vendor's driver sends it for DuckDB."""
        return value

    def transpiled(self, text: str) -> str:
        for pattern, replacement in self.texts:
            text = re.sub(pattern, replacement, text)
        tree = self.changed(sqlglot.parse_one(text, read=self.read))
        self.writer.bound = {one.alias: one.this for one in tree.find_all(exp.Alias)}
        return self.writer.generate(tree)

    def changed(self, tree: exp.Expr) -> exp.Expr:
        """Change a tree before it is written."""
        return tree

    def sample(self, fault: Fault) -> tuple[str, str]:
        """Write the sample of a fault as sqlglot does, and as it must be."""
        tree = sqlglot.parse_one(fault.sample, read=self.read)
        return tree.sql("duckdb"), self.writer.generate(tree.copy())


def numbered(text: str, escape: str) -> str:
    """Number the markers of a statement: `a = ?` -> `a = :p1`; `escape` is a character of texts."""
    tokens = f"""'(?:[^'{escape * 2}]|{escape}.|'')*'""" if escape else "'[^']*'"
    count = iter(range(1, 10**6))
    return re.sub(
        tokens + r"""|"[^"]*"|(?<!\w)\[[^\]]*\]|\?""",
        lambda found: f":p{next(count)}" if found[0] == "?" else found[0],
        text,
        flags=re.S,
    )


@cache
def writer(dialect: type[Transpiled]) -> DuckDBGenerator:
    """Make sqlglot's generator for DuckDB with the rewrites of a dialect."""
    transforms: dict[type[exp.Expr], Any] = {**DuckDBGenerator.TRANSFORMS}

    def transform(node: type[exp.Expr], writes: Sequence[Write]) -> Callable[[Any, Any], str]:
        usual = transforms.get(node) or getattr(DuckDBGenerator, f"{node.key}_sql", None)
        usual = usual or DuckDBGenerator.function_fallback_sql

        def write(self: Any, expression: Any) -> str:
            for one in writes:
                found = one(self, expression)
                if found is not None:
                    return found
            return str(usual(self, expression))

        return write

    by_node: dict[type[exp.Expr], list[Write]] = {}
    for fault in dialect.faults:
        by_node.setdefault(fault.node, []).append(fault.write)
    changed = {node: transform(node, writes) for node, writes in by_node.items()}
    types = dialect.types

    class Writer(DuckDBGenerator):
        TRANSFORMS = transforms | changed

        decimals: ClassVar[dict[str, Decimal]] = {}
        decimal_columns: ClassVar[set[str]] = set()
        integers: ClassVar[set[str]] = set()
        bound: ClassVar[dict[str, exp.Expr]] = {}
        """Values that a derived table names, by their names."""
        times: ClassVar[set[str]] = set()

        def placeholder_sql(self, expression: Any) -> str:
            """Write a parameter; a decimal has room for products, which DuckDB gives to a literal only."""
            found = f"${expression.name}"
            if expression.name in self.integers:
                return f"CAST({found} AS {dialect.integer})"
            if expression.name not in self.decimals:
                return found
            value = self.decimals[expression.name]
            # Beside a wide decimal without places, DuckDB would round the other value of a CASE.
            scale = max(-int(value.as_tuple().exponent), min(6, 37 - value.adjusted()), 0)
            return f"CAST({found} AS DECIMAL(38, {scale}))"

        parameter_sql = placeholder_sql

        def places(self, node: exp.Expr) -> int:
            """The number of digits after the point of a parameter."""
            is_decimal = isinstance(node, exp.Placeholder | exp.Parameter) and node.name in self.decimals
            return -int(self.decimals[node.name].as_tuple().exponent) if is_decimal else 0

        floats: ClassVar[set[str]] = set()
        """Names of columns and parameters that are floats."""

        def is_float(self, node: exp.Expr, *, unsure: bool = False) -> bool:
            """True for a number that is a float; `unsure` is for a member of an array."""
            parts: list[Any] = []
            if isinstance(node, exp.Cast | exp.TryCast):
                return node.to.this in (exp.DType.DOUBLE, exp.DType.FLOAT)
            if isinstance(node, exp.Column) and node.table == "v":  # of VALUES, which stand in for a variable
                row = node.find_ancestor(exp.Select).find(exp.Values).expressions[0].expressions
                return self.is_float(row["ab".index(node.name)], unsure=unsure)
            if isinstance(node, exp.Column) and node.name in self.bound:
                return self.is_float(self.bound[node.name], unsure=unsure)
            if isinstance(node, exp.Column | exp.Placeholder | exp.Parameter):
                return node.name in self.floats or (unsure and node.name.startswith("odata_"))
            if isinstance(node, exp.Identifier):
                return unsure
            if isinstance(node, exp.Literal):
                return not node.is_string and "E" in node.name.upper() and dialect.name != "oracle"
            if isinstance(node, exp.Anonymous):
                return node.name.upper() in ("TO_BINARY_DOUBLE", "IEEE_DIVIDE")
            if isinstance(node, exp.Subquery):
                parts = [node.this.expressions[0]]
            elif isinstance(node, exp.Case):
                parts = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
            elif isinstance(node, exp.Predicate | exp.Connector | exp.Not):
                return False
            elif isinstance(node, exp.Unary | exp.Binary | exp.Func | exp.Paren):
                parts = [one for one in node.iter_expressions() if not isinstance(one, exp.DataType)]
            return any(self.is_float(part, unsure=unsure) for part in parts if part is not None)

        def may_be_decimal(self, node: exp.Expr) -> bool:
            """True unless the type of an expression is surely no decimal with places."""
            names = {one.name for one in node.find_all(exp.Column, exp.Placeholder, exp.Parameter)}
            casts = (one.to for one in node.find_all(exp.Cast))
            known = bool(names & {*self.decimals, *self.decimal_columns}) or node.find(exp.Div) is not None
            return known or any(len(one.expressions) > 1 and one.expressions[1].name != "0" for one in casts)

        def datatype_sql(self, expression: exp.DataType) -> str:
            return types.get(expression.sql(dialect.read).upper()) or super().datatype_sql(expression)

    return Writer(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.IGNORE)


# ---- Trino ---------------------------------------------------------------------------------------


def _lambda(self: DuckDBGenerator, node: exp.Anonymous) -> str | None:
    if node.name.upper() == "ANY_MATCH":
        values, condition = (self.sql(part) for part in node.expressions)
        return f"len(list_filter({values}, {condition})) > 0"
    return None


def _cast_to_text(self: DuckDBGenerator, node: exp.Cast) -> str | None:
    """Write the text of a moment or a time of day with six digits of its second."""
    value = node.this
    if node.to.this in exp.DataType.TEXT_TYPES and isinstance(value, exp.Cast):
        if value.to.this == exp.DType.TIMESTAMP:
            return f"strftime({self.sql(value)}, '%Y-%m-%d %H:%M:%S.%f')"
        if value.to.this == exp.DType.TIME:
            return f"strftime(DATE '2000-01-01' + {self.sql(value)}, '%H:%M:%S.%f')"
    return None


def _try(self: Any, node: exp.Try) -> str:
    """Write TRY, which takes no subqueries on DuckDB: these are computed before."""
    inner = node.this.copy()
    found = [one for one in inner.find_all(exp.Subquery) if one.find_ancestor(exp.Subquery) is None]
    pairs = []
    for n, one in enumerate(found):
        pairs.append(f"'s{n}': {self.sql(one)}")
        one.replace(exp.column(f"s{n}", table="given"))
    text = f"TRY({self.sql(inner)})"
    return _once("{" + ", ".join(pairs) + "}", text) if pairs else text


def _decimal(self: Any, node: exp.Cast) -> str | None:
    is_literal = node.to.this == exp.DType.DECIMAL and not node.to.expressions and node.this.is_string
    return node.name if is_literal else None


def _scalar(self: Any, node: exp.JSONExtractScalar) -> str:
    """Write the text of a value in JSON, of one at its root too."""
    path = self.sql(node, "expression")
    return f"json_value({self.sql(node, 'this')}, {path}) ->> '$'"


def _real(self: Any, node: exp.Cast) -> str | None:
    if node.to.this != exp.DType.FLOAT:
        return None
    single = "CASE WHEN abs(given) < 3.4028235677973366e38 THEN CAST(TRY_CAST(given AS FLOAT) AS DOUBLE)"
    return _once(
        f"CAST({self.sql(node, 'this')} AS DOUBLE)", f"{single} ELSE given * CAST('Infinity' AS DOUBLE) END"
    )


class Trino(Transpiled):
    name = read = "trino"
    columns: ClassVar = {"Duration": "DECIMAL(20, 6)"}
    stored_as: ClassVar = {"Duration": seconds}
    faults = (
        *DIVISION,
        *LETTERS,
        *ieee("DOUBLE"),
        BITS._replace(sample="SELECT BITWISE_AND(a, b)"),
        POSITIONS,
        ONCE,
        *EXTREMES,
        Fault(
            exp.Cast,
            "SELECT CAST(CAST(a AS TIME(6)) AS VARCHAR)",
            "a text with all six digits",
            _cast_to_text,
        ),
        Fault(exp.Cast, "SELECT CAST(a AS REAL)", "infinite if it is too large", _real),
        Fault(
            exp.Struct,
            "SELECT ROW(a)",
            "fields without names",
            lambda self, node: f"ROW({', '.join(map(self.sql, node.expressions))})",
        ),
        Fault(exp.Cast, "SELECT DECIMAL '0.000001'", "a decimal of as many digits", _decimal),
        Fault(
            exp.JSONExtractScalar,
            "SELECT JSON_EXTRACT_SCALAR(a, '$.x')",
            "null for objects and arrays",
            _scalar,
        ),
        Fault(exp.Try, "SELECT TRY((SELECT 1 FROM t) + a)", "an error is null, in subqueries too", _try),
        Fault(
            exp.Anonymous, "SELECT ANY_MATCH(a, x -> x > 1)", "whether a member fulfils a condition", _lambda
        ),
    )
    python = CASE_BY_CHARACTER
    macros = (
        "WITH_TIMEZONE(clock, zone) AS timezone_of(zone, clock::TIMESTAMP)",
        "JSON_FORMAT(x) AS CAST(x AS VARCHAR)",
        "FROM_UNIXTIME_NANOS(n) AS make_timestamptz(CAST(CAST(n AS HUGEINT) // 1000 AS BIGINT))",
    )


# ---- BigQuery ------------------------------------------------------------------------------------


def _bignumeric(self: Any, node: exp.Cast) -> str | None:
    """Write a cast to BIGNUMERIC: of integers to HUGEINT in bounds of INT64, as DuckDB has at most 38 digits."""
    if node.to.this != exp.DType.BIGDECIMAL:
        return None
    around = node.parent
    while isinstance(around, exp.Paren | exp.Binary | exp.Neg):
        around = around.parent
    if isinstance(around, exp.Greatest | exp.Least) or node.name.lstrip("-").startswith("92233720368547758"):
        return f"CAST({self.sql(node, 'this')} AS HUGEINT)"
    return None


def _timestamp(self: Any, node: exp.Timestamp) -> str | None:
    zone = node.args.get("zone")
    return zone and f"timezone_of({self.sql(zone)}, CAST({self.sql(node, 'this')} AS TIMESTAMP))"


def _time_of(self: Any, node: exp.TsOrDsToTime) -> str:
    return f"CAST(CAST({self.sql(node, 'this')} AS TIMESTAMP) AS TIME)"


def _safe(sign: str) -> Write:
    """Write an operation that is null for an overflow; infinite only if an operand is."""

    def write(self: Any, node: Any) -> str:
        a, b = self.sql(node, "this"), self.sql(node, "expression")
        if not self.is_float(node):
            # A column has six places, and the product of two of them twelve; a parameter can have more.
            kind = "fine" if max(self.places(node.this), self.places(node.expression)) > 6 else "exact"
            found = f"given.a {sign} given.b"
            found = _exact("product", "given.a", "given.b", kind) if sign == "*" else found
            return _once(f"{{'a': {a}, 'b': {b}}}", f"TRY({found})")
        pair = f"{{'a': CAST({a} AS DOUBLE), 'b': CAST({b} AS DOUBLE)}}"
        found = f"given.a {sign} given.b"
        is_lost = f"isfinite(given.a) AND isfinite(given.b) AND NOT isfinite({found})"
        return _once(pair, f"CASE WHEN NOT ({is_lost}) THEN {found} END")

    return write


def _safe_divide(self: Any, node: exp.SafeDivide) -> str:
    if self.is_float(node.this) or self.is_float(node.expression):
        return f"CAST({self.sql(node, 'this')} AS DOUBLE) / NULLIF(CAST({self.sql(node, 'expression')} AS DOUBLE), 0)"
    return _exact("quotient", self.sql(node, "this"), f"NULLIF({self.sql(node, 'expression')}, 0)")


class BigQuery(Transpiled):
    name = read = "bigquery"
    has_fine_decimals = True  # BIGNUMERIC has 38 digits on each side of the point
    escape = r"\\"
    integer = "BIGINT"
    columns: ClassVar = {"Duration": "DECIMAL(20, 6)", "Guid": "VARCHAR"}
    stored_as: ClassVar = {"Duration": seconds, "Guid": str}
    types: ClassVar = {"BIGNUMERIC": "DECIMAL(38, 12)", "NUMERIC": "DECIMAL(38, 9)"}
    faults = (
        *DIVISION,
        *ieee("FLOAT64"),
        ONCE,
        *EXTREMES,
        MICROSECOND,
        Fault(exp.Timestamp, "SELECT TIMESTAMP(a, '+02:00')", "the moment of a clock in a zone", _timestamp),
        Fault(exp.TsOrDsToTime, "SELECT TIME(a)", "the time of a moment; DuckDB has no such cast", _time_of),
        Fault(exp.SafeDivide, "SELECT SAFE_DIVIDE(a, b)", "exact for NUMERIC", _safe_divide),
        Fault(exp.SafeAdd, "SELECT SAFE_ADD(a, b)", "null for an overflow, of floats too", _safe("+")),
        Fault(
            exp.SafeSubtract, "SELECT SAFE_SUBTRACT(a, b)", "null for an overflow, of floats too", _safe("-")
        ),
        Fault(
            exp.SafeMultiply, "SELECT SAFE_MULTIPLY(a, b)", "null for an overflow, of floats too", _safe("*")
        ),
        Fault(exp.Cast, "SELECT GREATEST(CAST(a AS BIGNUMERIC) * b, 1)", "76 digits", _bignumeric),
        Fault(
            exp.Upper,
            "SELECT UPPER(a)",
            "the capitals of Unicode; DuckDB maps characters one to one",
            _call("full_upper", "this"),
        ),
        Fault(
            exp.Lower,
            "SELECT LOWER(a)",
            "small letters of Unicode; DuckDB maps characters one to one",
            _call("full_lower", "this"),
        ),
    )
    macros = (
        "TO_JSON_STRING(x) AS COALESCE(CAST(x AS VARCHAR), 'null')",
        "IEEE_DIVIDE(a, b) AS CAST(a AS DOUBLE) / CAST(b AS DOUBLE)",
    )


# ---- Snowflake -----------------------------------------------------------------------------------


def _flatten(self: Any, node: exp.TableFromRows) -> str:
    """Write FLATTEN, whose rows have the members of an array as VALUE."""
    source = self.sql(node.find(exp.Kwarg), "expression")
    return (
        f"(SELECT unnest(json_extract({source}, '$[*]')) AS VALUE) AS {self.sql(node.args['alias'], 'this')}"
    )


def _json_null(self: Any, node: exp.Cast) -> str | None:
    """Write a cast of JSON, whose null is null and whose text has no quotes."""
    value = node.this
    is_json = isinstance(value, exp.JSONExtract) or (isinstance(value, exp.Column) and value.name == "VALUE")
    if not is_json:
        return None
    return f"CAST({self.sql(value)} ->> '$' AS {self.sql(node, 'to')})"


def _moved(self: Any, node: exp.DateAdd) -> str | None:
    if node.text("unit").upper() != "MICROSECOND":
        return None
    return f"{self.sql(node, 'this')} + to_microseconds(CAST({self.sql(node, 'expression')} AS BIGINT))"


def _nanosecond(self: Any, node: exp.Extract) -> str | None:
    if node.name.upper() != "NANOSECOND":
        return None
    return f"(EXTRACT(MICROSECOND FROM {self.sql(node, 'expression')}) % 1000000 * 1000)"


def _to_varchar(self: Any, node: exp.ToChar) -> str:
    form = "%Y-%m-%dT%H:%M:%S.%f" if "HH24" in node.text("format") else "%Y-%m-%d"
    return f"strftime({self.sql(node, 'this')}, '{form}')"


class Snowflake(Transpiled):
    name = read = "snowflake"
    zones = (dt.UTC,)
    escape = r"\\"
    integer = "HUGEINT"
    columns: ClassVar = {"Duration": "DECIMAL(20, 6)", "Guid": "VARCHAR", "collection": "JSON"}
    stored_as: ClassVar = {"Duration": seconds, "Guid": str}
    faults = (
        *DIVISION,
        BITS._replace(sample="SELECT BITAND(a, b)"),
        ONCE,
        *EXTREMES,
        TIME,
        Fault(
            exp.Extract, "SELECT DATE_PART(NANOSECOND, a)", "the fraction, of a time of day too", _nanosecond
        ),
        Fault(exp.Substring, "SELECT SUBSTR(a, b)", "a start of any integer type", _substring),
        Fault(
            exp.DateAdd,
            "SELECT DATEADD(MICROSECOND, b, a)",
            "any number of microseconds; sqlglot's fit 32 bits",
            _moved,
        ),
        Fault(exp.ToChar, "SELECT TO_VARCHAR(a, 'YYYY-MM-DD')", "a text of this form", _to_varchar),
        Fault(
            exp.StrToTime,
            "SELECT TO_TIMESTAMP_TZ(a, 'YYYY-MM-DD')",
            "an offset with a colon",
            lambda self, node: f"CAST({self.sql(node, 'this')} AS TIMESTAMPTZ)",
        ),
        Fault(
            exp.TableFromRows,
            "SELECT 1 FROM TABLE(FLATTEN(INPUT => a)) AS t",
            "the members of an array of any type",
            _flatten,
        ),
        Fault(exp.Cast, "SELECT CAST(GET_PATH(a, '[\"x\"]') AS VARCHAR)", "the text itself", _json_null),
        Fault(
            exp.Upper,
            "SELECT UPPER(a)",
            "the capitals of Unicode; DuckDB maps characters one to one",
            _call("full_upper", "this"),
        ),
        Fault(
            exp.Lower,
            "SELECT LOWER(a)",
            "small letters of Unicode; DuckDB maps characters one to one",
            _call("full_lower", "this"),
        ),
    )
    macros = (
        "TO_TIMESTAMP_TZ(x) AS CAST(x AS TIMESTAMPTZ)",
        "TO_TIMESTAMP_NTZ(x) AS CAST(x AS TIMESTAMP)",
    )


# ---- Oracle --------------------------------------------------------------------------------------


def _oracle_text(usual: Callable[[Any, Any], str]) -> Write:
    """Write a text that is null where it is empty."""
    return lambda self, node: _once(usual(self, node), "CASE WHEN given <> '' THEN given END")


def _oracle_trim(self: Any, node: exp.Trim) -> str:
    side = {"LEADING": "ltrim", "TRAILING": "rtrim"}[node.text("position")]
    return f"{side}({self.sql(node, 'this')}, {self.sql(node, 'expression')})"


def _oracle_substring(self: Any, node: exp.Substring) -> str:
    numbers = [
        f"CAST({self.sql(node, part)} AS BIGINT)" for part in ("start", "length") if node.args.get(part)
    ]
    return f"substring({', '.join([self.sql(node, 'this'), *numbers])})"


def _lax(value: exp.Expr, path: str) -> str:
    """Write a path whose first step takes JSON that is no array for its only member."""
    is_member = isinstance(value, exp.Column) and value.name == "value"
    return path if is_member else path.replace("$[0]", "$", 1)


def _oracle_function(self: Any, node: exp.Anonymous) -> str | None:
    name, first = node.name.upper(), node.expressions[0] if node.expressions else None
    if name == "UNISTR":
        text = re.sub(r"\\([0-9A-F]{4})", lambda found: chr(int(found[1], 16)), first.name)
        return self.sql(exp.Literal.string(text))
    if name == "TRUNC":
        if isinstance(first, exp.Div):
            # Of integers, which can have a type with places: DuckDB's // gives these a quotient with a fraction.
            a, b = self.sql(first, "this"), self.sql(first, "expression")
            return f"(CAST({a} AS HUGEINT) // CAST({b} AS HUGEINT))"
        return f"trunc(CAST({self.sql(first, 'this') if isinstance(first, exp.ToNumber) else self.sql(first)} AS DECIMAL(38, 12)))"
    if name == "JSON_QUERY":
        value, path = self.sql(first), _lax(first, self.sql(node.expressions[1]))
        return _once(
            f"json_extract({value}, {path})",
            "CASE WHEN json_type(given) IN ('OBJECT', 'ARRAY') THEN given END",
        )
    return None


def _oracle_second(self: Any, node: exp.Extract) -> str | None:
    if node.name.upper() != "SECOND":
        return None
    return f"(CAST(EXTRACT(MICROSECOND FROM {self.sql(node, 'expression')}) AS DECIMAL(20, 0)) * 0.000001)"


def _oracle_json(self: Any, node: exp.JSONValue) -> str:
    type = node.args["returning"]
    text = f"json_value({self.sql(node, 'this')}, {_lax(node.this, self.sql(node, 'path'))}) ->> '$'"
    if type.this in exp.DataType.TEXT_TYPES:
        return _once(text, "CASE WHEN given <> '' THEN given END")
    if isinstance(node.parent, exp.Anonymous) and node.parent.name.upper() == "TO_BINARY_DOUBLE":
        return f"CAST({text} AS DOUBLE)"
    return f"CAST({text} AS {'DECIMAL(38, 12)' if type.this == exp.DType.DECIMAL else self.sql(type)})"


def _oracle_cast(self: Any, node: exp.Cast) -> str | None:
    return self.sql(node, "this") if node.to.this == exp.DType.DECIMAL else None


def _oracle_days(self: Any, node: Any) -> str | None:
    """Write a date and a number of days."""
    if isinstance(node.expression, exp.Floor) and node.expression.find(exp.Div):
        sign = "+" if isinstance(node, exp.Add) else "-"
        return f"{self.sql(node, 'this')} {sign} CAST({self.sql(node, 'expression')} AS INTEGER)"
    return None


def _oracle_name(self: Any, node: exp.Column) -> str | None:
    names = {"BINARY_DOUBLE_NAN": "NaN", "BINARY_DOUBLE_INFINITY": "Infinity"}
    return f"CAST('{names[node.name]}' AS DOUBLE)" if node.name in names else None


def _without_sign(self: Any, node: Any) -> str:
    return f"({node.key}({self.sql(node, 'this')}) + 0)"


class Oracle(Transpiled):
    name = read = "oracle"
    has_fine_decimals = True  # NUMBER has a floating point
    integer = "HUGEINT"
    columns: ClassVar = {"Boolean": "INTEGER", "TimeOfDay": "INTERVAL", "Guid": "BLOB", "collection": "JSON"}
    stored_as: ClassVar = {
        "Boolean": int,
        "Guid": lambda value: value.bytes,
        "TimeOfDay": lambda value: dt.datetime.combine(dt.date.min, value) - dt.datetime.min,
    }
    python = CASE_BY_CHARACTER
    texts = (
        (
            r"JSON_TABLE\((.*?), '\$\[\*\]' COLUMNS \(\"value\" CLOB FORMAT JSON WITH WRAPPER PATH '\$'\)\)",
            r"ELEMENTS(\1)",
        ),
        (" RETURNING CLOB", ""),
        (r" FROM DUAL\)", ")"),
    )
    faults = (
        *DIVISION,
        *LETTERS,
        ONCE,
        *EXTREMES,
        Fault(exp.Trim, "SELECT LTRIM(a, b)", "null if nothing is left", _oracle_text(_oracle_trim)),
        Fault(exp.Substring, "SELECT SUBSTR(a, 1)", "null if it is empty", _oracle_text(_oracle_substring)),
        Fault(exp.Anonymous, "SELECT UNISTR('\\00E9')", "a text by its code units", _oracle_function),
        Fault(exp.Extract, "SELECT EXTRACT(SECOND FROM a)", "seconds with their fraction", _oracle_second),
        Fault(exp.JSONValue, "SELECT JSON_VALUE(a, '$.x' RETURNING NUMBER)", "a number; DuckDB gives JSON", _oracle_json),
        Fault(exp.Cast, "SELECT CAST(a AS NUMBER)", "a number of any digits; DuckDB's DECIMAL has 18", _oracle_cast),
        Fault(exp.ToNumber, "SELECT TO_NUMBER(a)", "an exact number", lambda self, node: f"TRY_CAST({self.sql(node, 'this')} AS HUGEINT)"),
        Fault(exp.ToChar, "SELECT TO_CHAR(a, 'YYYY-MM-DD')", "the date without its time", lambda self, node: (
            f"strftime({self.sql(node, 'this')}, '%Y-%m-%d')" if node.args.get("format") else None)),
        Fault(exp.Add, "SELECT a + FLOOR(b)", "a number is one of days", _oracle_days),
        Fault(exp.Mul, "SELECT a * b", "a NUMBER of 126 digits; DuckDB's DECIMAL has 38, and null stands for more", lambda self, node: (
            None if isinstance(node.expression, exp.Literal) or self.is_float(node) else _safe("*")(self, node))),
        Fault(exp.Sub, "SELECT a - FLOOR(b)", "a number is one of days", _oracle_days),
        Fault(exp.Replace, "SELECT REPLACE(a, '-')", "removes the text if none replaces it", lambda self, node: (
            None if node.args.get("replacement") else f"replace({self.sql(node, 'this')}, {self.sql(node, 'expression')}, '')")),
        Fault(exp.Column, "SELECT BINARY_DOUBLE_NAN", "a constant", _oracle_name),
        Fault(exp.Is, "SELECT a IS NAN", "a test for NaN", lambda self, node: f"isnan({self.sql(node, 'this')})" if node.expression.name == "NAN" else None),
        Fault(exp.StrToTime, "SELECT TIMESTAMP '2024-01-01 00:00:00.0 +00:00'", "a moment with its offset", lambda self, node: f"CAST(replace({self.sql(node, 'this')}, ' +', '+') AS TIMESTAMPTZ)"),
        Fault(exp.DateTrunc, "SELECT TRUNC(CAST(a AS TIMESTAMP))", "the date; sqlglot's DD is no unit", lambda self, node: f"CAST({self.sql(node, 'this')} AS DATE)"),
        Fault(exp.Ceil, "SELECT CEIL(a)", "a BINARY_DOUBLE has no negative zero", _without_sign),
        Fault(exp.Floor, "SELECT FLOOR(a)", "a BINARY_DOUBLE has no negative zero", _without_sign),
    )  # fmt: skip
    macros = (
        "NLSSORT(x, s) AS encode(x)",
        "TO_BINARY_FLOAT(x) AS CASE WHEN abs(x) < 3.4028235677973366e38 THEN CAST(TRY_CAST(x AS FLOAT) AS DOUBLE)"
        " ELSE x * CAST('Infinity' AS DOUBLE) END",
        "TO_BINARY_DOUBLE(x) AS CAST(x AS DOUBLE) + 0",
        "TO_TIMESTAMP_TZ(x, f) AS CAST(x AS TIMESTAMPTZ)",
        "FROM_TZ(x, z) AS timezone_of(z, CAST(x AS TIMESTAMP))",
        "of_seconds(n) AS list_transform([CAST(n * 1000000 AS HUGEINT)], lambda given:"
        " to_days(CAST(given // 86400000000 AS INTEGER)) + to_microseconds(CAST(given % 86400000000 AS BIGINT)))[1]",
        "NUMTODSINTERVAL(n, u) AS CASE u WHEN 'DAY' THEN to_days(CAST(n AS INTEGER)) ELSE of_seconds(n) END",
        "TO_DSINTERVAL(x) AS CAST(x AS INTERVAL)",
        "BITAND(a, b) AS a & b",
        "RAWTOHEX(x) AS hex(x)",
        "HEXTORAW(x) AS unhex(x)",
        "SYSTIMESTAMP() AS current_timestamp::TIMESTAMP",
        "ELEMENTS(x) AS TABLE SELECT json_array(member) AS value FROM (SELECT unnest(json_extract(x, '$[*]')) AS member)",
    )

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        def full(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: full(part) for name, part in value.items()}
            return (
                [full(item) for item in value] if isinstance(value, list) else "-" if value == "" else value
            )

        return {name: full(value) for name, value in row.items()}


# ---- SQL Server ----------------------------------------------------------------------------------


def _points(self: Any, node: exp.Expr) -> bool:
    """True for a text whose collation has supplementary characters, so that functions count code points."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return isinstance(node, exp.Collate) and "_SC" in node.expression.sql()


def _length(self: Any, node: exp.Length) -> str:
    text = f"rtrim({self.sql(node, 'this')}, ' ')"
    return f"length({text})" if _points(self, node.this) else f"utf16_length({text})"


def _tsql_cast(self: Any, node: exp.Cast) -> str | None:
    value, type = node.this, node.to.this
    is_text = isinstance(value, exp.JSONExtractScalar) or (
        isinstance(value, exp.Column) and value.name == "value"
    )
    integers = (exp.DType.INT, exp.DType.BIGINT)
    others = (exp.DType.VARBINARY, exp.DType.BINARY, exp.DType.BIT, exp.DType.BOOLEAN, exp.DType.CHAR)
    if type not in others and (type not in integers or is_text):
        return None  # before the value is written, as nested ones would be written twice at each level
    text = self.sql(value)
    if type in (exp.DType.VARBINARY, exp.DType.BINARY):
        return f"encode({text})"
    if type in (exp.DType.BIT, exp.DType.BOOLEAN):
        if isinstance(value, exp.JSONExtractScalar):
            return f"CAST(CAST({text} AS BOOLEAN) AS TINYINT)"
        return f"CAST({_once(text, 'given <> 0')} AS TINYINT)"
    if type == exp.DType.CHAR:
        return f"upper(CAST({text} AS VARCHAR))"
    return f"CAST(trunc({text}) AS {self.sql(node, 'to')})"


def _tsql_like(self: Any, node: exp.Like) -> str:
    """Write LIKE with sets of characters as a regular expression."""
    pattern = node.expression.name
    pattern = re.sub(
        r"[.+*?(){}|\\$]", lambda found: found[0] if found[0] in "+" else "\\" + found[0], pattern
    )
    pattern = pattern.replace("%", ".*").replace("_", ".")
    negation = "NOT " if node.args.get("negate") else ""
    return f"{negation}regexp_full_match({self.sql(node, 'this')}, '{pattern}', 's')"


def _tsql_add(self: Any, node: exp.Add) -> str | None:
    left = node.left
    if isinstance(left, exp.Cast) and left.to.this in exp.DataType.TEXT_TYPES:
        return f"{self.sql(left)} || {self.sql(node, 'expression')}"
    return None


def _tsql_overflow(sign: str) -> Write:
    """Write arithmetic that fails where a float overflows."""

    def write(self: Any, node: Any) -> str | None:
        if not self.is_float(node):
            return None
        value = f"{self.sql(node, 'this')} {sign} {self.sql(node, 'expression')}"
        fails = "typeof(given) = 'DOUBLE' AND NOT isfinite(CAST(given AS DOUBLE))"
        return _once(value, f"CASE WHEN {fails} THEN error('8115') ELSE given END")

    return write


def _tsql_once(self: Any, node: exp.Subquery) -> str | None:
    values = node.find(exp.Values)
    if values is None or values.alias != "v" or values.find_ancestor(exp.Subquery) is not node:
        return None
    a, b = map(self.sql, values.expressions[0].expressions)
    return f"list_transform([{{'a': {a}, 'b': {b}}}], lambda v: {self.sql(node.this.expressions[0])})[1]"


class Mssql(Transpiled):
    name = "mssql"
    zones = (dt.UTC,)
    read = "tsql"
    holds_nan = False
    holds_infinity = False
    columns: ClassVar = {"Boolean": "TINYINT", "Duration": "DECIMAL(20, 6)", "collection": "JSON"}
    stored_as: ClassVar = {"Duration": seconds, "Boolean": int}
    python = CASE_BY_CHARACTER
    types: ClassVar = {
        "FLOAT": "DOUBLE",
        "FOUR_BYTES": "FLOAT",
        **dict.fromkeys(("NVARCHAR(MAX)", "VARCHAR(MAX)", "NVARCHAR(10)", "CHAR(36)"), "VARCHAR"),
    }
    texts = ((r"DATEPART\(TZOFFSET,", "TZOFFSET("), (r"\bAS REAL\)", "AS FOUR_BYTES)"))
    faults = (
        *LETTERS,
        BITS._replace(sample="SELECT a & b"),
        POSITIONS,
        ONCE,
        MICROSECOND,
        TIME,
        Fault(exp.Collate, "SELECT a COLLATE Latin1_General_100_BIN2", "by code point", lambda self, node: f'{self.sql(node, "this")} COLLATE "C"'),
        Fault(exp.National, "SELECT N'a'", "a text", lambda self, node: self.sql(exp.Literal.string(node.name))),
        Fault(exp.Length, "SELECT LEN(a)", "without trailing spaces, in units of UTF-16", _length),
        Fault(exp.StrPosition, "SELECT CHARINDEX(a, b)", "in units of UTF-16; 0 for an empty text", _call("utf16_find", "substr", "this")),
        Fault(exp.Left, "SELECT LEFT(a, 3)", "in units of UTF-16", _call("utf16_left", "this", "expression")),
        Fault(exp.Right, "SELECT RIGHT(a, 3)", "in units of UTF-16", _call("utf16_right", "this", "expression")),
        Fault(exp.Cast, "SELECT CAST(a AS INT), CAST(a AS BIT), CAST(a AS VARBINARY(MAX))", "decimals and floats are cut, a BIT is 0 or 1, and the bytes are those of the text", _tsql_cast),
        Fault(exp.Like, "SELECT a LIKE N'[0-9]%'", "sets of characters in brackets", _tsql_like),
        Fault(exp.Anonymous, "SELECT NCHAR(9)", "a character", lambda self, node: (
            f"chr({self.sql(node.expressions[0])})" if node.name.upper() == "NCHAR" else None)),
        Fault(exp.Div, "SELECT DATALENGTH(a) / 2", "of two integers, an integer", lambda self, node: (
            f"{self.sql(node, 'this')} // {self.sql(node, 'expression')}" if isinstance(node.this, exp.Anonymous) else None)),
        *DIVISION,
        Fault(exp.Add, "SELECT CAST(a AS NVARCHAR(MAX)) + b", "+ joins texts", _tsql_add),
        *(
            Fault(node, f"SELECT CAST(a AS FLOAT) {sign} b", "error 8115 for an overflow", _tsql_overflow(sign))
            for node, sign in ((exp.Add, "+"), (exp.Sub, "-"), (exp.Mul, "*"))
        ),
        Fault(exp.JSONExtract, "SELECT JSON_QUERY(a, '$.x')", "null unless it is an object or an array", lambda self, node: _once(
            f"json_extract({self.sql(node, 'this')}, {self.sql(node, 'expression')})",
            "CASE WHEN json_type(given) IN ('OBJECT', 'ARRAY') THEN given END")),
        Fault(exp.Subquery, "SELECT (SELECT v.a + v.b FROM (VALUES (a, b)) AS v(a, b))", "computes each argument once; DuckDB joins", _tsql_once),
        Fault(exp.Convert, "SELECT TRY_CONVERT(DATE, a, 23)", "null for a text that is no date", lambda self, node: (
            f"TRY_CAST({self.sql(node, 'expression')} AS DATE)" if node.this.this == exp.DType.DATE else None)),
    )  # fmt: skip
    macros = (
        "DATALENGTH(x) AS utf16_length(x) * 2",
        "TODATETIMEOFFSET(x, z) AS timezone_of(z, CAST(x AS TIMESTAMP))",
        "TZOFFSET(x) AS 0 * EXTRACT(YEAR FROM x)",
        "SYSUTCDATETIME() AS current_timestamp::TIMESTAMP",
        "OPENJSON(x) AS TABLE SELECT member ->> '$' AS value FROM (SELECT unnest(json_extract(x, '$[*]')) AS member)",
    )

    def bound(self, value: Any) -> Any:
        return int(value) if isinstance(value, bool) else value


KINDS: dict[str, type[Transpiled]] = {kind.name: kind for kind in (Trino, BigQuery, Snowflake, Oracle, Mssql)}


class Backend(differential.Database):
    """A dialect as a backend."""

    def excuse(self, query: oq.Query, found: list[int]) -> str | None:
        """Excuse rows for which an operation makes an empty text, which is null on Oracle."""
        if self.dialect.has_empty_string:
            return super().excuse(query, found)
        whole = replace(query, top=None, skip=None)
        empty: list[bool] = []

        def noted(text: str) -> str:
            empty.extend([True] * (text == ""))
            return text

        changed = {
            key: f"noted({operations.TEMPLATES[key]})"
            for key in ("substring(String,Integer)", "substring(String,Integer,Integer)", "trim(String)")
        }
        excused = set()
        with patch.dict(operations.TEMPLATES, changed), patch.dict(operations.NAMES, {"noted": noted}):
            operations.function.cache_clear()
            for row in self.rows:
                empty.clear()
                python.apply([row], replace(whole))
                if empty:
                    excused.add(row["id"])
        operations.function.cache_clear()
        statement = sql.select(whole, "products", dialect=self.name, columns=["id"])
        rest = [row[0] for row in self.engine.run(*statement)]
        rest = [id for id in (rest if query.orderby else sorted(rest)) if id not in excused]
        same = rest == [id for id in self.expected(whole) if id not in excused]
        return "an empty text arises, which is null" if excused and same else None


@cache
def transpiled(name: str) -> Transpiled:
    """Return the database of a dialect, started once."""
    return KINDS[name]()


@contextmanager
def meanings(database: Transpiled) -> Iterator[None]:
    """Give Python's operations the meaning that a dialect documents where it is another one."""
    names = {"simple_upper": simple_upper, "simple_lower": simple_lower}
    with patch.dict(operations.TEMPLATES, database.python), patch.dict(operations.NAMES, names):
        operations.function.cache_clear()
        yield
    operations.function.cache_clear()


def check(name: str, count: int, seed: int, most: int = 20) -> Report:
    """Try `count` random queries."""
    database = transpiled(name)
    backend = Backend(database)
    found = Check(backend, zones=database.zones, excuse=backend.excuse, most=most)
    found.offer.refused |= backend.not_offered()
    given = differential.rows(infinite=database.holds_infinity, nan=database.holds_nan)
    with meanings(database):
        found.queries(PRODUCT, [database.row(row) for row in given], count, seed)
    return found.report


def main(name: str, count: str = "1000", seed: str = "1", most: str = "20") -> int:
    report = check(name, int(count), int(seed), int(most))
    print(report)
    return bool(report.disagreements)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
