"""A sample file whose layout nobody knows yet: out of its wrappings, its format found out, into columns of text."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.config.formats import CsvFormat, NdjsonFormat, TreeFormat, XlsxFormat
from local_digital.errors import DataError
from local_digital.parsing import csv, trees, workbook
from local_digital.parsing.decoding import decode
from local_digital.parsing.dialect import Dialect, guess_dialect
from local_digital.parsing.documents import Document, unwrap, wrapping
from local_digital.parsing.sections import Places, Wanted, fold
from local_digital.places import document_and_line, place
from local_digital.profiling.dates import formats_of
from local_digital.profiling.vocabulary import HEADERS
from local_digital.profiling.words import header_score, service_score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from local_digital.parsing.sections import Reading, Section
    from local_digital.settings import Connection

_HEAD_LINES = 60
_BLOCK = 32 << 20
_HEADER_WIDTH_SHARE = 0.5
_LONGEST_NAME = 80
_LONGEST_ROW = 20
_LOOKS_LIKE_DATA = re.compile(r"@|\d{4}|^[\d.,:/\- ]+$|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LISTS_SHOWN = 4
_KNOWN_NAME = 0.9


@dataclass
class Sample:
    """A file and its rows.

    wrappings: gzip, zip, OpenPGP, from the outside in. format: the keys of the feed's `format` that would read it.
    facts: what was found out about its layout. columns: by name, encoded by their words. places: where each row begins.
    ragged: the places of rows with too few or too many cells.
    """

    path: Path
    size: int
    wrappings: list[str]
    documents: list[str]
    format: dict[str, object]
    facts: dict[str, object]
    columns: dict[str, pa.ChunkedArray]
    places: Places
    ragged: list[int] = field(default_factory=list)
    blank_names: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    has_header: bool = True

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def rows(self) -> int:
        return len(self.places)

    def line(self, row: int) -> str:
        """Return the place of a row for people."""
        return self.line_of(int(self.places[row]))

    def line_of(self, at: int) -> str:
        """Return a place for people."""
        document, line = document_and_line(at)
        kind = "record" if self.format["kind"] in {"json", "xml"} else "line"
        inside = f" of {self.documents[document]}" if len(self.documents) > 1 else ""
        return f"{kind} {line}{inside}"


def read_sample(
    path: Path, *, pgp: str | None, connection: Callable[[str], Connection], progress: Callable[[int], None]
) -> Sample:
    """Read a sample file. pgp: the connection with the OpenPGP key. progress: told the bytes that are done.

    Raises DataError when nothing can be read from it.
    """
    if not path.is_file():
        raise DataError(str(path), expected="a file", found="none", action="Check the path.")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1 << 16)
        outside = wrapping(start)
        if start.startswith(_OLD_EXCEL):
            raise DataError(
                str(path), expected="CSV, .xlsx, JSON, NDJSON or XML", found="an old Excel workbook (.xls)",
                action="Ask the council for .xlsx or, better, CSV.",
            )  # fmt: skip
        if outside is None and _kind(start) == "csv":
            file.seek(0)
            return _read_csv(path, size, [], [("", file)], progress)
        file.seek(0)
        content = file.read()
    documents = unwrap(content, XlsxFormat(kind="xlsx", pgp=pgp), connection, str(path))
    # A workbook is a zip too, but comes out of it whole.
    wrappings = [outside] if outside is not None and documents[0].content is not content else []
    del content
    kinds = {_kind(document.content) for document in documents}
    if len(kinds) > 1:
        raise DataError(
            str(path), expected="files of one kind in the archive", found=", ".join(sorted(kinds)),
            action="Unpack it and give the files of one kind; in the council's file `format.member` picks them.",
        )  # fmt: skip
    match kinds.pop():
        case "csv":
            sources: list[tuple[str, BinaryIO]] = [(doc.name, io.BytesIO(doc.content)) for doc in documents]
            sample = _read_csv(path, size, wrappings, sources, progress)
        case "xlsx":
            sample = _read_workbook(path, size, wrappings, documents)
        case kind:
            sample = _read_tree(path, size, wrappings, documents, kind)
    if pgp and "OpenPGP" in wrappings:
        sample.format["pgp"] = pgp
    progress(size)
    return sample


def _kind(content: bytes) -> str:
    head = content[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").replace(b"\0", b"")
    if wrapping(content) == "zip":
        return "xlsx"
    if head.startswith(b"<"):
        # A web page in place of an export is told so by the reader of CSV.
        return "csv" if re.match(rb"<(!doctype html|html)", head, re.IGNORECASE) else "xml"
    if head.startswith(b"{"):
        first, _, rest = content.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
        return "ndjson" if rest.lstrip().startswith(b"{") and _is_object(first) else "json"
    if head.startswith(b"[") and re.match(rb"\[\s*[\[{\]]", head):
        return "json"
    return "csv"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# --- CSV -----------------------------------------------------------------------------------------------------------


class _Layout(NamedTuple):
    delimiter: str
    header: int | None
    width: int


def _read_csv(
    path: Path,
    size: int,
    wrappings: list[str],
    sources: Sequence[tuple[str, BinaryIO]],
    progress: Callable[[int], None],
) -> Sample:
    parts: list[_Part] = []
    facts: dict[str, object] = {}
    encodings: Counter[str] = Counter()
    plain = True
    layout: _Layout | None = None
    names: list[str] = []
    done = 0
    for number, (name, source) in enumerate(sources):
        where = f"{path}: {name}" if name else str(path)
        head_bytes = source.read(1 << 20)
        source.seek(0)
        layout = _layout(head_bytes, where)
        for block, before in _blocks(source, head_bytes, layout):
            reading, found_names = _read_block(number, name, block, before, layout, names, where)
            if before == 0:
                names = found_names
            found = reading.found
            encodings[str(found["encoding"])] += 1
            plain = plain and block.isascii()
            for key in ("line_ends", "delimiter", "header_line"):
                if key in found:
                    facts.setdefault(key, found[key])
            for key in ("repeated_headers", "totals_rows", "bytes_in_windows_1252"):
                if key in found:
                    facts[key] = int(str(facts.get(key, 0))) + int(str(found[key]))
            parts += [_Part.of(section) for section in reading.sections]
            # Arrow keeps what it freed; a large file is read in many blocks.
            pa.default_memory_pool().release_unused()
            done += len(block)
            progress(min(done, size))
    assert layout is not None  # noqa: S101 - an archive has at least one document
    encoding = "windows-1252" if "windows-1252" in encodings else next(iter(encodings))
    facts = {"encoding": "ASCII" if plain and encoding == "utf-8" else encoding, **facts}
    kept = _format_encoding(encoding, plain=plain, mended="bytes_in_windows_1252" in facts)
    form: dict[str, object] = {"kind": "csv", "encoding": kept, "delimiter": layout.delimiter}
    if layout.header is None:
        form["names"] = [f"column {index + 1}" for index in range(layout.width)]
    columns, places, ragged, twice = _together(parts)
    return Sample(
        path, size, wrappings, [name for name, _ in sources], form, facts, columns, places, ragged,
        [name for name in columns if layout.header is not None and re.fullmatch(r"column \d+", name)],
        twice, layout.header is not None,
    )  # fmt: skip


def _format_encoding(encoding: str, *, plain: bool, mended: bool) -> str:
    """Pin an encoding only where the sample proves it: plain letters look the same in most."""
    if mended or plain:
        return "auto"
    return "utf-16" if encoding.startswith("utf-16") else encoding


def _layout(head: bytes, where: str) -> _Layout:
    """Find the delimiter and the line of the header in the first bytes."""
    content = decode(Document("", head), "auto", where).content
    lines = [line.decode() for line in islice(io.BytesIO(content), _HEAD_LINES)]
    if len(lines) > 1 and not lines[-1].endswith("\n"):
        lines.pop()
    dialect = Dialect(guess_dialect(lines), '"', None)
    begins, rows = _head_rows(lines, dialect)
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
    index = _header_index(rows, width)
    return _Layout(dialect.delimiter, None if index is None else begins[index], width)


def _head_rows(lines: list[str], dialect: Dialect) -> tuple[list[int], list[list[str]]]:
    """Return the first rows and the line where each begins, from 0."""
    reader = dialect.rows(lines)
    begins, rows = [0], []
    for row in reader:
        rows.append(row)
        begins.append(reader.line_num)
    if any(after - before > _LONGEST_ROW for before, after in pairwise(begins)):
        # A stray quote, and no cell of many lines: each line is taken for itself.
        return list(range(len(lines))), [dialect.cells(line) for line in lines]
    return begins[:-1], rows


def _header_index(rows: Sequence[Sequence[str]], width: int) -> int | None:
    """Return the index of the first row that names columns; None when the export has no header."""
    for index, row in enumerate(rows):
        cells = _without_blank_end(row)
        # A row under another delimiter at its end is as wide; a title above the header is narrower.
        if len(row) != width and len(cells) != width and not (len(cells) > 1 and abs(len(row) - width) == 1):
            continue
        return index if _is_header(cells, width, rows[index + 1 :]) else None
    return None


def _without_blank_end(row: Sequence[str]) -> list[str]:
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_header(cells: Sequence[str], width: int, below: Sequence[Sequence[str]]) -> bool:
    filled = [cell for cell in cells if cell]
    if not filled or len(filled) < width * _HEADER_WIDTH_SHARE:
        return False
    known = sum(_is_known_name(cell) for cell in filled)
    if any(_is_data(cell) for cell in filled) and known * 2 < len(filled):
        return False
    if known > 1 or not below:
        return known > 0
    # Hardly a name that is known. Taking a row of data for the header would show its cells, so more must speak for it:
    # no cell comes again below, as categories do, and where digits stand in most cells below there are none in it.
    columns = [[row[index].strip() for row in below if index < len(row)] for index in range(len(cells))]
    again = any(cell in column for cell, column in zip(cells, columns, strict=True) if cell)
    unlike = any(
        not re.search(r"\d", cell) and sum(bool(re.search(r"\d", other)) for other in column) * 2 > len(column)
        for cell, column in zip(cells, columns, strict=True)
        if cell
    )
    return unlike and not again


def _is_known_name(cell: str) -> bool:
    fits = max(*(header_score(name, cell) for name in HEADERS), service_score(cell))
    return fits >= _KNOWN_NAME and not _is_data(cell)


def _is_data(cell: str) -> bool:
    return len(cell) > _LONGEST_NAME or bool(_LOOKS_LIKE_DATA.search(cell)) or bool(formats_of(cell, numbers=False))


def _blocks(source: BinaryIO, head: bytes, layout: _Layout) -> Iterator[tuple[bytes, int]]:
    """Yield the file in blocks that end where a row ends, each with the number of lines before it."""
    whole = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head or b"\n" not in head
    if whole:
        yield source.read(), 0
        return
    dialect = Dialect(layout.delimiter, '"', None)
    rest = b""
    lines = 0
    while piece := source.read(_BLOCK):
        block = rest + piece
        cut = _row_end(block, dialect, layout.width) if len(piece) == _BLOCK else len(block)
        if cut:
            yield block[:cut], lines
            lines += block.count(b"\n", 0, cut)
        rest = block[cut:]
    if rest:
        yield rest, lines


def _row_end(block: bytes, dialect: Dialect, width: int) -> int:
    """Return where the last row ends that is, on its own line, a whole row; 0 when there is none."""
    end = block.rfind(b"\n") + 1
    while end:
        start = block.rfind(b"\n", 0, end - 1) + 1
        line = block[start:end].decode("latin-1")
        if not dialect.is_open(line) and len(dialect.cells(line)) == width:
            return end
        end = start
    return 0


def _read_block(
    number: int, name: str, block: bytes, before: int, layout: _Layout, names: list[str], where: str
) -> tuple[Reading, list[str]]:
    facts = CsvFormat(
        delimiter=layout.delimiter,
        header_line=None if layout.header is None or before else layout.header + 1,
        names=tuple(f"column {index + 1}" for index in range(layout.width)) if layout.header is None
        else tuple(names) if before else (),
    )  # fmt: skip
    header: list[str] = names
    if layout.header is not None and not before:
        text = decode(Document(name, block[: 1 << 20]), "auto", where).content
        line = next(islice(io.BytesIO(text), layout.header, None)).decode()
        header = Dialect(layout.delimiter, '"', None).cells(line)
    # A later header of other columns is known by the same few fields that every feed needs.
    groups = [
        {cell for cell in header if header_score(needed, cell) >= _KNOWN_NAME}
        for needed in ("record_ref", "reported_at", "channel")
    ]
    wanted = Wanted.of(header or facts.names, groups if all(groups) else [header] if header else [])
    reading = csv.read(number, Document(name, block), facts, wanted, where)
    for section in reading.sections:
        section.places[:] += before
        section.ragged[:] = [at + before for at in section.ragged]
    return reading, reading.sections[0].names


# --- Workbooks and trees ---------------------------------------------------------------------------------------------


def _read_workbook(path: Path, size: int, wrappings: list[str], documents: Sequence[Document]) -> Sample:
    parts: list[_Part] = []
    facts: dict[str, object] = {}
    form: dict[str, object] = {"kind": "xlsx"}
    for number, document in enumerate(documents):
        where = f"{path}: {document.name}" if document.name else str(path)
        sheets = workbook.sheet_names(document.content, where)
        filled = {
            sheet: [row for row in workbook.sheet_rows(document.content, sheet, where) if any(row)] for sheet in sheets
        }
        sheet = max(sheets, key=lambda name: len(filled[name]))
        rows = workbook.sheet_rows(document.content, sheet, where)
        widths = Counter(len(_without_blank_end(row)) for row in filled[sheet])
        width = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))[0]
        index = next((at for at, row in enumerate(rows[:_HEAD_LINES]) if len(_without_blank_end(row)) >= width), None)
        if index is None:
            raise DataError(where, expected="rows of data", found="an empty workbook", action="Ask for another sample.")
        cells = _without_blank_end(rows[index])
        is_header = _is_header(cells, width, rows[index + 1 : index + _HEAD_LINES])
        names = cells if is_header else [f"column {at + 1}" for at in range(width)]
        form |= {"sheet": sheet} | ({} if is_header else {"names": names})
        reading = workbook.read(
            number, document,
            XlsxFormat(kind="xlsx", sheet=sheet, header_line=index + 1 if is_header else None,
                       names=() if is_header else tuple(names)),
            Wanted.of([name for name in names if name]), where,
        )  # fmt: skip
        facts |= {"sheets": len(sheets), **reading.found}
        parts += [_Part.of(section) for section in reading.sections]
    columns, places, ragged, twice = _together(parts)
    return Sample(
        path, size, wrappings, [document.name for document in documents], form, facts, columns, places, ragged,
        [name for name in columns if "names" not in form and re.fullmatch(r"column \d+", name)], twice,
        "names" not in form,
    )  # fmt: skip


def _read_tree(path: Path, size: int, wrappings: list[str], documents: Sequence[Document], kind: str) -> Sample:
    found: list[tuple[int, dict[str, object]]] = []
    form: dict[str, object] = {"kind": kind}
    facts: NdjsonFormat | TreeFormat = NdjsonFormat(kind="ndjson")
    for number, document in enumerate(documents):
        where = f"{path}: {document.name}" if document.name else str(path)
        if kind != "ndjson":
            at = _records_at(trees.parsed(document.content, TreeFormat.model_validate({"kind": kind}), where))
            facts = TreeFormat.model_validate({"kind": kind, "records": at})
            form |= {"records": at} if at else {}
        found += [(place(number, line), dict(record)) for line, record in trees.records(document.content, facts, where)]
    records = [record for _, record in found]
    columns = {
        name: pa.chunked_array(
            [encoded(pa.chunked_array([pa.array([trees.value_of(record, name) for record in records], pa.string())]))]
        )
        for name in trees.names_in(records)
    }
    if not columns:
        raise DataError(str(path), expected="records", found="none", action="Ask the council for another sample.")
    return Sample(
        path, size, wrappings, [document.name for document in documents], form, {"records": len(records)}, columns,
        np.array([at for at, _ in found], np.int64),
    )  # fmt: skip


def _records_at(tree: object) -> str | None:
    """Return the path to the longest list of mappings; None for one at the top."""
    if isinstance(tree, list) or not isinstance(tree, dict):
        return None
    best: tuple[int, str] | None = None

    def walk(node: dict[str, object], path: str, depth: int) -> None:
        nonlocal best
        for key, value in node.items():
            at = f"{path}{_path_part(key)}"
            if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                if best is None or len(value) > best[0]:
                    best = len(value), at
            elif isinstance(value, dict) and depth < _LISTS_SHOWN:
                walk(value, f"{at}.", depth + 1)

    walk(tree, "", 0)
    return best[1] if best else None


def _path_part(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else '"' + key.replace('"', '\\"') + '"'


# --- Sections together ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A section with its columns as words and their numbers, which is what a large file has room for."""

    columns: dict[str, pa.DictionaryArray]
    places: Places
    ragged: list[int]
    twice: list[str]

    @classmethod
    def of(cls, section: Section) -> _Part:
        return cls(
            {name: encoded(section.cells.column(index)) for index, name in enumerate(section.names)},
            section.places,
            section.ragged,
            [name for name in section.names if fold(re.sub(r" \(\d+\)$", "", name)) in section.twice],
        )


def encoded(text: pa.ChunkedArray) -> pa.DictionaryArray:
    """Trim a column and encode it by its words."""
    return pc.dictionary_encode(pc.utf8_trim_whitespace(text.combine_chunks()))


def blanks(rows: int) -> pa.DictionaryArray:
    """Return an encoded column without anything in it."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([""]))


def _together(parts: Sequence[_Part]) -> tuple[dict[str, pa.ChunkedArray], Places, list[int], list[str]]:
    """Join sections, whose headers may differ: a column that one of them lacks is blank there."""
    names: dict[str, str] = {}
    for part in parts:
        for name in part.columns:
            names.setdefault(fold(name), name)
    folded = [{fold(name): column for name, column in part.columns.items()} for part in parts]
    columns = {
        name: pa.chunked_array([
            columns[key] if key in columns else blanks(len(part.places))
            for part, columns in zip(parts, folded, strict=True)
        ])
        for key, name in names.items()
    }  # fmt: skip
    places = np.concatenate([part.places for part in parts])
    ragged = [at for part in parts for at in part.ragged]
    return columns, places, ragged, sorted({name for part in parts for name in part.twice})
