"""The Airflow edge: settings from Airflow's connections, faults as Airflow understands them, and a patient extract."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator, Connection, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowRuntimeError, ErrorType

from local_digital.calendar import LONDON, local_day
from local_digital.errors import ConfigurationError, LocalDigitalError, defect
from local_digital.settings import Connection as RemoteEnd
from local_digital.settings import Settings, from_environment
from local_digital_lineage import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow.sdk import Context

    from local_digital.alerts.faults import Step
    from local_digital.extract import Extracted, Wait
    from local_digital.workspace import Workspace

# The executor reports the end of a deferred task's first half up to five seconds late; a second half that runs by then
# would be taken for killed and tried again.
_SHORTEST_WAIT_SECONDS = 10.0
_ON_SCHEDULE = frozenset({"scheduled", "backfill"})
# A step that works on several data sets at once looks up from several threads, and `dag.test` answers one at a time:
# two make it lose its line to the task.
_ONE_LOOKS_UP = Lock()


def airflow_settings() -> Settings:
    """Return the settings of this installation, with connections looked up in Airflow.

    The lookup raises ConfigurationError when Airflow knows no such connection.
    """
    return from_environment(connection=_connection)


def _connection(connection_id: str) -> RemoteEnd:
    try:
        with _ONE_LOOKS_UP:
            found = Connection.get(connection_id)
    except AirflowNotFoundException:
        raise _no_connection(connection_id) from None
    except AirflowRuntimeError as error:
        if error.error.error is not ErrorType.CONNECTION_NOT_FOUND:
            raise
        raise _no_connection(connection_id) from None
    return RemoteEnd(
        connection_id=connection_id,
        host=found.host or "",
        port=found.port,
        login=found.login or "",
        password=found.password or "",
        extra=found.extra_dejson,
    )


def _no_connection(connection_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"connection {connection_id}",
        expected="a connection of this id in Airflow",
        found="none",
        action="Add it under Admin, Connections, or as an environment variable "
        f"AIRFLOW_CONN_{connection_id.upper()} (docs/adding-a-council.md#connections).",
    )


@contextlib.contextmanager
def faults_for_airflow() -> Iterator[None]:
    """Let faults that may pass through, so that Airflow tries again, and end the task at once for all others.

    Raises AirflowFailException for every fault whose `retry` is not true, a defect of ours included. What lies behind a
    fault is cut off, since task logs show it, and a library's own text may hold a secret or a row's value.
    """
    try:
        yield
    except AirflowFailException:
        # Somebody has said already what ends the task.
        raise
    except LocalDigitalError as error:
        if error.retry:
            raise error from None
        raise AirflowFailException(str(error)) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends the task without its text
        raise AirflowFailException(defect(error)) from None


@contextlib.contextmanager
def core(*, mends: bool = True) -> Iterator[Workspace]:
    """Yield an open workspace for one task; its faults come out as `faults_for_airflow` has them.

    A fault is noted in the ledger, for the message about the run. mends: whether to come to the end means that the step
    has ended well, so that what failed in it before is mended.
    """
    from local_digital.workspace import Workspace  # noqa: PLC0415 - the DAG file is parsed for every task

    with faults_for_airflow(), Workspace.open(airflow_settings()) as workspace:
        try:
            yield workspace
        except Exception as error:
            _note(workspace, error)
            raise
        if mends:
            mend(workspace)


def mend(workspace: Workspace) -> None:
    """Note in the ledger that the step that is running has ended well; outside of a task do nothing."""
    from local_digital.alerts import faults  # noqa: PLC0415 - the DAG file is parsed for every task

    step = _this_step()
    if step:
        faults.mend(workspace, step)


def _note(workspace: Workspace, error: Exception) -> None:
    from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError  # noqa: PLC0415 - as above

    from local_digital.alerts import faults  # noqa: PLC0415 - as above

    step = _this_step()
    said = error.__cause__ if isinstance(error, AirflowFailException) else error
    # The workspace says what these mean, and a ledger that does not answer takes no note.
    if step is None or said is None or isinstance(said, OperationalError | ProgrammingError):
        return
    try:
        faults.note(workspace, step, said)
    except SQLAlchemyError as fault:
        logging.getLogger(__name__).warning("The fault is not in the ledger: %s", type(fault).__name__)


def _this_step() -> Step | None:
    from local_digital.alerts.faults import Step  # noqa: PLC0415 - as above

    try:
        task = get_current_context()["ti"]
    except RuntimeError:
        return None
    return Step.of(task.dag_id, task.run_id, task.task_id)


class StepOperator(BaseOperator):
    """Do a step of the chain that neither waits nor asks.

    work: called with `of`, the slugs that it is about; what it returns is the task's. As a function with `@task` it
    would take the DAG processor twice as long to make, and Airflow would keep each count of it as an XCom of its own.
    """

    def __init__(self, *, work: Callable[..., dict[str, Any]], of: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work
        self.of = of

    def execute(self, context: Context) -> dict[str, Any]:
        del context
        return self.work(*self.of)


class ExtractOperator(BaseOperator):
    """Take a feed's finished files; wait for the export without holding a worker.

    council, transaction: slugs. A scheduled or backfilled run waits for the export of its own London day until the
    feed's `expected_by`; a manual run takes what is there. Returns the delivery ids and counts.
    """

    def __init__(self, *, council: str, transaction: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.council = council
        self.transaction = transaction
        # One object for all copies of the task that a process makes.
        self._looked: dict[str, list[int]] = {}

    def execute(self, context: Context) -> dict[str, object]:
        return self._look(context, None)

    def resume(
        self, context: Context, event: object = None, *, looked: dict[str, list[int]] | None = None
    ) -> dict[str, object]:
        """Go on after a wait. looked: what the wait before handed over; event: the moment, which nothing needs."""
        del event
        # `airflow dags test` hands over the event alone, and would look for the first time for ever; it is one process.
        return self._look(context, self._looked if looked is None else looked)

    def _look(self, context: Context, looked: dict[str, list[int]] | None) -> dict[str, object]:
        from local_digital.extract import Wait  # noqa: PLC0415 - the DAG file is parsed for every task

        step = self._extract(context, looked)
        if not isinstance(step, Wait):
            return step.as_json()
        return self._come_back(step)

    def _extract(self, context: Context, looked: dict[str, list[int]] | None) -> Wait | Extracted:
        from local_digital.extract import Wait, extract  # noqa: PLC0415 - the DAG file is parsed for every task
        from local_digital.lineage import extracted  # noqa: PLC0415 - as above

        # Its line for every step of every transfer would bury ours.
        logging.getLogger("asyncssh").setLevel(logging.WARNING)
        # To wait is not to have ended well: yesterday's fault may be today's too.
        with core(mends=False) as workspace:
            feed = workspace.feed(self.council, self.transaction)
            until = run_day(context)
            step = extract(
                workspace,
                feed,
                run_id=context["run_id"],
                until=until,
                deadline=_deadline(until, feed.feed.expected_by),
                looked=looked,
            )
            if not isinstance(step, Wait):
                tell(extracted, workspace, feed, step.delivery_ids)
                mend(workspace)
            return step

    def _come_back(self, wait: Wait) -> NoReturn:
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger  # noqa: PLC0415 - as above

        seconds = max(wait.seconds, _SHORTEST_WAIT_SECONDS)
        self.log.info("%s; looking again in %.0f s", wait.reason, seconds)
        self._looked.clear()
        self._looked.update(wait.looked)
        self.defer(
            trigger=TimeDeltaTrigger(dt.timedelta(seconds=seconds)),
            method_name="resume",
            kwargs={"looked": wait.looked},
        )


def run_day(context: Context) -> dt.date | None:
    """Return the London day that a scheduled or backfilled run stands for, None for any other run."""
    run = context["dag_run"]
    if str(getattr(run.run_type, "value", run.run_type)) not in _ON_SCHEDULE:
        return None
    return local_day(run.logical_date or run.run_after)


def _deadline(day: dt.date | None, expected_by: dt.time | None) -> dt.datetime | None:
    return dt.datetime.combine(day, expected_by, LONDON) if day and expected_by else None
