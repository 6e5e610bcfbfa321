"""Strategies of Hypothesis for the trees that the parser can build, and texts that cover the language.

The operations come from the table, so that a new one is tested at once.
"""

# Tables of texts are easier to read in rows.
# ruff: noqa: E501
from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

import odata_query as oq
from odata_query import edm
from odata_query.operations import FUNCTIONS, OPERATIONS, SEGMENTS

LIFTED = oq.Limits(
    max_length=None,
    max_aliases=None,
    max_nodes=None,
    max_depth=None,
    max_in_items=None,
    max_lambda_depth=None,
    max_cost=None,
    max_row_cost=None,
    max_orderby_items=None,
    max_path_depth=None,
    max_problems=None,
    max_pattern=None,
)
"""Limits without bounds."""

NAMES = (
    "a", "Name", "_x1", "eq", "in", "not", "any", "all", "date", "asc", "desc", "and", "or", "has", "div",
    "nullable", "nul", "NULL", "Null", "anything", "notable", "order", "android", "trueValue", "falsey",
    "infinity", "INFO", "nan", "duration", "binary", "geography", "case", "cast", "Edm", "e5", "E1", "P1D",
    "T", "Z", "filter", "search", "count", "abcdef12",
    "नाम", "हिन्दी", "स्थिति", "größe", "ß", "ſize", "名前", "ⅷ", "a\u203fb", "z\u200dw", "x٣",
)  # fmt: skip
"""Names of properties: operators, beginnings of literals, letters that combine or fold to ASCII."""

name = st.sampled_from(NAMES)
qualified = st.builds("{}.{}".format, st.sampled_from(("Model", "Sales.Sub", "geo", "हि.ß", "eq")), name)
annotation = st.builds("@{}".format, st.sampled_from(("Core.Note", "p", "x#q", "A.b#नाम", "eq")))

# ---- literals ------------------------------------------------------------------------------------

text = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8
) | st.sampled_from(
    ("'", "''", "a' or 1 eq 1", "null", "5", " ", "\t", "(", ")", "%", "//", "हिन्दी", "\U0001f600", "\n")
)
_WRITTEN = {  # the texts that other literals keep until validation
    edm.DATE: ("2024-01-31", "0000-02-01", "-0044-03-15", "12024-12-31"),
    edm.DATE_TIME_OFFSET: (
        "2024-01-31T12:00:00Z",
        "2024-01-31T23:59:60.123456789012+14:00",
        "0001-01-01T00:00",
    ),
    edm.TIME_OF_DAY: ("10:20", "23:59:59.999", "00:00:60"),
    edm.DURATION: ("P1D", "-PT1H2M3.5S", "PT0S", "P999999999999D"),
    edm.GUID: ("01234567-89ab-cdef-0123-456789ABCDEF", "abcdef12-aaaa-bbbb-cccc-abcdefabcdef"),
    edm.BINARY: ("", "Zg", "Zm8=", "Zm9v", "_-_-"),
    edm.primitive("Edm.GeographyPoint"): ("SRID=4326;Point(1 2)",),
    edm.primitive("Edm.GeometryPolygon"): ("SRID=0;Polygon((0 0,1 0,1 1,0 0))",),
    edm.Type("Sales.Color"): ("Red", "Red,Green", "3", "-1"),
    edm.Type("eq.not"): ("and",),
}
_decimals = st.builds(
    lambda digits, places: Decimal(f"{digits}e-{places}"), st.integers(-(10**30), 10**30), st.integers(1, 8)
)
literal = st.one_of(
    st.just(oq.Literal(None, edm.NULL)),
    st.builds(oq.Literal, st.booleans(), st.just(edm.BOOLEAN)),
    st.builds(oq.Literal, text, st.just(edm.STRING)),
    st.builds(oq.Literal, st.integers(-(2**31), 2**31 - 1), st.just(edm.INT32)),
    st.builds(
        oq.Literal, st.integers(2**31, 2**63 - 1) | st.integers(-(2**63), -(2**31) - 1), st.just(edm.INT64)
    ),
    st.builds(oq.Literal, _decimals, st.just(edm.DECIMAL)),
    st.builds(lambda n: oq.Literal(Decimal(n), edm.DECIMAL), st.integers(2**63, 10**37)),
    st.builds(oq.Literal, st.floats(), st.just(edm.DOUBLE)),
    st.sampled_from([oq.Literal(value, type) for type, values in _WRITTEN.items() for value in values]),
)

# ---- paths and calls -----------------------------------------------------------------------------

plain_path = st.one_of(
    st.builds(lambda first: oq.Path((first,)), name),
    st.builds(
        lambda first, rest: oq.Path((first, *rest)),
        st.one_of(name, qualified, annotation, st.sampled_from(("$it", "$this", "$root", "null", "true"))),
        st.lists(st.one_of(name, qualified, annotation), min_size=1, max_size=3),
    ),
    st.sampled_from([oq.Path((first,)) for first in ("$it", "$this", "@p", "@Core.Note")]),
)
_custom = st.sampled_from(
    [
        n
        for n in ("best", "Model.Best", "नाम", "Items", "anything", "nullable", "Collected", "geo.size")
        if n not in FUNCTIONS
    ]
)
_type_name = st.builds(
    oq.TypeName,
    st.sampled_from(("Edm.String", "Model.Customer", "Customer", "Collection(Edm.Int32)", "eq.in")),
)
_search = st.sampled_from(("red", "red AND NOT blue", '"a;b)" OR (c "d)")'))


def _calls(operation: object, node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    """Calls of one operation in its notation."""
    assert isinstance(operation, type(OPERATIONS["eq"]))
    called = operation.name

    def call(*arguments: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
        return st.tuples(*arguments).map(lambda given: oq.Call(called, given))

    if called in ("and", "or"):
        return st.lists(node, min_size=2, max_size=4).map(lambda given: oq.Call(called, tuple(given)))
    if called == "in":
        literals = st.lists(literal, max_size=3).map(lambda items: oq.ListExpr(tuple(items)))
        return call(node, literals) | call(node, node)
    if operation.notation == "infix":
        return call(node, node)
    if operation.notation == "prefix":
        return call(node)
    if called == "case":
        return call(node, node) | call(node, node, node, node)
    if called in ("cast", "isof"):
        return call(_type_name) | call(node, _type_name)
    if operation.notation == "segment":
        source = sources(node)
        if called == "$filter":
            return call(source, node)
        if called == "$count":
            options = st.builds(oq.NamedValue, st.just("$filter"), node)
            search = st.builds(lambda t: oq.NamedValue("$search", oq.Literal(t, edm.STRING)), _search)
            return call(source) | call(source, options) | call(source, options, search) | call(source, search)
        lambdas = st.builds(oq.Lambda, name, node)
        return call(source, lambdas) | call(source) if called == "any" else call(source, lambdas)
    arities = sorted({len(signature.parameters) for signature in operation.signatures})
    return st.one_of([call(*[node] * arity) for arity in arities])


def custom_calls(node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    """Functions that the table does not list, with arguments or named arguments: also `Items(ID=1)`."""
    arguments = st.lists(node | st.builds(oq.NamedValue, name, node), max_size=3)
    return st.builds(lambda called, given: oq.Call(called, tuple(given)), _custom, arguments)


def paths(node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    """Paths with calls and keys among their segments: `a/Items(1)(2)/Model.Best()/b`."""

    def joined(first: oq.Node, rest: list[list[object]]) -> oq.Node:
        segments = list(first.segments) if isinstance(first, oq.Path) else [first]
        for tail in rest:
            segments += tail
        return oq.Path(tuple(segments)) if len(segments) > 1 else first

    key = st.lists(node, max_size=2).map(lambda given: oq.Call("()", tuple(given)))
    tail = st.one_of(
        name.map(lambda n: [n]),
        custom_calls(node).map(lambda c: [c]),
        st.tuples(custom_calls(node), key).map(list),
    )
    return st.builds(joined, plain_path | custom_calls(node), st.lists(tail, max_size=2))


def sources(node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    """Expressions that `any`, `all`, `$count` and `$filter` can follow."""
    inner = plain_path | paths(node)
    return st.one_of(
        inner,
        st.builds(lambda source, predicate: oq.Call("$filter", (source, predicate)), inner, node),
    )


def after_segments(node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    """Paths that continue after a segment: `Items/$filter(...)/Name`."""
    segments = st.one_of([_calls(OPERATIONS[s], node) for s in sorted(SEGMENTS)])
    return st.builds(lambda first, last: oq.Path((first, last)), segments, name)


def _larger(node: st.SearchStrategy[oq.Node]) -> st.SearchStrategy[oq.Node]:
    return st.one_of(
        *[_calls(operation, node) for operation in OPERATIONS.values()],
        custom_calls(node),
        paths(node),
        after_segments(node),
        st.lists(node, max_size=3).map(lambda items: oq.ListExpr(tuple(items))),
        st.lists(st.builds(oq.NamedValue, text, node), max_size=2).map(lambda m: oq.RecordExpr(tuple(m))),
    )


expressions = st.recursive(literal | plain_path, _larger, max_leaves=10)
"""Trees that the parser builds of some text."""
orders = st.lists(st.builds(oq.OrderByItem, expressions, st.booleans()), min_size=1, max_size=3).map(tuple)
"""Results of `parse_orderby`."""

# ---- texts ---------------------------------------------------------------------------------------

FILTERS = (
    # names that look like something else
    "eq eq eq", "not eq 1", "not eq eq eq", "not not eq 1", "not (not eq 1)", "in in (in)", "any", "all/any()", "eq", "or", "not", "not ", "İn", "in",
    "nullable eq null", "anything", "trueValue eq true", "TRUE eq False", "null/a eq 1", "true/a", "date eq 2024-01-31",
    "and and or or not", "has has has", "desc", "asc", "e5 eq 1e5", "INFO", "NaN ne nan",
    "abcdef12", "a.b/c", "@p", "@Core.Note", "@a.b#c", "a/@Core.Note", "a/@x#y", "$it", "$this/a", "$root/a/b",
    "हिन्दी eq 'हि'", "größe gt 3", "ſ eq 1", "x/नाम/any(ß: ß eq 1)", "duration", "duration/a", "duration eq duration'P1D'",
    "not  (a)", "not(a)", "not\t(a)", "NOT a", "nota", "not/a", "a/not", "not/b has a",
    # operators and precedence
    "a eq b lt c", "a lt b eq c lt d", "(a eq b) lt c", "a add b sub c", "a sub (b sub c)", "(a add b) mul c",
    "a add b mul c", "a div b mul c mod d divby e", "not a eq b", "not (a eq b)", "-a add b", "-(a add b)", "- - a",
    "--a", "-5", "- 5", "-a", "- a", "-INF", "- INF", "-2024-01-01", "- 2024-01-01", "-not a", "not -a", "not not a",
    "a or b and c or d", "(a or b) and (c or d)", "a and (b and c)", "(a and b) and c", "a or (b or c)", "((a))",
    "( a )", "(\ta\t)", "a EQ b", "a Ne b", "a\teq\tb", "a  eq \t b", " a eq 1", "a eq 1\t", "a has Sales.Color'Red'",
    "a has b has c", "a has (b)", "a has (b has c)", "-a has b", "a add b has c", "1 add 2", "a eq -1", "a sub -1", "a sub - 1",
    # in
    "a in ()", "a in ( )", "a in (1)", "a in ('a','b')", "a in ( 'a' , 'b' )", "a in (b)", "a in b", "a in b/c", "a in (b add c)",
    "a in [1,2]", "a in [b,\"c\"]", "a in []", "a in 5", "a in f(b)", "a in (null)", "a in (1) in (true)", "a in (b in (c))", "not a in (1)",
    "a in (-1,+2,1.5,1e3,INF)", "a in b/$filter(c eq 1)",
    # literals
    "null", "true", "1", "+1", "007", "2147483647", "2147483648", "-2147483648", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "1.0", "1.50", "-0.0", "0.1e0", "-0e0", "1E-7", "1e+3", "INF", "NaN", "''", "''''", "'O''Neil'",
    "'a'' or 1 eq 1'", "' '", "'\U0001f600'", "2024-01-31", "0000-01-01", "-0044-03-15", "12024-01-01", "10:20", "10:20:30", "10:20:60.5",
    "2024-01-31T10:20", "2024-01-31T10:20Z", "2024-01-31t10:20:30.123456789012z", "2024-01-31T10:20:30-05:30",
    "01234567-89ab-cdef-0123-456789abcdef", "duration'P1DT2H3M4.5S'", "DURATION'-PT1S'", "duration'pt1h'", "binary''", "binary'Zm8='",
    "geography'SRID=4326;Point(1 2)'", "geometry'SRID=0;LineString(0 0,3 4)'", "Sales.Color'Red,Green'", "A.B.C'-3'", "eq.ne'and'",
    # calls
    "f()", "f( )", "f(1)", "f( a , b )", "Model.f(a)", "f(a=1)", "f(a=1,b=x/y)", "f(not=not a)", "f(a= [1,\"x\"])", "f(a=\"x\")",
    "contains(a,'b')", "CONTAINS(a,'b')", "matchesPattern(a,'b')", "geo.distance(a,b)", "Geo.Distance(a,b)", "now()", "concat(concat(a,b),c)",
    "case(a:1)", "case(a eq 1:'x',true:'y')", "case( a eq 10:20 )", "case(10:20:30)", "case(a eq 10:20, b eq 1:20:40)", "case(-a eq 10:20)",
    "case(a gt 50:75,true:10)", "case(t gt 12:30:1,true:2)", "case(t gt 12:30:15:1,b:2)", "case(n gt 50:12:30,true:12:45)", "case(n gt 10:20.5,b:10:20)", "case(n gt 10:20:30.5e3)",
    "case(a and n gt 10:20 add 5 lt 3 and b or c,true:1)", "case(not a gt 10:20)", "case(n gt - 10:20)", "case(d gt 2024-01-01:30,true:1)", "case(at gt 2024-01-01T10:20:30,true:1)", "case(at gt 2024-01-01T10:20Z:30)",
    "case(case(n gt 10:20,true:1) gt 30:40,case(n gt 50:60,true:m gt 12:13):70) eq 1", "case(t eq 10:20 or t eq 10:30,true:1)", "case((t eq 10:20) or n eq 10:30)",
    "case(a:b,c : d)", "cast(a,Edm.String)", "cast(Edm.String)", "cast(a,Customer)", "isof(Model.Customer)", "isof(a,Model.Customer)",
    "cast(a,Collection(Edm.Int32))", "isof(a/b/Model.C,Model.D)",
    # paths
    "a/b/c", "a/b.c/d", "Items(1)/a", "Items(ID=1)/a", "Items(1)(2)/a", "Items(1)", "Items()", "a/Items(1)/b", "a/f()/g()/h", "f()/a", "f()/g(1)(2)",
    "a/$count", "a/$count gt 1", "a/b/$count", "a/$count($filter=b eq 1)", "a/$count(filter= b)", "a/$count($FILTER=b;$search=red AND blue)",
    "a/$count($search=\"x;y\" (z))", "a/$count( $filter=b ; search=c )", "a/$filter(b eq 1)", "a/$filter( b )/$count", "a/$filter(b)/c",
    "a/$filter(b)/any(x: x/c)", "a/$count/b", "f()/$count", "$it/a/$count", "@p/$count", "a/@b/$count", "a/$filter(b)/$filter(c)/$count($filter=d)",
    "a/any()", "a/any(b: b)", "a/any(b:b eq 1)", "a/any( b : b eq 1 )", "a/ANY(b: b)", "a/all(b: not b)", "a/b/any(c: c/any(d: d eq c/e and d eq $it/f))",
    "a/any(any: any/any(any: any))", "a/any(not: not not)", "a/any(b: b)/c", "a/any(b: 10 eq b)", "a/Model.T/any(x: x)", "a/f(1)/any()", "(a/any())",
    # JSON
    "[]", "[ ]", "[1,2]", "[ 1 , 'a' , \"b\" ]", "[a,[b]]", "[\"\"]", r'["\u00e9\n\"\\\/"]', r'["\ud83d\ude00"]', "{}", "{ }", '{"a":1}', '{ "a" : 1 , "b" : [ {} ] }',
    '{"a":"b"}', '{"":null}', "contains([1,2],[\"a\"])", '{"a":b eq 1} eq c', "[(1)]", "[a eq 1,not b]",
)  # fmt: skip
"""Valid filters, which together use every rule of the grammar."""

ORDERS = (
    "a", "a asc", "a desc", "a DESC", "a,b", "a , b desc ,c asc", "a desc,b", "desc", "desc desc", "asc asc,desc", "a/b desc", "length(a) desc",
    "a add b desc", "a eq 1 desc", "not a desc", "a/$count desc", "-a asc", "a\tdesc\t,\tb", "a/any(b: b) desc", "'x' desc", "$it", "@p desc", "(a) desc",
    "a in (1) asc", "हिन्दी desc", "case(a:1) desc", "[1] desc", "asc desc , desc asc",
)  # fmt: skip

REFUSED = (
    "", " ", "a eq", "1 1", "1e400", "a eq 1 garbage", "a eq 1) or 1 eq 1", "(a", "a)", "((a)", "a eq (1", "f(", "f(a", "f(a,", "f(,a)", "f(a,)", "f (a)",
    "a = 1", "a == 1", "a && b", "!a", "a + 1", "a eq\n1", "a\u00a0eq 1", "a eq1", "1eq 1", "a eq 1and b", "(a)eq(b)", "a and", "and b", "a or or b", "-",
    "'", "'a", "'a''", "a eq 'b'c'", "\"a\"", "a eq \"b\"", "'a\0b'", "a\0", "'\ud800'", "\ud800", "a/", "/a", "a//b", "a/$it", "a/$root/b", "$foo", "$count", "$filter(a)", "a/$", "any()", "all(a: a)",
    "a/all()", "a/any(a)", "a/any(a: b, c)", "a/any(1: a)", "a/any(a/b: c)", "a/any(@p: c)", "a/any(a:)", "a/any(:a)", "a/$count()", "a/$count(b)", "a/$count($top=1)", "a/$count($filter=)", "a/$filter()",
    "a in", "a in (", "a in (1", "a in (1,)", "a in (,1)", "a in (1,b)", "a in (a,b)", "a in (1 2)", "a eq (1,2)", "(1,2)", "()", "in (1)", "[", "]", "[1", "[1,]", "[,]", "{", "}", "{a:1}", "{'a':1}", '{"a"}', '{"a":}',
    '{"a":1,}', r'["\x"]', r'["\u12"]', r'["\ud800"]', '["a]', "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1_000", "²", "٣", "१", "--", "+a", "+ 1", "1 add", "a add + b",
    "2024-13-01", "2024-00-10", "2024-01-32", "02024-01-01", "2024-1-1", "2024-01-01T24:00Z", "2024-01-01T10", "2024-01-01T10:60Z", "2024-01-01T10:20+25:00", "24:00", "10:60", "10:20:61", "12:30::45", "1:20",
    "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdefa", "duration'P'", "duration'1D'", "duration'PT'", "binary'Z'", "binary'Zm8=='", "X'1a'", "datetime'2024-01-01T00:00:00'", "geography'Point(1 2)'", "foo'x'",
    "Sales.Color''", "Sales.Color'Red Green'", "Sales.Color'Red", "Sales.Color", "a eq Sales.Color", "f(Edm.String)", "cast()", "cast(a,b,c)", "cast(a,b,c:d)", "isof(a:b,c:d,e:f)", "cast(a,'x')", "cast(a,b/c)", "isof()", "case()", "case(a)", "case(a:b,c)", "case(a:b:c)",
    "case((n gt 10:20))", "case((n gt 10:20) and x,true:1)", "case((10:20 gt t) and x,true:1)", "case(x and (n gt 10:20))", "case(n in (n gt 10:20))", "case(n in [10:20])", "case(hour(10:20))", "case(at gt 2024-01-01T10:20)", "case(true:25:00)", "hour(25:00)",
    '["a\0"]', '["a\t"]', '["a\\\n"]', '{"a\x1f":1}', '["\\u0000"]', "a/$count($search=a\0)",
    "contains(a:b)", "f(a:b)", "contains(a=1,b=2)", "eq(a,b)", "add(1,2)", "a.b", "a.", ".a", "a..b/c", "a b", "a eq b c", "a#b", "@", "@1", "a@b", "a;b", "a,b", "a asc", "a desc", "a eq 1 desc", "a İn (1)", "a haſ b", "a ſub b", "a eq TRÜE'", "tRuE'",
    "n" * 129, "a/" + "n" * 129, "1" * 400 + "a", "a eq 'x' 'y'", "a eq 1 eq", "a not in (1)", "a is null", "a like 'b'", "a between 1 and 2", "% a", "a%20eq%201", "a eq 1;", "a eq 1 --", "a eq 1/*x*/", "`a`", "[1](2)", "'a'/b", "1/a", "null/", "a/'b'", "a/1",
)  # fmt: skip
"""Invalid filters."""

REFUSED_ORDERS = (
    "",
    ",",
    "a,",
    ",a",
    "a desc desc b",
    "a ascending",
    "a desc asc",
    "a,,b",
    "a b",
    "a desc b",
    "a; b",
    "asc(a)(",
    "a desc)",
    "desc a",
    "1 eq",
    "a dESc x",
)
