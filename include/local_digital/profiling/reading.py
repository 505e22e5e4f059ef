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

_HEAD_ROWS = 60
_BLOCK = 32 << 20
_HEADER_WIDTH_SHARE = 0.5
_LONGEST_NAME = 80
_LONGEST_ROW = 20
_LOOKS_PERSONAL = re.compile(r"@|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_HEAD_BYTES = 1 << 20
# A cell between single quotes, and a quote inside a cell behind a backslash.
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|^~])'[^'\n]*'(?=[,;\t|^~\n]|$)", re.MULTILINE)
_BACKSLASHED = re.compile(r"[^\\]\\\"(?![,;\t|^~\n]|$)", re.MULTILINE)
_DOUBLED = re.compile(r"[^\",;\t|^~\n]\"\"[^\",;\t|^~\n]")
_AFTER_A_SPACE = re.compile(r"[,;|] +\"")
_ERROR_KEYS = frozenset({"error", "errors", "exception", "fault", "faultcode"})
_NOT_DATA = frozenset({".pdf", ".txt", ".md", ".doc", ".docx", ".htm", ".html", ".jpg", ".png", ".log", ".sha256"})
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LISTS_SHOWN = 4
_KNOWN_NAME = 0.9
_LINES_TRIED = 5000


@dataclass
class Sample:
    """A file and its rows.

    wrappings: gzip, zip, OpenPGP, from the outside in. format: the keys of the feed's `format` that would read it.
    facts: what was found out about its layout. columns: by name, encoded by their words. places: where each row begins.
    ragged: the places of rows with too few or too many cells. more_sheets: unread, with the same header.
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
    more_sheets: list[str] = field(default_factory=list)

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
    try:
        return _read_sample(path, pgp, connection, progress)
    except DataError as error:
        # What is true of a delivery is not of a sample: nothing is ever kept or loaded here.
        action = error.action.partition(";")[0].rstrip(".") + "."
        raise DataError(error.where, expected=error.expected, found=error.found, action=action) from None


def _read_sample(
    path: Path, pgp: str | None, connection: Callable[[str], Connection], progress: Callable[[int], None]
) -> Sample:
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
    documents, member = _of_one_kind(documents)
    kinds = {_kind(document.content) for document in documents}
    if len(kinds) > 1:
        raise DataError(
            str(path), expected="files of one kind in the archive", found=", ".join(sorted(kinds)),
            action="Unpack it and give the files of one kind. In the council's file `format.member` picks them.",
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
    if member:
        sample.format["member"] = member
    progress(size)
    return sample


def _of_one_kind(documents: list[Document]) -> tuple[list[Document], str | None]:
    """Return the files of an archive that are data, and the pattern that picks them where others lie beside them."""
    sizes: Counter[str] = Counter()
    for document in documents:
        sizes[Path(document.name).suffix.lower()] += len(document.content)
    best = max(sizes, key=lambda suffix: (suffix not in _NOT_DATA, sizes[suffix]))
    if len(sizes) == 1 or not best:
        return documents, None
    kept = [document for document in documents if Path(document.name).suffix.lower() == best]
    spelt = {Path(document.name).suffix for document in kept}
    either = "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in best)
    return kept, f"*{spelt.pop() if len(spelt) == 1 else either}"


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
    dialect: Dialect
    header: int | None
    width: int

    @property
    def quotes(self) -> dict[str, str]:
        """The keys of a feed's format that differ from what is usual."""
        found = {"quote": self.dialect.quote, "escape": self.dialect.escape}
        return {key: mark for key, mark in found.items() if mark and mark != '"'}


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
        head_bytes = source.read(_HEAD_BYTES)
        source.seek(0)
        layout = _layout(head_bytes, where)
        if _AFTER_A_SPACE.search(head_bytes.decode("latin-1")):
            facts["quotes_after_a_space"] = True
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
    form: dict[str, object] = {"kind": "csv", "encoding": kept, "delimiter": layout.dialect.delimiter, **layout.quotes}
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
    """Find the delimiter, the quotes and the line of the header in the first bytes. Raises DataError for no rows."""
    content = decode(Document("", head), "auto", where).content
    lines = [line.decode() for line in io.BytesIO(content)]
    if len(lines) > 1 and len(head) == _HEAD_BYTES:
        lines.pop()
    quote, escape = _quotes(lines)
    delimiter = guess_dialect(lines[:_HEAD_ROWS], quote)
    begins, rows = _head_rows(lines, Dialect(delimiter, quote, escape))
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
    index = _header_index(rows, width)
    whole = width == 1 and all(
        line.strip()[:1] == line.strip()[-1:] == quote and delimiter in line for line in lines if line.strip()
    )
    if width == 1 and (whole or index is None):
        raise DataError(
            where,
            expected="rows of cells",
            found="lines that are quoted as a whole" if whole else "text without any delimiter, as an error message is",
            action="Ask the council for another export.",
        )
    return _Layout(Dialect(delimiter, quote, escape), None if index is None else begins[index], width)


def _quotes(lines: Sequence[str]) -> tuple[str, str | None]:
    """Return the character round cells, and the one before a quote inside of them that is not doubled."""
    text = "".join(lines[: _HEAD_ROWS * _LONGEST_ROW])
    if len(_SINGLE_QUOTED.findall(text)) * 2 > min(len(lines), _HEAD_ROWS * _LONGEST_ROW):
        return "'", None
    return '"', "\\" if _BACKSLASHED.search(text) and not _DOUBLED.search(text) else None


def _head_rows(lines: list[str], dialect: Dialect) -> tuple[list[int], list[list[str]]]:
    """Return the first rows and the line where each begins, from 0."""
    reader = dialect.rows(lines)
    begins, rows = [0], []
    for row in islice(reader, _HEAD_ROWS):
        rows.append(row)
        begins.append(reader.line_num)
    long = [row for row, (begin, end) in zip(rows, pairwise(begins), strict=True) if end - begin > _LONGEST_ROW]
    widths = Counter(len(row) for row in rows if row not in long)
    if any(len(row) != widths.most_common(1)[0][0] for row in long if widths):
        # A stray quote, and no cell of many lines: each line is taken for itself.
        lines = lines[:_HEAD_ROWS]
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
    # The same header may come again; it is no row of data.
    rows = [row for row in below if sum(map(_is_same, row, cells)) * 2 < len(filled)]
    columns = [[row[index].strip() for row in rows if index < len(row)] for index in range(len(cells))]
    pairs = [(cell, column) for cell, column in zip(cells, columns, strict=True) if cell]
    if any(_is_data(cell, column) for cell, column in pairs) and known * 2 < len(filled):
        return False
    if not rows:
        return known > 0
    again = any(cell in column for cell, column in pairs)
    if known > 1:
        return not again or known * 2 >= len(filled)
    # Hardly a name that is known. Taking a row of data for the header would show its cells, so more must speak for it:
    # no cell comes again below, as categories do, and in some column the cells below are of another kind.
    return not again and any(_differs(cell, column) for cell, column in pairs)


def _is_same(one: str, other: str) -> bool:
    return bool(other) and fold(one) == fold(other)


def _is_known_name(cell: str) -> bool:
    fits = max(*(header_score(name, cell) for name in HEADERS), service_score(cell))
    return fits >= _KNOWN_NAME and not _is_data(cell, ())


def _is_data(cell: str, column: Sequence[str]) -> bool:
    """Say whether a cell of what may be the header is data, like the cells below it; alone where these are blank.

    A year or a month may well be a column's name: above counts, or among other words.
    """
    if len(cell) > _LONGEST_NAME or _LOOKS_PERSONAL.search(cell):
        return True
    kind, usual = _kind_of(cell), _usual_kind(column)
    return kind == usual or (not usual and kind in {"date", "number"}) if kind else False


def _differs(cell: str, column: Sequence[str]) -> bool:
    """Say whether the cells below are dates, numbers or codes for the most part, and this one is none."""
    usual = _usual_kind(column)
    return bool(usual) and _kind_of(cell) != usual and (not re.search(r"\d", cell) or _kind_of(cell) == "date")


def _usual_kind(column: Sequence[str]) -> str:
    filled = [_kind_of(cell) for cell in column if cell]
    kind, often = Counter(filled).most_common(1)[0] if filled else ("", 0)
    if kind and often * 2 <= len(filled):
        # Codes of many shapes.
        return next((kind for kind in ("date", "number") if filled.count(kind) * 2 > len(filled)), "")
    return kind


def _kind_of(cell: str) -> str:
    """Return `date`, `number`, the shape of a text with digits in it, or nothing for one without."""
    if formats_of(cell, numbers=False):
        return "date"
    if re.fullmatch(r"[\d.,:/\- ]+", cell):
        return "number"
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", cell)) if re.search(r"\d", cell) else ""


def _blocks(source: BinaryIO, head: bytes, layout: _Layout) -> Iterator[tuple[bytes, int]]:
    """Yield the file in blocks that end where a row ends, each with the number of lines before it."""
    whole = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head or b"\n" not in head
    if whole:
        yield source.read(), 0
        return
    rest = b""
    lines = 0
    while piece := source.read(_BLOCK):
        block = rest + piece
        cut = _row_end(block, layout.dialect, layout.width) if len(piece) == _BLOCK else len(block)
        if cut:
            yield block[:cut], lines
            lines += block.count(b"\n", 0, cut)
        rest = block[cut:]
    if rest:
        yield rest, lines


def _row_end(block: bytes, dialect: Dialect, width: int) -> int:
    """Return where the last whole row ends that can be told; 0 when there is none.

    A line inside a cell may look like a row, so that the quotes up to a row's end must be even in number. Where a stray
    quote makes them odd throughout, the end of the last line that is a row by itself will do.
    """
    quote = (dialect.quote or "").encode()
    odd = bool(quote) and block.count(quote) % 2 == 1
    end, later, alone = len(block), 0, 0
    for _ in range(_LINES_TRIED):
        before = block.rfind(b"\n", 0, end) + 1
        odd ^= bool(quote) and block.count(quote, before, end) % 2 == 1
        if not before:
            break
        if not odd:
            if later and _width(block[before:later], dialect) == width:
                return later
            later = before
        end = before - 1
        line = block[block.rfind(b"\n", 0, end) + 1 : before]
        if not alone and not dialect.is_open(line.decode("latin-1")) and _width(line, dialect) == width:
            alone = before
    return alone


def _width(row: bytes, dialect: Dialect) -> int:
    return len(next(dialect.rows(row.decode("latin-1").splitlines(keepends=True)), []))


def _read_block(
    number: int, name: str, block: bytes, before: int, layout: _Layout, names: list[str], where: str
) -> tuple[Reading, list[str]]:
    form: dict[str, object] = {"delimiter": layout.dialect.delimiter, **layout.quotes}
    header: list[str] = names
    if layout.header is None:
        form |= {"names": [f"column {index + 1}" for index in range(layout.width)]}
    elif before:
        form |= {"names": names}
    else:
        form |= {"header_line": layout.header + 1}
        text = decode(Document(name, block[:_HEAD_BYTES]), "auto", where).content
        line = next(islice(io.BytesIO(text), layout.header, None)).decode()
        header = layout.dialect.cells(line)
    facts = CsvFormat.model_validate(form)
    # A later header of other columns is known by the same few fields that every feed needs; without these only the
    # whole header is one, as a row of data may well hold a word that is a column's name too.
    needed = [
        {cell for cell in header if header_score(name, cell) >= _KNOWN_NAME}
        for name in ("record_ref", "reported_at", "channel")
    ]
    groups = needed if all(needed) else [{cell} for cell in header if cell.strip()]
    wanted = Wanted.of(header or facts.names, groups)
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
    more_sheets: list[str] = []
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
        index = next((at for at, row in enumerate(rows[:_HEAD_ROWS]) if len(_without_blank_end(row)) >= width), None)
        if index is None:
            raise DataError(where, expected="rows of data", found="an empty workbook", action="Ask for another sample.")
        cells = _without_blank_end(rows[index])
        is_header = _is_header(cells, width, rows[index + 1 : index + _HEAD_ROWS])
        names = cells if is_header else [f"column {at + 1}" for at in range(width)]
        form |= {"sheet": sheet} | ({} if is_header else {"names": names})
        reading = workbook.read(
            number, document,
            XlsxFormat(kind="xlsx", sheet=sheet, header_line=index + 1 if is_header else None,
                       names=() if is_header else tuple(names)),
            Wanted.of([name for name in names if name]), where,
        )  # fmt: skip
        facts |= {"sheets": len(sheets), **reading.found}
        if is_header and (more := [name for name in sheets if name != sheet and _has_row(filled[name], cells)]):
            more_sheets += more
        parts += [_Part.of(section) for section in reading.sections]
    columns, places, ragged, twice = _together(parts)
    return Sample(
        path, size, wrappings, [document.name for document in documents], form, facts, columns, places, ragged,
        [name for name in columns if "names" not in form and re.fullmatch(r"column \d+", name)], twice,
        "names" not in form, more_sheets,
    )  # fmt: skip


def _has_row(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> bool:
    """Say whether one of the first rows of a sheet is this header."""
    header = list(map(fold, wanted))
    return any(list(map(fold, _without_blank_end(row))) == header for row in rows[:_HEAD_ROWS])


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
    if len(records) == 1 and _ERROR_KEYS.intersection(map(str.casefold, records[0])):
        raise DataError(
            str(path), expected="records", found="an error message in their place",
            action="Ask the council for another export.",
        )  # fmt: skip
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
