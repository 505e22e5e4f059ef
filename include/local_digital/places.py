"""One number for the place of a row: its line in a plain file, or the document of an archive and the line in that.

A place is document x 10^9 + line, with documents counted from 0; so a plain file's places are its lines.
"""

from __future__ import annotations

DOCUMENT = 1_000_000_000


def place(document: int, line: int) -> int:
    return document * DOCUMENT + line


def document_and_line(place: int) -> tuple[int, int]:
    """Return the number of the document, from 0, and the line in it."""
    return divmod(place, DOCUMENT)
