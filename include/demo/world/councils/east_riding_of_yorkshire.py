"""East Riding of Yorkshire: missed bins as a workbook a week, each with all cases that have not been purged."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.dealings import LAST_NIGHT, Delivery
from demo.world.entries import Entries, FileFeed, Way, known, london, midnight, written_at
from demo.world.missed_bins import MISSED_BIN, Place, address, reports, word_for
from demo.world.writing import workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry
    from demo.world.writing import Cell

_FOLDER = "missed-bins"
_FIRST_EXPORT = dt.date(2026, 2, 2)
# A case goes from the export so long after its report, whatever became of it.
_PURGED_AFTER = dt.timedelta(weeks=20)
_WEEK = dt.timedelta(weeks=1)

_HEADER = (
    "Reference No.", "Logged", "How reported", "Bin", "State", "Ward", "UPRN", "Resolved", "Customer", "Address",
    "Remarks",
)  # fmt: skip
_WARDS = (
    "Beverley Rural", "Bridlington Central and Old Town", "Bridlington North", "Bridlington South", "Cottingham North",
    "Cottingham South", "Dale", "Driffield and Rural", "East Wolds and Coastal", "Goole North", "Goole South",
    "Hessle", "Howden", "Howdenshire", "Mid Holderness", "Minster and Woodmansey", "North Holderness",
    "Pocklington Provincial", "South East Holderness", "South Hunsley", "South West Holderness", "St Mary's", "Tranby",
    "Willerby and Kirk Ella", "Wolds Weighton",
)  # fmt: skip
_WAYS = {
    "Web": Way("online", 30, 38),
    "Self-service kiosk": Way("online", 3, 3, staffed=True),
    "App": Way("app", 4, 10),
    "Telephone": Way("phone", 44, 32, staffed=True),
    "Customer Service Point": Way("face-to-face", 12, 8, staffed=True),
    "E-mail": Way("email", 6, 6),
    "Post": Way("post", 2, 1),
}
_BINS = {"refuse": ("Green bin",), "recycling": ("Blue bin",), "garden": ("Brown bin",)}
_STATES = {"open": ("Open",), "closed": ("Resolved",), "duplicate": ("Duplicate",), "test": ("Training",)}
# Cases from before the system kept times: nobody knows when they were logged, and no figure may count them.
_UNDATED = ("0039998", "0039999")


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_004,
            ref="{:07d}",
            first_ref=41_207,
            a_week=72,
            ways=_WAYS,
            bins={"refuse": (56, 6), "recycling": (6, 50), "garden": (10, 16)},
            ends={"closed": 93, "duplicate": 5, "test": 2},
            wards=_WARDS,
            premises="9993{:08d}",
        )
    )


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        year, week, _ = (day - _WEEK).isocalendar()
        yield Delivery(
            f"{_FOLDER}/Missed collections {year} week {week:02d}.xlsx",
            workbook("Cases", _rows(day, year, week)),
            written_at(day, 0, 50),
        )
        day += _WEEK


def _rows(day: dt.date, year: int, week: int) -> list[Sequence[Cell]]:
    until = midnight(day)
    cases = [
        _row(entry, entry.at(until))
        for entry in _reports()
        if until - _PURGED_AFTER <= entry.dealing.reported_at < until
    ]
    undated: list[Sequence[Cell]] = [
        (ref, "not known", "Telephone", "Green bin", "Resolved", "Dale", None, None, None, None, None)
        for ref in _UNDATED
    ]
    title: list[Sequence[Cell]] = [(f"Missed collections to week {week} of {year}",), ("Waste and Recycling",), ()]
    return [*title, _HEADER, *undated, *cases, ("Total", len(undated) + len(cases))]


def _row(entry: Entry, dealing: Dealing) -> Sequence[Cell]:
    return (
        dealing.ref,
        london(dealing.reported_at),
        entry.word,
        word_for(_BINS, dealing.stream, entry),
        word_for(_STATES, dealing.status, entry),
        dealing.ward,
        int(dealing.premises) if dealing.premises else None,
        london(dealing.closed_at) if dealing.closed_at else None,
        entry.person,
        address(entry),
        "Rang twice" if entry.number % 23 == 0 else None,
    )


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("east-riding-of-yorkshire", MISSED_BIN, "folder", told=_told, written=_written),
)
