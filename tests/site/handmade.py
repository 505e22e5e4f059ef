"""Released figures made by hand, for tests that need no database."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from local_digital.config.loading import load_transactions
from local_digital.settings import ROOT
from local_digital.site.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.config.models import Transaction

MONDAY = dt.date(2026, 1, 5)
RELEASED = dt.datetime(2026, 7, 1, 12, 30, tzinfo=dt.UTC)
BINS = "report-missed-bin"

_COLUMNS = {
    "councils": ("council", "name", "gss_code", "tier", "nation", "region", "population"),
    "offers": ("council", "transaction", "not_supplied", "state", "reason"),
    "groups": ("owner", "name", "member"),
    "feeds": ("council", "transaction", "first_released_at", "released_at", "version"),
    "kpis": (
        "council", "transaction", "period_kind", "period_start", "kpi", "version", "label", "numerator", "denominator",
        "value", "basis", "caveats",
    ),
    "volumes": (
        "council", "transaction", "data_set", "period_kind", "period_start", "label", "across_label", "reports",
        "state",
    ),
    "periods": (
        "council", "transaction", "period_kind", "period_start", "reports", "working_days", "bank_holidays",
        "cycle_week", "same_point",
    ),
    "changes": (
        "changed_at", "council", "transaction", "what", "data_set", "figures", "first_period", "last_period",
    ),
}  # fmt: skip
_WHOLE_NUMBERS = {"population", "reports", "working_days", "cycle_week", "figures"}
_FRACTIONS = {"numerator", "denominator", "value"}


@cache
def contracts() -> dict[str, Transaction]:
    """Return the agreed contracts of the tree."""
    return load_transactions(ROOT / "include")[0]


class Handmade:
    """Figures under construction; `figures()` returns them as `tests.site.whole.read` would."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}

    def council(self, slug: str, name: str | None = None, *, tier: str = "unitary") -> None:
        row = (slug, name or slug.title(), f"E06{len(self._rows['councils']):06}", tier, "england", "London", 200_000)
        self._rows["councils"].append(row)

    def group(self, owner: str, name: str, members: Sequence[str]) -> None:
        self._rows["groups"] += [(owner, name, member) for member in members]

    def offer(
        self,
        council: str,
        transaction: str = BINS,
        state: str = "shown",
        *,
        reason: str | None = None,
        not_supplied: Sequence[str] = (),
    ) -> None:
        self._rows["offers"].append((council, transaction, list(not_supplied), state, reason))
        if state == "shown":
            self._rows["feeds"].append((council, transaction, RELEASED, RELEASED, "1"))

    def period(
        self,
        council: str,
        start: dt.date,
        reports: int,
        *,
        kind: str = "week",
        transaction: str = BINS,
        bank_holidays: Sequence[str] = (),
        same_point: dt.date | None = None,
    ) -> None:
        self._rows["periods"].append(
            (council, transaction, kind, start, reports, 5, list(bank_holidays), None, same_point)
        )
        self.kpi(council, "volume", start, float(reports), kind=kind, transaction=transaction)

    def kpi(  # noqa: PLR0913 - the columns of one row
        self,
        council: str,
        kpi: str,
        start: dt.date,
        value: float | None,
        *,
        kind: str = "week",
        transaction: str = BINS,
        version: str = "",
        label: str = "",
        over: float | None = None,
        under: float | None = None,
        basis: str = "full",
        caveats: Sequence[str] = (),
    ) -> None:
        told = version or ("current" if kpi == "digital-takeup" else "1")
        self._rows["kpis"].append(
            (council, transaction, kind, start, kpi, told, label, over, under, value, basis, list(caveats))
        )

    def count(  # noqa: PLR0913 - the columns of one row
        self,
        council: str,
        data_set: str,
        start: dt.date,
        label: str,
        reports: int | None,
        *,
        kind: str = "week",
        transaction: str = BINS,
        across: str = "",
        state: str | None = None,
    ) -> None:
        """Add a count; None is a withheld one."""
        told = state or ("withheld" if reports is None else "shown")
        self._rows["volumes"].append((council, transaction, data_set, kind, start, label, across, reports, told))

    def change(self, council: str, data_set: str, start: dt.date, *, what: str = "added", figures: int = 1) -> None:
        self._rows["changes"].append((RELEASED, council, BINS, what, data_set, figures, start, start))

    def figures(self) -> Figures:
        frames = {}
        for name, columns in _COLUMNS.items():
            frame = pd.DataFrame.from_records(self._rows[name], columns=list(columns))
            kinds = {column: "Int64" for column in columns if column in _WHOLE_NUMBERS}
            kinds |= {column: "float64" for column in columns if column in _FRACTIONS}
            frames[name] = frame.astype(kinds)
        return Figures(contracts(), **frames)
