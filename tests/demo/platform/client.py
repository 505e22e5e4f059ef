"""A client of the stand-in, served over real HTTP from a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from sqlalchemy import Engine

from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving

GROUP = "solihull-local-authority"


def data_set(data_type: str, *, data_group: str = GROUP) -> DataSet:
    """A data set whose token is told apart from all others by its data type."""
    return DataSet(data_group=data_group, data_type=data_type, token=f"{data_type}-token")


CHANNELS = data_set("transactions-by-channel")
WARDS = data_set("missed-bin-by-ward")
MONITORING = data_set("monitoring")
SATISFACTION = data_set("customer-satisfaction")


class Client:
    """Speaks to one data set of a served stand-in, as the publisher would."""

    def __init__(self, base_url: str, target: DataSet) -> None:
        self.base_url = base_url
        self.url = base_url + target.path
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {target.token}"

    def of(self, target: DataSet) -> Client:
        """A client of another data set of the same stand-in."""
        return Client(self.base_url, target)

    def send(self, method: str, path: str = "", **how: Any) -> requests.Response:
        return self._session.request(method, self.url + path, timeout=30, **how)

    def post(self, body: object) -> requests.Response:
        return self.send("POST", json=body)

    def post_raw(self, body: bytes, **headers: str) -> requests.Response:
        """Post bytes as they are. headers: `_` stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", data=body, headers={"Content-Type": "application/json", **named})

    def store(self, *records: dict[str, Any]) -> None:
        """Post records that must be taken."""
        answer = self.post(list(records))
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def read(self, *parameters: tuple[str, str], **named: str) -> list[dict[str, Any]]:
        """The data of a read that must succeed."""
        answer = self.send("GET", params=[*parameters, *named.items()])
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"data"}
        return list(answer.json()["data"])

    def refusal(self, *parameters: tuple[str, str], **named: str) -> str:
        """The message of a read that must be refused as a bad request."""
        answer = self.send("GET", params=[*parameters, *named.items()])
        assert answer.status_code == 400, answer.text
        body = answer.json()
        assert body.keys() == {"message", "status"}
        assert body["status"] == "error"
        return str(body["message"])


@contextmanager
def started(engine: Engine) -> Iterator[Client]:
    """A freshly started stand-in, over a database that may hold records already."""
    with serving(create_app(engine, [CHANNELS, WARDS, MONITORING, SATISFACTION])) as base_url:
        yield Client(base_url, CHANNELS)


def weekly(monday: str, channel: str, count: Any, **more: Any) -> dict[str, Any]:
    """One weekly record of the channel data set. monday: as YYYY-MM-DD."""
    record = {"_id": f"{monday}.week.{channel}", "_timestamp": f"{monday}T00:00:00+00:00", "period": "week"}
    return {**record, "channel": channel, "count": count, **more}
