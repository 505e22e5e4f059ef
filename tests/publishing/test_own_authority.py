"""A platform whose certificate comes from an authority of its own is trusted by what its connection says, only then."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from demo.authority import Authority
from demo.platform.app import create_app
from demo.platform.data_sets import DataSet
from demo.platform.serving import serving
from local_digital.errors import ConfigurationError, LocalDigitalError
from local_digital.publishing.data_sets import client
from local_digital.settings import Connection
from local_digital.workspace import Workspace
from tests.conftest import Installation

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.embedded import EmbeddedServer

DATA_SET = "digital-takeup"


def held(installation: Installation, host: str, **extra: str) -> list[dict[str, object]]:
    """What the platform at this address holds, asked as the pipeline asks it."""
    connection = Connection("solihull_platform", host=host, extra={"tokens": {DATA_SET: "token"}, **extra})
    settings = dataclasses.replace(installation.settings, connection={"solihull_platform": connection}.__getitem__)
    with (
        Workspace.open(settings) as workspace,
        client(workspace, workspace.council("solihull"), "report-missed-bin", DATA_SET) as platform,
    ):
        return platform.read_all()


def test_the_connection_names_the_certificates_to_trust(
    installation: Installation, postgres: EmbeddedServer, tmp_path: Path
) -> None:
    postgres.ensure_database("platform_own_authority")
    engine = create_engine(postgres.url("platform_own_authority"))
    authority = Authority.make(tmp_path)
    (tmp_path / "ca.pem").write_text(authority.ca, "utf-8")
    data_set = DataSet(data_group="solihull-local-authority", data_type=DATA_SET, token="token")
    with serving(create_app(engine, [data_set]), authority.server) as url:
        assert held(installation, url, ca_file=str(tmp_path / "ca.pem")) == []
        with pytest.raises(LocalDigitalError, match="certificate"):
            held(installation, url)
        with pytest.raises(ConfigurationError, match="ca_file"):
            held(installation, url, ca_file=str(tmp_path / "absent.pem"))
    engine.dispose()
