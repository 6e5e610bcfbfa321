"""The table of supported query options, and the reading and sorting of a request's options by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..check.checker import Checker
from ..check.typed import TypedPath
from ..errors import ODataError, error
from ..language.ast import OrderByItem
from ..limits import UNBOUNDED, Limits
from ..model.properties import StructuredType
from ..problems import ConfigurationError, Problem, nearest, problem, shorten


class Option(NamedTuple):
    """A supported system query option; its name is also that of its start rule and of its field of Query.

    check      makes the field's value of its tree, where there is a model
    limit      the field of Limits that bounds its number
    too_large  the problem with a larger number
    """

    check: Callable[[Checker, Any], Any] | None = None
    limit: str = ""
    too_large: str = ""


OPTIONS: Mapping[str, Option] = {
    "filter": Option(Checker.filter),
    "orderby": Option(Checker.orderby),
    "top": Option(None, "max_top", "top-too-large"),
    "skip": Option(None, "max_skip", "skip-too-large"),
    "count": Option(),
}
"""The supported options, by name without `$`, in the order in which they are checked."""
_UNSUPPORTED = (
    "apply", "compute", "deltatoken", "expand", "format", "id", "index", "levels", "schemaversion",
    "search", "select", "skiptoken",
)  # fmt: skip
_ELSEWHERE = {
    "where": "filter", "query": "filter", "sort": "orderby", "sortby": "orderby", "order": "orderby",
    "limit": "top", "take": "top", "first": "top", "offset": "skip", "inlinecount": "count",
}  # fmt: skip
"""Names of the options in other languages."""


# ---- reading -------------------------------------------------------------------------------------

Pair = tuple[str, str, Problem | None]
"""The name and the decoded value of an option, and the problem with its percent-encoding."""
_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_UTF_16 = re.compile("(?:%u[0-9A-Fa-f]{4})+")
_LITERAL = re.compile("[!-$&-*,-~ ]*")
"""Characters of a query string that mean themselves."""
_NAMES = sum(len(f"&${name}=") for name in OPTIONS)
"""Characters of the names of supported options, which do not count against `max_length`."""
_LONGEST = 12
"""Characters of the longest encoding of one character: `%F0%9F%98%80`."""
_MAX_OPTIONS = 1_000
_SHOWN = 200
"""Characters that are decoded of a text with a wrong encoding: enough for the name of any option."""


def read_options(options: object, limits: Limits = UNBOUNDED) -> list[Pair]:
    """Read a query string, which is decoded, or a mapping or pairs, which are decoded already.

    Raises LimitError for more than `max_length` characters together, or more than 1,000 options.
    """
    bound = limits.max_length
    if not isinstance(options, str):
        found = _read_pairs(options)
    elif bound is not None and len(options) > _LONGEST * bound + _NAMES:
        raise _too_long("text-too-long.query", bound)
    elif bound is not None and options.count("&") > _MAX_OPTIONS:
        raise _too_long("text-too-long.options", _MAX_OPTIONS)
    else:
        found = [_decode_option(part) for part in options.removeprefix("?").split("&") if part]
        if bound is None or len(options) <= bound:
            return found
    if bound is None or sum([1 + len(name) + len(value) for name, value, _ in found]) <= min(
        bound, _MAX_OPTIONS
    ):
        return found
    if len(found) > _MAX_OPTIONS:
        raise _too_long("text-too-long.options", _MAX_OPTIONS)
    total = 0
    for name, value, _ in found:
        is_option = name.removeprefix("$").lower() in OPTIONS
        # A text that is too long by itself is reported where it is parsed, with its place.
        if len(value) <= bound or not (is_option or name.startswith("@")):
            total += len(value) if is_option else len(name) + len(value)
    if total > bound:
        raise _too_long("text-too-long.query", bound)
    return found


def _too_long(message_id: str, most: int) -> ODataError:
    return error([problem(message_id, most=most)])


def _read_pairs(options: object) -> list[Pair]:
    if type(options) is dict and {str}.issuperset(map(type, options.values())):
        options = options.items()
    elif isinstance(options, Mapping):
        # A mapping of a framework gives one of several values, and all of them only when asked for a name.
        methods = (getattr(options, name, None) for name in ("getlist", "getall", "get_list"))
        values_of = next(filter(callable, methods), options.__getitem__)
        options = [
            (name, value)
            for name in dict.fromkeys(options)
            for given in [values_of(name)]
            for value in ([given] if isinstance(given, str) or not isinstance(given, Iterable) else given)
        ]
    if not isinstance(options, Iterable) or isinstance(options, bytes):
        raise ConfigurationError(f"options must be a query string, a mapping or pairs, not {options!r:.100}")
    found: list[Pair] = []
    for item in options:
        if not isinstance(item, (tuple, list)) or len(item) != 2 or not isinstance(item[0], str):
            raise ConfigurationError(f"an option must be a pair of strings, not {item!r:.100}")
        if not isinstance(item[1], str):
            raise ConfigurationError(f"the value of {item[0]} must be a string, not {item[1]!r:.100}")
        found.append((item[0], item[1], None))
    return found


def _decode_option(part: str) -> Pair:
    """Split `name=value` at the first equals sign, then decode both once."""
    raw_name, _, raw_value = part.partition("=")
    name, name_problem = _decode(raw_name, raw_name)
    value, value_problem = _decode(raw_value, raw_name)
    return name, value, name_problem or value_problem


def _decode(raw: str, option: str) -> tuple[str, Problem | None]:
    """Decode a text; if its encoding is wrong, decode its start and return also the problem, else None."""
    if _LITERAL.fullmatch(raw):
        return raw, None
    from urllib.parse import unquote_to_bytes

    escape = _ESCAPE.search(raw)
    wrong = None if escape is None else ("invalid-encoding.percent", escape.start())
    try:
        text = "" if wrong else unquote_to_bytes(raw.replace("+", " ")).decode()
    except UnicodeError as error:
        wrong = ("invalid-encoding", _raw_offset(raw, error))
    if wrong is None:
        return text, None
    message_id, place = wrong
    text = unquote_to_bytes(raw[:_SHOWN].encode(errors="replace")).decode(errors="replace")
    if code := _UTF_16.match(raw, place):
        from ..language.meant import utf_8

        more = {"meant": utf_8(code[0]), "escape": code[0]}
        return text, problem("invalid-encoding.unicode", shorten(option), code.span(), text=raw, **more)
    return text, problem(message_id, shorten(option), (place, place + 1), text=raw)


def _raw_offset(raw: str, error: UnicodeError) -> int:
    """Return the offset, in a percent-encoded text, of what cannot be decoded."""
    if isinstance(error, UnicodeDecodeError):
        left = error.start
        for match in re.finditer("%[0-9A-Fa-f]{2}|[^%]+", raw):
            left -= 1 if match[0][0] == "%" else len(match[0].encode())
            if left < 0:
                return match.start()
    return getattr(error, "start", 0)


# ---- sorting -------------------------------------------------------------------------------------


class Request(NamedTuple):
    """The options of a request.

    texts     values of supported options, by name without `$`
    aliases   values of parameter aliases, by name with `@`
    cut       names with `$` of options whose values an '&' may have cut: a custom option follows
    problems  problems with other options
    """

    texts: dict[str, str]
    aliases: dict[str, str]
    cut: set[str]
    problems: list[Problem]


_REST = re.compile("[ '()]")
"""Characters that a value has and a name does not: the name is the rest of a value that an '&' has cut."""


def classify_options(pairs: Iterable[Pair], limits: Limits, require_dollar: bool = False) -> Request:
    """Sort options into supported ones, parameter aliases and problems.

    Names are accepted in any case, those of supported options also without `$`, unless `require_dollar`.
    All other names without `$` are custom options, which are ignored (5.2): `color=red`, and also `search=x`.
    """
    request = Request({}, {}, set(), [])
    texts, aliases, cut, problems = request
    seen: set[str] = set()
    before = ""
    for name, value, wrong in pairs:
        plain = name.removeprefix("$").lower()
        is_option = name.startswith("$") or (plain in OPTIONS and not require_dollar)
        if is_option and plain in OPTIONS and plain not in seen and wrong is None:
            texts[plain] = value
            seen.add(plain)
            before = plain
            continue
        meant = None if require_dollar and "$" not in name else _misspelt(name, plain)
        is_alias = name.startswith("@") and not meant
        if meant or is_alias or is_option:
            key = name if is_alias else plain
            if found := wrong or _check_name(name, plain, meant, key in seen, limits):
                problems.append(found)
                if limits.max_problems is not None and len(problems) >= limits.max_problems:
                    break
            else:
                aliases[name] = value
            if not meant:
                seen.add(key)
        else:
            if before in texts and not value and _REST.search(name):
                text = texts.pop(before)
                span = (len(text), len(text))
                problems.append(problem("invalid-encoding.ampersand", f"${before}", span, text=text))
            cut.add(f"${before}")
    if limits.max_aliases is not None and len(aliases) > limits.max_aliases:
        name = shorten([*aliases][limits.max_aliases])
        problems.append(problem("too-many-aliases", name, most=limits.max_aliases))
    return request


def _misspelt(name: str, plain: str) -> str | None:
    """Return the option meant by ` $filter` or `amp;$filter`, which must not be ignored as custom options."""
    meant = name.rpartition("$")[2].strip().lower()
    return meant if meant in OPTIONS and plain != meant and ("$" in name or meant == plain.strip()) else None


def _check_name(
    name: str, plain: str, meant: str | None, is_repeated: bool, limits: Limits
) -> Problem | None:
    """Return the problem with an option: it is misspelt, repeated, unsupported or unknown; or None."""
    is_alias = name.startswith("@") and not meant
    shown = shorten(name if meant or is_alias else f"${plain}")
    if is_repeated and not meant:
        return problem("duplicate-option", shown)
    if is_alias:
        return None if name[1:].isidentifier() else problem("invalid-name.alias", shown)
    if plain in _UNSUPPORTED:
        return problem("unsupported-option", shown)
    near = meant or _ELSEWHERE.get(plain) or nearest(plain, OPTIONS)
    suggestion = f"${near}" if near and limits.suggestions else None
    return problem("unknown-option", shown, suggestion=suggestion)


def with_key(orderby: tuple[OrderByItem, ...], entity_type: StructuredType) -> tuple[OrderByItem, ...]:
    """Append the key properties that an order lacks, so that it is total."""
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
