"""The rules that a row can break, in plain words for the council's staff: what it means and how to mend it."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    meaning: str
    fix: str


_DATE = "Correct the date in your system; if all dates are like this, tell us how the export writes them."
_WORD = "Correct the word if it is a slip; if it is a new one, tell us what it means so that we can add it."
_OTHERWISE = Words("The cell does not hold what was agreed.", "Correct it in your system.")

_RULES = {
    # Parsing (parsing/candidates.py) and validate itself.
    "ragged_row": Words(
        "The row has more or fewer cells than the header.",
        "Put double quotes round every cell that holds a comma, a quote or a line break, and send whole rows.",
    ),
    "no_such_time": Words(
        "The date or time cannot be read, or there is no such day or time.",
        "Write it in the form given. There is no 31 February, and no 01:30 on the night the clocks go forward.",
    ),
    "no_such_number": Words("The cell holds something other than a whole number.", "Send digits only."),
    "new_category": Words("The word is not one of those agreed.", _WORD),
    "no_whole_period": Words(
        "The date is not that of a whole period.", "Send one figure for each whole period, under the day given."
    ),
    "no_count": Words("The count is missing.", "Send the number; where there was none, send 0."),
    "no_event_time": Words("The time of the change is missing.", "Send when the case changed with every row."),
    "superseded_in_file": Words(
        "The same reference stands on several rows that differ; the last of them was used.",
        "Send each case once. If the last row is the right one, there is nothing to correct.",
    ),
    # Expectations (expectations/*.yaml).
    "expect_column_values_to_not_be_null": Words("The cell is empty.", "Fill it in."),
    "expect_column_values_to_be_between": Words("The value is too early or too late, too small or too large.", _DATE),
    "expect_column_pair_values_a_to_be_greater_than_b": Words("Two dates are in the wrong order.", _DATE),
    "expect_column_values_to_not_be_in_set": Words("The word is not one of those agreed.", _WORD),
    "expect_column_values_to_be_unique": Words("The same reference stands on several rows.", "Send each case once."),
    "expect_table_row_count_to_be_between": Words(
        "There are unusually few or many rows.", "Check that the export holds everything, and only once."
    ),
}


_ASKS = {
    "expect_column_values_to_not_be_null": "Is filled in",
    "expect_column_values_to_be_between": "Is within its limits",
    "expect_column_pair_values_a_to_be_greater_than_b": "Is in the right order",
    "expect_column_values_to_not_be_in_set": "Is one of the agreed words",
    "expect_column_values_to_be_unique": "Stands on one row only",
    "expect_table_row_count_to_be_between": "The number of rows is usual",
}


def asks(expectation: str) -> str:
    """Return what an expectation asks of a column or of the whole; one without words of its own keeps its name."""
    return _ASKS.get(expectation, expectation.removeprefix("expect_").replace("_", " "))


def in_words(rule: str) -> Words:
    """Return what a rule of the ledger means; one without words of its own gets general ones."""
    return _RULES.get(rule, _OTHERWISE)
