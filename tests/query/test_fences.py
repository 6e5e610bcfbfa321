"""The service's condition is a fence: nothing of the client's is evaluated on a row that it drops."""

import pytest
from fences import CONDITIONS, ORDER, QUERIES, nested

import odata_query as oq
from odata_query import python

ATTRIBUTES = {"tenant": {"tenant"}, "owners": {"owners"}}


class Watched:
    """A row that notes which of its attributes are read."""

    def __init__(self, values, noted):
        self.values, self.noted = values, noted

    def __getattr__(self, name):
        self.noted.add((self.values["id"], name))
        return self.values[name]


@pytest.fixture(scope="module", name="content")
def rows_of_all():
    return nested(600)


@pytest.mark.parametrize("count", [100, 600], ids=["functions", "generated code"])
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("text", QUERIES)
def test_python_reads_of_a_hidden_row_what_the_services_condition_reads_alone(
    content, text, condition, count
):
    noted = set()
    rows = [Watched(row, noted) for row in content[:count]]
    query = oq.parse_query(text, ORDER).with_filter(condition, **CONDITIONS[condition])
    kept = {row.values["id"] for row in rows if row.values["tenant"] == 7}
    for found in (python.apply(rows, query), list(filter(python.predicate(query), rows))):
        assert found == [] or {row.values["id"] for row in found} <= kept
        assert {name for id, name in noted if id not in kept} <= {"tenant", "owners"}
        assert python.count(rows, query) <= len(kept)


@pytest.mark.parametrize("count", [100, 600])
def test_conditions_that_are_added_later_are_evaluated_first(content, count):
    noted = set()
    rows = [Watched(row, noted) for row in content[:count]]
    query = oq.parse_query("$filter=startswith(note,'seen')", ORDER).with_filter("size eq 2")
    query = query.with_filter("owners/any(o:o eq 1)").with_filter("tenant eq 7")
    assert all(row.size == 2 and row.tenant == 7 for row in python.apply(rows, query))
    noted.clear()
    python.apply(rows, query)
    read = {
        name: {id for id, attribute in noted if attribute == name}
        for name in ("tenant", "owners", "size", "note")
    }
    assert len(read["tenant"]) == count
    assert read["note"] < read["size"] == read["owners"] == {n for n in range(count) if n % 10 == 3}


@pytest.mark.parametrize(
    ("text", "condition", "printed"),
    [
        ("$filter=size gt 1 or size lt 0", "tenant eq 7", "tenant eq 7 and (size gt 1 or size lt 0)"),
        ("$filter=size gt 1", "tenant eq 7 or tenant eq 8", "(tenant eq 7 or tenant eq 8) and size gt 1"),
        ("", "tenant eq 7 or tenant eq 8", "tenant eq 7 or tenant eq 8"),
        ("$orderby=size add 1", "tenant eq 7", "tenant eq 7"),
        ("$filter=true", "tenant eq 7", "tenant eq 7 and true"),
    ],
)
def test_a_fence_is_printed_as_and(text, condition, printed):
    query = oq.parse_query(text, ORDER).with_filter(condition)
    assert oq.unparse(query.filter) == printed
    assert oq.validate(oq.parse_filter(printed), ORDER)
