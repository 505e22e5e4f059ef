"""Whatever befalls a night, running it again comes to the same; a pipeline of which that is not true is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from faults.faults import Fault
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

POINTS = 34


# They take a minute where nothing else runs.
pytestmark = pytest.mark.timeout(1200)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this project."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def belfast(how: str) -> dict[str, Any]:
    done = python("-m", "tests.faults.belfast", how)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_nights_with_faults_of_all_kinds_come_to_what_they_come_to_without(tmp_path: Path) -> None:
    output = tmp_path / "faults.json"
    done = python(
        "-m", "faults", "core", "--points", str(POINTS), "--council", "solihull", "--council", "nottingham",
        "--night", "last", "--night", "autumn", "--output", str(output),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(output.read_text("utf-8"))["core"]
    assert found["injected"] == found["distinct"] == found["survived"] == POINTS
    assert {point["fault"] for point in found["points"] if point["met"]} == set(Fault)
    assert {"last", "autumn"} == {point["night"] for point in found["points"]}
    assert found["rows_compared"] > POINTS * 1000


def test_load_that_is_killed_or_loses_its_database_anywhere_is_whole_after_another_try() -> None:
    found = belfast("sound")
    assert not found["calm"]
    for trial in found["trials"]:
        assert trial["met"], trial
        assert trial["survived"], trial
        # It was a fault worth another try, and not only one that nobody noticed.
        assert trial["tries"], trial


def test_step_that_commits_in_the_wrong_order_is_found_out() -> None:
    found = belfast("early-mark")
    assert not found["calm"], "without a fault nobody sees it"
    lost = [trial for trial in found["trials"] if not trial["survived"]]
    assert lost
    missing, _ = lost[0]["differs"]["core.record"]
    assert missing > 0
