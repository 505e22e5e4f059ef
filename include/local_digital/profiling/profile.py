"""From sample files to what the council's file must say. No cell of a personal column leaves here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.calendar import period_start
from local_digital.config.names import NamePattern
from local_digital.errors import DataError
from local_digital.fields import FIELDS, Kind
from local_digital.parsing import instants
from local_digital.profiling import columns as inference
from local_digital.profiling import vocabulary
from local_digital.profiling.cells import Cells
from local_digital.profiling.columns import Column, Guess
from local_digital.profiling.dates import find_dates
from local_digital.profiling.delivery import Delivery, by_overlap, combined, find_counts, find_event_log, real_refs
from local_digital.profiling.file_names import FileNames, NameDate, guess_name_date, guess_pattern
from local_digital.profiling.reading import Sample, blanks, read_sample
from local_digital.profiling.services import Services, find_services
from local_digital.profiling.words import header_score, is_often, may_be_shown, meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from local_digital.config.models import Transaction
    from local_digital.profiling.dates import Dates
    from local_digital.settings import Connection

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
    Days = np.ndarray[tuple[int], np.dtype[np.datetime64]]

_SURE_NAME = 0.9
_PARTS_OF_A_REF = 5
_LINES_SHOWN = 5
_EARLIEST = np.datetime64("1990-01-01", "D")
_STRAY_DAYS = 90
_LONDON = "Europe/London"
_HARDLY_ANY = 0.02
_MOST = 0.5


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


def profile(
    paths: Sequence[Path],
    contract: Transaction,
    *,
    connection: Callable[[str], Connection],
    pgp: str | None = None,
    progress: Callable[[Path, int], None] = lambda path, done: None,  # noqa: ARG005 - nobody watches
) -> Profile:
    """Profile sample files of one feed.

    contract: of the transaction that they are for. pgp: the connection with the OpenPGP key of encrypted samples.
    progress: told the bytes of each file that are done. Raises DataError when a file cannot be used.
    """
    samples = [
        read_sample(path, pgp=pgp, connection=connection, progress=lambda done, path=path: progress(path, done))  # type: ignore[misc]
        for path in dict.fromkeys(paths)
    ]
    if not any(sample.rows for sample in samples):
        if any(sample.ragged and "quotes_after_a_space" in sample.facts for sample in samples):
            raise DataError(
                ", ".join(map(str, paths)),
                expected="quotes that begin right behind the delimiter",
                found="a space before each, so that they mean nothing and cells fall apart",
                action="Ask the council for an export without these spaces.",
            )
        raise DataError(
            ", ".join(map(str, paths)),
            expected="rows of data",
            found="a header and nothing below it",
            action="Ask the council for a sample with rows.",
        )
    return _Profiling(samples, contract).profile()


class _Profiling:
    """Works through the samples step by step; each step needs what the ones before found."""

    def __init__(self, samples: Sequence[Sample], contract: Transaction) -> None:
        self._names = guess_pattern([sample.name for sample in samples])
        self._samples = _in_order(samples, self._names)
        self._contract = contract
        self._starts = np.cumsum([0, *(sample.rows for sample in self._samples)])
        self._rows = int(self._starts[-1])
        self._newest = int(self._starts[-2])
        self._renamed: dict[str, tuple[str, ...]] = {}
        self._cells: dict[str, Cells] = {}
        self._columns: list[Column] = []

    def profile(self) -> Profile:
        hashes = self._read_columns()
        fields = inference.infer(self._columns, self._cells, self._contract)
        delivery = self._delivery_by_shape(fields)
        fields = self._fitting(fields, delivery)
        services = find_services(self._columns, self._cells, self._contract)
        belongs = (
            np.ones(self._rows, dtype=bool) if services is None or not services.words else self._belonging(services)
        )
        derived, unique = self._derived(fields, delivery, hashes)
        refs = [fields["record_ref"].column] if "record_ref" in fields else list(derived)
        moments, has_time = self._moments(fields, delivery)
        days = moments.astype("datetime64[D]")
        shared, differ = self._shared_refs(fields, moments) if delivery is None else (0, 0)
        if starts_again := differ > _MOST * shared:
            refs = [*refs, fields["reported_at"].column]
        if delivery is None:
            delivery = by_overlap(self._ids_and_firsts(refs, days, belongs))
        files = tuple(self._file(index, sample, hashes, days) for index, sample in enumerate(self._samples))
        name_date = None
        if self._names.has_date:
            ends = zip(self._starts[:-1], self._starts[1:], strict=True)
            newest = [_span(moments[start:end])[1] for start, end in ends]
            named = [(sample.name, moment) for sample, moment in zip(self._samples, newest, strict=True)]
            name_date = guess_name_date(self._names.pattern, named, has_time=has_time)
        weeks = _weeks(days[belongs & self._latest_of_each(refs, delivery)])
        others = self._other_refs(fields)
        identity = [*self._identity(fields, others, delivery, hashes)]
        if differ > _HARDLY_ANY * shared:
            identity.insert(0, self._shared_note(fields, shared, differ))
        return Profile(
            transaction=self._contract.transaction,
            files=files,
            rows=self._rows,
            format=self._format(),
            columns=tuple(self._columns),
            fields=fields,
            times=self._times(fields),
            renamed=self._renamed,
            words=self._words(fields, belongs),
            blank=self._blank_labels(fields, belongs),
            totals=self._totals(fields) if delivery.kind == "aggregate" else {},
            no_refs=self._no_refs(fields),
            starts_again=starts_again,
            services=services,
            identity=tuple(identity),
            derived_from=derived,
            derived_is_unique=unique,
            other_refs=others,
            delivery=delivery,
            file_names=self._names,
            name_date=name_date,
            weeks=weeks,
            covers_from=_first_whole_day(days[belongs]),
        )

    def _times(self, fields: dict[str, Guess]) -> dict[str, tuple[str, str | None]]:
        used = {guess.column for guess in fields.values()}
        found = {}
        for name, guess in fields.items():
            dates = next((column.dates for column in self._columns if column.name == guess.column), None)
            if dates is None or dates.has_time or FIELDS[name] is not Kind.INSTANT or name == "period":
                continue
            time = inference.time_column(guess.column, self._columns, self._cells)
            if time is not None and time[0] not in used:
                found[name] = time
        return found

    # --- columns ---------------------------------------------------------------------------------------------------

    def _read_columns(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """Describe every column; return a hash of each row over all of them."""
        names = dict.fromkeys(name for sample in reversed(self._samples) for name in sample.columns)
        self._find_renamed(list(names))
        older = {name for found in self._renamed.values() for name in found}
        hashes = np.zeros(self._rows, np.uint64)
        for name in names:
            if name in older:
                continue
            cells = self._take(name)
            for other in self._renamed.get(name, ()):
                cells = cells.or_else(self._take(other))
            column = inference.describe(cells, self._line, self._newest, self._contract)
            self._columns.append(column)
            self._cells[name] = cells.without_words() if column.personal in inference.NEVER_READ else cells
            hashes = combined(hashes, cells.codes)
        self._look_past_duplicates(hashes)
        self._settle_undecided()
        return hashes

    def _look_past_duplicates(self, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        """Let a row that stands there twice speak against no reference: it is the same case, sent again."""
        once = np.unique(hashes[self._newest :], return_index=True)[1]
        if len(once) == self._rows - self._newest:
            return
        for index, column in enumerate(self._columns):
            cells = self._cells[column.name]
            newest = Cells(column.name, cells.codes[self._newest :][once], cells.all_words)
            if len(cells.all_words):
                self._columns[index] = inference.with_unique_share(column, newest)

    def _take(self, name: str) -> Cells:
        """Take a column out of the samples, so that it is not held twice."""
        parts = [sample.columns.pop(name, None) or pa.chunked_array([blanks(sample.rows)]) for sample in self._samples]
        return Cells.of(name, pa.chunked_array([chunk for part in parts for chunk in part.chunks]))

    def _settle_undecided(self) -> None:
        """Let columns that nothing decides follow the others of the export where those agree; it stays a doubt."""
        decided = {
            column.dates.order: column.name
            for column in self._columns
            if column.dates is not None and column.dates.order in {"day-first", "month-first"}
        }
        if len(decided) != 1:
            return
        for index, column in enumerate(self._columns):
            if column.dates is not None and column.dates.order == "undecided":
                follow = next(iter(decided.items()))
                dates = find_dates(self._cells[column.name], self._line, named_so=True, follow=follow)
                self._columns[index] = replace(column, dates=dates)

    def _find_renamed(self, names: Sequence[str]) -> None:
        """Find columns that bear one name in the newer files and another in the older ones."""
        present = {name: {at for at, sample in enumerate(self._samples) if name in sample.columns} for name in names}
        partial = [name for name in names if len(present[name]) < len(self._samples)]
        used: set[str] = set()
        for wanted in self._contract.fields:
            fitting = [name for name in partial if header_score(wanted, name) >= _SURE_NAME and name not in used]
            fitting.sort(key=lambda name: -max(present[name]))
            for name in fitting[1:]:
                if not present[name] & present[fitting[0]]:
                    self._renamed[fitting[0]] = (*self._renamed.get(fitting[0], ()), name)
                    used |= {fitting[0], name}

    def _line(self, row: int) -> str:
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        sample = self._samples[at]
        line = sample.line(row - int(self._starts[at]))
        return line if len(self._samples) == 1 else f"{line} of {sample.name}"

    # --- fields ----------------------------------------------------------------------------------------------------

    def _delivery_by_shape(self, fields: dict[str, Guess]) -> Delivery | None:
        """Recognise what one file shows: a log of events or counts."""
        columns = {column.name: column for column in self._columns}
        guessed = fields.get("record_ref")
        refs = [guessed.column] if guessed else []
        refs += [
            name for name in self._cells
            if name not in refs and header_score("record_ref", name) >= _SURE_NAME and not columns[name].is_unique
        ]  # fmt: skip
        status = fields["status"].column if "status" in fields else None
        last = {name: self._in_last_file(cells) for name, cells in self._cells.items()}
        if log := find_event_log(refs, self._columns, last, status):
            return log
        # A column that nothing but its uniqueness speaks for may be the counts of a short file.
        named = guessed is not None and header_score("record_ref", guessed.column) > 0
        has_ref = guessed is not None and named and columns[guessed.column].is_unique
        return find_counts(self._columns, self._cells, has_ref=has_ref)

    def _in_last_file(self, cells: Cells) -> Cells:
        """Return a column of the newest file alone, since a case comes again in every file."""
        return cells.slice(self._newest)

    def _fitting(self, fields: dict[str, Guess], delivery: Delivery | None) -> dict[str, Guess]:
        """Keep the fields that the kind of delivery has."""
        if delivery is None:
            return {name: guess for name, guess in fields.items() if name != "event_at"}
        if delivery.kind == "aggregate":
            assert delivery.period and delivery.count  # noqa: S101, PT018 - counts have both
            kept = {
                name: guess for name, guess in fields.items()
                if name not in {"record_ref", "reported_at", "closed_at", "event_at", "premises_key"}
                and guess.column not in {delivery.period, delivery.count}
            }  # fmt: skip
            return {
                "period": Guess("period", delivery.period, 1.0, delivery.doubts),
                "count": Guess("count", delivery.count, 1.0, delivery.count_doubts),
                **kept,
            }
        assert delivery.event_at and delivery.record_ref  # noqa: S101, PT018 - a log has both
        taken = {delivery.event_at, delivery.record_ref}
        return {
            "record_ref": Guess("record_ref", delivery.record_ref, 1.0),
            "event_at": Guess("event_at", delivery.event_at, 1.0),
            **{name: guess for name, guess in fields.items() if guess.column not in taken and name != "event_at"},
        }

    def _words(self, fields: dict[str, Guess], belongs: Mask) -> dict[str, Words]:
        found = {}
        for name, contract in self._contract.fields.items():
            guess = fields.get(name)
            if guess is None or FIELDS[name] is not Kind.LABEL:
                continue
            column = self._column(guess.column)
            counts = inference.label_words(self._cells[guess.column], belongs)
            if name == "ward" or (not contract.values and column.personal):
                found[name] = Words((), len(counts), bool(contract.values))
                continue
            rows = sum(counts.values())
            shown = {
                word: count for word, count in counts.items()
                if may_be_shown(name, word, contract, often=is_often(count, rows))
            }  # fmt: skip
            meanings = {word: meaning(name, word, contract) if contract.values else None for word in shown}
            found[name] = Words(
                tuple(
                    Word(word, count, means.value if (means := meanings[word]) else None, bool(means and means.sure))
                    for word, count in shown.items()
                ),
                len(counts) - len(shown),
                bool(contract.values),
            )
        return found

    def _blank_labels(self, fields: dict[str, Guess], belongs: Mask) -> dict[str, int]:
        found = {}
        for name, guess in fields.items():
            if FIELDS[name] is Kind.LABEL:
                cells = self._cells[guess.column]
                blank = np.asarray(pc.equal(cells.all_words, "").to_numpy(zero_copy_only=False), dtype=bool)
                if count := int(np.count_nonzero(blank[cells.codes[belongs]])):
                    found[name] = count
        return found

    def _totals(self, fields: dict[str, Guess]) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, guess in fields.items():
            if FIELDS[name] is Kind.LABEL:
                words = inference.label_words(self._cells[guess.column])
                if sums := tuple(word for word in words if word.casefold() in vocabulary.TOTALS):
                    found[guess.column] = sums
        return found

    def _belonging(self, services: Services) -> Mask:
        cells = self._cells[services.column]
        wanted = {word.casefold() for word in services.words}
        fits = np.array(
            [" ".join(word.split()).casefold() in wanted for word in cells.all_words.to_pylist()], dtype=bool
        )
        return np.asarray(fits[cells.codes], dtype=bool)

    # --- references ------------------------------------------------------------------------------------------------

    def _derived(
        self, fields: dict[str, Guess], delivery: Delivery | None, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]
    ) -> tuple[tuple[str, ...], bool]:
        """Return the columns that together tell rows apart, where there is no reference, and whether they do."""
        if "record_ref" in fields or (delivery is not None and delivery.kind == "aggregate"):
            return (), True
        start = self._newest
        wanted = len(np.unique(hashes[start:]))
        # What changes while a case is worked on cannot be part of what it is known by.
        changing = {fields[name].column for name in ("status", "closed_at", "outcome") if name in fields}
        dates = {column.name for column in self._columns if column.dates is not None}
        first = [fields["reported_at"].column] if "reported_at" in fields else []
        candidates = [
            column.name for column in self._columns
            if column.filled and column.name not in changing and column.personal != "free text"
            and column.name not in first and column.name not in dates
        ]  # fmt: skip
        alone = next(
            (
                name
                for name in candidates
                if self._cells[name].filled == self._rows and len(np.unique(self._cells[name].codes[start:])) >= wanted
            ),
            None,
        )
        if alone is not None:
            return (alone,), True
        chosen = first or candidates[:1]
        found = len(np.unique(combined(*(self._cells[name].codes[start:] for name in chosen)))) if chosen else 0
        while found < wanted and len(chosen) < _PARTS_OF_A_REF:
            counts = {
                name: len(np.unique(combined(*(self._cells[part].codes[start:] for part in (*chosen, name)))))
                for name in candidates if name not in chosen
            }  # fmt: skip
            best = max(counts, key=lambda name: counts[name], default=None)
            if best is None or counts[best] == found:
                break
            chosen, found = [*chosen, best], counts[best]
        return tuple(chosen), found >= wanted

    def _no_refs(self, fields: dict[str, Guess]) -> dict[str, int]:
        guess = fields.get("record_ref")
        if guess is None or not len(words := pa.array(self._cells[guess.column].words)):
            return {}
        none = pc.is_in(pc.utf8_lower(words), value_set=pa.array(sorted(vocabulary.NO_REF)))
        counts = self._cells[guess.column].counts[none.to_numpy(zero_copy_only=False)]
        return dict(zip(words.filter(none).to_pylist(), map(int, counts), strict=True))

    def _shared_refs(self, fields: dict[str, Guess], moments: Days) -> tuple[int, int]:
        """Count the references that two files share, and those of them that have another time of report there."""
        if not {"record_ref", "reported_at"} <= set(fields):
            return 0, 0
        cells = self._cells[fields["record_ref"].column]
        usable = real_refs(cells, spoilt=False) & ~np.isnat(moments)
        files = []
        for start, end in zip(self._starts[:-1], self._starts[1:], strict=True):
            rows = np.flatnonzero(usable[start:end]) + start
            refs, first = np.unique(cells.codes[rows], return_index=True)
            files.append((refs, moments[rows[first]]))
        shared = differ = 0
        for (before, then), (after, now) in pairwise(files):
            _, left, right = np.intersect1d(before, after, return_indices=True)
            shared += len(left)
            differ += int(np.count_nonzero(then[left] != now[right]))
        return shared, differ

    def _shared_note(self, fields: dict[str, Guess], shared: int, differ: int) -> Note:
        ref, reported = fields["record_ref"].column, fields["reported_at"].column
        text = (
            f"DO REFERENCES START AGAIN? {differ:,} of {shared:,} that two files share have another `{reported}`, "
            "so they are not unique across files. Ask for references that are; "
            f"`derived_from` with `{ref}` and `{reported}` tells such rows apart"
        )
        return Note(ref, text, doubt=True)

    def _other_refs(self, fields: dict[str, Guess]) -> tuple[str, ...]:
        used = {guess.column for guess in fields.values()}
        return tuple(
            column.name for column in self._columns
            if column.name not in used and column.personal is None and column.dates is None and column.filled > 1
            and (header_score("record_ref", column.name) >= _SURE_NAME
                 or (column.looks == "unique" and header_score("record_ref", column.name) > 0))
        )  # fmt: skip

    def _identity(
        self,
        fields: dict[str, Guess],
        others: Sequence[str],
        delivery: Delivery,
        hashes: np.ndarray[tuple[int], np.dtype[np.uint64]],
    ) -> Iterator[Note]:
        """Say of each reference whether it tells rows apart, and what has happened to its digits."""
        guess = fields.get("record_ref")
        if guess:
            yield from self._uniqueness(guess.column, delivery, hashes)
            for other in others:
                differ = self._cells[other].differ(self._cells[guess.column])
                text = f"looks like a reference too; differs from `{guess.column}` on {differ:,} of {self._rows:,} rows"
                yield Note(other, text, doubt=True)
        for name in dict.fromkeys([*([guess.column] if guess else []), *others, *self._premises()]):
            column = self._column(name)
            if column.leading_zeros:
                zeros = f"{_cells(column.leading_zeros)} begin with a zero, which a spreadsheet would drop"
                yield Note(name, zeros, doubt=False)
            if column.spoilt:
                lost = f"{_cells(column.spoilt)} are as Excel shortens them (1.00023E+11): their digits are lost"
                yield Note(name, lost, doubt=True)

    def _uniqueness(
        self, name: str, delivery: Delivery, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]
    ) -> Iterator[Note]:
        """Compare references in the newest file, since a case comes again in every file; exact duplicates are one."""
        cells = self._in_last_file(self._cells[name])
        rows = np.unique(combined(hashes[len(hashes) - len(cells.codes) :], cells.codes), return_index=True)[1]
        codes = cells.codes[rows]
        codes = codes[real_refs(cells, spoilt=True)[rows]]
        twice = len(codes) - len(np.unique(codes))
        where = "" if len(self._samples) == 1 else " in the newest file"
        if twice and delivery.kind != "event_log":
            yield Note(name, f"{_rows(twice)}{where} with the reference of another row that differs", doubt=True)
        elif not twice:
            yield Note(name, f"each row{where} has its own", doubt=False)
        column = self._column(name)
        if column.filled < column.rows:
            yield Note(name, f"missing on {_rows(column.rows - column.filled)}", doubt=True)

    def _column(self, name: str) -> Column:
        return next(column for column in self._columns if column.name == name)

    def _premises(self) -> list[str]:
        return [column.name for column in self._columns if column.personal == "premises"]

    # --- days ------------------------------------------------------------------------------------------------------

    def _moments(self, fields: dict[str, Guess], delivery: Delivery | None) -> tuple[Days, bool]:
        """Return the local time of each row, not-a-time where there is none, and whether these are more than days."""
        name = {"event_log": "event_at", "aggregate": "period"}.get(delivery.kind if delivery else "", "reported_at")
        guess = fields.get(name)
        dates = self._column(guess.column).dates if guess else None
        if guess is None or dates is None:
            return np.full(self._rows, np.datetime64("NaT", "us")), False
        cells = self._cells[guess.column]
        return np.asarray(_local_moments(cells.all_words, dates)[cells.codes]), dates.has_time

    def _latest_of_each(self, refs: Sequence[str], delivery: Delivery) -> Mask:
        """Mark one row of each case where files overlap, so that a week's rows are counted once."""
        if len(self._samples) == 1 or not refs or delivery.kind in {"event_log", "aggregate"}:
            return np.ones(self._rows, dtype=bool)
        ids = combined(*(self._cells[name].codes for name in refs))
        mask = np.zeros(self._rows, dtype=bool)
        mask[self._rows - 1 - np.unique(ids[::-1], return_index=True)[1]] = True
        return mask

    def _ids_and_firsts(self, refs: Sequence[str], days: Days, belongs: Mask) -> list[tuple[Numbers, dt.date | None]]:
        ids = combined(*(self._cells[name].codes for name in refs)).astype(np.int64) if refs else np.arange(self._rows)
        return [
            (np.unique(ids[start:end][belongs[start:end]]), _span(days[start:end][belongs[start:end]])[0])
            for start, end in zip(self._starts[:-1], self._starts[1:], strict=True)
        ]

    def _file(
        self, index: int, sample: Sample, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]], days: Days
    ) -> File:
        start, end = int(self._starts[index]), int(self._starts[index + 1])
        first, last = _span(days[start:end])
        return File(
            sample.name, sample.size, tuple(sample.wrappings), len(sample.documents), sample.rows, len(sample.ragged),
            tuple(sample.line_of(at) for at in sorted(sample.ragged)[:_LINES_SHOWN]),
            sample.rows - len(np.unique(hashes[start:end])), sample.has_header, tuple(sample.blank_names),
            tuple(sample.twice), sample.facts, first, last, tuple(sample.more_sheets),
        )  # fmt: skip

    def _format(self) -> dict[str, object]:
        """Return the format that fits all files: what differs between them is found out each time."""
        form = dict(self._samples[-1].format)
        for sample in self._samples:
            for key, other in sample.format.items():
                if key in form and form[key] != other and key in {"encoding", "delimiter"}:
                    form[key] = "auto"
        return form


def _rows(count: int) -> str:
    return f"{count:,} row" + ("" if count == 1 else "s")


def _cells(count: int) -> str:
    return f"{count:,} cell" + ("" if count == 1 else "s")


def _in_order(samples: Sequence[Sample], names: FileNames) -> list[Sample]:
    if not names.has_date:
        return list(samples)
    pattern = NamePattern.parse(names.pattern)
    return sorted(samples, key=lambda sample: pattern.first_day(sample.name) or dt.date.min)


def _local_moments(words: pa.Array, dates: Dates) -> Days:
    parsed = instants.parse(pa.chunked_array([words], pa.string()), dates.formats, dates.time_zone or _LONDON)
    local = pc.local_timestamp(pc.cast(parsed.utc.combine_chunks(), pa.timestamp("us", tz=_LONDON)))
    none = pc.is_in(words, value_set=pa.array(list(dates.no_date), pa.string()))
    known = pc.if_else(none, pa.scalar(None, local.type), local)
    return np.asarray(known.to_numpy(zero_copy_only=False)).astype("datetime64[us]")


def _span(moments: Days) -> tuple[Any, Any]:
    """Return the first and the last of some days or moments, as Python's own; None where there is none."""
    known = moments[~np.isnat(moments)]
    return (known.min().item(), known.max().item()) if len(known) else (None, None)


def _weeks(days: Days) -> dict[dt.date, int]:
    counts: Counter[dt.date] = Counter()
    for day, count in zip(*np.unique(days[~np.isnat(days)], return_counts=True), strict=True):
        counts[period_start("week", day.item())] += int(count)
    return dict(sorted(counts.items()))


def _first_whole_day(days: Days) -> dt.date | None:
    """Return the day after the oldest one, which may be cut; a few rows from long before do not count."""
    known = np.sort(days[~np.isnat(days) & (days >= _EARLIEST)])
    if not len(known):
        return None
    oldest = known[0]
    usual = known[len(known) // 200]
    if (usual - oldest).astype(int) > _STRAY_DAYS:
        oldest = usual
    after: dt.date = (oldest + np.timedelta64(1, "D")).item()
    return after
