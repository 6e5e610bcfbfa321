"""A small stand-in for the search of the AEM Assets Author API, over rows: plain Python, strict, by itself.

    Index(rows, {"assetMetadata.dc:title": "text"}).search({"query": [...], "sort": [...], "limit": 50})

A kind of query means:

    {"term": {field: [a, b]}}               the field equals one of the values, exactly
    {"range": {field: {"gt": a}}}           it is above (gt, gte) or below (lt, lte) the values; no texts
    {"exists": {"field": field}}            it has a value
    {"match": {"text": t, "fields": [f]}}   the words of the text are in one of the fields, in any case
    {"and": [...]}, {"or": [...]}           one to five queries
    {"not": [query]}                        the query does not match

A document without a value in a field matches no term, range or match on it. Sorting puts texts in the order
of code points, NaN before all numbers, and equal ones as they were; where null comes, nobody knows.
A ValueError represents the API's 400.

    python tests/examples/aem_search.py '$filter=numLinks gt 7 and reference ne null&$top=5'
"""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import json
import operator
import re
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

Kind = str | Mapping[str, int]
"""number, double, boolean, text, date, moment, other (it has a value); the members of an enumeration."""
Holds = Callable[[Any], bool]

COMPARE = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
RANGED = ("number", "double", "date", "moment")
OPTIONS = {"query", "sort", "limit", "cursor"}
KINDS = dict.fromkeys(("SByte", "Byte", "Int16", "Int32", "Int64", "Decimal"), "number") | {
    "Double": "double", "Single": "double", "Boolean": "boolean", "String": "text", "Guid": "text",
    "Date": "date", "DateTimeOffset": "moment",
}  # fmt: skip


def fields(type: Any, hops: int = 3, before: str = "") -> dict[str, Kind]:
    """The fields of documents that a model describes: `{"repositoryMetadata.repo:size": "number"}`."""
    found: dict[str, Kind] = {}
    for member in type.members.values():
        name = before + member.attribute
        if hasattr(member.type, "properties"):
            found |= fields(member.type, hops - 1, f"{name}.") if hops else {}
        else:
            members = getattr(member.type, "members", None)
            found[name] = members or KINDS.get(member.type.name.removeprefix("Edm."), "other")
    return found


class Index:
    """Rows as documents; the names of fields have a dot for each step into a nested object.

    zone  that of moments in rows that have no offset
    """

    def __init__(self, rows: Sequence[Any], fields: Mapping[str, Kind], zone: dt.tzinfo = dt.UTC) -> None:
        self.rows = rows
        self.zone = zone
        self.fields = fields
        self.rest: dict[str, tuple[str, list[Any]]] = {}
        self.numbers = itertools.count(1)

    def search(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer: `{"hits": {"results": rows}, "cursor": "..."}`, without a cursor on the last page."""
        try:
            body = json.loads(json.dumps(body, allow_nan=False))
        except TypeError as wrong:
            raise ValueError(f"not JSON: {wrong}") from None
        check(isinstance(body, dict) and not body.keys() - OPTIONS, "unknown options", body)
        limit = body.get("limit", 50)
        check(type(limit) is int and 1 <= limit <= 50, "limit is 1 to 50", limit)
        cursor = body.pop("cursor", None)
        same = json.dumps(body, sort_keys=True)
        if cursor is None:
            holds = self.joined(all, body.get("query"))
            found = self.ordered([row for row in self.rows if holds(row)], body.get("sort", []))
        else:
            check(cursor in self.rest and self.rest[cursor][0] == same, "not a cursor of this search", cursor)
            found = self.rest[cursor][1]
        answer: dict[str, Any] = {"hits": {"results": found[:limit]}}
        if len(found) > limit:
            answer["cursor"] = f"page{next(self.numbers)}"
            self.rest[answer["cursor"]] = (same, found[limit:])
        return answer

    def ordered(self, rows: list[Any], sort: Any) -> list[Any]:
        check(isinstance(sort, list), "sort is a list", sort)
        for item in reversed(sort):
            check(isinstance(item, dict) and not item.keys() - {"field", "order"}, "not a sort", item)
            order = item.get("order", "ASC")
            check(order in ("ASC", "DESC"), "order is ASC or DESC", order)
            kind = self.kind(item.get("field"))
            check(kind in (*RANGED, "text"), "a field that cannot be sorted by", item)
            keys = [self.value(row, item["field"]) for row in rows]
            assert None not in keys, "where null comes, nobody knows"
            ranks = [(key == key, key if key == key else 0) for key in keys]
            places = sorted(range(len(rows)), key=ranks.__getitem__, reverse=order == "DESC")
            rows = [rows[n] for n in places]
        return rows

    # ---- queries ---------------------------------------------------------------------------------

    def joined(self, join: Callable[[Any], bool], items: Any) -> Holds:
        check(isinstance(items, list) and 1 <= len(items) <= 5, "one to five queries", items)
        tests = [self.query(item) for item in items]
        return lambda row: join(test(row) for test in tests)

    def query(self, item: Any) -> Holds:
        check(isinstance(item, dict) and len(item) == 1, "a query is an object with one kind", item)
        [(kind, said)] = item.items()
        if kind in ("and", "or"):
            return self.joined(all if kind == "and" else any, said)
        if kind == "not":
            check(isinstance(said, list) and len(said) == 1, "not takes one query", said)
            inner = self.query(said[0])
            return lambda row: not inner(row)
        check(kind in ("term", "range", "exists", "match"), "unknown kind of query", kind)
        check(isinstance(said, dict), f"{kind} takes an object", said)
        found: Holds = getattr(self, kind)(said)
        return found

    def exists(self, said: dict[str, Any]) -> Holds:
        check(said.keys() == {"field"}, "exists takes a field", said)
        field = said["field"]
        if field == "assetId":  # every asset has one, rows may have none
            return lambda row: True
        self.kind(field)
        return lambda row: self.value(row, field) is not None

    def term(self, said: dict[str, Any]) -> Holds:
        check(len(said) == 1, "term takes one field", said)
        [(field, values)] = said.items()
        kind = self.kind(field)
        check(isinstance(values, list) and values, "term takes values", values)
        among = {literal(value, kind) for value in values}
        return lambda row: self.value(row, field) in among

    def range(self, said: dict[str, Any]) -> Holds:
        check(len(said) == 1, "range takes one field", said)
        [(field, bounds)] = said.items()
        kind = self.kind(field)
        check(kind in RANGED, "range takes numbers and dates", field)
        check(isinstance(bounds, dict) and bounds and not bounds.keys() - COMPARE.keys(), "bounds", bounds)
        tests = [(COMPARE[name], literal(bound, kind)) for name, bound in bounds.items()]

        def holds(row: Any) -> bool:
            value = self.value(row, field)
            return value is not None and all(test(value, bound) for test, bound in tests)

        return holds

    def match(self, said: dict[str, Any]) -> Holds:
        check(said.keys() == {"text", "fields"} and isinstance(said["text"], str), "a text, and fields", said)
        for field in said["fields"]:
            check(self.kind(field) == "text", "match takes texts", field)
        wanted = words(said["text"])
        return lambda row: any(wanted <= words(self.value(row, field) or "") for field in said["fields"])

    # ---- values ----------------------------------------------------------------------------------

    def kind(self, field: Any) -> Kind:
        check(isinstance(field, str) and field in self.fields, "unknown field", field)
        return self.fields[field]

    def value(self, row: Any, field: str) -> Any:
        """Return the value of a field in a form that compares, or None."""
        for name in field.split("."):
            row = row.get(name) if row is not None else None
        return None if row is None else held(row, self.fields[field], self.zone)


def check(is_right: object, what: str, given: object) -> None:
    if not is_right:
        raise ValueError(f"400: {what}: {given!r:.200}")


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def literal(value: Any, kind: Kind) -> Any:
    """Check and convert a value of a body: it must be the JSON form of its kind."""
    types: dict[str, Any] = {"number": (int, float), "double": (int, float), "boolean": bool}
    check(isinstance(value, types.get(kind, str) if isinstance(kind, str) else str), f"not a {kind}", value)
    check(kind == "boolean" or not isinstance(value, bool), f"not a {kind}", value)
    check(kind != "other", "a field that takes only exists", value)
    if isinstance(kind, Mapping):
        return value
    if kind == "moment":
        check(dt.datetime.fromisoformat(value).tzinfo is not None, "a moment has an offset", value)
    return held(value, kind)


def held(value: Any, kind: Kind, zone: dt.tzinfo = dt.UTC) -> Any:
    """Convert a value for comparisons: doubles to their digits, members of enumerations to names."""
    if kind == "number":
        return value if isinstance(value, int) else Decimal(str(value))
    if kind == "text":
        return str(value).lower() if isinstance(value, uuid.UUID) else value
    if kind == "date":
        value = dt.date.fromisoformat(value) if isinstance(value, str) else value
        return value.date() if isinstance(value, dt.datetime) else value
    if kind == "moment":
        value = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        return value if value.tzinfo is not None else value.replace(tzinfo=zone).astimezone(dt.UTC)
    return named(value, kind) if isinstance(kind, Mapping) else value


def named(value: Any, members: Mapping[str, int]) -> str:
    """The name of a member: the first with its number; flags are joined by commas."""
    if isinstance(value, enum.Enum):
        known = [v for v in (value.value, value.name) if v in members]
        value = known[0] if known else value.value
    if isinstance(value, str):
        numbers = [members[name.strip()] for name in value.split(",")]
        value = 0
        for number in numbers:
            value |= number
    for name, number in members.items():
        if number == value:
            return name
    bits = [(name, bit) for name, bit in members.items() if bit and bit & value == bit]
    whole = 0
    for _, bit in bits:
        whole |= bit
    return ",".join(name for name, _ in bits) if whole == value and bits else str(value)


def main(query: str) -> None:
    """Print the search for a query on tests/data/images.json, and the references that it finds."""
    import aem_backend

    import odata_query as oq

    names = {"id": "assetId"}
    properties = {
        name: oq.Property(kind, nullable=name != "id", key=name == "id", attribute=names.get(name))
        for name, kind in (("id", "Edm.Int64"), ("reference", "Edm.String"), ("numLinks", "Edm.Int32"))
    }
    images = oq.EntityType("Image", properties)
    data = Path(__file__).parent.parent / "data" / "images.json"
    rows = [{"assetId": row["id"], **row} for row in json.loads(data.read_text("utf-8"))["value"]]
    parsed = oq.parse_query(query, images)
    print(json.dumps(aem_backend.search_body(parsed), ensure_ascii=False))
    for row in aem_backend.found(parsed, Index(rows, fields(images)).search):
        print(row["reference"])


if __name__ == "__main__":
    main(sys.argv[1])
