"""A file's encoding and line ends are found out from its bytes, or kept to as agreed on."""

from __future__ import annotations

import codecs

import pytest

from local_digital.errors import DataError
from local_digital.parsing import decoding
from local_digital.parsing.decoding import SEND_AGAIN, Text, decode
from local_digital.parsing.documents import Document

WELSH = "Tŷ,£5\n"


def decoded(content: bytes, encoding: str = "auto") -> Text:
    return decode(Document("", content), encoding, "here")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a,b\n1,2\n", Text(b"a,b\n1,2\n", "utf-8", 0, "LF")),
        (b"a,b", Text(b"a,b", "utf-8", 0, "none")),
        (b"a\r\nb\r\n", Text(b"a\nb\n", "utf-8", 0, "CRLF")),
        (b"a\rb\r", Text(b"a\nb\n", "utf-8", 0, "CR")),
        (b"a\r\nb\rc\n", Text(b"a\nb\nc\n", "utf-8", 0, "CRLF")),
        (WELSH.encode(), Text(WELSH.encode(), "utf-8", 0, "LF")),
        (WELSH.encode("utf-8-sig"), Text(WELSH.encode(), "utf-8", 0, "LF")),
        (WELSH.encode("utf-16"), Text(WELSH.encode(), "utf-16-le", 0, "LF")),
        (codecs.BOM_UTF16_BE + WELSH.encode("utf-16-be"), Text(WELSH.encode(), "utf-16-be", 0, "LF")),
        (b"a,b\n".decode().encode("utf-16-le"), Text(b"a,b\n", "utf-16-le", 0, "LF")),
        (b"a,b\n".decode().encode("utf-16-be"), Text(b"a,b\n", "utf-16-be", 0, "LF")),
        (b"caf\xe9 \x80\x81\n", Text("café €\x81\n".encode(), "windows-1252", 0, "LF")),
        ("Tŷ".encode() + b" \xa35 caf\xe9\n", Text("Tŷ £5 café\n".encode(), "utf-8", 2, "LF")),
        # A broken letter after a byte order mark spoils itself alone.
        (codecs.BOM_UTF8 + b"caf\xe9,b\n", Text("caf\ufffd,b\n".encode(), "utf-8", 0, "LF")),
        ("a,b\n".encode("utf-16") + b"x", Text("a,b\n\ufffd".encode(), "utf-16-le", 0, "LF")),
    ],
)  # fmt: skip
def test_encoding_and_line_ends_are_found_out(content: bytes, text: Text) -> None:
    assert decoded(content) == text


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WELSH.encode(), "utf-8"),
        (WELSH.encode("utf-8-sig"), "utf-8"),
        (WELSH.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + WELSH.encode("utf-16-be"), "utf-16"),
        (WELSH.encode("utf-16-le"), "utf-16"),
        (WELSH.encode("utf-16-be"), "utf-16"),
    ],
)
def test_agreed_encoding_is_kept_to_with_a_mark_or_without(content: bytes, encoding: str) -> None:
    assert decoded(content, encoding) == Text(WELSH.encode(), encoding, 0, "LF")


def test_agreed_windows_1252_is_read_as_such_even_where_it_looks_like_utf_8() -> None:
    assert decoded(b"\xc3\xa9\n", "windows-1252").content == "Ã©\n".encode()
    assert decoded(codecs.BOM_UTF8 + b"\xa35\n", "windows-1252").content == "£5\n".encode()


@pytest.mark.parametrize("piece", [1, 2, 3, 5])
def test_letter_between_two_pieces_is_read_whole(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(decoding, "_PIECE", piece)
    text = "Tŷ €5 \U0001f600\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert decoded(text.encode(encoding)).content == text.encode()
    with pytest.raises(DataError, match="text in utf-8"):
        decoded("a€".encode()[:-1], "utf-8")


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"", "auto", "rows of data; found an empty file"),
        (codecs.BOM_UTF8 + b" \r\n\t\0", "auto", "rows of data; found an empty file"),
        (b" " * 5000, "auto", "rows of data; found an empty file"),
        (b" \n<?xml", "auto", "rows of data; found a web page or XML, as servers send when something failed"),
        (b"a\0b\n" + b"c" * 99, "auto", "text in utf-8; found zero bytes, as in a binary file or another encoding"),
        (b"\xa3", "utf-8", "text in utf-8; found bytes that cannot be"),
        (b"\x81", "windows-1252", "text in windows-1252; found bytes that cannot be"),
        (b"a\0b", "utf-16", "text in utf-16-le; found bytes that cannot be"),
    ],
)
def test_what_cannot_be_read_is_refused_in_plain_words(content: bytes, encoding: str, message: str) -> None:
    with pytest.raises(DataError) as refused:
        decoded(content, encoding)
    assert str(refused.value) == f"here: expected {message}. {SEND_AGAIN}"


def test_rows_after_a_long_blank_beginning_are_read() -> None:
    assert decoded(b" " * 5000 + b"a\n").content.strip() == b"a"


def test_what_was_found_out_is_told_for_the_ledger() -> None:
    assert decoded(b"a\r\n").found == {"encoding": "utf-8", "line_ends": "CRLF"}
    assert decoded("Tŷ".encode() + b"\xa3\n").found == {
        "encoding": "utf-8", "line_ends": "LF", "bytes_in_windows_1252": 1,
    }  # fmt: skip
