"""A delivery's bytes through a feed's mapping: candidate records, and what is already known to be wrong with some.

Personal data end here: only mapped columns are kept at all, and a premises identifier becomes a key.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.calendar import LONDON, period_end, period_start
from local_digital.config.sources import Api, FileFacts, Open311
from local_digital.date_formats import readable
from local_digital.errors import DataError
from local_digital.fields import LABELS, RECORD_FIELDS, UNMAPPED, Kind
from local_digital.parsing import instants, values
from local_digital.parsing.documents import unwrap
from local_digital.parsing.reading import read
from local_digital.parsing.sections import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_digital.config.models import Column, Feed, RowFilter
    from local_digital.parsing.sections import Places, Section
    from local_digital.settings import Connection
    from local_digital.workspace import FeedHandle

_WORDS_SHOWN = 50
_COLUMNS_SHOWN = 100


class Fault(NamedTuple):
    """A rule that a row broke. line: its place. expected: what should stand there, in words for the council; no value."""

    line: int
    rule: str
    column: str
    expected: str


class Delivered(NamedTuple):
    """What the ledger knows of a delivery: the file's name, and the moment it is complete up to (aware)."""

    name: str
    as_of: dt.datetime


@dataclass(frozen=True)
class Candidates:
    """table: `line` (the row's place) and the canonical fields of every row that had the right number of cells; for
    event logs `event_at` too.

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
    content: bytes,
    handle: FeedHandle,
    delivered: Delivered,
    *,
    secret: str,
    connection: Callable[[str], Connection],
    where: str,
) -> Candidates:
    """Parse a delivery. secret: keys premises identifiers. connection: looks up keys of encrypted exports.

    Raises DataError when the whole delivery is unusable.
    """
    feed = handle.feed
    documents = unwrap(content, feed.reads_as, connection, where)
    if isinstance(feed.source, Api | Open311):
        # An answer without a body has no records; a file without anything in it is a mishap.
        documents = [document for document in documents if document.content.strip()]
    names = {name for column in feed.columns.values() for name in column.names} | {row.column for row in feed.rows}
    groups = [
        (column.source, *column.renamed_from)
        for name, column in feed.columns.items()
        if name in feed.required_fields and column.source
    ]
    reading = read(documents, feed.reads_as, names | set(feed.ignored_columns), groups, where)
    texts = _Texts(handle, reading.sections, delivered, where)
    warnings = [*reading.notes, *texts.drift()]
    rows = texts.rows()
    belongs = _belonging(feed, rows, where)
    filtered = int(np.count_nonzero(~belongs))
    if filtered:
        rows = _Rows(
            rows.places[belongs],
            {name: text.filter(pa.array(belongs)) for name, text in rows.texts.items()},
            rows.native_dates,
        )
    conversion = _Conversion(handle, rows, delivered, secret, where)
    table = conversion.table()
    ragged = [place for section in reading.sections for place in section.ragged]
    conversion.faults += [
        Fault(place, "ragged_row", "", "as many cells as the header has; a comma or quote inside a cell needs quotes")
        for place in ragged
    ]
    return Candidates(
        table,
        len(rows.places) + filtered + len(ragged),
        filtered,
        conversion.faults,
        warnings + conversion.warnings,
        reading.found,
        [document.name for document in documents] if any(document.name for document in documents) else [],
    )


@dataclass(frozen=True)
class _Rows:
    """texts: trimmed cells by the names that `_Texts` asks for."""

    places: Places
    texts: dict[str, pa.ChunkedArray]
    native_dates: bool


class _Texts:
    """Finds the columns of the mapping in every section, whatever they are called there."""

    def __init__(self, handle: FeedHandle, sections: list[Section], delivered: Delivered, where: str) -> None:
        self._handle = handle
        self._feed = handle.feed
        self._sections = sections
        self._delivered = delivered
        self._where = where

    def drift(self) -> list[str]:
        """Compare the columns with the mapping; return warnings, or raise DataError where the feed says so."""
        unknown: dict[str, None] = {}
        absent: dict[str, str] = {}
        known = {fold(name) for column in self._feed.columns.values() for name in column.names}
        known |= {fold(name) for name in (*self._feed.ignored_columns, *(row.column for row in self._feed.rows))}
        for section in self._sections:
            self._refuse_doubles(section)
            unknown |= dict.fromkeys(name for name in section.names if fold(name) not in known)
            for name, column in self._feed.columns.items():
                if column.names and not self._found(section, column):
                    absent[name] = column.names[0]
        required = [column for name, column in absent.items() if self._is_required(name)]
        if required:
            raise DataError(
                self._where,
                expected=f"the columns {', '.join(self._all_names())}",
                found=f"no column {', '.join(required)}",
                action="Ask the council whether the export changed; if for good, mend `columns` in the council's file "
                "(`renamed_from` keeps older exports readable).",
            )
        return self._reported(list(unknown), absent)

    def _reported(self, unknown: list[str], absent: dict[str, str]) -> list[str]:
        policy = self._feed.drift
        warnings = []
        if unknown and policy.unknown_column == "reject":
            raise self._drifted("no column that the mapping does not know", f"the new {', '.join(unknown)}")
        if policy.unknown_column == "report":
            warnings += [
                f"column `{name}` is new: nothing maps it, it was dropped" for name in unknown[:_COLUMNS_SHOWN]
            ]
            if len(unknown) > _COLUMNS_SHOWN:
                warnings.append(f"{len(unknown) - _COLUMNS_SHOWN} more columns are new")
        for name, column in absent.items():
            added_on = self._feed.columns[name].added_on
            if added_on and self._delivered.as_of.astimezone(LONDON).date() < added_on:
                continue
            if policy.missing_optional == "reject":
                raise self._drifted(f"the column {column}", "none")
            warnings.append(f"column `{column}` is missing; `{name}` stays empty")
        return warnings

    def rows(self) -> _Rows:
        """Return the cells of all sections together: one text column a field, and one a further name asked for."""
        texts: dict[str, list[pa.ChunkedArray]] = {}
        for section in self._sections:
            for name, column in self._feed.columns.items():
                found = self._found(section, column)
                if column.derived_from:
                    for part in column.derived_from:
                        texts.setdefault(f"part {part}", []).append(_trimmed(section, part))
                elif found:
                    texts.setdefault(name, []).append(values.first_filled([_trimmed(section, part) for part in found]))
                elif column.names:
                    texts.setdefault(name, []).append(_blanks(len(section.places)))
            for row in self._feed.rows:
                key = f"filter {row.column}"
                if len(texts.setdefault(key, [])) < self._sections.index(section) + 1:
                    texts[key].append(_trimmed(section, row.column))
        return _Rows(
            np.concatenate([section.places for section in self._sections]),
            {
                name: pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())
                for name, parts in texts.items()
            },
            any(section.native_dates for section in self._sections),
        )

    def _found(self, section: Section, column: Column) -> list[str]:
        """Return the columns of a section that a field reads, the main one first; none when it has none of them."""
        if column.derived_from:
            return [name for name in column.derived_from if section.column(name) is not None]
        main = next(
            (name for name in (column.source, *column.renamed_from) if name and section.column(name) is not None), None
        )
        others = [name for name in column.otherwise if section.column(name) is not None]
        return [*([main] if main else []), *others]

    def _refuse_doubles(self, section: Section) -> None:
        twice = sorted(
            name for column in self._feed.columns.values() for name in column.names if fold(name) in section.twice
        )
        if twice:
            raise DataError(
                self._where,
                expected="each column once",
                found=f"the column {', '.join(twice)} more than once",
                action=f"Ask the council to mend the export, or map one of them as `{twice[0]} (1)`, `{twice[0]} (2)`.",
            )

    def _is_required(self, name: str) -> bool:
        field = self._handle.contract.fields.get(name)
        return name in self._feed.required_fields or bool(
            field and field.required and name not in {"record_ref", "reported_at"}
        )

    def _all_names(self) -> list[str]:
        return [column.source for column in self._feed.columns.values() if column.source]

    def _drifted(self, expected: str, found: str) -> DataError:
        return DataError(
            self._where,
            expected=expected,
            found=found,
            action="The feed's `drift` rejects such a change: agree on it with the council, then mend its file.",
        )


def _trimmed(section: Section, name: str) -> pa.ChunkedArray:
    column = section.column(name)
    return _blanks(len(section.places)) if column is None else pc.utf8_trim_whitespace(column)


def _blanks(rows: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(pa.scalar(""), rows)], pa.string())


def _belonging(feed: Feed, rows: _Rows, where: str) -> instants.Mask:
    """Return the mask of the rows that all filters of a feed let through."""
    mask = np.ones(len(rows.places), dtype=bool)
    for row in feed.rows:
        text = rows.texts.get(f"filter {row.column}")
        if text is None or (len(mask) and pc.all(pc.equal(text, "")).as_py()):
            raise DataError(
                where,
                expected=f"the column {row.column}, which tells the rows of this service apart",
                found="no such column, or nothing in it",
                action="Ask the council whether the export changed; if for good, mend `rows` in the council's file.",
            )
        mask &= _lets_through(row, text)
    return mask


def _lets_through(row: RowFilter, text: pa.ChunkedArray) -> instants.Mask:
    wanted, unwanted = set(map(fold, row.in_)), set(map(fold, row.not_in))
    like, unlike = ([re.compile(fnmatch.translate(fold(pattern))) for pattern in patterns]
                    for patterns in (row.like, row.not_like))  # fmt: skip

    def fits(word: str) -> bool:
        folded = fold(word)
        return (
            (not (wanted or like) or folded in wanted or any(pattern.match(folded) for pattern in like))
            and folded not in unwanted
            and not any(pattern.match(folded) for pattern in unlike)
        )

    encoded = text.combine_chunks().dictionary_encode()
    verdicts = np.array([fits(word) for word in encoded.dictionary.to_pylist()], dtype=bool)
    if not len(text):
        return np.ones(0, dtype=bool)
    return np.asarray(verdicts[encoded.indices.to_numpy(zero_copy_only=False)])


class _Conversion:
    """Turns the text columns of one delivery into canonical ones, gathering faults and warnings on the way."""

    def __init__(self, handle: FeedHandle, rows: _Rows, delivered: Delivered, secret: str, where: str) -> None:
        self._handle = handle
        self._feed = handle.feed
        self._rows = rows
        self._delivered = delivered
        self._secret = secret
        self._where = where
        self._days: dict[str, instants.Mask] = {}
        self.faults: list[Fault] = []
        self.warnings: list[str] = []

    def table(self) -> pa.Table:
        """Convert everything; see `Candidates`."""
        columns = {"line": pa.chunked_array([self._rows.places], pa.int64())}
        columns |= {name: self._column(name, kind) for name, kind in RECORD_FIELDS.items()}
        match self._feed.delivery:
            case "event_log":
                columns["event_at"] = self._column("event_at", Kind.INSTANT)
                self._require(columns["event_at"], "event_at", "no_event_time", "the time of the change")
                columns["reported_at"] = pc.coalesce(columns["reported_at"], columns["event_at"])
            case "aggregate":
                columns["reported_at"] = self._periods()
                columns["record_ref"] = self._count_refs(columns["reported_at"])
                self._require(columns["count"], "count", "no_count", "a count")
        zone = self._zone("closed_at")
        if "closed_at" in self._days:
            columns["closed_at"] = instants.not_before(
                columns["closed_at"], self._days["closed_at"], columns["reported_at"], self._feed.time_zone
            )
        columns["closed_at"] = instants.second_reading(columns["closed_at"], columns["reported_at"], zone)
        return pa.table(columns)

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
            case Kind.NUMBER:
                numbers, wrong = values.whole_numbers(self._text(text))
                self._turn_down(wrong, "no_such_number", name, "a whole number, such as 1234 or 1,234")
                return numbers
            case Kind.REF:
                if column.derived_from:
                    parts = [self._rows.texts[f"part {part}"] for part in column.derived_from]
                    return values.derived_refs(parts, self._secret)
                return values.refs(self._text(text))
            case Kind.KEY:
                keys, unusable = values.premises_keys(self._text(text), self._secret)
                if unusable:
                    self.warnings.append(f"{unusable} rows whose `{column.source}` a spreadsheet has shortened")
                return keys

    def _absent(self, name: str, kind: Kind) -> pa.ChunkedArray:
        rows = len(self._rows.places)
        match kind:
            case Kind.NUMBER:
                return pa.chunked_array([pa.repeat(pa.scalar(1, pa.int64()), rows)])
            case Kind.LABEL:
                return pa.chunked_array([pa.nulls(rows, pa.string()).dictionary_encode()])
            case _:
                types = {Kind.REF: pa.string(), Kind.INSTANT: instants.INSTANT, Kind.KEY: pa.binary()}
                return pa.chunked_array([pa.nulls(rows, types[kind])])

    def _text(self, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        return _blanks(len(self._rows.places)) if text is None else text

    def _instants(self, name: str, column: Column, text: pa.ChunkedArray | None) -> pa.ChunkedArray:
        if column.from_file_name:
            return self._from_name()
        # Dates that came as dates stand in the cells in ISO form, which can be read in one way only.
        formats = (*column.formats, "iso") if self._rows.native_dates else column.formats
        parsed = instants.parse(self._text(text), formats, self._zone(name), ignore_offset=column.ignore_offset)
        expected = f"a local time that exists, as {' or '.join(map(readable, column.formats))}"
        self._turn_down(parsed.wrong, "no_such_time", name, expected)
        self._days[name] = parsed.days
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
        mapped, unmapped = values.labels(self._text(text), column.words, closed_list=bool(field and field.values))
        # A word that came once may be a cell of another column in a row that went wrong, a name among them.
        often = sorted((word, count) for word, count in unmapped.items() if count > 1)
        once = len(unmapped) - len(often)
        for word, count in often[:_WORDS_SHOWN]:
            self.warnings.append(f"{count} rows with the unmapped {name} `{values.shown(word)}`")
        if len(often) > _WORDS_SHOWN:
            self.warnings.append(f"{len(often) - _WORDS_SHOWN} more unmapped words for {name}")
        if once:
            self.warnings.append(f"rows with an unmapped {name} that came only once, and is not shown: {once}")
        if unmapped and self._feed.drift.new_category == "quarantine":
            new = pc.fill_null(pc.equal(pc.cast(mapped, pa.string()), UNMAPPED), False).to_numpy()
            self._turn_down(np.asarray(new, dtype=bool), "new_category", name, "a word that has been agreed on")
        return mapped

    def _periods(self) -> pa.ChunkedArray:
        """Return the first moment of each row's period; turn down dates that begin (or end) none."""
        moments = self._column("period", Kind.INSTANT)
        facts = self._feed.aggregate
        assert facts is not None  # noqa: S101 - the model demands it
        days = pc.cast(pc.local_timestamp(pc.cast(moments, pa.timestamp("us", tz=self._zone("period")))), pa.date32(),
                       safe=False)  # fmt: skip
        starts: dict[dt.date, dt.datetime | None] = {}
        for day in pc.unique(days).to_pylist():
            if day is not None:
                starts[day] = _start_of_whole_period(day, facts.period, named_by=facts.named_by)
        found = [starts.get(day) if day is not None else None for day in days.to_pylist()]
        named = "first" if facts.named_by == "start" else "last"
        wrong = np.array([day is not None and moment is None for day, moment in zip(days.to_pylist(), found, strict=True)],
                         dtype=bool)  # fmt: skip
        self._turn_down(
            wrong, "no_whole_period", "period", f"the {named} day of a {facts.period}; weeks are from Monday"
        )
        return pa.chunked_array([pa.array(found, instants.INSTANT)])

    def _count_refs(self, periods: pa.ChunkedArray) -> pa.ChunkedArray:
        """Tell counts apart by their period and the council's own words: two words of one channel are two counts."""
        words = [self._text(self._rows.texts.get(name)) for name in LABELS if name in self._feed.columns]
        return values.derived_refs([pc.cast(periods, pa.string()), *words], self._feed.delivery)

    def _require(self, column: pa.ChunkedArray, name: str, rule: str, expected: str) -> None:
        already = np.isin(self._rows.places, [fault.line for fault in self.faults])
        missing = np.asarray(pc.is_null(column).to_numpy(), dtype=bool) & ~already
        self._turn_down(missing, rule, name, expected)

    def _turn_down(self, mask: instants.Mask, rule: str, name: str, expected: str) -> None:
        column = self._feed.columns[name].source or ""
        self.faults += [Fault(int(place), rule, column, expected) for place in self._rows.places[mask]]

    def _zone(self, name: str) -> str:
        column = self._feed.columns.get(name)
        return column.time_zone if column and column.time_zone else self._feed.time_zone


def _start_of_whole_period(day: dt.date, kind: str, *, named_by: str) -> dt.datetime | None:
    """Return the moment at which the period begins that a day is the first (or last) of, None when it is not."""
    if kind == "day":
        start = day
    else:
        start = period_start(kind, day)
        named = start if named_by == "start" else period_end(kind, start) - dt.timedelta(days=1)
        if named != day:
            return None
    return dt.datetime.combine(start, dt.time(), LONDON).astimezone(dt.UTC)
