"""Service availability: one look an hour at every page on which a council offers a transaction to the public."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_digital.config.loading import load_councils, load_transactions
from local_digital.errors import ConfigurationError
from local_digital.page_requests import Limits, State
from local_digital.page_visits import Rules, Visit, Visitor
from local_digital.publishing.records import Record, hour_timestamp, record_id
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.workspace import FeedHandle, Workspace

KEPT = dt.timedelta(days=92)

_SECONDS = 3600
_ROBOTS_LAST = dt.timedelta(days=1)
_SHARE_OF = dt.timedelta(days=30)
_HOSTS_AT_ONCE = 8
# Within the brackets of a header.
_CONTACT = re.compile(r"[ -'*-~]{1,200}")


@dataclass(frozen=True)
class PageCheck:
    """One look at one feed's page. hour: its beginning, UTC. The rest is as in `Visit`."""

    council: str
    transaction: str
    hour: dt.datetime
    state: State
    reason: str | None
    status: int | None
    response_ms: int | None


@acting_as(LOADER)
def check(
    workspace: Workspace,
    *,
    now: dt.datetime | None = None,
    councils: Iterable[str] | None = None,
    limits: Limits | None = None,
) -> list[PageCheck]:
    """Look at every page that has not been looked at in this hour of UTC; return what came of it.

    now: aware. councils: slugs; all when None. Hosts are visited side by side, the pages of one host one after the
    other. A look is in the warehouse before its request leaves: after a kill the page is not asked for again in this
    hour, and the hour counts as unmonitored. Raises ConfigurationError for an unknown council or an unusable contact.
    """
    contact = workspace.settings.contact
    if contact and not _CONTACT.fullmatch(contact):
        raise ConfigurationError(
            "LOCAL_DIGITAL_CONTACT",
            expected="printable ASCII without brackets, such as an e-mail address or a URL",
            found="other characters",
            action="Mend the environment variable.",
        )
    moment = _utc(now)
    memory = _RobotsMemory(workspace, moment)
    visitor = Visitor(contact, memory.recall, memory.remember, limits=limits or Limits())
    by_host: defaultdict[str | None, defaultdict[str, list[FeedHandle]]] = defaultdict(lambda: defaultdict(list))
    for feed in feeds_with_pages(workspace, councils):
        page = str(feed.feed.page)
        # Two feeds may share a page: it is asked for once.
        by_host[urlsplit(page).hostname][page].append(feed)

    def look(pages: Mapping[str, list[FeedHandle]]) -> list[PageCheck]:
        return [done for url, feeds in pages.items() for done in _look(workspace, visitor, url, feeds, _hour(moment))]

    with ThreadPoolExecutor(_HOSTS_AT_ONCE, thread_name_prefix="availability") as pool:
        found = [done for each in pool.map(look, by_host.values()) for done in each]
    return sorted(found, key=lambda done: (done.council, done.transaction))


@acting_as(LOADER)
def feeds_with_pages(workspace: Workspace, councils: Iterable[str] | None = None) -> list[FeedHandle]:
    """Return the feeds whose council's file names a page, of these councils (slugs) or of all whose files are right.

    Raises ConfigurationError for an unknown council.
    """
    contracts, _ = load_transactions(workspace.settings.config)
    known, _ = load_councils(workspace.settings.config)
    wanted = sorted(known) if councils is None else sorted(set(councils))
    return [
        workspace.handle(council, contracts[transaction])
        for council in (known.get(slug) or workspace.council(slug) for slug in wanted)
        for transaction, feed in sorted(council.feeds.items()) if feed.page
    ]  # fmt: skip


@acting_as(LOADER)
def pages(
    workspace: Workspace, *, now: dt.datetime | None = None, councils: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Return every page with the newest look at it and its `uptime`: the share, 0 to 1, of the monitored hours of the
    last 30 days in which it was up, None without any.
    """
    feeds = feeds_with_pages(workspace, councils)
    asked = {"feed_ids": [feed.feed_id for feed in feeds], "since": _hour(_utc(now)) - _SHARE_OF}
    with workspace.engine.connect() as db:
        return [dict(row) for row in db.execute(statement("availability/pages"), asked).mappings()]


def monitoring_records(
    db: Database, feed: FeedHandle, data_set_name: str, *, now: dt.datetime | None = None
) -> list[Record]:
    """Return a record for each finished hour from the first look on, of the last 92 days.

    What a look found stands for its whole hour; an hour without one is unmonitored. The average response is that of
    the one look, and 0 where the page was not up, since the dashboards break without a number. now: aware.
    """
    period = feed.contract.data_sets[data_set_name].period
    until = _hour(_utc(now))
    asked = {"feed_id": feed.feed_id, "since": until - KEPT, "until": until}
    return [
        _record(period, row.hour.astimezone(dt.UTC), row.state, row.response_ms)
        for row in db.execute(statement("availability/hours"), asked)
    ]


def forget_checks(db: Database, *, now: dt.datetime | None = None) -> int:
    """Remove looks that are older than 92 days; return how many those were. now: aware."""
    return db.execute(statement("availability/forget_checks"), {"before": _hour(_utc(now)) - KEPT}).rowcount


@dataclass(frozen=True)
class _RobotsMemory:
    """What hosts' robots.txt said, kept in the warehouse, and read again after a day."""

    workspace: Workspace
    now: dt.datetime

    def recall(self, host: str) -> Rules | None:
        with self.workspace.engine.connect() as db:
            known = db.execute(statement("availability/robots"), {"host": host}).one_or_none()
        return Rules(known.rules, fresh=self.now < known.fetched_at + _ROBOTS_LAST) if known else None

    def remember(self, host: str, rules: str) -> None:
        facts = {"host": host, "rules": rules, "fetched_at": self.now}
        with self.workspace.engine.begin() as db:
            db.execute(statement("availability/remember_robots"), facts)


def _look(
    workspace: Workspace, visitor: Visitor, url: str, feeds: list[FeedHandle], hour: dt.datetime
) -> list[PageCheck]:
    with workspace.engine.begin() as db:
        claim = statement("availability/claim_check")
        claimed = [feed for feed in feeds if db.scalar(claim, {"feed_id": feed.feed_id, "hour": hour}) is not None]
    if not claimed:
        return []
    visit: Visit = visitor.visit(url)
    with workspace.engine.begin() as db:
        for feed in claimed:
            db.execute(statement("availability/note_check"), {"feed_id": feed.feed_id, "hour": hour, **asdict(visit)})
    return [PageCheck(feed.council.council, feed.contract.transaction, hour, **asdict(visit)) for feed in claimed]


def _record(period: str, hour: dt.datetime, state: State, response_ms: int | None) -> Record:
    return {
        "_id": record_id(hour, period),
        "_timestamp": hour_timestamp(hour),
        "period": period,
        "uptime": _SECONDS if state == "up" else 0,
        "downtime": _SECONDS if state == "down" else 0,
        "unmonitored": _SECONDS if state == "unmonitored" else 0,
        "avgresponse": response_ms or 0,
    }


def _utc(now: dt.datetime | None) -> dt.datetime:
    return (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)


def _hour(moment: dt.datetime) -> dt.datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
