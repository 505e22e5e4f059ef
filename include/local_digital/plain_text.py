"""What may stand in a name or a word that is logged, stored and shown, wherever it came from."""

from __future__ import annotations

import re

# What steers a terminal, ends a path early or turns the text around it, and half letters, which no database takes.
_NOWHERE = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
UNSOUND = re.compile(rf"[\t\n{_NOWHERE}]")
# For texts that may have tabs and line ends in them, such as the name of a column.
UNSOUND_IN_LINES = re.compile(f"[{_NOWHERE}]")
