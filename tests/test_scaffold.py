"""A new council is started by one command, and its test fails with what is left to do until that is done."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from local_digital import settings
from local_digital.cli import app
from local_digital.config.loading import load_councils, load_transactions
from local_digital.errors import ConfigurationError
from local_digital.parsing.candidates import parse
from local_digital.parsing.mapping import Delivered
from local_digital.scaffold import scaffold
from local_digital.settings import ROOT
from local_digital.workspace import FeedHandle, Workspace
from tests.conftest import HEADER, export, row
from tests.profiling.systems import SYSTEMS, System
from tests.raw_files import raw_file
from tests.test_councils import differences, expected_file, left_to_check, read_expected, without_network

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.parsing.candidates import Candidates

SLUG = "north-borough"
FEED = "report-missed-bin"
WINDOW = {"first_day": "2025-10-06", "from_parameter": "since", "until_parameter": "until"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the contracts and no council."""
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "checkout" / "include" / "transactions")
    return tmp_path / "checkout"


def fill_in(checkout: Path, **facts: object) -> None:
    """Do what the marks ask for: state the figures and take the marks away."""
    expected = yaml.safe_load(expected_file(checkout, SLUG).read_text("utf-8"))
    expected[FEED] |= facts
    expected_file(checkout, SLUG).write_text(yaml.safe_dump(expected), "utf-8")
    council = checkout / "include" / "councils" / f"{SLUG}.yaml"
    council.write_text(re.sub(r" *# CHECK.*", "", council.read_text("utf-8")), "utf-8")


@pytest.mark.parametrize("transaction", sorted(load_transactions(ROOT / "include")[0]))
def test_scaffolded_council_passes_check_for_every_contract(checkout: Path, transaction: str) -> None:
    written = scaffold(SLUG, transaction, checkout)
    assert [str(path.relative_to(checkout)) for path in written] == [
        f"include/councils/{SLUG}.yaml",
        f"tests/councils/{SLUG}/sample.csv",
        f"tests/councils/{SLUG}/expected.yaml",
    ]
    councils, errors = load_councils(checkout / "include")
    assert not errors
    assert list(councils[SLUG].feeds) == [transaction]
    columns = councils[SLUG].feeds[transaction].columns.values()
    header = written[1].read_text("utf-8").splitlines()[0].split(",")
    assert {column.source for column in columns} < set(header)


def read_sample(checkout: Path, transaction: str, sample: Path, delivered_as: str) -> Candidates:
    """Parse a made-up sample with the council's file as it was scaffolded."""
    council = load_councils(checkout / "include")[0][SLUG]
    contract = load_transactions(checkout / "include")[0][transaction]
    handle = FeedHandle(council, contract, council.feeds[transaction], 1)
    delivered = Delivered(delivered_as, dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    return parse(
        raw_file(sample.read_bytes()), handle, delivered, secret="s", connection=settings.from_environment().connection,
        where="the sample",
    )  # fmt: skip


@pytest.mark.parametrize("transaction", sorted(load_transactions(ROOT / "include")[0]))
def test_every_field_of_the_made_up_sample_is_read(checkout: Path, transaction: str) -> None:
    _, sample, _ = scaffold(SLUG, transaction, checkout)
    candidates = read_sample(checkout, transaction, sample, "x_20260109.csv")
    assert (candidates.table.num_rows, candidates.faults, candidates.warnings) == (3, [], [])
    fields = load_transactions(checkout / "include")[0][transaction].fields
    assert {name: candidates.table[name].null_count for name in fields} == dict.fromkeys(fields, 0)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: f"{system.transaction}: {system.name}")
def test_made_up_sample_of_any_export_is_read(checkout: Path, tmp_path: Path, system: System) -> None:
    written = scaffold(SLUG, system.transaction, checkout, system.write(tmp_path))
    if system.file.endswith(".csv"):
        _, sample, _ = written
        assert sample.read_text("windows-1252").splitlines()[0].replace('"', "") == system.header.replace("|", ",")
        candidates = read_sample(checkout, system.transaction, sample, system.file)
        assert (candidates.table.num_rows, candidates.faults) == (3, [])
    else:
        assert [path.suffix for path in written] == [".yaml", ".yaml"]


def test_command_names_the_files_and_how_to_go_on(checkout: Path) -> None:
    done = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["scaffold", SLUG, "--folder", str(checkout)])
    assert done.exit_code == 0, done.output
    *files, go_on = done.stdout.splitlines()
    assert sorted(files) == sorted(str(path) for path in checkout.rglob("*") if SLUG in str(path) and path.is_file())
    assert go_on.startswith("Work through every CHECK in them")


def test_what_the_reference_table_knows_of_a_council_needs_no_check(checkout: Path) -> None:
    council, *_ = scaffold("south-cambridgeshire", FEED, checkout)
    assert (
        "name: South Cambridgeshire District Council\ngss_code: E07000012\ntier: district\n"
        "bank_holidays: england-and-wales\n" in council.read_text("utf-8")
    )


def test_its_test_fails_with_what_is_left_to_do_and_passes_once_that_is_done(
    checkout: Path, database_url: str, tmp_path: Path
) -> None:
    scaffold(SLUG, FEED, checkout)
    left = left_to_check(checkout, SLUG)
    assert any(mark.startswith(f"include/councils/{SLUG}.yaml:") and "GSS" not in mark for mark in left)
    assert any(mark.startswith(f"tests/councils/{SLUG}/expected.yaml:") for mark in left)
    with pytest.raises(pytest.fail.Exception, match="fill in read:"):
        read_expected(checkout, SLUG)
    monday = "2026-01-05"
    fill_in(checkout, read=3, accepted=3, quarantined=0, duplicates=0, weeks={monday: 2})
    assert not left_to_check(checkout, SLUG)
    with Workspace.open(without_network(checkout, database_url, tmp_path)) as workspace:
        assert differences(checkout, SLUG, FEED, workspace, tmp_path) == []


def test_wrong_figure_is_shown_with_the_lines_behind_it(checkout: Path, database_url: str, tmp_path: Path) -> None:
    scaffold(SLUG, FEED, checkout)
    fill_in(checkout, read=3, accepted=3, quarantined=0, duplicates=0, weeks={"2026-01-05": 3})
    sample = checkout / "tests" / "councils" / SLUG / "sample.csv"
    sample.write_text(sample.read_text("utf-8").replace("05/01/2026 11:00", "31/02/2026 11:00"), "utf-8")
    with Workspace.open(without_network(checkout, database_url, tmp_path)) as workspace:
        wrong = differences(checkout, SLUG, FEED, workspace, tmp_path)
    assert "accepted: expected 3, found 2" in wrong
    assert any(line.startswith("line 3 Reported At: no_such_time") for line in wrong)


def test_name_that_the_source_would_not_deliver_is_told(checkout: Path, database_url: str, tmp_path: Path) -> None:
    scaffold(SLUG, FEED, checkout)
    fill_in(checkout, delivered_as="bins.csv", read=3, accepted=3, quarantined=0, duplicates=0, weeks={"2026-01-05": 3})
    with Workspace.open(without_network(checkout, database_url, tmp_path)) as workspace:
        (wrong,) = differences(checkout, SLUG, FEED, workspace, tmp_path)
    assert wrong.startswith("delivered_as")


def test_file_is_drafted_from_an_export_and_no_row_of_it_is_copied(
    checkout: Path, database_url: str, tmp_path: Path
) -> None:
    personal = ["Zebediah Quill", "77 Hidden Lane", "zq@example.org", "key under the mat"]
    rows = [
        f"{row(f'MB-{number}', f'{day}/11/2025 10:15', channel=channel)},{','.join(personal)}"
        for number, (day, channel) in enumerate(
            (day, channel) for day in (3, 14, 20) for channel in ("Online", "Phone")
        )
    ]
    export_file = tmp_path / "missed_bins_20251121.csv"
    export_file.write_text(export(*rows), "windows-1252", newline="")
    council, sample, expected = scaffold(SLUG, FEED, checkout, export_file)
    assert not load_councils(checkout / "include")[1]
    assert sample.read_text("utf-8").splitlines()[0] == HEADER
    for path in (council, sample, expected):
        assert not [word for word in (*personal, "MB-1") if word in path.read_text("utf-8")]
    fill_in(checkout, read=3, accepted=3, quarantined=0, duplicates=0, weeks={"2025-11-17": 3})
    with Workspace.open(without_network(checkout, database_url, tmp_path)) as workspace:
        assert differences(checkout, SLUG, FEED, workspace, tmp_path) == []


def test_export_that_is_no_csv_leaves_the_sample_to_people(checkout: Path, tmp_path: Path) -> None:
    export_file = tmp_path / "reports_20251121.json"
    reports = [
        {"id": f"MB-{day}", "created": f"2025-11-{day:02}T10:15:00Z", "channel": "Online"} for day in range(3, 20)
    ]
    export_file.write_text(json.dumps(reports), "utf-8")
    written = scaffold(SLUG, FEED, checkout, export_file)
    assert [path.name for path in written] == [f"{SLUG}.yaml", "expected.yaml"]
    with pytest.raises(pytest.fail.Exception, match=r"fill in .*sample:"):
        read_expected(checkout, SLUG)


@pytest.mark.parametrize("there", [f"include/councils/{SLUG}.yaml", f"tests/councils/{SLUG}/sample.csv"])
def test_nothing_is_ever_overwritten(checkout: Path, there: str) -> None:
    (checkout / there).parent.mkdir(parents=True)
    (checkout / there).write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match=re.escape(there)):
        scaffold(SLUG, FEED, checkout)
    assert [path.read_text("utf-8") for path in checkout.rglob("*") if SLUG in str(path) and path.is_file()] == ["mine"]


@pytest.mark.parametrize(
    ("source", "reported_at", "delivered_as"),
    [
        ({}, {"formats": ["iso"]}, f"{FEED}_20260109.csv"),
        ({}, {"formats": ["epoch"]}, f"{FEED}_20260109.csv"),
        ({}, {"formats": ["epoch-ms"]}, f"{FEED}_20260109.csv"),
        ({}, {"formats": ["excel"]}, f"{FEED}_20260109.csv"),
        ({}, {"formats": ["iso"], "time_from": "Reported Time"}, f"{FEED}_20260109.csv"),
        ({"files": "north/*_{date:%d%m%y}.csv"}, {}, "north/1_090126.csv"),
        ({"kind": "api", "connection": "north_api", "path": "reports", "window": WINDOW}, {}, "answers.json"),
    ],
)
def test_sample_is_made_for_a_council_file_that_is_there_as_it_reads_its_exports(
    checkout: Path, source: dict[str, Any], reported_at: dict[str, Any], delivered_as: str
) -> None:
    path, *_ = scaffold(SLUG, FEED, checkout)
    shutil.rmtree(checkout / "tests")
    facts = yaml.safe_load(path.read_text("utf-8"))
    feed = facts["feeds"][FEED]
    feed["columns"]["reported_at"] |= reported_at
    feed["source"] = source if "kind" in source else feed["source"] | source
    written = yaml.safe_dump(facts, allow_unicode=True)
    path.write_text(written, "utf-8")

    sample, expected = scaffold(SLUG, FEED, checkout)

    assert path.read_text("utf-8") == written
    assert yaml.safe_load(expected.read_text("utf-8"))[FEED]["delivered_as"] == delivered_as
    candidates = read_sample(checkout, FEED, sample, "x_20260109.csv")
    assert candidates.faults == []
    assert [moment.isoformat() for moment in candidates.table["reported_at"].to_pylist()] == [
        f"2026-01-05T{hour}:00:00+00:00" for hour in (10, 11, 12)
    ]


def test_transaction_that_the_council_s_file_does_not_have_is_refused(checkout: Path) -> None:
    scaffold(SLUG, FEED, checkout)
    shutil.rmtree(checkout / "tests")
    with pytest.raises(ConfigurationError, match="expected a feed for renew-library-book; found none"):
        scaffold(SLUG, "renew-library-book", checkout)
    assert not (checkout / "tests").exists()


@pytest.mark.parametrize("slug", ["", "North", "a_b", "-a", "a--b", "../x", "a/b", "a b", "a\n", "--help", "x" * 45])
def test_what_is_no_slug_is_refused(checkout: Path, slug: str) -> None:
    with pytest.raises(ConfigurationError, match="small letters"):
        scaffold(slug, FEED, checkout)
    assert not (checkout / "include" / "councils").exists()


def test_unknown_transaction_is_refused_with_the_known_ones(checkout: Path) -> None:
    with pytest.raises(ConfigurationError, match=FEED):
        scaffold(SLUG, "report-missed-bins", checkout)


def test_make_council_refuses_no_name_and_a_bad_one() -> None:
    for arguments in ([], ["NAME=Not A Slug"], ["NAME=--help"]):
        done = subprocess.run(
            ["make", "--no-print-directory", "council", *arguments],  # noqa: S607 - make is where PATH says
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert "small letters" in done.stderr


def test_make_council_is_in_the_list_of_commands() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - as above
    assert re.search(r"^council +Start a new council", done.stdout, re.MULTILINE)
