"""A sample of CSV, read block by block as a large file needs."""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from local_digital.config.formats import CsvFormat
from local_digital.parsing import csv
from local_digital.parsing.decoding import decode
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Wanted
from local_digital.profiling.csv_layout import HEAD_BYTES, find_layout
from local_digital.profiling.header_row import KNOWN_NAME
from local_digital.profiling.sample import Part, Sample, together
from local_digital.profiling.words import header_score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from local_digital.parsing.dialect import Dialect
    from local_digital.parsing.sections import Reading
    from local_digital.profiling.csv_layout import Layout

_BLOCK = 32 << 20
_AFTER_A_SPACE = re.compile(r"[,;|] +\"")
_LINES_TRIED = 5000


def read_csv(
    path: Path,
    size: int,
    wrappings: list[str],
    sources: Sequence[tuple[str, BinaryIO]],
    progress: Callable[[int], None],
) -> Sample:
    """Read the CSV files of a sample. sources: by name, which is blank for a file that no archive held."""
    parts: list[Part] = []
    facts: dict[str, object] = {}
    encodings: Counter[str] = Counter()
    plain = True
    layout: Layout | None = None
    names: list[str] = []
    done = 0
    for number, (name, source) in enumerate(sources):
        where = f"{path}: {name}" if name else str(path)
        head_bytes = source.read(HEAD_BYTES)
        source.seek(0)
        layout = find_layout(head_bytes, where)
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
            parts += [Part.of(section) for section in reading.sections]
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
    columns, places, ragged, twice = together(parts)
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


def _blocks(source: BinaryIO, head: bytes, layout: Layout) -> Iterator[tuple[bytes, int]]:
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
    number: int, name: str, block: bytes, before: int, layout: Layout, names: list[str], where: str
) -> tuple[Reading, list[str]]:
    form: dict[str, object] = {"delimiter": layout.dialect.delimiter, **layout.quotes}
    header: list[str] = names
    if layout.header is None:
        form |= {"names": [f"column {index + 1}" for index in range(layout.width)]}
    elif before:
        form |= {"names": names}
    else:
        form |= {"header_line": layout.header + 1}
        text = decode(Document(name, block[:HEAD_BYTES]), "auto", where).content
        line = next(islice(io.BytesIO(text), layout.header, None)).decode()
        header = layout.dialect.cells(line)
    facts = CsvFormat.model_validate(form)
    # A later header of other columns is known by the same few fields that every feed needs; without these only the
    # whole header is one, as a row of data may well hold a word that is a column's name too.
    needed = [
        {cell for cell in header if header_score(name, cell) >= KNOWN_NAME}
        for name in ("record_ref", "reported_at", "channel")
    ]
    groups = needed if all(needed) else [{cell} for cell in header if cell.strip()]
    wanted = Wanted.of(header or facts.names, groups)
    reading = csv.read(number, Document(name, block), facts, wanted, where)
    for section in reading.sections:
        section.places[:] += before
        section.ragged[:] = [at + before for at in section.ragged]
    return reading, reading.sections[0].names
