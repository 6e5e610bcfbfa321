"""Literals and operands brought to one type, by the functions alone: what a comparison makes of a pair of types."""

from __future__ import annotations

import datetime as dt
import enum

import pytest

import odata_query as oq
from odata_query import edm
from odata_query.check.checker import Checker
from odata_query.check.conversion import bring_together, check_comparable, common_type, is_ordered
from odata_query.check.reporting import Reporter

ZONE = dt.timezone(dt.timedelta(hours=2))
SHOP = oq.ComplexType("Shop", {"name": oq.Property("Edm.String")})
COLOR = enum.Enum("Color", {"RED": 1, "BLUE": 2})
ROW = oq.EntityType(
    "Row",
    {
        "small": oq.Property("Edm.Byte"),
        "big": oq.Property("Edm.Int64"),
        "price": oq.Property("Edm.Decimal"),
        "ratio": oq.Property("Edm.Double"),
        "single": oq.Property("Edm.Single"),
        "name": oq.Property("Edm.String"),
        "active": oq.Property("Edm.Boolean"),
        "day": oq.Property("Edm.Date"),
        "moment": oq.Property("Edm.DateTimeOffset"),
        "span": oq.Property("Edm.Duration"),
        "token": oq.Property("Edm.Guid"),
        "image": oq.Property("Edm.Stream"),
        "color": oq.Property(COLOR),
        "shade": oq.Property(enum.Enum("Shade", {"RED": 1})),
        "shop": oq.Property(SHOP),
        "tags": oq.Property("Collection(Edm.String)"),
        "sizes": oq.Property("Collection(Edm.Int32)"),
        "ratios": oq.Property("Collection(Edm.Double)"),
        "bigs": oq.Property("Collection(Edm.Int64)"),
        "prices": oq.Property("Collection(Edm.Decimal)"),
        "moments": oq.Property("Collection(Edm.DateTimeOffset)"),
        "colors": oq.Property(COLOR, collection=True),
        "shops": oq.Property(SHOP, collection=True),
    },
)


def typed(text: str) -> oq.Node:
    reporter = Reporter(oq.Limits())
    checker = Checker(ROW, reporter, ZONE)
    found = checker.visit(oq.parse_filter(text), checker.scope)
    assert not reporter.problems
    return found


def unified(left: str, operator: str, right: str) -> list[str]:
    """Return both operands as they are brought to one type, or the message that is reported, and its place."""
    reporter = Reporter(oq.Limits())
    operands = [typed(left), typed(right)]
    # A text that is no value is reported where it is, a mismatch at the nodes that the checker gives.
    spans = {"whole": (0, 999), "left": (100, 199), "right": (200, 299)}
    places = [oq.Path((side,), span) for side, span in spans.items()]
    for node, side in zip(operands, ("left", "right"), strict=True):
        if isinstance(node, oq.Literal):
            node.span = spans[side]
    pair = bring_together(operands, reporter, ZONE)
    if not check_comparable(*pair, operator, places, reporter):
        [problem] = reporter.problems
        return [problem.message_id, *[side for side, span in spans.items() if span == problem.span]]
    assert not reporter.problems
    return [f"{oq.unparse(side)}: {side.type.name}" for side in pair]


@pytest.mark.parametrize(
    ("left", "operator", "right", "found"),
    [
        # one type
        ("name", "gt", "'a'", ["name: Edm.String", "'a': Edm.String"]),
        ("token", "eq", "token", ["token: Edm.Guid", "token: Edm.Guid"]),
        ("image", "eq", "null", ["image: Edm.Stream", "null: null"]),
        ("null", "ne", "shop", ["null: null", "shop: Shop"]),
        # numbers: those beside a Double are converted where they would not be exact
        ("small", "eq", "big", ["small: Edm.Byte", "big: Edm.Int64"]),
        ("price", "eq", "1", ["price: Edm.Decimal", "1: Edm.Int32"]),
        ("ratio", "eq", "1.5", ["ratio: Edm.Double", "1.5e0: Edm.Double"]),
        ("price", "lt", "1e0", ["cast(price,Edm.Double): Edm.Double", "1.0e0: Edm.Double"]),
        ("price", "lt", "single", ["cast(price,Edm.Double): Edm.Double", "single: Edm.Single"]),
        ("ratio", "eq", "1", ["ratio: Edm.Double", "1.0e0: Edm.Double"]),
        ("big", "eq", "1e0", ["big: Edm.Int64", "1.0e0: Edm.Double"]),
        ("big", "eq", "9007199254740991e0", ["big: Edm.Int64", "9007199254740991.0e0: Edm.Double"]),
        ("big", "eq", "9007199254740992e0", ["cast(big,Edm.Double): Edm.Double", "9007199254740992.0e0: Edm.Double"]),
        ("big", "lt", "INF", ["cast(big,Edm.Double): Edm.Double", "INF: Edm.Double"]),
        ("big", "lt", "ratio", ["cast(big,Edm.Double): Edm.Double", "ratio: Edm.Double"]),
        ("single", "lt", "big", ["single: Edm.Single", "cast(big,Edm.Double): Edm.Double"]),
        ("small", "lt", "ratio", ["small: Edm.Byte", "ratio: Edm.Double"]),
        ("small mul small", "lt", "ratio", ["cast(small mul small,Edm.Double): Edm.Double", "ratio: Edm.Double"]),
        ("single", "eq", "3.14", ["single: Edm.Single", "3.140000104904175e0: Edm.Single"]),
        ("7", "lt", "single", ["7.0e0: Edm.Single", "single: Edm.Single"]),
        ("single", "lt", "1e300", ["single: Edm.Single", "INF: Edm.Single"]),
        ("cast(big,Edm.Single)", "eq", "0.1e0", ["cast(big,Edm.Single): Edm.Single", "0.10000000149011612e0: Edm.Single"]),
        ("single", "eq", "ratio", ["single: Edm.Single", "ratio: Edm.Double"]),
        # literals, on either side
        ("color", "eq", "'BLUE'", ["color: Color", "'BLUE': Color"]),
        ("'RED'", "in", "color", ["'RED': Color", "color: Color"]),
        ("color", "eq", "Sales.Color'RED'", ["color: Color", "'RED': Color"]),
        ("span", "ge", "'P1D'", ["span: Edm.Duration", "duration'P1D': Edm.Duration"]),
        ("moment", "ge", "2024-01-31", ["moment: Edm.DateTimeOffset", "2024-01-31T00:00:00+02:00: Edm.DateTimeOffset"]),
        ("2024-01-31", "ge", "moment", ["2024-01-31T00:00:00+02:00: Edm.DateTimeOffset", "moment: Edm.DateTimeOffset"]),
        # collections of one type or of numbers
        ("ratios", "eq", "[1]", ["ratios: Collection(Edm.Double)", "[1.0e0]: Collection(Edm.Double)"]),
        ("sizes", "eq", "[1,2.5e0]", ["sizes: Collection(Edm.Int32)", "[1.0e0,2.5e0]: Collection(Edm.Double)"]),
        ("prices", "eq", "[0.1e0]", ["cast(prices,Collection(Edm.Double)): Collection(Edm.Double)", "[0.1e0]: Collection(Edm.Double)"]),
        ("bigs", "eq", "ratios", ["cast(bigs,Collection(Edm.Double)): Collection(Edm.Double)", "ratios: Collection(Edm.Double)"]),
        ("colors", "eq", "['RED',null]", ["colors: Collection(Color)", "['RED',null]: Collection(Color)"]),
        ("[2024-01-31]", "ne", "moments", ["[2024-01-31T00:00:00+02:00]: Collection(Edm.DateTimeOffset)", "moments: Collection(Edm.DateTimeOffset)"]),
        ("tags", "eq", "['a']", ["tags: Collection(Edm.String)", "['a']: Collection(Edm.String)"]),
        ("sizes", "ne", "ratios", ["sizes: Collection(Edm.Int32)", "ratios: Collection(Edm.Double)"]),
        ("tags", "eq", "[]", ["tags: Collection(Edm.String)", "[]: Collection(null)"]),
        # what cannot be compared, and where that is reported
        ("image", "eq", "image", ["wrong-type.unordered", "whole"]),
        ("shop", "eq", "shop", ["unsupported-expression", "whole"]),
        ("color", "eq", "'GREEN'", ["unknown-member", "right"]),
        ("'GREEN'", "eq", "color", ["unknown-member", "left"]),
        ("color", "eq", "shade", ["wrong-type.compare", "right"]),
        ("day", "eq", "moment", ["wrong-type.compare-moment", "right"]),
        ("span", "eq", "'one day'", ["wrong-type.compare-duration", "right"]),
        ("small", "eq", "'5'", ["wrong-type.compare-number", "right"]),
        ("'5'", "eq", "small", ["wrong-type.compare-number", "right"]),
        ("name", "eq", "5", ["wrong-type.compare-text", "right"]),
        ("day", "eq", "'2024-01-31'", ["wrong-type.compare-date", "right"]),
        ("active", "eq", "'true'", ["wrong-type.compare-plain", "right"]),
        ("tags", "eq", "'a'", ["wrong-type.compare-members", "right"]),
        ("tags", "eq", "[1]", ["wrong-type.compare", "right"]),
        ("tags", "gt", "tags", ["wrong-type.compare", "right"]),
        ("image", "gt", "null", ["wrong-type.unordered-null", "whole"]),
        ("null", "le", "tags", ["wrong-type.unordered-null", "whole"]),
        ("shop", "lt", "null", ["wrong-type.unordered-null", "whole"]),
        ("shops", "eq", "shops", ["wrong-type.compare", "right"]),
    ],
)  # fmt: skip
def test_two_operands_are_brought_to_one_type_or_reported_at_one(left, operator, right, found):
    assert unified(left, operator, right) == found


def test_any_is_advised_only_where_it_is_allowed():
    reporter = Reporter(oq.Limits(functions=frozenset({"contains"})))
    places = [oq.parse_filter("tags")] * 3
    assert not check_comparable(typed("tags"), typed("'a'"), "eq", places, reporter)
    assert [problem.message_id for problem in reporter.problems] == ["wrong-type.compare"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("", "null"),
        ("null", "null"),
        ("null Edm.Date", "Edm.Date"),
        ("Edm.Date Edm.Date", "Edm.Date"),
        ("Edm.Byte Edm.SByte", "Edm.Byte"),
        ("Edm.Int64 Edm.Decimal Edm.Int32", "Edm.Decimal"),
        ("Edm.Decimal Edm.Single", "Edm.Single"),
        ("Edm.Double Edm.Single Edm.Int64", "Edm.Double"),
        ("Edm.Int32 Edm.String", None),
        ("Edm.Date Edm.DateTimeOffset", None),
    ],
)
def test_values_have_the_type_of_all_or_the_largest_of_numbers(names, found):
    result = common_type(edm.primitive(name) or edm.NULL for name in names.split())
    assert (result.name if result else None) == found


@pytest.mark.parametrize("name", ["Edm.Binary", "Edm.Stream", "Edm.GeographyPoint", "Edm.GeometryPolygon"])
def test_values_of_some_primitive_types_have_no_order(name):
    type = edm.primitive(name)
    assert type is not None
    assert not is_ordered(type)
    assert is_ordered(edm.BOOLEAN)
    assert not is_ordered(edm.collection(edm.BOOLEAN))
