"""Edm.Single in columns of four and of eight bytes: literals, rounding, and decimals that an engine cannot hold."""

from __future__ import annotations

import decimal
import math
import random
import struct

import pytest

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.sql.dialects.spelling import bounds_of_single

LARGEST, NORMAL, LEAST = 3.4028234663852886e38, 1.1754943508222875e-38, 1.401298464324817e-45
EIGHT_BYTES = {
    "sqlite": "REAL", "duckdb": "DOUBLE", "postgresql": "float8", "mysql": "DOUBLE",
    "clickhouse": "Nullable(Float64)", "spark": "DOUBLE",
}  # fmt: skip
ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "narrow": oq.Property("Edm.Single"),
        "wide": oq.Property("Edm.Single"),
        "x": oq.Property("Edm.Double"),
        "rounded": oq.Property("Edm.Double"),
    },
)


def singles(count):
    """Singles of all sizes, with those at the ends of their range."""
    chance = random.Random(7)
    bits = [chance.getrandbits(31) for _ in range(count)]
    found = [struct.unpack("f", struct.pack("I", n))[0] for n in bits if n < 0x7F800000]
    return [0.0, LEAST, 2 * LEAST, NORMAL, NORMAL - LEAST, 1.0, edm.single(3.14), 2.0**24, LARGEST, *found]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_bounds_of_a_single_are_the_first_and_the_last_double_that_round_to_it(sign):
    for size in [*singles(2_000), math.inf]:
        value = sign * size
        low, high = bounds_of_single(value)
        assert low <= value <= high
        assert edm.single(low) == edm.single(high) == value
        assert low == -math.inf or edm.single(math.nextafter(low, -math.inf)) != value
        assert high == math.inf or edm.single(math.nextafter(high, math.inf)) != value


@pytest.fixture(scope="module", name="filled")
def filled_engine(engine):
    rows = []
    for value in [*singles(150), *[-value for value in singles(50)]]:
        low, high = bounds_of_single(value)
        for x in (low, high, value, math.nextafter(low, -math.inf), math.nextafter(high, math.inf)):
            if engine.holds_infinity or abs(edm.single(x)) < math.inf:
                rows.append({"narrow": edm.single(x), "wide": x, "x": x, "rounded": edm.single(x)})
    rows = [{"id": n, **row} for n, row in enumerate([*rows, dict.fromkeys(rows[0])])]
    columns = {name: member.type for name, member in ROW.members.items()}
    engine.create("singles", columns | {"wide": (edm.SINGLE, EIGHT_BYTES)}, rows)
    yield engine, rows
    engine.execute("DROP VIEW singles" if engine.name == "spark" else "DROP TABLE singles")


FILTERS = [
    *[f"{name} {sign} {value!r}" for name in ("narrow", "wide") for sign in ("eq", "ne", "gt", "ge", "lt", "le")
      for value in (0.0, LEAST, NORMAL, 3.14, -3.14, 16777217.0, LARGEST)],
    *[f"{name} in (3.14,16777216,0,null)" for name in ("narrow", "wide")],
    *[f"not ({name} in (3.14,16777216,0))" for name in ("narrow", "wide")],
    "narrow ne wide", "narrow gt wide", "narrow ne rounded", "narrow lt x", "wide ne rounded", "wide gt x",
    "cast(x,Edm.Single) ne narrow", "cast(x,Edm.Single) ne wide", "cast(x,Edm.Single) ne rounded",
    "cast(cast(x,Edm.Single),Edm.Double) ne rounded",
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_a_column_of_any_width_holds_singles(filled, text):
    engine, rows = filled
    query = oq.parse_query({"$filter": text, "$orderby": "id"}, ROW)
    found = engine.run(*sql.select(query, "singles", dialect=engine.name, columns=["id"]))
    assert [row[0] for row in found] == [row["id"] for row in python.apply(rows, query)]


@pytest.mark.parametrize("text", ["narrow,id", "rounded desc,id", "cast(x,Edm.Single),id"])
def test_singles_are_sorted_by_their_values(filled, text):
    engine, rows = filled
    query = oq.parse_query({"$orderby": text}, ROW)
    found = engine.run(*sql.select(query, "singles", dialect=engine.name, columns=["id"]))
    assert [row[0] for row in found] == [row["id"] for row in python.apply(rows, query)]


def test_rows_that_are_no_numbers_are_reported():
    query = oq.parse_query("$filter=narrow gt 1", ROW)
    for wrong in ("3.14", b"1", [1], object()):
        with pytest.raises(oq.ConfigurationError, match="not a valid Edm.Single"):
            python.apply([{"narrow": wrong}], query)


@pytest.mark.parametrize("name", ["sqlite", "duckdb", "postgresql", "mysql", "clickhouse", "spark", "oracle"])
def test_the_decimals_of_an_application_have_a_context_of_their_own(name):
    query = oq.parse_query("$filter=narrow gt 1.5 or case(x gt 1:1234567,true:1.25) gt id", ROW)
    expected = sql.where(query, dialect=name)
    context = decimal.Context(prec=2, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Rounded])
    with decimal.localcontext(context):
        assert sql.where(query, dialect=name) == expected
        oq.parse_query("$filter=case(id gt 1:123456789012345678901234567890,true:1.5) gt id", ROW)
        with_many_digits = oq.parse_query("$filter=case(id gt 1:12345678901234567890,true:1.5) gt id", ROW)
        try:
            sql.where(with_many_digits, dialect=name)
        except oq.UnsupportedError as refused:
            assert refused.problems[0].span == (13, 33)
