"""Belfast: missed bins in XML, each night the last four weeks, but for nights on which the export did not run."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from demo.cases import LONDON
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, FileFeed, Way, changed, known, written_at
from demo.world.missed_bins import MISSED_BIN, NORTHERN_IRELAND, Place, address, clock, reports, word_for
from demo.world.writing import element, text_element, xml_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_FOLDER = "missed-bins"
# The first file held everything since October.
_FIRST_EXPORT = dt.date(2026, 3, 16)
_WINDOW = dt.timedelta(weeks=4)
# On the morning after St Patrick's Day nobody was there, and one weekend the server stood still.
_NIGHTS_WITHOUT = frozenset({dt.date(2026, 3, 18), dt.date(2026, 3, 28), dt.date(2026, 3, 29)})
_DAY = dt.timedelta(days=1)

_WARDS = (
    "Andersonstown", "Ardoyne", "Ballyhackamore", "Ballymacarrett", "Bellevue", "Blackstaff", "Bloomfield", "Cavehill",
    "Cliftonville", "Clonard", "Cregagh", "Falls", "Finaghy", "Fortwilliam", "Knock", "Malone", "Orangefield",
    "Ormeau", "Ravenhill", "Shankill", "Stranmillis", "Sydenham", "Turf Lodge", "Windsor", "Woodstock", "Woodvale",
)  # fmt: skip
_WAYS = {
    "Online form": Way("online", 30, 38),
    "Belfast app": Way("app", 8, 16),
    "Phone": Way("phone", 42, 28, staffed=True),
    "City Hall": Way("face-to-face", 5, 3, staffed=True),
    "Email": Way("email", 9, 7),
    "Letter": Way("post", 1, 1),
    "Staff form": Way("assisted-digital", 3, 5, staffed=True),
}
_BINS = {"refuse": ("Black",), "recycling": ("Blue", "Blue", "Box"), "food": ("Brown",)}
_STATES = {"open": ("Open",), "closed": ("Closed",), "duplicate": ("Duplicate",), "transferred": ("Passed on",)}
_REASONS = {
    "not-presented": ("Not at kerb",),
    "contaminated": ("Wrong material",),
    "excess-waste": ("Lid raised",),
    "too-heavy": ("Too heavy",),
    "blocked": ("Parked cars",),
    "road-closed": ("Road closed",),
    "vehicle-breakdown": ("Lorry broke down",),
    "not-completed": ("Route unfinished",),
    "missed-in-error": ("Missed",),
}


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_008,
            ref="BCC{:06d}",
            first_ref=77_031,
            a_week=62,
            ways=_WAYS,
            bins={"refuse": (54, 8), "recycling": (10, 46), "food": (14, 14)},
            ends={"closed": 92, "duplicate": 5, "transferred": 3},
            wards=_WARDS,
            reasons=frozenset(_REASONS),
            premises="9998{:08d}",
            holidays=NORTHERN_IRELAND,
        )
    )


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        if day not in _NIGHTS_WITHOUT:
            first = STARTS if day == _FIRST_EXPORT else day - _WINDOW
            rows = [_report(entry, dealing) for entry, dealing in changed(_reports(), first, day)]
            yield Delivery(f"{_FOLDER}/bins_{day:%Y%m%d}.xml", xml_file("reports", rows), written_at(day, 1, 0))
        day += _DAY


def _report(entry: Entry, dealing: Dealing) -> str:
    parts = [
        text_element("logged", clock(dealing.reported_at, "%d/%m/%Y")),
        text_element("loggedTime", clock(dealing.reported_at, "%H:%M")),
        text_element("method", entry.word),
        text_element("state", word_for(_STATES, dealing.status, entry)),
        text_element("bin", word_for(_BINS, dealing.stream, entry)),
    ]
    if dealing.premises and dealing.ward:
        where = text_element("ward", dealing.ward) + text_element("address", address(entry))
        parts.append(element("property", where, uprn=dealing.premises))
    if dealing.closed_at:
        at = dealing.closed_at.astimezone(LONDON).isoformat()
        reason = word_for(_REASONS, dealing.reason, entry)
        parts.append(element("closed", text_element("at", at) + (text_element("reason", reason) if reason else "")))
    return element("report", "".join([*parts, element("caller", escape(entry.person))]), ref=dealing.ref)


FEEDS: tuple[FeedWorld, ...] = (FileFeed("belfast", MISSED_BIN, "folder", told=_told, written=_written),)
