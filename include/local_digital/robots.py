"""What a robots.txt says (RFC 9309). Python's own reader knows no wildcards and takes the first rule that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import quote, urlsplit

_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
# RFC 3986, 2.2; a `%` is there for escapes only.
_RESERVED = ":/?#[]@!$&'()*+,;=%"
# These two are signs in a pattern; as themselves they are escaped, in patterns and in paths alike.
_LITERAL = str.maketrans({"*": "%2A", "$": "%24"})


class _Rule(NamedTuple):
    allows: bool
    pattern: str


@dataclass(frozen=True)
class Robots:
    """The rules of one robots.txt that count for one agent."""

    rules: tuple[_Rule, ...]

    @classmethod
    def read(cls, text: str, agent: str) -> Self:
        """Read a robots.txt once, for as many URLs of its host as may come.

        agent: a product token, compared whole and without case; the groups for it count together, and where there are
        none those for `*` do.
        """
        own: list[_Rule] = []
        everybody: list[_Rule] = []
        for_us = for_all = naming = named = False
        for line in _LINE_END.split(text.removeprefix("\ufeff")):
            key, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
            match key.lower():
                case "user-agent" if colon:
                    if not naming:
                        for_us = for_all = False
                    naming = True
                    (name,) = value.split(maxsplit=1)[:1] or [""]
                    for_us |= name.partition("/")[0].lower() == agent.lower()
                    for_all |= name == "*"
                    # A group without any rule is there too, and says that everything is allowed.
                    named |= for_us
                case ("allow" | "disallow") as verb if colon:
                    naming = False
                    if value and (for_us or for_all):
                        rule = _Rule(verb == "allow", _spelt(value))
                        own += [rule] if for_us else []
                        everybody += [rule] if for_all else []
        return cls(tuple(own if named else everybody))

    def allows(self, url: str) -> bool:
        """Say whether the agent may ask for a URL of the host.

        Of the rules that fit, the one with the longest path counts, and of equally long ones the one that allows.
        """
        parts = urlsplit(url)
        path = _spelt((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).translate(_LITERAL)
        if path == "/robots.txt":
            return True
        fitting = [(len(rule.pattern), rule.allows) for rule in self.rules if _fits(rule.pattern, path)]
        return max(fitting, default=(0, True))[1]


def _fits(pattern: str, path: str) -> bool:
    """Say whether a pattern with `*` and a closing `$` fits a path; never more work than their lengths ask for."""
    to_the_end = pattern.endswith("$")
    first, *others = (part.translate(_LITERAL) for part in pattern.removesuffix("$").split("*"))
    if not path.startswith(first):
        return False
    at = len(first)
    if not others:
        return not to_the_end or at == len(path)
    *between, last = others
    for part in between:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(last) and len(path) - len(last) >= at if to_the_end else path.find(last, at) >= 0


def _spelt(path: str) -> str:
    """Write a path in the one way in which two can be compared: what need not be escaped is not, all else is."""
    return quote(_ESCAPE.sub(lambda code: _plain(code[1]), path), safe=_RESERVED, errors="replace")


def _plain(code: str | None) -> str:
    if code is None:
        return "%25"
    sign = chr(int(code, 16))
    return sign if _UNRESERVED.fullmatch(sign) else f"%{code.upper()}"
