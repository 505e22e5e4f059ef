"""Camden: council tax as monthly counts, a zipped CSV of the last nine months."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.council_tax import returns
from demo.world.counting import Count, Line, dealings, months, restated, stated
from demo.world.dealings import Delivery
from demo.world.entries import FileFeed, written_at
from demo.world.writing import csv_file, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld

_FIRST = dt.date(2024, 4, 1)
_MONTHS = months(_FIRST, 24)
_LINES = (
    Line("Direct Debit", "direct-debit", 48_500, 51_200, "DD", "direct-debit", 15_900),
    Line("Camden Account", "online", 12_900, 17_700, "Debit card", "card", 14_800, given_up=7),
    Line("Contact Camden", "phone", 4_700, 3_100, "Debit card", "card", 14_100),
    Line("Payment line", "phone-automated", 4_900, 4_200, "Debit card", "card", 14_300, given_up=12),
    Line("5 Pancras Square", "face-to-face", 1_100, 620, "Cash", "cash", 9_300),
    Line("Pay points", "paypoint", 4_200, 3_600, "Cash", "cash", 8_100),
    Line("Standing order", "bank-transfer", 5_300, 5_100, "Bank", "bank-transfer", 15_300),
    # Nobody has worked out what such a payment costs; they are some two in a hundred.
    Line("Enforcement agent", "other", 1_900, 1_700, "Other", "other", 21_700),
)
_LATE = {(dt.date(2024, 12, 1), "Pay points"): 150, (dt.date(2025, 6, 1), "Enforcement agent"): 44}
_FILES = (5, 8, 14, 20, 22, 23)
_STATED_AGAIN = 8


@cache
def _counts() -> list[Count]:
    return restated(returns(57_04, _LINES, _FIRST, len(_MONTHS)), _LATE)


def _files() -> Iterator[Delivery]:
    header = ("Month", "Channel", "Tender", "Sessions", "Payments", "Amount (GBP)")
    for place in _FILES:
        month = _MONTHS[place]
        told = stated(_counts(), _MONTHS[max(0, place - _STATED_AGAIN)], month)
        rows = (
            [
                f"{count.starts:%m/%Y}",
                count.line.word,
                count.line.method_word,
                count.begun,
                count.completed,
                count.pounds,
            ]
            for count in told
        )
        content = zipped({f"ctax_{month:%Y%m}.csv": csv_file(header, rows, encoding="windows-1252", delimiter=";")})
        name = f"outgoing/council-tax/ctax_{month:%Y%m}.zip"
        yield Delivery(name, content, written_at(month + dt.timedelta(days=35), 4, 0))


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("camden", "pay-council-tax", "sftp", lambda: dealings(_counts(), begun=True), _files),
)
