"""try: what a file would become, on a PostgreSQL of its own that is gone afterwards. No warehouse is touched."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from local_digital.aggregate import aggregate, not_demand
from local_digital.config.loading import load_council
from local_digital.embedded import running
from local_digital.errors import ConfigurationError
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.migrations import migrate_engine
from local_digital.private_folders import private_folder
from local_digital.publishing.data_sets import Desired, desired, released
from local_digital.settings import Connection
from local_digital.sql import statement
from local_digital.validate import DeliveryReport, validate
from local_digital.workspace import WAREHOUSE, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from local_digital.settings import Settings
    from local_digital.workspace import FeedHandle


@dataclass(frozen=True)
class Trial:
    """reports: what became of each file. figures: rows of `status/kpis`, by week and by month. words: how
    many records have each label, and how many of those are demand. breakdowns: reports by period and label.
    would_publish: whole data sets as they would stand on the platform. feed, workspace: for the error reports, while
    the trial lasts.
    """

    feed: FeedHandle
    workspace: Workspace
    reports: list[DeliveryReport]
    figures: list[dict[str, Any]]
    words: list[dict[str, Any]]
    breakdowns: list[dict[str, Any]]
    would_publish: list[Desired]


@contextlib.contextmanager
def trial(
    settings: Settings, council: str, transaction: str, paths: Sequence[Path], *, say: Callable[[str], None]
) -> Iterator[Trial]:
    """Run local files through a feed, from validate to the records that publish would send; yield what came of it.

    say: told the name of each step as it begins. A council whose premises secret is not set up yet gets a throw-away
    one. Raises ConfigurationError, DataError as the steps do.
    """
    say("start a PostgreSQL of its own")
    with scratch(settings, council) as workspace:
        feed = workspace.feed(council, transaction)
        say("read the files")
        take_files(workspace, feed, paths, run_id="try")
        say("validate")
        reports = validate(workspace, feed)
        say("load")
        load(workspace, feed)
        say("aggregate")
        aggregate(workspace, council)
        with workspace.engine.begin() as db:
            wanted = desired(db, feed, released(db, feed, run_id=None))
        yield Trial(
            feed, workspace, reports, _figures(workspace, feed), _words(workspace, feed), _breakdowns(workspace, feed),
            wanted,
        )  # fmt: skip


@contextlib.contextmanager
def scratch(settings: Settings, council: str) -> Iterator[Workspace]:
    """Yield a workspace with the same configuration and everything else its own, removed afterwards."""
    with private_folder() as folder:
        # The server may run as another account than we.
        folder.chmod(0o711)
        with running(folder / "postgres", durable=False) as server:
            server.ensure_database(WAREHOUSE)
            own = replace(
                settings,
                connection=_with_a_secret(settings, council),
                warehouse=server.url(WAREHOUSE),
                landing=str(folder / "landing"),
                spool=folder / "spool",
            )
            with Workspace.open(own) as workspace:
                migrate_engine(workspace.engine)
                yield workspace


def _with_a_secret(settings: Settings, council: str) -> Callable[[str], Connection]:
    privacy = load_council(settings.config, council).privacy.connection
    throw_away = Connection(privacy, password=secrets.token_urlsafe(32))

    def connection(connection_id: str) -> Connection:
        try:
            return settings.connection(connection_id)
        except ConfigurationError:
            if connection_id != privacy:
                raise
            return throw_away

    return connection


def _figures(workspace: Workspace, feed: FeedHandle) -> list[dict[str, Any]]:
    names = {"council": feed.council.council, "transaction": feed.contract.transaction}
    with workspace.engine.connect() as db:
        return [
            {"period": kind, **row}
            for kind in ("week", "month")
            for row in db.execute(statement("status/kpis"), {**names, "period_kind": kind}).mappings()
        ]


def _words(workspace: Workspace, feed: FeedHandle) -> list[dict[str, Any]]:
    facts = {"feed_id": feed.feed_id, "not_demand": not_demand(feed)}
    with workspace.engine.connect() as db:
        return [dict(row) for row in db.execute(statement("status/words"), facts).mappings()]


def _breakdowns(workspace: Workspace, feed: FeedHandle) -> list[dict[str, Any]]:
    names = {"council": feed.council.council, "transaction": feed.contract.transaction}
    with workspace.engine.connect() as db:
        return [
            {"period": kind, "breakdown": breakdown, **row}
            for kind in ("week", "month")
            for breakdown in ("channel", *feed.contract.breakdowns)
            for row in db.execute(
                statement("status/breakdown"), {**names, "period_kind": kind, "breakdown": breakdown}
            ).mappings()
        ]
