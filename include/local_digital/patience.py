"""Patience with servers: which faults may pass, how long to wait, and when to give up. For all HTTP clients."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

PASSING_STATUS = frozenset({429, 500, 502, 503, 504})
_PASSING_FAULTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
_LONGEST_BACKOFF = 60.0
_log = logging.getLogger(__name__)
_Outcome = TypeVar("_Outcome")


class PassingError(Exception):
    """One attempt failed in a way that another may not. Its text is fit for a log."""

    def __init__(self, found: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(found)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Patience:
    """where: for the log. attempts: how often a passing fault is met. longest_wait: seconds. sleep: waits so many."""

    where: str
    attempts: int
    longest_wait: float
    sleep: Callable[[float], None]

    def insist(self, attempt: Callable[[], _Outcome]) -> _Outcome:
        """Call until it does not raise PassingError; raise the last one when the attempts are used up."""
        tries = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception_type(PassingError),
            sleep=self.sleep,
            before_sleep=self._log_fault,
            reraise=True,
        )
        return tries(attempt)

    def _wait(self, state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, PassingError) and fault.retry_after is not None:
            return min(fault.retry_after, self.longest_wait)
        # Anything from nothing to the doubled wait, so that many councils do not come back at the same moment.
        return wait_random_exponential(max=min(_LONGEST_BACKOFF, self.longest_wait))(state)

    def _log_fault(self, state: RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        _log.warning(
            "%s: %s at attempt %d of %d, another in %.1f s",
            self.where, fault, state.attempt_number, self.attempts, state.upcoming_sleep,
        )  # fmt: skip


def is_untrusted(error: requests.RequestException) -> bool:
    """Say whether a fault is a certificate that is not trusted."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def may_pass(error: requests.RequestException) -> bool:
    """Say whether another attempt may go better."""
    return isinstance(error, _PASSING_FAULTS) and not is_untrusted(error)


def retry_after(answer: requests.Response) -> float | None:
    """Return the seconds an answer asks us to wait, from either form of Retry-After."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC)
        return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
