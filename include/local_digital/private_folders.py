"""Folders for files that hold rows while a step needs them: their owner's alone, and gone with the step.

A process that is killed removes nothing. So whoever makes such a folder next, on the same machine, removes those that
nobody holds any more.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "local-digital-rows-"
# One that was made a moment ago may not be held yet.
_DEAD_AFTER = dt.timedelta(hours=1)


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Yield an empty folder among the temporary files, removed when the block ends. Raises OSError without room."""
    remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            # Where the file system knows no locks, nothing is ever taken for left behind.
            with contextlib.suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Path(name)
        finally:
            os.close(held)


def remove_left_behind() -> int:
    """Remove this account's folders of processes that are no more, an hour after; return how many those were."""
    before = dt.datetime.now(dt.UTC) - _DEAD_AFTER
    return sum(_remove(path, before) for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))


def _remove(path: Path, before: dt.datetime) -> bool:
    with contextlib.suppress(OSError):
        found = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            facts = os.fstat(found)
            if facts.st_uid != os.geteuid() or facts.st_mtime > before.timestamp():
                return False
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
            return True
        finally:
            os.close(found)
    return False
