"""Texts for a CSV that people open in a spreadsheet: none of them may begin a formula there."""

from __future__ import annotations

import re

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection): the signs with their full-width and
# small forms, also after blanks and letters that are not seen, which some spreadsheets take off.
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_BLANK = "(?:[^\\S\\t\\r\\n]|[\\x00-\\x08\\x0e-\\x1b\\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff])"
# Where a formula may begin: at the beginning, and where a spreadsheet with another separator than the comma, or one
# that takes a line break for a new row, would have a cell begin. An apostrophe is there doubled, so that taking one off
# always gives the word back.
_FORMULA = re.compile(f"^(?=['\\t\\r\\n]|{_BLANK}*{_SIGN})|(?<=[;\\t\\r\\n])(?='|{_BLANK}*{_SIGN})")


def harmless(text: str) -> str:
    """Return a text for a CSV, with an apostrophe wherever a spreadsheet would take what follows for a formula."""
    return _FORMULA.sub("'", text)
