r"""An image service in FastAPI over SQLite: `GET /images?$filter=fileType eq 'jpg'&$orderby=createdOn desc`.

It answers `GET /images`, `GET /images({reference})` and `DELETE /images({reference})` to tenants, who are
known by the key in the header X-API-KEY; each sees and deletes its own images only. Every error is a
problem (RFC 9457).

    python tests/examples/image_service.py
    curl -H "X-API-KEY: sample-key" "http://localhost:8000/images?\$filter=fileType%20eq%20'jpg'"
"""

import contextlib
import json
import logging
import pathlib
import sqlite3
import tempfile
import threading
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

import uvicorn
from fastapi import Depends, FastAPI, Path, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import APIKeyHeader
from pydantic import AliasGenerator, BaseModel, Field
from pydantic.alias_generators import to_camel
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException

import odata_query as oq
from odata_query import answers, sql
from odata_query.fastapi import query_for

ERRORS = "https://api2.saleslayer.com/errors"
FAILED = "The service cannot answer at the moment."
SCHEMA = """
    CREATE TABLE images (
        id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, reference TEXT NOT NULL, num_links INTEGER NOT NULL,
        status TEXT NOT NULL, modified_on TEXT NOT NULL, file_type TEXT, created_on TEXT NOT NULL,
        tags TEXT NOT NULL, original_url TEXT NOT NULL, thumbnail_url TEXT, thumbnail_medium_url TEXT,
        thumbnail_preview_url TEXT, width INTEGER, height INTEGER, size_in_bytes INTEGER,
        UNIQUE (tenant_id, reference)
    );
"""
QUERIES = (
    "$filter=fileType eq 'jpg'",
    "$filter=status eq 'Ok'",
    "$filter=fileType eq 'png' and status eq 'Ok'",
    "$filter=status in ('Ok', 'Re')",
    "$filter=contains(reference, 'product')",
    "$orderby=createdOn desc",
    "$filter=fileType ne 'gif'&$orderby=numLinks desc&$skip=0&$top=50",
)
"""The examples of its documentation, as written there."""


class Status(StrEnum):
    VOID = "Vd"
    UPDATING = "Up"
    OK = "Ok"
    REPROCESSING = "Re"
    ERROR = "Er"


class Image(BaseModel, alias_generator=AliasGenerator(serialization_alias=to_camel)):
    """An image as clients see it: `sizeInBytes`. Properties that its processing finds are null before that."""

    id: int
    reference: str
    num_links: int
    status: Status
    modified_on: datetime
    file_type: str | None
    created_on: datetime
    tags: list[str]
    original_url: str
    thumbnail_url: str | None
    thumbnail_medium_url: str | None
    thumbnail_preview_url: str | None
    width: int | None
    height: int | None
    size_in_bytes: int | None


class Page(BaseModel):
    count: int | None = Field(default=None, serialization_alias="@odata.count")
    value: list[Image]


MOMENT = oq.Property("Edm.DateTimeOffset", nullable=False, storage="timestamp")  # text without an offset
STATUS = oq.Property(Status, nullable=False, storage="text")
COLUMNS = {"status": STATUS, "modified_on": MOMENT, "created_on": MOMENT}
TENANT = {"tenantId": oq.Property("Edm.String", nullable=False, column="tenant_id")}
Everything = oq.EntityType(
    "Image", {**oq.EntityType.from_pydantic(Image, override=COLUMNS).properties, **TENANT}
)
Images = Everything.restrict(exclude=["tenantId"])
images_query = query_for(Images, form=partial(answers.problem_details, type_base=ERRORS))


class Database(threading.local):
    """A connection for each thread, opened when the thread first asks for it."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        sql.prepare(self.connection)


def image_of(row: sqlite3.Row) -> Image:
    return Image.model_validate({**row, "tags": json.loads(row["tags"])})


def problem(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    title = HTTPStatus(status).phrase
    kind = "validation" if status == 400 else title.lower().replace(" ", "-")
    body = {"type": f"{ERRORS}/{kind}", "title": title, "status": status, "detail": detail}
    body["instance"] = quote(request.scope["path"], safe="/()'!$&*+,:;=@")
    return JSONResponse(body, status, headers, "application/problem+json")


async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
    return problem(request, error.status_code, error.detail, error.headers)


async def on_invalid_reference(request: Request, error: RequestValidationError) -> JSONResponse:
    return problem(request, 400, "A reference has 1 to 255 characters, no slash and no control character.")


async def on_failure(request: Request, error: Exception) -> JSONResponse:
    logging.getLogger(__name__).error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(request, 500, FAILED)


async def on_mistake(request: Request, error: Exception) -> JSONResponse:
    # Starlette raises it again, for the log of the server, which then closes the connection: say so.
    return problem(request, 500, FAILED, {"Connection": "close"})


class AnyText(StringConvertor):
    """Any part of a path, so that a wrong reference is a 400 and not an unknown path."""

    regex = r"[\s\S]*"


register_url_convertor("any", AnyText())
api_key = APIKeyHeader(name="X-API-KEY", auto_error=False)
Reference = Annotated[str, Path(pattern=r"^[^/\x00-\x1f\x7f-\x9f]{1,255}$")]


def create_app(database: str, keys: Mapping[str, str]) -> FastAPI:
    """Create the service over a database with `SCHEMA`: `create_app("images.db", {"a-key": "a-tenant"})`."""
    app = FastAPI(
        redirect_slashes=False,
        exception_handlers={
            HTTPException: on_http_error,
            RequestValidationError: on_invalid_reference,
            sqlite3.Error: on_failure,
            Exception: on_mistake,
        },
    )
    opened = Database(database)

    async def tenant_of(key: Annotated[str | None, Security(api_key)]) -> str:
        if not key:
            raise HTTPException(401, "The header X-API-KEY is missing.", {"WWW-Authenticate": "APIKey"})
        # The page on errors has an invalid key under 400 and under 401, those on endpoints under 400 only.
        if key not in keys:
            raise HTTPException(400, "The API key is not valid.")
        return keys[key]

    @app.get("/images", response_model_exclude_unset=True)
    def find(
        tenant: Annotated[str, Depends(tenant_of)], query: Annotated[oq.Query, Depends(images_query)]
    ) -> Page:
        query = query.with_filter("tenantId eq @tenant", tenant=tenant)
        connection = opened.connection
        statement = sql.select(query, "images", dialect="sqlite")
        page = Page(value=[image_of(row) for row in connection.execute(*statement)])
        if query.count:
            [page.count] = connection.execute(*sql.count(query, "images", dialect="sqlite")).fetchone()
        return page

    @app.get("/images({reference:any})")
    def get(tenant: Annotated[str, Depends(tenant_of)], reference: Reference) -> Image:
        statement = "SELECT * FROM images WHERE tenant_id = ? AND reference = ?"
        row = opened.connection.execute(statement, (tenant, reference)).fetchone()
        if row is None:
            raise HTTPException(404, "There is no image with this reference.")
        return image_of(row)

    @app.delete("/images({reference:any})", status_code=204, response_class=Response)
    def delete(tenant: Annotated[str, Depends(tenant_of)], reference: Reference) -> None:
        # One statement finds and deletes, so that no other request comes between.
        statement = "DELETE FROM images WHERE tenant_id = ? AND reference = ? AND status NOT IN ('Up', 'Re')"
        if opened.connection.execute(statement, (tenant, reference)).rowcount == 0:
            get(tenant, reference)  # a 404, if it is not there
            raise HTTPException(409, "The image is being processed. Try again later.")

    return app


def sample_app(folder: pathlib.Path) -> FastAPI:
    """Create the service over tests/data/images.json, with a new database in a folder."""
    missing = dict.fromkeys(("createdOn", "modifiedOn"), "2024-01-01T00:00:00") | {
        "originalUrl": "",
        "tags": [],
    }
    data = pathlib.Path(__file__).parent.parent / "data" / "images.json"
    with contextlib.closing(sqlite3.connect(folder / "images.db")) as connection, connection:
        connection.executescript(SCHEMA)
        for image in json.loads(data.read_text("utf-8"))["value"]:
            given = {name: missing.get(name) if value is None else value for name, value in image.items()}
            row = {"tenantId": "sample"} | given | {"tags": json.dumps(given["tags"])}
            columns = [Everything.members[name].column for name in row]
            statement = f"INSERT INTO images ({', '.join(columns)}) VALUES ({', '.join('?' * len(row))})"
            connection.execute(statement, [*row.values()])
    return create_app(str(folder / "images.db"), {"sample-key": "sample"})


def main() -> None:
    """Serve the sample on port 8000, to requests with the header `X-API-KEY: sample-key`."""
    with tempfile.TemporaryDirectory() as folder:
        uvicorn.run(sample_app(pathlib.Path(folder)), port=8000)


if __name__ == "__main__":
    main()
