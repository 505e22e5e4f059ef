"""A delivery's bytes out of their wrappings: OpenPGP, gzip and zip, recognised by their first bytes.

Nothing is written to disk by a name from an archive, and every limit of the feed's format is kept while unpacking, so a
bomb ends as a rejected delivery and not as a full disk.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gzip
import io
import resource
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_digital.config.formats import XlsxFormat
from local_digital.errors import ConfigurationError, DataError
from local_digital.plain_text import UNSOUND
from local_digital.private_folders import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_digital.config.formats import Wrapped
    from local_digital.settings import Connection

_SEND_AGAIN = "Ask the council to send the file again; this one is kept and nothing was loaded from it."
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ARMOUR = b"-----BEGIN PGP MESSAGE"
# A message begins with a session key for a public key or a password: a packet's tag, its length, a version (RFC 9580).
_PGP_LENGTH_BYTES = {0x84: 1, 0x85: 2, 0x86: 4, 0x8C: 1, 0x8D: 2, 0xC1: 1, 0xC3: 1}
_PGP_VERSIONS = frozenset({3, 4, 6})
_NEW_FORM = 0xC0
_ONE_BYTE_BELOW = 192
_CHUNK = 1 << 20
_SAMPLE = 512
_DEEPEST = 4
_ENCRYPTED = 0x1
# Other methods unpack a whole member at one go, before anything is counted.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Below this even a high ratio is harmless, and small files of zeros and blanks do reach it.
_RATIO_COUNTS_FROM = 64 << 20
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Document:
    """One file of a delivery. name: its path in the archive, empty for a delivery that is no archive."""

    name: str
    content: bytes


def unwrap(content: bytes, facts: Wrapped, connection: Callable[[str], Connection], where: str) -> list[Document]:
    """Return the files that a delivery holds, in the order of their names.

    connection: looks up the OpenPGP key. Raises DataError (cut off, too large, no fitting member, a path that leads
    out, encrypted without a key for it), ConfigurationError (a key that cannot be used).
    """
    return _Unwrapping(facts, connection, where, len(content)).open(Document("", content))


def wrapping(content: bytes) -> str | None:
    """Return what the first bytes say a file is wrapped in: `gzip`, `zip` (workbooks too), `OpenPGP`, or None."""
    if _is_pgp(content):
        return "OpenPGP"
    if content[:2] == _GZIP:
        return "gzip"
    return "zip" if content[:4] in _ZIP else None


@dataclass
class _Unwrapping:
    """delivered: bytes of the delivery as it came. unpacked: what has come out so far, of all wrappings."""

    facts: Wrapped
    connection: Callable[[str], Connection]
    where: str
    delivered: int
    unpacked: int = 0

    def open(self, document: Document, depth: int = 0) -> list[Document]:
        content = document.content
        wrapped = content[:2] == _GZIP or content[:4] in _ZIP or _is_pgp(content)
        if wrapped and depth == _DEEPEST:
            raise self._rejected(f"at most {_DEEPEST} wrappings round each other", "more")
        if _is_pgp(content):
            return self.open(Document(document.name, self._decrypted(content)), depth + 1)
        if content[:2] == _GZIP:
            return self.open(Document(document.name, self._gunzipped(content)), depth + 1)
        if content[:4] in _ZIP:
            return self._unzipped(document, depth)
        return [document]

    def _unzipped(self, document: Document, depth: int) -> list[Document]:
        try:
            with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
                members = [member for member in archive.infolist() if not member.filename.endswith("/")]
                if any(member.filename == "[Content_Types].xml" for member in members):
                    return [self._workbook(document, members)]
                wanted = self._wanted(members)
                inside = [Document(member.filename, self._member(archive, member)) for member in wanted]
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, OverflowError):
            raise self._rejected("a zip archive", "one that is damaged or cut off") from None
        return [opened for member in inside for opened in self.open(member, depth + 1)]

    def _workbook(self, document: Document, members: list[zipfile.ZipInfo]) -> Document:
        if not isinstance(self.facts, XlsxFormat):
            raise self._rejected("an export of the format that the council's file names", "an Excel workbook")
        self._refuse_other_methods(members)
        self._count(sum(member.file_size for member in members), len(document.content))
        return document

    def _wanted(self, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        if len(members) > self.facts.max_members:
            raise self._rejected(f"at most {self.facts.max_members} files in an archive", f"{len(members)}")
        for member in members:
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or parts[0] == "" or ":" in parts[0]:
                raise self._rejected("only paths inside the archive", "one that leads out of it")
        wanted = sorted(
            (
                member
                for member in members
                if not any(clutter in member.filename for clutter in _CLUTTER)
                and (
                    fnmatch.fnmatchcase(member.filename, self.facts.member)
                    or fnmatch.fnmatchcase(Path(member.filename).name, self.facts.member)
                )
            ),
            key=lambda member: member.filename,
        )
        if self.facts.member == "*":
            # Without a choice of the council's file: what is called like the format, where there is any.
            wanted = [member for member in wanted if self._is_called_like_the_format(member.filename)] or wanted
        if not wanted:
            raise self._rejected(
                f"a file `{self.facts.member}` in the archive", f"{len(members)} files, none of them so"
            )
        if any(UNSOUND.search(member.filename) for member in wanted):
            raise self._rejected("names of files without control characters", "others in an archive")
        if any(member.flag_bits & _ENCRYPTED for member in wanted):
            raise self._rejected("an archive without a password", "one that needs a password")
        self._refuse_other_methods(wanted)
        return wanted

    def _refuse_other_methods(self, members: list[zipfile.ZipInfo]) -> None:
        if any(member.compress_type not in _METHODS for member in members):
            raise self._rejected("a zip with ordinary compression (deflate)", "one with another")

    def _is_called_like_the_format(self, name: str) -> bool:
        kind = getattr(self.facts, "kind", "")
        return name.lower().removesuffix(".gz").removesuffix(".pgp").removesuffix(".gpg").endswith(f".{kind}")

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        # The size in the directory is a claim; what is read is counted.
        self._count(member.file_size, member.compress_size, claimed=True)
        with archive.open(member) as source:
            return self._counted(iter(lambda: source.read(_CHUNK), b""), member.compress_size)

    def _gunzipped(self, content: bytes) -> bytes:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as source:
                return self._counted(iter(lambda: source.read(_CHUNK), b""), len(content))
        except (zlib.error, EOFError, OSError):
            raise self._rejected("a gzip file", "one that is damaged or cut off") from None

    def _counted(self, chunks: Iterator[bytes], packed: int) -> bytes:
        pieces = []
        size = 0
        for chunk in chunks:
            pieces.append(chunk)
            size += len(chunk)
            self._count(size, packed, claimed=True)
        self.unpacked += size
        return b"".join(pieces)

    def _count(self, size: int, packed: int, *, claimed: bool = False) -> None:
        if self.unpacked + size > self.facts.max_bytes:
            raise self._rejected(f"at most {self.facts.max_bytes:,} bytes when unpacked", "more")
        # Many small members may be a bomb together.
        for large, small in ((size, packed), (self.unpacked + size, self.delivered)):
            if large > _RATIO_COUNTS_FROM and large > small * self.facts.max_ratio:
                most = f"at most {self.facts.max_ratio} times its size when unpacked"
                raise self._rejected(most, "more, as of a bomb")
        if not claimed:
            self.unpacked += size

    def _decrypted(self, content: bytes) -> bytes:
        if self.facts.pgp is None:
            raise DataError(
                self.where,
                expected="an export that is not encrypted, since `format.pgp` names no key",
                found="an OpenPGP message",
                action="Add a connection with the private key and name it under `format.pgp`.",
            )
        key = self.connection(self.facts.pgp)
        from pysequoia import Tsk, decrypt_file  # noqa: PLC0415 - only encrypted deliveries pay for it

        try:
            decryptor = Tsk.from_bytes(str(key.extra.get("private_key") or "").encode()).decryptor(key.password or None)
        except Exception:  # noqa: BLE001 - the library raises whatever its Rust side says, and that may hold key material
            raise ConfigurationError(
                f"connection {key.connection_id}",
                expected="`private_key` in extra: an armoured OpenPGP private key; `password`: its passphrase",
                found="a key or passphrase that does not open",
                action="Mend the connection (docs/adding-a-council.md#connections).",
            ) from None
        with private_folder() as folder:
            plain, sealed = folder / "plain", folder / "sealed"
            sealed.write_bytes(content)
            try:
                with _largest_file(self.facts.max_bytes):
                    decrypt_file(decryptor=decryptor, input=str(sealed), output=str(plain))
            except Exception:  # noqa: BLE001 - as above
                raise DataError(
                    self.where,
                    expected="a whole OpenPGP message for our key, within the size limit",
                    found="one that cannot be decrypted",
                    action="Check with the council that it encrypts to our current key, and ask for the file again.",
                ) from None
            self._count(plain.stat().st_size, len(content))
            return plain.read_bytes()

    def _rejected(self, expected: str, found: str) -> DataError:
        return DataError(self.where, expected=expected, found=found, action=_SEND_AGAIN)


def _is_pgp(content: bytes) -> bool:
    if content[:200].lstrip().startswith(_ARMOUR):
        return True
    if len(content) < 2 + max(_PGP_LENGTH_BYTES.values()) or content[0] not in _PGP_LENGTH_BYTES:
        return False
    length = _PGP_LENGTH_BYTES[content[0]]
    if content[0] >= _NEW_FORM and content[1] >= _ONE_BYTE_BELOW:
        length = 2
    return content[1 + length] in _PGP_VERSIONS and not _is_text(content[:_SAMPLE])


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.start > len(content) - 4  # a letter that the sample cuts in two
    return True


@contextlib.contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: the library that decrypts knows no limit of its own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    hard = before[1]
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
