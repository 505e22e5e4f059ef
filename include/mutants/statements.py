"""The mutants of a SQL statement: the same text with one condition, operator, join or constant changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import Token, TokenType, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator

# Limits are moved by one, and turned round.
_COMPARISONS = {
    TokenType.EQ: ("<>",), TokenType.NEQ: ("=",), TokenType.LT: ("<=", ">="), TokenType.LTE: ("<", ">"),
    TokenType.GT: (">=", "<="), TokenType.GTE: (">", "<"),
}  # fmt: skip
_WORDS = {
    "and": "or", "or": "and", "left": "inner", "inner": "left", "desc": "asc", "asc": "desc", "true": "false",
    "false": "true", "distinct": "", "any": "all", "greatest": "least", "least": "greatest", "sum": "max", "max": "min",
    "min": "max", "floor": "ceil", "ceil": "floor", "bool_or": "bool_and", "bool_and": "bool_or", "coalesce": "nullif",
    "+": "-", "-": "+", "*": "/", "/": "*",
}  # fmt: skip
_CALLED = {"any", "greatest", "least", "sum", "max", "min", "floor", "ceil", "bool_or", "bool_and", "coalesce"}
# What a condition begins after, and what it goes on to.
_BEFORE_CONDITION = {TokenType.WHERE, TokenType.ON, TokenType.HAVING, TokenType.WHEN, TokenType.AND, TokenType.OR}
_AFTER_CONDITION = {
    TokenType.AND, TokenType.OR, TokenType.THEN, TokenType.WHERE, TokenType.ON, TokenType.GROUP_BY, TokenType.ORDER_BY,
    TokenType.HAVING, TokenType.LIMIT, TokenType.UNION, TokenType.INNER, TokenType.LEFT, TokenType.CROSS,
    TokenType.RETURNING, TokenType.COMMA, TokenType.SEMICOLON, TokenType.FOR,
}  # fmt: skip
# `on conflict`, `on commit drop`
_NO_CONDITION = {"conflict", "commit"}
_NOT_IN_SET = {TokenType.WHERE, TokenType.FROM, TokenType.ON, TokenType.SELECT}
_CONSTANTS = {"Europe/London": "UTC", "week": "month", "month": "week", "quarter": "month", "day": "week"}
_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET}


@dataclass(frozen=True)
class Mutant:
    """One change of `sql/<statement>.sql`: the text between two offsets, and what stands there instead."""

    statement: str
    start: int
    end: int
    place: str
    was: str
    becomes: str

    @property
    def name(self) -> str:
        return f"{self.statement}.sql:{self.place} {self.was} -> {self.becomes or 'nothing'}"

    def applied(self, text: str) -> str:
        return f"{text[: self.start]}{self.becomes}{text[self.end :]}"


def mutants_of(statement: str, text: str) -> list[Mutant]:
    """Return all mutants of a statement in the order of its text; comments and column lists are left alone.

    Not all are statements that PostgreSQL takes: whoever runs them has to tell.
    """
    tokens = tokenize(text, read="postgres")
    found = {
        (start, end, becomes): Mutant(
            statement, start, end, _place(text, start), " ".join(text[start:end].split()), becomes
        )
        for start, end, becomes in _changes(tokens, text)
        if text[start:end] != becomes
    }
    return [found[key] for key in sorted(found)]


def _place(text: str, start: int) -> str:
    return f"{text.count(chr(10), 0, start) + 1}:{start - text.rfind(chr(10), 0, start)}"


def _changes(tokens: list[Token], text: str) -> Iterator[tuple[int, int, str]]:
    for number, token in enumerate(tokens):
        for becomes in _becomes(tokens, number, text):
            yield token.start, token.end + 1, becomes
        after = tokens[number + 1] if number + 1 < len(tokens) else None
        if after is None:
            continue
        if token.token_type is TokenType.UNION and after.token_type is TokenType.ALL:
            yield token.start, after.end + 1, "union"
        elif token.token_type is TokenType.DISTINCT and after.token_type is TokenType.FROM:
            yield from _one_less_compared(tokens, number, text)
        elif (
            token.token_type in _BEFORE_CONDITION
            and after.text.lower() not in _NO_CONDITION
            and not _is_of_between(tokens, number)
            and (last := _end_of_condition(tokens, number + 1)) is not None
        ):
            yield after.start, last.end + 1, "true"


def _becomes(tokens: list[Token], number: int, text: str) -> Iterator[str]:
    """Yield what stands in place of one token."""
    token = tokens[number]
    before = tokens[number - 1].token_type if number else None
    after = tokens[number + 1].token_type if number + 1 < len(tokens) else None
    word = text[token.start : token.end + 1].lower()
    kind = token.token_type
    if kind in _COMPARISONS and not _assigns(tokens, number):
        yield from _COMPARISONS[kind]
    elif kind is TokenType.NUMBER:
        if before is TokenType.SELECT and after is TokenType.FROM:
            # `exists (select 1 from ...)`: nobody asks for what stands there.
            return
        yield str(int(word) + 1) if word.isdigit() else str(float(word) / 2)
    elif kind is TokenType.STRING:
        yield f"'{_other(token.text)}'"
    elif kind is TokenType.NOT:
        yield ""
    elif kind is TokenType.IS and after is not TokenType.NOT:
        yield f"{word} not"
    elif kind is TokenType.EXISTS and before is not TokenType.NOT:
        yield f"not {word}"
    elif word == "excluded":
        # What is there already stays as it is.
        yield _target(tokens)
    elif word in _WORDS and _stands_for_itself(word, before, after) and not _is_of_between(tokens, number):
        yield _WORDS[word]


def _stands_for_itself(word: str, before: TokenType | None, after: TokenType | None) -> bool:
    """Whether a word is an operator or a function here, and no name of a column and no part of another form."""
    if word in _CALLED:
        return after is TokenType.L_PAREN
    if word == "*":
        # `count(*)`, `staged.*`, `select *`
        return before not in {TokenType.L_PAREN, TokenType.DOT, TokenType.SELECT}
    if word == "distinct":
        # `is distinct from` is changed with its `is`.
        return before not in {TokenType.IS, TokenType.NOT}
    return before is not TokenType.DOT


def _is_of_between(tokens: list[Token], number: int) -> bool:
    """Whether an `and` stands between the bounds of a BETWEEN."""
    return (
        tokens[number].token_type is TokenType.AND
        and _nearest(tokens, number, {TokenType.BETWEEN, *_BEFORE_CONDITION}) is TokenType.BETWEEN
    )


def _assigns(tokens: list[Token], number: int) -> bool:
    """Whether the `=` stands in the list of a SET."""
    return _nearest(tokens, number, {TokenType.SET, *_NOT_IN_SET}) is TokenType.SET


def _nearest(tokens: list[Token], number: int, kinds: set[TokenType]) -> TokenType | None:
    """Return which of these kinds comes last before a token and within its own brackets."""
    depth = 0
    for token in reversed(tokens[:number]):
        depth += (token.token_type in _CLOSE) - (token.token_type in _OPEN)
        if depth < 0:
            return None
        if depth == 0 and token.token_type in kinds:
            return token.token_type
    return None


def _other(text: str) -> str:
    """Return another constant, where possible one that means something, so that a test has to see the difference."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    number = re.match(r"\d+(?= |$)", text)
    return f"{int(number[0]) + 1}{text[number.end() :]}" if number else f"XX{text}XX"


def _one_less_compared(tokens: list[Token], distinct: int, text: str) -> Iterator[tuple[int, int, str]]:
    """Of two lists that are compared, have one member compared with itself."""
    opens, closes = distinct + 2, distinct - 1
    while tokens[closes].token_type in {TokenType.IS, TokenType.NOT}:
        closes -= 1
    if tokens[opens].token_type is not TokenType.L_PAREN or tokens[closes].token_type is not TokenType.R_PAREN:
        return
    first, last = _partner(tokens, closes, -1), _partner(tokens, opens, 1)
    lefts, rights = _members(tokens[first + 1 : closes]), _members(tokens[opens + 1 : last])
    # A sub-select on one side has no members to speak of.
    if len(lefts) == len(rights) > 1:
        for left, right in zip(lefts, rights, strict=True):
            yield left[0].start, left[-1].end + 1, text[right[0].start : right[-1].end + 1]


def _partner(tokens: list[Token], number: int, step: int) -> int:
    """Return where the bracket at `number` is closed, or opened with a step of -1."""
    depth = 0
    while True:
        depth += (tokens[number].token_type in _OPEN) - (tokens[number].token_type in _CLOSE)
        if depth == 0:
            return number
        number += step


def _members(tokens: list[Token]) -> list[list[Token]]:
    """Cut a list at the commas that are its own."""
    members: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        if token.token_type is TokenType.COMMA and depth == 0:
            members.append([])
        else:
            members[-1].append(token)
    return members


def _end_of_condition(tokens: list[Token], first: int) -> Token | None:
    """Return the last token of the condition that begins at `first`, None where there is none."""
    depth = 0
    for number in range(first, len(tokens)):
        kind = tokens[number].token_type
        ends = kind in _CLOSE or (kind in _AFTER_CONDITION and not _is_of_between(tokens, number))
        if depth == 0 and ends:
            return tokens[number - 1] if number > first else None
        depth += (kind in _OPEN) - (kind in _CLOSE)
    return tokens[-1] if first < len(tokens) else None


def _target(tokens: list[Token]) -> str:
    """Return by what name the table that is inserted into is known."""
    into = next(n for n, token in enumerate(tokens) if token.token_type is TokenType.INTO)
    last = into + (3 if tokens[into + 2].token_type is TokenType.DOT else 1)
    return tokens[last + 2 if tokens[last + 1].token_type is TokenType.ALIAS else last].text
