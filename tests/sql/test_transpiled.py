"""Statements of dialects that no engine runs here give Python's rows on DuckDB, after sqlglot's transpiling."""

from __future__ import annotations

import pytest
from test_cases import FILES
from test_sql_cases import NEED_NAN, can_be_stored, in_utc, stored
from transpiled import KINDS, check, meanings, transpiled

import odata_query as oq
from odata_query import edm, python, sql
from odata_query.model.properties import StructuredType
from odata_query.testing.backends import _is_unsupported as is_unsupported
from odata_query.testing.conformance import query_of, zone_of

EXCUSED = {
    "a long statement": "20,000 characters and more are about limits; DuckDB takes 10 s for what the proof says of few",
    "a fine decimal": "BIGNUMERIC and NUMBER have room for 1E-38 beside 64 bits; DuckDB's decimals have 38 digits",
    "an empty text": "Oracle's null: a documented property of the dialect, which Python does not have",
}
"""Why a case is not compared."""
EXCUSES = {("oracle", "substring(s,1) eq null"): "an empty text"}
LONG = 12_000
DIALECTS = pytest.mark.parametrize("name", KINDS)


def column(type):
    element = getattr(type, "element", type)
    if isinstance(element, StructuredType):
        return type, dict.fromkeys(KINDS, "JSON")
    if element.name.startswith("Edm.Geo") and element is not type:
        return edm.collection(edm.STRING)
    return edm.STRING if type.name.startswith(("Edm.Geo", "Edm.Stream")) else type


@pytest.mark.slow
@DIALECTS
@pytest.mark.parametrize("file", FILES)
def test_cases_give_their_rows(name, file):
    database = transpiled(name)
    model, given, _, cases = FILES[file]
    members = model.members.values()
    zone = zone_of(cases[0])
    rows = [in_utc(row, model, database, zone) for row in given if can_be_stored(row, database)]
    rows = [database.row(row) for row in rows]
    wrong, excused = [], 0
    with meanings(database):
        database.create(
            "cases",
            {m.column: column(m.type) for m in members},
            [{m.column: stored(row.get(m.name), m.type, database, zone) for m in members} for row in rows],
        )
        for case in cases:
            if "ids" not in case or (str(case.get("filter")) in NEED_NAN and not database.holds_nan):
                continue
            query = query_of(case, model)
            try:
                statement = sql.select(query, "cases", dialect=name, columns=["id"])
            except oq.ConfigurationError as refused:  # the default_timezone needs a fixed offset
                assert name == "mssql", refused
                continue
            except oq.ODataError as refused:
                if is_unsupported(refused):
                    continue
                raise
            beyond = len(statement.text) > LONG or database.is_too_fine(statement.params)
            if beyond or (name, str(case.get("filter"))) in EXCUSES:
                excused += 1
                continue
            wanted = [row["id"] for row in python.apply(rows, query)]
            try:
                found = [row[0] for row in database.run(*statement)]
            except Exception as error:
                found = [f"{type(error).__name__}: {str(error)[:200]}"]
            if not query.orderby:
                found, wanted = sorted(found), sorted(wanted)
            if found != wanted:
                wrong.append(f"{case}\n  found {found}, not {wanted}\n  {str(statement)[:700]}")
    fine = 2 * database.has_fine_decimals
    most = {"limits": 6, "numbers": 1, "literals": 1, "strings": name == "oracle", "extremes": fine}
    assert excused <= most.get(file, 0)
    assert not wrong, f"{len(wrong)} cases differ:\n" + "\n".join(wrong)


@pytest.mark.slow
@DIALECTS
def test_random_queries_give_pythons_rows(name):
    report = check(name, 1000, 1, most=5)
    assert not report.disagreements, str(report)


@DIALECTS
def test_sqlglot_still_has_each_fault(name):
    database = transpiled(name)
    for fault in database.faults:
        usual, rewritten = database.sample(fault)
        assert usual != rewritten, f"{fault.sample}: the rewrite changes nothing"
