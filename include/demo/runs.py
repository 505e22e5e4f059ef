"""Running the councils' DAGs side by side, each through its own steps, and what became of every run."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from local_digital.errors import TransportError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from demo.airflow_api import AirflowApi

_LONGEST_SECONDS = 1200.0
# Each look costs Airflow's API a moment of the two cores that the tasks could do with.
_PAUSE_SECONDS = 2.0
_VERDICT = "reconcile"


def dag_of(council: str) -> str:
    return f"council_{council}"


@dataclass(frozen=True)
class Step:
    """One run of a council's DAG.

    name: what it is about, in the words of the summary. night: the London day whose scheduled run it stands for, None
    for a run by hand, which takes what there is. needed: looked at when its turn comes; False leaves it out.
    """

    name: str
    night: dt.date | None = None
    needed: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Task:
    state: str
    seconds: float


@dataclass(frozen=True)
class Run:
    """A run that has ended. faults: what its failed tasks say, by task id, without the verdict on the whole run."""

    council: str
    step: str
    run_id: str
    kind: Literal["by hand", "scheduled night"]
    state: str
    seconds: float
    tasks: dict[str, Task]
    faults: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass
class _UnderWay:
    step: Step
    run_id: str
    begun: float


def carry_out(
    airflow: AirflowApi,
    plans: Mapping[str, Sequence[Step]],
    name: str,
    show: Callable[[str], None] | None,
    check: Callable[[], None],
) -> list[Run]:
    """Take every council through its steps, all councils side by side; return all runs in the order of their ends.

    Feeds that go live are released, and unusual figures kept back, as the councils' own people might: Airflow records
    it as `admin`.

    plans: steps by council. name: what ids of runs by hand begin with. show: is told what goes on, if anybody looks.
    check: may raise meanwhile. Raises TransportError when it does not end.
    """
    waiting = {council: list(enumerate(steps, 1)) for council, steps in plans.items()}
    under_way: dict[str, _UnderWay] = {}
    ended: list[Run] = []
    until = time.monotonic() + _LONGEST_SECONDS
    while True:
        # Those with the most ahead of them begin first: nobody waits for them at the end.
        for council in sorted(waiting.keys() - under_way.keys(), key=lambda each: (-len(waiting[each]), each)):
            begun = _begin_next(airflow, council, waiting[council], name)
            if begun:
                under_way[council] = begun
        if not under_way:
            return ended
        check()
        if time.monotonic() > until:
            raise TransportError(
                f"the runs of {', '.join(sorted(under_way))}",
                expected=f"their end within {_LONGEST_SECONDS:.0f} s", found="none yet", action="Read the logs.",
            )  # fmt: skip
        time.sleep(_PAUSE_SECONDS)
        dags = [dag_of(council) for council in under_way]
        airflow.answer_questions(dags)
        if show:
            show(_progress(airflow.active_tasks(dags), len(under_way), len(plans)))
        unfinished = airflow.unfinished(dags)
        for council, run in list(under_way.items()):
            if (dag_of(council), run.run_id) not in unfinished:
                ended.append(_ended(airflow, council, under_way.pop(council)))


def _begin_next(airflow: AirflowApi, council: str, left: list[tuple[int, Step]], name: str) -> _UnderWay | None:
    while left:
        number, step = left.pop(0)
        if not step.needed():
            continue
        if step.night is None:
            run_id = airflow.trigger(dag_of(council), f"{name}__{number}")
        else:
            run_id = airflow.backfill(dag_of(council), step.night)
        return _UnderWay(step, run_id, time.monotonic())
    return None


def _ended(airflow: AirflowApi, council: str, run: _UnderWay) -> Run:
    dag = dag_of(council)
    tasks = airflow.tasks(dag, run.run_id)
    return Run(
        council=council,
        step=run.step.name,
        run_id=run.run_id,
        kind="scheduled night" if run.step.night else "by hand",
        state=airflow.run_state(dag, run.run_id),
        seconds=round(time.monotonic() - run.begun, 1),
        tasks={
            task["task_id"]: Task(str(task["state"]), round(task["duration"] or 0.0, 1))
            for task in sorted(tasks, key=lambda task: task["start_date"] or task["run_after"])
        },
        faults={
            task["task_id"]: airflow.fault(dag, run.run_id, task["task_id"], task["try_number"])
            for task in tasks
            if task["state"] == "failed" and task["task_id"] != _VERDICT
        },
    )


def _progress(tasks: Sequence[Mapping[str, Any]], left: int, of: int) -> str:
    active = sorted({f"{task['dag_id'].removeprefix('council_')} {task['task_id']}" for task in tasks})
    return f"{of - left} of {of} councils done; now {', '.join(active) or 'waiting for Airflow'}"
