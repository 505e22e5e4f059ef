"""What a council's words mean: column names to fields, and words in cells to a contract's values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from local_digital.profiling import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_digital.config.models import ContractField

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
# Between two phrases of one length the more special meaning stands: `Closed (Duplicate)` is a duplicate.
_SPECIAL_FIRST: dict[str, tuple[str, ...]] = {
    "status": ("test", "duplicate", "transferred", "closed", "open"),
    "channel": (
        "assisted-digital",
        "phone-automated",
        "email",
        "app",
        "face-to-face",
        "phone",
        "post",
        "online",
        "other",
    ),
    "stream": ("clinical", "bulky", "food", "garden", "recycling", "refuse", "other"),
    "outcome": ("not-justified", "justified"),
}
_WHOLE_NAME = 1.0
_LAST_PART = 0.95
_LOOKS_PERSONAL = re.compile(r"@|\d{5}|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_LONGEST_WORD = 60
_COUNTS = frozenset({"count", "counts", "total", "totals", "volume", "quantity", "qty"})
_OFTEN = 5
_SHARE = 0.01


@dataclass(frozen=True)
class Meaning:
    """value: of the contract. sure: nothing in the word speaks for another value, and no part of it is unknown."""

    value: str
    sure: bool


@lru_cache(maxsize=50_000)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a name or a cell in lower case: `CaseRef` and `case_ref` are both case, ref."""
    return tuple(_NOT_WORD.sub(" ", _CAMEL.sub(" ", text).casefold()).split())


def header_score(field: str, header: str) -> float:
    """Say how well a column's name fits a field, from 0 to 1."""
    return _score(vocabulary.HEADERS.get(field, (field.replace("_", " "),)), header)


def service_score(header: str) -> float:
    """Say how well a column's name fits one that tells services apart, from 0 to 1."""
    score = _score(vocabulary.SERVICE_HEADERS, header)
    return score if score >= _LAST_PART else score / 2


def personal_kind(header: str) -> str | None:
    """Return what kind of personal data a column's name promises, None when it promises none."""
    words = tokens(header)
    joined = "".join(words)
    last = tokens(header.rpartition(".")[2])
    for kind, phrases in vocabulary.PERSONAL_HEADERS.items():
        for phrase in phrases:
            parts = tuple(phrase.split())
            if phrase in {"x", "y", "point", "text", "user", "person", "property", "location", "building"}:
                # Too short or too common to mean much inside a longer name, unless it comes first or last.
                found = last[:1] == parts or last[-1:] == parts
            else:
                found = holds(words, parts) or (len(parts) == 1 and joined == phrase)
            if found and not (kind in {"name", "link"} and vocabulary.NAMES_OF_THINGS & set(last)):
                return kind
    return None


def meaning(field: str, word: str, contract: ContractField) -> Meaning | None:
    """Return the contract's value that a council's word most likely means, None when no synonym fits."""
    words = tokens(word)
    best: tuple[int, int] | None = None
    value = ""
    others = set()
    covered: set[int] = set()
    for candidate, phrases in _phrases(field, contract).items():
        for phrase in phrases:
            at = _position(words, phrase)
            if at is None:
                continue
            others.add(candidate)
            covered.update(range(at, at + len(phrase)))
            special = _SPECIAL_FIRST.get(field, ())
            rank = (len(phrase), -special.index(candidate) if candidate in special else -len(special))
            if best is None or rank > best:
                best, value = rank, candidate
    if best is None:
        return None
    known = all(index in covered or words[index] in vocabulary.FILLERS for index in range(len(words)))
    return Meaning(value, known and (len(others) == 1 or best[0] > 1 or field == "status"))


def says_count(header: str) -> bool:
    """Say whether a column's name speaks of a number of things, so that no cell of it refers to one."""
    words = tokens(header)
    return bool(_COUNTS & set(words)) or holds(words, ("number", "of")) or holds(words, ("no", "of"))


def is_often(count: int, rows: int) -> bool:
    """Say whether a word comes so often in some rows that it is a category: a name may well come twice."""
    return count >= _OFTEN and count >= _SHARE * rows


def may_be_shown(field: str, word: str, contract: ContractField, *, often: bool) -> bool:
    """Say whether a cell's word is a category and not something about a person that slipped into the column."""
    if len(word) > _LONGEST_WORD or _LOOKS_PERSONAL.search(word):
        return False
    if often:
        return True
    phrases = [phrase for found in _phrases(field, contract).values() for phrase in found]
    vocabulary_words = {part for phrase in phrases for part in phrase} | vocabulary.FILLERS
    vocabulary_words |= {part for total in vocabulary.TOTALS for part in total.split()}
    return all(word in vocabulary_words for word in tokens(word))


def is_of(transaction: str, name: str, word: str) -> bool:
    """Say whether the word of a service column is of this transaction."""
    known = vocabulary.TRANSACTIONS.get(transaction)
    text = " " + " ".join(tokens(word))
    if known is None:
        return all(f" {part[:4]}" in text for part in tokens(name) if part not in vocabulary.FILLERS)
    return all(any(f" {start}" in text for start in starts) for starts in known.every) and not any(
        f" {start}" in text for start in known.none
    )


def is_near(transaction: str, name: str, word: str) -> bool:
    """Say whether a word of a service column has some of what this transaction's words have, but is not of it."""
    known = vocabulary.TRANSACTIONS.get(transaction)
    text = " " + " ".join(tokens(word))
    starts = known.every[0] if known else tuple(part[:4] for part in tokens(name) if part not in vocabulary.FILLERS)
    return any(f" {start}" in text for start in starts) and not is_of(transaction, name, word)


def holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Say whether a phrase stands in some words, one word after the other."""
    return _position(words, phrase) is not None


def _score(phrases: Iterable[str], header: str) -> float:
    words = tokens(header)
    last = tokens(header.rpartition(".")[2])
    joined = "".join(words)
    best = 0.0
    for rank, phrase in enumerate(phrases):
        parts = tuple(phrase.split())
        # Of two names that both fit whole, the one that comes first in the list is the better.
        order = rank / 1000
        if words == parts or joined == "".join(parts):
            best = max(best, _WHOLE_NAME - order)
        elif last == parts:
            best = max(best, _LAST_PART - order)
        elif holds(words, parts):
            best = max(best, 0.3 + 0.5 * len(parts) / len(words) - order)
    return best


def _position(words: tuple[str, ...], phrase: tuple[str, ...]) -> int | None:
    size = len(phrase)
    return next((at for at in range(len(words) - size + 1) if words[at : at + size] == phrase), None)


def _phrases(field: str, contract: ContractField) -> Mapping[str, list[tuple[str, ...]]]:
    """Return the phrases for each of the contract's values: the table's, its slug and its name."""
    known = vocabulary.WORDS.get(field, {})
    return {
        value: [tuple(phrase.split()) for phrase in known.get(value, ())] + [tokens(value), tokens(label.name)]
        for value, label in contract.values.items()
    }
