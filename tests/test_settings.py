"""Where settings come from: variables, and files where a secret may stand in none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local_digital.errors import ConfigurationError
from local_digital.settings import from_environment

if TYPE_CHECKING:
    from pathlib import Path

URL = "postgresql+psycopg2://local_digital:secret@db/warehouse"


def test_the_warehouse_may_be_told_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"{URL}\n", "utf-8")
    assert from_environment({"LOCAL_DIGITAL_WAREHOUSE_FILE": str(tmp_path / "url")}).warehouse == URL
    (tmp_path / "url").write_text("postgres://db/warehouse", "utf-8")
    found = from_environment({"LOCAL_DIGITAL_WAREHOUSE_FILE": str(tmp_path / "url"), "LOCAL_DIGITAL_WAREHOUSE": ""})
    assert found.warehouse == "postgresql+psycopg2://db/warehouse"


def test_two_warehouses_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL, "utf-8")
    with pytest.raises(ConfigurationError, match="found both") as refused:
        from_environment({"LOCAL_DIGITAL_WAREHOUSE_FILE": str(tmp_path / "url"), "LOCAL_DIGITAL_WAREHOUSE": URL})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("content", "found"), [(None, "No such file"), (b"", "nothing"), (b"\xff", "other bytes")])
def test_a_file_without_a_warehouse_is_never_the_embedded_server(
    tmp_path: Path, content: bytes | None, found: str
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    with pytest.raises(ConfigurationError, match="WAREHOUSE_FILE") as refused:
        from_environment({"LOCAL_DIGITAL_WAREHOUSE_FILE": str(tmp_path / "url")})
    assert found in str(refused.value)


def test_one_file_may_hold_all_connections_and_a_variable_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    file.write_text(
        json.dumps(
            {
                "otherham_sftp": {
                    "conn_type": "sftp",
                    "host": "sftp.example",
                    "port": 2222,
                    "extra": {"host_key": "k"},
                },
                "otherham_privacy": {"conn_type": "generic", "password": "from the file"},
            }
        ),
        "utf-8",
    )
    settings = from_environment(
        {
            "LOCAL_DIGITAL_CONNECTIONS_FILE": str(file),
            "LOCAL_DIGITAL_CONN_OTHERHAM_PRIVACY": '{"password": "from the variable"}',
        }
    )
    sftp = settings.connection("otherham_sftp")
    assert (sftp.host, sftp.port, sftp.extra) == ("sftp.example", 2222, {"host_key": "k"})
    assert settings.connection("otherham_privacy").password == "from the variable"
    with pytest.raises(ConfigurationError, match="otherham_platform") as missing:
        settings.connection("otherham_platform")
    assert str(file) in str(missing.value)


def test_extra_of_a_connection_may_be_json_within_json_as_airflow_writes_it() -> None:
    extra = json.dumps({"host_key": "k"})
    settings = from_environment({"LOCAL_DIGITAL_CONN_BINS": json.dumps({"host": "sftp.example", "extra": extra})})
    assert settings.connection("bins").extra == {"host_key": "k"}


@pytest.mark.parametrize("value", ["secret", "[1]", '{"port": "secret"}', '{"extra": "secret"}', '{"extra": [1]}'])
def test_connection_that_is_none_is_refused_without_quoting_it(value: str) -> None:
    settings = from_environment({"LOCAL_DIGITAL_CONN_BINS": value})
    with pytest.raises(ConfigurationError, match="connection bins: expected a JSON object") as refused:
        settings.connection("bins")
    assert "secret" not in str(refused.value)


def test_what_a_connection_lacks_is_named_where_it_is_needed() -> None:
    connection = from_environment({"LOCAL_DIGITAL_CONN_BINS": '{"host": "sftp.example"}'}).connection("bins")
    connection.require("host")
    with pytest.raises(ConfigurationError, match="connection bins: expected `password` to be set; found it is empty"):
        connection.require("host", "password")


@pytest.mark.parametrize("content", ["", "[1]", '{"a": ', '"secret"'])
def test_a_file_that_holds_no_connections_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content, "utf-8")
    settings = from_environment({"LOCAL_DIGITAL_CONNECTIONS_FILE": str(tmp_path / "c.json")})
    with pytest.raises(ConfigurationError, match="CONNECTIONS_FILE") as refused:
        settings.connection("otherham_sftp")
    assert "secret" not in str(refused.value)
