"""Tests for backends and endpoints: whether they answer queries as this library does.

    from odata_query.testing import check_backend, fuzz_endpoint

    def test_my_backend():
        check_backend(MyBackend())

    def test_my_endpoint():
        fuzz_endpoint(lambda query: client.get(f"/images?{query}"), Images, ROWS)

They need nothing but this library. For Hypothesis there is `odata_query.strategies`.
"""

from .backends import Check, Disagreement, Report, check_backend
from .endpoints import EndpointReport, fuzz_endpoint

__all__ = ["Check", "Disagreement", "EndpointReport", "Report", "check_backend", "fuzz_endpoint"]
