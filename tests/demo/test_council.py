"""The sample council's folder: laid out as a real one looks, and never disturbed by doing it again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from demo.case_system import CaseSystem
from demo.council import FOLDER, lay_out, resend_corrected

if TYPE_CHECKING:
    from pathlib import Path

SYSTEM = CaseSystem(weeks=2)
LAST = list(SYSTEM.exports())[-1]


def state(root: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(file.relative_to(root)): (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino)
        for file in root.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lay_out(tmp_path, SYSTEM)
    return tmp_path


def test_all_exports_lie_there_the_last_one_as_first_sent(root: Path) -> None:
    expected = {f"{FOLDER}/{export.name}": export.first_version or export.content for export in SYSTEM.exports()}
    part = SYSTEM.stale_part()
    expected[f"{FOLDER}/{part.name}"] = part.content
    assert {name: content for name, (content, _, _) in state(root).items()} == expected
    assert LAST.first_version is not None


def test_files_carry_the_time_of_their_export(root: Path) -> None:
    for export in SYSTEM.exports():
        modified = dt.datetime.fromtimestamp((root / FOLDER / export.name).stat().st_mtime, dt.UTC)
        assert modified == export.made_at


def test_laying_out_again_touches_nothing(root: Path) -> None:
    before = state(root)
    lay_out(root, SYSTEM)
    assert state(root) == before


def test_a_correction_replaces_the_last_file_and_nothing_else(root: Path) -> None:
    before = state(root)
    resend_corrected(root, SYSTEM)
    after = state(root)
    last = f"{FOLDER}/{LAST.name}"
    assert after[last][0] == LAST.content
    assert after[last][1] > before[last][1]
    assert {name: facts for name, facts in after.items() if name != last} == {
        name: facts for name, facts in before.items() if name != last
    }


def test_a_correction_outlives_another_lay_out_and_another_correction(root: Path) -> None:
    resend_corrected(root, SYSTEM)
    before = state(root)
    for again in (lay_out, resend_corrected):
        again(root, SYSTEM)
        assert state(root) == before


def test_a_damaged_or_missing_file_is_mended(root: Path) -> None:
    before = state(root)
    damaged, missing = sorted((root / FOLDER).glob("*.csv"))[:2]
    damaged.write_bytes(b"not an export")
    missing.unlink()
    lay_out(root, SYSTEM)
    assert {name: facts[:2] for name, facts in state(root).items()} == {
        name: facts[:2] for name, facts in before.items()
    }


def test_the_usual_council_is_the_whole_half_year(tmp_path: Path) -> None:
    lay_out(tmp_path)
    assert len(list((tmp_path / FOLDER).glob("*.csv"))) == 182
    resend_corrected(tmp_path)
    last = list(CaseSystem().exports())[-1]
    assert (tmp_path / FOLDER / "missed_bins_20260406.csv").read_bytes() == last.content
