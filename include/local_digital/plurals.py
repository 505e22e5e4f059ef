"""Numbers of things in a sentence."""

from __future__ import annotations


def counted(number: int, what: str, many: str = "") -> str:
    """Return a number and what it counts: `1 row`, `2,000 rows`. many: the plural where it takes more than an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"
