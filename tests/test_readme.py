"""The README: each block runs alone, prints what is shown, and passes strict type checkers."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from odata_query.sql.dialects import BUILT_IN, dialect

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", README, re.M | re.S)
"""The programs, each with the text after it, which it prints."""
SERVICE = next(code for code, _ in BLOCKS if "FastAPI()" in code)
NEEDED = ("fastapi", "httpx")
COMMANDS = [block.strip() for block in re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)]


def run(*command: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=cwd, env=environment, timeout=300
    )


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> list[Path]:
    """The README's blocks as files."""
    folder = tmp_path_factory.mktemp("readme")
    for number, (code, _) in enumerate(BLOCKS):
        (folder / f"block_{number}.py").write_text(code, "utf-8")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs_alone_and_prints_what_is_shown(programs, number, tmp_path):
    if BLOCKS[number][0] == SERVICE:
        pytest.importorskip("fastapi")
    done = run(sys.executable, programs[number], cwd=tmp_path)
    assert (done.stderr, done.stdout) == ("", BLOCKS[number][1])


@pytest.mark.slow
@pytest.mark.parametrize("checker", [("mypy", "--strict"), ("pyright",)], ids=lambda checker: checker[0])
def test_the_blocks_pass_a_strict_type_checker(programs, checker):
    for module in (checker[0], *NEEDED):
        pytest.importorskip(module)
    if checker[0] == "pyright":
        path = f'{{"typeCheckingMode": "strict", "extraPaths": ["{ROOT}"], "reportMissingTypeStubs": false}}'
        (programs[0].parent / "pyrightconfig.json").write_text(path, "utf-8")
        checker = ("pyright", "--pythonpath", sys.executable)
    done = run(sys.executable, "-m", *checker, *programs, cwd=programs[0].parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_command_selects_rows_of_the_sample():
    command = COMMANDS[0].rpartition("&& ")[2]
    done = run("bash", "-c", command.replace(".venv/bin/odata-query", f"{sys.executable} -m odata_query"))
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) > 5
    assert all('"fileType": "gif"' not in line for line in lines)


def test_the_test_commands_are_those_that_ci_runs():
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    pattern = re.search(r"grep -E '(.*)' README.md", ci)
    assert pattern is not None
    assert [line for line in README.splitlines() if re.search(pattern[1], line)] == COMMANDS[1:3]


def test_every_link_leads_to_a_file_and_a_heading():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        path, _, heading = target.partition("#")
        text = (ROOT / path).read_text("utf-8")
        headings = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
        assert not heading or heading in headings, target


def test_the_dialects_that_are_shown_as_run_on_their_engine_are_those():
    rows = {
        line.split(" | ")[0].strip("| "): line for line in README.splitlines() if line.startswith("| SQL")
    }
    for title, is_verified in (("SQL, run on the engine", True), ("SQL, not run on the engine", False)):
        shown = set(re.findall(r"`(\w+)`", rows[title])) - {"mariadb"}
        assert shown == {name for name in BUILT_IN if dialect(name).verified is is_verified}


REQUESTS = [
    ("$orderby=createdOn desc", 200, ["logo", "front.jpg"]),
    ("$filter=fileType ne 'gif'&$orderby=createdOn", 200, ["front.jpg", "logo"]),
    ("$filter=fileType eq 'jpg'", 200, ["front.jpg"]),
    ("$filter=contains(reference, 'fron') and createdOn lt 2024-04-06", 200, ["front.jpg"]),
    ("$filter=owner eq 'eva'", 400, None),
    ("$filter=fileType eq", 400, None),
    ("$top=1001", 400, None),
    ("$select=reference", 501, None),
]


@pytest.mark.filterwarnings("ignore:Using .httpx.")
def test_the_service_answers(tmp_path, monkeypatch):
    for module in NEEDED:
        pytest.importorskip(module)
    import httpx

    monkeypatch.chdir(tmp_path)
    service: dict[str, Any] = {"__name__": "service"}
    exec(compile(SERVICE, "README.md", "exec", dont_inherit=True), service)

    async def get(query: str) -> httpx.Response:
        transport = httpx.ASGITransport(service["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(f"/images?{query}")

    for query, status, references in REQUESTS:
        response = asyncio.run(get(query))
        assert response.status_code == status, query
        if references is None:
            assert response.headers["content-type"] == "application/problem+json"
        else:
            assert [row["reference"] for row in response.json()["value"]] == references
    assert asyncio.run(get("$count=true&$top=1")).json()["@odata.count"] == 2
