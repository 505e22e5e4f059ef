"""What a profile says: the facts of a feed's samples, and the same as JSON. No cell of a personal column is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from local_digital.profiling.columns import Column, Guess
    from local_digital.profiling.delivery import Delivery
    from local_digital.profiling.file_names import FileNames, NameDate
    from local_digital.profiling.services import Services


@dataclass(frozen=True)
class Word:
    """A council's word, how many rows have it, and the contract's value that it most likely means."""

    word: str
    count: int
    value: str | None
    sure: bool


@dataclass(frozen=True)
class Words:
    """The words of a field's column.

    hidden: how many more are not shown, as they may be about a person. closed: whether the contract lists the values.
    """

    words: tuple[Word, ...]
    hidden: int
    closed: bool


@dataclass(frozen=True)
class Note:
    """Something about a column of references. doubt: a person should look at it."""

    column: str
    text: str
    doubt: bool


@dataclass(frozen=True)
class File:
    """A sample file. first, last: the local days that its rows span. more_sheets: others with the same header."""

    name: str
    size: int
    wrappings: tuple[str, ...]
    documents: int
    rows: int
    ragged: int
    ragged_lines: tuple[str, ...]
    duplicates: int
    header: bool
    blank_names: tuple[str, ...]
    names_twice: tuple[str, ...]
    facts: dict[str, object]
    first: dt.date | None = None
    last: dt.date | None = None
    more_sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What sample files of one feed hold.

    fields: the guessed column of each field. times: for those that hold mere days, the column with the time and its
    format. renamed: the older names of a column, by its newest. words: of the label
    fields. blank: how many rows have no word for a label field. totals: by column, words of sums among those of counts.
    no_refs: texts in place of a reference, with how often. starts_again: whether files share references for different
    cases. identity: notes about references. weeks: rows by the Monday of their week. format: the keys of the feed's
    `format`.
    """

    transaction: str
    files: tuple[File, ...]
    rows: int
    format: dict[str, object]
    columns: tuple[Column, ...]
    fields: dict[str, Guess]
    times: dict[str, tuple[str, str | None]]
    renamed: dict[str, tuple[str, ...]]
    words: dict[str, Words]
    blank: dict[str, int]
    totals: dict[str, tuple[str, ...]]
    no_refs: dict[str, int]
    starts_again: bool
    services: Services | None
    identity: tuple[Note, ...]
    derived_from: tuple[str, ...]
    derived_is_unique: bool
    other_refs: tuple[str, ...]
    delivery: Delivery
    file_names: FileNames
    name_date: NameDate | None
    weeks: dict[dt.date, int]
    covers_from: dt.date | None

    def column(self, name: str) -> Column:
        """Return the column of a name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def personal(self) -> dict[str, str]:
        """The columns that probably hold personal data, with the kind of it."""
        return {column.name: column.personal for column in self.columns if column.personal}

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain facts, for `--json`."""
        return {
            "transaction": self.transaction,
            "rows": self.rows,
            "files": [_file_json(file) for file in self.files],
            "format": self.format,
            "columns": [_column_json(column) for column in self.columns],
            "fields": {
                name: {"column": guess.column, "doubts": list(guess.doubts)} for name, guess in self.fields.items()
            },
            "renamed": {name: list(older) for name, older in self.renamed.items()},
            "words": {
                name: {
                    "words": [word.__dict__ for word in found.words],
                    "hidden": found.hidden,
                }
                for name, found in self.words.items()
            },
            "blank": self.blank,
            "totals": {column: list(words) for column, words in self.totals.items()},
            "no_refs": self.no_refs,
            "starts_again": self.starts_again,
            "services": self.services.as_json() if self.services else None,
            "identity": [note.__dict__ for note in self.identity],
            "derived_from": list(self.derived_from),
            "delivery": {key: value for key, value in self.delivery.__dict__.items() if value not in {None, ()}},
            "file_names": {"pattern": self.file_names.pattern, "notes": list(self.file_names.notes)},
            "name_date": self.name_date._asdict() if self.name_date else None,
            "weeks": {day.isoformat(): count for day, count in self.weeks.items()},
            "covers_from": self.covers_from.isoformat() if self.covers_from else None,
        }


def _file_json(file: File) -> dict[str, Any]:
    facts = {**file.__dict__, "first": _iso(file.first), "last": _iso(file.last)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in facts.items()}


def _column_json(column: Column) -> dict[str, Any]:
    facts = {
        "name": column.name, "filled": column.filled, "rows": column.rows, "distinct": column.distinct,
        "looks": column.looks, "personal": column.personal, "leading_zeros": column.leading_zeros,
        "spoilt_by_excel": column.spoilt,
    }  # fmt: skip
    if column.dates is not None:
        dates = column.dates
        facts["dates"] = {
            "formats": list(dates.formats), "fits": dates.fits, "misfits": dates.misfits,
            "misfit_lines": list(dates.misfit_lines), "order": dates.order, "evidence": list(dates.evidence),
            "no_date": dates.no_date, "zones": dates.zones, "zone_hint": dates.zone_hint,
            "first": _iso(dates.first), "last": _iso(dates.last),
        }  # fmt: skip
    return facts


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
