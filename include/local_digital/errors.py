"""What can go wrong, and for each kind whether another try may help and which exit code it earns.

A message says where, what was expected, what was found and what to do next. It never holds personal data, a token
or a value of a row.
"""

import traceback
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

# Whose matter a fault is: ours or a server's, the council's export's, a file's of facts, or the public figures'.
Kind: TypeAlias = Literal["technical", "data", "contract", "publication"]

_PROJECT = Path(__file__).resolve().parents[2]


class LocalDigitalError(Exception):
    """Base of every fault that the pipeline itself raises.

    Parameters
    ----------
    where: the file and key, the council and feed, the server, the data set.
    expected, found: the two sides of the disagreement, in plain words.
    action: what the reader should do next.
    """

    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1
    kind: ClassVar[Kind] = "technical"

    def __init__(self, where: str, *, expected: str, found: str, action: str) -> None:
        super().__init__(where, expected, found, action)
        self.where = where
        self.expected = expected
        self.found = found
        self.action = action

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}; found {self.found}. {self.action}"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not survive pickling by default, and Airflow pickles them.
        return _rebuild, (type(self), self.where, self.expected, self.found, self.action)


def _rebuild(kind: type[LocalDigitalError], where: str, expected: str, found: str, action: str) -> LocalDigitalError:
    return kind(where, expected=expected, found=found, action=action)


class ConfigurationError(LocalDigitalError):
    """A council or transaction file, a setting or a connection is wrong. Only a person can mend it."""

    exit_code = 2
    kind = "contract"


class DataError(LocalDigitalError):
    """What a council delivered cannot be used. The same bytes would fail again, so there is no retry."""

    kind = "data"


class LateError(DataError):
    """The export had not arrived by the feed's deadline."""


class EmptyError(DataError):
    """A delivery has no row that can be used, where the feed's deliveries usually have some."""


class TransportError(LocalDigitalError):
    """A connection, a time-out or a passing fault at the other end: another try may well succeed."""

    retry = True


class RefusedError(LocalDigitalError):
    """The other end said no for good: credentials, a host key, an unknown data set, a request it will not take."""


class ReconciliationError(LocalDigitalError):
    """What the platform shows differs from the mart. The next publish repairs it."""

    kind = "publication"


def defect(error: BaseException) -> str:
    """Describe a fault that nobody expected by its type and where in this project it came up.

    Its text is left out: a database's, say, may quote the row that it stumbled over.
    """
    frames = [
        f"{Path(frame.filename).relative_to(_PROJECT)}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PROJECT) and ".venv" not in frame.filename
    ]
    return (
        f"{type(error).__name__}, a defect of the pipeline: {' > '.join(frames) or 'outside of it'}. Please report it."
    )
