"""Decisions read from bytes: what they generate shrinks when the bytes shrink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_CHUNK = 256


class Choices:
    """A source of decisions: `Choices(b"...")`, or the endless `Choices.seeded(7)`.

    Decision 0 is the simplest, and so is every decision after the end of the bytes. Fewer and lower bytes
    therefore generate less.
    """

    __slots__ = ("data", "end", "more", "place")

    def __init__(self, data: bytes, more: Callable[[], bytes] | None = None) -> None:
        self.data = data
        self.end = len(data)
        self.place = 0
        self.more = more

    @classmethod
    def seeded(cls, seed: int) -> Choices:
        """Return endless decisions, the same for the same seed."""
        random = Random(seed)  # noqa: S311 - tests must be repeatable
        return cls(b"", lambda: random.randbytes(_CHUNK))

    def byte(self) -> int:
        place = self.place
        if place == self.end:
            if self.more is None:
                return 0
            self.data = self.more()
            self.end = len(self.data)
            place = 0
        self.place = place + 1
        return self.data[place]

    def below(self, count: int) -> int:
        """Choose a number from 0 to `count - 1`."""
        if count <= 1:
            return 0
        if count <= 16:
            return self.byte() * count >> 8
        value, width = self.byte(), 8
        while count > 1 << (width - 4):
            value, width = value << 8 | self.byte(), width + 8
        return value * count >> width

    def between(self, least: int, most: int) -> int:
        """Choose a number from `least` to `most`."""
        return least + self.below(most - least + 1)

    def chance(self, share: float) -> bool:
        """Return True with the probability `share`; False is the simpler decision."""
        return self.byte() >= 256 - share * 256

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of the options; the first is the simplest."""
        return options[self.below(len(options))]
