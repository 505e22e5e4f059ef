"""The shapes that dates are written in: which formats one cell can have, and which texts say that there is no date."""

from __future__ import annotations

import re

from local_digital.date_formats import CODES, NAMED
from local_digital.profiling import vocabulary

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)? ?(Z|z|[+-]\d{2}(:?\d{2})?)?)?")
_DATE = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3,9})(?P<after>,? ))?"
    r"(?P<a>\d{1,4}|\d{1,2}(?:st|nd|rd|th)|[A-Za-z]{3,9}\.?)(?P<first>[/.\-]|[ \xa0\u202f]+)"
    r"(?P<b>\d{1,2}(?:st|nd|rd|th)?|[A-Za-z]{3,9}\.?)(?P<second>,?[ \xa0\u202f]+|[/.\-])"
    r"(?P<c>\d{4}|\d{1,2})"
    r"(?:(?P<gap>,?[ \xa0\u202f]+(?:at |- )?|T)"
    r"(?P<time>\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,:]\d{1,9})?)?)(?P<half>(?P<space>[ \xa0\u202f]*)[AaPp]\.?[Mm]\.?)?"
    r"(?P<before> ?)(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_TIME_FIRST = re.compile(r"(?P<time>\d{1,2}:\d{2}(?P<seconds>:\d{2})?)(?P<gap>,? +)(?P<day>\S.*)")
_YEAR_LAST = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2} \d{4}")
_FIRST_DAY = re.compile(r"(0001-0?1-0?1|0?1[/.-]0?1[/.-]0001)(?!\d)")
_PERIODS = (
    (re.compile(r"\d{4}-(0[1-9]|1[0-2])"), "%Y-%m"),
    (re.compile(r"\d{4}/(0[1-9]|1[0-2])"), "%Y/%m"),
    (re.compile(r"(0?[1-9]|1[0-2])/\d{4}"), "%m/%Y"),
    (re.compile(r"\d{4}-Q[1-4]"), "%Y-Q%q"),
    (re.compile(r"\d{4} Q[1-4]"), "%Y Q%q"),
    (re.compile(r"Q[1-4] \d{4}"), "Q%q %Y"),
    (re.compile(r"\d{4}-W\d{2}"), "%G-W%V"),
)
_MONTH_YEAR = re.compile(r"(?P<month>[A-Za-z]{3,9})(?P<between>[ -])(?P<year>\d{4}|\d{2})")
_COMPACT = re.compile(
    r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"((?P<gap>[ T]?)([01]\d|2[0-3])(?P<between>:?)[0-5]\d((?P=between)[0-5]\d)?)?"
)
_MONTH_NAMES = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
})  # fmt: skip
_ABBREVIATED = 4
_LONGEST_ABBREVIATION = 3
TWELVE = 12
_EXCEL_DAYS = (36_526, 62_000)
_EPOCH_SECONDS = (946_684_800, 2_200_000_000)


def formats_of(cell: str, *, numbers: bool) -> tuple[str, ...]:
    """Return the formats that a cell can have: none, one, or two where day and month may be either way round.

    numbers: plain numbers may be dates too.
    """
    if cell.startswith("'"):
        # As spreadsheets mark text.
        return tuple(f"'{pattern}" for pattern in formats_of(cell[1:], numbers=False) if pattern not in NAMED)
    if one := _one_format(cell, numbers=numbers):
        return (one,)
    if found := _DATE.fullmatch(cell):
        return tuple(found_day + _time_format(found) for found_day in _day_formats(found))
    if found := _TIME_FIRST.fullmatch(cell):
        time = "%H:%M" + (":%S" if found["seconds"] else "") + found["gap"]
        days = formats_of(found["day"], numbers=False)
        return tuple(time + day for day in days if day not in NAMED and "%H" not in day and "%I" not in day)
    return _number_formats(cell) if numbers and re.fullmatch(r"\d{5,13}(\.\d+)?", cell) else ()


def _one_format(cell: str, *, numbers: bool) -> str | None:
    """Return the format of a cell whose shape leaves no doubt about day and month."""
    if _ISO.fullmatch(cell):
        return "iso"
    if (compact := _COMPACT.fullmatch(cell)) and (numbers or len(cell) > len("yyyymmdd")):
        gap, between = compact["gap"] or "", compact["between"] or ""
        digits = len(re.sub(r"\D", "", cell))
        return "%Y%m%d" + gap + {8: "", 12: f"%H{between}%M", 14: f"%H{between}%M{between}%S"}[digits]
    if pattern := next((pattern for shape, pattern in _PERIODS if shape.fullmatch(cell)), None):
        return pattern
    if (found := _MONTH_YEAR.fullmatch(cell)) and found["month"].casefold() in _MONTH_NAMES:
        month = "%b" if len(found["month"]) <= _ABBREVIATED else "%B"
        return month + found["between"] + ("%Y" if len(found["year"]) == len("yyyy") else "%y")
    return "%a %b %d %H:%M:%S %Y" if _YEAR_LAST.fullmatch(cell) else None


def fold_no_date(word: str) -> bool:
    """Say whether a text is a usual way of saying that there is no date."""
    return word.strip().casefold() in vocabulary.NO_DATE or bool(_FIRST_DAY.match(word))


def _number_formats(cell: str) -> tuple[str, ...]:
    value = float(cell)
    if _EXCEL_DAYS[0] <= value <= _EXCEL_DAYS[1]:
        return ("excel",)
    if _EPOCH_SECONDS[0] <= value <= _EPOCH_SECONDS[1]:
        return ("epoch",)
    if _EPOCH_SECONDS[0] <= value / 1000 <= _EPOCH_SECONDS[1]:
        return ("epoch-ms",)
    return ()


def _day_formats(found: re.Match[str]) -> list[str]:
    a, b, c = (re.sub(r"(?<=\d)(st|nd|rd|th)$", "", found[part]) for part in "abc")
    weekday = ""
    if found["weekday"]:
        weekday = ("%a" if len(found["weekday"]) <= _ABBREVIATED else "%A") + found["after"]
    year = "%Y" if len(c) == len("yyyy") else "%y"
    one, two = found["first"], found["second"]
    if len(a) == len("yyyy") and a.isdigit():
        month = _month(b)
        return [f"{weekday}%Y{one}{month}{two}%d"] if month and len(c) <= len("dd") else []
    if len(c) not in {len("yyyy"), len("yy")}:
        return []
    if a.isdigit() and b.isdigit():
        if int(a) > TWELVE and int(b) > TWELVE:
            return []
        return [f"{weekday}%d{one}%m{two}{year}", f"{weekday}%m{one}%d{two}{year}"] if len(a) <= len("dd") else []
    if a.isdigit():
        return [f"{weekday}%d{one}{_month(b)}{two}{year}"] if _month(b) and len(a) <= len("dd") else []
    return [f"{weekday}{_month(a)}{one}%d{two}{year}"] if _month(a) and b.isdigit() else []


def _month(text: str) -> str:
    if text.isdigit():
        return "%m"
    name = text.rstrip(".").casefold()
    if name not in _MONTH_NAMES:
        return ""
    return "%b" if len(name) <= _ABBREVIATED and (len(name) <= _LONGEST_ABBREVIATION or name == "sept") else "%B"


def _time_format(found: re.Match[str]) -> str:
    if not found["time"]:
        return ""
    digits = found["time"]
    hour = "%I" if found["half"] else "%H"
    time = hour + "".join(
        mark + code for mark, code in zip(re.findall(r"\D", digits), ("%M", "%S", "%f"), strict=False)
    )
    half = f"{found['space']}%p" if found["half"] else ""
    zone = found["zone"] or ""
    # An offset of hours alone that the codes do not take is a text like any other, when it is always UTC's.
    as_it_is = zone in {"UTC", "GMT"} or (zone == "+00" and not re.fullmatch(CODES["%z"], zone))
    ending = found["before"] + ("%z" if zone and not as_it_is else zone)
    return found["gap"] + time + half + ending
