"""The programs that the demo starts: a process group each, noted so that a killed parent leaves no strays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from local_digital.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATIENCE_SECONDS = 25.0


@dataclass
class Processes:
    """Programs with their logs. note: the file that says which run, by process id and start, has which programs."""

    note: Path
    logs: Path
    _running: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def begin(self) -> bool:
        """End what a killed run left behind; return whether there was any such run.

        Raises ConfigurationError when another run is up.
        """
        if not self.note.exists():
            self._write()
            return False
        noted = json.loads(self.note.read_text(encoding="utf-8"))
        if _is_same(noted["parent"]):
            raise ConfigurationError(
                "demo",
                expected="no other run of it",
                found=f"one with process id {noted['parent']['pid']}",
                action="Use that one, or stop it with Ctrl-C first.",
            )
        for child in noted["children"]:
            if _is_same(child):
                _end_group(int(child["pid"]))
        self._write()
        return True

    def start(self, name: str, command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
        """Start a program in a group of its own; what it says goes to `<name>.log`. folder: where it runs."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
        self._running.append((name, process))
        self._write()

    @property
    def ids(self) -> dict[str, int]:
        """The process ids of the programs by their names."""
        return {name: process.pid for name, process in self._running}

    def ended(self) -> list[str]:
        """Return the names of the programs that have ended by themselves; what is left of their groups ends too."""
        gone = [(name, process) for name, process in self._running if process.poll() is not None]
        for name, process in gone:
            _end_group(process.pid)
            self._running.remove((name, process))
        return [name for name, _ in gone]

    def check(self) -> None:
        """Raise ConfigurationError when a program has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                raise ConfigurationError(
                    name,
                    expected="the program to stay up",
                    found=f"it ended with {process.returncode}",
                    action=f"Read {self.logs / name}.log.",
                )

    def stop(self) -> None:
        """End every program, the last one first, and forget the run."""
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_PATIENCE_SECONDS)
            _end_group(process.pid)
            process.poll()
        self._running.clear()
        self.note.unlink(missing_ok=True)

    def _write(self) -> None:
        facts = {
            "parent": _identity(os.getpid()),
            "children": [_identity(process.pid) for _, process in self._running if process.poll() is None],
        }
        self.note.parent.mkdir(parents=True, exist_ok=True)
        beside = self.note.with_suffix(".tmp")
        beside.write_text(json.dumps(facts), encoding="utf-8")
        beside.replace(self.note)


def _identity(pid: int) -> dict[str, float]:
    # A process id is given again one day; together with the start it is not.
    with contextlib.suppress(psutil.Error):
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    return {"pid": pid, "started": 0.0}


def _is_same(noted: Mapping[str, float]) -> bool:
    try:
        return abs(psutil.Process(int(noted["pid"])).create_time() - noted["started"]) < 1
    except psutil.Error:
        return False


def _end_group(group: int) -> None:
    """Ask the processes of a group to end, and kill those that do not."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, ending)
        except (ProcessLookupError, PermissionError):
            return
        until = time.monotonic() + 5
        while time.monotonic() < until:
            try:
                os.killpg(group, 0)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(0.1)
