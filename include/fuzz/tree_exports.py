"""JSON, JSON lines and XML exports."""

from __future__ import annotations

from demo.world.writing import json_file, json_lines, text_element, xml_file
from fuzz.feeds import NAMES, ROWS, adds_up, candidates, feed
from fuzz.target import CANARY, Target, chosen, each, refusing

_PAIRS = {"ward": {"from": "attributes[?name=='ward'].value | [0]"}, "premises_key": {"from": "site.UPRN"}}
_JSON = (
    feed(format={"kind": "json"}),
    feed(_PAIRS, format={"kind": "json", "records": "data.items"}),
    feed(format={"kind": "json", "records": "*[].cases[]"}),
    feed(_PAIRS, format={"kind": "ndjson"}),
)
_XML = (
    feed({"ward": {"from": "@ward"}, "premises_key": {"from": "site.UPRN"}}, format={"kind": "xml"}),
    feed(_PAIRS, format={"kind": "xml", "records": "list.case"}),
)
_RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
_NESTED = {
    "Ref": 7, "Opened": "2025-11-03T10:15:00Z", "How": "Web", "site": {"UPRN": 100070000001, "who": {"name": CANARY}},
    "attributes": [{"name": "ward", "value": "Abbey"}, {"name": "x", "value": [True, None, 1.5, -0.0]}],
}  # fmt: skip
_JSON_SEEDS = (
    json_file(_RECORDS),
    json_file({"data": {"items": [_NESTED]}, "next": None}),
    json_file({"a": {"cases": [_NESTED]}}),
    json_lines([*_RECORDS, _NESTED]),
    json_file(_RECORDS).decode().encode("utf-16"),
)
_JSON_TOKENS = (
    b"[", b"]", b"{", b"}", b"[[[[[[[[", b'{"a":', b'{"":', b",", b":", b'"', b'"Ref"', b'"data"', b'"items"', b"null",
    b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"1" * 40, b"0.1e-400", b"\\u0000", b"\\ud800", b"\\udc00",
    b"\\ud83d\\ude00", b"\\\\ud800", b"\\", b'\\"', b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"\n", b"\r",
    b"\xc2\xa0", b"\xe2\x80\xa8", b"\x0b", b'"a.b"', b'"."', b'"..."', b'"@"', b"<html>", b"//", b"undefined",
)  # fmt: skip
_NAMESPACES = (
    b'<r xmlns="urn:x" xmlns:g="urn:g"><list><g:case ward="A"><Ref>1</Ref><Ref>2</Ref><site><UPRN>1</UPRN></site>tail'
    b"</g:case><g:case/><!-- c --><?p i?></list></r>"
)
_XML_SEEDS = (
    xml_file("cases", ["".join(["<case>", *map(text_element, NAMES, row), "</case>"]) for row in ROWS]),
    _NAMESPACES,
    '<?xml version="1.0" encoding="utf-16"?><cases><case ward="é"><Ref>1</Ref></case></cases>'.encode("utf-16"),
)
_XML_TOKENS = (
    b"<", b">", b"</", b"/>", b"<a>", b"<a><a><a><a>", b"</a>", b"<case>", b"</case>", b"<Ref>", b"</Ref>", b' a="b"',
    b' xmlns="', b' xmlns:g="u"', b"<g:a/>", b"<!DOCTYPE", b'<!DOCTYPE l [<!ENTITY a "ha">]>', b"&a;", b"&amp;",
    b"&#0;", b"&#x10FFFF;", b"&#xD800;", b"%p;", b'SYSTEM "file:///etc/passwd"', b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<?xml", b"<?", b"?>", b'encoding="utf-7"', b'encoding="utf-16"', b'encoding="idna"', b'encoding="hex"',
    b'encoding="undefined"', b'encoding="ebcdic-cp-be"', b"<html>", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"#text",
)  # fmt: skip


def _check_json(data: bytes) -> None:
    handle, content = chosen(data, _JSON)
    with refusing():
        adds_up(candidates(content, handle), most_lines=len(content))


def _check_xml(data: bytes) -> None:
    handle, content = chosen(data, _XML)
    with refusing():
        adds_up(candidates(content, handle), most_lines=len(content))


TARGETS = (
    Target("json", "JSON and JSON lines", _check_json, each(_JSON, *_JSON_SEEDS), _JSON_TOKENS),
    Target("xml", "XML", _check_xml, each(_XML, *_XML_SEEDS), _XML_TOKENS),
)
