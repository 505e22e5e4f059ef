"""`python -m demo run` stays up until Ctrl-C; `python -m demo demo` writes `.local/demo/summary.json` and ends."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console

from demo.council import FOLDER, resend_corrected
from demo.stack import DAG, Stack
from demo.summary import show, summary
from local_digital.errors import LocalDigitalError

if TYPE_CHECKING:
    from pathlib import Path

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_out = Console()


def main() -> int:
    """Run the demo in the mode given on the command line; return the exit code."""
    if sys.argv[1:] not in (["run"], ["demo"]):
        sys.stderr.write("usage: python -m demo run|demo\n")
        return 2
    stop_on_signals()
    stack = Stack(lambda line: _out.print(line, markup=False, highlight=False))
    try:
        with stack.running():
            failed = _main_job(stack)
            if sys.argv[1] == "run":
                _stay_up(stack)
    except LocalDigitalError as error:
        _out.print(str(error), style="red", markup=False, highlight=False)
        return error.exit_code
    except KeyboardInterrupt:
        return 0 if sys.argv[1] == "run" else 130
    return 1 if failed else 0


def _main_job(stack: Stack) -> bool:
    """Run the DAG, let the council re-send its corrected file, run again; print and write the summary."""
    name = f"demo__{dt.datetime.now(dt.UTC):%Y-%m-%dT%H-%M-%S}"
    runs: dict[str, str] = {}
    tasks: dict[str, dict[str, float]] = {}

    def run(run_id: str, stage: str) -> None:
        with stack.stage(stage), _out.status(stage) as status:
            runs[run_id], tasks[run_id] = stack.run_once(
                run_id, lambda states: status.update(f"{stage}: {_progress(states)}")
            )

    run(f"{name}__1", "run: the exports as they lie there")
    before = _listing(stack.council_folder / FOLDER)
    resend_corrected(stack.council_folder)
    if before != _listing(stack.council_folder / FOLDER):
        run(f"{name}__2", "run: after the council re-sent a corrected file")
    stack.airflow.pause(DAG, paused=True)  # the sample council has no further nights to deliver
    facts = summary(stack, runs, tasks)
    (stack.folder / "demo" / "summary.json").write_text(json.dumps(facts, indent=2, default=str), encoding="utf-8")
    show(_out, facts)
    failed = {run_id: state for run_id, state in runs.items() if state != "success"}
    for run_id, state in failed.items():
        _out.print(f"Run {run_id}: {state}; read .local/logs/airflow.", style="red", markup=False)
    return bool(failed)


def _progress(tasks: list[dict[str, Any]]) -> str:
    return "  ".join(f"{task['task_id'].rpartition('.')[2]}={task['state'] or 'waiting'}" for task in tasks)


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    # The file still being uploaded grows meanwhile; it is no part of the correction.
    finished = [file for file in folder.iterdir() if file.suffix == ".csv"]
    return {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(finished)[:-1]}


def _stay_up(stack: Stack) -> None:
    _out.print("Everything stays up until Ctrl-C.", style="bold")
    while True:
        stack.processes.check()
        time.sleep(2)


def stop_on_signals() -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal raise KeyboardInterrupt, once: nothing may cut the stopping short.

    SIGINT too gets a handler of its own, since a shell starts programs in the background with SIGINT ignored, and
    those that we start would inherit that.
    """
    for number in _STOPPING:
        signal.signal(number, _stop)


def _stop(number: int, frame: object) -> NoReturn:
    del number, frame
    for each in _STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
