"""Query options to a Query: `$filter`, `$orderby`, `$top`, `$skip`, `$count` (URL Conventions 5.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..check.checker import Checker
from ..check.reporting import Reporter, raise_problems
from ..check.typed import TypedPath
from ..errors import ODataError
from ..language.ast import Node, OrderByItem, Path, transform, walk
from ..language.parser import parse
from ..limits import Limits, effective
from ..model.properties import StructuredType
from ..problems import ConfigurationError, Problem, nearest, problem, shorten

_BUILT = ("filter", "orderby", "top", "skip", "count")
_NOT_BUILT = (
    "apply", "compute", "deltatoken", "expand", "format", "id", "index", "levels", "schemaversion",
    "search", "select", "skiptoken",
)  # fmt: skip
_MEANT = {
    "where": "filter", "query": "filter", "sort": "orderby", "sortby": "orderby", "order": "orderby",
    "limit": "top", "take": "top", "first": "top", "offset": "skip", "inlinecount": "count",
}  # fmt: skip
"""What the options are called elsewhere."""
_MAX_INT64 = 2**63 - 1
_MAX_EXPANDED = 1_000_000
"""Nodes that parameter aliases may expand to where limits are lifted: aliases double at each step."""
_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile("[!-$&-*,-~ ]*")
"""What stands for itself in a query string."""
_PIECE = re.compile("[ '()]")
"""What names of options do not have: the rest of a value that an '&' has cut."""
_NEGATIVE = re.compile("-[0-9]+")


@dataclass(frozen=True, slots=True)
class Query:
    """A validated query: what backends take.

    filter      the typed tree of `$filter`, or None
    orderby     the typed items of `$orderby`; with `$top` or `$skip` the key follows, for a total order
    top, skip   numbers of rows, None if not given
    count       whether `$count=true` asks for the number of rows without `$top` and `$skip`
    """

    filter: Node | None = None
    orderby: tuple[OrderByItem, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool = False
    entity_type: StructuredType | None = None
    default_timezone: dt.tzinfo = dt.UTC
    compiled: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What backends keep with a query, so that running it again costs less."""

    def with_filter(
        self, predicate: Node | str, /, *, entity_type: StructuredType | None = None, **values: Any
    ) -> Query:
        """The query with one more condition, which the client cannot widen: row-level security.

        `query.with_filter("tenant eq @tenant", tenant=7)` keeps the rows of the tenant among those asked for.

        predicate    a filter as text or as a tree; both conditions are joined as trees, so that no text of
                     the client can change what it means
        entity_type  the model to validate it by; by default the query's, as it was before `restrict`, so
                     that the predicate can use what clients cannot
        values       Python values for the parameter aliases in it, which never become text

        Raises ConfigurationError for a predicate that is wrong, or a value that is missing or not used.
        """
        from .policies import joined

        filter = joined(predicate, values, entity_type or self.entity_type, self)
        rest = (self.orderby, self.top, self.skip, self.count, self.entity_type, self.default_timezone)
        return _query(filter, *rest)


def parse_query(
    options: str | Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]],
    entity_type: StructuredType | None = None,
    *,
    limits: Limits | None = None,
    default_timezone: dt.tzinfo = dt.UTC,
) -> Query:
    """The query of a request: `parse_query("$filter=size gt 3&$top=10", entity_type=Image)`.

    options           a raw query string, or decoded names and values as a mapping or as pairs
    entity_type       the model to validate by; without one the text is only parsed
    limits            bounds on the query, by default safe ones; the model's hold where they are tighter
    default_timezone  that of date-time literals, and of datetimes in rows, without offset

    Names are taken with or without `$` and in any case. Raises ParseError, ValidationError, LimitError
    and UnsupportedError with all problems found, and ConfigurationError for arguments of another type.
    """
    if not (entity_type is None or isinstance(entity_type, StructuredType)):
        raise ConfigurationError(f"entity_type is an EntityType, not {entity_type!r}")
    if not isinstance(default_timezone, dt.tzinfo):
        raise ConfigurationError(f"default_timezone is a tzinfo, not {default_timezone!r}")
    limits = effective(limits, None if entity_type is None else entity_type.limits)
    problems: list[Problem] = []
    given, aliases, cut = _sorted_out(_pairs(options), problems, limits)
    trees: dict[str, Any] = {}
    for option in ("filter", "orderby"):
        if option in given:
            _collect(problems, trees, option, given[option], f"${option}", limits, option in cut)
    alias_trees: dict[str, Any] = {}
    for name, text in aliases.items():
        _collect(problems, alias_trees, name, text, name, limits)
    numbers: dict[str, int | None] = {}
    for option in ("top", "skip"):
        if option in given:
            numbers[option] = _number(option, given[option], problems, limits)
    count = _boolean(given["count"], problems) if "count" in given else False
    origins: dict[int, tuple[str, str]] = {}
    if alias_trees and not problems:
        aliased = _Aliases(alias_trees, aliases, limits, problems)
        origins = aliased.origins
        trees = {
            option: aliased.expanded(tree, f"${option}", given[option]) for option, tree in trees.items()
        }
    filter, orderby = trees.get("filter"), tuple(trees.get("orderby", ()))
    if entity_type is not None and not (aliases and problems):
        if filter is not None:
            reporter = Reporter(limits, "$filter", given["filter"], origins)
            filter = Checker(entity_type, reporter, default_timezone).filter(filter)
            problems += reporter.problems
        if orderby:
            reporter = Reporter(limits, "$orderby", given["orderby"], origins)
            orderby = Checker(entity_type, reporter, default_timezone).orderby(orderby)
            problems += reporter.problems
    if problems:
        raise_problems(problems, limits)
    top = numbers.get("top", limits.default_top)
    skip = numbers.get("skip")
    if entity_type is not None and (top is not None or skip is not None):
        orderby = with_key(orderby, entity_type)
    return _query(filter, orderby, top, skip, count, entity_type, default_timezone)


def _query(
    filter: Node | None,
    orderby: tuple[OrderByItem, ...],
    top: int | None,
    skip: int | None,
    count: bool,
    entity_type: StructuredType | None,
    default_timezone: dt.tzinfo,
) -> Query:
    """A Query, made in less time than by its constructor."""
    return Query(filter, orderby, top, skip, count, entity_type, default_timezone)


def with_key(orderby: tuple[OrderByItem, ...], entity_type: StructuredType) -> tuple[OrderByItem, ...]:
    """The items, and behind them the key properties that are not among them: a total order."""
    entity_type = entity_type.unrestricted  # what clients do not see can order their pages
    by_key: list[OrderByItem] | None = entity_type._cache.get("key")
    if by_key is None:
        members = [entity_type.members[name] for name in entity_type.key]
        paths = [TypedPath((m.name,), (0, 0), 0, (m,), m.type, m.nullable) for m in members]
        by_key = entity_type._cache["key"] = [OrderByItem(path) for path in paths]
    if not orderby:
        return tuple(by_key)
    used = {item.expression.segments for item in orderby if isinstance(item.expression, TypedPath)}
    names = zip(by_key, entity_type.key, strict=True)
    return (*orderby, *[item for item, name in names if (name,) not in used and ("$it", name) not in used])


# ---- options -------------------------------------------------------------------------------------


def _pairs(options: object) -> list[tuple[str, str, Problem | None]]:
    """Names and decoded values, each with what is wrong with its encoding."""
    if isinstance(options, str):
        return [_decoded(part) for part in options.removeprefix("?").split("&") if part]
    found: list[tuple[str, str, Problem | None]] = []
    items: Iterable[Any]
    if isinstance(options, Mapping):
        items = []
        for name, values in options.items():
            is_one = isinstance(values, str) or not isinstance(values, Iterable)
            items += [(name, values)] if is_one else [(name, value) for value in values]
    elif isinstance(options, Iterable) and not isinstance(options, bytes):
        items = options
    else:
        raise ConfigurationError(f"options are a query string, a mapping or pairs, not {options!r}")
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != 2 or not isinstance(item[0], str):
            raise ConfigurationError(f"an option is a pair of texts, not {item!r}")
        if not isinstance(item[1], str):
            raise ConfigurationError(f"the value of {item[0]} is a text, not {item[1]!r}")
        found.append((item[0], item[1], None))
    return found


def _decoded(part: str) -> tuple[str, str, Problem | None]:
    """One `name=value` of a raw query string: split first, then decoded once."""
    raw_name, _, raw_value = part.partition("=")
    name, wrong = _unquoted(raw_name, raw_name)
    value, also_wrong = _unquoted(raw_value, raw_name)
    return name, value, wrong or also_wrong


def _unquoted(raw: str, option: str) -> tuple[str, Problem | None]:
    """The text, with what is wrong with its encoding; as much of the text as is known then."""
    if _PLAIN.fullmatch(raw):
        return raw, None
    from urllib.parse import unquote_to_bytes

    escape = _ESCAPE.search(raw)
    wrong = None if escape is None else ("invalid-encoding.percent", escape.start())
    try:
        text = unquote_to_bytes(raw.replace("+", " ")).decode()
    except UnicodeError as error:
        text = unquote_to_bytes(raw.encode(errors="replace")).decode(errors="replace")
        wrong = wrong or ("invalid-encoding", _raw_place(raw, error))
    if wrong is None:
        return text, None
    message, place = wrong
    return text, problem(message, shorten(option), (place, place + 1), text=raw)


def _raw_place(raw: str, error: UnicodeError) -> int:
    """Where in a text with percent-encoding the byte, or the character, is that cannot be decoded."""
    if isinstance(error, UnicodeDecodeError):
        left = error.start
        for match in re.finditer("%[0-9A-Fa-f]{2}|.", raw, re.S):
            left -= 1 if len(match[0]) == 3 else len(match[0].encode())
            if left < 0:
                return match.start()
    return getattr(error, "start", 0)


def _sorted_out(
    pairs: list[tuple[str, str, Problem | None]], problems: list[Problem], limits: Limits
) -> tuple[dict[str, str], dict[str, str], set[str]]:
    """The system query options by name without `$`, the parameter aliases by name with `@`, and those
    of the options behind which comes what is none, perhaps the rest of a value."""
    given: dict[str, str] = {}
    aliases: dict[str, str] = {}
    seen: set[str] = set()
    cut: set[str] = set()
    before = ""
    for name, value, wrong in pairs:
        plain = name.removeprefix("$").lower()
        if plain in _BUILT and plain not in seen and wrong is None:
            given[plain] = value
            seen.add(plain)
            before = plain
            continue
        is_system = name.startswith("$") or plain in _BUILT or plain in _NOT_BUILT
        meant = name.rpartition("$")[2].strip().lower()
        if meant in _BUILT and plain != meant and ("$" in name or meant == plain.strip()):
            # `& $filter=`, `&amp;$filter=`: what was to be an option must not be passed over.
            suggestion = f"${meant}" if limits.suggestions else None
            problems.append(wrong or problem("unknown-option", shorten(name), suggestion=suggestion))
            continue
        if not (is_system or name.startswith("@")):
            if before in given and not value and _PIECE.search(name):
                text = given.pop(before)
                span = (len(text), len(text))
                problems.append(problem("invalid-encoding.ampersand", f"${before}", span, text=text))
            cut.add(before)
            continue
        key = name if name.startswith("@") else plain
        shown = name if name.startswith("@") else f"${plain}"
        shown = shorten(shown)
        if wrong is not None:
            problems.append(wrong)
        elif key in seen:
            problems.append(problem("duplicate-option", shown))
        elif name.startswith("@"):
            if name[1:].isidentifier():
                aliases[name] = value
            else:
                problems.append(problem("invalid-name.alias", shown))
        elif plain in _NOT_BUILT:
            problems.append(problem("unsupported-option", shown))
        else:
            near = _MEANT.get(plain) or nearest(plain, _BUILT)
            suggestion = f"${near}" if near and limits.suggestions else None
            problems.append(problem("unknown-option", shown, suggestion=suggestion))
        seen.add(key)
    return given, aliases, cut


def _collect(
    problems: list[Problem],
    trees: dict[str, Any],
    key: str,
    text: str,
    option: str,
    limits: Limits,
    is_cut: bool = False,
) -> None:
    """Parse a text into trees[key], or add what is wrong with it to the problems."""
    try:
        trees[key] = parse("orderby" if option == "$orderby" else "filter", text, option, limits)
    except ODataError as wrong:
        found = wrong.problems
        if is_cut and found[0].code == "unclosed-string":
            found = (problem("unclosed-string.url", option, found[0].span, text=text),)
        problems.extend(found)


def _number(option: str, text: str, problems: list[Problem], limits: Limits) -> int | None:
    """`$top=10`: ASCII digits and nothing else."""
    option = f"${option}"
    place = next((n for n, char in enumerate(text) if char not in "0123456789"), None)
    if place is not None or not text:
        message = "invalid-option-value.negative" if _NEGATIVE.fullmatch(text) else "invalid-option-value"
        place = place or 0
        span = (place, min(place + 1, len(text)))
        problems.append(problem(message, option, span, text=text))
        return None
    bound = limits.max_top if option == "$top" else limits.max_skip
    most = _MAX_INT64 if bound is None else bound
    digits = text.lstrip("0") or "0"
    value = int(digits) if len(digits) < 20 else _MAX_INT64 + 1
    if value > most:
        code = "top-too-large" if option == "$top" else "skip-too-large"
        problems.append(problem(code, option, (0, len(text)), text=text, most=most))
        return None
    return value


def _boolean(text: str, problems: list[Problem]) -> bool:
    if text.lower() not in ("true", "false"):
        problems.append(problem("invalid-option-value.boolean", "$count", (0, len(text)), text=text))
    return text.lower() == "true"


class _Aliases:
    """Parameter aliases, put in place of their names: `$filter=name eq @n&@n='x'` (5.3)."""

    def __init__(
        self, trees: Mapping[str, Node], texts: Mapping[str, str], limits: Limits, problems: list[Problem]
    ) -> None:
        self.trees = trees
        self.texts = texts
        self.problems = problems
        self.origins = {id(node): (name, texts[name]) for name, tree in trees.items() for node in walk(tree)}
        self.bound = _MAX_EXPANDED if limits.max_nodes is None else limits.max_nodes
        self.ready: dict[str, Node] = {}
        self.sizes: dict[str, int] = {}
        self.resolve()

    def used(self, tree: Node) -> list[str]:
        """The aliases in a tree, as often as they are there."""
        names = [str(n.segments[0]) for n in walk(tree) if isinstance(n, Path) and len(n.segments) == 1]
        return [name for name in names if name in self.trees]

    def resolve(self) -> None:
        """Expand the aliases that use others, those that use none first, without doing it too often."""
        uses = {name: self.used(tree) for name, tree in self.trees.items()}
        sizes = {name: sum(1 for _ in walk(tree)) for name, tree in self.trees.items()}
        waiting = dict(uses)
        while waiting:
            free = [name for name, others in waiting.items() if not any(o in waiting for o in others)]
            if not free:
                name = next(iter(waiting))
                self.problems.append(problem("alias-cycle", shorten(name), name=name))
                return
            for name in free:
                self.sizes[name] = sizes[name] + sum(self.sizes[other] for other in uses[name])
                del waiting[name]
                if self.sizes[name] <= self.bound:
                    self.ready[name] = self.replaced(self.trees[name], (name, self.texts[name]))

    def replaced(self, tree: Node, origin: tuple[str, str]) -> Node:
        """The tree with the aliases in it replaced; origin is the option it is from, and its text."""

        def put(node: Node) -> Node:
            if isinstance(node, Path) and len(node.segments) == 1:
                return self.ready.get(str(node.segments[0]), node)
            return node

        found = transform(tree, put)
        for node in walk(found):
            self.origins.setdefault(id(node), origin)
        return found

    def expanded(self, tree: Any, option: str, text: str) -> Any:
        """A filter, or the items of an order, with the values of the aliases in place."""
        if self.problems:
            return tree
        items = [tree] if isinstance(tree, Node) else list(tree)
        names = [name for item in items for name in self.used(item)]
        size = sum(1 for item in items for _ in walk(item)) + sum(self.sizes[name] for name in names)
        if size > self.bound:
            message = "expression-too-large.aliases"
            span = (0, len(text))
            self.problems.append(problem(message, option, span, text=text, count=size, most=self.bound))
            return tree
        done = [self.replaced(item, (option, text)) for item in items]
        return done[0] if isinstance(tree, Node) else done
