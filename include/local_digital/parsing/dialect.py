"""How a CSV text is written: its delimiter, its quotes, and what its last rows may be."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from local_digital.parsing.sections import MOST_COLUMNS, fold

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Sequence

DELIMITERS = (",", ";", "\t", "|", "^", "~")
_FOOTER = re.compile(r"^\(?\d[\d,]* (rows?|records?)( affected| selected| returned)?\)?\.?$", re.IGNORECASE)
_SENTINEL = "end of the text"
# More characters than a line of that many cells has; of a longer one, a part may tell.
ENOUGH = 1 << 20
csv.field_size_limit(2**31 - 1)


class Dialect(NamedTuple):
    delimiter: str
    quote: str | None
    escape: str | None

    def rows(self, lines: Iterable[str]) -> Reader:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            strict=False,
        )

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line taken for itself; of several, those of the first row.

        Of more than `MOST_COLUMNS`, one more is returned: enough to know that there are too many.
        """
        cells = next(self.rows(io.StringIO(line[:ENOUGH], newline="\n")), [])
        if len(line) > ENOUGH and len(cells) <= MOST_COLUMNS:
            cells = next(self.rows(io.StringIO(line, newline="\n")), [])
        return cells[: MOST_COLUMNS + 1]

    def is_open(self, text: str) -> bool:
        """Say whether a quote that begins in these lines is not closed in them."""
        if self.quote is None:
            return False
        lines = chain(io.StringIO(text, newline="\n"), ("\n", _SENTINEL))
        return deque(self.rows(lines), maxlen=1) != deque([[_SENTINEL]])


def guess_dialect(lines: Sequence[str], quote: str | None = '"') -> str:
    """Return the delimiter that cuts most of these lines into the same number of cells, more than one."""
    scores = {}
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in Dialect(delimiter, quote, None).rows(lines) if row)
        width, often = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]), default=(1, 0))
        scores[delimiter] = (often / max(1, widths.total()), width) if width > 1 else (0.0, 0)
    return max(scores, key=lambda delimiter: scores[delimiter])


def is_total(cell: str, words: Sequence[str], *, sparse: bool) -> bool:
    """Say whether a row that begins with this cell is one of totals, or a database's count of its rows.

    sparse: most of its other cells are blank, so that more words may follow (`Total enquiries`).
    """
    folded = fold(cell).rstrip(":")
    known = set(map(fold, words))
    return folded in known or bool(_FOOTER.match(cell.strip())) or (
        sparse and any(folded.startswith(f"{word} ") for word in known)
    )  # fmt: skip


def is_totals_row(row: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether a whole row is one of totals: its first filled cell says so, alone or among few others."""
    filled = [cell for cell in row if cell.strip()]
    return bool(filled) and is_total(filled[0], words, sparse=len(filled) <= max(2, len(row) // 3))
