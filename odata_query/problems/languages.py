"""What is said in other languages, chosen by `Accept-Language`.

A language has a `Wording` for each problem of the catalogue and its phrases; what one lacks is said in
English. `LANGUAGES["ca"] = Language(wordings, phrases)` adds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from . import Problem, es, fill, suggested
from .catalogue import PHRASES, PROBLEMS, Wording


class Language(NamedTuple):
    """What is said in one language: a `Wording` by code, and phrases by their English text."""

    wordings: Mapping[str, Wording]
    phrases: Mapping[str, str]


LANGUAGES: dict[str, Language] = {
    "en": Language({code: entry.wording for code, entry in PROBLEMS.items()}, PHRASES),
    "es": Language(es.WORDINGS, es.PHRASES),
}
"""The languages by their tags in lower case, English first."""


def negotiated(accept_language: str | None) -> str:
    """The language that a client likes best of those that there are: `es-MX,es;q=0.9,en;q=0.5` -> `es`.

    accept_language is the header's value (RFC 9110, section 12.5.4); without a good one it is English.
    """
    return _negotiated(accept_language[:1000] if accept_language else "", tuple(LANGUAGES))


@lru_cache(maxsize=256)
def _negotiated(header: str, known: tuple[str, ...]) -> str:
    weights: dict[str, float] = {}  # of the languages that ranges name, in the order of the ranges
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
        if tag in known and (is_whole or weight):  # without es-419 there can be es
            weights[tag] = max(weight, weights.get(tag, 0.0))
    weights |= {tag: rest for tag in known if tag not in weights}  # `*` is what no range names
    best = max(weights, key=lambda tag: weights[tag])
    return best if weights[best] else known[0]


def _weight(text: str) -> float:
    """A quality: 0 to 1 with at most three digits."""
    digits = text.replace(".", "", 1)
    good = len(text) <= 5 and digits.isascii() and digits.isdigit()
    return min(float(text), 1.0) if good else 0.0


def message(problem: Problem, language: str) -> str:
    """The message of a problem, with what was probably meant, in a language."""
    spoken = LANGUAGES[language]
    text = problem.message
    if problem.said is not None:
        name, values = problem.said
        code, _, variant = name.partition(".")
        wording = spoken.wordings.get(code)
        template = wording.messages.get(variant) if wording else None
        if template is not None:
            text = fill(template, values, spoken.phrases)
    return suggested(text, problem.suggestion, {**PHRASES, **spoken.phrases})


def phrase(name: str, language: str, **values: object) -> str:
    """One of `PHRASES`, filled with values."""
    return LANGUAGES[language].phrases.get(name, PHRASES[name]).format(**values)
