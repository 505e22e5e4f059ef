"""`local-digital profile`: reads samples, reports, and writes the draft of a council's file."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from local_digital.config.loading import load_transactions
from local_digital.config.models import Tier
from local_digital.errors import ConfigurationError
from local_digital.plurals import counted
from local_digital.profiling.draft import CouncilFacts, draft, look_up, tier_of
from local_digital.profiling.facts import Profile
from local_digital.profiling.profile import profile
from local_digital.profiling.report import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local_digital.config.models import Transaction
    from local_digital.settings import Settings

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GSS = re.compile(r"[EWSN]\d{8}")
_STDOUT = Path("-")
_LONGEST_SLUG = 60


@dataclass(frozen=True)
class Request:
    """What the command was asked for.

    output: where the draft goes; `-`, or None without a council, is standard output.
    """

    files: Sequence[Path]
    transaction: str
    council: str | None = None
    output: Path | None = None
    force: bool = False
    gss: str | None = None
    name: str | None = None
    tier: str | None = None
    pgp: str | None = None
    as_json: bool = False


def run(request: Request, settings: Settings) -> None:
    """Profile the files, print the report and write the draft.

    The draft goes to standard output when no file is named for it, and the report then to standard error, so that
    `> new-council.yaml` keeps just the draft. Raises ConfigurationError before anything is read when the request is
    wrong, DataError when a file cannot be used.
    """
    contract = _contract(request.transaction, settings)
    target = _target(request)
    council = _council(request, target)
    tier_of(contract, council)
    with _progress(request.files) as progress:
        found = profile(request.files, contract, connection=settings.connection, pgp=request.pgp, progress=progress)
    text = draft(found, contract, council)
    if target is not None:
        target.write_text(text, encoding="utf-8")
    if request.as_json:
        facts: dict[str, Any] = {**found.as_json(), "draft": text, "written": str(target) if target else None}
        sys.stdout.write(json.dumps(facts, indent=2, default=str) + "\n")
        return
    _print(found, text, target)


def _contract(slug: str, settings: Settings) -> Transaction:
    contracts, errors = load_transactions(settings.config)
    if slug in contracts:
        return contracts[slug]
    broken = next((error for error in errors if f"{slug}.yaml" in error.where), None)
    if broken is not None:
        raise broken
    raise ConfigurationError(
        "--transaction",
        expected=f"one of {', '.join(contracts) or 'the contracts in transactions/'}",
        found=f"`{slug}`",
        action="Check the spelling, or agree on a contract first.",
    )


def _target(request: Request) -> Path | None:
    """Return where the draft is to be written, None for standard output."""
    if request.output == _STDOUT or (request.output is None and request.council is None):
        return None
    target = request.output or Path(f"{request.council}.yaml")
    if target.is_dir():
        target /= f"{request.council or CouncilFacts.slug}.yaml"
    if not target.parent.is_dir():
        raise _wrong(
            "--output", "a file in a folder that exists", f"no folder {target.parent}", "Make the folder first."
        )
    if target.exists() and not request.force:
        raise _wrong(
            str(target), "no such file yet", "one", "Name another with --output, or give --force to replace it."
        )
    return target


def _council(request: Request, target: Path | None) -> CouncilFacts:
    slug = request.council or (target.stem if target is not None and _SLUG.fullmatch(target.stem) else None)
    if slug is not None and (not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG):
        raise _wrong("--council", "a slug such as east-riding", f"`{slug}`", "Use small letters, digits and hyphens.")
    if request.gss is not None and not _GSS.fullmatch(request.gss):
        raise _wrong("--gss", "a GSS code such as E08000029", f"`{request.gss}`", "Look it up at the ONS.")
    if request.tier is not None and request.tier not in set(Tier):
        raise _wrong("--tier", f"one of {', '.join(Tier)}", f"`{request.tier}`", "Check the spelling.")
    tier = Tier(request.tier) if request.tier else None
    return look_up(slug, name=request.name, gss_code=request.gss, tier=tier)


def _wrong(where: str, expected: str, found: str, action: str) -> ConfigurationError:
    return ConfigurationError(where, expected=expected, found=found, action=action)


@contextlib.contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[Path, int], None]]:
    """Show how far the reading is, on standard error, when that is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        tasks = {path: bar.add_task(path.name, total=path.stat().st_size if path.is_file() else None) for path in files}

        def update(path: Path, done: int) -> None:
            bar.update(tasks[path], completed=done)

        yield update


def _print(found: Profile, text: str, target: Path | None) -> None:
    report = Console(stderr=target is None, highlight=False)
    report.print(render(found))
    if target is None:
        if sys.stdout.isatty():
            report.rule("draft of the council's file", align="left")
        sys.stdout.write(text)
        return
    checks = counted(text.count("CHECK:"), "thing")
    then = "" if target.parent.name == "councils" else ", then put it into include/councils/"
    report.print(
        f"\nWrote {target} with {checks} to CHECK. Settle them{then}.",
        soft_wrap=True, markup=False,
    )  # fmt: skip
