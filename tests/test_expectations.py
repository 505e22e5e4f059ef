"""Suites of expectations are facts like others: what is wrong with one is told, and what fails a delivery fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_digital import expectations
from local_digital.errors import ConfigurationError
from local_digital.validate import validate
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.workspace import Workspace

ASKED = """
suite: report-missed-bin
expectations:
  - expect: expect_column_values_to_not_be_null
    with: { column: ward }
    dimension: completeness
    severity: %s
    expected: a ward
"""


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in place of the project's own suites."""
    monkeypatch.setattr(expectations, "_FOLDER", tmp_path)
    expectations.suite.cache_clear()
    yield tmp_path
    expectations.suite.cache_clear()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "No such file"),
        ("expectations: [", "parsing"),
        ("expectations: 1", "tuple"),
        (ASKED % "critical", "`fails: row` or `fails: delivery` exactly on critical expectations"),
        (ASKED % "info\n    fails: row", "`fails: row` or `fails: delivery` exactly on critical expectations"),
        (ASKED % "dire", "'critical', 'warning' or 'info'"),
        ((ASKED % "info").replace("expect_column", "assume_column"), "expect_"),
    ],
)
def test_suite_that_is_broken_is_named_with_what_is_wrong(suites: Path, text: str | None, found: str) -> None:
    if text is not None:
        (suites / "report-missed-bin.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="expected an expectation suite") as refused:
        expectations.suite("report-missed-bin")
    assert str(suites / "report-missed-bin.yaml") in str(refused.value)
    assert found in str(refused.value)


def test_expectation_that_the_library_cannot_run_is_named(
    suites: Path, installation: Installation, workspace: Workspace
) -> None:
    asked = (ASKED % "info").replace("to_not_be_null", "to_match_regex").replace("ward }", "ward, regex: '(' }")
    (suites / "report-missed-bin.yaml").write_text(asked, "utf-8")
    installation.put("missed_bins_20251104.csv", export(row("1")))
    installation.take(workspace)
    with pytest.raises(ConfigurationError, match="expected `expect_column_values_to_match_regex` to run") as refused:
        validate(workspace, workspace.feed("solihull", "report-missed-bin"))
    assert f"{suites / 'report-missed-bin.yaml'}: expectation 1" in str(refused.value)


def test_expectation_that_fails_a_delivery_rejects_it_whole(
    suites: Path, installation: Installation, workspace: Workspace
) -> None:
    (suites / "report-missed-bin.yaml").write_text(ASKED % "critical\n    fails: delivery", "utf-8")
    installation.put("missed_bins_20251104.csv", export(row("1"), row("2", ward="")))
    installation.put("missed_bins_20251105.csv", export(row("1"), row("2")))
    bad, good = installation.ingest(workspace)
    assert bad.rejected_because is not None
    assert "Ward: a ward; found 1 of 2 rows otherwise" in bad.rejected_because
    assert (good.rejected_because, good.accepted) == (None, 2)
