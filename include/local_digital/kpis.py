"""Every KPI, defined once: what it is called, which versions there are, its unit and what a feed must send for it.

How each is computed stands in `sql/marts/kpi_<statement>.sql`; where its formula comes from, with worked examples, in
docs/kpis.md. A new definition is a new version: figures of different versions are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    "national-unit-costs": "Some unit costs are national estimates by channel (Socitm, 2011), not this council's own.",
    "estimated-unit-costs": "Unit costs are this council's estimates.",
    "channels-without-cost": "Transactions by channels without a unit cost are left out.",
    "fewer-than-12-months": "The last 12 months are not all there.",
    "saving-estimated": "An estimate: today's unit costs, applied to the mix of channels a year before.",
}


# Where the formulas come from, as the public reads it.
_GDS = "GDS service manual"
_GDS_TAKEUP = "GDS service manual: current, and of 2013 to 2016"
_WASTE = "Usual among councils' waste services"
_CONTRACT = "The agreed contract of the transaction"
_OWN = "This project"

# Caveats that say that labels of a field are left out of a figure.
LEFT_OUT = {"streams-left-out": "stream"}


@dataclass(frozen=True)
class Kpi:
    """A KPI. better: which way is good, None where neither is. fields: what the feed must map, beside what it always
    has. statement: which SQL file computes it; several KPIs may share one. labelled: one row for each channel or kind.
    means: one sentence for the public. source: whose definition it is.
    """

    title: str
    unit: Unit
    statement: str
    versions: tuple[str, ...] = ("1",)
    better: Literal["higher", "lower"] | None = None
    fields: tuple[str, ...] = ()
    periods: tuple[PeriodKind, ...] = _WEEKS_AND_MONTHS
    labelled: bool = False
    means: str = field(kw_only=True)
    source: str = field(kw_only=True)


KPIS: dict[str, Kpi] = {
    "volume": Kpi(
        "Transactions",
        "count",
        "volume",
        means="How many transactions were completed.",
        source=_GDS,
    ),
    "channel-mix": Kpi(
        "Share of each channel",
        "share",
        "channel_mix",
        labelled=True,
        means="How the transactions are spread over the channels (online, phone, post and so on): each one's share.",
        source=_OWN,
    ),
    "digital-takeup": Kpi(
        "Digital take-up",
        "share",
        "digital_takeup",
        ("2013", "current"),
        "higher",
        means="The share of transactions made through a digital channel; the current definition counts those keyed by "
        "staff for somebody, the one of 2013 does not.",
        source=_GDS_TAKEUP,
    ),
    "completion-rate": Kpi(
        "Completion rate",
        "share",
        "completion_rate",
        better="higher",
        means="Of the transactions that people began, the share that they completed.",
        source=_GDS,
    ),
    "user-satisfaction": Kpi(
        "User satisfaction",
        "score",
        "user_satisfaction",
        better="higher",
        fields=("rating",),
        means="How satisfied those were who gave a rating, from 0 (all very dissatisfied) to 1 (all very satisfied).",
        source=_GDS,
    ),
    "cost-per-transaction": Kpi(
        "Cost per transaction",
        "pounds",
        "cost_per_transaction",
        better="lower",
        periods=("quarter",),
        means="What a transaction cost on average over the 12 months to the quarter's end, at each channel's cost.",
        source=_GDS,
    ),
    "cost-by-channel": Kpi(
        "Cost per transaction by channel",
        "pounds",
        "cost_by_channel",
        better="lower",
        periods=("quarter",),
        labelled=True,
        means="What a transaction by each channel cost on average over the 12 months to the end of the quarter.",
        source=_GDS,
    ),
    "channel-shift-saving": Kpi(
        "Saving from channel shift",
        "pounds",
        "channel_shift_saving",
        better="higher",
        periods=("quarter",),
        means="What the 12 months to the quarter's end cost less than by the mix of channels of the year before.",
        source=_OWN,
    ),
    "median-hours-to-close": Kpi(
        "Hours to close, median",
        "hours",
        "time_to_close",
        better="lower",
        fields=("closed_at",),
        means="Half of the closed cases took at most so many hours from report to closing.",
        source=_OWN,
    ),
    "p90-hours-to-close": Kpi(
        "Hours to close, 90th percentile",
        "hours",
        "time_to_close",
        better="lower",
        fields=("closed_at",),
        means="Nine in ten closed cases took at most so many hours from report to closing.",
        source=_OWN,
    ),
    "closed-within-one-working-day": Kpi(
        "Closed within one working day",
        "share",
        "closed_within_working_day",
        better="higher",
        fields=("closed_at",),
        means="The share of reports that were closed by the end of the next working day.",
        source=_WASTE,
    ),
    "justified": Kpi(
        "Upheld",
        "count",
        "justified",
        fields=("outcome",),
        means="How many reports turned out to be right: the collection had been missed.",
        source=_WASTE,
    ),
    "rectified": Kpi(
        "Put right",
        "count",
        "rectified",
        fields=("outcome", "closed_at"),
        means="How many of the reports that turned out to be right have been put right so far.",
        source=_WASTE,
    ),
    "rectified-within-one-working-day": Kpi(
        "Put right within one working day",
        "share",
        "rectified_within_working_day",
        better="higher",
        fields=("outcome", "closed_at"),
        means="Of the reports that turned out to be right, the share put right by the end of the next working day.",
        source=_WASTE,
    ),
    "missed-per-100000": Kpi(
        "Missed per 100,000 collections",
        "rate",
        "missed_per_100000",
        better="lower",
        fields=("outcome", "stream"),
        means="Missed collections (reports that turned out to be right) among 100,000 scheduled ones.",
        source=_WASTE,
    ),
    "repeat-misses": Kpi(
        "Repeat misses",
        "share",
        "repeat_misses",
        better="lower",
        fields=("premises_key", "stream"),
        means="The share of reports whose premises had reported the same type of bin in the 12 weeks before.",
        source=_OWN,
    ),
    "items-renewed": Kpi(
        "Items renewed",
        "count",
        "items_renewed",
        fields=("items",),
        means="How many items were renewed: one renewal may hold several.",
        source=_CONTRACT,
    ),
    "value-paid": Kpi(
        "Value paid",
        "pounds",
        "value_paid",
        fields=("amount",),
        means="Pounds paid, with refunds subtracted.",
        source=_CONTRACT,
    ),
    "applications": Kpi(
        "Applications",
        "count",
        "requests",
        fields=("request",),
        means="How many of the requests were first applications.",
        source=_CONTRACT,
    ),
    "renewals": Kpi(
        "Renewals",
        "count",
        "requests",
        fields=("request",),
        means="How many of the requests were renewals.",
        source=_CONTRACT,
    ),
}
