"""Bytes to UTF-8 text with plain line ends, with what was found out about them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_digital.errors import DataError

if TYPE_CHECKING:
    from local_digital.parsing.documents import Document

SEND_AGAIN = "Ask the council to send the file again; this one is kept and nothing was loaded from it."
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MULTI_BYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SAMPLE = 4096
_NOTHING = b"\0\t\r\n \xef\xbb\xbf\xff\xfe"
_PIECE = 4 << 20
_MOSTLY = 0.3


@dataclass(frozen=True)
class Text:
    """content: UTF-8 without a byte order mark, every line ended by \\n. encoding: what it was in. mended: how many
    bytes of a UTF-8 text were in Windows-1252. line_ends: CRLF, LF, CR or none.
    """

    content: bytes
    encoding: str
    mended: int
    line_ends: str

    @property
    def found(self) -> dict[str, object]:
        facts: dict[str, object] = {"encoding": self.encoding, "line_ends": self.line_ends}
        return facts | ({"bytes_in_windows_1252": self.mended} if self.mended else {})


def decode(document: Document, encoding: str, where: str) -> Text:
    """Decode a document: `auto` finds the encoding out, anything else must fit exactly.

    Raises DataError when it is empty, a web page or XML, binary, or not in the encoding asked for.
    """
    if not (document.content[:_SAMPLE].strip(_NOTHING) or document.content.strip(_NOTHING)):
        raise _rejected(where, "rows of data", "an empty file")
    if encoding == "auto":
        content, name, mended = _found_out(document.content)
    else:
        content, name, mended = _agreed(document.content, encoding, where), encoding, 0
    if b"\0" in content:
        raise _rejected(where, f"text in {name}", "zero bytes, as in a binary file or another encoding")
    if content[:_SAMPLE].lstrip()[:1] == b"<":
        raise _rejected(where, "rows of data", "a web page or XML, as servers send when something failed")
    line_ends = "LF" if b"\n" in content else "none"
    if b"\r" in content:
        line_ends = "CRLF" if b"\r\n" in content else "CR"
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Text(content, name, mended, line_ends)


def _agreed(content: bytes, encoding: str, where: str) -> bytes:
    if encoding == "windows-1252":
        # A byte order mark of UTF-8 says that the file is not what was agreed on, and its text may still be.
        content = content.removeprefix(codecs.BOM_UTF8)
    if encoding == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # Without a mark the bytes themselves say which half of a letter comes first.
        encoding = "utf-16-be" if content[:_SAMPLE:2].count(0) > content[1:_SAMPLE:2].count(0) else "utf-16-le"
    try:
        return _as_utf8(content, encoding)
    except UnicodeDecodeError:
        raise _rejected(where, f"text in {encoding}", "bytes that cannot be") from None


def _found_out(content: bytes) -> tuple[bytes, str, int]:
    for mark, name in _BOMS.items():
        if content.startswith(mark):
            # One broken pair at the end of a file that was cut off, say: the rows before it are good.
            return _as_utf8(content, name, "replace"), name, 0
    sample = content[:_SAMPLE]
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Latin letters in UTF-16 have a zero in every other byte.
        if sample[first::2].count(0) > _MOSTLY * len(sample):
            return _as_utf8(content, name, "replace"), name, 0
    try:
        return _as_utf8(content, "utf-8"), "utf-8", 0
    except UnicodeDecodeError:
        pass
    if not _MULTI_BYTE.search(content):
        return _windows_1252(content).encode(), "windows-1252", 0
    return _mended(content)


def _as_utf8(content: bytes, encoding: str, errors: str = "strict") -> bytes:
    """Transcode piece by piece, since a string of a large file takes several times its room."""
    as_it_is = encoding == "utf-8" and errors == "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    pieces = []
    for start in range(0, len(content), _PIECE):
        text = decoder.decode(content[start : start + _PIECE], final=start + _PIECE >= len(content))
        if not as_it_is:
            pieces.append(text.encode())
    return (content if as_it_is else b"".join(pieces)).removeprefix(codecs.BOM_UTF8)


def _mended(content: bytes) -> tuple[bytes, str, int]:
    """Read each byte that UTF-8 cannot have as Windows-1252: some systems join columns of two encodings."""
    mended = 0

    def mend(error: UnicodeError) -> tuple[str, int]:
        nonlocal mended
        if not isinstance(error, UnicodeDecodeError):
            raise error
        mended += error.end - error.start
        return _windows_1252(error.object[error.start : error.end]), error.end

    codecs.register_error("local-digital-mend", mend)
    return content.decode("utf-8", errors="local-digital-mend").encode(), "utf-8", mended


# Five bytes have no meaning in Windows-1252; as web browsers do, they are taken for the control codes of Latin-1.
_TABLE = "".join(bytes([byte]).decode("cp1252", errors="replace").replace("\ufffd", chr(byte)) for byte in range(256))


def _windows_1252(content: bytes) -> str:
    return codecs.charmap_decode(content, "strict", _TABLE)[0]


def _rejected(where: str, expected: str, found: str) -> DataError:
    return DataError(where, expected=expected, found=found, action=SEND_AGAIN)
