"""JSON, NDJSON and XML become rows of text, whatever their nesting, and nothing hostile gets further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_digital.config.formats import NdjsonFormat, TreeFormat
from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Reading
from local_digital.parsing.trees import names_in, parsed, read, records, value_of

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
        (b"[1, 2]", "not every member is a record"),
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


def one_cell(record: Any, name: str) -> str:
    (found,) = cells(read_json([record], name), name) or []
    return found


@pytest.mark.parametrize(
    ("record", "name", "text"),
    [
        ({"a": False}, "a", "false"), ({"a": 0}, "a", "0"), ({"a": 0.0}, "a", "0"), ({"a": " x "}, "a", "x"),
        ({"a": []}, "a", ""), ({"a": {}}, "a", ""), ({"a": [[], "", "b", {"c": 1}, True, 2.0]}, "a", "b; true; 2"),
        ({"a": [[[["4"]]]]}, "a", "4"), ({"a": [[[[["5"]]]]]}, "a", "5"), ({"a": [[[[[["6"]]]]]]}, "a", ""),
        ({"a": {"b.c": {"d": 1}}}, "a.b.c.d", "1"), ({"a.b": {"c": 1}}, "a.b.c", "1"), ({"a": 1, "a.b": 2}, "a.b", "2"),
        ({"a.b.c": {"d.e": 3}}, "a.b.c.d.e", "3"), ({"Ward ": "A"}, " WARD", "A"), ({"Ward?": "A"}, "Ward?", "A"),
        ({"a": [{"b": 1}, {"b": 2}]}, "a[1].b", "2"), ({"a": [{"b": 1}]}, "a[5].b", ""),
        ({"a": "x"}, "to_number(a)", ""), ({"a": "x"}, "sum(a)", ""), ({"a": 1, "A": 2}, "A", "2"),
        ({"b": 1, "B": 2}, "b ", "1"),
    ],
)  # fmt: skip
def test_cell_is_what_stands_under_its_name(record: dict[str, Any], name: str, text: str) -> None:
    assert one_cell(record, name) == text


def test_mapping_is_no_value_and_its_leaves_are() -> None:
    reading = read_json([{"a": {"b": 1}}, {"a": 2}, {"a": {}}], "a", "a.b")
    assert [cells(reading, name) for name in ("a", "a.b")] == [["", "2", ""], ["1", "", ""]]


@pytest.mark.parametrize("name", ["Ward?", "a[", "(", "nobody", "no.body", "`1", "a b"])
def test_name_that_no_record_has_and_that_is_no_expression_is_no_column(name: str) -> None:
    (section,) = read_json([{"id": 1}], "id", name).sections
    assert section.names == ["id"]


@pytest.mark.parametrize("name", ["tags[0]", "keys(@)[9]", "missing || other", "*.x"])
def test_expression_is_a_column_even_where_it_finds_nothing(name: str) -> None:
    (section,) = read_json([{"id": "1"}], name).sections
    assert section.names == [name, "id"]
    assert [column.to_pylist() for column in section.cells.columns][1] == [None]


def test_reading_tells_names_places_and_counts() -> None:
    lines = Document("a", b'{"id": 1, "w": {"x": 2}}\n\n{"id": 3, "y": []}\n')
    reading = read([lines, Document("b", b'\n{"id": 4}')], NDJSON, ["w.x", "ID"], "here")
    (section,) = reading.sections
    assert section.names == ["w.x", "ID", "y"]
    assert section.cells.to_pydict() == {"c0": ["2", "", ""], "c1": ["1", "3", "4"], "c2": [None] * 3}
    assert {str(field.type) for field in section.cells.schema} == {"string"}
    assert (section.places.tolist(), str(section.places.dtype)) == ([1, 3, 1_000_000_002], "int64")
    assert (section.native_dates, section.ragged, section.twice) == (False, [], frozenset())
    assert (reading.found, reading.notes) == ({"documents": 2, "records": 3}, [])


def test_delivery_without_records_has_every_column_asked_for_and_no_rows() -> None:
    for documents in ([], [Document("a", b"[]"), Document("b", b"[]")]):
        reading = read(documents, TreeFormat(kind="json"), ["id", "w.x"], "here")
        (section,) = reading.sections
        assert (section.names, section.cells.num_rows, section.places.tolist()) == (["id", "w.x"], 0, [])
        assert reading.found == {"documents": len(documents), "records": 0}


def test_name_that_is_too_long_hides_no_other_name() -> None:
    found = [{"x" * 1001: 1, "x" * 1000: 2, "a": {"y" * 999: 3, "b": 4}, "c": 5}]
    assert names_in(found) == ["x" * 1000, "a.b", "c"]


def test_five_hundred_names_are_kept() -> None:
    assert names_in([{f"n{number}": 1 for number in range(499)}, {"a": {"b": 1, "c": 2}, "d": 3}]) == [
        *(f"n{number}" for number in range(499)), "a.b",
    ]  # fmt: skip


def test_leaves_a_hundred_mappings_down_are_named_and_deeper_ones_are_not() -> None:
    def nested(depth: int) -> dict[str, Any]:
        record: dict[str, Any] = {"leaf": 1}
        for _ in range(depth):
            record = {"a": record}
        return record

    assert names_in([nested(100)]) == ["a." * 100 + "leaf"]
    assert names_in([nested(101)]) == ["a." * 100 + "a"]
    assert value_of(nested(100), "a." * 100 + "leaf") == "1"


@pytest.mark.parametrize(
    ("record", "name", "value"),
    [({"a": {"b": 1.0}}, "a.b", "1"), ({"a": 1}, "a.b", ""), ({}, "a", ""), ({"a": None}, "a", ""),
        ({"a[0]": 1}, "a[0]", "1")],
)  # fmt: skip
def test_leaf_is_followed_by_its_name_alone(record: dict[str, Any], name: str, value: str) -> None:
    assert value_of(record, name) == value


@pytest.mark.parametrize(
    ("content", "at", "found"),
    [
        ([{"a": 1}, {"a": 2}], None, [{"a": 1}, {"a": 2}]),
        ({"a": 1}, None, [{"a": 1}]),
        ({"data": {"items": [{"a": 1}]}}, "data.items", [{"a": 1}]),
        ({"data": {"items": {"a": 1}}}, "data.items", [{"a": 1}]),
        ({"data": {}}, "data.items", []),
        ({"data": None}, "data", []),
        ([], None, []),
        (["x", [{"a": 1}]], "[?type(@) == 'array'] | [0]", [{"a": 1}]),
    ],
)
def test_records_are_found_where_the_council_s_file_says(content: Any, at: str | None, found: list[Any]) -> None:
    facts = TreeFormat(kind="json", records=at)
    assert records(json.dumps(content).encode(), facts, "here") == list(enumerate(found, 1))


@pytest.mark.parametrize(
    ("content", "at", "found"),
    [
        ("<l><r><a>1</a></r><r><a>2</a></r></l>", None, [{"a": "1"}, {"a": "2"}]),
        ("<l><n>x</n><r><a>1</a></r><r><a>2</a></r></l>", None, [{"a": "1"}, {"a": "2"}]),
        ("<l><r><a>1</a></r></l>", None, [{"a": "1"}]),
        ("<r><a>1</a><b>2</b></r>", None, [{"a": "1", "b": "2"}]),
        ("<l><a>1</a><a>2</a><b>3</b><b>4</b></l>", None, [{"a": ["1", "2"], "b": ["3", "4"]}]),
        ("<l/>", None, []), ("<l/>", "r", []), ("<l>text</l>", "r", []), ("<l><x/></l>", "r", []),
        ("<l><r><a>1</a></r></l>", "r", [{"a": "1"}]),
        ('<l><r k="v"> t <a/></r></l>', "r", [{"@k": "v", "a": "", "#text": "t"}]),
        ("<l><r><a>1</a><a>2</a><a>3</a></r></l>", "r", [{"a": ["1", "2", "3"]}]),
    ],
)  # fmt: skip
def test_records_of_xml_are_what_repeats_below_the_root(content: str, at: str | None, found: list[Any]) -> None:
    assert [record for _, record in records(content.encode(), TreeFormat(kind="xml", records=at), "here")] == found


@pytest.mark.parametrize(("deep", "is_read"), [(99, True), (100, True), (101, False)])
def test_elements_of_xml_may_lie_a_hundred_deep(deep: int, is_read: bool) -> None:
    content = f"<l>{'<a>' * deep}x{'</a>' * deep}</l>".encode()
    if is_read:
        found: Any = parsed(content, TreeFormat(kind="xml"), "here")
        for _ in range(deep):
            found = found["a"]
        assert found == "x"
    else:
        with pytest.raises(DataError, match=r"^here: expected XML at most 100 elements deep; found deeper\."):
            parsed(content, TreeFormat(kind="xml"), "here")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "windows-1252"])
def test_json_is_read_in_the_encoding_that_it_came_in(encoding: str) -> None:
    content = '{"id": "café £5"}'.encode(encoding)
    assert parsed(content, TreeFormat(kind="json"), "here") == {"id": "café £5"}


def test_byte_that_no_encoding_has_spoils_its_own_cell_only() -> None:
    assert parsed(b'{"id": "\xa3\x81", "b": 1}', TreeFormat(kind="json"), "here") == {"id": "£\ufffd", "b": 1}


WEB_PAGE = "a web page, as servers send when something failed"
NOT_ALL = "found a list of which not every member is a record"
CUT_OFF = "text that is not, as when a transfer was cut off"
MEND = "Check the answer with the council, then mend `format.records` in the council's file."


@pytest.mark.parametrize(
    ("kind", "at", "content", "message"),
    [
        ("json", None, b" \n", f"JSON; found an empty file. {SEND_AGAIN}"),
        (
            "json",
            None,
            b" \n<x/>",
            f"JSON; found a web page or XML, as servers send when something failed. {SEND_AGAIN}",
        ),
        ("json", None, b'{"a": ', f"JSON; found {CUT_OFF}. {SEND_AGAIN}"),
        ("ndjson", None, b"{}\n{", f"a JSON object on every line; line 2 is none; found {CUT_OFF}. {SEND_AGAIN}"),
        ("ndjson", None, b"{}\n\n[]", f"a JSON object on every line; found something else on line 3. {SEND_AGAIN}"),
        ("xml", None, b"<html><body/></html>", f"XML; found {WEB_PAGE}. {SEND_AGAIN}"),
        ("xml", None, b"<HTML><body/></HTML>", f"XML; found {WEB_PAGE}. {SEND_AGAIN}"),
        ("xml", None, b"<l>", f"XML without a document type; found text that is not, or that is cut off. {SEND_AGAIN}"),
        ("json", "a.b", b'{"x": 1}', f"records at `a.b`; found nothing there. {MEND}"),
        ("json", "a", b'{"a": 1}', f"records at `a`; found one value that is no record. {MEND}"),
        ("json", None, b'[{"a": 1}, 2]', f"a list of records; {NOT_ALL}. {MEND}"),
        ("json", None, b'"x"', f"a list of records; found one value that is no record. {MEND}"),
        ("json", None, b"null", f"a list of records; found nothing there. {MEND}"),
    ],
)
def test_refusal_says_where_what_was_expected_what_was_found_and_what_to_do(
    kind: str, at: str | None, content: bytes, message: str
) -> None:
    facts = NDJSON if kind == "ndjson" else TreeFormat.model_validate({"kind": kind, "records": at})
    with pytest.raises(DataError) as refused:
        read([Document("", content)], facts, ["id"], "here")
    assert str(refused.value) == f"here: expected {message}"
