"""The table of operations on Python's objects: its examples, its overloads, and what needs a model."""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import odata_query as oq
from odata_query import edm, python
from odata_query.model.properties import ComplexType
from odata_query.operations import OPERATIONS, Signature, overload
from odata_query.python.operations import NAMES, TEMPLATES, function

COLOR = oq.EnumType("Sales.Color", {"Red": 1, "Green": 2, "Blue": 4}, is_flags=True)
ITEM = ComplexType("Item", {"name": oq.Property("Edm.String"), "qty": oq.Property("Edm.Int32")})
ORDER = oq.EntityType(
    "Order",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "color": oq.Property(COLOR),
        "tags": oq.Property("Collection(Edm.String)"),
        "items": oq.Property(ITEM, collection=True),
        "first": oq.Property(ITEM),
    },
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "color": 3,
        "tags": ["red", "blue"],
        "items": [{"name": "pen", "qty": 5}, {"name": "ink", "qty": None}],
        "first": {"name": "pen", "qty": 5},
    },
    {
        "id": 2,
        "color": 4,
        "tags": [],
        "items": [{"name": "cap", "qty": 1}, {"name": None, "qty": 9}],
        "first": {"name": None, "qty": 1},
    },
    {"id": 3, "color": None, "tags": ["red"], "items": [], "first": None},
]
MANY = 600
"""Rows enough for generated code."""
EXAMPLES = [(name, example) for name, op in OPERATIONS.items() for example in op.examples]
SIGNATURES = [(op.name, s) for op in OPERATIONS.values() for s in op.signatures]
HANDLED = {
    "and": "logic.py turns it into two-valued logic",
    "or": "logic.py turns it into two-valued logic",
    "not": "logic.py pushes it down to the atoms",
}
"""Operations whose signatures have no template, and why."""


def ids(text: str, rows: list[dict[str, Any]] = ROWS) -> list[int]:
    query = oq.parse_query({"$filter": text}, entity_type=ORDER)
    return [row["id"] for row in python.apply(rows, query)]


# ---- examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_each_example_is_true_for_every_row(name: str, example: str, count: int) -> None:
    rows = [{**ROWS[0], "id": n} for n in range(count)]
    assert ids(example, rows) == list(range(count))
    names = {n.function for n in oq.walk(oq.parse_filter(example)) if isinstance(n, oq.Call)}
    assert name in names, "an example of an operation uses it"


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_opposite_of_each_example_is_true_for_no_row(name: str, example: str, count: int) -> None:
    assert ids(f"not ({example})", [{**ROWS[0], "id": n} for n in range(count)]) == []


# ---- what needs a model --------------------------------------------------------------------------

CASES = (  # a filter, the rows that it keeps
    ("color has 'Red'", [1]),
    ("color has Sales.Color'Red,Green'", [1]),
    ("color has 'Blue'", [2]),
    ("not (color has 'Red')", [2]),
    ("not (color has null)", []),
    ("(color has 'Red') eq null", [3]),
    ("Sales.Color'Red' has 'Red' and id eq 3", [3]),
    ("Sales.Color'Red' ne null and id eq 3", [3]),
    ("case(id eq 3:Sales.Color'Red',true:color) eq 'Red,Green'", [1]),
    ("case(id gt 0:Sales.Color'Red') eq Sales.Color'Red'", [1, 2, 3]),
    ("cast(Sales.Color'Red',Edm.String) eq 'Red'", [1, 2, 3]),
    ("tags/any()", [1, 3]),
    ("not tags/any()", [2]),
    ("tags/any(t: t eq 'blue')", [1]),
    ("tags/any(t: t ne 'red')", [1]),
    ("tags/all(t: t eq 'red')", [2, 3]),
    ("not tags/all(t: t eq 'red')", [1]),
    ("items/any(i: i/qty gt 4)", [1, 2]),
    ("items/all(i: i/qty gt 4)", [3]),
    ("items/all(i: i/qty gt 0)", [2, 3]),
    ("items/any(i: i/qty eq null)", [1]),
    ("items/any(i: i/qty eq id)", []),
    ("items/any(id: id/qty eq $it/id)", []),
    ("items/any(i: i/qty eq id sub 1)", [2]),
    ("items/any(i: items/any(j: j/qty gt i/qty))", [2]),
    ("tags/$count eq 2", [1]),
    ("items/$count eq 0", [3]),
    ("items/$count($filter=qty gt 4) eq 1", [1, 2]),
    ("items/$count($filter=name eq null) eq 1", [2]),
    ("items/$filter(qty gt 4)/any()", [1, 2]),
    ("items/$filter(qty gt 4)/$count eq 1", [1, 2]),
    ("items/$filter(qty gt 4)/any(i: i/name eq 'pen')", [1]),
    ("tags/$filter($this eq 'red')/$count eq 1", [1, 3]),
    ("first/qty eq null", [3]),
    ("first/name eq null", [2, 3]),
    ("'red' in tags", [1, 3]),
)


@pytest.mark.parametrize("times", [1, MANY // 3])
@pytest.mark.parametrize(("text", "kept"), CASES)
def test_an_operation_that_needs_a_model_keeps_the_right_rows(text: str, kept: list[int], times: int) -> None:
    assert ids(text, ROWS * times) == kept * times


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Owner/Level eq Shop.Level'High'", [1]),
        ("level eq Shop.Level'Off'", [1]),
        ("level ne Shop.Level'Off'", []),
        ("Owner/mood eq People.Mood'Good'", [1]),
        ("People.Mood'Good' ne null", [1]),
    ],
)
def test_a_member_is_of_the_enumeration_that_it_is_compared_with(text: str, kept: list[int]) -> None:
    of_people, of_shops = oq.EnumType("Level", {"High": 1}), oq.EnumType("Level", {"Off": 0})
    mood = oq.EnumType("People.Mood", {"Good": 1})
    owner = oq.ComplexType("Owner", {"Level": oq.Property(of_people), "mood": oq.Property(mood)})
    shop = oq.EntityType(
        "Shop", {"id": oq.Property("Edm.Int32"), "level": oq.Property(of_shops), "Owner": oq.Property(owner)}
    )
    rows = [{"id": 1, "level": 0, "Owner": {"Level": 1, "mood": 1}}]
    assert [row["id"] for row in python.apply(rows, oq.parse_query([("$filter", text)], shop))] == kept


def test_each_operation_has_an_example_or_a_case() -> None:
    used = {
        node.function
        for text in [example for _, example in EXAMPLES] + [text for text, _ in CASES]
        for node in oq.walk(oq.parse_filter(text))
        if isinstance(node, oq.Call)
    }
    assert set(OPERATIONS) - used == set()
    without = {name for name, op in OPERATIONS.items() if not op.examples}
    assert without == {"has", "any", "all", "$count", "$filter"}


# ---- overloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "signature"), SIGNATURES, ids=lambda v: getattr(v, "key", v))
def test_each_overload_has_a_template_or_is_handled_elsewhere(name: str, signature: Signature) -> None:
    assert (signature.key in TEMPLATES) is (name not in HANDLED)


def test_each_template_is_of_an_overload() -> None:
    keys = {signature.key for _, signature in SIGNATURES}
    assert set(TEMPLATES) - keys == {"gt", "ge", "lt", "le"}, "comparisons have no signatures"


@pytest.mark.parametrize(("key", "template"), TEMPLATES.items())
def test_each_template_uses_each_argument_once_and_known_names(key: str, template: str) -> None:
    arity = (len([p for p in key.partition("(")[2][:-1].split(",") if p])) if "(" in key else 2
    names = [node.id for node in ast.walk(ast.parse(template)) if isinstance(node, ast.Name)]
    assert sorted(n for n in names if n in "abc") == list("abc"[:arity])
    assert set(names) - set("abc") <= {*NAMES, "len", "list", "now"}


SAMPLES: dict[str, tuple[Any, ...]] = {
    "Boolean": (True, False),
    "Collection": ([], [1], [2, 1, 2]),
    "Date": (dt.date.min, dt.date(2024, 2, 29), dt.date.max),
    "DateTimeOffset": (dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)),
    "Decimal": (Decimal(0), Decimal("-2.5"), Decimal("9" * 38), Decimal("1E-30"), 7),
    "Double": (0.0, -0.0, -2.5, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")),
    "Duration": (dt.timedelta.min, dt.timedelta(0), dt.timedelta(microseconds=1), dt.timedelta.max),
    "Enum": (0, 3, -1),
    "Integer": (0, 1, -7, 2**63 - 1, -(2**63)),
    "Number": (0, -3, 2**63 - 1, Decimal("0.1"), Decimal("9" * 38), 0.0, 1e308, float("inf"), float("nan")),
    "String": ("", "a", "(", "ab\U0001f600", "%_"),
    "TimeOfDay": (dt.time.min, dt.time.max),
}


@pytest.mark.parametrize(
    ("name", "signature"),
    [(n, s) for n, s in SIGNATURES if s.key in TEMPLATES and s.key != "now()" and not n.startswith("geo.")],
    ids=lambda v: getattr(v, "key", v),
)
def test_no_overload_raises_at_the_ends_of_the_ranges(name: str, signature: Signature) -> None:
    operate = function(signature.key)
    rows: list[tuple[Any, ...]] = [()]
    for parameter in signature.parameters:
        rows = [(*row, value) for row in rows for value in SAMPLES[parameter]]
    for row in rows:
        found = operate(*row)
        if found is None:
            # What can leave a range is null there, and the table has to say so.
            null_for_a_pattern = signature.key == "matchespattern(String,String)"
            assert signature.may_be_null or null_for_a_pattern, (signature.key, row)


@pytest.mark.parametrize(("name", "signature"), SIGNATURES, ids=lambda v: getattr(v, "key", v))
def test_each_overload_is_found_by_its_own_types(name: str, signature: Signature) -> None:
    types = {
        "Integer": "Edm.Int32",
        "Number": "Edm.Int32",
        "Collection": "Collection(Edm.String)",
        "Enum": "Enum",
    }
    names = tuple(types.get(p, f"Edm.{p}") for p in signature.parameters)
    found = overload(name, names)
    assert found is not None
    assert found[0].key == signature.key
    assert found[1] == "First" or edm.primitive(found[1]) is not None
