"""Councils that have released their figures; a copy of their warehouse for each test."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from local_digital.workspace import Workspace
from tests.anywhere import settings_for
from tests.site.released import release
from tests.site.whole import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer
    from local_digital.settings import Settings
    from local_digital.site.figures import Figures

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def released_settings(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation whose councils have released their figures. Its warehouse is there to be copied."""
    postgres.ensure_database("released")
    settings = settings_for(postgres.url("released"), tmp_path_factory.mktemp("released"))
    with Workspace.open(settings) as workspace:
        release(workspace)
    return settings


@pytest.fixture
def workspace(postgres: EmbeddedServer, released_settings: Settings, tmp_path: Path) -> Iterator[Workspace]:
    """The same installation with a warehouse of its own; its site goes to `public/site`."""
    name = f"site_{next(_numbers)}"
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(f"create database {name} template released"))
    engine.dispose()
    shutil.copytree(released_settings.config, tmp_path / "config")
    settings = replace(
        released_settings,
        config=tmp_path / "config",
        warehouse=postgres.url(name),
        site=str(tmp_path / "public" / "site"),
        publisher="Councils of the test",
    )
    with Workspace.open(settings) as opened:
        yield opened


@pytest.fixture
def figures(workspace: Workspace) -> Figures:
    return read(workspace)
