"""Every council's sample gives what its people expect of it. A new council needs no test of its own, only these facts.

tests/councils/<slug>/ holds samples (made-up rows under the council's own header) and expected.yaml. `make council`
starts both.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from local_digital.aggregate import aggregate
from local_digital.config.sources import FileFacts
from local_digital.error_report import build
from local_digital.extract import take_files
from local_digital.load import load
from local_digital.migrations import migrate
from local_digital.settings import ROOT, Connection, Settings
from local_digital.sql import statement
from local_digital.validate import validate
from local_digital.workspace import Workspace

if TYPE_CHECKING:
    from local_digital.validate import DeliveryReport
    from local_digital.workspace import FeedHandle

COUNCILS = sorted(path.stem for path in (ROOT / "include" / "councils").glob("*.yaml"))


class Expected(BaseModel):
    """What must come of one sample. delivered_as: the name under which the source would deliver it. weeks: transactions
    by the Monday of their week; months, by its first day, for a council that counts by month.
    """

    model_config = ConfigDict(extra="forbid")

    sample: str
    delivered_as: str
    read: int
    accepted: int
    quarantined: int
    duplicates: int
    filtered: int = 0
    warnings: int = 0
    weeks: dict[dt.date, int] | None = Field(default=None, min_length=1)
    months: dict[dt.date, int] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _weeks_or_months(self) -> Self:
        if (self.weeks is None) == (self.months is None):
            raise ValueError("either `weeks` or `months`")
        return self


def left_to_check(root: Path, council: str) -> list[str]:
    """Return the places at which a council's files still say CHECK."""
    files = [root / "include" / "councils" / f"{council}.yaml", expected_file(root, council)]
    return [
        f"{path.relative_to(root)}:{number}: {line.partition('CHECK')[2].strip(' :')}"
        for path in files if path.is_file()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "# CHECK" in line
    ]  # fmt: skip


def expected_file(root: Path, council: str) -> Path:
    return root / "tests" / "councils" / council / "expected.yaml"


def read_expected(root: Path, council: str) -> dict[str, Expected]:
    """Return what is expected of each sample, by transaction; fail with the key that is to be filled in."""
    path = expected_file(root, council)
    if not path.is_file():
        wanted = "the council's samples and what must come of them, as in tests/councils/solihull"
        pytest.fail(f"{path}: expected {wanted}", pytrace=False)
    facts = yaml.safe_load(path.read_text("utf-8"))
    try:
        return {transaction: Expected.model_validate(expected) for transaction, expected in facts.items()}
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'weeks'}: {fault['msg']}" for fault in error.errors())
    pytest.fail(f"{path}: count in the sample by hand and fill in {faults}", pytrace=False)


def differences(root: Path, council: str, transaction: str, workspace: Workspace, tmp_path: Path) -> list[str]:
    """Run a sample through the whole pipeline up to the weekly figures; return what is not as expected."""
    expected = read_expected(root, council)[transaction]
    feed = workspace.feed(council, transaction)
    source = feed.feed.source
    if isinstance(source, FileFacts) and not source.pattern.matches(expected.delivered_as):
        return [f"delivered_as: expected a name like {source.files}, found {expected.delivered_as}"]
    path = tmp_path / "delivered" / expected.delivered_as
    path.parent.mkdir(parents=True)
    path.write_bytes((expected_file(root, council).parent / expected.sample).read_bytes())
    take_files(workspace, feed, [path], run_id="sample")
    (report,) = validate(workspace, feed)
    if report.rejected_because:
        return [report.rejected_because]
    load(workspace, feed)
    aggregate(workspace, council)
    found = report.as_json() | {
        "weeks": volumes(workspace, feed, "week"),
        "months": volumes(workspace, feed, "month"),
        "warnings": len(report.warnings),
    }
    wrong = [
        f"{key}: expected {wanted}, found {found[key]}"
        for key, wanted in expected.model_dump(exclude={"sample", "delivered_as"}, exclude_none=True).items()
        if found[key] != wanted
    ]
    return [*wrong, *why(workspace, feed, report)] if wrong else []


def volumes(workspace: Workspace, feed: FeedHandle, period_kind: str) -> dict[dt.date, int]:
    """Return the volume of every week or month that has any, as it would be published."""
    names = {"council": feed.council.council, "transaction": feed.contract.transaction, "period_kind": period_kind}
    with workspace.engine.connect() as db:
        figures = db.execute(statement("status/kpis"), names).all()
    return {row.period_start: int(row.value) for row in figures if row.kpi == "volume" and row.value}


def why(workspace: Workspace, feed: FeedHandle, report: DeliveryReport) -> list[str]:
    problems = build(workspace, feed, report.delivery_id).problems
    return [
        *(f"line {problem.line} {problem.column}: {problem.rule}: {problem.expected}" for problem in problems),
        *report.warnings,
    ]


def without_network(root: Path, database_url: str, tmp_path: Path) -> Settings:
    """An installation with a warehouse and a landing store, and a premises secret for every council."""
    migrate(database_url)
    return Settings(
        connection=lambda name: Connection(name, password="secret-of-the-tests"),
        config=root / "include",
        warehouse=database_url,
        landing=str(tmp_path / "landing"),
        spool=tmp_path / "spool",
    )


@pytest.mark.parametrize("council", COUNCILS)
def test_nothing_is_left_to_check(council: str) -> None:
    left = left_to_check(ROOT, council)
    if left:
        marks = "\n".join(left)
        pytest.fail(f"Find out these facts, correct them and take each CHECK away:\n{marks}", pytrace=False)


@pytest.mark.parametrize("council", COUNCILS)
def test_sample_gives_what_is_expected_of_it(council: str, database_url: str, tmp_path: Path) -> None:
    samples = read_expected(ROOT, council)
    assert samples
    with Workspace.open(without_network(ROOT, database_url, tmp_path)) as workspace:
        for transaction in samples:
            wrong = differences(ROOT, council, transaction, workspace, tmp_path / transaction)
            if wrong:
                found = "\n".join(wrong)
                pytest.fail(
                    f"{council} {transaction}: mend the council's file, or what is expected:\n{found}", pytrace=False
                )


def test_every_feed_has_a_sample() -> None:
    missing = []
    for council in COUNCILS:
        facts = yaml.safe_load((ROOT / "include" / "councils" / f"{council}.yaml").read_text("utf-8"))
        missing += [f"{council} {transaction}" for transaction in facts["feeds"].keys() - read_expected(ROOT, council)]
    assert not missing
