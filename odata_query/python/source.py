"""A query as generated Python: a loop over the rows without a call per row, for many rows.

The code is made as a tree of Python's own `ast`. A value of the query is never in it: it is bound to a
name (`value_0`), like the functions that are called. Names of properties come from the model.

The code trusts the data to be what the model says: dictionaries with all keys, or objects, whose values
have the type of their property. Where one is not, it raises, and the closures read the rows instead.
"""

from __future__ import annotations

import ast
import copy
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..logic import condition
from .functions import NAMES, cast, count, is_member, members, same_items
from .operations import template
from .rows import reader, reader_of

Expr = ast.expr
TRUST_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What generated code raises for rows that are not as the model says."""


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _constant(value: bool | None) -> ast.Constant:
    return ast.Constant(value)


def _call(function: str, *arguments: Expr) -> ast.Call:
    return ast.Call(_name(function), list(arguments), [])


def _compare(left: Expr, operator: ast.cmpop, right: Expr) -> ast.Compare:
    return ast.Compare(left, [operator], [right])


def _is_none(part: Expr) -> ast.Compare:
    return _compare(part, ast.Is(), _constant(None))


def _not(part: Expr) -> Expr:
    """The opposite, without `not` where a comparison has an opposite of its own."""
    if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.In):
        return ast.Compare(part.left, [ast.NotIn()], part.comparators)
    return ast.UnaryOp(ast.Not(), part)


class _Filling(ast.NodeTransformer):
    """Puts arguments into a template in place of a, b and c."""

    def __init__(self, arguments: Sequence[Expr]) -> None:
        self.arguments = dict(zip("abc", arguments, strict=False))

    def visit_Name(self, node: ast.Name) -> Expr:
        return self.arguments.get(node.id, node)


def _filled(key: str, arguments: Sequence[Expr]) -> Expr:
    filled: Expr = _Filling(arguments).visit(copy.deepcopy(template(key)))
    return filled


class Source:
    """Emits expressions of Python (see `logic.Emitter`)."""

    uses_indexes = False
    option = "$filter"

    def __init__(self, zone: dt.tzinfo, items: bool) -> None:
        self.zone = zone
        self.items = items
        self.names: dict[str, Any] = {}
        self.functions: list[ast.stmt] = []
        self.levels = 0
        self.temporaries = 0

    def bound(self, kind: str, value: Any) -> ast.Name:
        """A name for a value of the query, or for a function."""
        name = f"{kind}_{len(self.names)}"
        self.names[name] = value
        return _name(name)

    def kept(self, part: Expr) -> tuple[Expr, Expr]:
        """A part to evaluate now, and a name by which its value is known afterwards."""
        if isinstance(part, ast.Name):
            return part, part
        self.temporaries += 1
        name = f"t{self.temporaries}"
        return ast.NamedExpr(ast.Name(name, ast.Store()), part), _name(name)

    def guarded(self, parts: Sequence[Expr], nullable: Sequence[bool]) -> tuple[list[Expr], list[Expr]]:
        """Tests for null that keep the values they test, and the values."""
        tests: list[Expr] = []
        values: list[Expr] = []
        for part, can_be_null in zip(parts, nullable, strict=True):
            if can_be_null:
                now, part = self.kept(part)
                tests.append(_is_none(now))
            values.append(part)
        return tests, values

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: bool) -> Expr:
        return _constant(holds)

    def every(self, parts: Sequence[Expr]) -> Expr:
        return ast.BoolOp(ast.And(), list(parts))

    def some(self, parts: Sequence[Expr]) -> Expr:
        return ast.BoolOp(ast.Or(), list(parts))

    def test(
        self, node: Node, parts: Sequence[Expr], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> Expr:
        tests, values = self.guarded(parts, nullable)
        if isinstance(node, TypedCall) and (len(parts) == 2 or "(" in node.key):
            holds = _filled(node.key, values)
        else:
            holds = values[0]
        if not wanted:
            holds = _not(holds)
        if not tests:
            return holds
        if on_null:
            return ast.BoolOp(ast.Or(), [*tests, holds])
        present: list[Expr] = [
            _compare(test.left, ast.IsNot(), _constant(None))
            for test in tests
            if isinstance(test, ast.Compare)
        ]
        return ast.BoolOp(ast.And(), [*present, holds])

    def equals(
        self,
        left: Expr,
        right: Expr,
        types: tuple[edm.Type, edm.Type],
        nullable: Sequence[bool],
        wanted: bool,
    ) -> Expr:
        if isinstance(types[0], edm.CollectionType):
            found = _call("same_items", left, right)
            return found if wanted else _not(found)
        return _compare(left, ast.Eq() if wanted else ast.NotEq(), right)

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> None:
        """There is none."""
        return

    def is_null(self, part: Expr, wanted: bool) -> Expr:
        return _compare(part, ast.Is() if wanted else ast.IsNot(), _constant(None))

    def in_values(
        self, part: Expr, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
    ) -> Expr:
        return _compare(part, ast.In() if wanted else ast.NotIn(), self.bound("value", members(items)))

    def in_collection(self, part: Expr, collection: Expr, wanted: bool) -> Expr:
        found = _call("is_member", part, collection)
        return found if wanted else _not(found)

    def enter(self, level: int, type: edm.Type, collection: object) -> None:
        self.levels = level

    def loop(
        self, level: int, type: edm.Type, body: list[ast.stmt], end: ast.stmt, start: list[ast.stmt]
    ) -> str:
        """A function of its own for the loop of a lambda: variables of comprehensions would be slower."""
        self.levels = level - 1
        statements = [*start]
        variable = f"v{level}"
        read = reader(type, self.zone)
        if read is not None:
            converted = ast.Call(self.bound("read", read), [_name(variable)], [])
            body = [ast.Assign([ast.Name(variable, ast.Store())], converted), *body]
        some = ast.BoolOp(ast.Or(), [_name("items"), ast.Tuple([], ast.Load())])
        statements.append(ast.For(ast.Name(variable, ast.Store()), some, body, []))
        name = f"loop_{len(self.functions)}"
        self.functions.append(_function(name, ["items", *self.outer()], [*statements, end]))
        return name

    def outer(self) -> list[str]:
        return ["row", "now", *(f"v{n}" for n in range(1, self.levels + 1))]

    def exists(self, collection: Expr, level: int, type: edm.Type, body: Expr | None, wanted: bool) -> Expr:
        if body is None:
            self.levels = level - 1
            return ast.UnaryOp(ast.Not(), collection if not wanted else ast.UnaryOp(ast.Not(), collection))
        found: list[ast.stmt] = [ast.If(body, [ast.Return(_constant(wanted))], [])]
        name = self.loop(level, type, found, ast.Return(_constant(not wanted)), [])
        return _call(name, collection, *map(_name, self.outer()))

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Expr:
        if node.value is None:
            return _constant(None)
        return self.bound("value", node.value)

    def path(self, node: TypedPath) -> Expr:
        found: Expr = _name(f"v{node.level}" if node.level else "row")
        if not node.members:
            return found
        read = reader_of(node.members[-1], self.zone)
        last = len(node.members) - 1
        for position, member in enumerate(node.members):
            before = found
            if position and node.members[position - 1].nullable:
                now, before = self.kept(found)
            inner = self.step(before, member.attribute)
            if read is not None and position == last:
                inner = ast.Call(self.bound("read", read), [inner], [])
            found = inner if before is found else ast.IfExp(_is_none(now), _constant(None), inner)
        return found

    def step(self, owner: Expr, attribute: str) -> Expr:
        if self.items:
            return ast.Subscript(owner, ast.Constant(attribute), ast.Load())
        return ast.Attribute(owner, attribute, ast.Load())

    def call(self, node: TypedCall, parts: Sequence[Expr], nullable: Sequence[bool]) -> Expr:
        tests, values = self.guarded(parts, nullable)
        found = _filled(node.key, values)
        if not tests:
            return found
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        return ast.IfExp(test, _constant(None), found)

    def truth_value(self, holds: Expr) -> Expr:
        return ast.IfExp(holds, _constant(True), _constant(False))

    def kleene(self, name: str, parts: Sequence[Expr]) -> Expr:
        return _call(f"{name}_of", *parts)

    def choose(self, pairs: Sequence[tuple[Expr, Expr]]) -> Expr:
        found: Expr = _constant(None)
        for test, result in reversed(pairs):
            found = ast.IfExp(test, result, found)
        return found

    def cast(self, part: Expr, source: edm.Type, target: edm.Type) -> Expr:
        return _call("cast", part, self.bound("type", source), self.bound("type", target))

    def count_members(self, collection: Expr) -> Expr:
        return _call("count", collection)

    def filter_members(self, collection: Expr, level: int, type: edm.Type, body: Expr) -> Expr:
        append = ast.Expr(
            ast.Call(ast.Attribute(_name("kept"), "append", ast.Load()), [_name(f"v{level}")], [])
        )
        start: list[ast.stmt] = [
            ast.If(_is_none(_name("items")), [ast.Return(_constant(None))], []),
            ast.Assign([ast.Name("kept", ast.Store())], ast.List([], ast.Load())),
        ]
        found: list[ast.stmt] = [ast.If(body, [append], [])]
        name = self.loop(level, type, found, ast.Return(_name("kept")), start)
        return _call(name, collection, *map(_name, self.outer()))

    def list_of(self, parts: Sequence[Expr]) -> Expr:
        return ast.List(list(parts), ast.Load())


def _function(name: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.stmt:
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    found = ast.parse("def name(): pass").body[0]
    assert isinstance(found, ast.FunctionDef)
    found.name, found.args, found.body = name, arguments, body
    return found


Select = Callable[[Any, dt.datetime | None], list[Any]]
Test = Callable[[Any, dt.datetime | None], Any]


def compile_select(node: Node, zone: dt.tzinfo, items: bool) -> Select:
    """A function (rows, now) that gives the rows that a typed filter keeps.

    items says whether rows are dictionaries, or else objects with attributes.
    """
    emitter = Source(zone, items)
    holds: Expr = condition(emitter, node)
    kept = ast.ListComp(
        _name("row"), [ast.comprehension(ast.Name("row", ast.Store()), _name("rows"), [holds], 0)]
    )
    select: Select = _compiled(emitter, [_function("select", ["rows", "now"], [ast.Return(kept)])], "select")
    return select


def compile_predicate(node: Node, zone: dt.tzinfo, items: bool) -> Test:
    """A function (row, now) that says whether a typed filter keeps the row."""
    emitter = Source(zone, items)
    holds: Expr = condition(emitter, node)
    test: Test = _compiled(emitter, [_function("holds", ["row", "now"], [ast.Return(holds)])], "holds")
    return test


def _compiled(emitter: Source, functions: list[ast.stmt], name: str) -> Any:
    """The function with a name, of all that have been generated."""
    module = ast.fix_missing_locations(ast.Module([*emitter.functions, *functions], []))
    names = {
        **NAMES,
        "cast": cast,
        "count": count,
        "is_member": is_member,
        "same_items": same_items,
        **emitter.names,
    }
    exec(compile(module, "<query>", "exec"), names)  # noqa: S102  # a tree made here, without user text
    return names[name]
