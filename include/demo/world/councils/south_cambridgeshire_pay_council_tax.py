"""South Cambridgeshire: council tax as monthly counts in JSON, by the last day of each month of the calendar year."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.council_tax import returns
from demo.world.counting import Count, Line, dealings, months, restated, stated
from demo.world.dealings import Delivery
from demo.world.entries import FileFeed, written_at
from demo.world.writing import json_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld

_FIRST = dt.date(2025, 1, 1)
_MONTHS = months(_FIRST, 15)
_LINES = (
    Line("direct_debit", "direct-debit", 52_300, 53_900, "direct_debit", "direct-debit", 18_800),
    Line("website", "online", 5_600, 7_100, "card", "card", 17_900),
    Line("phone", "phone", 1_900, 1_350, "card", "card", 16_800),
    Line("phone_auto", "phone-automated", 2_100, 1_900, "card", "card", 16_600),
    Line("post_office", "paypoint", 1_700, 1_500, "cash", "cash", 11_400),
    Line("bank", "bank-transfer", 4_100, 4_000, "bank", "bank-transfer", 19_200),
    Line("post", "post", 420, 260, "cheque", "cheque", 18_600),
)
_LATE = {(dt.date(2025, 6, 1), "bank"): 73}
_FILES = (5, 11, 12, 13, 14)


@cache
def _counts() -> list[Count]:
    return restated(returns(57_03, _LINES, _FIRST, len(_MONTHS)), _LATE)


def _files() -> Iterator[Delivery]:
    for place in _FILES:
        month = _MONTHS[place]
        told = stated(_counts(), month.replace(month=1), month)
        document = {
            "authority": "E07000012",
            "returns": [
                {
                    "monthEnding": f"{_last_day(count.starts):%d/%m/%Y}",
                    "contact": {"channel": count.line.word, "tender": count.line.method_word},
                    "transactions": count.completed,
                    "received": float(count.pounds),
                }
                for count in told
            ],
        }
        name = f"outgoing/council-tax/ctax-{month:%Y%m}.json"
        yield Delivery(name, json_file(document), written_at(month + dt.timedelta(days=32), 1, 0))


def _last_day(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("south-cambridgeshire", "pay-council-tax", "sftp", lambda: dealings(_counts()), _files),
)
