"""The stand-in: one server for all tests that leave it able to write, its table emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from local_digital.embedded import EmbeddedServer
from tests.demo.platform.client import WARDS, Client, started


@pytest.fixture(scope="session")
def running(postgres: EmbeddedServer) -> Iterator[tuple[Engine, Client]]:
    postgres.ensure_database("platform")
    engine = create_engine(postgres.url("platform"))
    with started(engine) as client:
        yield engine, client
    engine.dispose()


@pytest.fixture
def channels(running: tuple[Engine, Client]) -> Client:
    """A client of the empty data set `transactions-by-channel`, whose contract is enforced."""
    engine, client = running
    with engine.begin() as connection:
        connection.execute(text("truncate platform_records"))
    return client


@pytest.fixture
def wards(channels: Client) -> Client:
    """A client of the empty data set `missed-bin-by-ward`, whose contract is advisory."""
    return channels.of(WARDS)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty database of the test's own, for a stand-in that it starts itself."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()
