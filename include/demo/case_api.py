"""A council's case system as an HTTPS API, exactly as the council's own file describes it.

Path, fixed parameters, login, window, paging and where the records stand in an answer are all read from the feed's
facts, so that the sample and the file that the pipeline reads it by cannot drift apart.
"""

from __future__ import annotations

import base64
import bisect
import datetime as dt
import hmac
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from local_digital.config.formats import TreeFormat
from local_digital.config.sources import Api, Cursor, PageNumber, Window
from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from local_digital.config.models import Feed

MOMENT = "_moment"
_BAD_REQUEST, _UNAUTHORISED = 400, 401
_USUAL_PAGE, _LARGEST_PAGE = 100, 500
_NAMES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NOTHING = dt.timedelta()
# The finest code in a date format says how long the moment is that it names.
_UNITS = {
    "%f": dt.timedelta(microseconds=1), "%S": dt.timedelta(seconds=1), "%M": dt.timedelta(minutes=1),
    "%H": dt.timedelta(hours=1),
}  # fmt: skip


@dataclass(frozen=True)
class CaseApi:
    """One feed's API. records: of the sample world, each with its moment under `_moment`. password: what it lets in.

    Raises ConfigurationError for a feed whose facts ask for more than this server can do.
    """

    where: str
    feed: Feed
    records: Sequence[Mapping[str, Any]]
    password: str

    def __post_init__(self) -> None:
        able = (
            self.facts.auth in {"none", "bearer", "header"}
            and (self.facts.paging is None or isinstance(self.facts.paging, PageNumber | Cursor))
            and isinstance(self.feed.format, TreeFormat)
            and self.feed.format.kind == "json"
            and all(_NAMES.fullmatch(path) for path in self._paths)
        )
        if not able:
            raise ConfigurationError(
                f"{self.where}: sample API",
                expected="a login by token or key, pages or cursors, and JSON whose paths are plain names",
                found="something else in the council's file",
                action="Teach include/demo/case_api.py to serve it.",
            )

    @property
    def facts(self) -> Api:
        if not isinstance(self.feed.source, Api):
            raise TypeError(f"{self.where} has no API")
        return self.feed.source

    @property
    def path(self) -> str:
        return "/" + self.facts.path.strip("/")

    def is_asked(self, query: Mapping[str, str]) -> bool:
        """Say whether a query has the fixed parameters by which the council tells its services apart."""
        return self.facts.query.items() <= query.items()

    def answer(self, request: Request) -> Response:
        """Answer with a page of the records in the window that was asked for. Raises HTTPException."""
        self._let_in(request)
        query = request.query_params
        found = self._records_in(query)
        start, size = self._page(query)
        body: Any = [
            {name: value for name, value in record.items() if name != MOMENT} for record in found[start : start + size]
        ]
        following = _cursor(start + size) if start + size < len(found) else None
        for path, value in reversed(list(zip(self._paths, (body, following), strict=False))):
            body = _nested(path, value, {} if isinstance(body, list) else body)
        return JSONResponse(body)

    @property
    def _paths(self) -> list[str]:
        """Where an answer has its records and, with cursors, the next one; no path is needed for a bare list."""
        listed = [path for path in [getattr(self.feed.format, "records", None)] if path]
        return [*listed, self.facts.paging.path] if isinstance(self.facts.paging, Cursor) else listed

    @cached_property
    def _ordered(self) -> tuple[list[dt.datetime], list[Mapping[str, Any]]]:
        dated = sorted(((moment_of(record), record) for record in self.records), key=lambda each: each[0])
        return [moment for moment, _ in dated], [record for _, record in dated]

    def _let_in(self, request: Request) -> None:
        match self.facts.auth:
            case "bearer":
                given, wanted = request.headers.get("authorization", ""), f"Bearer {self.password}"
            case "header":
                given, wanted = request.headers.get(self.facts.auth_header, ""), self.password
            case _:
                return
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise HTTPException(_UNAUTHORISED, "who are you?")

    def _records_in(self, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        moments, records = self._ordered
        window = self.facts.window
        if window is None:
            return records
        first, last = 0, len(records)
        if window.from_parameter in query:
            first = bisect.bisect_left(moments, _bound(window, query[window.from_parameter]))
        if window.until_parameter and window.until_parameter in query:
            until = _bound(window, query[window.until_parameter])
            last = bisect.bisect_left(moments, until + (_unit(window) if window.until_is == "inclusive" else _NOTHING))
        return records[first:last]

    def _page(self, query: Mapping[str, str]) -> tuple[int, int]:
        """Return where the page begins and how many records it has at most."""
        match self.facts.paging:
            case Cursor() as paging:
                return _position(query.get(paging.parameter)), self._size(paging, query)
            case PageNumber() as paging:
                size = self._size(paging, query)
                return max(_number(query.get(paging.parameter, str(paging.first))) - paging.first, 0) * size, size
            case _:
                return 0, len(self.records)

    @staticmethod
    def _size(paging: Cursor | PageNumber, query: Mapping[str, str]) -> int:
        asked = query.get(paging.size_parameter, "") if paging.size_parameter else ""
        return min(_number(asked), _LARGEST_PAGE) if asked else paging.size or _USUAL_PAGE


def moment_of(record: Mapping[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(str(record[MOMENT]))


def _bound(window: Window, text: str) -> dt.datetime:
    try:
        moment = dt.datetime.strptime(text, window.date_format)  # noqa: DTZ007 - the zone is the window's
    except ValueError:
        raise HTTPException(_BAD_REQUEST, f"a date of the form {window.date_format} is wanted") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(window.time_zone))


def _unit(window: Window) -> dt.timedelta:
    return next((unit for code, unit in _UNITS.items() if code in window.date_format), dt.timedelta(days=1))


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise HTTPException(_BAD_REQUEST, "a number is wanted")
    return int(text)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"after {position}".encode()).decode()


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("after "))
    except ValueError:
        raise HTTPException(_BAD_REQUEST, "no such cursor") from None


def _nested(path: str, value: Any, within: dict[str, Any]) -> dict[str, Any]:
    """Put a value at a path of names into a document, which it returns."""
    *above, last = path.split(".")
    place = within
    for name in above:
        place = place.setdefault(name, {})
    place[last] = value
    return within
