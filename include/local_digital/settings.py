"""Everything that differs between installations, in one object; secrets and addresses come as connections.

On the command line they come from the environment, in Airflow from its connections
(plugins/local_digital_airflow). The core asks only this object.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_digital.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
_CONNECTION_PREFIX = "LOCAL_DIGITAL_CONN_"
_CONNECTIONS_FILE = "LOCAL_DIGITAL_CONNECTIONS_FILE"
_WAREHOUSE = "LOCAL_DIGITAL_WAREHOUSE"
_BENCHMARK_HOURS = "LOCAL_DIGITAL_BENCHMARK_HOURS"
_PAGES_KEPT = "LOCAL_DIGITAL_PAGES_KEPT"
_FEWEST_PAGES = 10


@dataclass(frozen=True)
class Connection:
    """Where a remote end is and how to be let in. The password and the extra facts stay out of `repr`.

    host: a host name for SFTP, a base URL for HTTP. extra: facts by kind of connection, see
    docs/adding-a-council.md (`host_key`, `private_key`, `tokens`, ...).
    """

    connection_id: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)

    def require(self, *names: str) -> None:
        """Raise ConfigurationError when one of host, port, login, password is empty."""
        for name in names:
            if not getattr(self, name):
                raise ConfigurationError(
                    f"connection {self.connection_id}",
                    expected=f"`{name}` to be set",
                    found="it is empty",
                    action=_how_to_connect(self.connection_id),
                )


@dataclass(frozen=True)
class Settings:
    """The installation: where configuration, warehouse and landing store are, and how to find a connection.

    warehouse: a SQLAlchemy URL (`postgresql+psycopg2://...`), or None for the embedded server under `.local/`.
    landing: an fsspec URL or a folder. spool: a private local folder for downloads that are under way. connection:
    looks up a Connection by id, or raises ConfigurationError. site: a folder or fsspec URL for the open data and the
    pages. site_url: where readers find that, with a slash at the end; None where nobody knows yet. publisher: whose
    site it is. contact: an e-mail address or a page, told to those whose websites are looked at. environment: nobody
    is told of faults unless it is `production`. alerts: a file with the channels for councils that name none.
    runbook_url: where people read docs/runbook.md. pages_kept: of how many deliveries of a feed, the newest, Data Docs
    and error reports are kept. benchmarks_stand: how long the public pages keep benchmarks though figures changed.
    """

    connection: Callable[[str], Connection] = field(repr=False)
    config: Path = ROOT / "include"
    warehouse: str | None = field(default=None, repr=False)
    landing: str = str(LOCAL / "landing")
    spool: Path = LOCAL / "spool"
    site: str = str(LOCAL / "site")
    site_url: str | None = None
    publisher: str = "Local Digital"
    contact: str | None = None
    environment: str = "development"
    alerts: Path | None = None
    runbook_url: str | None = None
    pages_kept: int = 60
    benchmarks_stand: dt.timedelta = dt.timedelta(0)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


def from_environment(
    environment: Mapping[str, str] | None = None,
    connection: Callable[[str], Connection] | None = None,
) -> Settings:
    """Read the settings from environment variables.

    LOCAL_DIGITAL_CONFIG: a directory with `councils/` and `transactions/`. LOCAL_DIGITAL_WAREHOUSE: a SQLAlchemy
    URL. LOCAL_DIGITAL_LANDING: a folder or fsspec URL. LOCAL_DIGITAL_SPOOL: a folder. LOCAL_DIGITAL_SITE: a
    folder or fsspec URL; LOCAL_DIGITAL_SITE_URL: its public address; LOCAL_DIGITAL_PUBLISHER: a name.
    LOCAL_DIGITAL_CONTACT: an e-mail address or a URL. LOCAL_DIGITAL_ENVIRONMENT: `production`, or any other word.
    LOCAL_DIGITAL_PAGES_KEPT: a whole number, 10 or more. LOCAL_DIGITAL_BENCHMARK_HOURS: a whole number.
    LOCAL_DIGITAL_ALERTS: a file; `alerts.yaml` beside `councils/` where there is one. LOCAL_DIGITAL_RUNBOOK_URL: a URL.
    LOCAL_DIGITAL_CONN_<ID>: a connection as JSON with the keys that Airflow uses (host, port, login, password, extra).
    LOCAL_DIGITAL_CONNECTIONS_FILE: a JSON file with connections by id, for those without a variable; `connection`
    replaces both. LOCAL_DIGITAL_WAREHOUSE_FILE: a file that holds the URL, where a secret may stand in no variable.

    Raises ConfigurationError for a file that cannot be read, and for a warehouse that is said both ways.
    """
    variables = os.environ if environment is None else environment

    def connection_from_environment(connection_id: str) -> Connection:
        name = _CONNECTION_PREFIX + connection_id.upper()
        if name in variables:
            return connection_from_json(connection_id, variables[name])
        file = variables.get(_CONNECTIONS_FILE)
        listed = _connections(Path(file)) if file else {}
        if connection_id not in listed:
            raise ConfigurationError(
                f"connection {connection_id}",
                expected=f"the environment variable {name}" + (f", or an entry in {file}" if file else ""),
                found="it is not there" if file else "it is not set",
                action=_how_to_connect(connection_id),
            )
        return connection_from_json(connection_id, json.dumps(listed[connection_id]))

    config = Path(variables.get("LOCAL_DIGITAL_CONFIG") or ROOT / "include").resolve()
    return Settings(
        connection=connection or connection_from_environment,
        config=config,
        warehouse=_with_driver(_warehouse(variables)),
        landing=variables.get("LOCAL_DIGITAL_LANDING") or str(LOCAL / "landing"),
        spool=Path(variables.get("LOCAL_DIGITAL_SPOOL") or LOCAL / "spool").absolute(),
        site=variables.get("LOCAL_DIGITAL_SITE") or str(LOCAL / "site"),
        site_url=_with_slash(variables.get("LOCAL_DIGITAL_SITE_URL")),
        publisher=variables.get("LOCAL_DIGITAL_PUBLISHER") or Settings.publisher,
        contact=variables.get("LOCAL_DIGITAL_CONTACT", "").strip() or None,
        environment=variables.get("LOCAL_DIGITAL_ENVIRONMENT", "").strip() or Settings.environment,
        alerts=_alerts(variables.get("LOCAL_DIGITAL_ALERTS"), config),
        runbook_url=variables.get("LOCAL_DIGITAL_RUNBOOK_URL", "").strip() or None,
        pages_kept=_pages_kept(variables.get(_PAGES_KEPT, "").strip()),
        benchmarks_stand=_hours(_BENCHMARK_HOURS, variables.get(_BENCHMARK_HOURS, "").strip()),
    )


def connection_from_json(connection_id: str, value: str) -> Connection:
    """Build a Connection from the JSON form of an Airflow connection; its text never reaches the error."""
    try:
        facts = json.loads(value)
        extra = facts.get("extra") or {}
        if isinstance(extra, str):
            extra = json.loads(extra)
        return Connection(
            connection_id=connection_id,
            host=str(facts.get("host") or ""),
            port=int(facts["port"]) if facts.get("port") else None,
            login=str(facts.get("login") or ""),
            password=str(facts.get("password") or ""),
            extra=dict(extra),
        )
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(
            f"connection {connection_id}",
            expected="a JSON object with the keys host, port, login, password and extra",
            found="something else",
            action=_how_to_connect(connection_id),
        ) from None


def _pages_kept(value: str) -> int:
    # Every run writes the error reports of the newest ten that it finds missing.
    if not value:
        return Settings.pages_kept
    if not value.isdecimal() or int(value) < _FEWEST_PAGES:
        raise ConfigurationError(
            _PAGES_KEPT, expected=f"a whole number, {_FEWEST_PAGES} or more", found=repr(value),
            action="Mend it, or unset it for the default.",
        )  # fmt: skip
    return int(value)


def _hours(name: str, value: str) -> dt.timedelta:
    if value and not value.isdecimal():
        raise ConfigurationError(
            name, expected="a whole number of hours", found=repr(value), action="Mend it, or unset it for none."
        )
    return dt.timedelta(hours=int(value or 0))


def _alerts(path: str | None, config: Path) -> Path | None:
    if path:
        return Path(path).absolute()
    usual = config / "alerts.yaml"
    return usual if usual.is_file() else None


def _warehouse(variables: Mapping[str, str]) -> str | None:
    url, file = (variables.get(name) or None for name in (_WAREHOUSE, f"{_WAREHOUSE}_FILE"))
    if url and file:
        raise ConfigurationError(
            f"environment variable {_WAREHOUSE}_FILE",
            expected=f"it or {_WAREHOUSE}",
            found="both",
            action="Unset one of them: nobody could say which database is meant.",
        )
    if not file:
        return url
    found = _text(Path(file), f"{_WAREHOUSE}_FILE").strip()
    if not found:
        raise ConfigurationError(
            f"{_WAREHOUSE}_FILE",
            expected=f"the SQLAlchemy URL of the warehouse in {file}",
            found="nothing",
            action="Write it there.",
        )
    return found


def _connections(file: Path) -> dict[str, object]:
    try:
        return dict(json.loads(_text(file, _CONNECTIONS_FILE)))
    except (ValueError, TypeError):
        raise ConfigurationError(
            _CONNECTIONS_FILE,
            expected=f"a JSON object with connections by id in {file}",
            found="something else",
            action="Mend the file (docs/deploying.md#connections).",
        ) from None


def _text(file: Path, variable: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            variable,
            expected=f"a text file {file} that this account may read",
            found=getattr(error, "strerror", None) or "other bytes",
            action="Mend the path or the permissions.",
        ) from None


def _with_driver(url: str | None) -> str | None:
    # A bare scheme means psycopg 3 since SQLAlchemy 2.1; COPY here is written for psycopg2.
    if not url:
        return None
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg2://" + url.removeprefix(scheme)
    return url


def _with_slash(url: str | None) -> str | None:
    return url.rstrip("/") + "/" if url else None


def _how_to_connect(connection_id: str) -> str:
    return (
        f"Set {_CONNECTION_PREFIX}{connection_id.upper()} as JSON, or in Airflow add the connection "
        f"`{connection_id}` (docs/adding-a-council.md#connections)."
    )
