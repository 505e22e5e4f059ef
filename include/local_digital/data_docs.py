"""Great Expectations' Data Docs: one page a delivery, in the landing store under `data-docs/`.

The pages hold counts and line numbers, no values. They read without a network; their styling comes from the library's
usual content delivery networks when a browser can reach them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_digital.expectations import Validation
    from local_digital.workspace import FeedHandle, Workspace


def render(workspace: Workspace, feed: FeedHandle, delivery_id: int, validation: Validation) -> None:
    """Write a delivery's page and the feed's index of all pages so far."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer  # noqa: PLC0415 - 2.5 s of CPU
    from great_expectations.render.view import DefaultJinjaPageView  # noqa: PLC0415

    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(validation.outcome))
    folder = f"data-docs/{feed.council.council}/{feed.contract.transaction}"
    workspace.landing.put_text(f"{folder}/{delivery_id}.html", page)
    pages = sorted(
        (name for name in workspace.landing.names(folder) if name != "index.html"),
        key=lambda name: int(name.removesuffix(".html")),
        reverse=True,
    )
    title = escape(f"{feed.council.name}: {feed.contract.name}")
    links = "".join(f'<li><a href="{name}">Delivery {name.removesuffix(".html")}</a></li>' for name in pages)
    workspace.landing.put_text(
        f"{folder}/index.html",
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>Validation results, newest first.</p><ul>{links}</ul></html>",
    )
