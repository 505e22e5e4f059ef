"""An Open311 GeoReport v2 server as a source (https://wiki.open311.org/GeoReport_v2/, GET service requests).

The window of a question is one of report times, and servers cut long answers without saying so: often at 1,000, some
at a limit that they never announce. So a full answer is asked for again in two halves, and only whole ones are kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_digital.errors import DataError, RefusedError
from local_digital.parsing import trees
from local_digital.sources import Interval, intervals
from local_digital.sources.answers import AnswerZip, is_round, refuse_error, refuse_web_page
from local_digital.sources.http import HttpSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from local_digital.config.formats import TreeFormat
    from local_digital.config.sources import Open311
    from local_digital.settings import Connection

_SECOND = dt.timedelta(seconds=1)
_MOST_PAGES = 10_000
# Ninety days are 7,776,000 seconds, and a server that cuts every answer could have each of them asked for.
_MOST_QUESTIONS = 20_000
# What a service request has at least one of, and an error does not.
_SIGNS = frozenset({"service_request_id", "token", "service_code", "requested_datetime"})


@dataclass(frozen=True)
class Open311Source:
    """The service requests of one feed. format: of the answers, see `Feed.reads_as`."""

    facts: Open311
    connection: Connection
    format: TreeFormat
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def intervals(self, complete_until: dt.datetime | None, until: dt.datetime) -> list[Interval]:
        """Return what to ask for, see `WindowSource`; in days of 24 hours, of which servers allow 90."""
        return intervals.cut(
            complete_until,
            until,
            first_day=self.facts.first_day,
            again=self.facts.reread_days,
            days=self.facts.days,
            zone=dt.UTC,
        )

    def fetch(self, interval: Interval, folder: Path) -> Path:
        """Read all requests reported in an interval into a zip, see `WindowSource`.

        Raises TransportError, RefusedError (also errors and web pages with status 200), DataError (an answer that
        cannot be shown to be complete, or is too large), ConfigurationError.
        """
        path = folder / "answers.zip"
        with (
            HttpSession(
                self.connection,
                timeout=self.facts.timeout_seconds,
                max_bytes=self.facts.max_bytes,
                requests_a_minute=self.facts.requests_a_minute,
                sleep=self.sleep,
            ) as session,
            AnswerZip(path, self.format.kind) as answers,
        ):
            for body in _Reading(self.facts, self.format, session).whole(interval.start, interval.end):
                answers.add(body)
        return path


@dataclass
class _Reading:
    """most: the longest answer so far; a shorter one was not cut. pages: whether the server is thought to have any.
    asked: how many questions so far.
    """

    facts: Open311
    format: TreeFormat
    session: HttpSession
    most: int = 0
    pages: bool = True
    asked: int = 0

    def whole(self, start: dt.datetime, end: dt.datetime) -> Iterator[bytes]:
        """Yield answers that are whole and together cover a range, in its order."""
        bodies = self._all(start, end)
        if bodies is not None:
            yield from bodies
            return
        if end - start <= _SECOND:
            raise DataError(
                self.session.where,
                expected="whole answers for a single second",
                found=f"one that may be cut, at {self.most} requests",
                action="Nothing landed, since some might be missing. Ask for the server's limit and set `limit` or "
                "`page_size` in the council's file.",
            )
        middle = start + max((end - start) // 2 // _SECOND, 1) * _SECOND
        # Both halves have the second between them: some servers take the end in, others leave it out.
        yield from self.whole(start, middle)
        yield from self.whole(middle, end)

    def _all(self, start: dt.datetime, end: dt.datetime) -> list[bytes] | None:
        """Return all pages of a range, None when they cannot be shown to be all there is."""
        size = self.facts.page_size if self.pages else None
        limit = self.facts.limit
        # Where time cannot be divided any more, a limit that the council has stated is believed.
        limit_is_known = end - start <= _SECOND and "limit" in self.facts.model_fields_set
        bodies: list[bytes] = []
        whole = 0
        seen: set[str] = set()
        for page in range(1, _MOST_PAGES):
            body, keys = self._ask(start, end, page if size else None)
            if keys or not bodies:
                bodies.append(body)
            self.most = max(self.most, len(keys))
            whole += len(body)
            if whole > max(self.facts.max_bytes, len(body)):
                # The pages of a range are held until it is known to be whole: of half a range there are fewer.
                return None
            in_doubt = len(keys) == self.most and is_round(len(keys)) and not limit_is_known
            if len(keys) < min(size or limit, limit) and not in_doubt:
                return bodies
            if not size:
                return None
            if seen.issuperset(keys):
                self.pages = False
                return self._all(start, end)
            seen.update(keys)
        return None

    def _ask(self, start: dt.datetime, end: dt.datetime, page: int | None) -> tuple[bytes, list[str]]:
        """Return an answer and a key for each request in it: its id, or its token, or all it says."""
        self.asked += 1
        if self.asked > _MOST_QUESTIONS:
            raise DataError(
                self.session.where,
                expected=f"an interval to be answered in {_MOST_QUESTIONS:,} questions",
                found="answers that may be cut, over and over",
                action="Nothing landed. Set `limit` or `page_size` to the server's, or ask for fewer `days` at once.",
            )
        asked = dict(self.facts.query)
        asked |= {"start_date": _written(start), "end_date": _written(end)}
        if self.facts.jurisdiction_id:
            asked["jurisdiction_id"] = self.facts.jurisdiction_id
        if self.facts.services:
            asked["service_code"] = ",".join(self.facts.services)
        if self.session.connection.password:
            asked["api_key"] = self.session.connection.password
        if page:
            asked |= {"page": str(page), "page_size": str(self.facts.page_size)}
        body = self.session.get(self.session.url(f"requests.{self.facts.answers}"), asked).body
        refuse_web_page(body, self.format.kind, self.session.where)
        return body, [_key(record) for record in self._requests(body)]

    def _requests(self, body: bytes) -> list[Mapping[str, Any]]:
        try:
            found = [record for _, record in trees.records(body, self.format, self.session.where)]
        except DataError:
            found = [{}]
        if not found:
            refuse_error(body, self.format, self.session.where)
        if not all(record.keys() & _SIGNS for record in found):
            raise RefusedError(
                self.session.where,
                expected="a list of service requests",
                found="an error with status 200, or another document",
                action="Check endpoint, API key, `jurisdiction_id`, `services` and `answers`.",
            )
        return found


def _key(record: Mapping[str, Any]) -> str:
    key = json.dumps(record.get("service_request_id") or record.get("token") or record, sort_keys=True)
    return hashlib.sha256(key.encode()).hexdigest()


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
