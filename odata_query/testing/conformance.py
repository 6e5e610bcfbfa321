"""The conformance cases: queries over small models, with the rows that they must select.

A file in `cases` has a `model`, `rows` and `cases`. The query of a case is `query` (a raw query string, a
mapping or pairs), or any of `filter`, `orderby`, `top` and `skip`. A text may be a list of parts, in which
`["(", 100]` is a part repeated 100 times. The result is `ids` (`"any"`: all backends must agree), or a
problem: any of `code`, `position`, `option`, `suggestion`, `says` (a part of the message), `problems`
(their number), `status` and `error` (the class). `limits` and `timezone` are passed to parse_query; a file
can have a `timezone` for all of its cases, in which moments of its rows without an offset are.

`why` is the reason for the result, with its section of OData 4.01 Part 2: URL Conventions. It holds for the
case and those after it, until the next `why`. Large cases have `"many": false` (not repeated over many
rows) or `"slow": true` (slow on engines).
"""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from .. import edm
from ..limits import Limits
from ..model.entity import EntityType
from ..model.properties import Column, ComplexType, NavigationProperty, Property, StructuredType
from ..python.rows import reader
from ..query import Query, parse_query
from .samples import NAIVE

Case = Mapping[str, Any]


class Suite(NamedTuple):
    """One file of cases: its model, its rows as in JSON, and its cases."""

    name: str
    entity_type: EntityType
    rows: list[dict[str, Any]]
    cases: list[Case]


@cache
def suites() -> tuple[Suite, ...]:
    """Load all files of cases."""
    files = resources.files(__package__).joinpath("cases").iterdir()
    found = []
    for file in sorted(files, key=lambda file: file.name):
        data = json.loads(file.read_text("utf-8"))
        why = ""
        for case in data["cases"]:
            why = case.setdefault("why", why)
            if "timezone" in data:
                case.setdefault("timezone", data["timezone"])
        name = file.name.removesuffix(".json")
        found.append(Suite(name, _model(data["model"]), data["rows"], data["cases"]))
    return tuple(found)


def query_of(case: Case, entity_type: EntityType) -> Query:
    """Parse the query of a case. Raises ODataError if the case has a problem."""
    limits = Limits(**case.get("limits", {}))
    return parse_query(options_of(case), entity_type, limits=limits, default_timezone=zone_of(case))


def zone_of(case: Case) -> dt.tzinfo:
    """Return the default time zone of a case: `+02:00` or `Europe/Madrid`, else UTC."""
    zone = case.get("timezone", "+00:00")
    offset = dt.time.fromisoformat(f"00:00{zone}").tzinfo if zone[0] in "+-" else None
    return offset or zoneinfo.ZoneInfo(zone)


def options_of(case: Case) -> Any:
    """Return the options of a case in the form that parse_query takes."""
    if "query" not in case:
        return {f"${name}": "".join(map(_repeat, case[name])) for name in OPTIONS if name in case}
    given = case["query"]
    return [tuple(pair) for pair in given] if isinstance(given, list) else given


OPTIONS = ("filter", "orderby", "top", "skip")


def _repeat(part: str | list[Any]) -> str:
    return part if isinstance(part, str) else part[0] * part[1]


def native(value: Any, type: edm.Type) -> Any:
    """Convert a value of JSON to Python's own: dates, decimals and so on, in dictionaries and lists."""
    if value is None:
        return None
    if isinstance(type, edm.CollectionType):
        return [native(item, type.element) for item in value]
    if isinstance(type, StructuredType):
        return {m.name: native(value.get(m.name), m.type) for m in type.members.values()}
    if type in (edm.DOUBLE, edm.SINGLE):
        return float(value) if type is edm.DOUBLE else edm.single(float(value))
    if type is edm.DATE_TIME_OFFSET:
        return dt.datetime.fromisoformat(value)  # an offset is not added
    read = reader(type, dt.UTC)
    return value if read is None else read(value)


def _property(text: str, kinds: Mapping[str, Any], named: Mapping[str, edm.Type]) -> Property:
    """Read a property: `Edm.Int32 key`, `Ns.Color`, `Collection(Ns.Item) not-sortable`."""
    name, *flags = text.split()
    inner = name.removeprefix("Collection(").removesuffix(")")
    return Property(
        (lambda: named[inner]) if inner in kinds else edm.type_named(inner),
        nullable="key" not in flags and "required" not in flags,
        key="key" in flags,
        filterable="not-filterable" not in flags,
        sortable="not-sortable" not in flags,
        collection=inner != name,
        column=Column(storage="json") if "properties" in kinds.get(inner, {}) else None,
    )


def _model(given: Mapping[str, Any]) -> EntityType:
    """Read the entity type of a file; `types` are enumerations and complex types, which SQL keeps as JSON."""
    kinds = given.get("types", {})
    named: dict[str, edm.Type] = {}

    def properties(texts: Mapping[str, str]) -> dict[str, Property]:
        return {label: _property(text, kinds, named) for label, text in texts.items()}

    for name, kind in kinds.items():
        if "enum" in kind:
            named[name] = edm.EnumType(name, kind["enum"], kind.get("flags", False))
        else:
            named[name] = ComplexType(name, properties(kind["properties"]))
    return EntityType(given["name"], properties(given["properties"]))


# ---- a model with a property of every kind, for random queries -----------------------------------

COLOR = edm.EnumType("Color", {"Red": 1, "Green": 2, "Blue": 4}, is_flags=True)
STATUS = edm.EnumType("Status", {"New": 0, "Open": 1, "Closed": 5})
ADDRESS = ComplexType("Address", {"city": Property("Edm.String"), "zip": Property("Edm.Int32")})
SUPPLIER = EntityType(
    "Supplier",
    {
        "id": Property("Edm.Int32", nullable=False, key=True),
        "Name": Property("Edm.String", column="name"),
        "rating": Property("Edm.Double"),
        "since": Property("Edm.Date"),
        "seat": Property(ADDRESS),
    },
)
ITEM = EntityType(
    "Item",
    {
        "qty": Property("Edm.Int32"),
        "label": Property("Edm.String"),
        "cost": Property("Edm.Decimal", scale=2),
        "n": Property("Edm.Int64", nullable=False),
        "Maker": NavigationProperty(SUPPLIER, table="suppliers", join={"maker_id": "id"}),
    },
)
PRODUCT = EntityType(
    "Product",
    {
        "id": Property("Edm.Int32", nullable=False, key=True),
        "name": Property("Edm.String"),
        "code": Property("Edm.String", nullable=False),
        "n": Property("Edm.Int32"),
        "m": Property("Edm.Int64"),
        "k": Property("Edm.Int16", nullable=False),
        "price": Property("Edm.Decimal", scale=2),
        "x": Property("Edm.Double"),
        "active": Property("Edm.Boolean"),
        "released": Property("Edm.Date"),
        "opened": Property("Edm.TimeOfDay"),
        "created": Property("Edm.DateTimeOffset"),
        "took": Property("Edm.Duration"),
        "ref": Property("Edm.Guid"),
        "color": Property(COLOR),
        "status": Property(STATUS, nullable=False),
        "weight": Property("Edm.Single"),
        "shown": Property("Edm.DateTimeOffset", column=Column(storage=NAIVE)),
        "tags": Property("Collection(Edm.String)"),
        "numbers": Property("Collection(Edm.Int32)"),
        "scores": Property("Collection(Edm.Double)"),
        "history": Property(STATUS, collection=True),
        "seen": Property("Collection(Edm.DateTimeOffset)"),
        "address": Property(ADDRESS),
        "Supplier": NavigationProperty(SUPPLIER, table="suppliers", join={"supplier_id": "id"}),
        "Items": NavigationProperty(ITEM, collection=True, table="items", join={"id": "product_id"}),
        "notes": Property("Collection(Edm.String)", table="notes", join={"id": "product_id"}, column="note"),
    },
)
"""Columns and tables are for backends with a database."""
