"""Sign-off: what a feed may publish, what waits for somebody's decision, and the record of those decisions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from local_digital.calendar import local_day
from local_digital.errors import ConfigurationError
from local_digital.publishing.data_sets import Released, released
from local_digital.publishing.holds import Check, Checked, Doubt, doubts
from local_digital.publishing.releases import breakdowns_of
from local_digital.roles import PUBLISHER, acting_as
from local_digital.sql import statement
from local_digital.workspace import lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection as Database

    from local_digital.publishing.releases import Release
    from local_digital.workspace import FeedHandle, Workspace

State: TypeAlias = Literal["open", "draft", "embargoed", "waiting"]
Decision: TypeAlias = Literal["released", "kept-back"]
_GOING_LIVE = "going-live"
_DATA_SET = "data-set "
# A figure that moved by more than this share since somebody kept it back is another figure.
_MOVES = 0.1
# How many of the newest periods somebody who decides is shown.
_SHOWN_PERIODS = 8


@dataclass(frozen=True)
class KeptBack:
    """Somebody decided to keep the figures back, for these reasons."""

    decided_at: dt.datetime
    decided_by: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Newest:
    """One of the newest periods: its total now and as it was released, and its take-up."""

    period_start: dt.date
    transactions: int
    released_before: int | None
    digital_takeup: float | None

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "period_start": self.period_start.isoformat()}


@dataclass(frozen=True)
class Seen:
    """What somebody who decides is shown. data_sets: what the feed publishes. periods: how many whole there are."""

    data_sets: list[str]
    period_kind: str
    periods: int
    newest: list[Newest]
    doubts: list[Doubt]

    @property
    def going_out(self) -> str:
        """What a release makes public, in words."""
        names = ", ".join(self.data_sets) or "no data set"
        return f"To the platform go {names}; the site shows these and every KPI of the contract that the feed gives."

    def as_json(self) -> dict[str, object]:
        return {
            "data_sets": self.data_sets,
            "period_kind": self.period_kind,
            "periods": self.periods,
            "newest": [newest.as_json() for newest in self.newest],
            "doubts": [doubt.as_json() for doubt in self.doubts],
        }


@dataclass(frozen=True)
class Waiting:
    """What waits for a decision on a feed.

    reasons: `going-live`, a key for each data set that is new since the last decision, and one for each figure outside
    its band. figures: what there is to see. kept_back: the
    decision not to release for the very same reasons, if there is one: then nobody is asked again. page: the address of
    what is public now, if anything is.
    """

    council: str
    transaction: str
    reasons: tuple[str, ...]
    figures: Seen
    kept_back: KeptBack | None = None
    page: str | None = None

    @property
    def digest(self) -> str:
        """Tells one state of reasons and figures from another."""
        told = json.dumps([self.reasons, self.figures.as_json()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def as_json(self) -> dict[str, object]:
        return {
            "council": self.council,
            "transaction": self.transaction,
            "reasons": list(self.reasons),
            "figures": self.figures.as_json(),
            "kept_back_by": self.kept_back.decided_by if self.kept_back else None,
        }


@dataclass(frozen=True)
class Gate:
    """What a feed may publish now. public: it has been approved and is under no embargo, held figures or not."""

    feed: FeedHandle
    state: State
    waiting: Waiting | None = None
    public: bool = False


@dataclass(frozen=True)
class Verdict:
    """What somebody decides. seen: the digest of what they were shown, None where that was shown at this moment."""

    decision: Decision
    by: str
    through: Literal["terminal", "airflow"]
    seen: str | None = None
    note: str = ""
    run_id: str | None = None


@dataclass(frozen=True)
class Approval:
    """A verdict that is in the ledger."""

    approval_id: int
    decided_at: dt.datetime
    verdict: Verdict
    waiting: Waiting = field(repr=False)


def gate(
    db: Database, feed: FeedHandle, *, run_id: str | None, judged: bool = True, today: dt.date | None = None
) -> Gate:
    """Say what a feed may publish by its stage, its embargo, the decisions on it and its figures.

    run_id: the run that asks; figures that are held back are then noted in the ledger, within the transaction of `db`.
    None only looks. judged: whether the figures are looked at, as what is not made of them needs not. today: the London
    day, now when not given. A feed on trial is `open`, to its own sink.
    """
    stage = feed.feed.stage
    if run_id is not None:
        lock(db, "sign-off", feed.feed_id)
        _see_stage(db, feed)
    if stage != "live":
        return Gate(feed, "draft" if stage == "draft" else "open")
    until = feed.feed.embargo_until
    if until and (today or local_day(dt.datetime.now(dt.UTC))) < until:
        return Gate(feed, "embargoed")
    names = {"feed_id": feed.feed_id}
    approved = db.execute(statement("sign_off/going_live"), names).first() is not None
    added = sorted(feed.feed.publish.keys() - set(db.scalars(statement("sign_off/known_data_sets"), names)))
    if not judged:
        asked = any(feed.contract.data_sets[name].availability for name in added)
        return Gate(feed, "open" if approved and not asked else "waiting", public=approved)
    doubtful = _doubts(db, feed, released(db, feed, run_id=None))
    if run_id is not None:
        _note_holds(db, feed, doubtful, run_id)
    if approved and not doubtful and not added:
        return Gate(feed, "open", public=True)
    new = [f"{_DATA_SET}{name}" for name in added] if approved else [_GOING_LIVE]
    reasons = (*new, *(doubt.reason for doubt in doubtful))
    seen = _figures(db, feed, doubtful)
    waiting = Waiting(
        feed.council.council,
        feed.contract.transaction,
        reasons,
        seen,
        _kept_back(db, feed, reasons, seen),
    )
    return Gate(feed, "waiting", waiting, public=approved)


def briefly(reasons: Sequence[str]) -> str:
    """Say in a few words why somebody is asked, or was."""
    going_live = ["going live"] * (_GOING_LIVE in reasons)
    added = [reason.removeprefix(_DATA_SET) for reason in reasons if reason.startswith(_DATA_SET)]
    doubts = len(reasons) - len(going_live) - len(added)
    new = [f"new data set{'s' * (len(added) > 1)} {', '.join(added)}"] * bool(added)
    return " and ".join([*going_live, *new, *([f"{doubts} unusual figure{'s' * (doubts > 1)}"] * (doubts > 0))])


@acting_as(PUBLISHER)
def decide(workspace: Workspace, feed: FeedHandle, verdict: Verdict) -> Approval:
    """Record somebody's verdict on what waits, with the figures; the next publish acts on it.

    Raises ConfigurationError when nothing waits, or when that is no longer what they saw.
    """
    with workspace.engine.begin() as db:
        lock(db, "sign-off", feed.feed_id)
        _see_stage(db, feed)
        waiting = gate(db, feed, run_id=None).waiting
        if waiting is None:
            raise ConfigurationError(
                feed.name,
                expected="figures that wait for a decision",
                found=f"none (stage {feed.feed.stage})",
                action="Nothing to do; `local-digital publish --dry-run` shows what would go out.",
            )
        if verdict.seen is not None and verdict.seen != waiting.digest:
            raise ConfigurationError(
                feed.name,
                expected="the figures that were shown",
                found="newer ones",
                action="Look at them again and decide anew.",
            )
        if verdict.decision == "released":
            # What was never held by a run is accepted with the rest.
            _note_holds(db, feed, waiting.figures.doubts, verdict.run_id or verdict.through)
        row = db.execute(
            statement("sign_off/add_approval"),
            {
                "feed_id": feed.feed_id,
                "decided_by": verdict.by,
                "through": verdict.through,
                "decision": verdict.decision,
                "reasons": list(waiting.reasons),
                "figures": json.dumps(waiting.figures.as_json()),
                "note": verdict.note,
                "run_id": verdict.run_id,
            },
        ).one()
        if verdict.decision == "released":
            names = {"feed_id": feed.feed_id, "approval_id": row.approval_id}
            db.execute(statement("sign_off/settle_holds"), names)
    return Approval(row.approval_id, row.decided_at, verdict, waiting)


def _see_stage(db: Database, feed: FeedHandle) -> None:
    db.execute(statement("sign_off/note_stage"), {"feed_id": feed.feed_id, "stage": feed.feed.stage})


def _names(feed: FeedHandle, period_kind: str) -> dict[str, object]:
    return {
        "feed_id": feed.feed_id,
        "council": feed.council.council,
        "transaction": feed.contract.transaction,
        "period_kind": period_kind,
    }


def _doubts(db: Database, feed: FeedHandle, decided: Released) -> list[Doubt]:
    kind = feed.feed.shortest_period
    names, rules = _names(feed, kind), feed.contract.holds
    found = [
        *doubts("volume", kind, _checked(db, "volume", names), rules),
        *doubts("take-up", kind, _checked(db, "take-up", names), rules),
    ]
    for each, periods in sorted(decided.items()):
        found += _too_much_withheld(db, feed, each, periods)
    found += [
        Doubt("gone", row.period_kind, row.period_start, 0.0, float(row.reports), float(row.reports))
        for row in db.execute(statement("sign_off/gone"), names)
    ]
    return found


def _checked(db: Database, check: Literal["volume", "take-up"], names: dict[str, object]) -> list[Checked]:
    accepted = _accepted(db, check, names)
    return [
        Checked(
            row.period_start,
            float(row.found),
            int(row.weight),
            None if row.before is None else float(row.before),
            _known(None if row.first is None else float(row.first), accepted.get(row.period_start)),
        )
        for row in db.execute(statement(f"sign_off/checked_{check.replace('-', '_')}"), names)
    ]


def _accepted(db: Database, check: Check, names: dict[str, object]) -> dict[dt.date, float]:
    """Return the figure of each period that somebody accepted after a hold, the newest of them."""
    rows = db.execute(statement("sign_off/accepted"), {**names, "check_name": check})
    return {row.period_start: float(row.found) for row in rows}


def _known(*figures: float | None) -> tuple[float, ...]:
    return tuple(figure for figure in figures if figure is not None)


def _too_much_withheld(db: Database, feed: FeedHandle, kind: str, decided: Mapping[dt.date, Release]) -> list[Doubt]:
    """Of each period only the table that withholds most is doubted."""
    names = _names(feed, kind)
    before = {
        (row.data_set, row.period_start): _share_withheld(int(row.shown), row.total)
        for row in db.execute(statement("sign_off/shown_by_data_set"), names)
    }
    accepted = _accepted(db, "withheld", names)
    totals = {row.period_start: row.reports for row in db.execute(statement("publish/finished_periods"), names)}
    worst: dict[dt.date, Doubt] = {}
    for name in feed.feed.publish:
        data_set = feed.contract.data_sets[name]
        if data_set.period != kind or not (data_set.breakdown and data_set.threshold):
            continue
        breakdowns = breakdowns_of(data_set)
        figures = []
        for start, period in sorted(decided.items()):
            shown = sum(period.shown(breakdowns, {}).values())
            figures.append(
                Checked(
                    start,
                    _share_withheld(shown, totals[start]),
                    totals[start],
                    before.get((name, start)),
                    _known(before.get((name, start)), accepted.get(start)),
                )
            )
        for doubt in doubts("withheld", kind, figures, feed.contract.holds):
            if doubt.period_start not in worst or doubt.found > worst[doubt.period_start].found:
                worst[doubt.period_start] = doubt
    return [worst[start] for start in sorted(worst)]


def _share_withheld(shown: int, total: int) -> float:
    """Return how much of a total the shown counts leave untold; transactions without a label are among that."""
    return 1 - shown / total if total else 0.0


def _note_holds(db: Database, feed: FeedHandle, doubtful: list[Doubt], run_id: str) -> None:
    held = {
        "feed_id": feed.feed_id,
        "run_id": run_id,
        "check_names": [doubt.check for doubt in doubtful],
        "period_kinds": [doubt.period_kind for doubt in doubtful],
        "period_starts": [doubt.period_start for doubt in doubtful],
        "found": [doubt.found for doubt in doubtful],
        "lowest": [doubt.lowest for doubt in doubtful],
        "highest": [doubt.highest for doubt in doubtful],
    }
    db.execute(statement("sign_off/raise_holds"), held)
    db.execute(statement("sign_off/lift_holds"), held)


def _figures(db: Database, feed: FeedHandle, doubtful: list[Doubt]) -> Seen:
    kind = feed.feed.shortest_period
    names = _names(feed, kind)
    volume = _checked(db, "volume", names)
    take_up = {figure.period_start: figure.found for figure in _checked(db, "take-up", names)}
    newest = [
        Newest(
            figure.period_start,
            int(figure.found),
            None if figure.before is None else int(figure.before),
            round(take_up[figure.period_start], 4) if figure.period_start in take_up else None,
        )
        for figure in volume[-_SHOWN_PERIODS:]
    ]
    return Seen(sorted(feed.feed.publish), kind, len(volume), newest, doubtful)


def _kept_back(db: Database, feed: FeedHandle, reasons: tuple[str, ...], seen: Seen) -> KeptBack | None:
    """Return the newest decision if it was to keep these very figures back.

    Another reason, a figure that has moved, and beside an unusual figure a new period, which waits with it, are worth
    another question.
    """
    row = db.execute(statement("sign_off/kept_back"), {"feed_id": feed.feed_id}).first()
    if row is None or not set(reasons) <= set(row.reasons):
        return None
    then = {(each["check"], each["period_kind"], each["period_start"]): each["found"] for each in row.figures["doubts"]}
    for doubt in seen.doubts:
        before = then.get((doubt.check, doubt.period_kind, doubt.period_start.isoformat()))
        if before is None or abs(doubt.found - before) > _MOVES * abs(before):
            return None
    if seen.doubts and [newest.period_start.isoformat() for newest in seen.newest[-1:]] != [
        newest["period_start"] for newest in row.figures["newest"][-1:]
    ]:
        return None
    return KeptBack(row.decided_at, row.decided_by, tuple(row.reasons))
