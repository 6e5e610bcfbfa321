"""Whatever eq accepts and does, all other operations that compare do, for each pair of types."""

from __future__ import annotations

import pytest

import odata_query as oq
from odata_query import python
from odata_query.testing.conformance import native, suites

[SUITE] = [suite for suite in suites() if suite.name == "collections"]
MODEL = SUITE.entity_type
ROWS = [native(row, MODEL) for row in SUITE.rows]
PROPERTIES = {
    "name": "tags", "n": "ns", "l": "ls", "price": "prices", "x": "xs", "w": "ws", "d": "ds", "at": "ats", "ref": "refs",
    "role": "roles", "t": None, "took": None, "active": None, "bin": None,
}  # fmt: skip
"""A property of each type, and a collection of that type."""
LITERALS = (
    "null", "'P1D'", "'Manager'", "'a'", "true", "3", "1.1", "3.14", "1.1e0", "9007199254740992e0", "9007199254740993",
    "4611686018427387905", "12345678901234567890123456789012345678", "1e300", "INF", "NaN", "2024-01-01",
    "2024-01-01T00:00:00Z", "10:20:30", "duration'PT24H'", "11111111-2222-3333-4444-555555555555", "Ns.Role'Guest'",
    "binary'AA'", "geography'SRID=4326;Point(1 2)'",
)  # fmt: skip


def answer(filter: str) -> object:
    """Return the rows of a filter, or the code of its problem; its typed form, printed, means the same."""
    try:
        query = oq.parse_query({"$filter": filter}, entity_type=MODEL)
    except oq.ODataError as error:
        return error.problems[0].code
    found = [row["id"] for row in python.apply(ROWS, query)]
    again = oq.parse_query({"$filter": oq.unparse(query.filter)}, entity_type=MODEL)
    assert [row["id"] for row in python.apply(ROWS, again)] == found, oq.unparse(query.filter)
    return found


def alike(*filters: str) -> None:
    answers = {filter: answer(filter) for filter in filters}
    assert len(set(map(str, answers.values()))) == 1, answers


@pytest.mark.parametrize("a", PROPERTIES)
def test_a_property_and_a_literal_compare_alike_everywhere(a):
    collection = PROPERTIES[a]
    for b in LITERALS:
        alike(
            f"{a} eq {b}", f"{b} eq {a}", f"not ({b} ne {a})", f"{a} in ({b})", f"{a} in [{b}]", f"[{a}] eq [{b}]",
            f"[{b}] eq [{a}]", f"[{b}] in [[{a}]]", f"case(true:{a}) eq {b}", f"hassubset([{a}],[{b}])",
            f"contains([{b}],[{a}])", f"{b} in concat([{a}],[])",
        )  # fmt: skip
        if not collection:
            continue
        alike(
            f"{collection}/any(v:v eq {b})", f"{collection}/any(v:{b} eq v)", f"{collection}/any(v:v in ({b}))",
            f"{b} in {collection}", f"{b} in $it/{collection}", f"hassubset({collection},[{b}])",
            f"contains({collection},[{b}])", f"hassubsequence({collection},[{b}])", f"indexof({collection},[{b}]) ge 0",
            f"{collection}/$filter($this eq {b})/$count gt 0",
        )  # fmt: skip
        alike(f"{collection} eq [{b}]", f"not ([{b}] ne {collection})", f"{collection} in [[{b}]]")


@pytest.mark.parametrize("a", PROPERTIES)
def test_two_properties_compare_alike_everywhere(a):
    for b, others in PROPERTIES.items():
        alike(
            f"{a} eq {b}",
            f"{b} eq {a}",
            f"[{a}] eq [{b}]",
            f"hassubset([{a}],[{b}])",
            f"case(true:{a}) eq {b}",
        )
        collection = PROPERTIES[a]
        if collection:
            alike(
                f"{collection}/any(v:v eq {b})", f"{collection}/any(v:{b} eq v)", f"{b} in {collection}",
                f"hassubset({collection},[{b}])", f"hassubsequence({collection},[{b}])",
            )  # fmt: skip
        if collection and others:
            alike(f"{collection} eq {others}", f"{others} eq {collection}", f"not ({collection} ne {others})")


@pytest.mark.parametrize("a", LITERALS)
def test_two_literals_compare_alike_everywhere(a):
    for b in LITERALS:
        alike(f"{a} eq {b}", f"{b} eq {a}", f"{a} in ({b})", f"[{a}] eq [{b}]", f"hassubset([{a}],[{b}])")


TEXTS = {
    "d": "2024-01-01", "at": "2024-06-01T14:00:00+02:00", "t": "10:20:30", "took": "PT24H",
    "ref": "99999999-2222-3333-4444-AAAAAAAAAAAA", "role": "Admin,Guest",
}  # fmt: skip
AS_LITERAL = {"took": "duration'{}'", "role": "Ns.Role'{}'"}


@pytest.mark.parametrize("a", TEXTS)
def test_a_text_in_a_json_array_is_read_as_the_type_it_meets(a):
    literal, text = AS_LITERAL.get(a, "{}").format(TEXTS[a]), f'"{TEXTS[a]}"'
    wanted = answer(f"{a} eq {literal}")
    assert isinstance(wanted, list)
    assert wanted
    for filter in (
        f"{a} in [{text}]", f"[{a}] eq [{text}]", f"[{text},null] eq [{a},null]", f"hassubset([{text}],[{a}])",
        f"[{a}] in [[{text}]]", f"{a} in concat([{text}],[{a}]) and {a} in [{text}]", f"{a} in case(true:[{text}],active:[{a}])",
        f"not ([[{text}]] ne [[{a}]])", f"[{text}] eq [{literal}] and {a} eq {literal}",
    ):  # fmt: skip
        assert answer(filter) == wanted, filter
    alias = oq.parse_query({"$filter": f"{a} in @p", "@p": f"[{text}]"}, entity_type=MODEL)
    assert [row["id"] for row in python.apply(ROWS, alias)] == wanted
    wrong = {"$filter": f"{a} in @p", "@p": f'[{text},null,"?"]'}
    with pytest.raises(oq.ValidationError) as caught:
        oq.parse_query(wrong, entity_type=MODEL)
    [problem] = caught.value.problems
    place = wrong["@p"].index('"?"')
    assert (problem.option, problem.span) == ("@p", (place, place + 3))
    assert problem.code == ("unknown-member" if a == "role" else "literal-out-of-range")
