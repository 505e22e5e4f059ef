"""One request for a page ends in an answer or in a reason why there is none, whatever the server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local_digital.page_requests import FaultError, Limits, ask
from tests.hostile.raw_server import RawServer, raw_serving, whole

MOST = 1000


def asked_of(url: str, limits: Limits | None = None) -> bytes:
    session = requests.Session()
    session.trust_env = False
    return ask(session, url, MOST, limits or Limits(), trusted="127.0.0.1").body


def why_not(url: str, limits: Limits | None = None) -> tuple[str, str]:
    with pytest.raises(FaultError) as fault:
        asked_of(url, limits)
    return fault.value.state, fault.value.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "broken-answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n", "broken-answer"),
    ],
)
def test_server_that_does_not_answer_as_the_web_does_is_down(answer: bytes, reason: str) -> None:
    with raw_serving(lambda *_: [answer]) as server:
        assert why_not(f"{server.url}/bins") == ("down", reason)
    assert len(server.asked) == 1


def test_server_that_falls_silent_half_way_is_too_slow() -> None:
    def half(*_: object) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
        server.over.wait(60)

    with raw_serving(half) as server:
        assert why_not(f"{server.url}/bins", Limits(silence=0.2)) == ("down", "timeout")
        server.over.set()


def test_no_more_of_a_page_is_kept_than_is_wanted() -> None:
    with raw_serving(lambda *_: [whole(b"x" * 3 * MOST)]) as server:
        assert asked_of(f"{server.url}/bins") == b"x" * MOST


@pytest.mark.parametrize("url", ["http://me:secret@127.0.0.1:{port}/bins", "http:///bins", "http://127.0.0.1:x/bins"])
def test_address_that_is_no_page_of_the_web_is_not_asked(url: str) -> None:
    with raw_serving(lambda *_: [whole(b"")]) as server:
        assert why_not(url.format(port=server.port)) == ("down", "broken-answer")
    assert server.asked == []


def test_nothing_is_sent_once_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    real = socket.getaddrinfo

    def slowly(*what: Any, **more: Any) -> Any:
        found.wait(60)
        return real(*what, **more)

    def resolve_late(server: RawServer) -> tuple[str, str]:
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        try:
            return why_not(f"{server.url}/bins", Limits(request=0.2))
        finally:
            found.set()
            for thread in threading.enumerate():
                if thread.name == "local-digital-request":
                    thread.join(60)

    with raw_serving(lambda *_: [whole(b"")]) as server:
        assert resolve_late(server) == ("down", "timeout")
    assert server.asked == []
