"""Council and contract files that nobody on the team has written: each is right, or an error that names it; the others
are read all the same.
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import os
import shutil
import tracemalloc
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from croniter import croniter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from local_digital.cli.app import app
from local_digital.config.loading import checks_left, load_alerts, load_council, load_councils
from local_digital.config.names import NamePattern
from local_digital.config.sources import Api, FileFacts, Folder, Window
from local_digital.errors import ConfigurationError
from local_digital.settings import ROOT
from local_digital.sources import Interval
from local_digital.sources.api import bounds

if TYPE_CHECKING:
    from pathlib import Path

COUNCILS = sorted((ROOT / "include" / "councils").glob("*.yaml"))
CONTRACTS = sorted((ROOT / "include" / "transactions").glob("*.yaml"))
MIB = 2**20
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in itertools.pairwise("abcdefghij")
)
NASTY: list[Any] = [
    "",
    " ",
    "\0",
    "\x1b]0;title\x07",
    "\x85",
    "a\u202eb",
    "[/red]",
    "[bold]x",
    "{x.__class__}",
    "{{ conn.x.password }}",
    "%",
    "%n",
    "%s%n%999999999d",
    "../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "https://user:secret@x.example/",
    "http://169.254.169.254/",
    "filecache::s3://bucket/x",
    "'; drop table ledger.delivery; --",
    "$(touch /tmp/x)",
    "`id`",
    "<script>alert(1)</script>",
    "x" * 100_000,
    "(a+)+$",
    "[" * 200,
    "*" * 200,
    "?" * 200,
    "[@,@][]|" * 24 + "@",
    "to_string([@])|" * 13 + "@",
    "join(@,@)",
    "@" * 200,
    "`" * 3,
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "9" * 5000,
    "1" + "0" * 400,
    "0x1f",
    "1_000",
    "0001-01-01",
    "9999-12-31",
    "-0001-01-01",
    "Mars/Olympus",
    "../../../etc/localtime",
    "localtime/..",
    "*/0 * * * *",
    "0 0 31 2 *",
    "* * * * * *",
    "@reboot",
    "H H * * *",
    "~",
    [],
    {},
    ["x"] * 2000,
    {"x": "y"},
    {"<<": {"a": "b"}},
    [[[[[[["x"]]]]]]],
    None,
    "null",
    "true",
    "!!python/object:os.system",
    "\ufeff",
    "é" * 300,
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with one council that is right, Solihull."""
    folder = tmp_path_factory.mktemp("config")
    shutil.copytree(ROOT / "include" / "transactions", folder / "transactions")
    (folder / "councils").mkdir()
    shutil.copy(ROOT / "include" / "councils" / "solihull.yaml", folder / "councils")
    return folder


@pytest.fixture
def nasty(config: Path) -> Path:
    """Where the other file of a council lies."""
    path = config / "councils" / "nasty.yaml"
    yield path
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def broken(config: Path, path: Path) -> ConfigurationError:
    """The one error of a configuration, by whichever way it is read; Solihull is read as ever."""
    councils, errors = load_councils(config)
    assert list(councils) == ["solihull"]
    (error,) = errors
    assert str(path) in str(error)
    assert len(str(error)) < 20_000
    assert str(error).isprintable()
    assert load_council(config, "solihull").council == "solihull"
    checks_left(config)
    return error


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (LAUGHS, "levels or 100,000 facts"),
        ("a: &a {b: *a}", "recursive"),
        ("a: &a [*a]", "recursive"),
        ("[" * 100_000, "nesting"),
        ("{a: " * 100_000, "levels"),
        ("".join(f"{' ' * level}a:\n" for level in range(1000)), "levels"),
        ("- " * 100_000, "levels"),
        ("? " * 100_000, "levels"),
        ("[" + "x," * 400_000 + "]", "facts"),
        ("a: '" + "x" * 2 * MIB + "'", "more"),
        ("? [a, b]\n: c", "a list or mapping as a key"),
        ("? {a: b}\n: c", "a list or mapping as a key"),
        ("{a: 1}: c", "a list or mapping as a key"),
        ("a: 1\na: 2", "twice"),
        (f"{'k' * 1000}: 1\n" * 2, "twice"),
        ("a: \0", "control characters"),
        ("a: \x1b", "control characters"),
        (b"council: \xff\xfe", "another encoding"),
        ("council: x".encode("utf-16"), "another encoding"),
        ("--- a\n--- b", "single document"),
        ("*x", "undefined alias"),
        ("%YAML 9.9\n---\na: 1", ""),
        ("!foo!bar x", ""),
        ("", ""),
        ("x", ""),
        ("[]", ""),
        ("!!python/object/apply:os.system ['touch /tmp/x']", ""),
        ("council: !!python/object/apply:os.system ['touch /tmp/x']", ""),
        ("base: &base {name: x}\n<<: *base", "this key"),
    ],
)
def test_document_that_is_no_council_s_file_is_told_and_leaves_the_others_alone(
    config: Path, nasty: Path, content: str | bytes, found: str
) -> None:
    nasty.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    error = broken(config, nasty)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found in str(error)
    assert peak < 150 * MIB


def test_byte_order_mark_and_line_ends_of_windows_are_no_fault(config: Path, nasty: Path) -> None:
    text = (
        (ROOT / "include" / "councils" / "belfast.yaml")
        .read_text("utf-8")
        .replace("council: belfast", "council: nasty")
    )
    nasty.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert sorted(load_councils(config)[0]) == ["nasty", "solihull"]


def test_anchor_and_alias_within_measure_are_no_fault(config: Path, nasty: Path) -> None:
    text = (
        (ROOT / "include" / "councils" / "belfast.yaml")
        .read_text("utf-8")
        .replace("council: belfast", "council: nasty")
    )
    name = next(line for line in text.splitlines() if line.startswith("name: "))
    nasty.write_text(text.replace(name, f"name: &name {name[6:]}\nowner: *name"), "utf-8")
    assert load_councils(config)[0]["nasty"].owner == name[6:]


@pytest.mark.parametrize("kind", ["folder", "link to nowhere", "link to itself", "pipe", "link to a device"])
def test_what_is_no_file_is_told_and_leaves_the_others_alone(config: Path, nasty: Path, kind: str) -> None:
    match kind:
        case "folder":
            nasty.mkdir()
        case "link to nowhere":
            nasty.symlink_to(config / "nothing")
        case "link to itself":
            nasty.symlink_to(nasty)
        case "pipe":
            os.mkfifo(nasty)
        case _:
            nasty.symlink_to("/dev/zero")
    assert "file" in str(broken(config, nasty))


def test_file_that_is_mended_behind_a_dangling_link_is_seen_at_once(config: Path, nasty: Path, tmp_path: Path) -> None:
    nasty.symlink_to(tmp_path / "later.yaml")
    with pytest.raises(ConfigurationError):
        load_council(config, "nasty")
    text = (
        (ROOT / "include" / "councils" / "belfast.yaml")
        .read_text("utf-8")
        .replace("council: belfast", "council: nasty")
    )
    (tmp_path / "later.yaml").write_text(text, "utf-8")
    assert load_council(config, "nasty").council == "nasty"


def test_what_looks_like_markup_is_printed_as_it_is(config: Path, nasty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "include" / "councils" / "belfast.yaml").read_text("utf-8")
    nasty.write_text(f"{text}\n'[/red]': x\n", "utf-8")
    monkeypatch.setenv("LOCAL_DIGITAL_CONFIG", str(config))
    run = CliRunner().invoke(app, ["check"])
    assert run.exit_code == ConfigurationError.exit_code
    assert "[/red]: expected only the known keys" in run.output.replace("\n", "")


texts = st.text(max_size=20) | st.sampled_from([one for one in NASTY if isinstance(one, str) and len(one) < 300])
documents = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["council", "name", "feeds", "platform", "privacy", "alerts", "schedule"]) | texts,
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
quick = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@quick
@given(document=documents)
def test_any_document_in_place_of_a_council_s_file_is_told_as_an_error(
    config: Path, nasty: Path, document: object
) -> None:
    nasty.write_text(yaml.dump(document, allow_unicode=True), "utf-8", errors="surrogatepass")
    broken(config, nasty)


@quick
@given(content=st.binary(max_size=60) | st.text("&*!|>-?:,[]{}#'\"%@ \nab<\t\\0x", max_size=40).map(str.encode))
@example(b"? ")
@example(b"&a &b c")
@example(b"- !<!> x")
def test_any_bytes_in_place_of_a_council_s_file_are_told_as_an_error(config: Path, nasty: Path, content: bytes) -> None:
    nasty.write_bytes(content)
    broken(config, nasty)


@quick
@given(document=documents)
def test_any_document_in_place_of_the_installation_s_channels_is_told_as_an_error(
    tmp_path: Path, document: object
) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(yaml.dump(document, allow_unicode=True), "utf-8", errors="surrogatepass")
    with pytest.raises(ConfigurationError):
        load_alerts(path)


def places(facts: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, by the keys and positions that lead to it."""
    found = [path] if path else []
    inner = facts.items() if isinstance(facts, dict) else enumerate(facts) if isinstance(facts, list) else ()
    for key, value in inner:
        found += places(value, (*path, key))
    return found


class _Text(yaml.SafeLoader):
    """Every scalar is text, as the product reads them."""


_Text.yaml_implicit_resolvers = {}
FACTS = {path: yaml.load(path.read_text("utf-8"), Loader=_Text) for path in (*COUNCILS, *CONTRACTS)}  # noqa: S506


@st.composite
def changed(draw: st.DrawFn, path: Path) -> Any:
    """A real file in which one or two places are gone, or hold something else, or are called something else."""
    facts = copy.deepcopy(FACTS[path])
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(places(facts)))
        holder = facts
        for key in place[:-1]:
            holder = holder[key]
        last = place[-1]
        match draw(st.sampled_from(["gone", "other", "other", "other", "called"])):
            case "gone":
                del holder[last]
            case "called" if isinstance(holder, dict):
                name = draw(st.sampled_from([one for one in NASTY if isinstance(one, str)]))
                holder[name] = holder.pop(last)
            case _:
                holder[last] = copy.deepcopy(draw(st.sampled_from(NASTY)))
        if not places(facts):
            break
    return facts


def use(config: Path) -> None:
    """Read a configuration, and do with what is accepted what the pipeline does with it before any data come."""
    councils, errors = load_councils(config)
    assert all(len(str(error)) < 20_000 and str(error).isprintable() for error in errors)
    day = dt.date(2026, 3, 10)
    noon = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
    for council in councils.values():
        croniter(council.schedule if not council.schedule.startswith("@") else "0 0 * * *", noon).get_next()
        assert council.stored_data_sets is not None
        for feed in council.feeds.values():
            source = feed.source
            ZoneInfo(feed.time_zone)
            assert feed.reads_as.kind
            if isinstance(source, FileFacts):
                for name in ("x.csv", "a/b_20260310.csv", "-" * 4000, "\udcff"):
                    source.pattern.matches(name)
                    source.marker_of(name)
                    source.pattern.series(name)
                source.pattern.period(day)
            if isinstance(source, Api) and source.window:
                bounds(source.window, Interval(noon - dt.timedelta(days=1), noon))


@pytest.mark.parametrize("path", COUNCILS, ids=lambda path: path.stem)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_council_s_file_that_was_changed_anywhere_is_right_or_told_as_an_error(
    config: Path, path: Path, data: st.DataObject
) -> None:
    file = config / "councils" / path.name
    was = file.read_bytes() if file.exists() else None
    try:
        facts = data.draw(changed(path))
        file.write_text(yaml.dump(facts, allow_unicode=True), "utf-8", errors="surrogatepass")
        use(config)
    finally:
        file.write_bytes(was) if was else file.unlink(missing_ok=True)


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_contract_that_was_changed_anywhere_is_right_or_told_as_an_error(
    config: Path, path: Path, data: st.DataObject
) -> None:
    file = config / "transactions" / path.name
    was = file.read_bytes()
    try:
        facts = data.draw(changed(path))
        file.write_text(yaml.dump(facts, allow_unicode=True), "utf-8", errors="surrogatepass")
        use(config)
    finally:
        file.write_bytes(was)


BINS = "feeds.report-missed-bin"


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        (f"{BINS}.source.timeout_seconds", "nan"),
        (f"{BINS}.source.settle_seconds", "inf"),
        (f"{BINS}.source.folder", "/out\0"),
        ("owner", "\x1b]0;title\x07"),
        ("owner", "a\u202eb"),
        (f"{BINS}.time_zone", "../../etc/passwd"),
        (f"{BINS}.covers_until", "9999-12-31"),
        (f"{BINS}.format", {"kind": "csv", "delimiter": "\n"}),
        (f"{BINS}.format", {"kind": "csv", "delimiter": '"'}),
        (f"{BINS}.collections", [{"stream": "refuse", "a_week": "9" * 30, "valid_from": "2026-01-05", "source": "x"}]),
        ("schedule", "0 5 31 2 *"),
    ],
)
def test_a_fact_that_is_no_fact_is_refused_with_its_key(config: Path, nasty: Path, key: str, fact: object) -> None:
    facts = copy.deepcopy(FACTS[ROOT / "include" / "councils" / "belfast.yaml"])
    *holders, last = key.split(".")
    holder = facts
    for name in holders:
        holder = holder[name]
    holder[last] = fact
    nasty.write_text(yaml.dump({**facts, "council": "nasty"}), "utf-8")
    # The kind of a source stands in its path too.
    assert last in broken(config, nasty).where


@pytest.mark.parametrize("folder", ["../../etc", "filecache::s3://bucket/exports", "simplecache::/srv", "a/../b"])
def test_a_drop_folder_is_one_folder_below_its_root(folder: str) -> None:
    with pytest.raises(ValueError, match="or the URL of one store"):
        Folder.model_validate({"kind": "folder", "files": "*", "folder": folder})


@pytest.mark.parametrize("date_format", ["%Y%", "%s", "x", "%Y%Q", "%999999999d%Y", "%-d/%m/%Y", "%m/%d"])
def test_a_bound_that_tells_no_moment_is_refused(date_format: str) -> None:
    with pytest.raises(ValueError, match="a format with a year"):
        Window.model_validate({"first_day": "2026-01-01", "from_parameter": "from", "date_format": date_format})


@pytest.mark.parametrize("pattern", ["{date:%Y%m%}.csv", "{date:%G%m%d}.csv", "{date:%Y%V}.csv"])
def test_a_date_that_no_name_can_carry_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="can be read back"):
        NamePattern.parse(pattern)
