"""Small sample worlds of the tests' own, with the councils' files that go with them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from local_digital.config.models import Council

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, Delivery

MISSED_BIN = "report-missed-bin"
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


@dataclass
class World:
    """A feed of files, or of records."""

    council: str
    transaction: str
    source: Literal["sftp", "folder", "api", "open311"]
    files: Sequence[Delivery] = ()
    records: Sequence[dict[str, object]] = ()

    def dealings(self) -> Sequence[Dealing]:
        return ()

    def deliveries(self) -> Iterator[Delivery]:
        return iter(self.files)

    def answers(self) -> Sequence[dict[str, object]]:
        return self.records


def council(slug: str, **feeds: dict[str, Any]) -> Council:
    """A council whose feeds are these, by transaction (`_` stands for `-`)."""
    columns = {
        "record_ref": {"from": "id"}, "reported_at": {"from": "at", "formats": ["iso"]}, "channel": {"value": "online"},
    }  # fmt: skip
    usual = {"delivery": "delta", "columns": columns}
    return Council.model_validate(
        {
            "council": slug, "name": slug.title(), "gss_code": "E06000001", "tier": "unitary",
            "bank_holidays": "england-and-wales", "phase": 2, "schedule": "0 5 * * *",
            "privacy": {"connection": f"{slug}_privacy"},
            "platform": {"connection": f"{slug}_platform", "data_group": f"{slug}-local-authority"},
            "feeds": {name.replace("_", "-"): {**usual, **facts} for name, facts in feeds.items()},
        }
    )  # fmt: skip


def cases(count: int, hours: float = 1, **more: object) -> list[dict[str, object]]:
    """Records an interval apart, numbered from 1."""
    moments = [START + number * dt.timedelta(hours=hours) for number in range(count)]
    return [
        {"id": number, "at": moment.isoformat(), "_moment": moment.isoformat(), **more}
        for number, moment in enumerate(moments, 1)
    ]
