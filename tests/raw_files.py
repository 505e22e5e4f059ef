"""Bytes of a test as the landing store hands them out."""

from __future__ import annotations

import contextlib
import io

from local_digital.landing import RawFile


def raw_file(content: bytes) -> RawFile:
    return RawFile(io.BytesIO(content), contextlib.nullcontext)
