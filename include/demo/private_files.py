"""Files with passwords and tokens that the demo writes for the programs that it starts; only their owner reads them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from local_digital.errors import ConfigurationError

T = TypeVar("T")


def write_private(file: Path, facts: object) -> None:
    """Write facts as JSON, whole or not at all; nobody else may read them at any moment."""
    _write(file, json.dumps(facts, default=_as_text))


def write_environment(file: Path, variables: Mapping[str, str]) -> None:
    """Write variables for a shell to read (`. FILE`), just as privately."""
    _write(file, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items())))


def _write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".tmp")
    beside.touch(mode=0o600)
    beside.write_text(content, encoding="utf-8")
    beside.replace(file)


def read_private(file: Path, kind: type[T], what: str) -> list[T]:
    """Read a JSON list of objects of one kind.

    what: what they are, for messages. Raises ConfigurationError, which never quotes a value of the file.
    """
    try:
        return TypeAdapter(list[kind]).validate_json(file.read_bytes())  # type: ignore[valid-type]
    except OSError as error:
        found = error.strerror or "a file that cannot be read"
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        found = f"{first['msg']} at {'/'.join(map(str, first['loc'])) or 'the top'}"
    raise ConfigurationError(
        f"{what} in {file.name}",
        expected="a JSON list of the right objects",
        found=found,
        action="Correct the file and start again.",
    )


def _as_text(value: Any) -> str:
    return str(value)
