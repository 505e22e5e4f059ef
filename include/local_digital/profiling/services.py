"""Exports of many services: the column that tells them apart, and its words that are this transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_digital.fields import FIELDS, Kind
from local_digital.profiling import council_words, vocabulary
from local_digital.profiling.columns import NEVER_READ, known_share, label_words
from local_digital.profiling.words import (
    header_score,
    is_near,
    is_of,
    is_often,
    personal_kind,
    service_score,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_digital.config.models import Transaction
    from local_digital.profiling.cells import Cells
    from local_digital.profiling.columns import Column, Guess

_MOST_SERVICES = 3000
_LONGEST = 120
_NAMED = 0.3
_SURE_NAME = 0.9
_FEW = 12
_NEAR_SHOWN = 12


@dataclass(frozen=True)
class Services:
    """column: what tells services apart. words: those that look like this transaction, with their rows. near: those
    that nearly do and are left out. others: how many further words there are. hidden: words seen once that are not
    shown, as they may be about a person. rows, of: how many of all rows belong.
    """

    column: str
    words: dict[str, int]
    near: dict[str, int]
    others: int
    hidden: int
    rows: int
    of: int

    @property
    def filters(self) -> bool:
        """Whether some rows belong and some do not."""
        return bool(self.words) and self.rows < self.of

    def as_json(self) -> dict[str, Any]:
        return dict(self.__dict__)


def find_services(
    columns: Sequence[Column], cells: Mapping[str, Cells], contract: Transaction, fields: Mapping[str, Guess]
) -> Services | None:
    """Find the column whose words tell this transaction's rows from others'; None when there is no such column.

    fields: the guessed columns. One that is called like its field, or whose words are nearly all values of it, tells
    kinds of the transaction, and no services; but the bin that was missed may be told by the service.
    """
    of_fields = {
        guess.column for name, guess in fields.items()
        if FIELDS[name] is Kind.LABEL and name != "stream" and contract.fields[name].values
        and ((header_score(name, guess.column) >= _SURE_NAME and service_score(guess.column) < _SURE_NAME)
             or known_share(name, cells[guess.column], contract.fields[name], whole=True) >= _SURE_NAME)
    }  # fmt: skip
    found: list[tuple[float, Services]] = []
    for column in columns:
        named = service_score(column.name)
        if not _is_candidate(column, named) or column.name in of_fields:
            continue
        counts = label_words(cells[column.name])
        fitting = {word: n for word, n in counts.items() if is_of(contract.transaction, contract.name, word)}
        # A column of descriptions or names may hold a few words, and a few more that somebody typed.
        suspect = personal_kind(column.name) is not None
        shown = {
            word: n for word, n in fitting.items()
            if (is_often(n, column.rows) if suspect else n > 1) or _is_known(word, contract.transaction)
        }  # fmt: skip
        if not fitting and named < _SURE_NAME:
            continue
        near = {
            word: n for word, n in counts.items()
            if is_near(contract.transaction, contract.name, word) and is_often(n, column.rows) and len(word) <= _LONGEST
        }  # fmt: skip
        services = Services(
            column.name, shown, dict(list(near.items())[:_NEAR_SHOWN]),
            len(counts) - len(fitting) - min(len(near), _NEAR_SHOWN),
            len(fitting) - len(shown), sum(shown.values()), column.rows,
        )  # fmt: skip
        found.append((named + (1 if shown else 0), services))
    if not found:
        return None
    best = max(found, key=lambda item: (item[0], item[1].rows))[1]
    return best if best.words or best.others > _FEW else None


def _is_candidate(column: Column, named: float) -> bool:
    if not column.filled or column.dates is not None or column.distinct > _MOST_SERVICES or column.longest > _LONGEST:
        return False
    if column.personal in NEVER_READ or (column.personal is not None and named < _SURE_NAME):
        return False
    repeated = column.filled >= 3 * column.distinct
    return repeated if named < _NAMED else repeated or column.distinct <= _FEW


def _is_known(word: str, transaction: str) -> bool:
    """Say whether every part of a word is of the vocabulary."""
    known = vocabulary.TRANSACTIONS.get(transaction)
    starts = [part for group in known.every for start in group for part in start.split()] if known else []
    streams = {
        part for phrases in council_words.WORDS["stream"].values() for phrase in phrases for part in phrase.split()
    }
    return all(
        token in streams | council_words.FILLERS or any(token.startswith(start) for start in starts)
        for token in tokens(word)
    )
