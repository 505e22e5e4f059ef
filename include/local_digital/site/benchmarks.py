"""Benchmarks of released figures: what `marts.benchmark` is for the marts, from what the public may see."""

from __future__ import annotations

import pandas as pd

# Of fewer, a council could work out another's figure from the quartiles and its own.
FEWEST_COUNCILS = 3
_FIGURE = ["transaction", "period_kind", "period_start", "kpi", "version", "label", "basis"]
_GROUP = ["comparison", "subject"]


def benchmarks(kpis: pd.DataFrame, councils: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles of every figure over each group of three councils or more that have it.

    kpis, councils, groups: as in `Figures`. Columns: transaction, period_kind, period_start, kpi, version, label,
    basis, comparison (`all`, `tier` or `group`), subject (empty, the tier, `owner/name`), councils, lower_quartile,
    median, upper_quartile; quartiles lie between neighbours in proportion. Figures of different versions or bases are
    never put together.
    """
    everyone = councils.assign(comparison="all", subject="")[[*_GROUP, "council"]]
    tiers = councils.assign(comparison="tier", subject=councils["tier"])[[*_GROUP, "council"]]
    named = groups.assign(comparison="group", subject=groups["owner"] + "/" + groups["name"], council=groups["member"])
    members = pd.concat([everyone, tiers, named[[*_GROUP, "council"]]])
    figures = kpis.dropna(subset=["value"]).merge(members, on="council")
    grouped = figures.groupby([*_FIGURE, *_GROUP], sort=True)["value"]
    found = pd.DataFrame(grouped.agg(councils="count"))
    for name, share in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75)):
        found[name] = grouped.quantile(share)
    return found[found["councils"] >= FEWEST_COUNCILS].reset_index()
