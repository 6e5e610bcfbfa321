"""Recursion without Python's stack, for trees whose depth a stranger decides."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

Steps = Generator[Any, Any, Any]
"""A function that yields the calls it would make (as generators) and is sent their results."""


def run(steps: Steps) -> Any:
    """The result of a generator that calls others by yielding them: `x = yield visit(child)`."""
    pending = [steps]
    result: Any = None
    while True:
        try:
            call = pending[-1].send(result)
        except StopIteration as stop:
            pending.pop()
            result = stop.value
            if not pending:
                return result
        else:
            pending.append(call)
            result = None
