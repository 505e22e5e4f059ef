"""The site, built anew where what it is made from has changed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine

from local_digital.calendar import local_day
from local_digital.roles import PUBLISHER, acting_as, engine_of
from local_digital.site.about import about
from local_digital.site.benchmarks import editions
from local_digital.site.figures import Released, keep_offers, one_moment, see_moment, snapshot_of
from local_digital.site.makers import makers
from local_digital.site.parts import Before, Parts, Source, digest
from local_digital.site.sink import Index, sink
from local_digital.workspace import lock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from local_digital.config.models import Transaction
    from local_digital.site.about import About
    from local_digital.site.benchmarks import Edition
    from local_digital.workspace import Workspace

_PACKAGE = Path(__file__).resolve().parents[1]
# What decides how the site looks, beside the figures: this folder, what it says of KPIs, who offers what, and the list
# of authorities.
_CODE = ("site/**/*", "kpis.py", "fields.py", "offers.py", "calendar.py", "authorities.py", "config/*", "reference/*")
# For fewer, more processes would take longer to start than they save.
_MANY = 60


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


@acting_as(PUBLISHER)
def build(workspace: Workspace, *, force: bool = False, processes: int | None = None) -> SiteReport:
    """Build the open data and the pages where the settings say, if anything that they are made from has changed.

    force: make everything anyway; still, only files that differ are written. processes: how many make pages and tables
    of councils beside this one; where it is not said, one a processor where there is much to do. Raises
    ConfigurationError where the place is not ours or no contract can be read, TransportError where the place does not
    take the files.
    """
    target = workspace.settings.site
    place = sink(target)
    program = program_digest()
    # Held to the end: builders of one warehouse take turns, and the second finds nothing to do.
    with workspace.engine.begin() as db:
        lock(db, "site", target)
        contracts = keep_offers(workspace, program)
        said = about(workspace.settings)
        taken = _take_benchmarks(workspace, contracts)
        with one_moment(workspace) as seen:
            released = Released(seen, contracts)
            wanted = made_from(released, said, program, taken)
            there = place.index()
            reasons = _reasons(there.made_from if there else None, wanted, found=there is not None, force=force)
            if not reasons:
                return SiteReport(place.where)
            days = _days(taken, workspace.settings.benchmarks_stand)
            names = {slug: one.made_from for slug, one in taken.items()}
            before = Before(Index() if force or there is None else there, place.read)
            parts = _parts(released, said, before, program, names, days)
            tasks = list(parts.tasks())
            if processes is None:
                processes = (os.cpu_count() or 1) if len(tasks) >= _MANY else 0
            url = workspace.engine.url.render_as_string(hide_password=False)
            opened = partial(open_parts, url, snapshot_of(seen), contracts, said, names, days)
            with makers(processes, opened, tasks, parts.made_here) as make:
                parts.make = make
                written = place.write(parts.all(), wanted, anew=force)
    return SiteReport(place.where, bool(written.written or written.removed), reasons, **asdict(written))


def program_digest() -> str:
    """Return a digest of the program that makes the site."""
    code = hashlib.sha256()
    for path in sorted({path for pattern in _CODE for path in _PACKAGE.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            code.update(f"{path.relative_to(_PACKAGE)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return code.hexdigest()


def made_from(released: Released, said: About, program: str, taken: Mapping[str, Edition]) -> dict[str, str]:
    """Return digests of all that the site is made from, by kind: equal ones mean that a build would change nothing."""
    overview = released.overview
    frames = (overview.councils, overview.offers, overview.groups, overview.feeds)
    figures = [frame.astype(object).to_numpy().tolist() for frame in frames]
    contracts = {slug: contract.model_dump(mode="json") for slug, contract in sorted(overview.contracts.items())}
    return {
        "figures": digest([figures, released.changes, {slug: one.made_from for slug, one in taken.items()}]),
        "contracts": digest(contracts),
        "publisher, address and licence": digest(asdict(said)),
        "program": program,
    }


def open_parts(
    url: str, snapshot: str, contracts: dict[str, Transaction], said: About, editions: Mapping[str, str],
    as_of: Mapping[str, dt.date],
) -> Parts:  # fmt: skip
    """Return the parts as another process sees them: figures of the same moment, and nothing known to be there.

    It keeps its connection for as long as the process lives.
    """
    db = engine_of(create_engine(url, hide_parameters=True, poolclass=NullPool), PUBLISHER).connect()
    see_moment(db, snapshot)
    return _parts(Released(db, contracts), said, Before(Index(), _nothing), "", editions, as_of)


def _parts(
    released: Released, said: About, before: Before, program: str, editions: Mapping[str, str],
    as_of: Mapping[str, dt.date],
) -> Parts:  # fmt: skip
    source = Source(
        released.overview, released.dates, released.changes, released.feed, released.side_by_side,
        released.benchmarks, released.change_log,
    )  # fmt: skip
    return Parts(source, said, before, program=program, editions=editions, as_of=as_of)


def _nothing(_path: str, _begin: int, _end: int) -> bytes:
    return b""


def _take_benchmarks(workspace: Workspace, contracts: dict[str, Transaction]) -> dict[str, Edition]:
    with one_moment(workspace) as db:
        return editions(db, contracts, workspace.settings.benchmarks_stand)


def _days(taken: Mapping[str, Edition], stand: dt.timedelta) -> dict[str, dt.date]:
    """Return the day of every edition on the London calendar; nothing where they are always of the newest figures."""
    return {slug: local_day(one.taken_at) for slug, one in taken.items()} if stand else {}


def _reasons(there: dict[str, str] | None, wanted: dict[str, str], *, found: bool, force: bool) -> tuple[str, ...]:
    if not found:
        return ("there was no site",)
    if there is None:
        return ("the last build was not finished",)
    reasons = [f"new: {kind}" for kind, digest in wanted.items() if there.get(kind) != digest]
    return tuple(reasons) or (("asked for",) if force else ())
