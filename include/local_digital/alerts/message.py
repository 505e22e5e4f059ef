"""A message: what is wrong, since when, what to do and where to look, as facts and in words. No value of any row."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from local_digital.calendar import LONDON
from local_digital.errors import Kind

About: TypeAlias = Literal["run", "late", "came", "test"]

_RUNBOOK = "docs/runbook.md"
# The runbook's rows for messages, by step and error; the first that fits. Empty fits any.
_ROWS = (
    ("extract", "LateError", "message-late-export"),
    ("extract", "RefusedError", "message-refused"),
    ("extract", "TransportError", "message-unreachable"),
    ("extract", "DataError", "message-unusable"),
    ("validate", "EmptyError", "message-empty"),
    ("validate", "DataError", "message-rejected"),
    ("publish", "RefusedError", "message-publish"),
    ("publish", "TransportError", "message-publish"),
    ("reconcile", "ReconciliationError", "message-reconcile"),
    ("delivery", "LateFeed", "message-late-feed"),
    ("", "ConfigurationError", "message-configuration"),
    ("", "Defect", "message-defect"),
    ("", "Unexplained", "message-unexplained"),
    ("", "", "message-failed"),
)
ROWS = tuple(row for _, _, row in _ROWS)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. since: when the same was first told or noted, where this is not the first time."""

    transaction: str
    step: str
    error: str
    kind: Kind
    place: str
    expected: str
    found: str
    action: str
    since: dt.datetime | None = None

    @property
    def runbook(self) -> str:
        """The anchor of the runbook's row about it."""
        return next(
            row for step, error, row in _ROWS if step in {"", self.step} and error in {"", self.error}
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "since": self.since.isoformat() if self.since else None, "runbook": self.runbook}


@dataclass(frozen=True)
class Message:
    """name: of the council, or of the installation. lead: the first sentence. remarks: what else to know.

    link: to the run in Airflow, or to the DAG; None where nobody knows its address.
    """

    about: About
    council: str
    name: str
    subject: str
    lead: str
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    run_id: str | None = None
    link: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "problems": [problem.as_json() for problem in self.problems]}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Message:
        problems = [
            Problem(
                **{
                    **{name: value for name, value in problem.items() if name != "runbook"},
                    "since": dt.datetime.fromisoformat(problem["since"]) if problem["since"] else None,
                }
            )
            for problem in facts["problems"]
        ]
        return cls(**{**facts, "problems": tuple(problems), "remarks": tuple(facts["remarks"])})

    def text(self, runbook_url: str | None) -> str:
        """Return the message in plain words, without its subject. runbook_url: where people read the runbook."""
        numbered = len(self.problems) > 1
        parts = [self.lead]
        for number, problem in enumerate(self.problems, 1):
            still = f" Still: since {moment(problem.since)}." if problem.since else ""
            head = f"{called(problem)} ({problem.kind}).{still}"
            parts.append(
                "\n".join(
                    [
                        f"{number}. {head}" if numbered else head,
                        f"Where: {problem.place}",
                        f"Expected: {problem.expected}",
                        f"Found: {problem.found}",
                        f"What to do: {problem.action}",
                        f"Runbook: {row_url(problem, runbook_url)}",
                    ]
                )
            )
        parts += self.remarks
        if self.link:
            parts.append(f"{'The run' if self.run_id else 'In Airflow'}: {self.link}")
        return "\n\n".join(parts) + "\n"


def called(problem: Problem) -> str:
    """Return a problem's feed and step in words."""
    return " ".join(filter(None, (problem.transaction, problem.step)))


def row_url(problem: Problem, runbook_url: str | None) -> str:
    return f"{runbook_url or _RUNBOOK}#{problem.runbook}"


def moment(when: dt.datetime) -> str:
    return f"{when.astimezone(LONDON):%-d %B %Y, %H:%M}"


def day(when: dt.datetime) -> str:
    return f"{when.astimezone(LONDON):%-d %B %Y}"
