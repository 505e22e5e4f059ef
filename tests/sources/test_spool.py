"""The spool holds downloads that are under way: privately, for one process at a time, and not for long."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from local_digital.errors import TransportError
from local_digital.sources.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        path = spool.path("file")
        assert spool.partial(path)
        assert [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path)] == [0o700, 0o600]


def test_what_is_there_is_kept_for_the_next_time(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        partial = spool.partial(spool.path("file"))
        assert partial
        partial.write(b"half")
    with Spool(tmp_path) as spool:
        partial = spool.partial(spool.path("file"))
        assert partial
        assert partial.tell() == 4


def test_two_never_write_one_partial_file(tmp_path: Path) -> None:
    with Spool(tmp_path) as one, Spool(tmp_path) as other:
        path = one.path("file")
        assert one.partial(path)
        assert other.partial(path) is None
        one.remove(path)
        assert other.partial(path)
        assert path.exists()


def test_partial_file_that_another_process_removes_in_between_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    came_first: list[int] = []

    def meanwhile(file: int, how: int) -> None:
        if len(came_first) < 2:
            came_first.append(how)
            (name,) = tmp_path.iterdir()
            name.unlink()
            if len(came_first) == 2:
                # And begins it anew itself, without holding it.
                name.write_bytes(b"of the other")
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", meanwhile)
    with Spool(tmp_path) as spool:
        partial = spool.partial(spool.path("file"))
        assert partial
        partial.write(b" and ours")
        assert spool.path("file").read_bytes() == b"of the other and ours"
    assert len(came_first) == 2


def test_what_nobody_came_back_for_is_removed(tmp_path: Path) -> None:
    now = time.time()
    for name, days in (("old", 3), ("young", 1)):
        path = tmp_path / f"{name}.partial"
        path.touch()
        os.utime(path, (now - days * 86400,) * 2)
    with Spool(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["young.partial"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TransportError, match=r"file/spool: expected room and the right to write"):
        Spool(tmp_path / "file" / "spool").__enter__()
