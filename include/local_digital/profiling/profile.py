"""From sample files to what the council's file must say. No cell of a personal column leaves here."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from local_digital.config.names import NamePattern
from local_digital.errors import DataError
from local_digital.fields import FIELDS, Kind
from local_digital.profiling import columns as inference
from local_digital.profiling import council_words
from local_digital.profiling.columns import Guess
from local_digital.profiling.days import first_whole_day, local_moments, span, weeks_of
from local_digital.profiling.delivery import Delivery, by_overlap, combined, find_counts, find_event_log
from local_digital.profiling.facts import File, Profile, Word, Words
from local_digital.profiling.file_names import FileNames, guess_name_date, guess_pattern
from local_digital.profiling.reading import read_sample
from local_digital.profiling.references import References
from local_digital.profiling.services import Services, find_services
from local_digital.profiling.table import Table
from local_digital.profiling.words import header_score, is_often, may_be_shown, meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from local_digital.config.models import Transaction
    from local_digital.profiling.sample import Sample
    from local_digital.settings import Connection

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
    Days = np.ndarray[tuple[int], np.dtype[np.datetime64]]

_SURE_NAME = 0.9
_LINES_SHOWN = 5
_HARDLY_ANY = 0.02
_MOST = 0.5


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
        self._contract = contract
        self._table = Table(_in_order(samples, self._names), contract)
        self._references = References(self._table)

    def profile(self) -> Profile:
        fields = inference.infer(self._table.columns, self._table.cells, self._contract)
        delivery = self._delivery_by_shape(fields)
        fields = self._fitting(fields, delivery)
        services = find_services(self._table.columns, self._table.cells, self._contract, fields)
        belongs = (
            np.ones(self._table.rows, dtype=bool)
            if services is None or not services.words
            else self._belonging(services)
        )
        derived, unique = self._references.derived(fields, delivery)
        refs = [fields["record_ref"].column] if "record_ref" in fields else list(derived)
        moments, has_time = self._moments(fields, delivery)
        days = moments.astype("datetime64[D]")
        shared, differ = self._references.shared(fields, moments) if delivery is None else (0, 0)
        if starts_again := differ > _MOST * shared:
            refs = [*refs, fields["reported_at"].column]
        if delivery is None:
            delivery = by_overlap(self._ids_and_firsts(refs, days, belongs))
        files = tuple(self._file(index, sample, days) for index, sample in enumerate(self._table.samples))
        name_date = None
        if self._names.has_date:
            ends = zip(self._table.starts[:-1], self._table.starts[1:], strict=True)
            newest = [span(moments[start:end])[1] for start, end in ends]
            named = [(sample.name, moment) for sample, moment in zip(self._table.samples, newest, strict=True)]
            name_date = guess_name_date(self._names.pattern, named, has_time=has_time)
        weeks = weeks_of(days[belongs & self._latest_of_each(refs, delivery)])
        others = self._references.others(fields)
        identity = [*self._references.notes(fields, others, delivery)]
        if differ > _HARDLY_ANY * shared:
            identity.insert(0, self._references.shared_note(fields, shared, differ))
        return Profile(
            transaction=self._contract.transaction,
            files=files,
            rows=self._table.rows,
            format=self._format(),
            columns=tuple(self._table.columns),
            fields=fields,
            times=self._times(fields),
            renamed=self._table.renamed,
            words=self._words(fields, belongs),
            blank=self._blank_labels(fields, belongs),
            totals=self._totals(fields) if delivery.kind == "aggregate" else {},
            no_refs=self._references.missing(fields),
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
            covers_from=first_whole_day(days[belongs]),
        )

    def _times(self, fields: dict[str, Guess]) -> dict[str, tuple[str, str | None]]:
        used = {guess.column for guess in fields.values()}
        found = {}
        for name, guess in fields.items():
            dates = next((column.dates for column in self._table.columns if column.name == guess.column), None)
            if dates is None or dates.has_time or FIELDS[name] is not Kind.INSTANT or name == "period":
                continue
            time = inference.time_column(guess.column, self._table.columns, self._table.cells)
            if time is not None and time[0] not in used:
                found[name] = time
        return found

    # --- fields ----------------------------------------------------------------------------------------------------

    def _delivery_by_shape(self, fields: dict[str, Guess]) -> Delivery | None:
        """Recognise what one file shows: a log of events or counts."""
        columns = {column.name: column for column in self._table.columns}
        guessed = fields.get("record_ref")
        refs = [guessed.column] if guessed else []
        refs += [
            name for name in self._table.cells
            if name not in refs and header_score("record_ref", name) >= _SURE_NAME and not columns[name].is_unique
        ]  # fmt: skip
        status = fields["status"].column if "status" in fields else None
        last = {name: self._table.in_last_file(cells) for name, cells in self._table.cells.items()}
        if not self._are_payments(fields) and (log := find_event_log(refs, self._table.columns, last, status)):
            return log
        # A column that nothing but its uniqueness speaks for may be the counts of a short file.
        named = guessed is not None and header_score("record_ref", guessed.column) > 0
        has_ref = guessed is not None and named and columns[guessed.column].is_unique
        return find_counts(self._table.columns, self._table.cells, self._contract.fields, has_ref=has_ref)

    def _are_payments(self, fields: dict[str, Guess]) -> bool:
        """Say whether the rows of a reference are payments on an account, and no changes of one case: each has its
        amount, and either a reference of its own beside it or no status that changes.
        """
        if "amount" not in fields:
            return False
        ref = fields.get("record_ref")
        return "status" not in fields or (ref is not None and self._table.column(ref.column).is_unique)

    def _fitting(self, fields: dict[str, Guess], delivery: Delivery | None) -> dict[str, Guess]:
        """Keep the fields that the kind of delivery has."""
        if delivery is None or delivery.kind != "aggregate":
            # A row of one transaction begins none beside it.
            fields = {name: guess for name, guess in fields.items() if name != "starts"}
        if delivery is None:
            repeated = self._references.is_repeated(fields) and self._are_payments(fields)
            unfit = {"event_at", "record_ref"} if repeated else {"event_at"}
            return {name: guess for name, guess in fields.items() if name not in unfit}
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
            column = self._table.column(guess.column)
            counts = inference.label_words(self._table.cells[guess.column], belongs)
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
                cells = self._table.cells[guess.column]
                blank = np.asarray(pc.equal(cells.all_words, "").to_numpy(zero_copy_only=False), dtype=bool)
                if count := int(np.count_nonzero(blank[cells.codes[belongs]])):
                    found[name] = count
        return found

    def _totals(self, fields: dict[str, Guess]) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, guess in fields.items():
            if FIELDS[name] is Kind.LABEL:
                words = inference.label_words(self._table.cells[guess.column])
                if sums := tuple(word for word in words if word.casefold() in council_words.TOTALS):
                    found[guess.column] = sums
        return found

    def _belonging(self, services: Services) -> Mask:
        cells = self._table.cells[services.column]
        wanted = {word.casefold() for word in services.words}
        fits = np.array(
            [" ".join(word.split()).casefold() in wanted for word in cells.all_words.to_pylist()], dtype=bool
        )
        return np.asarray(fits[cells.codes], dtype=bool)

    # --- days ------------------------------------------------------------------------------------------------------

    def _moments(self, fields: dict[str, Guess], delivery: Delivery | None) -> tuple[Days, bool]:
        """Return the local time of each row, not-a-time where there is none, and whether these are more than days."""
        name = {"event_log": "event_at", "aggregate": "period"}.get(delivery.kind if delivery else "", "reported_at")
        guess = fields.get(name)
        dates = self._table.column(guess.column).dates if guess else None
        if guess is None or dates is None:
            return np.full(self._table.rows, np.datetime64("NaT", "us")), False
        cells = self._table.cells[guess.column]
        return np.asarray(local_moments(cells.all_words, dates)[cells.codes]), dates.has_time

    def _latest_of_each(self, refs: Sequence[str], delivery: Delivery) -> Mask:
        """Mark one row of each case where files overlap, so that a week's rows are counted once."""
        if len(self._table.samples) == 1 or not refs or delivery.kind in {"event_log", "aggregate"}:
            return np.ones(self._table.rows, dtype=bool)
        ids = combined(*(self._table.cells[name].codes for name in refs))
        mask = np.zeros(self._table.rows, dtype=bool)
        mask[self._table.rows - 1 - np.unique(ids[::-1], return_index=True)[1]] = True
        return mask

    def _ids_and_firsts(self, refs: Sequence[str], days: Days, belongs: Mask) -> list[tuple[Numbers, dt.date | None]]:
        ids = (
            combined(*(self._table.cells[name].codes for name in refs)).astype(np.int64)
            if refs
            else np.arange(self._table.rows)
        )
        return [
            (np.unique(ids[start:end][belongs[start:end]]), span(days[start:end][belongs[start:end]])[0])
            for start, end in zip(self._table.starts[:-1], self._table.starts[1:], strict=True)
        ]

    def _file(self, index: int, sample: Sample, days: Days) -> File:
        start, end = int(self._table.starts[index]), int(self._table.starts[index + 1])
        first, last = span(days[start:end])
        return File(
            sample.name, sample.size, tuple(sample.wrappings), len(sample.documents), sample.rows, len(sample.ragged),
            tuple(sample.line_of(at) for at in sorted(sample.ragged)[:_LINES_SHOWN]),
            sample.rows - len(np.unique(self._table.hashes[start:end])), sample.has_header, tuple(sample.blank_names),
            tuple(sample.twice), sample.facts, first, last, tuple(sample.more_sheets),
        )  # fmt: skip

    def _format(self) -> dict[str, object]:
        """Return the format that fits all files: what differs between them is found out each time."""
        form = dict(self._table.samples[-1].format)
        for sample in self._table.samples:
            for key, other in sample.format.items():
                if key in form and form[key] != other and key in {"encoding", "delimiter"}:
                    form[key] = "auto"
        return form


def _in_order(samples: Sequence[Sample], names: FileNames) -> list[Sample]:
    if not names.has_date:
        return list(samples)
    pattern = NamePattern.parse(names.pattern)
    return sorted(samples, key=lambda sample: pattern.first_day(sample.name) or dt.date.min)
