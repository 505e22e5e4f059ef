"""The faults of runs in the ledger: a task writes its own when it fails; it stands until the same step ends well."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from local_digital.errors import LocalDigitalError, defect
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.workspace import Workspace

_DEFECT = "Defect"
_UNEXPLAINED = "Unexplained"
_LONGEST = 1000


@dataclass(frozen=True)
class Step:
    """A task of a run. council: empty for the installation's own DAGs. transaction: empty for what feeds share."""

    council: str
    run_id: str
    transaction: str
    step: str

    @classmethod
    def of(cls, dag_id: str, run_id: str, task_id: str) -> Step:
        """Return the step that a task of our DAGs is: `council_solihull` and `report-missed-bin.extract`, say."""
        council = dag_id.removeprefix("council_")
        if council == dag_id:
            return cls("", run_id, "", f"{dag_id}.{task_id}")
        transaction, _, step = task_id.rpartition(".")
        return cls(council, run_id, transaction, step)


@acting_as(LOADER)
def note(workspace: Workspace, step: Step, error: BaseException) -> None:
    """Write the fault that ended a try of a task into the ledger, in place of the one of an earlier try."""
    told = error if isinstance(error, LocalDigitalError) else _of_ours(error)
    name = type(told).__name__ if told is error else _DEFECT
    with workspace.engine.begin() as db:
        db.execute(statement("alerts/note_fault"), _row(step, name, told))


@acting_as(LOADER)
def note_unexplained(workspace: Workspace, steps: Iterable[Step]) -> None:
    """Write down failed tasks whose fault the ledger does not know: they were killed, or it did not answer then."""
    rows = [_row(step, _UNEXPLAINED, unexplained(step)) for step in steps]
    if rows:
        with workspace.engine.begin() as db:
            db.execute(statement("alerts/note_unexplained"), rows)


@acting_as(LOADER)
def mend(workspace: Workspace, step: Step) -> None:
    """Note that a step has ended well: faults of it, in this run or earlier ones, stand no longer."""
    with workspace.engine.begin() as db:
        db.execute(statement("alerts/mend_faults"), asdict(step))


def unexplained(step: Step) -> LocalDigitalError:
    """Return the fault of a task that left no other one behind."""
    return LocalDigitalError(
        " ".join(filter(None, (step.council, step.transaction, step.step))),
        expected="the task to end, or to say why not",
        found="neither: it was stopped, ran out of time, or the warehouse did not answer",
        action="Its log in Airflow has the rest; clear the task.",
    )


def _of_ours(error: BaseException) -> LocalDigitalError:
    return LocalDigitalError(
        "pipeline",
        expected="no defect",
        found=defect(error).removesuffix(" Please report it."),
        action="Please report it, with the task's log.",
    )


def _row(step: Step, name: str, error: LocalDigitalError) -> dict[str, Any]:
    texts = {"place": error.where, "expected": error.expected, "found": error.found, "action": error.action}
    # Names of files and columns are in them: one line, and no longer than somebody reads.
    lines = {key: _one_line(text) for key, text in texts.items()}
    return {**asdict(step), "error": name, "kind": error.kind, **lines}


def _one_line(text: str) -> str:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
