"""Least privilege in the warehouse: each step works with the rights of a role that can do no more than its own.

A step's function says which by `acting_as`. The login steps down for the length of each transaction wherever it was
granted the role; `local-digital migrate` makes the roles (`sql/roles/`), or grants them their rights where an
administrator has made them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from sqlalchemy import event, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection as Database
    from sqlalchemy import Engine

    from local_digital.workspace import Workspace

# Takes deliveries in and computes figures; releases nothing.
LOADER = "local_digital_loader"
# Signs off, releases and publishes; sees no record and changes no figure.
PUBLISHER = "local_digital_publisher"
# Reads the ledger and the figures for the rollout board; sees no record.
BOARD = "local_digital_board"

# Until PostgreSQL 16 every member might.
_MAY_TAKE = """
select pg_has_role(oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
from pg_roles
where rolname = :role
"""

Given = ParamSpec("Given")
Found = TypeVar("Found")


def acting_as(
    role: str,
) -> Callable[[Callable[Concatenate[Workspace, Given], Found]], Callable[Concatenate[Workspace, Given], Found]]:
    """Let a function, whose first argument is the workspace, act in the warehouse with the rights of a role."""

    def decorate(
        step: Callable[Concatenate[Workspace, Given], Found],
    ) -> Callable[Concatenate[Workspace, Given], Found]:
        @functools.wraps(step)
        def stepped_down(workspace: Workspace, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
            return step(workspace.acting_as(role), *args, **kwargs)

        return stepped_down

    return decorate


def engine_of(engine: Engine, role: str) -> Engine:
    """Return an engine on the same connections, each of whose transactions has the rights of a role.

    It is the engine itself where its login may not take the role: such a login has the rights that somebody gave it.
    """
    if not _may_take(engine, role):
        return engine
    narrow = engine.execution_options()
    event.listen(narrow, "begin", functools.partial(_step_down, role))
    return narrow


def _may_take(engine: Engine, role: str) -> bool:
    with engine.begin() as db:
        found = db.scalar(text(_MAY_TAKE), {"role": role})
    return bool(found)


def _step_down(role: str, db: Database) -> None:
    db.exec_driver_sql(f"set local role {role}")
