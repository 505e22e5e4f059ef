"""`make run` stops on every signal that asks it to, wherever it was started from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from local_digital.settings import ROOT

_PROGRAM = """
import signal
from demo.__main__ import stop_on_signals
stop_on_signals()
try:
    print("up", flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("stopping", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_in_the_background_of_a_script_stops_when_it_is_told_to(number: signal.Signals) -> None:
    # What such a shell does: programs with & at their end start with SIGINT ignored.
    ignored = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", ignored, sys.executable, "-c", _PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "up\n"
        program.send_signal(number)
        assert program.stdout.readline() == "stopping\n"
        assert program.wait(30) == 0
