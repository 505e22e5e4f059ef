"""Great Expectations' Data Docs: one page a delivery, in the landing store under `data-docs/`.

`validate` only stores its results; housekeeping builds the pages of the newest deliveries from them and removes the
older ones. Results and pages hold counts, never a value of a row or its line. A page fetches nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_digital.calendar import LONDON
from local_digital.config.loading import load_councils, load_transactions
from local_digital.roles import LOADER, acting_as
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.config.models import Council, Transaction
    from local_digital.expectations import Validation
    from local_digital.workspace import FeedHandle, Workspace

_log = logging.getLogger(__name__)
# To a page about the suite, of which there is none.
_LINK_TO_SUITE = re.compile(r'<a\s+href="[^"#]*/expectations/[^"]*"[^>]*>([^<]*)</a>')
PAGES, RESULTS = "data-docs", "validations"
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
# Of a result; what else there is are lists of rows.
_COUNTS = (
    "element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent",
    "unexpected_percent_nonmissing", "unexpected_percent_total",
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """written, removed: pages, as `council/transaction/delivery`; with a dry run those that would be."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def keep(workspace: Workspace, feed: FeedHandle, delivery_id: int, validation: Validation) -> None:
    """Store what a delivery's page is built from; a page of an earlier look at the delivery goes."""
    evaluated, successful = len(validation.results), sum(result.success for result in validation.results)
    stored = {
        "suite_name": validation.suite,
        "success": successful == evaluated,
        "statistics": {
            "evaluated_expectations": evaluated,
            "successful_expectations": successful,
            "unsuccessful_expectations": evaluated - successful,
            "success_percent": 100 * successful / evaluated if evaluated else None,
        },
        "results": [_stored(outcome) for outcome in validation.outcomes],
    }
    key = f"{feed.council.council}/{feed.contract.transaction}/{delivery_id}"
    with workspace.engine.begin() as db:
        lock(db, "data docs", delivery_id)
        workspace.landing.put_text(_results(key), json.dumps(stored, default=str))
        workspace.landing.remove(_page(key))


@acting_as(LOADER)
def remove(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> bool:
    """Remove a delivery's results, its page and its line in the index; return whether there was any."""
    place = f"{feed.council.council}/{feed.contract.transaction}"
    with workspace.engine.begin() as db:
        lock(db, "data docs", delivery_id)
        gone = _remove(workspace, f"{place}/{delivery_id}")
    if gone:
        _write_index(workspace, place, _title(feed.council, feed.contract), _numbers(workspace, PAGES)[place])
    return gone


@acting_as(LOADER)
def build(workspace: Workspace, *, council: str | None = None, dry_run: bool = False) -> Built:
    """Write the pages that are missing of each feed's newest deliveries, remove older ones, write the indexes.

    council: a slug; None stands for all. Killed at any moment and run again it comes to the same. Results that cannot
    be rendered, since an older version stored them, are left out and logged.
    """
    results, pages = _numbers(workspace, RESULTS), _numbers(workspace, PAGES)
    titles = _titles(workspace)
    kept = workspace.settings.pages_kept
    built = Built()
    for place in sorted(results.keys() | pages.keys()):
        if council is not None and place.partition("/")[0] != council:
            continue
        newest = sorted(results[place] | pages[place], reverse=True)
        built.removed.extend(f"{place}/{number}" for number in newest[kept:])
        missing = [number for number in newest[:kept] if number not in pages[place]]
        if dry_run:
            built.written.extend(f"{place}/{number}" for number in missing)
            continue
        for number in newest[kept:]:
            _remove(workspace, f"{place}/{number}")
            pages[place].discard(number)
        title = titles.get(place, place)
        names = _names(workspace, missing)
        for number in missing:
            if _build_page(workspace, place, number, title, names.get(number, "")):
                built.written.append(f"{place}/{number}")
                pages[place].add(number)
        _write_index(workspace, place, title, pages[place])
    if not dry_run:
        _write_front(workspace, titles, pages)
    return built


def _stored(result: Any) -> dict[str, Any]:
    config = result.expectation_config
    counts = {name: result.result[name] for name in _COUNTS if name in result.result}
    if config.type.startswith("expect_table_"):
        # Of a column it would be a row's value.
        counts["observed_value"] = result.result.get("observed_value")
    kwargs = {name: value for name, value in config.kwargs.items() if name != "batch_id"}
    return {
        "success": bool(result.success),
        "type": config.type,
        "kwargs": kwargs,
        "severity": str(getattr(config.severity, "value", config.severity)),
        "meta": config.meta,
        "result": counts,
    }


def _build_page(workspace: Workspace, place: str, number: int, title: str, name: str) -> bool:
    key = f"{place}/{number}"
    with workspace.engine.begin() as db:
        # Somebody may be forgotten meanwhile: what goes for them does not come back.
        lock(db, "data docs", number)
        stored = workspace.landing.read(_results(key))
        if stored is None:
            return False
        try:
            sections = _rendered(json.loads(stored))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            _log.warning("Data Docs of %s cannot be rendered: %s", key, type(error).__name__)
            return False
        up = f'<p><a href="index.html">{escape(title)}</a></p>'
        heading = f"Delivery {number}: {name}" if name else f"Delivery {number}"
        workspace.landing.put_text(_page(key), _html(heading, up + sections))
    return True


def _rendered(stored: dict[str, Any]) -> str:
    from great_expectations.core import (  # noqa: PLC0415 - 2.5 s of CPU
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import (  # noqa: PLC0415 - as above
        ExpectationConfiguration,
    )
    from great_expectations.render.renderer import ValidationResultsPageRenderer  # noqa: PLC0415 - as above

    results = [
        ExpectationValidationResult(
            success=one["success"],
            expectation_config=ExpectationConfiguration(
                type=one["type"], kwargs=one["kwargs"], meta=one["meta"], severity=one["severity"]
            ),
            result=one["result"],
            exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
        )
        for one in stored["results"]
    ]
    outcome = ExpectationSuiteValidationResult(
        success=stored["success"], results=results, suite_name=stored["suite_name"], statistics=stored["statistics"]
    )
    sections = ValidationResultsPageRenderer().render(outcome).to_json_dict()["sections"]
    page = "".join(
        _view().render({"section": section, "section_loop": {"index": index}})
        for index, section in enumerate(sections, 1)
    )
    return _LINK_TO_SUITE.sub(r"\1", page)


@cache
def _view() -> Any:
    # It keeps its compiled templates, which are nine tenths of the work.
    from great_expectations.render.view.view import DefaultJinjaSectionView  # noqa: PLC0415 - as above

    return DefaultJinjaSectionView()


def _write_index(workspace: Workspace, place: str, title: str, pages: set[int]) -> None:
    names = _names(workspace, pages)
    links = "".join(
        f'<li><a href="{number}.html">Delivery {number}</a>: {escape(names.get(number, ""))}</li>'
        for number in sorted(pages, reverse=True)
    )
    body = (
        '<p><a href="../../index.html">All feeds</a></p>'
        f"<p>Validation results of the newest deliveries, at most {workspace.settings.pages_kept}.</p><ul>{links}</ul>"
    )
    _write(workspace, f"{PAGES}/{place}/index.html", _html(title, body))


def _write_front(workspace: Workspace, titles: dict[str, str], pages: dict[str, set[int]]) -> None:
    links = "".join(
        f'<li><a href="{place}/index.html">{escape(titles.get(place, place))}</a>, '
        f'<a href="{place}/{max(numbers)}.html">newest delivery</a></li>'
        for place, numbers in sorted(pages.items()) if numbers
    )  # fmt: skip
    body = f"<p>Validation results of all feeds.</p><ul>{links}</ul>"
    _write(workspace, f"{PAGES}/index.html", _html("Data Docs", body))


def _write(workspace: Workspace, name: str, content: str) -> None:
    # Most nights most indexes stay as they are.
    if workspace.landing.read(name) != content.encode():
        workspace.landing.put_text(name, content)


def _html(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _names(workspace: Workspace, numbers: Iterable[int]) -> dict[int, str]:
    with workspace.engine.connect() as db:
        rows = db.execute(statement("ledger/delivery_names"), {"delivery_ids": sorted(numbers)})
        return {
            row.delivery_id: f"{row.name}, received {row.received_at.astimezone(LONDON):%d %B %Y %H:%M}" for row in rows
        }


def _titles(workspace: Workspace) -> dict[str, str]:
    councils, _ = load_councils(workspace.settings.config)
    contracts, _ = load_transactions(workspace.settings.config)
    return {
        f"{slug}/{transaction}": _title(council, contracts[transaction])
        for slug, council in councils.items() for transaction in council.feeds
    }  # fmt: skip


def _title(council: Council, contract: Transaction) -> str:
    return f"{council.name}: {contract.name}"


def _numbers(workspace: Workspace, folder: str) -> defaultdict[str, set[int]]:
    """Return the deliveries of which there is a file, by `council/transaction`."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name in workspace.landing.tree(folder):
        place, _, file = name.rpartition("/")
        number = file.partition(".")[0]
        if number.isdigit():
            found[place].add(int(number))
    return found


def _remove(workspace: Workspace, key: str) -> bool:
    # The results first: without them nobody builds the page again.
    return any([workspace.landing.remove(_results(key)), workspace.landing.remove(_page(key))])


def _results(key: str) -> str:
    return f"{RESULTS}/{key}.json"


def _page(key: str) -> str:
    return f"{PAGES}/{key}.html"
