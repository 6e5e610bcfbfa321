"""A backend of a third party: queries as searches of Adobe's AEM Assets Author API (`POST /search`).

A field is named by the attributes of a path: `assetMetadata.dc:title`. `term` says that it is one of some
values, `range` bounds a number or date, `exists` says that it has a value; what does not match includes
what has none, so `not` of a `term` is `ne`. `match` finds words in any case, so `contains` is a 501.
So are `$skip`, for a cursor is opaque, and sorting by what can be null, which the API says nothing about.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial, partialmethod
from typing import Any, NoReturn

import odata_query as oq
from odata_query.check.typed import TypedPath
from odata_query.logic import condition

ALL = {"exists": {"field": "assetId"}}  # every asset has one
RANGES = {"gt": ("gt", "lt"), "ge": ("gte", "lte"), "lt": ("lt", "gt"), "le": ("lte", "gte")}  # and mirrored
RANGED = {"Edm.SByte", "Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal"}
RANGED |= {"Edm.Double", "Edm.Single", "Edm.Date", "Edm.DateTimeOffset"}
SORTED = RANGED | {"Edm.String", "Edm.Guid"}


def refused(what: str, option: str = "", span: Any = (0, 0), code: str = "expression") -> Exception:
    what += " is not supported by AEM Assets."
    return oq.UnsupportedError([oq.Problem(f"unsupported-{code}", what, option, span)])


def joined(word: str, parts: Sequence[Any]) -> Any:
    """Join conditions by `and` or `or`, in groups of five, which is the most that the API takes."""
    while len(parts) > 5:
        parts = [joined(word, parts[n : n + 5]) for n in range(0, len(parts), 5)]
    return parts[0] if len(parts) == 1 else {word: list(parts)}


def negated(part: Any) -> Any:
    return part["not"][0] if "not" in part else {"not": [part]}


def field(node: Any) -> str:
    if not isinstance(node, TypedPath):
        raise refused("A comparison without a property", "$filter", node.span)
    return ".".join(member.attribute for member in node.members)


class Conditions:
    """Compile conditions to items of a search (see `logic.Emitter`); a value is its node."""

    option, uses_indexes = "$filter", False
    every = staticmethod(partial(joined, "and"))
    some = staticmethod(partial(joined, "or"))

    def refuse(self, node: Any, *_: Any, what: str = "", code: str = "expression") -> NoReturn:
        code, what = (code, what) if what else ("function", f"'{node.function}'")
        raise refused(what, code=code)  # odata_query.logic adds the place

    in_collection = exists = enter = count_members = filter_members = call = refuse
    truth_value = kleene = list_of = partialmethod(refuse, what="A list, or a condition as a value,")
    choose = partialmethod(refuse, what="'case'", code="function")
    cast = partialmethod(refuse, what="'cast'", code="function")
    compare_fast = staticmethod(lambda *_: None)  # no short cut

    def constant(self, holds: bool) -> Any:
        return ALL if holds else negated(ALL)

    def literal(self, node: oq.Literal) -> Any:
        return node

    def path(self, node: TypedPath) -> Any:
        if hasattr(node.type, "element") or hasattr(node.type, "properties"):
            self.refuse(None, what=f"A condition on '{oq.unparse(node)}'")
        return node

    def plain(self, value: Any, type: Any) -> Any:
        """A value as JSON has it: no INF, no decimals with more digits than the text of a number."""
        if isinstance(type, oq.EnumType):
            return type.text(value)
        if type.name in ("Edm.Boolean", "Edm.String", "Edm.Guid"):
            return value if isinstance(value, bool) else str(value)
        if isinstance(value, dt.date):  # moments too
            return value.isoformat()
        if not isinstance(value, int | float | Decimal) or math.isinf(value):
            self.refuse(None, what=f"The value {value!s:.40} of {type.name}")
        number = int(value) if value == int(value) else float(value)
        if isinstance(value, Decimal) and Decimal(str(number)) != value:
            self.refuse(None, what=f"The number {value!s:.40}")
        return number

    def test(self, node: Any, parts: Sequence[Any], _: object, wanted: bool, on_null: bool) -> Any:
        if isinstance(node, TypedPath):
            found = self.in_values(node, True, [wanted is not on_null], node.type, True)
            return negated(found) if on_null else found
        if node.function not in RANGES:
            self.refuse(node)
        is_turned = isinstance(parts[0], oq.Literal)
        left, right = reversed(parts) if is_turned else parts
        if not isinstance(right, oq.Literal) or left.type.name not in RANGED:
            self.refuse(None, what=f"'{node.function}' other than of a number or date with a value")
        if right.value != right.value:  # NaN
            return self.constant(not wanted)
        bound = {RANGES[node.function][is_turned]: self.plain(right.value, left.type)}
        found = {"range": {field(left): bound}}
        return found if wanted else negated(found)

    def equals(self, left: Any, right: Any, types: Any, nullable: Sequence[bool], wanted: bool) -> Any:
        if not isinstance(right, oq.Literal):
            self.refuse(None, what="A comparison of two properties")
        return self.in_values(left, nullable[0], [right.value], types[0], wanted)

    def in_values(self, part: Any, nullable: bool, items: Sequence[Any], type: Any, wanted: bool) -> Any:
        values = [self.plain(item, type) for item in items if item is not None and item == item]
        found = [{"term": {field(part): values}}] if values else []
        found += [self.is_null(part, True)] if None in items else []
        holds = self.some(found) if found else self.constant(False)
        return holds if wanted else negated(holds)

    def is_null(self, part: Any, wanted: bool) -> Any:
        found = {"exists": {"field": field(part)}}
        return negated(found) if wanted else found


def search_body(query: oq.Query) -> dict[str, Any]:
    """Return the body of a search; without `$top`, of the first page. Raises UnsupportedError."""
    if query.entity_type is None:
        raise oq.ConfigurationError("a query needs an entity_type to be compiled: give parse_query one")
    limit = 50 if query.top is None else query.top
    if query.skip or not 1 <= limit <= 50:
        option = "$skip" if query.skip else "$top"
        raise refused(f"{option}={query.skip or limit}", option, code="option")
    found = ALL if query.filter is None else condition(Conditions(), query.filter)
    body: dict[str, Any] = {"query": found.get("and", [found]), "limit": limit}
    for node, descending in [(item.expression, item.descending) for item in query.orderby]:
        if not isinstance(node, TypedPath) or node.nullable or node.type.name not in SORTED:
            raise refused("Sorting by other than a number, date or text, never null,", "$orderby", node.span)
        body.setdefault("sort", []).append({"field": field(node), "order": "DESC" if descending else "ASC"})
    return body


def found(query: oq.Query, post: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[Any]:
    """Yield the results of a query, page by page; `post` sends a body and returns the answer."""
    body = search_body(query)
    while body:
        page = post(body)
        yield from page["hits"]["results"]
        body = {**body, "cursor": page["cursor"]} if query.top is None and "cursor" in page else {}
