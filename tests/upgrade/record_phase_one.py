"""Records the warehouse that phase 1 left behind: run with the code of that time, see phase_one/README.md."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from local_digital.errors import LocalDigitalError, ReconciliationError
from local_digital.load import load
from local_digital.publishing.data_sets import client
from local_digital.publishing.publish import publish
from local_digital.publishing.reconcile import reconcile
from local_digital.retention import expire
from local_digital.settings import Connection
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

_TO = Path(os.environ.get("PHASE_ONE", ""))
_CHANNELS = ("Online", "Web", "App", "Phone", "Telephone", "IVR", "Solihull Connect", "Email")
_WARDS = ("Blythe", "Elmdon", "Olton", "Knowle")
_BINS = ("Black (Refuse)", "Brown (Recycling)", "Green (Garden)", "Food Caddy")


def _rows(first: dt.date, days: int, since: str = "") -> list[str]:
    """Reports of so many days, five a day, every third one closed the day after; the same ones for the same days."""
    rows = []
    for number in range(days * 5):
        day = first + dt.timedelta(days=number // 5)
        rows.append(
            row(
                f"MB{day:%m%d}-{number % 5}",
                f"{day:%d/%m/%Y} {8 + number % 9:02}:{number % 60:02}",
                f"{day + dt.timedelta(days=1):%d/%m/%Y} 09:30" if number % 3 == 0 or since else "",
                channel=_CHANNELS[number * 3 % len(_CHANNELS)],
                status="Closed" if number % 3 == 0 or since else "Open",
                stream=_BINS[number % len(_BINS)],
                ward=_WARDS[number * number % len(_WARDS)],
                uprn=f"1000700000{number % 7:02}",
            )
        )
    return rows


@pytest.mark.skipif(not _TO.name, reason="PHASE_ONE names the folder to write to")
def test_record(installation: Installation) -> None:
    exports = _TO / "exports"
    exports.mkdir(parents=True, exist_ok=True)

    def put(name: str, content: str, version: str = "") -> None:
        path = installation.put(name, content)
        shutil.copyfile(path, exports / f"{name}{version}")

    with Workspace.open(installation.settings) as workspace:
        feed = workspace.feed("solihull", "report-missed-bin")
        october = _rows(dt.date(2025, 10, 6), 29)
        odd = [
            row("MB-WORD", "30/10/2025 10:00", channel="Carrier Pigeon"),
            row("MB-DATE", "31/02/2025 10:00"),
            row("MB-LATER", "30/10/2025 10:00", "29/10/2025 10:00", status="Closed"),
            row("MB-NULL", "30/10/2025 11:00", ward="NULL"),
            row("MB-TWICE", "30/10/2025 12:00", status="Closed (Duplicate)"),
            row("MB-TWICE", "30/10/2025 12:00", status="Closed (Duplicate)"),
            row("", "30/10/2025 13:00"),
            row("MB-CLOCK", "26/10/2025 01:30", ward="St. Alphege \u2013 North"),
        ]
        put("missed_bins_20251104.csv", export(*october, *odd))
        installation.ingest(workspace)
        with workspace.engine.begin() as db:
            # Long enough ago for its raw bytes to be past their retention.
            db.execute(text("update ledger.delivery set received_at = received_at - interval '100 days'"))
        assert expire(workspace) == [1]
        publish(workspace, "solihull", run_id="night-1")
        reconcile(workspace, "solihull", run_id="night-1")

        november = _rows(dt.date(2025, 11, 4), 7)
        put("missed_bins_20251111.csv", export(*november, row("MB-WRONG", "05/11/2025 10:00", ward="Elmdon")), ".first")
        installation.ingest(workspace)
        publish(workspace, "solihull", run_id="night-2")
        # Sent again, corrected: one case is gone, all others are closed.
        put("missed_bins_20251111.csv", export(*_rows(dt.date(2025, 11, 4), 7, since="closed")))
        put("missed_bins_20251112.csv", "Reference;Raised;How\r\nMB1;04/11/2025;Phone\r\n")
        installation.ingest(workspace)
        publish(workspace, "solihull", run_id="night-3")
        # Somebody else wrote to a data set, and it was noticed and not repaired yet.
        with client(workspace, workspace.council("solihull"), "digital-takeup") as platform:
            platform.delete(min(str(record["_id"]) for record in platform.read_all()))
        with pytest.raises(ReconciliationError):
            reconcile(workspace, "solihull", run_id="night-3")

        put("missed_bins_20251118.csv", export(*_rows(dt.date(2025, 11, 11), 7)))
        installation.ingest(workspace)
        _publish_by_half(installation)

        # One loaded and not aggregated, one validated and not loaded, one landed and not validated.
        put("missed_bins_20251125.csv", export(*_rows(dt.date(2025, 11, 18), 7)))
        installation.take(workspace, run_id="night-5")
        validate(workspace, feed)
        load(workspace, feed)
        put("missed_bins_20251126.csv", export(*_rows(dt.date(2025, 11, 25), 1)))
        installation.take(workspace, run_id="night-6")
        validate(workspace, feed)
        put("missed_bins_20251127.csv", export(*_rows(dt.date(2025, 11, 26), 1)))
        installation.take(workspace, run_id="night-7")
        _write(installation, workspace)


def _publish_by_half(installation: Installation) -> None:
    """Publish with tokens that the platform does not know, so that two of three data sets stay behind."""
    known = installation.settings.connection

    def connection(name: str) -> Connection:
        found = known(name)
        tokens = {name: token if name == "transactions-by-channel" else "not-the-token"
                  for name, token in installation.tokens.items()}  # fmt: skip
        return found if name != "solihull_platform" else replace(found, extra={"tokens": tokens})

    settings = replace(installation.settings, connection=connection)
    with Workspace.open(settings) as workspace, pytest.raises(LocalDigitalError):
        publish(workspace, "solihull", run_id="night-4")


def _write(installation: Installation, workspace: Workspace) -> None:
    with workspace.engine.connect() as db:
        tables = db.scalars(
            text(
                "select table_schema || '.' || table_name from information_schema.tables "
                "where table_schema in ('ledger', 'core', 'marts') order by 1"
            )
        ).all()
        rows = {
            # The order in which rows were made is the order of their identities where a table has one.
            table: db.scalars(text(f"select to_jsonb(t) from {table} as t order by t")).all()  # noqa: S608
            for table in tables
        }
    _TO.joinpath("warehouse.json").write_text(_as_lines(rows), encoding="utf-8")
    shown = {}
    for data_set in installation.tokens:
        with client(workspace, workspace.council("solihull"), data_set) as platform:
            shown[data_set] = sorted(platform.read_all(), key=lambda record: str(record["_id"]))
    _TO.joinpath("platform.json").write_text(_as_lines(shown), encoding="utf-8")
    shutil.copytree(Path(installation.settings.landing) / "accepted", _TO / "accepted", dirs_exist_ok=True)


def _as_lines(rows: dict[str, list[object]]) -> str:
    """JSON with a line for each row, so that a difference can be read."""
    lists = (
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(each, sort_keys=True) for each in found) + "\n]"
        for name, found in rows.items()
    )
    return "{\n" + ",\n".join(lists) + "\n}\n"
