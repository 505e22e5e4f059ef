"""GET requests to one council's server, with its credentials, within limits, and with patience for passing faults.

No error, log line or representation holds a secret, a URL (API keys travel in queries) or the body of an answer.
Secrets go to the connection's own origin only, and to the token address that the council's file names.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Literal, Self, TypeVar
from urllib.parse import urljoin

import requests

from local_digital.addresses import is_safe_address, origin
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.patience import PASSING_STATUS, PassingError, Patience, is_untrusted, may_pass, retry_after
from local_digital.settings import Connection
from local_digital.unlogged import drop_debug_of

Auth = Literal["none", "bearer", "header", "basic", "oauth2"]

_OK = 200
_UNAUTHORISED = 401
_NOT_FOUND = 404
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_LONGEST_LINK = 4000
_CONNECT_SECONDS = 10.0
_CHUNK = 1 << 16
_TOKEN_BYTES = 1 << 20
# A token is renewed this long before its end, or after nine tenths of its life where that is short.
_RENEW_BEFORE = 30.0
_SECRET = re.compile(r"[!-~]([ -~]*[!-~])?")
_ACTIONS = {
    400: "Compare `source` in the council's file with the API's documentation.",
    401: "Check the secrets in the connection and `auth`; they may have expired.",
    403: "Ask the council to let this account read the API.",
    404: "Check the base URL in the connection and `path` in the council's file.",
    410: "Ask the council where the API has moved to.",
}

# It notes every URL with its query, keys included.
drop_debug_of("urllib3.connectionpool")
_T = TypeVar("_T")


class BareSession(requests.Session):
    """A session for programs: no cookies, of which a server could send any number; no proxy, .netrc or redirect.

    requests looks up where a redirect leads even where it is not to follow it, and reads the body for that, all of it,
    however large.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the parent's signature
        return None


def body_of(response: requests.Response, most: int, ends: float) -> bytes | None:
    """Return the body of a streamed answer, content-decoded; None when it has more bytes than `most`.

    ends: by `time.monotonic`. Raises TimeoutError when the body is still coming then, and requests' own errors.
    """
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > most:
            return None
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(body)


@dataclass(frozen=True)
class Answer:
    """body: content-decoded. url: where it came from, to resolve links against. next_link: of its Link header."""

    status: int
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    next_link: str | None = field(default=None, repr=False)


@dataclass(eq=False)
class HttpSession:
    """A conversation with the server of one connection; use it as a context manager.

    connection: host is the base URL, https except on this machine. Its extra may hold `ca_file` (a path) or `ca` (PEM
    text): certificates to trust in place of the usual ones. auth, auth_header, token_path, scope: see `Api`. timeout:
    seconds to wait for a byte. longest: seconds that one request may take in all, however slowly bytes trickle in;
    five time-outs when not given. max_bytes: of one answer, unpacked. attempts: how often a passing fault is met.
    longest_wait: cap on what Retry-After asks for. sleep: waits that many seconds.

    Entering raises ConfigurationError when one of these cannot be right. No proxy and no .netrc of the account that
    runs us has a say in where a secret goes.
    """

    connection: Connection
    _: KW_ONLY
    auth: Auth = "none"
    auth_header: str = "X-API-Key"
    token_path: str = "/oauth/token"  # noqa: S105 - an address
    scope: str | None = None
    timeout: float = 60.0
    longest: float | None = None
    max_bytes: int = 1 << 28
    requests_a_minute: int | None = None
    attempts: int = 5
    longest_wait: float = 120.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _session: requests.Session = field(init=False, repr=False, default_factory=BareSession)
    _closing: ExitStack = field(init=False, repr=False, default_factory=ExitStack)
    _token: str | None = field(init=False, repr=False, default=None)
    _token_ends: float | None = field(init=False, repr=False, default=None)
    _next_request: float = field(init=False, repr=False, default=0.0)

    def __enter__(self) -> Self:
        self.connection.require("host", *_needed(self.auth))
        for address in (self.connection.host, *([self._token_url] if self.auth == "oauth2" else [])):
            if not is_safe_address(address):
                raise self._unusable(
                    "an https address (http only on this machine) without user name, query or fragment",
                    "something else",
                )
        if self.auth in {"bearer", "header"} and not _SECRET.fullmatch(self.connection.password):
            raise self._unusable("a password that fits in a header: printable ASCII", "other characters")
        self._closing.enter_context(self._session)
        self._session.headers["Accept-Encoding"] = "gzip, deflate"
        self._session.verify = self._trusted()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def url(self, path: str) -> str:
        """Return the URL of a path below the base URL."""
        return self.connection.host.rstrip("/") + ("/" + path.lstrip("/") if path else "")

    def get(self, url: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Return the answer of status 200 to a GET, redirects within the origin followed.

        Raises RefusedError (any other status, another origin, an untrusted certificate), DataError (too large),
        TransportError (a passing fault that did not pass).
        """
        answer = self.find(url, parameters)
        if answer is None:
            raise self._refused(_NOT_FOUND)
        return answer

    def find(self, url: str, parameters: Mapping[str, str] | None = None) -> Answer | None:
        """As `get`, but None where the server answers that there is no such thing (404)."""
        answer = self._insist(partial(self._get, url, parameters))
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise self._refused(answer.status)
        return answer

    def same_origin(self, base: str, link: str) -> str:
        """Return a link made absolute. Raises RefusedError when it leads to another scheme, host or port."""
        try:
            url = urljoin(base, link) if len(link) <= _LONGEST_LINK else ""
        except ValueError:
            url = ""
        if origin(url) is None or origin(url) != origin(self.connection.host):
            raise RefusedError(
                self.where,
                expected="links and redirects to the same scheme, host and port, no longer than 4,000 characters",
                found="one to another, or a longer one",
                action="Nothing was sent there. Put the API's present address into the connection, if that is it.",
            )
        return url

    @property
    def where(self) -> str:
        return f"API of connection {self.connection.connection_id}"

    @property
    def _token_url(self) -> str:
        return self.token_path if "://" in self.token_path else self.url(self.token_path)

    def _unusable(self, expected: str, found: str) -> ConfigurationError:
        return ConfigurationError(
            f"connection {self.connection.connection_id}",
            expected=expected,
            found=found,
            action="Mend the connection (docs/adding-a-council.md#connections).",
        )

    def _refused(self, status: int) -> RefusedError:
        action = _ACTIONS.get(status, "Ask the council what its API expects.")
        return RefusedError(self.where, expected="status 200", found=f"status {status}", action=action)

    def _trusted(self) -> bool | str:
        ca_file, ca = (str(self.connection.extra.get(name) or "") for name in ("ca_file", "ca"))
        if not (ca_file or ca):
            return True
        if not ca_file:
            # requests takes certificates to trust from files only.
            kept = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="local-digital-"))) / "ca.pem"
            kept.write_text(ca, encoding="utf-8")
            ca_file = str(kept)
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError:
            self._closing.close()
            raise self._unusable("PEM certificates in extra, as `ca_file` (a path) or `ca`", "none") from None
        return ca_file

    def _get(self, url: str, parameters: Mapping[str, str] | None) -> Answer:
        answer = self._follow(url, parameters)
        if answer.status == _UNAUTHORISED and self.auth == "oauth2":
            # A token may be revoked before its time; a fresh one that is refused too is refused for good.
            self._token = None
            answer = self._follow(url, parameters)
        return answer

    def _follow(self, url: str, parameters: Mapping[str, str] | None) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            response_or_link = self._ask("GET", url, parameters=parameters, headers=self._credentials())
            if isinstance(response_or_link, Answer):
                return response_or_link
            url, parameters = self.same_origin(url, response_or_link), None
        raise RefusedError(
            self.where,
            expected=f"at most {_MOST_REDIRECTS} redirects",
            found="more",
            action="Ask the council for the API's present address.",
        )

    def _credentials(self) -> dict[str, str]:
        match self.auth:
            case "none":
                return {}
            case "bearer":
                return {"Authorization": f"Bearer {self.connection.password}"}
            case "header":
                return {self.auth_header: self.connection.password}
            case "basic":
                return {"Authorization": self._basic()}
            case "oauth2":
                return {"Authorization": f"Bearer {self._fresh_token()}"}

    def _basic(self) -> str:
        pair = f"{self.connection.login}:{self.connection.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")

    def _fresh_token(self) -> str:
        """Return the OAuth2 token, a new one when it is about to end (RFC 6749, client credentials)."""
        if self._token and (self._token_ends is None or time.monotonic() < self._token_ends):
            return self._token
        asked = time.monotonic()
        answer = self._ask(
            "POST",
            self._token_url,
            form={"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})},
            headers={"Authorization": self._basic(), "Accept": "application/json"},
            max_bytes=_TOKEN_BYTES,
        )
        status = answer.status if isinstance(answer, Answer) else 302
        try:
            facts = json.loads(answer.body) if isinstance(answer, Answer) and status == _OK else {}
            token = facts["access_token"]
            lifetime = float(facts["expires_in"]) if facts.get("expires_in") else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            token = lifetime = None
        if not isinstance(token, str) or not _SECRET.fullmatch(token):
            raise RefusedError(
                f"{self.where}: token",
                expected="status 200 with an `access_token`",
                found=f"status {status}" if status != _OK else "status 200 without one",
                action="Check login and password of the connection, `token_path` and `scope`.",
            )
        self._token = token
        self._token_ends = None if lifetime is None else asked + max(lifetime - _RENEW_BEFORE, lifetime * 0.9)
        return token

    def _ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> Answer | str:
        """Send one request; return the answer, or where it redirects to."""
        self._space()
        longest = self.longest or 5 * self.timeout
        ends = time.monotonic() + longest

        def exchange() -> Answer | str:
            with self._session.request(
                method,
                url,
                params=parameters,
                data=form,
                headers=dict(headers),
                timeout=(min(_CONNECT_SECONDS, self.timeout), self.timeout),
                allow_redirects=False,  # a secret must not travel to wherever an answer points
                stream=True,
            ) as response:
                return self._judged(response, self.max_bytes if max_bytes is None else max_bytes, ends)

        # requests' own errors carry the request with its headers, so ours are raised where no error is handled and
        # hold only the name of theirs.
        try:
            return within(longest, exchange)
        except TimeoutError:
            found, untrusted, passing = f"no whole answer within {longest:g} s", False, True
        except requests.RequestException as error:
            found = type(error).__name__
            untrusted = is_untrusted(error)
            passing = may_pass(error)
        if passing:
            raise PassingError(found)
        raise RefusedError(
            self.where,
            expected="a connection to the API",
            found="a certificate that is not trusted" if untrusted else found,
            action="Check the address, and `ca` or `ca_file` where the server has a certificate of its own.",
        )

    def _judged(self, response: requests.Response, max_bytes: int, ends: float) -> Answer | str:
        status = response.status_code
        if status in PASSING_STATUS:
            raise PassingError(f"status {status}", retry_after=retry_after(response))
        if status in _REDIRECTS and "Location" in response.headers:
            return response.headers["Location"]
        if status != _OK:
            return Answer(status, b"", url="")
        body = body_of(response, max_bytes, ends)
        if body is None:
            raise DataError(
                self.where,
                expected=f"answers of at most {max_bytes:,} bytes",
                found="a larger one",
                action="Ask for less at once (`days`, `paging`), or raise `max_bytes` in the council's file.",
            )
        url = response.request.url or ""
        return Answer(status, body, url, response.links.get("next", {}).get("url"))

    def _space(self) -> None:
        if self.requests_a_minute is None:
            return
        early = self._next_request - time.monotonic()
        if early > 0:
            self.sleep(early)
        self._next_request = time.monotonic() + 60 / self.requests_a_minute

    def _insist(self, attempt: Callable[[], Answer]) -> Answer:
        try:
            return Patience(self.where, self.attempts, self.longest_wait, self.sleep).insist(attempt)
        except PassingError as fault:
            found = f"{fault} at the last of {self.attempts} attempts"
        raise TransportError(
            self.where,
            expected="the API to answer with status 200",
            found=found,
            action="It is tried again; what has landed already is kept. If it lasts, ask the council.",
        )


def _needed(auth: Auth) -> tuple[str, ...]:
    return {"none": (), "bearer": ("password",), "header": ("password",)}.get(auth, ("login", "password"))


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Return what a piece of work returns, or raise what it raises; TimeoutError when it takes longer than `seconds`.

    A thread of its own, since a socket's time-out starts anew with each byte. One that is given up ends when its server
    falls silent.
    """
    done: Future[_T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="local-digital-request").start()
    return done.result(timeout=seconds)
