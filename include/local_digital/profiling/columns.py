"""What each column of a sample holds, and which field of the contract it most likely is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from local_digital.config.models import ContractField
from local_digital.fields import FIELDS, LABELS, NO, YES, Kind
from local_digital.parsing.sections import fold
from local_digital.profiling import vocabulary
from local_digital.profiling.date_shapes import formats_of
from local_digital.profiling.dates import Dates, find_dates
from local_digital.profiling.days import are_births, share_after
from local_digital.profiling.figures import figures
from local_digital.profiling.words import (
    header_score,
    is_of,
    meaning,
    personal_kind,
    says_age,
    says_count,
    says_money,
    says_other_date,
    service_score,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from local_digital.config.models import Transaction
    from local_digital.profiling.cells import Cells

_EMAIL = r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"
_POSTCODE = r"(?i)\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"
_PHONE = r"^(\+44 ?|0)[\d ]{9,12}$|^\(?\d{3}\)?[ -]\d{3}-\d{4}$"
_COORDINATE = r"^-?\d{1,3}\.\d{4,}$|^\(?-?\d{1,3}\.\d{3,}, ?-?\d{1,3}\.\d{3,}\)?$|^POINT ?\("
_PERSON = r"^((Mr|Mrs|Ms|Miss|Dr)\.? )?[A-Z][\w'\x{2019}-]+( [A-Z][\w'\x{2019}-]*\.?){1,3}$"
_SPOILT = r"^\d(\.\d+)?[eE]\+\d+$"
_NUMBER = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$|^-?\d+(\.\d+)?$"
# With a pound sign or pennies: no reference and no number of things.
_MONEY = r"^[(-]?£ ?-?[\d,]+(\.\d+)?\)?$|^[(-]?(\d+|\d{1,3}(,\d{3})+)\.\d{2}\)?-?( ?[CcDd][Rr])?$"
_AGE = r"^\d{1,3}(\.0*)?$"
_MAY_BE_UNIQUE = frozenset({"numbers", "text", "a few words"})
_TIMES = (
    (r"^\d{1,2}:\d{2}$", "%H:%M"),
    (r"^\d{1,2}:\d{2}:\d{2}$", "%H:%M:%S"),
    (r"^\d{1,2}:\d{2} [AaPp][Mm]$", "%I:%M %p"),
    (r"^\d{1,2}:\d{2}:\d{2} [AaPp][Mm]$", "%I:%M:%S %p"),
    (r"^\d{1,2}:\d{2}[AaPp][Mm]$", "%I:%M%p"),
    (r"^\d{1,2}\.\d{2}$", "%H.%M"),
    (r"^([01]\d|2[0-3])[0-5]\d$", "%H%M"),
)
_MOST = 0.5
_SOME = 0.2
_LONG_TEXT = 40
_LONGEST_CATEGORY = 120
_MOST_CATEGORIES = 400
_FEW_CATEGORIES = 12
_SURE_NAME = 0.9
_ENOUGH = 0.35
_WORDS_KNOWN = 0.2
_WORDS_ALONE = 0.7
_WORDS_TRIED = 500
_TIMES_EACH = 3
# Closings that lie so many days after the last report are days when something ends, as a pass does.
_FAR_AHEAD = 60
_COUNT_NAME = 0.75
_DATE_WORDS = frozenset({
    "date", "time", "datetime", "at", "on", "created", "closed", "opened", "reported", "logged", "resolved",
    "completed", "updated", "due", "when", "period", "week", "month", "day", "commencing", "ending", "timestamp",
    "received", "submitted", "modified", "dt",
})  # fmt: skip
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_LIKE_A_DATE = (
    r"(?i)\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{1,2}(st|nd|rd|th)?[ ./-]*"
    + _MONTH
    + r"\b|\b"
    + _MONTH
    + r"[ .-]+\d{1,2}\b"
)
_SOME_NUMBERS = r"\d{4}|\d\D+\d"
# Their words are needed for nothing once the column is described.
NEVER_READ = frozenset({
    "e-mail", "phone", "free text", "address", "birth or identity", "coordinates", "link", "name", "postcode",
    "account",
})  # fmt: skip
# `Source` may be a channel and `Reason` a category; what a person typed is neither.
_NEVER = frozenset({"e-mail", "phone", "birth or identity", "postcode", "coordinates", "link", "account"})
# What a label's name may bring with it, though its few words are none of that.
_NOT_IN_A_LABEL = frozenset({"name", "free text", "address", "health", "account"})
# These are never told by their words alone, which stand in other columns too: hours and numbers of rooms, and `New`.
_ONLY_BY_NAME = frozenset({"age_group", "request"})


@dataclass(frozen=True)
class Column:
    """A column of the samples.

    looks: what its cells are like. personal: the kind of personal data it probably holds. unique_share: how many words
    a filled cell of the newest file has; 1 when none comes twice. undated: whether it is called a date, or its cells
    look like dates, and none of their formats is known.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    looks: str
    personal: str | None = None
    dates: Dates | None = None
    leading_zeros: int = 0
    spoilt: int = 0
    longest: int = 0
    unique_share: float = 0.0
    undated: bool = False

    @property
    def is_unique(self) -> bool:
        return self.unique_share == 1

    @property
    def is_category(self) -> bool:
        """Whether it holds few words, each of them often."""
        return (
            0 < self.distinct <= _MOST_CATEGORIES
            and self.longest <= _LONGEST_CATEGORY
            and (self.distinct <= _FEW_CATEGORIES or self.filled >= 2 * self.distinct)
        )


@dataclass(frozen=True)
class Guess:
    """The column for a field. doubts: what a person should check. blank: texts that mean that nothing is there."""

    field: str
    column: str
    score: float
    doubts: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


def describe(cells: Cells, line: Callable[[int], str], newest: int, contract: Transaction) -> Column:
    """Find out what a column holds. line: names the place of a row for people. newest: the newest file's first row."""
    words = cells.words
    rows = len(cells.codes)
    personal = personal_kind(cells.name)
    if says_age(cells.name) and cells.share(_AGE) >= _SOME:
        personal = "birth or identity"
    named_so = bool(_DATE_WORDS & set(tokens(cells.name))) and not says_money(cells.name)
    dates = None if personal == "birth or identity" else find_dates(cells, line, named_so=named_so)
    if dates is not None:
        personal = None
        if are_births(words, cells.counts, dates):
            personal, dates = "birth or identity", None
    longest = int(pc.max(pc.utf8_length(words)).as_py() or 0) if len(words) else 0
    if personal is None and dates is None and len(words):
        personal = _personal_by_cells(cells)
    zeros = cells.matching(r"^0\d+$")
    spoilt = cells.matching(_SPOILT)
    column = Column(
        cells.name, rows, cells.filled, cells.distinct, "", personal, dates,
        int(cells.counts[zeros].sum()), int(cells.counts[spoilt].sum()), longest, cells.slice(newest).unique_share,
    )  # fmt: skip
    if personal in _NOT_IN_A_LABEL and _is_label(column, contract):
        # `Status Description` holds a few words, and no description that somebody typed.
        column = replace(column, personal=_personal_by_cells(cells))
    elif personal in _NOT_IN_A_LABEL and _names_services(column, cells, contract):
        column = replace(column, personal=None)
    undated = dates is None and personal != "birth or identity" and _is_undated(cells, longest)
    return replace(column, looks=_looks(cells, column), undated=undated)


def with_unique_share(column: Column, cells: Cells) -> Column:
    """Return a column with its uniqueness taken from these of its cells."""
    counted = replace(column, unique_share=cells.unique_share)
    return replace(counted, looks="unique") if counted.is_unique and column.looks in _MAY_BE_UNIQUE else counted


def _is_label(column: Column, contract: Transaction) -> bool:
    """Say whether a column of few words is called like a label of the contract, or like one that every case has."""
    wanted = {"channel", "status", *contract.fields}
    return column.is_category and any(
        header_score(name, column.name) >= _SURE_NAME for name in LABELS if name in wanted
    )


def _names_services(column: Column, cells: Cells, contract: Transaction) -> bool:
    """Say whether a column is called by what is asked for (`SR Description`), and holds a few words, each often, with
    the transaction's among them. `Notes` tell no services apart, whatever is in them.
    """
    parts = tokens(column.name)
    named = parts[-1] in vocabulary.NAMES_OF_SERVICES and bool(vocabulary.THINGS_ASKED_FOR & set(parts[:-1]))
    return (
        (named or service_score(column.name) >= _SURE_NAME)
        and column.is_category
        and column.filled >= _TIMES_EACH * column.distinct
        and any(is_of(contract.transaction, contract.name, word) for word in cells.words.to_pylist())
    )


def _is_undated(cells: Cells, longest: int) -> bool:
    named = "date" in tokens(cells.name) or any(
        header_score(field, cells.name) >= _SURE_NAME for field in ("reported_at", "closed_at", "event_at")
    )
    return (longest <= _LONG_TEXT and cells.share(_LIKE_A_DATE) >= _MOST) or (
        named and cells.share(_SOME_NUMBERS) >= _MOST
    )


def _personal_by_cells(cells: Cells) -> str | None:
    for kind, expression, share in (
        ("e-mail", _EMAIL, _SOME), ("postcode", _POSTCODE, _SOME), ("phone", _PHONE, _MOST),
        ("coordinates", _COORDINATE, _MOST),
    ):  # fmt: skip
        if cells.share(expression) >= share:
            return kind
    varied = cells.distinct > _FEW_CATEGORIES and cells.distinct * 2 > cells.filled
    if varied and pc.mean(pc.utf8_length(cells.words)).as_py() > _LONG_TEXT:
        return "free text"
    if varied and cells.share(_PERSON) >= _MOST:
        return "name"
    return None


def _looks(cells: Cells, column: Column) -> str:
    if not column.filled:
        return "empty"
    if column.dates is not None:
        return "dates and times" if column.dates.has_time else "dates"
    if column.personal is None and cells.share(_MONEY) >= _WORDS_ALONE:
        return "amounts"
    if column.is_unique and column.filled > 1 and column.personal is None:
        return "unique"
    if cells.share(_NUMBER) >= _WORDS_ALONE:
        return "numbers"
    return "a few words" if column.is_category else "text"


def infer(columns: Iterable[Column], cells: Mapping[str, Cells], contract: Transaction) -> dict[str, Guess]:
    """Guess the column of each field, the best fitting first; a field without one is left out."""
    known = {column.name: column for column in columns}
    guesses = sorted(
        (
            guess
            for name in (*contract.fields, "event_at")
            for column in known.values()
            if (guess := _fits(name, column, cells[column.name], contract)) is not None
        ),
        key=lambda guess: -guess.score,
    )
    taken: dict[str, Guess] = {}
    used: set[str] = set()
    for guess in guesses:
        if guess.field not in taken and guess.column not in used:
            taken[guess.field] = guess
            if guess.field != "event_at":
                used.add(guess.column)
    if "reported_at" not in taken:
        taken |= _some_report_time(known, used, contract)
    if _is_ahead(taken, known, cells):
        # Closings do not lie in the future: another column may hold them, or none does.
        ahead = taken["closed_at"].column
        undated = [replace(column, dates=None) if column.name == ahead else column for column in known.values()]
        return infer(undated, cells, contract)
    return _with_a_channel(_with_a_reference(taken, known, cells), cells, contract)


def _with_a_reference(
    taken: dict[str, Guess], known: Mapping[str, Column], cells: Mapping[str, Cells]
) -> dict[str, Guess]:
    """Take a payment's own reference rather than the one of the account that it was made on, which comes again."""
    ref = taken.get("record_ref")
    if ref is None or "amount" not in taken or known[ref.column].is_unique:
        return taken
    used = {guess.column for guess in taken.values()}
    own = [
        column for column in known.values()
        if column.is_unique and column.name not in used and column.filled == column.rows and column.personal is None
        and column.dates is None and header_score("record_ref", column.name) > 0
        and not _is_figure(1.0, column, cells[column.name])
    ]  # fmt: skip
    if not own:
        return taken
    best = max(own, key=lambda column: header_score("record_ref", column.name))
    doubt = (
        f"`{ref.column}` comes several times, as the reference of an account does; each row has its own `{best.name}`"
    )
    return {**taken, "record_ref": Guess("record_ref", best.name, ref.score, (doubt,))}


def _is_ahead(taken: Mapping[str, Guess], known: Mapping[str, Column], cells: Mapping[str, Cells]) -> bool:
    """Say whether most closings lie long after the last report: a few may well be slips."""
    if not {"closed_at", "reported_at"} <= taken.keys():
        return False
    name = taken["closed_at"].column
    closed, reported = known[name].dates, known[taken["reported_at"].column].dates
    if closed is None or reported is None or reported.last is None:
        return False
    after = reported.last + dt.timedelta(days=_FAR_AHEAD)
    return share_after(cells[name].words, cells[name].counts, closed, after) >= _MOST


def _with_a_channel(taken: dict[str, Guess], cells: Mapping[str, Cells], contract: Transaction) -> dict[str, Guess]:
    """Let the way of paying tell the channel where nothing else does: every feed needs one, and a column serves one
    field.
    """
    paying = taken.get("payment_method")
    if "channel" in taken or paying is None:
        return taken
    if known_share("channel", cells[paying.column], contract.fields["channel"]) < _MOST:
        return taken
    doubt = (
        f"no column says the channel but `{paying.column}`, which says the way of paying too: a column serves one "
        "field. Ask for both"
    )
    rest = {name: guess for name, guess in taken.items() if name != "payment_method"}
    return {**rest, "channel": Guess("channel", paying.column, paying.score, (doubt,))}


def time_column(date: str, columns: Sequence[Column], cells: Mapping[str, Cells]) -> tuple[str, str | None] | None:
    """Return the column with the times that belong to a column of mere days, and their format; None without one.

    It shares a word of its name with the other, or stands right behind it. No format: it is called a time, and its
    cells are like none that is known.
    """
    names = [column.name for column in columns]
    doubtful = None
    for position, column in enumerate(columns):
        words = set(tokens(column.name))
        behind = position == names.index(date) + 1
        if column.name == date or not column.filled or not (words & set(tokens(date)) - {"date", "time"} or behind):
            continue
        if column.dates is None:
            for expression, pattern in _TIMES:
                # Bare digits may be anything; they are a time when they are called so.
                if cells[column.name].share(expression) >= _SURE_NAME and (pattern != "%H%M" or "time" in words):
                    return column.name, pattern
        if "time" in words and "date" not in words:
            doubtful = column.name
    return (doubtful, None) if doubtful else None


def label_words(cells: Cells, rows: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None) -> dict[str, int]:
    """Return the words of a category column with their counts, those that differ in case or spacing as one."""
    found: dict[str, tuple[str, int]] = {}
    for word, count in cells.word_counts(rows).items():
        key = fold(word)
        shown, before = found.get(key, (" ".join(word.split()), 0))
        found[key] = (shown, before + count)
    return dict(sorted(found.values(), key=lambda item: -item[1]))


def _fits(name: str, column: Column, cells: Cells, contract: Transaction) -> Guess | None:
    named = header_score(name, column.name)
    if not column.filled:
        return None
    match FIELDS[name]:
        case Kind.REF:
            score, doubts = (0.0 if _is_figure(named, column, cells) else _ref_score(named, column)), ()
        case Kind.INSTANT:
            score, doubts = (0.0 if column.dates is None else _instant_score(name, named, column)), ()
        case Kind.KEY:
            score, doubts = (named if named >= _SURE_NAME and column.dates is None else 0.0), ()
        case Kind.LABEL:
            return _label(name, named, column, cells, contract.fields[name])
        case Kind.NUMBER | Kind.MONEY:
            return _figures(name, column, cells)
    return Guess(name, column.name, score, doubts) if score >= _ENOUGH else None


def _figures(name: str, column: Column, cells: Cells) -> Guess | None:
    if column.personal is not None or column.dates is not None:
        return None
    found = figures(name, cells)
    return None if found is None else Guess(name, column.name, found.named, found.doubts, found.blank)


def _instant_score(name: str, named: float, column: Column) -> float:
    if name != "event_at" and named < _SURE_NAME and says_other_date(column.name):
        return 0.0
    return named


def _is_figure(named: float, column: Column, cells: Cells) -> bool:
    """Say whether a column counts things, or holds money or ages, so that its cells refer to nothing. A column for each
    month does too.
    """
    if says_count(column.name) or formats_of(column.name, numbers=False):
        return True
    if (says_money(column.name) and named < _SURE_NAME) or says_age(column.name) or column.looks == "amounts":
        return True
    return not named and header_score("count", column.name) >= _COUNT_NAME and cells.share(_NUMBER) >= _MOST


def _ref_score(named: float, column: Column) -> float:
    if column.dates is not None or (column.personal is not None and named < _SURE_NAME):
        return 0.0
    filled = column.filled / max(1, column.rows)
    if not named:
        # Nothing but uniqueness speaks for it.
        return 0.36 if column.is_unique and filled == 1 and column.rows > 1 and column.longest <= _LONG_TEXT else 0.0
    return named * (0.6 + 0.4 * column.unique_share) * (0.3 + 0.7 * filled)


def _label(name: str, named: float, column: Column, cells: Cells, contract: ContractField) -> Guess | None:
    if not column.is_category or column.dates is not None or column.personal in _NEVER:
        return None
    if column.personal is not None and named < _SURE_NAME:
        return None
    if not contract.values:
        # The council's own words stand, and nothing about them can be checked.
        repeated = column.distinct <= _FEW_CATEGORIES or column.filled >= 3 * column.distinct
        fits = named >= _MOST and repeated and column.looks != "numbers"
        return Guess(name, column.name, named) if fits or (named >= _SURE_NAME and repeated) else None
    share = known_share(name, cells, contract)
    # Yes and no alone may answer any question.
    needs_a_name = name in _ONLY_BY_NAME or is_yes_or_no(cells.words[:_WORDS_TRIED].to_pylist())
    if share < _WORDS_KNOWN or (not named and needs_a_name):
        return None
    score = named * (0.5 + 0.5 * share) if named else (0.5 * share if share >= _WORDS_ALONE else 0.0)
    if score < _ENOUGH:
        return None
    doubts = () if named >= _MOST else (f"`{column.name}` is taken for its words, not for its name",)
    return Guess(name, column.name, score, doubts)


def known_share(name: str, cells: Cells, contract: ContractField, *, whole: bool = False) -> float:
    """Return the share of a column's cells whose word some synonym fits. whole: and nothing else stands in the word."""
    words = cells.words[:_WORDS_TRIED].to_pylist()
    counts = cells.counts[:_WORDS_TRIED]
    found = [meaning(name, word, contract) for word in words]
    hits = np.array([one is not None and (one.whole or not whole) for one in found], dtype=bool)
    return float(counts[hits].sum() / max(1, counts.sum()))


def is_yes_or_no(words: Iterable[str]) -> bool:
    """Say whether all of some words are spellings of a boolean."""
    folded = {fold(word) for word in words}
    return bool(folded) and folded <= {*YES, *NO}


def _some_report_time(known: Mapping[str, Column], used: set[str], contract: Transaction) -> dict[str, Guess]:
    """Take the best filled column of dates where no name says which is the time of the report."""
    closings = vocabulary.HEADERS["closed_at"] if "closed_at" in contract.fields else ()
    other = {*closings, *vocabulary.HEADERS["event_at"]}
    dated = [
        column
        for column in known.values()
        if column.dates is not None
        and column.name not in used
        and " ".join(tokens(column.name)) not in other
        and not says_other_date(column.name)
    ]
    if not dated:
        return {}
    best = max(
        dated,
        key=lambda column: (
            column.filled,
            -(column.dates.first.toordinal() if column.dates and column.dates.first else 0),
        ),
    )
    doubt = f"no name says which column is the time of the report; `{best.name}` is the best filled one of dates"
    return {"reported_at": Guess("reported_at", best.name, 0.0, (doubt,))}
