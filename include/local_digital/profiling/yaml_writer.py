"""YAML for people: lines with a `# CHECK:` beside each doubt, and texts quoted where they must be."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH = 118
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./()+&-]*[A-Za-z0-9)_.]|[A-Za-z]")
_SPECIAL = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\t": "\\t"}


class Writer:
    """Writes YAML, two spaces a level, with each CHECK beside its line, or above it where there is no room."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, level: int, text: str, *checks: str) -> None:
        checks = tuple(filter(None, checks))
        indent = "  " * level
        beside = f"{indent}{text}  # CHECK: {checks[0]}" if len(checks) == 1 else ""
        if beside and len(beside) <= _WIDTH:
            self._lines.append(beside)
            return
        for check in checks:
            self.comment(f"CHECK: {check}", level)
        self._lines.append(indent + text)

    def facts(self, level: int, name: str, facts: Sequence[str], checks: Sequence[str]) -> None:
        """Write a mapping on one line, or where that is too long on a line for each fact."""
        flow = f"{name}: {{ {', '.join(facts)} }}"
        if len(flow) + 2 * level <= _WIDTH:
            self.line(level, flow, *checks)
            return
        self.line(level, f"{name}:", *checks)
        for fact in facts:
            self.line(level + 1, fact)

    def comment(self, text: str, level: int = 0) -> None:
        indent = "  " * level
        # A column's or a file's name may hold anything; a comment must stay one.
        safe = "".join(char if char.isprintable() else " " for char in text)
        self._lines += textwrap.wrap(
            safe, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_on_hyphens=False
        )

    def blank(self) -> None:
        self._lines.append("")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def scalar(text: str, *, always: bool = False) -> str:
    """Return a text as a YAML scalar, quoted where it would else mean something."""
    if not always and _PLAIN.fullmatch(text) and text.casefold() not in _SPECIAL:
        return text
    escaped = "".join(
        _ESCAPED[char] if char in _ESCAPED else char if char.isprintable() else f"\\U{ord(char):08X}" for char in text
    )
    return f'"{escaped}"'


def code(name: str) -> str:
    """Return a name as it stands in a sentence."""
    return f"`{name}`"


def listed(words: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, words))}]"
