"""The app of the rollout board: who may see what is Airflow's to say, what there is to see the core's."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagDetails
from airflow.api_fastapi.core_api.security import get_user, requires_access_view
from airflow.models.dag import DagModel
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException as AnyHttpException

from local_digital.board import pages
from local_digital.board.council import council_page
from local_digital.board.delivery import delivery_page, find_delivery
from local_digital.board.documents import Kind, document, has_data_docs_to_come
from local_digital.board.plan import planned
from local_digital.board.rollout import Wanted, rollout
from local_digital.board.volumes import drawn, volumes
from local_digital.calendar import midnight
from local_digital.errors import LocalDigitalError
from local_digital_board import PREFIX, ROUTE

if TYPE_CHECKING:
    from local_digital.board.reading import Board
    from local_digital.config.models import Council, Transaction

_log = logging.getLogger(__name__)
_DAGS = "council_"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_NOT_SIGNED_IN, _FORBIDDEN, _NOT_FOUND, _UNAVAILABLE = 401, 403, 404, 503
# Airflow answers a token that is none at all with 403.
_NO_TOKEN = "Invalid JWT token"  # noqa: S105 - what Airflow says
_routes = APIRouter()

Slug = Annotated[str, Path(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
DeliveryId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Size = Annotated[str, Path(pattern="^(narrow|wide)$")]
Theme = Annotated[str, Path(pattern="^(light|dark)$")]
User = Annotated[Any, Depends(get_user)]


def build(board: Board) -> FastAPI:
    """Return the app with the board's pages; nobody is let in to any of them but by Airflow's own sign-in."""
    app = FastAPI(
        title="Rollout",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
    )
    app.state.board = board
    app.include_router(_routes)
    for kind in (AnyHttpException, RequestValidationError):
        app.add_exception_handler(kind, _refuse)
    for fault in (DBAPIError, LocalDigitalError):
        app.add_exception_handler(fault, _fail)
    return app


def _board(request: Request) -> Board:
    board: Board = request.app.state.board
    return board


def _may_see(user: Any, council: str) -> bool:
    dag_id = f"{_DAGS}{council}"
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return bool(get_auth_manager().is_authorized_dag(method="GET", details=details, user=user))


def _council(request: Request, council: Slug, user: User) -> Council:
    if not _may_see(user, council):
        raise HTTPException(_FORBIDDEN)
    facts = _board(request).configuration.councils.get(council)
    if facts is None:
        raise HTTPException(_NOT_FOUND)
    return facts


def _contract(request: Request, council: Annotated[Any, Depends(_council)], transaction: Slug) -> Transaction:
    contract = _board(request).configuration.contracts.get(transaction)
    if contract is None or transaction not in council.feeds:
        raise HTTPException(_NOT_FOUND)
    return contract


def _delivery(request: Request, delivery_id: DeliveryId, user: User) -> Any:
    with _board(request).workspace.engine.connect() as db:
        row = find_delivery(db, delivery_id)
    # Whoever may not see it is not told either that it is there.
    if row is None or not _may_see(user, row.council):
        raise HTTPException(_NOT_FOUND)
    return row


OneCouncil = Annotated[Any, Depends(_council)]
OneContract = Annotated[Any, Depends(_contract)]
OneDelivery = Annotated[Any, Depends(_delivery)]


@_routes.get("/")
def show_board(
    request: Request,
    user: User,
    phase: str = "",
    tier: str = "",
    state: str = "",
    search: str = "",
    as_of: dt.date | None = None,
) -> Response:
    """The councils that the user may see, by transactions. as_of: a day to look from, now when not given."""
    board = _board(request)
    dags = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    configuration = board.configuration.only({dag.removeprefix(_DAGS) for dag in dags if dag.startswith(_DAGS)})
    with board.workspace.engine.connect() as db:
        found = rollout(db, configuration, Wanted.asked(phase, tier, state, search), _moment(as_of))
    return _html(pages.board_page(_at(request, as_of), found))


@_routes.get("/councils/{council}")
def show_council(request: Request, facts: OneCouncil, plan: str = "", as_of: dt.date | None = None) -> Response:
    """One council. plan: anything, to compute what a publish would send now."""
    board = _board(request)
    workspace, configuration = board.workspace, board.configuration
    with workspace.engine.connect() as db:
        found = council_page(db, workspace.landing, configuration, facts, _moment(as_of))
    plans = planned(workspace, configuration, facts) if plan else None
    return _html(pages.page("council.html", _at(request, as_of), title=facts.name, page=found, plan=plans))


@_routes.get("/councils/{council}/{transaction}/volumes")
def show_volumes(request: Request, facts: OneCouncil, contract: OneContract) -> Response:
    """A feed's totals as a table."""
    with _board(request).workspace.engine.connect() as db:
        found = volumes(db, facts, contract)
    names = {"council": facts, "contract": contract, "found": found}
    return _html(pages.page("volumes.html", _at(request), title=f"{facts.name}: {contract.name}", **names))


@_routes.get("/councils/{council}/{transaction}/volumes-{size}-{theme}.svg")
def draw_volumes(request: Request, facts: OneCouncil, contract: OneContract, size: Size, theme: Theme) -> Response:
    """A feed's totals as a chart."""
    with _board(request).workspace.engine.connect() as db:
        drawing = volumes(db, facts, contract).drawing
    headers = {**_HEADERS, "Content-Security-Policy": pages.DOCUMENT_POLICY}
    chart = drawn(drawing, size, theme) if drawing else pages.no_chart(theme)
    return Response(chart, 200, headers, "image/svg+xml")


@_routes.get("/deliveries/{delivery_id}")
def show_delivery(request: Request, row: OneDelivery) -> Response:
    """One delivery."""
    board = _board(request)
    with board.workspace.engine.connect() as db:
        found = delivery_page(db, board.workspace.landing, row)
    council = board.configuration.councils.get(row.council)
    contract = board.configuration.contracts.get(row.transaction)
    names = {
        "council": council.name if council else row.council,
        "contract": contract.name if contract else row.transaction,
    }
    return _html(pages.page("delivery.html", _at(request), title=f"Delivery {row.delivery_id}", page=found, **names))


@_routes.get("/deliveries/{delivery_id}/data-docs")
def show_data_docs(request: Request, row: OneDelivery) -> Response:
    """What Great Expectations says of a delivery, or when that will be there."""
    landing = _board(request).workspace.landing
    found = document(landing, "data-docs", row.council, row.transaction, row.delivery_id)
    if found is None and has_data_docs_to_come(landing, row.council, row.transaction, row.delivery_id):
        told = (
            "Housekeeping builds the Data Docs of the day's deliveries every night at 03:40.",
            f"Sooner: `local-digital data-docs {row.council}`, or trigger the DAG `housekeeping`.",
            "What was checked, and with which result, stands on the delivery's own page already.",
        )
        return _html(pages.notice(_frame(request), "Not built yet", *told), _NOT_FOUND)
    return _document(request, "data-docs", row)


@_routes.get("/deliveries/{delivery_id}/report.html")
def show_report(request: Request, row: OneDelivery) -> Response:
    """The error report of a delivery, as the council gets it."""
    return _document(request, "report.html", row)


@_routes.get("/deliveries/{delivery_id}/report.csv")
def download_report(request: Request, row: OneDelivery) -> Response:
    """The error report of a delivery, for a spreadsheet."""
    return _document(request, "report.csv", row)


@_routes.get("/assets/{name}")
def serve_asset(name: str) -> Response:
    """A style sheet, a script or a swatch of a chart's key."""
    found = pages.asset(name)
    if found is None:
        raise HTTPException(_NOT_FOUND)
    # Its name changes with its content.
    kept = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(found[0], 200, kept, found[1])


def _document(request: Request, kind: Kind, row: Any) -> Response:
    found = document(_board(request).workspace.landing, kind, row.council, row.transaction, row.delivery_id)
    if found is None:
        raise HTTPException(_NOT_FOUND)
    headers = {**_HEADERS, "Content-Security-Policy": pages.DOCUMENT_POLICY}
    if kind == "report.csv":
        headers["Content-Disposition"] = f'attachment; filename="delivery-{row.delivery_id}.report.csv"'
    return Response(found.content, 200, headers, found.media_type)


def _refuse(request: Request, error: Exception) -> Response:
    """Say in a page, which may be within Airflow's frame, why there is no other."""
    at = _frame(request)
    status = error.status_code if isinstance(error, AnyHttpException) else _NOT_FOUND
    if status == _NOT_SIGNED_IN or (isinstance(error, AnyHttpException) and error.detail == _NO_TOKEN):
        # Back to the board within Airflow, not to a page without it.
        login = f"{at.airflow}api/v2/auth/login?next={at.airflow}plugin/{ROUTE}"
        told = "You are not signed in to Airflow, or your session has ended."
        return _html(pages.notice(at, "Please sign in", told, link=(login, "Sign in")), _NOT_SIGNED_IN)
    if status == _FORBIDDEN:
        told = "Your account in Airflow may not see this. Ask whoever runs it for leave to read the council's DAG."
        return _html(pages.notice(at, "Not for you", told), status)
    title = "There is no such page" if status == _NOT_FOUND else "That did not work"
    return _html(pages.notice(at, title, f"The board is at {at.board}."), status)


def _fail(request: Request, error: Exception) -> Response:
    # Not its text: a library's own words may hold anything.
    fault = error if isinstance(error, LocalDigitalError) else type(getattr(error, "orig", error)).__name__
    _log.warning("The board cannot be shown: %s", fault)
    told = (
        "The warehouse does not answer, or has an older schema.",
        "Check that it runs, then run `local-digital migrate`.",
    )
    return _html(pages.notice(_frame(request), "The board cannot be shown", *told), _UNAVAILABLE)


def _at(request: Request, as_of: dt.date | None = None) -> pages.Addresses:
    site = _board(request).workspace.settings.site_url
    return _frame(request)._replace(site=site, as_of=str(as_of or ""))


def _frame(request: Request) -> pages.Addresses:
    """The addresses within Airflow, for which nothing needs to be up."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return pages.Addresses(f"{root}/", f"{root.removesuffix(PREFIX)}/", None)


def _html(page: pages.Html, status: int = 200) -> Response:
    return HTMLResponse(page.content, status, {**_HEADERS, "Content-Security-Policy": page.policy})


def _moment(as_of: dt.date | None) -> dt.datetime:
    return midnight(as_of) if as_of else dt.datetime.now(dt.UTC)
