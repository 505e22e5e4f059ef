"""Shows broken council and transaction files as an import error, apart from the councils that are fine."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from local_digital.config.loading import load_councils
from local_digital.errors import ConfigurationError
from local_digital.settings import from_environment


def _refuse_broken_files() -> None:
    config = from_environment().config
    errors = load_councils(config)[1]
    if errors:
        raise ConfigurationError(
            str(config),
            expected="every council and transaction file to be right",
            found=f"{len(errors)} wrong: " + " | ".join(str(error).rstrip(".") for error in errors),
            action="The other councils go on; `local-digital check` reads the files again.",
        )


if get_parsing_context().dag_id is None:
    _refuse_broken_files()
