"""The most special meaning of a council's word is proposed, and a word that nothing fits is left to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from local_digital.config.models import Transaction
from local_digital.fields import FIELDS
from local_digital.profiling import vocabulary
from local_digital.profiling.facts import Profile
from local_digital.profiling.words import header_score, is_of, meaning, personal_kind
from tests.profiling.conftest import Tried
from tests.profiling.exports import cases, solihull


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
    ("header", "kind"),
    [
        ("Customer Name", "name"), ("Created By", "name"), ("Email Address", "e-mail"), ("contact.email", "e-mail"),
        ("Mobile", "phone"), ("Street Name", "address"), ("UPRN", "premises"), ("PostCode", "postcode"),
        ("location.lat", "coordinates"), ("Further information", "free text"), ("Date of Birth", "birth or identity"),
        ("Assisted collection", "health"), ("Ward Name", None), ("Agency Name", None), ("Bin Type", None),
        ("Status", None), ("Channel", None),
    ],
)  # fmt: skip
def test_names_of_columns_that_promise_personal_data(header: str, kind: str | None) -> None:
    assert personal_kind(header) == kind


@pytest.mark.parametrize("header", ["CaseRef", "case_ref", "Case Ref", "CASE-REF", "caseref"])
def test_a_name_is_known_however_it_is_written(header: str) -> None:
    assert header_score("record_ref", header) > 0.9


def test_the_vocabulary_speaks_of_known_fields_and_values_only(contract: Transaction) -> None:
    assert set(vocabulary.HEADERS) == set(FIELDS)
    for field in ("status", "stream", "outcome"):
        assert set(vocabulary.WORDS[field]) == set(contract.fields[field].values)
    assert set(contract.fields["channel"].values) <= set(vocabulary.WORDS["channel"])


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
