"""The summary says for every council and transaction what there is, what is not, and why, and its rows add up."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from demo.runs import Run, Task
from demo.sample import Sample
from demo.summary import show, summary
from local_digital.config.loading import load_council
from local_digital.publishing.publish import publish
from local_digital.settings import ROOT
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.workspace import Workspace


def run_of(council: str, state: str = "success", **faults: str) -> Run:
    tasks = {"report-missed-bin.extract": Task("success", 4.5), "report-missed-bin.load": Task("success", 1.25)}
    return Run(council, "the exports as they lie there", "demo__1", "by hand", state, 6.0, tasks, faults)


def facts_of(installation: Installation, tmp_path: Path, *runs: Run) -> dict[str, Any]:
    known = {slug: load_council(ROOT / "include", slug) for slug in ("belfast", "solihull")}
    stack: Any = SimpleNamespace(
        warehouse=installation.settings.warehouse,
        sample=Sample(known, {}, tmp_path, "a secret"),
        seconds={"Airflow": 12.5},
        airflow=SimpleNamespace(base_url="http://127.0.0.1:8080"),
        platform_url="http://127.0.0.1:8091",
        site_url="http://127.0.0.1:8092/",
        site=tmp_path / "site",
        landing=tmp_path / "landing",
        folder=tmp_path,
    )
    facts = summary(stack, runs)
    assert json.loads(json.dumps(facts, default=str))
    return facts


def printed(facts: dict[str, Any], width: int = 120) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width), facts)
    return out.getvalue()


@pytest.fixture
def facts(installation: Installation, workspace: Workspace, tmp_path: Path) -> dict[str, Any]:
    """Solihull has sent one file, whose figures are published; Belfast nothing yet."""
    rows = [row("1", "08/10/2025 10:00"), row("2", "08/10/2025 10:00", channel="Phone"), row("3", "31/02/2026 10:00")]
    installation.put("missed_bins_20251020.csv", export(*rows, rows[0]))
    installation.ingest(workspace)
    publish(workspace, "solihull", run_id="demo__1")
    return facts_of(installation, tmp_path, run_of("solihull"))


def test_rows_of_each_council_add_up(facts: dict[str, Any]) -> None:
    solihull = facts["councils"]["solihull"]
    assert solihull["rows"] == {"read": 4, "accepted": 2, "quarantined": 1, "duplicates": 1, "filtered": 0}
    assert facts["councils"]["belfast"]["rows"]["read"] == 0
    assert (solihull["published"] > 0, solihull["differing"]) == (True, 0)


def test_a_feed_shows_its_newest_whole_period_and_whether_it_is_late(facts: dict[str, Any]) -> None:
    feed = facts["councils"]["solihull"]["transactions"]["report-missed-bin"]
    assert feed["state"] == "late"
    assert (feed["period_kind"], feed["period_start"], feed["volume"]) == ("week", "2025-10-13", 0)
    assert (feed["records"], feed["complete_until"]) == (2, "2025-10-20")
    assert "late (newest delivery" in printed(facts)


def test_what_is_not_provided_and_what_has_no_feed_yet_are_told_apart(facts: dict[str, Any]) -> None:
    transactions = facts["councils"]["solihull"]["transactions"]
    assert transactions["pay-council-tax"] == {"state": "no feed yet", "reason": None}
    assert transactions["renew-transport-concession"]["state"] == "not provided here"
    assert transactions["renew-transport-concession"]["reason"]


def test_the_keys_about_solihull_are_where_they_always_were(facts: dict[str, Any]) -> None:
    assert facts["runs"] == {"demo__1": "success"}
    assert facts["planted"]["unknown channel word: records counted as unmapped"] == 0
    assert {"rows", "deliveries", "published", "reconciliation", "planted", "seconds", "where"} <= facts.keys()
    assert facts["seconds"]["tasks"] == {"demo__1": {"report-missed-bin.extract": 4.5, "report-missed-bin.load": 1.25}}
    assert facts["seconds"]["steps"] == {"extract": 4.5, "load": 1.2}


def test_a_difference_between_platform_and_marts_is_complained_of(
    installation: Installation, workspace: Workspace, tmp_path: Path, facts: dict[str, Any]
) -> None:
    assert facts["complaints"] == []
    with workspace.engine.begin() as db:
        db.exec_driver_sql("update ledger.publication set payload_hash = null where data_set = 'digital-takeup'")
    (complaint,) = facts_of(installation, tmp_path, run_of("solihull"))["complaints"]
    assert complaint.startswith("solihull: platform and marts differ in")


def test_an_unexpected_failure_is_printed_with_its_message(
    installation: Installation, tmp_path: Path, facts: dict[str, Any]
) -> None:
    assert "Everything else went through" in printed(facts)
    failed = run_of("solihull", "failed", **{"report-missed-bin.load": "the disk is full"})
    text = printed(facts_of(installation, tmp_path, failed))
    assert "the disk is full" in text
    assert "Everything else went through" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_number_is_cut_whatever_the_width(facts: dict[str, Any], width: int) -> None:
    facts["councils"]["solihull"]["rows"]["read"] = 160_428
    assert "160,428" in printed(facts, width)
    assert max(map(len, printed(facts, width).splitlines())) <= width
