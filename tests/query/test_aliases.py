"""Parameter aliases in aliases: how the work grows, and where their problems are."""

from __future__ import annotations

import sys

import pytest
from filters import LIFTED

import odata_query as oq

MODEL = oq.EntityType("Row", {"id": oq.Property("Edm.Int32", key=True), "ok": oq.Property("Edm.Boolean")})


def chain(count: int, value: str, last: str = "ok") -> str:
    """Make a filter of aliases, each with the next one in its value."""
    aliases = [f"@a{n}={value.replace('@', f'@a{n + 1}')}" for n in range(count)]
    return "&".join(["$filter=@a0", *aliases, f"@a{count}={last}"])


def work(text: str, limits: oq.Limits) -> int:
    """Count the calls and returns of functions."""
    events = 0

    def count(*_: object) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    try:
        oq.parse_query(text, MODEL, limits=limits)
    except oq.ODataError:
        pass
    finally:
        sys.setprofile(None)
    return events


@pytest.mark.parametrize(("value", "last"), [("@", "ok"), ("@ and @", "ok"), ("@ or ok", "@a0"), ("@", "(")])
def test_twice_the_aliases_are_twice_the_work(value, last):
    limits = oq.Limits(max_length=None, max_aliases=None, max_nodes=100_000)
    work(chain(200, value, last), limits)  # what is learnt once is not counted
    assert work(chain(200, value, last), limits) < 2.5 * work(chain(100, value, last), limits) + 500


def test_an_alias_that_doubles_at_each_step_is_refused_though_no_limit_is_set():
    with pytest.raises(oq.LimitError) as caught:
        oq.parse_query(chain(45, "@ and @"), MODEL, limits=LIFTED)
    assert caught.value.problems[0].message_id == "expression-too-large.aliases"


def test_an_alias_that_nothing_uses_is_refused_and_not_parsed():
    with pytest.raises(oq.ValidationError) as caught:
        oq.parse_query("$filter=id eq @one&@two=((((&@once=1", MODEL)
    found = [(p.code, p.option, p.suggestion) for p in caught.value.problems]
    assert found == [("unused-alias", "@two", None), ("unused-alias", "@once", "@one")]


def test_problems_in_a_value_keep_their_place_when_aliases_in_it_are_replaced():
    text = "$filter=@a and @b&@a=not (ok eq @c) and idd eq 1&@b=nope eq @c&@c=true"
    with pytest.raises(oq.ValidationError) as caught:
        oq.parse_query(text, MODEL)
    found = [(p.option, p.text[slice(*p.span)]) for p in caught.value.problems]
    assert found == [("@a", "idd"), ("@b", "nope")]
