"""Texts: encodings and dialects, dates, numbers, words and identifiers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fuzz.target import Target, chosen, each, hold, refusing
from local_digital.parsing import instants, values
from local_digital.parsing.decoding import decode
from local_digital.parsing.dialect import DELIMITERS, Dialect, guess_dialect, is_totals_row
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import fold, unique_names

if TYPE_CHECKING:
    from collections.abc import Callable

_FORMATS = (
    "iso", "%d/%m/%Y %H:%M", "%Y-%m-%d", "%d %b %Y", "%A, %d %B %Y %I:%M:%S %p", "%y%m%d", "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y %j", "%Y Q%q", "%G-W%V", "epoch", "epoch-ms", "excel", "%m/%d/%Y %I:%M %p", "%Y%m%d%H%M%S",
)  # fmt: skip
_ENCODINGS = ("auto", "utf-8", "windows-1252", "utf-16")
_LONDON = "Europe/London"
_MOST_CELLS = 40
_DATES = (
    b"2025-11-03\n2025-03-30 01:30\n2025-10-26T01:30:00Z\n2025-11-03 10:15:30.123456+05:30\n",
    b"03/11/2025 10:15\n31/02/2025 10:00\n\n29/02/2024 23:59", b"3 Nov 2025\n03 November 2025",
    b"Monday, 3 November 2025 10:15:00 AM\n11/03/2025 12:00 p.m.\n251103\n2025 307\n2025 Q4\n2025-W53",
    b"1762128000\n1762128000000\n45964.4270833\n-1\n20251103101500\n9999-12-31\n0001-01-01",
)  # fmt: skip
_TOKENS = (
    b"\n", b" ", b"  ", b"\t", b"\xc2\xa0", b"\xe2\x80\x89", b"\xe2\x80\xaf", b"0", b"9", b"99", b"9999", b"0000", b"-",
    b"+", b"/", b":", b".", b",", b"T", b"Z", b"+00:00", b"-12:60", b"+99:99", b"AM", b"p.m.", b"Feb", b"Sept.",
    b"29/02/", b"31/", b"W53", b"366", b"24:00", b"23:59:60", b"1e5", b"1.", b".5", b"\xd9\xa1", b"\xef\xbc\x91",
    b"9" * 14, b"9" * 40, b"0.000000000001", b"\xc2\xa3", b"\xc2\xa31,234.50", b"1,234", b"1,23", b"--", b"-\xc2\xa3",
    b"(5)", b"\xc4\xb0", b"\xc3\x9f", b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"Mr A", b"a@b", b"CB1 1AA", b"E05000001",
    b"1.00E+11", b"100070000001.0", b"0100,070", b"\x1f", b"\0", b"\xed\xa0\x80", b"\xff\xfe", b"\xfe\xff", b"\xe9",
    b"\r\n", b"\r", b'"', b"Total", b"(2 rows)",
)  # fmt: skip


def _column(content: bytes) -> pa.ChunkedArray:
    cells = content.decode("utf-8", "replace").replace("\0", "").split("\n")[:_MOST_CELLS]
    # Readers hand trimmed cells over.
    return pc.utf8_trim_whitespace(pa.chunked_array([pa.array(cells, pa.string())]))


def _check_dates(data: bytes) -> None:
    pattern, content = chosen(data, _FORMATS)
    column = _column(content)
    found = instants.parse(column, [pattern], _LONDON)
    alone = [instants.parse(column.slice(index, 1), [pattern], _LONDON) for index in range(len(column))]
    hold(
        "a date is read the same whatever stands beside it",
        kept=[(cell.utc.to_pylist(), list(cell.wrong), list(cell.days)) for cell in alone]
        == [([utc], [wrong], [day])
            for utc, wrong, day in zip(found.utc.to_pylist(), found.wrong, found.days, strict=True)],
    )  # fmt: skip
    hold("a cell is a date, blank or wrong", kept=all(
        (moment is not None) + bool(wrong) + (cell == "") == 1
        for moment, wrong, cell in zip(found.utc.to_pylist(), found.wrong, column.to_pylist(), strict=True)
    ))  # fmt: skip
    others = pa.chunked_array([found.utc.combine_chunks()[::-1]])
    instants.second_reading(instants.not_before(found.utc, others, _LONDON), others, _LONDON).to_pylist()


def _check_words(data: bytes) -> None:
    column = _column(data)
    cells = column.to_pylist()
    _numbers(column, values.whole_numbers, lambda cell: Decimal(cell.replace(",", "")))
    _numbers(column, values.pounds, lambda cell: Decimal(re.sub("[ £,]", "", cell)))
    values.refs(column)
    values.PremisesKeys("made up").of(column)
    values.derived_refs([column, column], "made up")
    values.without_blanks(column, ["n/a", "1900*"])
    for closed in (True, False):
        found = values.labels(column, {"Web": "online"}, closed_list=closed)
        hold("a label is left of each cell, or none", kept=len(found.values) == len(cells))
    for cell in cells:
        hold("no word that is shown has a line's end", kept=not values.shown(cell).splitlines()[1:])
        hold("a name is folded once and for all", kept=fold(fold(cell)) == fold(cell))
    hold("names become unique", kept=len(unique_names(cells)[0]) == len(cells))
    is_totals_row(cells, ["total"])


def _numbers(
    column: pa.ChunkedArray, parse: Callable[[pa.ChunkedArray], tuple[pa.ChunkedArray, instants.Mask]],
    meant: Callable[[str], Decimal],
) -> None:  # fmt: skip
    numbers, wrong = parse(column)
    for cell, number, is_wrong in zip(column.to_pylist(), numbers.to_pylist(), wrong, strict=True):
        hold("a cell is a number, blank or wrong", kept=(number is not None) + bool(is_wrong) + (cell == "") == 1)
        if number is not None:
            hold("a number is the one that stands there", kept=Decimal(number) == meant(cell))


def _check_text(data: bytes) -> None:
    encoding, content = chosen(data, _ENCODINGS)
    with refusing():
        text = decode(Document("", content), encoding, "here")
        hold("no zero character and no carriage return is left", kept=not {0, 13} & set(text.content))
        lines = text.content.decode().split("\n")
        hold("a delimiter is found", kept=guess_dialect(lines) in DELIMITERS)
        for line in lines:
            Dialect(",", '"', "\\").is_open(line)
            Dialect(";", None, None).cells(line)


TARGETS = (
    Target("dates", "dates and times", _check_dates, each(_FORMATS, *_DATES), _TOKENS, 512),
    Target("words", "numbers, amounts, words and identifiers", _check_words, (
        b"12\n1,234\n0012\n1.0\n-\xc2\xa31,234.50\n\xc2\xa3 5\n1.00E+11\n100070000001.0\nWeb\nweb \nSt Mary's\na@b\n",
        b"Mr A Smith\n12 High Street\nCB1 1AA\nE05000001\n07700 900123\nTotal: 5\n(3 rows affected)\nn/a\n19000101",
    ), _TOKENS, 512),
    Target("text", "encodings and dialects", _check_text, each(
        _ENCODINGS, "Ref;Ward\r\n1;Môr £5\r\n".encode(), "Ref,Ward\r1,Môr £5\r".encode("windows-1252"),
        "Ref\tWard\n1\tMôr\n".encode("utf-16"), "Ref,Ward\n1,Môr\n".encode("utf-16-be"), "Môr,£\n".encode() + b"\xe9,x",
    ), _TOKENS, 1024),
)  # fmt: skip
