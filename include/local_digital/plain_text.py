"""What may stand in a name or a word that is logged, stored and shown, wherever it came from."""

from __future__ import annotations

import re

# Line ends, what steers a terminal, what turns the text around it, and half letters, which no database takes.
UNSOUND = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
