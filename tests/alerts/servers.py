"""A real SMTP server and a real server of webhooks on loopback, which keep what arrives."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socketserver
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path


@dataclass
class MailServer:
    """login, password: who is let in; empty lets everybody. refused: addresses that it takes nothing for.

    busy: it answers that it has no time. mails: what it took, with the addresses it was for. encrypted: whether the
    last conversation was.
    """

    login: str = ""
    password: str = ""
    refused: set[str] = field(default_factory=set)
    busy: bool = False
    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    encrypted: bool = False

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, mail in self.mails]


@dataclass
class Hooks:
    """status: what it answers. taken: path with query, Authorization and JSON of every request, refused ones too."""

    status: int = 200
    url: str = ""
    taken: list[tuple[str, str | None, Any]] = field(default_factory=list)


@contextmanager
def mail_serving(server: MailServer, *, pem: Path | None = None, implicit: bool = False) -> Iterator[MailServer]:
    """Serve SMTP. pem: certificate and key, for STARTTLS or, with `implicit`, for TLS from the first byte on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if pem else None
    if context and pem:
        context.load_cert_chain(pem)

    class Conversation(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            server.encrypted = implicit
            if implicit and context:
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 tests")
            known, to = not server.login, list[str]()
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                match verb.upper():
                    case "EHLO":
                        self.say("250-tests")
                        if context and not server.encrypted:
                            self.say("250-STARTTLS")
                        self.say("250 AUTH PLAIN")
                    case "STARTTLS" if context:
                        self.say("220 go on")
                        self.request = context.wrap_socket(self.request, server_side=True)
                        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
                        server.encrypted = True
                    case "AUTH":
                        given = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
                        known = given == [server.login, server.password]
                        self.say("235 welcome" if known else f"535 no, {given[0]} with {given[1]} is not known here")
                    case "MAIL":
                        to = []
                        self.say("451 busy" if server.busy else "250 yes" if known else "530 who are you")
                    case "RCPT":
                        address = rest.partition("<")[2].rstrip(">")
                        if address in server.refused:
                            self.say(f"550 nobody called {address}")
                        else:
                            to.append(address)
                            self.say("250 yes")
                    case "DATA":
                        self.say("354 go on")
                        lines = list(iter(self.rfile.readline, b".\r\n"))
                        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                        server.mails.append((to, mail))
                        self.say("250 taken")
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 yes")

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up, for want of trust, is what some tests are about."""

    with Threads(("127.0.0.1", 0), Conversation) as listening:
        server.port = listening.server_address[1]
        with _running(listening):
            yield server


@contextmanager
def hooks_serving(hooks: Hooks) -> Iterator[Hooks]:
    """Serve webhooks at any path."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hooks.taken.append((self.path, self.headers.get("Authorization"), body))
            self.send_response(hooks.status)
            if 300 <= hooks.status < 400:
                self.send_header("Location", f"{hooks.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        hooks.url = f"http://127.0.0.1:{listening.server_address[1]}"
        with _running(listening):
            yield hooks


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
