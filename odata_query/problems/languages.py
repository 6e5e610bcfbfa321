"""The language of an answer, chosen by `Accept-Language`."""

from __future__ import annotations

from functools import lru_cache

from . import Problem
from .texts import message, suggested, tags


def negotiated(accept_language: str | None) -> str:
    """Choose the language that a client prefers: `es-MX,es;q=0.9,en;q=0.5` -> `es`.

    accept_language is the header's value (RFC 9110, section 12.5.4); English answers a missing or bad one.
    """
    return _negotiated(accept_language[:1000], tags()) if accept_language else "en"


@lru_cache(maxsize=256)
def _negotiated(header: str, known: tuple[str, ...]) -> str:
    weights: dict[str, float] = {}  # by language, in the order of the header
    rest = 0.0
    for part in header.split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
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


def _weight(text: str) -> float:
    """A quality value: 0 to 1 with at most three digits; 0 for a bad one."""
    digits = text.replace(".", "", 1)
    good = len(text) <= 5 and digits.isascii() and digits.isdigit()
    return min(float(text), 1.0) if good else 0.0


def message_in(problem: Problem, language: str) -> str:
    """The message of a problem in a language, with the suggestion; a service's own message as it wrote it."""
    text = (
        message(problem.message_id, problem.message_args, language) if problem.message_id else problem.message
    )
    return suggested(text, problem.suggestion, language)
