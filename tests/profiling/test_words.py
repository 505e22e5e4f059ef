"""The most special meaning of a council's word is proposed, and a word that nothing fits is left to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from local_digital.config.models import Transaction
from local_digital.fields import FIELDS
from local_digital.profiling import council_words, vocabulary
from local_digital.profiling.ages import years_of
from local_digital.profiling.facts import Profile
from local_digital.profiling.words import header_score, is_of, meaning, personal_kind
from tests.profiling.conftest import Tried
from tests.profiling.exports import cases, solihull
from tests.profiling.systems import BUS_PASS, COUNCIL_TAX, LIBRARY


@pytest.mark.parametrize(
    ("field", "word", "value"),
    [
        ("channel", "Self Service", "online"),
        ("channel", "WebForm", "online"),
        ("channel", "App - iOS", "app"),
        ("channel", "IVR", "phone-automated"),
        ("channel", "Automated Telephone", "phone-automated"),
        ("channel", "311 Call", "phone"),
        ("channel", "Contact Centre", "phone"),
        ("channel", "Customer Service Centre", "face-to-face"),
        ("channel", "Agent Assisted Web", "assisted-digital"),
        ("channel", "E-mail form", "email"),
        ("channel", "Letter", "post"),
        ("channel", "UNKNOWN", "other"),
        ("channel", "Solihull Connect", None),
        ("status", "Closed (Duplicate)", "duplicate"),
        ("status", "Closed (Transferred)", "transferred"),
        ("status", "In Progress", "open"),
        ("status", "Test record", "test"),
        ("status", "submitted", "open"),
        ("stream", "Brown (Recycling)", "recycling"),
        ("stream", "Missed Food Waste Collection", "food"),
        ("stream", "Black (Refuse)", "refuse"),
        ("outcome", "Not upheld", "not-justified"),
        ("outcome", "Yes", "justified"),
    ],
)
def test_the_longest_and_most_special_fit_wins(contract: Transaction, field: str, word: str, value: str | None) -> None:
    found = meaning(field, word, contract.fields[field])
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("word", "belongs"),
    [
        ("Missed Food Waste Collection", True),
        ("Refuse - Missed Collection", True),
        ("Missed bin", True),
        ("Recycling not collected", True),
        ("Missed Grass Cutting", False),
        ("Missing bin", False),
        ("New bin request", False),
        ("Missed appointment - bulky waste", False),
    ],
)
def test_services_that_are_missed_bins(word: str, belongs: bool) -> None:
    assert is_of("report-missed-bin", "Report a missed bin", word) is belongs


@pytest.mark.parametrize(
    ("transaction", "word", "belongs"),
    [
        (LIBRARY, "Renew Item", True),
        (LIBRARY, "Renewal", True),
        (LIBRARY, "Renewal - OPAC", True),
        (LIBRARY, "Library book renewal", True),
        (LIBRARY, "Renew library membership", False),
        (LIBRARY, "Garden waste renewal", False),
        (LIBRARY, "Issue", False),
        (COUNCIL_TAX, "Pay your council tax", True),
        (COUNCIL_TAX, "Council Tax", True),
        (COUNCIL_TAX, "CTAX - Internet", True),
        (COUNCIL_TAX, "Council tax payment plan", False),
        (COUNCIL_TAX, "Council tax change of address", False),
        (COUNCIL_TAX, "Business rates payment", False),
        (BUS_PASS, "Bus Pass Renewal", True),
        (BUS_PASS, "Apply for a concessionary travel pass", True),
        (BUS_PASS, "Report a lost bus pass", True),
        (BUS_PASS, "Blue Badge Renewal", False),
        (BUS_PASS, "Leisure concession", False),
    ],
)
def test_services_that_are_the_other_transactions(
    contracts: dict[str, Transaction], transaction: str, word: str, *, belongs: bool
) -> None:
    assert is_of(transaction, contracts[transaction].name, word) is belongs


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Customer Name", "name"), ("Created By", "name"), ("Email Address", "e-mail"), ("contact.email", "e-mail"),
        ("Mobile", "phone"), ("Street Name", "address"), ("UPRN", "premises"), ("PostCode", "postcode"),
        ("location.lat", "coordinates"), ("Further information", "free text"), ("Date of Birth", "birth or identity"),
        ("Assisted collection", "health"), ("Ward Name", None), ("Agency Name", None), ("Bin Type", None),
        ("Status", None), ("Channel", None), ("D.O.B.", "birth or identity"), ("BIRTHDATE", "birth or identity"),
        ("holder.born", "birth or identity"), ("Gender", "birth or identity"), ("Card Number", "account"),
        ("Account Ref", "account"), ("CTACCOUNT", "account"), ("Borrower No", "account"), ("Pass No", "account"),
        ("ISRN", "account"), ("Library User Name", "name"), ("Cardholder Name", "name"), ("Payer", "name"),
        ("Cashier", "name"), ("Branch Name", None), ("Library Name", None), ("Borrower Type", None),
        ("Account Type", None), ("Borrower Age Band", None), ("Customer Satisfaction", None),
    ],
)  # fmt: skip
def test_names_of_columns_that_promise_personal_data(header: str, kind: str | None) -> None:
    assert personal_kind(header) == kind


@pytest.mark.parametrize("header", ["CaseRef", "case_ref", "Case Ref", "CASE-REF", "caseref"])
def test_a_name_is_known_however_it_is_written(header: str) -> None:
    assert header_score("record_ref", header) > 0.9


def test_the_vocabulary_speaks_of_known_fields_and_values_only(contracts: dict[str, Transaction]) -> None:
    assert set(vocabulary.HEADERS) == set(FIELDS)
    values: dict[str, set[str]] = {}
    for contract in contracts.values():
        for name, field in contract.fields.items():
            values.setdefault(name, set()).update(field.values)
    closed = {name: known for name, known in values.items() if known}
    assert {name: set(words) for name, words in council_words.WORDS.items()} == closed
    assert set(vocabulary.TRANSACTIONS) == set(contracts)
    for field, doubtful in council_words.NEVER_SURE.items():
        assert doubtful <= {phrase for phrases in council_words.WORDS[field].values() for phrase in phrases}
    for field, order in council_words.SPECIAL_FIRST.items():
        assert set(order) <= closed[field]
    for field, lent in council_words.LENT.items():
        assert {*lent, *lent.values()} <= closed[field]


@pytest.mark.parametrize(
    ("transaction", "field", "word", "value", "sure"),
    [
        (LIBRARY, "channel", "Self-service machine", "kiosk", True),
        (LIBRARY, "channel", "SelfCheck 2", "kiosk", True),
        (LIBRARY, "channel", "Self Service", "kiosk", False),
        (LIBRARY, "channel", "Library Catalogue", "online", True),
        (LIBRARY, "channel", "Library", "face-to-face", False),
        (LIBRARY, "channel", "Letter", "other", True),
        (LIBRARY, "age_group", "Adult 18-24", "18-to-24", True),
        (LIBRARY, "age_group", "65+", "65-and-over", True),
        (LIBRARY, "age_group", "75 and over", "65-and-over", True),
        (LIBRARY, "age_group", "Under 5", "under-18", True),
        (LIBRARY, "age_group", "Child", "under-18", False),
        (LIBRARY, "age_group", "60+", None, False),
        (LIBRARY, "age_group", "16-24", None, False),
        (LIBRARY, "age_group", "Adult", None, False),
        (LIBRARY, "age_group", "42", None, False),
        (LIBRARY, "status", "Timed out", "abandoned", True),
        (LIBRARY, "status", "Renewal not successful", None, False),
        (COUNCIL_TAX, "channel", "Direct Debit", "direct-debit", True),
        (COUNCIL_TAX, "channel", "DD", "direct-debit", True),
        (COUNCIL_TAX, "channel", "BACS", "bank-transfer", True),
        (COUNCIL_TAX, "channel", "Standing order", "bank-transfer", True),
        (COUNCIL_TAX, "channel", "Internet banking", "bank-transfer", True),
        (COUNCIL_TAX, "channel", "PayPoint", "paypoint", True),
        (COUNCIL_TAX, "channel", "Post Office", "paypoint", False),
        (COUNCIL_TAX, "channel", "Payment kiosk", "face-to-face", True),
        (COUNCIL_TAX, "channel", "Cash office", "face-to-face", True),
        (COUNCIL_TAX, "channel", "Automated telephone payments", "phone-automated", True),
        (COUNCIL_TAX, "status", "Not paid", None, False),
        (COUNCIL_TAX, "status", "Payment failed", "abandoned", False),
        (COUNCIL_TAX, "payment_method", "Debit Card", "card", True),
        (COUNCIL_TAX, "payment_method", "CASH", "cash", True),
        (COUNCIL_TAX, "payment_method", "Chq", "cheque", True),
        (COUNCIL_TAX, "payment_method", "PayPal", "other", True),
        (BUS_PASS, "channel", "Post Office", "face-to-face", False),
        (BUS_PASS, "channel", "Kiosk", "face-to-face", True),
        (BUS_PASS, "concession", "Older Persons", "older", True),
        (BUS_PASS, "concession", "Disabled", "disabled", True),
        (BUS_PASS, "concession", "Disabled Person's + Companion", "companion", True),
        (BUS_PASS, "concession", "ENCTS Disabled (non companion)", "disabled", True),
        (BUS_PASS, "concession", "16-18 Student", "young", True),
        (BUS_PASS, "request", "New", "application", True),
        (BUS_PASS, "request", "Renewal", "renewal", True),
        (BUS_PASS, "request", "Replacement", "replacement", True),
        (BUS_PASS, "request", "Lost or stolen", "replacement", True),
        (BUS_PASS, "status", "Issued", "completed", True),
        (BUS_PASS, "status", "Not issued", None, False),
    ],
)
def test_words_of_the_other_transactions(
    contracts: dict[str, Transaction], transaction: str, field: str, word: str, value: str | None, *, sure: bool
) -> None:
    found = meaning(field, word, contracts[transaction].fields[field])
    assert (found.value if found else None, found is not None and found.sure) == (value, sure)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        # The national list, and what councils call its reasons.
        ("Not presented", "not-presented"), ("Non-Presentation", "not-presented"),
        ("Incorrectly presented", "incorrectly-presented"),
        ("Wrong bin (wrong residual / recycling week)", "incorrectly-presented"),
        ("Too heavy", "too-heavy"), ("Overweight Bin", "too-heavy"), ("Bin too heavy (unsafe to lift)", "too-heavy"),
        ("Excess waste", "excess-waste"), ("Overflowing Bin", "excess-waste"), ("Lid up", "excess-waste"),
        ("Sidewaste", "excess-waste"), ("Side waste (bin emptied but side waste left)", "excess-waste"),
        ("Contaminated", "contaminated"), ("Incorrect items in bin (contaminated)", "contaminated"),
        ("Contaminated - Food waste", "contaminated"), ("Rubble/DIY", "contaminated"),
        ("Inaccessible container store", "inaccessible"), ("Inaccessible Bin Store", "inaccessible"),
        ("Inaccessible road", "inaccessible"), ("Part access", "inaccessible"),
        ("Damaged", "damaged"), ("Damaged bin (unsafe to lift)", "damaged"), ("Bin damaged", "damaged"),
        ("Not on scheme", "not-on-scheme"), ("Road closure", "road-closed"), ("Roadworks", "road-closed"),
        ("Risk of injury", "risk-of-injury"), ("Blocked by vehicles", "blocked"), ("Gate locked", "gate-locked"),
        ("Breakdown", "vehicle-breakdown"), ("Partly completed street", "not-completed"),
        ("Receptacle Lost in Vehicle", "other"), ("Querying assisted", "other"), ("Alarm activated", "other"),
        # And the words of crews.
        ("Not out", "not-presented"), ("Parked cars", "blocked"), ("Lid raised", "excess-waste"),
        ("Route unfinished", "not-completed"), ("Crew missed it", "missed-in-error"), ("Dog loose", "risk-of-injury"),
        ("Solihull special", None),
    ],
)  # fmt: skip
def test_reasons_for_missed_collections(contract: Transaction, word: str, value: str | None) -> None:
    found = meaning("reason", word, contract.fields["reason"])
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("word", "years"),
    [
        ("18-24", (18, 24)), ("18 to 24", (18, 24)), ("A18_24", (18, 24)), ("18 \N{EN DASH} 24 yrs", (18, 24)),
        ("Under 18", (0, 17)), ("<16", (0, 15)), ("17 and under", (0, 17)), ("65+", (65, 199)),
        ("65 years and over", (65, 199)), ("Over 60", (60, 199)), ("45", None), ("Adult", None), ("24-18", None),
        ("2025-10-01", None),
    ],
)  # fmt: skip
def test_bands_of_years(word: str, years: tuple[int, int] | None) -> None:
    assert years_of(word) == years


def test_a_word_that_nothing_fits_is_left_out_of_the_map_and_named_in_a_comment(
    try_out: Callable[[Sequence[Path]], Tried], tmp_path: Path
) -> None:
    tried = try_out([solihull(tmp_path / "x.csv", cases(60, channels=("Online", "Phone", "Solihull Connect")))])
    assert set(tried.handle.feed.columns["channel"].map) == {"Online", "Phone"}
    assert "# CHECK: not mapped: Solihull Connect" in tried.draft


def test_a_word_that_stands_once_and_is_unknown_is_counted_and_not_shown(
    try_out: Callable[[Sequence[Path]], Tried], tmp_path: Path
) -> None:
    path = solihull(tmp_path / "x.csv", cases(60, channels=("Online", "Phone")))
    header, rows = path.read_bytes().split(b"\r\n", 1)
    path.write_bytes(header + b"\r\n" + rows.replace(b",Phone,", b",Phoned by Qqjane,", 1))
    tried = try_out([path])
    assert tried.found.words["channel"].hidden == 1
    assert "Qqjane" not in tried.draft + tried.report


def test_a_column_called_like_a_channel_with_names_in_it_is_none(
    look: Callable[[Sequence[Path]], Profile], tmp_path: Path
) -> None:
    path = solihull(tmp_path / "x.csv", cases(60, channels=("Zzpatel Jo", "Zzobrien Al", "Zznguyen Bo")))
    assert "channel" not in look([path]).fields
