"""Workbooks: the parts of an .xlsx or .ods one by one, since a change in packed bytes only spoils a checksum."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import zipfile
from types import SimpleNamespace
from typing import IO
from unittest import mock

from demo.world.writing import workbook, zipped
from fuzz.feeds import NAMES, ROWS, adds_up, candidates, feed
from fuzz.target import CANARY, Target, chosen, hold, refusing
from local_digital.config.formats import XlsxFormat
from local_digital.parsing import sheet_process
from local_digital.parsing import workbook as reader
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Wanted

_FEED = feed(format={"kind": "xlsx"})
_WANTED = Wanted.of(NAMES, [NAMES[:1]])
_XLSX = workbook("Export", [NAMES, *ROWS])
_STRINGS = f"<sst><si><t>{NAMES[0]}</t></si><si><r><t>{CANARY}</t></r></si></sst>"
_SHEET = (
    '<worksheet><dimension ref="A1:C3"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr">'
    '<is><t>Opened</t></is></c><c r="C1" t="str"><v>How</v></c></row><row r="3"><c r="A3" t="s"><v>1</v></c>'
    '<c r="B3" s="1"><v>45999.5</v></c><c r="C3" t="b"><v>1</v></c><c r="D3" t="e"><v>#N/A</v></c><c r="E3"><f>1+1</f>'
    "<v>2</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>"
)  # fmt: skip
_ODS = (
    '<office:document-content><office:body><office:spreadsheet><table:table table:name="Export"><table:table-row>'
    "<table:table-cell><text:p>Ref</text:p></table:table-cell><table:table-cell><text:p>Opened</text:p>"
    '</table:table-cell></table:table-row><table:table-row table:number-rows-repeated="2"><table:table-cell '
    f'office:value-type="string"><text:p>{CANARY}</text:p></table:table-cell><table:table-cell '
    'table:number-columns-repeated="2" office:value-type="date" office:date-value="2025-11-03T10:15:00"/>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)
# Which part an input is; none: the whole file.
_PARTS = (
    "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "content.xml", "",
)  # fmt: skip
_TOKENS = (
    b"<row>", b'<row r="4294967295">', b'<row r="1048576">', b'<row r="0">', b"</row>", b'<c r="XFD1048576">',
    b'<c r="A0">', b'<c r="A">', b'<c r="1">', b'<c r="ZZZZZZZ1">', b't="s"', b't="b"', b't="d"', b't="n"', b't="e"',
    b't="str"', b's="1"', b's="4294967295"', b"<v>", b"<v>-1</v>", b"<v>1e400</v>", b"<v>NaN</v>", b"<v>2958466</v>",
    b"<v>-693594</v>", b"<v>4294967296</v>", b"<v/>", b"<f>", b'<f t="shared" ref="A1:B2" si="0">A1</f>', b"<is/>",
    b"<t/>", b"&#0;", b"&#xD800;", b"&amp;", b"&x;", b"<!DOCTYPE x [<!ENTITY x 'y'>]>", b"<![CDATA[", b"]]>", b"<!--",
    b'numFmtId="14"', b'numFmtId="46"', b'formatCode="[h]:mm"', b'formatCode="yyyy"', b"\xff", b"_x0000_", b"_xD800_",
    b'table:number-columns-repeated="4294967295"', b'table:number-rows-repeated="4294967295"', b'office:value="1e999"',
    b'office:date-value="99999-99-99T99:99:99"', b'office:time-value="PT99999999999H"', b'office:boolean-value="x"',
    b'office:value-type="percentage"', b"<text:p>", b"Target=\"../x\"", b"Target=\"/xl/worksheets/sheet1.xml\"",
)  # fmt: skip
_SECONDS = 10


def _check(data: bytes) -> None:
    part, content = chosen(data, _PARTS)
    with refusing(), mock.patch.object(reader, "subprocess", _IN_A_FORK):
        if part == "content.xml":
            ods = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
            reader.read(0, Document("", ods), XlsxFormat(kind="xlsx"), _WANTED, "here")
        else:
            adds_up(candidates(_with(part, content) if part else content, _FEED), most_lines=1 << 20)


def _with(part: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_XLSX)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, "xl/sharedStrings.xml": _STRINGS.encode(), part: content})


def _forked(
    command: list[str],
    *,
    input: bytes,  # noqa: A002 - as `subprocess.run` calls it
    stdout: IO[bytes],
    **_: object,
) -> subprocess.CompletedProcess[bytes]:
    """Run `sheet_process` in a fork of this process: starting Python takes ten times as long as reading a sheet."""
    pid = os.fork()
    if not pid:
        try:
            # A fuzzer's handlers would take the end of this process for its own.
            for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGXCPU):
                signal.signal(number, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            sys.stdin = io.TextIOWrapper(io.BytesIO(input))
            with open(stdout.fileno(), "w", encoding="utf-8", closefd=False) as sys.stdout:
                os._exit(sheet_process.main(command[3:]))
        finally:
            os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    hold("a workbook is read in time", kept=ended not in {-signal.SIGXCPU, -signal.SIGKILL})
    return subprocess.CompletedProcess(command, ended)


_IN_A_FORK = SimpleNamespace(run=_forked, DEVNULL=subprocess.DEVNULL)


def _seeds() -> tuple[bytes, ...]:
    with zipfile.ZipFile(io.BytesIO(_XLSX)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= {"xl/sharedStrings.xml": _STRINGS.encode(), "content.xml": _ODS.encode(), "": _XLSX}
    return (*(bytes([number]) + parts[part] for number, part in enumerate(_PARTS)), b"\0" + _SHEET.encode())


TARGETS = (Target("workbook", "parts of workbooks (.xlsx, .ods)", _check, _seeds(), _TOKENS),)
