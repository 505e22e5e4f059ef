"""The demo succeeds when exactly what has to fail fails, and says in words what went otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.runs import Run, Step, Task, carry_out
from demo.sample import Sample
from demo.story import ON_PURPOSE, THE_NIGHT, complaints, plans
from demo.world.dealings import LAST_NIGHT
from local_digital.errors import TransportError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

KIRKLEES, SURREY = ON_PURPOSE
TURNED_DOWN = f"kirklees report-missed-bin: validate: expected a column `{KIRKLEES.sign}`; found another header."
LATE = f"surrey renew-library-book: extract: {SURREY.sign}; found no such file."
COUNCILS = ["kirklees", "solihull", "surrey"]


def run(council: str, state: str = "success", **faults: str) -> Run:
    named = {task.replace("__", ".").replace("_", "-"): fault for task, fault in faults.items()}
    tasks = {name: Task("failed", 1.0) for name in named}
    return Run(council, "the exports as they lie there", "demo__1", "by hand", state, 1.0, tasks, named)


GOOD = [
    run("solihull"),
    run("kirklees", "failed", report_missed_bin__validate=TURNED_DOWN),
    run("surrey"),
    run("surrey", "failed", renew_library_book__extract=LATE),
]


def test_nothing_is_complained_of_when_only_what_has_to_fail_fails() -> None:
    assert complaints(GOOD, {}, COUNCILS) == []


def test_a_demo_that_is_run_again_finds_nothing_new_to_turn_down() -> None:
    again = [run("solihull"), run("kirklees"), *GOOD[2:]]
    assert complaints(again, {("kirklees", "report-missed-bin"): TURNED_DOWN}, COUNCILS) == []
    (complaint,) = complaints(again, {}, COUNCILS)
    assert "kirklees, report-missed-bin.validate was expected to fail" in complaint


@pytest.mark.parametrize(("wrong", "told"), [
    (run("solihull", "failed", report_missed_bin__load="the disk is full"), "the disk is full"),
    (run("solihull", "failed"), "ended as `failed`"),
    (run("kirklees", "failed", report_missed_bin__validate="no secret for premises"), "no secret for premises"),
    (run("surrey", "failed", renew_transport_concession__extract=LATE), "renew-transport-concession.extract"),
])  # fmt: skip
def test_any_other_failure_is_told_with_its_message(wrong: Run, told: str) -> None:
    found = complaints([*GOOD, wrong], {}, COUNCILS)
    assert len(found) == 1
    assert told in found[0]
    assert wrong.council in found[0]


def test_a_feed_that_should_be_late_and_is_not_is_told_too() -> None:
    (complaint,) = complaints([*GOOD[:3], run("surrey")], {}, COUNCILS)
    assert "surrey, renew-library-book.extract was expected to fail" in complaint


def test_councils_with_an_api_run_as_of_the_samples_last_night(tmp_path: Path) -> None:
    steps = plans(Sample.of_the_world(tmp_path, "a secret"))
    nights = {slug: [step.night for step in each] for slug, each in steps.items()}
    assert len(nights) == 13
    assert nights["solihull"] == [None, None]
    assert nights["surrey"] == [None, LAST_NIGHT]
    assert nights["south-cambridgeshire"] == nights["nottingham"] == [LAST_NIGHT]
    assert steps["nottingham"][0].name == THE_NIGHT


class Airflow:
    """Stands in for Airflow's API: a run ends after it has been looked at so many times; later runs fail."""

    def __init__(self, looks: int = 2) -> None:
        self.looks = looks
        self.begun: list[tuple[str, str]] = []
        self.left: dict[tuple[str, str], int] = {}

    def trigger(self, dag_id: str, run_id: str) -> str:
        self.begun.append((dag_id, run_id))
        self.left[dag_id, run_id] = self.looks
        return run_id

    def backfill(self, dag_id: str, day: dt.date) -> str:
        return self.trigger(dag_id, f"backfill__{day}")

    def unfinished(self, dag_ids: Iterable[str]) -> set[tuple[str, str]]:
        wanted = set(dag_ids)
        for key in self.left:
            self.left[key] -= key[0] in wanted
        return {key for key, looks in self.left.items() if looks > 0}

    def answer_questions(self, dag_ids: Iterable[str]) -> int:
        self.asked_about = set(dag_ids)
        return 0

    def active_tasks(self, dag_ids: Iterable[str]) -> list[dict[str, str]]:
        return [{"dag_id": dag_id, "task_id": "publish"} for dag_id in dag_ids]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, object]]:
        state = self.run_state(dag_id, run_id)
        return [
            {"task_id": name, "state": state, "duration": 2.04, "start_date": None, "run_after": at, "try_number": 1}
            for at, name in enumerate(["bins.extract", "reconcile"])
        ]

    def run_state(self, dag_id: str, run_id: str) -> str:
        assert (dag_id, run_id) in self.begun
        return "failed" if run_id.startswith("backfill") else "success"

    def fault(self, *task: str | int) -> str:
        return "what {} {} {} says at try {}".format(*task)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.runs._PAUSE_SECONDS", 0)


def test_councils_run_side_by_side_and_each_takes_its_own_steps_in_order() -> None:
    airflow = Airflow()
    said: list[str] = []
    steps = {
        "north": [Step("first"), Step("left out", needed=lambda: False), Step("the night", night=LAST_NIGHT)],
        "south": [Step("first")],
    }
    ended = carry_out(airflow, steps, "demo", said.append, lambda: None)  # type: ignore[arg-type]
    assert {*airflow.begun[:2]} == {("council_north", "demo__1"), ("council_south", "demo__1")}
    assert airflow.begun[2:] == [("council_north", f"backfill__{LAST_NIGHT}")]
    assert [(run.council, run.step, run.state) for run in ended if run.council == "north"] == [
        ("north", "first", "success"), ("north", "the night", "failed"),
    ]  # fmt: skip
    assert ended[-1].faults == {"bins.extract": f"what council_north backfill__{LAST_NIGHT} bins.extract says at try 1"}
    assert ended[-1].tasks["bins.extract"] == Task("failed", 2.0)
    assert said[0].startswith("0 of 2 councils done; now north publish, south publish")


def test_runs_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.runs._LONGEST_SECONDS", 0.01)
    with pytest.raises(TransportError, match="north"):
        carry_out(Airflow(10**9), {"north": [Step("first")]}, "demo", lambda _: None, lambda: None)  # type: ignore[arg-type]
