"""The planted problems: each is in the exports, and the truth says where."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter

from demo import planted
from demo.case_system import CaseSystem, Export
from demo.cases import WARDS
from demo.truth import Truth
from tests.demo.reading import LAST, in_london, parsed, refs, rows_of

LAST_MONDAY = dt.date(2026, 3, 30)


def test_a_channel_nobody_knows_appears_in_the_last_weeks(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    chatbot = {ref for ref, row in final_rows.items() if row["Channel"] == "Chatbot Pilot"}
    assert chatbot == refs(the_truth, planted.UNMAPPED_CHANNEL)
    unmapped = [case for case in the_truth.counted if case.channel == "unmapped"]
    assert {case.record_ref for case in unmapped} == chatbot
    assert 3 <= len(chatbot) <= 10
    assert all(case.reported_at.date() >= dt.date(2026, 3, 9) for case in unmapped)


def test_impossible_dates_that_stay_are_never_counted(rows: dict[str, list[dict[str, str]]], the_truth: Truth) -> None:
    never = refs(the_truth, planted.IMPOSSIBLE_DATE)
    written = {row["Date Reported"] for night in rows.values() for row in night if row["Case Ref"] in never}
    assert written == {"31/02/2026 10:15", "29/03/2026 01:30"}
    assert not never & {case.record_ref for case in the_truth.counted}


def test_an_impossible_date_put_right_two_nights_later_counts(
    rows: dict[str, list[dict[str, str]]], the_truth: Truth
) -> None:
    (ref,) = refs(the_truth, planted.IMPOSSIBLE_DATE_CORRECTED)
    written = [row["Date Reported"] for night in rows.values() for row in night if row["Case Ref"] == ref]
    assert written[:3] == ["31/11/2025 08:50", "31/11/2025 08:50", "01/12/2025 08:50"]
    assert set(written[2:]) == {"01/12/2025 08:50"}
    assert ref in {case.record_ref for case in the_truth.counted}
    assert the_truth.rows["missed_bins_20251203.csv"].quarantined == 1
    assert the_truth.rows["missed_bins_20251204.csv"].quarantined == 0


def test_reports_in_the_hour_that_comes_twice_count_on_their_day(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    ambiguous = refs(the_truth, planted.AMBIGUOUS_TIME)
    assert len(ambiguous) == 3
    assert {final_rows[ref]["Date Reported"] for ref in ambiguous} == {"26/10/2025 01:30"}
    instants = {case.reported_at for case in the_truth.counted if case.record_ref in ambiguous}
    assert instants == {
        dt.datetime(2025, 10, 26, 0, 30, tzinfo=dt.UTC),
        dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.UTC),
    }


def test_reports_just_after_midnight_belong_to_the_london_day(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    early = refs(the_truth, planted.JUST_AFTER_MIDNIGHT)
    assert {final_rows[ref]["Date Reported"] for ref in early} == {"20/10/2025 00:15", "01/04/2026 00:10"}
    days_in_utc = {case.reported_at.date() for case in the_truth.counted if case.record_ref in early}
    assert days_in_utc == {dt.date(2025, 10, 19), dt.date(2026, 3, 31)}


def test_one_closing_reads_earlier_than_its_report(final_rows: dict[str, dict[str, str]], the_truth: Truth) -> None:
    (ref,) = refs(the_truth, planted.CLOSED_READS_EARLIER)
    row = final_rows[ref]
    assert (row["Date Reported"], row["Date Closed"]) == ("26/10/2025 01:30", "26/10/2025 01:10")
    (case,) = (case for case in the_truth.counted if case.record_ref == ref)
    assert case.closed_at is not None
    assert case.closed_at - case.reported_at == dt.timedelta(minutes=40)


def test_repeated_rows_stand_in_the_files_that_the_truth_names(
    rows: dict[str, list[dict[str, str]]], the_truth: Truth
) -> None:
    repeated = {
        name: {ref for ref, count in Counter(row["Case Ref"] for row in night).items() if count > 1}
        for name, night in rows.items()
    }
    with_repeats = {name: found for name, found in repeated.items() if found}
    assert tuple(with_repeats) == the_truth.planted[planted.DUPLICATE_ROWS].files
    assert len(with_repeats) > 3
    assert set().union(*with_repeats.values()) == refs(the_truth, planted.DUPLICATE_ROWS)
    assert LAST not in with_repeats


def test_the_ward_named_null_counts(final_rows: dict[str, dict[str, str]], the_truth: Truth) -> None:
    null = {ref for ref, row in final_rows.items() if row["Ward"] == "NULL"}
    assert null == refs(the_truth, planted.WARD_NAMED_NULL)
    assert null == {case.record_ref for case in the_truth.counted if case.ward == "NULL"}
    assert len(null) > 3


def test_one_case_closes_exactly_three_weeks_after_its_report(
    final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    (ref,) = refs(the_truth, planted.CLOSED_AFTER_THREE_WEEKS)
    (case,) = (case for case in the_truth.counted if case.record_ref == ref)
    assert case.closed_at is not None
    assert case.closed_at - case.reported_at == dt.timedelta(weeks=3)
    reported, closed = parsed(final_rows[ref]["Date Reported"]), parsed(final_rows[ref]["Date Closed"])
    assert reported is not None
    assert closed is not None
    assert closed.replace(tzinfo=None) - reported.replace(tzinfo=None) == dt.timedelta(weeks=3)


def test_only_the_last_file_has_a_first_version_and_it_differs_as_the_truth_says(
    exports: dict[str, Export], the_truth: Truth
) -> None:
    assert [name for name, export in exports.items() if export.first_version is not None] == [LAST]
    first_version = exports[LAST].first_version
    assert first_version is not None
    wrong = {row["Case Ref"]: row for row in rows_of(first_version)}
    right = {row["Case Ref"]: row for row in rows_of(exports[LAST].content)}
    assert wrong.keys() - right.keys() == refs(the_truth, planted.RESENT_INVENTED)
    assert right.keys() - wrong.keys() == refs(the_truth, planted.RESENT_MISSING)
    changed = {ref for ref in right.keys() & wrong.keys() if right[ref] != wrong[ref]}
    assert changed == refs(the_truth, planted.RESENT_WRONG_WARD)
    for ref in changed:
        assert {**right[ref], "Ward": ""} == {**wrong[ref], "Ward": ""}
        assert wrong[ref]["Ward"] in WARDS
    assert (len(changed), len(refs(the_truth, planted.RESENT_INVENTED))) == (5, 2)


def test_taking_the_first_version_for_final_would_show(exports: dict[str, Export], the_truth: Truth) -> None:
    counted = {case.record_ref: case for case in the_truth.counted}
    only_in_last = {ref for ref, case in counted.items() if in_london(case.reported_at).date() == dt.date(2026, 4, 5)}
    assert refs(the_truth, planted.RESENT_MISSING) & only_in_last
    assert refs(the_truth, planted.RESENT_WRONG_WARD) & only_in_last
    assert not refs(the_truth, planted.RESENT_INVENTED) & counted.keys()
    assert exports[LAST].first_version != exports[LAST].content


def test_the_broken_upload_ends_in_the_middle_of_a_row(
    system: CaseSystem, exports: dict[str, Export], the_truth: Truth
) -> None:
    part = system.stale_part()
    whole = exports["missed_bins_20260404.csv"].content
    assert (part.name,) == the_truth.planted[planted.STALE_PART].files
    assert part.name == "missed_bins_20260404.csv.part"
    assert whole.startswith(part.content)
    assert 0 < len(part.content) < len(whole)
    assert rows_of(part.content)[-1] not in rows_of(whole)


def test_the_unfinished_upload_holds_cases_that_stand_nowhere_else(
    system: CaseSystem, final_rows: dict[str, dict[str, str]], the_truth: Truth
) -> None:
    assert the_truth.planted[planted.STILL_UPLOADING].files == ("missed_bins_20260407.csv",)
    uploaded = rows_of(b"".join(itertools.islice(system.unfinished_upload(), 500)))
    assert len(uploaded) == 499
    assert len({row["Case Ref"] for row in uploaded}) == 499
    assert not {row["Case Ref"] for row in uploaded} & final_rows.keys()
    assert all(re.fullmatch(r"MB09\d{5}", row["Case Ref"]) for row in uploaded)
    days = {reported.date() for row in uploaded if (reported := parsed(row["Date Reported"]))}
    assert days <= {LAST_MONDAY + dt.timedelta(days=number) for number in range(-1, 7)}
