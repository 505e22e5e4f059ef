"""Publishing in Airflow: what waits for a decision waits without a worker, everything else goes out at once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput

from local_digital.errors import ConfigurationError
from local_digital_airflow import core
from local_digital_alerts import airflow_address
from local_digital_lineage import tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from local_digital.publishing.publish import PublishReport
    from local_digital.publishing.sign_off import Decision, Waiting
    from local_digital.workspace import FeedHandle, Workspace

# What the site is made from; told to have changed only when it has.
PUBLIC_FIGURES = Asset("local-digital://public-figures")
_KEEP_BACK = "Keep back what is not chosen"
# Shorter than a night to the next: a run that nobody answers ends before the next one is due, which asks again.
_PATIENCE = dt.timedelta(hours=20)
_DOUBTS_TOLD = 10
_WHAT_HAPPENS = (
    "What is released goes out at once. What is kept back stays as it is, and nobody is asked about it again until "
    "there is something new. What is neither is asked about by the next run."
)


class PublishOperator(HITLOperator):
    """Send what is signed off; ask, under Required Actions, about what waits for a decision.

    A run without such figures never waits, nor does one that was started with the configuration `{"ask": false}`, such
    as a test run from a terminal. What nobody decides within 20 hours stays held back, and the next run asks again;
    what somebody kept back is asked about again only for new reasons. Returns counts.
    """

    def __init__(self, *, council: str, execution_timeout: dt.timedelta, **kwargs: Any) -> None:
        # One a council: Airflow fails the second of two tasks that tie the same alias to an asset at one moment.
        changed = AssetAlias(f"public-figures-{council}")
        super().__init__(
            subject="Sign-off", options=[_KEEP_BACK], response_timeout=_PATIENCE, outlets=[changed], **kwargs
        )
        self.changed = changed
        # Of the work, not of the wait; the parent class would take it for the latter.
        self.execution_timeout = execution_timeout
        self.council = council

    def execute(self, context: Context) -> dict[str, object]:
        with core() as workspace:
            report = self._publish(workspace, context)
            waiting = [waiting for waiting in report.waiting if waiting.kept_back is None]
            waiting.sort(key=lambda each: "going-live" not in each.reasons)
            feeds = [workspace.feed(self.council, each.transaction) for each in waiting]
        if waiting and (context["dag_run"].conf or {}).get("ask", True):
            self._ask(context, feeds, waiting)
        return _counts(report)

    def resume(self, context: Context, event: Mapping[str, Any], *, seen: dict[str, str]) -> dict[str, object]:
        """Go on after the wait. event: the answer, or that it never came; seen: digests of what was shown, by
        transaction.
        """
        if "error" in event:
            if event.get("error_type") != "timeout":
                raise AirflowFailException("The question could not be put; clear this task to ask again.")
            self.log.warning("Nobody decided; the figures stay held back. The next run asks again.")
        with core() as workspace:
            if "error" not in event:
                user = event["responded_by_user"]
                by = user.get("name") or user["id"]
                self._decide(workspace, context["run_id"], seen, event["chosen_options"], by)
            # Whatever waits now is for the next run to ask: Airflow keeps one question for each try of a task, and
            # would show the old one, with its figures, again.
            return _counts(self._publish(workspace, context))

    def _decide(self, workspace: Workspace, run_id: str, seen: dict[str, str], chosen: Sequence[str], by: str) -> None:
        from local_digital.publishing.sign_off import Verdict, decide  # noqa: PLC0415 - keeps parsing light

        for transaction, digest in seen.items():
            feed = workspace.feed(self.council, transaction)
            released = _release(feed) in chosen
            if not released and _KEEP_BACK not in chosen:
                continue  # they decided on others; the next run asks about this one
            decision: Decision = "released" if released else "kept-back"
            verdict = Verdict(decision, by=by, through="airflow", seen=digest, run_id=run_id)
            try:
                decide(workspace, feed, verdict)
            except ConfigurationError as error:
                # Decided from a terminal meanwhile, or the figures have changed.
                self.log.warning("%s", error)

    def _publish(self, workspace: Workspace, context: Context) -> PublishReport:
        from local_digital.lineage import published  # noqa: PLC0415 - keeps parsing light
        from local_digital.publishing.publish import publish  # noqa: PLC0415

        report = publish(workspace, self.council, run_id=context["run_id"])
        tell(published, workspace, self.council, report)
        if report.opened:
            context["outlet_events"][self.changed].add(PUBLIC_FIGURES)
        return report

    def _ask(self, context: Context, feeds: list[FeedHandle], waiting: list[Waiting]) -> NoReturn:
        self.subject = f"{feeds[0].council.name}: release {' and '.join(map(_quoted, feeds))}?"
        self.body = "\n\n---\n\n".join([*map(_told, feeds, waiting), _WHAT_HAPPENS])
        self.options = [*map(_release, feeds), _KEEP_BACK]
        self.multiple = len(waiting) > 1
        seen = {each.transaction: each.digest for each in waiting}
        try:
            super().execute(context)
        except TaskAwaitingInput as parked:
            raise TaskAwaitingInput(method_name="resume", kwargs={"seen": seen}, timeout=parked.timeout) from None
        raise AssertionError("the question was not put")


def _quoted(feed: FeedHandle) -> str:
    # In quotes: a name such as `Report a missed bin` reads as part of the sentence.
    return f'"{feed.contract.name}"'


def _release(feed: FeedHandle) -> str:
    return f"Release {_quoted(feed)}"


def _told(feed: FeedHandle, waiting: Waiting) -> str:
    """Return what somebody must know to decide, in Markdown."""
    from local_digital.publishing.sign_off import briefly  # noqa: PLC0415 - keeps parsing light

    seen = waiting.figures
    lines = [
        f"**{feed.contract.name}** waits for a decision: {briefly(waiting.reasons)}.",
        "",
        f"| {seen.period_kind} from | transactions | released before | digital take-up |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {newest.period_start} | {newest.transactions:,} "
            f"| {'-' if newest.released_before is None else f'{newest.released_before:,}'} "
            f"| {'-' if newest.digital_takeup is None else f'{newest.digital_takeup:.1%}'} |"
            for newest in seen.newest
        ),
        "",
        seen.going_out,
        "",
        *(f"- Unusual: {doubt.told}" for doubt in seen.doubts[:_DOUBTS_TOLD]),
    ]
    if len(seen.doubts) > _DOUBTS_TOLD:
        lines.append(f"- and {len(seen.doubts) - _DOUBTS_TOLD} more")
    board = f"{(airflow_address() or '').rstrip('/')}/board/councils/{waiting.council}"
    links = [f"[The council's deliveries, bands and quarantine]({board})"]
    links += [f"[What is public now]({waiting.page})"] if waiting.page else []
    lines += ["", ", ".join(links)]
    lines += ["", f"From a terminal: `local-digital approve {waiting.council} {waiting.transaction}`."]
    return "\n".join(lines)


def _counts(report: PublishReport) -> dict[str, object]:
    return {
        **{what: sum(len(getattr(plan, what)) for plan in report.plans) for what in ("new", "changed", "withdrawn")},
        "unchanged": sum(plan.unchanged for plan in report.plans),
        "waiting": [waiting.transaction for waiting in report.waiting],
        "opened": report.opened,
    }
