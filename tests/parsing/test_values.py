"""Words, numbers and identifiers are taken as they are meant, and what is unclear is counted."""

from __future__ import annotations

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
