"""What councils offer: which transactions they provide, which fields and KPIs their feeds can give, whom they compare
themselves with. Told apart everywhere: not provided here, provided and not fed yet, not supplied by the feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.authorities import resolve
from local_digital.kpis import KPIS
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection as Database

    from local_digital.config.models import Council, Feed, Label, Transaction


def labels(contract: Transaction, field: str, wanted: Callable[[Label], bool]) -> list[str]:
    """Return the values of a contract's field that are so; none where the contract has no such field."""
    values = contract.fields[field].values if field in contract.fields else {}
    return [name for name, label in values.items() if wanted(label)]


def offered(feed: Feed, field: str) -> set[str]:
    """Return the contract's values that a feed can give a label field, whatever a delivery holds."""
    column = feed.columns.get(field)
    if column is None:
        return set()
    return {*column.words.values(), *(fixed for fixed in (column.value, column.when_blank) if fixed)}


def supplies(contract: Transaction, feed: Feed, kpi: str) -> bool:
    """Say whether a feed's columns and facts can give a KPI of its contract."""
    if kpi == "completion-rate":
        given_up = set(labels(contract, "status", lambda label: not label.completed))
        return "starts" in feed.columns or bool(given_up & offered(feed, "status"))
    if kpi == "missed-per-100000" and not feed.collections:
        return False
    if feed.aggregate and "quarter" in KPIS[kpi].periods and feed.aggregate.period == "week":
        return False
    # The log tells closings by its events.
    told = {"closed_at"} if feed.delivery == "event_log" else set()
    return all(field in feed.columns or field in told for field in KPIS[kpi].fields)


def record_offers(db: Database, council: Council, contracts: Mapping[str, Transaction]) -> None:
    """Write into the marts what a council's file says of it, as of now."""
    authority = resolve(council.gss_code)
    db.execute(
        statement("marts/council"),
        {
            "council": council.council,
            "name": council.name,
            "gss_code": council.gss_code,
            "tier": council.tier.value,
            "nation": council.nation.value,
            "region": authority.region if authority else None,
            "population": authority.population if authority else None,
            "phase": council.phase,
            "authority": authority.slug if authority else None,
            "covers": list(council.covers),
        },
    )
    states: list[tuple[str, str, str | None, str]] = []
    for name, contract in sorted(contracts.items()):
        feed = council.feeds.get(name)
        reason = contract.not_provided_by(council)
        state = "provided" if feed else "not-provided" if reason else "awaited"
        missing = [kpi for kpi in contract.kpis if feed and not supplies(contract, feed, kpi)]
        states.append((name, state, reason, " ".join(missing)))
    transactions, kinds, reasons, missing_kpis = zip(*states, strict=True)
    db.execute(
        statement("marts/offer"),
        {
            "council": council.council, "transactions": list(transactions), "states": list(kinds),
            "reasons": list(reasons), "not_supplied": list(missing_kpis),
        },
    )  # fmt: skip
    members = [(name, member) for name, group in council.compare_with.items() for member in group]
    db.execute(
        statement("marts/comparison_group"),
        {
            "council": council.council,
            "names": [name for name, _ in members],
            "members": [member for _, member in members],
        },
    )


def forget_councils(db: Database, known: list[str]) -> None:
    """Take out of the marts' list of councils those whose files are gone; their figures stay, in no comparison."""
    db.execute(text("delete from marts.council where council <> all(cast(:known as text[]))"), {"known": known})
