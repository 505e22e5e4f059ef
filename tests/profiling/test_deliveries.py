"""Several nights' files show what kind of delivery it is, and a name carries a day only where it is one."""

from __future__ import annotations

import datetime as dt
import gzip
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pysequoia import Tsk, encrypt

from local_digital.config.models import Transaction
from local_digital.profiling.draft import CouncilFacts, draft
from local_digital.profiling.facts import Profile
from local_digital.profiling.file_names import guess_name_date, guess_pattern
from local_digital.profiling.profile import profile
from local_digital.settings import Connection
from tests.profiling.conftest import Tried, good_rows
from tests.profiling.exports import START, Case, cases, solihull

Look = Callable[[Sequence[Path]], Profile]
Try = Callable[[Sequence[Path]], Tried]


def _nights(folder: Path, pick: Callable[[Case, dt.datetime], bool], *, nights: int = 4, apart: int = 7) -> list[Path]:
    """Write an export at each of some nights, of the cases that are picked."""
    found = cases(400)
    paths = []
    for number in range(nights):
        now = START + dt.timedelta(days=30 + apart * number)
        path = folder / f"missed_{now:%Y%m%d}.csv"
        paths.append(solihull(path, [case for case in found if pick(case, now)]))
    return paths


def test_nightly_rolling_files(try_out: Try, tmp_path: Path) -> None:
    paths = _nights(tmp_path, lambda case, now: now - dt.timedelta(days=28) <= case.reported < now, apart=1)
    tried = try_out(paths)
    assert (tried.found.delivery.kind, tried.found.delivery.sure) == ("rolling", True)
    assert tried.found.file_names.pattern == "missed_{date:%Y%m%d}.csv"
    assert len(good_rows(tried)) == tried.found.files[-1].rows


def test_snapshots_keep_what_they_had(look: Look, tmp_path: Path) -> None:
    found = look(_nights(tmp_path, lambda case, now: case.reported < now))
    assert (found.delivery.kind, found.delivery.sure) == ("snapshot", True)


def test_deltas_hardly_overlap(look: Look, tmp_path: Path) -> None:
    found = look(_nights(tmp_path, lambda case, now: now - dt.timedelta(days=7) <= case.reported < now))
    assert (found.delivery.kind, found.delivery.sure) == ("delta", True)


def test_files_are_compared_in_the_order_of_their_days_whatever_order_they_are_given_in(
    look: Look, tmp_path: Path
) -> None:
    paths = _nights(tmp_path, lambda case, now: now - dt.timedelta(days=28) <= case.reported < now, apart=1)
    assert look(paths[::-1]).delivery == look(paths).delivery


def test_one_file_decides_nothing_and_says_so(try_out: Try, tmp_path: Path) -> None:
    tried = try_out([solihull(tmp_path / "missed.csv", cases(30))])
    assert not tried.found.delivery.sure
    assert "delivery: snapshot  # CHECK: one file does not say" in tried.draft


def test_a_column_that_was_renamed_is_read_under_both_names(try_out: Try, tmp_path: Path) -> None:
    paths = _nights(tmp_path, lambda case, now: case.reported < now, nights=2)
    paths[0].write_bytes(paths[0].read_bytes().replace(b"Case Ref,", b"Reference Number,", 1))
    tried = try_out(paths)
    assert tried.found.renamed == {"Case Ref": ("Reference Number",)}
    assert tried.handle.feed.columns["record_ref"].renamed_from == ("Reference Number",)


def test_gzip_and_zip_are_named_and_read(try_out: Try, tmp_path: Path) -> None:
    plain = solihull(tmp_path / "plain.csv", cases(40))
    packed = tmp_path / "bins_20251205.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    tried = try_out([packed])
    assert tried.found.files[0].wrappings == ("gzip",)
    assert len(good_rows(tried)) == 40
    archive = tmp_path / "bins.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("north/bins.csv", plain.read_bytes())
        file.writestr("south/bins.csv", solihull(tmp_path / "s.csv", cases(20, seed=5)).read_bytes())
    tried = try_out([archive])
    assert (tried.found.files[0].wrappings, tried.found.files[0].documents) == (("zip",), 2)
    assert len(good_rows(tried)) == 60


def test_an_encrypted_sample_is_read_with_the_key_of_a_connection(contract: Transaction, tmp_path: Path) -> None:
    key = Tsk.generate("Local Digital <key@example.org>")
    plain = solihull(tmp_path / "plain.csv", cases(40))
    sealed = tmp_path / "missed_20251205.csv.pgp"
    sealed.write_bytes(encrypt(recipients=[key.extract_certificate()], bytes=plain.read_bytes()))
    connection = Connection("east_pgp", extra={"private_key": str(key)})
    found = profile([sealed], contract, connection=lambda _: connection, pgp="east_pgp")
    assert (found.files[0].wrappings, found.rows) == (("OpenPGP",), 40)
    assert found.format["pgp"] == "east_pgp"
    text = draft(found, contract, CouncilFacts())
    assert "# CHECK: the connection with our private key" in text
    assert "pgp: east_pgp" in text


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["missed_20251104.csv"], "missed_{date:%Y%m%d}.csv"),
        (["missed_20251104.csv", "missed_20251105.csv"], "missed_{date:%Y%m%d}.csv"),
        (["bins_20251104_053000.csv", "bins_20251105_053112.csv"], "bins_{date:%Y%m%d_%H%M%S}.csv"),
        (["bins-04-11-2025.csv"], "bins-{date:%d-%m-%Y}.csv"),
        (["bins-14Nov2025.csv"], "bins-{date:%d%b%Y}.csv"),
        (["2025-11 missed bins.xlsx"], "{date:%Y-%m} missed bins.xlsx"),
        (["north_20251104.csv", "south_20251104.csv"], "*th_{date:%Y%m%d}.csv"),
        (["export.csv"], "export.csv"),
        (["job 99999999.csv"], "job 99999999.csv"),
        (["case[1].csv"], "case?1?.csv"),
    ],
)
def test_what_a_name_varies_in(names: list[str], pattern: str) -> None:
    assert guess_pattern(names).pattern == pattern


@pytest.mark.parametrize(
    ("newest", "name_date", "sure", "evidence"),
    [
        ("2025-11-03T17:40", "extract-day", True, "of the day before the name's"),
        ("2025-11-04T23:40", "data-day", False, "up to its last hours"),
        ("2025-11-04T05:10", "extract-day", False, "never after 5:59"),
        ("2025-10-30T17:40", "extract-day", False, "usually 5 days before"),
    ],
)
def test_the_day_in_a_name_is_compared_with_the_newest_record(
    newest: str, name_date: str, sure: bool, evidence: str
) -> None:
    files = [("b_20251104.csv", dt.datetime.fromisoformat(newest))]
    found = guess_name_date("b_{date:%Y%m%d}.csv", files, has_time=True)
    assert (found.name_date, found.sure) == (name_date, sure)
    assert evidence in found.evidence


def test_a_week_counts_a_case_once_however_many_files_hold_it(look: Look, tmp_path: Path) -> None:
    paths = _nights(tmp_path, lambda case, now: now - dt.timedelta(days=28) <= case.reported < now, apart=1)
    start, end = START + dt.timedelta(days=2), START + dt.timedelta(days=33)
    assert sum(look(paths).weeks.values()) == sum(start <= case.reported < end for case in cases(400))
