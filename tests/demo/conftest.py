"""The usual case system and its exports, made and parsed once for all tests of the sample council."""

from __future__ import annotations

import pytest

from demo.case_system import CaseSystem, Export
from demo.truth import Truth
from tests.demo.reading import rows_of


@pytest.fixture(scope="session")
def system() -> CaseSystem:
    return CaseSystem()


@pytest.fixture(scope="session")
def the_truth(system: CaseSystem) -> Truth:
    return system.truth


@pytest.fixture(scope="session")
def exports(system: CaseSystem) -> dict[str, Export]:
    return {export.name: export for export in system.exports()}


@pytest.fixture(scope="session")
def rows(exports: dict[str, Export]) -> dict[str, list[dict[str, str]]]:
    return {name: rows_of(export.content) for name, export in exports.items()}


@pytest.fixture(scope="session")
def final_rows(rows: dict[str, list[dict[str, str]]]) -> dict[str, dict[str, str]]:
    """Every case as the newest export that holds it shows it."""
    return {row["Case Ref"]: row for night in rows.values() for row in night}
