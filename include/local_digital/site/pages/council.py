"""A council's page: its transactions, whom it compares itself with, and what kind of council it is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from local_digital.site.pages.layout import HOME, Crumb, page

if TYPE_CHECKING:
    from local_digital.config.models import Transaction
    from local_digital.site.file import File
    from local_digital.site.pages.site import Council, Newest, Offer, Site


class Card(NamedTuple):
    contract: Transaction
    offer: Offer
    newest: Newest | None
    released_at: dt.datetime | None


def council_page(site: Site, council: Council, groups: dict[str, list[Council]]) -> File:
    """Return a council's page. groups: by name, the councils that it compares itself with."""
    cards = [
        Card(contract, site.offer(council.slug, slug), site.newest.get((council.slug, slug)),
             site.released_at.get((council.slug, slug)))
        for slug, contract in sorted(site.contracts.items())
    ]  # fmt: skip
    nation = council.nation.replace("-", " ").title()
    where = nation if council.region in {None, nation} else f"{council.region}, {nation}"
    return page(
        site, f"councils/{council.slug}/index.html", "council.html", title=council.name,
        crumbs=(HOME, Crumb(council.name, "")), council=council, cards=cards, groups=groups, where=where,
        tier=tier_name(council.tier), shown=sum(card.offer.state == "shown" for card in cards),
    )  # fmt: skip


def groups_of(site: Site) -> dict[str, dict[str, list[Council]]]:
    """Return the groups that councils name, by the council that named them and by the group's name in words."""
    found: dict[str, dict[str, list[Council]]] = {}
    groups = site.figures.groups
    for owner, name, member in zip(groups["owner"], groups["name"], groups["member"], strict=True):
        if member in site.councils:
            words = name.replace("-", " ")
            found.setdefault(owner, {}).setdefault(words[:1].upper() + words[1:], []).append(site.councils[member])
    return found


def tier_name(tier: str) -> str:
    """Return a tier in words, such as `London borough council`."""
    words = tier.replace("-", " ").replace("london", "London")
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('executive') else ' council'}"
