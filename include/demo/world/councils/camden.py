"""Camden: missed bins among other waste services, in American dates and many words; each night what has changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, FileFeed, Way, changed, known, midnight, written_at
from demo.world.missed_bins import MISSED_BIN, Place, address, clock, email, reports, word_for
from demo.world.writing import csv_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_FOLDER = "outgoing/missed-bins"
_FIRST_EXPORT = dt.date(2026, 3, 23)
_DAY = dt.timedelta(days=1)

_HEADER = (
    "ID", "Created", "Last Updated", "Closed", "Source", "Status", "Request Type", "Ward", "UPRN", "Name", "Email",
    "Address",
)  # fmt: skip
_AMERICAN = "%m/%d/%Y %I:%M:%S"
_WARDS = (
    "Belsize", "Bloomsbury", "Camden Square", "Camden Town", "Fortune Green", "Frognal", "Gospel Oak",
    "Hampstead Town", "Haverstock", "Highgate", "Holborn and Covent Garden", "Kentish Town North",
    "Kentish Town South", "Kilburn", "King's Cross", "Primrose Hill", "Regent's Park", "South Hampstead",
    "St Pancras and Somers Town", "West Hampstead",
)  # fmt: skip
_WAYS = {
    "Web Form": Way("online", 30, 28),
    "Camden Account": Way("online", 12, 24),
    "Online - Guest": Way("online", 8, 10),
    "Mobile App - iOS": Way("app", 5, 11),
    "Mobile App - Android": Way("app", 4, 9),
    "Phone - Contact Camden": Way("phone", 26, 14, staffed=True),
    "Phone - Call Back": Way("phone", 4, 3, staffed=True),
    "IVR": Way("phone-automated", 4, 4),
    "Walk-in - 5 Pancras Square": Way("face-to-face", 4, 2, staffed=True),
    "Walk-in - Kentish Town": Way("face-to-face", 2, 1, staffed=True),
    "Agent - Web Form": Way("assisted-digital", 5, 6, staffed=True),
    "Email Inbox": Way("email", 6, 4),
    "Letter": Way("post", 1, 1),
    "Member Enquiry": Way("other", 2, 2, staffed=True),
    "Social Media": Way("other", 2, 2),
    # Two trials that nobody has told us of.
    "Neighbour Portal (beta)": Way("unmapped", 1, 3),
    "WhatsApp Trial": Way("unmapped", 0, 3),
}
_TYPES = {
    "refuse": ("Refuse - Missed Collection",),
    "recycling": ("Recycling - Missed Collection",),
    "food": ("Food Waste - Missed Collection",),
    "garden": ("Garden Waste - Missed Collection",),
    "clinical": ("Clinical Waste - Missed Collection",),
}
_OTHER_TYPES = ("Missed Grass Cutting", "Street Sweeping Request", "Graffiti Removal")
_STATES = {
    "open": ("New", "In Progress"), "closed": ("Closed",), "duplicate": ("Closed (Duplicate)",),
    "transferred": ("Closed (Transferred)",), "test": ("ZZ Test",),
}  # fmt: skip
# Every so many rows: of another service, twice to the letter, first as it was a minute after the report, shortened by a
# spreadsheet on its way, or with a day that does not exist, which nobody ever mends.
_OTHER_SERVICE, _TWICE, _EARLIER_TOO, _SHORTENED, _MISDATED = 6, 41, 37, 97, 307


@cache
def _reports() -> Entries:
    found = reports(
        Place(
            seed=524_005,
            ref="CAM-{:08d}",
            first_ref=66_120_004,
            a_week=120,
            ways=_WAYS,
            bins={"refuse": (44,), "recycling": (42,), "food": (20,), "garden": (5,), "clinical": (2,)},
            ends={"closed": 89, "duplicate": 6, "transferred": 4, "test": 1},
            wards=_WARDS,
            premises="5000{:08d}",
            finest="second",
        )
    )
    return tuple(_without_premises(entry) if entry.number % _SHORTENED == 0 else entry for entry in found)


def _without_premises(entry: Entry) -> Entry:
    before = replace(entry.before, premises=None) if entry.before else None
    return replace(entry, dealing=replace(entry.dealing, premises=None), before=before)


def _told() -> Sequence[Dealing]:
    lost = {entry.dealing.ref for entry in _reports() if entry.number % _MISDATED == 0}
    return [dealing for dealing in known(_reports(), LAST_NIGHT) if dealing.ref not in lost]


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        first = STARTS if day == _FIRST_EXPORT else day - _DAY
        name = f"{_FOLDER}/waste_{day:%d%m%Y}.csv"
        yield Delivery(name, csv_file(_HEADER, _rows(first, day)), written_at(day, 0, 20))
        day += _DAY


def _rows(first: dt.date, day: dt.date) -> Iterator[Sequence[str]]:
    for entry, dealing in changed(_reports(), first, day):
        if entry.number % _OTHER_SERVICE == 0:
            yield _other(entry)
        if entry.number % _EARLIER_TOO == 0 and dealing.closed_at:
            yield _row(entry, entry.at(dealing.reported_at + dt.timedelta(minutes=1)), dealing.reported_at)
        last = max(change for change in entry.changes if change < midnight(day))
        row = _row(entry, dealing, last)
        yield row
        if entry.number % _TWICE == 0:
            yield row


def _row(entry: Entry, dealing: Dealing, last: dt.datetime) -> Sequence[str]:
    misdated = entry.number % _MISDATED == 0
    return (
        dealing.ref,
        "02/30/2026 09:15:00 AM" if misdated else _american(dealing.reported_at),
        _american(last),
        _american(dealing.closed_at) or " ",
        entry.word,
        word_for(_STATES, dealing.status, entry),
        word_for(_TYPES, dealing.stream, entry),
        dealing.ward or "",
        "5.00012E+11" if entry.number % _SHORTENED == 0 else dealing.premises or "",
        entry.person,
        email(entry),
        address(entry),
    )


def _other(entry: Entry) -> Sequence[str]:
    reported_at = _american(entry.dealing.reported_at)
    kind = _OTHER_TYPES[entry.number % len(_OTHER_TYPES)]
    ref = f"CAM-{entry.number - 1:08d}"
    return (ref, reported_at, reported_at, " ", "Web Form", "New", kind, "", "", entry.person, email(entry), "")


def _american(moment: dt.datetime | None) -> str:
    if moment is None:
        return ""
    return f"{clock(moment, _AMERICAN)} {'AM' if int(clock(moment, '%H')) < 12 else 'PM'}"  # noqa: PLR2004 - noon


FEEDS: tuple[FeedWorld, ...] = (FileFeed("camden", MISSED_BIN, "sftp", told=_told, written=_written),)
