"""The bench's floor is Airflow's own cost of the very same DAGs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from airflow.dag_processing.dagbag import DagBag

from bench.councils import write_councils
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TRANSACTIONS = [path.stem for path in (ROOT / "include" / "transactions").glob("*.yaml")]


def test_empty_dags_have_the_tasks_pools_and_dependencies_of_the_councils(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "transactions")
    (tmp_path / "councils").mkdir()
    slugs = write_councils(tmp_path, 3)
    monkeypatch.setenv("LOCAL_DIGITAL_CONFIG", str(tmp_path))

    real, empty = (_shape(folder / "councils.py") for folder in (ROOT / "dags", ROOT / "include/bench/empty_dags"))

    assert empty == real
    assert list(real) == [f"council_{slug}" for slug in slugs]
    assert all(f"{transaction}.extract" in tasks for tasks in real.values() for transaction in TRANSACTIONS)


def _shape(file: Path) -> dict[str, Any]:
    bag = DagBag(file)
    assert bag.import_errors == {}
    return {
        name: {
            task.task_id: (task.pool, task.trigger_rule, sorted(task.downstream_task_ids), task.retries)
            for task in dag.tasks
        } | {"once at a time": dag.max_active_runs}
        for name, dag in sorted(bag.dags.items())
    }  # fmt: skip
