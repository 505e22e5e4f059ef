"""How exports are written: tables, documents and their wrappings, with nothing in them that differs between machines.

Archives are stored, not deflated: compressors of different versions make different bytes of the same text.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import struct
import zipfile
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Cell = str | int | Decimal | dt.datetime | None

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
# The earliest time that a zip can hold.
_TIMELESS = (1980, 1, 1, 0, 0, 0)
_STORED_BLOCK = 0xFFFF
_DAY_ZERO = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
_DATE_STYLE = 1
_CONTENT_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>\
<Override PartName="/xl/styles.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>"""
_RELATION = (
    '<Relationship Id="{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKBOOK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<workbook xmlns="{}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name={} sheetId="1" r:id="rId1"/></sheets></workbook>'
)
# Style 0 is plain, style 1 (`_DATE_STYLE`) a date with its time.
_STYLES = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{_MAIN}">'
    '<fonts><font/></fonts><fills><fill><patternFill patternType="none"/></fill></fills>'
    "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
    '<cellXfs><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def month_name(day: dt.date) -> str:
    """The English name of a day's month, whatever the machine speaks."""
    return _MONTHS[day.month - 1]


def csv_file(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    """Write a table with Windows line ends; None becomes an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode(encoding)


def json_lines(records: Iterable[Mapping[str, object]]) -> bytes:
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records).encode()


def json_file(document: object) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode()


def element(name: str, inside: str | None = None, **attributes: str) -> str:
    """Return an XML element. inside: elements, or text that is escaped already. Attributes: `_` stands for a hyphen."""
    written = "".join(f" {key.replace('_', '-')}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{written}/>" if inside is None else f"<{name}{written}>{inside}</{name}>"


def text_element(name: str, text: str) -> str:
    return element(name, escape(text))


def xml_file(root: str, elements: Iterable[str]) -> bytes:
    lines = "".join(f"  {one}\n" for one in elements)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>\n{lines}</{root}>\n'.encode()


def gzipped(content: bytes) -> bytes:
    """Wrap bytes as gzip, stored (RFC 1952, RFC 1951)."""
    blocks = [content[start : start + _STORED_BLOCK] for start in range(0, len(content), _STORED_BLOCK)] or [b""]
    stored = b"".join(
        struct.pack("<BHH", number == len(blocks), len(block), len(block) ^ 0xFFFF) + block
        for number, block in enumerate(blocks, 1)
    )
    head = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
    return head + stored + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip, stored and without times."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, _TIMELESS)
            member.create_system = 0
            file.writestr(member, content)
    return archive.getvalue()


def workbook(sheet: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write an Excel workbook with one sheet. Naive datetimes become dates, numbers numbers, the rest text."""
    lines = "".join(
        f"<row>{''.join(_cell(cell) for cell in row)}</row>"
        for row in rows
    )  # fmt: skip
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONS.format(_RELATION.format("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": _WORKBOOK.format(_MAIN, quoteattr(sheet)),
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(
            _RELATION.format("rId1", "worksheet", "worksheets/sheet1.xml")
            + _RELATION.format("rId2", "styles", "styles.xml")
        ),
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def _cell(cell: Cell) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case int() | Decimal():
            return f"<c><v>{cell}</v></c>"
        case dt.datetime():
            since = cell - _DAY_ZERO
            # Ten decimals of a day are well below a hundredth of a second.
            return f'<c s="{_DATE_STYLE}"><v>{since.days + round(since.seconds / 86400, 10)}</v></c>'
        case str():
            return f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
