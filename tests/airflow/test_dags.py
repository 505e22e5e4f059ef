"""What the DAGs promise before anything runs, and how the Airflow edge treats waits and faults."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import TaskGroup
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization

from local_digital.config.loading import council_files, load_council
from local_digital.errors import ConfigurationError, DataError, RefusedError, TransportError
from local_digital.extract import Extracted, Wait
from local_digital.migrations import migrate
from local_digital.settings import ROOT
from local_digital_airflow import ExtractOperator, faults_for_airflow, run_day
from local_digital_sign_off import PUBLIC_FIGURES, PublishOperator
from tests.conftest import Installation, export, row
from tests.sources.page_server import Site, website

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.workspace import Workspace

SOLIHULL = "council_solihull"
FEED = "report-missed-bin"


def _bag(monkeypatch: pytest.MonkeyPatch, config: Path) -> DagBag:
    monkeypatch.setenv("LOCAL_DIGITAL_CONFIG", str(config))
    return DagBag(ROOT / "dags")


@pytest.fixture
def bag(monkeypatch: pytest.MonkeyPatch) -> DagBag:
    return _bag(monkeypatch, ROOT / "include")


def test_every_council_has_a_dag_and_nothing_fails_to_import(bag: DagBag) -> None:
    assert set(bag.dags) >= {f"council_{council}" for council in council_files(ROOT / "include")}
    assert SOLIHULL in bag.dags
    assert bag.import_errors == {}


def test_a_broken_council_file_leaves_the_others_and_is_named_with_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("councils", "transactions"):
        shutil.copytree(ROOT / "include" / folder, tmp_path / folder)
    good = (tmp_path / "councils" / "solihull.yaml").read_text(encoding="utf-8")
    broken = good.replace("council: solihull", "council: dudley").replace("tier: metropolitan", "tier: kingdom")
    (tmp_path / "councils" / "dudley.yaml").write_text(broken, encoding="utf-8")

    bag = _bag(monkeypatch, tmp_path)

    assert SOLIHULL in bag.dags
    assert "council_dudley" not in bag.dags
    ((where, message),) = bag.import_errors.items()
    assert where.endswith("council_files.py")
    assert "dudley.yaml" in message
    assert "tier" in message


def test_the_graph_is_the_one_of_the_design(bag: DagBag) -> None:
    dag = bag.dags[SOLIHULL]

    feeds = load_council(ROOT / "include", "solihull").feeds
    chains = {
        f"{feed}.{step}": {following}
        for feed in feeds
        for step, following in (("extract", f"{feed}.validate"), ("validate", f"{feed}.load"), ("load", "aggregate"))
    }
    assert len(feeds) > 1
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == chains | {
        "aggregate": {"publish"},
        "publish": {"reconcile"},
        "reconcile": set(),
    }
    assert isinstance(dag.task_group.children[FEED], TaskGroup)
    assert dag.tags == {"phase-1", "metropolitan", *feeds}
    assert (dag.catchup, dag.max_active_runs) == (False, 1)


def test_every_task_has_a_time_out_a_pool_and_an_owner(bag: DagBag) -> None:
    for task in bag.dags[SOLIHULL].tasks:
        assert task.execution_timeout is not None, task.task_id
        assert task.pool in {"sftp", "api", "folder", "warehouse", "platform"}, task.task_id
        assert task.owner == "local-digital", task.task_id


def test_no_task_keeps_its_counts_one_by_one(bag: DagBag) -> None:
    # Each would be a call of its own to the API server.
    for task in bag.dags[SOLIHULL].tasks:
        assert not task.multiple_outputs, task.task_id


def test_publishing_may_wait_for_somebody_and_tells_the_site_of_what_is_public_now(bag: DagBag) -> None:
    publish = bag.dags[SOLIHULL].get_task("publish")

    # By its name: whatever loads Airflow's plugins meanwhile loads the class a second time.
    assert publish.task_type == PublishOperator.__name__
    assert (publish.council, publish.execution_timeout) == ("solihull", dt.timedelta(hours=1))
    assert publish.response_timeout == dt.timedelta(hours=20)
    assert publish.retries == 4
    assert [outlet.name for outlet in publish.outlets] == ["public-figures-solihull"]


def test_open_data_are_built_when_public_figures_change_and_once_an_hour(bag: DagBag) -> None:
    dag = bag.dags["open_data"]

    (build,) = dag.tasks
    assert (build.task_id, build.pool, build.execution_timeout) == ("build", "warehouse", dt.timedelta(hours=1))
    assert (dag.catchup, dag.max_active_runs, dag.tags) == (False, 1, {"open-data"})
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    assert timetable.timetable.summary == "50 * * * *"  # type: ignore[attr-defined]
    assert {asset.uri for _, asset in timetable.asset_condition.iter_assets()} == {PUBLIC_FIGURES.uri}


def test_housekeeping_removes_what_is_past_its_time_and_builds_data_docs_every_night(bag: DagBag) -> None:
    dag = bag.dags["housekeeping"]

    tasks = {task.task_id: (task.pool, task.execution_timeout) for task in dag.tasks}
    hour = dt.timedelta(hours=1)
    # Neither waits for the other: that pages cannot be built keeps no personal data.
    assert tasks == {"expire": ("warehouse", hour), "data_docs": ("warehouse", hour)}
    assert all(not task.upstream_task_ids for task in dag.tasks)
    assert DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable.summary == "40 3 * * *"


def test_housekeeping_returns_counts(
    monkeypatch: pytest.MonkeyPatch, installation: Installation, workspace: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1"), row("2", "31/02/2025 10:00")))
    installation.ingest(workspace)
    monkeypatch.setenv("LOCAL_DIGITAL_WAREHOUSE", str(installation.settings.warehouse))
    monkeypatch.setenv("LOCAL_DIGITAL_LANDING", installation.settings.landing)
    monkeypatch.setenv("LOCAL_DIGITAL_SPOOL", str(installation.settings.spool))
    dag = _bag(monkeypatch, installation.settings.config).dags["housekeeping"]

    assert dag.get_task("expire").python_callable() == {"raw_files": 0, "reports": 0}
    assert dag.get_task("data_docs").python_callable() == {"written": 1, "removed": 0}
    assert dag.get_task("data_docs").python_callable() == {"written": 0, "removed": 0}


def test_availability_looks_every_hour_and_then_publishes(bag: DagBag) -> None:
    dag = bag.dags["availability"]

    tasks = {task.task_id: (task.pool, task.downstream_task_ids) for task in dag.tasks}
    assert tasks == {"check": ("api", {"publish"}), "publish": ("platform", set())}
    assert all(task.execution_timeout for task in dag.tasks)
    assert (dag.catchup, dag.max_active_runs, dag.tags) == (False, 1, {"availability"})
    assert DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable.summary == "7 * * * *"


def test_availability_check_says_how_many_pages_were_up_and_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str
) -> None:
    migrate(database_url)
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "transactions")
    (tmp_path / "councils").mkdir()
    with website(Site({"/bins": 200})) as site:
        for council, path in (("solihull", "bins"), ("fife", "gone")):
            written = (ROOT / "include" / "councils" / f"{council}.yaml").read_text("utf-8")
            page = f"\n  {FEED}:\n    page: {site.url}/{path}\n"
            (tmp_path / "councils" / f"{council}.yaml").write_text(written.replace(f"\n  {FEED}:\n", page), "utf-8")
        monkeypatch.setenv("LOCAL_DIGITAL_WAREHOUSE", database_url)
        check = _bag(monkeypatch, tmp_path).dags["availability"].get_task("check")
        assert check.python_callable() == {"up": 1, "down": 1, "unmonitored": 0}
        assert check.python_callable() == {"up": 0, "down": 0, "unmonitored": 0}


SOURCES = {
    "sftp": {"kind": "sftp", "connection": "c", "files": "*.csv"},
    "folder": {"kind": "folder", "files": "*.csv"},
    "api": {"kind": "api", "connection": "c", "path": "cases"},
    "open311": {"kind": "open311", "connection": "c", "first_day": "2026-01-01"},
}


def test_a_council_with_any_source_has_a_dag_whose_extract_uses_that_source_s_pool(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "transactions")
    (tmp_path / "councils").mkdir()
    facts = yaml.safe_load((ROOT / "include" / "councils" / "solihull.yaml").read_text("utf-8"))
    for code, (name, source) in enumerate(SOURCES.items(), 25):
        feed = {**facts["feeds"][FEED], "source": source}
        if name == "open311":
            del feed["format"]
        platform = {**facts["platform"], "data_group": name}
        council = {**facts, "council": name, "gss_code": f"E080000{code}", "platform": platform, "feeds": {FEED: feed}}
        (tmp_path / "councils" / f"{name}.yaml").write_text(yaml.safe_dump(council), "utf-8")

    bag = _bag(monkeypatch, tmp_path)

    assert bag.import_errors == {}
    pools = {name: bag.dags[f"council_{name}"].get_task(f"{FEED}.extract").pool for name in SOURCES}
    assert pools == {"sftp": "sftp", "folder": "folder", "api": "api", "open311": "api"}


def test_reading_the_files_twice_gives_the_same_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (
        json.dumps(DagSerialization.to_dict(_bag(monkeypatch, ROOT / "include").dags[SOLIHULL]), sort_keys=True)
        for _ in range(2)
    )

    assert first == second


def test_parsing_imports_neither_pandas_nor_great_expectations_nor_pyarrow() -> None:
    program = (
        "import sys; sys.path.insert(0, 'plugins')\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "bag = DagBag('dags')\n"
        "heavy = sorted({'pandas', 'great_expectations', 'pyarrow'} & set(sys.modules))\n"
        "print('FOUND', len(bag.dags) > 0, heavy)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "FOUND True []" in done.stdout


def test_a_fault_that_may_pass_goes_on_to_airflows_retry() -> None:
    with pytest.raises(TransportError), faults_for_airflow():
        raise TransportError("x", expected="a", found="b", action="c")


@pytest.mark.parametrize("kind", [ConfigurationError, DataError, RefusedError, AssertionError])
def test_any_other_fault_ends_the_task_without_a_retry(kind: type[Exception]) -> None:
    fault = AssertionError("x") if kind is AssertionError else kind("x", expected="a", found="b", action="c")  # type: ignore[call-arg]

    with pytest.raises(AirflowFailException) as failed, faults_for_airflow():
        raise fault

    # A defect is told by its type and place: its text may hold a row's value.
    assert str(failed.value).startswith("AssertionError, a defect" if kind is AssertionError else "x: expected a")
    assert failed.value.__suppress_context__


def test_what_lies_behind_a_fault_that_may_pass_is_not_shown() -> None:
    fault = TransportError("x", expected="a", found="b", action="c")
    fault.__cause__ = OSError("Ann Other, 1 Oak Road")

    with pytest.raises(TransportError) as passing, faults_for_airflow():
        raise fault

    assert "Ann Other" not in "".join(traceback.format_exception(passing.value))


def test_extract_defers_and_comes_back_with_what_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter([Wait(30, {"a.csv": [10, 20]}, "one file"), Extracted([7], ["b.csv"], [])])
    handed_over: list[Any] = []

    def core_step(_self: ExtractOperator, _context: Any, looked: Any) -> Any:
        handed_over.append(looked)
        return next(steps)

    monkeypatch.setattr(ExtractOperator, "_extract", core_step)
    extract = ExtractOperator(task_id="extract", council="solihull", transaction=FEED)

    with pytest.raises(TaskDeferred) as deferred:
        extract.execute({})
    result = getattr(extract, deferred.value.method_name)({}, None, **deferred.value.kwargs)

    assert handed_over == [None, {"a.csv": [10, 20]}]
    assert result == {"delivery_ids": [7], "unchanged": 1, "unfinished": 0}


@pytest.mark.parametrize(("run_type", "day"), [
    ("scheduled", dt.date(2026, 6, 2)), ("backfill", dt.date(2026, 6, 2)), ("manual", None),
])  # fmt: skip
def test_only_runs_of_the_schedule_stand_for_a_day_the_london_one(run_type: str, day: dt.date | None) -> None:
    moment = dt.datetime(2026, 6, 1, 23, 20, tzinfo=dt.UTC)
    run = SimpleNamespace(run_type=run_type, logical_date=moment, run_after=moment)

    assert run_day({"dag_run": run}) == day  # type: ignore[typeddict-item]
