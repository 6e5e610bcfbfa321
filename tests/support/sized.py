"""Texts of any size, by what makes them large, and a model that they fit."""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from filters import LIFTED

import odata_query as oq
from odata_query.language.ast import MAX_HEIGHT

NODE = oq.EntityType(
    "Node",
    {
        "id": oq.Property("Edm.Int32", nullable=False, key=True),
        "a": oq.Property("Edm.Boolean"),
        "n": oq.Property("Edm.Int32"),
        "s": oq.Property("Edm.String"),
        "items": oq.NavigationProperty(lambda: NODE, collection=True, table="nodes", join={"id": "parent"}),
        "next": oq.NavigationProperty(lambda: NODE, table="nodes", join={"next": "id"}),
    },
)
ROWS: list[dict[str, Any]] = [
    {"id": 1, "a": True, "n": 1, "s": "x", "items": [], "next": None},
    {"id": 2, "a": None, "n": None, "s": None, "items": None, "next": None},
]


def lambdas(count: int) -> str:
    heads = "".join(f"{'items' if n == 0 else f'x{n - 1}/items'}/any(x{n}: " for n in range(count))
    return f"{heads}x{count - 1}/a{')' * count}"


TEXTS: dict[str, tuple[Callable[[int], str], int]] = {
    "an or-chain": (lambda n: " or ".join(["a"] * n), 100_000),
    "an and-chain": (lambda n: " and ".join(["n eq 1"] * n), 10_000),
    "a list": (lambda n: f"n in ({','.join(map(str, range(n)))})", 100_000),
    "an array": (lambda n: f"[{','.join('1' * n)}] eq [1]", 10_000),
    "a path": (lambda n: "/".join([*["next"] * (n - 1), "a"]), 10_000),
    "parentheses": (lambda n: "(" * n + "a" + ")" * n, 20_000),
    "nots": (lambda n: "not " * n + "a", 20_000),
    "nots with parentheses": (lambda n: "not (" * n + "a" + ")" * n, 20_000),
    "minuses": (lambda n: "- " * n + "n eq 1", 20_000),
    "a sum": (lambda n: " add ".join(["n"] * n) + " gt 1", 20_000),
    "a sum from the right": (lambda n: "1 sub (" * n + "n" + ")" * n + " gt 1", 5_000),
    "comparisons": (lambda n: " eq ".join(["a"] * n), 10_000),
    "and in or": (lambda n: "a and (a or (" * n + "a" + "))" * n, 5_000),
    "calls": (lambda n: "concat(" * n + "s" + ",'y')" * n + " eq 'x'", 5_000),
    "cases": (lambda n: "case(a:" * n + "n" + ")" * n + " eq 1", 2_000),
    "conditions of cases": (lambda n: "case(" * n + "a" + ":a)" * n, 2_000),
    "memberships": (lambda n: "a" + " in (true)" * n, 2_000),
    "members of lists": (lambda n: "a in " * n + "[" * n + "a" + "]" * n, 2_000),
    "casts": (lambda n: "cast(" * n + "a" + ",Edm.Boolean)" * n, 2_000),
    "types": (lambda n: "isof(" * n + "a" + ",Edm.Boolean)" * n, 2_000),
    "lambdas": (lambdas, 2_000),
    "filters": (lambda n: "items" + "/$filter(a)" * n + "/any()", 2_000),
    "counts": (lambda n: "items/$count($filter=" * n + "a" + ") gt 1" * n, 1_000),
    "arrays in arrays": (lambda n: "[" * n + "1" + "]" * n + " eq null", 5_000),
    "records": (lambda n: '{"a":' * n + "1" + "}" * n, 5_000),
    "keys": (lambda n: "f" + "(1)" * n, 5_000),
    "functions of strangers": (lambda n: "f(" * n + "a" + ")" * n, 5_000),
    "a long string": (lambda n: f"s eq '{'x' * n}'", 1_000_000),
    "quotes": (lambda n: f"s eq '{chr(39) * 2 * n}'", 200_000),
    "white space": (lambda n: f"n{' ' * n}eq{chr(9) * n}1", 200_000),
    "names": (lambda n: " or ".join(f"a{n}" for n in range(n)), 5_000),
}
HIGH = (
    "nots", "nots with parentheses", "minuses", "a sum", "a sum from the right", "comparisons", "and in or",
    "calls", "cases", "lambdas", "filters", "counts", "arrays in arrays", "records", "functions of strangers",
    "conditions of cases", "memberships", "members of lists", "casts", "types",
)  # fmt: skip
"""Texts whose trees grow in height, not in width."""


def height(node: oq.Node) -> int:
    below = [node]
    levels = 0
    while below:
        below = [child for node in below for child in node.children()]
        levels += 1
    return levels


@cache
def highest(text: Callable[[int], str]) -> int:
    """The largest size whose tree is not too high."""
    for size in range(1, MAX_HEIGHT + 2):
        try:
            oq.parse_filter(text(size), limits=LIFTED)
        except oq.LimitError:
            return size - 1
    raise AssertionError("a tree of this kind does not get too high")
