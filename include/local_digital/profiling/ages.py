"""Bands of years of age: which years a council's word for an age group holds."""

from __future__ import annotations

import re

OLDEST = 199
_TO = r"(?:[\s\-\u2013\u2014_/]*to[\s\-\u2013\u2014_/]*|\s*[\-\u2013\u2014_/]\s*)"
_FROM_TO = re.compile(rf"(?<!\d)(\d{{1,3}}){_TO}(\d{{1,3}})(?!\d)")
_BELOW = re.compile(r"(?:\bunder|\bbelow|\bless than|\byounger than|<)[\s\-]*(\d{1,3})(?!\d)")
_UP_TO = re.compile(
    r"(?:\bup to|\bto age|<=)\s*(\d{1,3})(?!\d)"
    r"|(?<!\d)(\d{1,3})[\s\-]*(?:years? |yrs? )?(?:and|or|&) (?:under|below|younger)"
)
_FROM = re.compile(
    r"(?<!\d)(\d{1,3})\s*(?:\+|[\s\-]plus\b|[\s\-]*(?:years? |yrs? )?(?:and|or|&)[\s\-]*(?:over|above|older|up)\b)"
    r"|(?:\bover|\babove|\bfrom age|\baged over|>=?)[\s\-]*(\d{1,3})(?!\d)"
)


def years_of(word: str) -> tuple[int, int] | None:
    """Return the first and the last year of a band: `18-24`, `Under 18`, `65+`; None for a word that says none.

    One age alone is no band.
    """
    text = word.casefold()
    if found := _FROM_TO.search(text):
        first, last = int(found[1]), int(found[2])
        return (first, last) if first < last <= OLDEST else None
    if found := _BELOW.search(text):
        return (0, int(found[1]) - 1)
    if found := _UP_TO.search(text):
        return (0, int(found[1] or found[2]))
    if found := _FROM.search(text):
        return (int(found[1] or found[2]), OLDEST)
    return None
