"""Columns of text to columns of values. A value that cannot be is null, and a mask says which those are."""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.fields import UNMAPPED, Kind
from local_digital.parsing.instants import INSTANT
from local_digital.parsing.sections import fold
from local_digital.plain_text import UNSOUND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from local_digital.parsing.instants import Mask

_EXCEL_NUMBER = r"^\d(\.\d+)?[eE]\+\d+$"
_AMOUNT = r"^(-£?|£-?)?(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2}0*)?$"
# How each kind of field is held; money up to 999 million pounds in one record.
TYPES: dict[Kind, pa.DataType] = {
    Kind.REF: pa.string(),
    Kind.INSTANT: INSTANT,
    Kind.LABEL: pa.string(),
    Kind.NUMBER: pa.int64(),
    Kind.MONEY: pa.decimal128(12, 2),
    Kind.KEY: pa.binary(),
}
_WHOLE_NUMBER = r"^(\d+|\d{1,3}(,\d{3})+)(\.0*)?$"
# Words are shown to people, and open labels published, unless they look like something about a person that slipped into
# the column: an e-mail address, a telephone number, a postcode, a title with a name, a house with its street.
_STREETS = "road|rd|street|st|avenue|ave|close|drive|lane|way|gardens|court|crescent|place|grove"
_PERSONAL = re.compile(
    r"@|(?:\d[ ()+-]*){7}|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b(?:mrs?|ms|miss|dr)\.? [A-Z]|"
    rf"\b\d+\w?,? (?:\w+ ){{1,3}}(?:{_STREETS})\b",
    re.IGNORECASE,
)
# Wards may well be told by their codes of the Office for National Statistics.
_AREA_CODE = re.compile(r"[A-Z]\d{8}")
_FIVE_DIGITS = re.compile(r"\d{5}")
_LONGEST_LABEL = 100
_LONGEST_REF = 200
_LARGEST_COUNT_DIGITS = 9
_LONGEST_WORD = 60
# A large council's premises come again and again; this many keys take 80 MB.
_KEYS_REMEMBERED = 400_000


def without_blanks(text: pa.ChunkedArray, blanks: Iterable[str]) -> pa.ChunkedArray:
    """Empty the cells whose text means that nothing is there, compared without case; `*` stands for anything."""
    patterns = [re.compile(fnmatch.translate(fold(blank))) for blank in blanks]
    if not patterns:
        return text
    return by_word(text, lambda word: "" if any(pattern.match(fold(word)) for pattern in patterns) else word)


def first_filled(texts: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return for each row the first cell that is not blank."""
    found = texts[0]
    for text in texts[1:]:
        found = pc.if_else(pc.equal(found, ""), text, found)
    return found


def joined(dates: pa.ChunkedArray, times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put dates and times of two columns together, with a space between; blank where there is no date."""
    both = pc.utf8_trim_whitespace(pc.binary_join_element_wise(dates, times, " "))
    return pc.if_else(pc.equal(dates, ""), "", both)


def by_word(text: pa.ChunkedArray, value: Callable[[str], str | None]) -> pa.ChunkedArray:
    """Replace each distinct word by what the function says of it."""
    encoded = text.combine_chunks().dictionary_encode()
    values = pa.array([value(word) for word in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([values.take(encoded.indices)], pa.string())


def whole_numbers(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Mask]:
    """Parse whole numbers, with or without commas at the thousands; return them and the mask of what is none."""
    fits = pc.match_substring_regex(text, _WHOLE_NUMBER)
    digits = pc.replace_substring_regex(pc.replace_substring(text, ",", ""), r"\..*$", "")
    digits = pc.replace_substring_regex(digits, r"^0+(\d)", r"\1")
    fits = pc.and_(fits, pc.less_equal(pc.utf8_length(digits), _LARGEST_COUNT_DIGITS))
    numbers = pc.cast(pc.if_else(fits, digits, pa.scalar(None, pa.string())), pa.int64())
    wrong = pc.and_(pc.invert(fits), pc.not_equal(text, ""))
    return numbers, np.asarray(wrong.to_numpy(), dtype=bool)


def pounds(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Mask]:
    """Parse amounts in pounds, with or without sign, pound sign and commas; return them and the mask of what is none.

    A minus is a refund. More than two decimals are no amount, unless they are zeros.
    """
    plain = pc.replace_substring_regex(text, " ", "")
    fits = pc.match_substring_regex(plain, _AMOUNT)
    digits = pc.replace_substring_regex(pc.replace_substring_regex(plain, r"[£,-]", ""), r"(\.\d{2})0*$", r"\1")
    fits = pc.and_(fits, pc.less_equal(pc.utf8_length(pc.replace_substring_regex(digits, r"\..*$", "")),
                                       _LARGEST_COUNT_DIGITS))  # fmt: skip
    signed = pc.if_else(pc.match_substring(plain, "-"), pc.binary_join_element_wise("-", digits, ""), digits)
    amounts = pc.cast(pc.if_else(fits, signed, pa.scalar(None, pa.string())), TYPES[Kind.MONEY])
    wrong = pc.and_(pc.invert(fits), pc.not_equal(text, ""))
    return amounts, np.asarray(wrong.to_numpy(), dtype=bool)


def derived_refs(texts: Sequence[pa.ChunkedArray], secret: str) -> pa.ChunkedArray:
    """Return HMAC-SHA256 in hex over the cells of each row, for exports without references; null where all are blank.

    Keyed, since the cells may hold what must not be found out from a reference.
    """
    joined = pc.binary_join_element_wise(*texts, "\x1f")
    blank = "\x1f" * (len(texts) - 1)
    key = secret.encode()
    return by_word(joined, lambda cells: None if cells == blank
                   else hmac.digest(key, cells.encode(), hashlib.sha256).hex()[:32])  # fmt: skip


def refs(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Mask]:
    """Return identifiers as the text they are (leading zeros kept), null where blank; and the mask of those that are
    too long to be any.
    """
    wrong = pc.greater(pc.utf8_length(text), _LONGEST_REF)
    fitting = pc.if_else(pc.or_(wrong, pc.equal(text, "")), pa.scalar(None, pa.string()), text)
    return fitting, np.asarray(wrong.to_numpy(), dtype=bool)


class Labels(NamedTuple):
    """values: the labels. unmapped: how often each word (in its first spelling) came that nobody mapped. dropped: how
    many cells were left empty.
    """

    values: pa.ChunkedArray
    unmapped: dict[str, int]
    dropped: int


def labels(text: pa.ChunkedArray, mapping: Mapping[str, str], *, closed_list: bool) -> Labels:
    """Map a council's words to the contract's values.

    Compared without case and with inner space folded. Blank is null. closed_list: the contract lists the values, so an
    unknown word becomes `unmapped`; without a list the council's own words stand, unless they look personal or are too
    long for a label: such a cell is left empty.
    """
    folded = {fold(word): value for word, value in mapping.items()}
    encoded = text.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()

    def value(word: str) -> str | None:
        if not word:
            return None
        known = folded.get(fold(word))
        if known is not None or closed_list:
            return known or UNMAPPED
        fits = _AREA_CODE.fullmatch(word) or not (len(word) > _LONGEST_LABEL or _PERSONAL.search(word))
        return " ".join(word.split()) if fits else None

    values = pa.array([value(word) for word in words], pa.string())
    counts = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), minlength=len(words))
    spellings: dict[str, str] = {}
    unmapped: Counter[str] = Counter()
    for word, count in zip(words, counts, strict=True):
        if closed_list and word and fold(word) not in folded:
            unmapped[spellings.setdefault(fold(word), word)] += int(count)
    dropped = sum(
        int(count)
        for word, label, count in zip(words, values.to_pylist(), counts, strict=True)
        if word and label is None
    )
    return Labels(pa.chunked_array([values.take(encoded.indices).dictionary_encode()]), unmapped, dropped)


class PremisesKeys:
    """Turns premises identifiers into HMAC-SHA256 under a council's secret.

    A spreadsheet's `1.00023E+11` has lost its digits and is no identifier; leading zeros, commas at the thousands and a
    `.0` do not tell premises apart.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._words: pa.Array = pa.array([], pa.string())
        self._keys: pa.Array = pa.array([], pa.binary())

    def of(self, text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
        """Return the keys of trimmed cells as a dictionary, null where blank or unusable; and how many are unusable."""
        encoded = text.combine_chunks().dictionary_encode()
        spoilt = pc.match_substring_regex(encoded.dictionary, _EXCEL_NUMBER)
        known = pc.index_in(encoded.dictionary, value_set=self._words)
        if known.null_count:
            if len(self._words) > _KEYS_REMEMBERED:
                self._words, self._keys = self._words[:0], self._keys[:0]
                known = pc.index_in(encoded.dictionary, value_set=self._words)
            new = encoded.dictionary.filter(pc.is_null(known))
            self._words = pa.concat_arrays([self._words, new])
            self._keys = pa.concat_arrays([self._keys, pa.array(map(self._key, new.to_pylist()), pa.binary())])
            known = pc.index_in(encoded.dictionary, value_set=self._words)
        keys = pc.if_else(spoilt, pa.scalar(None, pa.binary()), self._keys.take(known))
        unusable = np.asarray(spoilt.to_numpy(zero_copy_only=False))[encoded.indices.to_numpy(zero_copy_only=False)]
        # Encoded anew: two spellings have one key.
        return pa.chunked_array([keys.take(encoded.indices).dictionary_encode()]), int(np.count_nonzero(unusable))

    def _key(self, word: str) -> bytes | None:
        return hmac.digest(self._secret, identifier(word).encode(), hashlib.sha256) if word else None


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of labels or keys as the words or bytes themselves, any other as it is."""
    return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column


def identifier(word: str) -> str:
    """Return an identifier of premises without what does not tell premises apart."""
    if word.isdigit() and word[0] != "0":
        return word
    return re.sub(r"^0+(?=.)|,(?=\d)|(?<=\d)\.0$", "", word)


def shown(word: str) -> str:
    """Return a word fit for a report: itself, without what steers a terminal, or only how long it is when it looks
    personal.
    """
    if _PERSONAL.search(word) or _FIVE_DIGITS.search(word) or len(word) > _LONGEST_WORD:
        return f"({len(word)} characters that look personal)"
    return UNSOUND.sub("\ufffd", word)
