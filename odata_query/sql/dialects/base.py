"""What SQL has in common, and what a dialect can say to differ from it.

A dialect is data: templates for operations, and answers to questions about the engine. A template is
text with its arguments as `{a}`, `{b}`, `{c}`, each of which stands on its own (a name, a marker, a call or
something in parentheses), and so must the result. A null argument must give null.

The emitter (odata_query/sql_emitter.py) asks for capabilities, never for the name of a dialect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ... import edm
from ...operations import OPERATIONS
from ...problems import ConfigurationError, Phrase

Needle = tuple[str, Callable[[str], tuple[str, ...] | None]]
"""A template for a text searched for that is a literal, and what to bind as its b and c; None if it does not
suit the literal."""


class Storage(NamedTuple):
    """A way in which a column holds the values of a type.

    read        template that converts the column `{a}` to the form that operations take; `{zone}` is the
                query's time zone: `({a} - INTERVAL '{zone}' HOUR_MINUTE)`
    write       converts a value of the query (with the time zone) to the form of the raw column; None if
                only decoded values can be compared
    is_ordered  True if the raw column sorts as its values do
    bounds      bounds of the raw column outside of which `read` need not be evaluated, so that an index helps
    local       template of a moment in the column's own offset, for functions such as `hour`; None if `read`
                gives that
    named_zone  `read` for a time zone without a fixed offset; `{zone}` is its name
    offset      template of the minutes of that offset; None if `totaloffsetminutes` finds them in `local`
    """

    read: str = "{a}"
    write: Callable[[Any, dt.tzinfo], Any] | None = None
    is_ordered: bool = False
    bounds: Callable[[Any], tuple[Any, Any]] | None = None
    local: str | None = None
    named_zone: str | None = None
    offset: str | None = None


class Page(NamedTuple):
    """The end of a statement with `$top`, with both, or with `$skip`.

    empty        for `$top=0`, where a page cannot have zero rows
    needs_order  True if a page needs an ORDER BY
    """

    top: str = "LIMIT {top}"
    both: str = "LIMIT {top} OFFSET {skip}"
    skip: str = "OFFSET {skip}"
    empty: str | None = None
    needs_order: bool = False


class Members(NamedTuple):
    """How the members of a collection are asked about, as templates.

    `{source}` is the collection, `{t}` an alias for its members, `{body}` a condition.
    """

    source: str
    """What stands behind FROM, or the array itself; `{a}` is the column."""
    member: str
    """A member."""
    exists: str = "EXISTS (SELECT 1 FROM {source} WHERE {body})"
    counted: str = "(SELECT COUNT(*) FROM {source} WHERE {body})"
    is_json: bool = False
    """Whether a member is JSON, to be read as `json` says."""
    takes_subqueries: bool = True
    """Whether a subquery can stand in the body."""


ORDERED_COLLECTION = "unordered-collections"
_GEO = "no-spatial-types"


def _unsupported_everywhere() -> Mapping[str, str]:
    found = {}
    for name, operation in OPERATIONS.items():
        for signature in operation.signatures:
            if name.startswith("geo."):
                found[signature.key] = _GEO
            elif "Collection" in signature.parameters and name != "length":
                found[signature.key] = ORDERED_COLLECTION
    return found


NEAREST = (
    "CASE WHEN {a} < 0 THEN CASE WHEN {a} - CEIL({a}) <= -0.5 THEN CEIL({a}) - 1 ELSE CEIL({a}) END"
    " WHEN {a} - FLOOR({a}) >= 0.5 THEN FLOOR({a}) + 1 ELSE FLOOR({a}) END"
)
"""The nearest integer, halves away from zero, where ROUND is not exact."""


class Dialect:
    """A dialect of SQL. Subclass it, change what differs, and give an instance wherever a name is taken."""

    name = "sql"
    """What it is called in messages."""
    paramstyle = "qmark"
    """That of the usual driver: qmark, numeric, numeric_dollar, format, pyformat, named, or typed
    (`{p1:String}`)."""
    named_marker = ":p{n}"
    """A marker in the paramstyle `named`."""
    quotes = '""'
    """The quotes around a name; the closing one is doubled within."""
    max_parameters: int | None = None
    """How many values a statement can have."""
    max_depth: int | None = 400
    """How deep expressions can nest."""
    max_in_items: int | None = None
    """How many values a list behind IN can have."""
    max_length: int = 4_000_000
    """How many characters a statement can have."""
    max_joins: int = 60
    """How many tables can be joined to one."""
    max_subqueries: int | None = None
    """How many subqueries a statement can have."""
    max_terms: int | None = None
    """How many operands AND and OR can have in all."""
    collation = "linguistic"
    """How columns compare texts, unless their property says otherwise."""
    mixes_collations = True
    """Whether texts that columns hold in different collations can be compared with one another."""
    ignores_trailing_spaces = False
    """Whether texts that differ by spaces at the end are equal, however columns compare them."""
    binary_on_both_sides = False
    """Whether both texts of a comparison have to be made exact."""
    binary_arguments = False
    """Whether operations on texts compare as columns do, so that an `insensitive` one is made exact there."""
    has_empty_string = True
    """Whether there is an empty text that is not null."""
    conditions_are_values = True
    """Whether what a condition gives is a Boolean value."""
    null_order = "high"
    """Where nulls sort in ascending order: `low`, `high` or `last` (in descending order too)."""
    nan = "greatest"
    """How NaN compares: `greatest` and equal to itself, `ieee`, or `none` where there is no NaN."""
    null_safe_nan = False
    """Whether `same` takes NaN for equal to itself though `=` does not."""
    nan_rank = "CASE WHEN {a} = {nan} THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    """A number by which NaN sorts before all values."""
    infinity = float("inf")
    """The value to bind for INF; if it is finite, arithmetic with INF is unsupported."""
    decimal_digits: int | None = None
    """The digits that decimals are exact to, where they are floating."""
    correlates_deeply = True
    """Whether a subquery can use columns from around the query that it stands in."""
    reaches_joined_collections = True
    """Whether the collections of a row that was reached by a path can be asked about."""
    rewrites_exists = False
    """True if a selective EXISTS is faster as `id IN (SELECT ...)`, as on SQLite."""
    sorts_by_subqueries = True
    """Whether a subquery can stand in ORDER BY, and before IN."""
    chains_nest = True
    """Whether many operands of AND or OR count as nested."""
    booleans = ("TRUE", "FALSE")
    """The values true and false."""
    boolean_tests = ("{a}", "NOT {a}")
    """That a Boolean value is true, or false."""
    not_true = "({a}) IS NOT TRUE"
    """That a condition is false or unknown."""
    not_false = "({a}) IS NOT FALSE"
    """That a condition is true or unknown."""
    null_safe_equal = "{a} IS NOT DISTINCT FROM {b}"
    """That values are equal, where null equals null."""
    null_safe_unequal = "{a} IS DISTINCT FROM {b}"
    """The opposite."""
    binary = '{a} COLLATE "C"'
    """A text that compares by code point."""
    as_int64 = "CAST({a} AS BIGINT)"
    """An integer with 64 bits; `{a}` if the engine always computes in 64 bits."""
    as_wide_integer = "CAST({a} AS DECIMAL(38, 0))"
    """An integer that cannot overflow when two with 64 bits are added, subtracted or multiplied."""
    wide_to_int64 = (
        "NULLIF(NULLIF(LEAST(GREATEST({a}, -9223372036854775809), 9223372036854775808),"
        " 9223372036854775808), -9223372036854775809)"
    )
    """Such an integer again as one with 64 bits; null if it has not that many."""
    wide_to_int64_depth = 0
    """How much deeper expressions nest by that."""
    default_scale = 6
    """The digits after the point of a decimal whose property does not say how many."""
    max_scale: int | None = None
    """The digits after the point that decimals can have."""
    page = Page()
    """The end of a statement with `$top` or `$skip`."""
    alias_prefix = " AS "
    """What stands between a table and its alias."""
    typed_literals = False
    """Whether a literal where nothing tells its type needs a cast."""
    marker_casts: Mapping[type, str] = {}
    """What stands around the marker `{m}` of a value, by its class, where drivers do not tell its type."""
    types: Mapping[str, str] = {
        edm.BOOLEAN.name: "BOOLEAN",
        edm.SBYTE.name: "SMALLINT",
        edm.BYTE.name: "SMALLINT",
        edm.INT16.name: "SMALLINT",
        edm.INT32.name: "INTEGER",
        edm.INT64.name: "BIGINT",
        edm.DECIMAL.name: "DECIMAL(38, 12)",
        edm.SINGLE.name: "REAL",
        edm.DOUBLE.name: "DOUBLE PRECISION",
        edm.STRING.name: "VARCHAR",
        edm.DATE.name: "DATE",
        edm.TIME_OF_DAY.name: "TIME(6)",
        edm.DATE_TIME_OFFSET.name: "TIMESTAMP(6) WITH TIME ZONE",
        edm.DURATION.name: "INTERVAL",
        edm.GUID.name: "UUID",
        edm.BINARY.name: "VARBINARY",
    }
    """The types of SQL."""
    storages: Mapping[tuple[str, str], Storage] = {}
    """Ways in which columns hold values, by the name of the type and that of the storage."""
    default_storages: Mapping[str, str] = {}
    """The storage of a type whose property names none; without one, the values are as templates take them."""
    json_storages: Mapping[str, str] = {}
    """The same for values in JSON."""
    join_template = ("{table}", "{t}.", "")
    """What a path to another row joins, and what stands before and behind a column of that row, which is
    null where there is no such row."""
    case_casts: Mapping[str, str] = {}
    """What makes the numbers that a CASE chooses one type: `Decimal`, with the scale `{s}`, or `Double`."""
    children = Members("", "")
    """How the rows of a child table are asked about."""
    array_of_children: Members | None = None
    """How they are asked about by a condition that uses columns around them, where a subquery can use only
    those that link it and not from farther out: as an array of what the condition uses of a row, `{columns}`,
    of which `member` is the one numbered `{n}`; `{on}` is what links the rows."""
    collections: Mapping[str, Members] = {}
    """How the members of a collection in one column are asked about, by its storage; the first is usual."""
    json_values: Mapping[str, str] = {}
    """What reads a value from JSON, by the name of the type; `{a}` is the JSON, `{p}` its path there, as a
    text of SQL. The key `""` is for types that are not named, `json` gives JSON again."""
    json_members: Mapping[str, str] = {}
    """The same for a member of an array, `{a}`, that is a value itself."""
    literal_needles: Mapping[str, Needle] = {}
    """The spelling of an operation whose second argument is a literal text."""
    templates: Mapping[str, str] = {
        "add(Integer,Integer)": "({a} + {b})",
        "sub(Integer,Integer)": "({a} - {b})",
        "mul(Integer,Integer)": "({a} * {b})",
        "div(Integer,Integer)": "({a} / NULLIF({b}, 0))",
        "mod(Integer,Integer)": "MOD({a}, NULLIF({b}, 0))",
        "negate(Integer)": "(-{a})",
        "divby(Integer,Integer)": "ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)",
        "add(Decimal,Decimal)": "({a} + {b})",
        "sub(Decimal,Decimal)": "({a} - {b})",
        "mul(Decimal,Decimal)": "({a} * {b})",
        "div(Decimal,Decimal)": "ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)",
        "divby(Decimal,Decimal)": "ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)",
        "mod(Decimal,Decimal)": "MOD({a}, NULLIF({b}, 0))",
        "negate(Decimal)": "(-{a})",
        "add(Double,Double)": "({a} + {b})",
        "sub(Double,Double)": "({a} - {b})",
        "mul(Double,Double)": "({a} * {b})",
        "negate(Double)": "(-{a})",
        "concat(String,String)": "({a} || {b})",
        "contains(String,String)": "POSITION({b} IN {a}) > 0",
        "indexof(String,String)": "(POSITION({b} IN {a}) - 1)",
        "length(String)": "CHAR_LENGTH({a})",
        "startswith(String,String)": "LEFT({a}, CHAR_LENGTH({b})) = {b}",
        "endswith(String,String)": "RIGHT({a}, CHAR_LENGTH({b})) = {b}",
        "tolower(String)": "LOWER({a})",
        "toupper(String)": "UPPER({a})",
        "ceiling(Integer)": "{a}",
        "floor(Integer)": "{a}",
        "round(Integer)": "{a}",
        "ceiling(Decimal)": "CEILING({a})",
        "floor(Decimal)": "FLOOR({a})",
        "round(Decimal)": "ROUND({a})",
        "ceiling(Double)": "CEILING({a})",
        "floor(Double)": "FLOOR({a})",
        "now()": "CURRENT_TIMESTAMP",
        **{
            f"{part}({kind})": f"EXTRACT({part.upper()} FROM {{a}})"
            for part, kinds in {
                "year": ("Date", "DateTimeOffset"),
                "month": ("Date", "DateTimeOffset"),
                "day": ("Date", "DateTimeOffset"),
                "hour": ("TimeOfDay", "DateTimeOffset"),
                "minute": ("TimeOfDay", "DateTimeOffset"),
            }.items()
            for kind in kinds
        },
        "totaloffsetminutes(DateTimeOffset)": "(0 * EXTRACT(YEAR FROM {a}))",
        "has(Enum,Enum)": "({a} & {b}) = {b}",
        "cast(Integer,Integer)": "CASE WHEN {a} BETWEEN {low} AND {high} THEN {a} END",
        "cast(Integer,Decimal)": "CAST({a} AS {type})",
        "cast(Integer,Double)": "CAST({a} AS {type})",
        "cast(Integer,String)": "CAST({a} AS {type})",
        "cast(Integer,Enum)": "{a}",
        "cast(Enum,Integer)": "{a}",
        "cast(Decimal,Double)": "CAST({a} AS {type})",
        "cast(Double,Double)": "{a}",
        "cast(Boolean,String)": "CASE WHEN {a} THEN 'true' WHEN NOT {a} THEN 'false' END",
        "cast(Boolean,Integer)": "CASE WHEN {a} THEN 1 WHEN NOT {a} THEN 0 END",
        "cast(String,Boolean)": (
            "CASE WHEN LOWER({a}) = 'true' THEN TRUE WHEN LOWER({a}) = 'false' THEN FALSE END"
        ),
        "cast(Date,String)": "CAST({a} AS {type})",
        "cast(Guid,String)": "CAST({a} AS {type})",
    }
    """How operations are spelled, by the keys of their overloads; casts by families: `cast(Integer,String)`.
    Decimals have the scale of their result as `{s}`, the largest of their operands as `{m}`, those of
    the first and the last as `{sa}` and `{sb}`, and that of the result and 20 digits more as `{p}`; casts to
    integers the type's bounds as `{low}`, `{high}`."""
    needs_prepare: frozenset[str] = frozenset()
    """Overloads that are only right on a connection that `prepare` was called with."""
    wide_templates: Mapping[str, str] = {}
    """The spelling of operations of integers where those are `wide`, if it is another."""
    unsupported: Mapping[str, str] = _unsupported_everywhere()
    """Overloads that the dialect does not offer, and why."""

    def quote(self, name: str) -> str:
        """A name of a table or column: `order` -> `"order"`; a ConfigurationError if none can be that."""
        if not isinstance(name, str) or not name or "\0" in name or "\1" in name:
            why = ", for its property is computed or inherited" if name == "" else ""
            raise ConfigurationError(f"{name!r} is no name of a table or column{why}")
        opening, closing = self.quotes[0], self.quotes[1]
        return opening + name.replace(closing, closing * 2) + closing

    def quote_table(self, name: str) -> str:
        """A table's name, with its schema: `shop.order` -> `"shop"."order"`."""
        return ".".join(self.quote(part) for part in name.split("."))

    def quote_text(self, value: str) -> str:
        """A text of the model as a literal of SQL, for what cannot be bound: the keys of JSON."""
        if "\0" in value or "\1" in value:
            raise ConfigurationError(f"{value!r} is no name in JSON")
        return "'" + value.replace("'", "''") + "'"

    def json_value(self, text: str, keys: tuple[str, ...], type: str) -> str:
        """A value of a type in JSON, by the keys that lead to it."""
        templates = self.json_values if keys else self.json_members
        template = templates.get(type, templates.get(""))
        if template is None:
            raise ConfigurationError(f"{self.name} reads no JSON")
        return template.format(a=text, p=self.json_path(keys))

    def json_path(self, keys: tuple[str, ...]) -> str:
        """Where a value stands in JSON: `$."City"`, as a literal of SQL."""
        return self.quote_text("$" + "".join(f'."{key}"' for key in keys))

    def zone_offset(self, zone: dt.tzinfo) -> str:
        """A time zone as SQL has it: `+02:00`. Raises ConfigurationError for one that it has not."""
        offset = zone.utcoffset(None)
        if offset is None:
            raise ConfigurationError(f"{self.name} takes time zones with a fixed offset, not {zone}")
        sign = "-" if offset < dt.timedelta() else "+"
        minutes = abs(offset) // dt.timedelta(minutes=1)
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}"

    def bind(self, value: Any, type: edm.Type) -> Any:
        """The value that the driver is given for one of the query."""
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            return self.infinity if value > 0 else -self.infinity
        return value

    def round_decimal(self, text: str, scale: int) -> str:
        """The sum, difference or product of decimals, exact, with its digits after the point."""
        return text

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        """A marker with what it needs around it, or what stands for a value that cannot be bound."""
        return marker

    def marker_type(self, value: Any, type: edm.Type) -> str:
        """The type that a marker names, in the paramstyle `typed`."""
        return self.types.get(type.name, self.types[edm.STRING.name])

    def nulls_clause(self, nullable: bool, descending: bool) -> str:
        """What puts null first, or last in descending order."""
        if not nullable or self.null_order == "low" or (self.null_order == "last" and descending):
            return ""
        return " NULLS LAST" if descending else " NULLS FIRST"

    def prepare(self, connection: Any) -> None:
        """Give a connection what the engine lacks."""

    def storage(self, type: edm.Type, name: str) -> Storage:
        """How a column holds values of a type. Raises ConfigurationError for a way that is not known."""
        kind = "Enum" if isinstance(type, edm.EnumType) else type.name
        if isinstance(type, edm.EnumType) and name == "text":
            return self.enum_storage(type)
        found = self.storages.get((kind, name))
        if found is None:
            known = ", ".join(storage for held, storage in self.storages if held == kind) or "none"
            raise ConfigurationError(f"{self.name} has no storage {name!r} for {kind}, but {known}")
        return found

    def enum_storage(self, type: edm.EnumType) -> Storage:
        """An enumeration whose members are in the column by name."""
        if type.is_flags:
            raise ConfigurationError(f"the flags of {type.name} are in a column as a number, not as text")
        is_one_to_one = len(set(type.members.values())) == len(type.members)
        cases = "".join(
            f" WHEN {self.quote_text(name)} THEN {int(value)}" for name, value in type.members.items()
        )
        return Storage(
            f"CASE {{a}}{cases.replace('{', '{{').replace('}', '}}')} END",
            (lambda value, zone: type.text(value)) if is_one_to_one else None,
        )

    def nests_too_deep(self, text: str) -> bool:
        """Whether a statement or a part of one nests deeper than the engine's parser goes."""
        return False

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        """Return why the engine cannot take a value, or None: `Phrase("decimal-digits", most=38)`."""
        return None


def seconds(value: dt.timedelta) -> Decimal:
    """A duration as a number of seconds, exactly."""
    return Decimal(value // dt.timedelta(microseconds=1)).scaleb(-6)


def in_zone(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A moment in a zone, without its offset; the first or the last where it leaves the calendar there."""
    try:
        return value.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return dt.datetime.min if value.year == 1 else dt.datetime.max


def like(text: str) -> str:
    r"""A text to be found as it is in a LIKE pattern: `100%` -> `100\%`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def after(prefix: str) -> str:
    """The first text behind all that begin with a prefix: `ab` -> `ac`; empty if there is none."""
    while prefix:
        code = ord(prefix[-1]) + 1
        if code <= 0x10FFFF:
            return prefix[:-1] + chr(0xE000 if code == 0xD800 else code)
        prefix = prefix[:-1]
    return ""
