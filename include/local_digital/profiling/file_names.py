"""From names of files to the pattern that a feed's `files` would have, and what the day in a name means."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from local_digital.config.names import NamePattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_YEAR, _LAST_YEAR = 2000, 2099
# A day whose newest record is of this hour or later was over, more or less, when the export was made.
_LATE = 20
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LONG = "January|February|March|April|May|June|July|August|September|October|November|December"
_TIME = re.compile(r"(?P<between>[-_T ]?)(?P<time>([01]\d|2[0-3])[0-5]\d([0-5]\d)?)(?!\d)")
# What dates look like in names, with their codes; the first that is a real date of this century is taken.
_SHAPES: tuple[tuple[str, str], ...] = (
    (r"\d{4}\d{2}\d{2}", "%Y%m%d"), (r"\d{2}\d{2}\d{4}", "%d%m%Y"),
    *((rf"\d{{4}}{re.escape(mark)}\d{{2}}{re.escape(mark)}\d{{2}}", f"%Y{mark}%m{mark}%d") for mark in "-_. "),
    *((rf"\d{{1,2}}{re.escape(mark)}\d{{1,2}}{re.escape(mark)}\d{{4}}", f"%d{mark}%m{mark}%Y") for mark in "-_. "),
    *((rf"\d{{1,2}}{mark}(?:{_MONTHS}){mark}\d{{4}}", f"%d{mark}%b{mark}%Y") for mark in ("-", "_", " ", "")),
    *((rf"(?:{_LONG}){mark}\d{{4}}", f"%B{mark}%Y") for mark in ("-", "_", " ", "")),
    *((rf"(?:{_MONTHS}){mark}\d{{4}}", f"%b{mark}%Y") for mark in ("-", "_", " ", "")),
    *((rf"\d{{4}}{mark}W\d{{2}}", f"%G{mark}W%V") for mark in ("-", "_", "")),
    *((rf"\d{{4}}{mark}\d{{2}}", f"%Y{mark}%m") for mark in ("-", "_", "")),
)  # fmt: skip


@dataclass(frozen=True)
class FileNames:
    """pattern: for `files`. has_date: whether it carries a day. notes: what a person should check."""

    pattern: str
    has_date: bool
    notes: tuple[str, ...] = ()


class NameDate(NamedTuple):
    """name_date: what the day in the names means. evidence: what says so. sure: whether the files settle it."""

    name_date: str
    evidence: str
    sure: bool


def guess_pattern(names: Sequence[str]) -> FileNames:
    """Return the pattern that fits all names: a date where all have one, `*` where else they differ."""
    dated = [_with_date(name) for name in names]
    notes: list[str] = []
    if len(set(dated)) == 1:
        pattern = dated[0]
    else:
        patterns = sorted(set(dated))
        start = _common_start(patterns)
        end = _common_start([pattern[len(start) :][::-1] for pattern in patterns])[::-1]
        # A wildcard may stand beside a date, not begin or end inside one.
        start = start[: start.rindex("{")] if start.count("{") > start.count("}") else start
        end = end[end.index("}") + 1 :] if end.count("}") > end.count("{") else end
        pattern = f"{start}*{end}"
        notes.append("the names differ in more than a date; what `*` stands for tells the files of one night apart")
    if not _works(pattern, names):
        pattern = "*" + Path(names[0]).suffix
    has_date = "{date:" in pattern
    if not has_date and len(names) == 1:
        notes.append("one name shows no date: does it change from night to night?")
    return FileNames(pattern, has_date, tuple(notes))


def guess_name_date(pattern: str, files: Sequence[tuple[str, dt.datetime | None]], *, has_time: bool) -> NameDate:
    """Compare the day in each name with the newest record of the file.

    files: names with the local time of the newest record. has_time: whether those are more than days.
    """
    named = NamePattern.parse(pattern)
    if not named.names_a_day:
        return NameDate("data-day", "the names carry a period, and no day", True)
    ends: list[tuple[int, dt.datetime]] = []
    for name, newest in files:
        day = named.last_day(name)
        if day is not None and newest is not None:
            ends.append(((day - newest.date()).days, newest))
    if not ends:
        return NameDate("extract-day", "no file settles what the day in the name means", False)
    same = sum(apart <= 0 for apart, _ in ends)
    before = sum(apart == 1 for apart, _ in ends)
    of = "the one file" if len(ends) == 1 else f"{same} of {len(ends)} files"
    if same * 2 > len(ends):
        shown = f"the newest record is of the name's own day in {of}"
        hour = max(newest.hour for apart, newest in ends if apart <= 0)
        if not has_time:
            return NameDate("data-day", f"{shown}; its time is not known", False)
        if hour < _LATE:
            return NameDate("extract-day", f"{shown}, but never after {hour}:59: made during that day", False)
        return NameDate("data-day", f"{shown}, up to its last hours", len(ends) > 2 and same == len(ends))  # noqa: PLR2004 - two may be chance
    shown = "in the one file" if len(ends) == 1 else f"in all {len(ends)} files"
    usual = sorted(apart for apart, _ in ends)[len(ends) // 2]
    apart = "1 day" if usual == 1 else f"{usual} days"
    all_before = before == len(ends)
    evidence = f"of the day before the name's {shown}" if all_before else f"usually {apart} before the name's day"
    return NameDate("extract-day", f"the newest record is {evidence}", all_before)


def _common_start(texts: Sequence[str]) -> str:
    return "".join(chars[0] for chars in takewhile(lambda chars: len(set(chars)) == 1, zip(*texts, strict=False)))


def _with_date(name: str) -> str:
    for shape, codes in _SHAPES:
        for found in re.finditer(rf"(?<![0-9A-Za-z])(?:{shape})|(?<!\d){shape}", name):
            after = name[found.end() :]
            if codes[-2:] in {"%d", "%Y"} and _real(found[0], codes):
                time = _TIME.match(after)
                if time:
                    seconds = "%S" if len(time["time"]) == len("HHMMSS") else ""
                    after = "{date:" + codes + time["between"] + "%H%M" + seconds + "}" + _literal(after[time.end() :])
                    return _literal(name[: found.start()]) + after
                if after[:1].isdigit():
                    continue
                return _literal(name[: found.start()]) + "{date:" + codes + "}" + _literal(after)
            if _real(found[0], codes) and not after[:1].isdigit():
                return _literal(name[: found.start()]) + "{date:" + codes + "}" + _literal(after)
    return _literal(name)


def _literal(text: str) -> str:
    # Signs that a pattern gives a meaning of their own.
    return re.sub(r"[\[\]{}*]", "?", text)


def _real(text: str, codes: str) -> bool:
    if "%V" in codes:
        text, codes = text + "1", codes + "%u"
    try:
        day = dt.datetime.strptime(text, codes)  # noqa: DTZ007 - a calendar day, no moment
    except ValueError:
        return False
    return _FIRST_YEAR <= day.year <= _LAST_YEAR


def _works(pattern: str, names: Sequence[str]) -> bool:
    try:
        parsed = NamePattern.parse(pattern)
        return all(parsed.matches(name) and (not parsed.has_date or parsed.first_day(name)) for name in names)
    except ValueError:
        return False
