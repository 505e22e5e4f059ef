"""The command that puts councils side by side."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from local_digital.cli.app import Json, TransactionName, a_day, app, open_workspace
from local_digital.cli.printing import out, print_json, table
from local_digital.kpis import KPIS

if TYPE_CHECKING:
    from local_digital.compare import Comparison

_SHARES = {"share", "score"}


@app.command(rich_help_panel="Figures")
def compare(
    transaction: TransactionName,
    kpi: Annotated[str, typer.Option(help="Which figure (docs/kpis.md).")] = "volume",
    period: Annotated[
        Literal["week", "month", "quarter"] | None, typer.Option(help="Months, or quarters for costs, if not given.")
    ] = None,
    start: Annotated[
        dt.datetime | None,
        typer.Option(parser=a_day, metavar="DATE", help="First day; the newest whole period if not given."),
    ] = None,
    version: Annotated[str | None, typer.Option(help="Of the definition; the newest if not given.")] = None,
    label: Annotated[str, typer.Option(help="Which channel, for channel-mix.")] = "",
    as_json: Json = False,
) -> None:
    """Put all councils side by side, with median and quartiles and what a reader must know."""
    from local_digital.compare import asked  # noqa: PLC0415 - keeps --help quick
    from local_digital.compare import compare as side_by_side  # noqa: PLC0415

    with open_workspace() as workspace:
        wanted = asked(workspace, transaction, kpi, version=version, period_kind=period, label=label)
        found = side_by_side(workspace, replace(wanted, period_start=start.date() if start else None))
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


def _show(found: Comparison) -> None:
    definition = KPIS[found.asked.kpi]
    of = f" ({found.asked.label})" if found.asked.label else ""
    title = f"{definition.title}{of}, version {found.asked.version}: {found.asked.period_kind} from "
    numbers = {key: number for number, key in enumerate(found.caveats, 1)}
    weekly = found.asked.period_kind == "week"
    rows = sorted(map(_with_words(found, numbers), found.councils), key=_best_first(definition.better))
    columns = {"Council": "name", "Tier": "tier", "Of": "numerator", "All": "denominator", "Figure": "figure"}
    if weekly:
        columns |= {"Working days": "working_days", "Same point before": "before"}
    table(f"{title}{found.asked.period_start}", {**columns, "Basis": "basis", "Notes": "notes"}, rows)
    if found.benchmarks:
        groups = [
            {
                "group": {"all": "All councils", "tier": f"Tier: {row['subject']}"}.get(
                    row["comparison"], f"Group: {row['subject']}"
                ),
                **row,
                **{name: _figure(row[name], found) for name in ("lower_quartile", "median", "upper_quartile")},
            }
            for row in found.benchmarks
        ]
        columns = {"Group": "group", "Basis": "basis", "Councils": "councils", "Lower quartile": "lower_quartile",
                   "Median": "median", "Upper quartile": "upper_quartile"}  # fmt: skip
        table("Benchmarks", columns, groups)
    else:
        out.print("No benchmark: fewer than three councils have the whole figure.", highlight=False)
    for key, number in numbers.items():
        out.print(f"[{number}] {found.caveats[key]}", markup=False, highlight=False)


def _with_words(found: Comparison, numbers: dict[str, int]) -> Any:
    def words(row: dict[str, Any]) -> dict[str, Any]:
        has_figure = row["state"] in {"figure", "partial"}
        why = row["state"] + (f": {row['reason']}" if row["reason"] else "")
        return {
            **row,
            "numerator": _part(row["numerator"], found),
            "figure": _figure(row["value"], found) if has_figure else why,
            "before": _figure(row["before"], found),
            "notes": " ".join(f"[{numbers[key]}]" for key in row["caveats"]),
        }

    return words


def _best_first(better: str | None) -> Any:
    def order(row: dict[str, Any]) -> tuple[bool, bool, object, str]:
        value = row["value"]
        first = (value or 0) if better == "lower" else -(value or 0)
        # A part of a period is not ranked among whole ones.
        return value is None, row["basis"] == "partial", first, row["name"]

    return order


def _part(value: Any, found: Comparison) -> Any:
    """Return a numerator as it is shown: pounds where the figure is one."""
    return _figure(value, found) if KPIS[found.asked.kpi].unit == "pounds" else value


def _figure(value: Any, found: Comparison) -> str | None:
    if value is None:
        return None
    unit = KPIS[found.asked.kpi].unit
    if unit in _SHARES:
        return f"{value * 100:.1f} %"
    if unit == "pounds":
        return f"£{value:,.2f}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
