"""The budget of work at run time: `python.apply(rows, query, budget=...)`."""

import pytest

import odata_query as oq
from odata_query import python

ITEM = oq.EntityType("Item", {"n": oq.Property("Edm.Int32"), "s": oq.Property("Edm.String")})
ROW = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "s": oq.Property("Edm.String"),
        "tags": oq.Property("Collection(Edm.String)"),
        "items": oq.NavigationProperty(ITEM, collection=True),
    },
)


def rows(count, items=3, length=10):
    return [
        {
            "id": n,
            "s": "ab" * (length // 2),
            "tags": ["x"] * items,
            "items": [{"n": k, "s": "ab"} for k in range(items)],
        }
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("options", "units"),
    [
        ("$filter=id ge 0", 2),
        ("$filter=items/any(i: i/n lt 0)", 4 + 3 * 2),
        ("$filter=items/all(i: $it/items/any(j: j/n ge 2))", 4 + 3 * (4 + 3 * 2)),
        ("$filter=tags/$count ge 0", 5),
        ("$filter=contains(s,'q') or matchespattern(s,'^q')", None),
        ("$filter=items/$filter(n ge 0)/$count ge 0", None),
        ("$filter=hassubset(tags,['q'])", None),
        ("$orderby=items/$count,tolower(s) desc", None),
        ("$filter=items/any(i: i/n lt 0)&$orderby=id", None),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_a_budget_stops_a_query_before_it_takes_more_and_changes_no_rows(options, units, many):
    query = oq.parse_query(options, ROW)
    given = rows(600 if many else 5)
    expected = python.apply(given, query)
    enough = next(2**n for n in range(40) if not stops(given, query, 2**n))
    assert python.apply(given, query, budget=enough) == expected
    least = next(n for n in (enough // 2, enough) if not stops(given, query, n))
    assert stops(given, query, least // 4)
    if units is not None:
        assert units * len(given) // 3 < enough <= units * len(given) * 2
    with pytest.raises(oq.LimitError) as caught:
        python.apply(given, query, budget=1)
    [problem] = caught.value.problems
    assert (problem.code, problem.option) == ("query-too-expensive", options[: options.index("=")])
    assert "1 comparisons" in problem.message
    assert python.apply(given, query) == expected


def stops(given, query, budget):
    try:
        python.apply(given, query, budget=budget)
    except oq.LimitError:
        return True
    return False


@pytest.mark.parametrize(
    ("filter", "small", "large"),
    [
        ("items/any(i: i/n lt 0)", rows(5), rows(5, items=3_000)),
        ("items/all(i: $it/items/any(j: j/n lt 0) or i/n ge 0)", rows(2), rows(2, items=100)),
        ("tolower(s) eq 'q'", rows(5), rows(5, length=100_000)),
        ("contains(concat(s,s),'q')", rows(5), rows(5, length=100_000)),
        ("matchespattern(s,'b.{9}q')", rows(1), rows(1, length=10_000)),
        ("matchespattern('abababab',s)", rows(5), [{**row, "s": "a.{0,1900}b"} for row in rows(5)]),
        ("'q' in tags", rows(5), rows(5, items=3_000)),
        ("hassubset(tags,tags)", rows(5), rows(5, items=100)),
        ("items/$count($filter=n lt 0) gt 9000", rows(5), rows(5, items=3_000)),
    ],
)
def test_the_budget_counts_the_members_and_characters_of_the_rows(filter, small, large):
    query = oq.parse_query({"$filter": filter}, ROW)
    python.apply(small, query, budget=5_000)
    assert python.count(small, query, budget=5_000) == python.count(small, query)
    with pytest.raises(oq.LimitError, match="5000 comparisons"):
        python.apply(large, query, budget=5_000)
    with pytest.raises(oq.LimitError, match="5000 comparisons"):
        python.count(large, query, budget=5_000)


def test_a_budget_is_a_whole_number_and_needs_a_model():
    query = oq.parse_query("$filter=id eq 1", ROW)
    for wrong in (-1, 2.5, "9", True):
        with pytest.raises(oq.ConfigurationError, match="budget"):
            python.apply([], query, budget=wrong)
    with pytest.raises(oq.ConfigurationError, match="entity_type"):
        python.apply([], oq.parse_query("$filter=id eq 1"), budget=5)
    assert python.apply(rows(3), oq.parse_query("", ROW), budget=0) == rows(3)
