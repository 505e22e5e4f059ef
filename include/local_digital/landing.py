"""The landing store: raw bytes under their content address, and the accepted records of each delivery.

Any fsspec URL. A reader never sees half of an object: in a folder it is written under a temporary name and moved into
place, in an object store the upload itself shows as a whole or not at all. What one process has written every other
one sees from then on. A store that does not answer is a TransportError, whatever its library raises.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from local_digital.errors import ConfigurationError, TransportError
from local_digital.fields import RECORD_FIELDS
from local_digital.object_stores import abort_uploads, is_object_store, open_store, passing_faults
from local_digital.parsing.values import TYPES, decoded
from local_digital.private_folders import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_digital.parsing.instants import Mask

_ROWS_A_PART = 250_000
_FOLDERS = ("raw", "accepted", "validations", "data-docs", "reports")


class RawFile:
    """Landed bytes being read."""

    def __init__(self, file: Any, faults_told: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._file = file
        self._faults_told = faults_told

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or all that are left; fewer, or none, at the end. Raises TransportError."""
        with self._faults_told():
            return bytes(self._file.read(size))

    def rewind(self) -> None:
        """Begin again."""
        with self._faults_told():
            self._file.seek(0)


class LandingStore:
    """raw/<aa>/<sha256>: the bytes as they came. accepted/<delivery>.parquet: canonical records, no personal data.

    validations/<council>/<transaction>/: results as counts; data-docs/<council>/<transaction>/: pages of them for
    people. reports/<council>/<transaction>/: what a council should mend.
    """

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = open_store(url)
        except ImportError as error:
            raise ConfigurationError(
                "LOCAL_DIGITAL_LANDING", expected="the package for such a URL", found="it is not installed",
                action="Install it (s3fs for s3://, gcsfs for gs://), or name a place of another kind.",
            ) from error  # fmt: skip

    def put_raw(self, path: Path) -> str:
        """Store a local file's bytes once; return their SHA-256 in hex."""
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        target = self._raw(sha256)
        if not self._exists(target):
            self._write(target, lambda place: self._files.put_file(str(path), place))
        return sha256

    def read_raw(self, sha256: str) -> bytes:
        """Return landed bytes. Raises ConfigurationError when they are not there: the ledger knows them."""
        with self.open_raw(sha256) as raw:
            return raw.read()

    @contextlib.contextmanager
    def open_raw(self, sha256: str) -> Iterator[RawFile]:
        """Yield landed bytes as a file, for those that are not to be held at once. Raises as `read_raw`."""
        try:
            with self._faults_told():
                file = self._files.open(self._raw(sha256), "rb")
        except FileNotFoundError:
            raise ConfigurationError(
                f"landing store, raw/{sha256[:2]}/{sha256}",
                expected="the bytes that the ledger knows",
                found="none",
                action="See that LOCAL_DIGITAL_LANDING is one and the same store for all workers and commands. Where "
                "the bytes are lost, `local-digital ingest COUNCIL TRANSACTION --file PATH` brings them back.",
            ) from None
        with file:
            yield RawFile(file, self._faults_told)

    def remove_raw(self, sha256: str) -> None:
        self._remove(self._raw(sha256))

    def has_raw(self, sha256: str) -> bool:
        return self._exists(self._raw(sha256))

    def put_accepted(self, delivery_id: int, records: pa.Table, kept: Mask | None = None) -> None:
        """Store a delivery's accepted records: `line` and the canonical fields, times in UTC; kept: which, or all."""
        with contextlib.ExitStack() as stack:
            with self._faults_told():
                path = Path(stack.enter_context(private_folder()), "accepted.parquet")
                _write_parquet(path, records, kept)
            self._write(self._accepted(delivery_id), lambda place: self._files.put_file(str(path), place))

    def accepted(self, delivery_id: int, columns: list[str] | None = None) -> pa.Table:
        """Return a validated delivery's records: `line` and the canonical fields, times in UTC."""
        with self._opened_accepted(delivery_id) as file:
            return _complete(file.read(columns), columns)

    def accepted_parts(self, delivery_id: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield the same records a good number of rows at a time, in their order."""
        with self._opened_accepted(delivery_id) as file:
            for part in range(file.num_row_groups):
                yield _complete(file.read_row_group(part, columns), columns)

    @contextlib.contextmanager
    def _opened_accepted(self, delivery_id: int) -> Iterator[pq.ParquetFile]:
        path = self._accepted(delivery_id)
        if isinstance(self._files, LocalFileSystem):
            # What takes its place meanwhile is another file.
            with self._faults_told():
                content = pa.OSFile(path)
        else:
            # In one piece: between two ranges of it, a rewritten object would be another one.
            content = pa.BufferReader(self._read(path))
        with content, pq.ParquetFile(content) as file:
            yield file

    def has_accepted(self, delivery_id: int) -> bool:
        return self._exists(self._accepted(delivery_id))

    def remove_accepted(self, delivery_id: int) -> None:
        self._remove(self._accepted(delivery_id))

    def remove_unfinished(self, before: dt.datetime) -> int:
        """Remove what killed runs were writing, untouched since a moment (aware); return how many files those were."""
        with self._faults_told():
            if is_object_store(self._files):
                return abort_uploads(self._files, self._root, before)
            gone = 0
            for folder in _FOLDERS:
                for name, facts in self._files.find(f"{self._root}/{folder}", detail=True).items():
                    if name.endswith(".part") and _last_written(facts) < before:
                        self._files.rm_file(name)
                        gone += 1
        return gone

    def remove(self, name: str) -> bool:
        """Remove a file of the store; return whether it was there."""
        return self._remove(f"{self._root}/{name}")

    def put_text(self, name: str, content: str) -> None:
        self.put_bytes(name, content.encode())

    def put_bytes(self, name: str, content: bytes) -> None:
        self._put(f"{self._root}/{name}", content)

    def read(self, name: str) -> bytes | None:
        """Return a finished file of the store; None when there is none of this name."""
        try:
            return self._read(f"{self._root}/{name}")
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """Say whether the store holds a finished file of this name."""
        return self._exists(f"{self._root}/{name}")

    def where(self, name: str) -> str:
        """Return the URL or path under which people find a file of the store."""
        return str(self._files.unstrip_protocol(f"{self._root}/{name}")).removeprefix("file://")

    def tree(self, folder: str) -> list[str]:
        """Return the names of all finished files below a folder of the store, from that folder on."""
        top = f"{self._root}/{folder}/"
        with self._faults_told():
            return [name.removeprefix(top) for name in self._files.find(top) if not name.endswith(".part")]

    def names(self, folder: str) -> list[str]:
        """Return the names of the finished files in a folder of the store, none where there is no such folder."""
        try:
            with self._faults_told():
                listed = self._files.ls(f"{self._root}/{folder}", detail=False)
        except FileNotFoundError:
            # An object store has folders only as long as there is something in them.
            return []
        return [name.rpartition("/")[2] for name in listed if not name.endswith((".part", "/"))]

    def _raw(self, sha256: str) -> str:
        return f"{self._root}/raw/{sha256[:2]}/{sha256}"

    def _accepted(self, delivery_id: int) -> str:
        return f"{self._root}/accepted/{delivery_id}.parquet"

    def _exists(self, path: str) -> bool:
        with self._faults_told():
            return bool(self._files.exists(path))

    def _read(self, path: str) -> bytes:
        """Return a whole file. Raises FileNotFoundError."""
        with self._faults_told():
            return bytes(self._files.cat_file(path))

    def _remove(self, path: str) -> bool:
        """Remove a file, which may be gone already, or go meanwhile; return whether it was there."""
        there = self._exists(path)
        if there:
            with contextlib.suppress(FileNotFoundError), self._faults_told():
                self._files.rm_file(path)
        return there

    def _put(self, target: str, content: bytes) -> None:
        self._write(target, lambda place: self._files.pipe_file(place, content))

    def _write(self, target: str, upload: Callable[[str], object]) -> None:
        """Let `upload` write a file where nobody sees it before it is whole."""
        if not is_object_store(self._files):
            with self._faults_told(), self._beside(target) as temporary:
                upload(temporary)
            return
        try:
            with self._faults_told():
                upload(target)
        except FileNotFoundError:
            raise ConfigurationError(
                "landing store", expected="the bucket that LOCAL_DIGITAL_LANDING names", found="none of this name",
                action="Make it, or correct the URL.",
            ) from None  # fmt: skip

    @contextlib.contextmanager
    def _beside(self, target: str) -> Iterator[str]:
        """Give a temporary name beside the target, moved into place when the block ends well, removed when not."""
        if isinstance(self._files, LocalFileSystem):
            # Raw exports hold personal data: a folder of our own is nobody else's to read.
            Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)
            # Below one that somebody else has made for us it is so too, but for a group of accounts that share it.
            top, _, rest = target.removeprefix(f"{self._root}/").partition("/")
            if rest:
                Path(self._root, top).mkdir(mode=0o770, exist_ok=True)
        self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
        temporary = f"{target}.{uuid.uuid4().hex}.part"
        try:
            yield temporary
        except BaseException:
            if self._files.exists(temporary):
                self._files.rm_file(temporary)
            raise
        self._files.mv(temporary, target)

    @contextlib.contextmanager
    def _faults_told(self) -> Iterator[None]:
        """Say of a fault whether another try may help; a file that is not there is the caller's matter."""
        try:
            yield
        except FileNotFoundError:
            raise
        except passing_faults(self._files) as error:
            code = error.errno if isinstance(error, OSError) else None
            answers = "an answer, and the right to read and write"
            raise TransportError(
                "landing store", expected=answers if is_object_store(self._files) else "room and the right to write",
                found=os.strerror(code) if code else type(error).__name__,
                action="It is tried again; if it lasts, those who run this pipeline should check the store and its "
                "rights.",
            ) from error  # fmt: skip
        except Exception as error:
            if type(error).__module__ == "builtins":
                raise
            # Every store's library has errors of its own for credentials and addresses that cannot be right.
            raise ConfigurationError(
                "landing store", expected="a store that lets us in", found=type(error).__name__,
                action="Check LOCAL_DIGITAL_LANDING and the credentials that go with it.",
            ) from error  # fmt: skip


def _write_parquet(path: Path, records: pa.Table, kept: Mask | None) -> None:
    with pq.ParquetWriter(path, _stored(records.slice(0, 0)).schema) as writer:
        for start in range(0, max(1, records.num_rows), _ROWS_A_PART):
            part = records.slice(start, _ROWS_A_PART)
            if kept is not None:
                part = part.filter(pa.array(kept[start : start + _ROWS_A_PART]))
            writer.write_table(_stored(part))


def _stored(records: pa.Table) -> pa.Table:
    keys = records.schema.get_field_index("premises_key")
    # A dictionary would keep the key of premises whose rows have been taken out.
    return records.set_column(keys, "premises_key", decoded(records.column(keys))) if keys >= 0 else records


def _complete(records: pa.Table, columns: list[str] | None) -> pa.Table:
    """Give columns that no record has their type, and records of former versions (where all are asked for) the rest."""
    for index, field in enumerate(records.schema):
        if pa.types.is_null(field.type):
            typed = records.column(index).cast(TYPES[RECORD_FIELDS[field.name]])
            records = records.set_column(index, field.name, typed)
    if columns is None:
        for name in RECORD_FIELDS.keys() - set(records.column_names):
            # Written before there was such a field; until there were counts each record was one.
            absent = 1 if name == "count" else None
            records = records.append_column(name, pa.repeat(pa.scalar(absent, TYPES[RECORD_FIELDS[name]]),
                                                            records.num_rows))  # fmt: skip
    return records


def _last_written(facts: dict[str, Any]) -> dt.datetime:
    written = facts.get("mtime") or facts.get("created") or facts.get("LastModified")
    return written if isinstance(written, dt.datetime) else dt.datetime.fromtimestamp(written or 0, dt.UTC)
