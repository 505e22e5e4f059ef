"""What is wrong with a council or transaction file, in the words of those who write them. Light imports only."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel

# What a message shows of a file.
_LONGEST_SHOWN = 100
_LONGEST_EXPECTED = 1000
_MOST_SHOWN = 10
_LONGEST_KEY = 60
# A token in an address may be long; what is cut off before its `@` would be shown.
_LOOKED_AT = 4000
# Up to the last `@`: a password may hold one, and a slash.
_USER_IN_ADDRESS = re.compile(r"(?<=//)\S+(?=@)")

_IN_WORDS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "a slug: small letters and digits, with single hyphens between them",
    r"^[a-z0-9-]+$": "small letters, digits and hyphens",
    r"^[a-z0-9_]+$": "the id of a connection: small letters, digits and `_`",
    r"^[EWSN]\d{8}$": "a GSS code: `E`, `W`, `S` or `N`, and eight digits",
}
_KINDS = {
    "tuple_type": "a list (`[...]`, or a line with `- ` for each)",
    "list_type": "a list (`[...]`, or a line with `- ` for each)",
    "dict_type": "keys with their values (`key: value`)",
    "model_type": "keys with their values (`key: value`)",
    "model_attributes_type": "keys with their values (`key: value`)",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number, without a sign of a currency",
    "decimal_parsing": "a number, without a sign of a currency",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "date_type": "a valid date such as 2026-04-30",
    "date_parsing": "a valid date such as 2026-04-30",
    "date_from_datetime_parsing": "a valid date such as 2026-04-30",
    "date_from_datetime_inexact": "a valid date such as 2026-04-30",
    "time_type": "a time of the day such as 09:00",
    "time_parsing": "a time of the day such as 09:00",
}


def printable(text: str) -> str:
    """Return a text on one line, fit for any terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def shown(fact: object) -> str:
    """Return as much of somebody's text as a message has room for; who logs in at an address stands in none."""
    text = str(fact)
    start = _USER_IN_ADDRESS.sub("...", printable(text[:_LOOKED_AT]))
    return start[:_LONGEST_SHOWN] + ("..." if len(text) > _LONGEST_SHOWN else "")


def listed(names: Iterable[object]) -> str:
    """Return the first few of somebody's words, and how many there are besides."""
    all_names = list(names)
    more = f" and {len(all_names) - _MOST_SHOWN} more" if len(all_names) > _MOST_SHOWN else ""
    return ", ".join(map(shown, all_names[:_MOST_SHOWN])) + more


def document_fault(error: yaml.YAMLError | UnicodeDecodeError, content: bytes) -> tuple[str, str]:
    """Return what a document that is no YAML has in place of it, with its line, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        number = content.count(b"\n", 0, error.start) + 1
        return f"another encoding, on line {number}", "Save the file as UTF-8."
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return printable(str(error)[:_LONGEST_EXPECTED]), "Mend the file."
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    lines = content.decode("utf-8-sig").splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"a tab at the beginning of line {mark.line + 1}", "Indent with spaces."
    said = [part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part]
    problem = printable(", ".join(said)[:_LONGEST_EXPECTED])
    if isinstance(error, yaml.constructor.ConstructorError):
        return f"{problem} ({place})", "Mend the file."
    return f"a fault on {place}: {problem}", (
        "Mend that line or the one before: each key as far in as its neighbours, brackets and quotes closed, and in "
        "quotes a text that has `: ` or ` #` in it, or begins with a sign such as `*`."
    )


def faults_of(faults: Iterable[Any], model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """Yield key, expected and found for each fault that pydantic tells of a file that should be a `model`."""
    told = list(faults)
    places = [fault["loc"] for fault in told]
    for fault in told:
        at = fault["loc"]
        # Of a list whose only entry is wrong, pydantic says too that it has none.
        if fault["type"] == "too_short" and any(len(place) > len(at) and place[: len(at)] == at for place in places):
            continue
        yield _fault(fault, model)


def _fault(fault: Any, model: type[BaseModel]) -> tuple[str, str, str]:
    # Pydantic puts the discriminator and the marker `[key]` into the path; the reader wants the file's own keys.
    key = ".".join(shown(part) for part in fault["loc"] if part != "[key]") or "the whole file"
    found = fault["input"]
    tag = fault.get("ctx", {}).get("discriminator", "").strip("'")
    message = printable(fault["msg"][:_LONGEST_EXPECTED])
    match fault["type"]:
        case "missing" | "union_tag_not_found":
            return f"{key}.{tag}" if tag else key, "this key", "it is missing"
        case "extra_forbidden":
            return key, "only the known keys", f"this one, which nothing reads{_meant(str(fault['loc'][-1]), model)}"
        case "union_tag_invalid":
            return f"{key}.{tag}", f"one of {fault['ctx']['expected_tags']}", f"`{shown(found.get(tag))}`"
        case "string_pattern_mismatch":
            return key, _IN_WORDS.get(fault["ctx"]["pattern"], message), _kind_of(found)
        case "value_error":
            said = _kind_of(found) if isinstance(found, str) else "something else"
            return key, message.removeprefix("Value error, "), said
        case kind:
            return key, _KINDS.get(kind, message.removeprefix("Input should be ")), _kind_of(found)


def _kind_of(found: object) -> str:
    match found:
        case str() | int() | float():
            return f"`{shown(found)}`" if found != "" else "nothing"
        case None:
            return "nothing"
        case dict():
            return "keys with their values"
        case list() | tuple():
            return "a list"
        case _:
            return "something else"


def _meant(key: str, model: type[BaseModel]) -> str:
    """Return which key might have been meant by one that is not known where it stands."""
    keys = _keys(model)
    if key in keys:
        return " here: see how far in it stands"
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.75) if len(key) <= _LONGEST_KEY else []
    return f" (`{near[0]}`?)" if near else ""


@cache
def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a file of this model may have at any place."""
    keys: set[str] = set()
    ahead: list[Any] = [model]
    seen: set[Any] = set()
    while ahead:
        one = ahead.pop()
        if isinstance(one, type) and not typing.get_args(one) and issubclass(one, BaseModel):
            if one not in seen:
                seen.add(one)
                keys |= {field.alias or name for name, field in one.model_fields.items()}
                ahead += [field.annotation for field in one.model_fields.values()]
        else:
            ahead += typing.get_args(one)
    return tuple(sorted(keys))
