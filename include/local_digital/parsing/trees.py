"""JSON, NDJSON and XML as a section of text cells: nested names are joined by dots, anything else is JMESPath."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import jmespath
import numpy as np
import pyarrow as pa
from defusedxml import DefusedXmlException
from jmespath.exceptions import JMESPathError

from local_digital.config import jmespaths
from local_digital.config.formats import NdjsonFormat, TreeFormat
from local_digital.errors import DataError
from local_digital.parsing.decoding import SEND_AGAIN
from local_digital.parsing.documents import Document
from local_digital.parsing.sections import Reading, Section, empty_section, fold
from local_digital.places import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Record = Mapping[str, Any]
_PLAIN = re.compile(r"[^\[\]|(){}*?'\"`&]+")
_DEEPEST = 100
_NAMES_KEPT = 500
_LONGEST_NAME = 1000
_DEEPEST_LIST = 5
# Escapes that stand for half a letter or for the zero character: no database takes either.
_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u0000)|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def read(documents: Sequence[Document], facts: TreeFormat | NdjsonFormat, names: Iterable[str], where: str) -> Reading:
    """Read the wanted columns of all records of a delivery; a record's line is its number in its document, from 1.

    names: columns as the council's file gives them. Raises DataError when a document is no such thing.
    """
    found: list[_Record] = []
    places: list[int] = []
    for number, document in enumerate(documents):
        for line, record in records(document.content, facts, where):
            found.append(record)
            places.append(place(number, line))
    if not found:
        return Reading([empty_section(list(names))], {"documents": len(documents), "records": 0})
    leaves = _leaves(found)
    by_folded = {fold(leaf): leaf for leaf in reversed(list(leaves))}
    columns: dict[str, list[str]] = {}
    for name in names:
        leaf = name if name in leaves else by_folded.get(fold(name))
        if leaf is None and not _is_expression(name):
            continue
        get = _getter(leaf or name, plain=leaf is not None)
        columns[name] = [_text(get(record)) for record in found]
    # The other leaves are named for the drift report, and not read.
    taken = {fold(name) for name in columns}
    others = [leaf for leaf in leaves if fold(leaf) not in taken]
    cells = pa.table(
        {f"c{index}": pa.array(column, pa.string()) for index, column in enumerate(columns.values())}
        | {f"c{len(columns) + index}": pa.nulls(len(found), pa.string()) for index in range(len(others))}
    )
    section = Section([*columns, *others], cells, np.array(places, np.int64))
    return Reading([section], {"documents": len(documents), "records": len(found)})


def records(content: bytes, facts: TreeFormat | NdjsonFormat, where: str) -> list[tuple[int, _Record]]:
    """Return the records of one document with their line (NDJSON) or number, from 1.

    A single record that comes as an object is one record. Raises DataError.
    """
    if isinstance(facts, NdjsonFormat):
        return list(_json_lines(content, where))
    return list(enumerate(_records(parsed(content, facts, where), facts, where), 1))


def parsed(content: bytes, facts: TreeFormat, where: str) -> object:
    """Return a whole JSON or XML document as mappings, lists and texts. Raises DataError."""
    return _parsed_json(content, where) if facts.kind == "json" else _parsed_xml(content, where)


def names_in(found: Sequence[_Record]) -> list[str]:
    """Return the names of all leaves of some records, in the order in which they first come."""
    return list(_leaves(found))


def value_of(record: _Record, name: str) -> str:
    """Return the text of one leaf of a record, empty when it is not there."""
    return _text(_getter(name, plain=True)(record))


def _records(tree: object, facts: TreeFormat, where: str) -> list[_Record]:
    if facts.records:
        at = _searched(jmespath.compile(facts.records), tree)
        if at is None and isinstance(tree, dict) and (facts.records.split(".")[0] in tree or facts.kind == "xml"):
            return []
    elif facts.kind == "xml" and isinstance(tree, dict):
        # Without a path the records are what repeats below the root.
        lists = [value for value in tree.values() if isinstance(value, list)]
        at = lists[0] if len(lists) == 1 else next(iter(tree.values())) if len(tree) == 1 else tree or []
    else:
        at = tree
    if isinstance(at, dict):
        at = [at]
    if not isinstance(at, list) or not all(isinstance(record, dict) for record in at):
        raise DataError(
            where,
            expected=f"records at `{facts.records}`" if facts.records else "a list of records",
            found="a list of which not every member is a record"
            if isinstance(at, list)
            else "one value that is no record"
            if at is not None
            else "nothing there",
            action="Check the answer with the council, then mend `format.records` in the council's file.",
        )
    return at


def _searched(compiled: Any, tree: object) -> Any:
    try:
        return compiled.search(tree)
    except (JMESPathError, RecursionError):
        # A function that meets another type in one record than in the next, or no end of lists: nothing is there.
        return None


def _json_lines(content: bytes, where: str) -> Iterator[tuple[int, _Record]]:
    for number, line in enumerate(_decoded(content, where).split("\n"), 1):
        if line.strip():
            record = _loaded(line, where, f"a JSON object on every line; line {number} is none")
            if not isinstance(record, dict):
                raise _rejected(where, "a JSON object on every line", f"something else on line {number}")
            yield number, record


def _parsed_json(content: bytes, where: str) -> object:
    return _loaded(_decoded(content, where), where, "JSON")


def _decoded(content: bytes, where: str) -> str:
    if not content.strip():
        raise _rejected(where, "JSON", "an empty file")
    try:
        text = content.decode(json.detect_encoding(content)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if text.lstrip()[:1] == "<":
        raise _rejected(where, "JSON", "a web page or XML, as servers send when something failed")
    return text


def _loaded(text: str, where: str, expected: str) -> object:
    try:
        return json.loads(_ESCAPE.sub(_mended, text) if _ODD_ESCAPE.search(text) else text)
    except (ValueError, RecursionError):
        raise _rejected(where, expected, "text that is not, as when a transfer was cut off") from None


def _mended(escape: re.Match[str]) -> str:
    zero, half = escape.groups()
    return "" if zero else "\ufffd" if half else escape[0]


def _parsed_xml(content: bytes, where: str) -> object:
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise _rejected(where, "XML without a document type", "text that is not, or that is cut off") from None
    if _name(root.tag).lower() == "html":
        raise _rejected(where, "XML", "a web page, as servers send when something failed")
    tree = _tree(root, where, 0)
    return tree if isinstance(tree, dict) else {}


def _tree(element: Element, where: str, depth: int) -> object:
    """Turn an element into text, or a mapping of its attributes (@) and children; children of one name make a list."""
    if depth > _DEEPEST:
        raise _rejected(where, f"XML at most {_DEEPEST} elements deep", "deeper")
    found: dict[str, Any] = {f"@{_name(key)}": value for key, value in element.attrib.items()}
    for child in element:
        name, value = _name(child.tag), _tree(child, where, depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    text = (element.text or "").strip()
    if not found:
        return text
    return found | ({"#text": text} if text else {})


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _leaves(found: Sequence[_Record]) -> dict[str, None]:
    """Name everything in the records that is not a mapping, in the order in which it first comes."""
    leaves: dict[str, None] = {}

    def walk(record: _Record, prefix: str, depth: int) -> None:
        for key, value in record.items():
            if len(leaves) == _NAMES_KEPT:
                return
            name = f"{prefix}{key}"
            if len(name) > _LONGEST_NAME:
                continue
            if isinstance(value, dict) and value and depth < _DEEPEST:
                walk(value, f"{name}.", depth + 1)
            else:
                leaves[name] = None

    for record in found:
        walk(record, "", 0)
    return leaves


def _is_expression(name: str) -> bool:
    """Say whether a name that no record has is meant as a JMESPath: `Ward?` is just a name."""
    return not _PLAIN.fullmatch(name) and jmespaths.parsed(name) is not None


def _getter(name: str, *, plain: bool) -> Callable[[_Record], object]:
    if not plain:
        return partial(_searched, jmespath.compile(name))

    def get(record: _Record) -> object:
        return _walk(record, name)

    return get


def _walk(record: object, name: str) -> object:
    """Follow a dotted name, where keys may hold dots themselves."""
    if not isinstance(record, dict):
        return None
    if name in record:
        return record[name]
    head, dot, rest = name.partition(".")
    while dot:
        if head in record:
            return _walk(record[head], rest)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def _text(value: object, depth: int = 0) -> str:
    match value:
        case None | dict():
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return "; ".join(filter(None, (_text(item, depth + 1) for item in value))) if depth < _DEEPEST_LIST else ""
        case _:
            return str(value).strip()


def _rejected(where: str, expected: str, found: str) -> DataError:
    return DataError(where, expected=expected, found=found, action=SEND_AGAIN)
