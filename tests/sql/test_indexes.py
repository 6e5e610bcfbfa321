"""The SQL of a query reads the indexes that an expert's SQL reads, and nothing more."""

import pytest
from indexes import CASES, PLANS, TABLES, by_hand, fill, ours, plan

TITLES = [case.title for case in CASES]


@pytest.fixture(scope="module", name="filled")
def filled_engine(engine):
    if engine.name not in PLANS:
        pytest.skip(f"{engine.name} has no such indexes")
    fill(engine, 20_000)
    yield engine
    for table in TABLES:
        engine.execute(f"DROP TABLE {table}")


def answered(engine, case, statement):
    rows = engine.run(*statement)
    return rows if "orderby" in case.options else sorted(rows)


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_the_plan_is_that_of_handwritten_sql(filled, case):
    statement, expected = ours(filled, case), by_hand(filled, case)
    assert answered(filled, case, statement) == answered(filled, case, expected)
    found, wanted = plan(filled, *statement), plan(filled, *expected)
    is_as_good = found.indexes == wanted.indexes and found.scans <= wanted.scans
    assert is_as_good, (statement, found, wanted)
