"""One column of a sample, by its distinct words: what is asked of a million rows is asked of each word once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    Codes = np.ndarray[tuple[int], np.dtype[np.int32]]
    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Cells:
    """name: the column's. codes: for each row the number of its word in `all_words`, where they stand in the order in
    which they first occur.
    """

    name: str
    codes: Codes
    all_words: pa.Array

    @classmethod
    def of(cls, name: str, encoded: pa.ChunkedArray) -> Cells:
        """Take over a column that is encoded by its words, in chunks."""
        chunks = encoded.unify_dictionaries().chunks
        codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in chunks])
        return cls(name, codes.astype(np.int32, copy=False), chunks[-1].dictionary)

    def slice(self, start: int) -> Cells:
        """Return the rows from one on."""
        return Cells(self.name, self.codes[start:], self.all_words)

    def or_else(self, other: Cells) -> Cells:
        """Return this column with another's cells where it is blank."""
        text = pa.array(self.all_words).take(pa.array(self.codes))
        filled = pc.if_else(pc.equal(text, ""), pa.array(other.all_words).take(pa.array(other.codes)), text)
        return Cells.of(self.name, pa.chunked_array([pc.dictionary_encode(filled)]))

    def without_words(self) -> Cells:
        """Return the column with only which rows have the same word: of personal ones no word is needed again."""
        return Cells(self.name, self.codes, pa.array([], pa.string()))

    def differ(self, other: Cells) -> int:
        """Count the rows in which two columns have different words."""
        numbers = pc.fill_null(pc.index_in(self.all_words, value_set=other.all_words), -1).to_numpy(
            zero_copy_only=False
        )
        return int(np.count_nonzero(numbers[self.codes] != other.codes))

    @cached_property
    def _filled(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.asarray(pc.not_equal(self.all_words, "").to_numpy(zero_copy_only=False), dtype=bool)

    @cached_property
    def words(self) -> pa.Array:
        """The distinct words, blank left out, in the order in which they first occur."""
        return self.all_words.filter(pa.array(self._filled))

    @cached_property
    def counts(self) -> Numbers:
        """How often each of `words` occurs."""
        return np.asarray(np.bincount(self.codes, minlength=len(self.all_words))[self._filled], np.int64)

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        return len(self.words)

    @property
    def unique_share(self) -> float:
        """How many different words there are for a filled cell: 1 when none comes twice."""
        filled = self.codes[self._filled[self.codes]]
        return len(np.unique(filled)) / len(filled) if len(filled) else 0.0

    def row_of(self, word: object) -> int:
        """Return the first row that holds a word."""
        return int(np.argmax(self.codes == pc.index(self.all_words, word).as_py()))

    def share(self, expression: str) -> float:
        """Return the share of the filled cells that an expression is found in."""
        if not self.filled:
            return 0.0
        return int(self.counts[self.matching(expression)].sum()) / self.filled

    def matching(self, expression: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Mark the words that an expression is found in."""
        found = pc.match_substring_regex(self.words, expression)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

    def word_counts(self, rows: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None) -> dict[str, int]:
        """Return each word with how often it occurs (in some rows), the most frequent first. For short lists only."""
        codes = self.codes if rows is None else self.codes[rows]
        counts = np.bincount(codes, minlength=len(self.all_words))
        found = {
            word: int(count) for word, count in zip(self.all_words.to_pylist(), counts, strict=True) if word and count
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))
