"""`check_backend`: whether a backend means what the specification and this library mean."""

from __future__ import annotations

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
from ..query import Query, parse_query, with_key
from .choices import Choices
from .conformance import PRODUCT, native, options_of, query_of, suites
from .generator import Generator
from .samples import Rows, kind_of
from .shrinking import shrunk

Backend = Callable[[Sequence[Any], Query], Iterable[Any]]
Keys = list[Any]
Excuse = Callable[[Query, Keys], str | None]

_ROWS = 200


@dataclass
class Disagreement:
    """A query that a backend answers otherwise, as small as it could be made.

    problem  `rows`, `order`, `duplicates`, or the error that was raised
    missing  rows that should have come, extra: rows that should not
    """

    options: Any
    problem: str
    operations: Sequence[str] = ()
    expected: Keys = field(default_factory=list)
    found: Keys = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)
    extra: list[Any] = field(default_factory=list)
    times: int = 1

    @property
    def kind(self) -> str:
        """What sort of problem it is: of errors their class."""
        return self.problem.partition(":")[0]

    def __str__(self) -> str:
        lines = [f"{self.problem} ({self.times} times)", f"  {self.options}"]
        for what, rows in (("missing", self.missing), ("not asked for", self.extra)):
            lines += [f"  {what}: {row!r:.500} (of {len(rows)})" for row in rows[:3]]
        if self.problem in ("order", "duplicates"):
            lines += [f"  expected {self.expected!r:.300}", f"  found    {self.found!r:.300}"]
        return "\n".join(lines)


@dataclass
class Report:
    """What `check_backend` did.

    cases    conformance cases that gave their rows; what was refused did not
    tried    random queries, empty: those of them without rows
    refused  messages of what the backend does not offer, with how often
    excused  reasons why it rightly differed, with how often
    reached  the overloads that a property went through: `contains(String,String)`
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
        kinds = {"refused": self.refused, "excused": self.excused}
        lines = [f"{self.cases} cases, {self.tried} queries, {self.empty} of them without rows"]
        if self.seconds:
            lines[0] += f", {self.tried / self.seconds:.0f} a second"
        for what, counts in kinds.items():
            lines.append(f"{what}: {sum(counts.values())}")
            lines += [f"  {times:5} {text}" for text, times in counts.most_common()]
        lines.append(f"never reached: {', '.join(self.never) or 'none'}")
        lines.append(f"{len(self.disagreements)} kinds of disagreement")
        return "\n\n".join(["\n".join(lines), *map(str, self.disagreements.values())])

    @property
    def never(self) -> list[str]:
        """The overloads that no query went through, because none was tried or all were refused."""
        keys = [
            key
            for op in OPERATIONS.values()
            for key in ([s.key for s in op.signatures if s.parameters] if op.signatures else [op.name])
        ]
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
    excuse: Excuse | None = None,
    most: int = 20,
) -> Report:
    """Ask a backend the conformance cases and random queries; `check_backend(odata_query.python)` passes.

    backend      `apply(rows, query)`, or an object that has it: the rows that a query asks for, in order, or
                 the values of their keys. Rows are dictionaries of Python values, and the same list as long
                 as they are the same; the model is `query.entity_type`. What the backend does not offer it
                 refuses with an UnsupportedError
    queries      random queries that are compared with `odata_query.python`
    seed         of these queries and their rows
    cases        whether to ask the conformance cases
    entity_type  a model for the random queries, with a key; by default one with a property of every kind
    rows         rows of that model; by default random ones
    nan          whether the backend has NaN, infinity: whether it has INF and -INF
    excuse       why a backend may answer a query with these keys, or None if it may not
    most         different disagreements after which to stop

    Raises AssertionError with the disagreements, each as small as it could be made, and if all is refused.
    """
    if not isinstance(entity_type, EntityType | None):
        raise ConfigurationError(f"entity_type is an EntityType, not {entity_type!r:.100}")
    check = Check(backend, excuse=excuse, most=most)
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
    """What a backend has turned out to offer, by overload."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        """Those in queries that were answered, with how often."""
        self.refused: set[str] = set()
        """Those for which queries were refused."""

    def refuse(self, query: Query) -> None:
        """Note a query that was refused: if all else in it has been answered, it is for the one overload."""
        keys = {key for key in keys_of(query) if key not in self.answered}
        if len(keys) == 1:
            self.refused |= keys

    def is_rare(self, key: str) -> bool:
        return key in self.refused and key not in self.answered


class Outcome(NamedTuple):
    """What came of a query: nothing of all this if the backend agrees."""

    disagreement: Disagreement | None = None
    refusal: str | None = None
    excuse: str | None = None
    is_empty: bool = False


class Check:
    """A backend and what is known of it."""

    def __init__(
        self,
        backend: Any,
        *,
        excuse: Excuse | None = None,
        most: int = 20,
    ) -> None:
        apply = getattr(backend, "apply", backend)
        if not callable(apply):
            raise ConfigurationError(f"a backend is apply(rows, query), or has it, not {backend!r:.100}")
        self.apply: Backend = apply
        self.excuse = excuse
        self.most = most
        self.offer = Offer()
        self.report = Report(reached=self.offer.answered)

    def cases(self, *, nan: bool, infinity: bool) -> None:
        """The conformance cases that give rows."""
        for suite in suites():
            rows = [native(row, suite.entity_type) for row in suite.rows]
            rows = [row for row in rows if _is_had(row, nan, infinity)]
            for case in suite.cases:
                if "ids" in case and len(self.report.disagreements) < self.most:
                    query = query_of(case, suite.entity_type)
                    outcome = self.compared(query, rows, options_of(case))
                    self.report.cases += outcome.refusal is None and outcome.disagreement is None
                    self.noted(query, outcome)

    def queries(self, entity_type: EntityType, rows: Sequence[Any], count: int, seed: int) -> None:
        """Random queries."""
        report = self.report
        generator = Generator(entity_type, rows=rows, rare=self.offer.is_rare)
        choices = Choices.seeded(seed)
        first = choices.below(1_000)
        begun = time.perf_counter()
        answered = 0
        while report.tried < count and len(report.disagreements) < self.most:
            # Where little is offered, large filters are always refused.
            share = answered / report.tried if report.tried > 20 else 1
            if report.tried % 3:
                options = generator.aimed(choices, first + report.tried * 2 // 3)
            else:
                options = generator.options(choices, 4 if share > 0.5 else 2 if share > 0.2 else 1)
            report.tried += 1
            try:
                query = parse_query(options, entity_type)
            except LimitError:  # the model's own bounds are tight
                continue
            outcome = self.compared(query, rows, options)
            answered += outcome.refusal is None
            if outcome.disagreement is not None:
                outcome = Outcome(self.smallest(outcome.disagreement, entity_type, rows))
            report.empty += outcome.is_empty
            self.noted(query, outcome)
        report.seconds = time.perf_counter() - begun

    def noted(self, query: Query, outcome: Outcome) -> None:
        """Report what came of a query."""
        found, refusal, excuse, _ = outcome
        if refusal is not None:
            self.report.refused[refusal] += 1
            self.offer.refuse(query)
            return
        self.offer.answered.update(set(keys_of(query)))
        if excuse is not None:
            self.report.excused[excuse] += 1
        if found is not None:
            # What has one cause probably has one problem with the same operations.
            cause = f"{found.kind} {' '.join(found.operations)}"
            known = self.report.disagreements.setdefault(cause, found)
            if known is not found:
                known.times += 1

    def compared(self, query: Query, rows: Sequence[Any], options: Any) -> Outcome:
        """What comes of a query; what is refused does not disagree."""
        assert query.entity_type is not None
        key = [query.entity_type.members[name].attribute for name in query.entity_type.key]
        if not key:
            raise ConfigurationError(f"{query.entity_type.name} has no key to tell its rows by")
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
                raise ConfigurationError("the backend has changed the rows that it was given")
        except Exception as wrong:
            if isinstance(wrong, ODataError) and _is_declared(wrong):
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

    def smallest(self, found: Disagreement, entity_type: EntityType, rows: Sequence[Any]) -> Disagreement:
        """The disagreement on the smallest query that still has its problem."""
        last = found

        def fails(options: Mapping[str, str]) -> bool:
            nonlocal last
            try:
                query = parse_query(options, entity_type)
            except ODataError:
                return False
            again = self.compared(query, rows, options).disagreement
            if again is None or again.kind != found.kind:
                return False
            last = again
            return True

        shrunk(found.options, fails)
        return last


def keys_of(query: Query) -> Iterator[str]:
    """The overloads in a query that a property goes through; of casts also the kinds."""
    for tree in (query.filter, *[item.expression for item in query.orderby]):
        with_path: set[int] = set()
        for node in reversed(list(walk(tree)) if tree is not None else []):  # children first
            if isinstance(node, TypedPath) or any(id(child) in with_path for child in node.children()):
                with_path.add(id(node))
                if isinstance(node, TypedCall):
                    if node.function == "cast":
                        yield f"cast({_family(node.arguments[0].type)},{_family(node.type)})"
                    yield node.key


def _family(type: edm.Type) -> str:
    return "Enum" if isinstance(type, edm.EnumType) else kind_of(type)


def _key(item: Any, names: Sequence[str]) -> Any:
    """What tells a row from others, of a row or of what a backend gives for it."""
    is_value = isinstance(item, str | int) or not (isinstance(item, Mapping) or hasattr(item, names[0]))
    if is_value:
        return item if len(names) == 1 or isinstance(item, tuple) else tuple(item)
    values = tuple(fetch(item, name) for name in names)
    return values if len(names) > 1 else values[0]


def _is_declared(error: ODataError) -> bool:
    """Whether an error says that a backend does not offer something, and not that the query is wrong."""
    return isinstance(error, UnsupportedError) or all(".engine" in p.message_id for p in error.problems)


def _sorted(keys: Keys) -> Keys:
    try:
        return sorted(keys)
    except TypeError:  # nulls, or keys of several types
        return sorted(keys, key=repr)


def _without(some: Keys, others: Keys) -> Keys:
    known = set(others)
    return [one for one in some if one not in known]


def _is_had(row: Mapping[str, Any], nan: bool, infinity: bool) -> bool:
    """Whether a backend has the numbers of a row."""
    numbers = [value for value in row.values() if isinstance(value, float)]
    return all((n == n or nan) and (abs(n) != float("inf") or infinity) for n in numbers)
