"""Councils with one feed each, in one warehouse, brought into every state that the board knows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_digital.extract import take_files
from local_digital.load import load
from local_digital.publishing.sign_off import Verdict, decide
from local_digital.validate import validate
from tests.anywhere import FEED, Anywhere
from tests.kpis.exports import feed_of

if TYPE_CHECKING:
    from pathlib import Path

    from local_digital.workspace import FeedHandle, Workspace

# The morning after the night of the newest export.
NOW = dt.datetime(2025, 11, 5, 8, 0, tzinfo=dt.UTC)
NIGHT = "20251104.csv"
PERSONAL = ("Ms Zebedee Quill", "zebedee@example.org", "1 Sorrel Lane")
HEADER = "record_ref,reported_at,channel,Customer,Email,Address"
GOOD = "1,2025-11-03T10:00:00Z,online," + ",".join(PERSONAL)
BAD = "2,2025-02-31T10:00:00Z,online," + ",".join(PERSONAL)
# No authority's: a council that is only being tried.
NOBODY = "E00000000"


def export(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


@dataclass
class Places:
    workspace: Workspace
    folder: Path

    def add(self, slug: str, *, facts: dict[str, Any] | None = None, **feed: Any) -> FeedHandle:
        """Write the file of a council with one feed. facts: of the council."""
        place = Anywhere(
            self.workspace,
            self.folder,
            **{
                "council": slug, "name": slug.replace("-", " ").title(), "gss_code": NOBODY,
                "platform": {"connection": "platform", "trial": "trial", "data_group": slug},
                **(facts or {}),
            },
        )  # fmt: skip
        ignored = ["Customer", "Email", "Address"]
        return place.configure(
            **feed_of(FEED, (), ignored_columns=ignored, publish={"transactions-by-channel": {}}, **feed)
        )

    def deliver(self, feed: FeedHandle, content: str, name: str = NIGHT, run_id: str = "scheduled__1") -> None:
        """Take a file through to the warehouse, whatever becomes of it."""
        path = self.folder / name
        path.write_text(content, "utf-8")
        take_files(self.workspace, feed, [path], run_id=run_id)
        validate(self.workspace, feed)
        load(self.workspace, feed)

    def decide(self, feed: FeedHandle, decision: Any = "released", note: str = "") -> None:
        decide(self.workspace, feed, Verdict(decision, by="Ada Approver", through="terminal", note=note))
