"""Patterns that are not literals are bounded as those that are, in Python and on SQLite."""

from __future__ import annotations

import sqlite3

import pytest

import odata_query as oq
from odata_query import python, sql

TEXTS = oq.EntityType(
    "Text",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "name": oq.Property("Edm.String"),
        "pattern": oq.Property("Edm.String"),
    },
)
ROWS = [
    {"id": 1, "name": "aeiouQ", "pattern": "a{150}"},
    {"id": 2, "name": "a" * 400, "pattern": "a{150}"},
    {"id": 3, "name": "a" * 400, "pattern": "a{300}"},
    {"id": 4, "name": "(", "pattern": "("},
    {"id": 5, "name": None, "pattern": "x"},
]
LIMITS = oq.Limits(max_pattern=200, max_cost=None)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("matchespattern(name,concat('[aeiou].{0,4900','0}Q'))", []),
        ("matchespattern(name,concat('[aeiou].{0,10','}Q'))", [1]),
        ("matchespattern(name,pattern)", [2]),
        ("not matchespattern(name,pattern)", [1]),
        ("matchespattern(name,pattern) eq null", [3, 4, 5]),
        ("matchespattern(name,concat(pattern,'')) or false", [2]),
        ("matchespattern(name,case(id gt 0:pattern))", [2]),
        ("matchespattern(name,tolower(concat('a{4','00}')))", []),
        ("matchespattern(name,@p)&@p=concat('a{4','00}')", []),
        ("matchespattern(name,@p)&@p=concat('a{1','00}')", [2, 3]),
    ],
)
def test_a_pattern_that_is_not_a_literal_is_null_above_the_bound(text, ids):
    query = oq.parse_query(f"$filter={text}", TEXTS, limits=LIMITS)
    for count in (1, 200):  # closures, and generated code
        assert [row["id"] for row in python.apply(ROWS * count, query)] == ids * count
    connection = sqlite3.connect(":memory:")
    sql.prepare(connection, "sqlite")
    connection.execute("CREATE TABLE texts (id, name, pattern)")
    connection.executemany("INSERT INTO texts VALUES (:id, :name, :pattern)", ROWS)
    statement = sql.select(query, "texts", dialect="sqlite")
    assert [row[0] for row in connection.execute(statement.text, statement.params)] == ids
    connection.close()
