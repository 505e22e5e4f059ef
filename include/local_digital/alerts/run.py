"""One message about one failed run of one council, with everything that failed in it."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from local_digital.alerts.faults import Step, note_unexplained
from local_digital.alerts.message import Message, Problem, called, day
from local_digital.alerts.outbox import post, routes, send_pending, send_without_ledger
from local_digital.alerts.silences import silence_of, silences
from local_digital.board.reading import read_configuration
from local_digital.errors import LocalDigitalError
from local_digital.sql import statement
from local_digital.workspace import Workspace, lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection as Database

    from local_digital.settings import Settings

_log = logging.getLogger(__name__)

INSTALLATION = "Local Digital"


@dataclass(frozen=True)
class FailedRun:
    """dag_id, run_id: of Airflow. failed: the tasks that it knows to have failed. airflow: its address, if known."""

    dag_id: str
    run_id: str
    failed: Sequence[str] = field(default=())
    airflow: str | None = None

    @property
    def council(self) -> str:
        return Step.of(self.dag_id, self.run_id, "").council

    @property
    def steps(self) -> list[Step]:
        return [Step.of(self.dag_id, self.run_id, task) for task in self.failed]

    @property
    def link(self) -> str | None:
        return dag_url(self.airflow, self.dag_id, self.run_id)


def tell(settings: Settings, run: FailedRun) -> list[LocalDigitalError]:
    """Tell the council's people that a run has failed; return the faults of channels that did not take the message.

    Nothing is told outside production, of what is silenced, or of faults that a message of this run has told already.
    What a channel does not take now the next look sends. When the warehouse does not answer, the message goes out
    without what the ledger knows.
    """
    if not settings.is_production:
        _log.info("%s %s: nobody is told outside production", run.dag_id, run.run_id)
        return []
    try:
        with Workspace.open(settings) as workspace:
            return _tell(workspace, run)
    except LocalDigitalError as error:
        _log.warning("%s", error)
        return send_without_ledger(settings, _without_ledger(settings, run, error), f"{run.dag_id}-{quote(run.run_id)}")


def dag_url(airflow: str | None, dag_id: str, run_id: str | None = None) -> str | None:
    """Return where Airflow shows a DAG, or one of its runs; None where its address is not known."""
    if not airflow:
        return None
    page = f"{airflow.rstrip('/')}/dags/{quote(dag_id, safe='')}"
    return f"{page}/runs/{quote(run_id, safe='')}" if run_id else page


def name_of(settings: Settings, council: str) -> str:
    """Return the council's name, its slug where its file cannot be read, the installation's where it is empty."""
    if not council:
        return INSTALLATION
    facts = read_configuration(settings.config).councils.get(council)
    return facts.name if facts else council


def _tell(workspace: Workspace, run: FailedRun) -> list[LocalDigitalError]:
    if not routes(workspace.settings, run.council):
        _log.warning("%s %s: no channel is set up (docs/operating.md#alerts)", run.dag_id, run.run_id)
        return []
    _complete(workspace, run)
    with workspace.engine.begin() as db:
        lock(db, "alerts", run.dag_id)
        number = _post(db, workspace.settings, run)
    return send_pending(workspace, number) if number is not None else []


def _complete(workspace: Workspace, run: FailedRun) -> None:
    """See that the ledger has a fault for every task that failed, but for a verdict on the others."""
    names = {"council": run.council, "run_id": run.run_id}
    with workspace.engine.connect() as db:
        known = {(row.transaction, row.step) for row in db.execute(statement("alerts/faults_of_run"), names)}
    others = [step for step in run.steps if (step.transaction, step.step) not in known]
    verdicts = [step for step in others if run.council and step.step == "reconcile"]
    if known or len(others) > len(verdicts):
        others = [step for step in others if step not in verdicts]
    elif not others:
        others = [Step.of(run.dag_id, run.run_id, "run")]
    note_unexplained(workspace, others)


def _post(db: Database, settings: Settings, run: FailedRun) -> int | None:
    names = {"council": run.council, "run_id": run.run_id}
    rows = db.execute(statement("alerts/faults_of_run"), names).all()
    if not run.council:
        # Two DAGs of the installation may have runs of the same name.
        rows = [row for row in rows if row.step.startswith(f"{run.dag_id}.")]
    held = silences(db, run.council, dt.datetime.now(dt.UTC)) if run.council else []
    told = [row for row in rows if silence_of(held, row.transaction) is None]
    if all(row.told_at for row in told) or (not run.council and all(row.since for row in told)):
        # The installation's own DAGs run every hour: of those once is enough.
        return None
    problems = tuple(
        Problem(row.transaction, row.step, row.error, row.kind, row.place, row.expected, row.found, row.action,
                row.since)
        for row in told
    )  # fmt: skip
    silent = {silence_of(held, row.transaction) for row in rows} - {None}
    remarks = tuple(sorted(one.told for one in silent if one))
    number = post(db, _message(settings, run, problems, remarks))
    told_steps = {"transactions": [row.transaction for row in told], "steps": [row.step for row in told]}
    db.execute(statement("alerts/mark_told"), {**names, **told_steps})
    return number


def _message(settings: Settings, run: FailedRun, problems: Sequence[Problem], remarks: tuple[str, ...] = ()) -> Message:
    name = name_of(settings, run.council)
    first = problems[0]
    since = min((problem.since for problem in problems if problem.since), default=None)
    still = f"still failing since {day(since)}" if since and all(problem.since for problem in problems) else "failed"
    if len(problems) == 1:
        what = f"{called(first)} {still} ({first.kind})"
    else:
        kinds = ", ".join(sorted(Counter(problem.kind for problem in problems)))
        what = f"{len(problems)} steps {still} ({kinds})"
    return Message(
        "run",
        run.council,
        name,
        f"[Local Digital] {name}: {what}",
        f"{name}: a run failed.",
        tuple(problems),
        remarks,
        run.run_id,
        run.link,
    )


def _without_ledger(settings: Settings, run: FailedRun, error: LocalDigitalError) -> Message:
    failed = ", ".join(run.failed) or "unknown"
    problem = Problem(
        "", "run", type(error).__name__, error.kind, error.where, error.expected, error.found, error.action
    )
    remark = f"Failed tasks: {failed}. Their logs in Airflow have the rest."
    return _message(settings, run, [problem], (remark,))
