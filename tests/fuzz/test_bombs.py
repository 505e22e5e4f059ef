"""Small exports that are made to take much time or memory end in rows or in a refusal, and take neither."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

# What parsing all of them may take at most, in an interpreter of its own.
MEMORY = 3 << 30
SECONDS = 60
PROGRAM = """
import gzip, io, json, sys, zipfile
from demo.world.writing import workbook, zipped
from fuzz.feeds import NAMES, adds_up, candidates, feed
from local_digital.errors import DataError
HEADER = ",".join(NAMES).encode() + b"\\n"
ROW = b"A1,2025-11-03,,Web,A,1,\\n"

def sheet(content):
    with zipfile.ZipFile(io.BytesIO(workbook("Export", [NAMES]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**parts, "xl/worksheets/sheet1.xml": content}.items():
            archive.writestr(name, part)
    return packed.getvalue()

def cell(text):
    row = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>'
    return b"<worksheet><sheetData>" + row % b"Ref" + row % text + b"</sheetData></worksheet>"

def said_of(kind, content):
    try:
        found = candidates(content, feed(format={"kind": kind}))
    except DataError as error:
        return str(error)
    adds_up(found, most_lines=content.count(b"\\n") + 1)
    return f"{found.rows_read} {sorted({fault.rule for fault in found.faults})}"

for name, kind, content in json.load(sys.stdin):
    print(json.dumps([name, said_of(kind, eval(content))]), flush=True)
"""
# What is sent (by Python that makes it), and what must be said of it: rows read and rules broken, or the refusal.
BURDENS = {
    "a header of a million columns": (
        "csv", "HEADER[:-1] + b''.join(b',n%d' % n for n in range(1_000_000)) + b'\\n' + ROW", "5,000 columns",
    ),
    "a row of 20 million cells": (
        "csv", "HEADER + ROW * 20 + b',' * 20_000_000 + b'\\n' + ROW", "22 ['ragged_row']",
    ),
    "gigantic cells": (
        "csv", "HEADER + b'A1,2025-11-03,,Web,' + b'x' * 5_000_000 + b',1,\\n' + b'y' * 5_000_000 + ROW",
        "2 ['no_reference']",
    ),
    "a quote that never closes": (
        "csv", "HEADER + b'A1,2025-11-03,,Web,\"A,1,\\n' + ROW * 50_000", "last row ends half way",
    ),
    "a quote that closes after 50,000 rows": (
        "csv", "HEADER + ROW * 20 + b'A1,2025-11-03,,Web,\"A,1,\\n' + ROW * 50_000 + b'A1,2025-11-03,,Web,B\",1,\\n'",
        "50022 ['ragged_row']",
    ),
    "a quote on every line": ("csv", "HEADER + (b'\"' + ROW) * 100_000", "50000 []"),
    "two headers in turns": ("csv", "(HEADER + ROW + b'Ward,How,Opened,Ref\\n') * 5_000", "1,000 headers"),
    "no end of totals": ("csv", "HEADER + ROW * 3 + b'Total\\n' * 50_000", "50003 ['ragged_row']"),
    "a gzip bomb": ("csv", "gzip.compress(HEADER + b' ' * (200 << 20))", "more, as of a bomb"),
    "many small members that are a bomb together": (
        "csv", "zipped({f'{n}.csv.gz': gzip.compress(bytes(4 << 20)) for n in range(40)})", "more, as of a bomb",
    ),
    "deep objects": ("json", "b'{\"a\":' * 1_000_000", "text that is not"),
    "a deep line": ("ndjson", "b'{\"a\":[' * 500_000 + b'\\n{}'", "line 1 is none"),
    "deep XML": ("xml", "b'<a>' * 200_000 + b'</a>' * 200_000", "elements deep"),
    "no end of attributes": (
        "xml", "b'<a ' + b' '.join(b'a%d=\"1\"' % n for n in range(100_000)) + b'/>'", "no column Ref",
    ),
    "a workbook's entities that blow up": (
        "xlsx", "sheet(b'<!DOCTYPE w [<!ENTITY a \"' + b'x' * 100_000 + b'\">]>' + cell(b'&a;' * 50_000))", "damaged",
    ),
    "a workbook's sheet of 100 MB": ("xlsx", "sheet(cell(b'x' * 100_000_000))", "as of a bomb"),
    "quadratic blow-up": (
        "xml", "b'<!DOCTYPE l [<!ENTITY a \"' + b'x' * 100_000 + b'\">]><l>' + b'&a;' * 50_000 + b'</l>'",
        "without a document type",
    ),
}  # fmt: skip


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What is said of each, in one interpreter: what one leaves behind is in the way of the next."""
    asked = json.dumps([(name, kind, content) for name, (kind, content, _) in BURDENS.items()])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=asked, capture_output=True, text=True, check=False, preexec_fn=limited
    )
    said = dict(map(json.loads, done.stdout.splitlines()))
    return said | dict.fromkeys(
        BURDENS.keys() - said.keys(), f"nothing, after {done.returncode}: {done.stderr[-2000:]}"
    )


@pytest.mark.parametrize("name", BURDENS)
def test_export_made_to_be_a_burden_is_read_or_refused_within_limits(name: str, said: dict[str, str]) -> None:
    assert BURDENS[name][2] in said[name]
