"""A JMESPath of a council's file makes no more of an answer than its measure, whoever sends the answer."""

from __future__ import annotations

import json

import jmespath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from local_digital.config.formats import TreeFormat
from local_digital.config.jmespaths import check_column, check_path

DOCUMENT = {"a": ["x" * 20, {"b": "y" * 20}] * 20, "b": '"' * 100, "c": {"a": [1, 2, [3, [4]]]}}


@pytest.mark.parametrize(
    "path",
    [
        "items",
        "data.items",
        "features[].properties",
        "[@, requests][?type(@) == 'array'] | [0]",
        "[@][?status=='closed'].at | [0]",
        "join(', ', names)",
        "a || b",
        "sort_by(items, &id)[::-1]",
        "{id: id, at: at}",
    ],
)
def test_paths_that_people_write_are_taken(path: str) -> None:
    assert check_path(path) == path
    check_column(path)


@pytest.mark.parametrize(
    "path",
    [
        "[@,@][]|" * 24 + "@",
        "[@,@]|" * 30 + "@",
        "{a:@,b:@}|" * 19 + "@",
        "to_string([@])|" * 13 + "@",
        "join(@,[@,@])",
        "map(&[@,@,@,@,@,@,@,@,@], [@,@,@,@,@,@,@,@])",
    ],
)
def test_a_path_that_copies_without_measure_is_refused_for_records_and_columns(path: str) -> None:
    for check in (check_path, check_column):
        with pytest.raises(ValueError, match="a JMESPath"):
            check(path)


@pytest.mark.parametrize(
    "path", ["foo-bar", "a[", "meta.", "`", "'", "&", "", "a b", "[" * 200, "[9" + "9" * 5000 + "]"]
)
def test_what_is_no_path_is_refused_for_records_and_is_a_plain_name_for_columns(path: str) -> None:
    check_column(path)
    with pytest.raises(ValueError, match="a JMESPath"):
        check_path(path)


def test_records_are_checked_where_the_file_is_read() -> None:
    with pytest.raises(ValueError, match="a JMESPath"):
        TreeFormat(kind="json", records="foo-bar")


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(inner, inner).map(lambda two: f"[{two[0]}, {two[1]}]")
        | st.tuples(inner, inner).map(lambda two: f"{two[0]} | {two[1]}")
        | st.tuples(inner, inner).map(lambda two: f"{{a: {two[0]}, b: {two[1]}}}")
        | inner.map(lambda one: f"({one})[]")
        | inner.map(lambda one: f"to_string({one})")
        | inner.map(lambda one: f"map(&[@, @], {one})")
        | st.tuples(inner, inner).map(lambda two: f"join({two[0]}, {two[1]})")
        | st.tuples(inner, inner).map(lambda two: f"{two[0]} || {two[1]}")
    )


paths = st.recursive(
    st.sampled_from(["@", "a", "b", "c.a", "a[].b", "*", "'x'", "`1`", "a[?b]", "@.*"]), joined, max_leaves=12
)


@given(path=paths)
@example(path="to_string([to_string([to_string([b])])])")
@example(path="[@,@] | [@,@][] | [@,@][] | [@,@][] | [@,@][] | [@,@][]")
def test_whatever_path_is_taken_makes_no_more_than_its_measure(path: str) -> None:
    try:
        check_path(path)
    except ValueError:
        return
    try:
        found = jmespath.search(path, DOCUMENT)
    except JMESPathError:
        return
    # Quotes are escaped once more as they are counted here.
    assert len(json.dumps(found)) <= 64 * 8 * len(json.dumps(DOCUMENT))
