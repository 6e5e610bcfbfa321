"""The catalogue of problems: each code has an example and texts in every language."""

from __future__ import annotations

import re
import string
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import odata_query as oq
from odata_query import sql
from odata_query.problems.catalogue import PROBLEMS
from odata_query.problems.languages import message_in, negotiated
from odata_query.problems.texts import LANGUAGES, tags, texts

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "grammar"))

from reference import EXAMPLE_LIMITS, EXAMPLE_MODEL  # noqa: E402 - found on the path above

ENGLISH = texts("en")
CODE = "".join(
    path.read_text("utf-8") for path in (ROOT / "odata_query").rglob("*.py") if path.name != "catalogue.py"
)
LITERALS = set(re.findall(r'"([^"\n]+)"', CODE))
MESSAGES = {
    f"{code}.{variant}".rstrip(".")
    for code, wording in ENGLISH["problems"].items()
    for variant in wording["messages"]
}
TRANSLATIONS = [tag for tag in tags() if tag != "en"]


@pytest.mark.parametrize(("code", "entry"), PROBLEMS.items())
def test_the_example_of_a_code_causes_it(code, entry):
    def ask():
        query = oq.parse_query(entry.example, entity_type=EXAMPLE_MODEL, limits=EXAMPLE_LIMITS)
        sql.select(query, "images", dialect="sqlite")

    with pytest.raises(oq.ODataError) as caught:
        ask()
    assert [problem.code for problem in caught.value.problems] == [code], str(caught.value)


def test_sub_codes_are_unique_within_a_status():
    found = [(entry.kind == "unsupported", entry.subcode) for entry in PROBLEMS.values()]
    assert len(set(found)) == len(found)


def test_every_code_has_texts_and_every_text_a_code():
    assert ENGLISH["problems"].keys() == PROBLEMS.keys()
    assert all(wording["title"] and wording["fix"] for wording in ENGLISH["problems"].values())


def test_every_id_of_a_text_is_a_literal_in_the_code_that_raises_it():
    assert set() == MESSAGES - LITERALS
    assert ENGLISH["phrases"].keys() - LITERALS == set()


def test_every_id_in_the_code_has_a_text():
    named = {text for text in LITERALS if re.fullmatch(rf"({'|'.join(PROBLEMS)})\.[a-z-]+", text)}
    assert named - MESSAGES == set()
    assert set(re.findall(r'Phrase\(\s*"([^"]+)"', CODE)) - ENGLISH["phrases"].keys() == set()
    codes = "|".join(PROBLEMS)
    assert re.findall(rf'f"(?:{codes})\.', CODE) == []


def blanks(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize(("code", "english"), ENGLISH["problems"].items())
def test_every_language_has_all_texts_of_a_problem(language, code, english):
    wording = texts(language)["problems"][code]
    assert wording.keys() == english.keys()
    assert wording["title"] not in ("", english["title"])
    assert wording["fix"] not in ("", english["fix"])
    assert wording["messages"].keys() == english["messages"].keys()
    for variant, template in english["messages"].items():
        assert blanks(wording["messages"][variant]) <= blanks(template), variant
        assert wording["messages"][variant] != template or not re.search("[a-z]{4}", template)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_language_has_all_phrases(language):
    phrases = texts(language)["phrases"]
    assert phrases.keys() == ENGLISH["phrases"].keys()
    for name, template in ENGLISH["phrases"].items():
        assert blanks(phrases[name]) == blanks(template)


def test_texts_are_loaded_when_a_message_is_rendered_and_not_before():
    code = """if True:
        import builtins, sys, odata_query as oq
        assert oq.parse_filter("a eq 1") and "json" not in sys.modules
        try:
            oq.parse_filter("a eq")
        except oq.ParseError as error:
            from odata_query.problems import texts
            assert texts._load.cache_info().currsize == 1
    """
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


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
def test_the_language_is_the_one_that_the_client_prefers(header, language, monkeypatch):
    monkeypatch.setattr("odata_query.problems.languages.tags", lambda: ("en", "es"))
    assert negotiated(header) == language


def test_a_service_adds_a_language_and_english_replaces_what_it_lacks(monkeypatch):
    monkeypatch.setitem(LANGUAGES, "ca", {"phrases": {"suggestion": "{message} Volíeu dir '{suggestion}'?"}})
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query("$filter=fileTipe eq 'a'", entity_type=EXAMPLE_MODEL)
    [problem] = caught.value.problems
    assert negotiated("ca-ES") == "ca"
    assert message_in(problem, "ca") == "Image has no property 'fileTipe'. Volíeu dir 'fileType'?"


def test_a_message_of_the_service_stays_in_its_language():
    problem = oq.Problem("sold-out", "The shop is closed.", "$filter", (0, 3))
    assert message_in(problem, "es") == "The shop is closed."
    assert str(problem) == "The shop is closed. [sold-out: $filter, position 0]"


def test_texts_are_found_inside_a_zip_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as archive:
        for path in (ROOT / "odata_query").rglob("*"):
            if path.suffix in (".py", ".json") and "cases" not in path.parts:
                archive.write(path, path.relative_to(ROOT))
    code = """if True:
        import odata_query as oq
        from odata_query import answers
        try:
            oq.parse_filter("a eq")
        except oq.ParseError as error:
            print(answers.odata(error, accept_language="es").body["error"]["message"])
    """
    found = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": "lib.zip", "PYTHONIOENCODING": "utf-8"},
    )
    assert found.stdout.decode() == "Falta un operando después de 'eq'. (posición 4)\n"
