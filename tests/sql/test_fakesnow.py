"""Snowflake's statements give Python's rows on fakesnow, which emulates Snowflake on DuckDB.

fakesnow needs older packages than the other tests, so it has the extra `fakesnow` and an environment of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import NamedTuple

import pytest
from engines import Engine, seconds
from test_cases import FILES
from test_sql_cases import can_be_stored, in_utc, stored

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.model.properties import StructuredType
from odata_query.testing.backends import _is_unsupported as is_unsupported
from odata_query.testing.conformance import query_of, zone_of

TYPES = {
    "Boolean": "BOOLEAN", "String": "VARCHAR", "Decimal": "NUMBER(30, 6)", "Single": "FLOAT", "Double": "FLOAT",
    "Date": "DATE", "TimeOfDay": "TIME", "DateTimeOffset": "TIMESTAMP_TZ", "Duration": "NUMBER(20, 6)",
    "Guid": "VARCHAR", "Binary": "BINARY",
}  # fmt: skip
LONG, DEEP = 12_000, 60
"""Statements of more characters, or more parentheses in each other, are about limits: sqlglot's functions call each
other at each level, and it writes the arguments of LEAST and GREATEST twice."""


class Difference(NamedTuple):
    """A construct that fakesnow takes for something else than Snowflake documents."""

    construct: str
    found: str
    """What fakesnow gives: an error or other rows, as a regular expression."""
    fakesnow: str
    snowflake: str
    most: int
    """The number of cases."""


DIFFERENCES = (
    Difference(
        r"DATEADD\(SECOND, DATEDIFF\(", r"date_diff\(TIMESTAMP, TIMESTAMP, DATE\)",
        "the unit of a DATEDIFF in a DATEADD is its last argument, a date", "DATEDIFF(part, from, to) anywhere", 7,
    ),
    Difference(
        r'CAST\("at" AS TIME\(6\)\)', "TIMESTAMP WITH TIME ZONE -> TIME",
        "a cast that DuckDB does not have", "the time of day of a TIMESTAMP_TZ", 2,
    ),
    Difference(
        r'DATE_PART\(NANOSECOND, "t"\)', "TIME -> TIMESTAMP_NS",
        "a cast that DuckDB does not have", "NANOSECOND is a part of a TIME too", 2,
    ),
    Difference(
        r"\* 1000000 AS NUMBER\(38, 0\)", r"Failed to cast decimal value .* to type INT64",
        "NUMBER(38, 0) is BIGINT", "38 digits", 12,
    ),
    Difference(
        r"\* 1000000 AS NUMBER\(38, 0\)", r"Overflow in multiplication of DECIMAL\(18\)",
        "a parameter has the digits of its value", "products have up to 38 digits", 1,
    ),
    Difference(
        r"LEAST\(GREATEST\(|AS NUMBER\(38, 0\)", "Overflow in [a-z]+ of (INT64|numeric value)",
        "NUMBER(38, 0) is BIGINT", "38 digits", 21,
    ),
    Difference(
        r'\("l" - MOD\("l", .*\) / ', r"^\[1, 2, 4\]$",
        "NUMBER(38, 0) is BIGINT, whose quotient is a double", "38 digits", 1,
    ),
    Difference(
        r'UPPER\("s"\)', r"^\[\]$", "characters are mapped one to one: `ß` stays", "the capitals of Unicode: `SS`", 1,
    ),
)  # fmt: skip


class Fakesnow(Engine):
    name = "snowflake"
    packages = ("fakesnow",)
    stored_as = {"Duration": seconds, "Guid": str}

    def start(self):
        from fakesnow.instance import FakeSnow

        self.connection = FakeSnow().connect(database="odata", schema="cases", paramstyle="numeric")
        self.duckdb = self.connection._duck_conn
        # fakesnow has this function with a format only.
        self.duckdb.execute("CREATE MACRO to_timestamp_tz(x) AS CAST(x AS TIMESTAMPTZ)")

    def column_type(self, kind):
        if isinstance(kind, edm.CollectionType):
            return "VARIANT"
        return TYPES.get(self.named(kind)[0], "NUMBER(38, 0)")

    def create(self, table, columns, rows):
        self.execute(f"CREATE OR REPLACE TABLE {self.quoted(table)} ({self.column_list(columns)})")
        if rows:  # by DuckDB: fakesnow binds no JSON
            values = ", ".join("?" * len(columns))
            insert = f"INSERT INTO {self.quoted(table)} VALUES ({values})"
            self.duckdb.executemany(insert, self.stored_rows(columns, rows))


def column(type):
    if isinstance(getattr(type, "element", type), StructuredType):
        return edm.collection(edm.STRING)
    return edm.STRING if type.name.startswith(("Edm.Geo", "Edm.Stream")) else type


def depth(text):
    return max(accumulate((char == "(") - (char == ")") for char in text))


def results(database, file):
    """Yield each case that the dialect supports with its statement, what was found, and what Python finds."""
    model, given, _, cases = FILES[file]
    members = model.members.values()
    zone = zone_of(cases[0])
    rows = [in_utc(row, model, database, zone) for row in given if can_be_stored(row, database)]
    database.create(
        "cases",
        {m.column: column(m.type) for m in members},
        [{m.column: stored(row.get(m.name), m.type, database, zone) for m in members} for row in rows],
    )
    for case in cases:
        if "ids" not in case:
            continue
        query = query_of(case, model)
        try:
            statement = sql.select(query, "cases", dialect="snowflake", columns=["id"], paramstyle="numeric")
        except oq.ODataError as refused:
            if is_unsupported(refused):
                continue
            raise
        if len(statement.text) > LONG or depth(statement.text) > DEEP:
            yield case, statement, None, None
            continue
        wanted = [row["id"] for row in python.apply(rows, query)]
        try:
            found = [int(row[0]) for row in database.run(*statement)]
        except Exception as error:
            found = f"{type(error).__name__}: {str(error)[:300]}"
        if not query.orderby and isinstance(found, list):
            found, wanted = sorted(found), sorted(wanted)
        yield case, statement, found, wanted


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
def test_cases_give_their_rows_on_fakesnow():
    missing = Fakesnow.missing()
    if missing:
        pytest.skip(f"{missing}: .ci/run has an environment for it")
    database = Fakesnow()
    same, long, explained, wrong = 0, [], Counter(), []
    for file in FILES:
        for case, statement, found, wanted in results(database, file):
            if found is None:
                long.append(case)
            elif found == wanted:
                same += 1
            else:
                for one in DIFFERENCES:
                    if re.search(one.construct, statement.text) and re.search(one.found, str(found)):
                        explained[one] += 1
                        break
                else:
                    wrong.append(f"{case}\n  found {found}, not {wanted}\n  {str(statement)[:700]}")
    database.close()
    assert not wrong, f"{len(wrong)} cases differ:\n" + "\n".join(wrong)
    assert [one for one in DIFFERENCES if not 0 < explained[one] <= one.most] == []
    assert len(long) <= 12, long
    assert same > 1400, "cases are missing"
