"""Cambridgeshire: library renewals from its own API, bus passes as a CSV of every request there is."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.concessions import Passes
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import (
    ApiFeed,
    Entries,
    Entry,
    FileFeed,
    Way,
    after_weeks,
    changed,
    known,
    london,
    midnight,
    written_at,
)
from demo.world.library import Library
from demo.world.writing import csv_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_LIBRARY_WAYS = {
    "opac": Way("online", 40, 46),
    "mobile": Way("app", 8, 16),
    "kiosk": Way("kiosk", 20, 18, staffed=True),
    "staff-client": Way("face-to-face", 20, 12, staffed=True),
    "phone": Way("phone", 12, 8, staffed=True),
}
_BRANCHES = {
    "Cambridge Central": 30, "Huntingdon": 14, "St Neots": 12, "Ely": 11, "March": 9, "Wisbech": 8, "St Ives": 8,
    "Cambourne": 6, "Soham": 2,
}  # fmt: skip
_AGES = {
    "under-18": "A", "18-to-24": "B", "25-to-34": "C", "35-to-44": "D", "45-to-54": "E", "55-to-64": "F",
    "65-and-over": "G",
}  # fmt: skip
_RESULTS = {"completed": "renewed", "abandoned": "left"}
_PASS_WAYS = {
    "Online": Way("online", 42, 54),
    "Online (assisted)": Way("assisted-digital", 4, 6, staffed=True),
    "Contact Centre": Way("phone", 18, 12, staffed=True),
    "Library": Way("face-to-face", 16, 12, staffed=True),
    "Postal": Way("post", 18, 10),
    "Email": Way("email", 2, 2),
}
_PASSES = {
    "older": "Older persons", "disabled": "Disabled persons", "companion": "Disabled + companion",
    "young": "Young persons", "other": "Other",
}  # fmt: skip
_REQUESTS = {"application": "New", "renewal": "Renewal", "replacement": "Replacement (£10)"}
_STATES = {"completed": "Issued", "open": "Being assessed", "abandoned": "Abandoned online"}
# A request that says it was issued before it came; the file of one night has it, later ones have it put right.
_ISSUED_TOO_EARLY = after_weeks(18)


@cache
def _renewals() -> Entries:
    return Library(
        seed=440_04, ref="{}", first=900_210, usual=110, spread=14, ways=_LIBRARY_WAYS, branches=_BRANCHES,
        counts_given_up=True, asks_rating=True,
    ).entries()  # fmt: skip


def _renewal_records() -> list[dict[str, object]]:
    """Each renewal as the API shows it now, in the order of the changes that its window is about."""
    newest = midnight(LAST_NIGHT)
    told = []
    for entry in _renewals():
        shown = entry.at(newest)
        updated = max(moment for moment in entry.changes if moment < newest)
        told.append((updated, _renewal_record(entry, shown, updated)))
    return [record for _, record in sorted(told, key=lambda one: (one[0], str(one[1]["id"])))]


def _renewal_record(entry: Entry, shown: Dealing, updated: dt.datetime) -> dict[str, object]:
    return {
        "_moment": f"{updated:%Y-%m-%dT%H:%M:%SZ}",
        "id": int(shown.ref),
        "startedAt": f"{shown.reported_at:%Y-%m-%dT%H:%M:%S}.000Z",
        "updatedAt": f"{updated:%Y-%m-%dT%H:%M:%S}.000Z",
        "client": entry.word,
        "result": _RESULTS[str(shown.status)],
        "loansRenewed": shown.items,
        "library": {"code": str(shown.branch)[:3].upper(), "name": shown.branch},
        "patron": {"band": _AGES[str(shown.age_group)], "cardNumber": f"CB{entry.number:08d}", "name": entry.person},
        "survey": None if shown.rating is None else {"score": shown.rating},
    }


@cache
def _passes() -> Entries:
    return Passes(
        seed=273_04, ref="CP{:07d}", first=61_877, usual=86, spread=14, ways=_PASS_WAYS, counts_given_up=True,
        asks_rating=True,
    ).entries()  # fmt: skip


def _pass_files() -> Iterator[Delivery]:
    header = (
        "Reference", "Date Received", "Time Received", "Channel", "Concession", "Request Type", "Status",
        "Date Issued", "Time Issued", "Rating", "Full Name", "NI Number",
    )  # fmt: skip
    for day in after_weeks(10, 18, 24, 25, 26):
        rows = [_pass_row(entry, asked) for entry, asked in changed(_passes(), STARTS, day)]
        if day in _ISSUED_TOO_EARLY:
            last = next(row for row in reversed(rows) if row[7])
            last[7] = "01/09/2025"
        content = csv_file(header, rows, encoding="windows-1252")
        name = f"outgoing/bus-passes/bus_pass_requests_{day:%Y%m%d}.csv"
        yield Delivery(name, content, written_at(day, 2, 0))


def _pass_row(entry: Entry, asked: Dealing) -> list[object]:
    received = london(asked.reported_at)
    issued = london(asked.closed_at) if asked.closed_at else None
    return [
        asked.ref,
        f"{received:%d/%m/%Y}",
        f"{received:%H:%M}",
        entry.word,
        _PASSES[str(asked.concession)],
        _REQUESTS[str(asked.request)],
        _STATES[str(asked.status)],
        f"{issued:%d/%m/%Y}" if issued else "",
        f"{issued:%H:%M}" if issued else "",
        "Not rated" if asked.rating is None else asked.rating,
        entry.person,
        f"ZZ{entry.number % 1_000_000:06d}Z",
    ]


FEEDS: tuple[FeedWorld, ...] = (
    ApiFeed("cambridgeshire", "renew-library-book", "api", lambda: known(_renewals(), LAST_NIGHT), _renewal_records),
    FileFeed("cambridgeshire", "renew-transport-concession", "sftp", lambda: known(_passes(), LAST_NIGHT), _pass_files),
)
