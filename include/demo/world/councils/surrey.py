"""Surrey: library renewals as a workbook of all there is, three weeks late; bus passes as CSV files of two offices."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

from demo.world.concessions import Passes
from demo.world.dealings import LAST_NIGHT, STARTS, Delivery
from demo.world.entries import Entries, Entry, FileFeed, Way, after_weeks, changed, known, london, written_at
from demo.world.library import Library
from demo.world.writing import Cell, csv_file, month_name, workbook, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from demo.world.dealings import Dealing, FeedWorld

# The newest workbook is of 16 March: somebody must ask where the others are.
_LIBRARY_NIGHTS = after_weeks(8, 16, 20, 21, 22, 23)
_LIBRARY_WAYS = {
    "Surrey Libraries website": Way("online", 38, 44),
    "Surrey Libraries app": Way("app", 6, 14),
    "Self-service kiosk": Way("kiosk", 22, 18, staffed=True),
    "Counter": Way("face-to-face", 18, 12, staffed=True),
    "Enquiries Direct": Way("phone", 14, 10, staffed=True),
    "Email enquiry": Way("email", 2, 2),
}
_BRANCHES = {
    "Guildford": 20, "Woking": 18, "Redhill": 14, "Epsom": 12, "Camberley": 10, "Farnham": 8, "Dorking": 8,
    "Staines-upon-Thames": 6, "Leatherhead": 3, "Ash": 1,
}  # fmt: skip
_AGES = {
    "under-18": "Child", "18-to-24": "Young adult (18-24)", "25-to-34": "Adult 25-34", "35-to-44": "Adult 35-44",
    "45-to-54": "Adult 45-54", "55-to-64": "Adult 55-64", "65-and-over": "Senior (65+)",
}  # fmt: skip
_PASS_WAYS = {
    "Surrey County Council website": Way("online", 46, 58),
    "Phone": Way("phone", 16, 10, staffed=True),
    "Library": Way("face-to-face", 18, 12, staffed=True),
    "Paper form": Way("post", 20, 12),
}
_PASSES = {
    "older": "Older person", "disabled": "Disabled person", "companion": "Disabled person - companion",
    "young": "Student fare card", "other": "Care leaver",
}  # fmt: skip
_REQUESTS = {"application": "New application", "renewal": "Renewal", "replacement": "Replacement"}
_OFFICES = ("east", "west")


@cache
def _renewals() -> Entries:
    return Library(
        seed=440_03, ref="{}", first=5_120_337, usual=72, spread=10, ways=_LIBRARY_WAYS, branches=_BRANCHES, weeks=23
    ).entries()


def _renewal_files() -> Iterator[Delivery]:
    header = ("Renewal ID", "Date/Time", "Method", "Customer type", "Library", "No. of items", "Customer")
    for day in _LIBRARY_NIGHTS:
        rows = [_renewal_row(entry, shown) for entry, shown in changed(_renewals(), STARTS, day)]
        content = workbook("Renewals", [header, *rows])
        yield Delivery(f"library-renewals/LibraryRenewals_{day:%Y%m%d}.xlsx", content, written_at(day, 6, 20))


def _renewal_row(entry: Entry, shown: Dealing) -> list[Cell]:
    return [
        shown.ref,
        london(shown.reported_at),
        entry.word,
        _AGES[str(shown.age_group)],
        shown.branch,
        shown.items,
        entry.person,
    ]


@cache
def _passes() -> Entries:
    return Passes(seed=273_03, ref="SCC/BP/{}", first=40_118, usual=104, spread=16, ways=_PASS_WAYS).entries()


def _pass_files() -> Iterator[Delivery]:
    """The last ten weeks; each office's system writes a file of its own into the zip."""
    for day in after_weeks(10, 20, 24, 25, 26):
        shown = changed(_passes(), day - dt.timedelta(weeks=10), day)
        members = {
            f"{office}/passes_{office}.csv": _office_file(shown[place :: len(_OFFICES)])
            for place, office in enumerate(_OFFICES)
        }
        content = zipped({**members, "readme.txt": b"Bus passes of both offices. Questions: Passenger Transport.\r\n"})
        yield Delivery(f"outgoing/bus-passes/{day:%Y}/passes_{day:%d%m}.zip", content, written_at(day, 4, 10))


def _office_file(shown: Sequence[tuple[Entry, Dealing]]) -> bytes:
    header = ("Ref", "Submitted", "Issued", "Route", "Pass", "Request", "State", "Name", "Postcode")
    return csv_file(header, (_pass_row(entry, asked) for entry, asked in shown), delimiter="|")


def _pass_row(entry: Entry, asked: Dealing) -> list[object]:
    return [
        asked.ref,
        _stamp(asked.reported_at),
        _stamp(asked.closed_at) if asked.closed_at else "",
        entry.word,
        _PASSES[str(asked.concession)],
        _REQUESTS[str(asked.request)],
        "Complete" if asked.status == "completed" else "In progress",
        entry.person,
        f"ZZ{1 + entry.number % 20} {entry.number % 10}ZZ",
    ]


def _stamp(moment: dt.datetime) -> str:
    local = london(moment)
    return f"{local:%d}-{month_name(local)[:3]}-{local:%Y %H:%M}"


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("surrey", "renew-library-book", "folder", lambda: known(_renewals(), _LIBRARY_NIGHTS[-1]), _renewal_files),
    FileFeed("surrey", "renew-transport-concession", "sftp", lambda: known(_passes(), LAST_NIGHT), _pass_files),
)
