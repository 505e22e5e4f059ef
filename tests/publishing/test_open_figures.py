"""What the public may see: the released figures as the marts had them, and a log that tells every change once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from local_digital.publishing.data_sets import released
from local_digital.publishing.open_figures import open_to_public
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.kpis.exports import counts_of
from tests.publishing.two_feeds import (
    BINS,
    CHANNELS,
    LAST,
    MORNING,
    TAKEUP,
    WARDS,
    WEEKS,
    Council,
    Houses,
    houses,
    usual,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

Change = tuple[str, str, int, dt.date, dt.date]


@pytest.fixture(scope="module")
def served(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    with houses(postgres, tmp_path_factory.mktemp("open_figures"), "open_figures") as found:
        yield found


@pytest.fixture
def council(served: Houses, tmp_path: Path) -> Iterator[Council]:
    """A council of which one feed is public; in one week a channel is new and a ward is small."""
    with served.council(tmp_path) as found:
        found.arrive(usual() | {(LAST, "post", "A"): 12, (LAST, "online", "E"): 3, (MORNING, "online", "A"): 7})
        found.decide()
        found.publish("first")
        yield found


def kpis(council: Council) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The public KPIs by what they are of."""
    rows = council.ask(
        "select period_kind, period_start, kpi, version, label, numerator, denominator, value, basis, caveats "
        "from open_data.kpi where council = :council and transaction = :transaction", transaction=BINS,
    )  # fmt: skip
    return {tuple(row[:5]): tuple(row[5:]) for row in rows}


def volumes(council: Council, data_set: str) -> dict[tuple[dt.date, str], int | None]:
    rows = council.ask(
        "select period_start, label, reports, state from open_data.volume "
        "where council = :council and transaction = :transaction and data_set = :data_set",
        transaction=BINS, data_set=data_set,
    )  # fmt: skip
    assert all((row.state == "withheld") == (row.reports is None) for row in rows)
    return {(row.period_start, row.label): row.reports for row in rows}


def marts(council: Council, breakdown: str) -> dict[tuple[dt.date, str], int]:
    rows = council.ask(
        "select period_start, label, reports from marts.volume where council = :council "
        "and transaction = :transaction and breakdown = :breakdown and period_kind = 'week' and basis = 'full'",
        transaction=BINS, breakdown=breakdown,
    )  # fmt: skip
    return {(row.period_start, row.label): row.reports for row in rows}


def log(council: Council, run_id: str) -> set[Change]:
    return {
        (change.what, change.data_set, change.figures, change.first_period, change.last_period)
        for change in council.changes() if change.run_id == run_id and change.transaction == BINS
    }  # fmt: skip


def released_at(council: Council) -> tuple[dt.datetime, dt.datetime, str]:
    (row,) = council.ask(
        "select first_released_at, released_at, run_id from open_data.feed "
        "where council = :council and transaction = :transaction", transaction=BINS,
    )  # fmt: skip
    return row.first_released_at, row.released_at, row.run_id


def between(before: dict[Any, Any], after: dict[Any, Any], name: str, period_at: int) -> set[Change]:
    """What the change log must say, by what was public before and is now."""
    what = {
        "added": after.keys() - before.keys(),
        "withdrawn": before.keys() - after.keys(),
        "revised": {key for key in before.keys() & after.keys() if before[key] != after[key]},
    }
    return {
        (kind, name, len(keys), min(key[period_at] for key in keys), max(key[period_at] for key in keys))
        for kind, keys in what.items() if keys
    }  # fmt: skip


def test_totals_and_kpis_are_those_of_the_marts_for_whole_and_finished_periods_only(council: Council) -> None:
    names = {"transaction": BINS}
    due = council.ask(
        "select period_kind, period_start, kpi, version, label, numerator, denominator, value, basis, caveats "
        "from marts.kpi where council = :council and transaction = :transaction and basis in ('full', 'estimated')",
        **names,
    )
    assert kpis(council) == {tuple(row[:5]): tuple(row[5:]) for row in due}
    assert {key[2] for key in kpis(council)} >= {"volume", "channel-mix", "digital-takeup"}
    periods = council.ask(
        "select period_kind, period_start, reports from open_data.period "
        "where council = :council and transaction = :transaction", **names,
    )  # fmt: skip
    totals = {row.period_start: row.reports for row in periods if row.period_kind == "week"}
    assert totals == {**dict.fromkeys(WEEKS, 200), LAST: 215}
    # The week that is under way is in the marts, and there only.
    partial = council.ask(
        "select 1 from marts.volume where council = :council and transaction = :transaction and basis = 'partial' "
        "and period_start = :start", start=MORNING, **names,
    )  # fmt: skip
    assert partial
    assert MORNING not in {key[1] for key in kpis(council)}


def test_counts_without_control_are_those_of_the_marts_with_zeros(council: Council) -> None:
    told, counted = volumes(council, CHANNELS), marts(council, "channel")
    labels = {label for _, label in counted}
    assert {"online", "phone", "post"} <= labels
    assert told == {(week, label): counted.get((week, label), 0) for week in WEEKS for label in labels}
    assert told[WEEKS[0], "post"] == 0


def test_withheld_counts_are_told_to_be_there_and_nothing_more(council: Council) -> None:
    told, counted = volumes(council, WARDS), marts(council, "ward")
    assert told.keys() == {(week, ward) for week in WEEKS for ward in "ABCDE"}
    assert told[LAST, "E"] is None
    assert told[WEEKS[0], "E"] == 0
    # Another has to go with it, or the total would tell.
    assert len([ward for ward in "ABCDE" if told[LAST, ward] is None]) == 2
    shown = {key: count for key, count in told.items() if count is not None}
    assert shown == {key: counted.get(key, 0) for key in shown}
    # As the platform has it.
    on_platform = {
        (dt.date.fromisoformat(str(record["_timestamp"])[:10]), str(record["ward"])): record["missed_bins"]
        for record in council.shown(WARDS).values()
    }
    assert on_platform == shown


def test_first_release_is_logged_as_added(council: Council) -> None:
    assert log(council, "first") == {
        *between({}, kpis(council), "kpis", 1),
        *between({}, volumes(council, CHANNELS), CHANNELS, 0),
        *between({}, volumes(council, WARDS), WARDS, 0),
    }


def test_night_that_changes_nothing_leaves_no_trace(council: Council) -> None:
    before = (council.public(), council.changes(), released_at(council))
    assert council.publish("second").opened == 0
    assert (council.public(), council.changes(), released_at(council)) == before


def test_revised_figures_are_logged_with_how_many_and_from_when_to_when(council: Council) -> None:
    first, at_first, _ = released_at(council)
    before = (kpis(council), volumes(council, CHANNELS), volumes(council, WARDS))
    changed = {(WEEKS[1], "online", "A"): 33, (WEEKS[3], "online", "A"): 31, (WEEKS[3], "phone", "B"): 21}
    council.arrive(usual() | {(LAST, "post", "A"): 12, (LAST, "online", "E"): 3, (MORNING, "online", "A"): 7} | changed)
    assert council.publish("second").opened == 1
    assert log(council, "second") == {
        *between(before[0], kpis(council), "kpis", 1),
        *between(before[1], volumes(council, CHANNELS), CHANNELS, 0),
        *between(before[2], volumes(council, WARDS), WARDS, 0),
    }
    assert ("revised", CHANNELS, 3, WEEKS[1], WEEKS[3]) in log(council, "second")
    assert ("revised", WARDS, 3, WEEKS[1], WEEKS[3]) in log(council, "second")
    still, at_last, run_id = released_at(council)
    assert still == first
    assert at_last > at_first
    assert run_id == "second"
    # The figures of one release are of one moment.
    assert {change.what for change in council.changes() if change.run_id == "second"} == {"revised"}


def test_data_set_that_is_published_no_longer_is_withdrawn_here_and_on_the_platform(council: Council) -> None:
    shown = len(volumes(council, WARDS))
    council.publishing[BINS] = (CHANNELS, TAKEUP)
    council.configure(BINS)
    council.publish("second")
    assert volumes(council, WARDS) == {}
    assert log(council, "second") == {("withdrawn", WARDS, shown, WEEKS[0], LAST)}
    assert council.shown(WARDS) == {}
    assert council.totals()[WEEKS[0]] == 200
    council.reconcile()


def test_history_stays_when_everything_is_withdrawn(council: Council) -> None:
    council.configure(BINS, stage="draft")
    assert council.publish("second").opened == 1
    assert council.public() == {"feed": [], "period": [], "kpi": [], "volume": []}
    assert {change.run_id for change in council.changes()} == {"first", "second"}
    assert council.publish("third").opened == 0


def test_kpi_that_would_tell_a_withheld_count_is_not_public(database_url: str, tmp_path: Path) -> None:
    passes = "renew-transport-concession"
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        anywhere = Anywhere(workspace, tmp_path, passes)
        by_request: dict[str, dict[str, str]] = {"passes-by-request": {}, "transactions-by-channel": {}}
        feed = anywhere.configure(**counts_of(passes, "month", ("request",)), publish=by_request)
        counts = {"application": 3, "renewal": 40, "replacement": 30}
        rows = [f"2025-11-01,online,{request},{count}" for request, count in counts.items()]
        anywhere.ingest(feed, ("20251202.csv", "\n".join(["period,channel,request,count", *rows]) + "\n"))
        with workspace.engine.begin() as db:
            assert open_to_public(db, feed, released(db, feed, run_id="night"), run_id="night")
            told = db.execute(text("select kpi, numerator, value from open_data.kpi")).all()
            withheld = set(db.scalars(text("select label from open_data.volume where state = 'withheld'")))
            in_house = set(db.scalars(text("select kpi from marts.kpi where basis = 'full'")))
    assert "application" in withheld
    assert {"applications", "renewals"} <= in_house
    assert {row.kpi for row in told} >= {"volume", "channel-mix"}
    assert not {"applications", "renewals"} & {row.kpi for row in told}
    assert not [row for row in told if counts["application"] in {row.numerator, row.value}]
