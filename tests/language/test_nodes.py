"""Nodes: what makes two equal, what a copy is, and who refuses to change one."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import odata_query as oq
from odata_query import edm

MODEL = oq.EntityType("Row", {"a": oq.Property("Edm.Int32"), "tags": oq.Property("Collection(Edm.String)")})
TEXTS = (
    "a eq 1",
    "not (a in (1, 2)) and contains(b,'x')",
    "tags/any(t: t eq 'red')",
    "f(1)/b",
    '{"a":[1,b]}',
    "cast(a,Edm.String) eq NaN",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_copy_is_equal_has_the_spans_and_the_repr(text: str) -> None:
    tree = oq.parse_filter(text)
    for other in (copy.copy(tree), copy.deepcopy(tree), oq.parse_filter(f"  {text}")):
        assert other == tree
        assert hash(other) == hash(tree)
        assert repr(other) == repr(tree)
    assert [n.span for n in oq.walk(copy.deepcopy(tree))] == [n.span for n in oq.walk(tree)]


VALUES: list[Any] = [1, 1.0, True, Decimal(1), "1", None, "NaN"]


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_literals_are_equal_if_their_values_have_one_type_too(one: Any, other: Any) -> None:
    equal = type(one) is type(other) and one == other
    assert (oq.Literal(one, edm.UNTYPED) == oq.Literal(other, edm.UNTYPED)) is equal


def test_nan_is_nan_and_another_kind_of_node_is_not_equal() -> None:
    one, other = (oq.Literal(float("nan"), edm.DOUBLE) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert oq.ListExpr(()) != oq.RecordExpr(())
    assert oq.Path(("a",)) != "a"


def test_a_typed_node_over_other_children_is_untyped() -> None:
    tree = oq.validate(oq.parse_filter("a eq 1"), MODEL)
    changed = oq.transform(tree, lambda n: oq.Literal(2, edm.INT32) if n == oq.Literal(1, edm.INT32) else n)
    assert type(changed) is oq.Call
    assert changed == oq.parse_filter("a eq 2")
    assert oq.transform(tree, lambda n: n) is tree


FROZEN = """
import odata_query as oq
from odata_query.check.typed import TypedCall

node = oq.parse_filter("a eq 1")
node.span = (0, 1)
call = oq.Call("eq", (node,))
call.function = "ne"
call.span = (0, 1)

def change(typed: TypedCall) -> None:
    typed.key = "x"
"""


@pytest.mark.slow
@pytest.mark.parametrize("checker", [("mypy",), ("pyright", "--pythonpath", sys.executable)], ids=str)
def test_type_checkers_see_nodes_frozen(checker: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip(checker[0])
    program = tmp_path / "change.py"
    program.write_text(FROZEN, "utf-8")
    root = str(Path(oq.__file__).parent.parent)
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{root}"]}}', "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", *checker, str(program)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root, "MYPYPATH": root},
        timeout=300,
        check=False,
    )
    refused = {number for number in range(1, 20) if f"change.py:{number}:" in done.stdout}
    assert refused == {6, 8, 9, 12}, done.stdout + done.stderr
