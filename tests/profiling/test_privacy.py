"""No cell that could be about a person is ever printed or written, whatever its column is called."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_digital.config.models import Transaction
from local_digital.profiling.draft import CouncilFacts, draft
from local_digital.profiling.profile import profile
from tests.profiling.conftest import no_connection, printed

# A mark that no header, file or sentence of the report has.
MARK = "Xq"
_PERSONAL = st.sampled_from([
    "{0} Smith", "Mr {0} Jones", "{0}.jones@example.org", "07700 900{1:03} {0}", "{1} {0} Street", "B91 {0}",
    "{0}", "please call {0} about the bin", "{0}\n{0}", '"{0}"', "{0},{0}", "2025-01-01 {0}", "-{0}",
])  # fmt: skip
_HEADERS = st.sampled_from([
    "Customer Name", "Field7", "Notes", "Source", "Created By", "Reason", "Ward", "Service", "Result", "Type",
    "Location", "Reference 2", "Date Of Visit", "Category", "column 3", "", "Age Band", "Library", "Payment Type",
    "Pass Type", "Application Type", "Satisfaction", "Amount Paid", "Items", "Borrower Type", "Account Ref",
])  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(_HEADERS, min_size=1, max_size=4),
    shapes=st.lists(_PERSONAL, min_size=1, max_size=4),
    rows=st.integers(2, 40),
    transaction=st.sampled_from(
        ["report-missed-bin", "renew-library-book", "pay-council-tax", "renew-transport-concession"]
    ),
)
def test_planted_values_are_nowhere(
    contracts: dict[str, Transaction], tmp_path: Path, headers: list[str], shapes: list[str], rows: int,
    transaction: str,
) -> None:  # fmt: skip
    contract = contracts[transaction]
    path = tmp_path / "export.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Case Ref", "Date Reported", "Channel", *headers])
        for row in range(rows):
            planted = [
                shapes[(row + at) % len(shapes)].format(f"{MARK}{chr(97 + row % 26)}{chr(97 + row // 26)}", row)
                for at in range(len(headers))
            ]
            writer.writerow([f"C{row}", f"{1 + row % 28:02}/10/2025 10:00", ("Web", "Phone")[row % 2], *planted])
    found = profile([path], contract, connection=no_connection)
    for shown in (printed(found), draft(found, contract, CouncilFacts()), json.dumps(found.as_json(), default=str)):
        assert MARK not in shown


def test_a_file_without_a_header_never_shows_its_first_row(contract: Transaction, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("".join(f"{MARK} Jones,Web,Open,Olton\n{MARK} Smith,Web,Closed,Olton\n" for _ in range(9)), "utf-8")
    found = profile([path], contract, connection=no_connection)
    assert MARK not in printed(found) + draft(found, contract, CouncilFacts())


@pytest.mark.parametrize(
    "words", [("Library", "Issued"), ("Method", "Paid", "Location"), ("No", "Completed", "Renewal")]
)
def test_words_that_are_names_of_columns_too_make_no_header_where_they_come_again(
    contracts: dict[str, Transaction], tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "x.csv"
    rows = [f"{MARK} {('Jones', 'Smith')[n % 2]},{','.join(words)}\n" for n in range(20)]
    path.write_text("".join(rows), "utf-8")
    for contract in contracts.values():
        found = profile([path], contract, connection=no_connection)
        assert MARK not in printed(found) + draft(found, contract, CouncilFacts())


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Ref,Date Reported,How,Email,Ward,Customer", "A{0},{1},{2},a{0}@example.org,Olton," + MARK + " Jones {0}"),
        ("Ref,Logged,Closed,Status,Ward,Customer", "A{0},{1},{1},{3},Olton," + MARK + " Jones {0}"),
        ("Case,When,Status,Closed,Customer", "A{0},{1},{3},{1}," + MARK + " Jones {0}"),
    ],
)
def test_a_row_that_holds_the_name_of_a_column_is_no_header(
    contract: Transaction, tmp_path: Path, header: str, row: str
) -> None:
    path = tmp_path / "x.csv"
    rows = [row.format(n, f"{1 + n % 28:02}/10/2025 10:00", ("Web", "Email")[n % 2], ("Open", "Closed")[n % 2])
            for n in range(100)]  # fmt: skip
    path.write_text("\n".join([header, *rows, header, *rows[:5], ""]), "utf-8")
    found = profile([path], contract, connection=no_connection)
    assert MARK not in printed(found) + draft(found, contract, CouncilFacts()) + json.dumps(
        found.as_json(), default=str
    )
    assert [column.name for column in found.columns] == header.split(",")
    assert found.rows == 105


@pytest.mark.parametrize("column", ["Channel", "Status", "Reason"])
@pytest.mark.parametrize(("times", "rows"), [(4, 40), (9, 1000)])
def test_a_name_that_comes_seldom_is_not_shown_though_it_comes_again(
    contract: Transaction, tmp_path: Path, column: str, times: int, rows: int
) -> None:
    word = {"Channel": "Web", "Status": "Open", "Reason": "Gate locked"}[column]
    path = tmp_path / "x.csv"
    lines = [f"A{n},{1 + n % 28:02}/10/2025,{MARK + ' Jones' if n < times else word}" for n in range(rows)]
    path.write_text("\n".join([f"Ref,Date Reported,{column}", *lines, ""]), "utf-8")
    found = profile([path], contract, connection=no_connection)
    assert MARK not in printed(found) + draft(found, contract, CouncilFacts())
    assert found.words[column.lower()].hidden == 1
