"""`check_backend`: compare a backend with the specification and with this library."""

from __future__ import annotations

import datetime as dt
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .. import edm, python
from ..check.typed import TypedCall, TypedPath
from ..errors import LimitError, ODataError, UnsupportedError
from ..language.ast import walk
from ..model.entity import EntityType
from ..operations import OPERATIONS
from ..problems import ConfigurationError
from ..python.rows import fetch
from ..query import Query, parse_query
from ..query.options import with_key
from .choices import Choices
from .conformance import PRODUCT, native, options_of, query_of, suites
from .generator import Generator
from .samples import ZONES, Rows, kind_of
from .shrinking import shrink_fault, shrink_options

Backend = Callable[[Sequence[Any], Query], Iterable[Any]]
Keys = list[Any]
Excuse = Callable[[Query, Keys], str | None]

_ROWS = 200
_TRIES = 400
"""Most queries to shrink a disagreement."""


@dataclass
class Disagreement:
    """A query with a wrong result, shrunk.

    problem  `rows`, `order`, `duplicates`, or the error that was raised
    missing  rows that are not in the result
    extra    rows that are in the result, but should not be
    why      the reason for the expected rows, with its section, if it is a conformance case
    zone     the time zone of moments without an offset, of a random query
    """

    options: Any
    problem: str
    operations: Sequence[str] = ()
    expected: Keys = field(default_factory=list)
    found: Keys = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)
    extra: list[Any] = field(default_factory=list)
    times: int = 1
    why: str = ""
    zone: str = ""

    @property
    def kind(self) -> str:
        """The problem without its details: the class of an error."""
        return self.problem.partition(":")[0]

    def __str__(self) -> str:
        lines = [f"{self.problem} ({self.times} times)", f"  {self.options}"]
        lines += [f"  moments without an offset are in {self.zone}"] if self.zone else []
        lines += [f"  {self.why}"] if self.why else []
        for what, rows in (("missing", self.missing), ("unexpected", self.extra)):
            lines += [f"  {what}: {row!r:.500} (of {len(rows)})" for row in rows[:3]]
        if self.problem in ("order", "duplicates"):
            lines += [f"  expected {self.expected!r:.300}", f"  found    {self.found!r:.300}"]
        return "\n".join(lines)


@dataclass
class Report:
    """The result of `check_backend`.

    cases    number of conformance cases that passed; unsupported ones do not count
    tried    number of random queries
    empty    number of random queries that select no rows
    refused  messages of unsupported queries, with their numbers
    excused  reasons for rightful differences, with their numbers
    reached  overloads that were applied to a property: `contains(String,String)`
    """

    cases: int = 0
    tried: int = 0
    empty: int = 0
    seconds: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    disagreements: dict[str, Disagreement] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.cases} cases, {self.tried} queries, {self.empty} of them without rows"]
        if self.seconds:
            lines[0] += f", {self.tried / self.seconds:.0f} per second"
        for title, counts in (("refused", self.refused), ("excused", self.excused)):
            lines.append(f"{title}: {sum(counts.values())}")
            lines += [f"  {times:5} {text}" for text, times in counts.most_common()]
        lines.append(f"never reached: {', '.join(self.never) or 'none'}")
        lines.append(f"{len(self.disagreements)} kinds of disagreement")
        return "\n\n".join(["\n".join(lines), *map(str, self.disagreements.values())])

    @property
    def never(self) -> list[str]:
        """The overloads without an answered query, because none was tried or all were refused."""
        keys: list[str] = []
        for op in OPERATIONS.values():
            keys += [s.key for s in op.signatures if s.parameters] if op.signatures else [op.name]
        return [key for key in keys if not self.reached.keys() & {key, key.partition("(Boolean")[0]}]


def check_backend(
    backend: Any,
    *,
    queries: int = 1_000,
    seed: int = 0,
    cases: bool = True,
    entity_type: EntityType | None = None,
    rows: Sequence[Any] | None = None,
    nan: bool = True,
    infinity: bool = True,
    zones: Sequence[dt.tzinfo] = ZONES,
    excuse: Excuse | None = None,
    hostile: float = 0.0,
    most: int = 20,
) -> Report:
    """Run the conformance cases and random queries on a backend and compare the rows.

    `check_backend(odata_query.python)` passes.

    backend      a function `apply(rows, query)` or an object with such a method. It returns the rows that the
                 query selects, in order, or the values of their keys. Rows are dictionaries of Python values;
                 the same rows are passed as the same list. The model is `query.entity_type`. For an
                 unsupported query the backend raises UnsupportedError
    queries      number of random queries, which are compared with `odata_query.python`
    seed         the seed of the queries and rows
    cases        False to leave out the conformance cases
    entity_type  the model of the random queries, with a key; by default it has a property of every kind
    rows         rows of that model; random ones by default
    nan          False if the backend does not support NaN
    infinity     False if the backend does not support INF and -INF
    zones        default_timezone of random queries, one of them for each
    excuse       a function of a query and the keys in the result; it returns the reason why this result is
                 right for the backend, or None
    hostile      the share of literals at the ends of their types and of long texts in random queries; half of
                 them find the queries for which an engine raises an error
    most         number of different disagreements after which to stop

    Raises AssertionError with all disagreements, shrunk, and if every query is refused.
    """
    if not isinstance(entity_type, EntityType | None):
        raise ConfigurationError(f"entity_type must be an EntityType, not {entity_type!r:.100}")
    check = Check(backend, zones=zones, excuse=excuse, hostile=hostile, most=most)
    if cases:
        check.cases(nan=nan, infinity=infinity)
    if queries:
        model = entity_type or PRODUCT
        if rows is None:
            rows = Rows(model, nan=nan, infinite=infinity).rows(Choices.seeded(seed), _ROWS)
        check.queries(model, rows, queries, seed)
    if check.report.disagreements or not check.offer.answered:
        raise AssertionError(str(check.report))
    return check.report


class Offer:
    """The overloads that a backend answers and refuses."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        self.refused: set[str] = set()

    def refuse(self, query: Query) -> None:
        """Record a refusal, and blame the only overload in the query that was never answered."""
        keys = set(keys_of(query)) - self.answered.keys()
        self.refused |= keys if len(keys) == 1 else set()

    def is_rare(self, key: str) -> bool:
        return key in self.refused and key not in self.answered


class Outcome(NamedTuple):
    """The result of a comparison; empty if the backend agrees."""

    disagreement: Disagreement | None = None
    refusal: str | None = None
    excuse: str | None = None
    is_empty: bool = False


class Check:
    """A check of one backend: it compares queries and collects the report."""

    def __init__(
        self,
        backend: Any,
        *,
        zones: Sequence[dt.tzinfo] = ZONES,
        excuse: Excuse | None = None,
        hostile: float = 0.0,
        most: int = 20,
    ) -> None:
        apply = getattr(backend, "apply", backend)
        if not callable(apply):
            raise ConfigurationError(
                f"a backend is a function apply(rows, query) or has one, but {backend!r:.100} is not"
            )
        self.apply: Backend = apply
        self.zones = zones
        self.excuse = excuse
        self.hostile = hostile
        self.most = most
        self.offer = Offer()
        self.report = Report(reached=self.offer.answered)

    def cases(self, *, nan: bool, infinity: bool) -> None:
        """Run the conformance cases that select rows."""
        for suite in suites():
            rows = [native(row, suite.entity_type) for row in suite.rows]
            rows = [row for row in rows if _is_supported(row, nan, infinity)]
            for case in suite.cases:
                if "ids" in case and len(self.report.disagreements) < self.most:
                    query = query_of(case, suite.entity_type)
                    outcome = self.compare(query, rows, options_of(case))
                    if outcome.disagreement:
                        outcome.disagreement.why = case["why"]
                    self.report.cases += outcome.refusal is None and outcome.disagreement is None
                    self.record(query, outcome)

    def queries(self, entity_type: EntityType, rows: Sequence[Any], count: int, seed: int) -> None:
        report = self.report
        generator = Generator(entity_type, rows=rows, rare=self.offer.is_rare, hostile=self.hostile)
        choices = Choices.seeded(seed)
        first, answered = choices.below(1_000), 0
        begun = time.perf_counter()
        while report.tried < count and len(report.disagreements) < self.most:
            # A backend that supports little refuses all large filters.
            share = answered / report.tried if report.tried > 20 else 1
            if report.tried % 3:
                options = generator.focused_options(choices, first + report.tried * 2 // 3)
            else:
                options = generator.options(choices, 4 if share > 0.5 else 2 if share > 0.2 else 1)
            report.tried += 1
            zone = choices.pick(self.zones)
            try:
                query = parse_query(options, entity_type, default_timezone=zone)
            except LimitError:  # the model has tight limits
                continue
            outcome = self.compare(query, rows, options)
            answered += outcome.refusal is None
            if outcome.disagreement is not None:
                outcome = Outcome(self.shrink(outcome.disagreement, entity_type, rows, zone))
                assert outcome.disagreement is not None
                outcome.disagreement.zone = "" if zone is dt.UTC else str(zone)
            report.empty += outcome.is_empty
            self.record(query, outcome)
        report.seconds = time.perf_counter() - begun

    def record(self, query: Query, outcome: Outcome) -> None:
        found, refusal, excuse, _ = outcome
        if refusal is not None:
            self.report.refused[refusal] += 1
            self.offer.refuse(query)
            return
        self.offer.answered.update(set(keys_of(query)))
        if excuse is not None:
            self.report.excused[excuse] += 1
        if found is not None:
            # Disagreements with the same problem and operations probably have the same cause.
            cause = f"{found.kind} {' '.join(found.operations)}"
            known = self.report.disagreements.setdefault(cause, found)
            known.times += known is not found

    def compare(self, query: Query, rows: Sequence[Any], options: Any) -> Outcome:
        """Run a query on the backend and compare the keys of its rows with the expected ones."""
        assert query.entity_type is not None
        key = [query.entity_type.members[name].attribute for name in query.entity_type.key]
        if not key:
            raise ConfigurationError(f"{query.entity_type.name} has no key to identify its rows")
        if query.orderby:
            query = replace(query, orderby=with_key(query.orderby, query.entity_type))
        by_key = {_key(row, key): row for row in rows}
        if len(by_key) < len(rows):
            raise ConfigurationError("two of the rows have the same key")
        operations = sorted(set(keys_of(query)))
        before = list(rows)
        expected = [_key(row, key) for row in python.apply(rows, query)]
        try:
            found = [_key(item, key) for item in self.apply(rows, query)]
            missing, extra = _without(expected, found), _without(found, expected)
            if before != list(rows):
                raise ConfigurationError("the backend changed the rows that were passed to it")
        except Exception as wrong:
            if isinstance(wrong, ODataError) and _is_unsupported(wrong):
                return Outcome(refusal=f"{type(wrong).__name__}: {wrong.problems[0].message}")
            trace = "".join(traceback.format_tb(wrong.__traceback__)[-2:])
            return Outcome(Disagreement(options, f"{type(wrong).__name__}: {wrong}\n{trace}", operations))
        if not query.orderby:
            expected, found = _sorted(expected), _sorted(found)
        if found == expected:
            return Outcome(is_empty=not expected)
        excuse = self.excuse(query, found) if self.excuse else None
        if excuse is not None:
            return Outcome(excuse=excuse)
        missing, extra = [by_key[one] for one in missing], [by_key.get(one, one) for one in extra]
        problem = "rows" if missing or extra else "order" if len(found) == len(expected) else "duplicates"
        return Outcome(Disagreement(options, problem, operations, expected, found, missing, extra))

    def shrink(
        self, found: Disagreement, entity_type: EntityType, rows: Sequence[Any], zone: dt.tzinfo
    ) -> Disagreement:
        """Shrink a disagreement to the smallest query with the same kind of problem."""

        def find(options: dict[str, str]) -> Disagreement | None:
            try:
                query = parse_query(options, entity_type, default_timezone=zone)
                return self.compare(query, rows, options).disagreement
            except ODataError:
                return None

        return shrink_fault(found.options, found, find, shrink_options, _TRIES)[1]


def keys_of(query: Query) -> Iterator[str]:
    """Yield the overloads that a query applies to properties; for casts also the kinds."""
    for tree in (query.filter, *[item.expression for item in query.orderby]):
        with_path: set[int] = set()
        for node in reversed(list(walk(tree)) if tree is not None else []):  # children first
            if isinstance(node, TypedPath) or any(id(child) in with_path for child in node.children()):
                with_path.add(id(node))
                if isinstance(node, TypedCall):
                    if node.function == "cast":
                        types = (node.arguments[0].type, node.type)
                        kinds = ("Enum" if isinstance(t, edm.EnumType) else kind_of(t) for t in types)
                        yield f"cast({','.join(kinds)})"
                    yield node.key


def _key(item: Any, names: Sequence[str]) -> Any:
    """Return the key of a row, or of the key that a backend returned for it."""
    is_value = isinstance(item, str | int) or not (isinstance(item, Mapping) or hasattr(item, names[0]))
    if is_value:
        return item if len(names) == 1 or isinstance(item, tuple) else tuple(item)
    values = tuple(fetch(item, name) for name in names)
    return values if len(names) > 1 else values[0]


def _is_unsupported(error: ODataError) -> bool:
    """True if an error means that the engine does not support the query, not that the query is wrong."""
    return isinstance(error, UnsupportedError) or all(".engine" in p.message_id for p in error.problems)


def _sorted(keys: Keys) -> Keys:
    try:
        return sorted(keys)
    except TypeError:  # nulls or keys of several types
        return sorted(keys, key=repr)


def _without(some: Keys, others: Keys) -> Keys:
    known = set(others)
    return [one for one in some if one not in known]


def _is_supported(row: Mapping[str, Any], nan: bool, infinity: bool) -> bool:
    numbers = [value for value in row.values() if isinstance(value, float)]
    return all((n == n or nan) and (abs(n) != float("inf") or infinity) for n in numbers)
