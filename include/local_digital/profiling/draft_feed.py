"""What a council's draft says of its feed: source, format, columns and data sets, with every doubt about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_digital.date_formats import readable
from local_digital.fields import FIELDS, UNMAPPED, Kind
from local_digital.kpis import KPIS
from local_digital.plurals import counted
from local_digital.profiling.columns import is_yes_or_no
from local_digital.profiling.date_shapes import fold_no_date, formats_of
from local_digital.profiling.figures import NEEDED, name_score
from local_digital.profiling.words import header_score, meaning
from local_digital.profiling.yaml_writer import code, listed, scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_digital.config.models import DataSet, Transaction
    from local_digital.profiling.dates import Dates
    from local_digital.profiling.facts import Profile, Words
    from local_digital.profiling.yaml_writer import Writer

_LONGEST_NAME = 200
_SURE_NAME = 0.9
_HARDLY_ANY = 0.01
_FEW_DATES = 2
_NO_DATES_LISTED = 6
# The spelling of channels on the first dashboard, as in the first council's file.
_LABELS = {"face-to-face": "FaceToFace", "phone": "Phone", "phone-automated": "Phone"}


class FeedDraft:
    """Writes what a draft says of its feed. key: what the names of the council's connections begin with."""

    def __init__(self, writer: Writer, found: Profile, contract: Transaction, key: str) -> None:
        self._writer = writer
        self._found = found
        self._contract = contract
        self._key = key

    def write(self) -> None:
        """Write the feed, from how it is delivered to what is published of it."""
        found, writer = self._found, self._writer
        delivery = found.delivery
        writer.line(0, "feeds:")
        writer.line(1, f"{found.transaction}:")
        writer.line(2, f"delivery: {delivery.kind}", *([] if delivery.sure else [delivery.evidence]))
        if delivery.kind == "aggregate":
            facts = f"aggregate: {{ period: {delivery.every}, named_by: {delivery.named_by} }}"
            writer.line(2, facts, *(delivery.doubts or [f"each row is of one {delivery.every}"]))
        if found.covers_from and delivery.kind != "aggregate":
            writer.line(
                2,
                f"covers_from: {found.covers_from}",
                "the day after the first report, unless that day is whole; periods before it are never published",
            )
        self._write_source()
        self._write_format()
        self._write_zone()
        self._write_rows()
        self._write_columns()
        self._write_ignored()
        self._write_publish()

    def _write_source(self) -> None:
        found, writer = self._found, self._writer
        writer.line(2, "source:")
        writer.line(3, "kind: sftp", "sftp, folder, api or open311 (docs/adding-a-council.md)")
        writer.line(3, f"connection: {self._key}_sftp", "add this connection, with the server's pinned host key")
        writer.line(3, "folder: .", "the folder on the server")
        writer.line(
            3,
            f"files: {scalar(found.file_names.pattern)}",
            *(found.file_names.notes or ["fits the samples; do all exports have such names?"]),
        )
        if found.name_date is not None:
            dated = found.name_date
            doubt = [] if dated.sure else [f"extract-day or data-day? {dated.evidence}"]
            writer.line(3, f"name_date: {dated.name_date}", *(doubt or [dated.evidence]))

    def _write_format(self) -> None:
        form = self._found.format
        parts = []
        for key, value in form.items():
            if isinstance(value, list):
                continue
            parts.append(f"{key}: {scalar(str(value), always=key in {'delimiter', 'quote', 'escape', 'member'})}")
        checks = self._layout_doubts()
        if form.get("encoding") == "auto" and form["kind"] == "csv":
            checks.append("the samples hold nothing that tells encodings apart, so each delivery's is found out")
        if "pgp" in form:
            checks.append("the connection with our private key")
        names = form.get("names")
        if isinstance(names, list):
            checks = ["the export has no header: give the columns their names, here and below", *self._layout_doubts()]
            self._writer.line(2, "format:", *checks)
            for part in parts:
                self._writer.line(3, part)
            self._writer.line(3, f"names: [{', '.join(scalar(str(name)) for name in names)}]")
        else:
            self._writer.line(2, f"format: {{ {', '.join(parts)} }}", *checks)

    def _layout_doubts(self) -> list[str]:
        found = self._found
        form = found.format
        checks = []
        if "quote" in form:
            checks.append("cells seem to stand between single quotes")
        if "escape" in form:
            checks.append("quotes inside cells seem to have a backslash before them")
        if "member" in form:
            checks.append("the archive holds other files too, which this leaves out")
        if any("quotes_after_a_space" in file.facts for file in found.files):
            checks.append(
                "quotes stand behind a space and mean nothing there, so that cells may fall apart: ask for an export "
                "without these spaces"
            )
        if sheets := [sheet for file in found.files for sheet in file.more_sheets]:
            names = ", ".join(map(code, dict.fromkeys(sheets)))
            checks.append(
                f"ONLY THIS SHEET IS READ. Others have the same header, {names}: ask for all rows in one sheet"
            )
        wide = [column.name for column in found.columns if formats_of(column.name, numbers=False)]
        if len(wide) > _FEW_DATES:
            checks.append(
                f"{len(wide)} columns are called by dates, as where counts stand side by side: these cannot be read. "
                "Ask for a row for each period and channel"
            )
        if side_by_side := self._channels_side_by_side():
            checks.append(
                f"THE CHANNELS STAND SIDE BY SIDE ({', '.join(map(code, side_by_side))}), which cannot be read: ask "
                "for a row for each period and channel"
            )
        return checks

    def _channels_side_by_side(self) -> list[str]:
        """Return the columns of numbers that are called by channels, where no column says the channel."""
        found = self._found
        if "channel" in found.fields:
            return []
        used = {guess.column for guess in found.fields.values() if guess.field != "count"}
        values = self._contract.fields["channel"]
        called = [
            column.name for column in found.columns
            if column.looks in {"numbers", "unique"} and column.dates is None and column.name not in used
            and meaning("channel", column.name, values) is not None and not header_score("record_ref", column.name)
        ]  # fmt: skip
        return called if len(called) > 1 else []

    def _write_zone(self) -> None:
        zones = [self._dates(name) for name in self._found.fields]
        naive = [
            dates
            for dates in zones
            if dates is not None and dates.has_time and not dates.names_zone and not dates.time_zone
        ]
        if naive:
            self._writer.line(
                2, "time_zone: Europe/London", "no offset stands in the times: which clock does the system write?"
            )

    def _write_rows(self) -> None:
        services, writer = self._found.services, self._writer
        if self._found.totals:
            writer.line(2, "rows:", "sums stand among the words, and would be counted a second time")
            for column, words in self._found.totals.items():
                writer.line(3, f"- {{ column: {scalar(column)}, not_in: {listed(words)} }}")
            return
        if services is None or (services.words and not services.filters and not services.hidden):
            return
        if not services.words:
            writer.comment(
                f"CHECK: {code(services.column)} has {services.others:,} words, none of which looks like this "
                "transaction: add `rows` if the export has other services in it.", 2,
            )  # fmt: skip
            return
        doubts = [
            f"{services.rows:,} of {services.of:,} rows belong; {counted(services.others, 'other word')} left out"
        ]
        if services.near:
            doubts.append("left out though near: " + "; ".join(services.near))
        if services.hidden:
            doubts.append(
                f"{counted(services.hidden, 'word')} more fit and are not shown, as each stands there once only"
            )
        writer.line(2, "rows:", *doubts)
        writer.line(3, f"- column: {scalar(services.column)}")
        writer.line(4, "in:")
        for word in services.words:
            writer.line(5, f"- {scalar(word)}")

    # --- columns ---------------------------------------------------------------------------------------------------

    def _write_columns(self) -> None:
        self._writer.line(2, "columns:")
        order = [*("record_ref", "event_at", "period", "count"), *self._contract.fields]
        for name in dict.fromkeys(order):
            if name in self._found.fields:
                self._write_field(name)
            else:
                self._write_absent(name)
        for column in self._undated("reported_at"):
            doubt = "IS FILLED AND ITS DATES ARE NOT UNDERSTOOD: ask the council how they are written"
            self._writer.comment(f"CHECK: {code(column)} {doubt}", 3)

    def _write_field(self, name: str) -> None:
        found = self._found
        guess = found.fields[name]
        column = found.column(guess.column)
        facts = [f"from: {scalar(guess.column)}"]
        checks = [*guess.doubts]
        if older := found.renamed.get(guess.column):
            facts.append(f"renamed_from: {listed(older)}")
            checks.append("the files have different names for it")
        match FIELDS[name]:
            case Kind.REF:
                checks += self._ref_doubts(guess.column)
                if found.starts_again:
                    facts = [f"derived_from: {listed((guess.column, found.fields['reported_at'].column))}"]
                elif found.no_refs:
                    facts.append(f"blank: {listed(found.no_refs)}")
                    rows = counted(sum(found.no_refs.values()), "row")
                    checks.append(f"{rows} with a text in place of a reference: these will be turned down")
            case Kind.INSTANT:
                assert column.dates is not None  # noqa: S101 - only columns of dates are guessed for instants
                more, doubts = _instant(column.dates, name, found.times.get(name))
                facts += more
                checks += doubts
            case Kind.NUMBER | Kind.MONEY if guess.blank:
                facts.append(f"blank: {listed(guess.blank)}")
            case Kind.KEY if column.spoilt:
                checks.append(f"{column.spoilt:,} cells are as Excel shortens them, and lost")
            case Kind.LABEL:
                self._write_label(name, facts, checks, found.words.get(name))
                return
        self._writer.facts(3, name, facts, checks)

    def _ref_doubts(self, name: str) -> list[str]:
        found = self._found
        doubts = [note.text for note in found.identity if note.column == name and note.doubt]
        if found.other_refs:
            others = ", ".join(map(code, found.other_refs))
            doubts.append(f"{others} may be the reference too: which one does the council quote?")
        return doubts

    def _write_label(self, name: str, facts: list[str], checks: list[str], words: Words | None) -> None:
        if name == "channel" and (blank := self._found.blank.get(name)):
            checks.append(
                f"{counted(blank, 'row')} without a word here; without `when_blank` these would be turned down"
            )
            if "other" in self._contract.fields[name].values:
                facts.append("when_blank: other")
        if words is None or not words.closed:
            self._writer.facts(3, name, facts, checks)
            return
        mapped = [word for word in words.words if word.value]
        sums = self._found.totals.get(self._found.fields[name].column, ())
        unmapped = [word.word for word in words.words if not word.value and word.word not in sums]
        if unmapped:
            checks.append("not mapped: " + "; ".join(unmapped))
            checks.append("values: " + ", ".join(self._contract.fields[name].values))
        if words.hidden:
            checks.append(f"not shown: {counted(words.hidden, 'more word')}, each seldom or like something personal")
        if mapped and is_yes_or_no(word.word for word in mapped) and not unmapped:
            by_word = {word.word.casefold()[0] in "yt1-": word.value for word in mapped}
            facts += [f"{key}: {by_word[flag]}" for key, flag in (("yes", True), ("no", False)) if by_word.get(flag)]
            self._writer.facts(3, name, facts, checks)
            return
        self._writer.line(3, f"{name}:", *checks)
        for fact in facts:
            self._writer.line(4, fact)
        if mapped:
            self._writer.line(4, "map:")
        for word in mapped:
            self._writer.line(5, f"{scalar(word.word)}: {word.value}", "" if word.sure else "a guess")

    def _write_absent(self, name: str) -> None:
        """Write what the models demand though the export has no column for it, and say so."""
        found, contract = self._found, self._contract
        kind = found.delivery.kind
        required = {"aggregate": {"channel"}, "event_log": {"channel"}}.get(
            kind, {"record_ref", "reported_at", "channel"}
        )
        required |= {field for field, facts in contract.fields.items()
                     if facts.required and field not in {"record_ref", "reported_at"}}  # fmt: skip
        if name not in required:
            self._write_called_like(name)
            return
        if name == "record_ref" and found.derived_from:
            checks = ["no column is a reference; these together tell rows apart" if found.derived_is_unique
                      else "no column is a reference, and no few columns tell all rows apart: ask for one"]  # fmt: skip
            if personal := [name for name in found.derived_from if name in found.personal]:
                checks.append(
                    f"{', '.join(map(code, personal))} would be read for it, and kept inside a keyed hash only"
                )
            rows, equal = found.files[-1].rows, found.files[-1].duplicates
            if equal > _HARDLY_ANY * rows:
                checks.append(
                    f"{equal:,} of {rows:,} rows equal another in every column, and would be dropped as duplicates, "
                    "though they may well be reports of their own: ask for a reference"
                )
            self._writer.facts(3, name, [f"derived_from: {listed(found.derived_from)}"], checks)
        elif name == "reported_at" and (undated := self._undated(name)):
            facts = [f"from: {scalar(undated[0])}", "formats: [iso]"]
            self._writer.facts(3, name, facts, ["placeholder for the format of these dates, see below"])
        elif name == "reported_at" and found.file_names.has_date:
            self._writer.facts(
                3, name, ["from_file_name: true"], ["no column of dates was found: the day in the name is taken"]
            )
        elif FIELDS[name] is Kind.LABEL:
            values = list(contract.fields[name].values)
            value = "other" if "other" in values or not values else values[-1]
            checks = [f"no column says the {name}: every row counts as `{value}`"]
            if called := [column.name for column in found.columns if header_score(name, column.name) >= _SURE_NAME]:
                checks.append(f"{', '.join(map(code, called))} is called like it, but hardly a word of it is known")
            self._writer.facts(3, name, [f"value: {value}"], checks)
        else:
            extra = ["formats: [iso]"] if FIELDS[name] is Kind.INSTANT else []
            self._writer.facts(
                3, name, [f'from: "no column for {name}"', *extra], ["no such column was found: ingest will fail"]
            )

    def _write_called_like(self, name: str) -> None:
        """Say which columns are called like a field that none is taken for, as nothing in their cells fits it."""
        found, contract = self._found, self._contract
        kind = FIELDS[name]
        if name not in contract.fields or kind not in {Kind.LABEL, Kind.NUMBER, Kind.MONEY}:
            return
        if name == "starts" and found.delivery.kind != "aggregate":
            return
        used = {guess.column for guess in found.fields.values()}
        score = header_score if kind is Kind.LABEL else name_score
        called = [
            column.name for column in found.columns
            if column.name not in used and column.filled and column.personal is None and column.dates is None
            and score(name, column.name) >= _SURE_NAME
        ]  # fmt: skip
        if not called:
            return
        lacks = f"it holds no {NEEDED[name]}" if name in NEEDED else "hardly a word of it is known"
        values = contract.fields[name].values
        known = f" (values: {', '.join(values)})" if values else ""
        self._writer.comment(f"CHECK: {', '.join(map(code, called))} is called like `{name}`{known}, but {lacks}", 3)

    def _undated(self, field: str) -> list[str]:
        """Return the columns of dates that are not understood, those first that are called like a field."""
        names = [column.name for column in self._found.columns if column.undated]
        return sorted(names, key=lambda name: -header_score(field, name))

    def _dates(self, name: str) -> Dates | None:
        return self._found.column(self._found.fields[name].column).dates if FIELDS[name] is Kind.INSTANT else None

    # --- what is left ----------------------------------------------------------------------------------------------

    def _write_ignored(self) -> None:
        found = self._found
        used = {guess.column for guess in found.fields.values()} | set(found.derived_from)
        used |= {column for column, pattern in found.times.values() if pattern}
        if "reported_at" not in found.fields:
            used |= set(self._undated("reported_at")[:1])
        if found.services is not None and found.services.words and (found.services.filters or found.services.hidden):
            used.add(found.services.column)
        rest = [column for column in found.columns if column.name not in used and len(column.name) <= _LONGEST_NAME]
        personal = [column.name for column in rest if column.personal]
        others = [column.name for column in rest if not column.personal]
        if not rest:
            return
        self._writer.line(2, "ignored_columns:")
        for names, doubt in (
            (personal, "probably personal: never read"),
            (others, "mapped to no field: is one of them needed?"),
        ):
            if names:
                self._writer.comment(f"CHECK: {doubt}", 3)
            for name in names:
                self._writer.line(3, f"- {scalar(name)}")

    def _write_publish(self) -> None:
        # An export does not tell where the council's page is, so availability is no doubt of its draft.
        offered = {name: each for name, each in self._contract.data_sets.items() if not each.availability}
        lacking = {name: self._lacking(data_set) for name, data_set in offered.items()}
        for name, why in lacking.items():
            if why:
                self._writer.comment(f"CHECK: `{name}` cannot be published: {why}", 2)
        written = {name: data_set for name, data_set in offered.items() if not lacking[name]}
        if not written:
            return
        self._writer.line(2, "publish:")
        for name, data_set in written.items():
            labels = self._labels(data_set)
            if not labels:
                self._writer.line(3, f"{name}: {{}}")
                continue
            self._writer.line(3, f"{name}:")
            self._writer.line(4, "labels:", "the platform's spelling of the channels, as of the first dashboard")
            for value, label in labels.items():
                self._writer.line(5, f"{value}: {label}")

    def _lacking(self, data_set: DataSet) -> str:
        """Return why a data set cannot be published, nothing when it can."""
        found = self._found
        counted_by = found.delivery.every if found.delivery.kind == "aggregate" else "day"
        if data_set.kpi == "cost-per-transaction":
            return "the council's own `unit_costs` are not in its exports"
        if counted_by not in {"day", data_set.period}:
            return f"counts by {counted_by} make no {data_set.period}s"
        missing = [
            name for name in (data_set.breakdown, data_set.across)
            if name is not None and name != "channel" and name not in found.fields
        ]  # fmt: skip
        if missing:
            return f"no column for {', '.join(map(code, missing))}"
        if data_set.kpi == "completion-rate" and not self._says_what_was_given_up():
            return "nothing says how many were begun or given up"
        told = {*found.fields, *({"closed_at"} if found.delivery.kind == "event_log" else ())}
        lacking = [name for name in (KPIS[data_set.kpi].fields if data_set.kpi else ()) if name not in told]
        return f"no column for {', '.join(map(code, lacking))}" if lacking else ""

    def _says_what_was_given_up(self) -> bool:
        words = self._found.words.get("status")
        if "starts" in self._found.fields or words is None:
            return "starts" in self._found.fields
        values = self._contract.fields["status"].values
        return any(word.value and not values[word.value].completed for word in words.words)

    def _labels(self, data_set: DataSet) -> dict[str, str]:
        if data_set.breakdown != "channel":
            return {}
        values = self._contract.fields["channel"].values
        labels = {value: "Digital" if label.digital else _LABELS.get(value, "Other") for value, label in values.items()}
        return labels | {UNMAPPED: "Other"} if values else {}


def _instant(dates: Dates, name: str, time: tuple[str, str | None] | None) -> tuple[list[str], list[str]]:
    facts = [f"formats: {listed(dates.formats)}"]
    checks = []
    if time is not None and time[1] is None:
        checks.append(f"{code(time[0])} may hold its time, in a form that is not known: see `time_from`")
    elif time is not None:
        column, pattern = time
        # ISO 8601 takes a time as it is; where there is none, the day alone is read.
        timed = [form if form == "iso" else f"{form} {pattern}" for form in dates.formats]
        facts = [f"time_from: {scalar(column)}", f"formats: {listed(list(dict.fromkeys((*timed, *dates.formats))))}"]
        checks.append(f"{code(column)} is taken for its time")
    if dates.order == "undecided":
        checks.append(
            "DAY OR MONTH FIRST? No row decides it; "
            + (dates.evidence[1] if len(dates.evidence) > 1 else "day first is only assumed")
            + ". Ask the council, or give a sample with days over 12"
        )
    elif dates.order == "mixed":
        checks.append(f"DAY AND MONTH FIRST ARE MIXED: {'; '.join(dates.evidence)}. Dates will be wrong or turned down")
    if len(dates.formats) > 1 and dates.order != "mixed":
        checks.append(f"{len(dates.formats)} formats in one column, the most frequent first: "
                      + "; ".join(map(readable, dates.formats)))  # fmt: skip
    if dates.misfits > 0:
        checks.append(f"{counted(dates.misfits, 'cell')} fit no format, the first at {dates.misfit_lines[0]}")
    if dates.no_date:
        blanks = _blanks(dates.no_date)
        facts.append(f"blank: {listed(blanks)}")
        checks.append(f"{counted(sum(dates.no_date.values()), 'cell')} taken to mean that there is no date")
        if name == "reported_at":
            checks.append("such rows will be turned down: each needs the time of its report")
    if dates.time_zone:
        facts.append(f"time_zone: {dates.time_zone}")
    if dates.zone_hint:
        checks.append(dates.zone_hint)
    return facts, checks


def _blanks(no_date: Mapping[str, int]) -> list[str]:
    """Return patterns for the texts: themselves, or their day with anything after it when they are many."""
    if len(no_date) <= _NO_DATES_LISTED:
        return list(no_date)
    return list(dict.fromkeys(text if fold_no_date(text) else re.split(r"[T ]", text)[0] + "*" for text in no_date))
