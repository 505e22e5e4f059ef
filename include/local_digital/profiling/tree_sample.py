"""A sample of JSON, NDJSON or XML: where in the tree its records are, and what they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from local_digital.config.formats import NdjsonFormat, TreeFormat
from local_digital.errors import DataError
from local_digital.parsing import trees
from local_digital.places import place
from local_digital.profiling.sample import Sample, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_digital.parsing.documents import Document

_ERROR_KEYS = frozenset({"error", "errors", "exception", "fault", "faultcode"})
_LISTS_SHOWN = 4


def read_tree(path: Path, size: int, wrappings: list[str], documents: Sequence[Document], kind: str) -> Sample:
    """Read the records of JSON, NDJSON or XML. Raises DataError where there are none."""
    found: list[tuple[int, dict[str, object]]] = []
    form: dict[str, object] = {"kind": kind}
    facts: NdjsonFormat | TreeFormat = NdjsonFormat(kind="ndjson")
    for number, document in enumerate(documents):
        where = f"{path}: {document.name}" if document.name else str(path)
        if kind != "ndjson":
            at = _records_at(trees.parsed(document.content, TreeFormat.model_validate({"kind": kind}), where))
            facts = TreeFormat.model_validate({"kind": kind, "records": at})
            form |= {"records": at} if at else {}
        found += [(place(number, line), dict(record)) for line, record in trees.records(document.content, facts, where)]
    records = [record for _, record in found]
    if len(records) == 1 and _ERROR_KEYS.intersection(map(str.casefold, records[0])):
        raise DataError(
            str(path), expected="records", found="an error message in their place",
            action="Ask the council for another export.",
        )  # fmt: skip
    columns = {
        name: pa.chunked_array(
            [encoded(pa.chunked_array([pa.array([trees.value_of(record, name) for record in records], pa.string())]))]
        )
        for name in trees.names_in(records)
    }
    if not columns:
        raise DataError(str(path), expected="records", found="none", action="Ask the council for another sample.")
    return Sample(
        path, size, wrappings, [document.name for document in documents], form, {"records": len(records)}, columns,
        np.array([at for at, _ in found], np.int64),
    )  # fmt: skip


def _records_at(tree: object) -> str | None:
    """Return the path to the longest list of mappings; None for one at the top."""
    if isinstance(tree, list) or not isinstance(tree, dict):
        return None
    best: tuple[int, str] | None = None

    def walk(node: dict[str, object], path: str, depth: int) -> None:
        nonlocal best
        for key, value in node.items():
            at = f"{path}{_path_part(key)}"
            if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                if best is None or len(value) > best[0]:
                    best = len(value), at
            elif isinstance(value, dict) and depth < _LISTS_SHOWN:
                walk(value, f"{at}.", depth + 1)

    walk(tree, "", 0)
    return best[1] if best else None


def _path_part(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else '"' + key.replace('"', '\\"') + '"'
