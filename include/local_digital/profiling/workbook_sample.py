"""A sample of Excel workbooks: the sheet with the rows, and the others that look like it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from local_digital.config.formats import XlsxFormat
from local_digital.errors import DataError
from local_digital.parsing import workbook
from local_digital.parsing.sections import Wanted, fold
from local_digital.profiling.header_row import HEAD_ROWS, is_header, without_blank_end
from local_digital.profiling.sample import Part, Sample, together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_digital.parsing.documents import Document


def read_workbook(path: Path, size: int, wrappings: list[str], documents: Sequence[Document]) -> Sample:
    """Read the sheet with the most rows of each workbook. Raises DataError for an empty one."""
    parts: list[Part] = []
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
        widths = Counter(len(without_blank_end(row)) for row in filled[sheet])
        width = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))[0]
        index = next((at for at, row in enumerate(rows[:HEAD_ROWS]) if len(without_blank_end(row)) >= width), None)
        if index is None:
            raise DataError(where, expected="rows of data", found="an empty workbook", action="Ask for another sample.")
        cells = without_blank_end(rows[index])
        has_header = is_header(cells, width, rows[index + 1 : index + HEAD_ROWS])
        names = cells if has_header else [f"column {at + 1}" for at in range(width)]
        form |= {"sheet": sheet} | ({} if has_header else {"names": names})
        reading = workbook.read(
            number, document,
            XlsxFormat(kind="xlsx", sheet=sheet, header_line=index + 1 if has_header else None,
                       names=() if has_header else tuple(names)),
            Wanted.of([name for name in names if name]), where,
        )  # fmt: skip
        facts |= {"sheets": len(sheets), **reading.found}
        if has_header and (more := [name for name in sheets if name != sheet and _has_row(filled[name], cells)]):
            more_sheets += more
        parts += [Part.of(section) for section in reading.sections]
    columns, places, ragged, twice = together(parts)
    return Sample(
        path, size, wrappings, [document.name for document in documents], form, facts, columns, places, ragged,
        [name for name in columns if "names" not in form and re.fullmatch(r"column \d+", name)], twice,
        "names" not in form, more_sheets,
    )  # fmt: skip


def _has_row(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> bool:
    """Say whether one of the first rows of a sheet is this header."""
    header = list(map(fold, wanted))
    return any(list(map(fold, without_blank_end(row))) == header for row in rows[:HEAD_ROWS])
