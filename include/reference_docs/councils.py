"""docs/councils.md: who takes part, what each provides, and what its exports are like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_digital.config.sources import Api, Folder, Open311, Sftp
from reference_docs.markdown import page, paragraph, table

if TYPE_CHECKING:
    from local_digital.config.models import Council, Feed, Transaction

_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")
_HOURLY = re.compile(r"(\d{1,2}) \* \* \* \*")
_KINDS = {Sftp: "SFTP", Folder: "drop folder", Api: "API", Open311: "Open311"}
_DELIVERIES = {
    "snapshot": "everything there is",
    "delta": "what changed",
    "rolling": "the last days",
    "event_log": "events of cases",
    "aggregate": "counts",
}
_INTRODUCTION = """
A line for each file in `include/councils/`, with its name and the code, tier and nation of the authority. **Runs** is
when its DAG begins, Europe/London. How to add one: [adding a council](adding-a-council.md).
"""
_OFFERS = """
`live`: published once somebody has approved it; `trial`: to the sink for trials only; `draft`: loaded and not
published. *No feed yet*: the council provides it, and sends nothing. A dash: not a task of such a council, or
somebody else does it.
"""
_FEEDS = """
**Sends** is what a delivery holds: everything there is (a snapshot), what changed, the last days over again, the
events of cases, or counts by period and channel. **Late** is a feed whose next delivery is overdue by its rhythm; a
nightly one with an hour is waited for until then.
"""


def councils_page(councils: dict[str, Council], contracts: dict[str, Transaction]) -> str:
    """Return the page. councils, contracts: by slug."""
    feeds = sum(len(each.feeds) for each in councils.values())
    parts = [
        f"{len(councils)} councils, {feeds} feeds, {len(contracts)} transactions.",
        "## Who takes part",
        paragraph(_INTRODUCTION),
        table(
            ("Council", "GSS code", "Tier", "Nation", "Phase", "Runs"),
            ((_linked(slug, each), f"`{each.gss_code}`", _words(each.tier), _words(each.nation).title(),
              str(each.phase), in_words(each.schedule)) for slug, each in councils.items()),
        ),
        "## What each provides",
        paragraph(_OFFERS),
        table(
            ("Council", *(contract.name for contract in contracts.values())),
            ((slug, *(_offer(each, contract) for contract in contracts.values())) for slug, each in councils.items()),
        ),
        _elsewhere(councils, contracts),
        "## What their exports are like",
        paragraph(_FEEDS),
    ]  # fmt: skip
    for transaction, contract in contracts.items():
        offered = [(slug, each.feeds[transaction]) for slug, each in councils.items() if transaction in each.feeds]
        of_feeds = table(
            ("Council", "Source", "Format", "Sends", "How often", "Data sets"),
            ((slug, _KINDS[type(feed.source)], _format(feed), _DELIVERIES[feed.delivery], _rhythm(feed),
              str(len(feed.publish))) for slug, feed in offered),
        )  # fmt: skip
        parts += [f"### {contract.name}", of_feeds if offered else "No feed yet."]
    return page("The councils", "`include/councils/` and `include/transactions/`", *parts)


def in_words(cron: str) -> str:
    """Return what a cron expression says; the expression itself where it says more than an hour and a minute."""
    if daily := _DAILY.fullmatch(cron):
        return f"{int(daily[2]):02}:{int(daily[1]):02} every day"
    if hourly := _HOURLY.fullmatch(cron):
        return f"{int(hourly[1])} minutes past every hour"
    return f"`{cron}`"


def _linked(slug: str, council: Council) -> str:
    return f"[{council.name}](../include/councils/{slug}.yaml) (`{slug}`)"


def _words(slug: str) -> str:
    return slug.replace("-", " ")


def _offer(council: Council, contract: Transaction) -> str:
    if contract.transaction in council.feeds:
        return f"`{council.feeds[contract.transaction].stage}`"
    return "-" if contract.not_provided_by(council) else "*no feed yet*"


def _elsewhere(councils: dict[str, Council], contracts: dict[str, Transaction]) -> str:
    return "\n".join(
        f"- **{slug}**, {contracts[transaction].name.lower()}: {reason}"
        for slug, council in councils.items() for transaction, reason in council.elsewhere.items()
    )  # fmt: skip


def _format(feed: Feed) -> str:
    return feed.reads_as.kind.upper() + (", encrypted" if feed.reads_as.pgp else "")


def _rhythm(feed: Feed) -> str:
    return f"{feed.cadence}, by {feed.expected_by:%H:%M}" if feed.expected_by else feed.cadence
