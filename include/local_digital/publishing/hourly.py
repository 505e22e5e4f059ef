"""Publishing by the hour: service availability, of all councils that publish it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local_digital.config.loading import load_councils, load_transactions
from local_digital.errors import LocalDigitalError
from local_digital.publishing.data_sets import SIDE_BY_SIDE
from local_digital.publishing.publish import PublishReport, publish
from local_digital.roles import PUBLISHER, acting_as

if TYPE_CHECKING:
    from local_digital.workspace import Workspace

_log = logging.getLogger(__name__)


@acting_as(PUBLISHER)
def publish_hourly(workspace: Workspace, *, run_id: str) -> dict[str, PublishReport]:
    """Publish the availability data sets of every council that has one, side by side; return the reports by council.

    A council that fails does not stop the others; the first failure is raised at the end, one that may pass before one
    that will not.
    """
    failures: list[LocalDigitalError] = []

    def attempt(council: str) -> PublishReport | None:
        try:
            return publish(workspace, council, run_id=run_id, hourly=True)
        except LocalDigitalError as error:
            _log.warning("%s", error)
            failures.append(error)
        return None

    councils = publishing_availability(workspace)
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="hourly") as pool:
        reports = dict(zip(councils, pool.map(attempt, councils), strict=True))
    if failures:
        raise next((error for error in failures if error.retry), failures[0])
    return {council: report for council, report in reports.items() if report}


def publishing_availability(workspace: Workspace) -> list[str]:
    """Return the slugs of the councils that publish a data set of availability."""
    contracts, _ = load_transactions(workspace.settings.config)
    councils, _ = load_councils(workspace.settings.config)
    return sorted(
        slug
        for slug, council in councils.items()
        if any(
            contracts[transaction].data_sets[name].availability
            for transaction, feed in council.feeds.items() for name in feed.publish
        )
    )  # fmt: skip
