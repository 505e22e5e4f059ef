"""Making the next piece of work while this one is used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Piece = TypeVar("Piece")


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces (none of them None) of an iterator, of which a thread makes the next one meanwhile.

    It pays where both sides let go of the interpreter: reading files, Arrow's functions, a database at work. Raises
    what the iterator raises.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        following = thread.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = thread.submit(next, pieces, None)
            yield piece
