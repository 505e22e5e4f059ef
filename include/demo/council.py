"""Solihull's folder on disk, as its SFTP server offers it."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

from demo.case_system import CaseSystem

if TYPE_CHECKING:
    from pathlib import Path

    from demo.case_system import Export

FOLDER = "outgoing/missed-bins"
# The corrected file was put there in the morning, after somebody had noticed.
RESENT_AFTER = dt.timedelta(hours=8, minutes=10)


def lay_out(root: Path, system: CaseSystem | None = None) -> None:
    """Write the exports below `root`, the last one as it was first sent, and the remains of a broken upload.

    A file that is there and right stays untouched, and so does a correction already in place. Modification times
    are those of the exports. system: which case system's exports, the usual one when None.
    """
    system = system or CaseSystem()
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for export in system.exports():
        target = folder / export.name
        if export.first_version is None:
            put(target, export.content, export.made_at)
        elif not _holds(target, export.content):
            put(target, export.first_version, export.made_at)
    part = system.stale_part()
    put(folder / part.name, part.content, part.made_at)


def resend_corrected(root: Path, system: CaseSystem | None = None) -> None:
    """Replace the file that was first sent wrong by its corrected version, under the same name.

    Once the corrected file is in place, doing it again changes nothing. system: as in `lay_out`.
    """
    export = _resent(system or CaseSystem())
    put(root / FOLDER / export.name, export.content, export.made_at + RESENT_AFTER)


def _resent(system: CaseSystem) -> Export:
    return next(export for export in system.exports() if export.first_version is not None)


def _holds(target: Path, content: bytes) -> bool:
    return target.is_file() and target.read_bytes() == content


def put(target: Path, content: bytes, modified: dt.datetime) -> None:
    """Write a file whole or not at all, so that no client ever sees half of it; one that is right stays untouched."""
    if _holds(target, content):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.tmp")
    beside.write_bytes(content)
    os.utime(beside, (modified.timestamp(), modified.timestamp()))
    beside.replace(target)
