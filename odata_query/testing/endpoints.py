"""`fuzz_endpoint`: whether an endpoint gives the right rows, and the right 400 for what is wrong."""

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
from .mistakes import Mistakes, changed
from .shrinking import shrunk, shrunk_text

T = TypeVar("T")

_SAFE = "$',()/:*@!;=?"
"""What browsers leave in a query string, apart from letters and digits."""
_SPELLINGS = ("$filter", "filter", "$Filter", "%24filter", "FILTER")
_STEPS = 200
"""Requests that making a failure smaller may take."""


class Fault(NamedTuple):
    """What is wrong with an answer."""

    kind: str
    detail: str


class Answer(NamedTuple):
    """What an endpoint answered."""

    status: int
    content_type: str
    body: Any


@dataclass
class EndpointReport:
    """What `fuzz_endpoint` did.

    requests  how many there were
    statuses  the statuses of the answers, with how often
    codes     the codes of the problems that were answered, with how often
    failures  query strings and what is wrong with their answers, by kind
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
    """Ask an endpoint valid, wrong and broken queries, and look at each answer.

    `fuzz_endpoint(lambda query: client.get(f"/images?{query}"), Images, ROWS)`

    call         makes a request with a query string, which is percent-encoded, and gives the response of
                 httpx, requests, or the test client of a framework; or (status, headers, body)
    entity_type  the model of the endpoint, with a key by which rows are told apart
    rows         the rows that are behind it, dictionaries or objects that the model fits
    requests     how many
    seed         of what is asked
    limits       those of the endpoint; by default, and where they say nothing, the bounds of `query_for`
    found        the rows of a body; by default the body itself or its `value`
    most         different failures after which to stop

    A valid query must give the rows that `odata_query.python` gives, or a 501, or a 400 for what an engine
    cannot take. A wrong one must give the status, the code and the place of `parse_query`, in any form of
    `odata_query.answers`. There is never another 5xx. Raises AssertionError with what was not so.
    """
    if not entity_type.key:
        raise ConfigurationError(f"{entity_type.name} has no key to tell its rows by")
    bounds = safe_limits(effective(limits, entity_type.limits))
    fuzz = _Fuzz(call, entity_type, rows, bounds, default_timezone, found or rows_of)
    fuzz.run(requests, seed, most)
    if not fuzz.report.statuses[200]:
        fuzz.report.failures.setdefault("", "\nno query was answered: all are refused")
    if fuzz.report.failures:
        raise AssertionError(str(fuzz.report))
    return fuzz.report


class _Fuzz:
    """An endpoint and what is known of it."""

    def __init__(
        self,
        call: Callable[[str], Any],
        entity_type: EntityType,
        rows: Sequence[Any],
        limits: Limits,
        zone: dt.tzinfo,
        found: Callable[[Any], Sequence[Any]],
    ) -> None:
        self.call = call
        self.entity_type = entity_type
        self.rows = rows
        self.limits = limits
        self.zone = zone
        self.found = found
        members = [entity_type.members[name] for name in entity_type.key]
        self.key = [(member, reader(member.type, zone) or _same) for member in members]
        self.report = EndpointReport()
        self.offer = Offer()
        self.generator = Generator(entity_type, limits=limits, rows=rows, rare=self.offer.is_rare)
        self.mistakes = Mistakes(self.generator)

    def run(self, requests: int, seed: int, most: int) -> None:
        choices = Choices.seeded(seed)
        report = self.report
        for text in self.always():
            if len(report.failures) < most:
                report.requests += 1
                self.tried_text("", text)
        while report.requests < requests and len(report.failures) < most:
            report.requests += 1
            kind = choices.below(10)
            if kind < 5:
                self.valid(choices)
            elif kind < 7:
                self.tried_text("$filter", self.mistakes.mistake(choices)[0])
            else:
                self.broken(choices)

    def always(self) -> list[str]:
        """What random texts seldom are: nothing, an option given twice, more than there may be."""
        most = {"$top": self.limits.max_top, "$skip": self.limits.max_skip}
        more = [f"{name}={bound + 1}" for name, bound in most.items() if bound is not None]
        return ["", "$top=1&$top=2", "$count=true&count=false", "$unknown=1", *more]

    def valid(self, choices: Choices) -> None:
        if choices.chance(0.5):
            options = self.generator.aimed(choices, choices.below(1_000))
        else:
            options = self.generator.options(choices)
        if choices.chance(0.1):
            options["$count"] = choices.pick(("true", "false"))
        spelling = choices.pick(_SPELLINGS)
        spaces = choices.pick(("%20", "+"))

        def encoded(given: Mapping[str, str]) -> str:
            names = {"$filter": spelling}
            return "&".join(f"{names.get(name, name)}={quoted(text, spaces)}" for name, text in given.items())

        given: Mapping[str, str] = options
        self.asked(given, encoded, shrunk)

    def broken(self, choices: Choices) -> None:
        """A text of an option, or a whole query string, after a few changes."""
        options = self.generator.options(choices, 2)
        texts = [text for name, text in options.items() if name in ("$filter", "$orderby")]
        if texts and choices.chance(0.8):
            name = choices.pick(("$filter", "$filter", "$orderby"))
            self.tried_text(name, changed(choices, choices.pick(texts), texts))
        else:
            whole = "&".join(f"{name}={text}" for name, text in options.items())
            self.tried_text("", changed(choices, whole, texts or ["$top=1"]))

    def tried_text(self, name: str, text: str) -> None:
        """Ask with a text of an option; without a name it is a whole query string, decoded."""

        def encoded(text: str) -> str:
            return f"{name}={quoted(text)}" if name else quoted(text, safe=f"{_SAFE}&")

        self.asked(text, encoded, shrunk_text)

    def asked(
        self, given: T, encoded: Callable[[T], str], shrink: Callable[[T, Callable[[T], bool]], T]
    ) -> None:
        """Ask, and note what is wrong with the answer, of the smallest of what is given that has it."""
        fault = self.fault(encoded(given))
        self.report.statuses[self.status] += 1
        if fault is None or fault.kind in self.report.failures:
            return
        steps = iter(range(_STEPS))
        found = fault

        def fails(smaller: T) -> bool:
            nonlocal found
            again = self.fault(encoded(smaller)) if next(steps, None) is not None else None
            if again is None or again.kind != found.kind:
                return False
            found = again
            return True

        query_string = encoded(shrink(given, fails))
        shown = f"\n{query_string:.500}\n  {found.kind}\n{found.detail}"
        self.report.failures[found.kind] = shown

    # ---- one request -----------------------------------------------------------------------------

    status = 0
    """That of the last answer."""

    def fault(self, query_string: str) -> Fault | None:
        """What is wrong with the answer to a query string."""
        query: Query | ODataError
        try:
            query = parse_query(
                query_string, self.entity_type, limits=self.limits, default_timezone=self.zone
            )
        except ODataError as refusal:
            query = refusal
        try:
            response = self.call(query_string)
        except Exception as error:
            self.status = 500
            return Fault(f"{type(error).__name__} was raised", f"{error}\n{traceback.format_exc(limit=-3)}")
        answer = answer_of(response)
        self.status = answer.status
        if answer.status >= 500 and answer.status != 501:
            return Fault(f"the status is {answer.status}", f"{answer.body!r:.300}")
        problems = problems_of(answer.body) if answer.status >= 400 else []
        self.report.codes.update(code for code, _ in problems[:1])
        if isinstance(query, ODataError):
            return _wrong_refusal(answer, problems, query)
        return self.wrong_rows(answer, query, [code for code, _ in problems])

    def wrong_rows(self, answer: Answer, query: Query, codes: list[str]) -> Fault | None:
        if answer.status != 200:
            is_declared = any(code in _OF_ENGINES.get(answer.status, ()) for code in codes)
            self.offer.refuse(query)
            if is_declared:
                return None
            return Fault(f"a valid query has the status {answer.status}", f"{answer.body!r:.300}")
        self.offer.answered.update(keys_of(query))
        try:
            found = [
                tuple(read(fetch(row, member.name)) for member, read in self.key)
                for row in self.found(answer.body)
            ]
        except (ConfigurationError, LookupError, TypeError) as wrong:
            return Fault("the rows cannot be read", f"  {wrong}")
        wanted = python.apply(self.rows, query)
        expected = [tuple(read(fetch(row, member.attribute)) for member, read in self.key) for row in wanted]
        if found != expected:
            are_all = sorted(found, key=repr) == sorted(expected, key=repr)
            kind = "the order is not" if are_all else "the rows are not"
            detail = f"  expected {expected!r:.300}\n  found    {found!r:.300}"
            return Fault(f"{kind} as asked for", detail)
        count = answer.body.get("@odata.count") if isinstance(answer.body, dict) else None
        if count is not None and count != (expected_count := python.count(self.rows, query)):
            return Fault("the count is wrong", f"  expected {expected_count}, found {count}")
        return None


def _wrong_refusal(
    answer: Answer, problems: list[tuple[str, int | None]], refusal: ODataError
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
"""What a backend may say of a valid query, by status."""


def problems_of(body: Any) -> list[tuple[str, int | None]]:
    """The codes and positions in a body of any form of `odata_query.answers` that has them."""
    if not isinstance(body, dict):
        return []
    error = body.get("error")  # OData's own
    items = [error, *_dicts(error.get("details"))] if isinstance(error, dict) else _dicts(body.get("errors"))
    found = []
    for item in items:
        code = _SUBCODES.get(str(item["subCode"])) if "subCode" in item else item.get("code")
        if code is not None:
            found.append((str(code), item.get("position")))
    return found


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


_SUBCODES = {
    f"{status}.{entry.subcode}": code
    for code, entry in PROBLEMS.items()
    for status in ((501,) if entry.kind == "unsupported" else (400, 422))
}


def answer_of(response: Any) -> Answer:
    """The status, content type and body of a response of httpx, requests, Django, Flask or a tuple."""
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
            "a response has status_code, headers and content, or is (status, headers, body),"
            f" not {response!r:.200}"
        ) from None
    content_type = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "")
    if isinstance(body, str | bytes | bytearray):
        with suppress(ValueError):
            body = json.loads(body) if "json" in content_type else body
    return Answer(status, content_type, body)


def rows_of(body: Any) -> Sequence[Any]:
    """The rows of a body: itself, its `value`, or the only list in it."""
    if isinstance(body, list):
        return body
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    found = body.get("value") if isinstance(body, dict) else None
    if isinstance(found, list):
        return found
    if len(lists) != 1:
        raise ConfigurationError(f"no list of rows is seen in {body!r:.200}: say where it is by `found`")
    return lists[0]


def _same(value: Any) -> Any:
    return value


def quoted(text: str, spaces: str = "%20", safe: str = _SAFE) -> str:
    """A value as it stands in a query string."""
    return quote(text, safe=safe, errors="surrogatepass").replace("%20", spaces)
