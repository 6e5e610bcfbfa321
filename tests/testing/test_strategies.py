"""The strategies: every text is valid, or wrong as promised, and every row fits its model."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import subprocess
import sys
from decimal import Decimal
from random import Random
from typing import Any

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")
pytest.importorskip("lark", reason="lark is not installed")

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from models import IMAGE

import odata_query as oq
from odata_query import edm, python
from odata_query.check.typed import TypedCall
from odata_query.language.ast import walk
from odata_query.model.properties import StructuredType
from odata_query.operations import OPERATIONS
from odata_query.strategies import filters, invalid_filters, orderbys, queries, raw_text, rows
from odata_query.testing.choices import Choices
from odata_query.testing.conformance import PRODUCT
from odata_query.testing.generator import Generator
from odata_query.testing.mistakes import MISTAKES, Mistakes
from odata_query.testing.samples import Rows


def key(type: str) -> oq.Property:
    return oq.Property(type, nullable=False, key=True)


def model(type_name: str, /, **properties: Any) -> oq.EntityType:
    made = {label: oq.Property(p) if isinstance(p, str) else p for label, p in properties.items()}
    return oq.EntityType(type_name, {label.replace("__", "."): p for label, p in made.items()})


PERSON = model(
    "Person",
    id=key("Edm.Int64"),
    name="Edm.String",
    boss=oq.NavigationProperty(lambda: PERSON),
    team=oq.NavigationProperty(lambda: PERSON, collection=True),
)
COLOR = edm.EnumType("Sales.Color", {"Red": 1, "Green": 2, "Both": 3}, is_flags=True)
STATE = edm.EnumType("Sales.State", {"New": 0, "Old": -5})
FEW = frozenset({"contains", "any"}), frozenset({"eq", "and"})
MODELS: dict[str, tuple[oq.EntityType, oq.Limits | None]] = {
    "a property of every kind": (PRODUCT, None),
    "thirty properties": (IMAGE, None),
    "one property": (model("One", name="Edm.String"), None),
    "one small key": (model("Small", n=key("Edm.SByte")), None),
    "a boolean": (model("Truth", t="Edm.Boolean"), None),
    "nothing that compares": (model("Blob", data="Edm.Binary", media="Edm.Stream"), None),
    "hidden properties": (
        model(
            "Hidden",
            id=key("Edm.Int32"),
            secret=oq.Property("Edm.String", filterable=False),
            unsorted=oq.Property("Edm.Double", sortable=False),
            neither=oq.Property("Edm.Date", filterable=False, sortable=False),
            tags=oq.Property("Collection(Edm.String)", filterable=False),
        ),
        None,
    ),
    "few operations by restrict": (PRODUCT.restrict(functions=FEW[0], operators=FEW[1]), None),
    "few operations by limits": (PRODUCT, oq.Limits(functions=FEW[0], operators=FEW[1])),
    "few properties": (
        PRODUCT.restrict(filterable=["name", "tags", "Items/*", "Items"], sortable=["name"], operators=["eq", "gt", "in"]),
        None,
    ),
    "no operations": (PRODUCT.restrict(functions=[], operators=[]), None),
    "a small page": (PRODUCT.restrict(limits=oq.Limits(max_top=5, max_skip=2)), None),
    "collections": (
        model("Lists", **{t.lower() + "s": f"Collection(Edm.{t})" for t in ("String", "Int32", "Date", "Boolean", "Double", "Guid", "Binary")}),
        None,
    ),
    "names of the language": (
        model("Words", **{"eq": "Edm.String", "not": "Edm.Boolean", "null": "Edm.Int32", "desc": "Edm.Int32", "asc": "Edm.String", "in": "Edm.Int64", "INF": "Edm.Double", "any": "Collection(Edm.Int32)", "date": "Edm.Date", "duration": "Edm.Duration"}),
        None,
    ),
    "names of other alphabets": (
        model("Alphabets", größe="Edm.Decimal", नाम="Edm.String", ſ="Edm.Int32", x__y="Edm.String", a__b__c="Edm.Int32", t="Edm.String"),
        None,
    ),
    "its own type": (PERSON, None),
    "a composite key": (model("Pair", a=key("Edm.String"), b=key("Edm.Date"), v="Edm.Single", w=oq.Property("Edm.Decimal", scale=0)), None),
    "shapes": (model("Shapes", id=key("Edm.Int32"), p="Edm.GeographyPoint", line="Edm.GeometryLineString"), None),
    "enumerations": (model("Enums", one=oq.Property(COLOR), two=oq.Property(STATE), many=oq.Property(COLOR, collection=True)), None),
    "other attributes": (model("Renamed", id=oq.Property("Edm.Guid", nullable=False, key=True, attribute="_id"), name=oq.Property("Edm.String", attribute="first name")), None),
    "names like operators": (model("Near", id="Edm.Int32", mode="Edm.String", note="Edm.String", hash="Edm.String", age="Edm.Int32"), None),
    "small bounds": (PRODUCT, oq.Limits(max_depth=3, max_nodes=12, max_length=60, max_in_items=2, max_lambda_depth=1, max_orderby_items=1, max_path_depth=2)),
    "the smallest bounds": (PRODUCT, oq.Limits(max_depth=0, max_nodes=1, max_length=5, max_in_items=0, max_lambda_depth=0, max_orderby_items=1, max_path_depth=1, max_pattern=0, max_top=0, max_skip=0)),
}  # fmt: skip


USUAL = (
    "a property of every kind",
    "hidden properties",
    "few properties",
    "names of the language",
    "small bounds",
)
EVERY_MODEL = [pytest.param(name, marks=() if name in USUAL else pytest.mark.slow) for name in MODELS]


def each(strategy: st.SearchStrategy[Any], check: Any, examples: int = 30) -> None:
    """Check the examples of a strategy, the same in each run."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=quiet
    )
    @given(strategy)
    def checked(value: Any) -> None:
        check(value)

    checked()


# ---- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_every_text_is_a_query_of_the_model(name):
    entity_type, limits = MODELS[name]
    more = {"limits": limits, "rows": Rows(entity_type, infinite=True, nan=True).rows(Choices.seeded(1), 5)}

    def accepted(options: Any) -> None:
        oq.parse_query(options, entity_type, limits=limits)

    each(filters(entity_type, **more).map(lambda text: {"$filter": text}), accepted, 100)
    each(filters(entity_type, limits=limits, max_depth=7).map(lambda text: {"$filter": text}), accepted)
    if Generator(entity_type, limits=limits).orderby(Choices(b"")):
        each(orderbys(entity_type, **more).map(lambda text: {"$orderby": text}), accepted)
    each(queries(entity_type, **more), accepted)
    each(queries(entity_type, encoded=True, **more), accepted)
    generator, choices = Generator(entity_type, limits=limits), Choices.seeded(4)
    for _ in range(200):
        accepted(generator.options(choices))


def test_what_is_not_sortable_is_not_in_an_order():
    entity_type = model("Unsorted", id=key("Edm.Int32"), color=oq.Property(COLOR, sortable=False))
    generator, choices = Generator(entity_type), Choices.seeded(1)
    for _ in range(1_000):
        oq.parse_query({"$orderby": oq.unparse(generator.orderby(choices))}, entity_type)


def test_options_are_decoded_pairs_or_an_encoded_query_string():
    def alike(found: tuple[list[tuple[str, str]], str]) -> None:
        assert all(name in ("$filter", "$orderby", "$top", "$skip") for name, _ in found[0])
        assert found[1].isascii()
        assert " " not in found[1]

    each(st.tuples(queries(PRODUCT), queries(PRODUCT, encoded=True)), alike)


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_an_invalid_filter_has_the_promised_problem_first(name):
    entity_type, limits = MODELS[name]
    mistakes = Mistakes(Generator(entity_type, limits=limits))
    for seed in range(20):
        choices = Choices.seeded(seed)
        for text, code in [mistakes.mistake(choices) for _ in range(20)]:
            assert_problem(text, code, entity_type, limits)
    each(
        invalid_filters(entity_type, limits=limits),
        lambda pair: assert_problem(*pair, entity_type, limits),
        30,
    )


def assert_problem(text: str, code: str, entity_type: oq.EntityType, limits: oq.Limits | None) -> None:
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query({"$filter": text}, entity_type, limits=limits)
    assert (caught.value.problems[0].code, text[:200]) == (code, text[:200])


def test_every_overload_of_the_table_is_among_four_thousand_filters():
    wanted = {s.key for op in OPERATIONS.values() for s in op.signatures}
    wanted |= {op.name for op in OPERATIONS.values() if not op.signatures}
    generator = Generator(PRODUCT)
    choices = Choices.seeded(1)
    found: set[str] = set()
    for _ in range(4_000):
        tree = oq.parse_query({"$filter": oq.unparse(generator.filter(choices))}, PRODUCT).filter
        found |= {key for node in walk(tree) if isinstance(node, TypedCall) for key in names_of(node)}
    assert wanted - found == set()


def names_of(node: TypedCall) -> list[str]:
    """Return the overload of a call; three-valued logic takes any number of operands."""
    logic = {"and": "and(Boolean,Boolean)", "or": "or(Boolean,Boolean)", "not": "not(Boolean)"}
    return [node.key, logic.get(node.function, node.key)]


def test_literals_are_often_what_the_rows_hold():
    entity_type = model("Named", name="Edm.String", n="Edm.Int32")
    generator = Generator(entity_type, rows=[{"name": "Zacatecas", "n": 90_210}])
    choices = Choices.seeded(1)
    texts = [generator.options(choices).get("$filter", "") for _ in range(300)]
    assert sum("Zacatecas" in text or "90210" in text for text in texts) > 30


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a\0b"},
        {"name": "\ud800"},
        {"price": Decimal("1E-400")},
        {"place": "POINT(1 2)"},
    ],
)
def test_rows_may_hold_what_no_literal_can_say(value):
    entity_type = model("Odd", name="Edm.String", price="Edm.Decimal", place="Edm.GeographyPoint")
    generator = Generator(entity_type, rows=[value])
    choices = Choices.seeded(1)
    for _ in range(300):
        oq.parse_query(generator.options(choices), entity_type)


# ---- rows ----------------------------------------------------------------------------------------

RANGES = {"Edm.SByte": 7, "Edm.Int16": 15, "Edm.Int32": 31, "Edm.Int64": 63}


def assert_fits(value: Any, type: edm.Type, member: Any, hops: int) -> None:
    """Check that a value fits its type and member; entities that are too far away are null."""
    if isinstance(type, edm.CollectionType):
        assert isinstance(value, list)
        for item in value:
            if item is not None or isinstance(type.element, StructuredType):
                assert_fits(item, type.element, member, hops)
    elif value is None:
        has_values = not type.name.startswith(("Edm.Geo", "Edm.Stream", "Edm.Binary"))
        assert member.nullable or not has_values or not hops, member.name
    elif isinstance(type, StructuredType):
        assert value.keys() == {each.attribute for each in type.members.values()}
        for each_member in type.members.values():
            assert_fits(value[each_member.attribute], each_member.type, each_member, hops - 1)
    elif type.name in RANGES:
        assert value.__class__ is int
        assert -(2 ** RANGES[type.name]) <= value < 2 ** RANGES[type.name]
    elif type is edm.DECIMAL and member.property.scale is not None:
        assert value == round(value, member.property.scale)
    elif type is edm.SINGLE:
        assert math.isfinite(value)


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_rows_fit_the_model(name):
    entity_type, limits = MODELS[name]

    def fits(found: tuple[list[Any], list[str]]) -> None:
        data, texts = found
        for row in data:
            assert row.keys() == {member.attribute for member in entity_type.members.values()}
            for member in entity_type.members.values():
                assert_fits(row[member.attribute], member.type, member, 2)
        attributes = [entity_type.members[label].attribute for label in entity_type.key]
        assert not attributes or len({tuple(row[a] for a in attributes) for row in data}) == len(data)
        for text in texts:
            python.apply(data, oq.parse_query({"$filter": text}, entity_type, limits=limits))

    texts = st.lists(filters(entity_type, limits=limits), max_size=3)
    each(st.tuples(rows(entity_type, allow_nan=True, allow_infinity=True, max_size=6), texts), fits, 25)


@pytest.mark.parametrize("type", ["TimeOfDay", "Duration", "Double"])
def test_keys_of_every_type_differ(type):
    made = Rows(model("Keyed", id=key(f"Edm.{type}"))).rows(Choices.seeded(1), 20)
    assert len({row["id"] for row in made}) == len(made)


def test_a_binary_that_is_required_is_there():
    made = Rows(model("Blob", data=oq.Property("Edm.Binary", nullable=False))).rows(Choices.seeded(1), 20)
    assert all(isinstance(row["data"], bytes) for row in made)


def test_rows_are_as_many_as_asked_for():
    def as_many(found: list[Any]) -> None:
        assert 2 <= len(found) <= 4

    each(rows(PERSON, min_size=2, max_size=4), as_many, 30)


@pytest.mark.parametrize(("nan", "infinity"), [(False, False), (True, False), (False, True), (True, True)])
def test_nan_and_infinity_are_there_only_if_they_are_allowed(nan, infinity):
    entity_type = model("Number", x="Edm.Double", s="Edm.Single")
    found: set[float] = set()
    strategy = rows(entity_type, allow_nan=nan, allow_infinity=infinity)
    each(strategy, lambda data: found.update(v for row in data for v in row.values() if v is not None), 200)
    assert any(n != n for n in found) is nan
    assert any(abs(n) == math.inf for n in found) is infinity


def test_a_row_can_be_a_null_and_never_a_null_key():
    found: list[Any] = []
    each(rows(PRODUCT), found.extend, 100)
    assert {None, "O'Neil", "100%"} & {row["name"] for row in found} == {None, "O'Neil", "100%"}
    assert None not in {row["id"] for row in found} | {row["code"] for row in found}


# ---- shrinking -----------------------------------------------------------------------------------

DATA = Rows(PRODUCT).rows(Choices.seeded(3), 20)


def keeps_few(text: str) -> bool:
    return 1 <= len(python.apply(DATA, oq.parse_query({"$filter": text}, PRODUCT))) <= 4


@pytest.mark.parametrize(
    "condition",
    [
        " ne ",
        " mod ",
        r"any\(.*any\(",
        r"contains\(.*%",
        pytest.param(r"/all\(", marks=pytest.mark.slow),
        pytest.param(r"case\(", marks=pytest.mark.slow),
        pytest.param(r"not .* in \(", marks=pytest.mark.slow),
        pytest.param(r"\$filter\(", marks=pytest.mark.slow),
        pytest.param(keeps_few, id="keeps few rows"),
    ],
    ids=str,
)
def test_a_failing_filter_shrinks_to_a_short_one(condition):
    fails = condition if callable(condition) else re.compile(condition).search
    found = find(
        filters(PRODUCT),
        lambda text: bool(fails(text)),
        settings=settings(
            max_examples=3_000, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        ),
        random=Random(0),
    )
    assert len(found) <= 60, found


# ---- the grammar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "parse"), [("filter", oq.parse_filter), ("orderby", oq.parse_orderby)])
def test_raw_text_is_parsed_or_refused(start, parse):
    parsed = []

    def answered(text: str) -> None:
        with contextlib.suppress(oq.ODataError):
            parsed.append(parse(text))

    each(raw_text(start), answered, 20)
    assert len(parsed) > 3


# ---- arguments -----------------------------------------------------------------------------------

NOTHING_SORTABLE = model("Unsorted", n=oq.Property("Edm.Int32", sortable=False))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: filters(5), "expected an EntityType, not 5"),
        (lambda: filters(PRODUCT.members["address"].type), "expected an EntityType, not ComplexType"),
        (lambda: filters(PRODUCT, max_depth=0), "1, not 0"),
        (lambda: orderbys(PRODUCT, max_items=-1), "1, not -1"),
        (lambda: orderbys("x"), "expected an EntityType"),
        (lambda: orderbys(NOTHING_SORTABLE), "Unsorted has no property to sort by"),
        (lambda: queries(None), "expected an EntityType, not None"),
        (lambda: invalid_filters(dict), "expected an EntityType"),
        (lambda: filters(PRODUCT, rows=[5]), "int has no attribute"),
        (lambda: rows(5), "EntityType"),
        (lambda: raw_text("where"), "filter.*orderby"),
        (lambda: filters(PRODUCT, limits={}), "Limits"),
        (lambda: filters(PRODUCT, max_depth="3"), "max_depth"),
        (lambda: filters(PRODUCT, rows=5), "rows"),
    ],
)
def test_a_wrong_argument_fails_early_with_advice(make, says):
    with pytest.raises(oq.ConfigurationError, match=says):
        make()


@pytest.mark.parametrize("strategy", [filters, orderbys, queries, rows, invalid_filters])
def test_options_are_given_by_name(strategy):
    with pytest.raises(TypeError, match="positional"):
        strategy(PRODUCT, None)


def test_sizes_that_contradict_each_other_are_hypothesis_own_mistake():
    with pytest.raises(InvalidArgument, match="max_size=2 < min_size=5"):
        rows(PRODUCT, min_size=5, max_size=2).validate()


# ---- the same again ------------------------------------------------------------------------------

MADE = """
from odata_query.testing.choices import Choices
from odata_query.testing.generator import Generator
from odata_query.testing.mistakes import Mistakes, mutate
from odata_query.testing.samples import Rows

def made(entity_type):
    rows = Rows(entity_type, nan=True, infinite=True).rows(Choices.seeded(1), 20)
    generator, choices = Generator(entity_type, rows=rows), Choices.seeded(2)
    mistakes = Mistakes(generator)
    found = [generator.options(choices) for _ in range(200)] + [mistakes.mistake(choices) for _ in range(50)]
    return repr((rows, found, mutate(choices, "a eq 1", ["b"])))
"""


@pytest.mark.parametrize(
    "name",
    [
        "its own type",
        "thirty properties",
        "a property of every kind",
    ],
)
def test_a_seed_makes_the_same_in_every_process(name):
    program = f"""{MADE}
import hashlib
from test_strategies import MODELS
print(hashlib.sha256(made(MODELS[{name!r}][0]).encode("utf-8", "replace")).hexdigest())
"""
    found = set()
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_a_seed_makes_the_same_twice():
    names: dict[str, Any] = {}
    exec(MADE, names)
    first, second = (
        hashlib.sha256(names["made"](PRODUCT).encode("utf-8", "replace")).digest() for _ in range(2)
    )
    assert first == second


def test_each_mistake_of_the_table_has_its_code():
    mistakes, choices = Mistakes(Generator(PRODUCT)), Choices.seeded(3)
    assert {text for _, text in MISTAKES} - {text for _, text in mistakes.possible} == {"{hidden} eq null"}
    for _ in range(2_000):
        text, code = mistakes.attempt(choices)
        with pytest.raises(oq.ODataError) as caught:
            oq.parse_query({"$filter": text}, PRODUCT)
        assert caught.value.problems[0].code == code, text
