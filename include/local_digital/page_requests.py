"""One request to a council's page: only to addresses that may be asked, and hung up on when its time is over.

requests finds addresses and connects by itself, so that what was checked need not be what is asked. Here the name is
looked up once, each address is checked, and one of those is connected to; the certificate is still that of the name.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import DEFAULT_CA_BUNDLE_PATH
from requests.cookies import extract_cookies_to_jar
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from local_digital.addresses import is_public, origin
from local_digital.sources.http import within

State = Literal["up", "down", "unmonitored"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 14
_AUTHORITIES = DEFAULT_CA_BUNDLE_PATH

# urllib3 warns of odd headers with the URL that sent them.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, to wait for a byte, and for one request in all, however slowly bytes trickle in."""

    connect: float = 10.0
    silence: float = 15.0
    request: float = 30.0


class Answer(NamedTuple):
    """link: where it redirects to. milliseconds: until the headers were there. body: as much as was asked for."""

    status: int
    link: str | None
    milliseconds: int
    body: bytes


class FaultError(Exception):
    """There is no answer to judge."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def ask(session: requests.Session, url: str, most: int, limits: Limits, trusted: str | None) -> Answer:
    """Send one GET and return the answer, redirects not followed; raise FaultError where none comes.

    session: its headers and cookies are sent, and its cookies kept. most: bytes of the body that are wanted. trusted:
    the name of a host that may have any address; any other one must have public addresses only. When the time is over
    the connection is shut down, and nothing more is sent.
    """
    line = _Line()
    try:
        return within(limits.request, lambda: _exchange(session, url, most, limits, trusted, line))
    except TimeoutError:
        reason = "timeout"
    except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
        reason = _reason(error)
    finally:
        line.hang_up()
    raise FaultError("down", reason)


class _Line:
    """The connection of one request, which another thread may end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = False
        self._socket: socket.socket | None = None

    def go_on(self) -> None:
        """Raise TimeoutError when the time is over."""
        if self._over:
            raise TimeoutError

    @contextmanager
    def hold(self, connected: socket.socket) -> Iterator[None]:
        with self._lock:
            self.go_on()
            self._socket = connected
        try:
            yield
        finally:
            with self._lock:
                self._socket = None

    def hang_up(self) -> None:
        with self._lock, suppress(OSError):
            self._over = True
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


def _exchange(
    session: requests.Session, url: str, most: int, limits: Limits, trusted: str | None, line: _Line
) -> Answer:
    started = time.monotonic()
    asked = session.prepare_request(requests.Request("GET", url))
    # Not of `url`: readers of URLs differ on which host an odd one names.
    place = asked.url or ""
    with ExitStack() as closing:
        connection = _connected(place, trusted, limits, line)
        closing.callback(connection.close)
        with line.hold(connection.sock):
            connection.timeout = limits.silence
            headers = {**asked.headers, "Host": urlsplit(place).netloc}
            connection.request("GET", asked.path_url, headers=headers, preload_content=False, decode_content=False)
            response = connection.getresponse()
            closing.callback(response.close)
            milliseconds = round((time.monotonic() - started) * 1000)
            extract_cookies_to_jar(session.cookies, asked, response)  # type: ignore[no-untyped-call]
            link = response.headers.get("Location") if response.status in _REDIRECTS else None
            body = bytearray()
            if link is None:
                for chunk in response.stream(_CHUNK, decode_content=False):
                    body += chunk
                    if len(body) >= most:
                        break
    # http.client reads headers as Latin-1; those that are no ASCII are UTF-8.
    target = link.encode("latin-1", errors="replace").decode(errors="replace") if link is not None else None
    return Answer(response.status, target, milliseconds, bytes(body[:most]))


def _connected(url: str, trusted: str | None, limits: Limits, line: _Line) -> HTTPConnection:
    """Connect to the first address of a URL's host that can be reached."""
    place = origin(url)
    if place is None:
        raise ValueError
    scheme, name, port = place
    fault: Exception = OSError()
    for address in _addresses(name, port, trusted):
        line.go_on()
        connection = (
            HTTPSConnection(
                address,
                port,
                timeout=limits.connect,
                server_hostname=name,
                cert_reqs="CERT_REQUIRED",
                ca_certs=_AUTHORITIES,
            )
            if scheme == "https"
            else HTTPConnection(address, port, timeout=limits.connect)
        )
        try:
            connection.connect()
        except urllib3.exceptions.ConnectTimeoutError as error:
            fault = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise fault


def _addresses(name: str, port: int, trusted: str | None) -> list[str]:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    if name != trusted and not all(map(is_public, found)):
        raise FaultError("unmonitored", "redirect-unsafe")
    return found


def _reason(error: Exception) -> str:
    match error:
        case urllib3.exceptions.NewConnectionError():
            return "connection"
        case TimeoutError() | urllib3.exceptions.TimeoutError():
            return "timeout"
        case ssl.SSLError() | CertificateError() | urllib3.exceptions.SSLError():
            return "certificate"
        case requests.RequestException():
            return "broken-answer"
        case OSError() | HTTPException():
            return "connection"
    return "broken-answer"
