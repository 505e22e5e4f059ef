"""Cardiff: missed bins in Welsh and English, each week those of the last six weeks."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, FileFeed, Way, changed, known, written_at
from demo.world.missed_bins import MISSED_BIN, Place, address, clock, reports, word_for
from demo.world.writing import csv_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_FOLDER = "outgoing/missed-bins"
# The first file held everything since October.
_FIRST_EXPORT = dt.date(2026, 1, 5)
_WINDOW = dt.timedelta(weeks=6)
_WEEK = dt.timedelta(weeks=1)

_HEADER = (
    "Cyfeirnod / Reference", "Adroddwyd / Reported", "Caewyd / Closed", "Sianel / Channel", "Statws / Status",
    "Gwastraff / Waste", "Ward", "UPRN", "Canfyddiad / Finding", "Enw / Name", "Cyfeiriad / Address",
    "Nodiadau / Notes",
)  # fmt: skip
_TIME = "%d/%m/%Y %H:%M"
_NEVER = "01/01/1900 00:00"
_WARDS = (
    "Adamsdown", "Butetown", "Caerau", "Canton", "Cathays", "Cyncoed", "Ely", "Fairwater", "Gabalfa", "Grangetown",
    "Heath", "Lisvane and Thornhill", "Llandaff", "Llandaff North", "Llanishen", "Llanrumney", "Pentwyn",
    "Pentyrch and St Fagans", "Penylan", "Plasnewydd", "Pontprennau and Old St Mellons", "Radyr", "Rhiwbina",
    "Riverside", "Rumney", "Splott", "Trowbridge", "Whitchurch and Tongwynlais",
)  # fmt: skip
_WAYS = {
    "Ar-lein": Way("online", 12, 16),
    "Online": Way("online", 30, 40),
    "Ap": Way("app", 3, 7),
    "App": Way("app", 10, 22),
    "Ffôn": Way("phone", 10, 6, staffed=True),
    "Phone": Way("phone", 36, 22, staffed=True),
    "Ffôn awtomatig": Way("phone-automated", 6, 6),
    "Wyneb yn wyneb": Way("face-to-face", 3, 2, staffed=True),
    "Hyb": Way("face-to-face", 9, 6, staffed=True),
    "E-bost": Way("email", 3, 2),
    "Email": Way("email", 6, 5),
    "Llythyr": Way("post", 1, 1),
}
_BINS = {
    "refuse": ("Cyffredinol",), "recycling": ("Ailgylchu",), "food": ("Bwyd",), "garden": ("Gardd",),
    "clinical": ("Hylendid",),
}  # fmt: skip
_STATES = {
    "open": ("Agored", "Open"), "closed": ("Ar gau", "Closed", "Closed"), "duplicate": ("Dyblygiad",),
    "transferred": ("Trosglwyddwyd",),
}  # fmt: skip
_FINDINGS = {
    "justified": ("Upheld", "Cadarnhawyd", "Upheld"), "not-justified": ("Not upheld", "Ni chadarnhawyd", "Not upheld"),
}  # fmt: skip
# Every so many rows one stands there twice, and one has a note with its line broken.
_TWICE, _BROKEN_NOTE = 83, 29


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_007,
            ref="CDF/{:06d}",
            first_ref=900_418,
            a_week=140,
            ways=_WAYS,
            bins={
                "refuse": (70, 16, 12), "recycling": (44, 46, 48), "food": (22, 24, 24), "garden": (4, 12, 10),
                "clinical": (3, 3, 3),
            },
            ends={"closed": 91, "duplicate": 5, "transferred": 4},
            wards=_WARDS,
            upheld=54,
            premises="9996{:08d}",
            slow=True,
        )
    )  # fmt: skip


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        year, week, _ = (day - _WEEK).isocalendar()
        content = csv_file(_HEADER, _rows(day), encoding="cp1252")
        yield Delivery(f"{_FOLDER}/casgliadau_{year}{week:02d}.csv", content, written_at(day, 3, 30))
        day += _WEEK


def _rows(day: dt.date) -> Iterator[Sequence[str]]:
    for entry, dealing in changed(_reports(), STARTS if day == _FIRST_EXPORT else day - _WINDOW, day):
        row = _row(entry, dealing)
        yield row
        if entry.number % _TWICE == 0:
            yield row


def _row(entry: Entry, dealing: Dealing) -> Sequence[str]:
    return (
        dealing.ref,
        clock(dealing.reported_at, _TIME),
        clock(dealing.closed_at, _TIME) or _NEVER,
        entry.word,
        word_for(_STATES, dealing.status, entry),
        word_for(_BINS, dealing.stream, entry),
        dealing.ward or "",
        dealing.premises or "",
        word_for(_FINDINGS, dealing.outcome, entry),
        entry.person,
        address(entry),
        'Bin wrth y giât\n"Collected" says the crew' if entry.number % _BROKEN_NOTE == 0 else "",
    )


FEEDS: tuple[FeedWorld, ...] = (FileFeed("cardiff", MISSED_BIN, "sftp", told=_told, written=_written),)
