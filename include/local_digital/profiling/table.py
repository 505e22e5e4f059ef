"""All samples of a feed as one table: every column described, its cells, and where each file begins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from local_digital.profiling import columns as inference
from local_digital.profiling.cells import Cells
from local_digital.profiling.dates import find_dates
from local_digital.profiling.delivery import combined
from local_digital.profiling.sample import blanks
from local_digital.profiling.words import header_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.config.models import Transaction
    from local_digital.profiling.columns import Column
    from local_digital.profiling.sample import Sample

_SURE_NAME = 0.9


class Table:
    """The rows of all samples, in their order, with what was found out about each column.

    starts: the row at which each file begins, and the number of rows. newest: where the last file begins. renamed: the
    older names of a column, by its newest. hashes: of each row over all columns.
    """

    def __init__(self, samples: Sequence[Sample], contract: Transaction) -> None:
        self.samples = samples
        self._contract = contract
        self.starts = np.cumsum([0, *(sample.rows for sample in samples)])
        self.rows = int(self.starts[-1])
        self.newest = int(self.starts[-2])
        self.renamed: dict[str, tuple[str, ...]] = {}
        self.cells: dict[str, Cells] = {}
        self.columns: list[Column] = []
        self.hashes = self._read_columns()

    def column(self, name: str) -> Column:
        """Return the column of a name."""
        return next(column for column in self.columns if column.name == name)

    def in_last_file(self, cells: Cells) -> Cells:
        """Return a column of the newest file alone, since a case comes again in every file."""
        return cells.slice(self.newest)

    def _read_columns(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """Describe every column; return a hash of each row over all of them."""
        names = dict.fromkeys(name for sample in reversed(self.samples) for name in sample.columns)
        self._find_renamed(list(names))
        older = {name for found in self.renamed.values() for name in found}
        hashes = np.zeros(self.rows, np.uint64)
        for name in names:
            if name in older:
                continue
            cells = self._take(name)
            for other in self.renamed.get(name, ()):
                cells = cells.or_else(self._take(other))
            column = inference.describe(cells, self._line, self.newest, self._contract)
            self.columns.append(column)
            self.cells[name] = cells.without_words() if column.personal in inference.NEVER_READ else cells
            hashes = combined(hashes, cells.codes)
        self._look_past_duplicates(hashes)
        self._settle_undecided()
        return hashes

    def _look_past_duplicates(self, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        """Let a row that stands there twice speak against no reference: it is the same case, sent again."""
        once = np.unique(hashes[self.newest :], return_index=True)[1]
        if len(once) == self.rows - self.newest:
            return
        for index, column in enumerate(self.columns):
            cells = self.cells[column.name]
            newest = Cells(column.name, cells.codes[self.newest :][once], cells.all_words)
            if len(cells.all_words):
                self.columns[index] = inference.with_unique_share(column, newest)

    def _take(self, name: str) -> Cells:
        """Take a column out of the samples, so that it is not held twice."""
        parts = [sample.columns.pop(name, None) or pa.chunked_array([blanks(sample.rows)]) for sample in self.samples]
        return Cells.of(name, pa.chunked_array([chunk for part in parts for chunk in part.chunks]))

    def _settle_undecided(self) -> None:
        """Let columns that nothing decides follow the others of the export where those agree; it stays a doubt."""
        decided = {
            column.dates.order: column.name
            for column in self.columns
            if column.dates is not None and column.dates.order in {"day-first", "month-first"}
        }
        if len(decided) != 1:
            return
        for index, column in enumerate(self.columns):
            if column.dates is not None and column.dates.order == "undecided":
                follow = next(iter(decided.items()))
                dates = find_dates(self.cells[column.name], self._line, named_so=True, follow=follow)
                self.columns[index] = replace(column, dates=dates)

    def _find_renamed(self, names: Sequence[str]) -> None:
        """Find columns that bear one name in the newer files and another in the older ones."""
        present = {name: {at for at, sample in enumerate(self.samples) if name in sample.columns} for name in names}
        partial = [name for name in names if len(present[name]) < len(self.samples)]
        used: set[str] = set()
        for wanted in self._contract.fields:
            fitting = [name for name in partial if header_score(wanted, name) >= _SURE_NAME and name not in used]
            fitting.sort(key=lambda name: -max(present[name]))
            for name in fitting[1:]:
                if not present[name] & present[fitting[0]]:
                    self.renamed[fitting[0]] = (*self.renamed.get(fitting[0], ()), name)
                    used |= {fitting[0], name}

    def _line(self, row: int) -> str:
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        sample = self.samples[at]
        line = sample.line(row - int(self.starts[at]))
        return line if len(self.samples) == 1 else f"{line} of {sample.name}"
