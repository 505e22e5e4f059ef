"""Kirklees: missed bins as a log of events, a zip a week. The newest file has another header, and is turned down."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from demo.world.dealings import LAST_NIGHT, Dealing, Delivery
from demo.world.entries import Entries, FileFeed, Way, london, midnight, written_at
from demo.world.missed_bins import MISSED_BIN, Place, address, reports, word_for
from demo.world.writing import csv_file, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import FeedWorld
    from demo.world.entries import Entry

_FOLDER = "outgoing/missed-bins"
# The first zip held the log since October; each later one the events of two weeks.
_FIRST_EXPORT = dt.date(2026, 1, 12)
_LOGGED_WEEKS = 2
_WEEK = dt.timedelta(weeks=1)

_HEADER = (
    "Case Reference", "Event Time", "Event", "Channel", "Bin", "Ward", "Property", "Finding", "Caller", "Address",
    "Officer",
)  # fmt: skip
RENAMED: Final = {"Case Reference": "Case ID"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WARDS = (
    "Almondbury", "Ashbrow", "Batley East", "Batley West", "Birstall and Birkenshaw", "Cleckheaton", "Colne Valley",
    "Crosland Moor and Netherton", "Dalton", "Denby Dale", "Dewsbury East", "Dewsbury South", "Dewsbury West",
    "Golcar", "Greenhead", "Heckmondwike", "Holme Valley North", "Holme Valley South", "Kirkburton", "Lindley",
    "Liversedge and Gomersal", "Mirfield", "Newsome",
)  # fmt: skip
_WAYS = {
    "Website": Way("online", 22, 28),
    "My Kirklees": Way("online", 12, 20),
    "Kirklees app": Way("app", 4, 8),
    "Telephone": Way("phone", 40, 26, staffed=True),
    "Automated line": Way("phone-automated", 8, 8),
    "Customer Service Centre": Way("face-to-face", 10, 6, staffed=True),
    "Email": Way("email", 6, 5),
    "Letter": Way("post", 1, 1),
}
_BINS = {"refuse": ("Grey",), "recycling": ("Green",), "garden": ("Brown",)}
_ENDINGS = {"closed": "Completed", "duplicate": "Closed - Duplicate", "transferred": "Closed - Passed On"}
_FINDINGS = {"justified": ("Crew missed it",), "not-justified": ("Not missed",)}
# Every so many finished cases one is opened again after a complaint, and found to have been right.
_REOPENED = 53
_COMPLAINT_AFTER = dt.timedelta(days=12, hours=3)


class _Event(NamedTuple):
    """status, outcome: None where the row says nothing of them."""

    at: dt.datetime
    word: str
    status: str | None
    outcome: str | None = None


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_003,
            ref="KMC{:07d}",
            first_ref=1_803_311,
            a_week=110,
            ways=_WAYS,
            bins={"refuse": (64, 10), "recycling": (10, 56), "garden": (5, 8)},
            ends={"closed": 91, "duplicate": 5, "transferred": 4},
            wards=_WARDS,
            upheld=45,
            premises="0992{:08d}",
            slow=True,
            # A log tells what was, and corrects nothing but by a later event.
            corrected=0,
        )
    )


def _history(entry: Entry) -> list[_Event]:
    """All events of a case, in their order, those still to come too."""
    dealing = entry.dealing
    events = [_Event(dealing.reported_at, "Logged", "open")]
    allocated_at = dealing.reported_at + dt.timedelta(minutes=31 + entry.number % 5 * 37)
    if entry.number % 11 == 0:
        # A note changes nothing, and names neither a channel nor a status.
        events.append(_Event(dealing.reported_at + dt.timedelta(minutes=13), "", None))
    if dealing.closed_at is None or allocated_at < dealing.closed_at:
        events.append(_Event(allocated_at, "Allocated", "open"))
    if dealing.closed_at and dealing.status:
        reopened = dealing.status == "closed" and entry.number % _REOPENED == 0
        outcome = "not-justified" if reopened else dealing.outcome
        events.append(_Event(dealing.closed_at, _ENDINGS[dealing.status], dealing.status, outcome))
        if reopened:
            again = dealing.closed_at + _COMPLAINT_AFTER
            events += [
                _Event(again, "Reopened", "open"),
                _Event(again + dt.timedelta(days=1, minutes=40), "Completed", "closed", "justified"),
            ]
    return events


def _told() -> Sequence[Dealing]:
    """What the log says up to the last week but one: the file of the last one is turned down."""
    until = midnight(LAST_NIGHT - _WEEK)
    found = []
    for entry in _reports():
        events = [event for event in _history(entry) if event.at < until]
        statuses = [event.status for event in events if event.status]
        if not events:
            continue
        outcomes = [event.outcome for event in events if event.outcome]
        found.append(
            Dealing(
                ref=entry.dealing.ref,
                reported_at=events[0].at,
                channel=entry.dealing.channel,
                closed_at=events[-1].at if statuses[-1] != "open" else None,
                status=statuses[-1],
                ward=entry.dealing.ward,
                stream=entry.dealing.stream,
                outcome=outcomes[-1] if outcomes else None,
                premises=entry.dealing.premises,
            )
        )
    return found


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        first = None if day == _FIRST_EXPORT else day - _LOGGED_WEEKS * _WEEK
        year, week, _ = (day - _WEEK).isocalendar()
        header = [RENAMED.get(name, name) if day == LAST_NIGHT else name for name in _HEADER]
        name = f"missed-bins_{year}-W{week:02d}"
        log = csv_file(header, _rows(first, day), encoding="utf-8-sig", delimiter=";")
        note = f"Export of missed bin events, week {week} of {year}.\r\n".encode()
        yield Delivery(
            f"{_FOLDER}/{name}.zip", zipped({f"{name}_events.csv": log, "README.txt": note}), written_at(day, 1, 15)
        )
        day += _WEEK


def _rows(first: dt.date | None, day: dt.date) -> list[Sequence[str]]:
    """The events of the days from `first` (from the beginning when None) to the one before `day`, in their order."""
    since, until = midnight(first) if first else None, midnight(day)
    events = [
        (event.at, entry.number, event, entry)
        for entry in _reports()
        for event in _history(entry)
        if event.at < until and (since is None or event.at >= since)
    ]
    return [_row(entry, event) for _, _, event, entry in sorted(events, key=lambda one: one[:2])]


def _row(entry: Entry, event: _Event) -> Sequence[str]:
    dealing, at = entry.dealing, london(event.at)
    return (
        dealing.ref,
        f"{at.day:02d}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M}",
        event.word,
        entry.word if event.word == "Logged" else "",
        word_for(_BINS, dealing.stream, entry),
        dealing.ward or "",
        dealing.premises or "",
        word_for(_FINDINGS, event.outcome, entry),
        entry.person,
        address(entry),
        f"KMC{entry.number % 40:03d}",
    )


FEEDS: tuple[FeedWorld, ...] = (FileFeed("kirklees", MISSED_BIN, "sftp", told=_told, written=_written),)
