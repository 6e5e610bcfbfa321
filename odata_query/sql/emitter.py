"""Typed trees to SQL: the emitter that `logic.py` calls, by the tables of a dialect.

Values are bound, names come from the model and are quoted. What is known without the row is computed
here and bound, so that every operation in the text has a column in it.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from .. import edm
from ..check.conversion import common_type
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..language.literals import cut
from ..operations import OPERATIONS
from ..problems import Name, Phrase
from ..python import functions as python_values
from ..python.operations import function
from .collections import exists_as_in, members
from .columns import Columns
from .comparisons import FLOATS, SIGNS, compare, compare_fast, equals, in_values, is_inexact
from .composer import Composer
from .dialects.base import Dialect
from .fences import Fences
from .parts import FALSE, TRUE, Clock, Collection, Entity, Part, Sql, SqlColumn, Value
from .statement import too_large

_CAN_FAIL = {s.key for operation in OPERATIONS.values() for s in operation.signatures if s.may_be_null}


_MOST = 2**63 - 1
_LARGEST: dict[str, Callable[[int, int], int]] = {
    **dict.fromkeys(("add", "sub"), operator.add),
    "mul": operator.mul,
    **dict.fromkeys(("div", "negate"), lambda a, b: a),
    "mod": lambda a, b: min(a, _MOST),
}
"""The largest absolute value of a result, by those of the first and the last operand."""
_SCALES: dict[str, Callable[[int, int], int]] = {
    **dict.fromkeys(("add", "sub", "mod", "negate"), max),
    "mul": operator.add,
    **dict.fromkeys(("ceiling", "floor", "round"), lambda a, b: 0),
    **dict.fromkeys(("totalseconds", "fractionalseconds"), lambda a, b: 6),
}


class SqlEmitter(Fences):
    """Emits the SQL of one statement (see `logic.Emitter`).

    zone       the time zone of columns without one
    can_join   True if the statement's own FROM can take joins
    by_column  True to compare texts as their columns do, False to compare by code point
    reserved   the name by which the caller's FROM knows the rows
    """

    option = "$filter"
    uses_indexes = True

    def __init__(
        self, dialect: Dialect, zone: dt.tzinfo, can_join: bool, by_column: bool, reserved: str = ""
    ) -> None:
        Composer.__init__(self, dialect, zone, by_column)
        self.columns = Columns(dialect, zone, by_column, can_join, reserved)

    # ---- conditions ------------------------------------------------------------------------------

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> Sql | None:
        return compare_fast(self, node.function, path, self.columns.path(path), value, wanted)

    def test(
        self, node: Node, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool, on_null: bool
    ) -> Sql:
        if isinstance(node, TypedCall) and node.function in SIGNS:
            types = [argument.type for argument in node.arguments]
            return self.once(
                parts, lambda parts: compare(self, node, parts, nullable, wanted), self.repeats(types)
            )
        nullable = [self.or_empty(part, can_be) for part, can_be in zip(parts, nullable, strict=True)]
        if isinstance(node, TypedCall) and "(" in node.key:
            part = self.operation(node, parts)
            if isinstance(part, Sql):
                can_fail = node.key in _CAN_FAIL
                nullable = [*nullable, node.nullable and (can_fail or not any(nullable))]
                parts = [*parts, part]
        else:
            part = parts[0]
            if isinstance(part, Sql):
                holds = self.fill(self.dialect.boolean_tests[0 if wanted else 1], [part])
                return self.or_null(holds, parts, nullable, True) if on_null and any(nullable) else holds
        if type(part) is Value:
            return self.constant(on_null if part.value is None else part.value is wanted)
        assert isinstance(part, Sql)
        if on_null and any(nullable):
            return self.or_null(part, parts, nullable, wanted)
        return part if wanted else self.negate(part)

    def equals(self, left: Part, right: Part, types: Sequence[edm.Type], *rest: Any) -> Sql:
        return self.once(
            [left, right],
            lambda parts: equals(self, parts[0], parts[1], types, *rest),
            self.repeats(types) or "{a}" in self.dialect.null_safe_equal.partition("{a}")[2],
        )

    def in_values(self, part: Part, *rest: Any) -> Sql:
        return self.once([part], lambda parts: in_values(self, parts[0], *rest))

    def repeats(self, types: Sequence[edm.Type]) -> bool:
        """True if a comparison of these types writes an operand again, to test it for NaN."""
        return self.dialect.nan != "none" and (types[0].name in FLOATS or types[-1].name in FLOATS)

    def in_collection(self, part: Part, collection: Part, wanted: bool) -> Sql:
        if isinstance(collection, Value) and isinstance(part, Sql | Value):
            type = part.type or edm.element_of(collection.type)
            return self.in_values(part, True, collection.value or (), type, wanted)
        if not isinstance(collection, Collection) or not isinstance(part, Sql | Value):
            what = Phrase("comparing-collections")
            raise self.engine_error("unsupported-expression.engine", what=what)
        if part.has_subquery and collection.joins is not None and not self.dialect.correlates_deeply:
            raise self.columns.too_far()
        nullable = (not isinstance(part, Value), True)
        element = collection.cast or collection.element
        member = self.cast(self.columns.member(collection), collection.element, element)
        self.columns.rows_of_texts |= part.rows
        body = self.equals(part, member, (element, element), nullable, True)
        return self.exists(collection, 0, collection.element, body, wanted)

    def enter(self, level: int, type: edm.Type, collection: Part) -> None:
        assert isinstance(collection, Collection)
        self.columns.enter(level, collection)

    def exists(self, collection: Part, level: int, type: edm.Type, body: Sql | None, wanted: bool) -> Sql:
        assert isinstance(collection, Collection)
        if level:
            self.columns.level = level - 1
        if body is not None and body.kind == FALSE:
            return self.constant(not wanted)
        found = exists_as_in(self, collection, body) if wanted else None
        found = found if found is not None else members(self, self.columns, collection, body, counted=False)
        return found if wanted else self.negate(found)

    # ---- values ----------------------------------------------------------------------------------

    def path(self, node: TypedPath) -> Part:
        return self.columns.path(node)

    def literal(self, node: Literal) -> Value:
        return Value(cut(node.value), node.type)  # drivers know the plain classes

    def call(self, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool]) -> Part:
        is_condition = node.type is edm.BOOLEAN
        if is_condition and not self.dialect.conditions_are_values:
            return self.once(
                parts, lambda parts: self.as_case(self.operation(node, parts)), is_condition=False
            )
        part = self.operation(node, parts)
        if isinstance(part, Sql):
            part = part.rewritten(f"({part.text})") if is_condition else part
            part.type = node.type
        return part

    def bound_pattern(self, part: Part, most: int) -> Part:
        """Make a pattern null that needs more than `most` states, where the library runs it."""
        return self.fill(self.dialect.bounded_pattern, [part], most=most)

    def as_case(self, part: Part) -> Part:
        """Make a value of a condition that can be unknown, where conditions are not values."""
        if not isinstance(part, Sql):
            return part
        true, false = self.dialect.booleans
        text = f"CASE WHEN {part.text} THEN {true} WHEN {self.negate(part).text} THEN {false} END"
        return self.nest(text, [part])

    def operation(self, node: TypedCall, parts: Sequence[Part]) -> Part:
        """Compile a call; its result is a condition if the operation is one."""
        key, dialect = node.key, self.dialect
        known = [part.value for part in parts if type(part) is Value]
        if None in known:
            return Value(None, node.type)
        if len(known) == len(parts) and key != "now()":
            found = function(key)(*known)
            # As an integer, `floor(1)` would make sums of integers, which overflow.
            return Value(
                Decimal(found) if node.type is edm.DECIMAL and type(found) is int else found, node.type
            )
        if key in dialect.unsupported:
            reason = Phrase(dialect.unsupported[key])
            raise self.engine_error("unsupported-function", name=Name(node.function), reason=reason)
        if key == "length(Collection)":
            return self.count_members(parts[0])
        if dialect.binary_arguments:
            parts = [self.binary(part, node) for part, node in zip(parts, node.arguments, strict=True)]
        if key in dialect.literal_needles:
            found = self.with_literal_needle(key, parts)
            if found is not None:
                return found
        if key.endswith("(Integer)") and node.type is edm.DECIMAL:
            # `ceiling`, `floor` and `round` change the type alone, so that a result can exceed 64 bits.
            return self.cast(parts[0], node.arguments[0].type, edm.DECIMAL)
        template = dialect.templates[key]
        if key.endswith("(Integer,Integer)") or key == "negate(Integer)":
            return self.integer(node, parts, template)
        if node.type is edm.DECIMAL:
            return self.decimal(node.function, parts, template)
        first = parts[0] if parts else None
        if key == "totaloffsetminutes(DateTimeOffset)" and _has_clock(first):
            return self.nest(self.clock_of(parts[0]).offset, parts)
        if key.endswith("(DateTimeOffset)"):
            parts = [self.local(parts[0])]
        found = self.fill(template, parts, is_condition=node.type is edm.BOOLEAN)
        if node.type is edm.DATE_TIME_OFFSET and _has_clock(first):
            clock = self.clock_of(parts[0])
            moment = Sql(clock.local)
            moment.type = node.type
            local = self.fill(template, [moment, *parts[1:]]).text
            offset = f"CASE WHEN {found.text} IS NOT NULL THEN {clock.minutes} END"
            found.clock = Clock(local, clock.minutes, offset)
        found.largest = 2**31
        return found

    def with_literal_needle(self, key: str, parts: Sequence[Part]) -> Sql | None:
        """Compile a search for a literal text in the way that an index can serve, if there is one."""
        text, needle = parts
        if type(needle) is Value and (self.dialect.mixes_collations or isinstance(text, SqlColumn)):
            template, bind = self.dialect.literal_needles[key]
            bound = bind(needle.value)
            if bound is not None:
                return self.fill(template, [text, *[Value(part, edm.STRING) for part in bound]])
        return None

    def binary(self, part: Part, node: Node) -> Part:
        """Make an argument compare by code point inside of an operation."""
        if not isinstance(part, Sql) or node.type is not edm.STRING or not is_inexact(self, part, False):
            return part
        return part.rewritten(self.dialect.binary.format(a=self.text(part)))

    def local(self, part: Part) -> Part:
        """A moment in its own offset, where the column has that."""
        if isinstance(part, Sql) and _has_clock(part):
            return part.rewritten(self.clock_of(part).local)
        return part

    def clock_of(self, part: Part) -> Clock:
        """Write a moment's clock in its own offset, as if that was UTC, and the minutes of the offset."""
        template = self.dialect.templates["totaloffsetminutes(DateTimeOffset)"]
        if type(part) is Value and part.value is None:
            return Clock("NULL", "NULL", "NULL")
        if type(part) is Value:
            minutes = str(part.value.utcoffset() // dt.timedelta(minutes=1))
            text = self.typed_text(Value(part.value.replace(tzinfo=dt.UTC), part.type))
            return Clock(text, minutes, minutes)
        if isinstance(part, Sql) and part.clock is not None:
            return part.clock
        storage = part.storage if isinstance(part, Sql) else None
        if isinstance(part, Sql) and storage is not None and storage.local is not None:
            local = self.decoded(storage.local, part.text)
            minutes = self.decoded(storage.offset or template, part.text if storage.offset else local)
        else:
            local = self.typed_text(part)
            minutes = self.decoded(template, local)
        return Clock(local, minutes, minutes)

    # ---- numbers ---------------------------------------------------------------------------------

    def decimal(self, name: str, parts: Sequence[Part], template: str) -> Sql:
        """Compile arithmetic of decimals, exact to the digits after the point that the result has."""
        scales = [self.scale_of(part) for part in parts]
        scaled, most = _SCALES.get(name), self.dialect.max_scale
        scale = scaled(scales[0], scales[-1]) if scaled else 12
        if most is not None and max(scale, *scales) > most:
            raise too_large(self.dialect, "decimal-places", most)
        if any(type(part) is Sql for part in parts):  # products of products have ever more digits
            template = self.dialect.wide_templates.get(f"{name}(Decimal,Decimal)", template)
        more: dict[str, Any] = {"m": max(scales), "sa": scales[0], "sb": scales[-1], "p": scale + 26}
        found = self.fill(template, parts, s=scale, **more)
        if name in ("add", "sub", "mul"):
            found.text = self.dialect.round_decimal(found.text, scale)
        found.scale = scale
        return found

    def integer(self, node: TypedCall, parts: Sequence[Part], template: str) -> Sql:
        """Compile arithmetic in 64 bits, or with more where the result might not fit; null if it does not."""
        if node.function == "divby":
            found = self.fill(template, parts, s=12)
            found.scale = 12
            return found
        largest = [_largest_of(part) for part in parts]
        needed = _LARGEST[node.function](largest[0], largest[-1])
        divisor = parts[-1]
        if node.function == "div" and type(divisor) is Value and divisor.value != -1:
            needed = min(needed, _MOST)
        cast, first = "", next(n for n, part in enumerate(parts) if isinstance(part, Sql))
        if needed > _MOST:
            template = self.dialect.wide_templates.get(node.key, template)
            cast = self.dialect.as_wide_integer
        elif not any(isinstance(part, Sql) and part.is_int64 for part in parts):
            cast = self.dialect.as_int64
        if cast not in ("", "{a}"):
            given = parts[first]
            assert isinstance(given, Sql)
            parts = [*parts[:first], given.rewritten(cast.format(a=self.text(given))), *parts[first + 1 :]]
        found = self.fill(template, parts)
        if needed > _MOST:
            found.type = edm.INT64
            found = self.fill(self.dialect.wide_to_int64, [found])
        found.largest = min(needed, 2**63)
        found.is_int64 = needed <= _MOST
        found.scale = 0
        return found

    # ---- logic, choices and casts ----------------------------------------------------------------

    def truth_value(self, holds: Sql) -> Part:
        if holds.kind in (TRUE, FALSE):
            return Value(holds.kind == TRUE, edm.BOOLEAN)
        true, false = self.dialect.booleans
        found = self.nest(f"CASE WHEN {holds.text} THEN {true} ELSE {false} END", [holds])
        found.type = edm.BOOLEAN
        return found

    def kleene(self, name: str, parts: Sequence[Part]) -> Part:
        known = [part.value for part in parts if isinstance(part, Value)]
        if len(known) == len(parts):
            return Value(python_values.KLEENE[name](*known), edm.BOOLEAN)
        return self.once(parts, lambda parts: self.kleene_of(name, parts), is_condition=False)

    def kleene_of(self, name: str, parts: Sequence[Part]) -> Sql:
        """Compile `and`, `or` or `not` of values that are not all known."""
        texts = ["NULL" if isinstance(p, Value) and p.value is None else self.text(p) for p in parts]
        true, false = self.dialect.booleans
        if self.dialect.conditions_are_values:
            holds = f"NOT {texts[0]}" if name == "not" else f" {name.upper()} ".join(texts)
            text = f"({holds})"
        elif name == "not":
            text = f"CASE {texts[0]} WHEN {true} THEN {false} WHEN {false} THEN {true} END"
        else:
            final, neutral = (false, true) if name == "and" else (true, false)
            decided = " OR ".join(f"{text} = {final}" for text in texts)
            unknown = " OR ".join(f"{text} IS NULL" for text in texts)
            text = f"CASE WHEN {decided} THEN {final} WHEN {unknown} THEN NULL ELSE {neutral} END"
        found = self.nest(text, parts)
        found.type = edm.BOOLEAN
        return found

    def choose(self, pairs: Sequence[tuple[Sql, Part]]) -> Part:
        possible: list[tuple[Sql, Part]] = []
        for holds, part in pairs:
            if isinstance(part, Entity | Collection):
                what = Phrase("a-choice-of-collections")
                raise self.engine_error("unsupported-expression.engine", what=what)
            if holds.kind != FALSE:
                possible.append((holds, part))
            if holds.kind == TRUE:
                break
        if all(isinstance(part, Value) and part.value is None for _, part in possible):
            return Value(None, edm.NULL)
        if possible[0][0].kind == TRUE:
            return possible[0][1]
        scale = max(self.scale_of(part) for _, part in possible)
        types = [part.type for _, part in possible if isinstance(part, Sql | Value)]
        widest = next((kind for kind in (edm.DOUBLE, edm.SINGLE, edm.DECIMAL) if kind in types), None)
        branch = self.dialect.case_casts.get("" if widest is None else _family(widest), "{a}")
        text = ""
        for holds, part in possible:
            chosen = branch.format(a=self.typed_text(part), s=scale)
            text += f" ELSE {chosen}" if holds.kind == TRUE else f" WHEN {holds.text} THEN {chosen}"
        found = self.nest(f"CASE{text} END", [part for pair in possible for part in pair])
        if any(_has_clock(part) for _, part in possible):
            clocks = [(f" WHEN {holds.text} THEN ", self.clock_of(part)) for holds, part in possible]
            texts = [f"CASE{''.join([when + clock[n] for when, clock in clocks])} END" for n in range(3)]
            self.check_length(sum(map(len, texts)))
            found.clock = Clock(*texts)
        found.scale = scale
        found.type = widest or next((type for type in types if type is not edm.NULL), None)
        return found

    def cast(self, part: Part, source: edm.Type, target: edm.Type) -> Part:
        if type(part) is Value:
            return Value(python_values.cast(part.value, source, target), target)
        if source.name == target.name:
            return part
        if isinstance(part, Collection):
            return replace(part, cast=edm.element_of(target))
        templates = self.dialect.templates
        to = f"{_family(target)})"
        key = f"cast({_family(source)},{to}"
        if source is edm.SINGLE and f"cast(Single,{to}" in templates:
            key = f"cast(Single,{to}"
        template = templates.get(key)
        if template is None:
            reason = Phrase(self.dialect.unsupported.get(key, "no-such-conversion"))
            names: dict[str, Any] = {"source": Name(source.name), "target": Name(target.name)}
            raise self.engine_error("unsupported-function.cast", reason=reason, **names)
        if source is edm.DATE_TIME_OFFSET:
            part = self.local(part)
        low, high = edm.RANGES.get(target.name, (0, 0))
        type_name = self.dialect.types.get((edm.DOUBLE if target is edm.SINGLE else target).name, "")
        found = self.fill(template, [part], low=low, high=high, type=type_name)
        if target is edm.SINGLE:
            found.type = edm.DOUBLE
            found = self.fill(templates["cast(Double,Single)"], [found])
        if target.name in edm.INTEGERS:
            found.largest = max(high, -low)
        found.scale = self.scale_of(part) if source.name in edm.NUMBERS else None
        found.type = target
        return found

    # ---- collections -----------------------------------------------------------------------------

    def count_members(self, collection: Part) -> Part:
        if isinstance(collection, Value):
            return Value(None if collection.value is None else len(collection.value), edm.INT64)
        assert isinstance(collection, Collection)
        found = members(self, self.columns, collection, None, counted=True)
        if collection.absent is not None:  # null where the path to the collection leads through null
            text = f"CASE WHEN NOT ({collection.absent.text}) THEN {found.text} END"
            found = self.nest(text, [found, collection.absent])
        found.is_int64, found.type = True, edm.INT64
        return found

    def filter_members(self, collection: Part, level: int, type: edm.Type, body: Sql) -> Collection:
        assert isinstance(collection, Collection)
        self.columns.level = level - 1
        return replace(collection, on=(*collection.on, body))

    def list_of(self, parts: Sequence[Part]) -> Value:
        values = [part.value for part in parts if isinstance(part, Value)]
        if len(values) < len(parts):
            what = Phrase("a-list-of-expressions")
            raise self.engine_error("unsupported-expression.engine", what=what)
        type = common_type([part.type for part in parts if isinstance(part, Value)])
        return Value(values, edm.collection(type or edm.NULL))


def _has_clock(part: Part | None) -> bool:
    """True for a moment whose clock in its own offset is not that in UTC."""
    if type(part) is Value:
        return isinstance(part.value, dt.datetime) and bool(part.value.utcoffset())
    if not isinstance(part, Sql):
        return False
    return part.clock is not None or (part.storage is not None and part.storage.local is not None)


def _largest_of(part: Part) -> int:
    """The largest absolute value of an integer."""
    if type(part) is Value:
        return abs(int(part.value))
    assert isinstance(part, Sql)
    return part.largest


def _family(type: edm.Type) -> str:
    """The kind of a type that casts are listed by: `Integer`, `Double`, `Enum`, `Date`."""
    if isinstance(type, edm.EnumType):
        return "Enum"
    if type.name in edm.INTEGERS:
        return "Integer"
    return "Double" if type.name in FLOATS else type.name.removeprefix("Edm.")
