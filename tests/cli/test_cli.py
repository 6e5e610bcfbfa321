"""The command line: rows that come back, and messages for files and queries that are wrong."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import odata_query as oq
from odata_query import cli, python, walk
from odata_query.cli import formats, selection
from odata_query.cli.files import Columns, DataError, read_model, write_model
from odata_query.language.parser import parse_filter

ROOT = Path(__file__).parent.parent.parent
DATA = Path(__file__).parent.parent / "data"
JSON, JSONL, CSV = (str(DATA / f"images.{suffix}") for suffix in ("json", "jsonl", "csv"))
MODEL = str(DATA / "image_model.json")

ALL = [42, 49, 56, 63, 46, 53, 60, 43, 50, 57, 64, 47, 54, 61, 44, 51, 58, 41, 48, 55, 62, 45, 52, 59]
SEED_QUERIES = [
    ("$filter=fileType eq 'jpg'", [42, 56, 53, 64, 41, 48, 52]),
    ("$filter=status eq 'Ok'", [42, 49, 53, 43, 50, 57, 64, 58, 41, 55, 62, 45, 52, 59]),
    ("$filter=fileType eq 'png' and status eq 'Ok'", [49, 43, 50]),
    (
        "$filter=status in ('Ok', 'Re')",
        [42, 49, 56, 63, 53, 43, 50, 57, 64, 44, 58, 41, 55, 62, 45, 52, 59],
    ),
    ("$filter=contains(reference, 'product')", [42, 49, 50, 54, 61, 51, 41]),
    ("$orderby=createdOn desc", None),
    (
        "$filter=fileType ne 'gif'&$orderby=numLinks desc&$skip=0&$top=50",
        [58, 43, 62, 44, 57, 56, 52, 53, 49, 50, 51, 41, 64, 46, 61, 42, 59, 47, 48, 54, 60],
    ),
]
NEWEST_FIRST = [
    *[61, 54, 47, 62, 57, 60, 51, 50, 49, 48, 42, 41],
    *[46, 53, 52, 63, 45, 55, 44, 43, 56, 58, 59, 64],  # 64 has no createdOn
]


def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli.main, arguments, input=stdin, catch_exceptions=False)


def printed(*arguments: str, stdin: str | bytes | None = None) -> list[dict]:
    result = invoke("run", *arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def program(*arguments: str, **options: object) -> subprocess.CompletedProcess:
    """The real program, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "odata_query", *arguments]
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, **options)


def infer(rows):
    """The type that is inferred from rows, and the columns that are left out."""
    columns = Columns()
    for row in rows:
        columns.add(row)
    return columns.entity_type()


@pytest.fixture
def file(tmp_path):
    """Writes a file and names it."""

    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# ---- run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [(), ("--model", MODEL)], ids=["inferred", "model"])
@pytest.mark.parametrize("data", [JSON, JSONL, CSV], ids=["json", "jsonl", "csv"])
@pytest.mark.parametrize(("query", "ids"), SEED_QUERIES)
def test_the_queries_of_the_manual_find_the_same_images_in_every_format(query, ids, data, model):
    rows = printed(data, query, *model)
    assert [row["id"] for row in rows] == (NEWEST_FIRST if ids is None else ids)


def test_rows_of_json_come_back_as_they_were():
    rows = json.loads(Path(JSON).read_text("utf-8"))["value"]
    assert [row["id"] for row in rows] == ALL
    assert printed(JSON, "$top=24&$orderby=id") == sorted(rows, key=lambda row: row["id"])
    assert printed(JSONL, "true") == rows
    result = invoke("run", JSONL, "true")
    assert result.stdout == Path(JSONL).read_text("utf-8")


def test_numbers_of_csv_are_numbers_and_empty_fields_null():
    row = printed(CSV, "id eq 46")[0]
    assert (row["numLinks"], row["width"], row["modifiedOn"]) == (2, None, None)


def test_csv_to_csv_keeps_the_text_of_every_field(file):
    text = 'id,price,zip,when,note\n7,1.50,007,2024-01-31,"a, ""b""\nc"\n8,2,010,,TRUE\n'
    result = invoke("run", file("a.csv", text), "price gt 1 and zip lt '1'", "--output", "csv")
    assert result.stdout == text


QUERIES_ON_CSV = [
    ("zip eq '007'", [7]),
    ("price gt 1.6", [8]),
    ("flag", [7]),
    ("day lt 2024-02-01", [7]),
    ("moment eq 2024-02-28T08:00:00Z", [8]),
    ("guid eq 6F9619FF-8B86-D011-B42D-00C04FC964FF", [7]),
    ("none eq null", [7, 8]),
    ("mixed eq '1'", [7]),
    ("broken eq '2024-02-31'", [7]),
    ("large eq 99999999999999999999", [7]),
]


@pytest.mark.parametrize(("query", "ids"), QUERIES_ON_CSV)
def test_types_of_csv_are_inferred(query, ids, file):
    text = (
        "id,zip,price,flag,day,moment,guid,none,mixed,broken,large\n"
        "7,007,1.50,TRUE,2024-01-31,2024-01-31T10:00:00Z,6f9619ff-8b86-d011-b42d-00c04fc964ff,,1,2024-02-31,"
        "99999999999999999999\n"
        "8,010,2,false,,2024-02-28T10:00:00+02:00,,,x,2024-02-28,1\n"
    )
    assert [row["id"] for row in printed(file("a.csv", text), query)] == ids


QUERIES_ON_JSON = [
    ("address/zip eq '1'", [1]),
    ("address/geo/lat gt 1", [2]),
    ("items/any(i: i/price gt 2)", [2]),
    ("tags/any(t: t eq 'x')", [1]),
    ("score ge 2", [2]),
    ("late", [2]),
    ("days/any(d: d gt 2024-01-01)", [1]),
    ("address/zip eq null", [2]),
]


@pytest.mark.parametrize(("query", "ids"), QUERIES_ON_JSON)
def test_types_of_json_are_inferred_at_every_depth(query, ids, file):
    rows = [
        {"id": 1, "address": {"zip": "1"}, "items": [{"price": 1}], "tags": ["x", None], "score": 1},
        {"id": 2, "address": {"geo": {"lat": 2}}, "items": [{"price": 2.5}], "score": 2.0, "late": True},
    ]
    rows[0]["days"] = ["2024-02-01"]
    assert [row["id"] for row in printed(file("a.json", json.dumps(rows)), query)] == ids


def test_what_has_no_type_is_printed_but_cannot_be_asked_for(file):
    rows = [{"id": 1, "size": 3, "sub-title": "a", "x": [[1]]}, {"id": 2, "size": "big", "null": 1}]
    name = file("a.jsonl", "\n".join(map(json.dumps, rows)))
    result = invoke("run", name, "id eq 1")
    assert json.loads(result.stdout) == rows[0]
    assert result.stderr == (
        "left out of the model: size (int and str), sub-title (not a name in OData), x (lists in lists), "
        "null (not a name in OData)\n"
    )
    result = invoke("run", name, "size eq 3")
    assert result.exit_code == 1
    assert "Row has no property 'size'." in result.stderr


def test_count_goes_to_standard_error():
    result = invoke("run", JSON, "$filter=fileType eq 'jpg'&$top=1&$count=true")
    assert (result.stderr, len(result.stdout.splitlines())) == ("count: 7\n", 1)


def test_without_rows_there_is_nothing_to_find(file):
    for name, text in (("a.json", "[]"), ("a.jsonl", ""), ("a.csv", ""), ("b.csv", "a,b\n")):
        result = invoke("run", file(name, text), "$filter=a eq 1&$count=true")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "count: 0\n")


QUERY_TEXTS = [
    ("reference eq 'O''Neil portrait.jpg'", [52]),
    ("reference eq '50% off + free.gif'", [55]),
    ("?$filter=reference eq '50%25 off %2B free.gif'", [55]),
    ("$filter=reference eq '50%25 off + free.gif'", []),
    ("%24filter=id%20eq+52", [52]),
    ("filter=id eq @n&@n=52", [52]),
    ("@n=52&$filter=id eq @n", [52]),
    ("$it/id eq 52", [52]),
    ("tags/$count eq 3", [64]),
]


@pytest.mark.parametrize(("query", "ids"), QUERY_TEXTS)
def test_a_query_string_is_decoded_and_a_bare_filter_is_not(query, ids):
    assert [row["id"] for row in printed(JSON, query)] == ids


def test_json_output_is_an_array():
    result = invoke("run", JSON, "id lt 43", "--output", "json")
    assert [row["id"] for row in json.loads(result.stdout)] == [42, 41]
    assert json.loads(invoke("run", JSON, "false", "--output", "json").stdout) == []


def test_csv_output_has_lists_as_json():
    result = invoke("run", JSON, "id eq 53", "--output", "csv")
    row = next(csv.DictReader(io.StringIO(result.stdout)))
    assert (row["reference"], row["tags"], row["id"]) == ("café-mañana.jpg", '["food", "café"]', "53")


def test_values_are_printed_as_they_are_and_never_as_markup(file):
    rows = [
        {"id": 1, "a": "[red]x", "b": "[/]", "c": ":smile:", "d": "\x1b[31m\x07\u202e\ud800", "[bold]": 1}
    ]
    result = invoke("run", file("a.json", json.dumps(rows)), "id eq 1", "--output", "table")
    assert result.exit_code == 0
    for text in ("[red]x", "[/]", ":smile:", r"\x1b[31m\x07\u202e\ud800", "[bold]"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout
    result = invoke("run", file("a.json", json.dumps(rows)), "id eq 1")
    assert json.loads(result.stdout) == rows[0]


def test_a_table_in_a_pipe_has_all_columns():
    result = invoke("run", JSON, "id eq 42", "--output", "table")
    assert len(result.stdout.splitlines()) == 5
    assert "sizeInBytes" in result.stdout
    assert "https://cdn.example.com/image-42_THP.png" in result.stdout


def test_standard_input_is_read_with_a_format():
    assert printed("-", "a eq 2", "--format", "csv", stdin="a\n1\n2\n") == [{"a": 2}]
    result = invoke("run", "-", "a eq 2", stdin="[]")
    assert result.exit_code == 2
    assert "--format" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "", "line 1, column 1: Expecting value"),
        ("a.json", '[{"a": 1},\n {"a":', "line 2, column 7: Expecting value"),
        ("a.json", b'[\n{"a": "\xff"}]', "line 2, byte 8 is not UTF-8: use --encoding"),
        ("a.json", "[{}]".encode("utf-16"), "line 1, byte 1 is not UTF-8: use --encoding"),
        ("a.json", '[{"a": NaN}]', "cannot read the number NaN"),
        ("a.json", '[{"a": -1e999}]', "cannot read the number -1e999"),
        ("a.json", "9" * 5000, "cannot read the number " + "9" * 37 + "..."),
        ("a.json", "[" * 100_000, "the data nests too deeply"),
        ("a.json", '[{"a":' * 10_000, "the data nests too deeply"),
        ("a.json", "3", "expected an array of objects"),
        ("a.json", '{"a": [], "b": []}', "expected an object with one array, found 2 arrays"),
        ("a.json", '{"a": 1}', "expected an object with one array, found 0 arrays"),
        ("a.json", '[{"a": 1}, null]', "row 2 is not an object"),
        ("a.jsonl", '{"a": 1}\n\n[1]\n', "line 3 is not an object"),
        ("a.jsonl", '{"a": 1}\n{"a": }\n', "line 2, column 7: Expecting value"),
        ("a.ndjson", '{"a": 1}\n{"a": Infinity}', "line 2, column 7: cannot read the number Infinity"),
        ("a.jsonl", '{"a": 1}\r\n  {"a": 1\r\n', "line 2, column 10: Expecting ',' delimiter"),
        ("a.jsonl", '{"a": "x', "line 1, column 7: Unterminated string starting at"),
        ("a.jsonl", '{"a": "é"} {}', "line 1, column 12: Extra data"),
        ("a.jsonl", '{"a": "NaN \\" NaN", "b": [1, {"c": NaN}]}', "line 1, column 36: cannot read the number NaN"),
        ("a.jsonl", '{"a": 1}\n{"b": 19, "a": [9, ' + "9" * 5000 + "]}", "line 2, column 20: cannot read the number " + "9" * 37 + "..."),
        ("a.json", '[{"a": 1}, "x", }]', "line 1, column 17: Expecting value"),
        ("a.json", '{"value": [{"a": 1}], "b": 2} x', "line 1, column 31: Extra data"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", "line 3 has 3 fields for 2 columns"),
        ("a.csv", "a,b,a\n1,2,3\n", "two columns are called 'a'"),
        ("a.json", '[{"a": 1},]', "line 1, column 11: Expecting value"),
        ("a.csv", 'a,b\n"1,2\n', "line 2: unexpected end of data"),
        ("a.csv", b"a\n1\n\xe9\n", "line 3, byte 1 is not UTF-8: use --encoding"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_a_message_that_names_the_place(name, content, message, file):
    name = file(name, content)
    result = invoke("run", name, "a eq 1")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {name}: {message}\n")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": -1.5e-7, "b": ["\\u00e9\\"", {}]}]',
        ' { "@odata.count" : 12 , "value" : [ {"a": true} , {"a": null} ] , "x" : {"value": [3]} } ',
        '{"value": [{"a": 1}], "x": [], "y": 1e+300}',
        '{"value": 3, "value": [{"a": "x"}]}',
        "[]",
        "[1.5, {}]",
        '[{"a": 12] ',
        '[{"a": tru}]',
        '\n[{"a": "x}]',
        '{"a" 1}',
        "{a: 1}",
        "[{}] []",
        "",
    ],
)
def test_json_that_is_read_in_pieces_is_read_as_a_whole(size, text, monkeypatch):
    monkeypatch.setattr(formats, "_CHUNK", size)
    try:
        whole = json.loads(text)
        whole = whole["value"] if isinstance(whole, dict) else whole
    except json.JSONDecodeError as error:
        whole = f"line {error.lineno}, column {error.colno}: {error.msg}"
    try:
        found = list(formats.RowReader(io.BytesIO(text.encode()), formats.Format("json")).rows())
    except DataError as error:
        found = str(error)
    assert found == ("row 1 is not an object" if whole == [1.5, {}] else whole)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "cp1252", "latin-1"]
)
def test_lines_are_decoded_in_pieces(size, encoding, monkeypatch):
    monkeypatch.setattr(formats, "_CHUNK", size)
    text = 'name,n\r\n"é\nñ",1\r\nü,2'
    stream = io.BytesIO(text.encode(encoding))
    found = formats.RowReader(stream, formats.Format("csv", encoding)).rows()
    assert list(found) == [{"name": "é\nñ", "n": "1"}, {"name": "ü", "n": "2"}]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("content", "encoding", "place"),
    [
        (b"a\nxy\xff", "utf-8", "line 2, byte 3 is not UTF-8: use --encoding"),
        (b"\xef\xbb\xbfa\xff", "utf-8", "line 1, byte 5 is not UTF-8: use --encoding"),
        ("é\nxé".encode() + b"\xc3", "utf-8", "line 2, byte 4 is not UTF-8: use --encoding"),
        (b"a\nb\x81", "cp1252", "line 2, byte 2 is not cp1252"),
        (b"a\nb", "ascii", None),
    ],
)  # fmt: skip
def test_bytes_that_are_not_in_the_encoding_are_named(size, content, encoding, place, monkeypatch):
    monkeypatch.setattr(formats, "_CHUNK", size)
    try:
        assert list(formats.RowReader(io.BytesIO(content), formats.Format("csv", encoding)).rows()) == [
            {"a": "b"}
        ]
    except DataError as error:
        assert str(error) == place


def test_a_file_that_cannot_be_read_is_a_message(tmp_path):
    result = invoke("run", str(tmp_path / "none.json"), "a eq 1")
    assert result.exit_code == 1
    assert result.stderr.endswith("none.json: No such file or directory\n")
    result = invoke("run", str(tmp_path), "a eq 1", "--format", "json")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("fileType eq", "An operand is missing after 'eq'"),
        ("fileTyp eq 'jpg'", "Did you mean 'fileType'?"),
        ("width eq 'x'", "cannot compare Edm.Int64 with Edm.String"),
        ("$filter=reference eq '50%'", "Write the sign itself as %25"),
        ("$top=-1", "$top must be 0 or greater"),
        ("$expand=tags", "$expand is not supported"),
        ("(" * 200, "nested more than 100 levels deep"),
        ("id eq '\udcff'", "half of a surrogate pair"),
    ],
)
def test_a_wrong_query_is_a_message_with_a_caret(query, message):
    result = invoke("run", JSON, query)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert "^" in result.stderr or "$expand" in query


def test_a_computation_that_overflows_is_no_traceback(file):
    row = {"a": 2**62, "b": 1.5}
    query = f"b mul ({' mul '.join('a' * 30)}) gt 0"
    result = invoke("run", file("a.json", json.dumps([row])), query)
    assert result.exit_code in (0, 1)


@pytest.mark.parametrize(
    ("model", "row", "message"),
    [
        ("Edm.Int32", 2**31, "row 1: a is 2147483648, not a value of Edm.Int32"),
        ("Edm.Int32", "1", "row 1: a is '1', not a value of Edm.Int32"),
        ("Edm.Int32", True, "row 1: a is True, not a value of Edm.Int32"),
        ("Edm.String", 1, "row 1: a is 1, not a value of Edm.String"),
        ("Edm.Binary", 1, "row 1: a is 1, not a value of Edm.Binary"),
        ("Edm.Date", "2024-02-31", "row 1: a is '2024-02-31', not a value of Edm.Date"),
        ("Edm.Decimal", "NaN", "row 1: a is 'NaN', not a value of Edm.Decimal"),
        ("Collection(Edm.Int32)", [1, "x"], "row 1: a is 'x', not a value of Edm.Int32"),
        ("Collection(Edm.Int32)", "x", "row 1: a is 'x', not a value of Collection(Edm.Int32)"),
        ({"enum": {"Ok": 1}}, "No", "row 1: a is 'No', not a value of Row.a"),
        ({"properties": {"b": "Edm.Int32"}}, {"b": "x"}, "row 1: a/b is 'x', not a value of Edm.Int32"),
        ({"type": "Edm.Int32", "nullable": False}, None, "row 1: a is null, which the model does not allow"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_a_message(model, row, message, file):
    name = file("a.json", json.dumps([{"a": row}]))
    result = invoke("run", name, "true", "--model", file("m.json", json.dumps({"properties": {"a": model}})))
    assert (result.exit_code, result.stderr) == (1, f"Error: {name}: {message}\n")


# ---- CSV of other programs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "content"),
    [
        (["--delimiter", ";", "--encoding", "cp1252"], "id;name\n1;Zoë, né\n2;x\n".encode("cp1252")),
        (["--delimiter", "tab", "--encoding", "utf-16"], "id\tname\n1\tZoë, né\n2\tx\n".encode("utf-16")),
        (["--delimiter", r"\t"], "id\tname\r\n1\tZoë, né\r\n2\tx\r\n".encode()),
        (["--delimiter", "|", "--encoding", "latin-1"], "id|name\n1|Zoë, né\n2|x".encode("latin-1")),
    ],
)
def test_csv_has_other_delimiters_and_encodings(options, content, file):
    name = file("a.csv", content)
    assert printed(name, "id eq 1", *options) == [{"id": 1, "name": "Zoë, né"}]
    found = invoke("run", name, "id eq 1", "--output", "csv", *options).stdout
    delimiter = {"tab": "\t", r"\t": "\t"}.get(options[1], options[1])
    assert found == f"id{delimiter}name\n1{delimiter}Zoë, né\n"


def test_json_has_other_encodings(file):
    text = '[{"a": "é"}]'
    assert printed(file("a.json", text.encode("utf-16")), "a eq 'é'", "--encoding", "utf-16") == [{"a": "é"}]
    assert printed(file("a.jsonl", '{"a": "é"}'.encode("cp1252")), "true", "--encoding", "cp1252") == [
        {"a": "é"}
    ]
    result = invoke("run", file("b.json", text), "true", "--encoding", "ascii")
    assert (result.exit_code, result.stderr.partition("b.json: ")[2]) == (1, "line 1, byte 9 is not ascii\n")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--delimiter", ""), ("--delimiter", "ab"), ("--delimiter", '"'), ("--encoding", "utf-99"), ("--encoding", "base64")],
)  # fmt: skip
def test_a_wrong_delimiter_or_encoding_is_wrong_usage(option, value):
    result = invoke("run", CSV, "true", option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.stderr


def test_a_field_of_csv_can_be_long(file):
    long = "x" * 300_000
    assert printed(file("a.csv", f"id,a\n1,{long}\n"), "length(a) eq 300000") == [{"id": 1, "a": long}]


def test_headers_with_spaces_are_renamed_and_said(file):
    name = file("a.csv", "ID, First Name ,File size (kB),a b,a_b,x-y,2 d\n1,Ann,7,p,q,r,v\n2,Bob,8,s,t,u,v\n")
    result = invoke("run", name, "First_Name eq 'Ann' and File_size_kB eq 7 and a_b eq 'q' and a_b_ eq 'p'")
    row = {
        "ID": 1,
        " First Name ": "Ann",
        "File size (kB)": 7,
        "a b": "p",
        "a_b": "q",
        "x-y": "r",
        "2 d": "v",
    }
    assert json.loads(result.stdout) == row
    assert result.stderr == (
        "left out of the model: x-y (not a name in OData), 2 d (not a name in OData)\n"
        "renamed in the model: ' First Name ' is First_Name, 'File size (kB)' is File_size_kB, 'a b' is a_b_\n"
    )
    result = invoke("run", name, "ID eq 1", "--output", "csv")
    assert result.stdout == "ID, First Name ,File size (kB),a b,a_b,x-y,2 d\n1,Ann,7,p,q,r,v\n"


def test_names_with_spaces_are_renamed_at_every_depth(file):
    rows = [{"my key": {"zip code": "1"}, " id": 1}, {"my key": None, " id": 2}]
    name = file("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert printed(name, "my_key/zip_code eq '1'") == rows[:1]
    assert infer(rows)[0].key == ("id",)


# ---- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (None, "properties: expected an object with a member for each property"),
        ({}, "properties: expected an object with a member for each property"),
        ({"a-b": "Edm.Int32"}, "properties: 'a-b' cannot be written as a name in OData"),
        ({"a": "Edm.Int33"}, "properties.a: 'Edm.Int33' is not a primitive type; did you mean 'Edm.Int32'?"),
        ({"a": 3}, "properties.a: expected a type's name, or an object with a type, enum or properties"),
        ({"a": {}}, "properties.a: expected a type's name, or an object with a type, enum or properties"),
        ({"a": {"type": 3}}, "properties.a: expected a type's name, or an object"),
        ({"a": {"type": "Edm.Int32", "key": "yes"}}, "properties.a.key: expected true or false"),
        ({"a": {"enum": {"Ok": "x"}}}, "properties.a.enum: the value of a member is an Edm.Int64"),
        ({"a": {"properties": {"b": "Int"}}}, "properties.a.properties.b: 'Int' is not a primitive type"),
        (
            {"a": {"type": "Edm.Int32", "nulable": True}},
            "properties.a: unknown 'nulable', expected nullable,",
        ),
    ],
)
def test_a_wrong_model_is_a_message_that_names_the_place(properties, message, file):
    with pytest.raises(DataError) as wrong:
        read_model({"name": "Image", "properties": properties})
    assert str(wrong.value).startswith(message)
    result = invoke("check", "a eq 1", "--model", file("m.json", json.dumps({"properties": properties})))
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_says_all_that_a_property_can():
    model = read_model(
        {
            "name": "Item",
            "properties": {
                "id": {"type": "Edm.Int32", "nullable": False, "key": True},
                "tags": "Collection(Edm.String)",
                "color": {"enum": {"Red": 1, "Blue": 2}, "flags": True, "sortable": False},
                "address": {"properties": {"zip": {"type": "Edm.String", "attribute": "zip-code"}}},
                "parts": {"collection": True, "properties": {"name": "Edm.String"}, "filterable": False},
            },
        }
    )
    assert model.key == ("id",)
    types = {name: member.type.name for name, member in model.members.items()}
    assert types["parts"] == "Collection(Item.parts)"
    assert types["tags"] == "Collection(Edm.String)"
    assert model.members["color"].type.is_flags
    assert model.members["address"].type.members["zip"].attribute == "zip-code"


def test_a_model_gives_members_of_an_enumeration():
    assert [row["id"] for row in printed(JSON, "status eq 'Up'", "--model", MODEL)] == [46, 61]
    result = invoke("run", JSON, "status eq 'Xx'", "--model", MODEL)
    assert "Image.status has no member 'Xx'." in result.stderr


# ---- inferred types ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "type"),
    [
        ([1, None, -(2**63) + 1], "Edm.Int64"),
        ([1, 2**63], "Edm.Decimal"),
        ([1, 2.5], "Edm.Double"),
        ([True, None], "Edm.Boolean"),
        ([None], "Edm.String"),
        (["2024-01-31", None], "Edm.Date"),
        (["2024-01-31", "2024-02-30"], "Edm.String"),
        (["2024-01-31", "x"], "Edm.String"),
        (["2024-01-31T10:00:00", "2024-01-31t10:00:00.1234567Z"], "Edm.DateTimeOffset"),
        (["2024-01-31 10:00+02:00"], "Edm.DateTimeOffset"),
        (["2024-01-31", "2024-01-31T10:00:00"], "Edm.String"),
        (["20240131"], "Edm.String"),
        (["6f9619ff-8b86-d011-b42d-00c04fc964ff"], "Edm.Guid"),
        (["\u0662024-01-31"], "Edm.String"),
        ([[1], [], None], "Collection(Edm.Int64)"),
        ([[]], "Collection(Edm.String)"),
        ([[{"b": 1}]], "Collection(Row.a)"),
        ([{"b": 1}], "Row.a"),
        ([1, True], None),
        ([1, "x"], None),
        ([[1], 1], None),
        ([[[1]]], None),
        ([10**38], None),
    ],
)  # fmt: skip
def test_the_type_of_values(values, type):
    model, left_out = infer([{"a": value} for value in values])
    assert (model.members["a"].type.name if "a" in model.members else None) == type
    assert list(left_out) == ([] if type else ["a"])


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([{"ID": 1}, {"ID": 2}], ("ID",)),
        ([{"id": 1}, {"id": 1}], ()),
        ([{"id": 1}, {}], ()),
        ([{"id": 1}, {"id": None}], ()),
        ([{"id": [1]}], ()),
        ([{"Id": 1, "id": "a"}, {"Id": 1, "id": "b"}], ("id",)),
    ],
)
def test_a_unique_id_is_the_key(rows, key):
    assert infer(rows)[0].key == key


# ---- model ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [JSON, JSONL, CSV], ids=["json", "jsonl", "csv"])
def test_an_inferred_model_is_printed_as_it_is_read(data, file):
    result = invoke("model", data)
    assert (result.exit_code, result.stderr) == (0, "")
    model = json.loads(result.stdout)
    assert model["properties"]["id"] == {"type": "Edm.Int64", "nullable": False, "key": True}
    assert write_model(read_model(model)) == model
    for query, ids in SEED_QUERIES:
        rows = printed(data, query, "--model", file("m.json", result.stdout))
        assert [row["id"] for row in rows] == (NEWEST_FIRST if ids is None else ids)


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="a system without /dev/stdin")
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_model_is_read_from_a_pipe(name):
    done = program("run", CSV, "id lt 43", "--model", name, input=Path(MODEL).read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [42, 41]


def test_a_printed_model_has_all_that_is_inferred(file):
    rows = [
        {
            "ID": "a", "n": 1, "x": 1.5, "big": 2**64, "on": True, "day": "2024-01-31", "tags": ["x"], "none": None,
            "first name": "é", "address": {"zip code": "1", "geo": {"lat": 2}}, "items": [{"price": 1.5}], "x-y": 1,
            "at": "2024-01-31T10:00:00Z", "ref": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        }
    ]  # fmt: skip
    result = invoke("model", file("a.json", json.dumps(rows)))
    model = json.loads(result.stdout)
    assert result.stderr == (
        "left out of the model: x-y (not a name in OData)\n"
        "renamed in the model: 'first name' is first_name, 'zip code' is address/zip_code\n"
    )
    assert model == {
        "name": "Row",
        "properties": {
            "ID": {"type": "Edm.String", "nullable": False, "key": True},
            "n": "Edm.Int64", "x": "Edm.Double", "big": "Edm.Decimal", "on": "Edm.Boolean", "day": "Edm.Date",
            "tags": "Collection(Edm.String)", "none": "Edm.String",
            "first_name": {"type": "Edm.String", "attribute": "first name"},
            "address": {
                "properties": {
                    "zip_code": {"type": "Edm.String", "attribute": "zip code"},
                    "geo": {"properties": {"lat": "Edm.Int64"}},
                }
            },
            "items": {"properties": {"price": "Edm.Double"}, "collection": True},
            "at": "Edm.DateTimeOffset", "ref": "Edm.Guid",
        },
    }  # fmt: skip
    read, inferred = read_model(model), infer(rows)[0]
    types = [{name: member.type.name for name, member in each.members.items()} for each in (read, inferred)]
    assert types[0] == types[1]
    assert read.key == inferred.key


def test_a_file_without_rows_has_no_model(file):
    name = file("a.json", "[]")
    result = invoke("model", name)
    assert (result.exit_code, result.stderr) == (1, f"Error: {name}: it has no rows to infer a model from\n")


# ---- many rows -----------------------------------------------------------------------------------

SELECTIONS = [
    "", "$filter=n gt 5", "$top=7", "$filter=n gt 5&$top=3&$skip=2", "$skip=20", "$orderby=n", "$orderby=n desc,text",
    "$orderby=n&$top=4", "$orderby=n&$top=4&$skip=3", "$orderby=text desc&$top=25&$skip=1", "$orderby=length(text),id desc",
    "$orderby=tags/$count desc,inner/x", "$orderby=inner/x add n,$it/text", "$orderby=tags/any(t: t eq 'x' and n gt 3)",
    "$filter=n gt 1000&$orderby=n", "$top=0", "$orderby=n&$top=0",
]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("batch", [1, 3, 8, 2000])
@pytest.mark.parametrize("options", SELECTIONS)
def test_rows_that_are_read_in_batches_are_those_of_all_rows(options, batch, form, file, monkeypatch):
    monkeypatch.setattr(selection, "_BATCH", batch)
    rows = [
        {"id": n, "n": n * 7 % 11 if n % 5 else None, "text": f"{n * 13 % 29 / 4:.2f}", "inner": {"x": n % 3},
         "tags": ["x"] * (n % 4)}
        for n in range(30)
    ]  # fmt: skip
    if form == "csv":
        rows = [{name: row[name] for name in ("id", "n", "text")} for row in rows]
        if "inner" in options or "tags" in options:
            pytest.skip("CSV has no collections")
        header, *lines = (
            ",".join("" if v is None else f"x{v}" if n == "text" else str(v) for n, v in row.items())
            for row in rows
        )
        content = "id,n,text\n" + "\n".join([header, *lines])
        rows = [row | {"text": f"x{row['text']}"} for row in rows]
    else:
        content = "\n".join(map(json.dumps, rows))
    query = oq.parse_query(f"{options}&$count=true", infer(rows)[0])
    result = invoke("run", file(f"a.{form}", content), f"$count=true&{options}")
    assert [json.loads(line) for line in result.stdout.splitlines()] == python.apply(rows, query)
    assert result.stderr == f"count: {python.count(rows, query)}\n"
    if form == "csv":
        result = invoke("run", file("a.csv", content), options or "true", "--output", "csv")
        lines = dict(enumerate(content.splitlines()[1:]))
        assert result.stdout.splitlines()[1:] == [lines[row["id"]] for row in python.apply(rows, query)]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_read_twice(file, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    command = [
        sys.executable,
        "-m",
        "odata_query",
        "run",
        str(tmp_path / "pipe"),
        "a eq 2",
        "--format",
        "jsonl",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        (tmp_path / "pipe").write_text('{"a": 1}\n{"a": 2}\n')
        assert process.communicate(timeout=60)[0] == b'{"a": 2}\n'


def megabytes_of(*arguments: str) -> int:
    """The largest memory of the program while it runs."""
    code = (
        "import resource, sys\nfrom odata_query.cli import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=300, check=True)
    return int(done.stderr.split()[-1]) // (1 if sys.platform == "darwin" else 1024)


@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize("number", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_memory_is_bounded(form, number, file):
    row = {
        "name": "x" * 100,
        "size": 3,
        "urls": "https://cdn.example.com/" + "y" * 300,
        "at": "2024-01-31T10:20:30Z",
    }
    rows = ({"id": n, **row} for n in range(number))
    if form == "csv":
        content = "\n".join([",".join(["id", *row]), *(",".join(map(str, each.values())) for each in rows)])
    else:
        lines = map(json.dumps, rows)
        content = "\n".join(lines) if form == "jsonl" else f'{{"value": [{",".join(lines)}]}}'
    name = file(f"a.{form}", content)
    base = megabytes_of("check", "true")
    for query in ("id gt 9", "$orderby=size,id desc"):
        used = megabytes_of("run", name, query) - base
        # The values of a column called id, and those that the order reads, are kept: 300 bytes a row.
        assert used < 12 + number * 500 / 1e6, query


# ---- parse ---------------------------------------------------------------------------------------


def test_parse_draws_the_tree():
    result = invoke("parse", "not (size gt 3.5) and tags/any(t: t in ('a','b'))")
    assert result.stdout.splitlines() == [
        "and  operator 0..49",
        "├── not  operator 0..17",
        "│   └── gt  operator 5..16",
        "│       ├── size  path 5..9",
        "│       └── 3.5  Edm.Decimal 13..16",
        "└── any  function 22..49",
        "    ├── tags  path 22..26",
        "    └── t:  lambda 31..48",
        "        └── in  operator 34..48",
        "            ├── t  path 34..35",
        "            └── (...)  list 39..48",
        "                ├── 'a'  Edm.String 40..43",
        "                └── 'b'  Edm.String 44..47",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "a/Model.f(x=1,y=@p)/b eq 1",
        "cast(a,Edm.Int32) eq -b",
        "case(a eq 1: 2,true: 3) gt 1",
        'a in [1,2] and b eq {"c": [1,{}]}',
        "a/$count gt 1 and a/$count($filter=b eq 1) lt 3",
        "a eq duration'P1D' or isof(Edm.Date)",
        "$it/a eq 'x\x1b[31m'",
    ],
)
def test_parse_has_a_line_for_every_node(text):
    result = invoke("parse", text)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert len(result.stdout.splitlines()) == sum(1 for _ in walk(parse_filter(text)))


def test_parse_draws_a_chain_as_deep_as_the_limits_allow():
    result = invoke("parse", " add ".join("a" * 200))
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 399


def test_parse_says_what_is_wrong():
    result = invoke("parse", "size gt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("  size gt\n         ^\n")


# ---- check ---------------------------------------------------------------------------------------


def test_check_prints_every_problem_with_its_caret():
    result = invoke("check", "widht gt 3 and status eq 'No'", "--model", MODEL)
    assert result.exit_code == 1
    assert result.stdout.count("^") == 9
    assert "Did you mean 'width'?" in result.stdout
    assert "Image.status has no member 'No'." in result.stdout


def test_check_says_ok():
    assert invoke("check", "$filter=anything eq 1&$top=5").stdout == "ok\n"
    assert invoke("check", "tags/any(t: t eq 'x')", "--model", MODEL).stdout == "ok\n"


def test_check_reports_all_options():
    result = invoke("check", "$filter=a eq&$top=x&$fliter=3")
    assert result.exit_code == 1
    assert all(
        part in result.stdout for part in ("An operand is missing", "$top must be", "Did you mean '$filter'?")
    )


def test_a_filter_that_a_shell_has_emptied_is_wrong_usage():
    result = invoke("check", "=a eq 3&=5")
    assert result.exit_code == 2
    assert "single quotes" in result.stderr


# ---- the program ---------------------------------------------------------------------------------


def test_the_program_prints_json_lines_in_a_pipe():
    done = program("run", JSON, "$filter=contains(reference,'ñ')")
    assert (done.returncode, done.stderr) == (0, b"")
    assert '"café-mañana.jpg"' in done.stdout.decode()
    assert json.loads(done.stdout)["id"] == 53


def test_the_program_writes_utf8_whatever_the_locale():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "odata_query", "run", JSON, "id eq 53"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60)
    assert json.loads(done.stdout)["reference"] == "café-mañana.jpg"


def test_the_program_reads_standard_input():
    done = program("run", "-", "$filter=a eq 2", "--format", "jsonl", input=b'{"a": 1}\n{"a": 2}\n')
    assert done.stdout.split() == [b'{"a":', b"2}"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "a eq 1"], 0),
        (["check", "a eq"], 1),
        (["parse", "a eq"], 1),
        (["run", JSON, "nothing eq 1"], 1),
        (["run", "none.json", "a eq 1"], 1),
        (["run", JSON], 2),
        (["run", JSON, "a eq 1", "--output", "xml"], 2),
        (["run", "data.xml", "a eq 1"], 2),
        (["nonsense"], 2),
    ],
)
def test_exit_codes(arguments, code):
    done = program(*arguments)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_is_no_error_message():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "odata_query", "run", JSON, "true"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_library_is_a_message(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from odata_query.__main__ import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr.decode().count("\n")) == (1, 1)
    assert 'pip install "odata-ql[cli]"' in done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_gets_a_table_with_as_many_columns_as_fit():
    done, shown = on_terminal("stdout", "from odata_query.cli import main; main()", "run", JSON, "id lt 43")
    assert done.returncode == 0
    assert "product-main-front.jpg" in shown
    assert len(shown.splitlines()[0]) == 51
    assert done.stderr.startswith(b"no room for modifiedOn, fileType, createdOn, tags, ")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize("data", [JSON, JSONL, CSV], ids=["json", "jsonl", "csv"])
def test_a_terminal_sees_the_progress_of_a_large_file(data):
    code = "from odata_query import cli; cli.files.LARGE_FILE = {}; cli.main()"
    done, shown = on_terminal("stderr", code.format(1000), "run", data, "id eq 42")
    assert json.loads(done.stdout)["id"] == 42
    assert stages(shown) == ["Reading", "Writing"]
    done, shown = on_terminal("stderr", code.format(1000), "run", data, "$orderby=id desc")
    assert len(done.stdout.splitlines()) == 24
    assert stages(shown) == ["Reading", "Selecting", "Sorting", "Writing"]
    assert on_terminal("stderr", code.format(10**6), "run", data, "id eq 42")[1] == ""


def stages(shown: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[A-Z][a-z]+(?=\.\.\.)", shown)))


def on_terminal(stream: str, code: str, *arguments: str) -> tuple[subprocess.CompletedProcess, str]:
    """A process with one of its streams on a terminal of 60 columns, and what that showed."""
    import pty

    terminal, end = pty.openpty()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: end}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "60", "TERM": "xterm"}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, timeout=60, **streams)
    os.write(end, b"\0")
    shown = os.read(terminal, 100_000).decode()
    os.close(end)
    os.close(terminal)
    return done, shown.rstrip("\0")


@pytest.mark.parametrize(
    ("value", "in_csv"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("\tx", "'\tx"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred\x7f", "\\x9b31mred\\x7f"),
        ("a\nb", '"a\nb"'),
    ],
)
def test_a_field_of_csv_is_neither_a_formula_nor_a_command_of_a_terminal(value, in_csv):
    rows = json.dumps([{"a": value}])
    assert (
        invoke("run", "-", "$top=1", "--format", "json", "--output", "csv", stdin=rows).stdout
        == f"a\n{in_csv}\n"
    )
    for form in ("json", "jsonl"):
        found = invoke("run", "-", "$top=1", "--format", "json", "--output", form, stdin=rows).stdout
        assert not set(found) & {"\x1b", "\x9b", "\x7f"}
        assert json.loads(found) in ([{"a": value}], {"a": value})
