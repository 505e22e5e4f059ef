"""A sample file whose layout nobody knows yet: out of its wrappings, its format found out, into columns of text."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from local_digital.config.formats import XlsxFormat
from local_digital.errors import DataError
from local_digital.parsing.documents import Document, unwrap, wrapping
from local_digital.profiling.csv_sample import read_csv
from local_digital.profiling.tree_sample import read_tree
from local_digital.profiling.workbook_sample import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from local_digital.profiling.sample import Sample
    from local_digital.settings import Connection

_NOT_DATA = frozenset({".pdf", ".txt", ".md", ".doc", ".docx", ".htm", ".html", ".jpg", ".png", ".log", ".sha256"})
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


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
            return read_csv(path, size, [], [("", file)], progress)
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
            sample = read_csv(path, size, wrappings, sources, progress)
        case "xlsx":
            sample = read_workbook(path, size, wrappings, documents)
        case kind:
            sample = read_tree(path, size, wrappings, documents, kind)
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
