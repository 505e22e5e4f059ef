"""File name patterns of a feed: wildcards for what varies, `{date:...}` for the day that a name carries."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import cached_property, lru_cache

from pydantic import BaseModel, ConfigDict

from local_digital.calendar import period_end, period_start

_MONTHS = "|".join(month for month in calendar.month_name if month)
# strptime codes and what they look like in a name.
_CODES = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%H": r"\d{1,2}", "%M": r"\d{2}",
    "%S": r"\d{2}", "%b": f"(?i:{'|'.join(month[:3] for month in _MONTHS.split('|'))})", "%B": f"(?i:{_MONTHS})",
    "%j": r"\d{3}", "%G": r"\d{4}", "%V": r"\d{1,2}",
}  # fmt: skip
_DATE = re.compile(r"\{date:[^{}]+\}")
# How people write that a date stands there.
_DATE_IN_LETTERS = re.compile("yyyy|ddmm|mmdd|mmyy", re.IGNORECASE)
_PART = re.compile(r"\{date:([^{}]+)\}|(?<![^/])\*\*/|\*|\?|\[[^\]/]+\]|.", re.DOTALL)
_DAY_CODES = frozenset({"%d", "%j"})
_MONTH_CODES = frozenset({"%m", "%b", "%B"})
_SEPARATOR = "\n"


class NamePattern(BaseModel):
    """A path pattern relative to the feed's folder: `*`, `?` and `[...]` within a folder, `**/` for any folders below.

    text: the pattern. `{date:%Y%m%d}` takes strptime codes and may stand more than once (`{date:%Y}/bins-{date:%d%m}`).
    Build it with `parse`, which raises ValueError saying what a usable pattern is.
    """

    model_config = ConfigDict(frozen=True)

    text: str

    @classmethod
    @lru_cache(maxsize=64)  # asked for each file of a listing
    def parse(cls, text: str) -> NamePattern:
        """Check a pattern's text and return it; raise ValueError with what was expected."""
        if text.startswith("/") or ".." in text.split("/"):
            raise ValueError("a file name pattern inside the feed's folder, without `..` or a leading `/`")
        if "\\" in text:
            raise ValueError(
                "a file name pattern with *, ? and `/` between folders, without `\\` (no regular expression)"
            )
        # `{date:%Y/%m}` is two folders: a date in each.
        text = _DATE.sub(lambda date: date[0].replace("/", "}/{date:"), text)
        rest = _DATE.sub("", text)
        if "{" in rest or "}" in rest:
            raise ValueError("a file name pattern with *, ? and `{date:%Y%m%d}`, and no other braces")
        if _DATE_IN_LETTERS.search(rest):
            raise ValueError("a date as `{date:%Y%m%d}`, in place of letters such as YYYYMMDD")
        pattern = cls(text=text)
        found = re.findall(r"%.", "".join(pattern._dates))
        if any(code not in _CODES for code in found) or len(found) != len(set(found)):
            raise ValueError(f"dates of the codes {', '.join(_CODES)}, each at most once")
        if pattern.has_date and not ({"%Y", "%y", "%G"} & set(found)):
            raise ValueError("a date with a year in it")
        if pattern.has_date and not pattern._reads_what_it_writes():
            raise ValueError("a date that can be read back from a name, with `%V` and `%G` only together")
        try:
            re.compile(_expression(text))
        except re.error:
            raise ValueError("a file name pattern whose sets are such as `[a-z]` or `[!0-9]`") from None
        return pattern

    @property
    def has_date(self) -> bool:
        return bool(self._dates)

    @property
    def names_a_day(self) -> bool:
        """Say whether the date goes down to the day, and is not one of a week, month or year."""
        return any(code in "".join(self._dates) for code in _DAY_CODES)

    @property
    def depth(self) -> int | None:
        """How many folders down a fitting file lies; None when `**/` allows any number."""
        return None if "**/" in self.text else self.text.count("/")

    def matches(self, path: str) -> bool:
        """Say whether a path (relative, with `/`) fits, whatever stands in the date's place.

        A name with a slip in its date is a delivery too: it is taken, and shown to people, not passed over.
        """
        return self._loose.fullmatch(path) is not None

    def may_lead_to(self, folder: str) -> bool:
        """Say whether a fitting file can lie in this folder (relative, without a closing `/`) or below it."""
        if self.depth is None:
            return True
        parts = folder.split("/")
        wanted = self.text.split("/")[:-1]
        return len(parts) <= len(wanted) and all(
            re.fullmatch(_expression(pattern), part) for pattern, part in zip(wanted, parts, strict=False)
        )

    def first_day(self, path: str) -> dt.date | None:
        """Return the (first) local day that a fitting path carries, None when the pattern has no date.

        Raises ValueError when what stands in the date's place is no date.
        """
        if not self.has_date:
            return None
        match = self._expression.fullmatch(path)
        if match is None:
            raise ValueError("no date where the pattern has one")
        codes = _SEPARATOR.join(self._dates)
        texts = _SEPARATOR.join(text for name, text in match.groupdict().items() if name.startswith("date"))
        return _day(texts, codes)

    def last_day(self, path: str) -> dt.date | None:
        """Return the last local day of what the name's date stands for: of the month when it names no day."""
        first = self.first_day(path)
        return None if first is None else self.period(first)[1]

    def period(self, day: dt.date) -> tuple[dt.date, dt.date]:
        """Return the first and the last day of the day, week, month or year that a date of this pattern would name."""
        codes = set(re.findall(r"%.", "".join(self._dates)))
        if codes & _DAY_CODES:
            return day, day
        if "%V" not in codes and not codes & _MONTH_CODES:
            return day.replace(month=1, day=1), day.replace(month=12, day=31)
        kind = "week" if "%V" in codes else "month"
        start = period_start(kind, day)
        return start, period_end(kind, start) - dt.timedelta(days=1)

    def series(self, path: str) -> str:
        """Return what the wildcards stand for in a path: the depot of `bins_{date:%Y%m%d}_*.csv`, say."""
        match = self._expression.fullmatch(path)
        if match is None:
            return ""
        return "/".join(text or "" for name, text in match.groupdict().items() if name.startswith("any"))

    def _reads_what_it_writes(self) -> bool:
        """Say whether strptime takes the dates at all; a `%` at an end, or a week without its year, it does not."""
        codes = _SEPARATOR.join(self._dates)
        try:
            _day(dt.date(2026, 6, 15).strftime(codes), codes)
        except ValueError:
            return False
        return True

    @cached_property
    def _dates(self) -> list[str]:
        return re.findall(r"\{date:([^{}]+)\}", self.text)

    @cached_property
    def _loose(self) -> re.Pattern[str]:
        return re.compile(_expression(_DATE.sub("*", self.text)), re.DOTALL)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(_expression(self.text), re.DOTALL)


def _day(texts: str, codes: str) -> dt.date:
    """Return the first day that texts of these strptime codes name. Raises ValueError when they name none."""
    if "%V" in codes and "%G" in codes:
        codes, texts = codes + _SEPARATOR + "%u", texts + _SEPARATOR + "1"
    return dt.datetime.strptime(texts, codes).date()  # noqa: DTZ007 - a calendar day, no moment


def _expression(pattern: str) -> str:
    """Write a pattern as a regular expression with a group for each date and each wildcard.

    What stands between two `*` is looked for where it comes first and nowhere else (`(?>...)`), as `fnmatch` does: a
    later place could fit no better, and names made to be tried in all ways cost no more than others. So with `**/`.
    """
    written: list[str] = []
    opened: dict[str, int] = {}
    after_wildcard = False
    for number, part in enumerate(_PART.finditer(pattern)):
        text = part[0]
        if text in {"*", "**/"}:
            written += [")" for ended in {"*", text} if opened.pop(ended, None) is not None]
            opened[text] = len(written)
            written.append("(?>")
        if part[1]:
            # A wildcard must not take the first of two digits: `*{date:%d-%m-%Y}` of `bins_14-11-2025`.
            whole = r"(?<!\d)" if after_wildcard and _CODES.get(part[1][:2], "").endswith("{1,2}") else ""
            written.append(f"(?P<date{number}>{whole}{_date_expression(part[1])})")
        elif text == "**/":
            written.append(f"(?P<any{number}>(?:[^/]+/)*?)")
        elif text == "*":
            written.append(f"(?P<any{number}>[^/]*?)")
        elif text == "?":
            written.append(f"(?P<any{number}>[^/])")
        elif len(text) > 1:
            written.append(f"(?P<any{number}>(?!/){text.replace('[!', '[^', 1)})")
        else:
            written.append(re.escape(text))
        after_wildcard = text in {"*", "**/", "?"}
    # What comes last has to reach the end of the name, wherever it begins.
    for start in opened.values():
        written[start] = "(?:"
    return "".join(written) + ")" * len(opened)


def _date_expression(codes: str) -> str:
    parts = re.findall(r"%.|.", codes)
    written = []
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        shape = _CODES.get(part, re.escape(part))
        # Codes that run into each other must be two digits, or `112025` could be read two ways.
        together = before.startswith("%") or after.startswith("%")
        written.append(shape.replace("{1,2}", "{2}") if together else shape)
    return "".join(written)
