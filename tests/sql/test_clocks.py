"""Columns of clocks, without an offset, in a default_timezone whose clocks are changed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import pytz

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.python.rows import reader
from odata_query.sql.dialects import BUILT_IN, dialect
from odata_query.testing.choices import Choices
from odata_query.testing.conformance import zone_of
from odata_query.testing.generator import Generator
from odata_query.web import Endpoint

P = oq.Property
MOMENT = "Edm.DateTimeOffset"
ZONES = {  # a zone, with the days on which its clocks are changed
    "Europe/Madrid": ("2024-03-31", "2024-10-27"),
    "America/New_York": ("2024-03-10", "2024-11-03"),
    "Australia/Lord_Howe": ("2024-04-07", "2024-10-06"),  # by 30 minutes
    "Africa/Casablanca": ("2024-03-10", "2024-04-14"),
    "+05:30": ("2024-03-31", "2024-10-27"),  # whose clocks are never changed
}
CLOCKS = (
    "00:00", "00:59:59.5", "01:30", "01:45", "02:00", "02:15", "02:30", "02:45", "03:00", "03:30", "12:00",
)  # fmt: skip
TYPES = """
storage    sqlite  duckdb     postgresql  mysql        clickhouse        spark
timestamp  TEXT    TIMESTAMP  timestamp   DATETIME(6)  none              TIMESTAMP_NTZ
text       TEXT    TEXT       text        VARCHAR(40)  Nullable(String)  STRING
json       TEXT    JSON       JSONB       JSON         Nullable(String)  STRING
"""
(_, *NAMES), *_lines = map(str.split, TYPES.strip().splitlines())
COLUMNS = {storage: dict(zip(NAMES, types, strict=True)) for storage, *types in _lines}
DAY = oq.ComplexType("Day", {"at": P(MOMENT)})


def model(storage):
    at = P(MOMENT, storage=storage)
    return oq.EntityType(
        "Log",
        {
            "id": P("Edm.Int32", key=True),
            "at": at,
            "other": at,
            "took": P("Edm.Duration"),
            "day": P(DAY, storage="json"),
        },
    )


def clocks(zone):
    days = (*ZONES[zone], "2024-07-01", "1999-12-31")
    return [dt.datetime.fromisoformat(f"{day}T{clock}") for day in days for clock in CLOCKS]


def rows_in(zone):
    """Rows of clocks as Python has them; of texts, some have an offset."""
    found = clocks(zone)
    rows = [
        {
            "id": n,
            "at": at,
            "other": found[n * 7 % len(found)],
            "day": {"at": at.isoformat()},
            "took": dt.timedelta(minutes=n * 30) if n % 4 else None,
        }
        for n, at in enumerate(found)
    ]
    return [*rows, {"id": len(rows), "at": None, "other": found[0], "day": None, "took": None}]


def filters(zone):
    for day in ZONES[zone]:
        for clock in ("01:45:00", "02:30:00", "03:00:00"):
            literal = f"{day}T{clock}"
            yield from (f"at {name} {literal}" for name in ("eq", "ne", "gt", "ge", "lt", "le"))
            yield from (f"not (at {name} {literal}Z)" for name in ("eq", "gt", "le"))
            yield f"at in ({literal},{day}T00:00:00,null)"
            yield f"not (at in ({literal}Z,{literal}))"
            yield f"at add duration'PT25H' ge {literal}"
            yield f"at sub {literal}Z lt duration'-PT30M'"
        yield from (
            f"at ge {day} and date(at) eq {day}",
            f"cast(at,Edm.Date) gt {day}",
            f"day/at eq {day}T02:30:00",
        )
    yield from (f"hour(at) eq {hour}" for hour in (0, 1, 2, 3))
    yield from (f"totaloffsetminutes(at) eq {n}" for n in (-300, -240, 0, 60, 120, 630, 660))
    yield from (
        "at eq other", "at lt other", "at sub other gt duration'PT1H'", "hour(at) eq hour(other)",
        "minute(at) eq 30 and second(at) eq 0", "fractionalseconds(at) gt 0", "time(at) lt 02:15",
        "hour(at add duration'PT1H') eq 3", "totaloffsetminutes(at add duration'P1D') eq totaloffsetminutes(at)",
        "hour(case(id gt 9:at,true:other)) eq 2", "date(at sub duration'PT1H') ne date(at)", "hour(day/at) eq 2",
        "totaloffsetminutes(at add took) eq null", "hour(at sub took) eq 1", "totaloffsetminutes(day/at) gt 60", "day/at gt at", "year(at) eq 1999",
    )  # fmt: skip


def table_of(engine, storage, zone):
    if (engine.name == "mysql" and "/" in zone) or COLUMNS[storage][engine.name] == "none":
        pytest.skip(f"{engine.name} has no storage for such clocks")
    rows = rows_in(zone)
    if storage == "text" or engine.name == "sqlite":
        texts = [{**row, **{k: row[k] and row[k].isoformat() for k in ("at", "other")}} for row in rows]
        rows = [
            row | {"other": row["other"] + "+05:30"} if row["id"] % 3 == 0 and storage == "text" else row
            for row in texts
        ]
    kind = MOMENT, COLUMNS[storage]
    columns = {
        "id": "Edm.Int32",
        "at": kind,
        "other": kind,
        "took": "Edm.Duration",
        "day": ("Edm.String", COLUMNS["json"]),
    }
    engine.create("logs", columns, rows)
    if engine.name == "sqlite":
        sql.prepare(engine.connection)
    return rows


@pytest.mark.parametrize("storage", ["timestamp", "text"])
@pytest.mark.parametrize("zone", ZONES)
def test_clocks_in_a_zone_with_a_name_give_the_rows_that_they_give_in_python(engine, zone, storage):
    rows = table_of(engine, storage, zone)
    queries = [{"$filter": filter} for filter in filters(zone)]
    queries += [
        {"$orderby": f"{order},id"} for order in ("at", "at desc", "hour(at)", "at add duration'PT1H'")
    ]
    if engine.name == "spark":
        queries = queries[::12]
    for options in queries:
        query = oq.parse_query(options, model(storage), default_timezone=zone_of({"timezone": zone}))
        wanted = [row["id"] for row in python.apply(rows, query)]
        try:
            statement = sql.select(query, "logs", dialect=engine.name, columns=["id"])
        except oq.UnsupportedError:
            continue
        found = [row[0] for row in engine.run(*statement)]
        if not query.orderby:
            found.sort()
        assert found == wanted, (options, statement)


def as_moments(row, zone):
    """A row for the generator, whose values have an offset."""
    given = {name: row[name] for name in ("at", "other")}
    read = reader(edm.DATE_TIME_OFFSET, zone)
    return row | {name: read(value) for name, value in given.items()} | {"day": None}


@pytest.mark.parametrize(
    ("storage", "zone"), [("timestamp", "Australia/Lord_Howe"), ("text", "Europe/Madrid")]
)
def test_random_filters_of_clocks_give_the_rows_that_they_give_in_python(engine, storage, zone):
    rows, log = table_of(engine, storage, zone), model(storage)
    generator = Generator(log, rows=[as_moments(row, ZoneInfo(zone)) for row in rows])
    compared = 0
    for seed in range({"duckdb": 40, "spark": 8}.get(engine.name, 200)):
        filter = oq.unparse(generator.filter(Choices.seeded(seed)))
        query = oq.parse_query({"$filter": filter, "$orderby": "id"}, log, default_timezone=ZoneInfo(zone))
        try:
            statement = sql.select(query, "logs", dialect=engine.name, columns=["id"])
        except (oq.UnsupportedError, oq.LimitError):
            continue
        compared += 1
        assert [row[0] for row in engine.run(*statement)] == [
            row["id"] for row in python.apply(rows, query)
        ], filter
    assert compared


@pytest.mark.parametrize(
    "filter",
    [
        "hour(2024-10-27T02:30:00+05:30 add took) eq 7", "date(2024-10-26T22:30:00 add took) eq 2024-10-27",
        "totaloffsetminutes(2024-07-01T02:30:00 sub took) eq 120", "totaloffsetminutes(2024-07-01T02:30:00 sub took) eq null",
        "hour(case(id gt 5:at,true:2024-07-01T02:30:00-03:00)) eq 2", "cast(2024-10-27T22:30:00+05:30 add took,Edm.Date) gt 2024-10-27",
        "totaloffsetminutes(case(id gt 5:at,true:2024-07-01T02:30:00-03:00)) eq -180",
    ],
)  # fmt: skip
def test_what_is_computed_from_a_literal_keeps_the_offset_of_the_literal(engine, filter):
    log = oq.EntityType("Log", {"id": P("Edm.Int32", key=True), "at": P(MOMENT), "took": P("Edm.Duration")})
    noon = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
    rows = [{"id": n, "at": noon, "took": dt.timedelta(hours=n * 5) if n else None} for n in range(10)]
    engine.create("logs", {"id": "Edm.Int32", "at": MOMENT, "took": "Edm.Duration"}, rows)
    query = oq.parse_query(
        {"$filter": filter, "$orderby": "id"}, log, default_timezone=ZoneInfo("Europe/Madrid")
    )
    found = engine.run(*sql.select(query, "logs", dialect=engine.name, columns=["id"]))
    wanted = [row["id"] for row in python.apply(rows, query)]
    assert [row[0] for row in found] == wanted
    assert wanted


class Nameless(dt.tzinfo):
    """A zone that an application wrote: an hour more from June to August."""

    def utcoffset(self, value):
        return None if value is None else dt.timedelta(hours=2 if 6 <= value.month <= 8 else 1)

    def dst(self, value):
        return None


ODD = (Nameless(), dt.timezone(dt.timedelta(seconds=90)))
WITHOUT_NAMES = {"mysql", "mssql"}
"""SQL Server knows the names of Windows, and MySQL converts no clock before 1970."""
UNRELATED = ("$filter=id eq 1", "$filter=false", "$orderby=id", "$top=1", "")
HOLDERS = {
    "a column": lambda at: oq.EntityType("Log", {"id": P("Edm.Int32", key=True), "at": at}),
    "a complex value": lambda at: oq.EntityType(
        "Log", {"id": P("Edm.Int32", key=True), "day": P(oq.ComplexType("Day", {"at": at}))}
    ),
    "JSON": lambda at: oq.EntityType(
        "Log", {"id": P("Edm.Int32", key=True), "day": P(DAY, storage="json")}
    ),
    "a collection in JSON": lambda at: oq.EntityType(
        "Log", {"id": P("Edm.Int32", key=True), "ats": P(MOMENT, collection=True, storage="json")}
    ),
    "another table": lambda at: oq.EntityType(
        "Log",
        {
            "id": P("Edm.Int32", key=True),
            "Day": oq.NavigationProperty(oq.EntityType("Day", {"at": at}), table="days", join={"day": "id"}),
        },
    ),
    "what clients cannot see": lambda at: oq.EntityType(
        "Log", {"id": P("Edm.Int32", key=True), "at": at}
    ).restrict(exclude=("at",)),
}  # fmt: skip


def calls(query, name):
    return (
        lambda: sql.select(query, "logs", dialect=name), lambda: sql.count(query, "logs", dialect=name),
        lambda: sql.where(query, dialect=name, table="logs"), lambda: sql.order_by(query, dialect=name, table="logs"),
    )  # fmt: skip


@pytest.mark.parametrize("options", UNRELATED)
@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", sorted(WITHOUT_NAMES))
def test_a_zone_that_a_dialect_cannot_read_clocks_in_is_refused_whatever_the_query(name, holder, options):
    log = HOLDERS[holder](P(MOMENT, storage="timestamp"))
    for zone in (ZoneInfo("Europe/Madrid"), *ODD):
        query = oq.parse_query(options, log, default_timezone=zone)
        for call in calls(query, name):
            with pytest.raises(oq.ConfigurationError, match=f"{name} needs a time zone with a fixed offset"):
                call()
    query = oq.parse_query(options, log, default_timezone=ZoneInfo("UTC"))
    for call in calls(query, name):
        call()


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - WITHOUT_NAMES))
def test_a_zone_without_a_name_is_refused_whatever_the_query(name):
    storage = "text" if name == "clickhouse" else "timestamp"
    log = oq.EntityType("Log", {"id": P("Edm.Int32", key=True), "at": P(MOMENT, storage=storage)})
    for options in UNRELATED:
        for zone in ODD:
            for call in calls(oq.parse_query(options, log, default_timezone=zone), name):
                with pytest.raises(oq.ConfigurationError, match="fixed offset"):
                    call()
        for zone in (ZoneInfo("Europe/Madrid"), pytz.timezone("Europe/Madrid")):
            for call in calls(oq.parse_query(options, log, default_timezone=zone), name):
                call()


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_model_whose_moments_have_an_offset_takes_every_zone(name):
    log = oq.EntityType("Log", {"id": P("Edm.Int32", key=True), "at": P(MOMENT)})
    if dialect(name).default_storages.get(MOMENT) == "text":
        pytest.skip("its moments are texts")
    zone = ZoneInfo("Europe/Madrid")
    query = oq.parse_query("$filter=at eq 2024-10-27T02:30:00", log, default_timezone=zone)
    utc = oq.parse_query("$filter=at eq 2024-10-27T02:30:00%2B02:00", log)
    assert sql.select(query, "logs", dialect=name) == sql.select(utc, "logs", dialect=name)


@pytest.mark.parametrize("name", sorted(WITHOUT_NAMES))
def test_an_endpoint_with_a_dialect_refuses_such_a_zone_when_it_is_made(name):
    log = oq.EntityType("Log", {"id": P("Edm.Int32", key=True), "at": P(MOMENT, storage="timestamp")})
    zone = ZoneInfo("Europe/Madrid")
    with pytest.raises(oq.ConfigurationError, match=rf"{name} needs .* Log\.at has no offset there"):
        Endpoint(log, default_timezone=zone, dialect=name)
    assert Endpoint(log, default_timezone=zone).query("$top=1").top == 1
    assert Endpoint(log, dialect=name).query("$top=1").top == 1
    assert Endpoint(log, default_timezone=zone, dialect="postgresql").query("$top=1").top == 1


def test_a_filter_on_its_own_is_refused_with_a_zone_for_which_its_dialect_has_no_names():
    log = oq.EntityType("Log", {"id": P("Edm.Int32", key=True)})
    filter = oq.validate(oq.parse_filter("id eq 1"), log)
    with pytest.raises(oq.ConfigurationError, match="fixed offset"):
        sql.where(filter, dialect="mysql", default_timezone=ZoneInfo("Europe/Madrid"))
    assert sql.where(filter, dialect="postgresql", default_timezone=ZoneInfo("Europe/Madrid")).text
