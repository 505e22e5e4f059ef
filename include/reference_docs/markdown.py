"""Markdown as GitHub shows it: tables, and sections of a page that are written by a program."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDTH = 120
_SECTION = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def page(title: str, made_from: str, *parts: str) -> str:
    """Return a page that is generated as a whole. made_from: where to change what it says."""
    note = f"<!-- Made by `make docs` from {made_from}: change those, not this page. -->"
    return "\n\n".join([f"# {title}", note, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a `|` or a line break in a cell is made harmless."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def paragraph(text: str) -> str:
    """Return a text in lines of at most 120 characters."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def code(words: Iterable[str]) -> str:
    """Return words as code, with commas between them."""
    return ", ".join(f"`{word}`" for word in words)


def anchor(heading: str) -> str:
    """Return what GitHub calls a heading in an address."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def with_sections(text: str, sections: Mapping[str, str]) -> str:
    """Return a page with what stands between `<!-- generated: name -->` and `<!-- end -->` replaced.

    Raises ConfigurationError where the page does not have each of the sections exactly once.
    """
    found = sorted(match["name"] for match in _SECTION.finditer(text))
    if found != sorted(sections):
        raise ConfigurationError(
            "generated sections of a page",
            expected=f"each of {', '.join(sorted(sections))} once, between its mark and `<!-- end -->`",
            found=", ".join(found) or "none",
            action="Put the marks back.",
        )
    return _SECTION.sub(lambda match: f"{match[1]}\n{sections[match['name']].strip()}\n\n{match[3]}", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
