"""Typed trees to SQL: what `logic.py` asks for, in the words of a dialect.

Values are bound, names come from the model and are quoted. What is known without the row is computed
here and bound, so that every operation left has a column in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import edm
from ..check.typed import TypedCall
from ..language.ast import Literal, Node
from ..operations import OPERATIONS
from ..problems import Name, Phrase
from ..python import functions as python_values
from ..python.operations import function
from .comparisons import FLOATS, SIGNS, SqlConditions
from .parts import ATOM, FALSE, TRUE, Collection, Entity, Part, Sql, Value, too_large

_INFINITE = (float("inf"), float("-inf"))
_CAN_FAIL = {s.key for operation in OPERATIONS.values() for s in operation.signatures if s.may_be_null}
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
    "totalseconds": lambda a, b: 6,
    "fractionalseconds": lambda a, b: 6,
}


class SqlEmitter(SqlConditions):
    """Emits SQL of a dialect (see `logic.Emitter`)."""

    def test(
        self,
        node: Node,
        parts: Sequence[Part],
        nullable: Sequence[bool],
        wanted: bool,
        on_null: bool,
    ) -> Sql:
        if isinstance(node, TypedCall) and node.function in SIGNS:
            return self.compare(node, parts, nullable, wanted)
        if isinstance(node, TypedCall) and "(" in node.key:
            part = self.operation(node, parts, nullable)
            if type(part) is Sql:
                can_fail = node.key in _CAN_FAIL
                nullable = [*nullable, node.nullable and (can_fail or not any(nullable))]
                parts = [*parts, part]
        else:
            part = parts[0]
            if type(part) is Sql:
                holds = self.dialect.boolean_tests[0 if wanted else 1].format(a=self.text(part))
                found = self.nested(holds, [part])
                return self.unless_null(found, parts, nullable, True) if on_null and any(nullable) else found
        if type(part) is Value:
            return self.constant(on_null if part.value is None else part.value is wanted)
        assert type(part) is Sql
        if on_null and any(nullable):
            return self.unless_null(part, parts, nullable, wanted)
        return part if wanted else self.negated(part)

    def unsupported(self, name: str, reason: str) -> Exception:
        return self.refused("unsupported-function", name=Name(name), reason=Phrase(reason))

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
            return Value(function(key)(*values), node.type)
        if any(type(part) is Value and part.value is None for part in parts):
            return Value(None, node.type)
        dialect = self.dialect
        reason = dialect.unsupported.get(key)
        if reason is not None:
            raise self.unsupported(node.function, reason)
        if key == "length(Collection)":
            return self.count_members(parts[0])
        if dialect.binary_arguments:
            parts = [
                self.exactly(part, argument) for part, argument in zip(parts, node.arguments, strict=True)
            ]
        needle = dialect.literal_needles.get(key)
        if needle is not None and type(parts[1]) is Value and (dialect.mixes_collations or parts[0].column):  # type: ignore[union-attr]  # it is Sql
            bound = needle[1](parts[1].value)
            if bound is not None:
                inside = [parts[0], *[Value(text, edm.STRING) for text in bound]]
                return self.filled(needle[0], inside)
        for part in parts:
            if type(part) is Value:
                self.check(part)
                if part.value in _INFINITE and not dialect.infinite_operands:
                    raise self.refused("unsupported-function.infinite", name=Name(node.function))
        template = dialect.templates[key]
        if key.endswith("(Integer,Integer)") or key == "negate(Integer)":
            return self.integer(node, parts, template)
        scaled = _SCALES.get(node.function)
        if node.type is edm.DECIMAL:
            scales = [self.scale_of(part) for part in parts]
            scale = scaled(scales[0], scales[-1]) if scaled else 12
            most = dialect.max_scale
            if most is not None and max(scale, *scales) > most:
                raise too_large(dialect, "decimal-places", most)
            more = {"m": max(scales), "sa": scales[0], "sb": scales[-1], "p": scale + 20}
            found = self.filled(template, parts, s=scale, **more)
            if node.function in ("add", "sub", "mul"):
                found.text = dialect.round_decimal(found.text, scale)
            found.scale = scale
            return found
        if key.endswith("(DateTimeOffset)"):
            storage = getattr(parts[0], "storage", None)
            if node.function == "totaloffsetminutes" and storage is not None and storage.offset is not None:
                return self.nested(self.read(storage.offset, parts[0].text), parts)  # type: ignore[union-attr]  # it is Sql
            parts = [self.local(part) for part in parts]
        found = self.filled(template, parts)
        found.bits, found.long = 31, False
        return found

    def local(self, part: Part) -> Part:
        """A moment in its own offset, where the column has that."""
        if isinstance(part, Sql) and part.storage is not None and part.storage.local is not None:
            return Sql(self.read(part.storage.local, part.text, "{a}"), ATOM, part.depth)
        return part

    def scale_of(self, part: Part) -> int:
        """The digits after the point."""
        if type(part) is Value:
            exponent = getattr(part.value, "as_tuple", lambda: None)()
            return max(-exponent.exponent, 0) if exponent else 0
        assert type(part) is Sql
        return self.dialect.default_scale if part.scale is None else part.scale

    def integer(self, node: TypedCall, parts: Sequence[Part], template: str) -> Part:
        """Arithmetic in 64 bits, and with more where the result might not fit; null if it does not."""
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
            texts[place] = self.dialect.as_wide_integer.format(a=texts[place])
        elif not any(type(p) is Sql and p.long for p in parts):
            texts[place] = self.dialect.as_int64.format(a=texts[place])
        text = template.format(**dict(zip("ab", texts, strict=False)))
        if needed > 63:
            text = self.dialect.wide_to_int64.format(a=text)
        found = self.nested(text, parts)
        if needed > 63:
            found.depth += self.dialect.wide_to_int64_depth
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
        true, false = self.dialect.booleans
        return self.nested(f"CASE WHEN {holds.text} THEN {true} ELSE {false} END", [holds])

    def kleene(self, name: str, parts: Sequence[Part]) -> Part:
        if all(isinstance(part, Value) for part in parts):
            values = [part.value for part in parts if isinstance(part, Value)]
            return Value(python_values.KLEENE[name](*values), edm.BOOLEAN)
        texts = ["NULL" if isinstance(p, Value) and p.value is None else self.text(p) for p in parts]
        if self.dialect.conditions_are_values:
            holds = f"NOT {texts[0]}" if name == "not" else f" {name.upper()} ".join(texts)
            return self.nested(f"({holds})", parts)
        true, false = self.dialect.booleans
        if name == "not":
            return self.nested(
                f"CASE {texts[0]} WHEN {true} THEN {false} WHEN {false} THEN {true} END", parts
            )
        final, neutral = (false, true) if name == "and" else (true, false)
        decided = " OR ".join(f"{text} = {final}" for text in texts)
        unknown = " OR ".join(f"{text} IS NULL" for text in texts)
        return self.nested(
            f"CASE WHEN {decided} THEN {final} WHEN {unknown} THEN NULL ELSE {neutral} END", parts
        )

    def predicate_value(self, holds: Sql) -> Sql:
        """A condition that can be unknown as a value, where conditions are no values."""
        true, false = self.dialect.booleans
        fails = self.negated(holds)
        return self.nested(f"CASE WHEN {holds.text} THEN {true} WHEN {fails.text} THEN {false} END", [holds])

    def choose(self, pairs: Sequence[tuple[Sql, Part]]) -> Part:
        kept: list[tuple[Sql, Part]] = []
        for holds, part in pairs:
            if isinstance(part, Entity | Collection):
                what = Phrase("a-choice-of-collections")
                raise self.refused("unsupported-expression.engine", what=what)
            if holds.kind != FALSE:
                kept.append((holds, part))
            if holds.kind == TRUE:
                break
        if not kept:
            return Value(None, edm.NULL)
        if kept[0][0].kind == TRUE:
            return kept[0][1]
        if all(isinstance(part, Value) and part.value is None for _, part in kept):
            return Value(None, edm.NULL)
        scale = max(self.scale_of(part) for _, part in kept)
        types = [part.type for _, part in kept if isinstance(part, Sql | Value)]
        widest = next((kind for kind in (edm.DOUBLE, edm.SINGLE, edm.DECIMAL) if kind in types), None)
        branch = self.dialect.case_casts.get("" if widest is None else _family(widest), "{a}")
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
            reason = self.dialect.unsupported.get(key, "no-such-conversion")
            names = {"source": Name(source.name), "target": Name(target.name)}
            raise self.refused("unsupported-function.cast", reason=Phrase(reason), **names)
        if source is edm.DATE_TIME_OFFSET:
            part = self.local(part)
        low, high = edm.RANGES.get(target.name, (0, 0))
        found = self.filled(
            template, [part], low=low, high=high, type=self.dialect.types.get(target.name, "")
        )
        if target.name in edm.INTEGERS:
            found.bits = high.bit_length()
        found.scale = self.scale_of(part) if source.name in edm.NUMBERS else None
        found.type = target
        return found

    # ---- collections -----------------------------------------------------------------------------

    def in_collection(self, part: Part, collection: Part, wanted: bool) -> Sql:
        if isinstance(collection, Value):
            items = collection.value or ()
            return self.in_values(part, True, items, collection.type, wanted)
        assert isinstance(collection, Collection)
        near = self.dialect.correlates_deeply or collection.joins is None
        if not near and isinstance(part, Sql) and "(SELECT " in part.text:
            raise self.too_far()
        element = collection.element
        nullable = (not isinstance(part, Value), True)
        body = self.equals(part, self.member(collection), (element, element), nullable, True)
        return self.exists(collection, 0, element, body, wanted)

    def members(self, collection: Collection, body: Sql | None) -> tuple[str, Sql]:
        """What stands behind FROM, and the condition that a row is a member for which the body holds."""
        source = collection.source + "".join(collection.joins or ())
        holds = self.every([*collection.on, *([] if body is None else [body])])
        if not collection.form.takes_subqueries and "(SELECT " in holds.text:
            what = Phrase("join-array-members")
            raise self.refused("unsupported-expression.engine-cannot", what=what)
        return source, holds

    def exists(self, collection: Part, level: int, type: edm.Type, body: Sql | None, wanted: bool) -> Sql:
        assert isinstance(collection, Collection)
        if level:
            self.level = level - 1
        if body is not None and body.kind == FALSE:
            return self.constant(not wanted)
        found = self.listed_there(collection, body) if wanted else None
        found = found or self.asked(collection, body, counted=False)
        return found if wanted else self.negated(found)

    def listed_there(self, collection: Collection, body: Sql | None) -> Sql | None:
        """`id IN (SELECT ...)` of a child table, where that finds few rows and the engine sees it not."""
        if not self.dialect.rewrites_exists or len(collection.links) != 1:
            return None
        if body is None or not body.selective:
            return None
        source, _ = self.members(collection, None)
        inner = self.every([*collection.on[1:], body])
        if self.outer(f"{source} {inner.text}"):
            return None
        there, here = collection.links[0]
        return self.nested(f"{here} IN (SELECT {there} FROM {source} WHERE {inner.text})", [inner])

    def asked(self, collection: Collection, body: Sql | None, *, counted: bool) -> Sql:
        """Whether there is a member for which the body holds, or how many there are."""
        source, holds = self.members(collection, body)
        self.subqueries += 1
        bound = self.dialect.max_subqueries
        if bound is not None and self.subqueries > bound:
            raise too_large(self.dialect, "collection-tests", bound)
        form = collection.form
        alias, columns, on, text = collection.alias, "", "", holds.text
        gathered = self.dialect.array_of_children
        if gathered is not None and collection.joins is not None:
            links = len(collection.property.column.join or ())
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
        if not self.dialect.correlates_deeply and collection.joins is not None:
            self.check_reach(found)
        return self.nested(found, [holds])

    def gathered(self, body: str, source: str, alias: str) -> tuple[str, str]:
        """A condition on an array in place of rows, and the columns that it uses of them."""
        assert self.dialect.array_of_children is not None
        member = self.dialect.array_of_children.member
        opening, closing = re.escape(self.dialect.quote("\2")).split("\2")
        names = "|".join(map(re.escape, self.brought(source)))
        own = rf"(?:{names})\.{opening}(?:[^{closing}\\]|{closing}{closing}|\\.)*{closing}"
        columns: dict[str, int] = {}

        def numbered(found: re.Match[str]) -> str:
            return member.format(t=alias, n=columns.setdefault(found[0], len(columns) + 1))

        return re.sub(own, numbered, body), ", ".join(columns) or "1"

    def count_members(self, collection: Part) -> Part:
        if isinstance(collection, Value):
            return Value(None if collection.value is None else len(collection.value), edm.INT64)
        assert isinstance(collection, Collection)
        found = self.asked(collection, None, counted=True)
        if collection.absent is not None:
            text = f"CASE WHEN NOT ({collection.absent}) THEN {found.text} END"
            found = self.nested(text, [found])
        found.long = True
        return found

    def filter_members(self, collection: Part, level: int, type: edm.Type, body: Sql) -> Collection:
        assert isinstance(collection, Collection)
        self.level = level - 1
        return replace(collection, on=(*collection.on, body))

    def list_of(self, parts: Sequence[Part]) -> Value:
        values = [part.value for part in parts if isinstance(part, Value)]
        if len(values) < len(parts):
            raise self.refused("unsupported-expression.engine", what=Phrase("a-list-of-expressions"))
        return Value(values, edm.collection(edm.UNTYPED))


def _family(type: edm.Type) -> str:
    """The kind of a type that casts are spelled for: `Integer`, `Double`, `Enum`, `Date`."""
    if isinstance(type, edm.EnumType):
        return "Enum"
    if type.name in edm.INTEGERS:
        return "Integer"
    return "Double" if type.name in FLOATS else type.name.removeprefix("Edm.")
