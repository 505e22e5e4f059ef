"""Which data sets the stand-in holds, and who may write to each."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from demo.private_files import read_private
from local_digital.errors import ConfigurationError

Name = Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$", max_length=60)]


class DataSet(BaseModel):
    """One data set. data_group, data_type: at most 60 of `a-z 0-9 -`. token: the bearer token that may write."""

    # A faulty file's error must not quote a token.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    data_group: Name
    data_type: Name
    token: str = Field(min_length=1, repr=False)

    @property
    def name(self) -> str:
        """The name of the stored set: the platform writes `_` for every `-`, so two addresses can share one."""
        return f"{self.data_group}_{self.data_type}".replace("-", "_")

    @property
    def path(self) -> str:
        """Where it is written and read, below the base URL."""
        return f"/data/{self.data_group}/{self.data_type}"

    def allows(self, token: str | None) -> bool:
        """Say whether this bearer token may write here."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())


def read_data_sets(file: Path) -> list[DataSet]:
    """Read a JSON file: a list of objects with data_group, data_type and token.

    Raises ConfigurationError, which never quotes a value of the file.
    """
    data_sets = read_private(file, DataSet, "data sets")
    refuse_collisions(data_sets)
    return data_sets


def refuse_collisions(data_sets: Sequence[DataSet]) -> None:
    """Raise ConfigurationError when two data sets would be stored under one name (a-b/c and a/b-c)."""
    for name, times in Counter(each.name for each in data_sets).items():
        if times > 1:
            paths = " and ".join(each.path for each in data_sets if each.name == name)
            raise ConfigurationError(
                "data sets",
                expected="every data set to be stored under a name of its own",
                found=f"{paths}, all stored as {name}",
                action="Rename a data group or a data type.",
            )
