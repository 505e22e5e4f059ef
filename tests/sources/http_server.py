"""Real HTTPS servers on loopback: a council's API with every kind of paging, login and fault, and an Open311 server.

Their certificates come from a private authority, as councils' often do.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import gzip
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from demo.authority import Authority
from demo.platform.serving import serving as served

LOGIN, PASSWORD = "local-digital", "pass-phrase-never-shown"
TOKEN = "token-never-shown"
PERSON = "Mrs Miggins"
_LONGEST_RANGE = dt.timedelta(days=90)


def serving(app: Starlette, authority: Authority) -> AbstractContextManager[str]:
    """Serve an application over TLS on a free loopback port until the end of the block; give its base URL."""
    return served(app, authority.server)


@dataclass
class CouncilApi:
    """A case system's API.

    cases: what it holds. cap: more than so many a page it never sends. faults: statuses that the next requests are
    answered with; 0 for none. away: an address elsewhere. asked: all requests. tokens: those given, each for so many
    `uses` and with so long a `lifetime`. filters: which cases a query asks for. over: set to end a dripping answer.
    """

    cases: list[dict[str, Any]] = field(default_factory=list)
    cap: int = 1000
    past_the_end: int = 200
    faults: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    away: str = "https://elsewhere.example/api"
    asked: list[Request] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    uses: int = 1_000_000
    lifetime: object = 3600
    filters: Callable[[dict[str, Any], dict[str, str]], bool] = lambda case, query: True  # noqa: ARG005
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def app(self) -> Starlette:
        async def answer(request: Request) -> Response:
            self.asked.append(request)
            if self.faults:
                status, headers = self.faults.pop(0)
                if status:
                    return JSONResponse({"error": f"{PERSON} {request.url.query}"}, status, headers)
            name = request.path_params["name"]
            if name in fixed:
                return fixed[name]()
            handler: Callable[[Request], Awaitable[Response]] = getattr(self, f"_{name}")
            return await handler(request)

        fixed: dict[str, Callable[[], Response]] = {
            "away": lambda: RedirectResponse(self.away),
            "round": lambda: RedirectResponse("/round"),
            "login_page": lambda: Response(f"<!DOCTYPE html><html><p>{PERSON}, log in</html>", media_type="text/html"),
            "cut": lambda: Response('{"items": [{"id"'),
            "error": lambda: JSONResponse({"items": None, "errors": [f"{PERSON} went wrong"]}),
            "large": lambda: Response(gzip.compress(b" " * 5_000_000), headers={"content-encoding": "gzip"}),
            "drip": lambda: StreamingResponse(self._drops()),
        }

        return Starlette(routes=[Route("/{name}", answer, methods=["GET", "POST"])])

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(request.query_params) for request in self.asked]

    def _found(self, request: Request) -> list[dict[str, Any]]:
        query = dict(request.query_params)
        return [case for case in self.cases if self.filters(case, query)]

    async def _drops(self) -> AsyncIterator[bytes]:
        while not self.over.is_set():
            yield b" "
            await asyncio.sleep(0.05)

    async def _all(self, request: Request) -> Response:
        return JSONResponse({"items": self._found(request)})

    async def _pages(self, request: Request) -> Response:
        size = min(int(request.query_params.get("size", self.cap)), self.cap)
        start = (int(request.query_params["page"]) - 1) * size
        found = self._found(request)[start : start + size]
        if not found and start:
            return JSONResponse({"items": []}, self.past_the_end)
        return JSONResponse({"items": found})

    async def _offset(self, request: Request) -> Response:
        start, size = int(request.query_params["offset"]), min(int(request.query_params["limit"]), self.cap)
        return JSONResponse({"items": self._found(request)[start : start + size]})

    async def _ignored(self, request: Request) -> Response:
        return JSONResponse({"items": self._found(request)[: self.cap], "asked": len(self.asked)})

    async def _cursor(self, request: Request) -> Response:
        start = int(request.query_params.get("cursor", 0))
        found = self._found(request)
        more = start + self.cap < len(found)
        following = str(start + self.cap) if more else None
        return JSONResponse({"items": found[start : start + self.cap], "meta": {"next": following}})

    async def _circle(self, request: Request) -> Response:
        link = {"link": f"<{request.url}>; rel=next"}
        return JSONResponse({"items": self.cases[:1], "meta": {"next": "same"}}, headers=link)

    async def _linked(self, request: Request) -> Response:
        start = int(request.query_params.get("start", 0))
        found = self._found(request)
        link = f"/linked?start={start + self.cap}" if start + self.cap < len(found) else None
        body = {"items": found[start : start + self.cap], "links": {"next": link}}
        return JSONResponse(body, headers={"link": f'<{link}>; rel="next"'} if link else {})

    async def _leading_away(self, request: Request) -> Response:
        return JSONResponse({"items": self._found(request), "links": {"next": self.away}})

    async def _moved(self, request: Request) -> Response:
        return RedirectResponse("/all?" + request.url.query, 301)

    async def _csv(self, request: Request) -> Response:
        size = min(int(request.query_params["size"]), self.cap)
        start = (int(request.query_params["page"]) - 1) * size
        rows = [f'{case["id"]};"{case["at"]}\nnoted"' for case in self._found(request)[start : start + size]]
        return Response("\n".join(["id;at", *rows, ""]), media_type="text/csv")

    async def _lines(self, request: Request) -> Response:
        return Response("\n".join(json.dumps(case) for case in self._found(request)))

    async def _gzip(self, request: Request) -> Response:
        body = gzip.compress(json.dumps({"items": self._found(request)}).encode())
        return Response(body, headers={"content-encoding": "gzip"}, media_type="application/json")

    async def _zulu(self, request: Request) -> Response:
        if any("+00:00" in value for value in request.query_params.values()):
            return JSONResponse({"error": "internal"}, 500)
        return await self._all(request)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        pair = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        if request.headers["authorization"] != f"Basic {pair}" or form["grant_type"] != "client_credentials":
            return JSONResponse({"error": "invalid_client", "echo": request.headers["authorization"]}, 401)
        self.tokens.append(f"{TOKEN}-{len(self.tokens)}")
        self._uses_left = self.uses
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.lifetime, "scope": form.get("scope")})

    async def _oauth2(self, request: Request) -> Response:
        if (
            not self.tokens
            or request.headers.get("authorization") != f"Bearer {self.tokens[-1]}"
            or not self._uses_left
        ):
            return JSONResponse({"error": "invalid_token"}, 401)
        self._uses_left -= 1
        return await self._cursor(request)

    async def _bearer(self, request: Request) -> Response:
        return await self._if(request.headers.get("authorization") == f"Bearer {PASSWORD}", request)

    async def _header(self, request: Request) -> Response:
        return await self._if(request.headers.get("x-api-key") == PASSWORD, request)

    async def _basic(self, request: Request) -> Response:
        pair = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        return await self._if(request.headers.get("authorization") == f"Basic {pair}", request)

    async def _if(self, let_in: bool, request: Request) -> Response:
        if not let_in:
            return JSONResponse({"error": f"not with {request.headers}"}, 401)
        return await self._all(request)


@dataclass
class Open311Server:
    """A GeoReport v2 server: at most 90 days, and silently at most `limit` requests an answer, the newest first.

    pages: whether it knows `page`. takes_end_in: whether a range holds its last moment. key: the API key it wants.
    mood: what it answers in place of requests. kill_after: fails after that many questions. ranges: what was asked.
    """

    requests: list[dict[str, Any]] = field(default_factory=list)
    limit: int = 1000
    pages: bool = False
    takes_end_in: bool = True
    key: str = ""
    mood: str = ""
    kill_after: int = 1_000_000
    kill_status: int = 500
    ranges: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/open311/v2/requests.{form}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.asked.append(query)
        start, end = (_moment(query[name]) for name in ("start_date", "end_date"))
        self.ranges.append((start, end))
        fault = self._fault(query, end - start)
        if fault:
            return fault
        found = [
            facts
            for facts in sorted(self.requests, key=lambda facts: _moment(facts["requested_datetime"]), reverse=True)
            if start <= (at := _moment(facts["requested_datetime"]))
            and (at < end or (self.takes_end_in and at == end))
            and facts["service_code"] in query.get("service_code", facts["service_code"]).split(",")
        ]
        size = min(int(query.get("page_size", self.limit)), self.limit)
        first = (int(query.get("page", 1)) - 1) * size if self.pages else 0
        found = found[first : first + size]
        if request.path_params["form"] == "json":
            return JSONResponse(found)
        inside = "".join("<request>" + "".join(map(_element, facts.items())) + "</request>" for facts in found)
        return Response(f'<?xml version="1.0" encoding="utf-8"?><service_requests>{inside}</service_requests>')

    def _fault(self, query: dict[str, str], asked: dt.timedelta) -> Response | None:
        if len(self.asked) > self.kill_after:
            return JSONResponse([{"code": 1, "description": f"failed for {query}"}], self.kill_status)
        if query.get("api_key", "") != self.key:
            return JSONResponse([{"code": 403, "description": f"no such key: {query}"}], 403)
        if asked > _LONGEST_RANGE:
            return JSONResponse([{"code": 400, "description": "at most 90 days"}], 400)
        moods: dict[str, Response] = {
            "list of errors": JSONResponse([{"code": 400, "description": f"{PERSON} unknown"}]),
            "error": JSONResponse({"error": f"{PERSON} unknown"}),
            "errors": Response("<errors><error><code>400</code><description>no</description></error></errors>"),
            "web page": Response(f"<html><body>Sorry {PERSON}</body></html>"),
        }
        return moods.get(self.mood)


def service_request(
    number: int, at: dt.datetime, *, has_id: bool = True, service: str = "missed-bin", **facts: Any
) -> dict[str, Any]:
    """Return a request as a GeoReport server tells of it; one without an id has only its token."""
    named = {"service_request_id": str(number)} if has_id else {"service_request_id": None, "token": f"t{number}"}
    return {
        **named,
        "status": "open",
        "service_code": service,
        "service_name": "Missed <bin> & co",
        "requested_datetime": at.isoformat().replace("+00:00", "Z"),
        "lat": 0.0,
        "long": 0.0,
        "extended_attributes": {"bin": "refuse"},
        **facts,
    }


def _element(item: tuple[str, Any]) -> str:
    name, value = item
    if isinstance(value, dict):
        return f"<{name}>{''.join(map(_element, value.items()))}</{name}>"
    return f"<{name}>{escape('' if value is None else str(value))}</{name}>"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
