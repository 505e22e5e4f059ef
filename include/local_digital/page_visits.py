"""Visits to councils' public pages: politely, as a robot that says who it is, and within limits.

No error or log line holds a URL or anything that a server said.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from urllib3.util import parse_url

from local_digital.addresses import origin
from local_digital.page_requests import Answer, FaultError, Limits, State, ask
from local_digital.robots import Robots

AGENT = "LocalDigital"

_MOST_REDIRECTS = 5
_PAGE_BYTES = 1 << 16
# So much of a robots.txt counts (RFC 9309, 2.5).
_ROBOTS_BYTES = 500 * 1024
# A redirect may lead to these, and to the port of the page itself.
_PORTS = frozenset({80, 443})
_FINE = range(200, 300)
_ERRORS = range(400, 500)
_SERVER_ERRORS = 500
_TOO_MANY = 429
_DOWN = {404: "not-found", 410: "gone"}


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
    _robots: dict[tuple[str, bool], Robots | FaultError] = field(init=False, default_factory=dict)

    def visit(self, url: str) -> Visit:
        """Ask for a page once, following a few redirects, each as the robots.txt of its host allows.

        The host of the URL is trusted, since a person wrote it down; whoever redirects is not (`_followed`).
        """
        session = self._session()
        _, home, port = origin(url) or ("", "", 0)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                if not self._robots_of(url, home).allows(url):
                    return Visit("unmonitored", "robots")
                answer = self._ask(session, url, _PAGE_BYTES, home)
                if answer.link is None:
                    return _judged(answer)
                link = _followed(url, answer.link, port)
                if link is None:
                    break
                url = link
        except FaultError as fault:
            return Visit(fault.state, fault.reason)
        return Visit("down", "redirect", answer.status)

    def _robots_of(self, url: str, home: str) -> Robots:
        """Return the rules of a URL's host: those read within a day, else those it has now, else the last known.

        Raises FaultError where there are none: a host that does not answer even for that is down; one that answers
        with an error has not said what it allows, so nothing is.
        """
        scheme, name, port = origin(url) or ("", "", 0)
        host = f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"
        # What a host may be asked as a page's own it may not be as a stranger.
        key = (host, name == home)
        # Held while its host's own lock is taken and given back, never the other way round.
        with self._lock(f"robots of {host}"):
            if key not in self._robots:
                self._robots[key] = self._find_robots(host, port, home)
            found = self._robots[key]
        if isinstance(found, FaultError):
            raise found
        return found

    def _find_robots(self, host: str, port: int, home: str) -> Robots | FaultError:
        known = self.recall(host)
        if known and known.fresh:
            return Robots.read(known.text, AGENT)
        try:
            rules = self._read_robots(f"{host}/robots.txt", port, home)
        except FaultError as fault:
            return Robots.read(known.text, AGENT) if known else fault
        self.remember(host, rules)
        return Robots.read(rules, AGENT)

    def _read_robots(self, url: str, port: int, home: str) -> str:
        session = self._session()
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._ask(session, url, _ROBOTS_BYTES, home)
            link = _followed(url, answer.link, port) if answer.link is not None else None
            if link is None:
                break
            url = link
        if answer.status == _TOO_MANY or answer.status >= _SERVER_ERRORS:
            raise FaultError("unmonitored", "robots-unknown")
        if answer.status not in _FINE:
            # No such file, or none that can be reached: everything is allowed (RFC 9309, 2.3.1).
            return ""
        # PostgreSQL has no place for U+0000.
        return answer.body.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")

    def _ask(self, session: requests.Session, url: str, most: int, home: str) -> Answer:
        with self._lock(f"requests to {urlsplit(url).hostname}"):
            return ask(session, url, most, self.limits, trusted=home)

    def _lock(self, name: str) -> threading.Lock:
        return self._locks.setdefault(name, threading.Lock())

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        about = f"one look an hour; {self.contact}" if self.contact else "one look an hour"
        session.headers["User-Agent"] = f"{AGENT}/0.1 ({about})"
        session.headers["Accept"] = "text/html, text/plain;q=0.9, */*;q=0.5"
        session.headers["Accept-Encoding"] = "identity"
        session.headers["Connection"] = "close"
        return session


def _judged(answer: Answer) -> Visit:
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
    if status not in _FINE:
        return Visit("down", "no-page", status)
    return Visit("up", None, status, answer.milliseconds)


def _followed(base: str, link: str, port: int) -> str | None:
    """Return where a redirect leads, None when that is no page of the web.

    port: of the page where the redirects began. Raises FaultError for one from https to http, or to a port that is
    neither that one nor a usual one. Which addresses may be asked is seen to where they are connected to.
    """
    try:
        # In the form in which it will be asked for, so that robots.txt is held against that.
        url = parse_url(urldefrag(urljoin(base, link)).url).url
    except ValueError:
        return None
    found = origin(url)
    if found is None:
        return None
    if found[2] not in _PORTS | {port} or (found[0] == "http" and urlsplit(base).scheme == "https"):
        raise FaultError("unmonitored", "redirect-unsafe")
    return url
