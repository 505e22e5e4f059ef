"""Real web servers on loopback with the pages of councils: fast, slow, broken, moved, and a robots.txt of any kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

SECRET_WORDS = "words-of-the-server-never-kept"


@dataclass
class Site:
    """A council's website.

    pages: status, or a path to redirect to, by path; 404 for all others. robots: the text of robots.txt, or the status
    that comes in its place. robots_at: where it redirects to instead. asked: path and user agent of every request.
    held: paths whose answer waits for `release`. drips: by path what of the answer, its headers or its body, comes in
    drops without end; hung_up: the visitor has ended one of those. at_once: the most requests there ever were at one
    moment.
    """

    pages: dict[str, int | str] = field(default_factory=dict)
    robots: str | int = 404
    robots_at: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    drips: dict[str, Literal["headers", "body"]] = field(default_factory=dict)
    hung_up: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    at_once: int = 0
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def times(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    def answer(self, path: str, agent: str) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self.asked.append((path, agent))
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        try:
            if path in self.held:
                self.arrived.set()
                self.release.wait(60)
            return self._found(path)
        finally:
            with self._lock:
                self._under_way -= 1

    def _found(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/robots.txt":
            if self.robots_at:
                return 302, {"Location": self.robots_at}, b""
            found = self.robots
            return (200, {}, found.encode()) if isinstance(found, str) else (found, {}, SECRET_WORDS.encode())
        page = self.pages.get(path, 404)
        if isinstance(page, str):
            return 302, {"Location": page}, b""
        return page, {}, f"<html>{SECRET_WORDS}</html>".encode()


@contextmanager
def website(site: Site, host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve a site on a free loopback port until the end of the block. host: the name that its URL has."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    site.url = f"http://{host}:{server.server_address[1]}"
    try:
        yield site
    finally:
        site.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = site.answer(self.path, self.headers.get("User-Agent", ""))
            if self.path in site.drips:
                self._drip(site.drips[self.path])
                return
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                # The visitor has gone.
                self.close_connection = True

        def _drip(self, what: Literal["headers", "body"]) -> None:
            self.close_connection = True
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                if what == "body":
                    self.wfile.write(b"Content-Length: 60000\r\n\r\n")
                while not site.release.wait(0.05):
                    self.wfile.write(b"x")
            except OSError:
                site.hung_up.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
