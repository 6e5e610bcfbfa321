"""Settings of all tests."""

import itertools
import os

import pytest
from engines import ENGINES, close_all, engine, engines_to_test, missing_engines
from hypothesis import HealthCheck, settings

# Two shared cores: an example may wait for its turn longer than a deadline says.
settings.register_profile(
    "odata", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("odata")


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore:PySpark does not yet fully support pandas")
    config.addinivalue_line("filterwarnings", "ignore:XDG_RUNTIME_DIR is not set")
    try:
        engines_to_test()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


TESTS_PER_DOT = 200
passed_tests = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report, config):
    """Print a dot for every 200 tests that pass or are skipped, so that a quiet run takes few lines."""
    if config.get_verbosity() >= 0 or report.failed or hasattr(report, "wasxfail"):
        return None
    if report.when == "call" or report.skipped:
        letter = "" if next(passed_tests) % TESTS_PER_DOT else "."
        return report.outcome, letter, report.outcome.upper()
    return None


def pytest_generate_tests(metafunc):
    """Run a test with an `engine` once for each engine."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engines_to_test(), indirect=True, scope="session")


@pytest.fixture(scope="session", name="engine")
def running_engine(request):
    reason = ENGINES[request.param].missing()
    if reason:
        pytest.skip(f"{request.param}: {reason}")
    return engine(request.param)


def pytest_sessionfinish(session):
    close_all()
    if missing_engines() and os.environ.get("ODATA_ENGINES_REQUIRED") == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    missing = missing_engines()
    wanted = engines_to_test()
    reasons = [
        f"{name} ({missing.get(name, 'not in ODATA_ENGINES')})"
        for name in ENGINES
        if name in missing or name not in wanted
    ]
    if reasons:
        terminalreporter.write_line("engines not tested: " + ", ".join(reasons))
