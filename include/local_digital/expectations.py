"""Great Expectations on candidate records: suites from `expectations/`, results as counts and line numbers.

No value of a row is asked for, stored or rendered (`exclude_unexpected_values`). The context is ephemeral, since a
file-based one is corrupted by parallel tasks.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from local_digital.errors import ConfigurationError
from local_digital.partition import by_reference, parts_of
from local_digital.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from local_digital.parsing.instants import Mask

_FOLDER = ROOT / "expectations"
_LINES_KEPT = 20
# The library hashes what it counts, 30 bytes a row.
_ROW_COUNT = "expect_table_row_count_to_be_between"
_UNIQUE = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
# These ask which cells are blank or equal, and not what they say.
_BLIND = {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null", *_UNIQUE}
_BY_ROW = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_value_lengths_to_be_between",
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
}


class Expected(BaseModel):
    """One entry of a suite file; `$PARAMETER name` in `arguments` stands for a value known at run time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: str = Field(pattern=r"^expect_[a-z_]+$")
    arguments: dict[str, Any] = Field(alias="with")
    dimension: Literal["completeness", "validity", "consistency", "uniqueness", "volume", "timeliness"]
    severity: Literal["critical", "warning", "info"]
    fails: Literal["row", "delivery"] | None = None
    expected: str

    @model_validator(mode="after")
    def _critical_says_what_fails(self) -> Expected:
        if (self.severity == "critical") != (self.fails is not None):
            raise ValueError("`fails: row` or `fails: delivery` exactly on critical expectations")
        return self

    @property
    def column(self) -> str | None:
        return self.arguments.get("column") or self.arguments.get("column_A")

    @property
    def in_parts(self) -> bool:
        """Whether parts tell what the whole would: rows fail by themselves or with those of the same reference."""
        if self.expect == _ROW_COUNT:
            return self.arguments.keys() <= {"min_value", "max_value"}
        return self.expect in _BY_ROW or (self.expect in _UNIQUE and "record_ref" in self.columns)

    @property
    def columns(self) -> list[str]:
        names = [self.arguments.get(name) for name in ("column", "column_A", "column_B")]
        return [name for name in (*names, *self.arguments.get("column_list", [])) if name]


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    expectations: tuple[Expected, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Result:
    """What one expectation found. failed: rows that fail it; failing: their lines, all of them."""

    expected: Expected
    success: bool
    checked: int
    failed: int
    failing: list[int]

    @property
    def lines_to_keep(self) -> list[int]:
        return self.failing[:_LINES_KEPT]


@dataclass(frozen=True)
class Validation:
    """results: in the suite's order. outcomes: what Great Expectations itself says of each, for Data Docs."""

    suite: str
    results: list[Result]
    outcomes: list[Any]


@cache
def suite(transaction: str) -> tuple[Expected, ...]:
    """Read `expectations/<transaction>.yaml`; raise ConfigurationError naming file, key, expected and found."""
    path = _FOLDER / f"{transaction}.yaml"
    try:
        return _SuiteFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).expectations
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigurationError(
            str(path), expected="an expectation suite", found=str(error), action="Mend the file."
        ) from None


def check(table: pa.Table, kept: Mask, transaction: str, parameters: Mapping[str, Any]) -> Validation:
    """Run a transaction's suite on candidate records (`line` and canonical fields; labels may be dictionaries).

    kept: which of them to look at. parameters: values for `$PARAMETER`; an expectation whose parameter is None is left
    out (no history yet).
    """
    known = dict(enumerate(entry for entry in suite(transaction) if _is_known(entry, parameters)))
    rows = int(np.count_nonzero(kept))
    if parts_of(table) == 1:
        outcomes = _outcomes(table, kept, transaction, known, parameters)
    else:
        in_parts = {position: entry for position, entry in known.items() if entry.in_parts}
        found = [_outcomes(table, part, transaction, in_parts, parameters) for part in by_reference(table, kept)]
        outcomes = {
            position: _together(entry, [part[position] for part in found], parameters)
            for position, entry in in_parts.items()
        }
        if others := {position: entry for position, entry in known.items() if not entry.in_parts}:
            outcomes |= _outcomes(table, kept, transaction, others, parameters)
    results = [_result(entry, outcomes[position], rows) for position, entry in known.items()]
    return Validation(transaction, results, [outcomes[position] for position in known])


def _outcomes(
    table: pa.Table, kept: Mask, transaction: str, expectations: Mapping[int, Expected], parameters: Mapping[str, Any]
) -> dict[int, Any]:
    asked = _great_expectations().ExpectationSuite(
        name=transaction,
        expectations=[
            {
                "type": entry.expect,
                "kwargs": {name: _given(value, parameters) for name, value in entry.arguments.items()},
                "severity": entry.severity,
                "meta": {"dimension": entry.dimension, "position": position, "expected": entry.expected},
            }
            for position, entry in expectations.items()
        ],
    )
    batch = _definition().get_batch({"dataframe": _frame(table, kept, expectations.values())})
    with warnings.catch_warnings():
        # The library asks pandas for plain values of times in a way that pandas will change; both are locked.
        warnings.filterwarnings("ignore", message=r"Series\.values returning", category=DeprecationWarning)
        found = batch.validate(
            asked,
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["line"],
                "exclude_unexpected_values": True,
            },
        )
    outcomes = {}
    for outcome in found.results:
        position = outcome.expectation_config.meta["position"]
        fault = _fault_of(outcome.exception_info or {})
        if fault is not None:
            raise ConfigurationError(
                f"{_FOLDER / transaction}.yaml: expectation {position + 1}",
                expected=f"`{expectations[position].expect}` to run",
                found=fault,
                action="Mend the suite.",
            )
        outcomes[position] = outcome
    return outcomes


def _fault_of(told: Mapping[str, Any]) -> str | None:
    """Return the first line of why an expectation could not run; None where it ran."""
    # The library tells of the expectation itself, or of each metric that it is made of, by the metric's id.
    for one in (told, *(part for part in told.values() if isinstance(part, dict))):
        if one.get("raised_exception"):
            return next(iter(str(one.get("exception_message")).splitlines()), "no reason given")
    return None


def _together(entry: Expected, parts: Sequence[Any], parameters: Mapping[str, Any]) -> Any:
    """Return the outcome that the library would have come to over the rows of all parts."""
    if entry.expect == _ROW_COUNT:
        outcome, rows = parts[0], sum(int(part.result["observed_value"]) for part in parts)
        low, high = (_given(entry.arguments.get(bound), parameters) for bound in ("min_value", "max_value"))
        outcome.success = (low is None or rows >= low) and (high is None or rows <= high)
        outcome.result = {**outcome.result, "observed_value": rows}
        return outcome
    counts = {
        name: sum(int(part.result.get(name) or 0) for part in parts)
        for name in ("element_count", "unexpected_count", "missing_count") if name in parts[0].result
    }  # fmt: skip
    checked = counts["element_count"] - counts.get("missing_count", 0)
    good = 1 - counts["unexpected_count"] / checked if checked else 1.0
    outcome = parts[0]
    outcome.success = good >= entry.arguments.get("mostly", 1)
    shares = {
        "missing_percent": (counts.get("missing_count"), counts["element_count"]),
        "unexpected_percent": (counts["unexpected_count"], checked),
        "unexpected_percent_nonmissing": (counts["unexpected_count"], checked),
        "unexpected_percent_total": (counts["unexpected_count"], counts["element_count"]),
    }
    percents = {
        name: part / whole * 100 if part is not None and whole else None
        for name, (part, whole) in shares.items() if name in outcome.result
    }  # fmt: skip
    lines = [line for part in parts for line in part.result.get("unexpected_index_list") or []]
    outcome.result = {**counts, **percents, "unexpected_index_list": lines}
    return outcome


def _result(entry: Expected, result: Any, rows: int) -> Result:
    details = result.result
    # Without the values each entry is {"line": [3, 7, ...]}: the lines of equal values, gathered.
    failing = sorted({int(line) for key in details.get("unexpected_index_list") or [] for line in key["line"]})
    failed = int(details.get("unexpected_count") or 0)
    checked = int(details.get("element_count") or rows) - int(details.get("missing_count") or 0)
    return Result(entry, bool(result.success), checked, failed if failing else int(not result.success), failing)


def warm_up() -> None:
    """Pay for the library now: its import takes seconds, once a process."""
    _definition()


@cache
def _great_expectations() -> Any:
    # Once Airflow has set up logging, importing the library writes some 200 lines into every task log.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations  # noqa: PLC0415 - 2.5 s of CPU: only a process that validates pays for it

    # This one has a level of its own, and tells of every temporary folder.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


@cache
def _definition() -> Any:
    context = _great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("delivery").add_dataframe_asset("records")
    return asset.add_batch_definition_whole_dataframe("all")


def _frame(table: pa.Table, kept: Mask, expectations: Iterable[Expected]) -> pd.DataFrame:
    """Give the library what its expectations are about, in the forms that it handles a million of in no time.

    It hashes the whole frame twice, and compares what is no plain array value by value.
    """
    asked: dict[str, set[str]] = {"line": set()}
    for entry in expectations:
        for column in entry.columns:
            asked.setdefault(column, set()).add(entry.expect)
    if len(asked) == 1:
        # Of the table as a whole only the number of rows is asked.
        return pd.DataFrame({"row": np.ones(np.count_nonzero(kept), dtype=bool)})
    rows = table.select(list(asked))
    rows = rows if kept.all() else rows.filter(pa.array(kept))
    return pd.DataFrame({name: _series(rows.column(name), kinds) for name, kinds in asked.items()})


def _series(column: pa.ChunkedArray, kinds: set[str]) -> pd.Series[Any]:
    series: pd.Series[Any]
    if pa.types.is_timestamp(column.type) or (pa.types.is_dictionary(column.type) and not kinds <= _BLIND):
        series = column.to_pandas()
    elif pa.types.is_integer(column.type) and not column.null_count:
        series = pd.Series(column.to_numpy())
    elif column.null_count == len(column) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        # Numbers of at most nine digits before the point and two after it keep their order.
        series = pd.Series(pc.cast(column, pa.float64()).to_numpy())
    elif kinds <= _BLIND:
        # Which cells are equal says all that is asked for, and nothing of what is in them.
        codes = pc.cast(column.combine_chunks().dictionary_encode().indices, pa.float64())
        series = pd.Series(codes.to_numpy(zero_copy_only=False))
    else:
        series = column.to_pandas(types_mapper=pd.ArrowDtype)
    return series


def _parameter(value: object) -> str | None:
    text = str(value)
    return text.removeprefix("$PARAMETER ") if text.startswith("$PARAMETER ") else None


def _is_known(entry: Expected, parameters: Mapping[str, Any]) -> bool:
    named = [name for value in entry.arguments.values() if (name := _parameter(value))]
    return all(parameters.get(name) is not None for name in named)


def _given(value: object, parameters: Mapping[str, Any]) -> Any:
    name = _parameter(value)
    return parameters[name] if name else value
