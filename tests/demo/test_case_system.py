"""What the sample council's exports and its truth promise to everything that is tested with them."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

import demo.council
from demo import planted, truth
from demo.case_system import COLUMNS, CaseSystem, Export
from demo.cases import ALWAYS_OPEN, BANK_HOLIDAYS, WARDS
from demo.truth import RowCount, Truth
from tests.demo.reading import LAST, LONDON, in_london, parsed, refs, rows_of

CONFIGURATION = Path(demo.council.__file__).parents[1] / "councils" / "solihull.yaml"
MONDAYS = [dt.date(2025, 10, 6) + dt.timedelta(weeks=week) for week in range(26)]


# The exports


def test_one_export_for_each_of_the_182_days(exports: dict[str, Export]) -> None:
    first = dt.date(2025, 10, 7)
    days = [first + dt.timedelta(days=number) for number in range(182)]
    assert [export.day for export in exports.values()] == days
    assert list(exports) == [f"missed_bins_{day:%Y%m%d}.csv" for day in days]
    assert days[-1] == dt.date(2026, 4, 6)
    assert {in_london(export.made_at) for export in exports.values()} == {
        dt.datetime.combine(day, dt.time(0, 30)) for day in days
    }


def test_the_header_and_line_ends_are_those_of_the_case_system(exports: dict[str, Export]) -> None:
    header = (
        "Case Ref,Date Reported,Date Closed,Channel,Status,Bin Type,Ward,UPRN,Customer Name,Address,Email,Notes\r\n"
    )
    for export in exports.values():
        assert export.content.startswith(header.encode("ascii"))
        assert export.content.endswith(b"\r\n")


def test_references_and_premises_numbers_keep_their_shape(final_rows: dict[str, dict[str, str]]) -> None:
    for row in final_rows.values():
        assert re.fullmatch(r"MB00\d{5}", row["Case Ref"])
        assert re.fullmatch(r"\d{12}", row["UPRN"])
    assert any(row["UPRN"].startswith("0") for row in final_rows.values())


def test_rows_stand_in_the_order_of_their_reports(rows: dict[str, list[dict[str, str]]]) -> None:
    for night in rows.values():
        numbers = [row["Case Ref"] for row in night]
        assert numbers == sorted(numbers)


def test_cells_hold_what_breaks_careless_parsers(exports: dict[str, Export]) -> None:
    content = exports[LAST].content
    assert "£".encode("windows-1252") in content
    assert "é".encode("windows-1252") in content
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    night = rows_of(content)
    addresses, notes = [row["Address"] for row in night], [row["Notes"] for row in night]
    for cells in (addresses, notes):
        assert any("," in cell for cell in cells)
        assert any('"' in cell for cell in cells)
    assert any(re.search(r"(?<!\r)\n", note) for note in notes)
    assert any("\r\n" in note for note in notes)


def test_people_are_fictional(final_rows: dict[str, dict[str, str]]) -> None:
    emails = {row["Email"] for row in final_rows.values()}
    assert "" in emails
    assert all(email == "" or email.endswith("@example.org") for email in emails)


def test_an_export_holds_what_was_reported_or_closed_in_the_35_days_before(
    exports: dict[str, Export], rows: dict[str, list[dict[str, str]]], the_truth: Truth
) -> None:
    first_seen: dict[str, dt.date] = {}
    gone_and_back = set()
    last_seen: dict[str, dt.date] = {}
    impossible = refs(the_truth, planted.IMPOSSIBLE_DATE) | refs(the_truth, planted.IMPOSSIBLE_DATE_CORRECTED)
    for name, night in rows.items():
        day = exports[name].day
        first = day - dt.timedelta(days=35)
        for ref, reported, closed in {(row["Case Ref"], row["Date Reported"], row["Date Closed"]) for row in night}:
            closed_at = parsed(closed) if closed else None
            if ref not in impossible:
                reported_at = parsed(reported)
                assert reported_at is not None
                assert reported_at.date() < day
                assert reported_at.date() >= first or (closed_at is not None and closed_at.date() >= first)
            assert closed_at is None or closed_at <= exports[name].made_at
            first_seen.setdefault(ref, day)
            if ref in last_seen and (day - last_seen[ref]).days > 1:
                gone_and_back.add(ref)
            last_seen[ref] = day
    for case in the_truth.counted:
        assert first_seen[case.record_ref] == case.reported_at.astimezone(LONDON).date() + dt.timedelta(days=1)
        if case.closed_at is not None:
            closed_day = case.closed_at.astimezone(LONDON).date()
            assert last_seen[case.record_ref] == min(closed_day + dt.timedelta(days=35), dt.date(2026, 4, 6))
    # Cases open for longer than the window vanish and come back with their closing: a missing row deletes nothing.
    assert len(gone_and_back) > 20


def test_a_case_closed_later_is_still_open_in_earlier_exports(
    exports: dict[str, Export], rows: dict[str, list[dict[str, str]]], the_truth: Truth
) -> None:
    closed_at = {case.record_ref: case.closed_at for case in the_truth.counted}
    seen: Counter[str] = Counter()
    for name, night in rows.items():
        for row in night:
            if row["Case Ref"] not in closed_at:
                continue
            closed = closed_at[row["Case Ref"]]
            known = closed is not None and closed <= exports[name].made_at
            assert row["Status"] in ({"Closed"} if known else {"Open", "In Progress"})
            assert row["Date Closed"] == (in_london(closed).strftime("%d/%m/%Y %H:%M") if known and closed else "")
            seen[row["Status"]] += 1
    assert all(seen[status] > 1000 for status in ("Open", "In Progress", "Closed"))


def test_rows_of_every_file_are_accounted_for(
    rows: dict[str, list[dict[str, str]]], exports: dict[str, Export], the_truth: Truth
) -> None:
    def recount(night: list[dict[str, str]]) -> RowCount:
        distinct = {tuple(row.values()) for row in night}
        return RowCount(
            rows=len(night),
            exact_duplicates=len(night) - len(distinct),
            quarantined=sum(parsed(row[1]) is None for row in distinct),
        )

    assert {name: recount(night) for name, night in rows.items()} == the_truth.rows
    first_version = exports[LAST].first_version
    assert first_version is not None
    assert recount(rows_of(first_version)) == the_truth.rows_of_first_version
    for count in the_truth.rows.values():
        assert count.rows == count.accepted + count.exact_duplicates + count.quarantined


# The shape of demand


def test_every_week_brings_130_to_250_reports_and_follows_the_collections(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    weeks: Counter[dt.date] = Counter()
    refuse: Counter[dt.date] = Counter()
    for row in final_rows.values():
        reported = parsed(row["Date Reported"])
        if reported is not None:
            monday = reported.date() - dt.timedelta(days=reported.weekday())
            weeks[monday] += 1
            refuse[monday] += row["Bin Type"] == "Black (Refuse)"
    assert sorted(weeks) == MONDAYS
    assert all(130 <= count <= 250 for count in weeks.values())
    for this, following in itertools.pairwise(MONDAYS):
        share, next_share = refuse[this] / weeks[this], refuse[following] / weeks[following]
        assert (share > next_share) == (MONDAYS.index(this) % 2 == 0)
    assert {monday for monday, _ in the_truth.by_week_and_channel()} == set(MONDAYS)


@pytest.mark.parametrize("seed", range(4))
def test_week_totals_hold_for_any_seed(seed: int) -> None:
    system = CaseSystem(seed=seed, weeks=8)
    case_refs = {row["Case Ref"] for export in system.exports() for row in rows_of(export.content)}
    assert 8 * 130 <= len(case_refs) <= 8 * 250


def test_digital_rises_and_the_phone_falls(the_truth: Truth) -> None:
    by_channel = the_truth.by_week_and_channel()

    def share(channels: set[str], mondays: list[dt.date]) -> float:
        of_weeks = [(channel, count) for (monday, channel), count in by_channel.items() if monday in mondays]
        return sum(count for channel, count in of_weeks if channel in channels) / sum(n for _, n in of_weeks)

    start, end = MONDAYS[:8], MONDAYS[-8:]
    assert share({"online", "app"}, end) > share({"online", "app"}, start) + 0.03
    assert share({"phone"}, end) < share({"phone"}, start) - 0.03


def test_staffed_channels_work_in_office_hours_only(the_truth: Truth) -> None:
    chatbot = refs(the_truth, planted.UNMAPPED_CHANNEL)
    staffed = [
        in_london(case.reported_at)
        for case in the_truth.counted
        if case.channel_word not in ALWAYS_OPEN and case.record_ref not in chatbot
    ]
    assert len(staffed) > 500
    assert all(8 <= local.hour < 18 and local.weekday() < 5 for local in staffed)
    assert not {local.date() for local in staffed} & BANK_HOLIDAYS


def test_most_cases_close_within_three_days_and_some_much_later(the_truth: Truth) -> None:
    open_for = [case.closed_at - case.reported_at for case in the_truth.counted if case.closed_at is not None]
    assert all(time > dt.timedelta(0) for time in open_for)
    quick = sum(time < dt.timedelta(days=4) for time in open_for)
    assert quick / len(open_for) > 0.75
    assert max(open_for) > dt.timedelta(days=35)
    assert 0 < len(the_truth.counted) - len(open_for) < 0.15 * len(the_truth.counted)


def test_some_premises_report_again_and_again(the_truth: Truth) -> None:
    per_home = Counter((case.uprn, case.stream) for case in the_truth.counted)
    assert sum(count >= 3 for count in per_home.values()) > 20


def test_all_wards_of_solihull_and_one_called_null(the_truth: Truth) -> None:
    assert len(WARDS) == 17
    assert {ward for _, ward in the_truth.by_week_and_ward()} == {*WARDS, "NULL"}


# The truth


def test_the_truth_equals_a_recount_from_the_exports(final_rows: dict[str, dict[str, str]], the_truth: Truth) -> None:
    recounted = {
        (
            ref,
            reported.replace(tzinfo=None),
            row["Date Closed"],
            row["Channel"],
            truth.CHANNELS.get(row["Channel"], "unmapped"),
            truth.STREAMS[row["Bin Type"]],
            row["Ward"],
            row["UPRN"],
        )
        for ref, row in final_rows.items()
        if row["Status"] not in {"Closed (Duplicate)", "Closed (Transferred)"}
        and (reported := parsed(row["Date Reported"])) is not None
    }
    counted = {
        (
            case.record_ref,
            in_london(case.reported_at).replace(fold=0),
            "" if case.closed_at is None else in_london(case.closed_at).strftime("%d/%m/%Y %H:%M"),
            case.channel_word,
            case.channel,
            case.stream,
            case.ward,
            case.uprn,
        )
        for case in the_truth.counted
    }
    assert counted == recounted
    assert len(counted) == len(the_truth.counted)


def test_tallies_by_week_and_month_follow_the_london_calendar(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    by_channel: Counter[tuple[dt.date, str]] = Counter()
    by_ward: Counter[tuple[dt.date, str]] = Counter()
    by_month: Counter[tuple[dt.date, str]] = Counter()
    for row in final_rows.values():
        reported = parsed(row["Date Reported"])
        if reported is None or row["Status"] in {"Closed (Duplicate)", "Closed (Transferred)"}:
            continue
        # The wall-clock date as written, without any time zone arithmetic.
        monday = reported.date() - dt.timedelta(days=reported.weekday())
        channel = truth.CHANNELS.get(row["Channel"], "unmapped")
        by_channel[monday, channel] += 1
        by_ward[monday, row["Ward"]] += 1
        by_month[reported.date().replace(day=1), channel] += 1
    assert the_truth.by_week_and_channel() == by_channel
    assert the_truth.by_week_and_ward() == by_ward
    assert the_truth.by_month_and_channel() == by_month


@pytest.mark.parametrize(
    ("monday", "hours"), [(dt.date(2025, 10, 20), 169), (dt.date(2026, 3, 23), 167)], ids=["October", "March"]
)
def test_weeks_with_a_clock_change_are_whole(the_truth: Truth, monday: dt.date, hours: int) -> None:
    start = dt.datetime.combine(monday, dt.time(0), LONDON).astimezone(dt.UTC)
    end = start + dt.timedelta(hours=hours)
    within = sum(start <= case.reported_at < end for case in the_truth.counted)
    tallied = sum(count for (week, _), count in the_truth.by_week_and_channel().items() if week == monday)
    assert within == tallied > 100


def test_the_tables_of_words_agree_with_the_council_file() -> None:
    columns = yaml.safe_load(CONFIGURATION.read_text("utf-8"))["feeds"]["report-missed-bin"]["columns"]
    assert columns["channel"]["map"] == truth.CHANNELS
    assert columns["stream"]["map"] == truth.STREAMS
    statuses = columns["status"]["map"]
    not_demand = {word for word, value in statuses.items() if value in {"duplicate", "transferred"}}
    assert not_demand == set(truth.NOT_DEMAND)


def test_the_council_file_knows_every_column_and_status(final_rows: dict[str, dict[str, str]]) -> None:
    feed = yaml.safe_load(CONFIGURATION.read_text("utf-8"))["feeds"]["report-missed-bin"]
    sources = [column["from"] for column in feed["columns"].values()]
    assert sorted([*sources, *feed["ignored_columns"]]) == sorted(COLUMNS)
    assert {row["Status"] for row in final_rows.values()} == set(feed["columns"]["status"]["map"])
    assert {row["Bin Type"] for row in final_rows.values()} == set(feed["columns"]["stream"]["map"])
    words = {row["Channel"] for row in final_rows.values()}
    assert words == {*feed["columns"]["channel"]["map"], "Chatbot Pilot"}


# The same everywhere


def test_the_same_seed_gives_the_same_bytes_in_any_process() -> None:
    program = (
        "import hashlib; from demo.case_system import CaseSystem; system = CaseSystem(weeks=5)\n"
        "for e in system.exports(): print(e.name, hashlib.sha256(e.content + (e.first_version or b'')).hexdigest())\n"
        "print(hashlib.sha256(repr(system.truth).encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True, text=True, check=True,
        ).stdout
        for hash_seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"), ("4711", "America/New_York"))
    }  # fmt: skip
    assert len(outputs) == 1
    here = "".join(
        f"{e.name} {hashlib.sha256(e.content + (e.first_version or b'')).hexdigest()}\n"
        for e in CaseSystem(weeks=5).exports()
    )
    assert outputs.pop().startswith(here)


def test_another_seed_tells_another_story() -> None:
    contents = [next(CaseSystem(seed=seed, weeks=1).exports()).content for seed in (1, 2)]
    assert contents[0] != contents[1]


@pytest.mark.parametrize("weeks", [1, 2, 5])
def test_short_runs_keep_their_accounts(weeks: int) -> None:
    system = CaseSystem(starts=dt.date(2026, 6, 1), weeks=weeks)
    for export in system.exports():
        assert len(rows_of(export.content)) == system.truth.rows[export.name].rows
    assert len(system.truth.rows) == weeks * 7


@pytest.mark.parametrize(("starts", "weeks"), [(dt.date(2025, 10, 7), 26), (dt.date(2025, 10, 6), 0)])
def test_a_start_in_midweek_or_no_weeks_at_all_is_refused(starts: dt.date, weeks: int) -> None:
    with pytest.raises(ValueError, match="starts on a Monday"):
        CaseSystem(starts=starts, weeks=weeks)
