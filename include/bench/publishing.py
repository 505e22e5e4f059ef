"""What a publish costs our own process, beside what the platform can take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.councils import write_councils
from bench.measure import in_own_process
from bench.place import place
from bench.platform import platform
from bench.report import Line
from bench.statements import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.place import Place

_TRANSACTION = "report-missed-bin"
# The most that the platform takes.
_RECORDS_A_SECOND = 900
_WARDS = 200


def publish(records: int) -> Iterator[Line]:
    """Measure a publish of so many records that the platform does not hold, from the marts to its answers.

    Raises AssertionError when other numbers of records leave.
    """
    wards = min(_WARDS, records)
    weeks = records // wards
    with place() as here:
        (council,) = write_councils(here.config, 1)
        fill(here, "ward_counts", council=council, weeks=weeks, wards=wards)
        with platform(here, [council]) as connection:
            measured = in_own_process(_publish, here, council, connection)
    sent = measured.result
    if sent != weeks * wards:
        raise AssertionError(f"{sent} records were sent, {weeks * wards} were to be")
    yield Line("publish: our share of a core", measured.cpu / sent * _RECORDS_A_SECOND, "of a core", 0.10, facts={
        "records": sent, "CPU ms a record": round(measured.cpu / sent * 1000, 3),
        "records/s here": round(sent / measured.seconds), "MiB": measured.peak_mib,
    })  # fmt: skip


def _publish(here: Place, council: str, connection: dict[str, Any]) -> Iterator[Any]:
    from local_digital.publishing.publish import publish as send  # noqa: PLC0415 - in the measured process
    from local_digital.publishing.sign_off import Verdict, decide  # noqa: PLC0415
    from local_digital.settings import Connection  # noqa: PLC0415
    from local_digital.workspace import Workspace  # noqa: PLC0415

    end = Connection("platform", host=connection["host"], extra=connection["extra"])
    with Workspace.open(replace(here.settings(), connection=lambda _: end)) as workspace:
        decide(workspace, workspace.feed(council, _TRANSACTION), Verdict("released", by="bench", through="terminal"))
        yield None
        report = send(workspace, council, run_id="bench")
        yield sum(len(plan.new) for plan in report.plans)
