"""What a robots.txt says (RFC 9309). Python's own reader knows no wildcards and takes the first rule that fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_END = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(r"\*|[a-z_-]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class _Rule(NamedTuple):
    agents: frozenset[str]
    allows: bool
    pattern: str


def allows(rules: str, agent: str, url: str) -> bool:
    """Say whether a robots.txt lets an agent ask for a URL of its host.

    rules: the text of the file. agent: a product token, compared without case; the groups for it count together, and
    where there are none those for `*` do. Of the rules that fit, the one with the longest path counts, and of equally
    long ones the one that allows.
    """
    parts = urlsplit(url)
    path = _spelt((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    if path == "/robots.txt":
        return True
    everything = list(_rules(rules))
    own = [rule for rule in everything if agent.lower() in rule.agents]
    # A group without any rule is there too, and says that everything is allowed.
    found = own or [rule for rule in everything if "*" in rule.agents]
    fitting = [(len(rule.pattern), rule.allows) for rule in found if rule.pattern and _fits(rule.pattern, path)]
    return max(fitting, default=(0, True))[1]


def _rules(text: str) -> Iterator[_Rule]:
    """Yield every rule with the agents of its group; a rule without a path, which says nothing, has no pattern."""
    agents: set[str] = set()
    naming = False
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        key, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        match key.lower():
            case "user-agent" if colon:
                token = _TOKEN.match(value.lower())
                agents = (agents if naming else set()) | ({token[0]} if token else set())
                naming = True
                yield _Rule(frozenset(agents), allows=True, pattern="")
            case ("allow" | "disallow") as verb if colon:
                naming = False
                yield _Rule(frozenset(agents), allows=verb == "allow", pattern=_spelt(value))


def _fits(pattern: str, path: str) -> bool:
    """Say whether a pattern with `*` and a closing `$` fits a path; never more work than their lengths ask for."""
    to_the_end = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
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
    plain = _ESCAPE.sub(lambda code: _plain(code[1]), path)
    return quote(plain, safe=_PRINTABLE, errors="replace")


def _plain(code: str) -> str:
    sign = chr(int(code, 16))
    return sign if _UNRESERVED.fullmatch(sign) else f"%{code.upper()}"
