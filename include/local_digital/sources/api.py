"""A council's HTTPS API as a source: the answers for an interval, page by page, as they came."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jmespath
from jmespath.exceptions import JMESPathError

from local_digital.config.formats import CsvFormat, Format, TreeFormat, XlsxFormat
from local_digital.config.sources import Api, Cursor, NextLink, Offset, PageNumber, Window
from local_digital.errors import ConfigurationError, DataError, RefusedError
from local_digital.parsing import trees
from local_digital.sources import Interval, intervals
from local_digital.sources.answers import AnswerZip, is_round, refuse_error, refuse_web_page
from local_digital.sources.http import Answer, HttpSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_digital.settings import Connection

_BYTE_ORDER_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"
_LONGEST_CURSOR = 4000


@dataclass(frozen=True)
class ApiSource:
    """The API of one feed, reached with one connection's credentials. format: what its answers look like."""

    facts: Api
    connection: Connection
    format: Format
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def intervals(self, complete_until: dt.datetime | None, until: dt.datetime) -> list[Interval]:
        """Return what to ask for, see `WindowSource`: everything at once without a window."""
        window = self.facts.window
        if window is None:
            return [Interval(until, until)]
        return intervals.cut(
            complete_until,
            until,
            first_day=window.first_day,
            again=window.overlap_days,
            days=window.days,
            zone=ZoneInfo(window.time_zone),
        )

    def fetch(self, interval: Interval, folder: Path) -> Path:
        """Read all pages of an interval into a zip, see `WindowSource`.

        Raises TransportError, RefusedError, DataError (an answer that is too large or not of the feed's format, paging
        that does not end or does not work), ConfigurationError.
        """
        path = folder / "answers.zip"
        facts = self.facts
        with (
            HttpSession(
                self.connection,
                auth=facts.auth,
                auth_header=facts.auth_header,
                token_path=facts.token_path,
                scope=facts.scope,
                timeout=facts.timeout_seconds,
                max_bytes=facts.max_bytes,
                requests_a_minute=facts.requests_a_minute,
                sleep=self.sleep,
            ) as session,
            AnswerZip(path, self.format.kind) as answers,
        ):
            whole = 0
            for number, answer in enumerate(_Reading(facts, self.format, session).pages(interval), 1):
                whole += len(answer.body)
                if number > facts.max_pages:
                    raise _endless(session.where, f"at most {facts.max_pages} pages (`max_pages`)", "more")
                if whole > self.format.max_bytes:
                    # What is larger is not read by the next step either.
                    limit = f"at most {self.format.max_bytes:,} bytes in all pages (`format.max_bytes`)"
                    raise _endless(session.where, limit, "more")
                answers.add(answer.body)
        return path


@dataclass(frozen=True)
class _Reading:
    facts: Api
    format: Format
    session: HttpSession

    def pages(self, interval: Interval) -> Iterator[Answer]:
        query = dict(self.facts.query)
        if self.facts.window:
            query |= bounds(self.facts.window, interval)
        match self.facts.paging:
            case None:
                yield self._checked(self.session.get(self._url, query))[0]
            case PageNumber() | Offset() as paging:
                yield from self._counted_pages(paging, query)
            case Cursor() as paging:
                yield from self._cursors(paging, query)
            case NextLink() as paging:
                yield from self._links(paging, query)

    @property
    def _url(self) -> str:
        return self.session.url(self.facts.path)

    def _counted_pages(self, paging: PageNumber | Offset, query: dict[str, str]) -> Iterator[Answer]:
        if isinstance(self.format, XlsxFormat):
            raise self._not_with("page` or `offset", "a format whose records can be counted")
        if paging.size_parameter and paging.size:
            query[paging.size_parameter] = str(paging.size)
        first = position = paging.first if isinstance(paging, PageNumber) else 0
        before: list[Any] | None = None
        while True:
            ask = self.session.get if before is None else self.session.find
            answer = ask(self._url, {**query, paging.parameter: str(position)})
            if answer is None:
                # Many servers answer 404 past the last page; one that has gone has no first page either.
                self.session.get(self._url, {**query, paging.parameter: str(first)})
                return
            answer, records = self._checked(answer)
            if records and records == before:
                raise _endless(
                    self.session.where,
                    f"another page for another `{paging.parameter}`",
                    "the same page again",
                )
            if records or before is None:
                yield answer
            # Servers cut pages below the size asked for without saying so, at a round number.
            if not records or (paging.size and len(records) < paging.size and not is_round(len(records))):
                return
            before = records
            position += 1 if isinstance(paging, PageNumber) else len(records)

    def _cursors(self, paging: Cursor, query: dict[str, str]) -> Iterator[Answer]:
        if paging.size_parameter and paging.size:
            query[paging.size_parameter] = str(paging.size)
        seen: set[str] = set()
        while True:
            answer, _ = self._checked(self.session.get(self._url, query))
            yield answer
            cursor = self._at(paging.path, answer)
            if cursor is None:
                return
            if cursor in seen:
                raise _endless(self.session.where, "a new cursor in each answer", "one that was there before")
            seen.add(cursor)
            query[paging.parameter] = cursor

    def _links(self, paging: NextLink, query: dict[str, str]) -> Iterator[Answer]:
        answer, _ = self._checked(self.session.get(self._url, query))
        seen = {answer.url}
        while True:
            yield answer
            link = self._at(paging.path, answer) if paging.path else answer.next_link
            if not link:
                return
            url = self.session.same_origin(answer.url, link)
            if url in seen:
                raise _endless(self.session.where, "a new link in each answer", "one that was followed before")
            seen.add(url)
            answer, _ = self._checked(self.session.get(url))

    def _at(self, path: str, answer: Answer) -> str | None:
        """Return the text or number at a JMESPath of a JSON answer, None when it is missing or empty."""
        if not (isinstance(self.format, TreeFormat) and self.format.kind == "json"):
            raise self._not_with("path", "format json")
        document = trees.parsed(answer.body, self.format, self.session.where)
        try:
            found = jmespath.compile(path).search(document)
        except (JMESPathError, RecursionError):
            # A function that meets another type than it takes: no sign that there is no further page.
            found = {}
        if found is None or found is False or found == "":
            return None
        if not isinstance(found, str | int) or found is True or len(str(found)) > _LONGEST_CURSOR:
            raise DataError(
                self.session.where,
                expected=f"a text of at most {_LONGEST_CURSOR:,} characters, or a number, at `{path}`",
                found="something else",
                action="Mend `paging.path` in the council's file.",
            )
        return str(found)

    def _checked(self, answer: Answer) -> tuple[Answer, list[Any]]:
        return answer, records(answer.body, self.format, self.session.where)

    def _not_with(self, key: str, expected: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.session.where}: `paging` with `{key}`",
            expected=expected,
            found=f"format {self.format.kind}",
            action="Choose another `paging` in the council's file.",
        )


def bounds(window: Window, interval: Interval) -> dict[str, str]:
    """Return the parameters that ask for an interval, in the format and zone of a feed's window.

    Where the format is coarser than the interval they ask for more, never for less.
    """
    zone = ZoneInfo(window.time_zone)
    unit = _unit(window.date_format)
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    if window.until_is == "inclusive":
        end -= dt.timedelta(microseconds=1)
        if unit < dt.timedelta(days=1):
            # What happened within the last unit may lie beyond a bound that names its beginning.
            start -= unit
    elif _written(end, window.date_format) == _written(end - dt.timedelta(microseconds=1), window.date_format):
        end += unit
    asked = {window.from_parameter: _written(start, window.date_format)}
    if window.until_parameter:
        asked[window.until_parameter] = _written(end, window.date_format)
    return asked


def _unit(date_format: str) -> dt.timedelta:
    """Return the smallest step of time that a format can tell."""
    start = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    steps = (dt.timedelta(microseconds=1), dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1))
    for step in steps:
        if _written(start + step, date_format) != _written(start, date_format):
            return step
    return dt.timedelta(days=1)


def _written(moment: dt.datetime, date_format: str) -> str:
    offset = moment.isoformat()[-6:]  # with a colon, which strftime leaves out
    return moment.strftime(re.sub(r"%[%z]", lambda code: offset if code[0] == "%z" else "%%", date_format))


def records(body: bytes, facts: Format, where: str) -> list[Any]:
    """Return the records of an answer, for counting and comparing; of a workbook none.

    Raises RefusedError when it is a web page or an error, DataError when it is not of this format.
    """
    if isinstance(facts, XlsxFormat):
        if not body.startswith(b"PK"):
            raise RefusedError(
                where,
                expected="a workbook",
                found="something else",
                action="Open the address with the same account, and compare `format` in the council's file.",
            )
        return []
    refuse_web_page(body, facts.kind, where)
    if isinstance(facts, CsvFormat):
        return _rows(body, facts, where)
    if facts.kind == "ndjson" and not body.strip():
        return []
    found = [record for _, record in trees.records(body, facts, where)]
    if not found and isinstance(facts, TreeFormat):
        refuse_error(body, facts, where)
    return found


def _rows(body: bytes, facts: CsvFormat, where: str) -> list[list[str]]:
    encoding = "utf-16" if body.startswith(_BYTE_ORDER_MARKS_16) else "utf-8-sig"
    # Nothing but these ends a row: a vertical tab in a cell would make two of one, and paging would skip the next.
    lines = list(io.StringIO(body.decode(encoding, errors="replace"), newline=""))
    head = lines[0] if lines else ""
    delimiter = max(_DELIMITERS, key=head.count) if facts.delimiter == "auto" else facts.delimiter
    plain = facts.quote == "none"
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=None if plain else facts.quote,
        quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL,
        escapechar=facts.escape,
    )
    try:
        rows = list(reader)
    except csv.Error:
        raise DataError(
            where,
            expected="an answer in CSV",
            found="text that is none",
            action="Compare `format` in the council's file with what the API sends.",
        ) from None
    header = 0 if facts.names else facts.header_line or 1
    return [row for row in rows[header:] if any(cell.strip() for cell in row)]


def _endless(where: str, expected: str, found: str) -> DataError:
    return DataError(
        where,
        expected=expected,
        found=found,
        action="Nothing landed, since some records might be missing. Mend `paging` in the council's file.",
    )
