"""South Cambridgeshire: missed bins from an Open311 server, which knows of a request only whether it is closed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from demo.cases import LONDON
from demo.world.dealings import LAST_NIGHT
from demo.world.entries import ApiFeed, Entries, Way, known, midnight
from demo.world.missed_bins import MISSED_BIN, Place, address, reports

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_WAYS = {
    "Web interface": Way("online", 44, 50),
    "iOS": Way("app", 8, 14),
    "Android": Way("app", 6, 12),
    "Telephone": Way("phone", 34, 20, staffed=True),
    "Email": Way("email", 6, 5),
    "Reception": Way("face-to-face", 3, 1, staffed=True),
}
_SERVICES = {
    "refuse": ("missed-black", "Missed black bin"),
    "recycling": ("missed-blue", "Missed blue bin"),
    "garden": ("missed-green", "Missed green bin"),
}


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_002,
            ref="{:d}",
            first_ref=4_410_203,
            a_week=48,
            ways=_WAYS,
            bins={"refuse": (58, 8), "recycling": (8, 52), "garden": (10, 22)},
            ends={"closed": 1},
            slow=True,
        )
    )


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _kept() -> Sequence[dict[str, object]]:
    until = midnight(LAST_NIGHT)
    return [_request(entry, entry.at(until)) for entry in _reports() if entry.dealing.reported_at < until]


def _request(entry: Entry, dealing: Dealing) -> dict[str, object]:
    code, name = _SERVICES[dealing.stream or ""]
    return {
        "service_request_id": dealing.ref,
        "status": dealing.status,
        "service_code": code,
        "service_name": name,
        "description": "Our bin has not been emptied.",
        "requested_datetime": _iso(dealing.reported_at),
        # Of an open request this is when it was last looked at, and no closing.
        "updated_datetime": _iso(dealing.closed_at or dealing.reported_at),
        "interface_used": entry.word,
        "agency_responsible": "Greater Cambridge Shared Waste",
        "address": address(entry),
        "zipcode": "",
        "lat": 0,
        "long": 0,
        "media_url": None,
        "_moment": dealing.reported_at.isoformat(),
    }


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(LONDON).isoformat()


FEEDS: tuple[FeedWorld, ...] = (ApiFeed("south-cambridgeshire", MISSED_BIN, "open311", told=_told, kept=_kept),)
