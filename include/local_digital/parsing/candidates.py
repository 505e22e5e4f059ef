"""A delivery's bytes through a feed's mapping: candidate records, and what is already known to be wrong with some.

Personal data end here: only mapped columns are kept at all, and a premises identifier becomes a key.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.ahead import ahead
from local_digital.calendar import LONDON, period_end, period_start
from local_digital.config.formats import CsvFormat
from local_digital.config.sources import Api, FileFacts, Open311
from local_digital.date_formats import readable
from local_digital.errors import DataError
from local_digital.fields import LABELS, RECORD_FIELDS, UNMAPPED, Kind
from local_digital.parsing import instants, values
from local_digital.parsing.documents import unwrap
from local_digital.parsing.mapping import REST_OF_ROW, Delivered, Filters, Mapping, Rows, blanks
from local_digital.parsing.plain_csv import Odd, PlainCsv
from local_digital.parsing.reading import read
from local_digital.parsing.sections import Wanted, fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_digital.config.models import Column
    from local_digital.landing import RawFile
    from local_digital.parsing.documents import Document
    from local_digital.parsing.sections import Reading
    from local_digital.settings import Connection
    from local_digital.workspace import FeedHandle

_WORDS_SHOWN = 50
_OFTEN = 3
# So many rows are gathered before their pieces are put together.
_GATHERED = 500_000


class Fault(NamedTuple):
    """A rule that a row broke. line: its place. expected: what should stand there, for the council; never a value."""

    line: int
    rule: str
    column: str
    expected: str


@dataclass(frozen=True)
class Candidates:
    """table: `line` (the row's place) and the canonical fields of every row that had the right number of cells, labels
    and keys as dictionaries; for event logs `event_at` too.

    rows_read: all rows, ragged ones too. filtered: rows of other services. faults: rows that parsing itself turned
    down. warnings: for people. found: what was found out about the file. documents: the names of an archive's files.
    """

    table: pa.Table
    rows_read: int
    filtered: int
    faults: list[Fault]
    warnings: list[str]
    found: dict[str, object]
    documents: list[str]


def parse(
    raw: RawFile,
    handle: FeedHandle,
    delivered: Delivered,
    *,
    secret: str,
    connection: Callable[[str], Connection],
    where: str,
) -> Candidates:
    """Parse a delivery. raw: its bytes. secret: keys premises identifiers.
    connection: looks up keys of encrypted exports.

    Raises DataError when the whole delivery is unusable.
    """
    if isinstance(handle.feed.reads_as, CsvFormat) and handle.feed.delivery != "aggregate":
        try:
            return _in_pieces(raw, handle, delivered, secret, where)
        except (Odd, DataError):
            # Whatever is wrong is told by the reader that looks at the whole.
            raw.rewind()
    documents = documents_of(raw.read(), handle, connection, where)
    reading, texts = _opened(documents, handle, delivered, where)
    warnings = [*reading.notes, *texts.drift()]
    conversion = _Conversion(handle, delivered, secret, where)
    conversion.add(texts.rows())
    return conversion.candidates(
        [place for section in reading.sections for place in section.ragged],
        warnings,
        reading.found,
        [document.name for document in documents] if any(document.name for document in documents) else [],
    )


def _in_pieces(raw: RawFile, handle: FeedHandle, delivered: Delivered, secret: str, where: str) -> Candidates:
    """Parse a plain CSV without holding its text; raises Odd where it is none, and DataError."""
    feed = handle.feed
    facts = feed.reads_as
    assert isinstance(facts, CsvFormat)  # noqa: S101 - the caller's condition
    kept = _names(handle)
    plain = PlainCsv(raw, facts, Wanted.of(kept | set(feed.ignored_columns), _groups(handle)), kept, where)
    warnings = Mapping(handle, [plain.header], delivered, where).drift()
    conversion = _Conversion(handle, delivered, secret, where)
    for section in ahead(plain.sections()):
        conversion.add(Mapping(handle, [section], delivered, where).rows())
    return conversion.candidates([], warnings, plain.found, [])


def documents_of(
    content: bytes, handle: FeedHandle, connection: Callable[[str], Connection], where: str
) -> list[Document]:
    """Return the files that a delivery holds; raises as `unwrap`."""
    documents = unwrap(content, handle.feed.reads_as, connection, where)
    if isinstance(handle.feed.source, Api | Open311):
        # An answer without a body has no records; a file without anything in it is a mishap.
        documents = [document for document in documents if document.content.strip()]
    return documents


def identify(
    documents: list[Document], handle: FeedHandle, delivered: Delivered, *, secret: str, where: str
) -> pa.Table:
    """Return `line`, `record_ref` and `premises_key` of every row that has the right number of cells.

    Those of other services are among them. Raises DataError when the whole delivery is unusable.
    """
    _, texts = _opened(documents, handle, delivered, where)
    texts.drift()
    return _Conversion(handle, delivered, secret, where).identities(texts.rows())


def _opened(documents: list[Document], handle: FeedHandle, delivered: Delivered, where: str) -> tuple[Reading, Mapping]:
    feed = handle.feed
    names = _names(handle) | set(feed.ignored_columns)
    reading = read(documents, feed.reads_as, names, _groups(handle), where)
    return reading, Mapping(handle, reading.sections, delivered, where)


def _names(handle: FeedHandle) -> set[str]:
    """Return the names of all columns that the mapping reads."""
    feed = handle.feed
    return {name for column in feed.columns.values() for name in column.names} | {row.column for row in feed.rows}


def _groups(handle: FeedHandle) -> list[tuple[str, ...]]:
    """Return, for each required field, the names that its column may have."""
    feed = handle.feed
    return [
        (column.source, *column.renamed_from)
        for name, column in feed.columns.items()
        if name in feed.required_fields and column.source
    ]


class _Words:
    """What came in the cells of one label and has no place among the contract's values."""

    def __init__(self) -> None:
        self._unmapped: Counter[str] = Counter()
        self._spellings: dict[str, str] = {}
        self._dropped = 0

    def add(self, unmapped: dict[str, int], dropped: int) -> None:
        for word, count in unmapped.items():
            self._unmapped[self._spellings.setdefault(fold(word), word)] += count
        self._dropped += dropped

    def warnings(self, name: str, source: str | None) -> list[str]:
        warnings = []
        if self._dropped:
            warnings.append(f"cells of `{source}` that look personal or are too long, left empty: {self._dropped}")
        # A word that came seldom may be a cell of another column in a row that went wrong, a name among them.
        often = sorted((word, count) for word, count in self._unmapped.items() if count >= _OFTEN)
        seldom = len(self._unmapped) - len(often)
        warnings += [f"{count} rows with the unmapped {name} `{values.shown(word)}`"
                     for word, count in often[:_WORDS_SHOWN]]  # fmt: skip
        if len(often) > _WORDS_SHOWN:
            warnings.append(f"{len(often) - _WORDS_SHOWN} more unmapped words for {name}")
        if seldom:
            warnings.append(f"unmapped words for {name} that came only once or twice, and are not shown: {seldom}")
        return warnings


class _Conversion:
    """Turns the text columns of one delivery into canonical ones, gathering faults and warnings on the way.

    It takes the rows in as many pieces as they come in.
    """

    def __init__(self, handle: FeedHandle, delivered: Delivered, secret: str, where: str) -> None:
        self._handle = handle
        self._feed = handle.feed
        self._rows: Rows
        self._delivered = delivered
        self._secret = secret
        self._where = where
        self._filters = Filters(handle.feed, where)
        self._faults: list[Fault] = []
        self._tables: list[pa.Table] = []
        self._gathered: list[pa.Table] = []
        self._read = 0
        self._filtered = 0
        self._premises = values.PremisesKeys(secret)
        self._keys_spoilt = 0
        self._words: dict[str, _Words] = {}

    def add(self, rows: Rows) -> None:
        """Convert the rows that belong to the feed."""
        self._read += len(rows.places)
        belongs = self._filters.let_through(rows)
        if not belongs.all():
            self._filtered += int(np.count_nonzero(~belongs))
            rows = Rows(
                rows.places[belongs],
                {name: text.filter(pa.array(belongs)) for name, text in rows.texts.items()},
                rows.native_dates,
            )
        self._rows = rows
        self._tables.append(self._table())
        if sum(table.num_rows for table in self._tables) >= _GATHERED:
            self._gather()

    def _gather(self) -> None:
        """Put pieces together, so that each premises' key stands once among so many rows."""
        if self._tables:
            self._gathered.append(pa.concat_tables(self._tables).unify_dictionaries().combine_chunks())
        self._tables = []

    def candidates(
        self, ragged: list[int], warnings: list[str], found: dict[str, object], documents: list[str]
    ) -> Candidates:
        """Return what all rows together came to. ragged: the places of further rows, of another width."""
        self._filters.refuse_untold()
        self._gather()
        self._faults += [
            Fault(place, "ragged_row", "",
                  "as many cells as the header has; a comma or quote inside a cell needs quotes")
            for place in ragged
        ]  # fmt: skip
        return Candidates(
            _counting_one(pa.concat_tables(self._gathered).unify_dictionaries()),
            self._read + len(ragged),
            self._filtered,
            self._faults,
            warnings + self._warnings(),
            found,
            documents,
        )

    def _table(self) -> pa.Table:
        columns = {"line": pa.chunked_array([self._rows.places], pa.int64())}
        columns |= {name: self._column(name, kind) for name, kind in RECORD_FIELDS.items()}
        match self._feed.delivery:
            case "event_log":
                columns["event_at"] = self._column("event_at", Kind.INSTANT)
                self._require(columns["event_at"], "event_at", "no_event_time", "the time of the change")
                # The report came before anything that is told of the case.
                closed, event = columns["closed_at"], columns["event_at"]
                told = pc.if_else(pc.fill_null(pc.less(closed, event), False), closed, event)
                columns["reported_at"] = pc.coalesce(columns["reported_at"], told)
            case "aggregate":
                columns["reported_at"] = self._periods()
                columns["record_ref"] = self._count_refs(columns["reported_at"])
                self._require(columns["count"], "count", "no_count", "a count")
        zone = self._zone("closed_at")
        columns["closed_at"] = instants.not_before(columns["closed_at"], columns["reported_at"], self._feed.time_zone)
        columns["closed_at"] = instants.second_reading(columns["closed_at"], columns["reported_at"], zone)
        return pa.table(columns)

    def identities(self, rows: Rows) -> pa.Table:
        """Convert nothing but what tells whose row it is."""
        self._rows = rows
        columns = {"line": pa.chunked_array([self._rows.places], pa.int64())}
        return pa.table(columns | {name: self._column(name, RECORD_FIELDS[name])
                                   for name in ("record_ref", "premises_key")})  # fmt: skip

    def _column(self, name: str, kind: Kind) -> pa.ChunkedArray:
        column = self._feed.columns.get(name)
        if column is None:
            return self._absent(name, kind)
        text = self._rows.texts.get(name)
        if text is not None:
            text = values.without_blanks(text, column.blank)
        match kind:
            case Kind.LABEL:
                return self._labels(name, column, text)
            case Kind.INSTANT:
                return self._instants(name, column, text)
            case Kind.NUMBER | Kind.MONEY:
                return self._numbers(name, kind, text)
            case Kind.REF:
                return self._refs(column, text)
            case Kind.KEY:
                return self._keys(text)

    def _refs(self, column: Column, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        if not column.derived_from:
            refs, wrong = values.refs(self._text(text))
            self._turn_down(wrong, "no_reference", "record_ref", "a reference of at most 200 characters")
            return refs
        return values.derived_refs([self._rows.texts[f"part {part}"] for part in column.derived_from], self._secret)

    def _keys(self, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        keys, unusable = self._premises.of(self._text(text))
        self._keys_spoilt += unusable
        return keys

    def _numbers(self, name: str, kind: Kind, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        if kind is Kind.MONEY:
            amounts, wrong = values.pounds(self._text(text))
            self._turn_down(wrong, "no_such_amount", name, "an amount in pounds, such as 1234.50 or £1,234.50")
            return amounts
        numbers, wrong = values.whole_numbers(self._text(text))
        self._turn_down(wrong, "no_such_number", name, "a whole number, such as 1234 or 1,234")
        return numbers

    def _absent(self, name: str, kind: Kind) -> pa.ChunkedArray:
        rows = len(self._rows.places)
        if name == "count" or kind in {Kind.LABEL, Kind.NUMBER, Kind.MONEY}:
            # Most contracts have no use for most of these: as nulls without a type they take no room at all.
            return pa.chunked_array([pa.nulls(rows)])
        return pa.chunked_array([pa.nulls(rows, values.TYPES[kind])])

    def _text(self, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        return blanks(len(self._rows.places)) if text is None else text

    def _instants(self, name: str, column: Column, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        if column.from_file_name:
            return self._from_name()
        # Dates that came as dates stand in the cells in ISO form, which can be read in one way only.
        formats = (*column.formats, "iso") if self._rows.native_dates else column.formats
        parsed = instants.parse(self._text(text), formats, self._zone(name), ignore_offset=column.ignore_offset)
        expected = f"a day and local time that exist, as {' or '.join(map(readable, column.formats))}"
        self._turn_down(parsed.wrong, "no_such_time", name, expected)
        return parsed.utc

    def _from_name(self) -> pa.ChunkedArray:
        source = self._feed.source
        try:
            day = source.pattern.first_day(self._delivered.name) if isinstance(source, FileFacts) else None
        except ValueError:
            day = None
        if day is None:
            raise DataError(
                self._where,
                expected="a name with the date that the rows are of",
                found="no valid date where the pattern has one",
                action="Rename the file, or mend `source.files` in the council's file.",
            )
        moment = dt.datetime.combine(day, dt.time(), LONDON).astimezone(dt.UTC)
        return pa.chunked_array([pa.repeat(pa.scalar(moment, instants.INSTANT), len(self._rows.places))])

    def _labels(self, name: str, column: Column, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        if column.value:
            fixed = pa.repeat(pa.scalar(column.value), len(self._rows.places))
            return pa.chunked_array([fixed.dictionary_encode()])
        field = self._handle.contract.fields.get(name)
        mapped, unmapped, dropped = values.labels(
            self._text(text), column.words, closed_list=bool(field and field.values)
        )
        self._words.setdefault(name, _Words()).add(unmapped, dropped)
        if column.when_blank:
            mapped = pc.fill_null(pc.cast(mapped, pa.string()), column.when_blank).dictionary_encode()
        if unmapped and self._feed.drift.new_category == "quarantine":
            new = pc.fill_null(pc.equal(pc.cast(mapped, pa.string()), UNMAPPED), False).to_numpy()
            self._turn_down(np.asarray(new, dtype=bool), "new_category", name, "a word that has been agreed on")
        return mapped

    def _warnings(self) -> list[str]:
        warnings = []
        for name in RECORD_FIELDS:
            source = self._feed.columns[name].source if name in self._feed.columns else None
            if name == "premises_key" and self._keys_spoilt:
                warnings.append(f"rows whose `{source}` a spreadsheet has shortened: {self._keys_spoilt}")
            if name in self._words:
                warnings += self._words[name].warnings(name, source)
        return warnings

    def _periods(self) -> pa.ChunkedArray:
        """Return the first moment of each row's period; turn down dates that begin (or end) none."""
        moments = self._column("period", Kind.INSTANT)
        facts = self._feed.aggregate
        assert facts is not None  # noqa: S101 - the model demands it
        days = pc.cast(pc.local_timestamp(pc.cast(moments, pa.timestamp("us", tz=self._zone("period")))), pa.date32(),
                       safe=False)  # fmt: skip
        starts = {
            day: _start_of_whole_period(day, facts.period, named_by=facts.named_by)
            for day in pc.unique(days).to_pylist()
            if day is not None
        }
        found = [starts.get(day) for day in days.to_pylist()]
        given = np.asarray(pc.is_valid(days).to_numpy(), dtype=bool)
        wrong = given & np.array([moment is None for moment in found], dtype=bool)
        named = "first" if facts.named_by == "start" else "last"
        self._turn_down(
            wrong, "no_whole_period", "period", f"the {named} day of a {facts.period}; weeks are from Monday"
        )
        return pa.chunked_array([pa.array(found, instants.INSTANT)])

    def _count_refs(self, periods: pa.ChunkedArray) -> pa.ChunkedArray:
        """Tell counts apart by their period, the council's own words and whatever else stands in the row.

        Two words of one channel are two counts, and so are two rows that differ in a column nobody mapped: they add up.
        Only a row that stands there again to the letter, or with another count, is the same.
        """
        words = [self._text(self._rows.texts.get(name)) for name in LABELS if name in self._feed.columns]
        return values.derived_refs(
            [pc.cast(periods, pa.string()), *words, self._rows.texts[REST_OF_ROW]], self._delivered.series
        )

    def _require(self, column: pa.ChunkedArray, name: str, rule: str, expected: str) -> None:
        already = np.isin(self._rows.places, [fault.line for fault in self._faults])
        missing = np.asarray(pc.is_null(column).to_numpy(), dtype=bool) & ~already
        self._turn_down(missing, rule, name, expected)

    def _turn_down(self, mask: instants.Mask, rule: str, name: str, expected: str) -> None:
        column = self._feed.columns[name].source or ""
        self._faults += [Fault(int(place), rule, column, expected) for place in self._rows.places[mask]]

    def _zone(self, name: str) -> str:
        column = self._feed.columns.get(name)
        return column.time_zone if column and column.time_zone else self._feed.time_zone


def _counting_one(table: pa.Table) -> pa.Table:
    """Let each row count as one where the export says no counts; chunks share their ones, which take room once."""
    position = table.schema.get_field_index("count")
    if not pa.types.is_null(table.schema.field(position).type):
        return table
    lengths = [len(chunk) for chunk in table.column("line").chunks]
    ones = pa.repeat(pa.scalar(1, pa.int64()), max(lengths, default=0))
    return table.set_column(position, "count", pa.chunked_array([ones[:length] for length in lengths], pa.int64()))


def _start_of_whole_period(day: dt.date, kind: str, *, named_by: str) -> dt.datetime | None:
    """Return the moment at which the period begins that a day is the first (or last) of, None when it is not."""
    if kind == "day":
        start = day
    else:
        start = period_start(kind, day)
        try:
            named = start if named_by == "start" else period_end(kind, start) - dt.timedelta(days=1)
        except OverflowError:
            # The calendar ends within it: `9999-12-31` is how some systems write that there is no date.
            return None
        if named != day:
            return None
    return dt.datetime.combine(start, dt.time(), LONDON).astimezone(dt.UTC)
