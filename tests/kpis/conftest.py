"""One warehouse for each module of these tests: hypothesis empties it before every example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_digital.workspace import Workspace
from tests.anywhere import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_digital.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def workspace(
    postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Workspace]:
    """A migrated warehouse and a configuration without councils."""
    name = request.module.__name__.replace(".", "_")
    postgres.ensure_database(name)
    with Workspace.open(settings_for(postgres.url(name), tmp_path_factory.mktemp(name))) as opened:
        yield opened
