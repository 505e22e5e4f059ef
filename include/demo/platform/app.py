"""The stand-in's HTTP side: which address answers what, with the platform's status codes and bodies."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from demo.platform.answers import Answer, empty_periods_first, gather, shape
from demo.platform.body import parse_json, read_body, unpack
from demo.platform.contracts import check
from demo.platform.data_sets import DataSet, refuse_collisions
from demo.platform.pages import first_page, too_large_page
from demo.platform.query import parse
from demo.platform.records import Records, WriteFailedError

_NO_CACHE = {"Cache-Control": "no-cache"}
_CACHE = {"Cache-Control": "max-age=1800, must-revalidate"}
_DATA = "/data/{data_group}/{data_type}"
_BEARER = "Bearer "
_WRONG_TYPE = "Expected header: Content-type: application/json"

Body = Annotated[bytes, Depends(read_body)]


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        # In ASCII, so that a message about a lone surrogate can be sent.
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def create_app(engine: Engine, data_sets: Sequence[DataSet]) -> FastAPI:
    """Return the stand-in over a PostgreSQL database, whose one table is created if it is missing.

    Raises ConfigurationError when two data sets would share a stored name, SQLAlchemyError when the database fails.
    """
    refuse_collisions(data_sets)
    records = Records(engine)
    records.create_table()
    by_address = {(each.data_group, each.data_type): each for each in data_sets}
    app = FastAPI(openapi_url=None, redirect_slashes=False, default_response_class=_Json)
    _answer_faults(app)

    def writable(request: Request, data_group: str, data_type: str) -> DataSet:
        data_set = by_address.get((data_group, data_type))
        if data_set is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "Could not find data_set_config")
        _authorise(data_set, request.headers.get("authorization"))
        return data_set

    @app.post(_DATA)
    def store(request: Request, data_group: str, data_type: str, body: Body) -> Response:
        data_set = writable(request, data_group, data_type)
        sent = _json_of(request, body)
        if sent is None:
            return _Json({"messages": [_WRONG_TYPE]}, HTTPStatus.BAD_REQUEST, _NO_CACHE)
        records.refuse_if_broken()
        ready, faults = check(sent if isinstance(sent, list) else [sent], data_type)
        if faults:
            return _Json({"messages": faults}, HTTPStatus.BAD_REQUEST, _NO_CACHE)
        records.store(data_set, ready)
        return _Json({"status": "ok"}, headers=_NO_CACHE)

    @app.put(_DATA)
    def empty(request: Request, data_group: str, data_type: str, body: Body) -> Response:
        data_set = writable(request, data_group, data_type)
        sent = _json_of(request, body)
        if sent is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST, _WRONG_TYPE)
        if sent != []:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "PUT can only empty a data set: send an empty JSON list")
        records.empty(data_set)
        return _Json({"message": f"{data_set.name} now contains 0 records", "status": "ok"}, headers=_NO_CACHE)

    @app.delete(_DATA + "/{record_id}")
    def delete(request: Request, data_group: str, data_type: str, record_id: str) -> Response:
        data_set = writable(request, data_group, data_type)
        if not records.delete(data_set, record_id):
            raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error: no record has this _id")
        return _Json({"status": "ok"}, headers=_NO_CACHE)

    @app.get(_DATA)
    def read(request: Request, data_group: str, data_type: str) -> Response:
        data_set = by_address.get((data_group, data_type))
        if data_set is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "data_set not found")
        answer = _answer(records, data_set, request)
        fresh = "no-cache" in request.headers.get("cache-control", "") + request.headers.get("pragma", "")
        headers = {**(_NO_CACHE if fresh else _CACHE), "Access-Control-Allow-Origin": "*"}
        return _Json({"data": answer}, headers=headers)

    @app.get("/_status")
    def status() -> Response:
        try:
            records.ping()
        except SQLAlchemyError:
            raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "cannot connect to database") from None
        return _Json({"message": "database is up", "status": "ok"}, headers=_NO_CACHE)

    @app.get("/")
    def index() -> Response:
        return HTMLResponse(first_page(data_sets, records.summarise(data_sets)), headers=_NO_CACHE)

    return app


def _answer(records: Records, data_set: DataSet, request: Request) -> Answer:
    query = parse(request.query_params, dt.datetime.now(dt.UTC))
    stored = records.read(data_set, query)
    if not query.is_grouped:
        return [record for _, record in stored]
    buckets = gather(stored, query)
    if empty := empty_periods_first(buckets, query):
        query = query.moved(empty * query.slides)
        buckets = gather(records.read(data_set, query), query)
    return shape(buckets, query)


def _authorise(data_set: DataSet, header: str | None) -> None:
    """Raise HTTPException (401) unless the header allows a write. Like the platform's, the answer echoes the token."""
    challenge = {"WWW-Authenticate": "bearer"}
    if header is None:
        message = "Expected header of form: Authorization: Bearer <token>"
        raise HTTPException(HTTPStatus.UNAUTHORIZED, message, challenge)
    token = header.removeprefix(_BEARER) if header.startswith(_BEARER) else None
    if not data_set.allows(token):
        message = f"Unauthorized: Invalid bearer token '{token}' for '{data_set.name}'"
        raise HTTPException(HTTPStatus.UNAUTHORIZED, message, challenge)


def _json_of(request: Request, body: bytes) -> object:
    """Return the JSON value of a body; None for another content type, which the platform treats as a JSON null."""
    content = unpack(body, request.headers.get("content-encoding", ""))
    if not content:
        return parse_json(content)
    mimetype = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
    return parse_json(content) if is_json else None


def _answer_faults(app: FastAPI) -> None:
    def refused(_: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return HTMLResponse(too_large_page(), error.status_code)
        headers = {**(error.headers or {}), **_NO_CACHE}
        return _Json({"message": error.detail, "status": "error"}, error.status_code, headers)

    def failed(_: Request, __: Exception) -> Response:
        body = {"message": "Internal Server Error", "status": "error"}
        return _Json(body, HTTPStatus.INTERNAL_SERVER_ERROR, _NO_CACHE)

    app.add_exception_handler(HTTPException, refused)
    # Handled by class, not as "any exception": those are also logged, and a database error quotes the record.
    for kind in (WriteFailedError, SQLAlchemyError, OverflowError, ClientDisconnect):
        app.add_exception_handler(kind, failed)
