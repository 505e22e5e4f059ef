"""The command as people use it: where the draft goes, what is never overwritten, and what each exit code means."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local_digital.profiling.command import Request
from local_digital.profiling.command import run as profile
from local_digital.settings import from_environment
from tests.commands import local_digital
from tests.profiling.exports import CANARIES, cases, solihull

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    solihull(tmp_path / "missed_20251205.csv", cases(60))

    def run(
        *arguments: str, file: str = "missed_20251205.csv", config: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return local_digital(
            "profile", file, "--transaction", "report-missed-bin", *arguments, folder=tmp_path, COLUMNS="120",
            **({"LOCAL_DIGITAL_CONFIG": str(config)} if config else {}),
        )  # fmt: skip

    return run


def test_without_a_file_for_it_the_draft_alone_is_on_standard_output(run: Run) -> None:
    done = run()
    assert done.returncode == 0
    assert done.stdout.startswith("# Drafted from 1 sample file")
    assert "day first: line" in done.stderr


def test_a_council_names_the_file_and_what_is_known_stands_in_it(run: Run, tmp_path: Path) -> None:
    done = run("--council", "east-fold", "--gss", "E07000012", "--name", "East Fold: District")
    assert done.returncode == 0
    draft = (tmp_path / "east-fold.yaml").read_text("utf-8")
    head = draft.split("privacy:", maxsplit=1)[0]
    assert 'council: east-fold\nname: "East Fold: District"\ngss_code: E07000012\ntier: district\n' in head
    assert "east_fold_sftp" in draft
    assert "Wrote east-fold.yaml" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("--council", "south-cambridgeshire"), ("--council", "sc", "--gss", "E07000012"), ("--output", "sc.yaml")],
)
def test_what_the_reference_table_knows_of_a_council_needs_no_check(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    if arguments[0] == "--output":
        arguments = ("--output", "south-cambridgeshire.yaml")
    assert run(*arguments).returncode == 0
    (written,) = tmp_path.glob("*.yaml")
    assert (
        "name: South Cambridgeshire District Council\ngss_code: E07000012\ntier: district\n"
        "bank_holidays: england-and-wales\n" in written.read_text("utf-8")
    )


def test_a_file_that_is_there_is_left_alone_without_force(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    target.write_text("mine")
    assert run("--output", "mine.yaml").returncode == 2
    assert target.read_text() == "mine"
    assert run("--output", "mine.yaml", "--force").returncode == 0
    assert "council: mine" in target.read_text()


@pytest.mark.parametrize(
    ("arguments", "name"), [((), "new-council.yaml"), (("--council", "solihull"), "solihull.yaml")]
)
def test_draft_for_a_folder_is_called_like_the_council(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], name: str
) -> None:
    (tmp_path / "councils").mkdir()
    done = run("--output", "councils", *arguments)
    written = (tmp_path / "councils" / name).read_text("utf-8")
    assert written.startswith("# Drafted from 1 sample file")
    # It lies where it belongs, so nothing is said of moving it.
    wrote = f"Wrote councils/{name} with {written.count('CHECK:')} things to CHECK. Settle them."
    assert wrote in " ".join(done.stdout.split())


def test_a_contract_that_cannot_be_read_is_told_as_such_and_not_as_unknown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "transactions").mkdir()
    (tmp_path / "transactions" / "report-missed-bin.yaml").write_text("transaction: report-missed-bin\n", "utf-8")
    done = run(config=tmp_path)
    assert done.returncode == 2
    assert "report-missed-bin.yaml" in "".join(done.stderr.split())
    assert "Check the spelling" not in done.stderr


def test_at_a_terminal_a_line_parts_the_report_from_the_draft(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    request = Request([tmp_path / "missed_20251205.csv"], "report-missed-bin")
    profile(request, from_environment())
    assert "draft of the council's file" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    profile(request, from_environment())
    said = capsys.readouterr()
    assert said.err.rstrip().splitlines()[-1].startswith("draft of the council's file")
    assert said.out == run().stdout


def test_json_holds_profile_and_draft_and_nothing_personal(run: Run) -> None:
    done = run("--json")
    facts = json.loads(done.stdout)
    assert facts["fields"]["record_ref"]["column"] == "Case Ref"
    assert facts["draft"].startswith("# Drafted")
    assert [canary for canary in CANARIES if canary in done.stdout + done.stderr] == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--tier", "county"), 2, "a council of a tier that provides this"),
        (("--gss", "E10000003"), 2, "a council of a tier that provides this"),
        (("--council", "warwickshire"), 2, "a council of a tier that provides this"),
        (("--council", "west-midlands-combined-authority"), 2, "found a combined authority"),
        (("--gss", "E10000006"), 2, "an authority that exists or has one successor"),
        (("--gss", "E08999999"), 2, "an authority that exists or has one successor"),
        (("--council", "solihull", "--tier", "district"), 2, "`metropolitan`, as Solihull has it"),
        (("--council", "belfast", "--transaction", "pay-council-tax"), 2, "found `district` in northern-ireland"),
        (("--gss", "nonsense"), 2, "a GSS code"),
        (("--tier", "conty"), 2, "--tier: expected one of county, district, unitary"),
        (("--council", "No Slug"), 2, "a slug"),
        (("--output", "nowhere/x.yaml"), 2, "Make the folder first"),
    ],
)
def test_wrong_use_is_told_before_anything_is_read(run: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run(*arguments, file="not-there.csv")
    assert (done.returncode, says in " ".join(done.stderr.split())) == (code, True)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "an empty file"),
        ("page.csv", b"<!DOCTYPE html><html><body>Login</body></html>", "a web page"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Excel workbook"),
        ("sealed.csv.pgp", b"-----BEGIN PGP MESSAGE-----\n\nabc", "an OpenPGP message"),
        ("broken.xlsx", b"PK\x03\x04" + b"x" * 100, "damaged or cut off"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "zero bytes"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_one(
    run: Run, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run(file=name)
    assert (done.returncode, says in " ".join(done.stderr.split())) == (1, True), done.stderr


def test_a_file_that_is_not_there_ends_with_one(run: Run) -> None:
    assert run(file="not-there.csv").returncode == 1


def test_an_executive_serves_the_councils_of_its_region_until_somebody_says_which(run: Run, tmp_path: Path) -> None:
    done = run(
        "--council", "west-midlands-combined-authority", "--transaction", "renew-transport-concession",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    draft = (tmp_path / "west-midlands-combined-authority.yaml").read_text("utf-8")
    assert "tier: transport-executive\n# CHECK: the slugs of the councils that it serves\ncovers: [birmingham," in draft


def test_an_unknown_transaction_is_wrong_use(run: Run) -> None:
    assert run("--transaction", "report-a-dragon").returncode == 2
