"""A profile for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from local_digital.date_formats import readable
from local_digital.plurals import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from local_digital.profiling.columns import Column
    from local_digital.profiling.dates import Dates
    from local_digital.profiling.facts import File, Profile, Words
    from local_digital.profiling.services import Services

_WEEKS_SHOWN = 12
_BAR = 30
_WORDS_SHOWN = 40
_ENDS = {"CRLF": "CRLF (Windows)", "LF": "LF (Unix)", "CR": "CR (old Mac)", "none": "no line end"}
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "^": "caret", "~": "tilde"}


def render(found: Profile) -> Group:
    """Return the report, ready to be printed by rich."""
    parts: list[RenderableType] = [Text("Files", style="bold"), _files(found), *_remarks(found)]
    parts += [_heading("Columns"), _columns(found)]
    dated = [column for column in found.columns if column.dates is not None]
    if dated:
        parts += [_heading("Dates"), *(_dates(column) for column in dated)]
    if found.identity or found.derived_from:
        parts += [
            _heading("References"),
            *(_bullet(f"`{note.column}`: {note.text}", "yellow" if note.doubt else "") for note in found.identity),
        ]
        if found.derived_from:
            names = ", ".join(f"`{name}`" for name in found.derived_from)
            parts.append(
                _bullet(
                    f"no column is a reference; {names} together "
                    f"{'tell rows apart' if found.derived_is_unique else 'do not quite tell rows apart'}"
                )
            )
    for name, words in found.words.items():
        if words.words:
            parts += [_heading(f"Words for {name} (in {found.fields[name].column})"), _words(words)]
    if found.services is not None:
        parts += [_heading("Services"), *_services(found.services)]
    if found.personal:
        parts += [_heading("Probably personal (never shown, never kept)"), _personal(found)]
    parts += [_heading("Delivery"), *_delivery(found)]
    if found.weeks:
        parts += [_heading("Rows a week"), _weeks(found)]
    return Group(*parts)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _bullet(text: str, style: str = "") -> Padding:
    return Padding(Text(f"• {text}", style=style), (0, 0, 0, 2), expand=False)


def _files(found: Profile) -> Table:
    table = Table()
    for heading in ("File", "Size", "Format", "Header", "Rows", "Ragged", "Duplicates", "Days"):
        right = heading in {"Size", "Rows", "Ragged", "Duplicates"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for file in found.files:
        table.add_row(
            escape(file.name), _size(file.size), _format(found, file), _header(file), f"{file.rows:,}",
            f"{file.ragged:,}",
            f"{file.duplicates:,}", f"{file.first} to {file.last}" if file.first else "-",
        )  # fmt: skip
    return table


def _format(found: Profile, file: File) -> str:
    facts = [*file.wrappings, str(found.format["kind"])]
    if "encoding" in file.facts:
        facts.append(str(file.facts["encoding"]))
    if "line_ends" in file.facts:
        facts.append(_ENDS[str(file.facts["line_ends"])])
    if "delimiter" in file.facts:
        facts.append(_DELIMITERS.get(str(file.facts["delimiter"]), "other delimiter"))
    if "sheet" in file.facts:
        facts.append(f"sheet {escape(str(file.facts['sheet']))}")
    if file.documents > 1:
        facts.append(f"{file.documents} files")
    return ", ".join(facts)


def _header(file: File) -> str:
    if not file.header:
        return "none"
    return f"line {file.facts['header_line']}" if "header_line" in file.facts else "-"


def _remarks(found: Profile) -> list[RenderableType]:
    """Return a line for everything about a file's layout that a person should know of."""
    remarks = []
    for file in found.files:
        at = "" if len(found.files) == 1 else f"{file.name}: "
        if not file.header:
            remarks.append(f"{at}no header: the columns are called by their positions, give them names")
        if line := int(str(file.facts.get("header_line", 1))) - 1:
            remarks.append(f"{at}{counted(line, 'line')} above the header")
        if repeated := file.facts.get("repeated_headers"):
            remarks.append(f"{at}the header stands there again {counted(int(str(repeated)), 'time')}")
        if totals := file.facts.get("totals_rows"):
            remarks.append(f"{at}{counted(int(str(totals)), 'row')} of totals at the end, left out")
        if mended := file.facts.get("bytes_in_windows_1252"):
            remarks.append(f"{at}{counted(int(str(mended)), 'byte')} of Windows-1252 inside UTF-8")
        if file.more_sheets:
            remarks.append(f"{at}one sheet is read; others have the same header: {', '.join(file.more_sheets)}")
        if file.facts.get("quotes_after_a_space"):
            remarks.append(f"{at}quotes stand behind a space, and mean nothing there")
        if file.ragged:
            more = " and more" if file.ragged > len(file.ragged_lines) else ""
            remarks.append(f"{at}rows with too few or too many cells: {', '.join(file.ragged_lines)}{more}")
        if file.names_twice:
            remarks.append(f"{at}names that stand in the header more than once: {', '.join(file.names_twice)}")
        if file.blank_names:
            remarks.append(f"{at}columns without a name: {', '.join(file.blank_names)}")
    for name, older in found.renamed.items():
        remarks.append(f"`{name}` is called {', '.join(f'`{old}`' for old in older)} in older files")
    return [_bullet(remark, "yellow") for remark in remarks]


def _columns(found: Profile) -> Table:
    table = Table()
    for heading in ("Column", "Filled", "Distinct", "Cells", "Taken for"):
        table.add_column(heading, justify="right" if heading in {"Filled", "Distinct"} else "left", overflow="fold")
    by_column: dict[str, list[str]] = {}
    for name, guess in found.fields.items():
        by_column.setdefault(guess.column, []).append(name)
    if found.services is not None and found.services.words:
        by_column.setdefault(found.services.column, []).append("tells services apart")
    for column in found.columns:
        share = column.filled / column.rows if column.rows else 0
        taken = ", ".join(by_column.get(column.name, []))
        looks = f"{column.looks}, probably {column.personal}" if column.personal else column.looks
        looks += ", dates that are not understood" if column.undated else ""
        table.add_row(
            escape(column.name), f"{share:.0%}" if share in {0, 1} or 0.005 < share < 0.995 else f"{share:.1%}",  # noqa: PLR2004 - rounds to 0 or 100
            f"{column.distinct:,}", f"[red]{looks}[/red]" if column.personal else looks,
            f"[green]{taken}[/green]" if taken else "[dim]-[/dim]",
        )  # fmt: skip
    return table


def _dates(column: Column) -> Group:
    dates = column.dates
    assert dates is not None  # noqa: S101 - only columns of dates come here
    shapes = " or ".join(map(readable, dates.formats))
    lines: list[RenderableType] = [
        Text.assemble("  ", (column.name, "bold"), f": {shapes} — {dates.fits:,} of {dates.filled:,} filled cells fit")
    ]
    style = {"undecided": "bold red", "mixed": "bold red"}.get(dates.order, "")
    prefix = {"undecided": "DAY OR MONTH FIRST CANNOT BE TOLD: ", "mixed": "DAY AND MONTH FIRST ARE MIXED: "}.get(
        dates.order, ""
    )
    lines += [_inner(prefix + "; ".join(dates.evidence), style)] if dates.evidence else []
    lines += [_inner(text) for text in _date_remarks(dates)]
    return Group(*lines)


def _date_remarks(dates: Dates) -> list[str]:
    remarks = []
    if dates.no_date:
        shown = ", ".join(f"{text} ({count:,})" for text, count in list(dates.no_date.items())[:6])
        remarks.append(f"stands for no date: {shown}")
    if dates.misfits > 0:
        remarks.append(f"{counted(dates.misfits, 'cell')} fit no format: {', '.join(dates.misfit_lines)}"
                       + (" and more" if dates.misfits > len(dates.misfit_lines) else ""))  # fmt: skip
    if set(dates.zones) - {"none"}:
        remarks.append("time zones: " + ", ".join(f"{zone} ({count:,})" for zone, count in dates.zones.items()))
    elif dates.zones:
        remarks.append("no offset in any time")
    if dates.zone_hint:
        remarks.append(dates.zone_hint)
    return remarks


def _inner(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, 4), expand=False)


def _words(words: Words) -> Table:
    table = Table()
    table.add_column("Word", overflow="fold")
    table.add_column("Rows", justify="right")
    if words.closed:
        table.add_column("Proposed")
    for word in words.words[:_WORDS_SHOWN]:
        proposed = word.value or "[yellow]not mapped[/yellow]"
        proposed += "" if word.sure or not word.value else " [yellow](a guess)[/yellow]"
        table.add_row(escape(word.word), f"{word.count:,}", *([proposed] if words.closed else []))
    left = len(words.words) - _WORDS_SHOWN
    if left > 0:
        table.add_row(f"[dim]{left} more[/dim]", "")
    if words.hidden:
        table.add_row(f"[dim]{counted(words.hidden, 'word')} not shown: seldom, or like something personal[/dim]", "")
    return table


def _services(services: Services) -> list[RenderableType]:
    if not services.words:
        return [
            _bullet(
                f"no word of `{services.column}` looks like this transaction ({services.others:,} other words)",
                "yellow",
            )
        ]
    lines: list[RenderableType] = [
        _bullet(
            f"`{services.column}` tells them apart: {services.rows:,} of {services.of:,} rows are of this transaction"
        )
    ]
    lines += [_inner(f"yes  {word} ({count:,})", "green") for word, count in services.words.items()]
    lines += [_inner(f"no   {word} ({count:,})", "yellow") for word, count in services.near.items()]
    if services.others:
        lines.append(_inner(f"no   {counted(services.others, 'other word')}"))
    if services.hidden:
        lines.append(
            _inner(f"{counted(services.hidden, 'more word')} fit and are not shown, as each stands there once")
        )
    return lines


def _personal(found: Profile) -> Padding:
    by_kind: dict[str, list[str]] = {}
    for name, kind in found.personal.items():
        by_kind.setdefault(kind, []).append(name)
    return Padding(
        Text("\n".join(f"{kind}: {', '.join(names)}" for kind, names in by_kind.items())), (0, 0, 0, 2), expand=False
    )


def _delivery(found: Profile) -> list[RenderableType]:
    delivery = found.delivery
    sure = "" if delivery.sure else " (not certain)"
    lines: list[RenderableType] = [_bullet(f"{delivery.kind}{sure}: {delivery.evidence}")]
    lines += [_bullet(doubt, "yellow") for doubt in delivery.doubts]
    lines.append(_bullet(f"files: {found.file_names.pattern}"))
    if found.name_date is not None:
        lines.append(_bullet(f"day in the name: {found.name_date.name_date}; {found.name_date.evidence}"))
    if found.covers_from:
        lines.append(_bullet(f"complete from: {found.covers_from}, the first whole day"))
    return lines


def _weeks(found: Profile) -> Table:
    weeks = list(found.weeks.items())
    most = max(count for _, count in weeks)
    table = Table.grid(padding=(0, 2))
    for number, (monday, count) in enumerate(weeks):
        if len(weeks) > _WEEKS_SHOWN and number == _WEEKS_SHOWN // 2:
            table.add_row("", f"… {len(weeks) - _WEEKS_SHOWN} weeks", "")
        if _WEEKS_SHOWN // 2 <= number < len(weeks) - _WEEKS_SHOWN // 2:
            continue
        table.add_row(f"  {monday}", f"{count:,}", "█" * max(1, round(_BAR * count / most)))
    table.columns[1].justify = "right"
    return table


def _size(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - thousands
            return f"{size:.0f} {unit}"
        size //= 1000
    return f"{size} GB"
