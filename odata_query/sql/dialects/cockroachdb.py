"""CockroachDB 23.1 and up, which speaks PostgreSQL's protocol and most of its SQL.

Texts compare by their bytes. NaN sorts before all numbers. Integers divide to decimals, EXTRACT gives
floating-point numbers, regular expressions are RE2's, and case is mapped character by character.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import spelling
from .base import Dialect
from .postgresql import PostgreSQL


class CockroachDB(PostgreSQL):
    """CockroachDB, by psycopg or another driver for PostgreSQL."""

    name = "cockroachdb"
    verified = False
    collation = "binary"
    binary = "CAST({a} AS TEXT)"
    null_order = "low"
    nan = "least"
    templates: Mapping[str, str] = spelling.spelled(
        PostgreSQL.templates,
        {
            "div(Integer,Integer)": "div({a}, NULLIF({b}, 0))",
            "divby(Integer,Integer)": "round(CAST({a} AS NUMERIC) / NULLIF({b}, 0), 12)",
            "mod(Double,Double)": (
                "CASE WHEN {b} <> 0 THEN {a} % {b} ELSE {a} + {b} + CAST('NaN' AS DOUBLE PRECISION) END"
            ),
            "startswith(String,String)": "left({a}, length({b})) = {b}",
            "tolower(String)": "lower({a})",
            "toupper(String)": "upper({a})",
            "trim(String)": "btrim({a}, E'" + spelling.white_space("\\u{:04X}") + "')",
            "fractionalseconds(DateTimeOffset|TimeOfDay)": (
                "(CAST(EXTRACT(MICROSECOND FROM {a}) AS NUMERIC) % 1000000 / 1000000)"
            ),
            "cast(Integer,Integer)": Dialect.templates["cast(Integer,Integer)"],
        },
    )
