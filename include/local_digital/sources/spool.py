"""Downloads that are under way, on local disk: what is there already is not fetched again, by whichever process.

Exports hold personal data: the folder is its owner's alone, and what nobody came back for is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from local_digital.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

_KEPT_SECONDS = 2 * 24 * 3600
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@contextlib.contextmanager
def writing_to(where: str) -> Iterator[None]:
    """Translate what goes wrong in writing on our own side: no council can help there."""
    try:
        yield
    except OSError as error:
        raise TransportError(
            where,
            expected="room and the right to write",
            found=os.strerror(error.errno) if error.errno else type(error).__name__,
            action="It is tried again; if it lasts, those who run this pipeline should check the disk and its rights.",
        ) from None


class Spool:
    """A folder of partial files, one for each remote file as it was listed, held alone until the block ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[Path, BinaryIO] = {}

    def __enter__(self) -> Self:
        with writing_to(str(self._folder)):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._folder.glob("*.partial"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - _KEPT_SECONDS and self._hold(path):
                    self.remove(path)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def empty(self) -> int:
        """Remove every partial file that no other process writes; return how many those were."""
        held = [path for path in self._folder.glob("*.partial") if path in self._open or self._hold(path)]
        for path in held:
            self.remove(path)
        return len(held)

    def path(self, *key: object) -> Path:
        """Return where the download of what this key stands for lies, there or not."""
        return self._folder / (hashlib.sha256("\n".join(map(str, key)).encode()).hexdigest() + ".partial")

    def partial(self, path: Path) -> BinaryIO | None:
        """Return a partial file, at its end, to write on; None while another process writes it."""
        file = self._open.get(path) or self._hold(path)
        if file:
            file.seek(0, os.SEEK_END)
        return file

    def remove(self, path: Path) -> None:
        """Remove a partial file that this block holds."""
        path.unlink(missing_ok=True)
        self._open.pop(path).close()

    def _hold(self, path: Path) -> BinaryIO | None:
        while True:
            with writing_to(str(self._folder)):
                file = _Partial(path, "r+", opener=lambda name, _: os.open(name, _OPEN, 0o600))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    self._open[path] = file
                    return file
            except BlockingIOError:
                file.close()
                return None
            except FileNotFoundError:
                pass
            # Another process removed it between our opening and our locking: what we hold has no name any more.
            file.close()


class _Partial(io.FileIO):
    """A file without a buffer: what cannot be written shows at once, and where."""

    def write(self, data: ReadableBuffer, /) -> int:
        rest = memoryview(data)
        with writing_to(str(Path(os.fsdecode(self.name)).parent)):
            while rest:
                rest = rest[super().write(rest) :]
        return len(memoryview(data))
