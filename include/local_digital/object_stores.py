"""What the landing store and the site have to know of object stores such as S3, whichever it is that fsspec opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fsspec

if TYPE_CHECKING:
    import datetime as dt

# An upload to these shows whole, when it is done, or not at all; there is nothing to be moved into place, and a move
# would be a copy and a removal.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci"})
_S3 = frozenset({"s3", "s3a"})


def open_store(url: str) -> tuple[Any, str]:
    """Return the file system of a folder or fsspec URL, and the path in it.

    Raises what fsspec raises: ImportError where the package for such a URL is missing, and errors of the store's own.
    """
    if fsspec.utils.get_protocol(url) in _OBJECT_STORES:
        # What another worker has written since must be seen.
        found = fsspec.core.url_to_fs(url, use_listings_cache=False)
    else:
        found = fsspec.core.url_to_fs(url)
    files, path = found
    return files, str(path)


def is_object_store(files: Any) -> bool:
    """Say whether an upload there shows as a whole or not at all."""
    return bool(_OBJECT_STORES & _protocols(files))


def passing_faults(files: Any) -> tuple[type[Exception], ...]:
    """Return the exceptions of a store that another try may be without: no answer, a broken connection."""
    if not _S3 & _protocols(files):
        return (OSError, EOFError)
    from botocore.exceptions import ConnectionError as NoConnection  # noqa: PLC0415 - only where there is an S3
    from botocore.exceptions import HTTPClientError  # noqa: PLC0415

    return (OSError, EOFError, NoConnection, HTTPClientError)


def abort_uploads(files: Any, below: str, before: dt.datetime) -> int:
    """Remove the parts of uploads that began before a moment (aware) and never came to an end; return how many.

    Nobody can read them, but they are there, and hold what the file holds. below: a path. Nothing but S3 is known to
    keep them where they can be listed.
    """
    if not _S3 & _protocols(files):
        return 0
    bucket, prefix, _ = files.split_path(f"{below}/")
    gone = 0
    asked: dict[str, str] = {}
    while True:
        found = files.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix, **asked)
        for upload in found.get("Uploads", []):
            if upload["Initiated"] < before:
                files.abort_mpu(bucket, upload["Key"], upload["UploadId"])
                gone += 1
        if not found.get("IsTruncated"):
            return gone
        asked = {"KeyMarker": found["NextKeyMarker"], "UploadIdMarker": found["NextUploadIdMarker"]}


def _protocols(files: Any) -> frozenset[str]:
    return frozenset({files.protocol} if isinstance(files.protocol, str) else files.protocol)
