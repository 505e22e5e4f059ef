"""Whatever a council's API answers, the clients end within their limits, in an error of ours, and tell nobody else."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from local_digital.config.formats import CsvFormat, Format, NdjsonFormat, TreeFormat, XlsxFormat
from local_digital.config.sources import Api, Open311
from local_digital.errors import DataError, LocalDigitalError, RefusedError
from local_digital.patience import retry_after
from local_digital.settings import Connection
from local_digital.sources import Interval
from local_digital.sources.api import ApiSource
from local_digital.sources.http import HttpSession
from local_digital.sources.open311 import Open311Source
from tests.hostile import answers as made_up
from tests.hostile.answers import BOMB
from tests.hostile.raw_server import RawServer, endless, raw_serving, whole
from tests.hostile.told import must_end_well

if TYPE_CHECKING:
    from pathlib import Path

    import requests

PASSWORD = "pass-phrase-never-shown"
TOKEN = "token-never-shown"
MIB = 2**20
NOON = Interval(dt.datetime(2026, 3, 10, tzinfo=dt.UTC), dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC))
FORMATS: list[Format] = [
    TreeFormat(kind="json", records="items"),
    TreeFormat(kind="json"),
    TreeFormat(kind="xml"),
    CsvFormat(),
    NdjsonFormat(kind="ndjson"),
    XlsxFormat(kind="xlsx"),
]
PAGINGS: list[dict[str, Any] | None] = [
    None,
    {"kind": "page"},
    {"kind": "offset", "size": 3},
    {"kind": "cursor", "path": "meta.next"},
    {"kind": "next-link"},
    {"kind": "next-link", "path": "next"},
]
AUTHS = ["none", "bearer", "header", "basic", "oauth2"]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[RawServer]:
    """A server that nobody has named: whoever asks it was led there."""
    with raw_serving(lambda *_: [whole(b'{"items": []}')]) as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_serving(lambda *_: []) as running:
        yield running


def connection(server: RawServer) -> Connection:
    return Connection("council_api", server.url, login="council", password=PASSWORD)


def api(server: RawServer, form: Format = FORMATS[0], **facts: Any) -> ApiSource:
    given_facts = {
        "kind": "api",
        "connection": "council_api",
        "path": "x",
        "timeout_seconds": 1,
        "max_bytes": MIB,
        "max_pages": 5,
    }
    return ApiSource(
        TypeAdapter(Api).validate_python(given_facts | facts), connection(server), form, sleep=lambda _: None
    )


def open311(server: RawServer, answers: str = "json", **facts: Any) -> Open311Source:
    given_facts = {
        "kind": "open311",
        "connection": "council_api",
        "answers": answers,
        "first_day": "2026-01-01",
        "timeout_seconds": 1,
        "max_bytes": MIB,
    }
    form = TreeFormat(
        kind=answers, records="request" if answers == "xml" else "[@, requests][?type(@) == 'array'] | [0]"
    )
    return Open311Source(Open311.model_validate(given_facts | facts), connection(server), form, sleep=lambda _: None)


some = settings(max_examples=90, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@some
@given(data=st.data())
def test_no_answer_of_an_api_does_more_than_end_in_an_error_of_ours(
    data: st.DataObject, server: RawServer, elsewhere: RawServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = itertools.cycle(data.draw(st.lists(made_up.answers(elsewhere.url), min_size=1, max_size=4)))
    server.answers = lambda *_: [next(script)]
    auth = data.draw(st.sampled_from(AUTHS))
    asked = api(server, data.draw(st.sampled_from(FORMATS)), auth=auth, paging=data.draw(st.sampled_from(PAGINGS)))
    must_end_well(lambda: asked.fetch(NOON, tmp_path), caplog, PASSWORD, TOKEN)
    assert elsewhere.asked == []


@some
@given(data=st.data())
def test_no_answer_of_an_open311_server_does_more_than_end_in_an_error_of_ours(
    data: st.DataObject, server: RawServer, elsewhere: RawServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = itertools.cycle(data.draw(st.lists(made_up.answers(elsewhere.url), min_size=1, max_size=3)))
    server.answers = lambda *_: [next(script)]
    asked = open311(
        server, data.draw(st.sampled_from(["json", "xml"])), page_size=data.draw(st.sampled_from([None, 50]))
    )
    must_end_well(lambda: asked.fetch(NOON, tmp_path), caplog, PASSWORD, TOKEN)
    assert elsewhere.asked == []


@some
@given(facts=made_up.values | st.fixed_dictionaries({"access_token": st.just(TOKEN), "expires_in": made_up.scalars}))
@example(facts={"access_token": "t", "expires_in": 10**400})
@example(facts={"access_token": "t\r\nX-Injected: 1", "expires_in": 1})
@example(facts={"access_token": "\u2028" * 10})
@example(facts={"access_token": "t", "expires_in": "nan"})
def test_no_answer_in_place_of_a_token_does_more_than_end_in_an_error_of_ours(
    facts: object, server: RawServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token, page = whole(json.dumps(facts).encode()), whole(b'{"items": []}')
    server.answers = lambda _, head: [token if head.startswith(b"POST") else page]
    must_end_well(lambda: api(server, auth="oauth2").fetch(NOON, tmp_path), caplog, PASSWORD, TOKEN)
    assert not any(b"X-Injected" in head for head in server.asked)


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("status", ["301 x", "302 x", "307 x", "308 x"])
def test_no_redirect_takes_a_secret_to_another_server_or_to_a_file(
    server: RawServer, elsewhere: RawServer, tmp_path: Path, auth: str, status: str
) -> None:
    port = elsewhere.port
    for link in (
        elsewhere.url,
        f"//127.0.0.1:{port}/",
        f"http://127.0.0.1:{server.port}@127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://127.0.0.1:{port}\\@127.0.0.1:{server.port}/",
        f" {elsewhere.url}",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
    ):
        server.answers = lambda *_, to=link: [whole(b"", status=status, headers=[("Location", to)])]
        with pytest.raises(RefusedError):
            api(server, auth=auth).fetch(NOON, tmp_path)
    assert elsewhere.asked == []


def test_no_cookie_is_kept_or_sent(server: RawServer, tmp_path: Path) -> None:
    flood = [("Set-Cookie", f"c{number}={'x' * 1000}") for number in range(90)]
    server.asked.clear()
    server.answers = lambda number, _: [
        whole(json.dumps({"items": [], "meta": {"next": f"{number}"}}).encode(), headers=flood)
    ]
    with pytest.raises(DataError, match="max_pages"):
        api(server, paging=PAGINGS[3]).fetch(NOON, tmp_path)
    assert len(server.asked) > 2
    assert not any(b"\r\ncookie:" in head.lower() for head in server.asked)


@pytest.mark.parametrize("length", [4001, 200_000])
def test_a_link_or_cursor_that_is_no_length_for_an_address_is_not_sent(
    server: RawServer, tmp_path: Path, length: int
) -> None:
    server.asked.clear()
    server.answers = lambda *_: [
        whole(json.dumps({"items": [], "next": "/" + "x" * length, "meta": {"next": "x" * length}}).encode())
    ]
    for paging in (PAGINGS[3], PAGINGS[5]):
        with pytest.raises(LocalDigitalError, match="4,000"):
            api(server, paging=paging).fetch(NOON, tmp_path)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda: endless(b" " * 60_000),
        lambda: endless(b" "),
        lambda: endless(b" " * 60_000, status=b"302 x\r\nLocation: /"),
        lambda: endless(BOMB[:10_000], head=b"Content-Encoding: gzip\r\n"),
        lambda: [whole(BOMB, headers=[("Content-Encoding", "gzip")])],
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X-%d: y\r\n" % number for number in itertools.count())),
        lambda: itertools.chain(
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"1" * 1000)
        ),
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"y" * 60_000)),
        lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b" " * 60_000)),
    ],
    ids=[
        "chunks",
        "tiny chunks",
        "redirect",
        "gzip",
        "bomb",
        "headers",
        "chunk size",
        "header",
        "100 Continue",
        "no length",
    ],
)
def test_no_answer_without_end_takes_more_memory_than_its_limit(server: RawServer, answer: Any) -> None:
    server.answers = lambda *_: answer()
    tracemalloc.start()
    with (
        HttpSession(
            connection(server), timeout=1, longest=2, max_bytes=MIB, attempts=1, sleep=lambda _: None
        ) as session,
        pytest.raises(LocalDigitalError),
    ):
        session.get(session.url("x"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MIB


def test_pages_are_counted_in_bytes_too(server: RawServer, tmp_path: Path) -> None:
    form = TreeFormat(kind="json", records="items", max_bytes=3000)
    server.answers = lambda number, _: [
        whole(json.dumps({"items": [{"id": "x" * 990}], "meta": {"next": f"{number}"}}).encode())
    ]
    with pytest.raises(DataError, match=r"format\.max_bytes"):
        api(server, form, paging=PAGINGS[3], max_pages=10_000).fetch(NOON, tmp_path)


def _requests(first: int, count: int, filling: str = "") -> bytes:
    return json.dumps([{"service_request_id": f"{first + number}", "x": filling} for number in range(count)]).encode()


def test_pages_of_an_open311_server_that_never_end_are_not_held_in_memory(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.open311._MOST_QUESTIONS", 150)
    server.answers = lambda number, _: [whole(_requests(number * 50, 50, "x" * 1000))]
    tracemalloc.start()
    with pytest.raises(DataError):
        open311(server, page_size=50).fetch(NOON, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MIB


def test_an_open311_server_that_cuts_every_answer_is_not_asked_for_every_second(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_digital.sources.open311._MOST_QUESTIONS", 100)

    def answers(number: int, head: bytes) -> list[bytes]:
        query = parse_qs(urlsplit(head.split(b" ")[1].decode()).query)
        start, end = (dt.datetime.fromisoformat(query[name][0]) for name in ("start_date", "end_date"))
        # A single second is whole; whatever is longer may be cut.
        single = end - start <= dt.timedelta(seconds=1)
        return [whole(_requests(number * 100, 0 if single else 100))]

    server.asked.clear()
    server.answers = answers
    with pytest.raises(DataError, match="100 questions"):
        open311(server).fetch(NOON, tmp_path)
    assert len(server.asked) == 100


class _Headers:
    def __init__(self, value: str) -> None:
        self.headers = {"Retry-After": value}


@given(
    st.text(max_size=30)
    | st.integers().map(str)
    | st.from_regex(r"(Mon|Fri), \d{1,3} (Jan|Dec) \d{1,30} \d\d:\d\d:\d\d ([+-]\d{1,20}|GMT)")
)
@example("Fri, 31 Dec 9999 23:59:59 -9999")
@example("9" * 10_000)
def test_no_retry_after_is_more_than_a_number_of_seconds_or_nothing(value: str) -> None:
    answer: requests.Response = _Headers(value)  # type: ignore[assignment] - all that is looked at
    seconds = retry_after(answer)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("value", ["31536000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_server_makes_us_wait_longer_than_we_would(server: RawServer, value: str) -> None:
    waits: list[float] = []
    server.answers = lambda *_: [whole(b"", status="503 x", headers=[("Retry-After", value)])]
    with (
        HttpSession(connection(server), timeout=1, attempts=3, longest_wait=7, sleep=waits.append) as session,
        pytest.raises(LocalDigitalError),
    ):
        session.get(session.url("x"))
    assert waits == [7, 7]


def test_what_lands_is_what_came(server: RawServer, tmp_path: Path) -> None:
    """Not everything is refused: the answers above that are none are told from one that is."""
    body = b'{"items": [{"id": 1}], "meta": {"next": null}}'
    server.answers = lambda *_: [whole(body)]
    with zipfile.ZipFile(api(server, paging=PAGINGS[3]).fetch(NOON, tmp_path)) as landed:
        assert landed.read("00001.json") == body
