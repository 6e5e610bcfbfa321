"""The methods of `logic.Emitter` that closures and generated code share: each calls a Python function."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from .. import edm
from ..check.typed import TypedCall, TypedPath
from ..language.ast import Literal
from .functions import KLEENE, cast, is_member, same_items

Part = TypeVar("Part")


class PythonEmitter(ABC, Generic[Part]):
    """Emit Python. A part is a function in `closures`, an expression in `source`.

    zone  of moments in the rows that have no offset
    """

    uses_indexes = False
    option = "$filter"

    def __init__(self, zone: dt.tzinfo) -> None:
        self.zone = zone

    @abstractmethod
    def invoke(self, function: Callable[..., Any], *arguments: Part) -> Part:
        """Call a function with arguments that can be null."""

    @abstractmethod
    def compare_equal(self, left: Part, right: Part, wanted: bool) -> Part:
        """Compare by `==`, or by `!=` if wanted is False; `None == None`, as OData has it."""

    def compare_fast(self, node: TypedCall, path: TypedPath, value: Literal, wanted: bool) -> None:
        """Return None: nothing is faster than the usual way."""

    def enter(self, level: int, type: edm.Type, collection: Part) -> None:
        """Do nothing: the variable of a lambda has the number of its level."""

    def equals(
        self,
        left: Part,
        right: Part,
        types: tuple[edm.Type, edm.Type],
        nullable: Sequence[bool],
        wanted: bool,
    ) -> Part:
        if isinstance(types[0], edm.CollectionType):
            return self.invoke(partial(same_items, wanted=wanted), left, right)
        return self.compare_equal(left, right, wanted)

    def in_collection(self, part: Part, collection: Part, wanted: bool) -> Part:
        return self.invoke(partial(is_member, wanted=wanted), part, collection)

    def bound_pattern(self, part: Part, most: int) -> Part:
        """Make a pattern null that needs more than `most` states."""
        from ..regex import within  # few queries need it

        return self.invoke(partial(within, most), part)

    def kleene(self, name: str, parts: Sequence[Part]) -> Part:
        return self.invoke(KLEENE[name], *parts)

    def cast(self, part: Part, source: edm.Type, target: edm.Type) -> Part:
        return self.invoke(partial(cast, source=source, target=target), part)

    def count_members(self, collection: Part) -> Part:
        return self.invoke(lambda items: None if items is None else len(items), collection)

    def list_of(self, parts: Sequence[Part]) -> Part:
        return self.invoke(lambda *items: [*items], *parts)
