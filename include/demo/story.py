"""What happens in the sample: which runs each council's DAG makes, and which two of them fail on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.council import FOLDER, resend_corrected
from demo.runs import Step
from demo.sample import SOLIHULL
from demo.world.dealings import LAST_NIGHT
from local_digital.config.sources import Api, Open311

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from demo.runs import Run
    from demo.sample import Sample
    from local_digital.config.models import Council

SURREY = "surrey"
AS_THEY_LIE = "the exports as they lie there"
AFTER_CORRECTION = "after the council re-sent a corrected file"
THE_NIGHT = f"the night of {LAST_NIGHT:%-d %B %Y}, as on schedule"


@dataclass(frozen=True)
class OnPurpose:
    """A task that has to fail. because, briefly: in words for the summary. sign: what its message must hold."""

    council: str
    transaction: str
    task: str
    because: str
    briefly: str
    sign: str

    @property
    def task_id(self) -> str:
        return f"{self.transaction}.{self.task}"


ON_PURPOSE = (
    OnPurpose(
        "kirklees",
        "report-missed-bin",
        "validate",
        "the header of its newest file has changed, so the file was turned down; the older files got through",
        briefly="newest file turned down",
        sign="Case Reference",
    ),
    OnPurpose(
        SURREY,
        "renew-library-book",
        "extract",
        f"its newest file is weeks old, so the scheduled run of {LAST_NIGHT:%-d %B} called it late; "
        "the council's other feed got through",
        briefly="no new file",
        sign=f"expected the export of {LAST_NIGHT}",
    ),
)


def plans(sample: Sample) -> dict[str, list[Step]]:
    """Return the steps of every council.

    A run by hand takes what there is, from an API up to this moment, long after the sample's last day; so councils
    with an API run as the schedule would have run them that night, and months without a record do not become zeros.
    """
    found = {
        slug: [Step(THE_NIGHT, night=LAST_NIGHT) if _has_api(council) else Step(AS_THEY_LIE)]
        for slug, council in sample.councils.items()
    }
    if SOLIHULL in found:
        found[SOLIHULL].append(Step(AFTER_CORRECTION, needed=lambda: _resend(sample.root(SOLIHULL, "sftp"))))
    if SURREY in found:
        found[SURREY].append(Step(THE_NIGHT, night=LAST_NIGHT))
    return found


def complaints(runs: Iterable[Run], turned_down: Mapping[tuple[str, str], str], councils: Iterable[str]) -> list[str]:
    """Return what did not go as told above, in words; nothing when exactly the expected tasks failed, as expected.

    turned_down: why the newest delivery of a feed was turned down, by council and transaction, in whichever run: a
    demo that is run again finds nothing new to turn down. councils: those that took part.
    """
    found = []
    expected = {(each.council, each.task_id): each for each in ON_PURPOSE}
    happened = set()
    for run in runs:
        for task_id, fault in run.faults.items():
            on_purpose = expected.get((run.council, task_id))
            if on_purpose and on_purpose.sign in fault:
                happened.add(on_purpose)
            else:
                found.append(f"{run.council}, {task_id} failed ({run.step}): {fault or 'read its log in Airflow'}")
        if run.state != "success" and not run.faults:
            found.append(f"{run.council}: the run ended as `{run.state}` ({run.step}): read its log in Airflow")
    for each in ON_PURPOSE:
        before = each.sign in turned_down.get((each.council, each.transaction), "")
        if each.council in councils and each not in happened and not before:
            found.append(f"{each.council}, {each.task_id} was expected to fail, and did not: {each.because}")
    return found


def _has_api(council: Council) -> bool:
    return any(isinstance(feed.source, Api | Open311) for feed in council.feeds.values())


def _resend(root: Path) -> bool:
    """Let Solihull put its corrected file in place; say whether that changed anything."""
    before = _finished(root / FOLDER)
    resend_corrected(root)
    return before != _finished(root / FOLDER)


def _finished(folder: Path) -> dict[str, tuple[int, int]]:
    # The file still being uploaded grows meanwhile; it is no part of the correction.
    files = sorted(file for file in folder.iterdir() if file.suffix == ".csv")
    return {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in files[:-1]}
