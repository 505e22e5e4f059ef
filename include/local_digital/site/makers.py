"""Other processes that make the files of councils' transactions while this one writes them."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from local_digital.site.parts import FeedFiles, Parts, Task

# So many for each process are made ahead of their turn: they wait in memory.
_AHEAD = 3
_opened: list[Parts] = []


@contextlib.contextmanager
def makers(
    number: int, opened: Callable[[], Parts], tasks: Sequence[Task], here: Callable[[Task], FeedFiles]
) -> Iterator[Callable[[Task], FeedFiles]]:
    """Yield what makes the files of a task.

    number: of processes; with none, and for what is not among the tasks, `here` makes them. opened: gives each process
    what it works with. tasks: in the order in which they will be asked for.
    """
    if not number:
        yield here
        return
    # A copy of this process would have its connections and locks, and none of its threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(number, context, initializer=_open, initargs=(opened,)) as pool:
        coming = iter(tasks)
        ahead: deque[tuple[Task, Future[FeedFiles]]] = deque()

        def fill() -> None:
            while len(ahead) < number * _AHEAD and (task := next(coming, None)):
                ahead.append((task, pool.submit(_make, task)))

        def make(task: Task) -> FeedFiles:
            fill()
            if not ahead or ahead[0][0] != task:
                return here(task)
            _, future = ahead.popleft()
            fill()
            return future.result()

        try:
            yield make
        finally:
            pool.shutdown(cancel_futures=True)


def _open(opened: Callable[[], Parts]) -> None:
    _opened.append(opened())


def _make(task: Task) -> FeedFiles:
    return _opened[0].made_here(task)
