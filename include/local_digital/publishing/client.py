"""A client for one data set on the performance platform (the Backdrop write and read API), on requests.

No error, log line or representation holds the token: a 401 body echoes it and is never read.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from local_digital.errors import ConfigurationError, RefusedError, TransportError
from local_digital.publishing.records import Record, as_stored, check_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BATCH = 500
_GZIP_ABOVE = 2_000
# The platform unpacks at most 10 MiB; half of that leaves room for whatever it counts beside the body.
_LARGEST_BODY = 5 << 20
_PASSING = frozenset({429, 500, 502, 503, 504})
_MISSING_TO_DELETE = 500
_OK = 200
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class DataSetClient:
    """One data set. Times are seconds; a write may hold for 35 s at the other end, so 60 is the least to wait."""

    base_url: str
    data_group: str
    data_type: str
    token: str = field(repr=False)
    connect_timeout: float = 10.0
    timeout: float = 60.0
    attempts: int = 5
    longest_wait: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ConfigurationError(
                self._where, expected="a base URL with https (http only on this machine)",
                found=f"the scheme `{parts.scheme}`", action="Mend the host of the platform's connection.",
            )  # fmt: skip
        if not self.token or any(sign.isspace() for sign in self.token) or not self.token.isascii():
            raise ConfigurationError(
                self._where, expected="a bearer token of this data set", found="none that can be sent",
                action=f"Add extra.tokens.{self.data_type} to the platform's connection.",
            )  # fmt: skip
        # Our own retries know which faults pass; the library's would not.
        self.session.mount("https://", HTTPAdapter(max_retries=0))
        # Neither a .netrc nor a proxy of the account that happens to run us has a say in where a token goes.
        self.session.trust_env = False

    def send(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """Store records, in batches; yield each batch once the platform has it.

        Everything is checked before the first byte leaves. Sending again replaces by `_id`. Raises DataError,
        RefusedError, TransportError (some batches may be stored then: sending again is safe).
        """
        check_batch(records, self.data_type)
        for batch in _batches(records):
            body = json.dumps(batch, allow_nan=False, separators=(",", ":")).encode()
            headers = {"Content-Type": "application/json"}
            if len(body) > _GZIP_ABOVE:
                body = gzip.compress(body, mtime=0)
                headers["Content-Encoding"] = "gzip"
            self._request("POST", "", body=body, headers=headers)
            yield batch

    def delete(self, record_id: str) -> None:
        """Remove a record; one that is already gone is fine.

        The platform answers 500 for an unknown id as it does for a passing fault, so that answer is checked by reading.
        """

        def gone(status: int) -> bool:
            return status == _MISSING_TO_DELETE and not self._read({"filter_by": f"_id:{record_id}"})

        self._request("DELETE", f"/{record_id}", done=gone)

    def read_all(self) -> list[Record]:
        """Return every stored record as it was sent, past any cache."""
        return [as_stored(record) for record in self._read({})]

    def _read(self, parameters: dict[str, str]) -> list[Record]:
        answer = self._request("GET", "", parameters=parameters, headers={"Cache-Control": "no-cache"})
        data = answer.get("data")
        if not isinstance(data, list):
            raise TransportError(
                self._where, expected="a list of records", found="another answer",
                action="Check that the base URL is the platform's.",
            )  # fmt: skip
        return data

    @property
    def _where(self) -> str:
        return f"platform data set {self.data_group}/{self.data_type}"

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, str] | None = None,
        done: Callable[[int], bool] = lambda _status: False,
    ) -> dict[str, object]:
        found = ""
        for attempt in range(1, self.attempts + 1):
            wait: float | None = None
            try:
                answer = self.session.request(
                    method,
                    f"{self.base_url.rstrip('/')}/data/{self.data_group}/{self.data_type}{path}",
                    data=body,
                    params=parameters,
                    headers={**(headers or {}), "Authorization": f"Bearer {self.token}"},
                    timeout=(self.connect_timeout, self.timeout),
                    # A token must not travel to wherever an answer points.
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                found = type(error).__name__
            else:
                if answer.status_code == _OK:
                    try:
                        return dict(answer.json())
                    except (ValueError, TypeError):
                        found = "200 with a body that is not the platform's"
                elif answer.status_code not in _PASSING:
                    raise self._refused(answer)
                elif done(answer.status_code):
                    return {}
                else:
                    found = f"status {answer.status_code}"
                    wait = _retry_after(answer)
            if attempt < self.attempts:
                backoff = random.uniform(0, min(self.longest_wait, 2.0**attempt))  # noqa: S311 - jitter, no secret
                self.sleep(min(wait, self.longest_wait) if wait is not None else backoff)
        raise TransportError(
            self._where,
            expected=f"the platform to take a {method} within {self.attempts} attempts",
            found=found,
            action="It is tried again with the next run; nothing is lost, and sending again is safe.",
        )

    def _refused(self, answer: requests.Response) -> RefusedError:
        action = {
            400: "The platform did not accept the records; compare the data set's contract.",
            401: "Check the token of this data set in the platform's connection; it may have been revoked.",
            403: "Check the token of this data set in the platform's connection.",
            404: "Ask the platform's team to create the data set, or mend `data_group`.",
            413: "Report this: the batch was larger than the platform takes.",
        }.get(answer.status_code, "Check the base URL of the platform's connection.")
        return RefusedError(self._where, expected="status 200", found=f"status {answer.status_code}", action=action)


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        length = len(json.dumps(record))
        if batch and (len(batch) == _BATCH or size + length > _LARGEST_BODY):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += length + 1
    if batch:
        yield batch


def _retry_after(answer: requests.Response) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
