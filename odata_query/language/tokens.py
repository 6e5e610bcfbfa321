"""Values of the tokens of grammar/odata.lark.

`TOKENS` holds a function for each token that carries a value: (text, start, end) -> value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .. import edm
from ..operations import FUNCTIONS, OPERATIONS
from ..problems import nearest
from .ast import Call, Literal, Path, TypeName
from .literals import BASE64, DURATION


class SyntaxProblem(Exception):
    """A text that is not the language; the parser makes a Problem with the message of this id.

    Without an end, the place is the first character from start that is not white space.
    """

    def __init__(
        self, message: str, start: int, end: int | None = None, suggestion: str | None = None, **values: Any
    ) -> None:
        super().__init__(message)
        self.message, self.suggestion, self.values = message, suggestion, values
        self.start, self.end = start, end


Opening = tuple[str, int, int]
"""A token that opens something: its name, its offset, and the offset of its contents."""


CURLY_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4"
"""Quotes of other kinds: ‘ ’ ‚ “ ” „ « » ´."""
MAX_NAME = 128
MAX_CACHED = 1000
"""Entries of each cache of texts (paths, functions, operators), which are then checked once."""

_MEMBER = re.compile(r"[ \t]*[^\W\d]\w*[ \t]*")
_BARE = re.compile(r"(?:edm\.)?(?:s?byte|int(?:16|32|64)?|decimal|double|single|float|bool(?:ean)?)")
_BARE_VALUE = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?|true|false", re.I | re.A)
"""Types whose values have no quotes, and those values: `Edm.Int32'5'`."""
_ENUM_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_YEAR = re.compile(r"-?(?:0[0-9]{3}|[1-9][0-9]{3,})-", re.A)
_ORDINARY_DATE = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?Z?)?$",
    re.A,
)
"""Almost all dates. The others are checked part by part, to name the one that is wrong."""
_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt])|(.?))', re.S)
_CONTROL = re.compile("[\x00-\x1f]")
"""Characters that JSON has only as escapes (RFC 8259, section 7)."""
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
SURROGATE = re.compile("[\ud800-\udfff]")

_segments: dict[str, tuple[str, ...]] = {}
_functions: dict[str, str] = {}


def _path(text: str, start: int, end: int) -> Path:
    segments = _segments.get(text)
    if segments is None:
        segments = tuple(text.split("/"))
        place = start
        for segment in segments:
            check_name(segment.lstrip("@$"), place + (segment[0] in "@$"))
            place += len(segment) + 1
        if len(_segments) < MAX_CACHED and len(text) <= MAX_NAME:
            _segments[text] = segments
    return Path(segments, (start, end))


def check_name(name: str, start: int) -> str:
    """Return a (qualified) name; report the first character that it cannot have, or a part too long."""
    for part in name.replace("#", ".").split("."):
        if len(part) > MAX_NAME:
            raise SyntaxProblem("invalid-name.long", start + MAX_NAME, most=MAX_NAME)
        if not part:
            raise SyntaxProblem("invalid-name", start)
        if not (part.isascii() and part.isidentifier()):
            _check_letters(part, start)
        start += len(part) + 1
    return name


def _check_letters(name: str, start: int) -> None:
    """Report the first character that a name cannot have (odataIdentifier): categories of Unicode say it."""
    import unicodedata

    for place, char in enumerate(name, start):
        category = unicodedata.category(char)
        if char == "_" or category[0] == "L" or category == "Nl":
            continue
        if place > start and category in ("Nd", "Mn", "Mc", "Pc", "Cf"):
            continue
        if char in CURLY_QUOTES:
            raise SyntaxProblem("invalid-character.quote", place)
        message = "invalid-character.invisible" if category == "Cf" else "invalid-character"
        message = "invalid-character.blank" if char.isspace() else message
        raise SyntaxProblem(message, place, character=f"U+{ord(char):04X}")


def keep_text(text: str, start: int, end: int) -> str:
    """Return the text of the token; the parser does so itself where it meets this function."""
    return text


def _function(text: str, start: int, end: int) -> Opening:
    known = _functions.get(text)
    if known is not None:
        return known, start, end
    name = check_name(text.rstrip(" \t")[:-1], start)
    lowered = name.lower()
    if lowered in FUNCTIONS:
        name = FUNCTIONS[lowered]
    elif lowered in OPERATIONS:
        raise SyntaxProblem("unknown-operator.operator-function", start, start + len(name), word=lowered)
    if len(_functions) < MAX_CACHED:
        _functions[text] = name
    return name, start, end


def number(text: str, start: int, end: int) -> Literal:
    """Read a number: `7` is an Int32, `9999999999` an Int64, `7.5` a Decimal, `7e5` a Double."""
    kind: edm.Type = edm.DECIMAL
    value: Any = None
    if len(text.lstrip("+-0")) < 20 and text.lstrip("+-").isdigit():
        value = int(text)
        if -(2**63) <= value < 2**63:
            kind = edm.INT32 if -(2**31) <= value < 2**31 else edm.INT64
        else:
            value = Decimal(value)
    elif text[-1] in "FN" or "e" in text or "E" in text:
        kind, value = edm.DOUBLE, float(text)
        if text[-1].isdigit() and abs(value) == float("inf"):
            raise SyntaxProblem("literal-out-of-range.number", start, end, type=kind.name)
    else:  # a backend need not hold the zeros at its end
        value = Decimal(text.rstrip("0") if "." in text and len(text) > 40 else text)
    return Literal(value, kind, (start, end))


def _json_string(text: str, start: int, end: int) -> Literal:
    def unescape(match: re.Match[str]) -> str:
        code, char, wrong = match.groups()
        if wrong is not None:
            raise SyntaxProblem("invalid-literal.escape", start + 1 + match.start())
        return chr(int(code, 16)) if code else _ESCAPED.get(char, char)

    control = _CONTROL.search(text)
    if control is not None:
        place = start + control.start()
        raise SyntaxProblem("invalid-character.here", place, place + 1, character=f"U+{ord(control[0]):04X}")
    value = text[1:-1]
    if "\\" in value:
        value = _JSON_ESCAPE.sub(unescape, value)
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if SURROGATE.search(value) or "\0" in value:
            raise SyntaxProblem("invalid-literal.escaped-character", start, end)
    return Literal(value, edm.UNTYPED, (start, end))  # the rules around it make it a String


def _temporal(
    kind: edm.Type, find_mistake: Callable[[str], str | None]
) -> Callable[[str, int, int], Literal]:
    def read(text: str, start: int, end: int) -> Literal:
        if mistake := find_mistake(text):
            raise SyntaxProblem(mistake, start, end)
        return Literal(text, kind, (start, end))

    return read


def _mistake_in_date(text: str) -> str | None:
    """Return the message for a bad date (`2024-13-45`, `02024-01-01`, `2024-01-01T24:00Z`), or None."""
    if _ORDINARY_DATE.match(text):
        return None
    date, _, time = text.upper().partition("T")
    _, month, day = date.rsplit("-", 2)
    if not _YEAR.match(date):
        return "invalid-literal.year"
    if not 1 <= int(month) <= 12:
        return "invalid-literal.month"
    if not 1 <= int(day) <= 31:
        return "invalid-literal.day"
    if time:
        clock, sign, offset = time.removesuffix("Z").replace("-", "+").partition("+")
        return _mistake_in_time(clock) or (_mistake_in_time(offset) if sign else None)
    return None


def _mistake_in_time(text: str) -> str | None:
    hour, minute, *seconds = text.split(":")
    if int(hour) > 23:
        return "invalid-literal.hour"
    if int(minute) > 59:
        return "invalid-literal.minute"
    if seconds and int(seconds[0][:2]) > 60:
        return "invalid-literal.second"
    return None


_CLOCK = re.compile(
    r"(?<![\w.+-])(?<![0-9]:)(-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T)?[0-9]{2}:[0-9]{2}(?![0-9])"
    r"(?::[0-9]{2}(?:\.[0-9]{1,12})?(?![0-9]))?(?(1)(?:Z|[+-][0-9]{2}:[0-9]{2})?)",
    re.I | re.A,
)


def clock_around(text: str, colon: int) -> tuple[int, int, str | None]:
    """Return the place of what looks like a time or a moment around a colon, and the message for its mistake.

    `25:00` has no such hour. The place is the colon where nothing looks so.
    """
    for found in _CLOCK.finditer(text, max(0, colon - MAX_NAME), colon + MAX_NAME):
        if found.start() < colon < found.end():
            mistake = _mistake_in_date(found[0]) if found[1] else _mistake_in_time(found[0])
            return *found.span(), mistake
    return colon, colon, None


_OLD_LITERALS = {
    "date": ("invalid-literal.date", edm.DATE, "2024-01-31"),
    "datetime": ("invalid-literal.datetime", edm.DATE_TIME_OFFSET, "2024-01-31T12:00:00Z"),
    "datetimeoffset": ("invalid-literal.datetime", edm.DATE_TIME_OFFSET, "2024-01-31T12:00:00Z"),
    "guid": ("invalid-literal.guid", edm.GUID, "01234567-89ab-cdef-0123-456789abcdef"),
    "time": ("invalid-literal.time", edm.TIME_OF_DAY, "12:30:00"),
    "x": ("invalid-literal.binary", edm.BINARY, "binary'...'"),
}
"""Prefixes of literals in OData 2 and 3; for each the message, the type and a literal of it."""
_MALFORMED = {
    edm.BINARY.name: ("invalid-literal.base64", "binary'Zm9v'"),
    edm.DURATION.name: ("invalid-literal.duration", "duration'P1DT2H3M4.5S'"),
}
"""The message for a text that cannot be read as a type, and a literal of that type."""


def _wrong_prefix(prefix: str, value: str, start: int, end: int) -> SyntaxProblem:
    """Make the problem with `guid'...'`, `Edm.Int32'5'` or `Color'Red'`."""
    known = check_name(prefix, start).lower()
    from .meant import hexadecimal, literal_meant

    if old := _OLD_LITERALS.get(known.removeprefix("edm.")):
        message, kind, example = old
        found = hexadecimal(value) if known == "x" else literal_meant(value, kind)
        return SyntaxProblem(message, start, end, suggestion=found, meant=found or example)
    is_bare = _BARE.fullmatch(known) and _BARE_VALUE.fullmatch(value)
    forms = {"binary": BASE64.fullmatch(value), "duration": DURATION.fullmatch(value)}
    near = nearest(known, [name for name, is_one in forms.items() if is_one], cutoff=0.75)
    meant = value if is_bare else f"{near or ''}'{value}'"
    message = "invalid-literal.plain" if is_bare else "invalid-literal.prefix"
    return SyntaxProblem(message, start, end, suggestion=meant, prefix=prefix, meant=meant)


def _prefixed(text: str, start: int, end: int) -> Literal:
    """Read `duration'P1D'`, `binary'Zm8'`, `geography'...'` or `Sales.Color'Red'`."""
    prefix, _, value = text[:-1].partition("'")
    inside = start + len(prefix) + 1
    kind: edm.Type
    is_valid: object
    known = prefix.lower()
    if known == "duration":
        kind, is_valid = edm.DURATION, DURATION.fullmatch(value)
    elif known == "binary":
        kind, is_valid = edm.BINARY, BASE64.fullmatch(value)
    elif known in ("geography", "geometry"):
        from . import wkt

        try:
            shape = wkt.parse(value, is_geography=known == "geography").shape
        except wkt.GeoError as wrong:
            place = inside + wrong.position
            raise SyntaxProblem("invalid-literal.geo", place, end, reason=wrong.reason) from None
        name = f"Edm.{known.capitalize()}{shape.removeprefix('Geometry')}"
        kind, is_valid = edm.primitive(name) or edm.UNTYPED, True
    elif "." in prefix and not prefix.startswith("Edm."):
        kind, is_valid = edm.Type(check_name(prefix, start)), True
        members = value.split(",")
        if " " in value and all(_MEMBER.fullmatch(member) for member in members):
            meant = f"{prefix}'{','.join(map(str.strip, members))}'"
            raise SyntaxProblem("invalid-character.members", start, end, suggestion=meant, meant=meant)
        for member in members:
            if not _ENUM_NUMBER.fullmatch(member):
                check_name(member, inside)
            inside += len(member) + 1
    else:
        raise _wrong_prefix(prefix, value, start, end)
    if not is_valid:
        from .meant import literal_meant

        found = literal_meant(value, kind)
        message, example = _MALFORMED[kind.name]
        raise SyntaxProblem(message, start, end, suggestion=found, meant=found or example)
    return Literal(value, kind, (start, end))


TOKENS: dict[str, Callable[[str, int, int], Any]] = {
    **dict.fromkeys(
        ("ADDITION", "DIRECTION", "EQUALITY", "HAS", "IN", "MULTIPLICATION", "RELATION"), keep_text
    ),
    **dict.fromkeys(
        ("BRACE", "BRACKET", "COLON", "COUNT", "FILTER", "MINUS", "NOT", "OPEN_LIST"),
        lambda text, start, end: (text, start, end),
    ),
    "BOOLEAN": lambda text, start, end: Literal(len(text) == 4, edm.BOOLEAN, (start, end)),
    "COUNT_FILTER": lambda text, start, end: ("$filter", start, end),
    "COUNT_SEARCH": lambda text, start, end: ("$search", start, end),
    "COUNT_SEGMENT": lambda text, start, end: Call("$count", (), (start, end)),
    "DATE": _temporal(edm.DATE, _mistake_in_date),
    "DATE_TIME": _temporal(edm.DATE_TIME_OFFSET, _mistake_in_date),
    # Twenty digits are above any bound, and Python reads at most 4,300.
    "DIGITS": lambda text, start, end: int(text.lstrip("0")[:20] or "0"),
    "FUNCTION": _function,
    "GUID": lambda text, start, end: Literal(text, edm.GUID, (start, end)),
    "INTEGER": lambda text, start, end: Literal(int(text), edm.INT32, (start, end)),
    "JSON_STRING": _json_string,
    "NULL": lambda text, start, end: Literal(None, edm.NULL, (start, end)),
    "NUMBER": number,
    "OPEN_KEY": lambda text, start, end: ("()", start, end),
    "PARAMETER": lambda text, start, end: (check_name(text.rstrip(" \t")[:-1], start), start, end),
    "PATH": _path,
    "PREFIXED": _prefixed,
    "SEARCH": lambda text, start, end: Literal(text, edm.STRING, (start, end)),
    "STRING": lambda text, start, end: Literal(text[1:-1].replace("''", "'"), edm.STRING, (start, end)),
    "TIME": _temporal(edm.TIME_OF_DAY, _mistake_in_time),
    "TRUTH": lambda text, start, end: text.lower() == "true",
    "TYPE": lambda text, start, end: TypeName(check_name(text, start), (start, end)),
}
