"""Literals that a text was probably meant as: `31/12/2024` -> `2024-12-31`, `P1W` -> `duration'P7D'`.

Only texts with a mistake come here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping

from .. import edm
from .literals import BASE64, write

NULL_ELSEWHERE = ("null", "none", "nil", "undefined", "nothing")
"""Null in other languages."""
_MOST = 64
"""Characters of a text that is looked at: these values have fewer."""
_DATE = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})|([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(\.[0-9]{1,6})?)?)? ?(?:([ap])\.?m\.?)?", re.I | re.A
)
_MOMENT = re.compile(
    r"([0-9./-]+)(?:T| +)([0-9:.]+(?: ?[ap]m)?) ?(Z|UTC|GMT|[+-](?:[01][0-9]|2[0-3]):?(?:[0-5][0-9])?)?",
    re.I | re.A,
)
_CLOCK = re.compile(r"([+-]?)(?:([0-9]{1,9})[.:])?([0-9]{1,3}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,6})?)")
_ISO = re.compile(
    r"([+-]?)P(?:([0-9]{1,8})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?",
    re.I | re.A,
)
_TRUTH = {
    **dict.fromkeys(("1", "yes", "on", "true"), "true"),
    **dict.fromkeys(("0", "no", "off", "false"), "false"),
}
_NOT_FINITE = {
    **dict.fromkeys(("inf", "infinity", "+inf", "+infinity"), "INF"),
    **dict.fromkeys(("-inf", "-infinity"), "-INF"),
    "nan": "NaN",
}


def date(text: str) -> str | None:
    """Write a date in the order of ISO 8601: `31/12/2024` -> `2024-12-31`; None if it may be another day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    first, _, second, third, year, month, day = match.groups()
    if first:
        year, month, day = first, second, third
        if len(first) < 3:
            year, day = third, first
            if int(month) > 12:
                month, day = day, month
            elif int(day) <= 12 and int(day) != int(month):
                return None
    try:
        return dt.date(int(year), int(month), int(day)).isoformat() if len(year) == 4 else None
    except ValueError:
        return None


def time(text: str) -> str | None:
    """Write a time of day with two digits in each part: `9:00` -> `09:00`, `9 pm` -> `21:00`, `PT9H` too."""
    since_midnight = _ISO.fullmatch(text)
    if since_midnight and not any(since_midnight.groups()[:3]):
        text = "{}:{}:{}".format(*since_midnight.groups("0")[3:])
    match = _TIME.fullmatch(text)
    if match is None or not (match[2] or match[5]):
        return None
    hour, minute, second, fraction, half = match.groups()
    hours, minutes, seconds = int(hour), int(minute or 0), int(second or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}{fraction or ''}" if second else "")


def moment(text: str) -> str | None:
    """Write a date and time, or a date: `2024-1-5 9:00 UTC` -> `2024-01-05T09:00Z`."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return date(text)
    clock = match[2] if ":" in match[2] or "m" in match[2].lower() else f"{match[2]}:00"
    day, hour, zone = date(match[1]), time(clock), (match[3] or "Z").upper()
    if day is None or hour is None:
        return None
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{day}T{hour}" + (f"{zone[0]}{digits[:2]}:{digits[2:]}" if zone[0] in "+-" else "Z")


def duration(text: str) -> str | None:
    """Write a duration in days, hours, minutes and seconds: `P1W` -> `P7D`, `1:00:00` -> `PT1H`."""
    match = _CLOCK.fullmatch(text)
    weeks = "0"
    if match is not None:
        sign, days, hours, minutes, seconds = match.groups("0")
    else:
        match = _ISO.fullmatch(text)
        if match is None or not any(match.groups()[1:]):
            return None
        sign, weeks, days, hours, minutes, seconds = match.groups("0")
    total = 7 * int(weeks) + int(days)
    if total > 999_999_999:
        return None
    whole, dot, fraction = seconds.partition(".")
    parts = ((str(int(hours)), "H"), (str(int(minutes)), "M"), (f"{int(whole)}{dot}{fraction}", "S"))
    clock = "".join(number + unit for number, unit in parts if number != "0")
    day = f"{total}D" if total or not clock else ""
    return f"{sign.strip('+0')}P{day}" + (f"T{clock}" if clock else "")


def guid(text: str) -> str | None:
    """Write a GUID with its dashes and without braces: `{01234567...}` -> `01234567-...`."""
    digits = text.lower().removeprefix("urn:uuid:").strip("{}() ").replace("-", "")
    if not re.fullmatch("[0-9a-f]{32}", digits):
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def hexadecimal(text: str) -> str | None:
    """Write binary data of hexadecimal digits: `23AB` -> `binary'I6s'`."""
    try:
        return write(bytes.fromhex(text), edm.BINARY)
    except ValueError:
        return None


def utf_8(escapes: str) -> str:
    """Percent-encode the characters of JavaScript's old escapes: `%u00e9` -> `%C3%A9`."""
    from urllib.parse import quote

    return quote(bytes.fromhex(escapes.replace("%u", "")).decode("utf-16-be", "replace"))


def _date_of(text: str) -> str | None:
    found = moment(text)
    return found and found[:10]


def _in(prefix_of: edm.Type, find: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Put what a function finds into the quotes of a type: `P7D` -> `duration'P7D'`."""

    def write_found(text: str) -> str | None:
        found = find(text)
        return found and write(found, prefix_of)

    return write_found


def _base64url(text: str) -> str | None:
    found = text.replace("+", "-").replace("/", "_")
    return found if BASE64.fullmatch(found) else None


_FIND: Mapping[str, Callable[[str], str | None]] = {
    edm.BINARY.name: _in(edm.BINARY, _base64url),
    edm.BOOLEAN.name: lambda text: _TRUTH.get(text.lower()),
    edm.DATE.name: _date_of,
    edm.DATE_TIME_OFFSET.name: moment,
    **dict.fromkeys((edm.DOUBLE.name, edm.SINGLE.name), lambda text: _NOT_FINITE.get(text.lower())),
    edm.DURATION.name: _in(edm.DURATION, duration),
    edm.GUID.name: guid,
    edm.TIME_OF_DAY.name: time,
}


def literal_meant(text: str, type: edm.Type) -> str | None:
    """Return the literal of a primitive type that a text was probably meant as, or None."""
    find = _FIND.get(type.name)
    return find(text.strip()) if find and len(text) <= _MOST else None
