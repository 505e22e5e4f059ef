"""Wrappings are recognised and taken off, and no bomb, trick or cut-off archive gets through."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysequoia import Tsk, encrypt

from local_digital.config.formats import CsvFormat, XlsxFormat
from local_digital.errors import ConfigurationError, DataError
from local_digital.parsing.documents import Document, unwrap, wrapping
from local_digital.settings import Connection

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20


def no_connection(name: str) -> Connection:
    raise AssertionError(name)


def opened(content: bytes, connection: Any = no_connection, **facts: Any) -> list[Document]:
    return unwrap(content, CsvFormat(**facts), connection, "here")


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


@given(st.binary(max_size=2000), st.lists(st.sampled_from(["gzip", "zip"]), max_size=3))
def test_what_was_wrapped_comes_out_again(content: bytes, wrappings: list[str]) -> None:
    inner = b"Case Ref," + content
    wrapped = inner
    for kind in wrappings:
        wrapped = gzip.compress(wrapped) if kind == "gzip" else zipped({"a.csv": wrapped})
    assert [document.content for document in opened(wrapped)] == [inner]


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_wrapping(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        content = f"É{text}".encode(encoding, errors="replace")
        assert opened(content) == [Document("", content)]


def test_fitting_members_are_read_in_the_order_of_their_names_and_clutter_is_not() -> None:
    archive = zipped(
        {"b/two.csv": b"2", "a/one.csv": b"1", "read me.txt": b"x", "__MACOSX/a/one.csv": b"x", ".DS_Store": b"x"}
    )
    assert opened(archive, member="*.csv") == [Document("a/one.csv", b"1"), Document("b/two.csv", b"2")]
    assert opened(archive, member="two.csv") == [Document("b/two.csv", b"2")]
    with pytest.raises(DataError, match=r"expected a file `\*.xlsx` in the archive"):
        opened(archive, member="*.xlsx")


def test_member_called_like_the_format_is_preferred_to_a_read_me() -> None:
    assert opened(zipped({"README.txt": b"x", "bins.csv": b"1"})) == [Document("bins.csv", b"1")]
    assert opened(zipped({"bins.txt": b"1"})) == [Document("bins.txt", b"1")]


def test_gzip_files_joined_together_are_one_file() -> None:
    assert opened(gzip.compress(b"one\n") + gzip.compress(b"two\n"))[0].content == b"one\ntwo\n"


@pytest.mark.timeout(60)
def test_many_small_gzip_files_joined_together_open_in_time_and_zeros_after_the_last_are_padding() -> None:
    assert opened(gzip.compress(b"1\n") * 50_000 + bytes(MIB))[0].content == b"1\n" * 50_000


@pytest.mark.parametrize("after", [b"Case Ref,Ward\n", b"\0\0x", b"\x1f", b"\x1f\x8b"])
def test_what_comes_after_a_gzip_file_is_not_passed_over(after: bytes) -> None:
    with pytest.raises(DataError, match="damaged or cut off"):
        opened(gzip.compress(b"1\n") + after)


@pytest.mark.parametrize("name", ["../up.csv", "/root.csv", "a/../../b.csv", "C:/x.csv", "..\\up.csv"])
def test_member_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="leads out"):
        opened(zipped({name: b"x"}))


@pytest.mark.parametrize("wrap", [gzip.compress, lambda content: zipped({"a.csv": content})])
def test_limits_on_size_and_ratio_end_a_bomb(wrap: Any) -> None:
    bomb = wrap(b"0" * (80 * MIB))
    with pytest.raises(DataError, match="as of a bomb"):
        opened(bomb)
    with pytest.raises(DataError, match="at most 1,048,576 bytes"):
        opened(bomb, max_bytes=MIB)
    assert len(opened(bomb, max_ratio=5000)[0].content) == 80 * MIB


def test_many_small_members_are_a_bomb_together() -> None:
    content = zipped({f"{number}.csv": bytes(4 * MIB) for number in range(20)})
    with pytest.raises(DataError, match="as of a bomb"):
        opened(content)
    assert len(opened(content, max_ratio=5000)) == 20


@pytest.mark.parametrize("name", ["a\nb.csv", "\x1b[2Jb.csv", "a\u202eb.csv"])
def test_name_of_a_member_that_steers_a_terminal_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="without control characters"):
        opened(zipped({name: b"x"}))
    # What nobody reads may be called anything: a Mac's folders have a file `Icon` with a line end.
    assert opened(zipped({"Icon\r": b"", "a.csv": b"x"})) == [Document("a.csv", b"x")]


def test_archive_that_puts_a_member_beyond_any_file_is_refused() -> None:
    archive = bytearray(zipped({"a.csv": b"x"}))
    end = archive.rfind(b"PK\x05\x06")
    start = int.from_bytes(archive[end + 16 : end + 20], "little")
    extra = b"\x01\x00\x08\x00" + (2**64 - 1).to_bytes(8, "little")
    archive[end:end] = extra
    archive[start + 30 : start + 32] = len(extra).to_bytes(2, "little")
    archive[start + 42 : start + 46] = b"\xff" * 4
    at = end + len(extra) + 12
    archive[at : at + 4] = (end + len(extra) - start).to_bytes(4, "little")
    with pytest.raises(DataError, match="damaged or cut off"):
        opened(bytes(archive))


def test_member_without_a_name_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        member = zipfile.ZipInfo("a.csv")
        member.filename = ""
        archive.writestr(member, b"x")
    with pytest.raises(DataError, match="leads out"):
        opened(target.getvalue())


def test_too_many_members_or_wrappings_are_refused() -> None:
    with pytest.raises(DataError, match="at most 5 files"):
        opened(zipped({f"{number}.csv": b"" for number in range(6)}), max_members=5)
    nested = b"x"
    for _ in range(5):
        nested = gzip.compress(nested)
    with pytest.raises(DataError, match="wrappings"):
        opened(nested)


def test_member_that_claims_to_be_small_is_counted_while_it_is_read() -> None:
    archive = bytearray(zipped({"a.csv": b"0" * (2 * MIB)}))
    directory = archive.rfind(b"PK\x01\x02")
    archive[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with pytest.raises(DataError):
        opened(bytes(archive), max_bytes=MIB)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_cannot_be_counted_while_it_unpacks_is_refused(method: int) -> None:
    with pytest.raises(DataError, match="ordinary compression"):
        opened(zipped({"a.csv": b"Case Ref\n"}, method))
    workbook = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}, method)
    with pytest.raises(DataError, match="ordinary compression"):
        unwrap(workbook, XlsxFormat(kind="xlsx"), no_connection, "here")
    assert opened(zipped({"a.csv": b"1"}, zipfile.ZIP_STORED)) == [Document("a.csv", b"1")]


@given(st.data())
def test_archive_with_damage_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    archive = bytearray(zipped({"a.csv": b"Case Ref,Ward\n1,A\n", "b.csv": bytes(range(50))}))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(4, len(archive) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        opened(bytes(archive))


@pytest.mark.parametrize("wrap", [gzip.compress, lambda content: zipped({"a.csv": content})])
def test_archive_that_was_cut_off_is_refused(wrap: Any) -> None:
    whole = wrap(os.urandom(5000))
    for size in (20, len(whole) // 2, len(whole) - 1):
        with pytest.raises(DataError, match="damaged or cut off"):
            opened(whole[:size])


def test_workbook_is_no_archive_of_exports() -> None:
    workbook = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    assert unwrap(workbook, XlsxFormat(kind="xlsx"), no_connection, "here") == [Document("", workbook)]
    with pytest.raises(DataError, match="an Excel workbook"):
        opened(workbook)


@pytest.fixture(scope="module")
def key() -> Any:
    return Tsk.generate("Council <exports@example.org>")


def connection_with(key: Any, password: str = "") -> Any:
    armoured = str(key)
    return lambda name: Connection(name, password=password, extra={"private_key": armoured})


def test_encrypted_export_is_opened_with_the_connection_s_key(key: Any) -> None:
    cert = key.extract_certificate()
    for armor in (True, False):
        sealed = encrypt(recipients=[cert], bytes=zipped({"a.csv": b"Case Ref\n1\n"}), armor=armor)
        assert opened(bytes(sealed), connection_with(key), pgp="a_key") == [Document("a.csv", b"Case Ref\n1\n")]


def test_encrypted_export_without_a_key_for_it_says_what_to_do(key: Any) -> None:
    sealed = bytes(encrypt(recipients=[key.extract_certificate()], bytes=b"x"))
    with pytest.raises(DataError, match=r"format\.pgp"):
        opened(sealed)
    with pytest.raises(DataError, match="cannot be decrypted"):
        opened(sealed, connection_with(Tsk.generate("Another <a@example.org>")), pgp="a_key")
    with pytest.raises(DataError, match="cannot be decrypted"):
        opened(sealed[: len(sealed) // 2], connection_with(key), pgp="a_key")
    with pytest.raises(ConfigurationError, match="does not open"):
        opened(sealed, lambda name: Connection(name, extra={"private_key": "no key"}), pgp="a_key")


def test_what_comes_out_of_a_message_counts_with_what_is_unpacked_from_it(key: Any) -> None:
    packed = gzip.compress(os.urandom(600_000))
    sealed = encrypt(recipients=[key.extract_certificate()], bytes=packed, armor=False)
    assert len(opened(sealed, connection_with(key), pgp="pgp", max_bytes=2 * MIB)[0].content) == 600_000
    with pytest.raises(DataError, match="at most 1,048,576 bytes"):
        opened(sealed, connection_with(key), pgp="pgp", max_bytes=MIB)


def test_encrypted_bomb_ends_at_the_limit(key: Any) -> None:
    sealed = bytes(encrypt(recipients=[key.extract_certificate()], bytes=b"0" * (8 * MIB)))
    with pytest.raises(DataError, match="within the size limit"):
        opened(sealed, connection_with(key), pgp="a_key", max_bytes=MIB)


GPG = shutil.which("gpg")


@pytest.mark.skipif(GPG is None, reason="GnuPG's own files are made with gpg, which is not installed")
def test_what_gnupg_seals_for_a_key_with_a_passphrase_is_opened(tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)

    def gpg(*arguments: str, given: bytes = b"") -> bytes:
        secret = ["--passphrase", "open sesame", "--pinentry-mode", "loopback"]
        return subprocess.run(
            [str(GPG), "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always", *secret, *arguments],
            input=given, capture_output=True, check=True,
        ).stdout  # fmt: skip

    gpg("--quick-gen-key", "a@example.org", "default", "default", "never")
    armoured = gpg("--armor", "--export-secret-keys").decode()
    subprocess.run([str(GPG).replace("gpg", "gpgconf"), "--homedir", str(home), "--kill", "all"], check=False)
    content = b"Case Ref,Ward\n" + b"1,A\n" * 1000
    for options in ((), ("--armor",)):
        sealed = gpg("--recipient", "a@example.org", *options, "--encrypt", given=content)
        found = opened(
            sealed,
            lambda name: Connection(name, password="open sesame", extra={"private_key": armoured}),
            pgp="a_key",
        )
        assert found == [Document("", content)]


@pytest.mark.parametrize("wrap", [gzip.compress, lambda content: zipped({"a.csv": content})])
def test_four_wrappings_are_taken_off_and_a_fifth_is_refused(wrap: Any) -> None:
    content = b"Case Ref\n"
    for _ in range(4):
        content = wrap(content)
    assert [document.content for document in opened(content)] == [b"Case Ref\n"]
    with pytest.raises(DataError, match=r"^here: expected at most 4 wrappings round each other; found more"):
        opened(wrap(content))


@pytest.mark.parametrize(
    ("content", "wrapped"),
    [
        (b"\x1f\x8b\x08", "gzip"), (b"PK\x03\x04\x14", "zip"), (b"PK\x05\x06\0", "zip"), (b"PK\x01\x02", None),
        (b"Case Ref\n", None), (b"", None), (b" \n-----BEGIN PGP MESSAGE-----", "OpenPGP"),
        (b"\x85\x01\x0c\x03\xff\xfe" + b"\xff" * 9, "OpenPGP"), (b"\xc1\x5e\x06\xff\xfe" + b"\xff" * 9, "OpenPGP"),
        (b"\xc1\xc0\x10\x03\xff" + b"\xff" * 9, "OpenPGP"), (b"\x85\x01\x0c\x07\xff\xfe" + b"\xff" * 9, None),
        (b"\x85\x01\x0c", None),
    ],
)  # fmt: skip
def test_wrapping_is_known_by_its_first_bytes(content: bytes, wrapped: str | None) -> None:
    assert wrapping(content) == wrapped


def test_bomb_is_refused_in_words_that_name_the_limit() -> None:
    with pytest.raises(
        DataError, match=r"^here: expected at most 7 times its size when unpacked; found more, as of a bomb"
    ):
        opened(gzip.compress(b"0" * (80 * MIB)), max_ratio=7)
