"""Rows in columns: each column as its values and which of them each row has, since figures share most of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray


class Cells(NamedTuple):
    """each: the values, without order. codes: which of them each row has; None where all rows have the only one."""

    each: list[Any]
    codes: NDArray[np.int64] | None

    def mapped(self, of: Callable[[Any], Any]) -> Cells:
        """Return another column that follows from this one."""
        return Cells([of(value) for value in self.each], self.codes)


class Rows:
    """Columns by name: `Cells`, or an Arrow array of numbers. Not to be changed once made."""

    def __init__(self, columns: Mapping[str, Cells | pa.Array], height: int) -> None:
        self._columns = dict(columns)
        self._height = height

    @classmethod
    def of(cls, frame: pd.DataFrame | pa.Table) -> Rows:
        """Return the rows of a frame or of an Arrow table, texts and dates as `Cells`."""
        if isinstance(frame, pa.Table):
            found = {name: _from_arrow(frame[name].combine_chunks()) for name in frame.column_names}
            return cls(found, frame.num_rows)
        return cls({str(name): _from_pandas(frame[name]) for name in frame.columns}, len(frame))

    @classmethod
    def empty(cls, *names: str) -> Rows:
        """Return no rows with columns of texts."""
        return cls({name: Cells([], np.zeros(0, dtype=np.int64)) for name in names}, 0)

    def __len__(self) -> int:
        return self._height

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> Cells | pa.Array:
        return self._columns[name]

    @property
    def names(self) -> list[str]:
        return list(self._columns)

    def cells(self, name: str) -> Cells:
        """Return a column of texts, dates or lists."""
        found = self._columns[name]
        if not isinstance(found, Cells):
            raise TypeError(f"the column {name} holds numbers")
        return found

    def present(self, name: str) -> list[Any]:
        """Return the values that some row has, in the order in which they first come."""
        cells = self.cells(name)
        if cells.codes is None:
            return cells.each if self._height else []
        codes, first = np.unique(cells.codes, return_index=True)
        return [cells.each[code] for code in codes[np.argsort(first)]]

    def also(self, **columns: Any) -> Rows:
        """Return the rows with more columns: `Cells`, Arrow numbers, or one value for all rows."""
        told = {name: one if isinstance(one, Cells | pa.Array) else Cells([one], None) for name, one in columns.items()}
        return Rows({**self._columns, **told}, self._height)

    def paired(self, one: str, other: str, of: Callable[[Any, Any], Any]) -> Cells:
        """Return a column that follows from two."""
        first, second = self.cells(one), self.cells(other)
        if first.codes is None:
            return second.mapped(lambda value: of(first.each[0], value))
        if second.codes is None:
            return first.mapped(lambda value: of(value, second.each[0]))
        pairs, codes = np.unique(first.codes * len(second.each) + second.codes, return_inverse=True)
        values = [
            of(first.each[pair // len(second.each)], second.each[pair % len(second.each)])
            for pair in pairs.tolist()
        ]  # fmt: skip
        return Cells(values, codes)

    def where(self, name: str, *wanted: Any) -> Rows:
        """Return the rows that have one of some values in a column."""
        cells = self.cells(name)
        fits = np.array([value in wanted for value in cells.each], dtype=bool)
        return self.only(np.repeat(fits, self._height) if cells.codes is None else fits[cells.codes])

    def only(self, here: NDArray[np.bool_]) -> Rows:
        """Return the rows that a mask picks."""
        if here.all():
            return self
        mask = pa.array(here)
        columns = {
            name: (one if one.codes is None else Cells(one.each, one.codes[here]))
            if isinstance(one, Cells)
            else one.filter(mask)
            for name, one in self._columns.items()
        }
        return Rows(columns, int(here.sum()))

    def listed(self, name: str) -> list[Any]:
        """Return a column row by row."""
        found = self._columns[name]
        if not isinstance(found, Cells):
            return list(found.to_pylist())
        if found.codes is None:
            return found.each * self._height
        values = found.each
        return [values[code] for code in found.codes.tolist()]

    def tuples(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield columns row by row."""
        return zip(*(self.listed(name) for name in names), strict=True)


def _from_arrow(column: pa.Array) -> Cells | pa.Array:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode(null_encoding="encode")
    values = column.dictionary.to_pylist()
    codes = column.indices
    if codes.null_count:
        values = [*values, None]
        codes = codes.fill_null(len(values) - 1)
    return Cells(values, codes.to_numpy().astype(np.int64))


def _from_pandas(column: pd.Series) -> Cells | pa.Array:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pa.array(column, from_pandas=True)
    try:
        codes, values = pd.factorize(column, use_na_sentinel=False)
    except TypeError:
        # Lists are in no index.
        return Cells(list(column), np.arange(len(column)))
    return Cells(list(values), codes)
