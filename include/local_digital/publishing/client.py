"""A client for one data set on the performance platform (the Backdrop write and read API), on requests.

No error, log line or representation holds the token or a record's value: a 401 body echoes the token and is never
read, and of a 400's messages only the names of our own keys come through. (Reference: performance-platform contract.)
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import re
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar
from urllib.parse import quote

import requests

from local_digital.addresses import is_safe_address
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.patience import PASSING_STATUS, PassingError, Patience, is_untrusted, may_pass, retry_after
from local_digital.publishing.records import Record, as_stored, check_batch, is_usable_id
from local_digital.sources.http import BareSession, body_of, within

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

BATCH = 500
GZIP_ABOVE = 2_048
# The platform refuses what unpacks to more than 10 MiB.
UNPACKED_BELOW = 10 * 2**20

_OK = 200
_BAD_RECORDS = 400
_UNKNOWN_ID_OR_FAULT = 500
_DEEPEST = 20
_NAME = re.compile(r"[a-z0-9-]{1,60}")
_TOKEN = re.compile(r"[!-~]+")
_NOT_THE_PLATFORM = "status 200 with an answer that is not the platform's"

_log = logging.getLogger(__name__)
_Outcome = TypeVar("_Outcome")


class _Answer(NamedTuple):
    """body: of answers whose words are read; nobody asks those of the others. retry_after: seconds."""

    status: int
    body: bytes
    retry_after: float | None


@dataclass(frozen=True, eq=False)
class DataSetClient:
    """One data set: send, delete and empty it with its own token, and read it back.

    base_url, read_url: where the write and the read API are; http only on this machine. token: sent with writes only,
    since reading needs none. connect_timeout, timeout, longest_wait: seconds; the platform may hold a write for 35 s
    and stores it after we have gone, so `timeout` is 60 or more. longest: seconds that one request may take in all,
    however slowly bytes trickle in; five time-outs when not given. attempts: how often a passing fault is met before
    giving up. max_bytes: of one answer, unpacked. ca_file: PEM certificates to trust in place of the usual ones. sleep:
    waits that many seconds.

    Raises ConfigurationError when one of these cannot be right. No proxy and no .netrc of the account that runs us
    has a say in where a token goes.
    """

    base_url: str
    data_group: str
    data_type: str
    token: str = field(repr=False)
    _: KW_ONLY
    read_url: str | None = None
    connect_timeout: float = 10.0
    timeout: float = 60.0
    longest: float | None = None
    attempts: int = 5
    longest_wait: float = 60.0
    max_bytes: int = 1 << 28
    ca_file: str | Path | None = None
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _session: requests.Session = field(init=False, repr=False, default_factory=BareSession)

    def __post_init__(self) -> None:
        for key in ("data_group", "data_type"):
            if not _NAME.fullmatch(getattr(self, key)):
                raise self._unusable(key, "1 to 60 of a-z, 0-9 and -")
        for key, url in (("base_url", self.base_url), ("read_url", self.read_url or self.base_url)):
            if not is_safe_address(url or ""):
                raise self._unusable(
                    key, "an https address (http only on this machine) without user name, query or fragment"
                )
        if not _TOKEN.fullmatch(self.token or ""):
            raise self._unusable("token", "the bearer token of this data set, printable ASCII without white space")
        if self.ca_file is not None:
            try:
                ssl.create_default_context(cafile=self.ca_file)
            except OSError:
                raise self._unusable("ca_file", "a readable file of PEM certificates") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def send(self, records: Iterable[Record]) -> Iterator[list[Record]]:
        """Store records in batches while being iterated; yield each batch once the platform has it.

        Everything is checked by the call itself, before the first byte leaves. A record replaces the one with its
        `_id`, so sending again is always safe. Raises DataError (nothing was sent), RefusedError, TransportError (the
        batches yielded so far are stored, perhaps one more).
        """
        checked = list(records)
        check_batch(checked, self.data_type)
        return self._send_batches(checked)

    def delete(self, record_id: str) -> None:
        """Remove a record; one that is already gone is fine. Raises DataError, RefusedError, TransportError."""
        if not is_usable_id(record_id):
            raise DataError(
                self._where,
                expected="the id of a record to delete",
                found="a text that cannot be one",
                action="It was not deleted, and is not one of ours: have whoever runs the platform remove it.",
            )

        def attempt() -> None:
            try:
                self._write("DELETE", path="/" + quote(record_id, safe=""))
            except PassingError as fault:
                # An unknown id is answered like a passing fault. Reading tells them apart.
                if fault.status != _UNKNOWN_ID_OR_FAULT or self._holds(record_id):
                    raise

        self._insist(attempt)

    def holds(self, record_id: str) -> bool:
        """Say whether the data set has a record of this id, whatever that looks like. Raises as `read_all`."""
        return self._insist(partial(self._holds, record_id))

    def empty(self) -> None:
        """Remove every record of the data set. Raises RefusedError, TransportError."""
        self._insist(partial(self._write, "PUT", body=b"[]"))

    def read_all(self) -> list[Record]:
        """Return every stored record as it was sent, past any cache. Raises RefusedError, TransportError."""
        return [as_stored(record) for record in self._insist(self._read)]

    @property
    def _where(self) -> str:
        return f"platform data set {self.data_group}/{self.data_type}"

    def _unusable(self, key: str, expected: str) -> ConfigurationError:
        found = "something else" if getattr(self, key) else "it is empty"
        return ConfigurationError(
            f"{self._where}: {key}",
            expected=expected,
            found=found,
            action="Mend the platform's connection or the council's `platform` (docs/adding-a-council.md#connections).",
        )

    def _send_batches(self, records: list[Record]) -> Iterator[list[Record]]:
        for batch, body in _bodies(records):
            keys = frozenset(key for record in batch for key in record)
            self._insist(partial(self._write, "POST", body=body, keys=keys))
            yield batch

    def _holds(self, record_id: str) -> bool:
        return any(record.get("_id") == record_id for record in self._read({"filter_by": f"_id:{record_id}"}))

    def _write(self, method: str, *, path: str = "", body: bytes | None = None, keys: Collection[str] = ()) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if GZIP_ABOVE < len(body) < UNPACKED_BELOW:
                body = gzip.compress(body, mtime=0)
                headers["Content-Encoding"] = "gzip"
        answer = self._ask(method, self.base_url, path=path, headers=headers, body=body)
        self._judge(answer, keys)
        if _facts(answer).get("status") != "ok":
            raise PassingError(_NOT_THE_PLATFORM)

    def _read(self, parameters: dict[str, str] | None = None) -> list[Record]:
        # Proxies may hold an answer for half an hour.
        headers = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        answer = self._ask("GET", self.read_url or self.base_url, headers=headers, parameters=parameters)
        self._judge(answer)
        records = _facts(answer).get("data")
        if not isinstance(records, list) or not all(
            isinstance(record, dict) and _is_plain(record) for record in records
        ):
            raise PassingError(_NOT_THE_PLATFORM)
        return records

    def _ask(
        self,
        method: str,
        base: str,
        *,
        headers: dict[str, str],
        path: str = "",
        body: bytes | None = None,
        parameters: dict[str, str] | None = None,
    ) -> _Answer:
        longest = self.longest or 5 * self.timeout

        ends = time.monotonic() + longest

        def exchange() -> _Answer:
            with self._session.request(
                method,
                f"{base.rstrip('/')}/data/{self.data_group}/{self.data_type}{path}",
                data=body,
                params=parameters,
                headers=headers,
                timeout=(self.connect_timeout, self.timeout),
                allow_redirects=False,  # a token must not travel to wherever an answer points
                verify=True if self.ca_file is None else str(self.ca_file),
                stream=True,
            ) as response:
                return _Answer(response.status_code, self._body(response, ends), retry_after(response))

        # requests' own errors carry the request with its headers, so ours are raised where no error is handled and
        # hold only the name of theirs.
        try:
            return within(longest, exchange)
        except TimeoutError:
            name, untrusted, passing = f"no whole answer within {longest:g} s", False, True
        except requests.RequestException as error:
            name = type(error).__name__
            untrusted = is_untrusted(error)
            passing = may_pass(error)
        if passing:
            raise PassingError(name)
        raise RefusedError(
            self._where,
            expected="a connection to the platform",
            found="a certificate that is not trusted" if untrusted else name,
            action="Check the address, and `ca_file` where the platform has a certificate of its own.",
        )

    def _body(self, response: requests.Response, ends: float) -> bytes:
        if response.status_code not in {_OK, _BAD_RECORDS}:
            return b""
        body = body_of(response, self.max_bytes, ends)
        if body is None:
            raise RefusedError(
                self._where,
                expected=f"an answer of at most {self.max_bytes:,} bytes",
                found="a larger one",
                action="Check that the address in the platform's connection is the platform's own.",
            )
        return body

    def _judge(self, answer: _Answer, keys: Collection[str] = ()) -> None:
        status = answer.status
        if status in PASSING_STATUS:
            raise PassingError(f"status {status}", status=status, retry_after=answer.retry_after)
        if status != _OK:
            complaint = _complaint(answer, keys) if status == _BAD_RECORDS else ""
            raise RefusedError(
                self._where, expected="status 200", found=f"status {status}{complaint}", action=_action(status)
            )

    def _insist(self, attempt: Callable[[], _Outcome]) -> _Outcome:
        try:
            return Patience(self._where, self.attempts, self.longest_wait, self.sleep).insist(attempt)
        except PassingError as fault:
            found = f"{fault} at the last of {self.attempts} attempts"
        raise TransportError(
            self._where,
            expected="the platform to answer with status 200",
            found=found,
            action="The next run tries again; nothing is lost, and sending again is safe.",
        )


def _bodies(records: list[Record]) -> Iterator[tuple[list[Record], bytes]]:
    for start in range(0, len(records), BATCH):
        yield from _small_enough(records[start : start + BATCH])


def _small_enough(batch: list[Record]) -> Iterator[tuple[list[Record], bytes]]:
    body = json.dumps(batch, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) < UNPACKED_BELOW or len(batch) == 1:
        # A single record beyond the limit goes out plain, for which the platform has none.
        yield batch, body
    else:
        middle = len(batch) // 2
        yield from _small_enough(batch[:middle])
        yield from _small_enough(batch[middle:])


def _facts(answer: _Answer) -> dict[str, object]:
    try:
        facts = json.loads(answer.body)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise PassingError(_NOT_THE_PLATFORM)
    return facts


def _is_plain(value: object, depth: int = 0) -> bool:
    """Say whether a value is one that JSON has, NaN and infinity being none, and not nested without end."""
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return depth < _DEEPEST and all(_is_plain(inner, depth + 1) for inner in value.values())
        case list():
            return depth < _DEEPEST and all(_is_plain(inner, depth + 1) for inner in value)
        case _:
            return True


def _complaint(answer: _Answer, keys: Collection[str]) -> str:
    """Say how many messages a 400 has and which of our keys they name; the messages themselves may quote values."""
    try:
        messages = [str(message) for message in json.loads(answer.body)["messages"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    words = {word for message in messages for word in re.findall(r"\w+", message)}
    named = ", ".join(f"`{key}`" for key in sorted(words.intersection(keys)))
    return f" with {len(messages)} messages" + (f" about {named}" if named else "")


def _action(status: int) -> str:
    token = "Check the token of this data set in the platform's connection; it may have been revoked."  # noqa: S105 - advice
    actions = {
        400: "The platform did not accept the request; compare the data set's record contract.",
        401: token,
        403: token,
        404: "Have the data set created on the platform, or mend `data_group` or the data type.",
        413: "Report this: the batch was larger than the platform, or a proxy before it, takes.",
    }
    return actions.get(status, "Check that the address in the platform's connection is the platform's own.")
