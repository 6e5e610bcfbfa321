"""`check_backend` and `fuzz_endpoint`: right backends and endpoints pass, wrong ones are found."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest

import odata_query as oq
from odata_query import answers, python
from odata_query.problems import problem
from odata_query.testing import Disagreement, EndpointReport, Report, check_backend, fuzz_endpoint
from odata_query.testing.choices import Choices
from odata_query.testing.conformance import PRODUCT
from odata_query.testing.samples import Rows
from odata_query.web import safe_limits


def key(type: str) -> oq.Property:
    return oq.Property(type, nullable=False, key=True)


def model(**properties: str | oq.Property) -> oq.EntityType:
    made = {name: oq.Property(p) if isinstance(p, str) else p for name, p in properties.items()}
    return oq.EntityType("Image", made)


IMAGE = model(
    id=key("Edm.Int64"),
    name="Edm.String",
    width="Edm.Int32",
    price=oq.Property("Edm.Decimal", scale=2),
    day="Edm.Date",
    tags="Collection(Edm.String)",
)
MANY = Rows(IMAGE).rows(Choices.seeded(3), 120)
ROWS = MANY[:20]
PAIR = model(a=key("Edm.String"), b=key("Edm.Date"), n="Edm.Int32")


def unsupported(option: str = "$filter") -> oq.UnsupportedError:
    return oq.UnsupportedError([problem("unsupported-option", option)])


def of(row: Mapping[str, Any]) -> Any:
    """A row as an object."""
    return SimpleNamespace(**row)


# ---- backends ------------------------------------------------------------------------------------


def check(backend: Any, entity_type: oq.EntityType | None = IMAGE, **more: Any) -> Report:
    return check_backend(backend, **{"queries": 80, "cases": False, "entity_type": entity_type, **more})


def ids(rows: Any, query: oq.Query) -> list[Any]:
    return [row["id"] for row in python.apply(rows, query)]


@pytest.mark.parametrize(
    "backend",
    [
        python,
        python.apply,
        SimpleNamespace(apply=python.apply),
        ids,
        lambda rows, query: tuple(ids(rows, query)),
        lambda rows, query: (id for id in ids(rows, query)),
        lambda rows, query: [of(row) for row in python.apply(rows, query)],
        lambda rows, query: [{"id": id} for id in ids(rows, query)],
        lambda rows, query: python.apply(list(rows), query),
    ],
)
def test_a_right_backend_passes_whatever_it_gives_for_a_row(backend):
    report = check(backend)
    assert (report.tried, report.disagreements, report.refused.total()) == (80, {}, 0)


@pytest.mark.parametrize(
    "given",
    [
        lambda row: row,
        lambda row: (row["a"], row["b"]),
        lambda row: [row["a"], row["b"]],
        lambda row: {"b": row["b"], "a": row["a"]},
        of,
    ],
)
def test_rows_with_a_composite_key_come_as_rows_or_as_their_keys(given):
    assert check(lambda rows, query: [given(row) for row in python.apply(rows, query)], PAIR).tried == 80


@pytest.mark.parametrize("type", ["Int32", "String", "Guid", "Date", "DateTimeOffset", "Decimal"])
def test_a_key_of_any_type_tells_rows_apart(type):
    assert check(ids, model(id=key(f"Edm.{type}"), n="Edm.Int32"), queries=40).tried == 40


def test_rows_of_ones_own_can_be_objects_and_other_attributes():
    own = model(id=oq.Property("Edm.Int64", nullable=False, key=True, attribute="pk"), name="Edm.String")
    rows = [SimpleNamespace(pk=number, name=f"n{number}") for number in range(30)]
    assert check(lambda rows, query: [row.pk for row in python.apply(rows, query)], own, rows=rows)


def test_the_cases_are_asked_and_counted():
    report = check_backend(python, queries=0)
    assert report.cases > 900
    assert report.tried == 0


@pytest.mark.parametrize("backend", [5, None, "python", SimpleNamespace(apply=3), object()])
def test_what_is_no_backend_is_a_configuration_error(backend):
    with pytest.raises(oq.ConfigurationError, match=r"apply\(rows, query\)"):
        check_backend(backend)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"entity_type": model(n="Edm.Int32")}, "no key"),
        ({"rows": [1, 2]}, "int has no attribute 'id'"),
        ({"rows": [SimpleNamespace(ID=1)]}, "no attribute 'id'"),
        ({"entity_type": "Image"}, "EntityType"),
        ({"rows": [{"id": 1}, {"id": 1}]}, "same key"),
    ],
)
def test_a_wrong_argument_is_a_configuration_error(arguments, says):
    with pytest.raises(oq.ConfigurationError, match=says):
        check(python, **arguments)


def raising(error: Exception) -> Callable[..., Any]:
    def apply(rows: Any, query: oq.Query) -> Any:
        raise error

    return apply


def in_place(rows: list[Any], query: oq.Query) -> list[Any]:
    rows[:] = python.apply(rows, query)
    return rows


def finding_wrong(rows: Any, query: oq.Query) -> list[Any]:
    return ids(rows, query) if not query.orderby else list(oq.parse_filter("1 1").children())


def nulls_last(rows: Any, query: oq.Query) -> list[Any]:
    found = python.apply(rows, replace(query, top=None, skip=None))
    names = [getattr(item.expression, "segments", ()) for item in query.orderby if not item.descending][:1]
    if names and len(names[0]) == 1:
        found = sorted(found, key=lambda row: row.get(names[0][0]) is None)
    found = found[query.skip or 0 :]
    return found if query.top is None else found[: query.top]


WRONG_BACKENDS: dict[str, tuple[Any, str]] = {
    "raises a KeyError": (raising(KeyError("nope")), "KeyError: 'nope'"),
    "returns nothing": (lambda rows, query: None, "TypeError: 'NoneType' object is not iterable"),
    "ignores the filter": (lambda rows, query: ids(rows, replace(query, filter=None)), "unexpected"),
    "ignores the order": (lambda rows, query: sorted(ids(rows, query)), "order"),
    "ignores $skip": (lambda rows, query: ids(rows, replace(query, skip=None)), "unexpected"),
    "ignores $top": (lambda rows, query: ids(rows, replace(query, top=None)), "unexpected"),
    "sorts nulls last": (nulls_last, "order"),
    "gives rows twice": (lambda rows, query: ids(rows, query) * 2, "duplicates"),
    "gives keys as texts": (lambda rows, query: list(map(str, ids(rows, query))), "missing"),
    "gives tuples": (lambda rows, query: [(id,) for id in ids(rows, query)], "missing"),
    "gives one row too many": (lambda rows, query: [*ids(rows, query), 999], "999"),
    "refuses all": (raising(unsupported()), "UnsupportedError: \\$filter is not supported"),
}
WEAK_BACKENDS: dict[str, tuple[Any, str, str]] = {
    "gives rows without a key": (lambda rows, query: [{"x": 1}, {"y": 2}], "unexpected", "None is sorted"),
    "gives nulls among keys": (
        lambda rows, query: [None, 1],
        "unexpected",
        "keys of different classes are sorted",
    ),
    "gives lists": (
        lambda rows, query: [[id] for id in ids(rows, query)],
        "missing",
        "a list cannot be hashed",
    ),
    "filters the rows in place": (
        in_place,
        "changed the rows",
        "what is expected is looked for in the rows that it leaves",
    ),
    "finds valid queries wrong": (
        finding_wrong,
        "ParseError",
        "each ODataError counts as a refusal",
    ),
}


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        *[pytest.param(*found, id=name) for name, found in WRONG_BACKENDS.items()],
        *[pytest.param(*found[:2], id=name) for name, found in WEAK_BACKENDS.items()],
    ],
)
def test_a_wrong_backend_is_found(backend, says):
    with pytest.raises(AssertionError, match=says):
        check(backend, rows=list(ROWS), queries=300, most=2)


def test_a_disagreement_is_shown_with_a_small_query_and_its_rows():
    def apply(rows: Any, query: oq.Query) -> list[Any]:
        return ids(rows, query)[: 3 if "contains" in repr(query.filter) else None]

    with pytest.raises(AssertionError) as caught:
        check(apply)
    text = str(caught.value)
    assert "rows (" in text
    assert "missing: {'id': " in text
    assert "contains(" in text
    assert min(len(line) for line in text.splitlines() if "$filter" in line) < 60


def test_what_is_refused_and_excused_is_said():
    def apply(rows: Any, query: oq.Query) -> list[Any]:
        if query.skip:
            raise unsupported("$skip")
        return ids(rows, query)[:5]

    report = check(apply, excuse=lambda query, keys: "five at most" if len(keys) == 5 else None)
    assert set(report.refused) == {"UnsupportedError: $skip is not supported."}
    assert set(report.excused) == {"five at most"}
    assert "five at most" in str(report)


def test_reports_can_be_read():
    found = Disagreement({"$filter": "a eq 1"}, "rows", missing=[{"id": 1}], times=3)
    assert str(found) == "rows (3 times)\n  {'$filter': 'a eq 1'}\n  missing: {'id': 1} (of 1)"
    assert "0 cases, 0 queries" in str(Report())
    assert str(EndpointReport()) == "0 requests ()\nproblems: \n0 kinds of failure"


def test_the_same_seed_asks_a_backend_the_same():
    def asked(seed: int) -> list[Any]:
        found: list[Any] = []

        def apply(rows: Any, query: oq.Query) -> list[Any]:
            found.append((query.filter, query.orderby, query.top, query.skip))
            return ids(rows, query)

        check(apply, seed=seed, queries=50)
        return found

    assert asked(1) == asked(1) != asked(2)


# ---- endpoints -----------------------------------------------------------------------------------

JSON = {"Content-Type": "application/json"}
BOUNDS = safe_limits(oq.Limits())
Answer = tuple[int, Mapping[str, str], Any]


def answer(
    query_string: str,
    *,
    entity_type: oq.EntityType = IMAGE,
    rows: Any = ROWS,
    limits: oq.Limits = BOUNDS,
    apply: Callable[..., Any] = python.apply,
    form: Callable[[oq.ODataError], Answer] = answers.problem_details,
    body: Callable[..., Any] = lambda value, query: value,
    wrong_names: bool = True,
) -> Answer:
    """Answer as a small endpoint; each argument is a part that can be wrong."""
    try:
        query = oq.parse_query(query_string, entity_type, limits=limits)
        found = apply(rows, query)
    except oq.ODataError as error:
        return form(error)
    labels = entity_type.key
    value = [{name: row[entity_type.members[name].attribute] for name in labels} for row in found]
    return 200, JSON, json.dumps(body(value, query), default=str)


def sent(change: Callable[[str], str]) -> Callable[[str], Answer]:
    """Return an endpoint that changes the query string before it reads it."""
    return lambda query_string: answer(change(query_string))


def served(**parts: Any) -> Callable[[str], Answer]:
    return lambda query_string: answer(query_string, **parts)


def fuzz(
    call: Callable[[str], Any], entity_type: oq.EntityType = IMAGE, rows: Any = ROWS, **more: Any
) -> Any:
    return fuzz_endpoint(call, entity_type, rows, **{"requests": 150, "seed": 1, **more})


def each_part(change: Callable[[str, str], str | None]) -> Callable[[str], str]:
    """Return a function that changes the text of each option."""

    def changed(query_string: str) -> str:
        parts = [change(*part.partition("=")[::2]) for part in query_string.split("&")]
        return "&".join(part for part in parts if part is not None)

    return changed


def last_of_duplicates(query_string: str) -> str:
    return "&".join({unquote(part).partition("=")[0]: part for part in query_string.split("&")}.values())


def known(name: str) -> bool:
    return unquote(name).lower().lstrip("$") in ("filter", "orderby", "top", "skip", "count")


def moved(error: oq.ODataError) -> Answer:
    status, headers, body = answers.problem_details(error)
    body["errors"][0]["position"] += 1
    return status, headers, body


def fixed(status: int, body: Any, headers: Mapping[str, str] = JSON) -> Callable[..., Answer]:
    return lambda error: (status, headers, body)


def without_nulls(rows: Any, query: oq.Query) -> list[Any]:
    return [row for row in python.apply(rows, query) if query.filter is None or None not in row.values()]


def named(names: tuple[str, ...]) -> Callable[[str], str]:
    return each_part(lambda name, text: f"{name}={text}" if unquote(name) in names else None)


def refusing(rows: Any, query: oq.Query) -> Any:
    raise unsupported()


WRONG_ENDPOINTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "ignores $filter": (
        served(apply=lambda rows, query: python.apply(rows, replace(query, filter=None))),
        "the rows are wrong",
    ),
    "ignores $skip": (
        served(apply=lambda rows, query: python.apply(rows, replace(query, skip=None))),
        "the rows are wrong",
    ),
    "ignores $top": (
        served(apply=lambda rows, query: python.apply(rows, replace(query, top=None))),
        "the rows are wrong",
    ),
    "ignores $orderby": (
        served(apply=lambda rows, query: sorted(python.apply(rows, query), key=lambda row: row["id"])),
        "the order ",
    ),
    "sorts nulls last": (served(apply=nulls_last), "the (order|rows) "),  # a page shows other rows
    "loses rows with null": (served(apply=without_nulls), "the rows are wrong"),
    "answers a wrong query with 500": (served(form=fixed(500, {})), "the status is 500"),
    "answers a wrong query with 200": (
        served(form=fixed(200, [])),
        "a wrong query has the status 200, not 400",
    ),
    "answers a wrong query with 404": (
        served(form=fixed(404, {})),
        "a wrong query has the status 404, not 400",
    ),
    "says no code": (served(form=fixed(400, {"detail": "wrong"})), "has no code"),
    "answers in HTML": (
        served(form=fixed(400, "<p>", {"Content-Type": "text/html"})),
        "answered as text/html",
    ),
    "says another place": (served(form=moved), "the position of .* is wrong"),
    "takes + for a plus": (sent(lambda query: query.replace("+", "%2B")), "a valid query has the status 400"),
    "decodes twice": (
        sent(each_part(lambda name, text: f"{name}={unquote(text)}")),
        "%25",
    ),
    "takes names as they are": (
        sent(named(("$filter", "$orderby", "$top", "$skip"))),
        "the (rows|code|order|count)|status",
    ),
    "takes names with $ alone": (
        sent(each_part(lambda name, text: f"{name}={text}" if unquote(name).startswith("$") else None)),
        "the (rows|code|order|count)|status",
    ),
    "passes over unknown options": (
        sent(each_part(lambda name, text: f"{name}={text}" if known(name) else None)),
        "a wrong query has the status 200, not 400\nUnknown system query option",
    ),
    "strips texts": (
        sent(each_part(lambda name, text: f"{name}={text.removesuffix('%20')}")),
        "is wrong|status",
    ),
    "raises": (lambda query_string: 1 / 0, "ZeroDivisionError was raised"),
    "is not there": (lambda query_string: (404, JSON, {}), "a (valid|wrong) query has the status 404"),
    "needs a key": (lambda query_string: (401, JSON, {}), "a (valid|wrong) query has the status 401"),
    "counts the page": (
        served(body=lambda value, query: {"value": value, "@odata.count": len(value)}),
        "the count is wrong",
    ),
    "gives rows without their key": (
        served(body=lambda value, query: [{"ID": row["id"]} for row in value]),
        "the rows are wrong",
    ),
    "has no bound on length": (
        served(limits=replace(BOUNDS, max_length=None)),
        "a wrong query has the status",
    ),
    "has no bound on depth": (served(limits=replace(BOUNDS, max_depth=None)), "a wrong query has the status"),
    "has no page by default": (
        served(rows=MANY, limits=replace(BOUNDS, default_top=None)),
        "the rows are wrong",
    ),
}
WEAK_ENDPOINTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "takes the last of duplicates": (sent(last_of_duplicates), "duplicate-option"),
    "has no bound on $top": (served(limits=replace(BOUNDS, max_top=None)), "top-too-large"),
    "refuses every valid query": (served(apply=refusing), "501"),
    "says a message alone": (served(form=fixed(400, {"message": "No."})), "has no code"),
    "has an error without a code": (served(form=fixed(400, {"error": {"message": "No."}})), "has no code"),
    "has an error without a place": (served(form=fixed(400, {"errors": [{"code": "no"}]})), "the code is no"),
    "has errors that are texts": (served(form=fixed(400, {"errors": ["no code"]})), "has no code"),
    "has errors that are null": (served(form=fixed(400, {"errors": None})), "has no code"),
    "has another sub-code": (served(form=fixed(400, {"errors": [{"subCode": "400.999"}]})), "code"),
    "gives keys of several classes": (
        served(body=lambda value, query: [{"id": None}, {"id": 5}, {"id": "x"}]),
        "the rows are wrong",
    ),
    "gives no rows": (served(body=lambda value, query: None), "cannot find the rows"),
}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        *[pytest.param(*found, id=name) for name, found in WRONG_ENDPOINTS.items()],
        *[pytest.param(*found, id=name) for name, found in WEAK_ENDPOINTS.items()],
    ],
)
def test_a_wrong_endpoint_is_found_with_a_short_query_string(call, says):
    rows = MANY if call is WRONG_ENDPOINTS["has no page by default"][0] else ROWS
    with pytest.raises(AssertionError, match=says) as caught:
        fuzz(call, rows=rows, requests=1_000, most=1)
    query_string, *_ = str(caught.value).partition("kinds of failure")[2].strip().splitlines()
    has_length = "=" in query_string and "aaaaaaaaaa" in query_string or "((((" in query_string
    assert len(query_string) < 80 or has_length, query_string


def test_a_failure_that_is_known_costs_no_more_requests():
    asked = []

    def call(query_string: str) -> Answer:
        asked.append(query_string)
        return answer(query_string, apply=lambda rows, query: python.apply(rows, replace(query, filter=None)))

    with pytest.raises(AssertionError):
        fuzz(call)
    assert len(asked) < 400


def test_a_report_never_shows_a_very_long_query_string():
    with pytest.raises(AssertionError) as caught:
        fuzz(served(limits=replace(BOUNDS, max_length=None)), requests=1_000, most=1)
    assert len(str(caught.value)) < 5_000


FORMS: dict[str, Callable[..., Any]] = {
    "problem details": answers.problem_details,
    "problem details, 422": partial(answers.problem_details, invalid_status=422),
    "in Spanish": partial(answers.problem_details, accept_language="es"),
    "odata": answers.odata,
    "flat": answers.flat,
    "sub-coded": answers.sub_coded,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_answer_passes(form):
    report = fuzz(served(form=form))
    assert report.requests == 150
    assert sum(report.statuses.values()) == 150
    assert min(report.statuses[200], report.statuses[400] + report.statuses[422]) > 40


def test_the_codes_and_statuses_are_counted():
    report = fuzz(served())
    assert report.codes.total() == report.statuses[400]
    assert "150 requests (200: " in str(report)


def test_a_refusal_of_a_valid_query_passes_if_it_is_declared():
    def apply(rows: Any, query: oq.Query) -> Any:
        if query.orderby and "concat" in repr(query.orderby):
            raise unsupported("$orderby")
        return python.apply(rows, query)

    assert fuzz(served(apply=apply), seed=2).statuses[501]


BODIES: dict[str, tuple[Callable[..., Any], Any]] = {
    "a list": (lambda value, query: value, None),
    "value": (lambda value, query: {"value": value}, None),
    "value and count": (
        lambda value, query: {
            "value": value,
            **({"@odata.count": python.count(ROWS, query)} if query.count else {}),
        },
        None,
    ),
    "the only list": (lambda value, query: {"items": value, "total": 3}, None),
    "found": (
        lambda value, query: {"data": {"rows": value}, "x": [], "y": []},
        lambda body: body["data"]["rows"],
    ),
}


@pytest.mark.parametrize(("body", "found"), BODIES.values(), ids=BODIES)
def test_rows_are_found_in_the_body(body, found):
    assert fuzz(served(body=body), found=found).statuses[200]


RESPONSES: dict[str, Callable[[Answer], Any]] = {
    "a tuple": lambda given: given,
    "bytes": lambda given: (given[0], given[1], given[2].encode() if isinstance(given[2], str) else given[2]),
    "headers in lower case": lambda given: (given[0], {k.lower(): v for k, v in given[1].items()}, given[2]),
    "an object": lambda given: SimpleNamespace(status_code=given[0], headers=given[1], content=given[2]),
    "status and data": lambda given: SimpleNamespace(status=given[0], headers=given[1], data=given[2]),
    "status and body": lambda given: SimpleNamespace(status=given[0], headers=given[1], body=given[2]),
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_responses_of_any_client_are_read(response):
    assert fuzz(lambda query_string: response(answer(query_string))).statuses[200]


@pytest.mark.parametrize(
    "response",
    [None, 5, object(), ("200 OK", {}, []), (200, {}), SimpleNamespace(status=200, headers={})],
    ids=["None", "a number", "an object", "no status", "no body", "an object without a body"],
)
def test_what_is_no_response_is_a_configuration_error(response):
    with pytest.raises(oq.ConfigurationError, match="response"):
        fuzz(lambda query_string: response)


KEYS: dict[str, list[Any]] = {
    "Guid": [uuid.UUID(int=n) for n in range(9)],
    "Date": [dt.date(2024, 1, n + 1) for n in range(9)],
    "String": [f"k{n}" for n in range(9)],
}
OTHER_KEYS = {
    "DateTimeOffset": [
        (dt.datetime(2024, 1, n + 1, tzinfo=dt.UTC), f"2024-01-0{n + 1}T00:00:00Z") for n in range(9)
    ],
    "Duration": [(dt.timedelta(days=n), f"P{n}D") for n in range(9)],
    "Decimal": [(oq.parse_filter("1.50").value * n, 1.5 * n) for n in range(9)],
}


@pytest.mark.parametrize(("type", "values"), KEYS.items())
def test_a_key_is_read_from_json(type, values):
    own = model(id=key(f"Edm.{type}"), n="Edm.Int32")
    rows = [{"id": value, "n": number % 3} for number, value in enumerate(values)]
    assert fuzz(served(entity_type=own, rows=rows), own, rows).statuses[200]


@pytest.mark.parametrize(("type", "values"), OTHER_KEYS.items())
def test_a_key_is_compared_by_its_value(type, values):
    own = model(id=key(f"Edm.{type}"), n="Edm.Int32")
    rows = [{"id": value, "n": number % 3} for number, (value, _) in enumerate(values)]
    written = dict(values)
    body = partial(lambda value, query: [{"id": written[row["id"]]} for row in value])
    assert fuzz(served(entity_type=own, rows=rows, body=body), own, rows).statuses[200]


def test_a_composite_key_tells_rows_apart():
    rows = [{"a": a, "b": dt.date(2024, 1, b), "n": b} for a in "xy" for b in range(1, 8)]
    assert fuzz(served(entity_type=PAIR, rows=rows), PAIR, rows).statuses[200]


def test_rows_can_be_objects_with_other_attributes():
    own = model(id=oq.Property("Edm.Int64", nullable=False, key=True, attribute="pk"), name="Edm.String")
    rows = [SimpleNamespace(pk=number, name=f"n{number}") for number in range(30)]

    def call(query_string: str) -> Answer:
        try:
            query = oq.parse_query(query_string, own, limits=BOUNDS)
        except oq.ODataError as error:
            return answers.flat(error)
        return 200, JSON, [{"id": row.pk} for row in python.apply(rows, query)]

    assert fuzz(call, own, rows).statuses[200]


def test_limits_are_those_of_the_endpoint():
    limits = oq.Limits(max_top=7, functions=frozenset({"contains", "length"}), max_skip=50)
    assert fuzz(served(limits=safe_limits(limits)), limits=limits).statuses[200]


def test_an_endpoint_that_does_not_keep_its_limits_is_found():
    with pytest.raises(AssertionError, match="a wrong query has the status 200"):
        fuzz(served(), limits=oq.Limits(functions=frozenset(), operators=frozenset({"eq"})), requests=1_000)


def test_limits_can_be_small():
    limits = oq.Limits(max_length=60, max_depth=3, max_nodes=20)
    assert fuzz(served(limits=safe_limits(limits)), limits=limits).statuses[200]


def test_names_can_be_like_operators():
    own = model(id=key("Edm.Int64"), mode="Edm.String", note="Edm.String", age="Edm.Int32")
    rows = Rows(own).rows(Choices.seeded(1), 20)
    assert fuzz(served(entity_type=own, rows=rows), own, rows, requests=2_000).statuses[200]


def test_a_model_without_key_is_a_configuration_error():
    with pytest.raises(oq.ConfigurationError, match="Image has no key"):
        fuzz(served(), model(n="Edm.Int32"))


def test_the_same_seed_asks_an_endpoint_the_same():
    def asked(seed: int) -> list[str]:
        found: list[str] = []

        def call(query_string: str) -> Answer:
            found.append(query_string)
            return answer(query_string)

        fuzz(call, seed=seed, requests=100)
        return found

    assert asked(1) == asked(1) != asked(2)


def test_no_more_failures_are_looked_for_than_asked_for():
    with pytest.raises(AssertionError, match="\n2 kinds of failure"):
        fuzz(served(form=moved), most=2)


def test_a_model_with_tight_bounds_is_asked_what_it_takes():
    tight = PRODUCT.restrict(limits=oq.Limits(max_lambda_depth=1, max_nodes=10))
    report = check_backend(python, entity_type=tight, cases=False, queries=200)
    assert sum(report.reached.values()) > 100
