"""docker-compose.yaml as Compose reads it, and the Dockerfile's stages, without a Docker engine."""

from __future__ import annotations

import copy
import fnmatch
import re
import shlex
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")
COMPOSE = ROOT / "docker-compose.yaml"


def compose(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the file with merges and variables resolved, as if `variables` were all that `.env` says."""
    given = variables or {}

    def resolved(value: Any) -> Any:
        if isinstance(value, str):
            found = VARIABLE.sub(lambda each: given.get(each["name"]) or each["default"] or "", value)
            # Anything left would be a form of substitution that this does not know.
            assert not re.search(r"(?<!\$)\$(?!\$)", found), found
            return found.replace("$$", "$")
        if isinstance(value, list):
            return [resolved(each) for each in value]
        if isinstance(value, dict):
            return {name: resolved(each) for name, each in value.items()}
        return value

    return dict(resolved(yaml.safe_load(COMPOSE.read_text("utf-8"))))


def services(variables: Mapping[str, str] | None = None, *profiles: str) -> dict[str, Any]:
    """Return the services that would be started under these profiles."""
    return {
        name: service
        for name, service in compose(variables)["services"].items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }


@dataclass
class Stage:
    """One stage of the Dockerfile. base: what it is built on, with arguments filled in."""

    base: str
    lines: list[list[str]] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"


def stages() -> dict[str, Stage]:
    """Return the Dockerfile's stages by name, each with what it has from the one below; the last has no name."""
    found: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    stage = Stage("")
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        words = shlex.split(line)
        match words:
            case ["ARG", argument] if not found:
                name, _, value = argument.partition("=")
                arguments[name] = value
            case ["FROM", base, *name]:
                base = re.sub(r"\$\{(\w+)\}", lambda each: arguments[each[1]], base)
                below = found.get(base, Stage(base))
                stage = copy.deepcopy(below)
                found[name[-1] if name else ""] = stage
            case ["COPY", *sources, target] if not sources[0].startswith("--from="):
                stage.copies += [(source, target) for source in sources]
            case ["ENV", *assignments]:
                stage.environment |= dict(each.split("=", 1) for each in assignments)
            case ["USER", user]:
                stage.user = user
        stage.lines.append(words)
    return found


def in_the_context(path: str) -> bool:
    """Say whether .dockerignore lets a file or folder through, which begins by leaving everything out."""
    allowed = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        plain = pattern.removeprefix("!")
        if path == plain or path.startswith(f"{plain}/") or fnmatch.fnmatch(path, plain.replace("**/", "*")):
            allowed = pattern.startswith("!")
    return allowed


def build(target: str, folder: Path) -> Path:
    """Copy into a folder what the Dockerfile copies into its working directory; return it."""
    for source, destination in stages()[target].copies:
        path, place = ROOT / source, folder / destination
        if path.is_dir():
            shutil.copytree(path, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            place = place / path.name if destination.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    return folder
