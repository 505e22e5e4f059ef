"""What kind of delivery some files are: everything, the last days, what changed, a log of events, or counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.parsing import values
from local_digital.profiling import vocabulary
from local_digital.profiling.figures import name_score
from local_digital.profiling.words import header_score, says_age, says_count, says_money

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from local_digital.profiling.cells import Cells
    from local_digital.profiling.columns import Column

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
    Codes = np.ndarray[tuple[int], np.dtype[np.integer[Any]]]
    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

_NEARLY_ALL = 0.9
_SOME = 0.2
_LOGGED = 0.1
_COUNT_NAME = 0.75
_WHOLE_NUMBERS = 0.95
_SAYS_COUNT = 0.2
_A_RUN = 10
_NUMBER_OF = "no."
_ITEMS_ONLY = 0.1
_MOST = 0.5
_WHOLE = r"^\d{1,3}(,\d{3})+$|^\d+([.,]0*)?$"
# Small numbers that are left out, so that nobody is recognised.
_SUPPRESSED = r"(?i)^(<|less than|fewer than|under) ?\d+$|^[*.\x{2013}-]+$|^\[?[a-z]\]?$|^(suppressed|low|n/a|null)$"
_SPOILT = r"^\d(\.\d+)?[eE]\+\d+$"
_SUNDAY = 6
_MONDAY = 0


@dataclass(frozen=True)
class Delivery:
    """kind: as in a feed's `delivery`. evidence: what says so. sure: whether the files settle it. event_at, period,
    count: the columns that event logs and counts need. every, named_by: of counts. count_doubts: about its cells.
    """

    kind: str
    evidence: str
    sure: bool = False
    record_ref: str | None = None
    event_at: str | None = None
    period: str | None = None
    count: str | None = None
    every: str = "week"
    named_by: str = "start"
    doubts: tuple[str, ...] = ()
    count_doubts: tuple[str, ...] = ()


def find_event_log(
    refs: Sequence[str], columns: Sequence[Column], cells: Mapping[str, Cells], status: str | None
) -> Delivery | None:
    """Recognise a log: a case has several rows, each with a time of its own. refs: columns that may be references."""
    for ref in refs:
        # One text in place of many references has many rows, and is no case.
        real = real_refs(cells[ref], spoilt=False)
        codes = cells[ref].codes[real]
        cases = len(np.unique(codes))
        times = [column for column in columns if column.dates is not None and column.name != ref]
        parts = [
            cells[name].codes[real] for name in (*(column.name for column in times), *([status] if status else []))
        ]
        each = np.unique(combined(codes, *parts), return_index=True)[1]
        rows = len(each)
        several = rows - cases
        with_several = int(np.count_nonzero(np.unique(codes[each], return_counts=True)[1] > 1))
        if not cases or with_several < _LOGGED * cases:
            continue
        changing = {column.name: _pairs(codes, cells[column.name].codes[real]) - cases for column in times}
        moving = [name for name, more in changing.items() if more >= several * _NEARLY_ALL]
        statuses = _pairs(codes, cells[status].codes[real]) - cases if status else 0
        if not moving or (status and statuses < _LOGGED * cases):
            continue
        best = max(moving, key=lambda name: (header_score("event_at", name), changing[name]))
        return Delivery(
            "event_log",
            f"{cases:,} references have {rows:,} rows, each with its own `{best}`"
            + (f" and another `{status}`" if status else ""),
            sure=True, record_ref=ref, event_at=best,
        )  # fmt: skip
    return None


def real_refs(cells: Cells, *, spoilt: bool) -> Mask:
    """Mark the rows with a reference: not blank, not NULL or its like. spoilt: those that Excel shortened count too."""
    words = pa.array(cells.all_words)
    if not len(words):
        return np.ones(len(cells.codes), dtype=bool)
    none = pc.is_in(pc.utf8_lower(words), value_set=pa.array(["", *sorted(vocabulary.NO_REF)]))
    if not spoilt:
        none = pc.or_(none, pc.match_substring_regex(words, _SPOILT))
    return np.asarray(~np.asarray(none.to_numpy(zero_copy_only=False), dtype=bool)[cells.codes], dtype=bool)


def find_counts(
    columns: Sequence[Column], cells: Mapping[str, Cells], fields: Collection[str], *, has_ref: bool
) -> Delivery | None:
    """Recognise counts: a column of whole numbers that is called so, and the day of a period in place of a time.

    fields: of the contract; what it holds beside the count (how many were begun, how many items) is no count.
    """
    if has_ref:
        return None
    numbers = [
        column for column in columns
        if column.dates is None and column.filled and column.personal not in {"birth or identity", "account"}
        and not says_money(column.name) and not says_age(column.name)
        and _count_score(column.name, fields) > 0
        and cells[column.name].share(_WHOLE) >= _MOST
        and cells[column.name].share(f"{_WHOLE}|{_SUPPRESSED}") >= _WHOLE_NUMBERS
        and not _numbers_rows(cells[column.name])
    ]  # fmt: skip
    periods = [
        column for column in columns if column.dates is not None and not column.dates.has_time and column.dates.first
    ]
    if not numbers or not periods:
        return None
    count = max(numbers, key=lambda column: (_count_score(column.name, fields), says_count(column.name)))
    period = max(periods, key=lambda column: (header_score("period", column.name), -column.distinct))
    if _count_score(count.name, fields) == _ITEMS_ONLY:
        # Rows of counts differ in what they count; transactions with their items may well be alike.
        told_by = [cells[column.name].codes for column in columns if column not in numbers and column.filled]
        if len(np.unique(combined(*told_by))) < period.rows:
            return None
    every, named_by, doubts = _period_of(period, cells[period.name])
    return Delivery(
        "aggregate",
        f"no reference, whole numbers in `{count.name}` and {period.distinct:,} periods in `{period.name}`",
        sure=True, period=period.name, count=count.name, every=every, named_by=named_by, doubts=doubts,
        count_doubts=(
            *_what_is_counted(count.name, fields),
            *_other_counts(count, columns, cells, fields),
            *_count_doubts(count, cells[count.name]),
        ),
    )  # fmt: skip


def _numbers_rows(cells: Cells) -> bool:
    """Say whether the cells are 1, 2, 3 and so on, or some other run of numbers that has each once."""
    if cells.unique_share < 1 or cells.filled < _A_RUN:
        return False
    numbers = values.whole_numbers(pa.chunked_array([cells.words], pa.string()))[0]
    least, most = pc.min(numbers).as_py(), pc.max(numbers).as_py()
    return least is not None and most - least < len(numbers)


def _count_score(name: str, fields: Collection[str]) -> float:
    """Say how well a column's name fits the count, from 0 to 1: least for one that fits another number better."""
    # `No` alone is an answer more often than a name, which is why the vocabulary has it not.
    score = 1.0 if name.strip().casefold() == _NUMBER_OF else header_score("count", name)
    if "starts" in fields and name_score("starts", name) > score:
        return 0.0
    if "items" in fields and name_score("items", name) > max(score, _MOST):
        return _ITEMS_ONLY
    return max(score, _SAYS_COUNT) if score >= _COUNT_NAME or says_count(name) else 0.0


def _what_is_counted(name: str, fields: Collection[str]) -> tuple[str, ...]:
    if _count_score(name, fields) > _ITEMS_ONLY:
        return ()
    return ("these are items, and not transactions, of which one may have several: ask for their number too",)


def _other_counts(
    count: Column, columns: Sequence[Column], cells: Mapping[str, Cells], fields: Collection[str]
) -> tuple[str, ...]:
    """Name the columns of whole numbers that are left out: applications and renewals may stand side by side."""
    taken = [name for name in ("starts", "items", "rating") if name in fields]
    left = [
        column.name for column in columns
        if column.name != count.name and column.dates is None and column.filled and column.personal is None
        and not says_money(column.name) and not any(name_score(name, column.name) >= _MOST for name in taken)
        and cells[column.name].share(_WHOLE) >= _WHOLE_NUMBERS
    ]  # fmt: skip
    if not left:
        return ()
    names = ", ".join(f"`{name}`" for name in left)
    hold = "hold numbers too and are" if len(left) > 1 else "holds numbers too and is"
    return (f"{names} {hold} left out: does `{count.name}` count all of a row's transactions?",)


def _count_doubts(column: Column, cells: Cells) -> tuple[str, ...]:
    """Say how many rows have no number that ingest reads, and why."""
    wrong = values.whole_numbers(pa.chunked_array([cells.words], pa.string()))[1]
    lost = column.rows - column.filled + int(cells.counts[np.asarray(wrong, dtype=bool)].sum())
    if not lost:
        return ()
    hidden = int(cells.counts[cells.matching(_SUPPRESSED)].sum())
    why = f", {hidden:,} of them with a small number left out, as `<5` or `*`" if hidden else ""
    turned_down = f"{lost:,} of {column.rows:,} rows hold no whole number{why}"
    return (f"{turned_down}: they will be turned down, and the sums be too low. Ask for the figures",)


def by_overlap(files: Sequence[tuple[Numbers, dt.date | None]]) -> Delivery:
    """Compare files in the order in which they were made, each as its references and its oldest report."""
    if len(files) == 1:
        return Delivery("snapshot", "one file does not say: give two nights' files or more to find out")
    shares = [
        float(np.isin(before, after).mean()) if len(before) else 0.0
        for (before, _), (after, _) in pairwise(files)
    ]  # fmt: skip
    share = float(np.mean(shares))
    firsts = [first for _, first in files if first is not None]
    moves = len(firsts) > 1 and firsts[-1] > firsts[0] and all(a <= b for a, b in pairwise(firsts))
    shown = f"a file holds {share:.0%} of the references of the one before it"
    if share < _SOME:
        return Delivery("delta", f"{shown}, and its own rows are new", sure=len(files) > 2)  # noqa: PLR2004 - two may be chance
    if moves:
        days = (firsts[-1] - firsts[0]).days
        return Delivery(
            "rolling", f"{shown}, and its oldest report moves on, by {days} days over {len(files)} files", sure=True
        )
    if share >= _NEARLY_ALL:
        return Delivery("snapshot", f"{shown}, and its oldest report stays the same", sure=len(files) > 2)  # noqa: PLR2004
    return Delivery("delta", f"{shown}, and its oldest report stays the same: perhaps what changed")


def _pairs(*codes: Codes) -> int:
    """Count the distinct combinations of some columns' words."""
    return len(np.unique(combined(*codes)))


def combined(*codes: Codes) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Return a hash for each row over some columns' words."""
    found = np.zeros(len(codes[0]), np.uint64)
    with np.errstate(over="ignore"):
        for part in codes:
            found = (found ^ (part.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xBF58476D1CE4E5B9)
            found ^= found >> np.uint64(31)
    return found


def _period_of(column: Column, cells: Cells) -> tuple[str, str, tuple[str, ...]]:
    from local_digital.parsing import instants  # noqa: PLC0415

    assert column.dates is not None  # noqa: S101 - found by its dates
    words = pa.chunked_array([cells.words], pa.string())
    days = [moment.date() for moment in instants.parse(words, column.dates.formats, "UTC").utc.to_pylist() if moment]
    if all(day.day == 1 for day in days):
        return "month", "start", ()
    if all((day + dt.timedelta(days=1)).day == 1 for day in days):
        return "month", "end", ()
    weekdays = {day.weekday() for day in days}
    if weekdays == {_MONDAY}:
        return "week", "start", ()
    if weekdays == {_SUNDAY}:
        return "week", "end", ()
    if len(weekdays) == 1:
        name = f"{days[0]:%A}"
        return (
            "week",
            "start",
            (f"the weeks begin or end on a {name}: weeks here are from Monday, so these will not fit",),
        )
    return "day", "start", ()
