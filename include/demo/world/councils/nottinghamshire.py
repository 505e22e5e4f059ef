"""Nottinghamshire: library renewals as gzipped NDJSON of five weeks, bus passes as a workbook of a month's changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from demo.world.concessions import Passes
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import (
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
from demo.world.writing import Cell, gzipped, json_lines, month_name, workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import Dealing, FeedWorld

_LIBRARY_WAYS = {
    "WEB": Way("online", 36, 42),
    "APP": Way("app", 10, 18),
    "SIP2": Way("kiosk", 24, 20, staffed=True),
    "STAFF": Way("face-to-face", 22, 14, staffed=True),
    "TEL": Way("phone", 12, 8, staffed=True),
    "TEL-AUTO": Way("phone-automated", 6, 6),
}
_BRANCHES = {
    "Mansfield": 20, "Worksop": 14, "West Bridgford": 18, "Arnold": 12, "Beeston": 14, "Newark": 12, "Retford": 8,
    "Hucknall": 8, "Southwell": 3, "Mobile Library": 1,
}  # fmt: skip
_AGES = {
    "under-18": "0-17", "18-to-24": "18-24", "25-to-34": "25-34", "35-to-44": "35-44", "45-to-54": "45-54",
    "55-to-64": "55-64", "65-and-over": "65-74",
}  # fmt: skip
_PASS_WAYS = {
    "Internet": Way("online", 38, 50),
    "Smartphone": Way("app", 6, 12),
    "Contact Centre": Way("phone", 20, 14, staffed=True),
    "Library Counter": Way("face-to-face", 14, 10, staffed=True),
    "Post": Way("post", 20, 12),
    "E-mail": Way("email", 2, 2),
}
_PASSES = {
    "older": "ENCTS - Age", "disabled": "ENCTS - Disability", "companion": "ENCTS - Disability + Companion",
    "young": "16-19 Scheme", "other": "Discretionary Half Fare",
}  # fmt: skip
_REQUESTS = {"application": "First", "renewal": "Renew", "replacement": "Replace"}
# Rows with a number of loans that cannot be, one in each of some files.
_IMPOSSIBLE_ITEMS = after_weeks(10, 20)
# Rows that a file holds twice.
_TWICE = after_weeks(15)


@cache
def _renewals() -> Entries:
    return Library(
        seed=440_02,
        ref="NCC-{}",
        first=70_551,
        usual=128,
        spread=20,
        ways=_LIBRARY_WAYS,
        branches=_BRANCHES,
        corrections=12,
    ).entries()


def _renewal_files() -> Iterator[Delivery]:
    for day in after_weeks(5, 10, 15, 20, 23, 25, 26):
        records = [_renewal(entry, shown) for entry, shown in changed(_renewals(), day - dt.timedelta(weeks=5), day)]
        if day in _IMPOSSIBLE_ITEMS:
            # A transaction of the training system, which no later file holds.
            records.append({**records[-1], "id": f"TRAINING-{day:%d%m}", "loans": 0})
        if day in _TWICE:
            records.append(records[-1])
        name = f"outgoing/library-renewals/renewals-{day:%Y-%m-%d}.ndjson.gz"
        yield Delivery(name, gzipped(json_lines(records)), written_at(day, 1, 15))


def _renewal(entry: Entry, shown: Dealing) -> dict[str, object]:
    age = _AGES[str(shown.age_group)]
    return {
        "id": shown.ref,
        "at": f"{shown.reported_at:%Y-%m-%dT%H:%M:%SZ}",
        "source": entry.word,
        # The system tells two groups of those over 64.
        "ageGroup": "75+" if age == "65-74" and entry.number % 3 == 0 else age,
        "branch": {"name": shown.branch},
        "loans": shown.items,
        "borrower": {"name": entry.person, "barcode": f"2000{entry.number * 3:08d}"},
    }


@cache
def _passes() -> Entries:
    found = Passes(seed=273_02, ref="{:06d}", first=19_204, usual=78, spread=12, ways=_PASS_WAYS, tells_status=False)
    return tuple(_to_the_day(entry) for entry in found.entries())


def _to_the_day(entry: Entry) -> Entry:
    """Its system keeps the day of issue and no time: the pipeline holds its first moment, or that of the request."""
    return replace(
        entry,
        dealing=_issued_on_a_day(entry.dealing),
        before=_issued_on_a_day(entry.before) if entry.before else None,
    )


def _issued_on_a_day(asked: Dealing) -> Dealing:
    if asked.closed_at is None:
        return asked
    return replace(asked, closed_at=max(midnight(london(asked.closed_at).date()), asked.reported_at))


def _pass_files() -> Iterator[Delivery]:
    """Each month's changes below a title."""
    header = (
        "Application No", "Received", "Received Via", "Scheme", "Type", "Date Issued", "Applicant", "Date of Birth",
    )  # fmt: skip
    since = STARTS
    for day in after_weeks(4, 8, 13, 17, 21, 26):
        rows = [_pass_row(entry, asked) for entry, asked in changed(_passes(), since, day)]
        content = workbook(
            "Passes", [[f"Concessionary travel: changes to {day.day} {month_name(day)} {day.year}"], [], header, *rows]
        )
        yield Delivery(
            f"outgoing/bus-passes/bus passes {day:%d} {month_name(day)[:3]} {day.year}.xlsx",
            content,
            written_at(day, 5, 0),
        )
        since = day


def _pass_row(entry: Entry, asked: Dealing) -> list[Cell]:
    issued = london(asked.closed_at) if asked.closed_at else None
    return [
        asked.ref,
        london(asked.reported_at),
        entry.word,
        _PASSES[str(asked.concession)],
        _REQUESTS[str(asked.request)],
        issued.replace(hour=0, minute=0) if issued else None,
        entry.person,
        f"{1 + entry.number % 28:02d}/0{1 + entry.number % 9}/19{40 + entry.number % 50}",
    ]


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("nottinghamshire", "renew-library-book", "sftp", lambda: known(_renewals(), LAST_NIGHT), _renewal_files),
    FileFeed(
        "nottinghamshire", "renew-transport-concession", "sftp", lambda: known(_passes(), LAST_NIGHT), _pass_files
    ),
)
