"""Each rule of the advice on syntax, by its own example."""

from __future__ import annotations

import pytest
from filters import LIFTED

from odata_query.language.parser import _parse
from odata_query.language.syntax_advice import AFTER_OPERAND, BEFORE_OPERAND, Rule
from odata_query.language.tokens import SyntaxProblem

RULES = [*AFTER_OPERAND, *BEFORE_OPERAND]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.example!a} {rule.message}")
def test_each_rule_is_the_first_that_fits_its_example(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    apply = Rule.apply

    def spy(self: Rule, situation: object) -> SyntaxProblem | None:
        problem = apply(self, situation)  # type: ignore[arg-type]  # a Situation
        given.extend([self] * (problem is not None))
        return problem

    monkeypatch.setattr(Rule, "apply", spy)
    is_order = rule.example.startswith("$orderby=")
    text = rule.example.removeprefix("$orderby=")
    with pytest.raises(SyntaxProblem) as raised:
        _parse("orderby" if is_order else "filter", text, LIFTED.max_depth)
    assert raised.value.message == rule.message
    assert given == [rule]
    assert 0 <= raised.value.start <= (raised.value.end or len(text)) <= len(text)
