"""A program of its own that reads an Excel workbook on its input and prints JSON lines: see `workbook`.

    sheet_process.py            the sheets' names
    sheet_process.py INDEX      the rows of a sheet from A1 to the last cell with text, blank rows as empty lists

The library takes room for every cell between a sheet's first and last, and where there is none it ends the process.
This one may end.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import resource
import sys
from typing import TYPE_CHECKING

from python_calamine import CalamineWorkbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from python_calamine import CalamineSheet

DAMAGED = 3
TOO_LARGE = 4
NO_ROOM = 5
MOST_CELLS = 50_000_000
_MOST_ROWS = 1 << 20
_MEMORY = 4 << 30


def main(arguments: list[str]) -> int:
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        lines: Iterable[object] = workbook.sheet_names
        if arguments:
            sheet = workbook.get_sheet_by_index(int(arguments[0]))
            rows, columns = sheet.end or (0, 0)
            if rows >= _MOST_ROWS or (rows + 1) * (columns + 1) > MOST_CELLS:
                return TOO_LARGE
            lines = _rows(sheet)
        for line in lines:
            sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()
    except MemoryError:
        return TOO_LARGE
    except OSError as error:
        # Else the rest is written once more at the end, whose failure has a number of its own.
        sys.stdout = None
        # What is read is in memory, and no such fault has a number.
        return NO_ROOM if error.errno else DAMAGED
    except BaseException:  # noqa: BLE001 - the library panics with what is no Exception, and may quote cells
        return DAMAGED
    return 0


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    if sheet.start is None:
        return
    blank = 0
    nothing = [""] * sheet.width
    for cells in sheet.iter_rows():
        row = [] if cells == nothing else [_text(cell) for cell in cells]
        if not any(cell.strip() for cell in row):
            blank += 1
            continue
        yield from ([] for _ in range(blank))
        blank = 0
        yield [""] * sheet.start[1] + row


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            # Excel keeps every number as a float; identifiers come back with all the digits it has.
            return str(int(cell))
        case dt.datetime() | dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell).replace("\0", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
