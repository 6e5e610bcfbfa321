"""Spellings that dialects share: keys with alternatives, bound types, families, starts of substrings."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from decimal import Decimal

import pytest

from odata_query import edm
from odata_query.operations import OPERATIONS, WHITE_SPACE
from odata_query.sql.dialects import BUILT_IN, dialect
from odata_query.sql.dialects.base import Dialect, Storage
from odata_query.sql.dialects.postgresql import PostgreSQL
from odata_query.sql.dialects.spelling import like, reject_decimals, spelled, substrings, white_space, whole


@pytest.mark.parametrize(
    ("keys", "template", "found"),
    [
        ("now()", "NOW()", {"now()": "NOW()"}),
        ("add(Date,Duration)", "{a} {sign} {b}", {"add(Date,Duration)": "{a} + {b}"}),
        (
            "add|sub(Double,Double)",
            "({a} {sign} {b})",
            {"add(Double,Double)": "({a} + {b})", "sub(Double,Double)": "({a} - {b})"},
        ),
        (
            "add|sub(Date,Duration)",
            "MOVE({a}, {minus}{b})",
            {"add(Date,Duration)": "MOVE({a}, {b})", "sub(Date,Duration)": "MOVE({a}, -{b})"},
        ),
        (
            "year|month(Date)",
            "{name}({NAME} {a})",
            {"year(Date)": "year(YEAR {a})", "month(Date)": "month(MONTH {a})"},
        ),
        (
            "cast(Decimal|Double,Integer) floor(Double)",
            "{a}",
            dict.fromkeys(("cast(Decimal,Integer)", "cast(Double,Integer)", "floor(Double)"), "{a}"),
        ),
    ],
)
def test_a_key_with_alternatives_spells_several_overloads(keys, template, found):
    assert spelled({keys: template}) == found


def test_the_last_table_decides():
    assert spelled({"a|b(String)": "1"}, {"b(String)": "2"}) == {"a(String)": "1", "b(String)": "2"}


def test_a_dialect_may_write_alternatives():
    class Mine(PostgreSQL):
        templates = PostgreSQL.templates | {"year|month(Date)": "PART('{name}', {a})"}

    assert Mine.templates["month(Date)"] == "PART('month', {a})"
    assert Mine.templates.keys() == PostgreSQL.templates.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_template_is_that_of_an_overload_or_of_a_cast(name):
    overloads = {signature.key for operation in OPERATIONS.values() for signature in operation.signatures}
    kinds = {type.removeprefix("Edm.") for type in Dialect.types} | {"Integer", "Enum"}
    casts = {f"cast({one},{other})" for one in kinds for other in kinds}
    for tables in (dialect(name).templates, dialect(name).literal_needles, dialect(name).wide_templates):
        assert tables.keys() - overloads - casts == set()


@pytest.mark.parametrize("name", BUILT_IN)
def test_types_and_storages_are_of_types_that_there_are(name):
    found = dialect(name)
    names = {*found.types, *found.default_storages, *found.json_storages, *(key[0] for key in found.storages)}
    assert found.json is not None
    names |= found.json.types.keys() - {""}
    assert {name for name in names if edm.primitive(name) is None} == set()
    for table in (found.default_storages, found.json_storages):
        for type, storage in table.items():
            assert isinstance(found.storage(edm.primitive(type), storage), Storage)


class Late(dt.datetime):
    """A moment of a library's own class."""


def test_a_value_is_bound_by_its_class_or_by_that_of_a_parent():
    class Binding(Dialect):
        binds = {dt.date: str, dt.datetime: dt.datetime.timestamp, uuid.UUID: str}  # noqa: RUF012  # it is shared

    bind = Binding().bind
    assert bind(dt.date(2024, 1, 31), edm.DATE) == "2024-01-31"
    assert bind(dt.datetime(1970, 1, 2, tzinfo=dt.UTC), edm.DATE_TIME_OFFSET) == 86400
    assert bind(Late(1970, 1, 2, tzinfo=dt.UTC), edm.DATE_TIME_OFFSET) == 86400
    assert bind("text", edm.STRING) == "text"
    assert bind(None, edm.NULL) is None


def test_a_family_has_the_names_of_the_parents():
    class Mine(PostgreSQL):
        name = "mine"

    assert Mine().family == ("mine", "postgresql")
    assert dialect("cockroachdb").family == ("cockroachdb", "postgresql")


@pytest.mark.parametrize(
    ("number", "rejected"),
    [
        ("99.999", False), ("-99.999", False), ("100", True), ("-1E+2", True), ("0.0001", True), ("1.5000000", False),
        ("0E+30", False), (f"1.{'0' * 40}1", True), (f"{'0' * 40}1", False),
    ],
)  # fmt: skip
def test_decimals_with_more_digits_on_a_side_are_rejected(number, rejected):
    assert (reject_decimals(Decimal(number), 2, 3) is not None) is rejected


def test_spark_is_given_all_digits_of_a_decimal():
    number = Decimal("12345678901234567890123456.123456789012")
    assert dialect("spark").rejects(number, edm.DECIMAL) is None
    assert str(dialect("spark").bind(number, edm.DECIMAL)) == str(number)


@pytest.mark.parametrize("start", [-12, -5, -1, 0, 2, 5, 2**40])
@pytest.mark.parametrize("count", [-1, 0, 2, 2**40])
def test_substrings_start_and_end_as_in_python(start, count):
    functions = {"GREATEST": "max", "LEAST": "min"}
    first = start + 5 if start < 0 else start
    expected = "häßli"[max(first, 0) :][: max(count, 0)]
    template = substrings("substr", "length")["substring(String,Integer,Integer)"]
    text = template.format(a="'häßli'", b=f"({start})", c=f"({count})")
    for function, own in functions.items():
        text = text.replace(function, own)
    assert sqlite3.connect(":memory:").execute(f"SELECT {text}").fetchone() == (expected,)


@pytest.mark.parametrize(("number", "found"), [(-128.9, -128), (127.9, 127), (128, None), (-129, None)])
def test_a_number_is_whole_within_the_bounds_of_its_type(number, found):
    text = whole("CAST({a} AS INTEGER)").format(a=f"({number})", low=-128, high=127)
    assert sqlite3.connect(":memory:").execute(f"SELECT {text}").fetchone() == (found,)


def test_white_space_has_every_character_that_trim_removes():
    assert white_space("\\{:04X}", "|").split("|") == [f"\\{ord(char):04X}" for char in WHITE_SPACE]


@pytest.mark.parametrize(
    ("text", "found"), [("100%", "100\\%"), ("a_b", "a\\_b"), ("a\\b", "a\\\\b"), ("", "")]
)
def test_a_text_is_escaped_for_like(text, found):
    assert like(text) == found
