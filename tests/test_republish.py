"""The records of chosen periods leave again with the next publish, and nothing that is not signed off."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from sqlalchemy import text

from local_digital.cli import app
from local_digital.errors import ConfigurationError
from local_digital.publishing.publish import publish
from local_digital.publishing.reconcile import reconcile
from local_digital.publishing.republish import RepublishReport, republish
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

CHANNELS = "transactions-by-channel"
COUNCIL = "solihull"
MIDWEEK = dt.date(2025, 10, 15)


@pytest.fixture
def published(installation: Installation, workspace: Workspace) -> Installation:
    """Three weeks at the platform, from 6 October on."""
    days = ("08/10/2025", "15/10/2025", "22/10/2025")
    installation.put("missed_bins_20251027.csv", export(*(row(f"A-{day}", f"{day} 10:00") for day in days)))
    installation.ingest(workspace)
    publish(workspace, COUNCIL, run_id="first")
    return installation


def run_republish(
    workspace: Workspace, first: dt.date = MIDWEEK, last: dt.date = MIDWEEK, **what: Any
) -> RepublishReport:
    return republish(workspace, COUNCIL, CHANNELS, first=first, last=last, run_id="republish", **what)


def sent(workspace: Workspace, *, dry_run: bool = True) -> dict[str, tuple[int, int, int]]:
    report = publish(workspace, COUNCIL, run_id="second", dry_run=dry_run)
    return {plan.data_set: (len(plan.new), len(plan.changed), len(plan.withdrawn)) for plan in report.plans}


def doubted(workspace: Workspace) -> int:
    with workspace.engine.connect() as db:
        return int(db.scalar(text("select count(*) from ledger.publication where payload_hash is null")) or 0)


def test_all_records_of_the_week_of_a_day_are_sent_again_and_no_others(
    published: Installation, workspace: Workspace
) -> None:
    each_week = len([one for one in published.ask(CHANNELS) if one["_timestamp"].startswith("2025-10-13")])
    report = run_republish(workspace)
    assert (report.records, report.new, report.first, report.last) == (
        each_week, 0, dt.date(2025, 10, 13), dt.date(2025, 10, 13),
    )  # fmt: skip
    others = sent(workspace)
    assert others.pop(CHANNELS) == (0, each_week, 0)
    assert set(others.values()) == {(0, 0, 0)}


def test_what_the_platform_lost_is_there_again_after_the_next_publish(
    published: Installation, workspace: Workspace
) -> None:
    before = published.ask(CHANNELS)
    lost = next(one["_id"] for one in before if one["_timestamp"].startswith("2025-10-13"))
    answer = requests.delete(
        f"{published.platform_url}/data/solihull-local-authority/{CHANNELS}/{lost}",
        headers={"Authorization": f"Bearer {published.tokens[CHANNELS]}"},
        timeout=30,
    )
    assert answer.ok
    assert len(published.ask(CHANNELS)) == len(before) - 1
    run_republish(workspace)
    sent(workspace, dry_run=False)
    assert {one["_id"] for one in published.ask(CHANNELS)} == {one["_id"] for one in before}
    reconcile(workspace, COUNCIL, run_id="second")
    assert doubted(workspace) == 0


@pytest.mark.usefixtures("published")
def test_range_takes_every_period_that_shares_a_day_with_it(workspace: Workspace) -> None:
    report = run_republish(workspace, dt.date(2025, 10, 12), dt.date(2025, 10, 20))
    assert (report.first, report.last) == (dt.date(2025, 10, 6), dt.date(2025, 10, 20))
    report = run_republish(workspace, dt.date(2025, 9, 1), dt.date(2025, 10, 5))
    assert (report.records, report.first) == (0, None)


@pytest.mark.usefixtures("published")
def test_dry_run_counts_and_doubts_nothing(workspace: Workspace) -> None:
    foreseen = run_republish(workspace, dry_run=True)
    assert doubted(workspace) == 0
    assert run_republish(workspace) == foreseen
    assert doubted(workspace) == foreseen.records
    # And once more comes to the same.
    assert run_republish(workspace) == foreseen


@pytest.mark.usefixtures("published")
def test_feed_that_may_not_be_published_is_refused_and_nothing_of_it_leaves(workspace: Workspace) -> None:
    run_republish(workspace)
    path = workspace.settings.config / "councils" / "solihull.yaml"
    facts = yaml.safe_load(path.read_text("utf-8"))
    facts["feeds"]["report-missed-bin"]["embargo_until"] = "2999-01-01"
    path.write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
    with pytest.raises(ConfigurationError, match="a feed that is embargoed"):
        run_republish(workspace)
    assert sent(workspace, dry_run=False) == {}


@pytest.mark.usefixtures("published")
def test_unknown_data_set_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match="transactions-by-channel"):
        republish(workspace, COUNCIL, "no-such", first=MIDWEEK, last=MIDWEEK, run_id="republish")


def test_command_says_how_many(
    published: Installation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local_digital.settings.from_environment", lambda: published.settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    days = ["--from", "2025-10-15", "--to", "2025-10-15"]
    app(["republish", COUNCIL, CHANNELS, *days, "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["records"] == doubted(workspace) > 0
    with pytest.raises(ConfigurationError, match="the other way round"):
        app(["republish", COUNCIL, CHANNELS, "--from", "2025-10-15", "--to", "2025-10-01"], standalone_mode=False)
