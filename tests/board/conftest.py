"""The board over councils of every kind, in a real warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_digital.board.reading import Board
from local_digital.workspace import Workspace
from tests.anywhere import settings_for
from tests.board.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def places(database_url: str, tmp_path: Path) -> Iterator[Places]:
    """No council yet."""
    with Workspace.open(settings_for(database_url, tmp_path)) as workspace:
        yield Places(workspace, tmp_path)


@pytest.fixture
def board(places: Places) -> Iterator[Board]:
    opened = Board(lambda: places.workspace.settings)
    yield opened
    opened.close()
