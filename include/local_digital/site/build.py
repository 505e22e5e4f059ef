"""The site, built anew where what it is made from has changed."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_digital.site.about import about
from local_digital.site.figures import read
from local_digital.site.open_data import open_data, tables
from local_digital.site.sink import sink
from local_digital.workspace import lock

if TYPE_CHECKING:
    import pandas as pd

    from local_digital.site.about import About
    from local_digital.site.figures import Figures
    from local_digital.workspace import Workspace

_PACKAGE = Path(__file__).resolve().parents[1]
# What decides how the site looks, beside the figures: this folder, what it says of KPIs, and the list of authorities.
_CODE = ("site/**/*", "kpis.py", "authorities.py", "reference/*")
_FRAMES = ("councils", "offers", "groups", "feeds", "kpis", "volumes", "periods", "changes")


@dataclass(frozen=True)
class SiteReport:
    """What a build did. where: the folder or URL. reasons: why it was built, in words; none where it was not.

    changed: whether readers see anything new. files, bytes: what the site holds, 0 where nothing was built. written:
    new and changed files. made: those whose content was made at all. removed: those that are gone.
    """

    where: str
    changed: bool = False
    reasons: tuple[str, ...] = ()
    files: int = 0
    written: int = 0
    made: int = 0
    removed: int = 0
    bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": list(self.reasons)}


def build(workspace: Workspace, *, force: bool = False) -> SiteReport:
    """Build the open data and the pages where the settings say, if anything that they are made from has changed.

    force: build anyway; still, only files that differ are written. Raises ConfigurationError where the place is not
    ours or no contract can be read, TransportError where the place does not take the files.
    """
    target = workspace.settings.site
    place = sink(target)
    # Held to the end: builders of one warehouse take turns, and the second finds nothing to do.
    with workspace.engine.begin() as db:
        lock(db, "site", target)
        figures = read(workspace)
        said = about(workspace.settings)
        wanted = made_from(figures, said)
        there = place.index()
        reasons = _reasons(there.made_from if there else None, wanted, found=there is not None, force=force)
        if not reasons:
            return SiteReport(place.where)
        from local_digital.site.pages import pages  # noqa: PLC0415 - what draws charts is slow to import

        found = tables(figures)
        written = place.write(itertools.chain(open_data(figures, said, found), pages(figures, said, found)), wanted)
    return SiteReport(place.where, bool(written.written or written.removed), reasons, **asdict(written))


def made_from(figures: Figures, said: About) -> dict[str, str]:
    """Return digests of all that the site is made from, by kind: equal ones mean that a build would change nothing."""
    contracts = {slug: contract.model_dump(mode="json") for slug, contract in sorted(figures.contracts.items())}
    code = hashlib.sha256()
    for path in sorted({path for pattern in _CODE for path in _PACKAGE.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            code.update(f"{path.relative_to(_PACKAGE)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    rows = hashlib.sha256()
    for name in _FRAMES:
        rows.update(f"{name}\n".encode())
        rows.update(_rows_of(getattr(figures, name)))
    return {
        "figures": rows.hexdigest(),
        "contracts": _digest(contracts),
        "publisher, address and licence": _digest(asdict(said)),
        "program": code.hexdigest(),
    }


def _rows_of(frame: pd.DataFrame) -> bytes:
    return json.dumps(frame.astype(object).to_numpy().tolist(), default=str).encode()


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _reasons(there: dict[str, str] | None, wanted: dict[str, str], *, found: bool, force: bool) -> tuple[str, ...]:
    if not found:
        return ("there was no site",)
    if there is None:
        return ("the last build was not finished",)
    reasons = [f"new: {kind}" for kind, digest in wanted.items() if there.get(kind) != digest]
    return tuple(reasons) or (("asked for",) if force else ())
