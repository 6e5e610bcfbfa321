"""`fuzz_endpoint`: check that an endpoint returns the right rows, and the right 400 for a wrong query."""

from __future__ import annotations

import datetime as dt
import json
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from .. import python
from ..errors import ODataError
from ..limits import Limits, effective
from ..model.entity import EntityType
from ..problems import ConfigurationError
from ..problems.catalogue import PROBLEMS
from ..problems.texts import texts
from ..python.rows import fetch, reader
from ..query import Query, parse_query
from ..web import safe_limits
from .backends import Offer, keys_of
from .choices import Choices
from .generator import Generator
from .mistakes import Mistakes, mutate
from .shrinking import Shrink, shrink_fault, shrink_options, shrink_text

T = TypeVar("T")

_SAFE = "$',()/:*@!;=?"
"""Characters that browsers do not encode in a query string."""
_SPELLINGS = ("$filter", "filter", "$Filter", "%24filter", "FILTER")
_STEPS = 200
"""Most requests to shrink a failure."""


class Fault(NamedTuple):
    """A fault in a response."""

    kind: str
    detail: str


class Response(NamedTuple):
    """A response of an endpoint, with its body decoded."""

    status: int
    content_type: str
    body: Any


@dataclass
class EndpointReport:
    """The result of `fuzz_endpoint`.

    requests  number of requests
    statuses  statuses of the responses, with their numbers
    codes     codes of the reported problems, with their numbers
    failures  by kind, the shrunk query string and the fault in its response
    """

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        statuses = ", ".join(f"{status}: {times}" for status, times in sorted(self.statuses.items()))
        codes = ", ".join(f"{code} {times}" for code, times in self.codes.most_common())
        lines = [f"{self.requests} requests ({statuses})", f"problems: {codes}"]
        return "\n".join([*lines, f"{len(self.failures)} kinds of failure", *self.failures.values()])


def fuzz_endpoint(
    call: Callable[[str], Any],
    entity_type: EntityType,
    rows: Sequence[Any],
    *,
    requests: int = 1_000,
    seed: int = 0,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
    found: Callable[[Any], Sequence[Any]] | None = None,
    most: int = 10,
) -> EndpointReport:
    """Send valid, wrong and broken queries to an endpoint, and check each response.

    `fuzz_endpoint(lambda query: client.get(f"/images?{query}"), Images, ROWS)`

    call              a function that sends a request with a percent-encoded query string and returns the
                      response of httpx, requests or a framework's test client, or (status, headers, body)
    entity_type       the model of the endpoint, with a key
    rows              the rows of the service, as dictionaries or objects that fit the model
    requests          number of requests
    seed              the seed of the queries
    limits            the limits of the endpoint; by default those of `query_for`
    default_timezone  the zone of literals and values without an offset
    found             a function that returns the rows in a body; by default the body itself or its `value`
    most              number of different failures after which to stop

    A valid query must return the rows that `odata_query.python` selects, a 501, or a 400 for a limit of the
    engine. A wrong query must return the status, code and position that `parse_query` reports, in any form
    of `odata_query.answers`. No other 5xx is allowed. Raises AssertionError with all failures.
    """
    if not entity_type.key:
        raise ConfigurationError(f"{entity_type.name} has no key to identify its rows")
    bounds = safe_limits(effective(limits, entity_type.limits))
    fuzz = _Fuzz(call, entity_type, rows, bounds, default_timezone, found or read_rows)
    fuzz.run(requests, seed, most)
    if not fuzz.report.statuses[200]:
        fuzz.report.failures.setdefault("", "\nno valid query was answered with rows")
    if fuzz.report.failures:
        raise AssertionError(str(fuzz.report))
    return fuzz.report


@dataclass
class _Fuzz:
    """A test of one endpoint: it sends requests and collects the report."""

    call: Callable[[str], Any]
    entity_type: EntityType
    rows: Sequence[Any]
    limits: Limits
    zone: dt.tzinfo
    rows_in: Callable[[Any], Sequence[Any]]
    report: EndpointReport = field(default_factory=EndpointReport)
    offer: Offer = field(default_factory=Offer)
    status: int = 0
    """The status of the last response."""

    def __post_init__(self) -> None:
        members = [self.entity_type.members[name] for name in self.entity_type.key]
        self.key = [(member, reader(member.type, self.zone) or (lambda value: value)) for member in members]
        rare = self.offer.is_rare
        self.generator = Generator(self.entity_type, limits=self.limits, rows=self.rows, rare=rare)
        self.mistakes = Mistakes(self.generator)

    def run(self, requests: int, seed: int, most: int) -> None:
        choices = Choices.seeded(seed)
        report = self.report
        for text in self.fixed_texts():
            if len(report.failures) < most:
                report.requests += 1
                self.send_text("", text)
        while report.requests < requests and len(report.failures) < most:
            report.requests += 1
            kind = choices.below(10)
            if kind < 5:
                self.send_valid(choices)
            elif kind < 7:
                self.send_text("$filter", self.mistakes.mistake(choices)[0])
            else:
                self.send_broken(choices)

    def fixed_texts(self) -> list[str]:
        """Return query strings that are seldom random: empty, a repeated option, a page over the limit."""
        most = {"$top": self.limits.max_top, "$skip": self.limits.max_skip}
        pages = [f"{name}={bound + 1}" for name, bound in most.items() if bound is not None]
        return ["", "$top=1&$top=2", "$count=true&count=false", "$unknown=1", *pages]

    def send_valid(self, choices: Choices) -> None:
        """Send a valid query, in one of the spellings that clients use."""
        if choices.chance(0.5):
            options = self.generator.focused_options(choices, choices.below(1_000))
        else:
            options = self.generator.options(choices)
        if choices.chance(0.1):
            options["$count"] = choices.pick(("true", "false"))
        spelling, spaces = choices.pick(_SPELLINGS), choices.pick(("%20", "+"))
        self.send(options, lambda given: encode_options(given, spaces, spelling), shrink_options)

    def send_broken(self, choices: Choices) -> None:
        """Send the text of an option, or a whole query string, with a few random changes."""
        options = self.generator.options(choices, 2)
        texts = [text for name, text in options.items() if name in ("$filter", "$orderby")]
        if texts and choices.chance(0.8):
            name = choices.pick(("$filter", "$filter", "$orderby"))
            self.send_text(name, mutate(choices, choices.pick(texts), texts))
        else:
            whole = "&".join(f"{name}={text}" for name, text in options.items())
            self.send_text("", mutate(choices, whole, texts or ["$top=1"]))

    def send_text(self, name: str, text: str) -> None:
        """Send the text of an option, or without a name a whole query string; the text is not encoded yet."""
        start, safe = (f"{name}=", _SAFE) if name else ("", f"{_SAFE}&")
        self.send(text, lambda text: start + percent_encode(text, safe=safe), shrink_text)

    def send(self, given: T, encoded: Callable[[T], str], shrink: Shrink[T]) -> None:
        """Send a request; shrink and record its fault, if the kind is new."""
        fault = self.find_fault(encoded(given))
        self.report.statuses[self.status] += 1
        if fault is None or fault.kind in self.report.failures:
            return
        given, fault = shrink_fault(given, fault, lambda g: self.find_fault(encoded(g)), shrink, _STEPS)
        self.report.failures[fault.kind] = f"\n{encoded(given):.500}\n  {fault.kind}\n{fault.detail}"

    def find_fault(self, request: str) -> Fault | None:
        """Send one request and return the fault in its response."""
        query: Query | ODataError
        try:
            query = parse_query(request, self.entity_type, limits=self.limits, default_timezone=self.zone)
        except ODataError as refusal:
            query = refusal
        try:
            response = self.call(request)
        except Exception as error:
            self.status = 500
            return Fault(f"{type(error).__name__} was raised", f"{error}\n{traceback.format_exc(limit=-3)}")
        answer = read_response(response)
        self.status = answer.status
        if answer.status >= 500 and answer.status != 501:
            return Fault(f"the status is {answer.status}", f"{answer.body!r:.300}")
        problems = read_problems(answer.body) if answer.status >= 400 else []
        self.report.codes.update(code for code, _ in problems[:1])
        if isinstance(query, ODataError):
            return _fault_in_problem(answer, problems, query)
        return self.fault_in_rows(answer, query, [code for code, _ in problems])

    def fault_in_rows(self, answer: Response, query: Query, codes: list[str]) -> Fault | None:
        if answer.status != 200:
            self.offer.refuse(query)
            is_declared = not _OF_ENGINES.get(answer.status, set()).isdisjoint(codes)
            text = f"a valid query has the status {answer.status}"
            return None if is_declared else Fault(text, f"{answer.body!r:.300}")
        self.offer.answered.update(keys_of(query))
        try:
            rows = self.rows_in(answer.body)
            found = [tuple(read(fetch(row, member.name)) for member, read in self.key) for row in rows]
        except (ConfigurationError, LookupError, TypeError) as wrong:
            return Fault("the rows cannot be read", f"  {wrong}")
        wanted = python.apply(self.rows, query)
        expected = [tuple(read(fetch(row, member.attribute)) for member, read in self.key) for row in wanted]
        if found != expected:
            are_all = sorted(found, key=repr) == sorted(expected, key=repr)
            detail = f"  expected {expected!r:.300}\n  found    {found!r:.300}"
            return Fault("the order is wrong" if are_all else "the rows are wrong", detail)
        count = answer.body.get("@odata.count") if isinstance(answer.body, dict) else None
        if count is not None and count != (expected_count := python.count(self.rows, query)):
            return Fault("the count is wrong", f"  expected {expected_count}, found {count}")
        return None


def _fault_in_problem(
    answer: Response, problems: list[tuple[str, int | None]], refusal: ODataError
) -> Fault | None:
    first = refusal.problems[0]
    body = f"{answer.body!r:.300}"
    if answer.status not in ({501} if refusal.status == 501 else {400, 422}):
        return Fault(f"a wrong query has the status {answer.status}, not {refusal.status}", str(refusal))
    if "json" not in answer.content_type:
        return Fault(f"a problem is answered as {answer.content_type}", body)
    if not problems:
        # `answers.flat` has the status as its code.
        is_flat = isinstance(answer.body, dict) and answer.body.get("code") == answer.status
        return None if is_flat else Fault("the answer to a wrong query has no code", body)
    code, position = problems[0]
    if code != first.code:
        return Fault(f"the code is {code}, not {first.code}", str(refusal))
    if position not in (None, first.span[0]):
        return Fault(f"the position of {code} is wrong", f"  {position}, not {first.span[0]}\n{refusal}")
    return None


_OF_ENGINES = {
    501: {code for code, entry in PROBLEMS.items() if entry.kind == "unsupported"},
    400: {c for c in PROBLEMS if any(m.startswith("engine") for m in texts("en")["problems"][c]["messages"])},
}
"""Codes that a valid query may get from an engine, by status."""


def read_problems(body: Any) -> list[tuple[str, int | None]]:
    """Return the codes and positions in a body, in any form of `odata_query.answers` that has them."""
    if not isinstance(body, dict):
        return []
    error = body.get("error")  # the form of OData
    items = [error, *_dicts(error.get("details"))] if isinstance(error, dict) else _dicts(body.get("errors"))
    codes = [_SUBCODES.get(str(i["subCode"])) if "subCode" in i else i.get("code") for i in items]
    return [(str(c), i.get("position")) for c, i in zip(codes, items, strict=True) if c is not None]


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


_SUBCODES = {
    f"{status}.{entry.subcode}": code
    for code, entry in PROBLEMS.items()
    for status in ((501,) if entry.kind == "unsupported" else (400, 422))
}


def read_response(response: Any) -> Response:
    """Read a response of httpx, requests, Django or Flask, or (status, headers, body)."""
    try:
        if isinstance(response, tuple):
            status, headers, body = response
        else:
            status = response.status_code if hasattr(response, "status_code") else response.status
            headers = response.headers
            [body, *_] = [getattr(response, n) for n in ("content", "data", "body") if hasattr(response, n)]
        status, headers = int(status), dict(headers.items())
    except (AttributeError, ValueError, TypeError):
        raise ConfigurationError(
            "a response has status_code, headers and content, or is (status, headers, body);"
            f" {response!r:.200} is neither"
        ) from None
    content_type = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "")
    if isinstance(body, str | bytes | bytearray):
        with suppress(ValueError):
            body = json.loads(body) if "json" in content_type else body
    return Response(status, content_type, body)


def read_rows(body: Any) -> Sequence[Any]:
    """Return the rows of a body: the body itself, its `value`, or the only list in it."""
    members = body if isinstance(body, dict) else {"value": body}
    lists = {name: value for name, value in members.items() if isinstance(value, list)}
    if "value" not in lists and len(lists) != 1:
        raise ConfigurationError(f"cannot find the rows in {body!r:.200}: pass a function `found`")
    return lists.get("value", next(iter(lists.values())))


def percent_encode(text: str, spaces: str = "%20", safe: str = _SAFE) -> str:
    """Encode a value for a query string."""
    return quote(text, safe=safe, errors="surrogatepass").replace("%20", spaces)


def encode_options(options: Mapping[str, str], spaces: str = "%20", spelling: str = "$filter") -> str:
    """Encode options as a query string, with one of the spellings of `$filter`."""
    names = {"$filter": spelling}
    return "&".join(f"{names.get(n, n)}={percent_encode(text, spaces)}" for n, text in options.items())
