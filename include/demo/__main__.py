"""`python -m demo run` stays up until Ctrl-C; `python -m demo demo` writes `.local/demo/summary.json` and ends.

`python -m demo distributed` does as `demo` on the distributed topology, below `.local/distributed/`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from demo.stack import Stack
from demo.story import plans
from demo.summary import show, summary
from local_digital.errors import LocalDigitalError

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Where the output is no terminal, its width is anybody's guess; the tables are made for this one.
_WIDTH = 120

_out = Console(width=None if sys.stdout.isatty() else _WIDTH)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo in the mode given on the command line; return the exit code. arguments: in place of those."""
    parser = argparse.ArgumentParser(prog="python -m demo")
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("run", help="stay up until Ctrl-C")
    modes.add_parser("demo", help="write a summary and end")
    distributed = modes.add_parser("distributed", help="the same with Redis, Celery workers and an object store")
    distributed.add_argument("--workers", type=int, choices=range(1, 10), default=2, metavar="N", help="1 to 9")
    options = parser.parse_args(arguments)
    stop_on_signals()
    stack = _stack(options)
    try:
        with stack.running():
            failed = _main_job(stack)
            if options.mode == "run":
                _stay_up(stack)
    except LocalDigitalError as error:
        _out.print(str(error), style="red", markup=False, highlight=False)
        return error.exit_code
    except KeyboardInterrupt:
        return 0 if options.mode == "run" else 130
    return 1 if failed else 0


def _stack(options: argparse.Namespace) -> Stack:
    def say(line: str) -> None:
        _out.print(line, markup=False, highlight=False)

    if options.mode != "distributed":
        return Stack(say)
    from demo.distributed import DistributedStack  # noqa: PLC0415 - the others need no Celery and no S3

    return DistributedStack(say, worker_count=options.workers)


def _main_job(stack: Stack) -> bool:
    """Run all councils' DAGs, print and write the summary; say whether anything went otherwise than it should."""
    steps = plans(stack.sample)
    stage = f"the runs of {len(steps)} councils, side by side"
    name = f"demo__{dt.datetime.now(dt.UTC):%Y-%m-%dT%H-%M-%S}"
    with stack.stage(stage), _out.status(stage) as status:
        runs = stack.carry_out(
            steps, name, (lambda now: status.update(f"{stage}: {now}")) if _out.is_terminal else None
        )
    with stack.stage("the open data and the pages"):
        stack.build_site(name)
    facts = summary(stack, runs)
    stack.add_facts(facts, runs, stack.seconds[stage])
    stack.summary_file.write_text(json.dumps(facts, indent=2, default=str), encoding="utf-8")
    show(_out, facts)
    return bool(facts["complaints"])


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
