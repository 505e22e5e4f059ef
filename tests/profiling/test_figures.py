"""Money, counts, ratings and ages are told apart from references, from times and from one another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from local_digital.config.models import Transaction
from tests.profiling.conftest import Tried, good_rows, try_files
from tests.profiling.systems import BUS_PASS, COUNCIL_TAX, LIBRARY

Try = Callable[..., Tried]
DAYS = [f"{1 + n % 28:02}/{10 + n // 150}/2025 {8 + n % 9:02}:{n % 60:02}" for n in range(300)]
WEEKS = [f"{dt.date(2025, 6, 2) + dt.timedelta(days=7 * n):%d/%m/%Y}" for n in range(12)]
POUNDS = [f"{2000 + (n * 7919) % 21000}.{n % 100:02}" for n in range(300)]


@pytest.fixture
def try_rows(contracts: dict[str, Transaction], tmp_path: Path) -> Try:
    """Try made-up rows of a transaction."""

    def run(transaction: str, header: str, *rows: str) -> Tried:
        path = tmp_path / "export.csv"
        path.write_text("\n".join([header, *rows, ""]), "utf-8")
        return try_files([path], contracts[transaction], tmp_path)

    return run


def _said(tried: Tried) -> str:
    """Return the draft with its comments on one line each."""
    return " ".join(line.strip(" #") for line in tried.draft.splitlines())


def _columns(tried: Tried) -> dict[str, str]:
    return {name: guess.column for name, guess in tried.found.fields.items()}


# --- money ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Amount", "Amount Paid (£)", "Payment Amount", "Amt", "Total £", "Paid"])
@pytest.mark.parametrize("cell", ["{}", "£{}", "1,{:0>6}"])
def test_money_is_an_amount_and_no_reference_however_it_is_written(try_rows: Try, header: str, cell: str) -> None:
    rows = [f'{DAYS[n]},Web,"{cell.format(POUNDS[n][-6:])}"' for n in range(90)]
    tried = try_rows(COUNCIL_TAX, f"Payment Date,Channel,{header}", *rows)
    assert _columns(tried) == {"reported_at": "Payment Date", "channel": "Channel", "amount": header}
    assert all(row["amount"] is not None for row in good_rows(tried))
    assert len(good_rows(tried)) == 90


@pytest.mark.parametrize("header", ["Balance", "Amount Due", "Arrears", "Annual Charge", "Instalment Amount", "Fee"])
def test_what_is_due_or_left_is_no_payment(try_rows: Try, header: str) -> None:
    rows = [f"R{n},{DAYS[n]},Web,{POUNDS[n]}" for n in range(90)]
    tried = try_rows(COUNCIL_TAX, f"Receipt No,Payment Date,Channel,{header}", *rows)
    assert "amount" not in tried.found.fields


@pytest.mark.parametrize("transaction", [LIBRARY, BUS_PASS, "report-missed-bin"])
def test_where_nothing_is_paid_no_amount_is_mapped_nor_taken_for_a_reference(try_rows: Try, transaction: str) -> None:
    rows = [f"{DAYS[n]},Web,{POUNDS[n]}" for n in range(90)]
    tried = try_rows(transaction, "Date,Channel,Charge Paid", *rows)
    assert _columns(tried) == {"reported_at": "Date", "channel": "Channel"}


def test_sums_in_the_tens_of_thousands_are_no_days_since_1900(try_rows: Try) -> None:
    rows = [
        f"{week},{channel},{900 + n},{41_000 + 37 * n}" for n, week in enumerate(WEEKS) for channel in ("Web", "DD")
    ]
    tried = try_rows(COUNCIL_TAX, "Week Commencing,Channel,Number of Payments,Amount Received", *rows)
    assert _columns(tried) == {
        "period": "Week Commencing", "channel": "Channel", "count": "Number of Payments", "amount": "Amount Received",
    }  # fmt: skip


def test_amounts_that_ingest_will_not_read_are_counted(try_rows: Try) -> None:
    rows = [f"R{n},{DAYS[n]},Web,{'see ledger' if n % 10 == 0 else POUNDS[n]}" for n in range(90)]
    tried = try_rows(COUNCIL_TAX, "Receipt No,Payment Date,Channel,Amount", *rows)
    assert "9 cells without amounts in pounds as ingest reads them: these rows will be turned down" in _said(tried)
    assert len(good_rows(tried)) == 81


@pytest.mark.parametrize("header", ["Account Ref", "Reference"])
def test_payments_on_an_account_are_no_log_of_its_changes_and_each_is_one(try_rows: Try, header: str) -> None:
    rows = [f"A{n % 40},{DAYS[n][:10]},DD,{POUNDS[n]}" for n in range(200)]
    tried = try_rows(COUNCIL_TAX, f"{header},Payment Date,Channel,Amount", *rows)
    assert tried.found.delivery.kind == "snapshot"
    assert tried.handle.feed.columns["record_ref"].derived_from == ("Payment Date", header, "Amount")
    assert len({row["record_ref"] for row in good_rows(tried)}) == 200


def test_a_payments_own_reference_is_taken_before_its_accounts(try_rows: Try) -> None:
    rows = [f"A{n % 40},{DAYS[n]},Web,{POUNDS[n]},WP{n:05}" for n in range(200)]
    tried = try_rows(COUNCIL_TAX, "Reference,Payment Date,Channel,Amount,Worldpay Payment ID", *rows)
    assert tried.handle.feed.columns["record_ref"].source == "Worldpay Payment ID"
    assert "`Reference` comes several times, as the reference of an account does" in _said(tried)


def test_the_way_of_paying_tells_the_channel_only_where_nothing_else_does(try_rows: Try) -> None:
    rows = [f"R{n},{DAYS[n]},{('DD', 'BACS', 'Web')[n % 3]},{('DD', 'Cash', 'Card')[n % 3]}" for n in range(90)]
    tried = try_rows(COUNCIL_TAX, "Receipt No,Payment Date,Source,Method", *rows)
    assert (_columns(tried)["channel"], _columns(tried)["payment_method"]) == ("Source", "Method")
    alone = [",".join(row.split(",")[:3]) for row in rows]
    tried = try_rows(COUNCIL_TAX, "Receipt No,Payment Date,Payment Method", *alone)
    assert _columns(tried)["channel"] == "Payment Method"
    assert "a column serves one field" in _said(tried)


# --- numbers -------------------------------------------------------------------------------------------------------


def test_ratings_without_a_number_are_blank_and_not_turned_down(try_rows: Try) -> None:
    rows = [f"T{n},{DAYS[n]},Kiosk,{('5', '4', '0', 'Not rated', '')[n % 5]}" for n in range(100)]
    tried = try_rows(LIBRARY, "Transaction No,Renewed On,Channel,Rating", *rows)
    assert set(tried.handle.feed.columns["rating"].blank) == {"0", "Not rated"}
    assert {row["rating"] for row in good_rows(tried)} == {5, 4, None}
    assert len(good_rows(tried)) == 100


@pytest.mark.parametrize("cells", [("10", "7", "9"), ("Good", "Poor", "Average"), ("4.5", "3.5", "2.0")])
def test_ratings_on_another_scale_are_not_mapped_and_said(try_rows: Try, cells: tuple[str, ...]) -> None:
    rows = [f"T{n},{DAYS[n]},Kiosk,{cells[n % 3]}" for n in range(100)]
    tried = try_rows(LIBRARY, "Transaction No,Renewed On,Channel,Satisfaction", *rows)
    assert "rating" not in tried.found.fields
    assert "`Satisfaction` is called like `rating`, but it holds no whole numbers from 1 to 5" in _said(tried)


def test_no_loans_are_a_number_that_nobody_knows(try_rows: Try) -> None:
    rows = [f"T{n},{DAYS[n]},Kiosk,{n % 4}" for n in range(100)]
    tried = try_rows(LIBRARY, "Transaction No,Renewed On,Channel,Items Renewed", *rows)
    assert tried.handle.feed.columns["items"].blank == ("0",)


def test_what_was_begun_is_no_count_and_has_no_place_beside_single_transactions(try_rows: Try) -> None:
    rows = [f"{week},{channel},{900 + 3 * n},{500 + n}" for n, week in enumerate(WEEKS) for channel in ("Web", "App")]
    tried = try_rows(LIBRARY, "Week Commencing,Channel,Starts,Completed", *rows)
    assert (_columns(tried)["count"], _columns(tried)["starts"]) == ("Completed", "Starts")
    rows = [f"T{n},{DAYS[n]},Kiosk,1" for n in range(100)]
    assert "starts" not in try_rows(LIBRARY, "Transaction No,Renewed On,Channel,Starts", *rows).found.fields


def test_items_alone_are_the_count_and_a_doubt(try_rows: Try) -> None:
    rows = [f"{week},{channel},{900 + 3 * n}" for n, week in enumerate(WEEKS) for channel in ("Web", "Kiosk")]
    tried = try_rows(LIBRARY, "Week Commencing,Channel,Items Renewed", *rows)
    assert _columns(tried) == {"period": "Week Commencing", "channel": "Channel", "count": "Items Renewed"}
    assert "these are items, and not transactions" in _said(tried)


def test_items_of_single_renewals_without_a_reference_are_no_counts(try_rows: Try) -> None:
    rows = [f"{DAYS[n][:10]},{('Web', 'Kiosk')[n % 2]},{1 + n % 5}" for n in range(200)]
    assert try_rows(LIBRARY, "Date,Channel,Items", *rows).found.delivery.kind == "snapshot"


def test_numbers_of_rows_count_nothing(try_rows: Try) -> None:
    rows = [f"{n + 1},{DAYS[n][:10]},Web" for n in range(100)]
    tried = try_rows(BUS_PASS, "No.,Date Received,How Applied", *rows)
    assert tried.found.delivery.kind == "snapshot"
    assert "count" not in tried.found.fields


def test_numbers_that_are_left_out_beside_the_count_are_named(try_rows: Try) -> None:
    rows = [f"{week},Web,{400 + 3 * n},{100 + 2 * n},{30 + n}" for n, week in enumerate(WEEKS)]
    tried = try_rows(BUS_PASS, "Week Commencing,Channel,Renewals,Applications,Replacements", *rows)
    assert "`Applications`, `Replacements` hold numbers too and are left out" in _said(tried)


# --- ages and births -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Age", "Age at Renewal", "Borrower Age", "Age (years)", "Age Group"])
def test_exact_ages_are_personal_whatever_they_are_called(try_rows: Try, header: str) -> None:
    rows = [f"T{n},{DAYS[n]},Kiosk,{5 + n % 80}" for n in range(200)]
    tried = try_rows(LIBRARY, f"Transaction No,Renewed On,Channel,{header}", *rows)
    assert tried.found.personal[header] == "birth or identity"
    assert "age_group" not in tried.found.fields


def test_an_age_among_the_bands_is_never_shown(try_rows: Try) -> None:
    rows = [f"T{n},{DAYS[n]},Kiosk,{'77' if n % 15 == 0 else '25-34'}" for n in range(150)]
    tried = try_rows(LIBRARY, "Transaction No,Renewed On,Channel,Age Band", *rows)
    assert set(tried.handle.feed.columns["age_group"].map) == {"25-34"}
    assert "77" not in tried.draft + tried.report


@pytest.mark.parametrize("header", ["D.O.B.", "Date of Birth", "BIRTHDATE", "Field 7", "Date"])
def test_days_of_birth_are_never_the_time_of_anything(try_rows: Try, header: str) -> None:
    rows = [f"P{n},{n % 28 + 1:02}/{n % 12 + 1:02}/{1936 + n % 60},{DAYS[n] if n % 9 else ''},Web" for n in range(200)]
    tried = try_rows(BUS_PASS, f"Ref,{header},Field 8,Channel", *rows)
    assert tried.found.personal[header] == "birth or identity"
    assert tried.found.column(header).dates is None
    assert _columns(tried)["reported_at"] == "Field 8"


@pytest.mark.parametrize("header", ["Expiry Date", "Valid To", "End Date"])
def test_the_end_of_a_pass_is_not_the_end_of_its_application(try_rows: Try, header: str) -> None:
    rows = [f"P{n},{DAYS[n][:10]},{DAYS[n][:6]}2030,Web" for n in range(200)]
    tried = try_rows(BUS_PASS, f"Ref,Application Date,{header},Channel", *rows)
    assert _columns(tried) == {"record_ref": "Ref", "reported_at": "Application Date", "channel": "Channel"}


def test_a_closing_in_the_far_future_is_a_slip(try_rows: Try) -> None:
    rows = [f"P{n},{DAYS[n][:10]},{'04/03/2035' if n == 7 else DAYS[n][:10]},Web" for n in range(200)]
    tried = try_rows(BUS_PASS, "Ref,Application Date,Date Issued,Channel", *rows)
    assert _columns(tried)["closed_at"] == "Date Issued"


# --- what the contracts share --------------------------------------------------------------------------------------


def test_a_log_of_applications_is_one(try_rows: Try) -> None:
    steps = ("Received", "With assessor", "Issued")
    rows = [
        f"{3 * n + step},BP{n},{1 + n % 25 + step:02}/10/2025 10:{n % 60:02},{name},Online,Older Person"
        for n in range(60) for step, name in enumerate(steps)
    ]  # fmt: skip
    tried = try_rows(BUS_PASS, "Event ID,Application Ref,Status Date,Status,Channel,Pass Type", *rows)
    assert tried.found.delivery.kind == "event_log"
    assert _columns(tried)["record_ref"] == "Application Ref"


def test_wards_and_bins_are_no_part_of_the_other_contracts(try_rows: Try) -> None:
    rows = [f"R{n},{DAYS[n]},Web,Olton,Refuse,{DAYS[n]}" for n in range(90)]
    tried = try_rows(COUNCIL_TAX, "Ref,Payment Date,Channel,Ward,Bin Type,Closed", *rows)
    assert _columns(tried) == {"record_ref": "Ref", "reported_at": "Payment Date", "channel": "Channel"}


def test_the_service_in_a_reason_is_no_reason(try_rows: Try) -> None:
    words = ("Missed Food Waste Collection", "Missed Refuse Collection", "Missed Recycling")
    rows = [f"R{n},{DAYS[n]},Web,{words[n % 3]}" for n in range(90)]
    tried = try_rows("report-missed-bin", "Ref,Date Reported,Channel,Category", *rows)
    assert "reason" not in tried.found.fields
