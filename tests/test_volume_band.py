"""An export is compared with those of the same weekday in the last eight weeks: half as many rows to twice as many."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.test_delivery_kinds import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.workspace import FeedHandle

_TODAY = dt.date(2025, 12, 2)
_CHANGES = {**RECORDS, "delivery": "delta"}


@pytest.fixture
def workspace(warehouse_url: str, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(settings_for(warehouse_url, tmp_path)) as opened:
        yield opened


def council(workspace: Workspace, tmp_path: Path, name: str = "first", gss_code: str = "E06000001") -> Anywhere:
    return Anywhere(workspace, tmp_path / name, council=name, gss_code=gss_code)


def export(weeks_ago: int, rows: int, *, days_more: int = 0) -> tuple[str, str]:
    """The changes of a day, so many weeks (and days) before today's."""
    day = _TODAY - dt.timedelta(weeks=weeks_ago, days=days_more)
    reported = day - dt.timedelta(days=1)
    lines = [f"{day:%m%d}-{number},{reported},Web" for number in range(rows)]
    return f"bins_{day:%Y%m%d}.csv", "\n".join(["Ref,Opened,How", *lines, ""])


def is_unusual(anywhere: Anywhere, feed: FeedHandle, rows: int) -> bool:
    (report,) = anywhere.ingest(feed, export(0, rows))
    assert (report.rejected_because, report.accepted) == (None, rows)
    return any("same weekday" in warning for warning in report.warnings)


@pytest.mark.parametrize(("rows", "unusual"), [(4, True), (5, False), (21, False), (22, True)])
def test_half_to_twice_the_middle_one_of_the_same_weekday_is_usual(
    workspace: Workspace, tmp_path: Path, rows: int, unusual: bool
) -> None:
    first, neighbour = council(workspace, tmp_path), council(workspace, tmp_path, "neighbour", "E06000002")
    neighbour.ingest(neighbour.configure(**_CHANGES), *(export(weeks, 60) for weeks in range(1, 9)))
    feed = first.configure(**_CHANGES)
    longer_ago = [export(weeks, 60) for weeks in range(9, 14)]
    other_weekdays = [export(weeks, 60, days_more=days) for weeks in (0, 1) for days in (1, 2, 3)]
    first.ingest(feed, *longer_ago, *other_weekdays, export(2, 60), *(export(each, each + 8) for each in (1, 3, 4)))
    # What was sent again is compared as it was sent last.
    first.ingest(feed, export(2, 9))
    assert is_unusual(first, feed, rows) is unusual


def test_three_exports_of_a_weekday_are_too_few_to_compare_with(workspace: Workspace, tmp_path: Path) -> None:
    first = council(workspace, tmp_path)
    feed = first.configure(**_CHANGES)
    first.ingest(feed, *(export(weeks, 10) for weeks in (1, 2, 3)))
    assert not is_unusual(first, feed, 60)


def test_export_of_eight_weeks_ago_still_counts(workspace: Workspace, tmp_path: Path) -> None:
    first = council(workspace, tmp_path)
    feed = first.configure(**_CHANGES)
    first.ingest(feed, *(export(weeks, 10) for weeks in (5, 6, 7, 8)))
    assert is_unusual(first, feed, 60)
