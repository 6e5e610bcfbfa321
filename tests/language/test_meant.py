"""Literals that texts of other languages were meant as."""

from __future__ import annotations

import pytest

import odata_query as oq
from odata_query import edm
from odata_query.language.meant import hexadecimal, literal_meant, utf_8

GUID = "01234567-89ab-cdef-0123-456789abcdef"
MEANT = [
    ("31/12/2024", edm.DATE, "2024-12-31"),
    ("12/31/2024", edm.DATE, "2024-12-31"),
    ("5/5/2024", edm.DATE, "2024-05-05"),
    ("2024.1.5", edm.DATE, "2024-01-05"),
    ("20240105", edm.DATE, "2024-01-05"),
    ("2024-01-05T10:00:00Z", edm.DATE, "2024-01-05"),
    ("2024-1-5", edm.DATE_TIME_OFFSET, "2024-01-05"),
    ("2024-01-05 9:00", edm.DATE_TIME_OFFSET, "2024-01-05T09:00Z"),
    ("2024-01-05T9", edm.DATE_TIME_OFFSET, "2024-01-05T09:00Z"),
    ("2024-01-05 9:05:06.5 pm UTC", edm.DATE_TIME_OFFSET, "2024-01-05T21:05:06.5Z"),
    ("2024-01-05T09:00+0200", edm.DATE_TIME_OFFSET, "2024-01-05T09:00+02:00"),
    ("2024-01-05T09:00-03", edm.DATE_TIME_OFFSET, "2024-01-05T09:00-03:00"),
    ("9:00", edm.TIME_OF_DAY, "09:00"),
    ("12 am", edm.TIME_OF_DAY, "00:00"),
    ("9:5:3.25", edm.TIME_OF_DAY, "09:05:03.25"),
    ("PT13H20M", edm.TIME_OF_DAY, "13:20:00"),
    ("P1W", edm.DURATION, "duration'P7D'"),
    ("-P2W3DT4H", edm.DURATION, "duration'-P17DT4H'"),
    ("1:00:00", edm.DURATION, "duration'PT1H'"),
    ("1.02:03:04.5", edm.DURATION, "duration'P1DT2H3M4.5S'"),
    ("0:00:00", edm.DURATION, "duration'P0D'"),
    ("+PT5M", edm.DURATION, "duration'PT5M'"),
    ("P1DT", edm.DURATION, "duration'P1D'"),
    (f"{{{GUID}}}", edm.GUID, GUID),
    (GUID.replace("-", "").upper(), edm.GUID, GUID),
    (f"urn:uuid:{GUID}", edm.GUID, GUID),
    ("a+b/", edm.BINARY, "binary'a-b_'"),
    ("Infinity", edm.DOUBLE, "INF"),
    ("-inf", edm.DOUBLE, "-INF"),
    ("nan", edm.SINGLE, "NaN"),
    ("Yes", edm.BOOLEAN, "true"),
    ("0", edm.BOOLEAN, "false"),
]
UNCERTAIN = [
    ("1/2/2024", edm.DATE),  # January or February
    ("31/02/2024", edm.DATE),
    ("31/12/24", edm.DATE),
    ("2024-01-05 25:00", edm.DATE_TIME_OFFSET),
    ("13 pm", edm.TIME_OF_DAY),
    ("9", edm.TIME_OF_DAY),
    ("P1Y", edm.DURATION),
    ("P1M", edm.DURATION),
    ("P", edm.DURATION),
    ("P999999999W", edm.DURATION),
    ("1:00", edm.DURATION),  # minutes or hours
    (GUID[:-1], edm.GUID),
    ("2", edm.BOOLEAN),
    ("x" * 1_000_000, edm.DURATION),
    ("5", edm.STRING),
    ("5", edm.EnumType("Color", {"Red": 1})),
]


@pytest.mark.parametrize(("text", "type", "literal"), MEANT)
def test_a_text_becomes_a_literal_that_can_be_read(text, type, literal):
    assert literal_meant(text, type) == literal
    row = oq.EntityType("Row", {"a": oq.Property(type)})
    typed = (
        oq.validate(oq.parse_filter(f"a eq {literal} or a ne null"), row) if type is not edm.BINARY else None
    )
    assert typed or oq.parse_filter(f"{literal} ne null")


@pytest.mark.parametrize(("text", "type"), UNCERTAIN)
def test_a_text_that_may_mean_something_else_becomes_nothing(text, type):
    assert literal_meant(text, type) is None


def test_hexadecimal_digits_and_old_escapes_are_read():
    assert hexadecimal("23AB") == "binary'I6s'"
    assert hexadecimal("23A") is None
    assert utf_8("%u00e9%ud83d%ude00") == "%C3%A9%F0%9F%98%80"
    assert utf_8("%ud83d") == "%EF%BF%BD"
