"""Measure the share of the library in a request to a service: parse_query, with_filter and sql.select.

    python benchmarks/service.py [--quick] [--images N]

The service is tests/examples/image_service.py (FastAPI, SQLite), served by uvicorn in a process of its own
and asked by httpx over one connection that stays open; the queries are those of its documentation. It needs
fastapi, httpx and uvicorn, and takes a minute.

The library, the whole request, and the app called without a network (the harsher figure: a faster server
or client does not change it) take samples in turn, round after round. A sample is the median of some
repeats. A share is that of two samples of one round, so that the drift of a noisy machine cancels.
Reported are the medians of the rounds (and the least to the greatest).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tests" / "examples"))

import httpx
import uvicorn
from image_service import QUERIES, SCHEMA, Images, create_app

from odata_query import sql
from odata_query.web import Endpoint

KEY, TENANT = "the-key", "the-tenant"
REPEATS = 20
ENDPOINT = Endpoint(Images)

# ---- the service ---------------------------------------------------------------------------------


def store(database: str, images: int) -> None:
    """Create a database with images of the tenant."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(SCHEMA)
        for n in range(images):
            kind = ("jpg", "png", "gif", "webp")[n % 4]
            moment = f"2024-04-{n % 28 + 1:02}T08:44:33"
            url = f"https://cdn.example.com/{n}"
            name = f"{'product-' * (n % 3 == 0)}{n:05}.{kind}"
            status = ("Ok", "Ok", "Re", "Er", "Vd")[n % 5]
            row: list[object] = [n, TENANT, name, n % 50, status, moment, kind, moment]
            row += [json.dumps(["animales", "mascotas"]), url, *[f"{url}_TH.png"] * 3, 800, 600, 102_400]
            connection.execute(f"INSERT INTO images VALUES ({', '.join('?' * len(row))})", row)


def serve(database: str) -> None:
    """Serve at a free port, and print its number."""

    async def run() -> None:
        server = uvicorn.Server(
            uvicorn.Config(create_app(database, {KEY: TENANT}), port=0, log_level="error")
        )
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await task

    asyncio.run(run())


@contextmanager
def served(database: str) -> Iterator[httpx.Client]:
    """A client of the service in a process of its own."""
    command = [sys.executable, __file__, "--serve", database]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-KEY": KEY}) as client:
                yield client
        finally:
            process.terminate()


# ---- measuring -----------------------------------------------------------------------------------


def library(text: str) -> Callable[[], Awaitable[int]]:
    async def run() -> int:
        query = ENDPOINT.query(text).with_filter("tenantId eq @tenant", tenant=TENANT)
        sql.select(query, "images", dialect="sqlite", columns=Images.properties)
        return 0

    return run


def request(client: httpx.Client, text: str) -> Callable[[], Awaitable[int]]:
    url = f"/images?{text}"

    async def run() -> int:  # the server is another process, so that this one may wait
        answer = client.get(url)
        return len(answer.raise_for_status().json()["value"])

    return run


def call(app: Any, text: str) -> Callable[[], Awaitable[int]]:
    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "scheme": "http", "root_path": ""}
    scope |= {"method": "GET", "path": "/images", "raw_path": b"/images", "query_string": text.encode()}
    headers = [(b"host", b"localhost"), (b"x-api-key", KEY.encode())]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def run() -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({**scope, "headers": headers}, receive, send)
        if sent[0]["status"] != 200:
            raise SystemExit(f"{text}: {sent}")
        return 0

    return run


async def sample(run: Callable[[], Awaitable[int]]) -> float:
    """Return the median time of several runs in seconds."""
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        await run()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


async def measure(database: str, client: httpx.Client, rounds: int) -> None:
    """Take the samples, and print the table."""
    app = create_app(database, {KEY: TENANT})
    shares: dict[str, list[float]] = defaultdict(list)
    print("| query | rows | library, µs | request, µs | share, % | app, µs | share, % |")
    print("| --- " * 7 + "|")
    for query in QUERIES:
        text = quote(query, safe="$=&(),'")
        stages = {"library": library(text), "request": request(client, text), "app": call(app, text)}
        found: dict[str, list[float]] = defaultdict(list)
        for number in range(-1, rounds):  # the first one warms up
            for name in list(stages)[:: 1 if number % 2 else -1]:
                taken = await sample(stages[name])
                if number >= 0:
                    found[name].append(taken)
        cells = [f"`{query}`", str(await stages["request"]()), micro(found["library"])]
        for name in ("request", "app"):
            of_rounds = [a / b for a, b in zip(found["library"], found[name], strict=True)]
            shares[name].append(statistics.median(of_rounds))
            cells += [micro(found[name]), percent(of_rounds)]
        print(f"| {' | '.join(cells)} |", flush=True)
    means = {name: f"{statistics.geometric_mean(of_queries):.1%}" for name, of_queries in shares.items()}
    print(
        f"\nThe library's share (geometric mean): {means['request']} of a request, {means['app']} of the app."
    )


def micro(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e6:,.0f}"


def percent(shares: list[float]) -> str:
    return f"{statistics.median(shares):.1%} ({min(shares):.1%} to {max(shares):.1%})"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description="The library's share of a request: see the head of this file."
    )
    options.add_argument("--quick", action="store_true", help="few rounds, for a first look")
    options.add_argument("--images", type=int, default=40, help="how many there are: pages have 100 at most")
    options.add_argument("--serve", metavar="DATABASE", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with tempfile.TemporaryDirectory() as directory:
        database = f"{directory}/images.db"
        store(database, given.images)
        with served(database) as client:
            asyncio.run(measure(database, client, 5 if given.quick else 40))
    versions = (f"{name} {metadata.version(name)}" for name in ("fastapi", "httpx", "uvicorn"))
    print(f"Python {platform.python_version()}, {', '.join(versions)}.")


if __name__ == "__main__":
    main()
