"""The SQL of all dialects as text: complete tables, statements that a parser accepts, and golden texts.

`ODATA_REGENERATE=1 python -m pytest tests/sql/test_sql_texts.py` writes the golden texts again.
"""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
import json
import os
import string
from pathlib import Path
from typing import Any

import pytest
from engines import ENGINES, engine, engines_to_test, missing_engines

import odata_query as oq
from odata_query import sql
from odata_query.errors import UnsupportedError
from odata_query.operations import OPERATIONS
from odata_query.sql.dialects import BUILT_IN, dialect

GOLDEN = Path(__file__).parent.parent / "data" / "sql_texts.json"
TEXT_ONLY = {
    "mssql": "tsql",
    "oracle": "oracle",
    "trino": "trino",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "cockroachdb": "postgres",
}
"""Dialects that no engine runs here, and the names of their parsers in sqlglot."""
STYLES = {"cockroachdb": "numeric_dollar"}
"""Their paramstyles where a parser knows only another than the driver's."""
COLOR = oq.EnumType("Color", {"Red": 1, "Green": 2, "Blue": 4}, is_flags=True)
HUE = oq.EnumType("Hue", {"Red": 1, "Green": 2, "Blue": 4})
ADDRESS = oq.ComplexType("Address", {"City": oq.Property("Edm.String"), "Zip": oq.Property("Edm.String")})
SUPPLIER = oq.EntityType(
    "Supplier",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "rating": oq.Property("Edm.Double"),
    },
)
ITEM = oq.EntityType(
    "Item",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "qty": oq.Property("Edm.Int32"),
        "supplier": oq.NavigationProperty(lambda: SUPPLIER, table="suppliers", join={"supplier_id": "id"}),
    },
)
PRODUCT = oq.EntityType(
    "Product",
    {
        "id": oq.Property("Edm.Int64", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "code": oq.Property("Edm.String", nullable=False, collation="binary"),
        "qty": oq.Property("Edm.Int32"),
        "big": oq.Property("Edm.Int64"),
        "price": oq.Property("Edm.Decimal", scale=2),
        "weight": oq.Property("Edm.Double"),
        "height": oq.Property("Edm.Double"),
        "active": oq.Property("Edm.Boolean"),
        "sold": oq.Property("Edm.Boolean"),
        "created": oq.Property("Edm.DateTimeOffset"),
        "changed": oq.Property("Edm.DateTimeOffset"),
        "day": oq.Property("Edm.Date"),
        "due": oq.Property("Edm.Date"),
        "opens": oq.Property("Edm.TimeOfDay"),
        "lasts": oq.Property("Edm.Duration"),
        "pause": oq.Property("Edm.Duration"),
        "guid": oq.Property("Edm.Guid"),
        "color": oq.Property(COLOR),
        "hue": oq.Property(HUE, storage="text"),
        "tags": oq.Property("Collection(Edm.String)", storage="json"),
        "counts": oq.Property("Collection(Edm.Int32)", storage="json"),
        "moments": oq.Property("Collection(Edm.DateTimeOffset)", storage="json"),
        "places": oq.Property(ADDRESS, collection=True, storage="json"),
        "address": oq.Property(ADDRESS),
        "home": oq.Property(ADDRESS, storage="json"),
        "supplier": oq.NavigationProperty(SUPPLIER, table="suppliers", join={"supplier_id": "id"}),
        "items": oq.NavigationProperty(ITEM, collection=True, table="items", join={"id": "product_id"}),
    },
)
FILTERS = (
    "name eq 'Milk'", "name ne 'Milk'", "name eq null", "name ne null", "name gt 'B'", "not (name le 'B')", "code eq name", "name ne code",
    "code ge 'a' and code lt 'b'", "name in ('a','b',null)", "not (name in ('a','b'))", "name eq 'a' or name eq 'b' or name eq 'c'",
    "qty eq 5", "qty ne 5", "not (qty gt 5)", "qty add 1 eq 3", "qty mul big gt 5", "big sub big eq 0", "big div qty eq 2", "big mod 3 eq 1", "-big lt 0",
    "qty divby 3 gt 1.5", "price add 0.10 eq 1.20", "price mul price gt 2", "price div 3 eq 0.333333333333", "round(price) eq 2", "ceiling(price) gt floor(price)",
    "weight mul 2 gt 3.5e0", "weight div height gt 1", "round(weight) eq 2", "weight eq height", "not (weight eq height)", "weight ge height", "weight ne 1.5e0",
    "active", "not active", "active eq null", "active eq sold", "active or sold and not active", "(active and sold) eq null", "contains(name,'x') eq active",
    "contains(name,'100%')", "not contains(name,'x')", "contains(name,code)", "startswith(name,'a_')", "not startswith(name,code)", "endswith(name,'[b]')", "endswith(name,code)",
    "indexof(name,'b') eq 1", "indexof(name,code) gt 0", "length(name) gt 3", "length(trim(name)) eq 2", "substring(name,1) eq 'b'", "substring(name,qty,2) eq 'b'", "substring(name,-2) eq 'ab'",
    "tolower(name) eq 'abc'", "concat(name,concat(' ',code)) eq 'a b'", "trim(name) eq 'a'", "toupper(code) in ('A','B')",
    "created gt 2024-01-31T10:20:30.5+02:00", "created eq changed", "year(created) eq 2024 and month(created) lt 7 and day(created) gt 1", "hour(created) eq 10 or minute(created) eq 5",
    "second(created) eq 30 and fractionalseconds(created) eq 0.5", "date(created) eq 2024-01-31", "time(created) gt 10:20", "totaloffsetminutes(created) eq 120", "created lt now()",
    "created add duration'P1DT0.5S' gt changed", "created sub lasts lt changed", "created sub changed gt duration'PT1H'", "created in (2024-01-31T10:20:30Z,2024-02-01T00:00:00Z)",
    "day eq 2024-02-29", "year(day) eq 2024", "day add duration'P1D' eq due", "day sub lasts lt due", "day sub due gt duration'P30D'",
    "opens lt 10:20:30.5", "hour(opens) eq 10 and minute(opens) eq 20 and second(opens) eq 30 and fractionalseconds(opens) eq 0.5",
    "lasts gt duration'PT1H'", "lasts add pause eq duration'P1D'", "lasts sub pause gt pause", "lasts mul 2 gt pause", "lasts div 2.5 gt pause", "qty mul lasts gt pause", "-lasts lt pause", "totalseconds(lasts) gt 60.5",
    "guid eq 01234567-89ab-cdef-0123-456789abcdef", "guid gt 01234567-89ab-cdef-0123-456789abcdef", "color eq 'Red'", "color has 'Red,Green'", "not (color has 'Blue')", "hue eq 'Green'", "hue ne 'Red'",
    "case(qty gt 5:'many',qty gt 0:'few',true:name) eq 'few'", "cast(qty,Edm.String) eq '5'", "cast(price,Edm.Int32) eq 5", "cast(weight,Edm.Int64) eq 5", "cast(created,Edm.Date) eq 2024-01-31",
    "cast(day,Edm.String) eq '2024-01-31'", "cast(active,Edm.String) eq 'true'", "cast(name,Edm.Boolean)", "cast(name,Edm.Int32) eq 7", "cast(guid,Edm.String) ne 'x'", "cast(day,Edm.DateTimeOffset) lt created", "cast(qty,Edm.Boolean)", "isof(name,Edm.String)",
    "tags/any(t: t eq 'red')", "tags/all(t: startswith(t,'a'))", "tags/any()", "not tags/any()", "tags/$count gt 2", "length(tags) eq 0", "tags/any(t: tags/any(u: u gt t))", "'red' in tags", "counts/any(c: c gt 5 and c lt qty)",
    "moments/any(m: m gt 2024-01-31T10:20:30Z)", "places/any(p: p/City eq 'Rome' and p/Zip ne null)", "address/City eq 'Rome'", "address eq null", "home/City eq 'Rome'", "home ne null",
    "supplier/name eq 'Acme'", "supplier/rating gt 3.5e0", "supplier eq null", "items/any(i: i/qty gt 5)", "items/all(i: i/name ne null)", "items/any(i: i/supplier/name eq name)",
    "items/$count gt 2", "items/$count($filter=qty gt 1) ge 1", "items/$filter(qty gt 1)/any(i: i/name eq 'a')", "length(name) add qty gt 5 and (qty lt 3 or price gt 2.5)",
)  # fmt: skip
"""Filters with every type, every kind of collection, and every operation."""
ORDERS = (
    "$orderby=name", "$orderby=name desc,qty", "$orderby=code", "$orderby=weight desc", "$orderby=active,created desc", "$orderby=supplier/name,id", "$orderby=length(name) desc", "$orderby=contains(name,'a') desc",
    "$orderby=guid", "$orderby=lasts,opens", "$orderby=tags/$count", "$top=10", "$skip=5", "$top=10&$skip=5", "$top=0", "$filter=qty gt 1&$orderby=name&$top=3", "$orderby=price add 1",
)  # fmt: skip
SHOWN = (
    "$filter=name eq 'Milk' and not (name eq code)", "$filter=name in ('a','b') or name gt 'c'", "$filter=not contains(name,'100%') and startswith(code,'a')&$orderby=name desc", "$filter=endswith(name,code) or indexof(name,'b') eq 1",
    "$filter=active or not sold&$orderby=active", "$filter=qty mul big gt 5 and big div qty eq 2", "$filter=price div 3 gt 0.5 and weight ge height&$orderby=weight", "$filter=created gt 2024-01-31T10:20:30.5Z and year(created) eq 2024",
    "$filter=created add lasts lt changed", "$filter=day add duration'P1D' eq due and substring(trim(name),qty,2) eq 'ab'", "$filter=tags/any(t: t eq 'red') and items/$count($filter=qty gt 1) gt 2", "$filter=supplier/name eq 'Acme'&$orderby=supplier/rating desc&$top=10&$skip=5",
    "$filter=places/any(p: p/City eq name) or home/City ne null", "$filter=contains(name,code) eq active and guid gt 01234567-89ab-cdef-0123-456789abcdef and color has 'Red'&$top=0",
)  # fmt: skip
"""Queries with golden texts."""
UNKNOWN_TO_PARSER = {
    "mssql": {
        "DATALENGTH": "the bytes of a text", "NCHAR": "a character by its number", "SYSUTCDATETIME": "now, in UTC", "TODATETIMEOFFSET": "a clock with an offset",
    },
    "oracle": {
        "BITAND": "& of numbers", "FROM_TZ": "a clock with an offset", "NLSSORT": "a key to sort by", "NUMTODSINTERVAL": "a number to an interval", "RAWTOHEX": "bytes to a text",
        "TO_BINARY_DOUBLE": "a number to a double", "TO_TIMESTAMP_TZ": "a text to a moment", "TRUNC": "toward zero, or to midnight", "UNISTR": "a text by its code points",
    },
    "trino": {"ANY_MATCH": "whether a lambda is true for a member", "FROM_UNIXTIME_NANOS": "a number to a moment", "WITH_TIMEZONE": "a clock with an offset"},
    "snowflake": {"TO_TIMESTAMP_TZ": "a text to a moment"},
    "bigquery": {"IEEE_DIVIDE": "division of doubles"},
    "cockroachdb": {"JSONB_ARRAY_ELEMENTS": "rows of an array in JSON", "JSONB_TYPEOF": "the kind of a value in JSON"},
}  # fmt: skip
"""Functions of the engine that sqlglot does not know, with their results."""
NOT_PARSED = {"oracle": (" WITH WRAPPER", "a part of JSON_TABLE that sqlglot does not know")}


def query(text: str) -> oq.Query:
    options = dict(option.split("=", 1) for option in text.split("&"))
    return oq.parse_query(options, entity_type=PRODUCT)


def test_a_dialect_says_whether_its_statements_are_run_on_its_engine() -> None:
    assert {name for name in BUILT_IN if not dialect(name).verified} == {*TEXT_ONLY}
    assert {name for name in BUILT_IN if dialect(name).verified} == {*ENGINES}


@pytest.mark.parametrize(
    ("storage", "name", "column"),
    [
        ({"postgresql": "timestamp"}, "cockroachdb", "(\"at\" - INTERVAL '+02:00') AT TIME ZONE 'UTC'"),
        ({"postgresql": "timestamp", "cockroachdb": "timestamptz"}, "cockroachdb", '"at"'),
        ({"cockroachdb": "timestamp"}, "postgresql", '"at"'),
        ({"duckdb": "timestamp"}, "cockroachdb", '"at"'),
    ],
)
def test_a_dialect_inherits_the_storage_that_a_model_gives_for_its_parent(
    storage: dict[str, str], name: str, column: str
) -> None:
    at = oq.Property("Edm.DateTimeOffset", column=oq.Column(storage=storage), nullable=False)
    zone = dt.timezone(dt.timedelta(hours=2))
    found = oq.parse_query(
        "$filter=at eq at", entity_type=oq.EntityType("T", {"at": at}), default_timezone=zone
    )
    condition = sql.where(found.filter, dialect=name, default_timezone=zone).text
    assert condition.startswith((column, f"({column})"))


# ---- tables --------------------------------------------------------------------------------------

HANDLED = ("and(", "or(", "not(", "length(Collection)", "mindatetime()", "maxdatetime()")
"""Overloads that the emitter spells without a template."""


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_overload_has_a_spelling_or_a_reason(name: str) -> None:
    found = dialect(name)
    for operation in OPERATIONS.values():
        for signature in operation.signatures:
            key = signature.key
            if not key.startswith(HANDLED):
                assert key in found.templates or key in found.unsupported, key


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_template_takes_its_arguments_and_nothing_else(name: str) -> None:
    found = dialect(name)
    for key, template in found.templates.items():
        arguments = key.partition("(")[2].rstrip(")")
        allowed = set("abc"[: len(arguments.split(",")) if arguments else 0])
        allowed |= (
            {"low", "high", "type"}
            if key.startswith("cast")
            else {"s", "m", "p", "sa", "sb"}
            if "Decimal" in key
            else set()
        )
        allowed -= {"b"} if key.startswith("cast") else set()
        used = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
        assert used <= allowed, key
        template.format(**dict.fromkeys(allowed, "x"))
        assert "a" in used or not arguments, key
    for key, (template, _) in found.literal_needles.items():
        assert key in found.templates, key
        assert {f for _, f, _, _ in string.Formatter().parse(template) if f is not None} <= set("abcd"), key


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_reason_is_a_short_phrase(name: str) -> None:
    keys = {s.key for operation in OPERATIONS.values() for s in operation.signatures}
    for key, reason in dialect(name).unsupported.items():
        assert key in keys or key.startswith("cast("), key
        assert 10 < len(reason) < 100, reason
        assert not reason.endswith("."), reason
        assert "\n" not in reason


@pytest.mark.parametrize("name", BUILT_IN)
def test_storages_and_collections_format(name: str) -> None:
    found = dialect(name)
    for storage in found.storages.values():
        assert "x" in storage.read.format(a="x", zone="+00:00")
        assert storage.local is None or "x" in storage.local.format(a="x", zone="+00:00")
    for members in found.collections.values():
        assert "x" in members.source.format(a="x", t="t")
        for template in (members.exists, members.counted):
            assert "1 = 1" in template.format(source="x", t="t", body="1 = 1")
    assert found.json is not None
    for template in (found.json.value, found.json.member):
        assert "x" in template.format(a="x", p="p")
    for template in found.json.types.values():
        assert "y" in template.format(x="y")


# ---- texts that a parser takes -------------------------------------------------------------------


def parsed(name: str, statement: sql.Statement) -> Any:
    """The tree of a statement, all of whose functions are known."""
    sqlglot = pytest.importorskip("sqlglot")
    text = statement.text.replace(NOT_PARSED[name][0], "") if name in NOT_PARSED else statement.text
    tree = sqlglot.parse_one(text, read=TEXT_ONLY[name], error_level=sqlglot.ErrorLevel.RAISE)
    assert not isinstance(tree, sqlglot.exp.Command), statement.text
    for call in tree.find_all(sqlglot.exp.Anonymous):
        assert call.name.upper() in UNKNOWN_TO_PARSER[name], statement.text
    markers = list(tree.find_all(sqlglot.exp.Placeholder, sqlglot.exp.Parameter))
    names = {marker.name for marker in markers}
    is_numbered = isinstance(statement.params, dict) or name in STYLES
    count = len(names) if is_numbered else len(markers)
    assert count == len(statement.params), statement.text
    return tree


@pytest.mark.parametrize("name", TEXT_ONLY)
@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_parses(name: str, text: str) -> None:
    try:
        statement = sql.select(
            query("$filter=" + text), "shop.products", dialect=name, paramstyle=STYLES.get(name)
        )
    except UnsupportedError as error:
        assert text.startswith("cast("), error
        assert "has no such conversion" in str(error)
        return
    parsed(name, statement)


@pytest.mark.parametrize("text", [f"$filter={filter}" for filter in FILTERS] + list(ORDERS))
def test_the_parser_of_postgresql_takes_the_texts_of_cockroachdb(text: str) -> None:
    if "postgresql" not in engines_to_test() or "postgresql" in missing_engines():
        pytest.skip("PostgreSQL is not among the engines")
    errors = pytest.importorskip("psycopg").errors
    statement = sql.select(query(text), "nowhere.products", dialect="cockroachdb")
    with pytest.raises(errors.UndefinedTable):  # which PostgreSQL looks for in what it has parsed
        engine("postgresql").run(*statement)


@pytest.mark.parametrize("name", TEXT_ONLY)
@pytest.mark.parametrize("text", ORDERS)
def test_an_order_and_a_page_parse(name: str, text: str) -> None:
    style = STYLES.get(name)
    columns = ["id", "name"]
    parsed(name, sql.select(query(text), "products", dialect=name, columns=columns, paramstyle=style))
    parsed(name, sql.count(query(text), "products", dialect=name, paramstyle=style))


EXAMPLES = [example for operation in OPERATIONS.values() for example in operation.examples]


@pytest.mark.parametrize("name", TEXT_ONLY)
def test_the_examples_of_all_operations_parse(name: str) -> None:
    for example in EXAMPLES:
        try:
            statement = sql.select(
                query(f"$filter=qty eq 1 or ({example})"),
                "products",
                dialect=name,
                paramstyle=STYLES.get(name),
            )
        except UnsupportedError:
            assert "[" in example or "geo." in example, example
            continue
        parsed(name, statement)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT_ONLY)
def test_many_terms_are_refused_or_parse(name: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    found = dialect(name)
    limits = oq.Limits(max_length=None, max_nodes=None, max_in_items=None)
    for text in (
        " or ".join(f"qty add {n} eq {n}" for n in range(20_000)),
        f"qty in ({','.join(map(str, range(5_000)))})",
    ):
        asked = oq.parse_query({"$filter": text}, entity_type=PRODUCT, limits=limits)
        try:
            statement = sql.select(asked, "products", dialect=name, paramstyle=STYLES.get(name))
        except oq.LimitError:
            continue
        assert len(statement.text) <= found.max_length
        assert found.max_parameters is None or len(statement.params) <= found.max_parameters
        if text.startswith("qty in"):
            tree = sqlglot.parse_one(statement.text, read=TEXT_ONLY[name])
            lists = [len(node.expressions) for node in tree.find_all(sqlglot.exp.In)]
            assert found.max_in_items is None or max(lists) <= found.max_in_items


def test_an_empty_text_is_no_text_of_oracle() -> None:
    def where(text: str) -> str:
        return sql.where(query(f"$filter={text}").filter, dialect="oracle").text

    assert where("name eq ''") == "1 = 0"
    assert where("name ne ''") == "1 = 1"
    assert where("name in ('','a')") == '"name" = :p1'
    assert where("contains(name,'')") == "\"name\" LIKE :p1 ESCAPE '\\'"
    for text in ("name gt ''", "trim(name) eq ''", "concat('',name) eq 'a'"):
        with pytest.raises(oq.ODataError, match="empty string as null"):
            where(text)


def test_infinity_is_no_number_of_mssql() -> None:
    with pytest.raises(oq.ODataError, match="infinite"):
        sql.where(query("$filter=weight lt INF").filter, dialect="mssql")


@pytest.mark.parametrize("name", TEXT_ONLY)
def test_names_and_keys_cannot_break_out(name: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    found = dialect(name)
    for text in ("a'b", "a\\'b", 'a"b', "a]b", "a`b", "`", "\\", "'", "''", "a\\", "%", "a\nb"):
        if not (name == "oracle" and '"' in text):
            tree = sqlglot.parse_one(f"SELECT {found.quote(text)} FROM t", read=TEXT_ONLY[name])
            assert [column.name for column in tree.find_all(sqlglot.exp.Column)] == [text]
        literal = sqlglot.parse_one(f"SELECT {found.quote_text(text)}", read=TEXT_ONLY[name]).expressions[0]
        assert literal.name == text


# ---- golden texts --------------------------------------------------------------------------------


def texts(name: str) -> dict[str, Any]:
    found = {}
    for text in SHOWN:
        try:
            statement = sql.select(query(text), "products", dialect=name, columns=["id"])
            found[text] = [statement.text, repr(statement.params)]
        except (oq.ODataError, oq.ConfigurationError) as error:
            found[text] = [type(error).__name__, str(error).splitlines()[0]]
    return found


@pytest.mark.parametrize("name", BUILT_IN)
def test_golden_texts(name: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    found = texts(name)
    if os.environ.get("ODATA_REGENERATE") == "1":
        golden[name] = found
        ordered = {key: golden[key] for key in sorted(golden)}
        GOLDEN.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    elif name not in golden:
        pytest.skip(f"no texts of {name} are kept yet")
    assert found == golden.get(name, found)
