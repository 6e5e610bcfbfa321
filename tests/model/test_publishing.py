"""Publishing: no query reaches a property that is left out, and no restriction is ever lifted."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

import odata_query as oq
from odata_query import python
from odata_query.model.publishing import camel_case, publish


def prop(type="Edm.String", **more):
    return oq.Property(type, **more)


def many(type, **more):
    return oq.Property(type, collection=True, **more)


def person():
    """People with relations to people, to one and to many, and to places that lead back to them."""
    fields = {
        "name": prop(),
        "password": prop(),
        "born": prop("Edm.Date"),
        "tags": prop("Collection(Edm.String)"),
        "boss": prop(lambda: human),
        "friends": many(lambda: human),
        "home": prop(lambda: place),
    }
    place = oq.ComplexType(
        "Place", {"city": prop(), "code": prop("Edm.Int32"), "tenants": many(lambda: human)}
    )
    human = oq.ComplexType("Person", fields)
    return {"id": prop("Edm.Int64", nullable=False), **fields}


def read(**options):
    return publish(oq.EntityType, "Person", person(), **options)


def names(type, path=""):
    for step in filter(None, path.split("/")):
        type = type.members[step].type
        type = getattr(type, "element", type)
    return list(type.members)


def is_taken(text, type):
    try:
        oq.parse_query(text, type)
    except oq.ODataError:
        return False
    return True


EVERYWHERE = ["", "boss", "friends", "boss/boss/friends", "home/tenants", "friends/home/tenants/boss"]


# ---- what is left out ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(
    "narrow",
    [
        lambda: read(exclude=["password"]),
        lambda: read(exclude=["boss/password"]),
        lambda: read(exclude=["friends/home/tenants/password"]),
        lambda: read(exclude=["password"], override={"password": prop()}),
        lambda: read(exclude=["password"], only=["*", "boss/*", "friends", "home/tenants/*"]),
        lambda: read(exclude=["password"], rename={"name": "login"}),
        lambda: read(exclude=["password"], filterable=["*"]),
        lambda: read().restrict(exclude=["password"]),
        lambda: read().restrict(exclude=["home/tenants/password"]),
        lambda: read(exclude=["password"]).restrict(),
        lambda: read(exclude=["password"]).restrict(only=["*", "boss/*"]),
    ],
)
def test_what_is_excluded_is_nowhere(narrow, path):
    found = names(narrow(), path)
    assert found
    assert "password" not in found


SEARCHES = [
    "$filter=password eq 'x'",
    "$filter=$it/password eq 'x'",
    "$filter='x' in tags or password in ('y')",
    "$filter=password in ('x','y')",
    "$filter=not (password ne 'x')",
    "$filter=concat(password,'x') eq 'y'",
    "$filter=case(password eq 'x':true)",
    "$filter=cast(password,Edm.String) eq 'x'",
    "$filter=isof(password,Edm.String)",
    "$filter=boss/password eq 'x'",
    "$filter=boss/boss/password eq 'x'",
    "$filter=home/tenants/any(t: t/password eq 'x')",
    "$filter=friends/any(f: f/password eq 'x')",
    "$filter=friends/all(f: not (f/password ne 'x'))",
    "$filter=friends/any(f: $it/password eq 'x')",
    "$filter=friends/any(f: f/boss/friends/any(g: g/password eq f/name))",
    "$filter=friends/any(password: password/password eq 'x')",
    "$filter=friends/$count($filter=password eq 'x') gt 0",
    "$filter=friends/$count($filter=$this/password eq 'x') gt 0",
    "$filter=friends/$filter($this/password eq 'x')/$count gt 0",
    "$filter=tags/any(t: t eq password)",
    "$filter=Ns.Person/password eq 'x'",
    "$filter=boss/Ns.Person/password eq 'x'",
    "$filter=cast($it,Ns.Person)/password eq 'x'",
    "$filter=@p eq 'x'&@p=password",
    "$filter=@p eq 'x'&@p=$it/boss/password",
    "$orderby=password",
    "$orderby=$it/password desc",
    "$orderby=boss/password",
    "$orderby=length(boss/password)",
    "$orderby=case(password eq 'x':1,true:2)",
    "$orderby=friends/any(f: f/password eq 'x')",
    "$orderby=friends/$count($filter=password eq 'x')",
    "$orderby=tags/any(t: $it/password eq t)",
]


@pytest.mark.parametrize("text", SEARCHES)
def test_no_query_reaches_what_is_excluded_and_errors_do_not_tell_it_from_what_never_was(text):
    entity = read(exclude=["password"])
    with pytest.raises(oq.ODataError) as caught:
        oq.parse_query(text, entity)
    with pytest.raises(oq.ODataError) as other:
        oq.parse_query(text.replace("password", "passport"), entity)
    hidden, unknown = (str(error.value).replace("passport", "password") for error in (caught, other))
    assert hidden == unknown
    if "cast($it" not in text:
        assert is_taken(text.replace("/password", "/name").replace("password", "name"), entity)


@pytest.mark.parametrize("text", [text for text in SEARCHES if text.startswith("$filter")])
def test_no_filter_reaches_what_is_not_filterable(text):
    allowed = ["name", "tags", "boss/name", "boss/boss/name", "boss/friends/name", "friends/name"]
    allowed += ["friends/boss/friends/name", "home/tenants/name"]
    assert not is_taken(text, read(filterable=allowed))
    assert not is_taken(text, read().restrict(filterable=allowed))
    assert not is_taken(text, read().restrict(filterable=["name"]))


def test_sortable_is_for_the_paths_that_are_named():
    entity = read(sortable=["name", "boss/name", "tags"])
    taken = ["name", "boss/name desc", "$it/boss/name", "length(name)", "tags/$count"]
    refused = ["password", "boss/password", "boss/boss/name", "id", "length(boss/password)", "friends/$count"]
    refused += ["friends/any(f: f/name eq 'x')", "home/city", "home/tenants/$count", "name,password"]
    assert [text for text in (*taken, *refused) if is_taken(f"$orderby={text}", entity)] == taken
    assert is_taken("$filter=password eq 'x' and boss/boss/password eq 'x'", entity)


@pytest.mark.parametrize(
    ("only", "path", "expected"),
    [
        ([], "", []),
        (["name"], "", ["name"]),
        (["boss"], "", ["boss"]),
        (["boss/name"], "boss", ["name"]),
        (["boss/boss/name"], "boss", ["boss"]),
        (["boss/boss/name"], "boss/boss", ["name"]),
        (["boss/name", "friends/born"], "boss", ["name"]),
        (["boss/name", "friends/born"], "friends", ["born"]),
        (["*", "boss/name"], "boss", ["name"]),
        (["home/*", "home/tenants/name"], "home", ["city", "code", "tenants"]),
        (["home/*", "home/tenants/name"], "home/tenants", ["name"]),
        (["home/tenants/home/city"], "home/tenants/home", ["city"]),
        (("name", "name"), "", ["name"]),
        (iter(["name"]), "", ["name"]),
        ({"name": 1}.keys(), "", ["name"]),
    ],
)
def test_only_publishes_what_it_names(only, path, expected):
    only = list(only)
    assert names(read(only=iter(only)), path) == expected
    assert names(read().restrict(only=iter(only)), path) == expected


def related():
    country = oq.EntityType("Country", {"id": prop(key=True), "secret": prop()})
    owner = oq.EntityType(
        "Owner",
        {
            "id": prop("Edm.Int32", key=True),
            "name": prop(),
            "place": prop(
                oq.ComplexType("Place", {"city": prop(), "country": oq.NavigationProperty(country)})
            ),
            "country": oq.NavigationProperty(country),
            "items": oq.NavigationProperty(lambda: item, collection=True),
        },
    )
    fields = {
        "id": prop("Edm.Int32", key=True),
        "size": prop("Edm.Int32"),
        "owner": oq.NavigationProperty(owner),
    }
    item = oq.EntityType("Item", fields)
    return fields


@pytest.mark.parametrize(
    ("only", "paths"),
    [
        (None, {"": ["id", "size"]}),
        (["*"], {"": ["id", "size"]}),
        (["id", "owner/name"], {"": ["id", "owner"], "owner": ["name"]}),
        (["*", "owner/*"], {"": ["id", "size", "owner"], "owner": ["id", "name", "place"], "owner/place": ["city"]}),
        (["owner/place"], {"owner": ["place"], "owner/place": ["city"]}),
        (["owner/country/id", "owner/*"], {"owner": ["id", "name", "place", "country"], "owner/country": ["id"]}),
        (["owner/items/*"], {"owner": ["items"], "owner/items": ["id", "size"]}),
    ],
)  # fmt: skip
def test_what_leads_to_other_entities_is_published_only_by_name(only, paths):
    found = publish(oq.EntityType, "Item", related(), list_relations=True, only=only)
    assert {path: names(found, path) for path in paths} == paths


@pytest.mark.parametrize("only", [["owner"], ["id", "owner"], ["owner/country"], ["owner/name", "owner"]])
def test_another_entity_is_published_only_by_its_properties(only):
    with pytest.raises(oq.ConfigurationError, match="leads to other entities; name what to publish"):
        publish(oq.EntityType, "Item", related(), list_relations=True, only=only)


def test_a_type_that_fails_is_no_matter_where_it_is_not_published():
    def fail():
        raise oq.ConfigurationError("Row.bad has no type")

    for _ in range(2):  # as types of one name that were read before could be compared
        inner = oq.ComplexType("Inner", {"id": prop(), "bad": prop(fail), "inner": many(lambda t=[]: t[0])})
        inner.properties["inner"].type.__defaults__[0].append(inner)
        fields = {"id": prop(), "bad": prop(fail), "inner": many(inner)}
        found = publish(oq.EntityType, "Row", fields, exclude=["bad", "inner/bad"])
        assert names(found, "inner/inner") == ["id", "inner"]
        found = publish(
            oq.EntityType,
            "Row",
            fields,
            override={"bad": prop("Edm.Int32"), "inner/bad": prop()},
            only=["bad"],
        )
        assert found.members["bad"].type.name == "Edm.Int32"
        with pytest.raises(oq.ConfigurationError, match="Row.bad has no type"):
            publish(oq.EntityType, "Row", fields, exclude=["inner"])


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("name", "name"),
        ("file_size", "fileSize"),
        ("FileSize", "fileSize"),
        ("HTTPCode", "httpCode"),
        ("ID", "id"),
        ("image_ID", "imageID"),
        ("a__b", "aB"),
        ("size_", "size_"),
        ("i18n_key", "i18nKey"),
        ("size_2", "size2"),
        ("größe_über", "größeÜber"),
        ("alreadyThere", "alreadyThere"),
    ],
)
def test_camel_case(name, renamed):
    assert camel_case(name) == renamed
    found = publish(oq.EntityType, "Row", {name: prop()}, rename="camelCase")
    assert [(m.name, m.attribute, m.column) for m in found.members.values()] == [(renamed, name, name)]


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        ({"a_b": "x"}, {"x": "a_b", "c": "c"}),
        ({"a_b": "c", "c": "a_b"}, {"c": "a_b", "a_b": "c"}),
        ({"a_b": "a_b"}, {"a_b": "a_b", "c": "c"}),
        (str.upper, {"A_B": "a_b", "C": "c"}),
        ({}, {"a_b": "a_b", "c": "c"}),
        (None, {"a_b": "a_b", "c": "c"}),
    ],
)
def test_rows_are_read_by_the_names_of_the_source(rename, expected):
    found = publish(oq.EntityType, "Row", {"a_b": prop(), "c": prop()}, rename=rename)
    assert {m.name: m.attribute for m in found.members.values()} == expected
    label = next(label for label, source in expected.items() if source == "a_b")
    rows = [{"a_b": "x", "c": "y"}, {"a_b": "y", "c": "x"}]
    assert python.apply(rows, oq.parse_query(f"$filter={label} eq 'x'&$orderby={label}", found)) == rows[:1]


def test_options_name_what_the_source_does_and_restrict_what_is_published():
    found = read(
        rename={"name": "login", "boss/name": "called"},
        only=["name", "boss/name", "born"],
        filterable=["name", "boss/name"],
        sortable=["name"],
        key="name",
    )
    assert names(found) == ["login", "born", "boss"]
    assert names(found, "boss") == ["called"]
    assert found.key == ("login",)
    assert is_taken("$filter=login eq 'x' and boss/called eq 'x'&$orderby=login", found)
    assert not is_taken("$filter=born eq null", found)
    narrower = found.restrict(only=["login", "boss/called"], sortable=["login"])
    assert names(narrower) == ["login", "boss"]
    assert narrower.key == ("login",)
    with pytest.raises(oq.ConfigurationError, match="Person has no property 'name'"):
        found.restrict(only=["name"])
    assert not is_taken("$filter=name eq 'x'", found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["nome"]}, "Person has no property 'nome'"),
        ({"only": ["boss/nome"]}, "Person has no property 'nome'"),
        ({"only": ["home/name"]}, "Place has no property 'name'"),
        ({"only": ["name/x"]}, "Person.name is of type Edm.String, which has no properties"),
        ({"only": ["tags/x"]}, r"Person.tags is of type Collection\(Edm.String\), which has no properties"),
        ({"only": ["*/name"]}, r"Person has no property '\*'"),
        ({"only": [""]}, "Person has no property ''"),
        ({"only": ["boss/"]}, "Person has no property ''"),
        ({"only": ["/name"]}, "Person has no property ''"),
        ({"only": ["Name"]}, "Person has no property 'Name'"),
        ({"only": "name"}, "only='name' is not a list of names"),
        ({"exclude": "name"}, "exclude='name' is not a list of names"),
        ({"exclude": ["nome"]}, "Person has no property 'nome'"),
        ({"exclude": ["home/name"]}, "Place has no property 'name'"),
        ({"exclude": ["name/*"]}, "Person.name is of type Edm.String, which has no properties"),
        ({"filterable": ["nome"]}, "Person has no property 'nome'"),
        ({"filterable": "name"}, "filterable='name' is not a list of names"),
        ({"sortable": ["boss/nome"]}, "Person has no property 'nome'"),
        ({"sortable": "name"}, "sortable='name' is not a list of names"),
        ({"rename": {"nome": "x"}}, "Person has no property 'nome'"),
        ({"rename": {"name": "born"}}, "Person has two properties called 'born'"),
        ({"rename": {"name": "x", "born": "x"}}, "Person has two properties called 'x'"),
        ({"rename": lambda name: "x"}, "Person has two properties called 'x'"),
        ({"rename": {"name": ""}}, "'' cannot be written as a name in OData"),
        ({"rename": {"name": "sub-title"}}, "'sub-title' cannot be written as a name in OData"),
        ({"rename": {"name": "a/b"}}, "'a/b' cannot be written as a name in OData"),
        ({"rename": "kebab-case"}, "rename='kebab-case' is not a mapping, a function or 'camelCase'"),
        ({"rename": 5}, "rename=5 is not a mapping, a function or 'camelCase'"),
        ({"override": {"nome": prop()}}, "Person has no property 'nome'"),
        ({"override": {"home/nome": prop()}}, "Place has no property 'nome'"),
        (
            {"functions": ["contain"]},
            "functions has 'contain', which does not exist; did you mean 'contains'?",
        ),
        ({"key": "nome"}, "Person has no property 'nome'"),
        ({"key": "id", "exclude": ["id"]}, "Person does not publish 'id', which its key needs"),
        ({"key": ["name", "boss/name"]}, "Person has no property 'boss/name'"),
        ({"onyl": ["name"]}, "'onyl' is not an option; use one of key, only"),
        ({"operators": ["eq"]}, "'operators' is not an option; use one of key, only"),
        ({"limits": None}, "'limits' is not an option; use one of key, only"),
    ],
)
def test_a_wrong_option_is_the_developers_mistake(options, message):
    with pytest.raises(oq.ConfigurationError, match=message):
        read(**options)


def test_camel_case_that_makes_two_names_one_is_an_error():
    for one, two in itertools.permutations(("file_size", "fileSize", "FileSize", "file__size"), 2):
        with pytest.raises(oq.ConfigurationError, match="Row has two properties called 'fileSize'"):
            publish(oq.EntityType, "Row", {one: prop(), two: prop()}, rename="camelCase")
        publish(oq.EntityType, "Row", {one: prop(), two: prop()}, rename="camelCase", exclude=[one])


# ---- keys and overrides --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "options", "key"),
    [
        ({"id": prop(), "name": prop()}, {}, ("id",)),
        ({"Id": prop(), "name": prop()}, {}, ("Id",)),
        ({"name": prop()}, {}, ()),
        ({"name": prop(), "id": prop()}, {"key": "name"}, ("name",)),
        ({"a": prop(), "b": prop()}, {"key": ["a", "b"]}, ("a", "b")),
        ({"id": prop(), "name": prop(key=True)}, {}, ("name",)),
        ({"id": prop(), "name": prop(key=True)}, {"key": "id"}, ("id",)),
        ({"id": prop(), "name": prop()}, {"key": []}, ()),
        ({"id": prop(), "name": prop()}, {"override": {"name": prop(key=True)}}, ("name",)),
        ({"id": prop(), "name": prop()}, {"rename": {"id": "number"}}, ("number",)),
        ({"image_id": prop()}, {"rename": {"image_id": "id"}}, ("id",)),
        ({"image_id": prop()}, {"rename": "camelCase", "key": ["image_id"]}, ("imageId",)),
    ],
)
def test_the_key(fields, options, key):
    found = publish(oq.EntityType, "Row", fields, **options)
    assert found.key == key
    assert found.restrict().key == key
    order = oq.parse_query("$top=1", found).orderby
    assert tuple(item.expression.segments[0] for item in order) == key


def test_override_is_published_in_place_of_the_source():
    place = oq.ComplexType("Address", {"street": prop(), "secret": prop()})
    found = read(
        override={
            "name": prop("Edm.Int32", attribute="_name", filterable=False),
            "home": prop(place),
            "boss/born": prop("Edm.DateTimeOffset"),
        },
        only=["name", "home/street", "boss/born", "friends/born"],
        rename={"name": "number"},
    )
    member = found.members["number"]
    assert (member.type.name, member.attribute, member.filterable) == ("Edm.Int32", "_name", False)
    assert names(found, "home") == ["street"]
    assert found.members["boss"].type.members["born"].type.name == "Edm.DateTimeOffset"
    assert found.members["friends"].type.element.members["born"].type.name == "Edm.Date"


# ---- restrict ------------------------------------------------------------------------------------

QUERIES = [
    "$filter=name eq 'x'",
    "$filter=boss/name eq 'x'",
    "$filter=friends/any(f: f/name eq 'x')",
    "$filter=contains(name,'x')",
    "$filter=length(boss/name) gt 1",
    "$filter=friends/$count gt 1",
    "$filter=tags/any()",
    "$filter=year(born) eq 2000 or not (id gt 3)",
    "$filter=id in (1,2)",
    "$filter=id add 1 eq 2",
    "$orderby=name",
    "$orderby=boss/name,id",
    "$orderby=length(name)",
    "$orderby=friends/any(f: f/name eq 'x')",
    "$orderby=tags/$count",
    "$top=10",
    "$top=1000&$skip=1000",
    "$filter=home/tenants/any(t: t/friends/any(f: f/name eq 'x'))",
]
RESTRICTIONS = {
    "only": ["id", "name", "boss/name", "friends"],
    "exclude": ["name"],
    "filterable": ["name", "boss/name", "friends/name", "id"],
    "sortable": ["name", "tags"],
    "functions": ["Contains", "any", "$count"],
    "operators": ["eq", "gt", "and"],
    "limits": oq.Limits(max_top=10, max_lambda_depth=1, max_nodes=8, max_length=40),
}
WIDER = {
    "only": [["*"], ["boss"], ["*", "boss/*", "friends/*", "boss/boss"]],
    "exclude": [[], ["born"]],
    "filterable": [["*"], ["boss", "friends", "name"]],
    "sortable": [["*"], ["boss", "name"]],
    "functions": [["contains", "length", "year", "any", "all", "$count"]],
    "operators": [["eq", "gt", "lt", "in", "add", "not", "or", "and"]],
    "limits": [oq.Limits(max_top=None, max_nodes=None, max_length=None, max_lambda_depth=None), oq.Limits()],
}


def taken(type, limits=None):
    found = set()
    for text in QUERIES:
        try:
            oq.parse_query(text, type, limits=limits)
            found.add(text)
        except oq.ODataError:
            continue
    return found


@pytest.mark.parametrize("option", RESTRICTIONS)
def test_a_restriction_refuses_something_and_is_never_lifted(option):
    whole = read()
    once = whole.restrict(**{option: RESTRICTIONS[option]})
    narrow = taken(once)
    assert narrow < taken(whole) == set(QUERIES)
    assert whole == read(), "the type itself stays as it is"
    for other, values in WIDER.items():
        for value in values:
            try:
                again = once.restrict(**{other: value})
            except oq.ConfigurationError as wrong:
                assert "has no property" in str(wrong)
                continue
            assert taken(again) <= narrow, (other, value)
            assert taken(again, oq.Limits(max_top=None, max_nodes=None, functions=None)) <= narrow


@pytest.mark.parametrize(("one", "two"), list(itertools.permutations(RESTRICTIONS, 2)))
def test_two_restrictions_hold_both(one, two):
    if "exclude" in (one, two):
        pytest.skip("what is excluded cannot be named")
    first = read().restrict(**{one: RESTRICTIONS[one]})
    second = read().restrict(**{two: RESTRICTIONS[two]})
    if "only" not in (one, two):
        found = first.restrict(**{two: RESTRICTIONS[two]})
        assert taken(found) == taken(first) & taken(second)
    both = read().restrict(**{one: RESTRICTIONS[one], two: RESTRICTIONS[two]} | ({"sortable": ["name"]} if {one, two} == {"only", "sortable"} else {}))  # fmt: skip
    assert taken(both) <= taken(first) & taken(second)


@pytest.mark.parametrize(
    ("functions", "text", "is_allowed"),
    [
        (["contains"], "$filter=contains(name,'x')", True),
        (["CONTAINS"], "$filter=Contains(name,'x')", True),
        (["contains"], "$filter=startswith(name,'x')", False),
        (["contains"], "$filter=contains(tolower(name),'x')", False),
        (["contains"], "$filter=tags/any(t: contains(t,'x'))", False),
        (["contains", "any"], "$filter=tags/any(t: contains(t,'x'))", True),
        (["contains", "any"], "$filter=tags/all(t: contains(t,'x'))", False),
        (["any"], "$orderby=length(name)", False),
        (["any"], "$filter=friends/$count gt 1", False),
        (["$count"], "$filter=friends/$count gt 1", True),
        (["$count"], "$filter=friends/$count($filter=contains(name,'x')) gt 1", False),
        ([], "$filter=name eq 'x' and not (id in (1,2))", True),
        ([], "$filter=contains(name,'x')", False),
        ([], "$filter=@p&@p=contains(name,'x')", False),
    ],
)
def test_functions_that_are_not_listed_are_refused(functions, text, is_allowed):
    assert is_taken(text, read(functions=functions)) is is_allowed
    assert is_taken(text, read().restrict(functions=iter(functions))) is is_allowed
    narrower = read().restrict(functions=functions).restrict(functions=[*functions, "startswith", "all"])
    assert is_taken(text, narrower) is is_allowed


def test_limits_of_the_type_and_of_the_request_hold_both():
    entity = read().restrict(limits=oq.Limits(max_top=10, functions=frozenset({"contains", "length"})))
    for text, limits, allowed in [
        ("$top=10", None, True),
        ("$top=11", None, False),
        ("$top=11", oq.Limits(), False),
        ("$top=11", oq.Limits(max_top=100), False),
        ("$top=10", oq.Limits(max_top=5), False),
        ("$filter=contains(name,'x')", oq.Limits(functions=frozenset({"contains", "year"})), True),
        ("$filter=year(born) eq 2000", oq.Limits(functions=frozenset({"contains", "year"})), False),
        ("$filter=length(name) eq 2000", oq.Limits(functions=frozenset({"contains", "year"})), False),
    ]:
        try:
            oq.parse_query(text, entity, limits=limits)
            found = True
        except oq.ODataError:
            found = False
        assert found is allowed, (text, limits)


def test_rows_are_the_same_for_all_that_a_restricted_type_takes():
    rows = [
        {"id": 1, "name": "a", "password": "s", "born": dt.date(2000, 1, 1), "boss": None, "friends": [{"name": "x"}]},
        {"id": 2, "name": "b", "password": "t", "born": None, "boss": {"name": "x", "password": "s"}, "friends": []},
    ]  # fmt: skip
    narrow = read(exclude=["password"], rename="camelCase").restrict(
        filterable=["name", "friends/name", "boss"]
    )
    for text in ("$filter=boss/name eq 'x'", "$filter=not friends/any(f: f/name eq 'x')", "$orderby=id desc"):
        expected = python.apply(rows, oq.parse_query(text, read()))
        assert python.apply(rows, oq.parse_query(text, narrow)) == expected


# ---- equality ------------------------------------------------------------------------------------


def row(**changed):
    return oq.EntityType("Row", {"id": prop("Edm.Int64", key=True), "name": prop(), **changed})


DIFFERENT = [
    row(),
    row(name=prop("Edm.Int32")),
    row(name=prop(nullable=False)),
    row(name=prop(key=True)),
    row(name=prop(filterable=False)),
    row(name=prop(sortable=False)),
    row(name=prop(attribute="x")),
    row(name=prop(column="x")),
    row(name=prop(storage="x")),
    row(name=prop("Edm.Decimal")),
    row(name=prop("Edm.Decimal", scale=2)),
    row(name=prop(collation="binary")),
    row(name=many("Edm.String")),
    row(name=many("Edm.String", table="t", join={"a": "b"})),
    row(name=many("Edm.String", table="t", join={"a": "c"})),
    row(other=prop()),
    row(name=prop(oq.ComplexType("X", {"a": prop()}))),
    row(name=prop(oq.ComplexType("X", {"a": prop(nullable=False)}))),
    row(name=prop(oq.ComplexType("Y", {"a": prop()}))),
    row(name=prop(oq.EntityType("X", {"a": prop()}))),
    row(name=oq.NavigationProperty(oq.EntityType("X", {"a": prop()}))),
    row(name=prop(oq.edm.EnumType("X", {"a": 0}))),
    row(name=prop(oq.edm.EnumType("X", {"a": 1}))),
    row(name=prop(oq.edm.EnumType("X", {"a": 1}, is_flags=True))),
    oq.EntityType("Other", row().properties),
    oq.EntityType("Row", {"id": prop("Edm.Int64", key=True)}),
    oq.ComplexType("Row", row().properties),
    row().restrict(functions=["contains"]),
    row().restrict(limits=oq.Limits(max_top=1)),
    read(),
    read(exclude=["home/tenants/password"]),
    read(exclude=["home/code"]),
    read(filterable=["boss/boss/name", "name"]),
]  # fmt: skip


@pytest.mark.parametrize("one", range(len(DIFFERENT)))
def test_a_type_equals_none_of_those_that_differ(one):
    assert [two for two, other in enumerate(DIFFERENT) if DIFFERENT[one] == other] == [one]
    assert sum(other != DIFFERENT[one] for other in DIFFERENT) == len(DIFFERENT) - 1


def test_types_are_equal_if_their_properties_are():
    assert row() == row()
    assert hash(row()) == hash(row())
    assert row() == oq.EntityType("Row", dict(reversed(row().properties.items()))), "in any order"
    assert row(name=prop(attribute="name", column="name")) == row()
    assert row(name=prop(lambda: oq.edm.STRING)) == row()
    assert read() == read()
    assert hash(read()) == hash(read())
    assert len({read(), read(), row(), row()}) == 2
    assert read(exclude=["password"]) == read(exclude=["friends/boss/password"])
    for each in DIFFERENT:
        assert each == each
        assert each not in (None, 5, "Row", each.name, each.properties)


def test_types_that_lead_back_to_themselves_by_other_ways_are_equal():
    one = oq.ComplexType("T", {"t": prop(lambda: one)})
    two = oq.ComplexType("T", {"t": prop(lambda: three)})
    three = oq.ComplexType("T", {"t": prop(lambda: two)})
    four = oq.ComplexType("T", {"t": prop(lambda: five)})
    five = oq.ComplexType("T", {"t": prop(lambda: four, nullable=False)})
    assert one == two == three == one
    assert one != four
    assert four != five
    assert two != five
    assert hash(one) == hash(two) == hash(four)
