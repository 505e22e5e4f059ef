"""JSON, NDJSON and XML become rows of text, whatever their nesting, and nothing hostile gets further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.config.formats import NdjsonFormat, TreeFormat
from local_digital.errors import DataError
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Reading
from local_digital.parsing.trees import read

NDJSON = NdjsonFormat(kind="ndjson")


def read_json(content: object, *names: str, records: str | None = None) -> Reading:
    return read([Document("", json.dumps(content).encode())], TreeFormat(kind="json", records=records), names, "here")


def read_xml(content: str | bytes, *names: str, records: str | None = None) -> Reading:
    given_bytes = content if isinstance(content, bytes) else content.encode()
    return read([Document("", given_bytes)], TreeFormat(kind="xml", records=records), names, "here")


def cells(reading: Reading, name: str) -> list[str] | None:
    column = reading.sections[0].column(name)
    return None if column is None else column.to_pylist()


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10).map(str.strip)


@given(st.lists(st.fixed_dictionaries({"id": texts, "where": st.fixed_dictionaries({"ward": texts})}), max_size=10))
def test_any_records_are_read_back_from_each_format(records: list[dict[str, Any]]) -> None:
    lines = b"\n".join(json.dumps(record).encode() for record in records) + b"\n\n"
    readings = [
        read_json(records, "id", "where.ward"),
        read_json({"data": {"items": records}}, "id", "where.ward", records="data.items"),
    ]
    if records:
        readings.append(read([Document("", lines)], NDJSON, ["id", "where.ward"], "here"))
    for reading in readings:
        section = reading.sections[0]
        assert len(section.places) == len(records)
        if records:
            assert cells(reading, "id") == [record["id"] for record in records]
            assert cells(reading, "where.ward") == [record["where"]["ward"] for record in records]


def test_values_of_every_kind_become_text() -> None:
    record = {
        "n": 100023000000.0,
        "f": 1.5,
        "t": True,
        "none": None,
        "many": ["a", None, 2],
        "a.b": "dotted",
        "a": {"c": {"d": "deep"}},
    }
    reading = read_json([record], "n", "f", "t", "none", "many", "a.b", "a.c.d")
    assert [cells(reading, name) for name in ("n", "f", "t", "none", "many", "a.b", "a.c.d")] == [
        ["100023000000"], ["1.5"], ["true"], [""], ["a; 2"], ["dotted"], ["deep"],
    ]  # fmt: skip


def test_name_value_pairs_are_found_by_a_jmespath() -> None:
    record = {"id": 1, "attributes": [{"name": "Ward", "value": "Blythe"}, {"name": "Stream", "value": "Refuse"}]}
    ward = "attributes[?name=='Ward'].value | [0]"
    assert cells(read_json([record, {"id": 2}], "id", ward), ward) == ["Blythe", ""]


def test_single_record_that_comes_as_an_object_is_one_record() -> None:
    assert cells(read_json({"items": {"id": "7"}}, "id", records="items"), "id") == ["7"]
    assert cells(read_xml("<cases><case><id>7</id></case></cases>", "id"), "id") == ["7"]
    assert cells(read_xml("<cases><case><id>7</id></case><case><id>8</id></case></cases>", "id"), "id") == ["7", "8"]


def test_lists_in_lists_without_end_are_no_value() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert cells(read_json([{"id": deep}], "id"), "id") == [""]
    assert cells(read_json([{"tags": [["a"], ["b", ["c"]]]}], "tags"), "tags") == ["a; b; c"]
    assert cells(read_json([{"id": deep}], "to_string(id)"), "to_string(id)") is not None


@pytest.mark.parametrize("facts", [NDJSON, TreeFormat(kind="json")])
def test_zero_characters_and_half_letters_come_out_of_names_and_values(facts: Any) -> None:
    content = rb'{"i\u0000d": "a\u0000b\ud83dc\uDE00", "half\ud800": "\ud83d\ude00 \\u0000 \\\ud800 \u00e9"}'
    (section,) = read([Document("", content)], facts, ["id", "half\ufffd"], "here").sections
    assert section.names == ["id", "half\ufffd"]
    assert [column.to_pylist() for column in section.cells.columns] == [
        ["ab\ufffdc\ufffd"], ["\U0001f600 \\u0000 \\\ufffd \u00e9"],
    ]  # fmt: skip


@given(st.text(st.characters(), max_size=20))
def test_no_text_brings_what_a_database_cannot_hold(text: str) -> None:
    (found,) = cells(read_json([{"id": text}], "id"), "id") or []
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert found == text.replace("\0", "").strip()


@pytest.mark.timeout(60)
def test_names_without_end_are_left_out_and_take_no_time() -> None:
    children = {f"n{number}": number for number in range(20_000)}
    assert read_json([{"id": 1, "x" * 1_000_000: children}], "id").sections[0].names == ["id"]


def test_path_that_meets_another_type_finds_no_records() -> None:
    with pytest.raises(DataError, match="nothing there"):
        read_json([1, "a"], "id", records="sort(@)")


@pytest.mark.parametrize("nothing", ["<cases/>", "<cases> </cases>"])
def test_answer_without_records_has_no_rows(nothing: str) -> None:
    assert len(read_xml(nothing, "id").sections[0].places) == 0
    assert len(read_json({"items": []}, "id", records="items").sections[0].places) == 0
    assert len(read_json({"items": None}, "id", records="items").sections[0].places) == 0


def test_xml_attributes_namespaces_and_repeated_elements_are_columns() -> None:
    reading = read_xml(
        '<x:all xmlns:x="urn:x"><x:list><x:case id="7"><x:when at="now">then</x:when><tag>a</tag><tag>b</tag></x:case>'
        '<x:case id="8"/></x:list></x:all>',
        "@id", "when.@at", "when.#text", "tag",
        records="list.case",
    )  # fmt: skip
    assert [cells(reading, name) for name in ("@id", "when.@at", "when.#text", "tag")] == [
        ["7", "8"], ["now", ""], ["then", ""], ["a; b", ""],
    ]  # fmt: skip


def test_names_nobody_asked_for_are_named_and_not_read() -> None:
    (section,) = read_json([{"id": 1, "person": {"email": "a@example.org"}}], "id").sections
    assert section.names == ["id", "person.email"]
    assert section.column("person.email").to_pylist() == [None]  # type: ignore[union-attr]


def test_records_of_several_documents_keep_their_place() -> None:
    pages = [Document("1.json", b'[{"id": 1}]'), Document("2.json", b'[{"id": 2}, {"id": 3}]')]
    (section,) = read(pages, TreeFormat(kind="json"), ["id"], "here").sections
    assert list(section.places) == [1, 1_000_000_001, 1_000_000_002]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b'[{"id": 1}, {"id"', "cut off"),
        (b"<html><body>Sign in</body></html>", "web page"),
        (b"[1, 2]", "something else"),
        (b"[" * 100_000, "cut off"),
    ],
)
def test_what_is_no_json_is_refused_with_a_plain_message(content: bytes, found: str) -> None:
    with pytest.raises(DataError, match=found):
        read([Document("", content)], TreeFormat(kind="json"), ["id"], "here")


def test_records_that_are_not_where_the_council_s_file_says_are_an_error() -> None:
    with pytest.raises(DataError, match=r"records at `data\.items`"):
        read_json({"error": "try again"}, "id", records="data.items")


BILLION = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l><r><id>&b;</id></r></l>'
OUTSIDE = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]><l><r><id>&x;</id></r></l>'


@pytest.mark.parametrize(
    "content", [BILLION, OUTSIDE, "<l><r>", "<html><body/></html>", f"{'<a>' * 500}x{'</a>' * 500}"]
)
def test_xml_bombs_and_outside_entities_are_refused(content: str) -> None:
    with pytest.raises(DataError):
        read_xml(content, "id")


def test_one_broken_line_of_many_is_named() -> None:
    with pytest.raises(DataError, match="line 2"):
        read([Document("", b'{"id": 1}\n{"id": \n')], NDJSON, ["id"], "here")
