"""File name patterns: the day that a name carries is read back, and only fitting names fit."""

from __future__ import annotations

import datetime as dt
import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.config.names import NamePattern

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2068, 12, 31))
FREE = st.text("abz_ 09-", max_size=6)
CODES = st.sampled_from(["%Y%m%d", "%d%m%y", "%d-%m-%Y", "%Y_%j", "%d %B %Y", "%b%d%Y", "%Y%m%d%H%M%S", "%Y/%m/%d"])


@given(day=DAYS, codes=CODES)
def test_any_day_written_by_a_pattern_is_read_back(day: dt.date, codes: str) -> None:
    name = f"bins_{day.strftime(codes)}.csv"
    pattern = NamePattern.parse(f"bins_{{date:{codes}}}.csv")
    assert pattern.matches(name)
    assert (pattern.first_day(name), pattern.last_day(name)) == (day, day)


@given(day=DAYS, codes=CODES, before=FREE, after=FREE)
def test_wildcards_take_nothing_of_the_date(day: dt.date, codes: str, before: str, after: str) -> None:
    name = f"{before}_{day.strftime(codes)}_{after}.csv"
    pattern = NamePattern.parse(f"*_{{date:{codes}}}_*.csv")
    assert pattern.matches(name)
    try:
        read = pattern.first_day(name)
    except ValueError:
        read = None
    # What stands before may itself look like the date; the first that does is read.
    assert read == day or any(sign.isdigit() for sign in before)


@given(day=DAYS)
def test_a_date_in_several_places_is_one_day(day: dt.date) -> None:
    pattern = NamePattern.parse("{date:%Y}/{date:%m}/bins_*_{date:%d}.csv")
    name = day.strftime("%Y/%m/bins_north_%d.csv")
    assert (pattern.first_day(name), pattern.series(name)) == (day, "north")
    assert all(pattern.may_lead_to(folder) for folder in (name[:4], name[:7]))


@given(name=st.text(st.characters(exclude_characters="/"), max_size=30))
def test_names_without_the_pattern_do_not_match(name: str) -> None:
    pattern = NamePattern.parse("bins_{date:%Y%m%d}.csv")
    assert pattern.matches(name) == (name.startswith("bins_") and name.endswith(".csv") and len(name) >= 9)


@pytest.mark.parametrize("name", ["bins_20251304.csv", "bins_2025110.csv", "bins_.csv", "bins_soon.csv"])
def test_a_slip_in_the_date_is_a_name_without_a_day(name: str) -> None:
    pattern = NamePattern.parse("bins_{date:%Y%m%d}.csv")
    assert pattern.matches(name)
    with pytest.raises(ValueError, match=r"date|match|data remains"):
        pattern.first_day(name)


@pytest.mark.parametrize(
    ("pattern", "name", "first", "last"),
    [
        ("bins_{date:%Y-%m}.csv", "bins_2025-02.csv", (2025, 2, 1), (2025, 2, 28)),
        ("bins_{date:%G-W%V}.csv", "bins_2025-W45.csv", (2025, 11, 3), (2025, 11, 9)),
        ("bins_{date:%Y}.csv", "bins_2025.csv", (2025, 1, 1), (2025, 12, 31)),
        ("*{date:%d-%m-%Y}.csv", "bins_14-11-2025.csv", (2025, 11, 14), (2025, 11, 14)),
        ("*{date:%B_%Y}.csv", "bins_november_2025.csv", (2025, 11, 1), (2025, 11, 30)),
    ],
)
def test_a_name_may_carry_a_week_a_month_or_a_year(
    pattern: str, name: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    parsed = NamePattern.parse(pattern)
    assert (parsed.first_day(name), parsed.last_day(name)) == (dt.date(*first), dt.date(*last))


@given(pattern=st.text("ab-*?", max_size=8), name=st.text("ab-", max_size=12))
def test_wildcards_are_those_of_the_shell(pattern: str, name: str) -> None:
    assert NamePattern.parse(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*-*-*-*-{date:%d%m%Y}.csv", "-" * 4000),
        ("**/a*/**/*b*/**/c{date:%d%m%Y}*", "ab/" * 1300),
        ("*{date:%d-%m-%Y}*{date:%H}*x", "1-" * 2000),
    ],
)
def test_a_hostile_name_costs_no_time(pattern: str, name: str) -> None:
    parsed = NamePattern.parse(pattern)
    assert not parsed.matches(name)
    with pytest.raises(ValueError, match="no date"):
        parsed.first_day(name)
    assert parsed.series(name) == ""


def test_what_a_set_leaves_out_is_no_folder_either() -> None:
    assert [NamePattern.parse("a[!x]b").matches(name) for name in ("ayb", "axb", "a/b")] == [True, False, False]


def test_a_wildcard_stays_within_its_folder() -> None:
    assert not NamePattern.parse("*.csv").matches("old/bins.csv")
    assert NamePattern.parse("**/*.csv").matches("old/older/bins.csv")


def test_folders_that_cannot_hold_a_fitting_file_are_not_entered() -> None:
    pattern = NamePattern.parse("{date:%Y/%m}/bins_*.csv")
    assert [pattern.may_lead_to(folder) for folder in ("2025", "2025/11", "archive", "2025/11/x", "2025/old")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "/bins.csv",
        "../bins.csv",
        "bins_{day}.csv",
        "bins_{date:%Q}.csv",
        "{date:%Y}{date:%Y}",
        "{date:%d%m}",
        "[z-a].csv",
        "[!].csv",
        "bins[\\].csv",
    ],
)
def test_an_unusable_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|date"):
        NamePattern.parse(text)
