"""A query as Python functions that call one another: compiled at once, best for few rows.

Each operation is a function of the frame, a list that holds the row, the moment of `now()` and the variables
of lambdas. A level of the tree costs one call, so that the stack of Python suffices for the highest tree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..logic import condition, value
from .emitter import PythonEmitter
from .functions import members
from .operations import TEMPLATES, function
from .rows import fetch, reader_of

Frame = list[Any]
"""The row, the moment of `now()`, and the variables of lambdas, the outermost one first."""
Function = Callable[[Frame], Any]
ROW, NOW = 0, 1


class Closures(PythonEmitter[Function]):
    """Emit functions of a frame (see `logic.Emitter`)."""

    def __init__(self, zone: dt.tzinfo) -> None:
        super().__init__(zone)
        self.literals: dict[Function, Any] = {}
        self.levels = 0
        self.uses_now = False

    def function(self, key: str) -> Callable[..., Any]:
        """Return the function of an overload: `contains(String,String)`."""
        return function(key)

    def invoke(self, function: Callable[..., Any], *arguments: Function) -> Function:
        if len(arguments) == 1:
            [only] = arguments
            return lambda frame: function(only(frame))
        if len(arguments) == 2:
            first, second = arguments
            return lambda frame: function(first(frame), second(frame))

        def call(frame: Frame) -> Any:
            values = []  # a comprehension would be one more call before Python 3.12
            for argument in arguments:
                values.append(argument(frame))
            return function(*values)

        return call

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: Any) -> Function:
        return lambda frame: holds

    def every(self, parts: Sequence[Function]) -> Function:
        if len(parts) == 2:
            first, second = parts
            return lambda frame: first(frame) and second(frame)

        def test_every(frame: Frame) -> bool:
            for part in parts:
                if not part(frame):
                    return False
            return True

        return test_every

    def some(self, parts: Sequence[Function]) -> Function:
        if len(parts) == 2:
            first, second = parts
            return lambda frame: first(frame) or second(frame)

        def test_some(frame: Frame) -> bool:
            for part in parts:
                if part(frame):
                    return True
            return False

        return test_some

    def test(
        self, node: Node, parts: Sequence[Function], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> Function:
        first = parts[0]
        key = node.key if isinstance(node, TypedCall) else ""
        operate: Callable[..., Any] = self.function(key) if key in TEMPLATES else bool
        if len(parts) == 1:

            def test_one(frame: Frame) -> bool:
                a = first(frame)
                return on_null if a is None else operate(a) is wanted

            return test_one
        second = parts[1]
        b = self.literals.get(second)
        if b is not None:

            def test_with_literal(frame: Frame) -> bool:
                a = first(frame)
                return on_null if a is None else operate(a, b) is wanted

            return test_with_literal

        def test_two(frame: Frame) -> bool:
            a, b = first(frame), second(frame)
            if a is None or b is None:
                return on_null
            result = operate(a, b)
            return on_null if result is None else result is wanted

        return test_two

    def compare_equal(self, left: Function, right: Function, wanted: bool) -> Function:
        literal = self.literals.get(right)
        if literal is not None:
            if wanted:
                return lambda frame: left(frame) == literal
            return lambda frame: left(frame) != literal
        if wanted:
            return lambda frame: left(frame) == right(frame)
        return lambda frame: left(frame) != right(frame)

    def is_null(self, part: Function, wanted: bool) -> Function:
        return lambda frame: (part(frame) is None) is wanted

    def in_values(
        self, part: Function, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
    ) -> Function:
        values = members(items)
        return lambda frame: (part(frame) in values) is wanted

    def enter(self, level: int, type: edm.Type, collection: Function) -> None:
        self.levels = max(self.levels, level)

    def exists(
        self, collection: Function, level: int, type: edm.Type, body: Function | None, wanted: bool
    ) -> Function:
        if body is None:
            return lambda frame: bool(collection(frame)) is wanted
        variable = NOW + level

        def find_member(frame: Frame) -> bool:
            for frame[variable] in collection(frame) or ():
                if body(frame):
                    return wanted
            return not wanted

        return find_member

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Function:
        found = self.constant(node.value)
        self.literals[found] = node.value
        return found

    def path(self, node: TypedPath) -> Function:
        start = NOW + node.level if node.level else ROW
        if not node.members:
            return lambda frame: frame[start]
        read = reader_of(node.members[-1], self.zone)
        names = [member.attribute for member in node.members]
        if len(names) > 1:

            def follow(frame: Frame) -> Any:
                value = frame[start]
                for step in names:
                    if value is None:
                        return None
                    value = value.get(step) if type(value) is dict else fetch(value, step)
                return value if read is None else read(value)

            return follow
        [name] = names

        def get(frame: Frame) -> Any:
            row = frame[start]
            return row.get(name) if type(row) is dict else fetch(row, name)

        return get if read is None else lambda frame: read(get(frame))

    def call(self, node: TypedCall, parts: Sequence[Function], nullable: Sequence[bool]) -> Function:
        if node.key == "now()":
            self.uses_now = True
            return lambda frame: frame[NOW]
        operate = self.function(node.key)
        if len(parts) == 1:
            [only] = parts

            def call_with_one(frame: Frame) -> Any:
                a = only(frame)
                return None if a is None else operate(a)

            return call_with_one

        def call(frame: Frame) -> Any:
            values = []
            for part in parts:
                value = part(frame)
                if value is None:
                    return None
                values.append(value)
            return operate(*values)

        return call

    def truth_value(self, holds: Function) -> Function:
        return holds

    def choose(self, pairs: Sequence[tuple[Function, Function]]) -> Function:
        def choose(frame: Frame) -> Any:
            for test, result in pairs:
                if test(frame):
                    return result(frame)
            return None

        return choose

    def filter_members(self, collection: Function, level: int, type: edm.Type, body: Function) -> Function:
        variable = NOW + level

        def filter_members(frame: Frame) -> list[Any] | None:
            given = collection(frame)
            if given is None:
                return None
            found = []
            for frame[variable] in given:
                if body(frame):
                    found.append(frame[variable])
            return found

        return filter_members


class Program(NamedTuple):
    """A compiled expression: call `run(frame(row, now))`."""

    run: Function
    levels: int
    """Lambdas inside one another."""
    uses_now: bool

    def frame(self, row: Any, now: dt.datetime | None) -> Frame:
        return [row, now, *[None] * self.levels]


def compile_program(
    node: Node, zone: dt.tzinfo, *, is_condition: bool = False, emitter: Closures | None = None
) -> Program:
    """Compile a typed expression: the program gives its value, or as a condition is true for rows to keep."""
    emitter = emitter or Closures(zone)
    run = condition(emitter, node) if is_condition else value(emitter, node)
    return Program(run, emitter.levels, emitter.uses_now)
