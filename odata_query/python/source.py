"""A query as generated Python: one loop over the rows, without a call for each row; best for many rows.

The code is built as a tree of Python's own `ast`. A value of the query is never part of it: values and the
functions to call are bound to names (`value_0`). Names of properties come from the model.

The code trusts the rows to be dictionaries with all keys, or objects, whose values have the type of their
property. Where they do not, it raises one of TRUST_ERRORS, and the closures read the rows instead.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..logic import condition
from ..operations import OPERATIONS
from .emitter import PythonEmitter
from .functions import members
from .operations import NAMES, TEMPLATES
from .rows import reader_of

Expr = ast.expr
Compiled = Callable[[Any, dt.datetime | None], Any]
"""Returns the rows to keep, by the moment of `now()`; or True for a row to keep."""

TRUST_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The errors that generated code raises for rows that differ from the model."""
MAX_HEIGHT = 300
"""The highest tree of `ast` that is compiled: CPython's compiler recurses, and counts as if Python did.

A level of a filter makes up to five levels of code, and each pair of a `case` at least one.
"""
_TESTS_THAT_GIVE_NULL = {
    signature.key
    for operation in OPERATIONS.values()
    for signature in operation.signatures
    if signature.may_be_null and signature.result == "Boolean"
}
"""Conditions that can be null for arguments that are not: `matchespattern(s,'(')`."""


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(function: Expr, *arguments: Expr) -> ast.Call:
    return ast.Call(function, list(arguments), [])


def _compare(left: Expr, operator: ast.cmpop, right: Expr) -> ast.Compare:
    return ast.Compare(left, [operator], [right])


def _join(operator: ast.boolop, parts: Sequence[Expr]) -> Expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(operator, list(parts))


def _fill(node: Any, expressions: Mapping[str, Expr]) -> Any:
    """Put expressions in place of names; `ast.NodeTransformer` takes twice as long."""
    if type(node) is ast.Name:
        return expressions.get(node.id, node)
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            setattr(node, field, _fill(value, expressions))
        elif type(value) is list:
            setattr(node, field, [_fill(item, expressions) for item in value])
    return node


def _operate(key: str, arguments: Sequence[Expr]) -> Any:
    """Apply an overload to arguments that are not null."""
    return _fill(ast.parse(TEMPLATES[key], mode="eval").body, dict(zip("abc", arguments, strict=False)))


def _define(text: str, holds: Expr) -> Any:
    """Define a function, in whose text `holds` is the place of a condition."""
    return _fill(ast.parse(text).body[0], {"holds": holds})


SELECT = "def run(rows, now): return [row for row in rows if holds]"
TEST = "def run(row, now): return holds"
_EXISTS = """
def {name}(items, {variables}):
    for v{level} in items or ():
        if holds:
            return {wanted}
    return not {wanted}
"""
_FILTER = """
def {name}(items, {variables}):
    if items is None:
        return None
    found = []
    for v{level} in items:
        if holds:
            found.append(v{level})
    return found
"""


class Source(PythonEmitter[Expr]):
    """Emit expressions of Python (see `logic.Emitter`).

    are_dicts  True for rows that are dictionaries, False for objects with attributes
    """

    def __init__(self, zone: dt.tzinfo, are_dicts: bool) -> None:
        super().__init__(zone)
        self.are_dicts = are_dicts
        self.names: dict[str, Any] = {}
        self.loops: list[ast.stmt] = []
        self.temporaries = 0

    def bind(self, kind: str, value: Any) -> ast.Name:
        """Give a value of the query, or a function, a name: `value_0`."""
        name = f"{kind}_{len(self.names)}"
        self.names[name] = value
        return _name(name)

    def invoke(self, function: Callable[..., Any], *arguments: Expr) -> Expr:
        return _call(self.bind("call", function), *arguments)

    def store(self, part: Expr) -> tuple[Expr, Expr]:
        """Evaluate a part once: `(t1 := row['a'])` where it is needed first, then `t1`."""
        if isinstance(part, ast.Name):
            return part, part
        self.temporaries += 1
        name = f"t{self.temporaries}"
        return ast.NamedExpr(ast.Name(name, ast.Store()), part), _name(name)

    def compare_null(
        self, parts: Sequence[Expr], nullable: Sequence[bool], operator: ast.cmpop
    ) -> tuple[list[Expr], list[Expr]]:
        """Return a test of each part that can be null, and all parts as they are known after the tests."""
        tests: list[Expr] = []
        values: list[Expr] = []
        for part, can_be_null in zip(parts, nullable, strict=True):
            value = part
            if can_be_null:
                first, value = self.store(part)
                tests.append(_compare(first, operator, ast.Constant(None)))
            values.append(value)
        return tests, values

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: bool) -> Expr:
        return ast.Constant(holds)

    def every(self, parts: Sequence[Expr]) -> Expr:
        return _join(ast.And(), parts)

    def some(self, parts: Sequence[Expr]) -> Expr:
        return _join(ast.Or(), parts)

    def test(
        self, node: Node, parts: Sequence[Expr], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> Expr:
        tests, values = self.compare_null(parts, nullable, ast.Is() if on_null else ast.IsNot())
        key = node.key if isinstance(node, TypedCall) else ""
        holds = _operate(key, values) if key in TEMPLATES else values[0]
        if wanted is on_null and key in _TESTS_THAT_GIVE_NULL:
            holds = _compare(holds, ast.IsNot() if wanted else ast.Is(), ast.Constant(False))
        elif not wanted:
            holds = ast.UnaryOp(ast.Not(), holds)
        return _join(ast.Or() if on_null else ast.And(), [*tests, holds])

    def compare_equal(self, left: Expr, right: Expr, wanted: bool) -> Expr:
        return _compare(left, ast.Eq() if wanted else ast.NotEq(), right)

    def is_null(self, part: Expr, wanted: bool) -> Expr:
        return _compare(part, ast.Is() if wanted else ast.IsNot(), ast.Constant(None))

    def in_values(
        self, part: Expr, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
    ) -> Expr:
        return _compare(part, ast.In() if wanted else ast.NotIn(), self.bind("value", members(items)))

    def loop(self, text: str, collection: Expr, level: int, body: Expr, wanted: bool = True) -> Expr:
        """Define a function with the loop of a lambda, and call it."""
        name = f"loop_{len(self.loops)}"
        variables = ["row", "now", *(f"v{n}" for n in range(1, level))]
        text = text.format(name=name, variables=", ".join(variables), level=level, wanted=wanted)
        self.loops.append(_define(text, body))
        return _call(_name(name), collection, *map(_name, variables))

    def exists(self, collection: Expr, level: int, type: edm.Type, body: Expr | None, wanted: bool) -> Expr:
        if body is None:
            return collection if wanted else ast.UnaryOp(ast.Not(), collection)
        return self.loop(_EXISTS, collection, level, body, wanted)

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Expr:
        return ast.Constant(None) if node.value is None else self.bind("value", node.value)

    def path(self, node: TypedPath) -> Expr:
        value: Expr = _name(f"v{node.level}" if node.level else "row")
        for position, member in enumerate(node.members):
            owner, test = value, None
            if position and node.members[position - 1].nullable:
                first, owner = self.store(value)
                test = _compare(first, ast.Is(), ast.Constant(None))
            if self.are_dicts:
                value = ast.Subscript(owner, ast.Constant(member.attribute), ast.Load())
            else:
                value = ast.Attribute(owner, member.attribute, ast.Load())
            read = reader_of(member, self.zone) if position == len(node.members) - 1 else None
            if read is not None:
                value = self.invoke(read, value)
            if test is not None:
                value = ast.IfExp(test, ast.Constant(None), value)
        return value

    def call(self, node: TypedCall, parts: Sequence[Expr], nullable: Sequence[bool]) -> Expr:
        tests, values = self.compare_null(parts, nullable, ast.Is())
        result = _operate(node.key, values)
        return ast.IfExp(_join(ast.Or(), tests), ast.Constant(None), result) if tests else result

    def truth_value(self, holds: Expr) -> Expr:
        return ast.IfExp(holds, ast.Constant(True), ast.Constant(False))

    def choose(self, pairs: Sequence[tuple[Expr, Expr]]) -> Expr:
        choice: Expr = ast.Constant(None)
        for test, result in reversed(pairs):
            choice = ast.IfExp(test, result, choice)
        return choice

    def filter_members(self, collection: Expr, level: int, type: edm.Type, body: Expr) -> Expr:
        return self.loop(_FILTER, collection, level, body)


def compile_filter(node: Node, zone: dt.tzinfo, are_dicts: bool, text: str) -> Compiled | None:
    """Compile a typed filter to the function of SELECT or TEST; return None for a filter that is too high."""
    emitter = Source(zone, are_dicts)
    holds = condition(emitter, node)
    module = ast.Module([*emitter.loops, _define(text, holds)], [])
    if _place_nodes(module) > MAX_HEIGHT:
        return None
    names: dict[str, Any] = {**NAMES, **emitter.names}
    exec(compile(module, "<query>", "exec"), names)  # noqa: S102  # a tree made here, without user text
    compiled: Compiled = names["run"]
    return compiled


def _place_nodes(module: ast.Module) -> int:
    """Give each node the place that `compile` demands, and return the height of the tree."""
    nodes: list[Any] = [module]
    height = 0
    while nodes:
        height += 1
        below: list[Any] = []
        for node in nodes:
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, ast.AST):
                    below.append(value)
                elif type(value) is list:
                    below += value
        nodes = below
    return height
