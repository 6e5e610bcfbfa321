"""The language of an answer, chosen by `Accept-Language`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from . import Problem, suggested
from .texts import message, tags

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def negotiated(accept_language: str | None) -> str:
    """Choose the language that a client prefers: `es-MX,es;q=0.9,en;q=0.5` -> `es`.

    accept_language is the header's value (RFC 9110, section 12.5.4); English answers a missing or bad one.
    """
    return _negotiated(accept_language[:1000], tags()) if accept_language else "en"


@lru_cache(maxsize=256)
def _negotiated(header: str, known: tuple[str, ...]) -> str:
    weights: dict[str, float] = {}  # by language, in the order of the header
    rest = 0.0
    for tag, _, weight in preferences(header):
        if tag == "*":
            rest = max(rest, weight)
        is_whole = tag in known
        while tag not in known and "-" in tag:  # the lookup of RFC 4647: es-419 is es
            tag = tag.rpartition("-")[0]
        if tag in known and (is_whole or weight):  # a client that refuses es-419 may still take es
            weights[tag] = max(weight, weights.get(tag, 0.0))
    weights |= {tag: rest for tag in known if tag not in weights}  # `*` stands for the tags not listed
    best = max(weights, key=lambda tag: weights[tag])
    return best if weights[best] else known[0]


def preferences(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The items of an Accept header in lower case: `es;q=0.9` -> `es`, `{"q": "0.9"}`, 0.9.

    A bad quality counts as 0.
    """
    for item in header.lower().split(","):
        value, *pieces = (piece.strip() for piece in item.split(";"))
        parameters = {name.strip(): text.strip() for name, _, text in (p.partition("=") for p in pieces)}
        quality = parameters.get("q", "1")
        yield value, parameters, float(quality) if _QUALITY.fullmatch(quality) else 0.0


def message_in(problem: Problem, language: str) -> str:
    """The message of a problem in a language, with the suggestion; a service's own message stays as written."""
    text = problem.message
    if problem.message_id:
        text = message(problem.message_id, problem.message_args, language)
    return suggested(problem, text, language)
