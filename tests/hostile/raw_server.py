"""A server on loopback that answers with the very bytes it is told, whatever HTTP says of them, and notes who asked."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# What to send to the request whose number (from 0) and head are given.
Answers = Callable[[int, bytes], Iterable[bytes]]


@dataclass
class RawServer:
    """asked: the heads of all requests, in order. over: set at the end, so that endless answers end."""

    answers: Answers
    port: int = 0
    asked: list[bytes] = field(default_factory=list, repr=False)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def raw_serving(answers: Answers) -> Iterator[RawServer]:
    """Serve on a free port until the end of the block; one request a connection, which is then closed."""
    served = RawServer(answers)
    turn = threading.Lock()

    class Conversation(socketserver.BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head and (more := self.request.recv(65_536)):
                head += more
            if not head:
                return
            with turn:
                number = len(served.asked)
                served.asked.append(head)
            # A client that has had enough hangs up.
            with contextlib.suppress(OSError):
                for piece in served.answers(number, head):
                    self.request.sendall(piece)
                    if served.over.is_set():
                        return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        served.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            served.over.set()
            server.shutdown()
            thread.join()


def whole(body: bytes, *, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A proper answer with these headers beside its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def endless(piece: bytes, *, status: bytes = b"200 OK", head: bytes = b"") -> Iterator[bytes]:
    """A chunked answer that never ends."""
    yield b"HTTP/1.1 " + status + b"\r\nTransfer-Encoding: chunked\r\n" + head + b"\r\n"
    while True:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
