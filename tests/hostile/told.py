"""What is said of an error, to whoever reads a log or a report."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from local_digital.errors import LocalDigitalError
from tests.hostile.answers import PERSON


def told(error: BaseException | None) -> str:
    """All that a log or a report would show of an error and of what lies behind it."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error.args)]
        error = error.__context__
    return "\n".join(texts)


def must_end_well(work: Callable[[], object], caplog: pytest.LogCaptureFixture, *secrets: str) -> None:
    """Do what may raise no error but ours; what is said of it is short, on one line, and holds no secret."""
    caplog.clear()
    message = said = ""
    try:
        work()
    except LocalDigitalError as error:
        message, said = str(error), told(error)
    assert len(message) < 2000
    assert message.isprintable()
    said += caplog.text
    for secret in (PERSON, "Rose Cottage", *secrets):
        assert secret not in said
