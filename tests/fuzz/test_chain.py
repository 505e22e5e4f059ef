"""Broken exports through the whole chain, on a real database: accepted, quarantined or a duplicate, or turned down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz.csv_exports import TARGETS
from fuzz.feeds import USUAL
from fuzz.target import CANARY
from local_digital.workspace import Workspace
from tests.anywhere import Anywhere, settings_for
from tests.fuzz.test_targets import changed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def anywhere(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anywhere]:
    folder = tmp_path_factory.mktemp("broken-exports")
    postgres.ensure_database("broken_exports")
    with Workspace.open(settings_for(postgres.url("broken_exports"), folder)) as workspace:
        yield Anywhere(workspace, folder)


@given(changed(TARGETS[0]))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_broken_export_is_a_defect_of_the_pipeline(anywhere: Anywhere, content: bytes) -> None:
    anywhere.empty()
    (report,) = anywhere.ingest(anywhere.configure(delivery="delta", columns=USUAL), ("export", content[1:]))
    assert report.read == report.accepted + report.quarantined + report.duplicates + report.filtered
    assert report.status in {"validated", "rejected"}
    assert "a defect of the pipeline" not in (report.rejected_because or "")
    assert CANARY not in (report.rejected_because or "")
