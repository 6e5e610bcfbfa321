"""Texts in tables and in JSON with digits beyond microseconds, which are cut as Python cuts them."""

import json

import pytest

import odata_query as oq
from odata_query import python, sql
from odata_query.model.properties import ComplexType

JSON_TYPES = {
    "sqlite": "TEXT", "duckdb": "JSON", "postgresql": "jsonb", "mysql": "JSON", "clickhouse": "String", "spark": "STRING",
}  # fmt: skip
TEXT_STORAGE = oq.Column(storage="text")
LOG = ComplexType("Log", {"at": oq.Property("Edm.DateTimeOffset"), "t": oq.Property("Edm.TimeOfDay")})
MODEL = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "log": oq.Property(LOG, column=oq.Column(storage="json")),
        "times": oq.Property("Collection(Edm.TimeOfDay)", column=oq.Column(storage="json")),
        "at": oq.Property("Edm.DateTimeOffset", column=TEXT_STORAGE),
        "t": oq.Property("Edm.TimeOfDay", column=TEXT_STORAGE),
    },
)
DIGITS = (
    "5", "123456", "1234560", "1234569", "12345699", "123456999", "1234569999", "12345699999", "123456999999", "9999999",
)  # fmt: skip
CLOCKS = ["10:20:30", "10:20:29.9999999", *(f"10:20:30.{digits}" for digits in DIGITS)]
ROWS = [
    {"id": n, "log": {"at": f"2024-01-31T{t}Z", "t": t}, "times": [t], "at": f"2024-01-31T{t}Z", "t": t}
    for n, t in enumerate(CLOCKS)
]
FILTERS = (
    "{t} eq 10:20:30.123456", "{t} gt 10:20:30.123456", "{t} le 10:20:30.123456", "{t} lt 10:20:30", "{t} ge 10:20:30.999999", "{t} eq 10:20:30.5",
    "{t} in (10:20:30.123456,10:20:29.999999)", "{t} ne 10:20:30.123456", "second({t}) eq 30", "fractionalseconds({t}) eq 0.123456",
    "{t} gt 10:20:30.1234567", "{t} le 10:20:30.1234567", "{t} eq 10:20:30.1234569",
)  # fmt: skip
IN_TEXT_COLUMNS = {"t": ("sqlite", "clickhouse", "spark"), "at": ("sqlite", "spark")}
"""Engines whose storage `text` of a type is tested; the others have types for it."""


@pytest.mark.parametrize("path", ["log/t", "log/at", "times", "t", "at"])
def test_digits_beyond_microseconds_are_cut_where_texts_are_stored(engine, path):
    if engine.name not in IN_TEXT_COLUMNS.get(path, JSON_TYPES):
        pytest.skip(f"{engine.name} has a type of its own for {path}")
    override = {engine.name: JSON_TYPES[engine.name]}
    columns = {
        "id": "Int32",
        "log": ("String", override),
        "times": ("String", override),
        "at": "String",
        "t": "String",
    }
    texts = [{**row, "log": json.dumps(row["log"]), "times": json.dumps(row["times"])} for row in ROWS]
    engine.create("cut_digits", columns, texts)
    for template in FILTERS:
        filter = template.format(t="x" if path == "times" else path)
        if path == "times":
            filter = f"times/any(x:{filter})"
        if path.endswith("at"):
            for clock in ("10:20:30", "10:20:29"):
                filter = filter.replace(f" {clock}", f" 2024-01-31T{clock}").replace(
                    f"({clock}", f"(2024-01-31T{clock}"
                )
                filter = filter.replace(f",{clock}", f",2024-01-31T{clock}")
        query = oq.parse_query({"filter": filter}, MODEL)
        statement = sql.select(query, "cut_digits", dialect=engine.name, columns=["id"])
        found = sorted(id for (id,) in engine.run(*statement))
        assert found == [row["id"] for row in python.apply(ROWS, query)], filter
