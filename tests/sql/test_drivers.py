"""Statements through drivers, each in the paramstyles that it takes, and through `sqlalchemy.text`."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from test_cases import FILES, cases

import odata_query as oq
from odata_query import python, sql
from odata_query.sql.dialects import BUILT_IN, dialect
from odata_query.testing.conformance import query_of

STYLES = {
    "sqlite": ("qmark", "named", "numeric"),
    "duckdb": ("qmark", "numeric_dollar"),
    "postgresql": ("format", "pyformat", "numeric_dollar"),
    "mysql": ("format", "pyformat"),
}
URLS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://", "mysql": "mysql+pymysql://"}
ODD_NAMES = [
    "100% %s",
    "%(p1)s",
    "is it?",
    "a ? b",
    "$1 @p1",
    "{p1:String}",
    "a:b::c",
    "it's -> ->> @> #",
    "ends:",
]
MODEL = oq.EntityType(
    "Odd",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "at": oq.Property("Edm.DateTimeOffset"),
        "day": oq.Property("Edm.Date"),
        "clock": oq.Property("Edm.TimeOfDay"),
        "ref": oq.Property("Edm.Guid"),
        "price": oq.Property("Edm.Decimal", scale=2),
        **{f"n{n}": oq.Property("Edm.String", column=name) for n, name in enumerate(ODD_NAMES)},
    },
)
FILTERS = [
    *[f"n{n} eq 'x'" for n in range(len(ODD_NAMES))],
    *[f"contains(n{n},'%s') or contains(n{n},concat(':p1 ?',n{n}))" for n in range(len(ODD_NAMES))],
    "n0 in ('%s',':p1',null)",
    "startswith(n0,'100%')",
    "trim(concat(n1,' $1')) eq '%s $1'",
    "date(at) eq 2024-02-29 and hour(at) eq 23",
    "at add duration'PT2H' gt 2024-03-01T00:00:00Z",
    "at gt 2024-02-29T23:00:00+02:00",
    "time(at) gt 12:00:00 and fractionalseconds(at) eq 0.5",
    "cast(at,Edm.String) ne 'x' or cast(clock,Edm.String) ne ':00'",
    "cast('2024-02-29T23:30:00Z',Edm.DateTimeOffset) lt at",
    "cast(n0,Edm.DateTimeOffset) eq null and cast(n0,Edm.TimeOfDay) eq null and cast(n0,Edm.Duration) eq null",
    "price mod 0.4 eq 0.3 and id mod 2 eq 1",
    "case(day gt 2024-01-01:'50%',true:':x') eq '50%'",
    "ref eq 6f9619ff-8b86-d011-b42d-00c04fc964ff",
]  # fmt: skip


def rows():
    """Rows as Python reads them."""
    found = []
    for n, text in enumerate([None, "x", "%s", "100% :p1 ?", "a?b"]):
        day = dt.date(2024, 2, 29) if n % 2 else None
        found.append({
            "id": n, "at": dt.datetime(2024, 2, 29, 23, 30, 0, 500_000, dt.UTC) if n % 2 else None, "day": day,
            "clock": dt.time(12, 30) if n % 2 else None, "price": Decimal("1.50") if n else None,
            "ref": uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff") if n == 3 else None,
            **dict.fromkeys([f"n{n}" for n in range(len(ODD_NAMES))], text),
        })  # fmt: skip
    return found


ROWS = rows()


@pytest.fixture(scope="module")
def table(engine):
    if engine.name not in STYLES:
        pytest.skip("its driver takes only one style, which other tests use")
    columns = {member.column: member.type for member in MODEL.members.values()}
    engine.create("odd", columns, [{m.column: row[m.name] for m in MODEL.members.values()} for row in ROWS])
    return engine


def statement(text, name, style):
    query = oq.parse_query({"$filter": text, "$orderby": "id", "$top": "9"}, MODEL)
    wanted = [row["id"] for row in python.apply(ROWS, query)]
    try:
        return sql.select(query, "odd", dialect=name, paramstyle=style, columns=["id"]), wanted
    except oq.UnsupportedError as declared:
        pytest.skip(str(declared))


@pytest.mark.parametrize("filter", FILTERS)
def test_the_driver_takes_a_statement_in_each_of_its_styles(table, filter):
    for style in STYLES[table.name]:
        found, wanted = statement(filter, table.name, style)
        is_raw = (table.name, style) == ("postgresql", "numeric_dollar")
        cursor = psycopg.RawCursor(table.connection) if is_raw else table.cursor()
        cursor.execute(*found)
        assert [row[0] for row in cursor.fetchall()] == wanted, (style, found)


# To SQLAlchemy itself, which writes `%(p1)s` before `?`, a column of that name is a parameter.
@pytest.mark.parametrize("filter", [filter for filter in FILTERS if "n1" not in filter])
def test_text_of_sqlalchemy_takes_a_named_statement(table, filter):
    found, wanted = statement(filter, table.name, "named")
    text = sa.text(found.text)
    if table.name in URLS:
        engine = sa.create_engine(
            URLS[table.name], creator=lambda: table.connection, poolclass=sa.pool.StaticPool
        )
        with engine.connect() as connection:
            rows = connection.execute(text, found.params).all()
    else:  # it is compiled for the style of the driver
        compiled = text.compile(dialect=DefaultDialect(paramstyle="qmark"))
        rows = table.run(str(compiled), [found.params[name] for name in compiled.positiontup])
    assert [row[0] for row in rows] == wanted, found


BOUND = re.compile(r"(?<![:\w\\]):\w|\\:")
"""Parts of a text that `sqlalchemy.text` does not keep: it takes them for parameters and escapes."""


def texts_of(value):
    """Yield all texts in the tables of a dialect."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in texts_of(item))
    elif isinstance(value, tuple | list):
        yield from (text for item in value for text in texts_of(item))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_template_has_no_colon_that_sqlalchemy_takes_for_a_parameter(name):
    known = dialect(name)
    tables = {n: getattr(known, n) for n in dir(type(known)) if not n.startswith("_") and n != "named_marker"}
    wrong = [text for table in tables.values() for text in texts_of(table) if BOUND.search(text)]
    assert wrong == []


@pytest.mark.parametrize("file", FILES)
def test_the_parameters_of_sqlalchemy_are_those_of_a_named_statement(file):
    model = FILES[file][0]
    for case in (parameter.values[1] for parameter in cases(accepted=True) if parameter.values[0] == file):
        try:
            found = sql.select(query_of(case, model), "t", dialect="sqlite", paramstyle="named")
        except oq.ODataError:
            continue
        compiled = sa.text(found.text).compile(dialect=DefaultDialect(paramstyle="named"))
        assert (str(compiled), set(compiled.params)) == (found.text, set(found.params))
