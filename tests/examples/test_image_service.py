"""The image service (image_service.py) over real HTTP: its documentation, request by request."""

import contextlib
import http.client
import json
import re
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest

import odata_query as oq
from odata_query import python

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

import fastapi.testclient
import httpx
import image_service
import uvicorn
from image_service import QUERIES, SCHEMA, Image, Images, create_app

KEYS = {"key-of-ana": "ana", "key-of-eva": "eva"}
ANA = {"X-API-KEY": "key-of-ana"}
EVA = {"X-API-KEY": "key-of-eva"}
DOCUMENTED = {
    "id": 42,
    "reference": "product-main-front.jpg",
    "numLinks": 3,
    "status": "Ok",
    "modifiedOn": "2024-04-05T08:44:33",
    "fileType": "png",
    "createdOn": "2024-04-05T08:44:33",
    "tags": ["animales", "mascotas"],
    "originalUrl": "https://cdn.example.com/product-main-front.jpg",
    "thumbnailUrl": "https://cdn.example.com/perrito-simpatico_TH.png",
    "thumbnailMediumUrl": "https://cdn.example.com/perrito-simpatico_THM.png",
    "thumbnailPreviewUrl": "https://cdn.example.com/perrito-simpatico_THP.png",
    "width": 800,
    "height": 600,
    "sizeInBytes": 102400,
}
"""The resource that the documentation shows, whole."""
SAMPLE = """
ana  1  product-main-back.jpg       Ok  jpg   1   2024-04-05T08:45:02  animales                  800   98304
ana  2  product-detail-1.png        Ok  png   5   2024-04-08T16:20:00  detail                    1600  734003
ana  3  product-detail-2.png        Re  png   5   2024-04-08T16:21:00  detail                    1600  698112
ana  4  product-detail-3.png        Er  png   4   2024-04-08T16:22:00  detail,retry              1600  701440
ana  5  team-2023.jpg               Re  jpg   8   2023-09-10T14:00:00  people,team               4032  3145728
ana  6  animation.gif               Ok  gif   4   2024-01-16T09:00:00  home                      480   1048576
ana  7  spring-banner.webp          Up  -     2   2024-03-20T00:00:00  season,spring             -     -
ana  8  summer-banner.webp          Vd  -     0   2024-06-20T00:00:00  -                         -     -
ana  9  [draft] new-product.tiff    Vd  tiff  0   2024-07-01T09:15:00  draft                     -     -
ana  10 by-product-shot.png         Up  png   2   2024-07-02T10:00:00  detail,spring             -     -
ana  11 café-mañana.jpg             Ok  jpg   6   2024-03-01T06:05:04  food,café                 2048  890880
ana  12 O'Neil portrait.jpg         Ok  jpg   7   2024-02-14T18:30:00  people                    1080  433152
ana  13 50% off + free.gif          Ok  gif   12  2023-12-01T08:00:00  season,sale               600   65536
ana  14 50%25 off.gif               Ok  gif   12  2023-12-01T08:00:00  season,sale               600   65537
ana  15 a(1).jpg                    Ok  jpg   1   2024-04-05T08:44:33  -                         64    2048
ana  16 a)b(c.jpg                   Er  jpg   0   2024-04-05T08:44:33  -                         -     0
ana  17 under_score.jpg             Ok  jpg   1   2022-01-01T00:00:00  brand                     64    4096
ana  18 underXscore.jpg             Ok  jpg   1   2022-01-01T00:00:00  brand                     64    4097
ana  19 写真 №1.webp                Ok  webp  23  2024-06-01T13:14:15  home                      2560  512000
ana  20 🐶.png                      Ok  png   23  2024-06-01T13:14:15  animales                  128   16384
ana  21 what? #1 & a;b=c,d.svg      Ok  svg   11  2024-05-05T05:05:05  map                       -     15360
ana  22 back\\slash "quoted".svg     Ok  svg   88  2022-01-01T00:00:00  brand,icons               -     40960
ana  23 PRODUCT-legacy.JPG          Ok  JPG   1   2019-08-07T06:05:04  -                         320   30720
ana  24 unknown-file                Er  -     0   2024-04-09T00:00:00  -                         -     12
eva  51 product-main-front.jpg      Re  jpg   9   2024-04-05T08:44:33  animales                  1024  204800
eva  52 only-evas.jpg               Ok  jpg   1   2024-04-06T10:00:00  people                    640   51200
eva  53 product-back.png            Ok  png   3   2024-04-06T10:00:01  detail                    640   51201
eva  54 product-side.png            Up  png   3   2024-04-06T10:00:02  detail                    -     -
eva  55 product-top.png             Er  png   3   2024-04-06T10:00:03  detail,retry              640   51203
eva  56 logo.svg                    Ok  svg   42  2023-11-30T12:00:00  brand                     -     20480
eva  57 logo-dark.svg               Ok  svg   17  2023-11-30T12:00:01  brand,dark                -     21504
eva  58 spinner.gif                 Ok  gif   9   2024-01-15T09:00:00  -                         64    8192
eva  59 hero.webp                   Vd  -     0   2024-07-03T00:00:00  home                      -     -
eva  60 winter.jpg                  Ok  jpg   2   2023-12-21T00:00:00  season                    1920  655360
eva  61 autumn.jpg                  Ok  jpg   2   2023-09-23T00:00:00  season                    1920  655361
eva  62 100%.jpg                    Re  jpg   2   2024-01-01T00:00:00  sale                      1920  655362
eva  63 d'Artagnan.jpg              Ok  jpg   5   2024-01-02T00:00:00  people                    1080  433153
eva  64 map.svg                     Ok  svg   11  2024-05-05T05:05:06  map                       -     15361
eva  65 broken-upload.jpg           Er  jpg   0   2024-04-07T11:12:10  -                         -     0
"""
"""Tenant, id, reference, status, file type, links, creation, tags, width and size; `-` is null, or no tag."""


def sample() -> dict[str, list[Image]]:
    """The images of each tenant."""
    snake = {
        re.sub("([A-Z])", lambda found: "_" + found[1].lower(), name): v for name, v in DOCUMENTED.items()
    }
    images = {"ana": [Image(**snake)], "eva": []}
    for line in SAMPLE.strip().splitlines():
        tenant, number, rest = line.split(maxsplit=2)
        reference, *fields = re.split(r"\s{2,}", rest)
        status, kind, links, created, tags, width, size = [None if f == "-" else f for f in fields]
        thumbnail = None if width is None else f"https://cdn.example.com/{number}"
        found = Image(
            id=number,
            reference=reference,
            num_links=links,
            status=status,
            modified_on=created,
            file_type=kind,
            created_on=created,
            tags=tags.split(",") if tags else [],
            original_url=f"https://cdn.example.com/{number}",
            thumbnail_url=thumbnail and f"{thumbnail}_TH.png",
            thumbnail_medium_url=thumbnail and f"{thumbnail}_THM.png",
            thumbnail_preview_url=thumbnail and f"{thumbnail}_THP.png",
            width=width,
            height=None if width is None else int(width) * 3 // 4,
            size_in_bytes=size,
        )
        images[tenant].append(found)
    return images


IMAGES = sample()


def store(path, images: dict[str, list[Image]]) -> None:
    """A database with the images of each tenant."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        for tenant, of_tenant in images.items():
            for image in of_tenant:
                row = image.model_dump(mode="json") | {"tenant_id": tenant, "tags": json.dumps(image.tags)}
                marks = ", ".join(f":{name}" for name in row)
                connection.execute(f"INSERT INTO images ({', '.join(row)}) VALUES ({marks})", row)


def shown(images) -> list[dict]:
    return [image.model_dump(mode="json", by_alias=True) for image in images]


# ---- servers -------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(app):
    """A client of the app, which uvicorn serves at a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)


@contextlib.contextmanager
def service(path, images=IMAGES):
    store(path / "images.db", images)
    with served(create_app(str(path / "images.db"), KEYS)) as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of the service with the sample, which the tests only read."""
    with service(tmp_path_factory.mktemp("read")) as client:
        yield client


@pytest.fixture
def own(tmp_path):
    """A client of a service of its own, to delete from."""
    with service(tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A client of a service whose database has no tables."""
    with served(create_app(str(tmp_path_factory.mktemp("broken") / "empty.db"), KEYS)) as client:
        yield client


def raw(client, target: str, headers=ANA) -> tuple[int, dict]:
    """Send a request with a raw target."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("GET", target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


# ---- what is documented --------------------------------------------------------------------------


def options(query: str) -> list[tuple[str, str]]:
    return [tuple(option.split("=", 1)) for option in query.split("&")]


def encoded(query: str) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in options(query))


SPELLINGS = {
    "as written": lambda query: query,
    "percent-encoded": encoded,
    "from an address bar": lambda query: quote(query, safe="!$&()*+,-./:;=?@[\\]^_`{|}~"),
    "from a form": lambda query: urlencode(options(query)),
    "with plus for spaces only": lambda query: query.replace(" ", "+"),
    "with %20 for spaces only": lambda query: query.replace(" ", "%20"),
}
"""Spellings of a query by clients; a space itself cannot be in a request."""


def expected(query: str, tenant: str = "ana") -> list[dict]:
    limits = oq.Limits(default_top=100)
    return shown(python.apply(IMAGES[tenant], oq.parse_query(query, Images, limits=limits)))


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("query", QUERIES)
def test_an_example_query_gives_its_rows_however_a_client_spells_it(client, query, spelling):
    text = SPELLINGS[spelling](query)
    answer = client.get(f"/images?{text}", headers=ANA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"value": expected(query)}
    assert len(answer.json()["value"]) > 1
    if spelling != "as written":
        assert raw(client, f"/images?{text}") == (200, answer.json())


def test_what_the_spellings_are():
    text = QUERIES[3]
    assert {name: spell(text) for name, spell in SPELLINGS.items()} == {
        "as written": "$filter=status in ('Ok', 'Re')",
        "percent-encoded": "%24filter=status%20in%20%28%27Ok%27%2C%20%27Re%27%29",
        "from an address bar": "$filter=status%20in%20(%27Ok%27,%20%27Re%27)",
        "from a form": "%24filter=status+in+%28%27Ok%27%2C+%27Re%27%29",
        "with plus for spaces only": "$filter=status+in+('Ok',+'Re')",
        "with %20 for spaces only": "$filter=status%20in%20('Ok',%20'Re')",
    }


def test_an_image_is_answered_whole(client):
    answer = client.get("/images(product-main-front.jpg)", headers=ANA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == DOCUMENTED
    assert list(answer.json()) == list(DOCUMENTED)


class Case(NamedTuple):
    """A request, the status, and the detail, or the problems with the query as `code: option position`."""

    request: str
    status: int
    said: str
    key: str | None = "key-of-ana"


GONE = "There is no image with this reference."
BAD = "A reference has 1 to 255 characters, no slash and no control character."
LOCKED = "The image is being processed. Try again later."
NO_KEY = "The header X-API-KEY is missing."
BAD_KEY = "The API key is not valid."
FAILED = "The service cannot answer at the moment."
PROBLEMS = {
    # 400: the query
    "a malformed filter": Case("GET /images?$filter=fileType eq", 400, "missing-operand: $filter 11"),
    "a filter by an unknown name": Case(
        "GET /images?$filter=colour eq 'red'", 400, "unknown-property: $filter 0"
    ),
    "a filter of a wrong type": Case("GET /images?$filter=numLinks gt '3'", 400, "wrong-type: $filter 12"),
    "an unknown status": Case("GET /images?$filter=status eq 'Xx'", 400, "unknown-member: $filter 10"),
    "an empty filter": Case("GET /images?$filter=", 400, "empty-expression: $filter 0"),
    "an order by an unknown name": Case("GET /images?$orderby=colour", 400, "unknown-property: $orderby 0"),
    "an order by what has none": Case("GET /images?$orderby=tags", 400, "not-sortable: $orderby 0"),
    "$top below 0": Case("GET /images?$top=-1", 400, "invalid-option-value: $top 0"),
    "$top that is not a number": Case("GET /images?$top=ten", 400, "invalid-option-value: $top 0"),
    "$top that is empty": Case("GET /images?$top=", 400, "invalid-option-value: $top 0"),
    "$top above the most": Case("GET /images?$top=1001", 400, "top-too-large: $top 0"),
    "$skip below 0": Case("GET /images?$skip=-1", 400, "invalid-option-value: $skip 0"),
    "$skip that is not a number": Case("GET /images?$skip=1.5", 400, "invalid-option-value: $skip 1"),
    "$count that is not true or false": Case("GET /images?$count=1", 400, "invalid-option-value: $count 0"),
    "an option twice": Case("GET /images?$top=1&$top=2", 400, "duplicate-option: $top 0"),
    "an option twice, spelled otherwise": Case("GET /images?$top=1&TOP=1", 400, "duplicate-option: $top 0"),
    "an unknown option": Case("GET /images?$fliter=status eq 'Ok'", 400, "unknown-option: $fliter 0"),
    "bytes that are not text": Case(
        "GET /images?$filter=reference eq '%FF'", 400, "invalid-encoding: $filter 18"
    ),
    "several problems": Case(
        "GET /images?$filter=colour eq 1&$orderby=size&$top=x",
        400,
        "invalid-option-value: $top 0, unknown-property: $filter 0, unknown-property: $orderby 0",
    ),
    "an option that is not offered": Case("GET /images?$expand=tags", 501, "unsupported-option: $expand 0"),
    "what SQLite has not": Case(
        "GET /images?$filter=cast(createdOn,Edm.String) eq 'x'", 501, "unsupported-function: $filter 0"
    ),
    # 400: the key
    "an unknown key": Case("GET /images", 400, BAD_KEY, "key-of-nobody"),
    "an unknown key, for an image": Case("GET /images(a.jpg)", 400, BAD_KEY, "key-of-nobody"),
    "an unknown key, to delete": Case("DELETE /images(a.jpg)", 400, BAD_KEY, "key-of-nobody"),
    "a key in capitals": Case("GET /images", 400, BAD_KEY, "KEY-OF-ANA"),
    # 400: the reference
    **{
        f"{name}, {method}": Case(f"{method} /images({reference})", 400, BAD)
        for method in ("GET", "DELETE")
        for name, reference in {
            "no reference": "",
            "a slash": "a/b.jpg",
            "an encoded slash": "a%2Fb.jpg",
            "a NUL": "a%00.jpg",
            "the end of a line": "a.jpg%0A",
            "a tab": "%09",
            "a control character of one byte": "%7F",
            "a control character of two bytes": "%C2%85",
            "256 characters": "a" * 256,
        }.items()
    },
    # 401
    "no key": Case("GET /images", 401, NO_KEY, None),
    "no key, for an image": Case("GET /images(a.jpg)", 401, NO_KEY, None),
    "no key, to delete": Case("DELETE /images(a.jpg)", 401, NO_KEY, None),
    "an empty key": Case("GET /images", 401, NO_KEY, ""),
    "an empty key, for an image": Case("GET /images(a.jpg)", 401, NO_KEY, ""),
    "an empty key, to delete": Case("DELETE /images(a.jpg)", 401, NO_KEY, ""),
    "no key and a wrong query": Case("GET /images?$top=x", 401, NO_KEY, None),
    "no key and a wrong reference": Case("GET /images()", 401, NO_KEY, None),
    # 404
    "a wrong reference": Case("GET /images(wrong.jpg)", 404, GONE),
    "a wrong reference, to delete": Case("DELETE /images(wrong.jpg)", 404, GONE),
    "another tenant's image": Case("GET /images(only-evas.jpg)", 404, GONE),
    "another tenant's image, to delete": Case("DELETE /images(only-evas.jpg)", 404, GONE),
    "another tenant's locked image, to delete": Case("DELETE /images(product-side.png)", 404, GONE),
    "a reference in capitals": Case("GET /images(PRODUCT-MAIN-FRONT.JPG)", 404, GONE),
    "a reference in quotes": Case("GET /images('product-main-front.jpg')", 404, GONE),
    "a wildcard as reference": Case("GET /images(%25)", 404, GONE),
    "255 characters": Case(f"GET /images({quote('é' * 255)})", 404, GONE),
    "an id for a reference": Case("GET /images(42)", 404, GONE),
    "an unknown path": Case("GET /image", 404, "Not Found"),
    "a path with a slash at its end": Case("GET /images/", 404, "Not Found"),
    "a path below an image": Case("GET /images(product-main-front.jpg)/tags", 404, "Not Found"),
    # 405
    "to post": Case("POST /images", 405, "Method Not Allowed"),
    "to delete all": Case("DELETE /images", 405, "Method Not Allowed"),
    "to put an image": Case("PUT /images(product-main-front.jpg)", 405, "Method Not Allowed"),
    # 409
    "to delete what is being updated": Case("DELETE /images(spring-banner.webp)", 409, LOCKED),
    "to delete what is being reprocessed": Case("DELETE /images(team-2023.jpg)", 409, LOCKED),
}
FAILURES = {
    "a failing database": Case("GET /images", 500, FAILED),
    "a failing database, for an image": Case("GET /images(a.jpg)", 500, FAILED),
    "a failing database, to delete": Case("DELETE /images(a.jpg)", 500, FAILED),
}
KINDS = {
    400: ("validation", "Bad Request"),
    401: ("unauthorized", "Unauthorized"),
    404: ("not-found", "Not Found"),
    405: ("method-not-allowed", "Method Not Allowed"),
    409: ("conflict", "Conflict"),
    500: ("internal-server-error", "Internal Server Error"),
    501: ("not-implemented", "Not Implemented"),
}


def check_problem(client, case: Case) -> None:
    method, target = case.request.split(" ", 1)
    headers = {} if case.key is None else {"X-API-KEY": case.key}
    answer = client.request(method, target, headers=headers)
    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("www-authenticate" in answer.headers) is (case.status == 401)
    assert ("allow" in answer.headers) is (case.status == 405)
    kind, title = KINDS[case.status]
    body = answer.json()
    problems = body.pop("errors", [])
    places = ", ".join(f"{p['code']}: {p['pointer']} {p['position']}" for p in problems)
    assert (places or body["detail"]) == case.said
    if problems:
        one, *more = problems
        assert body["detail"] == (f"The query has {len(problems)} problems." if more else one["detail"])
    assert body == {
        "type": f"https://api2.saleslayer.com/errors/{kind}",
        "title": title,
        "status": case.status,
        "detail": body["detail"],
        "instance": target.partition("?")[0].replace("%2F", "/"),
    }


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_has_its_status_headers_and_body(client, name):
    check_problem(client, PROBLEMS[name])


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_database_is_a_problem_that_does_not_say_why(broken, name):
    check_problem(broken, FAILURES[name])


def test_a_wrong_query_is_a_problem_before_the_database_is_asked(broken):
    check_problem(broken, PROBLEMS["a malformed filter"])


def test_data_that_cannot_be_read_is_a_failure_too(tmp_path):
    with service(tmp_path) as client:
        with contextlib.closing(sqlite3.connect(tmp_path / "images.db")) as connection, connection:
            connection.execute("UPDATE images SET tags = '[' WHERE id = 42")
        for _ in range(20):  # the next request finds no connection that the server is about to close
            check_problem(client, Case("GET /images(product-main-front.jpg)", 500, FAILED))
            assert client.get("/images(a(1).jpg)", headers=ANA).status_code == 200


def test_problems_are_problem_details_whatever_a_client_accepts(client):
    headers = {**ANA, "Accept": "application/json;odata.metadata=full", "OData-MaxVersion": "4.0"}
    for query, status in {"$top=x": 400, "$filter=cast(createdOn,Edm.String) eq 'x'": 501}.items():
        answer = client.get(f"/images?{query}", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["type"] == f"https://api2.saleslayer.com/errors/{KINDS[status][0]}"


# ---- delete --------------------------------------------------------------------------------------


def test_an_image_is_deleted_once(own):
    answer = own.delete("/images(product-main-front.jpg)", headers=ANA)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = Case("GET /images(product-main-front.jpg)", 404, GONE)
    check_problem(own, gone)
    check_problem(own, gone._replace(request=gone.request.replace("GET", "DELETE")))
    left = own.get("/images", headers=ANA).json()["value"]
    assert [image["id"] for image in left] == [image["id"] for image in expected("") if image["id"] != 42]
    assert own.get("/images(product-main-front.jpg)", headers=EVA).json()["id"] == 51


def test_an_image_is_deleted_in_every_status_but_those_of_processing(own):
    for image in IMAGES["ana"]:
        status = own.delete(f"/images({quote(image.reference)})", headers=ANA).status_code
        assert status == (409 if image.status in ("Up", "Re") else 204), image.reference
    left = own.get("/images", headers=ANA).json()["value"]
    assert {image["status"] for image in left} == {"Up", "Re"}
    assert own.get("/images", headers=EVA).json() == {"value": expected("", "eva")}


def test_of_many_that_delete_an_image_at_once_one_does(own):
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: own.delete("/images(logo.svg)", headers=EVA).status_code, range(8))
    assert sorted(found) == [204, *[404] * 7]


# ---- references ----------------------------------------------------------------------------------

REFERENCES = [(tenant, image) for tenant in IMAGES for image in IMAGES[tenant]]


@pytest.mark.parametrize(("tenant", "image"), REFERENCES, ids=[image.reference for _, image in REFERENCES])
def test_an_image_is_found_by_its_reference(client, tenant, image):
    headers = {"X-API-KEY": f"key-of-{tenant}"}
    [found] = shown([image])
    for safe in ("", "()'!$&*+,:;=@ "):
        target = f"/images({quote(image.reference, safe=safe)})"
        assert client.get(target, headers=headers).json() == found
    text = "'" + image.reference.replace("'", "''") + "'"
    for filter in (f"reference eq {text}", f"contains(reference,{text}) and endswith(reference,{text})"):
        answer = client.get("/images", params={"$filter": filter}, headers=headers)
        assert answer.json() == {"value": [found]}


# ---- tenants -------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["$filter={} eq 'eva'", "$orderby={}", "$filter=tags/any(t: t eq {})"])
@pytest.mark.parametrize("name", ["tenantId", "tenant_id", "TENANTID"])
def test_the_tenant_cannot_be_asked_for_as_no_unknown_name_can(client, query, name):
    answers = []
    for each in (name, "q" * len(name)):
        answer = client.get(f"/images?{query.format(each)}", headers=ANA)
        answers.append((answer.status_code, answer.text.replace(each, "...")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 400


@pytest.mark.parametrize(
    "query",
    ["", "$filter=true", "$filter=id gt 0 or true", "$filter=not (id eq 1)", "$orderby=id desc", "$top=1000"],
)
@pytest.mark.parametrize("tenant", IMAGES)
def test_a_tenant_sees_its_own_images_only(client, tenant, query):
    answer = client.get(f"/images?{query}&$count=true", headers={"X-API-KEY": f"key-of-{tenant}"}).json()
    assert answer["value"] == expected(query, tenant)
    assert answer["@odata.count"] == len(answer["value"])


# ---- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 7, 24, 25, 26])
@pytest.mark.parametrize("order", ["fileType", "numLinks desc", "status,createdOn desc", "id"])
def test_pages_have_every_image_once(client, size, order):
    found = []
    for skip in range(0, 100, size):
        page = client.get(f"/images?$orderby={order}&$skip={skip}&$top={size}", headers=ANA).json()["value"]
        if not page:
            break
        found += page
    assert found == expected(f"$orderby={order}&$top=100")
    assert len(found) == len(IMAGES["ana"])


COUNTS = {
    "$count=true": 25,
    "$count=true&$top=2": 25,
    "$count=true&$top=0": 25,
    "$count=true&$skip=24&$top=5": 25,
    "$count=TRUE&$filter=status eq 'Re'&$top=1": 2,
    "$count=true&$filter=false": 0,
    "$count=false": None,
    "$top=2": None,
}


@pytest.mark.parametrize("query", COUNTS)
def test_a_count_is_that_without_pages_and_answered_where_it_is_asked_for(client, query):
    answer = client.get(f"/images?{query}", headers=ANA).json()
    assert answer.pop("@odata.count", None) == COUNTS[query]
    assert answer == {"value": expected(query)}


def test_a_page_has_100_images_unless_more_are_asked_for_and_1000_at_most(tmp_path):
    one = IMAGES["ana"][0]
    many = [one.model_copy(update={"id": n, "reference": f"{n}.jpg"}) for n in range(1_200)]
    with service(tmp_path, {"ana": many}) as client:
        for query, size in {"": 100, "$skip=1150": 50, "$top=101": 101, "$top=1000": 1_000}.items():
            assert len(client.get(f"/images?{query}", headers=ANA).json()["value"]) == size


# ---- connections ---------------------------------------------------------------------------------


def test_concurrent_requests_each_get_their_own_answer(client):
    asked = [(tenant, query) for tenant in IMAGES for query in QUERIES] * 6

    def ask(case):
        tenant, query = case
        return client.get(f"/images?{query}", headers={"X-API-KEY": f"key-of-{tenant}"}).json()["value"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, asked))
    assert found == [expected(query, tenant) for tenant, query in asked]


def test_a_connection_stays_open_through_answers_of_every_kind(own, broken):
    for client, names in ((own, PROBLEMS), (broken, FAILURES)):
        connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
        with contextlib.closing(connection):
            connection.connect()
            socket = connection.sock
            for case in [names[name] for name in names] + [Case("GET /images?$top=1", 200, "")]:
                method, target = case.request.split(" ", 1)
                target = quote(target, safe="/?$&=()'%,:")
                connection.request(
                    method, target, headers={} if case.key is None else {"X-API-KEY": case.key}
                )
                answer = connection.getresponse()
                answer.read()
                assert answer.status == (500 if client is broken else case.status), case
                assert connection.sock is socket


@pytest.mark.filterwarnings("ignore:Using .httpx.")
def test_the_sample_is_served_by_one_command(tmp_path, monkeypatch):
    served = []
    monkeypatch.setattr(uvicorn, "run", lambda app, port: served.append((app, port)))
    image_service.main()
    assert served[0][1] == 8000
    app = image_service.sample_app(tmp_path)
    client = fastapi.testclient.TestClient(app, headers={"X-API-KEY": "sample-key"})
    assert len(client.get("/images?$filter=fileType eq 'jpg'").json()["value"]) == 7
    assert client.get("/images?$count=true&$top=0").json() == {"@odata.count": 24, "value": []}
