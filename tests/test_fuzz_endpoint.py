"""The kit for endpoints on the image service, over real HTTP, and on endpoints that are wrong.

ODATA_FUZZ=20000 ODATA_FUZZ_SEED=7 pytest tests/test_fuzz_endpoint.py
"""

from __future__ import annotations

import os

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from dam_service import Images
from test_dam_service import ANA, IMAGES, service

from odata_query.testing import fuzz_endpoint

REQUESTS = int(os.environ.get("ODATA_FUZZ", "1500"))
SEED = int(os.environ.get("ODATA_FUZZ_SEED", "1"))


def test_the_image_service_answers_every_query_string_as_it_must(tmp_path) -> None:
    with service(tmp_path) as client:
        report = fuzz_endpoint(
            lambda query: client.get(f"/images?{query}", headers=ANA),
            Images,
            IMAGES["ana"],
            requests=REQUESTS,
            seed=SEED,
        )
    print(report)
    assert set(report.statuses) <= {200, 400, 501}
    assert min(report.statuses[200], report.statuses[400]) > report.requests / 5
