"""Which formats the dates of a column have, and what in the cells proves it. Where nothing proves it, it says so."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.parsing import instants
from local_digital.profiling.date_shapes import TWELVE, fold_no_date, formats_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_digital.profiling.cells import Cells

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

_BLANKS = re.compile(r"[ \xa0\u202f]+")
_PROBE = 400
_MOSTLY = 0.5
_HINTED = 0.2
_FAR_PAST, _FAR_FUTURE = 1902, 2049
_FAR_PAST, _FAR_FUTURE = 1902, 2049
_NEARLY_ALL = 0.9
_NOT_BY_CHANCE = 2
_LONDON = "Europe/London"


@dataclass(frozen=True)
class Dates:
    """What was found out about a column of dates.

    formats: in the order of how often they fit; day first where nothing decides. order: `day-first`, `month-first`,
    `undecided`, `mixed`, `by shape` (each format has its own), or empty where the formats leave no doubt. evidence:
    sentences. no_date: texts that stand for no date, with how often. zones: how the times say where they are of
    (`none`, `Z`, `+01:00`), with how often. time_zone: the zone that the cells prove, else None. first, last: the
    local days that the column spans.
    """

    formats: tuple[str, ...]
    fits: int
    filled: int
    misfit_lines: tuple[str, ...] = ()
    order: str = ""
    evidence: tuple[str, ...] = ()
    no_date: dict[str, int] = field(default_factory=dict)
    zones: dict[str, int] = field(default_factory=dict)
    zone_hint: str = ""
    time_zone: str | None = None
    has_time: bool = False
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def misfits(self) -> int:
        return self.filled - self.fits - sum(self.no_date.values())

    @property
    def names_zone(self) -> bool:
        """Whether every time says where it is of."""
        return set(self.formats) <= {"epoch", "epoch-ms"} or (bool(self.zones) and "none" not in self.zones)


@dataclass
class _Family:
    """Cells of one shape: the one format they can have, or the two, day first and month first."""

    formats: tuple[str, ...]
    mask: Mask
    count: int
    over_first: int = 0
    over_second: int = 0
    witness: tuple[str, ...] = ()


def find_dates(
    cells: Cells, line: Callable[[int], str], *, named_so: bool, follow: tuple[str, str] | None = None
) -> Dates | None:
    """Return what the dates of a column are like, None when it has none.

    line: names the place of a row for people. named_so: the column's name speaks of dates, so that plain numbers may be
    some. follow: the order of another column and its name, for a column that itself decides nothing.
    """
    words = cells.words
    if not len(words):
        return None
    sample = [str(word) for word in words.slice(0, _PROBE).to_pylist()]
    likely = sum(bool(formats_of(word, numbers=named_so)) or fold_no_date(word) for word in sample)
    dated = sum(bool(formats_of(word, numbers=named_so)) for word in sample)
    if not dated or likely < len(sample) * (_HINTED if named_so else _MOSTLY):
        return None
    families = _families(words, cells.counts, numbers=named_so)
    if not families:
        return None
    order, evidence = _decide(families, words, cells, line)
    if order == "undecided" and follow is not None:
        evidence += (f"`{follow[1]}` is {follow[0]}, and so this column is assumed to be",)
        for family in families:
            family.formats = family.formats if follow[0] == "day-first" else family.formats[::-1]
    families.sort(key=lambda family: -family.count)
    formats = tuple(
        dict.fromkeys(_simplest(family.formats[0], words.filter(pa.array(family.mask))) for family in families)
    )
    found = _described(cells, formats, order, evidence, line)
    return found if found.fits or not found.misfits else None


def _simplest(pattern: str, words: pa.Array) -> str:
    """Return a format with one space for runs of blanks and none that do not break, where it reads as many cells."""
    plain = _BLANKS.sub(" ", pattern)
    if plain == pattern:
        return pattern
    text = pa.chunked_array([words], pa.string())
    fewer = (
        instants.parse(text, (plain,), "UTC").utc.null_count > instants.parse(text, (pattern,), "UTC").utc.null_count
    )
    return pattern if fewer else plain


def _families(words: pa.Array, counts: np.ndarray[tuple[int], np.dtype[np.int64]], *, numbers: bool) -> list[_Family]:
    shapes = pc.replace_substring_regex(pc.replace_substring_regex(words, r"[A-Za-z]+", "a"), r"\d", "9")
    if numbers:
        # Numbers of one length may be of several kinds; their first two digits tell those apart.
        plain = pc.match_substring_regex(words, r"^\d{5,14}(\.\d+)?$")
        shapes = pc.if_else(plain, pc.utf8_slice_codeunits(words, 0, 2), shapes)
    encoded = shapes.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    firsts = np.unique(codes, return_index=True)[1]
    by_formats: dict[tuple[str, ...], list[int]] = {}
    for code, at in enumerate(firsts):
        found = formats_of(words[int(at)].as_py(), numbers=numbers)
        if not found:
            # `31/12/2025` and `12/31/2025` have one shape; a slip in the first cell must not hide the others.
            found = next((more for index in np.flatnonzero(codes == code)[:20]
                          if (more := formats_of(words[int(index)].as_py(), numbers=numbers))), ())  # fmt: skip
        if found:
            by_formats.setdefault(found, []).append(code)
    families = []
    for formats, group in by_formats.items():
        mask = np.isin(codes, group)
        families.append(_Family(formats, mask, int(counts[mask].sum())))
    return families


def _decide(
    families: list[_Family], words: pa.Array, cells: Cells, line: Callable[[int], str]
) -> tuple[str, tuple[str, ...]]:
    """Settle day first or month first for each family, in place; return the column's order and the evidence."""
    unsure = [family for family in families if len(family.formats) > 1]
    if not unsure:
        return "", ()
    evidence: list[str] = []
    for family in unsure:
        evidence += _witnesses(family, words, cells, line)
    first, second = sum(f.over_first for f in unsure), sum(f.over_second for f in unsure)
    mixed = False
    for family in unsure:
        day, month = family.over_first or 0, family.over_second or 0
        if day and month:
            mixed = True
        elif not day and not month:
            # Another shape of the same column knows, or nobody does.
            day, month = first, second
        family.formats = family.formats if day >= month else family.formats[::-1]
    if not first and not second:
        return "undecided", (
            "no cell rules out day first or month first: no number over 12 stands in the first or the second place",
        )
    if mixed:
        return "mixed", (*evidence, "both orders occur in cells of one shape")
    if first and second:
        return "by shape", (*evidence, "each shape of date has an order of its own")
    order = "day" if first else "month"
    other = "month" if first else "day"
    where = "first" if first else "second"
    count = f"{max(first, second):,} cells have" if max(first, second) > 1 else "1 cell has"
    proof = f"{count} more than 12 in the {where} place, none in the other, so {other} first is ruled out"
    return f"{order}-first", (f"{order} first: {evidence[0]}; {proof}",)


def _witnesses(family: _Family, words: pa.Array, cells: Cells, line: Callable[[int], str]) -> list[str]:
    found = words.filter(pa.array(family.mask))
    counts = cells.counts[family.mask]
    parts = pc.extract_regex(
        found, r"^'?(?:[A-Za-z]+,? |\d{1,2}:[\d:]+,? +)?(?P<a>\d{1,2})[/.\- ](?P<b>\d{1,2})[/.\- ,]"
    )
    evidence = []
    for name, place in (("a", "first"), ("b", "second")):
        number = pc.cast(pc.fill_null(pc.struct_field(parts, name), "0"), pa.int64()).to_numpy(zero_copy_only=False)
        over = np.flatnonzero((number > TWELVE) & (number <= 31))  # noqa: PLR2004 - the days of a month
        if not len(over):
            continue
        if name == "a":
            family.over_first = int(counts[over].sum())
        else:
            family.over_second = int(counts[over].sum())
        # The words stand in the order in which they first occur.
        row = cells.row_of(found[int(over[0])])
        evidence.append(f"{line(row)} has {number[over[0]]} in the {place} place")
    return evidence


def _described(
    cells: Cells, formats: tuple[str, ...], order: str, evidence: tuple[str, ...], line: Callable[[int], str]
) -> Dates:
    words, counts = cells.words, cells.counts
    parsed = instants.parse(pa.chunked_array([words], pa.string()), formats, "UTC")
    utc = parsed.utc.combine_chunks()
    valid = np.asarray(utc.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    far = _far(utc, valid)
    spelt = np.zeros(len(words), dtype=bool)
    wrong = np.flatnonzero(~valid)
    spelt[wrong] = [fold_no_date(word) for word in words.take(pa.array(wrong)).to_pylist()]
    none = np.flatnonzero(far | spelt)
    no_date = {words[int(at)].as_py(): int(counts[at]) for at in none}
    good = valid & ~far
    misfit = np.flatnonzero(~valid & ~spelt)
    days = _local_days(utc, parsed, words)
    known = days[good]
    zones = _zones(words, counts, good, parsed.days, formats)
    hint, zone = _midnights(utc, counts, good, parsed.days, zones)
    literal = [pattern for pattern in formats if pattern.endswith(("UTC", "GMT", "+00"))]
    if literal:
        hint, zone = f"the times end in {literal[0][-3:]}", "UTC"
    if not zone and not hint and (skipped := _skipped(words, counts, formats, good, zones)):
        hint = f"{skipped:,} cells are in the hour that UK clocks skip in spring: these may be UTC and not local times"
    return Dates(
        formats=formats,
        fits=int(counts[good].sum()),
        filled=int(counts.sum()),
        misfit_lines=tuple(line(cells.row_of(words[int(at)])) for at in misfit[:3]),
        order=order,
        evidence=evidence,
        no_date=no_date,
        zones=zones,
        zone_hint=hint,
        time_zone=zone,
        has_time=bool((good & ~parsed.days).any()),
        first=known.min().item() if len(known) else None,
        last=known.max().item() if len(known) else None,
    )


def _far(utc: pa.Array, valid: Mask) -> Mask:
    """Mark the first and last days of years in which nothing was reported: 1900-01-01, 0001-01-01, 2050-01-01."""
    filled = pc.fill_null(utc, dt.datetime(2000, 6, 6, tzinfo=dt.UTC))
    year, month, day = (getattr(pc, part)(filled).to_numpy(zero_copy_only=False) for part in ("year", "month", "day"))
    edge = ((month == 1) & (day <= 2)) | ((month == 12) & (day >= 30))  # noqa: PLR2004 - the ends of a year
    return np.asarray(valid & edge & ((year <= _FAR_PAST) | (year > _FAR_FUTURE)), dtype=bool)


def _local_days(
    utc: pa.Array, parsed: instants.Instants, words: pa.Array
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    aware = np.asarray(pc.match_substring_regex(words, r"(?:Z|z|[+-]\d{2}:?\d{2})$").to_numpy(zero_copy_only=False))
    local = pc.local_timestamp(pc.cast(utc, pa.timestamp("us", tz=_LONDON)))
    moved = pc.if_else(pa.array(aware.astype(bool) & ~parsed.days), local, pc.cast(utc, pa.timestamp("us")))
    return np.asarray(moved.to_numpy(zero_copy_only=False)).astype("datetime64[D]")


def _zones(
    words: pa.Array, counts: np.ndarray[tuple[int], np.dtype[np.int64]], good: Mask, days: Mask, formats: Sequence[str]
) -> dict[str, int]:
    timed = good & ~days
    if not timed.any() or set(formats) <= {"epoch", "epoch-ms"}:
        return {}
    parts = pc.extract_regex(
        words, r":\d{2}(?:[.,]\d+)? ?(?:[AaPp]\.?[Mm]\.?)? ?(?P<z>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
    )
    suffix = pc.fill_null(pc.struct_field(parts, "z"), "none").dictionary_encode()
    codes = suffix.indices.to_numpy(zero_copy_only=False)
    return {
        str(word): int(counts[timed & (codes == code)].sum())
        for code, word in enumerate(suffix.dictionary.to_pylist())
        if (timed & (codes == code)).any()
    }


def _midnights(
    utc: pa.Array, counts: np.ndarray[tuple[int], np.dtype[np.int64]], good: Mask, days: Mask, zones: dict[str, int]
) -> tuple[str, str | None]:
    """Recognise local days written as UTC moments: 23:00 of the day before in summer, 00:00 in winter."""
    timed = good & ~days
    if not timed.any() or set(zones) - {"none", "Z", "z", "+00:00", "+0000"}:
        return "", None
    local = pc.local_timestamp(pc.cast(utc, pa.timestamp("us", tz=_LONDON)))
    moments = np.asarray(pc.cast(utc, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False))
    shown = np.asarray(pc.cast(local, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False))
    day = 86_400_000_000
    summer = timed & (shown != moments)
    local_midnight = shown % day == 0
    utc_midnight = moments % day == 0
    late = int(counts[summer & local_midnight].sum())
    if (
        late >= _NOT_BY_CHANCE
        and late >= _NEARLY_ALL * counts[summer].sum()
        and counts[timed & local_midnight].sum() >= _NEARLY_ALL * counts[timed].sum()
    ):
        share = f"{late:,} of {int(counts[summer].sum()):,} summer times are 23:00"
        return f"{share}: local midnights, so these are days, written as moments in UTC", "UTC"
    if counts[timed & utc_midnight].sum() >= _NEARLY_ALL * counts[timed].sum():
        return "nearly all times are 00:00: the cells are days without a time", None
    return "", None


def _skipped(
    words: pa.Array,
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
    formats: Sequence[str],
    good: Mask,
    zones: dict[str, int],
) -> int:
    if "none" not in zones:
        return 0
    local = instants.parse(pa.chunked_array([words], pa.string()), formats, _LONDON)
    return int(counts[good & local.wrong].sum())
