"""A real HTTP proxy on loopback before the platform's stand-in, which fails as networks and platforms have failed.

What no fault is meant for is passed on as it came. What a fault leaves stored, the stand-in itself has stored.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.publishing.scripted_server import Exchange

_LONGEST_WAIT = 30
_OURS = {"host", "connection", "content-length"}
_FAILED = json.dumps({"message": "Internal Server Error", "status": "error"}).encode()


class Answer(NamedTuple):
    status: int
    content: bytes = _FAILED


@dataclass
class Passage:
    """One request on its way to the stand-in, and its answer on the way back. upstream: host and port."""

    exchange: Exchange
    upstream: str

    @property
    def method(self) -> str:
        return self.exchange.command

    @property
    def path(self) -> str:
        return self.exchange.path

    @property
    def data_set(self) -> str:
        """Data group and data type; a single record's address is below theirs."""
        return "/".join(self.path.partition("?")[0].split("/")[2:4])

    @property
    def length(self) -> int:
        return int(self.exchange.headers.get("Content-Length") or 0)

    @cached_property
    def first_half(self) -> bytes:
        return self.exchange.rfile.read(self.length // 2)

    @cached_property
    def body(self) -> bytes:
        return self.first_half + self.exchange.rfile.read(self.length - len(self.first_half))

    def forward(self) -> Answer:
        """Have the stand-in do what is asked."""
        return self._ask(self.body, _OURS)

    def forward_half(self) -> None:
        """Have the first half of a batch stored, as by a platform that stores one record after the other."""
        is_packed = self.exchange.headers.get("Content-Encoding") == "gzip"
        records = json.loads(gzip.decompress(self.body) if is_packed else self.body)
        self._ask(json.dumps(records[: len(records) // 2]).encode(), _OURS | {"content-encoding"})

    def give(self, answer: Answer) -> None:
        self.exchange.reply(answer.status, answer.content, {"Content-Type": "application/json"})

    def wait_until_deserted(self) -> None:
        """Answer nothing until the client has given up."""
        self.exchange.close_connection = True
        self.exchange.connection.settimeout(_LONGEST_WAIT)
        with contextlib.suppress(ConnectionError):
            self.exchange.rfile.read(1)

    def _ask(self, body: bytes, withheld: set[str]) -> Answer:
        upstream = http.client.HTTPConnection(self.upstream, timeout=_LONGEST_WAIT)
        headers = {name: value for name, value in self.exchange.headers.items() if name.lower() not in withheld}
        try:
            upstream.request(self.method, self.path, body or None, headers)
            answer = upstream.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            upstream.close()


Fault = Callable[[Passage], None]


class _Handler(Exchange):
    server: _Server

    def _take(self) -> None:
        passage = Passage(self, self.server.proxy.upstream)
        with self.server.proxy.fate_of(passage) as fault:
            fault(passage)

    do_GET = do_POST = do_PUT = do_DELETE = _take  # noqa: N815 - the names http.server looks for


class _Server(ThreadingHTTPServer):
    proxy: FaultProxy

    def handle_error(self, *_: object) -> None:
        """Note a defect of the proxy itself; a client that has gone is part of some faults."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.proxy.defects.append(error)


@dataclass
class FaultProxy:
    """upstream: host and port of the stand-in. writes: the method and data set of every write that came in. defects:
    of the proxy itself, or of a fault.
    """

    upstream: str
    writes: list[tuple[str, str]] = field(default_factory=list)
    defects: list[BaseException | None] = field(default_factory=list)
    _faults: list[tuple[str, bool, Fault]] = field(default_factory=list)
    _under_way: int = 0
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _server: _Server | None = None
    _port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def fail(self, fault: Fault, of: str = "", *, reads: bool = False) -> None:
        """From now on, meet every write with this. of: those of data sets whose name ends so. reads: reads too."""
        with self._turn:
            self._faults.append((of, reads, fault))

    def heal(self) -> None:
        """From now on, pass everything on."""
        with self._turn:
            self._faults.clear()

    def settle(self) -> None:
        """Wait until nothing is under way any more, not even for clients that have long given up."""
        with self._turn:
            assert self._turn.wait_for(lambda: not self._under_way, _LONGEST_WAIT)

    @contextmanager
    def fate_of(self, passage: Passage) -> Iterator[Fault]:
        """Yield what is to be done to a request, which is under way until the end of the block."""
        is_write = passage.method != "GET"
        with self._turn:
            self._under_way += 1
            if is_write:
                self.writes.append((passage.method, passage.data_set))
            fitting = (
                fault for of, reads, fault in self._faults if passage.data_set.endswith(of) and (is_write or reads)
            )
            fault = next(fitting, passing)
        try:
            yield fault
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    @contextmanager
    def serving(self) -> Iterator[FaultProxy]:
        """Serve on a free loopback port until the end of the block."""
        self._listen()
        try:
            yield self
        finally:
            self._stop()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse every connection until the end of the block."""
        self._stop()
        # Bound and not listening: connections are refused, and nobody else is given the port in the meantime.
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", self._port))
            yield
        self._listen()

    def _listen(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.proxy = self
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def _stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def standing_before(stand_in: str) -> Iterator[FaultProxy]:
    """Serve a proxy before the stand-in at this URL until the end of the block."""
    with FaultProxy(urlsplit(stand_in).netloc).serving() as proxy:
        yield proxy


def passing(passage: Passage) -> None:
    """No fault at all."""
    passage.give(passage.forward())


def answering(status: int, content: bytes = _FAILED) -> Fault:
    """Answer in the platform's place; nothing reaches it."""

    def fault(passage: Passage) -> None:
        assert len(passage.body) == passage.length
        passage.give(Answer(status, content))

    return fault


def stored_then(status: int) -> Fault:
    """Have the write done, then answer that it failed."""

    def fault(passage: Passage) -> None:
        passage.forward()
        passage.give(Answer(status))

    return fault


def stored_in_silence(passage: Passage) -> None:
    """Have the write done, and let the client wait in vain for the answer."""
    passage.forward()
    passage.wait_until_deserted()


def stored_late(until: threading.Event) -> Fault:
    """Let the client wait in vain; have the write done after it has given up and the event is set."""

    def fault(passage: Passage) -> None:
        assert len(passage.body) == passage.length
        passage.wait_until_deserted()
        assert until.wait(_LONGEST_WAIT)
        passage.forward()

    return fault


def cut_in_the_body(passage: Passage) -> None:
    """Reset the connection when half of the body has been read."""
    assert len(passage.first_half) == passage.length // 2
    passage.exchange.cut()


def cut_in_the_answer(passage: Passage) -> None:
    """Have the write done, and reset the connection in the middle of the answer."""
    answer = passage.forward()
    passage.exchange.reply(answer.status, answer.content[:5], {}, length=len(answer.content))
    passage.exchange.cut()


def half_stored(passage: Passage) -> None:
    """Have the first half of a batch stored, then answer that it failed."""
    if passage.method == "POST":
        passage.forward_half()
    assert len(passage.body) == passage.length
    passage.give(Answer(500))


def held(until: threading.Event) -> Fault:
    """Pass the request on when the event is set."""

    def fault(passage: Passage) -> None:
        assert until.wait(_LONGEST_WAIT)
        passing(passage)

    return fault


def once_each(fault: Fault) -> Fault:
    """Meet each write with the fault once: when it is tried again it passes."""
    seen: set[tuple[str, str, int, bytes]] = set()

    def first_time(passage: Passage) -> None:
        this = (passage.method, passage.path, passage.length, passage.first_half)
        if this in seen:
            passing(passage)
        else:
            seen.add(this)
            fault(passage)

    return first_time


def first(writes: int, fault: Fault, then: Fault = passing) -> Fault:
    """Meet so many writes with the fault, and all later ones with another, or none."""
    left = iter(range(writes))

    def counted(passage: Passage) -> None:
        this = then if next(left, None) is None else fault
        this(passage)

    return counted
