"""Benchmarks of released figures: what `marts.benchmark` is for the marts, from what the public may see.

They are kept in editions, one for each transaction. A council's night would otherwise move the band of its newest
period on the pages of all councils, so an installation may say for how long an edition stands.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from local_digital.kpis import KPIS
from local_digital.site.figures import compared, compared_groups
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection as Database

    from local_digital.site.rows import Rows

# Of fewer, a council could work out another's figure from the quartiles and its own.
FEWEST_COUNCILS = 3
_FIGURE = ("period_kind", "period_start", "kpi", "version", "label", "basis")
_SHARES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


class Edition(NamedTuple):
    """taken_at: when (UTC). made_from: digest of what its benchmarks were taken of."""

    taken_at: dt.datetime
    made_from: str


def editions(db: Database, contracts: Iterable[str], stands: dt.timedelta) -> dict[str, Edition]:
    """Return the edition of every transaction's benchmarks, taking those anew that are older than they may be.

    stands: how long an edition stands though figures changed since; nothing for not at all. Whatever that is, an
    edition goes at once where a council that is in it has no public figures any more, or councils or groups changed.
    """
    known = {row.transaction: row for row in db.execute(statement("site/editions"))}
    now = db.execute(statement("site/now")).scalar_one()
    found = {}
    everyone, groups, feeds = compared_groups(db)
    around = _digest([everyone[["council", "tier"]].to_numpy().tolist(), groups.to_numpy().tolist()])
    for transaction in sorted(contracts):
        here = feeds[feeds["transaction"] == transaction]
        councils = here["council"].tolist()
        made_from = f"{around}-{_digest([sorted(KPIS), here[['council', 'version']].to_numpy().tolist()])}"
        old = known.get(transaction)
        if old and (
            old.made_from == made_from
            or (
                now - old.taken_at < stands
                and old.made_from.startswith(f"{around}-")
                and set(old.councils) <= set(councils)
            )
        ):
            found[transaction] = Edition(old.taken_at, old.made_from)
            continue
        taken = benchmarks(compared(db, transaction), everyone, groups)
        asked = {"transaction": transaction, "made_from": made_from, "councils": councils}
        db.execute(statement("site/new_edition"), asked)
        _store(db, taken.assign(transaction=transaction))
        found[transaction] = Edition(now, made_from)
    return found


def benchmarks(kpis: Rows, councils: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles of every figure over each group of three councils or more that have it.

    kpis: of one transaction, in the columns of `Figures.kpis`. councils, groups: as there. Columns: period_kind,
    period_start, kpi, version, label, basis, comparison (`all`, `tier` or `group`), subject (empty, the tier,
    `owner/name`), councils, lower_quartile, median, upper_quartile, in that order; quartiles lie between neighbours in
    proportion. Figures of different versions or bases are never put together.
    """
    values = np.asarray(kpis["value"], dtype=np.float64)
    figure = np.zeros(len(kpis), dtype=np.int64)
    columns: list[tuple[str, list[Any]]] = []
    for name in _FIGURE:
        cells = kpis.cells(name)
        order = sorted(range(len(cells.each)), key=lambda code: cells.each[code])
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        figure = figure * len(order) + (0 if cells.codes is None else rank[cells.codes])
        columns.append((name, [cells.each[code] for code in order]))
    # Figures of a KPI that is defined no more stay released until the council's next release.
    here = kpis.cells("kpi")
    defined = np.array([value in KPIS for value in here.each], dtype=bool)
    known = ~np.isnan(values) & (defined[0] if here.codes is None else defined[here.codes])
    order_of_rows = np.lexsort((values, figure))
    order_of_rows = order_of_rows[known[order_of_rows]]
    figure, values = figure[order_of_rows], values[order_of_rows]
    slugs = kpis.cells("council")
    council = np.zeros(len(values), dtype=np.int64) if slugs.codes is None else slugs.codes[order_of_rows]
    parts = []
    compared_with = _groups(councils, groups)
    for number, (_, _, members) in enumerate(compared_with):
        mine = np.array([slug in members for slug in slugs.each], dtype=bool)[council]
        parts.append(_quartiles(figure[mine], values[mine], number))
    found = pd.concat(parts).sort_values(["figure", "group"], ignore_index=True)
    told: dict[str, Any] = {}
    left = found["figure"].to_numpy()
    for name, ordered in reversed(columns):
        left, code = np.divmod(left, len(ordered))
        told[name] = [ordered[one] for one in code.tolist()]
    told = {name: told[name] for name in _FIGURE}
    group = found["group"].tolist()
    told["comparison"] = [compared_with[one][0] for one in group]
    told["subject"] = [compared_with[one][1] for one in group]
    return pd.DataFrame(told).assign(**{name: found[name] for name in ("councils", *_SHARES)})


def _groups(councils: pd.DataFrame, groups: pd.DataFrame) -> list[tuple[str, str, set[str]]]:
    found = {("all", ""): set(councils["council"])}
    for council, tier in zip(councils["council"], councils["tier"], strict=True):
        found.setdefault(("tier", tier), set()).add(council)
    for owner, name, member in zip(groups["owner"], groups["name"], groups["member"], strict=True):
        found.setdefault(("group", f"{owner}/{name}"), set()).add(member)
    return [(comparison, subject, members) for (comparison, subject), members in sorted(found.items())]


def _quartiles(figure: Any, values: Any, group: int) -> pd.DataFrame:
    """Return them of values that are sorted within each figure."""
    starts = np.flatnonzero(np.r_[True, figure[1:] != figure[:-1]]) if len(figure) else np.zeros(0, dtype=np.int64)
    counts = np.diff(np.r_[starts, len(figure)])
    enough = counts >= FEWEST_COUNCILS
    starts, counts = starts[enough], counts[enough]
    found = {"figure": figure[starts], "group": np.full(len(starts), group), "councils": counts}
    for name, share in _SHARES.items():
        place = (counts - 1) * share
        lower = np.floor(place).astype(np.int64)
        upper = np.minimum(lower + 1, counts - 1)
        below, above = values[starts + lower], values[starts + upper]
        found[name] = below + (above - below) * (place - lower)
    return pd.DataFrame(found)


def _store(db: Database, taken: pd.DataFrame) -> None:
    written = io.StringIO()
    # An empty text is quoted, and so no NULL.
    taken.to_csv(written, index=False, header=False, quoting=2)
    written.seek(0)
    connection: Any = db.connection
    with connection.cursor() as cursor:
        cursor.copy_expert(f"copy open_data.benchmark ({', '.join(taken.columns)}) from stdin (format csv)", written)


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:20]
