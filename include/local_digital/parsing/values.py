"""Columns of text to columns of values. A value that cannot be is null, and a mask says which those are."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_digital.fields import UNMAPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
INSTANT = pa.timestamp("us", tz="UTC")

_DIGITS = {
    "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%Y": r"\d{4}", "%y": r"\d{2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{2}", "%S": r"\d{2}", "%p": r"[AaPp][Mm]", "%b": r"[A-Za-z]{3}", "%%": "%",
}  # fmt: skip
_ROLLED_OVER = 3
_EXCEL_NUMBER = r"^\d(\.\d+)?[eE]\+\d+$"


def instants(text: pa.ChunkedArray, formats: Iterable[str], time_zone: str) -> tuple[pa.ChunkedArray, Mask]:
    """Parse local times: UTC instants (null where blank or wrong) and the mask of the wrong ones.

    formats: strptime codes, tried in order. Wrong is what fits no format, names a day that does not exist, or a local
    time that the clocks skipped in spring. A time that the clocks showed twice in autumn is read as the first.
    """
    local = pa.nulls(len(text), pa.timestamp("s"))
    for pattern in formats:
        local = pc.coalesce(local, _parsed(text, pattern))
    aware = pc.assume_timezone(local, time_zone, ambiguous="earliest", nonexistent="earliest")
    existed = pc.equal(pc.local_timestamp(aware), local)
    utc = pc.if_else(pc.fill_null(existed, False), aware, pa.scalar(None, aware.type)).cast(INSTANT)
    wrong = pc.and_(pc.is_null(utc), pc.not_equal(text, "")).to_numpy(zero_copy_only=False)
    return pa.chunked_array([utc]) if isinstance(utc, pa.Array) else utc, wrong


def second_reading(closed: pa.ChunkedArray, reported: pa.ChunkedArray, time_zone: str) -> pa.ChunkedArray:
    """Read a closing time that the clocks showed twice as the second one where the first would precede the report."""
    zone = pc.cast(closed, pa.timestamp("us", tz=time_zone))
    later = pc.assume_timezone(pc.local_timestamp(zone), time_zone, ambiguous="latest", nonexistent="earliest").cast(
        INSTANT
    )
    return pc.if_else(pc.fill_null(pc.less(closed, reported), False), later, closed)


def refs(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return identifiers as the text they are (leading zeros kept), null where blank."""
    return _null_where_blank(text)


def labels(
    text: pa.ChunkedArray, mapping: Mapping[str, str], *, closed_list: bool
) -> tuple[pa.ChunkedArray, dict[str, int]]:
    """Map a council's words to the contract's values; return them and the count of each word nobody mapped.

    Compared without case and with inner space folded. Blank is null. closed_list: the contract lists the
    values, so an unknown word becomes `unmapped`; without a list the council's own words stand.
    """
    folded = {_folded(word): value for word, value in mapping.items()}
    encoded = text.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    values = pa.array(
        [
            folded.get(_folded(word), UNMAPPED if closed_list else " ".join(word.split())) if word else None
            for word in words
        ],
        pa.string(),
    )
    counts = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), minlength=len(words))
    unmapped = {
        word: int(count)
        for word, count in zip(words, counts, strict=True)
        if closed_list and word and _folded(word) not in folded
    }
    return pa.chunked_array([values.take(encoded.indices).dictionary_encode()]), unmapped


def premises_keys(text: pa.ChunkedArray, secret: str) -> tuple[pa.ChunkedArray, int]:
    """Turn premises identifiers into HMAC-SHA256 under a council's secret; return them and how many were unusable.

    A spreadsheet's `1.00023E+11` has lost its digits and is no identifier; leading zeros do not tell premises apart.
    """
    encoded = text.combine_chunks().dictionary_encode()
    spoilt = pc.match_substring_regex(encoded.dictionary, _EXCEL_NUMBER).to_pylist()
    key = secret.encode()
    keys = pa.array(
        [
            None if not word or bad else hmac.digest(key, word.lstrip("0").encode(), hashlib.sha256)
            for word, bad in zip(encoded.dictionary.to_pylist(), spoilt, strict=True)
        ],
        pa.binary(),
    )
    unusable = int(np.count_nonzero(np.asarray(spoilt, dtype=bool)[encoded.indices.to_numpy(zero_copy_only=False)]))
    return pa.chunked_array([keys.take(encoded.indices)]), unusable


def _parsed(text: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    shape = "^" + re.sub(r"%.|.", lambda code: _DIGITS.get(code[0]) or re.escape(code[0]), pattern) + "$"
    fitting = pc.if_else(pc.match_substring_regex(text, shape), text, pa.scalar(None, pa.string()))
    local = pc.strptime(fitting, format=pattern, unit="s", error_is_null=True)
    # strptime takes 31 February for 3 March. Only the first three days of a month can be such a roll-over.
    suspects = pc.fill_null(pc.less_equal(pc.day(local), _ROLLED_OVER), False)
    if "%d" not in pattern or not pc.any(suspects).as_py():
        return local
    named = pc.extract_regex(
        fitting,
        "^" + re.sub(r"%.|.", lambda code: f"(?P<d>{_DIGITS['%d']})" if code[0] == "%d" else
                     _DIGITS.get(code[0]) or re.escape(code[0]), pattern) + "$",
    )  # fmt: skip
    day = pc.struct_field(named, "d").cast(pa.int64())
    return pc.if_else(pc.equal(day, pc.day(local)), local, pa.scalar(None, local.type))


def _null_where_blank(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _folded(word: str) -> str:
    return " ".join(word.split()).casefold()
