"""Tests for users: check that a backend or an endpoint answers queries as this library does.

    from odata_query.testing import check_backend, fuzz_endpoint

    def test_my_backend():
        check_backend(MyBackend())

    def test_my_endpoint():
        fuzz_endpoint(lambda query: client.get(f"/images?{query}"), Images, ROWS)

The kit needs only the standard library. `odata_query.strategies` has strategies for Hypothesis.
"""

from .backends import Check, Disagreement, Report, check_backend
from .endpoints import EndpointReport, fuzz_endpoint

__all__ = ["Check", "Disagreement", "EndpointReport", "Report", "check_backend", "fuzz_endpoint"]
