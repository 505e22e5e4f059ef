"""Fixtures shared by all tests: one embedded PostgreSQL for the session, an empty database for each test."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from local_digital.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL server that ends with the tests."""
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:2]):
        # pytest's folders are private; the server may run as another account than the tests.
        parent.chmod(0o711)
    server = EmbeddedServer(folder)
    server.start(durable=False)
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres: EmbeddedServer) -> str:
    """The SQLAlchemy URL of an empty database, its own for each test."""
    name = f"test_{next(_numbers)}"
    postgres.ensure_database(name)
    return postgres.url(name)
