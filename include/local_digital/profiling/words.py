"""What a council's words mean: column names to fields, and words in cells to a contract's values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from local_digital.profiling import council_words, vocabulary
from local_digital.profiling.ages import years_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_digital.config.models import ContractField

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_OR = re.compile(r"\s[/|]\s")
# `Desk 12`, `Direct Debit 15th`
_ORDINAL = re.compile(r"\d{1,2}(st|nd|rd|th)?")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WHOLE_NAME = 1.0
_LAST_PART = 0.95
# How much worse the last name of a field's list is than the first.
_WORST_ORDER = 0.04
_NOT = frozenset({"not", "no", "non", "without"})
_LOOKS_PERSONAL = re.compile(r"@|\d{5}|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_LONGEST_WORD = 60
# Two short words may well make a third by chance.
_LONG_ENOUGH = 5
_COUNTS = frozenset({"count", "counts", "total", "totals", "volume", "quantity", "qty"})
_OFTEN = 5
_SHARE = 0.01


@dataclass(frozen=True)
class Meaning:
    """value: of the contract. whole: no part of the word is unknown. sure: nor does any speak for another value."""

    value: str
    whole: bool
    sure: bool


@lru_cache(maxsize=50_000)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a name or a cell in lower case: `CaseRef` and `case_ref` are both case, ref."""
    return tuple(_NOT_WORD.sub(" ", _CAMEL.sub(" ", text).casefold()).split())


@lru_cache(maxsize=50_000)
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
            if phrase in {"x", "y", "point", "text", "user", "person", "property", "location", "building", "member",
                          "parent", "carer", "account"}:  # fmt: skip
                # Too short or too common to mean much inside a longer name, unless it comes first or last.
                found = last[:1] == parts or last[-1:] == parts
            else:
                found = holds(words, parts) or (len(parts) == 1 and joined == phrase)
            if found and not _names_no_person(kind, last):
                return kind
    return None


def _names_no_person(kind: str, words: Sequence[str]) -> bool:
    """Say whether a name is that of a thing or of a kind, though it holds a word for people or for what is theirs."""
    if kind not in {"name", "link", "account"} or not words:
        return False
    is_thing = vocabulary.NAMES_OF_THINGS & set(words) and not vocabulary.NAMES_OF_PEOPLE & set(words)
    return words[-1] in vocabulary.NAMES_OF_KINDS or (kind != "account" and bool(is_thing))


def says_money(header: str) -> bool:
    """Say whether a column's name speaks of a sum of money."""
    words = tokens(header)
    return "£" in header or any(holds(words, tuple(name.split())) for name in vocabulary.MONEY_NAMES)


def says_no_payment(header: str) -> bool:
    """Say whether a column's name speaks of a sum that nobody paid: what is due, what is left, what it costs."""
    return bool(vocabulary.NOT_PAID & set(tokens(header)))


def says_age(header: str) -> bool:
    """Say whether a column's name speaks of the age of people."""
    return bool({"age", "ages", "aged"} & set(tokens(header)))


def says_other_date(header: str) -> bool:
    """Say whether a date is neither the time of what people did nor of its end, by its name."""
    words = tokens(header)
    return any(holds(words, tuple(name.split())) for name in vocabulary.OTHER_DATES)


def meaning(field: str, word: str, contract: ContractField) -> Meaning | None:
    """Return the contract's value that a council's word most likely means, None when no synonym fits."""
    words = tokens(word)
    if field == "age_group" and (years := years_of(word)) is not None:
        return _age_group(words, years, contract)
    best: tuple[int, bool, int] | None = None
    value = ""
    others = set()
    covered: set[int] = set()
    special = council_words.SPECIAL_FIRST.get(field, ())
    never_sure = council_words.NEVER_SURE.get(field, frozenset())
    for candidate, phrases in _phrases(field, contract).items():
        for phrase in phrases:
            found = _span(words, phrase)
            if not found or (found[0] and words[found[0] - 1] in _NOT):
                continue
            others.add(candidate)
            covered.update(found)
            # A phrase that means now this and now that says less than one of its length that does not.
            rank = (
                len(found),
                " ".join(phrase) not in never_sure,
                -special.index(candidate) if candidate in special else -len(special),
            )
            if best is None or rank > best:
                best, value = rank, candidate
    if best is None:
        return None
    known = all(
        index in covered or words[index] in council_words.FILLERS or _ORDINAL.fullmatch(words[index])
        for index in range(len(words))
    )
    return Meaning(value, known, known and best[1] and (len(others) == 1 or best[0] > 1 or field == "status"))


def _age_group(words: tuple[str, ...], years: tuple[int, int], contract: ContractField) -> Meaning | None:
    """Return the group that holds a band of years; None when the band spans several, which no map can tell apart."""
    for value, label in contract.values.items():
        group = years_of(label.name)
        if group is not None and group[0] <= years[0] and years[1] <= group[1]:
            known = all(part.isdigit() or part in council_words.FILLERS for part in words)
            return Meaning(value, known, known)
    return None


def says_count(header: str) -> bool:
    """Say whether a column's name speaks of a number of things, so that no cell of it refers to one."""
    words = tokens(header)
    if says_money(header):
        return False
    return bool(_COUNTS & set(words)) or holds(words, ("number", "of")) or holds(words, ("no", "of"))


def is_often(count: int, rows: int) -> bool:
    """Say whether a word comes so often in some rows that it is a category: a name may well come twice."""
    return count >= _OFTEN and count >= _SHARE * rows


def may_be_shown(field: str, word: str, contract: ContractField, *, often: bool) -> bool:
    """Say whether a cell's word is a category and not something about a person that slipped into the column."""
    if len(word) > _LONGEST_WORD or _LOOKS_PERSONAL.search(word):
        return False
    if field == "age_group" and word.strip().isdigit():
        # An age, which slipped into the bands.
        return False
    if often:
        return True
    known = _known_parts(field, contract)
    band = field == "age_group" and years_of(word) is not None
    return all(part in known or (band and part.isdigit()) for part in tokens(word))


def is_of(transaction: str, name: str, word: str) -> bool:
    """Say whether the word of a service column is of this transaction."""
    known = vocabulary.TRANSACTIONS.get(transaction)
    text = " " + " ".join(tokens(word))
    if known is None:
        return all(f" {part[:4]}" in text for part in tokens(name) if part not in council_words.FILLERS)
    if _is_alone(known, tokens(word)):
        return True
    return all(any(f" {start}" in text for start in starts) for starts in known.every) and not any(
        f" {start}" in text for start in known.none
    )


def _is_alone(known: vocabulary.TransactionWords, words: tuple[str, ...]) -> bool:
    """Say whether a word is of a transaction by itself; the channel may stand beside it: `Renewal - OPAC`."""
    parts = {part for phrase in known.alone for part in phrase.split()}
    channels = {
        part for phrases in council_words.WORDS["channel"].values() for phrase in phrases for part in phrase.split()
    }
    rest = [word for word in words if word in parts or word not in channels]
    return " ".join(words) in known.alone or " ".join(rest) in known.alone


def is_near(transaction: str, name: str, word: str) -> bool:
    """Say whether a word of a service column has some of what this transaction's words have, but is not of it."""
    known = vocabulary.TRANSACTIONS.get(transaction)
    text = " " + " ".join(tokens(word))
    starts = known.every[0] if known else tuple(part[:4] for part in tokens(name) if part not in council_words.FILLERS)
    return any(f" {start}" in text for start in starts) and not is_of(transaction, name, word)


def holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Say whether a phrase stands in some words, one word after the other."""
    return _position(words, phrase) is not None


def _score(phrases: Sequence[str], header: str) -> float:
    words = tokens(header)
    # Without what stands in brackets, and in either language of `Sianel / Channel`.
    plain = [tokens(part) for part in (_BRACKETS.sub(" ", header), *_OR.split(header))]
    last = tokens(header.rpartition(".")[2])
    joined = "".join(words)
    best = 0.0
    for rank, phrase in enumerate(phrases):
        parts = tuple(phrase.split())
        # Of two names that both fit whole, the one that comes first in the list is the better.
        order = _WORST_ORDER * rank / len(phrases)
        if parts in {words, *plain} or joined == "".join(parts):
            best = max(best, _WHOLE_NAME - order)
        elif last == parts:
            best = max(best, _LAST_PART - order)
        elif holds(words, parts):
            best = max(best, 0.3 + 0.5 * len(parts) / len(words) - order)
    return best


def _span(words: tuple[str, ...], phrase: tuple[str, ...]) -> range:
    """Return where a phrase stands in some words; `PayPal` stands in pay, pal. Empty when it does not."""
    at = _position(words, phrase)
    if at is not None:
        return range(at, at + len(phrase))
    if len(phrase) == 1 and len(phrase[0]) >= _LONG_ENOUGH:
        at = next((at for at, pair in enumerate(pairwise(words)) if "".join(pair) == phrase[0]), None)
    return range(0) if at is None else range(at, at + 2)


def _position(words: tuple[str, ...], phrase: tuple[str, ...]) -> int | None:
    size = len(phrase)
    return next((at for at in range(len(words) - size + 1) if words[at : at + size] == phrase), None)


def _phrases(field: str, contract: ContractField) -> Mapping[str, list[tuple[str, ...]]]:
    """Return the phrases for each of the contract's values: the table's, its slug, its name, and those it is lent."""
    return _phrases_of(field, tuple((value, label.name) for value, label in contract.values.items()))


@lru_cache(maxsize=200)
def _phrases_of(field: str, values: tuple[tuple[str, str], ...]) -> Mapping[str, list[tuple[str, ...]]]:
    known = council_words.WORDS.get(field, {})
    found = {
        value: [tuple(phrase.split()) for phrase in known.get(value, ())] + [tokens(value), tokens(name)]
        for value, name in values
    }
    own = {phrase for phrases in found.values() for phrase in phrases}
    for lender, borrower in council_words.LENT.get(field, {}).items():
        if lender not in found and borrower in found:
            found[borrower] += [tuple(phrase.split()) for phrase in known[lender] if tuple(phrase.split()) not in own]
    return found


def _known_parts(field: str, contract: ContractField) -> frozenset[str]:
    """Return every word of the phrases for a contract's values, with those that say nothing about a person."""
    phrases = [phrase for found in _phrases(field, contract).values() for phrase in found]
    totals = {part for total in council_words.TOTALS for part in total.split()}
    return council_words.FILLERS | {part for phrase in phrases for part in phrase} | totals
