"""CSV exports: the reader of whole files, and whether the one that reads in pieces makes the same of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

from demo.world.writing import csv_file
from fuzz.feeds import NAMES, ROWS, adds_up, candidates, feed
from fuzz.target import Target, chosen, each, hold, refusing
from local_digital.config.formats import CsvFormat
from local_digital.errors import DataError
from local_digital.parsing import candidates as parsing
from local_digital.parsing import csv, plain_csv
from local_digital.parsing.decoding import decode
from local_digital.parsing.dialect import Dialect
from local_digital.parsing.documents import Document
from local_digital.parsing.plain_csv import Odd
from local_digital.parsing.sections import Wanted
from local_digital.places import document_and_line

if TYPE_CHECKING:
    from local_digital.parsing.sections import Reading
    from local_digital.workspace import FeedHandle

_COUNTS: dict[str, Any] = {
    "period": {"from": "Opened", "formats": ["iso"]},
    "channel": {"from": "How", "map": {"Web": "online"}},
    "count": {"from": "Ref"},
}
_EVENTS: dict[str, Any] = {
    "record_ref": {"from": "Ref"},
    "event_at": {"from": "Opened", "formats": ["iso", "%d/%m/%Y %H:%M"]},
    "closed_at": {"from": "Closed", "formats": ["iso"]},
    "channel": {"from": "How", "map": {"Web": "online"}},
}
_FEEDS = (
    feed(),
    feed(format={"kind": "csv", "encoding": "utf-8", "delimiter": ",", "short_rows": "fill"}),
    feed(format={"kind": "csv", "encoding": "windows-1252", "delimiter": ";"}),
    feed(format={"kind": "csv", "encoding": "utf-16"}),
    feed(format={"kind": "csv", "quote": "none", "delimiter": "|"}),
    feed(format={"kind": "csv", "escape": "\\"}),
    feed(format={"kind": "csv", "quote": "'"}),
    feed(format={"kind": "csv", "names": list(NAMES)}),
    feed(format={"kind": "csv", "header_line": 2}, rows=[{"column": "Notes", "not_like": ["x*"]}]),
    feed({"record_ref": {"derived_from": ["Opened", "Notes"]}}, drift={"new_category": "quarantine"}),
    feed(_COUNTS, only=True, delivery="aggregate", aggregate={"period": "month", "named_by": "end"}),
    feed(_COUNTS, only=True, delivery="aggregate", aggregate={"period": "week"}),
    feed(_EVENTS, only=True, delivery="event_log"),
)
_SEEDS = (
    csv_file(NAMES, ROWS),
    csv_file(NAMES, ROWS, delimiter=";").replace(b"\r\n", b"\n"),
    csv_file(NAMES, ROWS, delimiter="|", encoding="utf-16"),
    b"Bins of the week\n" + csv_file(NAMES, [*ROWS, ("Total", 4)]) + csv_file(NAMES[::-1], ROWS),
    b'Ref,Opened,Closed,How,Ward,UPRN,Notes\nA1,2025-11-30,,"Web","Nor\nth","1","said ""so"""\nA2,2025-12-31\n',
)
_TOKENS = (
    b'"', b'""', b'"\n', b'\n"', b',"', b'",', b"'", b"\\", b'\\"', b"\\\n", b"\r", b"\r\n", b"\n\n", b"\0", b",", b";",
    b"\t", b"|", b"^", b"~", b",,,,,,", b"Ref", b"Ref,Opened,Closed,How,Ward,UPRN,Notes\n",
    b"Notes,UPRN,Ward,How,Closed,Opened,Ref\n", b"Total", b"(3 rows affected)", b"Source: the council", b"<html",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xe9", b"\xc3\xa9", b"\xc3", b"\xed\xa0\x80", b"\xc2\x85", b"\xc2\xa0",
    b"\xe2\x80\xa8", b"\x0b", b"\x0c", b"\x1c", b"\xe2\x80\x8b", b"9999-12-31", b"0001-01-01", b"2025-03-30 01:30",
    b"1.0E+11", b"99999999999999999999", b"=cmd|' /C calc'!A0", b"\x1f\x8b", b"PK\x03\x04",
)  # fmt: skip
# Small, so that inputs are cut into several; so many lines are looked at for a header, by both readers.
_PIECE = 64
_HEADER_WITHIN = 3


def _lines(content: bytes) -> int:
    return content.count(b"\n") + content.count(b"\r") + 1


def _never(*_: object) -> None:
    raise Odd


def _check(data: bytes) -> None:
    handle, content = chosen(data, _FEEDS)
    with refusing(), mock.patch.object(parsing, "PlainCsv", _never):
        adds_up(candidates(content, handle), most_lines=_lines(content))
    facts = handle.feed.format
    if isinstance(facts, CsvFormat) and facts.escape is None:
        with refusing():
            document = Document("", content)
            names = [name for column in handle.feed.columns.values() for name in column.names]
            reading = csv.read(0, document, facts, Wanted.of([*names, "Notes"], [names[:1]]), "here")
            _loses_no_line(decode(document, facts.encoding, "here").content.decode(), reading, facts)


def _loses_no_line(text: str, reading: Reading, facts: CsvFormat) -> None:
    """Where no quote can join lines, all that hold anything are a row, or counted as something else."""
    if facts.quote != "none" and facts.quote in text:
        return
    dialect = Dialect(str(reading.found["delimiter"]), None, None)
    places = [int(place) for section in reading.sections for place in (*section.places, *section.ragged)]
    known = {document_and_line(place)[1] for place in places}
    header = int(str(reading.found.get("header_line", 0)))
    lost = [
        number for number, line in enumerate(text.split("\n"), 1)
        if number > header and number not in known and any(cell.strip() for cell in dialect.cells(line))
    ]  # fmt: skip
    others = sum(int(str(reading.found.get(key, 0))) for key in ("repeated_headers", "totals_rows"))
    hold("no line is lost", kept=len(lost) <= others + len(reading.sections) - 1)


def _check_both(data: bytes) -> None:
    handle, content = chosen(data, _FEEDS)
    with (
        mock.patch.object(csv, "HEADER_WITHIN", _HEADER_WITHIN),
        mock.patch.object(plain_csv, "HEADER_WITHIN", _HEADER_WITHIN),
    ):
        with mock.patch.object(plain_csv, "_PIECE", _PIECE):
            in_pieces = _outcome(content, handle)
        with mock.patch.object(parsing, "PlainCsv", _never):
            whole = _outcome(content, handle)
    hold("both readers make the same of a file", kept=in_pieces == whole)


def _outcome(content: bytes, handle: FeedHandle) -> object:
    try:
        found = candidates(content, handle)
    except DataError as error:
        return str(error)
    return found.table.to_pylist(), found.rows_read, found.filtered, sorted(found.faults), found.warnings, found.found


TARGETS = (
    Target("csv", "a CSV through the reader of whole files", _check, each(_FEEDS, *_SEEDS), _TOKENS),
    Target("csv-twice", "the same through both readers of CSV", _check_both, each(_FEEDS, *_SEEDS), _TOKENS),
)
