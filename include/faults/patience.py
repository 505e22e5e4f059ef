"""Short patience: the same limits and attempts as ever, without the rests between them that a night has time for."""

from __future__ import annotations

from functools import partial

from local_digital.patience import Patience
from local_digital.publishing import data_sets
from local_digital.publishing.client import DataSetClient
from local_digital.sources import files

_REST_SECONDS = 0.02
_PLATFORM_SECONDS = 10.0
_LONGEST_SECONDS = 15.0


def be_impatient() -> None:
    """Let this process, and those that it begins, rest for a moment only where the pipeline would wait for minutes."""
    Patience._wait = lambda *_: _REST_SECONDS  # type: ignore[method-assign] # noqa: SLF001 - no setting
    files._PAUSE_SECONDS = _REST_SECONDS  # noqa: SLF001 - as above
    setattr(data_sets, "DataSetClient", partial(DataSetClient, timeout=_PLATFORM_SECONDS, longest=_LONGEST_SECONDS))  # noqa: B010 - for mypy
