"""How long something takes, how much processor time and how much memory, in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Measured:
    """seconds: by the clock. cpu: seconds of processor time of the process itself, servers not counted. peak_mib: the
    most memory it had at once, its libraries included. result: what the function returned.
    """

    seconds: float
    cpu: float
    peak_mib: int
    result: Any


def in_own_process(work: Callable[..., Any], *given: Any) -> Measured:
    """Call a function of a module in a new process; it may return what can be pickled.

    `work` is a generator function: what it does up to its first `yield` (imports, connections) is not measured, what
    comes after is, and it ends by yielding its result. Raises RuntimeError when the process dies.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(sending, work, given))
    child.start()
    sending.close()
    try:
        measured: Measured = receiving.recv()
    except EOFError:
        child.join()
        raise RuntimeError(f"{work.__module__}.{work.__name__} ended with exit code {child.exitcode}") from None
    child.join()
    return measured


def _run(sending: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    steps = work(*given)
    next(steps)
    started, cpu = time.perf_counter(), time.process_time()
    result = next(steps)
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    steps.close()
    sending.send(Measured(seconds, used, _peak_mib(), result))


def _peak_mib() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        import resource  # noqa: PLC0415 - where there is no /proc; this counts in bytes on a Mac

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    # Unlike ru_maxrss this forgets what the process was before it became this program.
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) >> 10
