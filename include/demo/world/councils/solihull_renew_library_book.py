"""Solihull: library renewals as weekly counts in XML, each file with the five weeks before its own."""

from __future__ import annotations

import datetime as dt
import random
from functools import cache
from typing import TYPE_CHECKING

from demo.world.counting import Count, Line, counted, dealings, restated, stated
from demo.world.dealings import Delivery
from demo.world.entries import FileFeed, after_weeks, written_at
from demo.world.writing import element, month_name, xml_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world.dealings import FeedWorld

_WEEKS = after_weeks(*range(26))
_LINES = (
    Line("Library catalogue", "online", 88, 104, given_up=9),
    Line("Spydus Mobile", "app", 14, 30, given_up=6),
    Line("Self-issue machine", "kiosk", 52, 46),
    Line("Counter - The Core", "face-to-face", 26, 18),
    Line("Counter - community libraries", "face-to-face", 24, 17),
    Line("Telephone", "phone", 22, 15),
)
_CHRISTMAS = dt.date(2025, 12, 22)
_QUIET = 55
# Counters whose sheets came in late.
_LATE = {(_WEEKS[7], "Counter - community libraries"): 6, (_WEEKS[19], "Counter - community libraries"): 5}
# The last weeks of the files.
_FILES = (3, 7, 11, 15, 19, 23, 25)
_STATED_AGAIN = 5


@cache
def _counts() -> list[Count]:
    rng = random.Random(440_06)  # noqa: S311 - a reproducible sample, nothing secret
    return restated(counted(rng, _LINES, _WEEKS, lambda week: _QUIET if week == _CHRISTMAS else 100), _LATE)


def _files() -> Iterator[Delivery]:
    for place in _FILES:
        week = _WEEKS[place]
        sunday = week + dt.timedelta(days=6)
        told = stated(_counts(), _WEEKS[max(0, place - _STATED_AGAIN)], week)
        content = xml_file("library-renewals", map(_element, told))
        name = f"outgoing/library-renewals/renewals-week-ending-{sunday:%Y%m%d}.xml"
        yield Delivery(name, content, written_at(sunday + dt.timedelta(days=1), 4, 30))


def _element(count: Count) -> str:
    sunday = count.starts + dt.timedelta(days=6)
    return element(
        "count",
        week_ending=f"{sunday.day} {month_name(sunday)} {sunday.year}",
        channel=count.line.word,
        begun=str(count.begun),
        renewed=str(count.completed),
    )


FEEDS: tuple[FeedWorld, ...] = (
    FileFeed("solihull", "renew-library-book", "sftp", lambda: dealings(_counts(), begun=True), _files),
)
