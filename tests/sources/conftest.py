"""Sources of files on real servers and folders, with or without a warehouse to take deliveries into."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.sources.sftp_server import SftpServer, sftp_serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    """An SFTP server whose folder is empty."""
    folder = tmp_path / "council"
    folder.mkdir()
    with sftp_serving(folder) as running:
        yield running


def put(folder: Path, name: str, content: bytes | str = "rows\n", *, age: float = 3600) -> Path:
    """Place a file, last written `age` seconds ago, with the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path
