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
_MULTI_BYTE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SAMPLE = 4096
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
    content = document.content
    if not content.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise _rejected(where, "rows of data", "an empty file")
    text, name, mended = _automatic(content) if encoding == "auto" else _strict(content, encoding, where)
    if "\0" in text:
        raise _rejected(where, f"text in {name}", "zero bytes, as in a binary file or another encoding")
    if text.lstrip()[:1] == "<":
        raise _rejected(where, "rows of data", "a web page or XML, as servers send when something failed")
    if "\r\n" in text:
        line_ends, text = "CRLF", text.replace("\r\n", "\n").replace("\r", "\n")
    elif "\r" in text:
        line_ends, text = "CR", text.replace("\r", "\n")
    else:
        line_ends = "LF" if "\n" in text else "none"
    return Text(text.encode(), name, mended, line_ends)


def _strict(content: bytes, encoding: str, where: str) -> tuple[str, str, int]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _rejected(where, f"text in {encoding}", f"a byte that cannot be, at position {error.start}") from None
    if encoding == "windows-1252" and content.startswith(codecs.BOM_UTF8):
        text = text[len(codecs.BOM_UTF8) :]
    return text.removeprefix("\ufeff"), encoding, 0


def _automatic(content: bytes) -> tuple[str, str, int]:
    for mark, name in _BOMS.items():
        if content.startswith(mark):
            return _lenient(content[len(mark) :], name)
    sample = content[:_SAMPLE]
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Latin letters in UTF-16 have a zero in every other byte.
        if sample[first::2].count(0) > _MOSTLY * len(sample):
            return _lenient(content, name)
    return _lenient(content, "utf-8")


def _lenient(content: bytes, encoding: str) -> tuple[str, str, int]:
    try:
        return content.decode(encoding), encoding, 0
    except UnicodeDecodeError:
        pass
    if encoding != "utf-8":
        # One broken pair at the end of a file that was cut off, say: the rows before it are good.
        return content.decode(encoding, errors="replace"), encoding, 0
    if not _MULTI_BYTE.search(content):
        return _windows_1252(content), "windows-1252", 0
    # Some systems join columns of two encodings: each byte that UTF-8 cannot have is read as Windows-1252.
    mended = 0

    def mend(error: UnicodeError) -> tuple[str, int]:
        nonlocal mended
        if not isinstance(error, UnicodeDecodeError):
            raise error
        mended += error.end - error.start
        return _windows_1252(error.object[error.start : error.end]), error.end

    codecs.register_error("local-digital-mend", mend)
    return content.decode("utf-8", errors="local-digital-mend"), "utf-8", mended


# Five bytes have no meaning in Windows-1252; as web browsers do, they are taken for the control codes of Latin-1.
_TABLE = "".join(bytes([byte]).decode("cp1252", errors="replace").replace("\ufffd", chr(byte)) for byte in range(256))


def _windows_1252(content: bytes) -> str:
    return codecs.charmap_decode(content, "strict", _TABLE)[0]


def _rejected(where: str, expected: str, found: str) -> DataError:
    return DataError(where, expected=expected, found=found, action=SEND_AGAIN)
