"""The catalogue of problems: each code has an example that has it, and words in every language."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

import pytest

import odata_query as oq
from odata_query import sql
from odata_query.problems.catalogue import PROBLEMS
from odata_query.problems.languages import LANGUAGES, Language, message, negotiated

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "grammar"))

from reference import EXAMPLE_LIMITS, EXAMPLE_MODEL  # noqa: E402 - found on the path above

PACKAGE = ROOT / "odata_query"
NAMED = re.compile(r'"((?:' + "|".join(PROBLEMS) + r')(?:\.[a-z-]+)?)"')
DYNAMIC = {
    "invalid-literal": "date datetime guid time binary prefix month day year hour minute second",
    "unknown-operator": "like ilike is between",
}
"""Variants whose names are put together from a table."""


@pytest.mark.parametrize(("code", "entry"), PROBLEMS.items())
def test_the_example_of_a_problem_has_it(code, entry):
    def ask():
        query = oq.parse_query(entry.example, entity_type=EXAMPLE_MODEL, limits=EXAMPLE_LIMITS)
        sql.select(query, "images", dialect="sqlite")

    with pytest.raises(oq.ODataError) as caught:
        ask()
    assert [problem.code for problem in caught.value.problems] == [code], str(caught.value)


def test_sub_codes_are_unique_among_those_of_one_status():
    found = [(entry.kind == "unsupported", entry.subcode) for entry in PROBLEMS.values()]
    assert len(set(found)) == len(found)


def test_every_message_of_the_catalogue_is_said_somewhere_and_no_other():
    text = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "catalogue.py")
    said = set(NAMED.findall(text))
    said |= {f"{code}.{variant}" for code, variants in DYNAMIC.items() for variant in variants.split()}
    said |= {f"wrong-type.{variant}" for variant in re.findall(r'"(compare(?:-[a-z]+)?)"', text)}
    known = {
        f"{code}.{variant}".rstrip(".")
        for code, entry in PROBLEMS.items()
        for variant in entry.wording.messages
    }
    assert said - set(PROBLEMS) <= known
    assert {name for name in known if "." in name} <= said


def blanks(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
@pytest.mark.parametrize(("code", "entry"), PROBLEMS.items())
def test_every_language_says_all_of_a_problem(language, code, entry):
    wording = LANGUAGES[language].wordings[code]
    assert wording.title
    assert wording.mend
    assert wording.title != entry.wording.title
    assert wording.messages.keys() == entry.wording.messages.keys()
    for variant, template in entry.wording.messages.items():
        assert blanks(wording.messages[variant]) <= blanks(template), variant
        assert wording.messages[variant] != template or not re.search("[a-z]{4}", template)


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_every_language_has_all_phrases(language):
    text = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    english, spoken = LANGUAGES["en"].phrases, LANGUAGES[language].phrases
    words = set(re.findall(r'Phrase\(\s*"([^"]+)"', text))
    assert {name for name in words if re.search("[a-z]{3}", name)} <= spoken.keys() | {"$filter=", "$root"}
    assert english.keys() <= spoken.keys()
    for name, template in english.items():
        assert blanks(spoken[name]) == blanks(template)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("ES", "es"),
        ("es-MX", "es"),
        ("es-419;q=0.8, en;q=0.5", "es"),
        ("en;q=0.5, es;q=0.8", "es"),
        ("en, es", "en"),
        ("fr, de;q=0.9, es;q=0.1", "es"),
        ("fr, *;q=0.5", "en"),
        ("es;q=0", "en"),
        ("en;q=0, *", "es"),
        ("*, en;q=0", "es"),
        ("es;q=0.5, *;q=0.9", "en"),
        ("es;q=0, *", "en"),
        ("*;q=0", "en"),
        ("es-MX;q=0, es;q=0.5", "es"),
        ("en-GB;q=0, es;q=0.5", "es"),
        ("es;q=abc", "en"),
        ("es;q=٠.٩", "en"),
        (";;;,,,q=1", "en"),
        ("x" * 100_000, "en"),
    ],
)
def test_the_language_is_the_one_that_the_client_likes_best(header, language):
    assert negotiated(header) == language


def test_a_language_that_lacks_a_message_says_it_in_english(monkeypatch):
    monkeypatch.setitem(LANGUAGES, "ca", Language({}, {"suggestion": "{message} Volíeu dir '{suggestion}'?"}))
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query("$filter=fileTipe eq 'a'", entity_type=EXAMPLE_MODEL)
    [problem] = caught.value.problems
    assert negotiated("ca-ES") == "ca"
    assert message(problem, "ca") == "Image has no property 'fileTipe'. Volíeu dir 'fileType'?"
