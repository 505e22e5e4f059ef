"""Large made-up exports of missed bins, the same ones every time, written without a row ever being a Python object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from pathlib import Path

# Twelve columns, the last four personal or free text, as case systems export them.
HEADER = (
    "Case Ref", "Date Reported", "Date Closed", "Channel", "Status", "Bin Type", "Ward", "UPRN",
    "Customer Name", "Address", "Email", "Notes",
)  # fmt: skip
CHANNELS = {"Online": "online", "App": "app", "Phone": "phone", "Solihull Connect": "face-to-face", "Email": "email"}
STATUSES = {"Closed": "closed", "Open": "open", "In Progress": "open", "Closed (Duplicate)": "duplicate"}
STREAMS = {"Black (Refuse)": "refuse", "Brown (Recycling)": "recycling", "Green (Garden)": "garden"}
WARDS = [f"Ward {number:02}" for number in range(1, 18)]
_PREMISES = 92_000
_CHUNK = 250_000
_FIRST_DAY = np.datetime64("2016-01-04", "m")
LAST_DAY = np.datetime64("2026-01-05", "m")
_NAMES = ("Jordan Example", "Sam Sample", "Alex Specimen", "Chris Placeholder", "Robin Instance", "Pat Dummy")
# As they stand in the file, quotes and all.
_NOTES = (
    '"Crew did not come down the close, neighbours were missed too"',
    '"Bin was out by six, second time this month"',
    '"Resident says the lorry went past, please send it back"',
    "",
)


def write(path: Path, rows: int, *, changed: float = 0.0, since: float = 0.0, first: int = 0) -> None:
    """Write an export of `rows` cases over ten years, oldest first, to a file in UTF-8.

    changed: the share of cases, spread evenly over those after the share `since` of all, whose status and closing time
    differ from those of a file written without it. first: the number of the first case, so that several files hold
    different ones.
    """
    with path.open("wb") as file:
        file.write((",".join(HEADER) + "\r\n").encode())
        for start in range(0, rows, _CHUNK):
            cells = _cases(np.arange(start, min(rows, start + _CHUNK)), rows, (changed, since), first)
            lines = pc.binary_join_element_wise(*cells.values(), ",")
            file.write(pc.binary_join(pa.scalar(lines.to_pylist(), pa.list_(pa.string())), "\r\n").as_buffer())
            file.write(b"\r\n")


def _cases(numbers: np.ndarray, rows: int, changes: tuple[float, float], first: int) -> dict[str, pa.Array]:
    generator = np.random.default_rng([first, int(numbers[0])])
    size = len(numbers)
    days = ((LAST_DAY - _FIRST_DAY).astype(int) // (24 * 60)) * numbers // rows
    reported = _FIRST_DAY + days * 24 * 60 + generator.integers(7 * 60, 20 * 60, size)
    closed = reported + generator.integers(60, 72 * 60, size)
    # No closing between midnight and seven: clocks are changed then.
    closed = closed.astype("datetime64[D]") + np.maximum(
        closed - closed.astype("datetime64[D]"), np.timedelta64(7 * 60, "m")
    )
    status = _pick(generator, tuple(STATUSES), size, (0.9, 0.04, 0.03, 0.03))
    is_open = pc.or_(pc.equal(status, "Open"), pc.equal(status, "In Progress"))
    changed, since = changes
    if changed:
        altered = pa.array((numbers % round((1 - since) / changed) == 0) & (numbers >= since * rows))
        closed = np.where(altered, closed + np.timedelta64(1, "D"), closed)
        status = pc.if_else(altered, "Closed", status)
        is_open = pc.and_(is_open, pc.invert(altered))
    premises = generator.integers(0, _PREMISES, size)
    digits = pc.utf8_lpad(pc.cast(pa.array(premises), pa.string()), 6, "0")
    name = _pick(generator, _NAMES, size)
    return {
        "ref": pc.binary_join_element_wise(
            "MB-", pc.utf8_lpad(pc.cast(pa.array(numbers + first), pa.string()), 8, "0"), ""
        ),
        "reported": _written(reported),
        "closed": pc.if_else(is_open, "", _written(closed)),
        "channel": _pick(generator, tuple(CHANNELS), size, (0.45, 0.1, 0.3, 0.05, 0.1)),
        "status": status,
        "stream": _pick(generator, tuple(STREAMS), size),
        "ward": pa.array(WARDS).take(pa.array(premises % len(WARDS))),
        "uprn": pc.binary_join_element_wise("100071", digits, ""),
        "name": name,
        "address": pc.binary_join_element_wise(
            '"',
            pc.cast(pa.array(premises % 120 + 1), pa.string()),
            ' Example Gardens, Sampleton, Solihull B90 1ZZ"',
            "",
        ),
        "email": pc.binary_join_element_wise(
            pc.replace_substring(pc.utf8_lower(name), " ", "."), digits, "@example.org", ""
        ),
        "notes": _pick(generator, _NOTES, size),
    }


def _pick(
    generator: np.random.Generator, words: tuple[str, ...], size: int, weights: tuple[float, ...] | None = None
) -> pa.Array:
    return pa.array(words).take(pa.array(generator.choice(len(words), size, p=weights)))


def _written(moments: np.ndarray) -> pa.Array:
    return pc.strftime(pa.array(moments.astype("datetime64[s]")), "%d/%m/%Y %H:%M")
