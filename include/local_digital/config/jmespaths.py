"""JMESPaths of councils' files: whether they are any, and how much they may make of what a council sends."""

from __future__ import annotations

import re
from typing import Any

# Names joined by dots, which need no library to be known for what they are.
_NAMES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
# So many times its size may come out of a document. `[@, @][]` twenty times over would be a million times.
_MOST_COPIES = 64


def check_path(path: str) -> str:
    """Return a JMESPath; raise ValueError saying what was expected when a text is none, or copies without measure."""
    if _NAMES.fullmatch(path):
        return path
    tree = parsed(path)
    if tree is None:
        raise ValueError("a JMESPath")
    _check_copies(tree)
    return path


def check_column(name: str) -> None:
    """The same for a column's name, which need not be a JMESPath at all."""
    tree = None if _NAMES.fullmatch(name) else parsed(name)
    if tree is not None:
        _check_copies(tree)


def parsed(path: str) -> Any:
    """Return the syntax tree of a JMESPath, None when a text is none."""
    import jmespath  # noqa: PLC0415 - hardly any file has a path that needs it

    try:
        return jmespath.compile(path).parsed
    except (ValueError, RecursionError):
        # Its own errors are ValueErrors; it reads literals as JSON and numbers as int.
        return None


def _check_copies(tree: Any) -> None:
    copies = 1
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        children = [child for child in node["children"] if isinstance(child, dict)]
        ahead += children
        if node["type"] in {"multi_select_list", "multi_select_dict"}:
            copies *= max(len(children), 1)
        elif node["type"] == "function_expression" and node["value"] == "to_string":
            # It escapes what it quotes, and an escape within an escape is twice as long.
            copies *= 2
        elif node["type"] == "function_expression" and node["value"] == "join" and _joins_with_data(children):
            raise ValueError("a JMESPath that joins with a text of its own, and with none of the data")
        if copies > _MOST_COPIES:
            raise ValueError(f"a JMESPath whose lists and mappings copy what is there at most {_MOST_COPIES} times")


def _joins_with_data(arguments: list[Any]) -> bool:
    return not arguments or arguments[0]["type"] != "literal"
