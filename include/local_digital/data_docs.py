"""Great Expectations' Data Docs: one page a delivery, in the landing store under `data-docs/`.

The pages hold counts and line numbers, no values. They read without a network; their styling comes from the library's
usual content delivery networks when a browser can reach them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sqlalchemy import text

from local_digital.calendar import LONDON

if TYPE_CHECKING:
    from local_digital.expectations import Validation
    from local_digital.workspace import FeedHandle, Workspace


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "li{margin:.3rem 0}"
)


def render(workspace: Workspace, feed: FeedHandle, delivery_id: int, validation: Validation) -> None:
    """Write a delivery's page and the feed's index of all pages so far."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer  # noqa: PLC0415 - 2.5 s of CPU
    from great_expectations.render.view import DefaultJinjaPageView  # noqa: PLC0415

    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(validation.outcome))
    workspace.landing.put_text(f"{_folder(feed)}/{delivery_id}.html", page)
    _write_index(workspace, feed)


def remove(workspace: Workspace, feed: FeedHandle, delivery_id: int) -> bool:
    """Remove a delivery's page and its line in the index; return whether it was there."""
    gone = workspace.landing.remove(f"{_folder(feed)}/{delivery_id}.html")
    if gone:
        _write_index(workspace, feed)
    return gone


def _folder(feed: FeedHandle) -> str:
    return f"data-docs/{feed.council.council}/{feed.contract.transaction}"


def _write_index(workspace: Workspace, feed: FeedHandle) -> None:
    folder = _folder(feed)
    pages = sorted(
        (name for name in workspace.landing.names(folder) if name != "index.html"),
        key=lambda name: int(name.removesuffix(".html")),
        reverse=True,
    )
    workspace.landing.put_text(f"{folder}/index.html", _index(workspace, feed, pages))


def _index(workspace: Workspace, feed: FeedHandle, pages: list[str]) -> str:
    with workspace.engine.connect() as db:
        names = {
            row.delivery_id: f"{row.name}, received {row.received_at.astimezone(LONDON):%d %B %Y %H:%M}"
            for row in db.execute(
                text("select delivery_id, name, received_at from ledger.delivery where feed_id = :feed_id"),
                {"feed_id": feed.feed_id},
            )
        }
    title = escape(f"{feed.council.name}: {feed.contract.name}")
    links = "".join(
        f'<li><a href="{page}">Delivery {number}</a>: {escape(names.get(int(number), ""))}</li>'
        for page in pages
        for number in (page.removesuffix(".html"),)
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>Validation results, newest first.</p><ul>{links}</ul></html>"
    )
