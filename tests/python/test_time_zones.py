"""A moment is an instant, through changes of the clocks too, in whatever zone its row or its literal is."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from zoneinfo import ZoneInfo

import pytest
import pytz
from dateutil import tz as dateutil_zones

import odata_query as oq
from odata_query import python
from odata_query.python import MANY_ROWS

MADRID, LORD_HOWE = ZoneInfo("Europe/Madrid"), ZoneInfo("Australia/Lord_Howe")
P = oq.Property
DAY = oq.ComplexType("Day", {"at": P("Edm.DateTimeOffset")})
LOG = oq.EntityType(
    "Log",
    {
        "id": P("Edm.Int32", key=True),
        "at": P("Edm.DateTimeOffset"),
        "other": P("Edm.DateTimeOffset"),
        "d": P("Edm.Date"),
        "ats": P("Edm.DateTimeOffset", collection=True),
        "day": P(DAY),
    },
)


def ids(rows, options, zone=MADRID, copies=1):
    query = oq.parse_query(options, LOG, default_timezone=zone)
    return [row["id"] for row in python.apply([row for row in rows for _ in range(copies)], query)][::copies]


def held(at, filter, zone=MADRID, **more):
    """True if a moment fulfils a filter wherever it stands: in a property, a complex value and a collection."""
    blank = {"id": 1, "other": None, "d": None, "at": at, "ats": [at], "day": {"at": at}} | more
    texts = filter, re.sub(r"\bat\b", "day/at", filter), f"ats/any(at: {filter})"
    found = {
        text: {bool(ids([blank], {"filter": text}, zone, copies)) for copies in (1, MANY_ROWS)}
        for text in texts
    }
    assert len(set().union(*found.values())) == 1, found
    return found[filter] == {True}


def clock(text, zone=None, fold=0):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


FIRST, SECOND = "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"
"""Both of them are 02:30 in Madrid."""


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        (clock("2024-10-27 02:30", MADRID), FIRST),
        (clock("2024-10-27 02:30", MADRID, fold=1), SECOND),
        (clock("2024-10-27 02:30"), FIRST),
        ("2024-10-27T02:30:00", FIRST),
        ("2024-10-27T02:30:00+01:00", SECOND),
        (pytz.timezone("Europe/Madrid").localize(clock("2024-10-27 02:30"), is_dst=False), SECOND),
        (clock("2024-10-27 02:30", dateutil_zones.gettz("Europe/Madrid"), fold=1), SECOND),
        (clock("2024-03-31 02:30", MADRID), "2024-03-31T01:30:00Z"),
        (clock("2024-03-31 02:30", MADRID, fold=1), "2024-03-31T00:30:00Z"),
        ("2024-03-31T02:30:00", "2024-03-31T01:30:00Z"),
        (clock("2024-03-31 03:30", MADRID), "2024-03-31T01:30:00Z"),
        (dt.date(2024, 10, 27), "2024-10-26T22:00:00Z"),
    ],
)
def test_a_moment_is_an_instant(at, instant):
    later = "2024-10-27T01:30:00.000001Z" if instant == SECOND else instant.replace("Z", ".000001Z")
    for filter in (
        f"at eq {instant}", f"at in ({instant},null)", f"at ge {instant} and at le {instant}",
        f"not (at ne {instant})", f"at lt {later}", f"at sub {instant} eq duration'PT0S'",
        f"at add duration'P1D' sub {instant} eq duration'PT24H'",
        f"at sub duration'P200D' add duration'P200D' eq {instant}",
    ):  # fmt: skip
        assert held(at, filter), filter
    for filter in (f"at ne {instant}", f"at gt {instant}", f"at lt {instant}", f"at in ({later})"):
        assert not held(at, filter), filter


@pytest.mark.parametrize(
    ("zone", "at", "filter"),
    [
        (MADRID, "2024-10-27T00:30:00Z", "at eq 2024-10-27T02:30:00"),
        (MADRID, "2024-03-31T01:30:00Z", "at eq 2024-03-31T02:30:00 and at eq 2024-03-31T03:30:00"),
        (pytz.timezone("Europe/Madrid"), "2024-03-31T01:30:00Z", "at eq 2024-03-31T02:30:00"),
        (dateutil_zones.gettz("Europe/Madrid"), "2024-03-31T01:30:00Z", "at eq 2024-03-31T02:30:00"),
        (MADRID, "2024-10-26T22:00:00Z", "at eq 2024-10-27 and at in (2024-10-27)"),
        (LORD_HOWE, "2024-04-06T14:45:00Z", "at eq 2024-04-07T01:45:00"),
        # At midnight, the clocks of Cairo and Beirut went on to 01:00.
        (ZoneInfo("Africa/Cairo"), "2024-04-25T22:00:00Z", "at eq 2024-04-26 and at eq 2024-04-26T01:00:00"),
        (ZoneInfo("Asia/Beirut"), "2024-03-30T22:00:00Z", "at ge 2024-03-31 and at le 2024-03-31"),
        (pytz.timezone("Europe/Madrid"), "2024-10-27T00:30:00Z", "at eq 2024-10-27T02:30:00"),
        (pytz.timezone("Europe/Madrid"), "2024-07-01T10:00:00", "at eq 2024-07-01T08:00:00Z"),
        (
            pytz.FixedOffset(60),
            "2024-07-01T10:00:00",
            "at eq 2024-07-01T09:00:00Z and at eq 2024-07-01T10:00:00",
        ),
        (dateutil_zones.gettz("Europe/Madrid"), "2024-10-27T00:30:00Z", "at eq 2024-10-27T02:30:00"),
    ],
)
def test_a_literal_without_offset_is_an_instant(zone, at, filter):
    assert held(at, filter, zone)
    assert held(dt.datetime.fromisoformat(at), filter, zone)


@pytest.mark.parametrize(
    ("at", "filter"),
    [
        (clock("2024-10-27 02:30", MADRID, fold=1), "hour(at) eq 2 and totaloffsetminutes(at) eq 60"),
        (clock("2024-10-27 02:30", MADRID), "minute(at) eq 30 and totaloffsetminutes(at) eq 120"),
        (clock("2024-07-01 00:15", MADRID), "date(at) eq 2024-07-01 and time(at) eq 00:15:00"),
        (clock("2024-07-01 00:15"), "day(at) eq 1 and month(at) eq 7 and totaloffsetminutes(at) eq 120"),
        (clock("2024-07-01 00:15", ZoneInfo("America/New_York")), "year(at) eq 2024 and hour(at) eq 0"),
    ],
)
def test_parts_are_those_in_the_moments_own_offset(at, filter):
    assert held(at, filter)


def test_moments_are_sorted_as_instants():
    clocks = [clock("2024-10-27 02:45", MADRID), clock("2024-10-27 02:15", MADRID, fold=1)]
    rows = [
        {"id": n, "at": at, "other": None, "d": None, "ats": [], "day": None} for n, at in enumerate(clocks)
    ]
    assert ids(rows, "$orderby=at") == [0, 1]
    assert ids(rows, "$orderby=at desc") == [1, 0]


@pytest.mark.parametrize("hours", [14, -12])
@pytest.mark.parametrize("year", [1, 9999])
def test_moments_at_the_ends_of_the_calendar_give_rows(year, hours):
    at = dt.datetime.min if year == 1 else dt.datetime.max
    values = [
        at.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours))), at, at.replace(tzinfo=MADRID),
        at.replace(tzinfo=ZoneInfo("Pacific/Kiritimati")), at.date(), at.isoformat(),
    ]  # fmt: skip
    filters = (
        "at eq at", "not (at lt at)", "at in (2024-01-01T00:00:00Z,null) or at ne null", "at sub at eq duration'PT0S'",
        "at add duration'PT12H' ne 2024-01-01", "at sub duration'P999999D' ne 2024-01-01", "year(at) ge 1",
        "at ge 0001-01-01 or at lt 0001-01-01", "time(at) ge 00:00 and date(at) ge 0001-01-01",
        "hassubset(ats,ats)",
    )  # fmt: skip
    for value, filter in itertools.product(values, filters):
        assert held(value, filter), (value, filter)


def test_a_sum_of_moments_is_null_only_beyond_the_calendar_in_utc():
    late = dt.datetime(9999, 12, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    assert held(late, "at add duration'PT10H' eq null")
    assert not held(late, "at add duration'PT6H' eq null")
    ahead = dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert held(ahead, "at add duration'PT1H' eq 9999-12-31T22:00:00Z")
    assert held(ahead, "at add duration'PT3H' eq null")


def test_values_of_a_condition_are_instants():
    row = {"id": 1, "at": SECOND, "other": None, "d": None, "ats": [], "day": None}
    for at, keeps in (
        (clock("2024-10-27 02:30", MADRID, fold=1), [1]),
        (clock("2024-10-27 02:30", MADRID), []),
        (clock("2024-10-27 02:30", pytz.timezone("Europe/Madrid")), []),
        (clock("2024-10-27 02:30"), []),
    ):
        for zone in (MADRID, pytz.timezone("Europe/Madrid"), dateutil_zones.gettz("Europe/Madrid")):
            query = oq.parse_query("$filter=id eq 1", LOG, default_timezone=zone).with_filter(
                "at eq @at", at=at
            )
            assert [r["id"] for r in python.apply([row], query)] == keeps, (at, zone)
            assert [r["id"] for r in filter(python.predicate(query), [row])] == keeps
            assert [r["id"] for r in python.apply([row], query.with_filter("id eq @one", one=1))] == keeps
