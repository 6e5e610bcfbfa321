"""CockroachDB 23.1 and up, which speaks PostgreSQL's protocol and most of its SQL.

Texts compare by their bytes. NaN sorts before all numbers. Integers divide to decimals, EXTRACT gives
floating-point numbers, regular expressions are RE2's, and case is mapped character by character.
"""

from __future__ import annotations

from . import spelling
from .base import Dialect
from .postgresql import FACTORS, PostgreSQL

_AS_IN_STANDARD_SQL = (
    "startswith(String,String)", "tolower(String)", "toupper(String)", "cast(Integer,Integer)",
    "cast(Enum,Integer)",
)  # fmt: skip


class CockroachDB(PostgreSQL):
    """CockroachDB, by psycopg or another driver for PostgreSQL."""

    name = "cockroachdb"
    verified = False
    collation = "binary"
    binary = "CAST({a} AS TEXT)"
    null_order = "low"
    nan = "least"
    wide_templates = {
        **PostgreSQL.wide_templates,
        # The exponents of decimals are from -2000 to 2000.
        "mul(Decimal,Decimal)": " * ".join([f"round({factor}, 900)" for factor in FACTORS]).join("()"),
    }
    templates = {
        **PostgreSQL.templates,
        **{key: Dialect.templates[key] for key in _AS_IN_STANDARD_SQL},
        "div(Integer,Integer)": "div({a}, NULLIF({b}, 0))",
        "divby(Integer,Integer)": "round(CAST({a} AS NUMERIC) / NULLIF({b}, 0), 12)",
        "mod(Double,Double)": "CASE WHEN {b} <> 0 THEN {a} % {b} ELSE {a} + {b} + FLOAT8 'NaN' END",
        "trim(String)": "btrim({a}, E'" + spelling.white_space("\\u{:04X}") + "')",
        "fractionalseconds(DateTimeOffset|TimeOfDay)": (
            "(CAST(EXTRACT(MICROSECOND FROM {a}) AS NUMERIC) % 1000000 / 1000000)"
        ),
    }
