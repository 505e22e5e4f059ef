"""Fife: missed bins as a week's changes in gzipped NDJSON, in UTC to the seventh decimal."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, FileFeed, Way, changed, known, written_at
from demo.world.missed_bins import MISSED_BIN, SCOTLAND, Place, address, reports, word_for
from demo.world.writing import gzipped, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_FOLDER = "outgoing/missed-bins"
# The first file held everything since October.
_FIRST_EXPORT = dt.date(2025, 12, 8)
_WEEK = dt.timedelta(weeks=1)
_NEVER = "0001-01-01T00:00:00Z"

_WARDS = (
    "Buckhaven, Methil and Wemyss Villages", "Burntisland, Kinghorn and Western Kirkcaldy", "Cowdenbeath", "Cupar",
    "Dunfermline Central", "Dunfermline North", "Dunfermline South", "East Neuk and Landward",
    "Glenrothes Central and Thornton", "Glenrothes North, Leslie and Markinch", "Glenrothes West and Kinglassie",
    "Howe of Fife and Tay Coast", "Inverkeithing and Dalgety Bay", "Kirkcaldy Central", "Kirkcaldy East",
    "Kirkcaldy North", "Leven, Kennoway and Largo", "Lochgelly, Cardenden and Benarty", "Rosyth", "St Andrews",
    "Tay Bridgehead", "West Fife and Coastal Villages",
)  # fmt: skip
_WAYS = {
    "web": Way("online", 36, 46),
    "mobile": Way("app", 6, 14),
    "phone": Way("phone", 40, 26, staffed=True),
    "voicebot": Way("phone-automated", 2, 8),
    "counter": Way("face-to-face", 9, 5, staffed=True),
    "email": Way("email", 6, 4),
}
# Paper has a bin of its own beside that for cans and plastics; both are recycling.
_BINS = {"refuse": ("blue",), "recycling": ("grey", "green"), "food": ("brown",)}
_STATES = {"open": ("received", "assigned"), "closed": ("completed",), "duplicate": ("merged",)}


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_006,
            ref="fb-{:06x}",
            first_ref=0x0A_41_07,
            a_week=86,
            ways=_WAYS,
            bins={"refuse": (54, 8), "recycling": (14, 48), "food": (12, 12)},
            ends={"closed": 94, "duplicate": 6},
            wards=_WARDS,
            upheld=31,
            premises="9995{:08d}",
            holidays=SCOTLAND,
            finest="microsecond",
        )
    )


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _written() -> Iterator[Delivery]:
    day = _FIRST_EXPORT
    while day <= LAST_NIGHT:
        year, week, _ = (day - _WEEK).isocalendar()
        first = STARTS if day == _FIRST_EXPORT else day - _WEEK
        records = [_record(entry, dealing) for entry, dealing in changed(_reports(), first, day)]
        yield Delivery(
            f"{_FOLDER}/{year}/missed-bins-w{week:02d}.ndjson.gz", gzipped(json_lines(records)), written_at(day, 2, 5)
        )
        day += _WEEK


def _record(entry: Entry, dealing: Dealing) -> dict[str, object]:
    return {
        "id": dealing.ref,
        "created": _utc(entry, dealing.reported_at),
        "completed": _utc(entry, dealing.closed_at) if dealing.closed_at else _NEVER,
        "channel": entry.word,
        "state": word_for(_STATES, dealing.status, entry),
        "bin": word_for(_BINS, dealing.stream, entry),
        "crewError": None if dealing.outcome is None else dealing.outcome == "justified",
        "property": {"ward": dealing.ward, "uprn": dealing.premises, "address": address(entry)}
        if dealing.premises
        else None,
        "reporter": {"name": entry.person, "phone": None},
    }


def _utc(entry: Entry, moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}{entry.number % 10}Z"


FEEDS: tuple[FeedWorld, ...] = (FileFeed("fife", MISSED_BIN, "sftp", told=_told, written=_written),)
