"""What the documents on security and data protection promise is proven by tests that there are."""

from __future__ import annotations

import ast
import re

import pytest

from local_digital.settings import ROOT

_NAMED = re.compile(r"`(test_\w+)`")


def _tests() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("name", ["security.md", "data-protection.md"])
def test_every_test_that_a_document_names_exists(name: str) -> None:
    named = set(_NAMED.findall((ROOT / "docs" / name).read_text("utf-8")))
    assert len(named) > 20
    assert sorted(named - _tests()) == []


@pytest.mark.parametrize("name", ["security.md", "data-protection.md"])
def test_links_of_a_document_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", (ROOT / "docs" / name).read_text("utf-8"))
    for path, anchor in links:
        target = ROOT / "docs" / (path or name)
        assert target.exists(), path
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, f"{path}#{anchor}"
