"""A real HTTP server on loopback that answers as it is told, one step for each request, and notes what it was sent."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Received:
    """One request. body: unpacked, as the platform would see it."""

    method: str
    path: str
    headers: Headers
    raw: bytes

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.raw) if self.headers.get("Content-Encoding") == "gzip" else self.raw

    @property
    def ids(self) -> list[str]:
        return [record["_id"] for record in json.loads(self.body)]


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _take(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        script = self.server.script
        with script.turn:
            script.received.append(Received(self.command, self.path, dict(self.headers), raw))
            step = script.steps.pop(0) if script.steps else answer(599, "no step is left in the script")
        step(self)

    do_GET = do_POST = do_PUT = do_DELETE = _take  # noqa: N815 - the names http.server looks for

    def reply(self, status: int, body: bytes, headers: Headers, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """Drop the connection with a reset, as a failing proxy does."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Step = Callable[[Exchange], None]


@dataclass
class Script:
    """What to answer next, and what came in so far."""

    url: str
    steps: list[Step] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def then(self, *steps: Step) -> None:
        self.steps.extend(steps)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.received]


class _Server(ThreadingHTTPServer):
    script: Script

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is part of some scripts."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Script]:
    """Serve on a free loopback port until the end of the block; with a PEM of certificate and key, over TLS."""
    with _Server(("127.0.0.1", 0), Exchange) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        server.script = Script(f"{scheme}://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.script
        finally:
            server.shutdown()
            thread.join()


def answer(status: int, body: object, headers: Headers | None = None) -> Step:
    """Answer with a JSON value, or with text as it stands."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return lambda exchange: exchange.reply(status, content, headers or {})


def stored() -> Step:
    return answer(200, {"status": "ok"})


def holding(*records: Mapping[str, object]) -> Step:
    return answer(200, {"data": list(records)})


def failing(status: int, headers: Headers | None = None) -> Step:
    return answer(status, {"message": "Internal Server Error", "status": "error"}, headers)


def silent(until: threading.Event) -> Step:
    """Take the request and answer nothing before the event is set."""

    def step(exchange: Exchange) -> None:
        exchange.close_connection = True
        until.wait(60)

    return step


def trickling(until: threading.Event) -> Step:
    """Send the answer a byte at a time, so slowly that it is not whole before the event is set."""

    def step(exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.reply(200, b"", {}, length=100_000)
        while not until.wait(0.05):
            exchange.wfile.write(b" ")

    return step


def cut_in_the_answer() -> Step:
    """Announce a whole answer, send half of it and drop the connection."""

    def step(exchange: Exchange) -> None:
        exchange.reply(200, b'{"status"', {}, length=15)
        exchange.cut()

    return step


def cut_before_the_answer() -> Step:
    return Exchange.cut
