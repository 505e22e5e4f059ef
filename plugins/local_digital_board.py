"""The rollout board in Airflow's navigation. Every process of Airflow loads this; only the API server makes the app."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/board"
# Of the page within Airflow's UI: /plugin/rollout.
ROUTE = "rollout"
_Message = MutableMapping[str, Any]


@functools.cache
def _app() -> FastAPI:
    from local_digital.board.reading import Board  # noqa: PLC0415 - see above
    from local_digital_airflow import airflow_settings  # noqa: PLC0415 - see above
    from local_digital_board_pages import build  # noqa: PLC0415 - see above

    return build(Board(airflow_settings))


async def _on_first_request(
    scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
) -> None:
    await _app()(scope, receive, send)


class RolloutBoard(AirflowPlugin):
    """`Rollout` in the navigation, and the app behind it."""

    name = "local_digital_board"
    fastapi_apps = [{"app": _on_first_request, "url_prefix": PREFIX, "name": "Rollout"}]  # noqa: RUF012 - as Airflow's
    external_views = [  # noqa: RUF012 - as Airflow's
        {
            "name": "Rollout",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": ROUTE,
            "nav_top_level": True,
        }
    ]
