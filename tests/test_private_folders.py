"""Rows on disk for the length of a step are their owner's alone, and gone after it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from local_digital.landing import LandingStore
from local_digital.private_folders import private_folder, remove_left_behind
from local_digital.retention import expire
from local_digital.settings import ROOT
from local_digital.workspace import Workspace

LONG_AGO = (1_700_000_000, 1_700_000_000)
# Whoever has these rows is killed with them on disk.
KILLED = """
import os, sys
import pyarrow as pa
from local_digital.landing import LandingStore
from local_digital.private_folders import private_folder

if sys.argv[1] == "accepted":
    LandingStore._write = lambda *_: os.kill(os.getpid(), 9)
    LandingStore(sys.argv[2]).put_accepted(1, pa.table({"record_ref": ["MB-48151"]}))
with private_folder() as folder:
    (folder / "page").write_text("Mrs Jane Sample")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def killed(what: str, temporary: Path, landing: Path) -> Path:
    """Have a process killed in the midst; return the folder that it leaves, made to look an old one."""
    command = [sys.executable, "-c", KILLED, what, str(landing)]
    done = subprocess.run(command, env={**os.environ, "TMPDIR": str(temporary)}, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    assert [path.stat().st_size > 0 for path in left.iterdir()] == [True]
    os.utime(left, LONG_AGO)
    return left


def test_rows_on_disk_are_nobody_else_s_to_read_and_go_with_the_step() -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


@pytest.mark.parametrize("what", ["accepted", "page"])
def test_rows_that_a_killed_run_left_among_temporary_files_go_with_the_next_one_s(
    what: str, temporary: Path, tmp_path: Path
) -> None:
    left = killed(what, temporary, tmp_path / "landing")
    LandingStore(str(tmp_path / "landing")).put_accepted(2, pa.table({"record_ref": ["MB-48152"]}))
    assert not left.exists()


def test_rows_that_a_killed_run_left_among_temporary_files_go_with_housekeeping(
    workspace: Workspace, temporary: Path, tmp_path: Path
) -> None:
    left = killed("page", temporary, tmp_path / "landing")
    expire(workspace, dry_run=True)
    assert left.exists()
    expire(workspace)
    assert not left.exists()


def test_rows_that_somebody_still_works_on_stay_however_long_it_takes() -> None:
    with private_folder() as folder:
        (folder / "page").write_text("half")
        os.utime(folder, LONG_AGO)
        assert remove_left_behind() == 0
        assert (folder / "page").read_text() == "half"


def test_nothing_but_our_own_folders_is_removed(temporary: Path) -> None:
    (temporary / "letters").mkdir()
    (temporary / "local-digital-rows-link").symlink_to(temporary / "letters")
    (temporary / "local-digital-rows-file").write_text("")
    for path in temporary.iterdir():
        os.utime(path, LONG_AGO, follow_symlinks=False)
    assert remove_left_behind() == 0
    assert len(list(temporary.iterdir())) == 3


def test_no_step_keeps_files_elsewhere_among_the_temporary_ones() -> None:
    # Certificates and public figures hold no row.
    others = {"private_folders.py", "sources/http.py", "site/sink.py"}
    core = ROOT / "include" / "local_digital"
    makers = ("TemporaryDirectory(", "mkdtemp(", "NamedTemporaryFile(")
    found = {
        str(path.relative_to(core))
        for path in core.rglob("*.py")
        if any(maker in path.read_text("utf-8") for maker in makers)
    }
    assert found == others
