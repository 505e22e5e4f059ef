"""Camden: library renewals of six weeks as a spreadsheet's own text export, UTF-16 with tabs and American dates."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.dealings import LAST_NIGHT, Delivery
from demo.world.entries import Entries, Entry, FileFeed, Way, after_weeks, changed, known, london, written_at
from demo.world.library import Library
from demo.world.writing import csv_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_WAYS = {
    "Web Catalogue": Way("online", 36, 40),
    "iOS App": Way("app", 8, 14),
    "Android App": Way("app", 6, 10),
    "RFID Kiosk": Way("kiosk", 24, 20, staffed=True),
    "Desk": Way("face-to-face", 18, 10, staffed=True),
    "Phone": Way("phone", 8, 6, staffed=True),
}
_BRANCHES = {
    "Swiss Cottage": 24, "Kentish Town": 16, "Kilburn": 12, "Pancras Square": 20, "Holborn": 12, "West Hampstead": 10,
    "Queens Crescent": 6,
}  # fmt: skip
_AGES = {
    "under-18": "JUNIOR", "18-to-24": "YA", "25-to-34": "AD25", "35-to-44": "AD35", "45-to-54": "AD45",
    "55-to-64": "AD55", "65-and-over": "SENIOR",
}  # fmt: skip
_NOON = 12


@cache
def _renewals() -> Entries:
    return Library(
        seed=440_05, ref="{}", first=3_310_077, usual=96, spread=14, ways=_WAYS, branches=_BRANCHES, asks_rating=True
    ).entries()


def _files() -> Iterator[Delivery]:
    header = ("Id", "Renewed", "Via", "Borrower Type", "Site", "Qty", "Rating", "Borrower")
    for day in after_weeks(6, 12, 18, 24, 25, 26):
        rows = [_row(entry, shown) for entry, shown in changed(_renewals(), day - dt.timedelta(weeks=6), day)]
        content = csv_file(header, rows, encoding="utf-16-le", delimiter="\t")
        name = f"outgoing/library-renewals/renewals_{day:%Y%m%d}.txt"
        yield Delivery(name, b"\xff\xfe" + content, written_at(day, 2, 20))


def _row(entry: Entry, shown: Dealing) -> list[object]:
    local = london(shown.reported_at)
    half = "AM" if local.hour < _NOON else "PM"
    return [
        shown.ref,
        f"{local.month}/{local.day}/{local.year} {local:%I:%M:%S} {half}",
        entry.word,
        _AGES[str(shown.age_group)],
        shown.branch,
        shown.items,
        shown.rating,
        entry.person,
    ]


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("camden", "renew-library-book", "sftp", lambda: known(_renewals(), LAST_NIGHT), _files),
)
