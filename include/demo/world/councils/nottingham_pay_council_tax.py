"""Nottingham: council tax as monthly counts in a workbook of the financial year so far."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.council_tax import returns
from demo.world.counting import Count, Line, dealings, months, restated, stated
from demo.world.dealings import Delivery
from demo.world.entries import FileFeed, written_at
from demo.world.writing import Cell, month_name, workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld

_FIRST = dt.date(2024, 4, 1)
_MONTHS = months(_FIRST, 24)
_LINES = (
    Line("DD", "direct-debit", 71_000, 72_800, "Direct Debit", "direct-debit", 12_900),
    Line("WEB", "online", 16_800, 21_500, "Card", "card", 11_700),
    Line("APP", "app", 1_400, 3_900, "Card", "card", 11_200),
    Line("AGENT", "phone", 6_900, 4_300, "Card", "card", 11_900),
    Line("IVR", "phone-automated", 8_100, 7_200, "Card", "card", 11_500),
    Line("CASH OFFICE", "face-to-face", 2_300, 1_200, "Cash", "cash", 8_700),
    Line("ALLPAY", "paypoint", 11_600, 10_400, "Cash", "cash", 7_600),
    Line("BACS", "bank-transfer", 5_900, 5_700, "Bank transfer", "bank-transfer", 13_100),
    Line("POST", "post", 740, 380, "Cheque", "cheque", 12_300),
)
_LATE = {(dt.date(2025, 2, 1), "ALLPAY"): 415, (dt.date(2025, 9, 1), "BACS"): 96}
# September 2024, February and March, September 2025, February and March.
_FILES = (5, 10, 11, 17, 22, 23)
_YEAR = 12


@cache
def _counts() -> list[Count]:
    return restated(returns(57_02, _LINES, _FIRST, len(_MONTHS)), _LATE)


def _files() -> Iterator[Delivery]:
    header = ("Period", "Method", "How paid", "No.", "Total £")
    for place in _FILES:
        month = _MONTHS[place]
        told = stated(_counts(), _MONTHS[place // _YEAR * _YEAR], month)
        rows: list[list[Cell]] = [
            [
                dt.datetime.combine(count.starts, dt.time()),
                count.line.word,
                count.line.method_word,
                count.completed,
                count.pounds,
            ]
            for count in told
        ]
        content = workbook("Summary", [["Council tax receipts, year to date"], header, *rows])
        name = f"outgoing/council-tax/Council Tax {month_name(month)[:3]} {month.year}.xlsx"
        yield Delivery(name, content, written_at(month + dt.timedelta(days=33), 16, 45))


FEEDS: tuple[FeedWorld, ...] = (FileFeed("nottingham", "pay-council-tax", "sftp", lambda: dealings(_counts()), _files),)
