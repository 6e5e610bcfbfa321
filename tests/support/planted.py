"""Backends with one mistake each, which `check_backend` must find.

A mistake is planted in a dialect's tables, in Python's table of functions, in the emitter of SQL or closures,
or in a name of a module. It is there only while its backend answers, because `check_backend` compares with
the same library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from unittest.mock import patch

from differential import numbers_of, tables
from engines import Sqlite, json_text

import odata_query as oq
from odata_query import edm, python, sql
from odata_query import logic as truth
from odata_query.check.typed import TypedCall, TypedPath
from odata_query.model.properties import StructuredType
from odata_query.python import closures as python_closures
from odata_query.python import operations as python_operations
from odata_query.sql.columns import Columns
from odata_query.sql.composer import Composer
from odata_query.sql.dialects.base import Storage
from odata_query.sql.dialects.sqlite import SQLite
from odata_query.sql.emitter import SqlEmitter
from odata_query.testing.conformance import PRODUCT

Change = tuple[Any, str, Any]
"""A module or class, one of its names, and the object that takes its place."""


@dataclass(frozen=True)
class Mistake:
    """A mistake of a backend.

    templates  wrong templates of operations in SQL
    functions  wrong expressions of operations in Python
    dialect    wrong attributes of the dialect
    emitter    a class with wrong methods for the emitters of SQL and of closures
    on_python  the same for the emitter of closures alone
    names      changes for both backends
    column     a clause for columns of texts
    on         the backends in which the mistake can be planted
    seldom     those of them in which 1,000 random queries often miss it
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    dialect: Mapping[str, Any] = field(default_factory=dict)
    emitter: type = object
    on_python: type = object
    names: Sequence[Change] = ()
    column: str = ""
    on: Sequence[str] = ("sqlite", "python")
    seldom: Sequence[str] = ()

    def emitters(self, own: type, usual: type) -> type:
        bases = [base for base in (own, self.emitter) if base is not object]
        return type("Emitter", (*bases, usual), {})

    @contextmanager
    def planted(self, *more: Change) -> Iterator[None]:
        with ExitStack() as stack:
            for change in (*self.names, *more):
                stack.enter_context(patch.object(*change))
            yield


# ---- backends ------------------------------------------------------------------------------------


class OnPython:
    """Rows in memory, with a mistake."""

    nan = True

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        self.changes: tuple[Change, ...] = (
            (python_closures, "Closures", mistake.emitters(mistake.on_python, python_closures.Closures)),
            (python_closures, "function", cache(self.function)),
        )

    def function(self, key: str) -> Any:
        text = self.mistake.functions.get(key)
        if text is None:
            return python_operations.function(key)
        return eval(f"lambda a, b=None: {text}", python_operations.NAMES | WRONG)

    def apply(self, rows: Sequence[Any], query: oq.Query) -> list[Any]:
        with self.mistake.planted(*self.changes):
            return python.apply(rows, replace(query))  # without the compiled forms of the original

    excuse = None


class OnSqlite:
    """SQLite, with a mistake."""

    nan = False

    def __init__(self, mistake: Mistake, database: Sqlite) -> None:
        self.mistake = mistake
        self.database = database
        database.connection.create_function("half_even", 1, half_even, deterministic=True)
        database.execute("PRAGMA case_sensitive_like = ON")
        changes = {"templates": {**SQLite.templates, **mistake.templates}, **mistake.dialect}
        self.dialect: SQLite = type("Dialect", (SQLite,), changes)()
        self.changes: tuple[Change, ...] = ((sql, "SqlEmitter", mistake.emitters(object, SqlEmitter)),)
        self.rows: Sequence[Any] = ()

    def apply(self, rows: Sequence[Any], query: oq.Query) -> list[Any]:
        model = query.entity_type
        assert model is not None
        is_product = model is PRODUCT
        if rows is not self.rows:
            self.rows = rows
            for name, columns, content in tables(rows) if is_product else [table_of(model, rows)]:
                self.database.create(name, {c: self.kind(kind) for c, kind in columns.items()}, content)
        with self.mistake.planted(*self.changes):
            table = "products" if is_product else "rows"
            statement = sql.select(query, table, dialect=self.dialect, columns=["id"])
        return [row[0] for row in self.database.run(*statement)]

    def kind(self, type: Any) -> Any:
        return (type, {"sqlite": f"TEXT {self.mistake.column}"}) if type is edm.STRING else type

    def excuse(self, query: oq.Query, found: list[Any]) -> str | None:
        """Return the reason for which SQLite may differ."""
        with numbers_of(self.dialect, 0) as inexact:
            expected = [row["id"] for row in python.apply(self.rows, replace(query))]
        if found == (expected if query.orderby else sorted(expected)):
            return "NaN is null there, and a negative zero is zero"
        return "a decimal of too many digits arises" if inexact else None


def table_of(
    model: StructuredType, rows: Sequence[Mapping[str, Any]]
) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Make one table of the rows of conformance cases; moments keep their offset."""

    def kind(type: edm.Type) -> edm.Type:
        is_column = type.name in edm.NUMBERS or type.name in COLUMNS or isinstance(type, edm.EnumType)
        return type if is_column else edm.STRING

    def stored(value: Any, type: edm.Type) -> Any:
        if value is None:
            return None
        if type is edm.DATE_TIME_OFFSET:
            return value.isoformat()
        if isinstance(value, list | dict):
            return json_text(value)
        return type.value(value) if isinstance(type, edm.EnumType) and isinstance(value, str) else value

    members = model.members.values()
    content = [{m.column: stored(row[m.name], m.type) for m in members} for row in rows]
    return "rows", {m.column: kind(m.type) for m in members}, content


COLUMNS = ("Edm.Boolean", "Edm.Date", "Edm.TimeOfDay", "Edm.Duration", "Edm.Guid", "Edm.Binary")


# ---- mistakes ------------------------------------------------------------------------------------


class NeLosesNull:
    """`name <> 'x'` for `name ne 'x'`."""

    def compare_fast(self, *arguments: Any) -> None:
        """Take the usual way."""

    def equals(self, left: Any, right: Any, types: Any, nullable: Any, wanted: bool) -> Any:
        holds = super().equals(left, right, types, nullable, wanted)
        return holds if wanted else self.every([holds, self.is_null(left, False)])


class NotLosesNull:
    """`NOT (n > 5)` for `not (n gt 5)`."""

    def compare_fast(self, *arguments: Any) -> None:
        """Take the usual way."""

    def test(self, node: Any, parts: Any, nullable: Any, wanted: bool, on_null: bool) -> Any:
        holds = super().test(node, parts, nullable, wanted, on_null)
        if wanted or node.__class__ is not TypedCall or node.function not in truth.COMPARISONS:
            return holds
        known = [self.is_null(part, False) for part, can_be in zip(parts, nullable, strict=True) if can_be]
        return self.every([holds, *known])


_join, _collection = Composer.join, Columns.collection


def without_parentheses(
    self: Composer, parts: Any, word: str, own: int, other: int, neutral: int, final: int
) -> Any:
    """`a OR b AND c` for `(a or b) and c`."""
    return _join(self, parts, word, own, -1, neutral, final)


class InWithoutNull:
    """`n IN (1)` for `n in (1, null)`."""

    def in_values(self, part: Any, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool) -> Any:
        items = [item for item in items if item is not None]
        return super().in_values(part, nullable, items, type, wanted)


def shared_alias(self: Columns, instance: Any, member: Any, element: Any, absent: Any) -> Any:
    """Give a collection the same alias wherever it is used."""
    before = self.aliases
    self.aliases = self.__dict__.setdefault("numbers", {}).setdefault(member.name, before)
    found = _collection(self, instance, member, element, absent)
    self.aliases = max(self.aliases, before)
    return found


class SharedVariable:
    """One variable for all lambdas over members of one type."""

    slots: Mapping[int, tuple[int, edm.Type | None]] = {0: (0, None)}

    def enter(self, level: int, type: edm.Type, collection: Any) -> None:
        around = {at: slot for at, slot in self.slots.items() if at < level}
        slot = next((slot for slot, kind in around.values() if kind is type), level)
        self.slots = {**around, level: (slot, type)}
        super().enter(level, type, collection)

    def path(self, node: TypedPath) -> Any:
        return super().path(replace(node, level=self.slots[node.level][0]))

    def exists(self, collection: Any, level: int, *rest: Any) -> Any:
        return super().exists(collection, self.slots[level][0], *rest)

    def filter_members(self, collection: Any, level: int, *rest: Any) -> Any:
        return super().filter_members(collection, self.slots[level][0], *rest)


class SameButSpaces:
    """Texts are equal if they differ in trailing spaces alone."""

    def equals(self, left: Any, right: Any, types: Any, nullable: Any, wanted: bool) -> Any:
        if edm.STRING not in types:
            return super().equals(left, right, types, nullable, wanted)

        def trimmed(value: str | None) -> str | None:
            return value and value.rstrip(" ")

        return lambda frame: (trimmed(left(frame)) == trimmed(right(frame))) is wanted


def all_takes_null(emitter: Any, node: TypedCall, wanted: bool) -> Any:
    """Let `all` hold unless its expression is false for a member; only the last argument is wrong."""
    is_any = node.function == "any"
    collection = truth._enter(emitter, node)
    body = None
    if len(node.arguments) > 1:
        body = truth.condition(emitter, node.arguments[1].predicate, is_any, False)
    return emitter.exists(collection, node.level, truth._element(node), body, wanted is is_any)


def nulls_clause(dialect: SQLite, nullable: bool, descending: bool) -> str:
    return " NULLS FIRST" if descending else " NULLS LAST"


_key = python.key_of


def null_is_greatest(*given: Any) -> Any:
    """Return a function from a row to its sort key, with null after all values."""
    key = _key(*given)
    return lambda row: (3,) if key(row) == (0,) else key(row)


def like(text: str, part: str) -> bool:
    """`text LIKE '%' || part || '%'`."""
    pattern = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in part)
    return re.search(pattern, text, re.DOTALL) is not None


def half_even(number: float | None) -> float | None:
    return number if number is None or abs(number) > 2**53 else float(round(number))


def text_of(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


WRONG = {"like": like, "round": round, "text_of": text_of}
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_AS_TEXT = Storage(write=lambda value, zone: value.isoformat(), is_ordered=True)

MISTAKES: Mapping[str, Mistake] = {
    "ne loses null": Mistake(emitter=NeLosesNull),
    "contains is a LIKE without ESCAPE": Mistake(
        templates={"contains(String,String)": "{a} LIKE '%' || {b} || '%'"},
        functions={"contains(String,String)": "like(a, b)"},
    ),
    "or in and has no parentheses": Mistake(names=[(Composer, "join", without_parentheses)], on=["sqlite"]),
    "mod has the sign of the divisor": Mistake(
        templates={"mod(Integer,Integer)": "((({a} % {b}) + {b}) % {b})"},
        functions={"mod(Integer,Integer)": "a % b if b else None"},
    ),
    "round goes to even numbers": Mistake(
        templates={f"round({kind})": "half_even({a})" for kind in ("Decimal", "Double")},
        functions={
            "round(Decimal)": "finite(decimal.Decimal(a).to_integral_value(decimal.ROUND_HALF_EVEN))",
            "round(Double)": "rounded_double(a, round)",
        },
    ),
    "div of integers has a fraction": Mistake(
        templates={"div(Integer,Integer)": "(1.0 * {a} / {b})"},
        functions={"div(Integer,Integer)": "a / b if b else None"},
    ),
    "contains takes A for a": Mistake(
        templates={
            "contains(String,String)": "instr(lower({a}), lower({b})) > 0",
            "startswith(String,String)": "instr(lower({a}), lower({b})) = 1",
        },
        dialect={"literal_needles": {}},
        functions={
            "contains(String,String)": "b.lower() in a.lower()",
            "startswith(String,String)": "a.lower().startswith(b.lower())",
        },
    ),
    "null sorts last": Mistake(
        dialect={"nulls_clause": nulls_clause}, names=[(python, "key_of", null_is_greatest)]
    ),
    "in loses null": Mistake(emitter=InWithoutNull),
    "nested lambdas share a variable": Mistake(
        names=[(Columns, "collection", shared_alias)], on_python=SharedVariable
    ),
    "not loses null": Mistake(emitter=NotLosesNull),
    "all takes null for true": Mistake(names=[(truth, "_quantifier", all_takes_null)]),
    "spaces at the end do not count": Mistake(
        column="COLLATE RTRIM", on_python=SameButSpaces, seldom=["sqlite", "python"]
    ),
    "add overflows at 32 bits": Mistake(
        templates={"add(Integer,Integer)": "((({a} + {b} + 2147483648) & 4294967295) - 2147483648)"},
        functions={"add(Integer,Integer)": "(a + b + 2**31) % 2**32 - 2**31"},
    ),
    "moments are compared as text": Mistake(
        dialect={"storages": {**SQLite.storages, ("Edm.DateTimeOffset", "text"): _AS_TEXT}},
        functions={name: f"text_of(a) {sign} text_of(b)" for name, sign in _SIGNS.items()},
        seldom=["sqlite", "python"],
    ),
}
"""Mistakes by name; the first ten are the most frequent ones."""


def backend_of(mistake: Mistake, where: str, database: Sqlite) -> OnPython | OnSqlite:
    return OnPython(mistake) if where == "python" else OnSqlite(mistake, database)
