"""What Airflow itself keeps of a run, with debug logging on: neither a person nor a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from tests.airflow.test_lineage import COUNCIL, run, to_file
from tests.canary.hunting import Hunt, in_folder
from tests.canary.planted import FAMILY, GIVEN, PERSONAL, TELEPHONE, UPRN, person
from tests.conftest import HEADER, export, row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Installation


# A run of this kind has no supervisor in another process, and notes at DEBUG what it is asked to mask; one of a
# scheduler leaves that out of its log.
_ONLY_IN_TEST_RUNS = "MaskSecret("


def _row(ref: str, slot: str, **cells: str) -> str:
    someone = person(slot)
    beside = (someone["Customer"], someone["Address"], someone["Email"], someone["Notes"])
    return ",".join([row(ref, uprn=UPRN, **cells), *(f'"{cell}"' for cell in beside)])


def _in_airflow(hunt: Hunt, folder: Path) -> dict[str, set[str]]:
    """Search Airflow's database and everything else in its home, the tasks' logs included."""
    engine = create_engine(f"sqlite:///{folder}/airflow/airflow.db")
    found = {}
    with engine.connect() as db:
        tables = inspect(db).get_table_names()
        assert {"xcom", "task_instance", "rendered_task_instance_fields", "log", "dag_run"} <= set(tables)
        for table in tables:
            # The database's own names.
            rows = "\n".join(map(str, db.execute(text(f'select * from "{table}"')).all()))  # noqa: S608
            if hits := hunt.found(rows):
                found[f"table {table}"] = hits
        assert db.execute(text("select count(*) from xcom")).scalar()
    engine.dispose()
    return found | in_folder(hunt, folder / "airflow")


@pytest.mark.timeout(900)
def test_nothing_of_a_person_and_no_secret_is_in_airflow_s_database_or_logs(
    installation: Installation, tmp_path: Path
) -> None:
    settings = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG", **to_file(tmp_path)}
    odd = [
        _row("2", "when", reported=f"{GIVEN} {FAMILY}cell rang"), _row("3", "ward", ward=f"Mr {GIVEN} {FAMILY}ward"),
        _row("4", "channel", channel=f"{GIVEN} {FAMILY}channel"), _row("5", "status", status=TELEPHONE),
    ]  # fmt: skip
    installation.put("missed_bins_20251104.csv", export(_row("1", "good"), *odd))
    good = run(installation, tmp_path, **settings)
    assert good.state == "success", good.said[-4000:]
    # A person where the header should be, a column missing, and a page in place of an export.
    header = HEADER.replace("Channel", f"Channel of {person('header')['Customer']}")
    installation.put("missed_bins_20251105.csv", _row("6", "headless") + "\r\n" + _row("7", "headless") + "\r\n")
    installation.put("missed_bins_20251106.csv", f"{header}\r\n{_row('8', 'column')}\r\n")
    installation.put("missed_bins_20251107.csv", f"<html>{person('page')['Notes']}</html>")
    bad = run(installation, tmp_path, **settings)
    assert bad.state == "failed", bad.said[-4000:]

    connections = [installation.settings.connection(f"{COUNCIL}_{name}") for name in ("sftp", "privacy")]
    secrets = {
        **{f"password of {one.connection_id}": one.password for one in connections},
        **{f"token of {name}": token for name, token in installation.tokens.items()},
        "password of the warehouse": str(make_url(str(installation.settings.warehouse)).password),
    }
    hunt = Hunt({**PERSONAL, **secrets})
    assert _in_airflow(hunt, tmp_path) == {}
    said = {"success": good.said, "failure": bad.said, "events": str(good.events + bad.events)}
    assert [
        (place, line[:200], hunt.found(line))
        for place, words in said.items() for line in words.splitlines()
        if _ONLY_IN_TEST_RUNS not in line and hunt.found(line)
    ] == []  # fmt: skip
    # What tasks log stands there too, and all of it.
    for word in ("[debug", "local_digital.validate"):
        assert word in good.said, word

    # It would have been found.
    (tmp_path / "airflow" / "leak").write_text(person("leak")["Notes"], "utf-8")
    engine = create_engine(f"sqlite:///{tmp_path}/airflow/airflow.db")
    with engine.begin() as db:
        db.execute(text("create table leak as select :words as words"), {"words": connections[1].password})
    engine.dispose()
    assert _in_airflow(hunt, tmp_path).keys() >= {"leak", "table leak"}
