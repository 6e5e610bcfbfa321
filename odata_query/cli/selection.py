"""The rows of a file that a query selects, of which few are in memory at once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from .. import python
from ..check.typed import TypedPath
from ..language.ast import walk
from ..query import Query
from .files import Data, followed, shown
from .formats import Row

_BATCH = 2000
"""Rows that are tested together."""


class Spool:
    """Values of JSON in a temporary file."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  # this class is its context manager
        self.end = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def append(self, value: Any) -> int:
        """Add a value, and return its place."""
        place = self.end
        self.end += self.file.write(json.dumps(value).encode() + b"\n")
        return place

    def read(self, place: int) -> Any:
        self.file.seek(place)
        return json.loads(self.file.readline())

    def __iter__(self) -> Iterator[Any]:
        self.file.seek(0)
        return map(json.loads, self.file)


class Selection:
    """The rows that a query selects, and their number without `$top` and `$skip`.

    as_in_file  True for the fields of CSV as texts
    label       the name of the progress while rows are taken
    count       the number of rows that the filter keeps, once all rows were taken
    """

    def __init__(self, data: Data, query: Query, *, as_in_file: bool, label: str) -> None:
        self.data, self.query, self.as_in_file, self.label = data, query, as_in_file, label
        self.count = 0
        self.start = query.skip or 0
        self.end = None if query.top is None else self.start + query.top

    def __iter__(self) -> Iterator[Row]:
        if self.data.entity_type is None:  # a file without rows has no names, so none in the query is wrong
            return
        if self.query.orderby:
            yield from self.ordered()
            return
        for row, _ in self.matching(self.label):
            if self.count > self.start and (self.end is None or self.count <= self.end):
                yield row
            if self.end is not None and self.count >= self.end and not self.query.count:
                return

    def matching(self, label: str) -> Iterator[tuple[Row, Row]]:
        """Yield the rows that the filter keeps, as they are printed and as values."""
        query = replace(self.query, orderby=(), top=None, skip=None)
        rows = self.data.originals(label)
        while batch := list(islice(rows, _BATCH)):
            values = list(map(self.data.value_of, batch))
            originals = dict(zip(map(id, values), batch, strict=True))
            for value in python.apply(values, query):
                self.count += 1
                yield originals[id(value)] if self.as_in_file else value, value

    def ordered(self) -> Iterator[Row]:
        """Yield the rows in their order. Sort what the order reads; other values are in a file meanwhile."""
        order = replace(self.query, filter=None, top=self.end, skip=None)
        names = self.names_in_order()
        kept: list[dict[Any, Any]] = []
        with Spool() as spool:
            is_short = self.end is not None and self.end <= _BATCH
            for row, value in self.matching("Selecting..."):
                # No column is called None.
                kept.append({name: value.get(name) for name in names})
                kept[-1][None] = row if is_short else spool.append(row)
                if self.end is not None and len(kept) >= self.end + _BATCH:
                    kept = python.apply(kept, order)
            size = self.data.size
            with shown("Sorting...", size):
                kept = python.apply(kept, order)[self.start :]
            label = "" if self.label == "Selecting..." else self.label
            for item in followed(kept, label, size, len(kept)):
                yield item[None] if is_short else spool.read(item[None])

    def names_in_order(self) -> set[str]:
        """The names in rows that `$orderby` reads."""
        nodes = [node for item in self.query.orderby for node in walk(item.expression)]
        paths = [node.members for node in nodes if isinstance(node, TypedPath) and not node.level]
        return {members[0].attribute for members in paths if members}
