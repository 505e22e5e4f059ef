"""What could be wrong in silence is a CHECK in the draft: it stands there until a person has settled it."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from local_digital.errors import DataError
from tests.profiling.conftest import Tried, good_rows
from tests.profiling.exports import cases, solihull

Try = Callable[[Sequence[Path]], Tried]
Write = Callable[..., Path]
DAYS = [f"{1 + n % 28:02}/10/2025 {8 + n % 9:02}:{n % 60:02}" for n in range(300)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(header: str, *rows: str, name: str = "export_20251103.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows, ""]), "utf-8")
        return path

    return write


def _said(tried: Tried) -> str:
    """Return the draft with its comments on one line each."""
    return " ".join(line.strip(" #") for line in tried.draft.splitlines())


def _shown(tried: Tried) -> str:
    """Return the report with single spaces."""
    return " ".join(tried.report.split())


# --- references ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["NULL", "-", "n/a", "1.01E+11", ""])
def test_one_text_on_many_rows_in_place_of_references_is_no_log_of_events(
    try_out: Try, write: Write, text: str
) -> None:
    refs = [text if n % 4 == 0 else f"A{n}" for n in range(300)]
    tried = try_out([write("Ref,Date Reported,Channel", *(f"{refs[n]},{DAYS[n]},Web" for n in range(300)))])
    assert tried.found.delivery.kind == "snapshot"
    assert any(
        doubt in _said(tried)
        for doubt in ("75 rows with a text in place of a reference", "75 cells are as Excel", "missing on 75 rows")
    )


def test_null_in_place_of_a_reference_becomes_blank(try_out: Try, write: Write) -> None:
    refs = ["NULL" if n % 4 == 0 else f"A{n}" for n in range(300)]
    tried = try_out([write("Ref,Date Reported,Channel", *(f"{refs[n]},{DAYS[n]},Web" for n in range(300)))])
    assert tried.handle.feed.columns["record_ref"].blank == ("NULL",)
    assert "75 rows with a text in place of a reference" in _said(tried)


def test_references_that_start_again_in_each_file_are_told_apart_and_a_loud_doubt(try_out: Try, write: Write) -> None:
    paths = [
        write("ID,Date Reported,Channel", *(f"{n},{1 + n % 28:02}/{month}/2025 10:{n % 60:02},Web" for n in range(80)),
              name=f"bins 2025-{month}.csv")
        for month in ("09", "10")
    ]  # fmt: skip
    tried = try_out(paths)
    assert "DO REFERENCES START AGAIN? 80 of 80" in _said(tried)
    assert tried.handle.feed.columns["record_ref"].derived_from == ("ID", "Date Reported")
    assert (tried.found.delivery.kind, tried.found.delivery.sure) == ("delta", False)


def test_rows_that_are_equal_throughout_may_be_reports_of_their_own(try_out: Try, write: Write) -> None:
    rows = [f"{1 + n % 5:02}/10/2025,{('Web', 'Phone')[n % 2]},Olton" for n in range(100)]
    tried = try_out([write("Date Reported,Channel,Ward", *rows)])
    assert "90 of 100 rows equal another in every column" in _said(tried)


# --- layout --------------------------------------------------------------------------------------------------------


def test_sheets_with_the_same_header_are_named(try_out: Try, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, count in (("Sep", 40), ("Oct", 30), ("About", 0)):
        sheet = book.create_sheet(name)
        sheet.append(["Case Ref", "Date Reported", "Channel"] if count else ["About this export"])
        for n in range(count):
            sheet.append([f"{name}{n}", f"{1 + n % 28:02}/10/2025", "Web"])
    book.save(tmp_path / "bins.xlsx")
    tried = try_out([tmp_path / "bins.xlsx"])
    assert "ONLY THIS SHEET IS READ. Others have the same header, `Oct`:" in _said(tried)


@pytest.mark.parametrize("other", ["README.txt", "terms.pdf"])
def test_what_lies_beside_the_data_in_an_archive_is_left_out(try_out: Try, tmp_path: Path, other: str) -> None:
    with zipfile.ZipFile(tmp_path / "bins.zip", "w") as archive:
        archive.writestr("north.csv", solihull(tmp_path / "a.csv", cases(40)).read_bytes())
        archive.writestr("south.csv", solihull(tmp_path / "b.csv", cases(20, seed=5)).read_bytes())
        archive.writestr(other, b"%PDF-1.7\0\0 all rights reserved")
    tried = try_out([tmp_path / "bins.zip"])
    assert 'member: "*.csv"' in tried.draft
    assert "the archive holds other files too" in _said(tried)
    assert len(good_rows(tried)) == 60


def test_an_ending_in_capitals_is_the_same_ending(try_out: Try, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bins.zip", "w") as archive:
        for name, seed in (("north.csv", 1), ("south.CSV", 5), ("README.txt", 7)):
            archive.writestr(name, solihull(tmp_path / "a.csv", cases(40, seed=seed)).read_bytes())
    tried = try_out([tmp_path / "bins.zip"])
    assert tried.found.files[0].documents == 2
    assert len(good_rows(tried)) == 80


@pytest.mark.parametrize(
    ("rows", "key", "says"),
    [
        ("'A{0}','{1}','Web','said ''no'', again'", "quote", "single quotes"),
        ('"A{0}","{1}","Web","said \\"no\\", again"', "escape", "backslash"),
    ],
)
def test_other_quotes_are_proposed_and_read(try_out: Try, write: Write, rows: str, key: str, says: str) -> None:
    mark = rows[0]
    header = ",".join(f"{mark}{name}{mark}" for name in ("Case Ref", "Date Reported", "Channel", "Notes"))
    tried = try_out([write(header, *(rows.format(n, DAYS[n]) for n in range(60)))])
    assert f"{key}: " in tried.draft
    assert says in _said(tried)
    assert len(good_rows(tried)) == 60


def test_quotes_behind_a_space_are_a_doubt(try_out: Try, write: Write) -> None:
    tried = try_out([write("Case Ref, Date Reported, Channel", *(f'A{n}, {DAYS[n]}, "Web"' for n in range(60)))])
    assert "quotes stand behind a space" in _said(tried)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Error: timeout while running the report for Jo Smith\n", "an error message"),
        ('{"error": {"code": 500, "message": "failed"}}', "an error message"),
        ('"Ref,Date Reported,Channel"\n"A1,01/10/2025,Web"\n', "quoted as a whole"),
        ('Ref, "Date Reported", "Address"\nA1, "01/10/2025", "1, High St"\n', "a space before each"),
    ],
)
def test_what_is_no_export_is_refused_and_nothing_is_said_to_be_kept(
    try_out: Try, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "export.csv").write_text(text)
    with pytest.raises(DataError, match=says) as refused:
        try_out([tmp_path / "export.csv"])
    assert "kept" not in str(refused.value)
    assert "Smith" not in str(refused.value)


# --- columns -------------------------------------------------------------------------------------------------------


def test_rows_without_a_channel_are_counted_and_have_a_value_to_settle(try_out: Try, write: Write) -> None:
    rows = [f"A{n},{DAYS[n]},{'' if n % 4 == 0 else 'Web'}" for n in range(100)]
    tried = try_out([write("Ref,Date Reported,Channel", *rows)])
    assert "CHECK: 25 rows without a word here" in _said(tried)
    assert tried.handle.feed.columns["channel"].when_blank == "other"
    assert len(good_rows(tried)) == 100


@pytest.mark.parametrize("cell", ["{0:02}/10/2025 10:00 BST", "{0:02}102025", "/Date(17587116600{0:02})/"])
def test_dates_that_are_not_understood_are_a_loud_doubt_and_never_the_day_in_the_name(
    try_out: Try, write: Write, cell: str
) -> None:
    rows = [f"A{n},{cell.format(1 + n % 28)},Web" for n in range(100)]
    tried = try_out([write("Ref,Date Reported,Channel", *rows)])
    assert "`Date Reported` IS FILLED AND ITS DATES ARE NOT UNDERSTOOD" in _said(tried)
    assert "from_file_name" not in tried.draft


@pytest.mark.parametrize("header", ["SR Description", "Issue Description", "Form Name", "Process Name", "Action"])
def test_a_few_words_that_name_services_tell_them_apart_whatever_they_are_called(
    try_out: Try, write: Write, header: str
) -> None:
    services = ("Missed Bin Collection", "Bins not picked up", "Uncollected", "Pothole", "Dog Fouling", "Street Light")
    rows = [f"A{n},{DAYS[n]},Web,{services[n % 6]}" for n in range(120)]
    tried = try_out([write(f"Ref,Date Reported,Channel,{header}", *rows)])
    (row,) = tried.handle.feed.rows
    assert (row.column, set(row.in_)) == (header, set(services[:3]))


def test_notes_tell_no_services_apart_though_they_speak_of_missed_bins(try_out: Try, write: Write) -> None:
    rows = [f"A{n},{DAYS[n]},Web,{('Missed bin', 'Jo Qq rang', 'Not emptied')[n % 3]}" for n in range(120)]
    tried = try_out([write("Ref,Date Reported,Channel,Notes", *rows)])
    assert tried.handle.feed.rows == ()
    assert "Qq" not in tried.draft + tried.report


def test_services_of_which_none_looks_like_it_are_a_doubt_and_leave_no_row_out(try_out: Try, write: Write) -> None:
    rows = [f"A{n},{DAYS[n]},Web,Street matter {'abcdefghijklmno'[n % 15]}" for n in range(120)]
    tried = try_out([write("Ref,Date Reported,Channel,Service", *rows)])
    assert "`Service` has 15 words, none of which looks like this transaction: add `rows`" in _said(tried)
    assert "no word of `Service` looks like this transaction (15 other words)" in _shown(tried)
    assert len(good_rows(tried)) == 120


def test_services_that_are_near_are_left_out_and_named(try_out: Try, write: Write) -> None:
    words = ("Missed bin", "Missed appointment", "Pothole", "Graffiti")
    rows = [f"A{n},{DAYS[n]},Web,{words[n % 4]}" for n in range(120)]
    tried = try_out([write("Ref,Date Reported,Channel,Service", *rows)])
    assert "left out though near: Missed appointment" in _said(tried)
    assert "no Missed appointment (30)" in _shown(tried)
    assert "no 2 other words" in _shown(tried)
    assert len(good_rows(tried)) == 30


def test_without_a_column_of_dates_the_day_in_the_name_is_taken_and_a_doubt(try_out: Try, write: Write) -> None:
    tried = try_out([write("Ref,Channel,Status", *(f"A{n},Web,Open" for n in range(60)))])
    assert "no column of dates was found: the day in the name is taken" in _said(tried)
    assert {row["reported_at"].date() for row in good_rows(tried)} == {dt.date(2025, 11, 3)}


def test_channel_of_which_hardly_a_word_is_known_is_named_and_every_row_counts_as_other(
    try_out: Try, write: Write
) -> None:
    rows = [f"A{n},{DAYS[n]},{('Zig', 'Zag', 'Zog')[n % 3]}" for n in range(120)]
    tried = try_out([write("Ref,Date Reported,Channel", *rows)])
    assert "no column says the channel: every row counts as `other`" in _said(tried)
    assert "`Channel` is called like it, but hardly a word of it is known" in _said(tried)
    assert {row["channel"] for row in good_rows(tried)} == {"other"}


# --- dates ---------------------------------------------------------------------------------------------------------


def test_time_in_words_beside_a_date_is_a_doubt(try_out: Try, write: Write) -> None:
    rows = [f"A{n},{DAYS[n][:10]},{('about noon', 'at night')[n % 2]},Web" for n in range(100)]
    tried = try_out([write("Ref,Date Reported,Time Reported,Channel", *rows)])
    assert "`Time Reported` may hold its time, in a form that is not known: see `time_from`" in _said(tried)
    assert tried.handle.feed.columns["reported_at"].time_from is None


@pytest.mark.parametrize(
    ("cells", "says", "good"),
    [
        (["13/10/2025", "10/13/2025", "14/10/2025"], "DAY AND MONTH FIRST ARE MIXED: ", 80),
        (["13/10/2025"] * 39 + ["some day"], "3 cells fit no format, the first at line 41", 117),
        (["13/10/2025"] * 39 + ["NULL"], "such rows will be turned down: each needs the time of its report", 120),
        (
            ["2025-07-01T23:00:00Z", "2025-08-05T23:00:00Z", "2025-12-05T00:00:00Z"],
            "local midnights, so these are days, written as moments in UTC", 120,
        ),
    ],
)  # fmt: skip
def test_dates_that_may_be_read_wrongly_or_not_at_all_are_a_doubt(
    try_out: Try, write: Write, cells: list[str], says: str, good: int
) -> None:
    rows = [f"A{n},{cells[n % len(cells)]},Web" for n in range(120)]
    tried = try_out([write("Ref,Date Reported,Channel", *rows, name="export.csv")])
    assert says in _said(tried)
    assert len(good_rows(tried)) == good


# --- counts --------------------------------------------------------------------------------------------------------

WEEKS = [f"{1 + 7 * (n % 4):02}/{9 + n // 4:02}/2025" for n in range(12)]


@pytest.mark.parametrize("header", ["Count", "Number of reports", "Total reports", "Missed Bins", "Reports", "Total"])
def test_counts_are_no_references_however_much_they_differ(try_out: Try, write: Write, header: str) -> None:
    rows = [f"{week},{100 + 7 * n}" for n, week in enumerate(WEEKS)]
    tried = try_out([write(f"Week Commencing,{header}", *rows)])
    assert tried.found.delivery.kind == "aggregate"
    assert tried.found.fields["count"].column == header


@pytest.mark.parametrize("cell", ["<5", "*", ""])
def test_small_numbers_that_are_left_out_are_a_doubt(try_out: Try, write: Write, cell: str) -> None:
    rows = [f"{week},{channel},{number}" for week in WEEKS for channel, number in (("Web", "41"), ("Post", cell))]
    tried = try_out([write("Week Commencing,Channel,Count", *rows)])
    assert tried.found.delivery.kind == "aggregate"
    assert "12 of 24 rows hold no whole number" in _said(tried)


def test_counts_with_a_decimal_comma_are_counts(try_out: Try, write: Write) -> None:
    rows = [f"{week};{channel};{n},00" for n, week in enumerate(WEEKS) for channel in ("Web", "Phone")]
    tried = try_out([write("Week Commencing;Channel;Number", *rows)])
    assert tried.found.delivery.kind == "aggregate"


def test_sums_among_the_channels_of_counts_are_left_out(try_out: Try, write: Write) -> None:
    rows = [f"{week},{channel},{n}" for week in WEEKS for channel, n in (("Web", 41), ("Phone", 9), ("Total", 50))]
    tried = try_out([write("Week Commencing,Channel,Count", *rows)])
    assert "- { column: Channel, not_in: [Total] }" in tried.draft
    assert {row["channel"] for row in good_rows(tried)} == {"online", "phone"}


def test_counts_of_which_nothing_can_be_published_have_no_data_sets_and_say_why(try_out: Try, write: Write) -> None:
    rows = [f"01/{1 + n:02}/2025,{channel},{40 + n}" for n in range(10) for channel in ("Web", "Phone")]
    tried = try_out([write("Month,Channel,Count", *rows)])
    assert tried.handle.feed.publish == {}
    assert "publish:" not in tried.draft
    assert "`digital-takeup` cannot be published: counts by month make no weeks" in _said(tried)
