"""Typed trees to SQL: what `truth.py` asks for, in the words of a dialect.

Values are bound, names come from the model and are quoted. What is known without the row is computed
here and bound, so that every operation left has a column in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from . import edm, python_values
from .ast import Literal, Node
from .errors import Problem, error
from .sql_paths import SqlPaths
from .sql_parts import AND, ATOM, FALSE, OR, TRUE, Collection, Entity, Part, Sql, Value, too_large
from .typed import TypedCall, TypedPath, is_nullable, type_of

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_FLOATS = (edm.DOUBLE.name, edm.SINGLE.name)
_NAN = float("nan")
_INFINITE = (float("inf"), float("-inf"))
_AT_ONCE = 100
"""Operands of AND or OR beside one another; more are put in groups, so that no engine nests too deep."""
_INTEGER_BITS: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: max(a, b) + 1,
    "sub": lambda a, b: max(a, b) + 1,
    "mul": lambda a, b: a + b,
    "div": lambda a, b: a + 1,
    "mod": lambda a, b: a,
    "negate": lambda a, b: a + 1,
}
_SCALES: dict[str, Callable[[int, int], int]] = {
    "add": max,
    "sub": max,
    "mul": lambda a, b: a + b,
    "mod": max,
    "negate": lambda a, b: a,
    "ceiling": lambda a, b: 0,
    "floor": lambda a, b: 0,
    "round": lambda a, b: 0,
}


class SqlEmitter(SqlPaths):
    """Emits SQL of a dialect (see `truth.Emitter`)."""

    # ---- pieces ----------------------------------------------------------------------------------

    def text(self, part: Part) -> str:
        """A value as templates take it."""
        if type(part) is Value:
            return self.marker(part.value, part.type)
        assert type(part) is Sql, "entities and collections are not values"
        storage = part.storage
        return part.text if storage is None else self.read(storage.read, part.text)

    def typed(self, part: Part) -> str:
        """A value where nothing around it tells its type."""
        text = self.text(part)
        if type(part) is Value and self.dialect.typed_literals and part.value is not None:
            return (
                f"CAST({text} AS {self.dialect.types.get(part.type.name, self.dialect.types['Edm.Int64'])})"
            )
        return text

    def filled(self, template: str, parts: Sequence[Part], cost: int = 1, **more: object) -> Sql:
        """A template with its arguments; the cost is how deep it nests."""
        return self.nested(template.format(**dict(zip("abcd", map(self.text, parts), strict=False)), **more), parts)

    def nested(self, text: str, parts: Sequence[Part], kind: int = ATOM) -> Sql:
        """A piece that holds others."""
        if len(text) > self.dialect.max_length:
            raise too_large(
                f"{self.dialect.name} takes statements of at most {self.dialect.max_length} characters."
            )
        depth = 1 + max([part.depth for part in parts], default=0)
        bound = self.dialect.max_depth
        if bound is not None and depth > bound:
            raise too_large(f"{self.dialect.name} takes expressions that nest at most {bound} deep.")
        return Sql(text, kind, depth)

    def unsupported(self, node: Node, name: str, reason: str) -> Exception:
        message = f"{name} is not supported by {self.dialect.name}: {reason}."
        return error([Problem("unsupported-function", message, "", node.span)])

    # ---- conditions ------------------------------------------------------------------------------

    def constant(self, holds: bool) -> Sql:
        return Sql("1 = 1", TRUE) if holds else Sql("1 = 0", FALSE)

    def every(self, parts: Sequence[Sql]) -> Sql:
        return self.joined(parts, " AND ", AND, OR, TRUE, FALSE)

    def some(self, parts: Sequence[Sql]) -> Sql:
        return self.joined(parts, " OR ", OR, AND, FALSE, TRUE)

    def joined(self, parts: Sequence[Sql], word: str, own: int, other: int, neutral: int, final: int) -> Sql:
        """Conditions joined by AND or OR: `neutral` ones are left out, a `final` one decides."""
        texts = []
        depth = 0
        for part in parts:
            kind = part.kind
            if kind == final:
                return part
            if kind != neutral:
                texts.append(f"({part.text})" if kind == other else part.text)
                last = part
                depth = max(depth, part.depth)
        if not texts:
            return self.constant(neutral == TRUE)
        if len(texts) == 1:
            return last
        self.terms += len(texts)
        bound = self.dialect.max_terms
        if bound is not None and self.terms > bound:
            raise too_large(f"{self.dialect.name} takes at most {bound} operands of AND and OR.")
        while len(texts) > _AT_ONCE:
            depth += _AT_ONCE if self.dialect.chains_nest else 1
            texts = [f"({word.join(texts[n : n + _AT_ONCE])})" for n in range(0, len(texts), _AT_ONCE)]
        bound = self.dialect.max_depth
        depth += len(texts) if self.dialect.chains_nest else 1
        if bound is not None and depth > bound:
            raise too_large(f"{self.dialect.name} takes expressions that nest at most {bound} deep.")
        return Sql(word.join(texts), own, depth)

    def unless_null(self, holds: Sql, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool) -> Sql:
        """A condition that also holds where an argument is null; with `wanted` False, where it does not hold."""
        null = [part for part, can_be in zip(parts, nullable, strict=True) if can_be]
        if null and not (len(null) == 1 and type(null[0]) is Sql and null[0].column):
            template = self.dialect.not_false if wanted else self.dialect.not_true
            return self.nested(template.format(a=holds.text), [holds])
        if not wanted:
            holds = self.negated(holds)
        return self.some([holds, self.is_null(null[0], True)]) if null else holds

    def negated(self, holds: Sql) -> Sql:
        """The opposite of a condition, unknown where that is."""
        if holds.kind in (TRUE, FALSE):
            return self.constant(holds.kind == FALSE)
        text = f"NOT ({holds.text})" if holds.kind != ATOM else f"NOT {holds.text}"
        return Sql(text, ATOM, holds.depth + 1)

    def test(
        self,
        node: TypedCall | TypedPath,
        parts: Sequence[Part],
        nullable: Sequence[bool],
        wanted: bool,
        on_null: bool,
    ) -> Sql:
        is_call = isinstance(node, TypedCall)
        if is_call and node.function in _SIGNS:  # type: ignore[union-attr]  # is_call says so
            return self.compare(node, parts, nullable, wanted)  # type: ignore[arg-type]  # is_call says so
        if is_call and "(" in node.key:  # type: ignore[union-attr]  # is_call says so
            part = self.operation(node, parts, nullable)  # type: ignore[arg-type]  # is_call says so
            if type(part) is Sql:
                nullable = [*nullable, node.nullable and not any(nullable)]
                parts = [*parts, part]
        else:
            part = parts[0]
            if type(part) is Sql:
                holds = self.dialect.holds[0 if wanted else 1].format(a=self.text(part))
                found = self.nested(holds, [part])
                return self.unless_null(found, parts, nullable, True) if on_null and any(nullable) else found
        if type(part) is Value:
            return self.constant(on_null if part.value is None else part.value is wanted)
        assert type(part) is Sql
        if on_null and any(nullable):
            return self.unless_null(part, parts, nullable, wanted)
        return part if wanted else self.negated(part)

    def compared(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> Sql | None:
        column = self.path(path)
        name, right = node.function, value.value
        if type(column) is not Sql or not column.equals or right != right:
            return None
        if name == "eq" or name == "ne":
            keeps_null = (name == "ne") is wanted
            sign = "<>" if keeps_null else "="
        elif column.compares:
            keeps_null = not wanted
            sign = _SIGNS[name if wanted else _OPPOSITE[name]]
        else:
            return None
        if self.refuses:
            if right == "" and not self.dialect.empty_text:
                return None
            self.check(Value(right, value.type))
        text = f"{column.text} {sign} {self.marker(right, value.type)}"
        if keeps_null and path.nullable:
            return Sql(f"{text} OR {column.text} IS NULL", OR, 3)
        return Sql(text, ATOM, 2)

    def compare(self, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool) -> Sql:
        """`gt`, `ge`, `lt`, `le`: false where an operand is null."""
        left, right = parts
        name = node.function
        if type(left) is Value:
            if type(right) is Value:
                return self.constant(_ordered(name, left.value, right.value) is wanted)
            left, right, name = right, left, _MIRRORED[name]
        if type(right) is Value:
            if right.value is None or right.value != right.value:
                return self.constant(not wanted)
            self.check(right)
        assert type(left) is Sql
        kind = type_of(node.arguments[0]).name
        floating = kind in _FLOATS or type_of(node.arguments[1]).name in _FLOATS
        if floating and self.dialect.nan != "none":
            found = self.nested(f"{self.text(left)} {_SIGNS[name]} {self.text(right)}", parts)
            greater = left if name in ("gt", "ge") else right
            if self.dialect.nan == "greatest" and type(greater) is not Value:
                found = self.every([found, Sql(f"{self.text(greater)} <> {self.marker(_NAN, edm.DOUBLE)}")])
            if wanted:
                return found
            return self.nested(self.dialect.not_true.format(a=found.text), [found])
        if type(right) is Value and left.storage is not None and left.storage.near and wanted:
            return self.near(left, name, right)
        sign = _SIGNS[name if wanted else _OPPOSITE[name]]
        if kind == edm.STRING.name:
            a, b = self.by_code_point(left, right)
        else:
            a, b = self.operands(left, right, ordered=True)
        found = self.nested(f"{a} {sign} {b}", parts)
        if wanted or not any(nullable):
            return found
        nulls = [part for part, can_be in zip(parts, nullable, strict=True) if can_be]
        if all(type(part) is Sql and part.column for part in nulls):
            return self.some([found, *[self.is_null(part, True) for part in nulls]])
        found = self.nested(f"{a} {_SIGNS[name]} {b}", parts)
        return self.nested(self.dialect.not_true.format(a=found.text), [found])

    def operands(self, left: Sql, right: Part, *, ordered: bool = False) -> tuple[str, str]:
        """Two operands in one form: a column as it is and a value as it holds that, or both as read."""
        storage = left.storage
        if (
            storage is None
            or type(right) is not Value
            or storage.write is None
            or (ordered and not storage.ordered)
        ):
            return self.text(left), self.text(right)
        value = storage.write(right.value, self.zone)
        return left.text, self.marker(value, edm.UNTYPED)

    def near(self, left: Sql, name: str, right: Value) -> Sql:
        """A comparison that looks at the column itself first, for its index, and reads it only near the bound."""
        assert left.storage is not None
        assert left.storage.near is not None
        column, read, value = left.text, self.text(left), self.text(right)
        low, high = (self.marker(bound, edm.UNTYPED) for bound in left.storage.near(right.value))
        if name == "eq":
            text = f"{column} >= {low} AND {column} < {high} AND {read} = {value}"
        elif name in ("gt", "ge"):
            text = f"{column} >= {low} AND ({column} >= {high} OR {read} {_SIGNS[name]} {value})"
        else:
            text = f"{column} < {high} AND ({column} < {low} OR {read} {_SIGNS[name]} {value})"
        return self.nested(text, [left], AND)

    def by_code_point(self, left: Part, right: Part) -> tuple[str, str]:
        """Two texts to be compared, so that code points decide."""
        a, b = self.text(left), self.text(right)
        if self.collation_of(left) != "binary":
            a = self.dialect.exact.format(a=a)
            if self.dialect.exact_both or (type(right) is Sql and not self.dialect.collates):
                b = self.dialect.exact.format(a=b)
        elif type(right) is Sql and self.collation_of(right) != "binary":
            b = self.dialect.exact.format(a=b)
        return a, b

    def exactly(self, part: Part, node: Node) -> Part:
        """An argument of an operation; code points decide in it."""
        if type(part) is Sql and type_of(node) is edm.STRING and self.collation_of(part) == "insensitive":
            return Sql(self.dialect.exact.format(a=self.text(part)), ATOM, part.depth)
        return part

    def collation_of(self, part: Part) -> str:
        if self.native:
            return "binary"
        if self.dialect.pads:
            return "insensitive"
        return (part.collation if type(part) is Sql else None) or self.dialect.collation

    def same(
        self,
        left: Part,
        right: Part,
        types: tuple[edm.Type, edm.Type],
        nullable: Sequence[bool],
        wanted: bool,
    ) -> Sql:
        if type(left) is Value:
            if type(right) is Value:
                return self.constant(_equal(left.value, right.value) is wanted)
            left, right, nullable = right, left, (nullable[1], nullable[0])
        if not isinstance(left, Sql) or isinstance(right, Entity | Collection):
            message = f"Comparing whole collections is not supported by {self.dialect.name}."
            raise error([Problem("unsupported-expression", message)])
        if type(right) is Value:
            if right.value is None:
                return self.is_null(left, wanted) if nullable[0] else self.constant(not wanted)
            if right.value != right.value:
                return self.constant(not wanted)
            if right.value == "" and left.column and not self.dialect.empty_text:
                return self.constant(not wanted)
            self.check(right)
            if wanted and left.storage is not None and left.storage.near:
                return self.near(left, "eq", right)
        floating = types[0].name in _FLOATS or types[1].name in _FLOATS
        is_text = types[0] is edm.STRING or types[1] is edm.STRING
        inexact = is_text and "insensitive" in (self.collation_of(left), self.collation_of(right))
        a, b = self.operands(left, right)
        if floating and self.dialect.nan != "none" and type(right) is not Value:
            return self.same_floats(left, right, nullable, wanted)
        both = nullable[0] and nullable[1] and type(right) is not Value
        if inexact and not self.dialect.collates and not (left.column and type(right) is Value):
            a, inexact = self.dialect.exact.format(a=a), False
            b = b if type(right) is Value else self.dialect.exact.format(a=b)
        if wanted:
            found = self.nested(self.dialect.same.format(a=a, b=b) if both else f"{a} = {b}", [left, right])
            if inexact:
                exact = self.dialect.exact.format(a=a)
                b = self.dialect.exact.format(a=b) if self.dialect.exact_both else b
                again = self.dialect.same.format(a=exact, b=b) if both else f"{exact} = {b}"
                found = self.every([found, Sql(again)])
            return found
        if inexact:
            a = self.dialect.exact.format(a=a)
            b = self.dialect.exact.format(a=b) if self.dialect.exact_both else b
        if not any(nullable):
            return self.nested(f"{a} <> {b}", [left, right])
        can_be_null = left if nullable[0] else right
        if both or not (type(can_be_null) is Sql and can_be_null.column):
            return self.nested(self.dialect.distinct.format(a=a, b=b), [left, right])
        return self.some([self.nested(f"{a} <> {b}", [left, right]), self.is_null(can_be_null, True)])

    def same_floats(self, left: Sql, right: Part, nullable: Sequence[bool], wanted: bool) -> Sql:
        """Whether numbers that may both be NaN, which equals nothing, are equal."""
        a, b = self.text(left), self.text(right)
        both = nullable[0] and nullable[1]
        found = self.nested(self.dialect.same.format(a=a, b=b) if both else f"{a} = {b}", [left, right])
        if self.dialect.nan == "greatest" or (both and self.dialect.same_nan):
            nan = self.marker(_NAN, edm.DOUBLE)
            found = self.every(
                [found, Sql(self.dialect.distinct.format(a=a, b=nan) if both else f"{a} <> {nan}")]
            )
        return found if wanted else self.nested(self.dialect.not_true.format(a=found.text), [found])

    def is_null(self, part: Part, wanted: bool) -> Sql:
        if isinstance(part, Value):
            return self.constant((part.value is None) is wanted)
        if isinstance(part, Sql):
            return Sql(f"{part.text} IS NULL" if wanted else f"{part.text} IS NOT NULL", ATOM, part.depth)
        absent = part.absent
        if absent is None:
            return self.constant(not wanted)
        found = Sql(absent)
        return found if wanted else self.negated(found)

    def among(self, part: Part, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool) -> Sql:
        if isinstance(part, Value):
            return self.constant(any(_equal(part.value, item) for item in items) is wanted)
        assert isinstance(part, Sql)
        values = [Value(item, type) for item in items if item is not None and item == item]
        if part.column and not self.dialect.empty_text:
            values = [value for value in values if value.value != ""]
        has_null = nullable and len(values) < len(items) and None in items
        if not values:
            return self.is_null(part, wanted) if has_null else self.constant(not wanted)
        for value in values:
            self.check(value)
        pairs = [self.operands(part, value) for value in values]
        column = pairs[0][0]
        markers = [marker for _, marker in pairs]
        inexact = type is edm.STRING and self.collation_of(part) == "insensitive"
        exact = self.dialect.exact.format(a=column) if inexact else column
        if inexact and not (part.column or self.dialect.collates):
            column, inexact = exact, False
        exactly = markers
        if inexact and self.dialect.exact_both:
            exactly = [self.dialect.exact.format(a=marker) for marker in markers]
        found = self.listing(column, markers, True) if wanted else self.listing(exact, exactly, False)
        found = self.nested(found.text, [part], found.kind)
        if inexact and wanted:
            found = self.every([found, self.listing(exact, exactly, True)])
        if wanted and part.storage is not None and part.storage.near is not None:
            bounds = [part.storage.near(value.value) for value in values]
            low = self.marker(min(low for low, _ in bounds), edm.UNTYPED)
            high = self.marker(max(high for _, high in bounds), edm.UNTYPED)
            found = self.every([Sql(f"{part.text} >= {low}"), Sql(f"{part.text} < {high}"), found])
        if wanted:
            return self.some([found, self.is_null(part, True)]) if has_null else found
        if has_null or not nullable:
            return found
        if part.column:
            return self.some([found, self.is_null(part, True)])
        return self.nested(self.dialect.not_false.format(a=found.text), [found])

    def listing(self, text: str, markers: Sequence[str], wanted: bool) -> Sql:
        """Whether a text of SQL is one of some values, in as many lists as the engine needs."""
        if len(markers) == 1:
            return Sql(f"{text} {'=' if wanted else '<>'} {markers[0]}")
        most = self.dialect.max_in or len(markers)
        if not self.dialect.sorts_by_subqueries and "(SELECT " in text:
            sign = "=" if wanted else "<>"
            parts = [Sql(f"{text} {sign} {marker}") for marker in markers]
            return self.some(parts) if wanted else self.every(parts)
        word = "IN" if wanted else "NOT IN"
        lists = [
            Sql(f"{text} {word} ({', '.join(markers[n : n + most])})") for n in range(0, len(markers), most)
        ]
        return self.some(lists) if wanted else self.every(lists)

    def check(self, value: Value) -> None:
        """Refuse a value that the engine cannot compare with."""
        if not self.refuses:
            return
        wrong = self.dialect.accepts(value.value, value.type)
        if wrong:
            raise error([Problem("literal-out-of-range", wrong)])

    # ---- values ----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Value:
        return Value(node.value, node.type)

    def call(self, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool]) -> Part:
        part = self.operation(node, parts, nullable)
        if node.type is not edm.BOOLEAN or type(part) is not Sql:
            if type(part) is Sql:
                part.type = node.type
            return part
        if self.dialect.conditions_are_values:
            return Sql(f"({part.text})", ATOM, part.depth)
        return self.predicate_value(part)

    def operation(self, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool]) -> Part:
        """A call, as a condition if it is one."""
        key = node.key
        if key != "now()" and all(type(part) is Value for part in parts):
            values = [part.value for part in parts]  # type: ignore[union-attr]  # all are Values
            if any(value is None for value in values):
                return Value(None, node.type)
            return Value(python_values.function(key)(*values), node.type)
        if any(type(part) is Value and part.value is None for part in parts):
            return Value(None, node.type)
        dialect = self.dialect
        reason = dialect.unsupported.get(key)
        if reason is not None:
            raise self.unsupported(node, node.function, reason)
        if key == "length(Collection)":
            return self.count(parts[0])
        if dialect.exact_inside:
            parts = [self.exactly(part, argument) for part, argument in zip(parts, node.arguments, strict=True)]
        needle = dialect.needles.get(key)
        if needle is not None and type(parts[1]) is Value and (dialect.collates or parts[0].column):  # type: ignore[union-attr]  # it is Sql
            bound = needle[1](parts[1].value)
            if bound is not None:
                inside = [parts[0], *[Value(text, edm.STRING) for text in bound]]
                return self.filled(needle[0], inside)
        for part in parts:
            if type(part) is Value:
                self.check(part)
                if part.value in _INFINITE and not dialect.infinite_operands:
                    raise self.unsupported(node, f"{node.function} with INF", "it has no infinite numbers")
        template = dialect.templates[key]
        if key.endswith("(Integer,Integer)") or key == "negate(Integer)":
            return self.integer(node, parts, template)
        scaled = _SCALES.get(node.function)
        if node.type is edm.DECIMAL:
            scales = [self.scale_of(part) for part in parts]
            scale = scaled(scales[0], scales[-1]) if scaled else 12
            most = dialect.max_scale
            if most is not None and max(scale, *scales) > most:
                raise too_large(f"{dialect.name} takes decimals with at most {most} digits after the point.")
            more = {"m": max(scales), "sa": scales[0], "sb": scales[-1], "p": scale + 20}
            found = self.filled(template, parts, s=scale, **more)
            found.scale = scale
            return found
        if key.endswith("(DateTimeOffset)"):
            parts = [self.local(part) for part in parts]
        found = self.filled(template, parts)
        found.bits, found.long = 31, False
        return found

    def local(self, part: Part) -> Part:
        """A moment in its own offset, where the column has that."""
        if isinstance(part, Sql) and part.storage is not None and part.storage.local is not None:
            return Sql(self.read(part.storage.local, part.text), ATOM, part.depth)
        return part

    def scale_of(self, part: Part) -> int:
        """The digits after the point."""
        if type(part) is Value:
            exponent = getattr(part.value, "as_tuple", lambda: None)()
            return max(-exponent.exponent, 0) if exponent else 0
        assert type(part) is Sql
        return self.dialect.scale if part.scale is None else part.scale

    def integer(self, node: TypedCall, parts: Sequence[Part], template: str) -> Part:
        """Arithmetic of integers: in 64 bits, and with more where the result might not fit; null if it does not."""
        bits = [self.bits_of(part) for part in parts]
        if node.function == "divby":
            found = self.filled(template, parts, s=12)
            found.scale = 12
            return found
        needed = _INTEGER_BITS[node.function](bits[0], bits[-1])
        if node.function == "div" and type(parts[1]) is Value and parts[1].value != -1:
            needed = bits[0]
        texts = [self.text(part) for part in parts]
        place = next(n for n, part in enumerate(parts) if type(part) is Sql)
        part = parts[place]
        assert type(part) is Sql
        if needed > 63:
            template = self.dialect.wide_templates.get(node.key, template)
            texts[place] = self.dialect.wide.format(a=texts[place])
        elif not (self.dialect.wide_integers or any(type(p) is Sql and p.long for p in parts)):
            texts[place] = self.dialect.long.format(a=texts[place])
        text = template.format(**dict(zip("ab", texts, strict=False)))
        if needed > 63:
            text = self.dialect.narrow.format(a=text)
        found = self.nested(text, parts)
        if needed > 63:
            found.depth += self.dialect.narrow_depth
        found.bits = min(needed, 63)
        found.long = needed <= 63
        found.scale = 0
        return found

    def bits_of(self, part: Part) -> int:
        if type(part) is Value:
            return 31 if -(2**31) < part.value < 2**31 else 63
        assert type(part) is Sql
        return part.bits

    def truth_value(self, holds: Sql) -> Part:
        if holds.kind in (TRUE, FALSE):
            return Value(holds.kind == TRUE, edm.BOOLEAN)
        true, false = self.dialect.truth
        return self.nested(f"CASE WHEN {holds.text} THEN {true} ELSE {false} END", [holds])

    def kleene(self, name: str, parts: Sequence[Part]) -> Part:
        if all(isinstance(part, Value) for part in parts):
            values = [part.value for part in parts if isinstance(part, Value)]
            return Value(python_values.NAMES[f"{name}_of"](*values), edm.BOOLEAN)
        texts = ["NULL" if isinstance(p, Value) and p.value is None else self.text(p) for p in parts]
        if self.dialect.conditions_are_values:
            holds = f"NOT {texts[0]}" if name == "not" else f" {name.upper()} ".join(texts)
            return self.nested(f"({holds})", parts)
        true, false = self.dialect.truth
        if name == "not":
            return self.nested(f"CASE {texts[0]} WHEN {true} THEN {false} WHEN {false} THEN {true} END", parts)
        final, neutral = (false, true) if name == "and" else (true, false)
        decided = " OR ".join(f"{text} = {final}" for text in texts)
        unknown = " OR ".join(f"{text} IS NULL" for text in texts)
        return self.nested(f"CASE WHEN {decided} THEN {final} WHEN {unknown} THEN NULL ELSE {neutral} END", parts)

    def predicate_value(self, holds: Sql) -> Sql:
        """A condition that can be unknown as a value, where conditions are no values."""
        true, false = self.dialect.truth
        fails = self.negated(holds)
        return self.nested(f"CASE WHEN {holds.text} THEN {true} WHEN {fails.text} THEN {false} END", [holds])

    def choose(self, pairs: Sequence[tuple[Sql, Part]]) -> Part:
        kept: list[tuple[Sql, Part]] = []
        for holds, part in pairs:
            if isinstance(part, Entity | Collection):
                message = f"A choice of whole collections is not supported by {self.dialect.name}."
                raise error([Problem("unsupported-expression", message)])
            if holds.kind != FALSE:
                kept.append((holds, part))
            if holds.kind == TRUE:
                break
        if not kept:
            return Value(None, edm.NULL)
        if kept[0][0].kind == TRUE:
            return kept[0][1]
        scale = max(self.scale_of(part) for _, part in kept)
        types = [part.type for _, part in kept if isinstance(part, Sql | Value)]
        widest = next((kind for kind in (edm.DOUBLE, edm.SINGLE, edm.DECIMAL) if kind in types), None)
        branch = self.dialect.branches.get("" if widest is None else _family(widest), "{a}")
        text = ""
        for holds, part in kept:
            chosen = branch.format(a=self.typed(part), s=scale)
            text += f" ELSE {chosen}" if holds.kind == TRUE else f" WHEN {holds.text} THEN {chosen}"
        found = self.nested(f"CASE{text} END", [part for pair in kept for part in pair])
        found.scale, found.type = scale, widest
        return found

    def cast(self, part: Part, source: edm.Type, target: edm.Type) -> Part:
        if type(part) is Value:
            return Value(python_values.cast(part.value, source, target), target)
        if source.name == target.name:
            return part
        key = f"cast({_family(source)},{_family(target)})"
        template = self.dialect.templates.get(key)
        if template is None:
            reason = self.dialect.unsupported.get(key, "it has no such conversion")
            message = (
                f"cast from {source.name} to {target.name} is not supported by {self.dialect.name}: {reason}."
            )
            raise error([Problem("unsupported-function", message)])
        if source is edm.DATE_TIME_OFFSET:
            part = self.local(part)
        low, high = python_values.RANGES.get(target.name, (0, 0))
        found = self.filled(
            template, [part], low=low, high=high, type=self.dialect.types.get(target.name, "")
        )
        if target.name in edm.INTEGERS:
            found.bits = high.bit_length()
        found.scale = self.scale_of(part) if source.name in edm.NUMBERS else None
        found.type = target
        return found

    # ---- collections -----------------------------------------------------------------------------

    def within(self, part: Part, collection: Part, wanted: bool) -> Sql:
        if isinstance(collection, Value):
            items = collection.value or ()
            return self.among(part, True, items, collection.type, wanted)
        assert isinstance(collection, Collection)
        if collection.joins is not None and not self.dialect.correlates_through and isinstance(part, Sql):
            if "(SELECT " in part.text:
                raise self.too_far()
        element = collection.element
        nullable = (not isinstance(part, Value), True)
        body = self.same(part, self.member(collection), (element, element), nullable, True)
        return self.exists(collection, 0, element, body, wanted)

    def members(self, collection: Collection, body: Sql | None) -> tuple[str, Sql]:
        """What stands behind FROM, and the condition that a row there is a member for which the body holds."""
        source = collection.source + "".join(collection.joins or ())
        holds = self.every([*collection.on, *([] if body is None else [body])])
        if not collection.form.takes_subqueries and "(SELECT " in holds.text:
            message = f"{self.dialect.name} cannot look from the members of an array at another table."
            raise error([Problem("unsupported-expression", message)])
        return source, holds

    def exists(self, collection: Part, level: int, type: edm.Type, body: Sql | None, wanted: bool) -> Sql:
        assert isinstance(collection, Collection)
        if level:
            self.level = level - 1
        if body is not None and body.kind == FALSE:
            return self.constant(not wanted)
        found = self.asked(collection, body, counted=False)
        return found if wanted else self.negated(found)

    def asked(self, collection: Collection, body: Sql | None, *, counted: bool) -> Sql:
        """Whether there is a member for which the body holds, or how many there are."""
        source, holds = self.members(collection, body)
        form = collection.form
        alias, columns, on, text = collection.alias, "", "", holds.text
        gathered = self.dialect.gathered
        if gathered is not None and collection.joins is not None:
            links = len(collection.property.join or ())
            inner = self.every([*collection.on[links:], *([] if body is None else [body])]).text
            on = self.every(collection.on[:links]).text
            self.check_reach(f"{source} WHERE {on}")
            if self.outer(f"{source} {inner}"):
                if "(SELECT " in inner:
                    raise self.too_far()
                form = gathered
                text, columns = self.gathered(inner, source, alias)
        template = form.counted if counted else form.exists
        found = template.format(source=source, t=alias, body=text, on=on, columns=columns)
        if not self.dialect.correlates_through and collection.joins is not None:
            self.check_reach(found)
        return self.nested(found, [holds])

    def gathered(self, body: str, source: str, alias: str) -> tuple[str, str]:
        """A condition on an array in place of rows, and the columns that it uses of them."""
        assert self.dialect.gathered is not None
        member = self.dialect.gathered.member
        opening, closing = re.escape(self.dialect.quote("\2")).split("\2")
        names = "|".join(map(re.escape, self.brought(source)))
        own = rf"(?:{names})\.{opening}(?:[^{closing}\\]|{closing}{closing}|\\.)*{closing}"
        columns: dict[str, int] = {}

        def numbered(found: re.Match[str]) -> str:
            return member.format(t=alias, n=columns.setdefault(found[0], len(columns) + 1))

        return re.sub(own, numbered, body), ", ".join(columns) or "1"

    def count(self, collection: Part) -> Part:
        if isinstance(collection, Value):
            return Value(None if collection.value is None else len(collection.value), edm.INT64)
        assert isinstance(collection, Collection)
        found = self.asked(collection, None, counted=True)
        if collection.absent is not None:
            text = f"CASE WHEN NOT ({collection.absent}) THEN {found.text} END"
            found = self.nested(text, [found])
        found.long = True
        return found

    def filtered(self, collection: Part, level: int, type: edm.Type, body: Sql) -> Collection:
        assert isinstance(collection, Collection)
        self.level = level - 1
        return replace(collection, on=(*collection.on, body))

    def listed(self, parts: Sequence[Part]) -> Value:
        values = [part.value for part in parts if isinstance(part, Value)]
        if len(values) < len(parts):
            message = f"A list of expressions is not supported by {self.dialect.name}."
            raise error([Problem("unsupported-expression", message)])
        return Value(values, edm.collection(edm.UNTYPED))


def _ordered(name: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    return bool(python_values.function(name)(left, right))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, list) or isinstance(right, list):
        return python_values.same_items(left, right)
    return bool(left == right)


def _family(type: edm.Type) -> str:
    """The kind of a type that casts are spelled for: `Integer`, `Double`, `Enum`, `Date`."""
    if isinstance(type, edm.EnumType):
        return "Enum"
    if type.name in edm.INTEGERS:
        return "Integer"
    return "Double" if type.name in _FLOATS else type.name.removeprefix("Edm.")
