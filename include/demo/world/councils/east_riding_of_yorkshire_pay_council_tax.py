"""East Riding of Yorkshire: council tax as monthly counts in a CSV, each file with the three months before its own."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.council_tax import returns
from demo.world.counting import Count, Line, dealings, months, restated, stated
from demo.world.dealings import Delivery
from demo.world.entries import FileFeed, written_at
from demo.world.writing import csv_file, month_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld

_FIRST = dt.date(2024, 4, 1)
_MONTHS = months(_FIRST, 24)
_CARD, _CASH, _CHEQUE = "Debit or credit card", "Cash", "Cheque"
_LINES = (
    Line("Direct Debit", "direct-debit", 118_000, 121_500, "Direct Debit", "direct-debit", 17_100),
    Line("Website", "online", 14_200, 19_600, _CARD, "card", 15_600, given_up=8),
    Line("My Account", "online", 3_100, 6_400, _CARD, "card", 16_200, given_up=5),
    Line("Automated payment line", "phone-automated", 6_300, 5_100, _CARD, "card", 14_900, given_up=14),
    Line("Telephone", "phone", 5_600, 3_200, _CARD, "card", 15_100),
    Line("Customer Service Centre", "face-to-face", 1_500, 850, _CARD, "card", 13_800),
    Line("Customer Service Centre", "face-to-face", 900, 450, _CASH, "cash", 9_900),
    Line("Customer Service Centre", "face-to-face", 280, 110, _CHEQUE, "cheque", 16_900),
    Line("PayPoint or Post Office", "paypoint", 7_300, 6_500, _CASH, "cash", 8_800),
    Line("Bank transfer or standing order", "bank-transfer", 9_300, 8_800, "Bank transfer", "bank-transfer", 16_400),
    Line("Post", "post", 1_050, 560, _CHEQUE, "cheque", 17_300),
)
# What the bank had not told yet when the month was first stated.
_LATE = {
    (dt.date(2024, 10, 1), "Bank transfer or standing order"): 212,
    (dt.date(2025, 7, 1), "PayPoint or Post Office"): 340,
    (dt.date(2026, 1, 1), "Direct Debit"): 1_250,
}
_FILES = (3, 6, 9, 12, 15, 18, 21, 22, 23)
_STATED_AGAIN = 3


@cache
def _counts() -> list[Count]:
    return restated(returns(57_01, _LINES, _FIRST, len(_MONTHS)), _LATE)


def _files() -> Iterator[Delivery]:
    header = ("Month", "Channel", "Payment method", "Started", "Completed", "Value")
    for place in _FILES:
        month = _MONTHS[place]
        told = list(stated(_counts(), _MONTHS[max(0, place - _STATED_AGAIN)], month))
        rows = [
            [
                f"{month_name(count.starts)} {count.starts.year}",
                count.line.word,
                count.line.method_word,
                f"{count.begun:,}",
                f"{count.completed:,}",
                f"£{count.pounds:,}",
            ]
            for count in told
        ]
        total = sum(count.completed for count in told)
        content = csv_file(header, [*rows, ["Total", "", "", "", f"{total:,}", ""]])
        name = f"outgoing/council-tax/council-tax_{month:%Y-%m}.csv"
        yield Delivery(name, content, written_at(month + dt.timedelta(days=34), 7, 30))


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("east-riding-of-yorkshire", "pay-council-tax", "sftp", lambda: dealings(_counts(), begun=True), _files),
)
