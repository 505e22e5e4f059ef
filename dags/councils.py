"""One DAG for each council: its feeds are extracted, validated and loaded, then its figures go to the platform."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    CronTriggerTimetable,
    TaskGroup,
    TriggerRule,
    dag,
    get_current_context,
    get_parsing_context,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from local_digital.config.loading import load_council, load_councils
from local_digital.errors import ConfigurationError, DataError, LocalDigitalError
from local_digital.settings import from_environment
from local_digital_airflow import ExtractOperator, StepOperator, core
from local_digital_alerts import tell_failed_run
from local_digital_docs import docs_beside
from local_digital_lineage import tell
from local_digital_sign_off import PublishOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_digital.config.models import Council

_FAILED = ("failed", "upstream_failed")
# Waiting for the export does not count: a deferred task has no process to time out.
_EXTRACT_TIMEOUT = dt.timedelta(hours=3)
_STEP_TIMEOUT = dt.timedelta(hours=1)

_DOCS = docs_beside(__file__)


def validate(council: str, transaction: str) -> dict[str, int]:
    """Validate what was landed; fail for good, after all of it was stored, when a delivery was rejected or is empty
    although the feed's deliveries usually are not.
    """
    from local_digital.empty_deliveries import refuse_unusually_empty  # noqa: PLC0415 - keeps parsing light
    from local_digital.error_report import send_if_wanted  # noqa: PLC0415
    from local_digital.lineage import validated  # noqa: PLC0415
    from local_digital.validate import validate as check  # noqa: PLC0415

    with core() as workspace:
        feed = workspace.feed(council, transaction)
        reports = check(workspace, feed)
        tell(validated, workspace, feed, [report.delivery_id for report in reports])
        send_if_wanted(workspace, feed)
        rejected = [report for report in reports if report.status == "rejected"]
        if rejected:
            raise DataError(
                f"{council} {transaction}: validate",
                expected="every delivery to keep the contract",
                found=f"{len(rejected)} of {len(reports)} rejected: {(rejected[0].rejected_because or '').rstrip('.')}",
                action="Send the message to the council; the other deliveries go on.",
            )
        refuse_unusually_empty(workspace, feed, [report.delivery_id for report in reports])
    return {
        "deliveries": len(reports),
        **{name: sum(getattr(report, name) for report in reports)
           for name in ("read", "accepted", "quarantined", "duplicates")},
    }  # fmt: skip


def load(council: str, transaction: str) -> dict[str, object]:
    """Load what is validated, whatever became of the steps before; skip when there is nothing."""
    from local_digital.lineage import loaded  # noqa: PLC0415 - keeps parsing light
    from local_digital.load import load as load_all  # noqa: PLC0415

    with core() as workspace:
        feed = workspace.feed(council, transaction)
        report = load_all(workspace, feed)
        tell(loaded, workspace, feed, report)
    if not report.delivery_ids:
        raise AirflowSkipException("Nothing to load.")
    return report.as_json()


def aggregate(council: str) -> dict[str, object]:
    """Compute the touched periods again, for all feeds that got through."""
    from local_digital.aggregate import aggregate as compute  # noqa: PLC0415 - keeps parsing light
    from local_digital.lineage import aggregated  # noqa: PLC0415

    with core() as workspace:
        tell(aggregated, workspace)
        return compute(workspace, council).as_json()


def reconcile(council: str) -> dict[str, int]:
    """Compare the platform with the marts and give the verdict on the run: it fails when any task of it failed."""
    from local_digital.lineage import reconciled  # noqa: PLC0415 - keeps parsing light
    from local_digital.publishing.reconcile import reconcile as compare  # noqa: PLC0415

    context = get_current_context()
    run_id = context["run_id"]
    failed = failed_tasks(RuntimeTaskInstance.get_task_states(context["dag"].dag_id, run_ids=[run_id]), run_id)
    with core() as workspace:
        tell(reconciled, workspace, council, None)
        try:
            report = compare(workspace, council, run_id=run_id)
            tell(reconciled, workspace, council, report)
        except LocalDigitalError as error:
            if failed and not error.retry:
                raise AirflowFailException(f"{_verdict(failed)} {error}") from error
            raise
    if failed:
        raise AirflowFailException(_verdict(failed))
    return {comparison.data_set: comparison.equal for comparison in report.comparisons}


def failed_tasks(states: dict[str, Any], run_id: str) -> list[str]:
    """Return the ids of a run's tasks that failed or never ran because of one that did."""
    return sorted(name for name, state in states.get(run_id, {}).items() if state in _FAILED)


def _verdict(failed: list[str]) -> str:
    return f"Tasks of this run failed: {', '.join(failed)}. Their own messages say what to do."


def _step(work: Callable[..., dict[str, Any]], *of: str, pool: str = "warehouse") -> StepOperator:
    return StepOperator(
        task_id=work.__name__,
        work=work,
        of=of,
        pool=pool,
        execution_timeout=_STEP_TIMEOUT,
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md=_DOCS.tasks[work.__name__],
    )


def build(council: Council) -> Any:
    """Return the DAG of a council; it depends on nothing but the council's file."""

    @dag(
        dag_id=f"council_{council.council}",
        dag_display_name=council.name,
        # With False, its default, Airflow would run the last slot at once when that is less than a tenth of the way to
        # the next one ago.
        schedule=CronTriggerTimetable(council.schedule, timezone="Europe/London", run_immediately=dt.timedelta(0)),
        catchup=False,
        max_active_runs=1,
        tags=sorted({f"phase-{council.phase}", council.tier.value, *council.feeds}),
        doc_md=_DOCS.dag.replace("{name}", council.name),
        default_args={
            "owner": council.owner,
            "retries": 4,
            "retry_delay": dt.timedelta(minutes=1),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": dt.timedelta(minutes=30),
        },
        on_failure_callback=tell_failed_run,
    )
    def chain() -> None:
        loaded = []
        for transaction in council.feeds:
            with TaskGroup(transaction):
                extract = ExtractOperator(
                    task_id="extract",
                    council=council.council,
                    transaction=transaction,
                    pool=council.feeds[transaction].source.pool,
                    execution_timeout=_EXTRACT_TIMEOUT,
                    doc_md=_DOCS.tasks["extract"],
                )
                last = _step(load, council.council, transaction)
                extract >> _step(validate, council.council, transaction) >> last
                loaded.append(last)
        publish = PublishOperator(
            task_id="publish",
            council=council.council,
            pool="platform",
            execution_timeout=_STEP_TIMEOUT,
            doc_md=_DOCS.tasks["publish"],
        )
        told = _step(reconcile, council.council, pool="platform")
        loaded >> _step(aggregate, council.council) >> publish >> told

    return chain()


def _build_all() -> None:
    config = from_environment().config
    wanted = get_parsing_context().dag_id
    if wanted is None:
        for council in load_councils(config)[0].values():
            build(council)
        return
    # A task process needs its own council's DAG only; what is wrong with a file, `council_files` tells.
    with contextlib.suppress(ConfigurationError):
        build(load_council(config, wanted.removeprefix("council_")))


_build_all()
