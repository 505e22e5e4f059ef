"""Words, numbers and identifiers are taken as they are meant, and what is unclear is counted."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.parsing import values


def column(*cells: str) -> pa.ChunkedArray:
    return pa.chunked_array([list(cells)], pa.string())


def test_labels_are_compared_without_case_and_space_and_the_unmapped_are_counted() -> None:
    text = pa.chunked_array([["Online", "ONLINE", "face  to face", "Pigeon", "Pigeon", ""]], pa.string())
    mapped, unmapped, _ = values.labels(text, {"online": "online", "Face to Face": "face-to-face"}, closed_list=True)
    assert mapped.to_pylist() == ["online", "online", "face-to-face", "unmapped", "unmapped", None]
    assert unmapped == {"Pigeon": 2}


def test_premises_key_depends_on_the_secret_and_not_on_leading_zeros() -> None:
    text = pa.chunked_array([["100070000001", "000100070000001", "1.0007E+11", ""]], pa.string())
    one, unusable = values.PremisesKeys("one").of(text)
    other, _ = values.PremisesKeys("other").of(text)
    keys = one.to_pylist()
    assert keys[0] == keys[1] != other.to_pylist()[0]
    assert keys[2:] == [None, None]
    assert unusable == 1


@given(st.integers(0, 10**9 - 1))
def test_whole_numbers_are_read_with_and_without_commas(number: int) -> None:
    found, wrong = values.whole_numbers(column(f"{number}", f"{number:,}", f"{number}.0", f"{number:,}.00"))
    assert found.to_pylist() == [number] * 4
    assert not wrong.any()


@pytest.mark.parametrize("text", ["1,23", "-1", "1.5", "12a", "1 234", ",1", "1e3", "3000000000", "9" * 30])
def test_what_is_no_whole_number_is_wrong(text: str) -> None:
    found, wrong = values.whole_numbers(column(text, ""))
    assert found.to_pylist() == [None, None]
    assert list(wrong) == [True, False]


def test_blank_words_are_taken_for_nothing() -> None:
    text = column("NULL", "null", "Nullabor", "1900-01-01T00:00:00Z", "-")
    assert values.without_blanks(text, ["Null", "1900-01-01*", "-"]).to_pylist() == ["", "", "Nullabor", "", ""]
    assert values.without_blanks(text, []).to_pylist() == text.to_pylist()


def test_label_that_looks_personal_is_left_empty_where_the_council_s_own_words_stand() -> None:
    wards = ["Blythe", "E05001302", "Davenport (09)", "ann@example.org", "Mrs Other", "12 Acacia Avenue", "x" * 200]
    found = values.labels(column(*wards, "0121 704 6000"), {}, closed_list=False)
    assert found.values.to_pylist() == [*wards[:3], None, None, None, None, None]
    assert found.dropped == 5


def test_words_that_look_personal_are_not_shown() -> None:
    assert values.shown("Self Service") == "Self Service"
    for word in ("ann@example.org", "07700 900123", "1 Oak Road, B91 3QX", "x" * 100):
        assert word not in values.shown(word)


def test_word_that_steers_a_terminal_is_shown_without_that() -> None:
    assert values.shown("Web\x1b[2J\nform\u202e") == "Web\ufffd[2J\ufffdform\ufffd"


def test_identifiers_written_by_spreadsheets_are_the_same_premises() -> None:
    keys, _ = values.PremisesKeys("secret").of(column("100070000001", "100,070,000,001", "100070000001.0", "0"))
    one, two, three, four = keys.to_pylist()
    assert one == two == three != four


def test_derived_references_tell_rows_apart_and_keep_what_they_are_made_of() -> None:
    refs = values.derived_refs([column("a", "a", "a b", ""), column("b", "b", "", "")], "secret").to_pylist()
    assert refs[0] == refs[1] != refs[2]
    assert refs[3] is None
    assert values.derived_refs([column("a"), column("b")], "another").to_pylist() != refs[:1]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("12.", 12), ("12.00", 12), ("1,234,567", 1_234_567), ("000000000000", 0),
     ("0000000000012", 12), ("999999999", 999_999_999), ("0,999", 999)],
)  # fmt: skip
def test_whole_number_is_read_however_a_system_writes_it(text: str, number: int) -> None:
    found, wrong = values.whole_numbers(column(text))
    assert (found.type, found.to_pylist(), list(wrong)) == (pa.int64(), [number], [False])


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0.00"), ("12", "12.00"), ("12.5", "12.50"), ("12.50", "12.50"), ("0.07", "0.07"), ("007.10", "7.10"),
        ("12.5000", "12.50"), ("12.340", "12.34"), ("1,234.50", "1234.50"), ("£1,234.50", "1234.50"),
        ("£ 1 234.50", "1234.50"), ("-12.50", "-12.50"), ("-£12.50", "-12.50"), ("£-1,012", "-1012.00"),
        ("999,999,999.99", "999999999.99"), ("-999999999", "-999999999.00"),
    ],
)  # fmt: skip
def test_amount_is_read_to_the_penny_and_a_minus_is_a_refund(text: str, amount: str) -> None:
    found, wrong = values.pounds(column(text, ""))
    assert (found.to_pylist(), list(wrong)) == ([Decimal(amount), None], [False, False])
    assert found.type == pa.decimal128(12, 2)


@pytest.mark.parametrize(
    "text",
    ["1.234", "12.505", "1,23", "12,3456", "12.", ".50", "--1", "1-", "-", "£", "££1", "€5", "5p", "1e3", "1.2.3",
     "1000000000", "1,000,000,000.00", "-1000000000"],
)  # fmt: skip
def test_what_is_no_amount_is_wrong(text: str) -> None:
    found, wrong = values.pounds(column(text, "", "1"))
    assert (found.to_pylist(), list(wrong)) == ([None, None, Decimal("1.00")], [True, False, False])


def test_reference_is_kept_to_the_letter_and_one_that_is_too_long_is_wrong() -> None:
    found, wrong = values.refs(column("007", "", "x" * 200, "x" * 201))
    assert found.to_pylist() == ["007", None, "x" * 200, None]
    assert list(wrong) == [False, False, False, True]


def test_first_filled_cell_of_several_columns_counts() -> None:
    texts = [column("a", "", "", ""), column("b", "b", "", ""), column("c", "c", "c", "")]
    assert values.first_filled(texts).to_pylist() == ["a", "b", "c", ""]
    assert values.first_filled(texts[:1]).to_pylist() == ["a", "", "", ""]


def test_date_and_time_are_joined_and_a_time_alone_is_nothing() -> None:
    found = values.joined(column("04/11/2025", "04/11/2025", "", ""), column("10:15", "", "10:15", ""))
    assert found.to_pylist() == ["04/11/2025 10:15", "04/11/2025", "", ""]


def test_open_labels_are_cleaned_counted_and_at_most_a_hundred_characters_long() -> None:
    text = column("St  Giles ", "ELM", "", "x" * 100, "x" * 101, "x" * 101, "a@example.org")
    found = values.labels(text, {"elm": "Elm Park"}, closed_list=False)
    assert found.values.to_pylist() == ["St Giles", "Elm Park", None, "x" * 100, None, None, None]
    assert (found.unmapped, found.dropped) == ({}, 3)
    assert pa.types.is_dictionary(found.values.type)


def test_unmapped_words_of_a_closed_list_are_counted_under_their_first_spelling() -> None:
    found = values.labels(
        column("Owl", "web", "OWL", " owl", "Pigeon", "", "x" * 101), {"Web": "online"}, closed_list=True
    )
    assert found.values.to_pylist() == ["unmapped", "online", "unmapped", "unmapped", "unmapped", None, "unmapped"]
    assert (found.unmapped, found.dropped) == ({"Owl": 3, "Pigeon": 1, "x" * 101: 1}, 0)


@pytest.mark.parametrize(
    ("word", "is_personal"),
    [
        ("a@b", True), ("020 7946", True), ("020 794", False), ("(020)-79+46", True), ("B91 3QX", True),
        ("sw1a1aa", True), ("Ward B9", False), ("Mr Other", True), ("dr. other", True), ("Miss A", True),
        ("Missed bin", False), ("Dr", False), ("12 Acacia Avenue", True), ("12a, The Old Mill Lane", True),
        ("Acacia Avenue", False), ("12 Wards", False), ("E05001302", False), ("E0500130", True), ("e05001302", True),
    ],
)  # fmt: skip
def test_open_label_is_dropped_exactly_when_it_looks_like_something_of_a_person(word: str, is_personal: bool) -> None:
    found = values.labels(column(word), {}, closed_list=False)
    assert (found.values.to_pylist(), found.dropped) == (([None], 1) if is_personal else ([word], 0))


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("x" * 60, "x" * 60), ("x" * 61, "(61 characters that look personal)"), ("No 1234", "No 1234"),
        ("No 12345", "(8 characters that look personal)"), ("a@b", "(3 characters that look personal)"),
    ],
)  # fmt: skip
def test_word_is_shown_only_where_it_is_short_and_nobody_s(word: str, shown: str) -> None:
    assert values.shown(word) == shown


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("100070000001", "100070000001"), ("0100", "100"), ("000100", "100"), ("0", "0"), ("00", "0"), ("0A1", "A1"),
        ("1,000,000", "1000000"), ("0100,000", "100000"), ("100.0", "100"), ("100.00", "100.00"), ("100.5", "100.5"),
        ("A.0", "A.0"), ("A1,B", "A1,B"), ("A1", "A1"),
    ],
)  # fmt: skip
def test_identifier_of_premises_is_its_digits_without_what_a_spreadsheet_adds(written: str, meant: str) -> None:
    assert values.identifier(written) == meant
    (key,) = values.PremisesKeys("secret").of(column(written))[0].to_pylist()
    assert key == hmac.digest(b"secret", meant.encode(), hashlib.sha256)


@pytest.mark.parametrize("remembered", [0, 2, 400_000])
def test_premises_keys_are_the_same_whatever_came_before(monkeypatch: pytest.MonkeyPatch, remembered: int) -> None:
    monkeypatch.setattr(values, "_KEYS_REMEMBERED", remembered)
    keys = values.PremisesKeys("secret")
    for cells, unusable in (
        (["1", "2", "1", "", "1E+11", "1E+11"], 2), (["2", "3", "4"], 0), (["1", "", "5", "1.5e+9", "01"], 1), ([], 0),
    ):  # fmt: skip
        found, count = keys.of(column(*cells))
        assert [key and key.hex() for key in found.to_pylist()] == [
            None if cell in {"", "1E+11", "1.5e+9"} else hmac.digest(b"secret", cell[-1:].encode(), "sha256").hex()
            for cell in cells
        ]
        assert count == unusable
        assert pa.types.is_dictionary(found.type)


def test_derived_reference_is_a_keyed_digest_of_the_cells_in_their_order() -> None:
    (found,) = values.derived_refs([column("a"), column("b")], "secret").to_pylist()
    assert found == hmac.digest(b"secret", b"a\x1fb", hashlib.sha256).hex()[:32]
    assert values.derived_refs([column("", "x")], "secret").to_pylist()[0] is None


def test_column_of_labels_is_decoded_to_its_words_and_any_other_left_as_it_is() -> None:
    labels = pa.chunked_array([pa.array(["a", "b", "a"]).dictionary_encode()])
    assert values.decoded(labels).equals(column("a", "b", "a"))
    numbers = pa.chunked_array([[1, 2]])
    assert values.decoded(numbers) is numbers
