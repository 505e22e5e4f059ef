"""The first page: what this is, and all councils with the newest figure of every transaction or why there is none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from local_digital.site.pages.layout import page
from local_digital.site.pages.words import in_period, number

if TYPE_CHECKING:
    import datetime as dt

    from local_digital.site.file import File
    from local_digital.site.pages.site import Site

# Up to so many councils are found at a glance; more are grouped by their first letter.
_AT_A_GLANCE = 40


class Total(NamedTuple):
    """The transactions of the newest month that most feeds have. feeds: how many those are."""

    start: dt.date
    reports: int
    feeds: int


class Entry(NamedTuple):
    """A transaction in a council's card. figure: a count, with its period where that is not the usual month."""

    transaction: str
    name: str
    state: str
    figure: str


class Card(NamedTuple):
    slug: str
    name: str
    lines: list[Entry]


def front_page(site: Site) -> File:
    """Return the first page."""
    shown = [key for key, offer in site.offers.items() if offer.state == "shown" and key[0] in site.councils]
    total = _total(site)
    cards = [
        Card(slug, council.name, [_entry(site, slug, transaction, total) for transaction in sorted(site.contracts)])
        for slug, council in site.councils.items()
    ]
    letters: dict[str, list[Card]] = {}
    for card in cards:
        letters.setdefault(card.slug[0] if len(cards) > _AT_A_GLANCE else "", []).append(card)
    return page(
        site, "index.html", "front.html", title=site.about.title, total=total, letters=letters, feeds=len(shown),
        with_figures=number(len({council for council, _ in shown})),
    )  # fmt: skip


def _total(site: Site) -> Total | None:
    """Return the newest month's transactions, of the months that most feeds have as their newest."""
    months = [one for one in site.newest.values() if one.kind == "month" and one.reports is not None]
    if not months:
        return None
    # A single council that is early is not the nation.
    often = Counter(one.start for one in months)
    start = max(often, key=lambda day: (often[day], day))
    reports = [one.reports for one in months if one.start == start and one.reports is not None]
    return Total(start, sum(reports), len(reports))


def _entry(site: Site, council: str, transaction: str, total: Total | None) -> Entry:
    name = site.contracts[transaction].name
    offer = site.offer(council, transaction)
    newest = site.newest.get((council, transaction))
    if offer.state != "shown":
        return Entry(transaction, name, offer.state, "")
    if newest is None or newest.reports is None:
        return Entry(transaction, name, "no-data", "")
    usual = total is not None and newest.kind == "month" and newest.start == total.start
    told = "" if usual else f" {in_period(newest.kind, newest.start)}"
    return Entry(transaction, name, "", f"{number(newest.reports)}{told}")
