"""A known hole in a locked package ends the run; that nobody could be asked is said, and ends nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from local_digital.settings import ROOT

_SOUND = {"name": "requests", "version": "2.32.5", "vulns": []}
_HOLE = {
    "name": "urllib3", "version": "1.0",
    "vulns": [{"id": "PYSEC-2019-133", "fix_versions": ["1.24.2"], "aliases": [], "description": "..."}],
}  # fmt: skip
_UNKNOWN = {"name": "inhouse", "skip_reason": "Dependency not found"}


def audit(said: str) -> tuple[int, str]:
    """Give it what pip-audit prints; return how it ends and what it says."""
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit.py"], input=said, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_locked_package_with_a_known_hole_ends_the_run_and_is_named() -> None:
    code, said = audit(report(_SOUND, _UNKNOWN, _HOLE))
    assert code == 1
    assert "urllib3 1.0 has PYSEC-2019-133, mended in 1.24.2" in said


def test_packages_without_a_known_hole_pass_without_a_word() -> None:
    assert audit(report(_SOUND)) == (0, "")


def test_what_could_not_be_asked_is_said_and_passes() -> None:
    assert audit(report(_SOUND, _UNKNOWN)) == (0, "audit: of 2 packages 1 could not be looked up\n")
    code, said = audit("")
    assert code == 0
    assert "could not be asked" in said
