"""The local days and times of a sample's rows: from when to when, how many a week, and since when all are there."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.calendar import period_start
from local_digital.parsing import instants

if TYPE_CHECKING:
    from local_digital.profiling.dates import Dates

    Days = np.ndarray[tuple[int], np.dtype[np.datetime64]]
    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

_LONDON = "Europe/London"
_EARLIEST = np.datetime64("1990-01-01", "D")
_STRAY_DAYS = 90
_A_GENERATION = 30 * 365
_GROWN_UP = 15 * 365


def local_moments(words: pa.Array, dates: Dates) -> Days:
    """Return the local time that each word of a column says; not-a-time for one that says none."""
    parsed = instants.parse(pa.chunked_array([words], pa.string()), dates.formats, dates.time_zone or _LONDON)
    local = pc.local_timestamp(pc.cast(parsed.utc.combine_chunks(), pa.timestamp("us", tz=_LONDON)))
    none = pc.is_in(words, value_set=pa.array(list(dates.no_date), pa.string()))
    known = pc.if_else(none, pa.scalar(None, local.type), local)
    return np.asarray(known.to_numpy(zero_copy_only=False)).astype("datetime64[us]")


def are_births(words: pa.Array, counts: Numbers, dates: Dates) -> bool:
    """Say whether days are such as people are born on: over decades, and most of them long before the last."""
    if dates.has_time or dates.first is None or dates.last is None or (dates.last - dates.first).days < _A_GENERATION:
        return False
    days = local_moments(words, dates).astype("datetime64[D]")
    before = days < np.datetime64(dates.last, "D") - np.timedelta64(_GROWN_UP, "D")
    return int(counts[before].sum()) * 2 > dates.fits


def share_after(words: pa.Array, counts: Numbers, dates: Dates, day: dt.date) -> float:
    """Return the share of a column's days that come after one."""
    days = local_moments(words, dates).astype("datetime64[D]")
    return float(counts[days > np.datetime64(day, "D")].sum() / max(1, dates.fits))


def span(moments: Days) -> tuple[Any, Any]:
    """Return the first and the last of some days or moments, as Python's own; None where there is none."""
    known = moments[~np.isnat(moments)]
    return (known.min().item(), known.max().item()) if len(known) else (None, None)


def weeks_of(days: Days) -> dict[dt.date, int]:
    """Count days by the Monday of their week."""
    counts: Counter[dt.date] = Counter()
    for day, count in zip(*np.unique(days[~np.isnat(days)], return_counts=True), strict=True):
        counts[period_start("week", day.item())] += int(count)
    return dict(sorted(counts.items()))


def first_whole_day(days: Days) -> dt.date | None:
    """Return the day after the oldest one, which may be cut; a few rows from long before do not count."""
    known = np.sort(days[~np.isnat(days) & (days >= _EARLIEST)])
    if not len(known):
        return None
    oldest = known[0]
    usual = known[len(known) // 200]
    if (usual - oldest).astype(int) > _STRAY_DAYS:
        oldest = usual
    after: dt.date = (oldest + np.timedelta64(1, "D")).item()
    return after
