"""Rows that a stray quote swallowed come back, and cells that do run over several lines stay whole."""

from __future__ import annotations

import numpy as np
import pytest

from local_digital.config.formats import CsvFormat
from local_digital.parsing.dialect import Dialect
from local_digital.parsing.second_look import Lines, Ragged, SecondLook, breaks_in
from local_digital.parsing.sections import Wanted, text_table

NAMES = ["Ref", "Ward", "Notes"]
WANTED = Wanted.of(NAMES, [["Ref"], ["Ward"]])


def look(text: str, facts: CsvFormat | None = None, wanted: Wanted = WANTED) -> SecondLook:
    return SecondLook(Lines(text.encode()), Dialect(",", '"', None), facts or CsvFormat(), wanted, NAMES)


def rescued(
    text: str, rows: list[tuple[int, list[str]]], ragged: list[Ragged], facts: CsvFormat | None = None,
    wanted: Wanted = WANTED,
) -> tuple[list[tuple[int, list[str]]], list[Ragged]]:  # fmt: skip
    """Rows and ragged ones after a second look, each row with its line."""
    cells = text_table([row for _, row in rows], len(NAMES))
    lines = np.array([line for line, _ in rows], np.int64)
    cells, lines, still = look(text, facts, wanted).rescued(cells, lines, ragged)
    found = [list(row.values()) for row in cells.to_pylist()]
    return list(zip(lines.tolist(), found, strict=True)), still


def test_lines_are_counted_from_nought_to_the_last_one_without_an_end() -> None:
    lines = Lines(b"a\n\nb")
    assert [lines.between(0, 1), lines.between(1, 3), lines.between(2, None), lines.between(3, 9)] == [
        b"a\n", b"\nb", b"b", b"",
    ]  # fmt: skip
    assert list(lines.texts(0)) == ["a\n", "\n", "b"]
    assert list(Lines(b"a\n").texts(0)) == ["a\n"]
    assert list(Lines(b"a\nb\n").texts(1)) == ["b\n"]
    assert list(Lines(b"").texts(0)) == []


def test_line_breaks_are_counted_over_all_cells_of_a_row() -> None:
    assert breaks_in(text_table([["a\nb", "c\n\n"], ["a", "b"]], 2)).tolist() == [3, 0]


def test_rows_inside_a_cell_come_out_in_their_place() -> None:
    text = 'R1,Elm,x\nR2,"Oak,y\nR3,Ash,z\n\nR4,Fir,"\nR5,Yew,w\n'
    swallowed = [(1, ["R1", "Elm", "x"]), (2, ["R2", "Oak,y\nR3,Ash,z\n\nR4,Fir,", ""]), (6, ["R5", "Yew", "w"])]
    assert rescued(text, swallowed, []) == (
        [(1, ["R1", "Elm", "x"]), (3, ["R3", "Ash", "z"]), (6, ["R5", "Yew", "w"])],
        [Ragged(2, ["R2", "Oak,y"], 'R2,"Oak,y'), Ragged(5, ["R4", "Fir", ""], 'R4,Fir,"')],
    )


def test_rows_inside_a_row_of_another_width_come_out_too() -> None:
    text = 'R1,Elm,x\nR2,"Oak,y\nR3,Ash,z\nR4,"Fir\n'
    row = Ragged(2, ["R2", 'Oak,y\nR3,Ash,z\nR4,Fir"'], 'R2,"Oak,y\nR3,Ash,z\nR4,"Fir\n')
    rows, still = rescued(text, [(1, ["R1", "Elm", "x"])], [row])
    assert rows == [(1, ["R1", "Elm", "x"]), (3, ["R3", "Ash", "z"])]
    assert [(ragged.line, ragged.text) for ragged in still] == [(2, 'R2,"Oak,y'), (4, 'R4,"Fir')]
    assert [ragged.cells[0] for ragged in still] == ["R2", "R4"]


@pytest.mark.parametrize(
    "second", ["said, once, more", "R3,,z", ",Ash,z", "R3,Ash", "R3,Ash,z,w", "R-3,Ash,z", "R3,9,z", ""]
)
def test_cell_over_several_lines_stays_whole_where_no_line_looks_like_a_row(second: str) -> None:
    text = f'R1,Elm,x\nR2,Oak,"y\n{second}"\n'
    rows = [(1, ["R1", "Elm", "x"]), (2, ["R2", "Oak", f"y\n{second}"])]
    assert rescued(text, rows, []) == (rows, [])


def test_nothing_looks_like_a_row_where_no_field_is_required() -> None:
    text = 'R1,Elm,x\nR2,Oak,"y\nR3,Ash,z"\n'
    rows = [(1, ["R1", "Elm", "x"]), (2, ["R2", "Oak", "y\nR3,Ash,z"])]
    assert rescued(text, rows, [], wanted=Wanted.of(NAMES)) == (rows, [])


@pytest.mark.parametrize(
    ("cells", "short_rows", "fitted"),
    [
        (["1", "A", "x"], "quarantine", ["1", "A", "x"]),
        (["1", "A", "x", " ", ""], "quarantine", ["1", "A", "x"]),
        (["1", "A", "x", "y"], "fill", None),
        (["1", "A", "x", "", "y"], "fill", None),
        (["1", "A"], "quarantine", None),
        (["1", "A"], "fill", ["1", "A", ""]),
        (["1"], "fill", None),
        ([], "fill", None),
        (["1", "A", "x", *[""] * 4997], "quarantine", ["1", "A", "x"]),
        (["1", "A", "x", *[""] * 4998], "quarantine", None),
    ],
)
def test_row_of_another_width_is_taken_where_only_blank_cells_make_the_difference(
    cells: list[str], short_rows: str, fitted: list[str] | None
) -> None:
    text = f"{','.join(cells)}\n9,Z,z\n"
    row = Ragged(1, cells, f"{','.join(cells)}\n")
    facts = CsvFormat.model_validate({"short_rows": short_rows})
    rows, still = rescued(text, [(2, ["9", "Z", "z"])], [row], facts)
    assert rows == [*([] if fitted is None else [(1, fitted)]), (2, ["9", "Z", "z"])]
    assert still == ([row] if fitted is None else [])


def test_shape_of_a_cell_is_its_kinds_of_characters_however_long() -> None:
    seen = [(1, ["04/11/2025 10:15", "Elm", ""]), (2, ["04/11/2025 10:15", "St Giles (East)", ""])]
    for line, is_row in [
        ("5/1/26 9:00,Upper Oak,x", True), ("5/1/26,Oak,x", False), ("5/1/26 9:00,Fir Tree (A),x", True),
        ("5/1/26 9:00,Fir-Tree,x", False), ("a,Oak,x", False),
    ]:  # fmt: skip
        text = f'1\n2\n04/11/2025 10:15,Elm,"\n{line}\n"\n'
        cell = ["04/11/2025 10:15", "Elm", f"\n{line}\n"]
        rows, _ = rescued(text, [*seen, (3, cell)], [])
        assert ((4, line.split(",")) in rows) is is_row
