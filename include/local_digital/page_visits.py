"""Visits to councils' public pages: politely, as a robot that says who it is, and within limits.

No error or log line holds a URL or anything that a server said.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from local_digital.addresses import origin
from local_digital.robots import allows
from local_digital.sources.http import within

AGENT = "LocalDigital"

State = Literal["up", "down", "unmonitored"]

_MOST_REDIRECTS = 5
_PAGE_BYTES = 1 << 16
# So much of a robots.txt counts (RFC 9309, 2.5).
_ROBOTS_BYTES = 500 * 1024
_CHUNK = 1 << 14
_ERRORS = range(400, 500)
_SERVER_ERRORS = 500
_TOO_MANY = 429
_DOWN = {404: "not-found", 410: "gone"}


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, to wait for a byte, and for one request in all, however slowly bytes trickle in."""

    connect: float = 10.0
    silence: float = 15.0
    request: float = 30.0


@dataclass(frozen=True)
class Visit:
    """What came of one visit.

    reason: a word of ours for why it is not up. status: of the last answer, if any. response_ms: until the headers of
    the final answer were there, None unless up.
    """

    state: State
    reason: str | None = None
    status: int | None = None
    response_ms: int | None = None


class Rules(NamedTuple):
    """text: of a robots.txt. fresh: read not so long ago that it must be read again."""

    text: str
    fresh: bool


@dataclass(eq=False)
class Visitor:
    """Visits pages, from several threads if need be, and never sends two requests to one host at once.

    contact: told with every request. recall, remember: the rules of hosts (`https://name:port`) from earlier visits.
    """

    contact: str | None
    recall: Callable[[str], Rules | None]
    remember: Callable[[str, str], None]
    _: KW_ONLY
    limits: Limits = field(default_factory=Limits)
    _locks: dict[str, threading.Lock] = field(init=False, default_factory=dict)
    _rules: dict[str, str | _FaultError] = field(init=False, default_factory=dict)

    def visit(self, url: str) -> Visit:
        """Ask for a page once, following a few redirects, each as the robots.txt of its host allows."""
        with self._session() as session:
            for _ in range(_MOST_REDIRECTS + 1):
                try:
                    if not allows(self._rules_of(url), AGENT, url):
                        return Visit("unmonitored", "robots")
                    answer = self._ask(session, url, _PAGE_BYTES)
                except _FaultError as fault:
                    return Visit(fault.state, fault.reason)
                if answer.link is None:
                    return _judged(answer)
                link = _absolute(url, answer.link)
                if link is None:
                    break
                url = link
        return Visit("down", "redirect", answer.status)

    def _rules_of(self, url: str) -> str:
        """Return the rules of a URL's host: those read within a day, else those it has now, else the last known.

        Raises _FaultError where there are none: a host that does not answer even for that is down; one that answers
        with an error has not said what it allows, so nothing is.
        """
        scheme, name, port = origin(url) or ("", "", 0)
        host = f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"
        # Held while its host's own lock is taken and given back, never the other way round.
        with self._lock(f"robots of {host}"):
            if host not in self._rules:
                self._rules[host] = self._find_rules(host)
            found = self._rules[host]
        if isinstance(found, _FaultError):
            raise found
        return found

    def _find_rules(self, host: str) -> str | _FaultError:
        known = self.recall(host)
        if known and known.fresh:
            return known.text
        try:
            rules = self._read_robots(f"{host}/robots.txt")
        except _FaultError as fault:
            return known.text if known else fault
        self.remember(host, rules)
        return rules

    def _read_robots(self, url: str) -> str:
        with self._session() as session:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._ask(session, url, _ROBOTS_BYTES)
                link = _absolute(url, answer.link) if answer.link is not None else None
                if link is None:
                    break
                url = link
        if answer.status == _TOO_MANY or answer.status >= _SERVER_ERRORS:
            raise _FaultError("unmonitored", "robots-unknown")
        if answer.link is not None or answer.status in _ERRORS:
            # No such file, or none that can be reached: everything is allowed (RFC 9309, 2.3.1).
            return ""
        # PostgreSQL has no place for U+0000.
        return answer.body.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")

    def _ask(self, session: requests.Session, url: str, most: int) -> _Answer:
        with self._lock(f"requests to {urlsplit(url).hostname}"):
            ends = time.monotonic() + self.limits.request
            try:
                return within(self.limits.request, lambda: self._exchange(session, url, most, ends))
            except TimeoutError:
                reason = "timeout"
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                reason = _reason(error)
        raise _FaultError("down", reason)

    def _exchange(self, session: requests.Session, url: str, most: int, ends: float) -> _Answer:
        timeout = (self.limits.connect, self.limits.silence)
        with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as response:
            link = session.get_redirect_target(response)
            body = bytearray()
            if link is None:
                for chunk in response.iter_content(_CHUNK):
                    body += chunk
                    if time.monotonic() > ends:
                        raise TimeoutError
                    if len(body) >= most:
                        break
            milliseconds = round(response.elapsed.total_seconds() * 1000)
            return _Answer(response.status_code, link, milliseconds, bytes(body[:most]))

    def _lock(self, name: str) -> threading.Lock:
        return self._locks.setdefault(name, threading.Lock())

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        about = f"one look an hour; {self.contact}" if self.contact else "one look an hour"
        session.headers["User-Agent"] = f"{AGENT}/0.1 ({about})"
        session.headers["Accept"] = "text/html, text/plain;q=0.9, */*;q=0.5"
        session.headers["Accept-Encoding"] = "identity"
        return session


class _Answer(NamedTuple):
    status: int
    link: str | None
    milliseconds: int
    body: bytes


class _FaultError(Exception):
    """There is no answer to judge."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def _judged(answer: _Answer) -> Visit:
    status = answer.status
    if status in _DOWN:
        return Visit("down", _DOWN[status], status)
    if status == _TOO_MANY:
        return Visit("unmonitored", "too-often", status)
    if status in _ERRORS:
        # It turns us away; nobody can tell from that what the public sees.
        return Visit("unmonitored", "refused", status)
    if status >= _SERVER_ERRORS:
        return Visit("down", "server-error", status)
    return Visit("up", None, status, answer.milliseconds)


def _absolute(base: str, link: str) -> str | None:
    """Return where a redirect leads, None when that is no page of the web."""
    try:
        url = urldefrag(urljoin(base, link)).url
    except ValueError:
        return None
    return url if origin(url) else None


def _reason(error: Exception) -> str:
    # A time-out within the body comes as a lost connection.
    if isinstance(error, requests.Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in error.args):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    return "connection" if isinstance(error, requests.ConnectionError) else "broken-answer"
