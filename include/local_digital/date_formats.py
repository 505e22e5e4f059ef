"""The codes of date formats that councils' files may use, and what each looks like. Light imports only."""

from __future__ import annotations

import re

# Python's strptime codes, and %q for a quarter. `%f` takes one to nine digits, `%z` an offset or Z.
CODES = {
    "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%Y": r"\d{4}", "%y": r"\d{2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{2}", "%S": r"\d{2}", "%p": r"[AaPp]\.?[Mm]\.?", "%b": r"[A-Za-z]{3,4}\.?", "%B": r"[A-Za-z]+",
    "%a": r"[A-Za-z]{3,4}\.?", "%A": r"[A-Za-z]+", "%f": r"\d{1,9}", "%z": r"Z|z|[+-]\d{2}(?::?\d{2})?",
    "%j": r"\d{1,3}", "%q": r"[1-4]", "%G": r"\d{4}", "%V": r"\d{1,2}", "%%": "%",
}  # fmt: skip
NAMED = ("iso", "epoch", "epoch-ms", "excel")
_READABLE = {
    "%d": "dd", "%m": "mm", "%Y": "yyyy", "%y": "yy", "%H": "HH", "%M": "MM", "%S": "SS", "%I": "hh", "%p": "AM/PM",
    "%b": "Mon", "%B": "Month", "%a": "Day", "%A": "Day", "%f": "fraction", "%z": "offset", "%j": "day of the year",
    "%q": "quarter", "%G": "yyyy", "%V": "week",
}  # fmt: skip
_NAMED_READABLE = {
    "iso": "ISO 8601 (yyyy-mm-ddTHH:MM:SS)", "epoch": "seconds since 1970", "epoch-ms": "milliseconds since 1970",
    "excel": "a spreadsheet's day number",
}  # fmt: skip


def codes_of(pattern: str) -> list[str]:
    """Split a format into its codes and the characters between them."""
    return re.findall(r"%.|.", pattern, re.DOTALL)


def check_format(pattern: str) -> None:
    """Raise ValueError saying what was expected when a format has an unknown code, or does not settle a day."""
    if pattern in NAMED:
        return
    codes = [code for code in codes_of(pattern) if code.startswith("%")]
    unknown = [code for code in codes if code not in CODES]
    if unknown or len(codes) != len(set(codes)):
        raise ValueError(f"a date format of {', '.join(NAMED)} or of the codes {', '.join(CODES)}, each once")
    found = set(codes)
    year = found & {"%Y", "%y"}
    month = found & {"%m", "%b", "%B"}
    if not ((year and (month or found & {"%j", "%q"})) or {"%G", "%V"} <= found):
        raise ValueError("a date format such as `%d/%m/%Y`, with a year and a month, quarter, week or day of the year")


def readable(pattern: str) -> str:
    """Return a format in words for people who do not know strptime codes."""
    if pattern in NAMED:
        return _NAMED_READABLE[pattern]
    return "".join(_READABLE.get(code, code) for code in codes_of(pattern))
