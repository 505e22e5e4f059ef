"""A council's ten years in one file: from the landed file to the weekly and monthly figures, against a plain COPY."""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import time
from typing import TYPE_CHECKING, Any

import yaml

from bench import exports
from bench.measure import Measured, in_own_process
from bench.place import Place, place
from bench.report import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MILLION = 1_000_000
_COUNCIL = "bench"
_TRANSACTION = "report-missed-bin"
_WHEN = {"formats": ["%d/%m/%Y %H:%M"]}


def bulk(rows: int, *, with_dlt: bool) -> Iterator[Line]:
    """Measure a first load, the same snapshot with changes, and the same bytes again; yield a line for each."""
    with place() as here:
        _write_council(here)
        files = [here.folder / f"missed_2026010{night}.csv" for night in (5, 6, 7)]
        exports.write(files[0], rows)
        exports.write(files[1], rows, changed=0.01)
        exports.write(files[2], rows, changed=0.02, since=0.9)
        floor = statistics.median(_copied(here, files[0]) for _ in range(3))
        size: dict[str, float | int | str] = {"rows": rows, "COPY s": round(floor, 2)}
        tellings = [
            ("first load", 2.0),
            ("1 % changed, in all years", 1.5),
            ("2 % of rows changed, in the last year", None),
        ]
        for file, (what, goal) in zip(files, tellings, strict=True):
            night = in_own_process(_night, here, file)
            yield Line(f"bulk: {what}", night.seconds / floor, "x COPY", goal, facts=size | _parts(night))
            if file == files[0]:
                yield Line("bulk: peak memory", night.peak_mib, "MiB", 1024 if rows <= MILLION else 1536)
        again = in_own_process(_night, here, files[2])
        yield Line("bulk: the same bytes again", again.seconds / floor, "x COPY", 0.1, facts=_parts(again))
        if with_dlt:
            other = in_own_process(_dlt, here, files[0])
            with place() as fresh:
                _write_council(fresh)
                ours = in_own_process(_night, fresh, files[0])
            yield Line("bulk: dlt's time over ours", other.seconds / ours.seconds, "x", 2.5, at_least=True,
                       facts={"dlt s": round(other.seconds, 1), "ours s": round(ours.seconds, 1)})  # fmt: skip


def nights(files: int = 10, rows: int = 1000) -> Iterator[Line]:
    """Measure the processor time of small nightly files, one after the other in one process."""
    with place() as here:
        _write_council(here)
        for night in range(files + 1):
            exports.write(here.folder / f"missed_202601{night + 5:02}.csv", rows, first=night * rows)
        measured = in_own_process(_nights, here, files)
        yield Line(f"{files} nights of {rows} rows", measured.cpu / files, "s of CPU each", 0.5,
                   facts={"s each": round(measured.seconds / files, 2)})  # fmt: skip


def _write_council(here: Place) -> None:
    facts = {
        "council": _COUNCIL, "name": "Solihull Metropolitan Borough Council", "gss_code": "E08000029",
        "tier": "metropolitan", "bank_holidays": "england-and-wales", "phase": 3, "schedule": "20 5 * * *",
        "privacy": {"connection": "privacy"}, "platform": {"connection": "platform", "data_group": _COUNCIL},
        "feeds": {
            _TRANSACTION: {
                "delivery": "snapshot",
                "covers_from": "2016-01-04",
                "source": {"kind": "folder", "files": "missed_{date:%Y%m%d}.csv", "name_date": "extract-day"},
                "format": {"kind": "csv", "encoding": "utf-8", "delimiter": ","},
                "columns": {
                    "record_ref": {"from": "Case Ref"},
                    "reported_at": {"from": "Date Reported", **_WHEN},
                    "closed_at": {"from": "Date Closed", **_WHEN},
                    "channel": {"from": "Channel", "map": exports.CHANNELS},
                    "status": {"from": "Status", "map": exports.STATUSES},
                    "stream": {"from": "Bin Type", "map": exports.STREAMS},
                    "ward": {"from": "Ward"},
                    "premises_key": {"from": "UPRN"},
                },
                "ignored_columns": list(exports.HEADER[-4:]),
            }
        },
    }  # fmt: skip
    path = here.config / "councils" / f"{_COUNCIL}.yaml"
    path.write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")


def _copied(here: Place, file: Path) -> float:
    """Return the seconds that PostgreSQL needs to take the file as text, as it stands."""
    with here.database() as db, db.cursor() as cursor, file.open("rb") as content:
        cursor.execute(f"create table raw ({', '.join(f'c{index} text' for index in range(len(exports.HEADER)))})")
        db.commit()
        started = time.perf_counter()
        cursor.copy_expert("copy raw from stdin with (format csv, header)", content)
        db.commit()
        seconds = time.perf_counter() - started
        cursor.execute("drop table raw")
        db.commit()
    return seconds


def _night(here: Place, file: Path) -> Iterator[Any]:
    from local_digital.aggregate import aggregate  # noqa: PLC0415 - in the measured process
    from local_digital.expectations import warm_up  # noqa: PLC0415
    from local_digital.extract import take_files  # noqa: PLC0415
    from local_digital.load import load  # noqa: PLC0415
    from local_digital.validate import validate  # noqa: PLC0415
    from local_digital.workspace import Workspace  # noqa: PLC0415

    warm_up()
    with Workspace.open(here.settings()) as workspace:
        feed = workspace.feed(_COUNCIL, _TRANSACTION)
        take_files(workspace, feed, [file], run_id="bench")
        yield None
        at = [time.perf_counter()]
        reports = validate(workspace, feed)
        at.append(time.perf_counter())
        loaded = load(workspace, feed)
        at.append(time.perf_counter())
        aggregate(workspace, _COUNCIL)
        at.append(time.perf_counter())
        parts = {
            f"{step} s": round(end - start, 2)
            for step, (start, end) in zip(("validate", "load", "aggregate"), itertools.pairwise(at), strict=True)
        }
        if any(report.status != "validated" or report.read != report.accepted + report.quarantined + report.duplicates
               for report in reports):  # fmt: skip
            raise AssertionError(f"rows are not accounted for: {reports}")
        yield {**parts, "inserted": loaded.inserted, "updated": loaded.updated}


def _nights(here: Place, files: int) -> Iterator[Any]:
    steps = []
    for night in range(files + 1):
        one = _night(here, here.folder / f"missed_202601{night + 5:02}.csv")
        next(one)
        if night:
            steps.append(one)
        else:
            # The first one pays for what a process does once.
            next(one)
    yield None
    yield [next(one) for one in steps]


def _dlt(here: Place, file: Path) -> Iterator[Any]:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt  # noqa: PLC0415 - in the measured process
    import pyarrow.csv  # noqa: PLC0415

    folder = here.folder / "dlt"
    # Text as it is, as our floor: dlt is to guess no types.
    names = [name.lower().replace(" ", "_") for name in exports.HEADER]
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()))
    reading = pyarrow.csv.ReadOptions(column_names=names, skip_rows=1, block_size=16 << 20)

    @dlt.resource(name="missed_bins", write_disposition="merge", primary_key="case_ref")
    def missed_bins() -> Iterator[Any]:
        with pyarrow.csv.open_csv(file, read_options=reading, convert_options=options) as batches:
            yield from (pyarrow.Table.from_batches([batch]) for batch in batches)

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(here.url.replace("+psycopg2", "")),
        dataset_name="bench_dlt",
        pipelines_dir=str(folder),
    )
    yield None
    pipeline.run(missed_bins())
    yield None
    shutil.rmtree(folder, ignore_errors=True)


def _parts(night: Measured) -> dict[str, float | int | str]:
    return {"s": round(night.seconds, 2), **night.result, "MiB": night.peak_mib}
