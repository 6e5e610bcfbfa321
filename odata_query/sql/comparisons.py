"""Conditions in SQL: how they are joined and negated, and comparisons of columns and values."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal, Node
from ..problems import Phrase
from ..python import functions as python_values
from ..python.operations import function
from .columns import SqlPaths
from .parts import AND, ATOM, FALSE, OR, TRUE, Collection, Entity, Part, Sql, Value, check_length, too_large

SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
FLOATS = (edm.DOUBLE.name, edm.SINGLE.name)
_NAN = float("nan")
_AT_ONCE = 100
"""Operands of AND or OR beside one another; more are put in groups, so that no engine nests too deep."""


class SqlConditions(SqlPaths):
    """What a statement says of values it has."""

    # ---- pieces ----------------------------------------------------------------------------------

    def text(self, part: Part) -> str:
        """A value as templates take it."""
        if type(part) is Value:
            return self.marker(part.value, part.type)
        assert type(part) is Sql, "entities and collections are not values"
        storage = part.storage
        return part.text if storage is None else self.read(storage.read, part.text, storage.named_zone)

    def typed(self, part: Part) -> str:
        """A value where nothing around it tells its type."""
        text = self.text(part)
        if type(part) is Value and self.dialect.typed_literals and part.value is not None:
            return (
                f"CAST({text} AS {self.dialect.types.get(part.type.name, self.dialect.types['Edm.Int64'])})"
            )
        return text

    def filled(self, template: str, parts: Sequence[Part], **more: object) -> Sql:
        """A template with its arguments."""
        return self.nested(
            template.format(**dict(zip("abcd", map(self.text, parts), strict=False)), **more), parts
        )

    def nested(self, text: str, parts: Sequence[Part], kind: int = ATOM) -> Sql:
        """A piece that holds others."""
        check_length(text, self.dialect)
        depth = 1 + max([part.depth for part in parts], default=0)
        self.check_depth(depth)
        return Sql(text, kind, depth)

    def check_depth(self, depth: int) -> None:
        """Refuse what nests deeper than expressions can."""
        bound = self.dialect.max_depth
        if bound is not None and depth > bound:
            raise self.refused("expression-too-large.engine-depth", most=bound)

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
        depth = selective = 0
        for part in parts:
            kind = part.kind
            if kind == final:
                return part
            if kind != neutral:
                texts.append(f"({part.text})" if kind == other else part.text)
                last = part
                if part.depth > depth:
                    depth = part.depth
                if part.selective:
                    selective += 1
        if not texts:
            return self.constant(neutral == TRUE)
        if len(texts) == 1:
            return last
        self.terms += len(texts)
        bound = self.dialect.max_terms
        if bound is not None and self.terms > bound:
            raise too_large(self.dialect, "logical-operands", bound)
        while len(texts) > _AT_ONCE:
            depth += _AT_ONCE if self.dialect.chains_nest else 1
            texts = [f"({word.join(texts[n : n + _AT_ONCE])})" for n in range(0, len(texts), _AT_ONCE)]
        depth += len(texts) if self.dialect.chains_nest else 1
        self.check_depth(depth)
        found = Sql(word.join(texts), own, depth)
        found.selective = selective > 0 and (own == AND or selective == len(parts))
        return found

    def unless_null(self, holds: Sql, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool) -> Sql:
        """A condition, or its opposite if not `wanted`, that also holds where an argument is null."""
        null = [part for part, can_be in zip(parts, nullable, strict=True) if can_be]
        if null and not (len(null) == 1 and type(null[0]) is Sql and null[0].column):
            template = self.dialect.not_false if wanted else self.dialect.not_true
            return self.nested(template.format(a=holds.text), [holds])
        if not wanted:
            holds = self.negated(holds)
        return self.some([holds, self.is_null(null[0], True)]) if null else holds

    def not_true(self, holds: Sql) -> Sql:
        """That a condition is false or unknown."""
        return self.nested(self.dialect.not_true.format(a=holds.text), [holds])

    def negated(self, holds: Sql) -> Sql:
        """The opposite of a condition, unknown where that is."""
        if holds.kind in (TRUE, FALSE):
            return self.constant(holds.kind == FALSE)
        text = f"NOT ({holds.text})" if holds.kind != ATOM else f"NOT {holds.text}"
        return Sql(text, ATOM, holds.depth + 1)

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> Sql | None:
        column = self.path(path)
        name, right = node.function, value.value
        if type(column) is not Sql or not column.equals or right != right:
            return None
        if type(right) is Decimal and path.type.name in edm.INTEGERS and not -(2**63) <= right < 2**63:
            return self.beyond(name, column, path.nullable, right > 0, wanted)
        if name == "eq" or name == "ne":
            keeps_null = (name == "ne") is wanted
            sign = "<>" if keeps_null else "="
        elif column.compares:
            keeps_null = not wanted
            sign = SIGNS[name if wanted else _OPPOSITE[name]]
        else:
            return None
        if self.refuses:
            if right == "" and not self.dialect.has_empty_string:
                return None
            self.check(Value(right, value.type))
        text = f"{column.text} {sign} {self.marker(right, value.type)}"
        if keeps_null and path.nullable:
            return Sql(f"{text} OR {column.text} IS NULL", OR, 3)
        found = Sql(text, ATOM, 2)
        found.selective = sign == "="
        return found

    def beyond(self, name: str, column: Sql, nullable: bool, above: bool, wanted: bool) -> Sql:
        """A comparison of an integer with a number that none reaches."""
        holds = name == "ne" or (name != "eq" and (name in ("lt", "le")) is above)
        if nullable and name not in ("eq", "ne") and holds:
            return self.is_null(column, not wanted)
        return self.constant(holds is wanted)

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
        kind = node.arguments[0].type.name
        floating = kind in FLOATS or node.arguments[1].type.name in FLOATS
        if floating and self.dialect.nan != "none":
            found = self.nested(f"{self.text(left)} {SIGNS[name]} {self.text(right)}", parts)
            greater, less = (left, right) if name in ("gt", "ge") else (right, left)
            may_be_nan = {"greatest": greater, "least": less}.get(self.dialect.nan)
            if type(may_be_nan) is Sql:
                found = self.every(
                    [found, Sql(f"{self.text(may_be_nan)} <> {self.marker(_NAN, edm.DOUBLE)}")]
                )
            if wanted:
                return found
            return self.not_true(found)
        if type(right) is Value and left.storage is not None and left.storage.bounds and wanted:
            return self.near(left, name, right)
        if floating:
            nullable = self.with_nan(parts, nullable)
        sign = SIGNS[name if wanted else _OPPOSITE[name]]
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
        found = self.nested(f"{a} {SIGNS[name]} {b}", parts)
        return self.not_true(found)

    def operands(self, left: Sql, right: Part, *, ordered: bool = False) -> tuple[str, str]:
        """Two operands in one form: a column as it is and a value as it holds that, or both as read."""
        storage = left.storage
        if (
            storage is None
            or type(right) is not Value
            or storage.write is None
            or (ordered and not storage.is_ordered)
        ):
            return self.text(left), self.text(right)
        value = storage.write(right.value, self.zone)
        return left.text, self.marker(value, edm.UNTYPED)

    def near(self, left: Sql, name: str, right: Value) -> Sql:
        """A comparison that looks at the column itself, for its index, and reads it only near the bound."""
        assert left.storage is not None
        assert left.storage.bounds is not None
        column, read, value = left.text, self.text(left), self.text(right)
        low, high = (self.marker(bound, edm.UNTYPED) for bound in left.storage.bounds(right.value))
        if name == "eq":
            text = f"{column} >= {low} AND {column} < {high} AND {read} = {value}"
        elif name in ("gt", "ge"):
            text = f"{column} >= {low} AND ({column} >= {high} OR {read} {SIGNS[name]} {value})"
        else:
            text = f"{column} < {high} AND ({column} < {low} OR {read} {SIGNS[name]} {value})"
        return self.nested(text, [left], AND)

    def by_code_point(self, left: Part, right: Part) -> tuple[str, str]:
        """Two texts to be compared, so that code points decide."""
        a, b = self.text(left), self.text(right)
        if self.collation_of(left) != "binary":
            a = self.dialect.binary.format(a=a)
            if self.dialect.binary_on_both_sides or (
                type(right) is Sql and not self.dialect.mixes_collations
            ):
                b = self.dialect.binary.format(a=b)
        elif type(right) is Sql and self.collation_of(right) != "binary":
            b = self.dialect.binary.format(a=b)
        return a, b

    def exactly(self, part: Part, node: Node) -> Part:
        """An argument of an operation; code points decide in it."""
        if type(part) is Sql and node.type is edm.STRING and self.collation_of(part) == "insensitive":
            return Sql(self.dialect.binary.format(a=self.text(part)), ATOM, part.depth)
        return part

    def collation_of(self, part: Part) -> str:
        if self.native:
            return "binary"
        own = part.collation if type(part) is Sql else None
        if self.dialect.ignores_trailing_spaces and own != "binary":
            return "insensitive"
        return own or self.dialect.collation

    def equals(
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
            raise self.refused("unsupported-expression.engine", what=Phrase("comparing-collections"))
        if type(right) is Value:
            if right.value is None:
                return self.is_null(left, wanted) if nullable[0] else self.constant(not wanted)
            if right.value != right.value:
                return self.constant(not wanted)
            if right.value == "" and left.column and not self.dialect.has_empty_string:
                return self.constant(not wanted)
            self.check(right)
            if wanted and left.storage is not None and left.storage.bounds:
                return self.near(left, "eq", right)
        floating = types[0].name in FLOATS or types[1].name in FLOATS
        if floating:
            nullable = self.with_nan((left, right), nullable)
        is_text = types[0] is edm.STRING or types[1] is edm.STRING
        inexact = is_text and "insensitive" in (self.collation_of(left), self.collation_of(right))
        a, b = self.operands(left, right)
        if floating and self.dialect.nan != "none" and type(right) is not Value:
            return self.same_floats(left, right, nullable, wanted)
        both = nullable[0] and nullable[1] and type(right) is not Value
        if inexact and not self.dialect.mixes_collations and not (left.column and type(right) is Value):
            a, inexact = self.dialect.binary.format(a=a), False
            b = b if type(right) is Value else self.dialect.binary.format(a=b)
        if wanted:
            found = self.nested(
                self.dialect.null_safe_equal.format(a=a, b=b) if both else f"{a} = {b}", [left, right]
            )
            if inexact:
                exact = self.dialect.binary.format(a=a)
                b = self.dialect.binary.format(a=b) if self.dialect.binary_on_both_sides else b
                again = self.dialect.null_safe_equal.format(a=exact, b=b) if both else f"{exact} = {b}"
                found = self.every([found, Sql(again)])
            return found
        if inexact:
            a = self.dialect.binary.format(a=a)
            b = self.dialect.binary.format(a=b) if self.dialect.binary_on_both_sides else b
        if not any(nullable):
            return self.nested(f"{a} <> {b}", [left, right])
        can_be_null = left if nullable[0] else right
        if both or not (type(can_be_null) is Sql and can_be_null.column):
            return self.nested(self.dialect.null_safe_unequal.format(a=a, b=b), [left, right])
        return self.some([self.nested(f"{a} <> {b}", [left, right]), self.is_null(can_be_null, True)])

    def with_nan(self, parts: Sequence[Part], nullable: Sequence[bool]) -> Sequence[bool]:
        """Which operands can be null where NaN, which arises from numbers that are not, is null."""
        if self.dialect.nan != "none":
            return nullable
        return [
            can_be or (type(part) is Sql and not part.column)
            for part, can_be in zip(parts, nullable, strict=True)
        ]

    def same_floats(self, left: Sql, right: Part, nullable: Sequence[bool], wanted: bool) -> Sql:
        """Whether numbers that may both be NaN, which equals nothing, are equal."""
        a, b = self.text(left), self.text(right)
        both = nullable[0] and nullable[1]
        found = self.nested(
            self.dialect.null_safe_equal.format(a=a, b=b) if both else f"{a} = {b}", [left, right]
        )
        if self.dialect.nan in ("greatest", "least") or (both and self.dialect.null_safe_nan):
            nan = self.marker(_NAN, edm.DOUBLE)
            found = self.every(
                [found, Sql(self.dialect.null_safe_unequal.format(a=a, b=nan) if both else f"{a} <> {nan}")]
            )
        return found if wanted else self.not_true(found)

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

    def in_values(
        self, part: Part, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
    ) -> Sql:
        if isinstance(part, Value):
            return self.constant(any(_equal(part.value, item) for item in items) is wanted)
        assert isinstance(part, Sql)
        if type.name in FLOATS and self.dialect.nan == "ieee":
            part = self.nested(
                f"({self.text(part)} + 0)", [part]
            )  # a negative zero equals zero, but is not IN
        if wanted and part.equals and None not in items and self.dialect.has_empty_string:
            for item in items if self.refuses else ():
                self.check(Value(item, type))
            markers = [self.marker(item, type) for item in items if item == item]
            if markers:
                found = self.listing(part.text, markers, True)
                found.selective = True
                return found
        values = [Value(item, type) for item in items if item is not None and item == item]
        if part.column and not self.dialect.has_empty_string:
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
        exact = self.dialect.binary.format(a=column) if inexact else column
        if inexact and not (part.column or self.dialect.mixes_collations):
            column, inexact = exact, False
        exactly = markers
        if inexact and self.dialect.binary_on_both_sides:
            exactly = [self.dialect.binary.format(a=marker) for marker in markers]
        found = self.listing(column, markers, True) if wanted else self.listing(exact, exactly, False)
        found = self.nested(found.text, [part], found.kind)
        if inexact and wanted:
            found = self.every([found, self.listing(exact, exactly, True)])
        if wanted and part.storage is not None and part.storage.bounds is not None:
            bounds = [part.storage.bounds(value.value) for value in values]
            low = self.marker(min(low for low, _ in bounds), edm.UNTYPED)
            high = self.marker(max(high for _, high in bounds), edm.UNTYPED)
            found = self.every([Sql(f"{part.text} >= {low}"), Sql(f"{part.text} < {high}"), found])
        if wanted:
            return self.some([found, self.is_null(part, True)]) if has_null else found
        [nullable] = self.with_nan([part], [nullable]) if type.name in FLOATS else [nullable]
        if has_null or not nullable:
            return found
        if part.column:
            return self.some([found, self.is_null(part, True)])
        return self.nested(self.dialect.not_false.format(a=found.text), [found])

    def listing(self, text: str, markers: Sequence[str], wanted: bool) -> Sql:
        """Whether a text of SQL is one of some values, in as many lists as the engine needs."""
        if len(markers) == 1:
            return Sql(f"{text} {'=' if wanted else '<>'} {markers[0]}")
        most = self.dialect.max_in_items or len(markers)
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
        reason = self.dialect.rejects(value.value, value.type)
        if reason:
            raise self.refused("literal-out-of-range.engine", reason=reason)


def _ordered(name: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    return bool(function(name)(left, right))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, list) or isinstance(right, list):
        return python_values.same_items(left, right)
    return bool(left == right)
