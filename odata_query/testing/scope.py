"""What paths can start with, at one place of an expression."""

from __future__ import annotations

from dataclasses import dataclass

from .. import edm
from ..model.properties import StructuredType


@dataclass(frozen=True)
class Scope:
    """What paths can start with, the nearest first: the first segments, and the type behind them.

    sorting  whether a path from the row is one to sort by
    """

    starts: tuple[tuple[tuple[str, ...], edm.Type], ...]
    sorting: bool = False

    @property
    def hidden(self) -> frozenset[str]:
        """What an unprefixed path cannot begin with."""
        return frozenset(prefix[0] for prefix, _ in self.starts if prefix)

    @property
    def nesting(self) -> int:
        """How many lambdas are around."""
        return len(self.hidden)

    def inside(self, variable: str, element: edm.Type) -> Scope:
        """The scope of a lambda, or of `$filter`, whose members can also be asked without a prefix."""
        own: list[tuple[tuple[str, ...], edm.Type]] = [((variable,), element)]
        replaced: set[tuple[str, ...]] = {(variable,)}
        if variable == "$this":
            replaced.add(())
            if isinstance(element, StructuredType):
                own.insert(0, ((), element))
        return Scope((*own, *[start for start in self.starts if start[0] not in replaced]))
