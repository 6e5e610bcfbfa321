"""Values that rows can hold for each type: the forms of one value in JSON, drivers and Python."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import itertools
import traceback
import types
import uuid
from zoneinfo import ZoneInfo

import pytest

import odata_query as oq
from odata_query import python
from odata_query.model.properties import enum_type

OSLO = ZoneInfo("Europe/Oslo")
D = decimal.Decimal


class Named(enum.Enum):
    """Values are texts: the texts are the members."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"


class Numbered(enum.IntEnum):
    LOW = 1
    MID = 5
    HIGH = 9


class Other(enum.Enum):
    """Values that are not texts: the names are the members."""

    LOW = (1,)
    MID = (2,)
    HIGH = (3,)


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    SHARE = 4


class _Text(str):
    """A text of a class of its own."""


class _Number:
    """A number of a library."""

    def __init__(self, number):
        self.number = number

    def __str__(self):
        return str(self.number)

    def __repr__(self):
        return f"Number({self.number})"

    def __index__(self):
        return int(self.number)


def at(*clock, tz=dt.UTC):
    return dt.datetime(2024, 4, 5, *clock, tzinfo=tz)


GUID = uuid.UUID("5c2f2c1e-0a3a-4c8b-9c39-0d8f4d6c5b11")
BY_NUMBER = oq.edm.EnumType("Numbers", {"LOW": 10, "MID": 20, "HIGH": 30})
FORMS = {
    # type: (something less, the literal of the value, forms of the value, something greater)
    "Edm.Date": (
        "2024-04-04",
        "2024-04-05",
        [
            dt.date(2024, 4, 5), "2024-04-05", "20240405", _Text("2024-04-05"),
            at(8, 44), at(23, 59, tz=None), "2024-04-05T08:44:33", "2024-04-05T23:59:59.999Z",
            "2024-04-05 08:44:33+02:00",
        ],
        dt.date(2024, 4, 6),
    ),
    "Edm.DateTimeOffset": (
        at(6, 44, 32),
        "2024-04-05T06:44:33Z",
        [
            at(6, 44, 33), at(8, 44, 33, tz=None), at(8, 44, 33, tz=OSLO), at(1, 44, 33, tz=dt.timezone(dt.timedelta(hours=-5))),
            "2024-04-05T08:44:33", "2024-04-05 08:44:33", "20240405T084433", "2024-04-05T06:44:33Z",
            "2024-04-05t06:44:33z", "2024-04-05T08:44:33+02:00", "2024-04-05T08:44:33+0200",
            "2024-04-05T06:44:33.0000000Z", "2024-04-05T06:44:33.000000000+00:00",
        ],
        at(6, 44, 34),
    ),
    "Edm.TimeOfDay": (
        dt.time(8, 44, 32),
        "08:44:33",
        [
            dt.time(8, 44, 33), dt.time(8, 44, 33, tzinfo=OSLO), "08:44:33", "08:44:33.000", "084433", "T08:44:33",
            "08:44:33Z", "08:44:33z", "08:44:33+02:00", at(8, 44, 33), at(8, 44, 33, tz=None),
            dt.timedelta(hours=8, minutes=44, seconds=33),
        ],
        "08:44:33.000001",
    ),
    "Edm.Duration": (
        dt.timedelta(seconds=89),
        "duration'PT90S'",
        [dt.timedelta(seconds=90), "PT90S", "PT1M30S", "P0DT0H1M30.0S", "pt1m30s", _Text("PT90S")],
        "P1D",
    ),
    "Edm.Guid": (
        uuid.UUID(int=1),
        str(GUID),
        [
            GUID, str(GUID), str(GUID).upper(), GUID.hex, f"{{{GUID}}}", f"urn:uuid:{GUID}",
            GUID.bytes, bytearray(GUID.bytes), bytearray(GUID.bytes),
        ],
        "FFFFFFFF-0A3A-4C8B-9C39-0D8F4D6C5B11",
    ),
    "Edm.Decimal": (
        D("9.89"),
        "9.90",
        [D("9.9"), D("9.900"), 9.9, "9.9", "9.90", "+9.900", _Number(9.9), _Text("9.9")],
        10,
    ),
    "Edm.Double": (1.4, "1.5", [1.5, D("1.5"), fractions.Fraction(3, 2)], 2),
    "Edm.Single": (1, "1.5", [1.5, D("1.5")], 2**60),
    "Edm.Int32": (1, "2", [2, 2.0, D(2), Numbered(5) - 3], 3),
    "Edm.Int64": (-(2**63), "7", [7, 7.0], 2**63 - 1),
    "Edm.Boolean": (False, "true", [True, 1], None),
    "Edm.String": ("a", "'b'", ["b", _Text("b")], "c"),
    enum_type(Named): ("low", "'mid'", [Named.MID, "mid", 1, "1", _Text("mid"), _Number(1)], Named.HIGH),
    enum_type(Numbered): (1, "'MID'", [Numbered.MID, "MID", 5, "5", _Number(5)], Numbered.HIGH),
    enum_type(Other): (Other.LOW, "'MID'", [Other.MID, "MID", 1, "1"], 2),
    enum_type(Rights): (
        Rights.READ,
        "'WRITE,SHARE'",
        [Rights.WRITE | Rights.SHARE, "WRITE,SHARE", "SHARE, WRITE", 6, "6"],
        7,
    ),
    # Names go before numbers, where Python's enumeration has other numbers than the model.
    BY_NUMBER: (10, "'MID'", [Numbered.MID, Other.MID, "MID", 20], Numbered.HIGH),
}  # fmt: skip
KINDS = (dict, types.SimpleNamespace)
COPIES = (1, 500)
"""Few rows, which closures read, and many, for which code is generated."""
by_type = pytest.mark.parametrize("type", FORMS, ids=str)


def model(type, **more):
    return oq.EntityType("Row", {"p": oq.Property(type), "q": oq.Property(type), **more})


def run(values, text, type, kind=dict, copies=1):
    """Return the values of the rows that a query selects."""
    query = oq.parse_query(text, model(type), default_timezone=OSLO)
    rows = [kind(p=value, q=None) for value in values] * copies
    found = python.apply(rows, query)
    return [row["p"] if kind is dict else row.p for row in found]


@by_type
def test_a_value_is_known_in_all_its_forms(type):
    less, literal, forms, more = FORMS[type]
    texts = (
        f"$filter=p eq {literal}",
        f"$filter=p in ({literal})",
        f"$filter=not (p ne {literal})",
        f"$filter=p ge {literal} and p le {literal}",
    )
    for form, kind, copies in itertools.product(forms, KINDS, COPIES):
        values = [None, form] if more is None else [more, form, None, less]
        for text in texts:
            found = run(values, text, type, kind, copies)
            assert len(found) == copies, (form, text, kind, copies)
            assert all(value is form for value in found), (form, text, kind, copies)
        if more is not None:
            assert run(values, f"$filter=p gt {literal}", type, kind, copies) == [more] * copies, form
            assert run(values, f"$filter=p lt {literal}", type, kind, copies) == [less] * copies, form


@by_type
def test_a_value_is_sorted_in_all_its_forms(type):
    less, _, forms, more = FORMS[type]
    for form, kind in itertools.product(forms, KINDS):
        ascending = [None, form] if more is None else [None, less, form, more]
        values = ascending[::-2] + ascending[-2::-2]
        for text, order in (("$orderby=p", ascending), ("$orderby=p desc", ascending[::-1])):
            expected = [id(value) for value in order for _ in range(2)]
            assert [id(value) for value in run(values, text, type, kind, 2)] == expected, (form, text)
            first = run(values, f"{text}&$top=1", type, kind, 10)
            assert [id(value) for value in first] == expected[:1], (form, text)


@by_type
def test_a_member_of_a_collection_is_known_in_all_its_forms(type):
    less, literal, forms, _ = FORMS[type]
    entity = oq.EntityType("Row", {"p": oq.Property(type, collection=True)})
    for form, copies in itertools.product(forms, COPIES):
        rows = [{"p": [less, form]}, {"p": (less,)}, {"p": None}, {}] * copies
        for text in (f"p/any(x: x eq {literal})", f"p/$count($filter=$this eq {literal}) eq 1"):
            query = oq.parse_query({"filter": text}, entity, default_timezone=OSLO)
            assert python.apply(rows, query) == rows[:1] * copies, (form, text, copies)


@pytest.mark.parametrize("copies", [1, 500])
@pytest.mark.parametrize(
    ("type", "form", "filter"),
    [
        *(
            ("Edm.Binary", v, "p ne null")
            for v in (b"", b"\xff", bytearray(b"x"), bytearray(b"x"), "", "-_8=", "+/8", "!")
        ),
        ("Edm.Binary", None, "p eq null"),
        ("Edm.Date", "2024-04-05T23:00:00Z", "day(p) eq 5 and p add duration'P1D' eq 2024-04-06"),
        ("Edm.DateTimeOffset", "2024-04-05T08:44:33", "hour(p) eq 8 and date(p) eq 2024-04-05"),
        ("Edm.DateTimeOffset", "2024-04-05T23:44:33Z", "hour(p) eq 23"),
        ("Edm.DateTimeOffset", dt.date(2024, 4, 5), "p eq 2024-04-04T22:00:00Z and hour(p) eq 0"),
        ("Edm.DateTimeOffset", "2024-04-05", "p eq 2024-04-05"),
        ("Edm.TimeOfDay", "08:44:33.25Z", "hour(p) eq 8 and fractionalseconds(p) eq 0.25"),
        ("Edm.Duration", "PT1.5S", "totalseconds(p) eq 1.5 and p mul 2 eq duration'PT3S'"),
        ("Edm.Decimal", "1.10", "p mul 2 eq 2.2 and round(p) eq 1"),
        ("Edm.Decimal", 0.1, "p add 0.2 eq 0.3"),
        ("Edm.Double", 3, "p div 2 eq 1.5"),
        (enum_type(Rights), "WRITE, SHARE", "p has 'SHARE' and cast(p,Edm.String) eq 'WRITE,SHARE'"),
        (enum_type(Named), Named.MID, "cast(p,Edm.String) eq 'mid'"),
    ],
)
def test_operations_take_values_that_were_read(type, form, filter, copies):
    assert len(run([form], f"$filter={filter.replace('+', '%2B')}", type, copies=copies)) == copies


WRONG = {
    "Edm.Date": ["", "x", "2024-02-30", "05.04.2024", 20240405, 1.5, float("nan"), b"x", True, [], {}, dt.time(8)],
    "Edm.DateTimeOffset": ["", "x", "2024-04-05T25:00", "2024-04-05T08:00:60Z", 1712300000, 1.5, float("nan"), b"2024", (), object],
    "Edm.TimeOfDay": ["", "x", "24:00:01", "8:44", 8, float("nan"), dt.date(2024, 4, 5), dt.timedelta(days=1), dt.timedelta(-1)],
    "Edm.Duration": ["", "x", "1:30:00", "P1Y", "P1W", 90, 1.5, dt.time(1), "P9999999999D"],
    "Edm.Guid": ["", "x", str(GUID)[:-1], GUID.int, b"short", float("nan"), []],
    "Edm.Decimal": ["", "x", "1,5", "NaN", D("NaN"), D("sNaN"), float("nan"), float("inf"), b"1", [], fractions.Fraction(1, 3), dt.date(2024, 4, 5)],
    enum_type(Named): ["", "LOW", "Mid", "low,mid", 1.5, float("nan"), Numbered, [], Other.HIGH, b"low"],
}  # fmt: skip
"""Values that are not of a type."""


@pytest.mark.parametrize("type", WRONG, ids=str)
def test_data_of_another_type_is_an_error_that_shows_the_value(type):
    texts = (
        "$filter=p eq null",
        "$filter=p eq q",
        "$filter=p gt q or p ne null",
        "$orderby=p",
        "$orderby=q,p desc",
    )
    for value, copies, text in itertools.product(WRONG[type], COPIES, texts):
        message = "no error"
        try:
            run([value], text, type, copies=copies)
        except oq.ConfigurationError as error:
            message = str(error)
        assert repr(value)[:100] in message, (value, text, copies)


@pytest.mark.parametrize("kind", [dict, types.SimpleNamespace], ids=["dict", "object"])
@pytest.mark.parametrize("copies", [1, 500])
@pytest.mark.parametrize(
    ("type", "value", "filter", "keeps"),
    [
        # Texts, truth values and most numbers are used unread, which costs nothing. A value of another type
        # equals nothing, and is an error where an operation does not take it.
        ("Edm.String", 5, "p eq '5'", False),
        ("Edm.String", 5, "p ne '5'", True),
        ("Edm.String", 5, "p gt '4'", oq.ConfigurationError),
        ("Edm.String", 5, "contains(p,'5')", oq.ConfigurationError),
        ("Edm.String", b"x", "startswith(p,'x')", oq.ConfigurationError),
        ("Edm.Int32", "5", "p eq 5", False),
        ("Edm.Int32", "5", "p gt 4", oq.ConfigurationError),
        ("Edm.Int32", "5", "p add 1 eq 6", oq.ConfigurationError),
        ("Edm.Int32", [5], "p lt 6", oq.ConfigurationError),
        ("Edm.Double", "1.5", "p eq 1.5", False),
        ("Edm.Double", "1.5", "p lt 2", oq.ConfigurationError),
        ("Edm.Double", D("0.5"), "p add 0.5 gt 0", oq.ConfigurationError),
        ("Edm.Double", float("nan"), "p eq p", False),
        ("Edm.Double", float("nan"), "p ne null", True),
        ("Edm.Double", float("nan"), "p gt 0 or p le 0", False),
        ("Edm.Boolean", 1, "p", True),
        ("Edm.Boolean", 0, "p", False),
        ("Edm.Boolean", "true", "p eq true", False),
        ("Collection(Edm.String)", "abc", "p/any(x: x eq 'a')", oq.ConfigurationError),
        ("Collection(Edm.String)", {"a": 1}, "p/any(x: x eq 'a')", oq.ConfigurationError),
        ("Collection(Edm.String)", 5, "p/any(x: x eq 'a')", oq.ConfigurationError),
        ("Collection(Edm.String)", {"a"}, "p/any(x: x eq 'a')", True),
        ("Edm.Double", D("0.1"), "p eq 0.1", False),  # as Python compares them
        ("Collection(Edm.Date)", dt.date(2024, 4, 5), "p/any(x: x gt 2024-01-01)", oq.ConfigurationError),
    ],
)
def test_texts_numbers_and_truth_values_are_used_unread(type, value, filter, keeps, kind, copies):
    text = f"$filter={filter}"
    if keeps is oq.ConfigurationError:
        with pytest.raises(oq.ConfigurationError) as caught:
            run([value], text, type, kind, copies)
        assert repr(value) in str(caught.value)
    else:
        assert len(run([value], text, type, kind, copies)) == copies * keeps


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("Edm.String", ["a", 5]),
        ("Edm.Int32", [5, "5"]),
        ("Edm.Double", [1.5, "x"]),
        ("Edm.Boolean", [True, "true"]),
        ("Edm.Int32", [1, object()]),
    ],
)
def test_values_that_do_not_compare_cannot_be_sorted(type, values):
    for rows in (values, values * 500):
        for text in ("$orderby=p", "$orderby=p desc", "$orderby=p&$top=1"):
            with pytest.raises(oq.ConfigurationError, match="cannot be sorted"):
                run(rows, text, type)


@pytest.mark.parametrize("copies", [1, 500])
def test_one_list_can_have_rows_of_several_kinds_and_forms(copies):
    rows = [
        {"p": "2024-04-05"},
        types.SimpleNamespace(p=dt.date(2024, 4, 6)),
        {"p": at(0)},
        types.MappingProxyType({"p": "2024-04-07T00:00:00Z"}),
        {},
    ] * copies
    entity = oq.EntityType("Row", {"p": oq.Property("Edm.Date")})
    found = python.apply(rows, oq.parse_query("$filter=p ge 2024-04-06&$orderby=p desc", entity))
    assert found == [rows[3]] * copies + [rows[1]] * copies
    found = python.apply(rows, oq.parse_query("$orderby=p&$top=1", entity))
    assert found == [{}]


def test_numbers_and_moments_of_libraries_are_read():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    for type, form, literal in (
        ("Edm.Decimal", numpy.float64(0.1), "0.1"),
        ("Edm.Decimal", numpy.int64(3), "3"),
        ("Edm.Double", numpy.float64(0.1), "0.1"),
        ("Edm.Double", numpy.float32(0.5), "0.5"),
        ("Edm.Int64", numpy.int32(3), "3"),
        (enum_type(Numbered), numpy.int16(5), "'MID'"),
        ("Edm.DateTimeOffset", pandas.Timestamp("2024-04-05T08:44:33"), "2024-04-05T06:44:33Z"),
        ("Edm.Date", pandas.Timestamp("2024-04-05T08:44:33"), "2024-04-05"),
        ("Edm.Duration", pandas.Timedelta(seconds=90), "duration'PT90S'"),
    ):
        for copies in (1, 1_000):
            assert len(run([form], f"$filter=p eq {literal}", type, copies=copies)) == copies
    for type, form in (
        ("Edm.Date", pandas.NA),
        ("Edm.DateTimeOffset", pandas.NA),
        ("Edm.Decimal", pandas.NA),
        ("Edm.Guid", pandas.NA),
        ("Edm.Duration", pandas.NaT),
        ("Edm.DateTimeOffset", numpy.datetime64("2024-04-05")),
        ("Edm.Duration", numpy.timedelta64(90, "s")),
    ):
        for text in ("$filter=p ne null", "$orderby=p"):
            with pytest.raises(oq.ConfigurationError, match="in a row is not a valid"):
                run([form], text, type)


@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize("point", ["SRID=4326;Point(1 2)", {"type": "Point", "coordinates": [1, 2]}])
def test_a_geography_can_be_a_text_or_geojson(point, copies):
    text = "$filter=geo.distance(p,geography'SRID=4326;Point(1 2)') lt 1"
    rows = [{"p": point, "q": None}] * copies
    assert python.apply(rows, oq.parse_query(text, model("Edm.GeographyPoint"))) == rows


@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize(
    "point", ["SRID=4326;Point(1 102)", {"type": "Point", "coordinates": [190, 2]}, "SRID=3857;Point(1 2)"]
)
def test_a_geography_that_is_no_place_of_its_property_is_a_mistake_of_the_service(point, copies):
    query = oq.parse_query(
        "$filter=geo.distance(p,geography'SRID=4326;Point(1 2)') lt 1", model("Edm.GeographyPoint")
    )
    with pytest.raises(oq.ConfigurationError, match="not a valid Edm.GeographyPoint"):
        python.apply([{"p": point, "q": None}] * copies, query)


FINE = (  # a type, texts with digits beyond microseconds, and the literal of what is kept of them
    ("Edm.DateTimeOffset", "2024-01-31T10:20:30.{}Z", "2024-01-31T10:20:30.123456Z"),
    ("Edm.DateTimeOffset", "2024-01-31 12:20:30.{}+02:00", "2024-01-31T10:20:30.123456Z"),
    ("Edm.TimeOfDay", "10:20:30.{}", "10:20:30.123456"),
    ("Edm.Duration", "PT30.{}S", "duration'PT30.123456S'"),
    ("Edm.Duration", "-P1DT30.{}S", "duration'-P1DT30.123456S'"),
)  # fmt: skip


@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize(("type", "text", "literal"), FINE)
def test_digits_beyond_microseconds_are_cut(type, text, literal, copies):
    rows = [{"p": text.format("123456789999"[:length]), "q": None} for length in range(6, 13)] * copies
    for query in (f"$filter=p eq {literal}", f"$filter=not (p gt {literal} or p lt {literal})"):
        assert python.apply(rows, oq.parse_query(query, model(type))) == rows


SECRET = "Zq7-secret"
ACCOUNT = oq.EntityType(
    "Account",
    {
        "id": oq.Property("Edm.Int32", key=True),
        "size": oq.Property("Edm.Int32"),
        "born": oq.Property("Edm.Date"),
        "tags": oq.Property("Collection(Edm.Date)"),
        "pin": oq.Property("Edm.String"),
    },
)


@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize(
    ("query", "row", "message"),
    [
        ("$filter=size gt 3", {"size": "x"}, r"the row \{'id': 7, 'size': 'x'\} does not fit"),
        ("$filter=size add 1 gt 3", {"size": "x"}, r"the row \{'id': 7, 'size': 'x'\} does not fit"),
        ("$filter=born gt 2024-01-01", {"born": "x"}, "'x' in a row is not a valid Edm.Date"),
        ("$orderby=born", {"born": "x"}, "'x' in a row is not a valid Edm.Date"),
        ("$orderby=size", {"size": "x"}, "the rows cannot be sorted"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_not_quoted(query, row, message, copies):
    rows = [{"id": 1, "size": 1, "pin": SECRET}, {"id": 7, "pin": SECRET, **row}] * copies
    visible = ACCOUNT.restrict(exclude=["pin"])
    with pytest.raises(oq.ConfigurationError, match=message) as caught:
        python.apply(rows, oq.parse_query(query, visible))
    text = "".join(traceback.format_exception(caught.value))
    assert SECRET not in text


def test_a_hidden_value_that_the_services_condition_reads_is_not_quoted():
    rows = [{"id": 7, "born": SECRET, "size": SECRET}]
    for hidden, condition in (
        ("born", "born gt 2024-01-01"),
        ("size", "size gt 3"),
        ("size", "size add 1 gt 3"),
    ):
        query = oq.parse_query("$filter=id gt 1", ACCOUNT.restrict(exclude=[hidden])).with_filter(condition)
        for count in (1, 500):
            with pytest.raises(oq.ConfigurationError, match="a row does not fit the model") as caught:
                python.apply(rows * count, query)
            assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize(
    "filter", ["lines/any(i:i/size gt 3)", "lines/$filter(size gt 3)/any()", "seat/size gt 3"]
)
def test_hidden_members_of_the_items_and_complex_values_of_a_wrong_row_are_not_quoted(filter, copies):
    part = {"size": oq.Property("Edm.Int32"), "pin": oq.Property("Edm.String")}
    order = oq.EntityType(
        "Order",
        {
            "id": oq.Property("Edm.Int32", nullable=False, key=True),
            "lines": oq.NavigationProperty(oq.EntityType("Line", part), collection=True),
            "seat": oq.Property(oq.ComplexType("Seat", part)),
        },
    ).restrict(exclude=["lines/pin", "seat/pin"])
    wrong = {"size": "x", "pin": SECRET}
    query = oq.parse_query(f"$filter={filter}", order)
    with pytest.raises(oq.ConfigurationError, match="the row .*'id': 7.* does not fit") as caught:
        python.apply([{"id": 7, "lines": [wrong], "seat": wrong}] * copies, query)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
