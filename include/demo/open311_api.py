"""A GeoReport v2 server with a council's missed bins: JSON, ranges of at most 90 days, and a limit it does not tell."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from demo.case_api import MOMENT, moment_of
from local_digital.config.sources import Open311
from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from local_digital.config.models import Feed

_LONGEST_RANGE = dt.timedelta(days=90)


@dataclass(frozen=True)
class Open311Api:
    """The service requests of one feed. password: the API key, empty where none is asked for.

    Raises ConfigurationError for a feed whose facts ask for more than this server can do.
    """

    where: str
    feed: Feed
    requests: Sequence[Mapping[str, Any]]
    password: str

    path = "/requests.json"

    def __post_init__(self) -> None:
        if self.facts.answers != "json":
            raise ConfigurationError(
                f"{self.where}: sample Open311 server",
                expected="`answers: json`",
                found=self.facts.answers,
                action="Teach include/demo/open311_api.py to serve it.",
            )

    @property
    def facts(self) -> Open311:
        if not isinstance(self.feed.source, Open311):
            raise TypeError(f"{self.where} has no Open311 server")
        return self.feed.source

    def is_asked(self, query: Mapping[str, str]) -> bool:
        """Say whether a query is about this feed's services."""
        asked = query.get("service_code", "")
        return not (asked and self.facts.services) or bool(set(asked.split(",")) & set(self.facts.services))

    def answer(self, request: Request) -> Response:
        """Answer with the newest requests that were reported in a range, both ends included, cut at the limit."""
        query = request.query_params
        if not hmac.compare_digest(query.get("api_key", "").encode(), self.password.encode()):
            return _fault(403, "no such API key")
        if query.get("jurisdiction_id") != self.facts.jurisdiction_id:
            return _fault(404, "no such jurisdiction")
        try:
            start, end = (dt.datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        except (KeyError, ValueError):
            return _fault(400, "start_date and end_date are wanted")
        if not (start.tzinfo and end.tzinfo) or end - start > _LONGEST_RANGE:
            return _fault(400, "times with an offset are wanted, at most 90 days apart")
        services = set(filter(None, query.get("service_code", "").split(",")))
        found = [
            (moment, asked)
            for asked in self.requests
            if start <= (moment := moment_of(asked)) <= end and (not services or asked["service_code"] in services)
        ]
        newest_first = sorted(found, key=lambda each: each[0], reverse=True)
        return JSONResponse(
            [
                {name: value for name, value in asked.items() if name != MOMENT}
                for _, asked in newest_first[: self.facts.limit]
            ]
        )


def _fault(code: int, description: str) -> Response:
    return JSONResponse([{"code": code, "description": description}], code)
