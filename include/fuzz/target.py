"""What is fuzzed: a piece of the pipeline with its promises, small inputs to begin with, and what is nasty to it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from local_digital.errors import LocalDigitalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Stands in cells of the seeds, and so in what is made of them. No message may hold it.
CANARY = "Zaunkoenig"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Target:
    """check: puts one input through, and raises where a promise is broken. seeds: small inputs that are whole.

    tokens: what is nasty in this format, put into inputs now and then. longest: bytes of an input.
    """

    name: str
    about: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    longest: int = 4096


def hold(promise: str, *, kept: bool) -> None:
    """Raise AssertionError when a promise is not kept."""
    if not kept:
        raise AssertionError(promise)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Let a refusal in plain words pass, as long as it quotes no cell; anything else that is raised is a find."""
    try:
        yield
    except LocalDigitalError as error:
        # Where it was may well hold the name of a file.
        said = f"{error.expected} {error.found} {error.action}"
        hold("no message holds a value of a cell", kept=CANARY.casefold() not in said.casefold())


def chosen(data: bytes, variants: Sequence[_T]) -> tuple[_T, bytes]:
    """Return the variant that the first byte of an input picks, and the rest of the input."""
    return variants[data[0] % len(variants)] if data else variants[0], data[1:]


def each(variants: Sequence[object], *contents: bytes) -> tuple[bytes, ...]:
    """Return inputs with these contents for every one of the variants."""
    return tuple(bytes([number]) + content for number in range(len(variants)) for content in contents)
