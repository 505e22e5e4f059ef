"""Columns of numbers and of money for the fields that hold some: what ingest would make of their cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.fields import FIELDS, Kind
from local_digital.parsing import values
from local_digital.plurals import counted
from local_digital.profiling import vocabulary
from local_digital.profiling.words import header_score, says_age, says_money, says_no_payment, tokens

if TYPE_CHECKING:
    from local_digital.profiling.cells import Cells

_MOST = 0.5
_NEARLY_ALL = 0.8
_LOWEST = {"rating": 1, "items": 1}
_HIGHEST = {"rating": 5}
_FEW_STEPS = 3
_SAYS_POUNDS = 0.9
# What each field needs, for people.
NEEDED = {
    "rating": "whole numbers from 1 to 5",
    "items": "whole numbers",
    "starts": "whole numbers",
    "amount": "amounts in pounds",
}


@dataclass(frozen=True)
class Figures:
    """A column as the numbers of a field. named: how well its name fits. blank: texts that mean no number."""

    named: float
    blank: tuple[str, ...]
    doubts: tuple[str, ...]


def figures(field: str, cells: Cells) -> Figures | None:
    """Return a column as a field's numbers, None where its name or its cells do not fit them."""
    named = name_score(field, cells.name)
    if named < _MOST or not cells.filled:
        return None
    texts = pa.chunked_array([cells.words], pa.string())
    read, wrong = values.pounds(texts) if FIELDS[field] is Kind.MONEY else values.whole_numbers(texts)
    numbers = np.array([np.nan if number is None else float(number) for number in read.to_pylist()])
    none = np.asarray(
        pc.is_in(pc.utf8_lower(cells.words), value_set=pa.array(sorted(vocabulary.NO_NUMBER))).to_numpy(
            zero_copy_only=False
        ),
        dtype=bool,
    )
    if field in _LOWEST:
        # Nobody rates 0 and nothing has 0 loans: it stands for what is not known.
        none |= numbers == 0
    low, high = _LOWEST.get(field, -np.inf), _HIGHEST.get(field, np.inf)
    fits = ~none & ~np.asarray(wrong, dtype=bool) & (numbers >= low) & (numbers <= high)
    filled = int(cells.counts[~none].sum())
    good = int(cells.counts[fits].sum())
    if not good or good < _NEARLY_ALL * filled:
        return None
    blank = tuple(word for word, is_none in zip(cells.words.to_pylist(), none, strict=True) if is_none)
    doubts = []
    if blank:
        doubts.append(f"{counted(int(cells.counts[none].sum()), 'cell')} taken to mean that there is no number")
    if good < filled:
        turned_down = "these rows will be turned down"
        doubts.append(f"{counted(filled - good, 'cell')} without {NEEDED[field]} as ingest reads them: {turned_down}")
    doubts += _about(field, numbers[fits], cells.counts[fits])
    return Figures(named, blank, tuple(doubts))


def name_score(field: str, header: str) -> float:
    """Say how well a column's name fits a field of numbers, from 0 to 1; nothing that is due or left is paid."""
    if field == "amount" and (says_no_payment(header) or says_age(header)):
        return 0.0
    if field == "amount" and "£" in header:
        return max(_SAYS_POUNDS, header_score(field, header))
    if field != "amount" and says_money(header):
        return 0.0
    if field != "rating" and {"rating", "satisfaction", "score"} & set(tokens(header)):
        return 0.0
    return header_score(field, header)


def _about(
    field: str,
    numbers: np.ndarray[tuple[int], np.dtype[np.float64]],
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> list[str]:
    """Return what a person should check of numbers that all can be read."""
    if field == "rating":
        doubts = ["5 has to be very satisfied, and 1 very dissatisfied: is it so there?"]
        if numbers.max() <= _FEW_STEPS:
            doubts.append(f"NO RATING OVER {numbers.max():.0f}: has the scale fewer than five steps?")
        return doubts
    if field != "amount":
        return []
    doubts = []
    if counts[numbers < 0].sum() > _MOST * counts.sum():
        doubts.append("MOST AMOUNTS ARE BELOW ZERO, which means refunds here: ask for payments without a minus")
    if not np.any(numbers % 1) and len(numbers) > 1:
        doubts.append("no amount has pennies: are these pounds, and not pence?")
    return doubts
