"""The answers of APIs: what their pages hold, where the next one is, and when there is none."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import requests

from demo.world.writing import csv_file, json_file, json_lines, xml_file
from fuzz.feeds import NAMES, ROWS
from fuzz.target import CANARY, Target, chosen, each, hold, refusing
from local_digital.config.formats import CsvFormat, NdjsonFormat, TreeFormat, XlsxFormat
from local_digital.config.sources import Api, Open311
from local_digital.settings import Connection
from local_digital.sources import Interval, api, open311
from local_digital.sources.http import Answer, HttpSession

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_digital.config.formats import Format

_CONNECTION = Connection("api", host="https://api.example.org")
_INTERVAL = Interval(dt.datetime(2025, 11, 1, tzinfo=dt.UTC), dt.datetime(2025, 11, 3, tzinfo=dt.UTC))
_BETWEEN = b"\n---\n"
_MOST_PAGES = 12
_LINK = b"</next>; rel=next\n"


class _Canned(HttpSession):
    """Answers with one body after another, and 404 past the last. Requests are made, and not sent."""

    bodies: list[bytes]

    def get(self, url: str, parameters: Mapping[str, str] | None = None) -> Answer:
        return self.find(url, parameters) or Answer(200, b"", url)

    def find(self, url: str, parameters: Mapping[str, str] | None = None) -> Answer | None:
        request = requests.Request("GET", url, params=dict(parameters or {})).prepare()
        if not self.bodies:
            return None
        link, _, body = self.bodies.pop(0).rpartition(b"\0")
        return Answer(200, body, request.url or url, link.decode("latin-1") or None)


def _api(paging: dict[str, Any] | None) -> Api:
    return Api.model_validate({"kind": "api", "connection": "api", "paging": paging, "max_pages": _MOST_PAGES})


def _open311(answers: str, **facts: Any) -> Open311:
    return Open311.model_validate(
        {"kind": "open311", "connection": "api", "answers": answers, "first_day": "2025-01-01", **facts}
    )


_JSON = TreeFormat(kind="json", records="items")
_XML = TreeFormat(kind="xml", records="request")
_SOURCES: tuple[tuple[Api | Open311, Format], ...] = (
    (_api(None), _JSON),
    (_api({"kind": "page", "size": 2}), CsvFormat()),
    (_api({"kind": "offset", "size": 2}), CsvFormat(quote="none", escape="\\", delimiter=";")),
    (_api({"kind": "offset", "size": 1}), NdjsonFormat(kind="ndjson")),
    (_api({"kind": "page", "first": 0}), _XML),
    (_api({"kind": "cursor", "path": "next"}), _JSON),
    (_api({"kind": "cursor", "path": "join('', next)"}), TreeFormat(kind="json")),
    (_api({"kind": "next-link", "path": "next"}), _JSON),
    (_api({"kind": "next-link"}), XlsxFormat(kind="xlsx")),
    (_open311("json"), TreeFormat(kind="json")),
    (_open311("json", page_size=2), TreeFormat(kind="json")),
    (_open311("xml", limit=1), _XML),
)
_REQUESTS = [{"service_request_id": number, "requested_datetime": "2025-11-01T10:00:00Z"} for number in (1, 2)]
_BODIES = (
    _BETWEEN.join([json_file({"items": [{"Ref": CANARY}], "next": "/b?c=2"}), json_file({"items": [], "next": None})]),
    _BETWEEN.join([csv_file(NAMES, ROWS[:2]), csv_file(NAMES, ROWS[2:], delimiter=";"), csv_file(NAMES, [])]),
    _BETWEEN.join([json_lines([{"Ref": 1}]), json_lines([{"Ref": 2}, {"Ref": 3}]), b"\n"]),
    _BETWEEN.join([json_file(_REQUESTS), json_file(_REQUESTS[:1]), b"[]"]),
    _BETWEEN.join([
        xml_file("service_requests", ["<request><service_request_id>1</service_request_id></request>"]),
        b"<service_requests/>",
    ]),
    _LINK + b"\0PK\x03\x04" + _BETWEEN + b"PK\x03\x04", json_file({"error": {"code": 500}}), b"<html>Sign in</html>",
)  # fmt: skip
_TOKENS = (
    _BETWEEN, _LINK + b"\0", b"[]", b"{}", b"null", b'{"items":', b'"next":', b'"next":"\\ud800"', b'"next":1e999',
    b'"next":[]', b'"next":"//example.com"', b'"next":"http://["', b'"next":"/\\n"', b'"items":[{}]', b'"error":1',
    b'"service_request_id":', b'"token":', b"[[[[[[[[", b"\\u0000", b"\\ud800", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xc2\xa0", b"\n", b"\r", b"\r\n", b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8", b'"', b"'", b",", b";",
    b"\\", b"<request>", b"</request>", b"<error>", b"<!DOCTYPE a>", b"<html", b"PK", b"\0", b"\xff", b"\xed\xa0\x80",
)  # fmt: skip


def _check(data: bytes) -> None:
    (facts, form), content = chosen(data, _SOURCES)
    bodies = content.split(_BETWEEN)[:_MOST_PAGES]
    for body in bodies:
        with refusing():
            found = api.records(body, form, "here")
            if isinstance(form, CsvFormat):
                hold("as many rows are counted as there are", kept=_looks_like(body, form, len(found)))
    session = _Canned(_CONNECTION)
    session.bodies = bodies
    made = mock.Mock(**{"return_value.__enter__": lambda _: session, "return_value.__exit__": lambda *_: None})
    with refusing(), tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if isinstance(facts, Open311):
            with mock.patch.object(open311, "HttpSession", made):
                open311.Open311Source(facts, _CONNECTION, _tree(form)).fetch(_INTERVAL, Path(folder))
        else:
            with mock.patch.object(api, "HttpSession", made):
                api.ApiSource(facts, _CONNECTION, form).fetch(_INTERVAL, Path(folder))


def _tree(form: Format) -> TreeFormat:
    if not isinstance(form, TreeFormat):
        raise TypeError(form)
    return form


def _looks_like(body: bytes, form: CsvFormat, counted: int) -> bool:
    """Say whether so many rows may be: where no quote joins lines, as many as there are lines below the header."""
    text = body.decode("utf-8-sig", "replace")
    joined = (form.quote in text and form.quote != "none") or bool(form.escape and form.escape in text)
    if joined or body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return counted <= len(lines) - 1


TARGETS = (Target("answers", "pages of APIs and Open311 servers", _check, each(_SOURCES, *_BODIES), _TOKENS),)
