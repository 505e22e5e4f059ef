"""The landing store: raw bytes under their content address, and the accepted records of each delivery.

Any fsspec URL. Objects are written under a temporary name and moved into place, so a reader never sees half of one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import uuid
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from local_digital.fields import RECORD_FIELDS
from local_digital.parsing.values import TYPES

_CHUNK = 1 << 20


class LandingStore:
    """raw/<aa>/<sha256>: the bytes as they came. accepted/<delivery>.parquet: canonical records, no personal data.

    data-docs/<council>/<transaction>/: pages for people. reports/<council>/<transaction>/: what a council should mend.
    """

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def put_raw(self, path: Path) -> str:
        """Store a local file's bytes once; return their SHA-256 in hex."""
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        target = self._raw(sha256)
        if not self._files.exists(target):
            with (
                self._writing(target) as temporary,
                path.open("rb") as source,
                self._files.open(temporary, "wb") as landed,
            ):
                shutil.copyfileobj(source, landed, _CHUNK)
        return sha256

    def read_raw(self, sha256: str) -> bytes:
        with self._files.open(self._raw(sha256), "rb") as landed:
            return bytes(landed.read())

    def remove_raw(self, sha256: str) -> None:
        if self._files.exists(self._raw(sha256)):
            self._files.rm_file(self._raw(sha256))

    def has_raw(self, sha256: str) -> bool:
        return bool(self._files.exists(self._raw(sha256)))

    def put_accepted(self, delivery_id: int, records: pa.Table) -> None:
        with self._writing(self._accepted(delivery_id)) as temporary, self._files.open(temporary, "wb") as file:
            pq.write_table(records, file)

    def accepted(self, delivery_id: int, columns: list[str] | None = None) -> pa.Table:
        """Return a validated delivery's records: `line` and the canonical fields, times in UTC."""
        with self._files.open(self._accepted(delivery_id), "rb") as file:
            records = pq.read_table(file, columns=columns)
        if columns is None:
            for name in RECORD_FIELDS.keys() - set(records.column_names):
                # Written before there was such a field; until there were counts each record was one.
                absent = 1 if name == "count" else None
                records = records.append_column(name, pa.repeat(pa.scalar(absent, TYPES[RECORD_FIELDS[name]]),
                                                                records.num_rows))  # fmt: skip
        return records

    def has_accepted(self, delivery_id: int) -> bool:
        return bool(self._files.exists(self._accepted(delivery_id)))

    def remove_accepted(self, delivery_id: int) -> None:
        if self.has_accepted(delivery_id):
            self._files.rm_file(self._accepted(delivery_id))

    def remove_unfinished(self, before: dt.datetime) -> int:
        """Remove raw bytes and records that a killed run was writing, untouched since a moment (aware); return how many
        files those were.
        """
        gone = 0
        for folder in ("raw", "accepted"):
            for name, facts in self._files.find(f"{self._root}/{folder}", detail=True).items():
                written = facts.get("mtime") or facts.get("created") or facts.get("LastModified")
                moment = (
                    written if isinstance(written, dt.datetime) else dt.datetime.fromtimestamp(written or 0, dt.UTC)
                )
                if name.endswith(".part") and moment < before:
                    self._files.rm_file(name)
                    gone += 1
        return gone

    def remove(self, name: str) -> bool:
        """Remove a file of the store; return whether it was there."""
        if not self.has(name):
            return False
        self._files.rm_file(f"{self._root}/{name}")
        return True

    def put_text(self, name: str, content: str) -> None:
        self.put_bytes(name, content.encode())

    def put_bytes(self, name: str, content: bytes) -> None:
        with self._writing(f"{self._root}/{name}") as temporary, self._files.open(temporary, "wb") as file:
            file.write(content)

    def read(self, name: str) -> bytes | None:
        """Return a finished file of the store; None when there is none of this name."""
        try:
            with self._files.open(f"{self._root}/{name}", "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """Say whether the store holds a finished file of this name."""
        return bool(self._files.exists(f"{self._root}/{name}"))

    def where(self, name: str) -> str:
        """Return the URL or path under which people find a file of the store."""
        return str(self._files.unstrip_protocol(f"{self._root}/{name}")).removeprefix("file://")

    def names(self, folder: str) -> list[str]:
        """Return the names of the finished files in a folder of the store."""
        listed = self._files.ls(f"{self._root}/{folder}", detail=False)
        return [name.rpartition("/")[2] for name in listed if not name.endswith(".part")]

    def _raw(self, sha256: str) -> str:
        return f"{self._root}/raw/{sha256[:2]}/{sha256}"

    def _accepted(self, delivery_id: int) -> str:
        return f"{self._root}/accepted/{delivery_id}.parquet"

    def _writing(self, target: str) -> _Writing:
        if isinstance(self._files, LocalFileSystem):
            # Raw exports hold personal data: a folder of our own is nobody else's to read.
            Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)
        return _Writing(self._files, target)


class _Writing:
    """Gives a temporary name beside the target, moved into place when the block ends well, removed when not."""

    def __init__(self, files: fsspec.AbstractFileSystem, target: str) -> None:
        self._files = files
        self._target = target
        self._temporary = f"{target}.{uuid.uuid4().hex}.part"

    def __enter__(self) -> str:
        self._files.makedirs(self._target.rpartition("/")[0], exist_ok=True)
        return self._temporary

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._files.mv(self._temporary, self._target)
        elif self._files.exists(self._temporary):
            self._files.rm_file(self._temporary)
