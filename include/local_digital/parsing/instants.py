"""Dates and times as text to UTC instants, strictly: what a format does not say is wrong, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.date_formats import CODES, codes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
_Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
INSTANT = pa.timestamp("us", tz="UTC")

_ISO = (
    r"^(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
    r"(?:[Tt ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r" ?(?P<z>Z|z|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_NUMBER = r"^(?P<n>-?\d{1,14}(?:\.\d{1,12})?)$"
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_UNITS = {"epoch": _SECOND, "epoch-ms": 1000, "excel": _DAY}
# Day 0 of spreadsheets; true for every day after their imaginary 29 February 1900.
_EXCEL_EPOCH = (dt.date(1899, 12, 30) - dt.date(1970, 1, 1)).days * _DAY
_LATEST = (dt.date(9999, 12, 31) - dt.date(1970, 1, 1)).days * _DAY
# The years that Python has, less their first day: zones west of UTC are then still in the year before.
_FIRST = pa.scalar((dt.date(1, 1, 2) - dt.date(1970, 1, 1)).days * _DAY, INSTANT)
_END = pa.scalar(_LATEST + _DAY, INSTANT)
_TIMES = frozenset("HIMS")
# Codes that are nearly always written with so many digits.
_DIGITS = {"%d": 2, "%m": 2, "%Y": 4, "%H": 2, "%M": 2, "%S": 2}
_ODD_SPACE = r"\s\s|[\t\x{a0}\x{2009}\x{202f}]"
# The 1st of the month is its first day too.
_AFTER = {"%d": "(?:st|nd|rd|th)?"}
_PIVOT = 69  # as in strptime: 69 to 99 are of the last century
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class Instants:
    """utc: the moments, null where blank or wrong. wrong: the mask of cells that are no such time. days: the mask of
    cells that name a day and no time.
    """

    utc: pa.ChunkedArray
    wrong: Mask
    days: Mask


def parse(text: pa.ChunkedArray, formats: Iterable[str], time_zone: str, *, ignore_offset: bool = False) -> Instants:
    """Parse cells by the formats, tried in order (see `date_formats`).

    time_zone: of what carries no offset; with ignore_offset, of everything. Wrong is what fits no format, names a day
    that does not exist, or a local time that the clocks skipped in spring. A local time that the clocks showed twice in
    autumn is read as the first.
    """
    cells = _evenly_spaced(text.combine_chunks())
    rows = len(cells)
    local = np.zeros(rows, np.int64)
    offset = np.zeros(rows, np.int64)
    done, aware, days = np.zeros((3, rows), dtype=bool)
    for pattern in formats:
        if done.all():
            break
        found = _numbers(cells, pattern) if pattern in _UNITS else _fixed_width(cells, pattern)
        if found is None:
            found = _calendar(cells, pattern)
        new = found.fits & ~done
        local[new], offset[new] = found.local[new], found.offset[new]
        aware[new] = found.aware[new] & (pattern in _ABSOLUTE or not ignore_offset)
        days[new] = found.days[new]
        done |= new
    naive = done & ~aware
    utc = pa.array(local - offset, pa.timestamp("us"), mask=~(done & aware)).cast(INSTANT, safe=False)
    if naive.any():
        placed = _placed(pa.array(local, pa.timestamp("us"), mask=~naive), time_zone)
        utc = pc.if_else(pa.array(naive), placed, utc)
    utc = pc.if_else(pc.and_(pc.greater_equal(utc, _FIRST), pc.less(utc, _END)), utc, pa.scalar(None, INSTANT))
    wrong = np.asarray(pc.and_(pc.is_null(utc), pc.not_equal(cells, "")).to_numpy(zero_copy_only=False), dtype=bool)
    return Instants(pa.chunked_array([utc], INSTANT), wrong, days)


def second_reading(closed: pa.ChunkedArray, reported: pa.ChunkedArray, time_zone: str) -> pa.ChunkedArray:
    """Read a closing time that the clocks showed twice as the second one where the first would precede the report."""
    zone = pc.cast(closed, pa.timestamp("us", tz=time_zone))
    later = pc.assume_timezone(pc.local_timestamp(zone), time_zone, ambiguous="latest", nonexistent="earliest").cast(
        INSTANT
    )
    return pc.if_else(pc.fill_null(pc.less(closed, reported), False), later, closed)


def not_before(closed: pa.ChunkedArray, reported: pa.ChunkedArray, time_zone: str) -> pa.ChunkedArray:
    """Move closings at the first moment of the report's own day to the moment of the report.

    They name the day and no time, whatever zeros are written behind it; and they came after the report.
    """

    def local(moments: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.local_timestamp(pc.cast(moments, pa.timestamp("us", tz=time_zone)))

    midnight = pc.floor_temporal(local(reported), unit="day")
    named = pc.and_(pc.equal(local(closed), midnight), pc.less(closed, reported))
    return pc.if_else(pc.fill_null(named, False), reported, closed)


_ABSOLUTE = frozenset({"epoch", "epoch-ms"})


@dataclass(frozen=True)
class _Found:
    """local: microseconds since 1970 as the cell has them; offset: to be taken off for UTC, where aware."""

    fits: Mask
    local: _Numbers
    offset: _Numbers
    aware: Mask
    days: Mask


def _evenly_spaced(cells: pa.Array) -> pa.Array:
    """Take one space for several and for the unbroken kinds."""
    if not pc.any(pc.match_substring_regex(cells, _ODD_SPACE)).as_py():
        return cells
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(cells, r"[\s\x{a0}\x{2009}\x{202f}]+", " "))


def _placed(local: pa.Array, time_zone: str) -> pa.Array:
    aware = pc.assume_timezone(local, time_zone, ambiguous="earliest", nonexistent="earliest")
    existed = pc.fill_null(pc.equal(pc.local_timestamp(aware), local), False)
    return pc.if_else(existed, aware, pa.scalar(None, aware.type)).cast(INSTANT)


def _numbers(cells: pa.Array, pattern: str) -> _Found:
    parts = pc.extract_regex(cells, _NUMBER)
    fits = np.asarray(parts.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    numbers = pc.cast(pc.if_else(pa.array(fits), pc.struct_field(parts, "n"), "0"), pa.float64())
    value = numbers.to_numpy(zero_copy_only=False)
    moment = np.round(value * _UNITS[pattern]) + (_EXCEL_EPOCH if pattern == "excel" else 0)
    fits &= np.abs(moment) < _LATEST
    if pattern == "excel":
        # A day number is only as fine as a float: whole seconds are what was meant.
        moment = np.round(moment / _SECOND) * _SECOND
    local = np.where(fits, moment, 0).astype(np.int64)
    aware = np.full(len(cells), pattern in _ABSOLUTE)
    return _Found(fits, local, np.zeros(len(cells), np.int64), aware, (local % _DAY == 0) & (pattern == "excel"))


def _fixed_width(cells: pa.Array, pattern: str) -> _Found | None:
    """As `_calendar`, of cells of one width that are digits and separators in the same places, or blank; else None.

    That is how nearly all systems write times, and ten times as fast to read as by an expression.
    """
    codes = codes_of(pattern)
    if pattern == "iso" or {code for code in codes if code in CODES} - _DIGITS.keys():
        return None
    if not {"%Y", "%m", "%d"} <= set(codes):
        return None
    width = sum(_DIGITS.get(code, 1) for code in codes)
    lengths = pc.binary_length(cells)
    filled = np.asarray(pc.equal(lengths, width).to_numpy(zero_copy_only=False), dtype=bool)
    if cells.null_count or not pc.all(pc.or_(pa.array(filled), pc.equal(lengths, 0))).as_py():
        return None
    # Blank cells take no room: what is left is one matrix of so many characters a row.
    start, end = (np.frombuffer(cells.buffers()[1], np.int32)[cells.offset + index] for index in (0, len(cells)))
    data = cells.buffers()[2]
    text = np.frombuffer(data, np.uint8)[start:end] if data else np.empty(0, np.uint8)
    letters = text.reshape(-1, width)
    parts = dict.fromkeys(_DIGITS, np.zeros(len(letters), np.int64))
    at = 0
    for code in codes:
        here = letters[:, at : at + _DIGITS.get(code, 1)]
        at += here.shape[1]
        if code in _DIGITS:
            digits = here - np.uint8(ord("0"))
            if (digits > 9).any():  # noqa: PLR2004 - what is no digit is more than that, as an unsigned number
                return None
            parts[code] = np.asarray(digits @ np.array([1000, 100, 10, 1][-_DIGITS[code] :], np.int64))
        elif (here != ord(code)).any():
            return None
    year, month, day, hour, minute, second = (parts[code] for code in ("%Y", "%m", "%d", "%H", "%M", "%S"))
    fits = (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60) & (year >= 1)  # noqa: PLR2004 - the calendar
    month = np.where(fits, month, 1)
    year = np.where(fits, year, 1970)
    first = _month_start(year, month)
    fits &= first + day - 1 < _month_start(year, month, 1)
    local = np.zeros(len(cells), np.int64)
    local[filled] = np.where(fits, (first + day - 1) * _DAY + ((hour * 60 + minute) * 60 + second) * _SECOND, 0)
    all_fit = np.zeros(len(cells), dtype=bool)
    all_fit[filled] = fits
    never = np.zeros(len(cells), dtype=bool)
    days = all_fit if not _TIMES & {code[1] for code in codes if code in CODES} else never
    return _Found(all_fit, local, np.zeros(len(cells), np.int64), never, days)


def _calendar(cells: pa.Array, pattern: str) -> _Found:
    expression = _ISO if pattern == "iso" else _expression(pattern)
    parts = pc.extract_regex(cells, expression)
    fits = np.asarray(parts.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    rows = len(cells)
    names = {field.name for field in parts.type}
    zeros = np.zeros(rows, np.int64)

    def text(name: str) -> pa.Array:
        return pc.fill_null(pc.struct_field(parts, name), "")

    def number(name: str, default: int) -> _Numbers:
        if name not in names:
            return np.full(rows, default)
        given = text(name)
        return np.asarray(
            pc.cast(pc.if_else(pc.equal(given, ""), "0", given), pa.int64()).to_numpy(zero_copy_only=False)
        )

    year = number("Y", 1970) if "Y" in names else number("G", 1970)
    if "y" in names:
        short = number("y", 0)
        year = np.where(short < _PIVOT, 2000 + short, 1900 + short)
    month, day = number("m", 1), number("d", 1)
    for name in names & {"b", "B"}:
        month = _by_word(text(name), lambda word: _MONTHS.get(word.rstrip("."), 0))
    if "q" in names:
        month = 3 * number("q", 1) - 2
    hour = number("H", 0)
    if "I" in names:
        twelve = number("I", 12)
        fits &= (twelve >= 1) & (twelve <= 12)  # noqa: PLR2004 - the hours of a clock face
        hour = twelve % 12 + (12 * _by_word(text("p"), lambda word: int(word.startswith("p"))) if "p" in names else 0)
    minute, second = number("M", 0), number("S", 0)
    fits &= (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60) & (year >= 1)  # noqa: PLR2004 - the calendar
    first = _month_start(np.where(fits, year, 1970), np.where(fits, month, 1))
    fits &= first + day - 1 < _month_start(np.where(fits, year, 1970), np.where(fits, month, 1), 1)
    if "j" in names:
        nth = number("j", 1)
        first, day = _month_start(np.where(fits, year, 1970), np.full(rows, 1)), nth
        fits &= (nth >= 1) & (first + nth - 1 < _month_start(np.where(fits, year, 1970), np.full(rows, 12), 1))
    if "V" in names:
        monday, exists = _iso_week(year, number("V", 1))
        fits &= exists
        first, day = monday, np.full(rows, 1)
    fraction = zeros
    if "f" in names:
        digits = pc.utf8_slice_codeunits(pc.utf8_rpad(text("f"), 9, "0"), 0, 6)
        fraction = np.asarray(pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False))
    local = (first + day - 1) * _DAY + ((hour * 60 + minute) * 60 + second) * _SECOND + fraction
    offset, aware = zeros, np.zeros(rows, dtype=bool)
    if "z" in names:
        given = text("z")
        aware = np.asarray(pc.not_equal(given, "").to_numpy(zero_copy_only=False), dtype=bool)
        offset = _by_word(given, _offset)
        fits &= np.abs(offset) < _DAY
    timed = _TIMES & names
    days = fits & (
        np.asarray(pc.equal(text("H"), "").to_numpy(zero_copy_only=False)) if pattern == "iso" else not timed
    )
    return _Found(fits, np.where(fits, local, 0), offset, aware, days)


def _expression(pattern: str) -> str:
    return "^" + "".join(
        f"(?P<{code[1]}>{CODES[code]}){_AFTER.get(code, '')}" if code in CODES and code != "%%" else re.escape(code[-1])
        for code in codes_of(pattern)
    ) + "$"  # fmt: skip


def _by_word(words: pa.Array, value: Callable[[str], int]) -> _Numbers:
    """Look each distinct word up once."""
    encoded = words.dictionary_encode()
    values = np.array([value(word.lower()) for word in encoded.dictionary.to_pylist()] or [0], np.int64)
    return np.asarray(values[encoded.indices.to_numpy(zero_copy_only=False)])


def _offset(word: str) -> int:
    if word in {"", "z"}:
        return 0
    digits = word[1:].replace(":", "").ljust(4, "0")
    return (1 if word[0] == "+" else -1) * (int(digits[:2]) * 60 + int(digits[2:])) * 60 * _SECOND


def _month_start(year: _Numbers, month: _Numbers, later: int = 0) -> _Numbers:
    """Return the days since 1970 of the first of a month, or of one `later` months on."""
    months = (year - 1970) * 12 + month - 1 + later
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


def _iso_week(year: _Numbers, week: _Numbers) -> tuple[_Numbers, Mask]:
    """Return the Monday of an ISO week in days since 1970, and whether the year has that week."""

    def first_monday(years: _Numbers) -> _Numbers:
        fourth = _month_start(years, np.full(len(years), 1)) + 3
        return fourth - (fourth + 3) % 7

    monday = first_monday(year) + (week - 1) * 7
    return monday, (week >= 1) & (monday < first_monday(year + 1))
