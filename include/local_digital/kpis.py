"""Every KPI, defined once: what it is called, which versions there are, its unit and what a feed must send for it.

How each is computed stands in `sql/marts/kpi_<statement>.sql`; where its formula comes from, with worked examples, in
docs/kpis.md. A new definition is a new version: figures of different versions are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "share", "hours", "pounds", "score", "rate"]
PeriodKind = Literal["week", "month", "quarter"]

_WEEKS_AND_MONTHS: tuple[PeriodKind, ...] = ("week", "month")
# A reader who sees a figure sees these beside it. The keys stand in marts.kpi.caveats.
CAVEATS = {
    "bank-holiday": "A bank holiday in this period moved collections or closed offices.",
    "unmapped-channels": "Some transactions came by a channel word that nobody has mapped yet.",
    "still-open": "Some cases of this period are still open, so the figure may move.",
    "no-premises": "Some reports name no premises and are left out.",
    "no-rating": "Only those who gave a rating are counted; fewer than one in ten did.",
    "streams-left-out": "Bin types without a supplied number of collections are left out.",
    "collections-spread": "The collections of the month are an estimate: weekly collections spread over its days.",
    "national-unit-costs": "Unit costs are national estimates by channel (Socitm, 2011), not this council's own.",
    "estimated-unit-costs": "Unit costs are this council's estimates.",
    "channels-without-cost": "Transactions by channels without a unit cost are left out.",
    "fewer-than-12-months": "The last 12 months are not all there.",
    "saving-estimated": "An estimate: today's unit costs, applied to the mix of channels a year before.",
}


@dataclass(frozen=True)
class Kpi:
    """A KPI. better: which way is good, None where neither is. fields: what the feed must map, beside what it always
    has. statement: which SQL file computes it; several KPIs may share one. labelled: one row for each channel or kind.
    """

    title: str
    unit: Unit
    statement: str
    versions: tuple[str, ...] = ("1",)
    better: Literal["higher", "lower"] | None = None
    fields: tuple[str, ...] = ()
    periods: tuple[PeriodKind, ...] = _WEEKS_AND_MONTHS
    labelled: bool = False


KPIS: dict[str, Kpi] = {
    "volume": Kpi("Transactions", "count", "volume"),
    "channel-mix": Kpi("Share of each channel", "share", "channel_mix", labelled=True),
    "digital-takeup": Kpi("Digital take-up", "share", "digital_takeup", ("2013", "current"), "higher"),
    "completion-rate": Kpi("Completion rate", "share", "completion_rate", better="higher"),
    "user-satisfaction": Kpi("User satisfaction", "score", "user_satisfaction", better="higher", fields=("rating",)),
    "cost-per-transaction": Kpi(
        "Cost per transaction", "pounds", "cost_per_transaction", better="lower", periods=("quarter",)
    ),
    "channel-shift-saving": Kpi(
        "Saving from channel shift", "pounds", "channel_shift_saving", better="higher", periods=("quarter",)
    ),
    "median-hours-to-close": Kpi(
        "Hours to close, median", "hours", "time_to_close", better="lower", fields=("closed_at",)
    ),
    "p90-hours-to-close": Kpi(
        "Hours to close, 90th percentile", "hours", "time_to_close", better="lower", fields=("closed_at",)
    ),
    "closed-within-one-working-day": Kpi(
        "Closed within one working day", "share", "closed_within_working_day", better="higher", fields=("closed_at",)
    ),
    "justified": Kpi("Upheld", "count", "justified", fields=("outcome",)),
    "rectified": Kpi("Put right", "count", "rectified", fields=("outcome", "closed_at")),
    "rectified-within-one-working-day": Kpi(
        "Put right within one working day",
        "share",
        "rectified_within_working_day",
        better="higher",
        fields=("outcome", "closed_at"),
    ),
    "missed-per-100000": Kpi(
        "Missed per 100,000 collections", "rate", "missed_per_100000", better="lower", fields=("outcome", "stream")
    ),
    "repeat-misses": Kpi("Repeat misses", "share", "repeat_misses", better="lower", fields=("premises_key", "stream")),
    "items-renewed": Kpi("Items renewed", "count", "items_renewed", fields=("items",)),
    "value-paid": Kpi("Value paid", "pounds", "value_paid", fields=("amount",)),
    "applications": Kpi("Applications", "count", "requests", fields=("request",)),
    "renewals": Kpi("Renewals", "count", "requests", fields=("request",)),
}
