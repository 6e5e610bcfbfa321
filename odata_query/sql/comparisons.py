"""Comparisons of columns and values: what two operands need is decided once, then written.

A column may hold a value in another form than templates take it (a moment as text), compare texts in
another way than by code point, be null, or hold NaN. `make_plan` decides about all of this; the
functions after it only write the plan down, for `wanted` and for its opposite.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal
from ..problems import Phrase
from ..python import functions as python_values
from ..python.operations import function
from .composer import Composer
from .dialects.base import Dialect
from .dialects.spelling import bounds_of_single
from .parts import AND, ATOM, OR, Part, Sql, SqlColumn, Value

SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
FLOATS = (edm.DOUBLE.name, edm.SINGLE.name)
_OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_NAN = float("nan")


class Comparison(NamedTuple):
    """The plan for comparing an operand with another one, or with values.

    left, rights              the operands in one form, as the column compares them: an index serves these
    exact_left, exact_rights  the operands compared by code point; the same texts where the column does so
    parts                     the operands
    nullable                  for each operand, True if it can be null
    has_nan                   True if NaN needs a test of its own, as the engine has it and both may be NaN
    """

    left: str
    rights: Sequence[str]
    exact_left: str
    exact_rights: Sequence[str]
    parts: Sequence[Sql | Value]
    nullable: Sequence[bool]
    has_nan: bool

    @property
    def is_exact(self) -> bool:
        """True if the column's own comparison is the one of code points."""
        return self.left == self.exact_left and self.rights == self.exact_rights


def make_plan(
    sql: Composer,
    left: Sql,
    rights: Sequence[Sql | Value],
    types: Sequence[edm.Type],
    nullable: Sequence[bool],
    *,
    ordered: bool = False,
) -> Comparison:
    """Decide how an operand is compared with another one, or with values.

    ordered  True for `gt` and the like, which need the order of code points; `eq` only needs to tell
             texts apart
    """
    first, dialect = rights[0], sql.dialect
    storage = left.storage
    is_value = type(first) is Value
    write = storage.write if storage is not None and is_value else None
    if storage is None or write is None or (ordered and not storage.is_ordered):
        scaled = bool(dialect.comparable_decimal) and edm.DECIMAL in types
        a, *bs = comparable_decimals(sql, [left, *rights]) if scaled else map(sql.text, (left, *rights))
    else:  # as stored, not decoded
        values = [right for right in rights if type(right) is Value]
        a, bs = left.text, [sql.marker(write(value.value, sql.zone), edm.UNTYPED) for value in values]
    parts = (left, *rights)
    nullable = [sql.or_empty(part, can_be) for part, can_be in zip(parts, nullable, strict=False)]
    exact_a, exact_bs = a, bs
    if types[0] is edm.STRING or types[-1] is edm.STRING:
        if is_inexact(sql, left, ordered) or (not ordered and is_inexact(sql, first, ordered)):
            exact_a = dialect.binary.format(a=a)
            if dialect.binary_on_both_sides or not (is_value or dialect.mixes_collations):
                exact_bs = [dialect.binary.format(a=b) for b in bs]
            is_indexed = isinstance(left, SqlColumn) and (is_value or isinstance(first, SqlColumn))
            if not is_indexed or not (is_value or dialect.mixes_collations):
                a, bs = exact_a, exact_bs  # no index serves the columns' own comparison, or it would fail
        elif ordered and is_inexact(sql, first, ordered):
            exact_bs = [dialect.binary.format(a=b) for b in bs]
    elif types[0].name in FLOATS or types[-1].name in FLOATS:
        if dialect.nan != "none":
            has_nan = ordered or not is_value
            return Comparison(a, bs, a, bs, parts, nullable, has_nan)
        # NaN that an operation computes from numbers is null there.
        pairs = zip(parts, nullable, strict=False)
        nullable = [can_be or type(part) not in (SqlColumn, Value) for part, can_be in pairs]
    return Comparison(a, bs, exact_a, exact_bs, parts, nullable, False)


def comparable_decimals(sql: Composer, parts: Sequence[Sql | Value]) -> list[str]:
    """Write decimals in their largest scale, as an engine with a fixed point compares them.

    A number that has no room in it becomes the greatest one that has, or the least.
    """
    scale = max(map(sql.scale_of, parts))
    room = python_values.DIGITS - scale
    most, found = f"{'9' * room}.{'9' * 12}", []
    for part in parts:
        template, own = "{a}", sql.scale_of(part)
        if type(part) is Value:
            if abs(part.value) > Decimal(most):
                template = "{greatest}" if part.value > 0 else "-{greatest}"
        elif part.type is not None and part.type.name in edm.INTEGERS:
            template = "{a}" if room >= 19 else sql.dialect.comparable_decimal
        # A column is taken to have as many digits before the point as a literal can have.
        elif room < python_values.DIGITS - (max(own, 12) if type(part) is SqlColumn else own):
            template = sql.dialect.comparable_decimal
        greatest = f"{'9' * room}.{'9' * scale}"
        found.append(sql.fill(template, [part], s=scale, most=most, greatest=greatest).text)
    return found


def is_inexact(sql: Composer, part: Part, ordered: bool) -> bool:
    """True for a text that its column does not compare by code point as needed."""
    if not isinstance(part, Sql):
        return False
    collation = sql.collation_of(part)
    return collation != "binary" if ordered else collation == "insensitive"


# ---- order ---------------------------------------------------------------------------------------


def compare(
    sql: Composer, node: TypedCall, parts: Sequence[Part], nullable: Sequence[bool], wanted: bool
) -> Sql:
    """Compile `gt`, `ge`, `lt` or `le`, which are false where an operand is null."""
    left, right = parts
    name, types = node.function, (node.arguments[0].type, node.arguments[1].type)
    if type(left) is Value:
        if type(right) is Value:
            holds = None not in (left.value, right.value) and function(name)(left.value, right.value)
            return sql.constant(bool(holds) is wanted)
        left, right, name = right, left, _MIRRORED[name]
        nullable = nullable[::-1]
    assert isinstance(left, Sql)
    assert type(right) is Value or isinstance(right, Sql)
    if type(right) is Value:
        if right.value is None or right.value != right.value:
            return sql.constant(not wanted)
        near = index_bounds(sql, left, name, right) if wanted else None
        if near is not None:
            return near
    bounds = bounds_of(left, right)
    if bounds is not None:
        left, right = stored(left), Value(bounds[name in ("gt", "le")], edm.DOUBLE)
    plan = make_plan(sql, left, [right], types, nullable, ordered=True)
    a, b, both = plan.exact_left, plan.exact_rights[0], (left, right)
    if plan.has_nan:
        found = sql.nest(f"{a} {SIGNS[name]} {b}", both)
        greater, less = (left, right) if name in ("gt", "ge") else (right, left)
        may_be_nan = {"greatest": greater, "least": less}.get(sql.dialect.nan)
        if isinstance(may_be_nan, Sql):
            found = sql.every([found, is_not_nan(sql, sql.text(may_be_nan), may_be_nan)])
        return found if wanted else sql.not_true(found)
    found = sql.nest(f"{a} {SIGNS[name if wanted else _OPPOSITE[name]]} {b}", both)
    if wanted or not any(plan.nullable):
        return found
    nulls = [part for part, can_be in zip(both, plan.nullable, strict=True) if can_be]
    if all(isinstance(part, SqlColumn) for part in nulls):
        return sql.some([found, *[sql.is_null(part, True) for part in nulls]])
    return sql.not_true(sql.nest(f"{a} {SIGNS[name]} {b}", both))


def is_not_nan(sql: Composer, text: str, part: Part) -> Sql:
    """Test that a number is not NaN, where NaN equals itself."""
    return Sql(f"{text} <> {sql.marker(_NAN, edm.DOUBLE)}", rows=part.rows)


def index_bounds(sql: Composer, left: Sql, name: str, right: Value) -> Sql | None:
    """Compare the stored column, for its index, and decode it only near the bound; None without bounds."""
    storage = left.storage
    bounds = storage.bounds(right.value) if storage is not None and storage.bounds is not None else None
    if bounds is None:
        return None
    column, decoded, value = left.text, sql.text(left), sql.text(right)
    low, high = (sql.marker(bound, edm.UNTYPED) for bound in bounds)
    if name == "eq":
        text = f"{column} >= {low} AND {column} < {high} AND {decoded} = {value}"
    elif name in ("gt", "ge"):
        text = f"{column} >= {low} AND ({column} >= {high} OR {decoded} {SIGNS[name]} {value})"
    else:
        text = f"{column} < {high} AND ({column} < {low} OR {decoded} {SIGNS[name]} {value})"
    return sql.nest(text, [left], AND)


# ---- singles -------------------------------------------------------------------------------------


def bounds_of(left: Sql, right: Part) -> tuple[float, float] | None:
    """The least and the greatest number in a column that equal a literal of Edm.Single, else None.

    A column of eight bytes may hold 3.14 or 3.140000104904175, and both are the same Single. An index of the
    column serves the bounds.
    """
    if left.type is not edm.SINGLE or type(left) is not SqlColumn:
        return None
    return bounds_of_single(right.value) if type(right) is Value and right.type is edm.SINGLE else None


def stored(column: Sql) -> Sql:
    """A column of numbers as it is stored."""
    return SqlColumn(column.text, ATOM, column.depth, column.rows, column.has_subquery)


def between(sql: Composer, column: Sql, bounds: tuple[float, float]) -> Sql:
    """Test that a number is within bounds."""
    low, high = (sql.marker(bound, edm.DOUBLE) for bound in bounds)
    found = sql.nest(f"{column.text} >= {low} AND {column.text} <= {high}", [column], AND)
    found.is_selective = True
    return found


# ---- equality ------------------------------------------------------------------------------------


def equals(
    sql: Composer, left: Part, right: Part, types: Sequence[edm.Type], nullable: Sequence[bool], wanted: bool
) -> Sql:
    """Compile `eq`, or `ne` if not `wanted`: null equals null alone."""
    if type(left) is Value:
        if type(right) is Value:
            return sql.constant(_equal(left.value, right.value) is wanted)
        left, right, nullable = right, left, nullable[::-1]
    if not (isinstance(left, Sql) and (type(right) is Value or isinstance(right, Sql))):
        what = Phrase("comparing-collections")
        raise sql.engine_error("unsupported-expression.engine", what=what)
    if type(right) is Value:
        if right.value is None:
            return sql.is_null(left, wanted) if nullable[0] else sql.constant(not wanted)
        if right.value != right.value:
            return sql.constant(not wanted)
        if right.value == "" and isinstance(left, SqlColumn) and not sql.dialect.has_empty_string:
            return sql.constant(not wanted)
        near = index_bounds(sql, left, "eq", right) if wanted else None
        if near is not None:
            return near
        bounds = bounds_of(left, right)
        if bounds is not None:
            found = between(sql, left, bounds)
            return found if wanted else sql.or_null(found, [left], nullable[:1], False)
    plan = make_plan(sql, left, [right], types, nullable)
    both = plan.nullable[0] and plan.nullable[1] and type(right) is not Value
    if plan.has_nan or wanted:
        found = sql.nest(same(sql.dialect, plan.left, plan.rights[0], both), plan.parts)
        if plan.has_nan:
            return same_floats(sql, found, plan, both, wanted)
        if plan.is_exact:
            return found
        exact = same(sql.dialect, plan.exact_left, plan.exact_rights[0], both)
        return sql.every([found, found.rewritten(exact)])
    a, b = plan.exact_left, plan.exact_rights[0]
    nulls = [part for part, can_be in zip(plan.parts, plan.nullable, strict=True) if can_be]
    if nulls and (both or not isinstance(nulls[0], SqlColumn)):
        return sql.nest(sql.dialect.null_safe_unequal.format(a=a, b=b), plan.parts)
    found = sql.nest(f"{a} <> {b}", plan.parts)
    return sql.some([found, sql.is_null(nulls[0], True)]) if nulls else found


def same(dialect: Dialect, a: str, b: str, both: bool) -> str:
    """Write `a = b`, safe for null on both sides if needed."""
    return dialect.null_safe_equal.format(a=a, b=b) if both else f"{a} = {b}"


def same_floats(sql: Composer, same: Sql, plan: Comparison, both: bool, wanted: bool) -> Sql:
    """Compile the equality of numbers that may be NaN, which equals nothing."""
    if sql.dialect.nan in ("greatest", "least") or (both and sql.dialect.null_safe_nan):
        test = is_not_nan(sql, plan.left, plan.parts[0])
        if both:
            nan = sql.marker(_NAN, edm.DOUBLE)
            test.text = sql.dialect.null_safe_unequal.format(a=plan.left, b=nan)
        same = sql.every([same, test])
    return same if wanted else sql.not_true(same)


def compare_fast(
    sql: Composer, name: str, path: TypedPath, column: Part, value: Literal, wanted: bool
) -> Sql | None:
    """Compile the comparison of a column with a value if the engine's operators mean the same."""
    right = value.value
    if not isinstance(column, SqlColumn) or not column.tests_eq or right != right:
        return None
    if type(right) is Decimal and path.type.name in edm.INTEGERS and not -(2**63) <= right < 2**63:
        return compare_out_of_range(sql, name, column, path.nullable, right > 0, wanted)
    if name == "eq" or name == "ne":
        keeps_null = (name == "ne") is wanted
        sign = "<>" if keeps_null else "="
    elif column.tests_order:
        keeps_null = not wanted
        sign = SIGNS[name if wanted else _OPPOSITE[name]]
    else:
        return None
    if right == "" and not sql.dialect.has_empty_string:
        return None
    text = f"{column.text} {sign} {sql.marker(right, value.type)}"
    if keeps_null and path.nullable:
        return Sql(f"{text} OR {column.text} IS NULL", OR, 3, column.rows, column.has_subquery)
    found = Sql(text, ATOM, 2, column.rows, column.has_subquery)
    found.is_selective = sign == "="
    return found


def compare_out_of_range(
    sql: Composer, name: str, column: Sql, nullable: bool, above: bool, wanted: bool
) -> Sql:
    """Compare an integer with a number that is above all of 64 bits, or below."""
    holds = name == "ne" or (name != "eq" and (name in ("lt", "le")) is above)
    if nullable and name not in ("eq", "ne") and holds:
        return sql.is_null(column, not wanted)
    return sql.constant(holds is wanted)


# ---- lists ---------------------------------------------------------------------------------------


def in_values(
    sql: Composer, part: Part, nullable: bool, items: Sequence[Any], type: edm.Type, wanted: bool
) -> Sql:
    """Compile `in` with a list of values."""
    if isinstance(part, Value):
        return sql.constant(any(_equal(part.value, item) for item in items) is wanted)
    assert isinstance(part, Sql)
    if type is edm.SINGLE and isinstance(part, SqlColumn):
        return in_singles(sql, part, nullable, items, wanted)
    if type.name in FLOATS and sql.dialect.nan == "ieee":
        # A negative zero equals zero, but IN does not find it.
        part = sql.nest(f"({sql.text(part)} + 0)", [part])
    values = [item for item in items if item is not None and item == item]
    if not sql.dialect.has_empty_string and isinstance(part, SqlColumn):
        values = [value for value in values if value != ""]
    has_null = nullable and len(values) < len(items) and None in items
    if not values:
        return sql.is_null(part, wanted) if has_null else sql.constant(not wanted)
    if wanted and not has_null and isinstance(part, SqlColumn) and part.tests_eq:
        found = listed(sql, part, part.text, [sql.marker(value, type) for value in values], True)
        found.is_selective = True
        return found
    plan = make_plan(sql, part, [Value(value, type) for value in values], [type], [nullable])
    if wanted:
        found = listed(sql, part, plan.left, plan.rights, True)
        if not plan.is_exact:
            found = sql.every([found, listed(sql, part, plan.exact_left, plan.exact_rights, True)])
        found = sql.every([*around(sql, part, values), found])
        return sql.some([found, sql.is_null(part, True)]) if has_null else found
    found = listed(sql, part, plan.exact_left, plan.exact_rights, False)
    if has_null or not plan.nullable[0]:
        return found
    if isinstance(part, SqlColumn):
        return sql.some([found, sql.is_null(part, True)])
    return sql.not_false(found)


def in_singles(sql: Composer, part: SqlColumn, nullable: bool, items: Sequence[Any], wanted: bool) -> Sql:
    """Compile `in` for a column of Edm.Single."""
    values = [item for item in items if item is not None and item == item]
    found = sql.some([between(sql, part, bounds_of_single(value)) for value in values])
    found.is_selective = True
    if not nullable:
        return found if wanted else sql.negate(found)
    if None in items:
        found = sql.some([found, sql.is_null(part, True)])
    return found if wanted else sql.or_null(found, [part], [None not in items], False)


def around(sql: Composer, part: Sql, values: Sequence[Any]) -> list[Sql]:
    """Bound a stored column by the least and the greatest value, for its index, if it has bounds."""
    find = part.storage.bounds if part.storage is not None else None
    bounds = [find(value) for value in values] if find is not None else [None]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return []
    low = sql.marker(min(low for low, _ in known), edm.UNTYPED)
    high = sql.marker(max(high for _, high in known), edm.UNTYPED)
    return [
        Sql(f"{part.text} {sign} {bound}", rows=part.rows, has_subquery=part.has_subquery)
        for sign, bound in ((">=", low), ("<", high))
    ]


def listed(sql: Composer, part: Sql, text: str, markers: Sequence[str], wanted: bool) -> Sql:
    """Compile `text IN (...)`, in as many lists as the engine needs."""
    most = sql.dialect.max_in_items or len(markers)
    word, sign = ("IN", "=") if wanted else ("NOT IN", "<>")
    if len(markers) == 1 or (part.has_subquery and not sql.dialect.sorts_by_subqueries):
        tests = [f"{text} {sign} {marker}" for marker in markers]
    else:
        lists = [markers[n : n + most] for n in range(0, len(markers), most)]
        tests = [f"{text} {word} ({', '.join(some)})" for some in lists]
    parts = [Sql(test, ATOM, part.depth + 1, part.rows, part.has_subquery) for test in tests]
    if len(parts) == 1:
        return parts[0]
    return sql.some(parts) if wanted else sql.every(parts)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, list) or isinstance(right, list):
        return python_values.same_items(left, right)
    return bool(left == right)
