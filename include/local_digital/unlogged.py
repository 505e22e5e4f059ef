"""What libraries may write into no log, at whatever level somebody sets theirs."""

from __future__ import annotations

import logging


def drop_debug_of(library: str) -> None:
    """Drop what a library's logger (by name) says at DEBUG: it tells things that nobody may read there.

    It is a filter, since a level is undone by whoever configures logging next.
    """
    logging.getLogger(library).addFilter(_above_debug)


def _above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG
