"""SQL in general: values are bound, names are quoted, markers have their style, mistakes have their error."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
import sqlite3
from importlib import metadata
from typing import get_args

import pytest

import odata_query as oq
from odata_query import sql
from odata_query.sql.dialects import BUILT_IN
from odata_query.sql.dialects import dialect as find
from odata_query.sql.dialects.sqlite import SQLite

UNBOUNDED = oq.Limits(**{bound.name: None for bound in dataclasses.fields(oq.Limits) if bound.init})
TAG = oq.EntityType("Tag", {"name": oq.Property("Edm.String"), "rank": oq.Property("Edm.Int32")})
IMAGE = oq.EntityType(
    "Image",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "name": oq.Property("Edm.String"),
        "size": oq.Property("Edm.Int64", column="file_size"),
        "price": oq.Property("Edm.Decimal", scale=2),
        "ratio": oq.Property("Edm.Double"),
        "active": oq.Property("Edm.Boolean"),
        "day": oq.Property("Edm.Date"),
        "at": oq.Property("Edm.DateTimeOffset"),
        "ref": oq.Property("Edm.Guid"),
        "Owner": oq.NavigationProperty(TAG, table="owners", join={"owner_id": "id"}),
        "Tags": oq.NavigationProperty(TAG, collection=True, table="tags", join={"id": "image_id"}),
    },
)


def parse(filter=None, **options):
    given = {"$filter": filter} if filter else {}
    return oq.parse_query(
        {**given, **{f"${k}": v for k, v in options.items()}}, entity_type=IMAGE, limits=UNBOUNDED
    )


def select(filter=None, dialect="sqlite", **options):
    return sql.select(parse(filter, **options), "images", dialect=dialect, columns="*")


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:")
    sql.prepare(connection, dialect="sqlite")
    connection.executescript("""
        CREATE TABLE images (
            id INTEGER PRIMARY KEY, name TEXT, file_size INTEGER, price NUMERIC, ratio REAL, active INTEGER,
            day TEXT, at TEXT, ref TEXT, owner_id INTEGER
        );
        CREATE TABLE tags (image_id INTEGER, name TEXT, rank INTEGER);
        CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT, rank INTEGER);
        INSERT INTO images (id, name, file_size, owner_id) VALUES (1, 'a', 10, 1), (2, NULL, 20, NULL), (3, 'c', NULL, 2);
        INSERT INTO tags VALUES (1, 'x', 1), (1, 'y', 2), (3, NULL, NULL);
        INSERT INTO owners VALUES (1, 'Ana', 1), (2, NULL, 2);
    """)
    return connection


# ---- values and names ----------------------------------------------------------------------------

HOSTILE = (
    "' OR 1=1 --",
    "'; DROP TABLE images; --",
    '" OR ""="',
    "%s %(p1)s :p1 ? $1 {p1:String} \\",
    "\x01\x02",
    "{a}{b}",
    "%",
)
POSITIONS = (
    "name eq {}", "name ne {}", "{} eq name", "name gt {}", "name in ({},{})", "contains(name,{})", "startswith(name,{})",
    "endswith(name,{})", "indexof(name,{}) eq 1", "concat(name,{}) eq {}", "concat({},name) eq {}", "tolower(name) eq {}",
    "substring(concat(name,{}),1) eq {}", "case(active:{},true:name) eq {}", "Tags/any(t: t/name eq {})",
    "Tags/$count($filter=name eq {}) gt 0", "Owner/name eq {}",
    "name eq {} or name eq {}", "not startswith(name,{})", "trim(name) eq {}", "cast({},Edm.Int32) eq size",
)  # fmt: skip
OTHERS = (
    "size eq 987654", "price eq 98.76", "ratio eq 98.76e0", "active eq true", "day eq 2024-02-29", "at eq 2024-02-29T10:20:30Z",
    "at gt 2024-02-29T10:20:30Z", "ref eq 01234567-89ab-cdef-0123-456789abcdef", "size in (987654,98765)", "size add 98765 gt 98764",
    "substring(name,98765) eq name", "at add duration'P98765D' gt at", "round(price mul 98.76) gt 98",
)  # fmt: skip


ROTATED = [
    pytest.param(dialect, text, position, marks=() if (d + t + p) % len(HOSTILE) == 0 else pytest.mark.slow)
    for d, dialect in enumerate(BUILT_IN)
    for t, text in enumerate(HOSTILE)
    for p, position in enumerate(POSITIONS)
]
"""Every combination; the fast ones take each position on each dialect with one of the texts."""


@pytest.mark.parametrize(("dialect", "text", "position"), ROTATED)
def test_no_text_of_a_query_is_in_the_statement(dialect, text, position):
    literal = oq.unparse(oq.Literal(text, oq.parse_filter("''").type))
    plain = oq.unparse(oq.Literal("x", oq.parse_filter("''").type))
    try:
        found = select(position.format(literal, literal), dialect)
    except oq.UnsupportedError:
        return
    assert len(text) < 2 or text not in found.text
    if dialect != "mysql" or "startswith" not in position:  # its index takes only some prefixes
        same = select(position.format(plain, plain), dialect)
        assert found.text == same.text, "the text depends on the shape of the query alone"


@pytest.mark.parametrize("dialect", BUILT_IN)
@pytest.mark.parametrize("filter", OTHERS)
def test_no_number_or_date_of_a_query_is_in_the_statement(dialect, filter):
    try:
        found = select(filter, dialect)
    except oq.UnsupportedError:
        return
    assert not re.search(r"9876|98\.7|2024|-02-29|10:20|89ab", found.text), found.text


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_only_a_text(database, position, text):
    literal = "'" + text.replace("'", "''") + "'"
    rows = database.execute(*select(position.format(literal, literal))).fetchall()
    assert len(rows) < 3 or " ne " in position or "not " in position
    assert database.execute("SELECT COUNT(*) FROM images").fetchone() == (3,)


@pytest.mark.parametrize("dialect", BUILT_IN)
@pytest.mark.parametrize(
    "name",
    ['a"b', "a`b", "a]b", "a'b", "a; DROP TABLE t", "select", "a.b", "%s", "?", ":p1", "{a}", "ä b", "\\"],
)
def test_a_hostile_name_of_a_column_or_table_is_quoted(dialect, name):
    model = oq.EntityType(
        "T", {"id": oq.Property("Edm.Int32", key=True), "p": oq.Property("Edm.String", column=name)}
    )
    query = oq.parse_query(
        {"$filter": "p eq 'x' or contains(p,'y')", "$orderby": "p desc"}, entity_type=model
    )
    known = find(dialect)
    found = sql.select(query, "u", dialect=dialect, paramstyle="qmark")
    unquoted = found.text.replace(known.quote(name), "")
    assert unquoted.count("?") == len(found.params)
    assert name in ("?", "\\") or name not in unquoted


@pytest.mark.parametrize(
    "name", ['a"b', "a'b", "a; DROP TABLE t", "select", "%s", "?", ":p1", "{a}", "ä b", "\\"]
)
def test_a_hostile_name_works(name):
    model = oq.EntityType(
        "T", {"id": oq.Property("Edm.Int32", key=True), "p": oq.Property("Edm.String", column=name)}
    )
    connection = sqlite3.connect(":memory:")
    quoted = '"' + name.replace('"', '""') + '"'
    connection.execute(f"CREATE TABLE {quoted} (id INTEGER, {quoted} TEXT)")
    connection.execute(f"INSERT INTO {quoted} VALUES (1, 'x'), (2, 'z')")
    query = oq.parse_query({"$filter": "p eq 'x' or contains(p,'y')", "$orderby": "p"}, entity_type=model)
    for style in ("qmark", "named"):
        found = sql.select(query, name, dialect="sqlite", paramstyle=style, columns=["id", "p"])
        assert connection.execute(*found).fetchall() == [(1, "x")]


# ---- statements ----------------------------------------------------------------------------------

STATEMENTS = (  # a filter, options, the text and values for SQLite
    ("name eq 'x'", {}, 'SELECT * FROM "images" WHERE "name" = ?', ("x",)),
    ("name ne 'x'", {}, 'SELECT * FROM "images" WHERE "name" <> ? OR "name" IS NULL', ("x",)),
    ("id ne 3", {}, 'SELECT * FROM "images" WHERE "id" <> ?', (3,)),
    ("size gt 3 and id le 9", {}, 'SELECT * FROM "images" WHERE "file_size" > ? AND "id" <= ?', (3, 9)),
    ("not (size gt 3)", {}, 'SELECT * FROM "images" WHERE "file_size" <= ? OR "file_size" IS NULL', (3,)),
    ("name eq null", {}, 'SELECT * FROM "images" WHERE "name" IS NULL', ()),
    ("id eq null", {}, 'SELECT * FROM "images" WHERE 1 = 0', ()),
    ("true", {}, 'SELECT * FROM "images"', ()),
    ("1 eq 2 or name eq 'x'", {}, 'SELECT * FROM "images" WHERE "name" = ?', ("x",)),
    ("name in ('x','y')", {}, 'SELECT * FROM "images" WHERE "name" IN (?, ?)', ("x", "y")),
    ("name eq 'x' or name eq 'y'", {}, 'SELECT * FROM "images" WHERE "name" IN (?, ?)', ("x", "y")),
    ("startswith(name,'ab')", {}, 'SELECT * FROM "images" WHERE ("name" >= ? AND "name" < ?)', ("ab", "ac")),
    (
        "(name eq 'x' or id eq 1) and active",
        {},
        'SELECT * FROM "images" WHERE ("name" = ? OR "id" = ?) AND "active" = 1',
        ("x", 1),
    ),
    ("", {"top": "5"}, 'SELECT * FROM "images" ORDER BY "id" LIMIT ?', (5,)),
    ("", {"skip": "5"}, 'SELECT * FROM "images" ORDER BY "id" LIMIT -1 OFFSET ?', (5,)),
    (
        "",
        {"orderby": "name desc", "top": "5", "skip": "9"},
        'SELECT * FROM "images" ORDER BY "name" DESC, "id" LIMIT ? OFFSET ?',
        (5, 9),
    ),
    (
        "Tags/any(t: t/rank gt id)",
        {},
        'SELECT "odata_0".* FROM "images" AS "odata_0" WHERE EXISTS (SELECT 1 FROM "tags" AS "odata_1"'
        ' WHERE "odata_1"."image_id" = "odata_0"."id" AND "odata_1"."rank" > "odata_0"."id")',
        (),
    ),
    (
        "Owner/name eq 'Ana'",
        {"orderby": "Owner/rank"},
        'SELECT "odata_0".* FROM "images" AS "odata_0" LEFT JOIN "owners" AS "odata_1" ON "odata_1"."id" = "odata_0"."owner_id"'
        ' WHERE "odata_1"."name" = ? ORDER BY "odata_1"."rank"',
        ("Ana",),
    ),
)


@pytest.mark.parametrize(("filter", "options", "text", "params"), STATEMENTS)
def test_a_query_is_the_sql_that_a_person_would_write(filter, options, text, params):
    assert select(filter, **options) == (text, params)


ADDRESS = oq.ComplexType(
    "Address", {"City": oq.Property("Edm.String"), "Zip": oq.Property("Edm.String", column="zip")}
)
PLACE = oq.EntityType(
    "Place",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "size": oq.Property("Edm.Int64", column="file_size"),
        "Address": oq.Property(ADDRESS, column="a"),
        "Home": oq.Property(ADDRESS, storage="json"),
        "Homes": oq.Property(ADDRESS, collection=True, storage="json"),
        "words": oq.Property("Collection(Edm.String)", storage="json"),
        "notes": oq.Property("Collection(Edm.String)", table="notes", join={"id": "place_id"}),
        "Owner": oq.NavigationProperty(TAG, table="owners", join={"owner_id": "id"}),
        "Tags": oq.NavigationProperty(TAG, collection=True, table="tags", join={"id": "image_id"}),
        "Unmapped": oq.NavigationProperty(TAG),
        "computed": oq.Property("Edm.String", column=""),
        "again": oq.Property("Edm.Int64", column="file_size"),
    },
)
SELECTED = (  # columns, and the text before FROM in SQLite
    (None, '"id", "file_size", "a_City", "a_zip", "Home", "Homes", "words"'),
    ("*", "*"),
    (["size", "id", "size"], '"file_size", "id"'),
    (["file_size", "a_zip"], '"file_size", "a_zip"'),
    (["Address"], '"a_City", "a_zip"'),
    (["Address/City"], '"a_City"'),
    (["Home/City", "Home", "Homes"], 'json_extract("Home", \'$."City"\') AS "Home_City", "Home", "Homes"'),
    (["id", "Owner/name"], '"odata_0"."id", "odata_1"."name" AS "Owner_name"'),
)


@pytest.mark.parametrize(("columns", "text"), SELECTED)
def test_a_select_has_the_columns_of_the_model_or_those_that_are_named(columns, text):
    found = sql.select(oq.parse_query("", PLACE), "t", dialect="sqlite", columns=columns)
    assert found.text.partition(" FROM ")[0] == f"SELECT {text}"


def test_a_select_has_what_a_restricted_model_publishes_and_what_is_named():
    model = PLACE.restrict(only=["size", "Address"])
    found = sql.select(oq.parse_query("$top=1", model), "t", dialect="sqlite")
    assert found.text.startswith('SELECT "file_size", "a_City", "a_zip" FROM "t" ORDER BY "id"')
    found = sql.select(oq.parse_query("", model), "t", dialect="sqlite", columns=["id", "words"])
    assert found.text == 'SELECT "id", "words" FROM "t"'


def test_the_columns_of_a_path_are_those_of_the_joined_rows(database):
    found = sql.select(parse(orderby="id"), "images", dialect="sqlite", columns=["id", "Owner/name"])
    rows = database.execute(*found)
    assert [name for name, *_ in rows.description] == ["id", "Owner_name"]
    assert rows.fetchall() == [(1, "Ana"), (2, None), (3, None)]


STYLES = {
    "qmark": ('"name" = ? AND "file_size" > ?', ("x", 3)),
    "format": ('"name" = %s AND "file_size" > %s', ("x", 3)),
    "numeric": ('"name" = :1 AND "file_size" > :2', ("x", 3)),
    "numeric_dollar": ('"name" = $1 AND "file_size" > $2', ("x", 3)),
    "named": ('"name" = :p1 AND "file_size" > :p2', {"p1": "x", "p2": 3}),
    "pyformat": ('"name" = %(p1)s AND "file_size" > %(p2)s', {"p1": "x", "p2": 3}),
}


@pytest.mark.parametrize(("style", "found"), STYLES.items())
def test_markers_have_the_requested_paramstyle(style, found):
    query = parse("name eq 'x' and size gt 3")
    assert sql.where(query, dialect="sqlite", paramstyle=style) == found


def test_markers_of_fragments_are_numbered_from_first():
    query = parse("name eq 'x'", orderby="size add 7")
    where = sql.where(query.filter, dialect="postgresql", paramstyle="numeric_dollar", first=3)
    order = sql.order_by(query, dialect="postgresql", paramstyle="numeric_dollar", first=4)
    assert (where.text, where.params) == ('"name" = $3', ("x",))
    assert "$4" in order.text
    assert order.params == (7,)


def test_fragments_work_in_a_handwritten_statement(database):
    query = parse("Tags/any(t: t/name eq 'x') or Owner/rank eq 2", orderby="Owner/name desc,id")
    where = sql.where(query.filter, dialect="sqlite", table="i")
    order = sql.order_by(query, dialect="sqlite", table="i")
    text = f"SELECT i.id FROM images AS i WHERE {where.text} ORDER BY {order.text}"
    assert database.execute(text, where.params + order.params).fetchall() == [(1,), (3,)]


def test_the_same_query_always_gives_the_same_text():
    filter = "Tags/any(t: t/rank gt id and Tags/any(u: u/rank lt t/rank)) and Owner/name ne 'x'"
    assert len({select(filter, orderby="Owner/rank,name") for _ in range(3)}) == 1


def test_joined_rows_are_never_multiplied(database):
    found = database.execute(*select("Tags/any() or Owner/rank gt 0", orderby="Owner/name,id")).fetchall()
    assert [row[0] for row in found] == [3, 1]
    assert database.execute(*sql.count(parse("Tags/any()"), "images", dialect="sqlite")).fetchone() == (2,)
    everything = database.execute(*select(orderby="Owner/name desc,id desc")).fetchall()
    assert [row[0] for row in everything] == [1, 3, 2]


# ---- size ----------------------------------------------------------------------------------------


@functools.cache
def chain(term, size):
    return parse(" or ".join(term.format(n) for n in range(size)))


@pytest.mark.parametrize("dialect", BUILT_IN)
@pytest.mark.parametrize("term", ["size gt {}", "contains(name,'{}')", "name eq '{}'", "size add {} eq id"])
@pytest.mark.parametrize("size", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_chain_of_many_terms_compiles_or_is_too_large(dialect, term, size):
    query = chain(term, size)
    try:
        found = sql.select(query, "images", dialect=dialect)
    except oq.LimitError as refused:
        assert refused.problems[0].code == "expression-too-large"
    else:
        assert len(found.params) >= size


NESTED = {  # filters by how often they nest
    "concat": lambda n: "name eq " + "concat(" * n + "name" + ",'a')" * n,
    "add": lambda n: "size" + " add 1" * n + " eq 1",
    "eq": lambda n: "active and " + "(" * n + "active" + " eq active)" * n,
    "toupper": lambda n: "toupper(" * n + "name" + ")" * n + " eq 'A'",
    "substring": lambda n: "substring(" * n + "name" + ",size)" * n + " eq 'A'",
    "case": lambda n: "case(active:" * n + "name" + ")" * n + " eq 'A'",
    "not": lambda n: "not (" * n + "active" + ")" * n,
    "and, or": lambda n: "(active or (active and " * n + "active" + "))" * n,
}


@pytest.mark.parametrize("dialect", BUILT_IN)
@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("times", [20, 60, 95, 190])
def test_no_nesting_breaks_the_compiler(dialect, nested, times):
    try:
        query = parse(nested(times))
    except oq.LimitError:
        assert times == 190  # two levels each time
        return
    try:
        found = sql.select(query, "images", dialect=dialect)
    except (oq.LimitError, oq.UnsupportedError):
        return
    assert len(found.text) < 20_000_000


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_nesting_above_the_bound_is_an_error_even_without_limits(nested):
    with pytest.raises(oq.LimitError) as refused:
        parse(nested(3000))
    assert refused.value.problems[0].code == "expression-too-deep"


# ---- errors and dialects -------------------------------------------------------------------------


def test_an_operation_that_a_dialect_does_not_support_is_a_501_with_its_name():
    with pytest.raises(oq.UnsupportedError, match="matchespattern is not supported by mysql") as caught:
        select("id eq 1 and matchespattern(name,'a')", "mysql")
    assert caught.value.status == 501
    assert caught.value.problems[0].span == (12, 36)


MISTAKES = (
    (lambda: select(dialect="sqlit"), "Did you mean 'sqlite'"),
    (lambda: sql.where(parse("id eq 1").filter, dialect="sqlite", paramstyle="percent"), "not a paramstyle"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", collation="ci"), 'is "query" or "column"'),
    (lambda: sql.select(parse(), "", dialect="sqlite"), "not the name of a table"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns="id"), "not one text"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns=[]), "no columns"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns=["nam"]), "Did you mean 'name'"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns=["Tags"]), "'Tags' is not a column"),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns=["Owner"]), "'Owner' is not a column"),
    (
        lambda: sql.select(parse(), "images", dialect="sqlite", columns=["Owner/nam"]),
        "Tag has no property 'nam'",
    ),
    (lambda: sql.select(parse(), "images", dialect="sqlite", columns=["name/x"]), "has no property 'x'"),
    (
        lambda: sql.select(parse(), "images", dialect="sqlite", columns=["owner_id"]),
        "Image has no property 'owner_id'",
    ),
    (
        lambda: sql.where(parse("id eq 1"), dialect="sqlite", default_timezone=dt.UTC),
        "its own default_timezone",
    ),
    (lambda: sql.where(oq.parse_query("$filter=a eq 1"), dialect="sqlite"), "validated before"),
    (lambda: sql.where(oq.parse_filter("a eq 1"), dialect="sqlite"), "validated before"),
    (lambda: sql.select(oq.parse_query("$filter=a eq 1"), "t", dialect="sqlite"), "needs an entity_type"),
    (lambda: sql.where(parse("Tags/any()").filter, dialect="sqlite"), "rows' table"),
    (lambda: oq.Property("Edm.String", table="t"), "table and join"),
    (lambda: oq.Property("Edm.String", collation="ci"), "is not a collation"),
)


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_a_developers_mistake_is_a_configuration_error(mistake, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        mistake()


def test_a_storage_that_a_dialect_does_not_know_is_a_configuration_error():
    model = oq.EntityType("T", {"at": oq.Property("Edm.DateTimeOffset", storage="runes")})
    query = oq.parse_query("$filter=at gt 2024-01-01", entity_type=model)
    with pytest.raises(oq.ConfigurationError, match="no storage 'runes'"):
        sql.select(query, "t", dialect="sqlite")


class Shouting(SQLite):
    """A dialect of another package."""

    name = "shouting"
    templates = {**SQLite.templates, "tolower(String)": "SHOUT({a})"}


def test_a_dialect_is_a_subclass_given_as_an_instance():
    assert select("tolower(name) eq 'x'", Shouting()).text.endswith('WHERE SHOUT("name") = ?')


def test_type_checkers_know_the_names_of_all_dialects():
    assert set(get_args(sql.DialectName)) == {*BUILT_IN, "mariadb", "postgres"}


def test_a_dialect_is_found_by_its_entry_point(monkeypatch):
    entry = metadata.EntryPoint("shouting", f"{__name__}:Shouting", "odata_query.dialects")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [entry] if group == entry.group else [])
    assert "SHOUT" in select("tolower(name) eq 'x'", "shouting").text


def test_collation_leaves_texts_to_the_columns():
    query = parse("name eq 'x' or name gt 'y'", orderby="name")
    exact = sql.select(query, "images", dialect="mysql", columns="*")
    native = sql.select(query, "images", dialect="mysql", columns="*", collation="column")
    assert native.text == "SELECT * FROM `images` WHERE `name` = %s OR `name` > %s ORDER BY `name`"
    assert len(exact.text) > len(native.text)


@pytest.mark.parametrize(("strings", "collation"), [("exact", "query"), ("native", "column")])
def test_strings_is_the_older_name_of_collation(strings, collation):
    query = parse("name eq 'x' or name gt 'y'", orderby="name")
    for make in (sql.where, sql.order_by):
        with pytest.warns(DeprecationWarning, match="collation"):
            found = make(query, dialect="mysql", strings=strings)
        assert found == make(query, dialect="mysql", collation=collation)
    for make in (sql.select, sql.count):
        with pytest.warns(DeprecationWarning, match="collation") as caught:
            found = make(query, "images", dialect="mysql", strings=strings)
        assert caught[0].filename == __file__
        assert found == make(query, "images", dialect="mysql", collation=collation)


def test_default_timezone_is_that_of_naive_columns():
    model = oq.EntityType("T", {"at": oq.Property("Edm.DateTimeOffset", storage="timestamp")})
    zone = dt.timezone(dt.timedelta(hours=2))
    query = oq.parse_query("$filter=at gt 2024-01-01T00:00:00", entity_type=model, default_timezone=zone)
    for name in ("postgresql", "duckdb"):
        found = sql.select(query, "t", dialect=name)
        assert found.params == (dt.datetime(2024, 1, 1),)


PLACES = (  # a dialect, a query, the option and the place of what is wrong, its code
    ("sqlite", {"$filter": "id eq 1 and price eq 1.2345678901234567890"}, "$filter", (21, 42), "unsupported-expression"),
    ("sqlite", {"$filter": "id eq 1 and not (price in (1,1.2345678901234567890))"}, "$filter", (29, 50), "unsupported-expression"),
    ("spark", {"$filter": "case(id eq 1:123456789012345678901234567890,true:1.5) gt id"}, "$filter", (13, 43), "unsupported-expression"),
    ("mssql", {"$filter": "id eq 1 and ratio lt INF"}, "$filter", (21, 24), "unsupported-expression"),
    ("mysql", {"$filter": "id eq 1 and ratio add 1.7976931348623157e308 gt 1"}, "$filter", (22, 44), "unsupported-expression"),
    ("sqlite", {"$filter": "id eq 1 and cast(price,Edm.String) eq '1'"}, "$filter", (12, 34), "unsupported-function"),
    ("sqlite", {"$filter": "not (id eq 1 or cast(at,Edm.Guid) eq null)"}, "$filter", (16, 33), "unsupported-function"),
    ("oracle", {"$filter": "id eq 2 and name gt ''"}, "$filter", (20, 22), "unsupported-expression"),
    ("spark", {"$orderby": "id,Tags/$count desc"}, "$orderby", (3, 14), "unsupported-expression"),
    ("mysql", {"$orderby": "id,matchespattern(name,'a')"}, "$orderby", (3, 27), "unsupported-function"),
)  # fmt: skip


@pytest.mark.parametrize(("dialect", "options", "option", "span", "code"), PLACES)
def test_what_an_engine_cannot_do_is_reported_with_its_place(dialect, options, option, span, code):
    with pytest.raises(oq.ODataError) as caught:
        sql.select(oq.parse_query(options, entity_type=IMAGE), "images", dialect=dialect)
    [problem] = caught.value.problems
    assert (problem.option, problem.span, problem.code) == (option, span, code)


@pytest.mark.parametrize("orderby", ["1", "'a' desc", "1 add 2,null", "case(true:1)"])
def test_the_order_by_constants_has_a_text_that_runs(orderby):
    model = oq.EntityType("Row", {"id": oq.Property("Edm.Int32", key=True)})
    query = oq.parse_query({"$orderby": orderby}, model)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id)")
    connection.execute("INSERT INTO t VALUES (1)")
    for name in BUILT_IN:
        assert sql.order_by(query, dialect=name).text
    order = sql.order_by(query, dialect="sqlite")
    assert connection.execute(f"SELECT id FROM t ORDER BY {order.text}", order.params).fetchall() == [(1,)]
    assert sql.order_by(oq.parse_query("", model), dialect="sqlite").text == ""
    connection.close()
