"""docs/dags.md: every kind of DAG with its tasks, from the DAGs themselves and the texts that Airflow's UI shows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable

from reference_docs.councils import in_words
from reference_docs.markdown import anchor, code, page, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.sdk import DAG

_COUNCIL = "council_"
_RULES = {"all_success": "all before it succeeded", "all_done": "all before it are done, well or not"}
_INTRODUCTION = """
One DAG for each council, all of one shape, and a few for the installation as a whole. The texts are those that
Airflow's UI shows beside each DAG and task. None of them catches up by itself: past nights are run again by `make
backfill`. What a message means stands in the [runbook](runbook.md).
"""
_POOLS = """
Every task takes a slot of a pool, so that neither a council's server nor the warehouse has more of us at once than it
bears. `extract` takes one of its source's kind.
"""


def dags_page(dags: Mapping[str, DAG]) -> str:
    """Return the page. dags: by id, all that Airflow reads from `dags/`."""
    councils = [dag for name, dag in sorted(dags.items()) if name.startswith(_COUNCIL)]
    others = [dag for name, dag in sorted(dags.items()) if not name.startswith(_COUNCIL)]
    shown = [("`council_<council>`", councils), *((f"`{dag.dag_id}`", [dag]) for dag in others)]
    parts = [
        paragraph(_INTRODUCTION),
        table(
            ("DAG", "Runs", "Tasks"),
            ((f"[{name}](#{anchor(name)})", _runs(of_kind), code(_steps(of_kind))) for name, of_kind in shown),
        ),
        "## Pools",
        paragraph(_POOLS),
        table(("Pool", "Tasks"), _pools(shown)),
    ]  # fmt: skip
    for name, of_kind in shown:
        parts += [f"## {name}", *_kind(of_kind)]
    return page("The DAGs", "`dags/`", *parts)


def _kind(dags: list[DAG]) -> list[str]:
    dag = dags[0]
    # The heading of a council's text is its name.
    about = [block for block in str(dag.doc_md).split("\n\n") if not block.startswith("### ")]
    tasks = [dag.task_dict[task_id] for task_id in _one_feed(dag)]
    parts = [
        paragraph(f"**Runs** {_runs(dags)}, {dag.max_active_runs} run at a time."),
        *about,
        table(
            ("Task", "Pool", "Begins when", "Tries", "Time-out of a try"),
            ((f"`{_step(task.task_id)}`", _pools_of(dags, _step(task.task_id)), _begins(task), _tries(task),
              _length(task.execution_timeout)) for task in tasks),
        ),
    ]  # fmt: skip
    for task in tasks:
        parts += [f"### `{_step(task.task_id)}`", str(task.doc_md)]
    return parts


def _one_feed(dag: DAG) -> list[str]:
    """Return the ids of a DAG's tasks in their order, of a council's feeds those of the first."""
    seen: dict[str, str] = {}
    for task in _in_order(dag):
        seen.setdefault(_step(task.task_id), task.task_id)
    return list(seen.values())


def _in_order(dag: Any) -> list[Any]:
    # Airflow gives this no types.
    return list(dag.topological_sort())


def _steps(dags: list[DAG]) -> list[str]:
    return [_step(task_id) for task_id in _one_feed(dags[0])]


def _step(task_id: str) -> str:
    return task_id.rpartition(".")[2]


def _runs(dags: list[DAG]) -> str:
    if len(dags) > 1:
        return "every night, each at [its own minute](councils.md), Europe/London"
    timetable: Any = dags[0].timetable
    if isinstance(timetable, AssetOrTimeSchedule):
        return f"when released figures have changed, and {_clock(timetable.timetable)}"
    return _clock(timetable)


def _clock(timetable: Any) -> str:
    if not isinstance(timetable, CronTriggerTimetable):
        return "by hand, where no setting says otherwise"
    return f"{in_words(timetable.expression)}, {timetable.timezone}"


def _pools(shown: Iterable[tuple[str, list[DAG]]]) -> list[tuple[str, str]]:
    users: dict[str, list[str]] = {}
    for name, dags in shown:
        for dag in dags:
            for task in _in_order(dag):
                users.setdefault(task.pool, []).append(f"`{_step(task.task_id)}` of {name}")
    return [(f"`{pool}`", ", ".join(dict.fromkeys(tasks))) for pool, tasks in sorted(users.items())]


def _pools_of(dags: list[DAG], step: str) -> str:
    return code(sorted({task.pool for dag in dags for task in dag.tasks if _step(task.task_id) == step}))


def _begins(task: Any) -> str:
    if not task.upstream_task_ids:
        return "the run begins"
    return _RULES.get(str(task.trigger_rule.value), str(task.trigger_rule.value))


def _tries(task: Any) -> str:
    first = _length(task.retry_delay)
    if not task.retry_exponential_backoff:
        return f"{task.retries + 1}, {first} apart"
    return f"{task.retries + 1}, after {first} first, then longer, up to {_length(task.max_retry_delay)}"


def _length(time: dt.timedelta | None) -> str:
    if time is None:
        return "none"
    minutes = round(time / dt.timedelta(minutes=1))
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
