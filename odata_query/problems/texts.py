"""The texts of problems by language, loaded from text/*.json when a message is rendered.

A language is one JSON file:

{"problems": {"wrong-type": {"title": ..., "fix": ..., "messages": {"": ..., "compare-text": ...}}},
 "phrases": {"the-end": "the end"}}

The id of a message is its code and, after a dot, its variant: `wrong-type`, `wrong-type.compare-text`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, TypedDict


class Wording(TypedDict, total=False):
    """The texts of one code.

    title     the problem in general, for documentation
    fix       the way out
    messages  templates by variant; the empty one has the code alone as its id
    """

    title: str
    fix: str
    messages: Mapping[str, str]


class Texts(TypedDict, total=False):
    """One language: texts by code, and phrases by id. English replaces what is missing."""

    problems: Mapping[str, Wording]
    phrases: Mapping[str, str]


LANGUAGES: dict[str, Texts] = {}
"""Languages that a service adds, by tag in lower case: `LANGUAGES["ca"] = json.load(file)`."""


class Phrase:
    """Words of the library inside a message, by id: `Phrase("the-end")`, `Phrase("decimal-digits", most=38)`.

    They are translated. An id without a text, as from a dialect outside the library, is shown unchanged.
    """

    __slots__ = ("id", "values")

    def __init__(self, id: str, /, **values: object) -> None:
        self.id, self.values = id, values

    def __str__(self) -> str:
        return _render(self, "en")


class Name(str):
    """A name of the model or of the library inside a message: neither translated nor shortened."""

    __slots__ = ()


def tags() -> tuple[str, ...]:
    """The tags of all languages, English first."""
    return tuple(dict.fromkeys((*_shipped(), *LANGUAGES)))


def texts(language: str) -> Texts:
    """The texts of a language, by its tag."""
    return LANGUAGES[language] if language in LANGUAGES else _load(language)


@cache
def _shipped() -> tuple[str, ...]:
    try:
        names = os.listdir(os.path.join(os.path.dirname(__file__), "text"))
    except OSError:  # the package is in a zip file
        from importlib.resources import files

        names = [path.name for path in files(__package__).joinpath("text").iterdir()]
    return ("en", *sorted({name.removesuffix(".json") for name in names} - {"en"}))


@cache
def _load(language: str) -> Texts:
    import json
    from pkgutil import get_data

    loaded: Texts = json.loads(get_data(__package__, f"text/{language}.json") or b"{}")
    return loaded


def message(id: str, values: Mapping[str, object], language: str) -> str:
    """Render the message of an id."""
    code, _, variant = id.partition(".")
    wording = texts(language).get("problems", {}).get(code, {})
    template = wording.get("messages", {}).get(variant)
    if template is None:
        template = texts("en")["problems"][code]["messages"][variant]
    return template.format(**_render_all(values, language))


def phrase(id: str, language: str, **values: object) -> str:
    """Render the phrase of an id."""
    template = texts(language).get("phrases", {}).get(id) or texts("en")["phrases"].get(id)
    return id if template is None else template.format(**values)


def shorten(text: str, width: int = 40) -> str:
    """Cut a client's text to fit into a message, and replace control characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: width + 1])
    return clean if len(clean) <= width else clean[: width - 3] + "..."


def _render_all(values: Mapping[str, object], language: str) -> dict[str, str]:
    return {name: _render(value, language) for name, value in values.items()}


def _render(value: Any, language: str) -> str:
    """Join alternatives with `or`, translate phrases, and shorten a client's text."""
    if isinstance(value, tuple):
        *parts, last = (_render(each, language) for each in value)
        return phrase("or", language, one=", ".join(parts), other=last) if parts else last
    if isinstance(value, Phrase):
        return phrase(value.id, language, **_render_all(value.values, language))
    return value if isinstance(value, Name) else shorten(str(value), 60)
