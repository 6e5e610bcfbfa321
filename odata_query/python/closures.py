"""A query as Python functions inside functions: ready at once, for few rows and for any depth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..errors import LimitError
from ..language.ast import Literal, Node
from ..logic import condition, value
from ..problems import problem
from .functions import NAMES, cast, count, is_member, members, same_items
from .operations import function
from .rows import fetch, reader_of

Frame = list[Any]
"""The row, the moment of now(), the variables of lambdas, and results computed beforehand."""
Function = Callable[[Frame], Any]

MAX_HEIGHT = 20
"""Calls inside one another, above which an inner one is computed beforehand instead."""
MAX_LAMBDAS = 25
"""Lambdas inside one another: each is a loop inside a loop, so these do call each other."""
ROW, NOW, VARIABLES = 0, 1, 1


class Part(NamedTuple):
    """A function of the frame, how deep its calls go, and its result if that is the same for all rows."""

    function: Function
    height: int
    constant: Any = None


class Closures:
    """Emits functions (see `logic.Emitter`)."""

    uses_indexes = False
    option = "$filter"

    def __init__(self, zone: dt.tzinfo) -> None:
        self.zone = zone
        self.height = 0
        self.uses_now = False
        self.preludes: list[list[tuple[int, Function]]] = [[]]
        self.size = VARIABLES + MAX_LAMBDAS + 1
        self.parts = 0

    def made(self, function: Function, *parts: Part) -> Part:
        """A part over other parts. If that gets too high, it is computed before its surroundings."""
        height = 0
        for part in parts:
            if part.height > height:
                height = part.height
        height += 1
        self.height = max(self.height, height)
        self.parts += len(parts)
        if height < MAX_HEIGHT:
            return Part(function, height)
        slot = self.size
        self.size += 1
        self.preludes[-1].append((slot, function))
        return Part(lambda frame: frame[slot], 0)

    def finished(self, part: Part) -> Function:
        """The function of a body, with what must be computed before it."""
        prelude = self.preludes.pop()
        body = part.function
        if not prelude:
            return body

        def prepared(frame: Frame) -> Any:
            for slot, compute in prelude:
                frame[slot] = compute(frame)
            return body(frame)

        return prepared

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: bool) -> Part:
        return Part(lambda frame: holds, 0)

    def every(self, parts: Sequence[Part]) -> Part:
        functions = [part.function for part in parts]
        if len(functions) == 2:
            first, second = functions
            return self.made(lambda frame: first(frame) and second(frame), *parts)

        def holds(frame: Frame) -> bool:
            for test in functions:
                if not test(frame):
                    return False
            return True

        return self.made(holds, *parts)

    def some(self, parts: Sequence[Part]) -> Part:
        functions = [part.function for part in parts]
        if len(functions) == 2:
            first, second = functions
            return self.made(lambda frame: first(frame) or second(frame), *parts)

        def holds(frame: Frame) -> bool:
            for test in functions:
                if test(frame):
                    return True
            return False

        return self.made(holds, *parts)

    def test(
        self, node: Node, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> Part:
        if len(parts) == 1:
            first = parts[0].function
            operate: Callable[..., Any] = bool
            if isinstance(node, TypedCall) and "(" in node.key:
                operate = function(node.key)

            def unary(frame: Frame) -> bool:
                a = first(frame)
                return on_null if a is None else operate(a) is wanted

            return self.made(unary, *parts)
        assert isinstance(node, TypedCall)
        operate = function(node.key)
        if len(parts) == 2:
            first, second = parts[0].function, parts[1].function
            b = parts[1].constant
            if b is not None:

                def with_constant(frame: Frame) -> bool:
                    a = first(frame)
                    return on_null if a is None else operate(a, b) is wanted

                return self.made(with_constant, *parts)

            def binary(frame: Frame) -> bool:
                a, b = first(frame), second(frame)
                if a is None or b is None:
                    return on_null
                found = operate(a, b)
                return on_null if found is None else found is wanted

            return self.made(binary, *parts)
        whole = self.call(node, parts, nullable).function

        def general(frame: Frame) -> bool:
            found = whole(frame)
            return on_null if found is None else found is wanted

        return self.made(general, *parts)

    def equals(
        self,
        left: Part,
        right: Part,
        types: tuple[edm.Type, edm.Type],
        nullable: Sequence[bool],
        wanted: bool,
    ) -> Part:
        first, second, constant = left.function, right.function, right.constant
        if isinstance(types[0], edm.CollectionType):
            return self.made(lambda frame: same_items(first(frame), second(frame)) is wanted, left, right)
        if constant is not None:
            if wanted:
                return self.made(lambda frame: first(frame) == constant, left)
            return self.made(lambda frame: first(frame) != constant, left)
        if wanted:
            return self.made(lambda frame: first(frame) == second(frame), left, right)
        return self.made(lambda frame: first(frame) != second(frame), left, right)

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> None:
        """There is none."""
        return

    def is_null(self, part: Part, wanted: bool) -> Part:
        inner = part.function
        return self.made(lambda frame: (inner(frame) is None) is wanted, part)

    def in_values(
        self, part: Part, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
    ) -> Part:
        inner, values = part.function, members(items)
        return self.made(lambda frame: (inner(frame) in values) is wanted, part)

    def in_collection(self, part: Part, collection: Part, wanted: bool) -> Part:
        inner, outer = part.function, collection.function

        def holds(frame: Frame) -> bool:
            return is_member(inner(frame), outer(frame)) is wanted

        return self.made(holds, part, collection)

    def enter(self, level: int, type: edm.Type, collection: object) -> None:
        if level > MAX_LAMBDAS:
            raise LimitError([problem("lambda-too-deep", most=MAX_LAMBDAS)])
        self.preludes.append([])

    def exists(self, collection: Part, level: int, type: edm.Type, body: Part | None, wanted: bool) -> Part:
        items, place = collection.function, VARIABLES + level
        if body is None:
            self.preludes.pop()
            return self.made(lambda frame: bool(items(frame)) is wanted, collection)
        holds, height = self.finished(body), body.height

        def found(frame: Frame) -> bool:
            for frame[place] in items(frame) or ():
                if holds(frame):
                    return wanted
            return not wanted

        return self.made(found, collection, Part(holds, height))

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Part:
        constant = node.value
        return Part(lambda frame: constant, 0, constant)

    def path(self, node: TypedPath) -> Part:
        place = VARIABLES + node.level if node.level else ROW
        if not node.members:
            return Part(lambda frame: frame[place], 0)
        self.height = max(self.height, len(node.members))
        read = reader_of(node.members[-1], self.zone)
        name = node.members[0].attribute
        if len(node.members) == 1:

            def get(frame: Frame) -> Any:
                row = frame[place]
                return row.get(name) if type(row) is dict else fetch(row, name)

            return Part(get if read is None else lambda frame: read(get(frame)), 0)
        names = [member.attribute for member in node.members]

        def follow(frame: Frame) -> Any:
            found = frame[place]
            for step in names:
                if found is None:
                    return None
                found = found.get(step) if type(found) is dict else fetch(found, step)
            return found if read is None else read(found)

        return Part(follow, 0)

    def call(self, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool]) -> Part:
        if node.key == "now()":
            self.uses_now = True
            return Part(lambda frame: frame[NOW], 0)
        operate = function(node.key)
        functions = [part.function for part in parts]
        if len(functions) == 1:
            first = functions[0]

            def unary(frame: Frame) -> Any:
                a = first(frame)
                return None if a is None else operate(a)

            return self.made(unary, *parts)

        def general(frame: Frame) -> Any:
            arguments = [argument(frame) for argument in functions]
            return None if None in arguments else operate(*arguments)

        return self.made(general, *parts)

    def truth_value(self, holds: Part) -> Part:
        return holds

    def kleene(self, name: str, parts: Sequence[Part]) -> Part:
        functions = [part.function for part in parts]
        joined = NAMES[f"{name}_of"]
        return self.made(lambda frame: joined(*[function(frame) for function in functions]), *parts)

    def choose(self, pairs: Sequence[tuple[Part, Part]]) -> Part:
        functions = [(test.function, result.function) for test, result in pairs]

        def chosen(frame: Frame) -> Any:
            for test, result in functions:
                if test(frame):
                    return result(frame)
            return None

        return self.made(chosen, *(part for pair in pairs for part in pair))

    def cast(self, part: Part, source: edm.Type, target: edm.Type) -> Part:
        inner = part.function
        return self.made(lambda frame: cast(inner(frame), source, target), part)

    def count_members(self, collection: Part) -> Part:
        items = collection.function
        return self.made(lambda frame: count(items(frame)), collection)

    def filter_members(self, collection: Part, level: int, type: edm.Type, body: Part) -> Part:
        items, place = collection.function, VARIABLES + level
        holds, height = self.finished(body), body.height

        def found(frame: Frame) -> list[Any] | None:
            given = items(frame)
            if given is None:
                return None
            kept = []
            for frame[place] in given:
                if holds(frame):
                    kept.append(frame[place])
            return kept

        return self.made(found, collection, Part(holds, height))

    def list_of(self, parts: Sequence[Part]) -> Part:
        functions = [part.function for part in parts]
        return self.made(lambda frame: [item(frame) for item in functions], *parts)


class Program(NamedTuple):
    """A compiled expression: call `run(frame(row))`."""

    run: Function
    size: int
    height: int
    parts: int
    uses_now: bool

    def frame(self, row: Any, now: dt.datetime | None) -> Frame:
        return [row, now, *[None] * (self.size - 2)]


def compile_condition(node: Node, zone: dt.tzinfo) -> Program:
    """Whether a row is kept by a typed filter."""
    emitter = Closures(zone)
    part: Part = condition(emitter, node)
    return _program(emitter, part)


def compile_value(node: Node, zone: dt.tzinfo) -> Program:
    """The value of a typed expression for a row."""
    emitter = Closures(zone)
    part: Part = value(emitter, node)
    return _program(emitter, part)


def _program(emitter: Closures, part: Part) -> Program:
    return Program(emitter.finished(part), emitter.size, emitter.height, emitter.parts, emitter.uses_now)
