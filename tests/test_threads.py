"""Threads that parse at once, from the first text on, when nothing has been learnt yet."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filters import FILTERS, LIFTED, ORDERS

import odata_query as oq

THREADS = 8
_PROGRAM = """
import sys, threading
sys.path[:0] = [{tests!r}, {root!r}]
sys.setswitchinterval(1e-6)
from concurrent.futures import ThreadPoolExecutor
from filters import FILTERS, LIFTED, ORDERS
import odata_query as oq

ready = threading.Barrier({threads})

def work(number):
    ready.wait()
    shift = number * len(FILTERS) // {threads} if {apart} else 0
    texts = FILTERS[shift:] + FILTERS[:shift]
    trees = {{text: repr(oq.parse_filter(text, limits=LIFTED)) for text in texts}}
    orders = {{text: repr(oq.parse_orderby(text, limits=LIFTED)) for text in ORDERS}}
    return sorted(trees.items()), sorted(orders.items())

with ThreadPoolExecutor({threads}) as pool:
    found = list(pool.map(work, range({threads})))
assert all(one == found[0] for one in found)
print(found[0])
"""


@pytest.mark.parametrize(
    ("apart", "times"),
    [(False, 1), (True, 1), *(pytest.param(apart, 3, marks=pytest.mark.slow) for apart in (False, True))],
)
def test_threads_that_learn_at_once_read_the_same_trees_as_one(apart: bool, times: int) -> None:
    tests = Path(__file__).parent / "support"
    program = _PROGRAM.format(tests=str(tests), root=str(tests.parent.parent), threads=THREADS, apart=apart)
    trees = sorted((t, repr(oq.parse_filter(t, limits=LIFTED))) for t in set(FILTERS))
    orders = sorted((t, repr(oq.parse_orderby(t, limits=LIFTED))) for t in set(ORDERS))
    for _ in range(times):
        done = subprocess.run(  # noqa: S603  # our own program, in a process that has learnt nothing
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.strip() == repr((trees, orders))


def test_a_thread_that_is_refused_does_not_disturb_the_others() -> None:
    ready = threading.Barrier(THREADS)
    expected = {text: oq.parse_filter(text, limits=LIFTED) for text in FILTERS}

    def work(number: int) -> bool:
        ready.wait()
        for text, tree in expected.items():
            if number % 2:
                with pytest.raises(oq.ODataError):
                    oq.parse_filter(f"{text})", limits=LIFTED)
            elif oq.parse_filter(text, limits=LIFTED) != tree:
                return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(THREADS)))
