"""Deliveries without a row that can be used, of feeds that usually have some: right in form, and no good news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_digital.errors import EmptyError
from local_digital.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_digital.workspace import FeedHandle, Workspace

# With fewer a night, one without any is chance now and then.
_USUAL = 5


def refuse_unusually_empty(workspace: Workspace, feed: FeedHandle, delivery_ids: Sequence[int]) -> None:
    """Raise EmptyError when one of some validated deliveries is empty although those before it were not.

    They were not when the last four of the same weekday, or the last eight, had five accepted rows or more each. The
    delivery stays as it is: what it says, nothing, is loaded all the same.
    """
    names = {"delivery_ids": list(delivery_ids), "usual": _USUAL}
    with workspace.engine.connect() as db:
        found = db.execute(statement("alerts/unusually_empty"), names).all()
    if found:
        raise EmptyError(
            f"{feed.name}: {found[0].name}",
            expected="rows that can be used, as in the deliveries before it",
            found="none" if len(found) == 1 else f"none in {len(found)} deliveries",
            action="Ask the council whether nothing happened or the export found nothing. If words or categories were "
            "renamed, mend `rows` or `columns` in the council's file.",
        )
