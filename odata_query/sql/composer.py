"""The composition of SQL: templates with arguments, AND and OR, negation, and the values to bind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any, TypeVar

from .. import edm
from ..errors import ODataError
from .dialects.base import Bound, Dialect
from .parts import AND, ATOM, FALSE, OR, TRUE, Part, Sql, SqlColumn, Value
from .statement import engine_error, too_large

_GROUP = 100
"""The most operands of one AND or OR; more are put in groups, so that no engine nests too deep."""
_SHORT = 40
"""The most characters of a piece that is written several times rather than bound to a name."""
_SHORT_COLUMN = 1_000
"""The same for a column: SQLite takes 700 characters to read a moment."""
_SHORT_PATH = 120
"""The same for a column as it is stored: the template that reads it can name it ten times."""
_WORK = 32_000_000
"""The most characters of all pieces that are made for a statement."""
P = TypeVar("P", bound=Part)


@lru_cache(maxsize=4096)
def _uses(template: str) -> tuple[Mapping[str, int], frozenset[str]]:
    """Count the uses of each argument in a template; return also those that it uses more than once."""
    fields = [field for _, field, _, _ in Formatter().parse(template) if field]
    uses = {field: fields.count(field) for field in fields}
    return uses, frozenset(name for name, count in uses.items() if count > 1)


def collation_of(dialect: Dialect, by_column: bool, own: str | None) -> str:
    """Return how a text compares whose column is declared so: `binary`, `linguistic` or `insensitive`."""
    if by_column:
        return "binary"
    if dialect.ignores_trailing_spaces and own != "binary":
        return "insensitive"
    return own or dialect.collation


class Composer:
    """Composes the pieces of one statement in a dialect, and collects its values.

    zone       the time zone of columns without one
    by_column  True to compare texts as their columns do, False to compare by code point
    """

    def __init__(self, dialect: Dialect, zone: dt.tzinfo, by_column: bool) -> None:
        self.dialect = dialect
        self.zone = zone
        self.by_column = by_column
        self.checks_values = (
            dialect.decimal_digits is not None or type(dialect).rejects is not Dialect.rejects
        )
        self.values: list[tuple[Any, edm.Type]] = []
        self.terms = self.subqueries = self.names = self.spent = 0

    # ---- values ----------------------------------------------------------------------------------

    def marker(self, value: Any, type: edm.Type) -> str:
        """Bind a value; return the text that stands for it until the statement is rendered."""
        reason = self.dialect.rejects(value, type) if self.checks_values else None
        if reason:
            raise self.dialect.rejection(reason, value)
        values = self.values
        values.append((value, type))
        return self.dialect.marker(f"\0{len(values) - 1}\0", value, type)

    def text(self, part: Part) -> str:
        """Write a value in the form that templates take."""
        if type(part) is Value:
            return self.marker(part.value, part.type)
        assert isinstance(part, Sql), "entities and collections are not values"
        storage = part.storage
        return part.text if storage is None else self.decoded(storage.read, part.text)

    def decoded(self, template: str, column: str) -> str:
        """Fill the template of a storage with a column, which can be a long path in JSON or a subquery."""
        if len(column) <= _SHORT_PATH or "a" not in _uses(template)[1]:
            return template.format(a=column)
        self.names += 1
        name = self.dialect.bound_name(self.names, 0)
        return self.dialect.bind_once(template.format(a=name), self.names, [Bound(column)])

    def scale_of(self, part: Part) -> int:
        """The digits after the point."""
        if type(part) is Value:
            exponent = getattr(part.value, "as_tuple", lambda: None)()
            return max(-exponent.exponent, 0) if exponent else 0
        assert isinstance(part, Sql)
        return self.dialect.default_scale if part.scale is None else part.scale

    def typed_text(self, part: Part) -> str:
        """Write a value where nothing around it gives it a type."""
        text = self.text(part)
        if type(part) is Value and self.dialect.typed_literals and part.value is not None:
            return f"CAST({text} AS {self.dialect.marker_type(part.value, part.type)})"
        return text

    def collation_of(self, part: Sql) -> str:
        """Return how a text compares: `binary`, `linguistic` or `insensitive`."""
        return part.collation or collation_of(self.dialect, self.by_column, None)

    def engine_error(self, message_id: str, **values: Any) -> ODataError:
        """Make the error for what the engine cannot do; odata_query/logic.py adds its place."""
        return engine_error(self.dialect, message_id, **values)

    # ---- composition -----------------------------------------------------------------------------

    def fill(
        self, template: str, parts: Sequence[Part], *, is_condition: bool = False, **more: object
    ) -> Sql:
        """Fill a template with its arguments, `{a}`, `{b}` and so on.

        Where the template has a long one several times, that is bound to a name, as all long ones are then,
        and those with subqueries, which a lambda cannot have.
        """
        texts = dict(zip("abcd", map(self.text, parts), strict=False))
        uses, repeated = _uses(template)
        values: list[Bound] = []
        if repeated and self.can_bind(parts):
            pairs = [(n, p) for n, p in zip(texts, parts, strict=False) if isinstance(p, Sql) and n in uses]
            long = {name for name, part in pairs if _is_long(part, texts[name])}
            if not repeated.isdisjoint(long):
                self.names += 1
                bound = [(name, part) for name, part in pairs if name in long or part.has_subquery]
                for place, (name, part) in enumerate(bound):
                    values.append(Bound(texts[name], part.type, part.scale))
                    texts[name] = self.dialect.bound_name(self.names, place)
            # The size is known before the text is made, which could take much memory.
            self.check_length(sum([len(text) * uses.get(name, 0) for name, text in texts.items()]))
        found = self.nest(template.format(**texts, **more), parts)
        return self.bind(found, self.names, values, is_condition) if values else found

    def once(
        self,
        parts: Sequence[Part],
        write: Callable[[Sequence[Part]], P],
        repeats: bool = True,
        *,
        is_condition: bool = True,
    ) -> P:
        """Write a piece with names in place of long parts; where it has one several times, they are bound.

        repeats  False if the piece has each part once
        """
        if not repeats or not self.can_bind(parts):
            return write(parts)
        # The forms of comparisons are many (null, NaN, collations, lists), so the names in one are counted.
        number, short = self.names + 1, list(parts)
        values: dict[str, Bound] = {}
        long = [type(part) is Sql and len(part.text) > _SHORT for part in parts]
        for n, part in enumerate(parts):
            if isinstance(part, Sql) and (long[n] or (part.has_subquery and any(long))):
                self.names = number
                name = self.dialect.bound_name(number, len(values))
                values[name], short[n] = Bound(part.text, part.type, part.scale), part.renamed(name)
        found = write(short)
        if values and isinstance(found, Sql):
            if any(found.text.count(name) > 1 for name in values):
                self.bind(found, number, list(values.values()), is_condition)
            else:
                for name, value in values.items():
                    found.text = found.text.replace(name, value.text)
                self.check_length(len(found.text))
        return found

    def bind(self, found: Sql, number: int, values: Sequence[Bound], is_condition: bool) -> Sql:
        """Bind the names in a piece to their values, each of which is computed once."""
        body, dialect = found.text, self.dialect
        if is_condition and not dialect.conditions_are_values:
            body = f"CASE WHEN {body} THEN 1 WHEN NOT ({body}) THEN 0 END"
            found.text = dialect.bind_once(body, number, values) + " = 1"
        else:
            found.text = dialect.bind_once(body, number, values)
        found.kind, found.is_selective = ATOM, False
        found.depth += dialect.once_depth
        if dialect.max_depth is not None and found.depth > dialect.max_depth:
            raise self.too_deep()
        self.check_length(len(found.text))
        return found

    def can_bind(self, parts: Sequence[Part]) -> bool:
        """True if long parts can be computed once: their subqueries too."""
        return self.dialect.once_takes_subqueries or not any(part.has_subquery for part in parts)

    def check_length(self, length: int) -> None:
        """Raise LimitError for a piece, or for all pieces together, of more characters than may be made."""
        self.spent += length
        if length > self.dialect.max_length or self.spent > _WORK:
            raise too_large(self.dialect, "characters", self.dialect.max_length)

    def nest(self, text: str, parts: Sequence[Part], kind: int = ATOM) -> Sql:
        """Make a piece that contains others, with what it has from them."""
        found, dialect = Sql(text, kind), self.dialect
        self.spent += len(text)
        if self.spent > dialect.max_length:
            self.check_length(len(text))
        depth = 0
        for part in parts:
            if part.depth > depth:
                depth = part.depth
            found.rows |= part.rows
            if part.has_subquery:
                found.has_subquery = True
        if dialect.max_depth is not None and depth >= dialect.max_depth:
            raise self.too_deep()
        found.depth = depth + 1
        return found

    def too_deep(self) -> ODataError:
        """Make the error for an expression that nests deeper than the engine takes."""
        return self.engine_error("expression-too-large.engine-depth", most=self.dialect.max_depth)

    def constant(self, holds: bool) -> Sql:
        """Make a condition that always holds, or never."""
        return Sql("1 = 1", TRUE) if holds else Sql("1 = 0", FALSE)

    def every(self, parts: Sequence[Sql]) -> Sql:
        """Join conditions by AND."""
        return self.join(parts, " AND ", AND, OR, TRUE, FALSE)

    def some(self, parts: Sequence[Sql]) -> Sql:
        """Join conditions by OR."""
        return self.join(parts, " OR ", OR, AND, FALSE, TRUE)

    def join(self, parts: Sequence[Sql], word: str, own: int, other: int, neutral: int, final: int) -> Sql:
        """Join conditions by AND or OR: `neutral` ones are left out, a `final` one decides."""
        texts = []
        depth = rows = selective = 0
        has_subquery = False
        for part in parts:
            kind = part.kind
            if kind == final:
                return part
            if kind != neutral:
                texts.append(f"({part.text})" if kind == other else part.text)
                last = part
                if part.depth > depth:
                    depth = part.depth
                rows |= part.rows
                has_subquery = has_subquery or part.has_subquery
                if part.is_selective:
                    selective += 1
        if not texts:
            return self.constant(neutral == TRUE)
        if len(texts) == 1:
            return last
        dialect = self.dialect
        self.terms += len(texts)
        if dialect.max_terms is not None and self.terms > dialect.max_terms:
            raise too_large(dialect, "logical-operands", dialect.max_terms)
        while len(texts) > _GROUP:
            depth += _GROUP if dialect.chains_nest else 1
            texts = [f"({word.join(texts[n : n + _GROUP])})" for n in range(0, len(texts), _GROUP)]
        depth += len(texts) if dialect.chains_nest else 1
        if dialect.max_depth is not None and depth > dialect.max_depth:
            raise self.too_deep()
        self.check_length(sum(map(len, texts)))
        found = Sql(word.join(texts), own, depth, rows, has_subquery)
        found.is_selective = selective > 0 and (own == AND or selective == len(parts))
        return found

    def add_subqueries(self, number: int) -> None:
        """Count subqueries. Raises LimitError for more than the engine takes."""
        self.subqueries += number
        most = self.dialect.max_subqueries
        if most is not None and self.subqueries > most:
            raise too_large(self.dialect, "collection-tests", most)

    def negate(self, holds: Sql) -> Sql:
        """Negate a condition; where it is unknown, so is the result."""
        if holds.kind in (TRUE, FALSE):
            return self.constant(holds.kind == FALSE)
        text = f"NOT ({holds.text})" if holds.kind != ATOM else f"NOT {holds.text}"
        return Sql(text, ATOM, holds.depth + 1, holds.rows, holds.has_subquery)

    def not_true(self, holds: Sql) -> Sql:
        """Test that a condition is false or unknown."""
        return self.nest(self.dialect.not_true.format(a=holds.text), [holds])

    def not_false(self, holds: Sql) -> Sql:
        """Test that a condition is true or unknown."""
        return self.nest(self.dialect.not_false.format(a=holds.text), [holds])

    def is_null(self, part: Part, wanted: bool) -> Sql:
        """Test that a value, entity or collection is null, or is not."""
        if isinstance(part, Sql):
            return part.rewritten(f"{part.text} IS NULL" if wanted else f"{part.text} IS NOT NULL")
        if isinstance(part, Value):
            return self.constant((part.value is None) is wanted)
        if part.absent is None:
            return self.constant(not wanted)
        return part.absent if wanted else self.negate(part.absent)

    def or_empty(self, part: Part, nullable: bool) -> bool:
        """True if a part can be null, as an empty text is that an operation makes on Oracle."""
        is_text = type(part) is Sql and part.type in (None, edm.STRING)
        return nullable or (is_text and not self.dialect.has_empty_string)

    def or_null(self, holds: Sql, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool) -> Sql:
        """Extend a condition, or its opposite if not `wanted`, to hold where an argument is null, too."""
        null = [part for part, can_be in zip(parts, nullable, strict=True) if can_be]
        if null and not (len(null) == 1 and isinstance(null[0], SqlColumn)):
            return self.not_false(holds) if wanted else self.not_true(holds)
        if not wanted:
            holds = self.negate(holds)
        return self.some([holds, self.is_null(null[0], True)]) if null else holds


def _is_long(part: Part, text: str) -> bool:
    """True for the text of an argument that is bound to a name where a template uses it several times."""
    kind = type(part)
    return len(text) > _SHORT and kind is not Value and (kind is Sql or len(text) > _SHORT_COLUMN)
