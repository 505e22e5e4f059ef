"""When a council's first run starts."""

from __future__ import annotations

import datetime as dt

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables import trigger
from airflow.timetables.base import TimeRestriction

from local_digital.settings import ROOT


def test_a_council_switched_on_after_its_hour_waits_for_the_next_night(monkeypatch: pytest.MonkeyPatch) -> None:
    just_after = pendulum.datetime(2026, 11, 24, 6, 30, tz="UTC")
    monkeypatch.setenv("LOCAL_DIGITAL_CONFIG", str(ROOT / "include"))
    monkeypatch.setattr(trigger, "utcnow", lambda: just_after)
    dag = DagBag(str(ROOT / "dags")).dags["council_solihull"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    first = timetable.next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(earliest=None, latest=None, catchup=False)
    )
    assert first is not None
    assert first.run_after == dt.datetime(2026, 11, 25, 5, 20, tzinfo=dt.UTC)
