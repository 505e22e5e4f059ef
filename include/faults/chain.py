"""The steps of a night, as the DAG of a council has them, each in a process of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.aggregate import aggregate
from local_digital.deliveries import Wait
from local_digital.empty_deliveries import refuse_unusually_empty
from local_digital.errors import DataError
from local_digital.extract import extract
from local_digital.load import load
from local_digital.publishing.publish import publish
from local_digital.publishing.reconcile import reconcile
from local_digital.publishing.sign_off import Verdict, decide, gate
from local_digital.validate import validate
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from faults.world import Unit
    from local_digital.settings import Settings

STEPS = ("extract", "validate", "load", "aggregate", "publish", "sign-off", "release", "reconcile")
BEFORE_PUBLISHING = STEPS[: STEPS.index("publish")]
# Done only where publish says that somebody is to be asked.
ON_QUESTION = frozenset({"sign-off", "release"})


@dataclass(frozen=True)
class Task:
    """One try of a step. until: the local day of the run. looked: of extract, what the look before handed over."""

    unit: Unit
    step: str
    until: dt.date
    looked: dict[str, list[int]] | None = None

    @property
    def run_id(self) -> str:
        return f"scheduled {self.until}"

    @property
    def name(self) -> str:
        """The step, the second look of extract apart from the first."""
        return f"{self.step} again" if self.looked is not None else self.step


@dataclass(frozen=True)
class Done:
    """What a step hands on. looked: of extract, when it waits. waiting: of publish, whether somebody is to be asked."""

    looked: dict[str, list[int]] | None = None
    waiting: bool = False


def carry_out(task: Task, settings: Settings) -> Done:
    """Do what the task of the DAG does. Raises what the step raises."""
    council, transaction = task.unit.council, task.unit.transaction
    with Workspace.open(settings) as workspace:
        match task.step:
            case "extract":
                feed = workspace.feed(council, transaction)
                found = extract(workspace, feed, run_id=task.run_id, until=task.until, looked=task.looked)
                return Done(looked=found.looked if isinstance(found, Wait) else None)
            case "validate":
                feed = workspace.feed(council, transaction)
                reports = validate(workspace, feed)
                if rejected := [report for report in reports if report.status == "rejected"]:
                    raise DataError(
                        feed.name, expected="deliveries that keep the contract", found=f"{len(rejected)} rejected",
                        action="Look at the sample.",
                    )  # fmt: skip
                refuse_unusually_empty(workspace, feed, [report.delivery_id for report in reports])
            case "load":
                load(workspace, workspace.feed(council, transaction))
            case "aggregate":
                aggregate(workspace, council)
            case "publish" | "release":
                return Done(waiting=bool(publish(workspace, council, run_id=task.run_id).waiting))
            case "sign-off":
                _sign_off(workspace, council, task.run_id)
            case "reconcile":
                reconcile(workspace, council, run_id=task.run_id)
            case _:
                raise ValueError(task.step)
    return Done()


def _sign_off(workspace: Workspace, council: str, run_id: str) -> None:
    """Release whatever waits, as somebody does who is asked; what was released by a try before waits no more."""
    for feed in workspace.feeds(council):
        with workspace.engine.begin() as db:
            waiting = gate(db, feed, run_id=None).waiting
        if waiting:
            verdict = Verdict("released", by="tester", through="terminal", seen=waiting.digest, run_id=run_id)
            decide(workspace, feed, verdict)
