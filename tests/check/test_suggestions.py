"""Suggestions for many problems at once, with the names of large models: their work has a bound."""

from __future__ import annotations

import difflib

import pytest

import odata_query as oq

COLOR = oq.EnumType("Sales.Color", {f"Color{n}": n for n in range(5_000)}, is_flags=True)
MODEL = oq.EntityType(
    "Row",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "color": oq.Property(COLOR),
        **{f"property{n}": oq.Property("Edm.Int32") for n in range(3_000)},
    },
)


@pytest.mark.parametrize(
    "part",
    [
        "color eq 'Collor{}'",
        "color has 'Colr{0},Colr1{0},Colr2{0},Colr3{0},Colr4{0}'",
        "color in ('Collor{}')",
        "color eq Collor{}",
        "propperty{} eq 1",
        "propperty{}/x eq 1",
        "$it/propperty{} eq 1",
        "color eq Colr'Color{}'",
        "contayns{}(id) eq 1",
    ],
)
def test_many_problems_compare_a_bounded_number_of_names(part, monkeypatch):
    compared = []
    real = difflib.SequenceMatcher.real_quick_ratio
    monkeypatch.setattr(
        difflib.SequenceMatcher, "real_quick_ratio", lambda self: compared.append(1) or real(self)
    )
    text = " or ".join(part.format(n) for n in range(30))
    for options in (
        {"$filter": text},
        {"$filter": "@a", "@a": text},
        {"$orderby": text.replace(" or ", ",")},
    ):
        compared.clear()
        with pytest.raises(oq.ODataError) as caught:
            oq.parse_query(options, MODEL)
        assert len(caught.value.problems) <= 20
        assert len(compared) < 1_500


def test_a_few_problems_are_still_suggested_a_name():
    text = "propperty7 eq 1 or color eq 'Collor8' or color eq 'color4999' or containz(id,'a')"
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query({"$filter": text}, MODEL)
    found = [problem.suggestion for problem in caught.value.problems]
    assert found == ["property7", "Color8", "Color4999", "contains"]
