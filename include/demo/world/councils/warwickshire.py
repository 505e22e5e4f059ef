"""Warwickshire: library renewals as weekly changes in a CSV, bus passes as the last eight weeks in NDJSON."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.cases import LONDON
from demo.world.concessions import Passes
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, Entry, FileFeed, Way, after_weeks, changed, known, london, written_at
from demo.world.library import Library
from demo.world.writing import csv_file, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_LIBRARY_WAYS = {
    "Catalogue": Way("online", 34, 36),
    "My Library Account": Way("online", 10, 16),
    "Libby App": Way("app", 8, 16),
    "Renewal Line (24h)": Way("phone-automated", 8, 6),
    "Telephone": Way("phone", 12, 7, staffed=True),
    "Library Desk": Way("face-to-face", 20, 12, staffed=True),
    "Self-Service Unit": Way("kiosk", 18, 16, staffed=True),
    "Email": Way("email", 2, 2),
}
_BRANCHES = {
    "Leamington Spa": 22, "Rugby": 20, "Nuneaton": 18, "Stratford-upon-Avon": 16, "Warwick": 12, "Kenilworth": 10,
    "Bedworth": 8, "Atherstone": 5, "Alcester": 4, "Shipston-on-Stour": 2,
}  # fmt: skip
_AGES = {
    "under-18": "Under 18", "18-to-24": "18-24", "25-to-34": "25-34", "35-to-44": "35-44", "45-to-54": "45-54",
    "55-to-64": "55-64", "65-and-over": "65+",
}  # fmt: skip
_PASS_WAYS = {
    "web": Way("online", 40, 52),
    "one-stop-shop": Way("face-to-face", 16, 10, staffed=True),
    "phone": Way("phone", 18, 12, staffed=True),
    "post": Way("post", 20, 12),
    "staff-web": Way("assisted-digital", 6, 8, staffed=True),
}
_PASSES = {
    "older": "Older Person's", "disabled": "Disabled Person's", "companion": "Disabled Person's with Companion",
    "young": "Student", "other": "Discretionary",
}  # fmt: skip
_REQUESTS = {"application": "New", "renewal": "Renewal", "replacement": "Lost or damaged"}
_OUTCOMES = {"completed": "Issued", "open": "With assessor", "abandoned": "Not submitted"}


@cache
def _renewals() -> Entries:
    return Library(
        seed=440_01, ref="{:08d}", first=412_345, usual=150, spread=18, ways=_LIBRARY_WAYS, branches=_BRANCHES,
        counts_given_up=True, asks_rating=True,
    ).entries()  # fmt: skip


def _renewal_files() -> Iterator[Delivery]:
    """A first file with everything until the beginning of March, then what changed each week."""
    header = (
        "Transaction No", "Renewed On", "Channel", "Result", "Age Band", "Library", "Items Renewed",
        "Satisfaction (1-5)", "Card Number", "Borrower",
    )  # fmt: skip
    since = STARTS
    for day in after_weeks(21, 22, 23, 24, 25, 26):
        rows = [_renewal_row(entry, shown) for entry, shown in changed(_renewals(), since, day)]
        name = f"outgoing/library-renewals/renewals_{day:%d%m%Y}.csv"
        yield Delivery(name, csv_file(header, rows), written_at(day, 2, 40))
        since = day


def _renewal_row(entry: Entry, shown: Dealing) -> list[object]:
    return [
        shown.ref,
        f"{london(shown.reported_at):%d/%m/%Y %H:%M}",
        entry.word,
        str(shown.status).capitalize(),
        _AGES[str(shown.age_group)],
        shown.branch,
        shown.items,
        shown.rating,
        f"D{2_000_000 + entry.number * 3}",
        entry.person,
    ]


@cache
def _passes() -> Entries:
    return Passes(
        seed=273_01, ref="WTP-{}", first=88_120, usual=92, spread=14, ways=_PASS_WAYS, counts_given_up=True,
        asks_rating=True,
    ).entries()  # fmt: skip


def _pass_files() -> Iterator[Delivery]:
    for day in after_weeks(8, 16, 24, 25, 26):
        shown = changed(_passes(), day - dt.timedelta(weeks=8), day)
        content = json_lines(_pass_record(entry, asked) for entry, asked in shown)
        yield Delivery(f"outgoing/bus-passes/passes-{day:%Y-%m-%d}.ndjson", content, written_at(day, 3, 5))


def _pass_record(entry: Entry, asked: Dealing) -> dict[str, object]:
    return {
        "ref": asked.ref,
        "received": asked.reported_at.astimezone(LONDON).isoformat(),
        "issued": asked.closed_at.astimezone(LONDON).isoformat() if asked.closed_at else None,
        "how": entry.word,
        "outcome": _OUTCOMES[str(asked.status)],
        "pass": {"type": _PASSES[str(asked.concession)], "request": _REQUESTS[str(asked.request)]},
        "feedback": {"stars": asked.rating},
        "holder": {"name": entry.person, "born": f"{1940 + entry.number % 60}-0{1 + entry.number % 9}-11"},
    }


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("warwickshire", "renew-library-book", "sftp", lambda: known(_renewals(), LAST_NIGHT), _renewal_files),
    FileFeed("warwickshire", "renew-transport-concession", "sftp", lambda: known(_passes(), LAST_NIGHT), _pass_files),
)
