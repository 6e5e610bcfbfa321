"""Standard SQL as a table, which a dialect changes where its engine differs.

A dialect is data: templates for operations, and answers to questions about the engine. The emitter
(sql/emitter.py) asks for capabilities, never for the name of a dialect.

A template is SQL with the arguments of an operation as `{a}`, `{b}`, `{c}`. Each argument stands on its own
(a name, a marker, a call, or something in parentheses), and so must the result. A null argument must give
null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ... import edm
from ...errors import ODataError, error
from ...language.literals import zone_name
from ...operations import OPERATIONS
from ...problems import ConfigurationError, Name, Phrase, problem
from .spelling import (
    NEAREST,
    Convert,
    Needle,
    Write,
    a_day_around,
    edm_types,
    escape_key,
    in_zone,
    reject_decimals,
    spelled,
    within,
)


class Bound(NamedTuple):
    """A value that an expression computes once: its text, and its type and scale where they are known."""

    text: str
    type: edm.Type | None = None
    scale: int | None = None


class Storage(NamedTuple):
    """A way in which a column holds the values of a type.

    read        template that converts the column `{a}` to the form that operations take; `{zone}` is the
                query's time zone: `({a} - INTERVAL '{zone}' HOUR_MINUTE)`
    write       converts a value of the query (with the time zone) to the form of the raw column; None if only
                decoded values can be compared
    is_ordered  True if the raw column sorts as its values do
    bounds      bounds of the raw column outside of which `read` need not be evaluated, for an index;
                it returns None for a value without bounds
    local       template of a moment's own clock, as if that was in UTC, for functions such as `hour`; None if
                `read` gives it
    named_zone  the storage for time zones without a fixed offset, where `{zone}` is a name such as
                `Europe/Madrid`; None if the dialect has no exact way to convert clocks in them
    offset      template of the minutes between the clock and UTC; None if `totaloffsetminutes` finds them in
                `local`. It can use `{read}` and `{local}`
    """

    read: str = "{a}"
    write: Callable[[Any, dt.tzinfo], Any] | None = None
    is_ordered: bool = False
    bounds: Callable[[Any], tuple[Any, Any] | None] | None = None
    local: str | None = None
    named_zone: Storage | None = None
    offset: str | None = None


def clocks(
    by_offset: str, by_name: str | None = None, local: str | None = None, offset: str | None = None
) -> Storage:
    """The storage of clocks in the query's time zone, which has an offset or a name."""
    named = None if by_name is None else Storage(by_name, local=local, offset=offset)
    return Storage(by_offset, local=local, named_zone=named, offset=offset)


def moments(
    computed: str, clock: Storage, text: Storage | None = None, write: Write = in_zone
) -> dict[tuple[str, str], Storage]:
    """The storages of moments: as templates take them, a clock in the query's time zone, and ISO text."""
    named = clock.named_zone and clock.named_zone._replace(bounds=a_day_around(write))
    return ({} if text is None else {("Edm.DateTimeOffset", "text"): text}) | {
        ("Edm.DateTimeOffset", computed): Storage(),
        ("Edm.DateTimeOffset", "timestamp"): clock._replace(write=write, is_ordered=True, named_zone=named),
    }


class Page(NamedTuple):
    """The end of a statement with `$top`, with both `$top` and `$skip`, or with `$skip`.

    empty        for `$top=0`, where a page cannot have zero rows
    needs_order  True if a page needs an ORDER BY
    """

    top: str = "LIMIT {top}"
    both: str = "LIMIT {top} OFFSET {skip}"
    skip: str = "OFFSET {skip}"
    empty: str | None = None
    needs_order: bool = False


class Members(NamedTuple):
    """Templates that query the members of a collection.

    `{source}` is the collection, `{t}` an alias for its members, `{body}` a condition on a member.

    source            the text after FROM, or the array itself, made from the column `{a}`
    member            a member: `{t}.value`
    exists            the condition that the body holds for a member
    counted           the number of members for which it holds
    is_json           True if a member is JSON, to be read as `Dialect.json` says
    takes_subqueries  True if the body can have a subquery
    """

    source: str
    member: str
    exists: str = "EXISTS (SELECT 1 FROM {source} WHERE {body})"
    counted: str = "(SELECT COUNT(*) FROM {source} WHERE {body})"
    is_json: bool = False
    takes_subqueries: bool = True

    @property
    def is_subquery(self) -> bool:
        """True if the members are tested by a subquery, and not by a function of an array."""
        return "(SELECT " in self.exists


class Json(NamedTuple):
    """Templates that read values from JSON. `{a}` is the JSON, `{p}` a path as a literal of SQL.

    value      the value at a path, mostly as text: `JSON_VALUE({a}, {p})`
    member     the value of a member of an array, which is JSON itself
    document   the JSON at a path; `value` if it is empty
    types      conversions of the value `{x}`, by the name of the type; the key `""` is for all others
    root, key  the beginning of a path, and a key in it: `$."City"`
    object     null where no object is at a path, and else anything; `value` if it is empty
    """

    value: str
    member: str = "{a}"
    document: str = ""
    types: Mapping[str, str] = {"": "{x}"}
    root: str = "$"
    key: str = '."{key}"'
    object: str = ""


def _unsupported_by_most() -> Mapping[str, str]:
    found = {"matchespattern(String,String)": "other-regular-expressions"}
    for name, operation in OPERATIONS.items():
        for signature in operation.signatures:
            if name.startswith("geo."):
                found[signature.key] = "no-spatial-types"
            elif "Collection" in signature.parameters and name != "length":
                found[signature.key] = "unordered-collections"
    return found


class Dialect:
    """A dialect of SQL: subclass it, change what differs, and pass an instance in place of a dialect's name.

    A dialect like another one inherits from it: `class CockroachDB(PostgreSQL)`. A model's storages for the
    parent then apply to the child too.
    """

    # ---- the engine and its driver ---------------------------------------------------------------

    name = "sql"
    """The name of the dialect in `dialect="sqlite"`, in storages of a model, and in messages."""
    verified = False
    """True if the library's tests run the statements on the engine; else on DuckDB, as Oracle's."""
    paramstyle = "qmark"
    """The style of the usual driver's markers: qmark (`?`), format (`%s`), pyformat, numeric, numeric_dollar,
    named, or typed (`{p1:String}`)."""
    named_marker = ":p{n}"
    """A marker in the paramstyle `named`: `@p{n}` on BigQuery."""
    quotes = '""'
    """The quotes around a name, of which the closing one is doubled within: `[]` on SQL Server."""
    alias_prefix = " AS "
    """The text between a table and its alias: a space on Oracle."""
    typed_literals = False
    """True if a literal needs a cast where nothing tells its type: `CASE ... THEN CAST(? AS TEXT)`."""
    marker_casts: Mapping[type, str] = {}
    """Text around the marker `{m}` of a value, by its Python class: `{dt.date: "CAST({m} AS DATE)"}`."""
    binds: Mapping[type, Convert] = {}
    """Conversions of values for the driver, by their Python class: `{uuid.UUID: str}`."""

    # ---- limits ----------------------------------------------------------------------------------

    max_parameters: int | None = None
    """The most values in a statement: 65,535 on PostgreSQL."""
    max_length = 4_000_000
    """The most characters in a statement: 250,000 on ClickHouse."""
    max_depth: int | None = 400
    """The most levels of nested expressions; `length(trim(name)) gt 1` has four."""
    chains_nest = True
    """True if each operand of a chain such as `a OR b OR c` counts as one more level."""
    max_terms: int | None = None
    """The most operands of AND and OR in a statement: 5,000 on Spark."""
    max_in_items: int | None = None
    """The most values in a list after IN: 1,000 on Oracle; longer ones become several lists."""
    max_joins = 60
    """The most tables joined to one: `supplier/name eq 'Acme'` joins one."""
    max_subqueries: int | None = None
    """The most subqueries in a statement, one for each lambda: 100 on DuckDB."""

    # ---- texts -----------------------------------------------------------------------------------

    collation = "linguistic"
    """The collation of columns whose property names none: `binary`, `linguistic` or `insensitive`."""
    binary = '{a} COLLATE "C"'
    """A text that compares by code point, whatever its column's collation."""
    binary_on_both_sides = False
    """True if both sides of a comparison need `binary`; else one collation wins: `a COLLATE "C" = b`."""
    binary_arguments = False
    """True if `contains` and the like compare as the column does: an `insensitive` one needs `binary`."""
    mixes_collations = True
    """True if columns of different collations can be compared; MySQL calls that an illegal mix."""
    ignores_trailing_spaces = False
    """True if `'a' = 'a '` holds, whatever the column's collation, as on MySQL."""
    text_escapes: Mapping[str, str] = {"'": "''"}
    """Characters of a literal text that are written in another way: a backslash too on Spark."""
    has_empty_string = True
    """True if `''` is a text; on Oracle it is null."""

    once = ("(SELECT {body} FROM (SELECT {values}) AS odata_v)", "{x} AS odata_v{i}{a}", "odata_v{i}{a}")
    """The form that computes values once for a body, the form of each value, and its name in the body: `{i}`
    is a number, and the n-th value has the letter `{a}` and the place `{n}`."""
    once_takes_subqueries = True
    """True if the form can have a subquery; not on Spark, where it is a lambda."""
    once_depth = 1
    """The levels of nesting that the form adds."""
    uncached = ""
    """A condition that always holds, for subqueries that read texts of outer rows, or JSON, on engines that
    could reuse the result of another row: `RAND() >= 0` on MySQL."""

    # ---- nulls and truth -------------------------------------------------------------------------

    constant_order = "(SELECT NULL)"
    """An ORDER BY that keeps rows in any order: `NULL` on Oracle."""
    null_order = "high"
    """Where nulls sort in ascending order: `low`, `high`, or `last` in both directions."""
    null_safe_equal = "{a} IS NOT DISTINCT FROM {b}"
    """The condition that two values are equal, where null equals null: `{a} <=> {b}` on MySQL."""
    null_safe_unequal = "{a} IS DISTINCT FROM {b}"
    """The condition that they differ: `NOT ({a} <=> {b})` on MySQL."""
    booleans = ("TRUE", "FALSE")
    """The Boolean values: `("1", "0")` on SQLite."""
    conditions_are_values = True
    """True if a condition can stand where a value does: `(a > b) = c`; not on SQL Server and Oracle."""
    not_true = "({a}) IS NOT TRUE"
    """The condition that another one is false or unknown: `CASE WHEN {a} THEN 0 ELSE 1 END = 1` on Oracle."""
    not_false = "({a}) IS NOT FALSE"
    """The condition that another one is true or unknown: `ifNull({a}, TRUE)` on ClickHouse."""

    bounded_pattern = "{a}"
    """A pattern that is not a literal, null if it needs more than `{most}` states."""

    # ---- numbers ---------------------------------------------------------------------------------

    as_int64 = "CAST({a} AS BIGINT)"
    """An integer with 64 bits; `{a}` if the engine always computes in 64 bits."""
    as_wide_integer = "CAST({a} AS DECIMAL(38, 0))"
    """An integer with room for the sum or product of two with 64 bits: `CAST({a} AS HUGEINT)` on DuckDB."""
    wide_to_int64 = within("{a}", "-9223372036854775809", "9223372036854775808")
    """The opposite of `as_wide_integer`, null for more than 64 bits: `TRY_CAST({a} AS BIGINT)` on DuckDB."""
    default_scale = 6
    """The digits after the point of a decimal whose property gives no scale: 12 on ClickHouse."""
    max_scale: int | None = None
    """The most digits after the point of a decimal: 24 on DuckDB."""
    decimal_digits: tuple[int, int] | None = None
    """The most digits of a decimal that is bound, before the point and after it: `(26, 12)` on DuckDB."""
    comparable_decimal = ""
    """A decimal with `{s}` digits after the point, as DuckDB cannot compare one that has no room for them.
    `{greatest}` is the largest decimal with so many, `{most}` the same to 12 places."""
    case_casts: Mapping[str, str] = {}
    """Casts of the branches of a CASE: `{"Decimal": "toDecimal256({a}, {s})"}`; `{s}` is the scale."""
    nan = "greatest"
    """The place of NaN: the `greatest` or `least` number, equal to itself; as in `ieee`; or `none` on engines
    without NaN."""
    null_safe_nan = False
    """True if `null_safe_equal` holds for two NaN though `=` does not, as on Trino."""
    nan_rank = "CASE WHEN {a} = {nan} THEN 0 WHEN {a} IS NOT NULL THEN 1 END"
    """A number that puts NaN before all other values in an order: 0 for NaN, else 1."""
    singles = Storage("CAST(CAST({a} AS REAL) AS DOUBLE PRECISION)")
    """The form of columns of Edm.Single, of four or eight bytes; templates take a Double."""

    # ---- pages -----------------------------------------------------------------------------------

    page = Page()
    """The end of a statement with `$top` or `$skip`: `LIMIT ? OFFSET ?`."""

    # ---- joins, collections and JSON -------------------------------------------------------------

    join_template = ("{table}", "{t}.", "")
    """A joined table, and the texts before and after its columns: `"suppliers"`, `"odata_1".` and nothing.
    The columns must be null where no row matches."""
    children = Members("", "")
    """Templates that query the rows of a child table; `source` and `member` are filled in."""
    array_of_children: Members | None = None
    """The same for engines whose subqueries can use only the columns that link them: `{source}` is read into
    an array of tuples of the `{columns}` that the condition uses, `{on}` links the rows, and the n-th column
    is `member`: `arrayExists(t -> t.1 = name, (SELECT groupArray(tuple("qty")) FROM "items" WHERE {on}))` on
    ClickHouse."""
    correlates_deeply = True
    """True if a subquery in a subquery can use columns of the outermost query; not on Spark."""
    guards_subqueries = True
    """True if the service's condition can stand in a subquery of the client's as well, for engines that read
    all members first, also those of rows that the condition drops."""
    reaches_joined_collections = True
    """True if lambdas can use a collection of a joined row: `supplier/items/any(...)`."""
    rewrites_exists = False
    """True if a selective EXISTS is faster as `id IN (SELECT ...)`, as on SQLite."""
    sorts_by_subqueries = True
    """True if ORDER BY and the left side of IN can have a subquery: `$orderby=tags/$count`."""
    collections: Mapping[str, Members] = {}
    """Templates that query collections in a column, by storage, `array` or `json`; the default is first."""
    json: Json | None = None
    """Templates that read values from JSON: `Json("json_extract({a}, {p})")`; None if the dialect cannot."""

    # ---- types and storages ----------------------------------------------------------------------

    types: Mapping[str, str] = edm_types(
        Boolean="BOOLEAN", SByte="SMALLINT", Byte="SMALLINT", Int16="SMALLINT", Int32="INTEGER",
        Int64="BIGINT", Decimal="DECIMAL(38, 12)", Single="REAL", Double="DOUBLE PRECISION", String="VARCHAR",
        Date="DATE", TimeOfDay="TIME(6)", DateTimeOffset="TIMESTAMP(6) WITH TIME ZONE", Duration="INTERVAL",
        Guid="UUID", Binary="VARBINARY",
    )  # fmt: skip
    """The types of SQL by those of OData, for casts: `cast(qty,Edm.String)` is `CAST("qty" AS VARCHAR)`."""
    storages: Mapping[tuple[str, str], Storage] = {}
    """Storages of columns, by the type and a name: `("Edm.DateTimeOffset", "timestamp")`."""
    default_storages: Mapping[str, str] = {}
    """The storage of a type whose property names none: `{"Edm.Guid": "uuid"}`; without one, columns hold
    values as templates take them."""
    json_storages: Mapping[str, str] = {"Edm.DateTimeOffset": "text"}
    """The storage of a type in JSON, where moments are texts."""

    # ---- templates -------------------------------------------------------------------------------

    templates: Mapping[str, str] = spelled(
        {
            "add|sub|mul(Integer,Integer) add|sub|mul(Decimal,Decimal)": "({a} {sign} {b})",
            "add|sub|mul(Double,Double) add|sub(Duration,Duration)": "({a} {sign} {b})",
            "div(Integer,Integer)": "({a} / NULLIF({b}, 0))",
            "mod(Integer,Integer) mod(Decimal,Decimal)": "MOD({a}, NULLIF({b}, 0))",
            "divby(Integer,Integer) div|divby(Decimal,Decimal)": (
                "ROUND(CAST({a} AS DECIMAL(38, 12)) / NULLIF({b}, 0), 12)"
            ),
            "negate(Integer|Decimal|Double|Duration)": "(-{a})",
            "concat(String,String)": "({a} || {b})",
            "contains(String,String)": "POSITION({b} IN {a}) > 0",
            "indexof(String,String)": "(POSITION({b} IN {a}) - 1)",
            "length(String)": "CHAR_LENGTH({a})",
            "startswith(String,String)": "LEFT({a}, CHAR_LENGTH({b})) = {b}",
            "endswith(String,String)": "RIGHT({a}, CHAR_LENGTH({b})) = {b}",
            "tolower(String)": "LOWER({a})",
            "toupper(String)": "UPPER({a})",
            "ceiling|floor|round(Integer)": "{a}",  # SqlEmitter casts it to Edm.Decimal
            "ceiling|floor|round(Decimal) ceiling|floor(Double)": "{NAME}({a})",
            "round(Double)": NEAREST,
            "now()": "CURRENT_TIMESTAMP",
            "year|month|day(Date|DateTimeOffset)": "EXTRACT({NAME} FROM {a})",
            "hour|minute|second(TimeOfDay|DateTimeOffset)": "EXTRACT({NAME} FROM {a})",
            "date(DateTimeOffset) cast(DateTimeOffset,Date)": "CAST({a} AS DATE)",
            "totaloffsetminutes(DateTimeOffset)": "(0 * EXTRACT(YEAR FROM {a}))",
            "totalseconds(Duration)": "{a}",
            "has(Enum,Enum)": "({a} & {b}) = {b}",
            "cast(Integer|Enum,Integer)": "CASE WHEN {a} BETWEEN {low} AND {high} THEN {a} END",
            "cast(Integer|Boolean,Decimal|Double) cast(Decimal,Double)": "CAST({a} AS {type})",
            "cast(Integer,Boolean)": "({a} <> 0)",
            "cast(Integer,Enum) cast(Double,Double)": "{a}",
            "cast(Double,Single)": "CAST(CAST({a} AS REAL) AS DOUBLE PRECISION)",
            "cast(Boolean,String)": "CASE WHEN {a} THEN 'true' WHEN NOT {a} THEN 'false' END",
            "cast(Boolean,Integer)": "CASE WHEN {a} THEN 1 WHEN NOT {a} THEN 0 END",
            "cast(String,Boolean)": (
                "CASE WHEN LOWER({a}) = 'true' THEN TRUE WHEN LOWER({a}) = 'false' THEN FALSE END"
            ),
            "cast(Integer|Date|Guid,String)": "CAST({a} AS {type})",
        }
    )
    """The spelling of operations by the keys of their overloads, and of casts by families:
    `cast(Integer,String)`. A subclass may write alternatives, as in `spelling.spelled`.

    Decimals have the scale of their result as `{s}`, the largest of their operands as `{m}`, those of the
    first and the last as `{sa}` and `{sb}`, and that of the result and 26 digits more as `{p}`; casts to
    integers have the type's bounds as `{low}` and `{high}`, all casts the type of SQL as `{type}`."""
    wide_templates: Mapping[str, str] = {}
    """The templates of wide integers where they differ, and of decimals that are computed from others:
    `{"div(Integer,Integer)": "div({a}, {b})"}`."""
    literal_needles: Mapping[str, Needle] = {}
    """Templates for a literal text as the second argument: `contains` as LIKE, which an index serves."""
    needs_prepare: frozenset[str] = frozenset()
    """Overloads that need a connection prepared by `sql.prepare`: `tolower(String)` on SQLite."""
    unsupported: Mapping[str, str] = _unsupported_by_most()
    """Overloads that the dialect does not offer, each with the id of a phrase that says why:
    `{"mod(Double,Double)": "no-float-remainder"}`."""

    def __init_subclass__(cls) -> None:
        if "templates" in cls.__dict__:
            cls.templates = spelled(cls.templates)

    @cached_property
    def family(self) -> tuple[str, ...]:
        """The names by which a model may give this dialect's storage: its own, then those of its parents."""
        parents = [cls for cls in type(self).__mro__ if issubclass(cls, Dialect) and cls is not Dialect]
        return tuple(dict.fromkeys((self.name, *[parent.name for parent in parents])))

    @cached_property
    def boolean_tests(self) -> tuple[str, str]:
        """The conditions that a Boolean value is true, and that it is false: `{a} = 1` on SQLite."""
        return ("{a}", "NOT {a}") if self.booleans[0] == "TRUE" else ("{a} = 1", "{a} = 0")

    # ---- names and texts -------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """Quote the name of a table or column: `order` -> `"order"`. Raises ConfigurationError for others."""
        if not isinstance(name, str) or not name or "\0" in name or "\1" in name:
            why = ": its property is computed or inherited" if name == "" else ""
            raise ConfigurationError(f"{name!r} is not the name of a table or column{why}")
        opening, closing = self.quotes[0], self.quotes[1]
        return opening + name.replace(closing, closing * 2) + closing

    def quote_table(self, name: str) -> str:
        """Quote the name of a table with its schema: `shop.order` -> `"shop"."order"`."""
        return ".".join(self.quote(part) for part in name.split("."))

    def quote_text(self, value: str) -> str:
        """Write a text of the model as SQL where it cannot be bound: `O'Neil` -> `'O''Neil'`."""
        if "\0" in value or "\1" in value:
            raise ConfigurationError(f"{value!r} cannot be a key of JSON or the name of a member")
        return "'" + "".join([self.text_escapes.get(char, char) for char in value]) + "'"

    # ---- values ----------------------------------------------------------------------------------

    def bind(self, value: Any, type: edm.Type) -> Any:
        """Convert a value of the query for the driver, by `binds`: a UUID to its text."""
        binds = self.binds
        for kind in value.__class__.__mro__:
            if kind in binds:
                return binds[kind](value)
        return value

    def marker(self, marker: str, value: Any, type: edm.Type) -> str:
        """A marker with the cast that it needs, or the text for a value that cannot be bound."""
        return marker

    def marker_type(self, value: Any, type: edm.Type) -> str:
        """The type in SQL of a value: in a marker of the paramstyle `typed`, or by `typed_literals`."""
        if isinstance(type, edm.EnumType):
            return self.types["Edm.Int64"]
        return self.types.get(type.name, self.types["Edm.String"])

    def rejects(self, value: Any, type: edm.Type) -> Phrase | None:
        """Return why the engine cannot take a value, or None: `Phrase("decimal-digits", most=38)`."""
        return reject_decimals(value, *self.decimal_digits) if self.decimal_digits else None

    def rejection(self, reason: Phrase, value: Any) -> ODataError:
        """The error for a value that the engine cannot be given; odata_query/logic.py adds its place."""
        given = {"engine": Name(self.name), "reason": reason, "value": value}
        return error([problem("unsupported-expression.value", **given)])

    def round_decimal(self, text: str, scale: int) -> str:
        """Round a sum, difference or product of decimals to its scale, if the engine is inexact."""
        return text

    def zone_offset(self, zone: dt.tzinfo) -> str:
        """Write a time zone for SQL: `+02:00`. Raises ConfigurationError for one without a fixed offset."""
        offset = zone.utcoffset(None)
        if offset is None or offset.seconds % 60:
            raise ConfigurationError(f"{self.name} needs a time zone with a fixed offset, not {zone}")
        return dt.time(tzinfo=dt.timezone(offset)).isoformat()[8:14]

    def with_zone(self, storage: Storage, zone: dt.tzinfo) -> Storage:
        """Fill a time zone into the templates of a storage. Raises ConfigurationError if it cannot be."""
        text = ""
        if "{zone}" in storage.read:
            named, name = storage.named_zone, zone_name(zone) if zone.utcoffset(None) is None else None
            if named is None or name is None:
                text = self.zone_offset(zone)
            else:
                storage, text = named, name
        read = storage.read.replace("{zone}", text)
        local = read if storage.local is None else storage.local.replace("{zone}", text)
        offset = storage.offset and storage.offset.replace("{read}", read).replace("{local}", local)
        return storage._replace(
            read=read,
            local=None if storage.local is None else local,
            offset=offset and offset.replace("{zone}", text),
        )

    def bound_name(self, number: int, place: int) -> str:
        """The name of a value that an expression computes once; a column should not have such a name."""
        return self.once[2].format(i=number, n=place + 1, a="abcd"[place])

    def bind_once(self, body: str, number: int, values: Sequence[Bound]) -> str:
        """Write an expression whose values are computed once, by the names that its body has for them."""
        form, value, _ = self.once
        texts = [value.format(x=x.text, i=number, a="abcd"[place]) for place, x in enumerate(values)]
        names = [self.bound_name(number, place) for place in range(len(values))]
        return form.format(body=body, i=number, values=", ".join(texts), names=", ".join(names))

    # ---- columns and JSON ------------------------------------------------------------------------

    def storage(self, type: edm.Type, name: str) -> Storage:
        """Find a storage by its name: `timestamp` for a moment. Raises ConfigurationError if unknown."""
        kind = "Enum" if isinstance(type, edm.EnumType) else type.name
        if isinstance(type, edm.EnumType) and name == "text":
            return self.enum_storage(type)
        found = self.storages.get((kind, name))
        if found is None:
            known = ", ".join(storage for held, storage in self.storages if held == kind) or "none"
            raise ConfigurationError(
                f"{self.name} has no storage {name!r} for {kind}; known storages: {known}"
            )
        return found

    def enum_storage(self, type: edm.EnumType) -> Storage:
        """The storage of an enumeration whose column has the names of its members."""
        if type.is_flags:
            raise ConfigurationError(f"{type.name} has flags, so its column must be a number, not text")
        is_one_to_one = len(set(type.members.values())) == len(type.members)
        cases = "".join(
            [f" WHEN {self.quote_text(n)} THEN {int(value)}" for n, value in type.members.items()]
        )
        return Storage(
            f"CASE {{a}}{cases.replace('{', '{{').replace('}', '}}')} END",
            (lambda value, zone: type.text(value)) if is_one_to_one else None,
        )

    def json_value(self, text: str, keys: tuple[str, ...], type: str) -> str:
        """Read a value from JSON by the keys that lead to it.

        type  the name of a type; `json` for JSON itself, `object` to test an object for null
        """
        if self.json is None:
            raise ConfigurationError(f"{self.name} cannot read JSON")
        template = self.json.value if keys else self.json.member
        types = self.json.types
        if type == "json":
            template, types = self.json.document or template, {}
        elif type == "object" and self.json.object:
            template, types = self.json.object, {}
        value = template.format(a=text, p=self.json_path(keys))
        return types.get(type, types.get("", "{x}")).format(x=value)

    def json_path(self, keys: tuple[str, ...]) -> str:
        """Write a path in JSON as a literal of SQL: `'$."City"'`."""
        assert self.json is not None, "json_value has looked"
        steps = "".join([self.json.key.format(key=escape_key(key)) for key in keys])
        return self.quote_text(self.json.root + steps)

    # ---- statements ------------------------------------------------------------------------------

    def nulls_clause(self, nullable: bool, descending: bool) -> str:
        """The clause that puts null first, or last in descending order: ` NULLS FIRST`."""
        if not nullable or self.null_order == "low" or (self.null_order == "last" and descending):
            return ""
        return " NULLS LAST" if descending else " NULLS FIRST"

    def nests_too_deep(self, text: str) -> bool:
        """True if the engine's parser cannot take a statement or a part of one, with `?` for each value."""
        return False

    def prepare(self, connection: Any) -> None:
        """Give a connection the functions that the engine lacks: regular expressions on SQLite."""
