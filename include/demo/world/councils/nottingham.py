"""Nottingham: missed bins from the case system's API, each case as it stands, with its facts in a list."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from demo.cases import LONDON
from demo.world.dealings import LAST_NIGHT
from demo.world.entries import ApiFeed, Entries, Way, known, midnight
from demo.world.missed_bins import MISSED_BIN, Place, address, email, reports, word_for

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from demo.world.dealings import Dealing, FeedWorld
    from demo.world.entries import Entry

_WARDS = (
    "Aspley", "Basford", "Berridge", "Bestwood", "Bilborough", "Bulwell", "Bulwell Forest", "Castle", "Clifton East",
    "Clifton West", "Dales", "Hyson Green and Arboretum", "Leen Valley", "Lenton and Wollaton East", "Mapperley",
    "Meadows", "Radford", "Sherwood", "St Ann's", "Wollaton West",
)  # fmt: skip
_WAYS = {
    "Web": Way("online", 26, 30),
    "MyNottingham": Way("online", 10, 16),
    "App": Way("app", 6, 14),
    "Contact Centre": Way("phone", 34, 20, staffed=True),
    "IVR": Way("phone-automated", 6, 6),
    "Angel Row": Way("face-to-face", 6, 3, staffed=True),
    "Email": Way("email", 6, 4),
    "Staff on behalf": Way("assisted-digital", 4, 5, staffed=True),
}
_BINS = {
    "refuse": ("General waste bin",), "recycling": ("Recycling bin",), "garden": ("Garden bin",),
    "bulky": ("Bulky item",),
}  # fmt: skip
_STATES = {
    "open": ("Raised", "With crew"), "closed": ("Resolved",), "duplicate": ("Duplicate",),
    "transferred": ("Referred on",),
}  # fmt: skip
_REASONS = {
    "not-presented": ("Bin not out",),
    "contaminated": ("Wrong items in bin",),
    "too-heavy": ("Bin too heavy",),
    "excess-waste": ("Extra bags",),
    "damaged": ("Bin damaged",),
    "gate-locked": ("Gate locked",),
    "blocked": ("Blocked by parked cars",),
    "road-closed": ("Roadworks",),
    "vehicle-breakdown": ("Vehicle off the road",),
    "not-completed": ("Round not finished",),
    "missed-in-error": ("Missed by crew",),
}


@cache
def _reports() -> Entries:
    return reports(
        Place(
            seed=524_001,
            ref="NCC-{:06d}",
            first_ref=210_377,
            a_week=130,
            ways=_WAYS,
            bins={"refuse": (66, 14), "recycling": (12, 58), "garden": (8, 10), "bulky": (3, 3)},
            ends={"closed": 90, "duplicate": 6, "transferred": 4},
            wards=_WARDS,
            upheld=62,
            reasons=frozenset(_REASONS),
            premises="9991{:08d}",
        )
    )


def _told() -> Sequence[Dealing]:
    return known(_reports(), LAST_NIGHT)


def _kept() -> Sequence[dict[str, object]]:
    until = midnight(LAST_NIGHT)
    cases = [
        (max(change for change in entry.changes if change < until), entry)
        for entry in _reports() if entry.dealing.reported_at < until
    ]  # fmt: skip
    return [
        _case(entry, entry.at(until), changed_at)
        for changed_at, entry in sorted(cases, key=lambda case: (case[0], case[1].number))
    ]


def _case(entry: Entry, dealing: Dealing, changed_at: dt.datetime) -> dict[str, object]:
    closure = {
        "at": _iso(dealing.closed_at),
        "upheld": None if dealing.outcome is None else dealing.outcome == "justified",
        "reason": word_for(_REASONS, dealing.reason, entry) or None,
    }
    return {
        "caseId": dealing.ref,
        "raisedAt": _iso(dealing.reported_at),
        "changedAt": _iso(changed_at),
        "channel": entry.word,
        "state": word_for(_STATES, dealing.status, entry),
        "location": {"ward": dealing.ward, "uprn": dealing.premises, "address": address(entry)},
        "attributes": [
            {"name": "Crew", "value": f"R{entry.number % 17 + 1:02d}"},
            {"name": "Container", "value": word_for(_BINS, dealing.stream, entry)},
        ],
        "closure": closure if dealing.closed_at else None,
        "customer": {"name": entry.person, "email": email(entry), "phone": None},
        "_moment": changed_at.isoformat(),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(LONDON).isoformat()


FEEDS: tuple[FeedWorld, ...] = (ApiFeed("nottingham", MISSED_BIN, "api", told=_told, kept=_kept),)
