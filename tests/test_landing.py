"""What the landing store promises, on a folder and on an object store that speaks S3."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import itertools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa
import pytest
import s3fs
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import text

from demo.object_store import access, serving
from local_digital import data_docs, retention
from local_digital.aggregate import aggregate
from local_digital.errors import ConfigurationError, TransportError
from local_digital.extract import Wait, extract
from local_digital.forgetting import forget
from local_digital.landing import LandingStore
from local_digital.load import load
from local_digital.object_stores import abort_uploads
from local_digital.retention import expire
from local_digital.settings import ROOT
from local_digital.site.file import File
from local_digital.site.sink import sink
from local_digital.validate import validate
from local_digital.workspace import Workspace
from tests.conftest import Installation, export, row

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUCKET = "councils"
_numbers = itertools.count(1)
# Large enough for an upload in two parts.
_LARGE = 12 << 20
_AN_HOUR = dt.timedelta(hours=1)
# What another worker does. Its last step is made the last thing that it does at all.
_OTHER = """
import os, signal, sys
from pathlib import Path
import s3fs.core
from fsspec.implementations.local import LocalFileSystem
from local_digital.landing import LandingStore

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

store, what, name = LandingStore(sys.argv[1]), sys.argv[2], sys.argv[3]
if what == "put":
    store.put_text(name, "by the other")
elif what == "remove":
    store.remove(name)
else:
    LocalFileSystem.mv = die
    s3fs.core.calculate_chunksize = lambda *_, **__: 5 << 20
    ask = s3fs.S3FileSystem._call_s3

    async def until_the_end(self, method, *rest, **more):
        if method in {"put_object", "complete_multipart_upload"}:
            die()
        return await ask(self, method, *rest, **more)

    s3fs.S3FileSystem._call_s3 = until_the_end
    if what == "die putting raw":
        store.put_raw(Path(name))
    else:
        store.put_text(name, "never seen")
"""


@dataclass
class Place:
    """A landing store, empty at first. on_s3: it is no folder."""

    url: str
    store: LandingStore

    @property
    def on_s3(self) -> bool:
        return self.url.startswith("s3://")

    def elsewhere(self, what: str, name: object) -> int:
        """Let another process do something to the store; return how it ended."""
        done = subprocess.run(
            [sys.executable, "-c", _OTHER, self.url, what, str(name)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "include")},
            timeout=120,
            check=False,
        )
        return done.returncode


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serving([_BUCKET]) as url:
        yield url


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place in a bucket."""
    for name, value in access(endpoint, "key", "secret").items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    return f"s3://{_BUCKET}/landing-{next(_numbers)}"


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    url = request.getfixturevalue("s3") if request.param == "s3" else str(tmp_path / "landing")
    return Place(url, LandingStore(url))


@pytest.fixture
def stored(installation: Installation, place: Place) -> Iterator[Workspace]:
    """A whole installation with this landing store."""
    with Workspace.open(replace(installation.settings, landing=place.url)) as workspace:
        yield workspace


def file_of(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    return path


def take(workspace: Workspace) -> list[int]:
    feed = workspace.feed("solihull", "report-missed-bin")
    step = extract(workspace, feed, run_id="run")
    while isinstance(step, Wait):
        step = extract(workspace, feed, run_id="run", looked=step.looked)
    return step.delivery_ids


def sent_again(workspace: Workspace) -> None:
    with workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now()"))


# Each on a folder and on S3


def test_bytes_land_once_under_their_content(place: Place, tmp_path: Path) -> None:
    path = file_of(tmp_path, b"a,b\r\n1,2\r\n")
    sha256 = place.store.put_raw(path)
    assert place.store.put_raw(path) == sha256
    assert place.store.names(f"raw/{sha256[:2]}") == [sha256]
    assert place.store.read_raw(sha256) == b"a,b\r\n1,2\r\n"


def test_an_empty_file_lands_too(place: Place, tmp_path: Path) -> None:
    assert place.store.read_raw(place.store.put_raw(file_of(tmp_path, b""))) == b""


def test_a_folder_that_is_not_there_holds_nothing(place: Place) -> None:
    assert place.store.names("data-docs/solihull") == []
    assert place.store.tree("data-docs") == []
    assert place.store.read("data-docs/solihull/1.html") is None
    assert not place.store.has("data-docs/solihull/1.html")
    assert not place.store.remove("data-docs/solihull/1.html")
    assert place.store.remove_unfinished(dt.datetime.now(dt.UTC)) == 0


def test_the_last_file_of_a_folder_leaves_an_empty_list(place: Place) -> None:
    for name in ("1.html", "2.html"):
        place.store.put_text(f"data-docs/solihull/{name}", "page")
    assert sorted(place.store.names("data-docs/solihull")) == ["1.html", "2.html"]
    assert sorted(place.store.tree("data-docs")) == ["solihull/1.html", "solihull/2.html"]
    assert place.store.remove("data-docs/solihull/1.html")
    assert place.store.names("data-docs/solihull") == ["2.html"]
    assert place.store.remove("data-docs/solihull/2.html")
    assert place.store.names("data-docs/solihull") == []


def test_what_another_worker_writes_and_removes_is_seen_at_once(place: Place) -> None:
    name = "reports/solihull/1.csv"
    # Looks that a cache would remember.
    assert place.store.names("reports/solihull") == []
    assert not place.store.has(name)
    assert place.elsewhere("put", name) == 0
    assert place.store.names("reports/solihull") == ["1.csv"]
    assert place.store.read(name) == b"by the other"
    assert place.elsewhere("remove", name) == 0
    assert not place.store.has(name)
    assert place.store.names("reports/solihull") == []


def test_what_another_worker_removed_already_is_no_fault(place: Place, tmp_path: Path) -> None:
    sha256 = place.store.put_raw(file_of(tmp_path, b"gone"))
    place.store.remove_raw(sha256)
    place.store.remove_raw(sha256)
    place.store.remove_accepted(7)
    assert not place.store.has_raw(sha256)


def test_nothing_is_seen_of_an_upload_that_was_killed_and_the_next_one_does_it(place: Place, tmp_path: Path) -> None:
    path = file_of(tmp_path, os.urandom(_LARGE))
    assert place.elsewhere("die putting raw", path) == -signal.SIGKILL
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert not place.store.has_raw(sha256)
    assert place.store.names(f"raw/{sha256[:2]}") == []
    assert place.store.put_raw(path) == sha256
    assert place.store.read_raw(sha256) == path.read_bytes()
    # What the killed one left may hold what is to be forgotten; one that has just begun may still come to its end.
    assert place.store.remove_unfinished(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) == 0
    assert place.store.remove_unfinished(dt.datetime.now(dt.UTC) + _AN_HOUR) == 1
    assert place.store.remove_unfinished(dt.datetime.now(dt.UTC) + _AN_HOUR) == 0
    assert place.store.has_raw(sha256)


def test_a_killed_rewrite_leaves_what_was_there(place: Place) -> None:
    place.store.put_text("reports/solihull/1.html", "as it was")
    assert place.elsewhere("die putting text", "reports/solihull/1.html") == -signal.SIGKILL
    assert place.store.read("reports/solihull/1.html") == b"as it was"
    assert place.store.names("reports/solihull") == ["1.html"]


def test_rewritten_records_are_the_new_ones_whole(place: Place) -> None:
    place.store.put_accepted(1, pa.table({"line": [1, 2], "record_ref": ["a", "b"]}))
    assert place.store.accepted(1, ["record_ref"]).to_pydict() == {"record_ref": ["a", "b"]}
    place.store.put_accepted(1, pa.table({"line": [2], "record_ref": ["b"]}))
    assert place.store.accepted(1, ["line"]).to_pydict() == {"line": [2]}


def test_bytes_that_retention_removes_while_they_are_landed_again_are_put_again(
    installation: Installation, stored: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = LandingStore.put_raw
    looks = itertools.count()

    def removed_at_once(store: LandingStore, path: Path) -> str:
        sha256 = put(store, path)
        if next(looks) == 0:
            store.remove_raw(sha256)
        return sha256

    monkeypatch.setattr(LandingStore, "put_raw", removed_at_once)
    installation.put("missed_bins_20251104.csv", export(row("1")))
    take(stored)
    assert [report.status for report in validate(stored, stored.feed("solihull", "report-missed-bin"))] == ["validated"]


def test_bytes_that_are_wanted_again_while_retention_is_at_work_stay(
    installation: Installation, stored: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    take(stored)
    feed = stored.feed("solihull", "report-missed-bin")
    validate(stored, feed)
    load(stored, feed)
    with stored.engine.begin() as db:
        sha256 = db.scalar(text("select sha256 from ledger.delivery"))
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
    held = retention.lock

    def a_moment_late(*names: object) -> None:
        sent_again(stored)
        held(*names)

    monkeypatch.setattr(retention, "lock", a_moment_late)
    assert expire(stored) == []
    assert stored.landing.has_raw(str(sha256))


def test_a_delivery_whose_bytes_this_worker_cannot_find_is_not_turned_down(
    installation: Installation, stored: Workspace
) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1")))
    take(stored)
    with stored.engine.connect() as db:
        sha256 = str(db.scalar(text("select sha256 from ledger.delivery")))
    stored.landing.remove_raw(sha256)
    with pytest.raises(ConfigurationError, match="one and the same store for all workers"):
        validate(stored, stored.feed("solihull", "report-missed-bin"))
    with stored.engine.connect() as db:
        assert db.scalar(text("select status from ledger.delivery")) == "landed"


def test_the_pipeline_takes_loads_forgets_and_expires(installation: Installation, stored: Workspace) -> None:
    installation.put("missed_bins_20251104.csv", export(row("1"), row("forget-me"), row("3", reported="nonsense")))
    installation.put("missed_bins_20251105.csv", export(row("1"), row("2")))
    feed = stored.feed("solihull", "report-missed-bin")
    take(stored)
    first = [report.delivery_id for report in validate(stored, feed)]
    load(stored, feed)
    aggregate(stored, "solihull")
    data_docs.build(stored)
    assert {f"{number}.html" for number in first} < set(stored.landing.names("data-docs/solihull/report-missed-bin"))
    assert f"{first[0]}.csv" in stored.landing.names("reports/solihull/report-missed-bin")
    forget(stored, feed, record_ref="forget-me", by="a test")
    assert "forget-me" not in stored.landing.accepted(first[0]).column("record_ref").to_pylist()
    with stored.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = now() - interval '91 days'"))
        known = db.execute(text("select sha256 from ledger.delivery")).scalars().all()
    expire(stored)
    assert not any(stored.landing.has_raw(sha256) for sha256 in known)
    with stored.engine.connect() as db:
        assert db.scalar(text("select count(*) from core.record")) == 2


# On a folder alone


@pytest.mark.parametrize("written", [True, False])
def test_an_upload_that_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    def full(_: LocalFileSystem, path: str, content: bytes, **__: object) -> NoReturn:
        if written:
            Path(path).write_bytes(content[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    store = LandingStore(str(tmp_path / "landing"))
    with monkeypatch.context() as patched:
        patched.setattr(LocalFileSystem, "pipe_file", full)
        with pytest.raises(TransportError, match="room and the right to write; found No space left on device"):
            store.put_text("reports/a", "words")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    store.put_text("reports/a", "words")
    assert store.read("reports/a") == b"words"


def test_a_defect_of_ours_is_not_put_down_to_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> NoReturn:
        raise TypeError("ours")

    monkeypatch.setattr(LocalFileSystem, "pipe_file", broken)
    with pytest.raises(TypeError, match="ours"):
        LandingStore(str(tmp_path)).put_text("a", "b")


# On other stores


def test_another_kind_of_store_that_can_move_files_will_do_too() -> None:
    store = LandingStore("memory://landing")
    store.put_text("reports/a", "words")
    assert (store.read("reports/a"), store.names("reports")) == (b"words", ["a"])
    assert store.remove("reports/a")
    assert not store.has("reports/a")


def test_a_store_whose_package_is_missing_is_a_matter_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigurationError, match=r"LOCAL_DIGITAL_LANDING: .*it is not installed\. Install it"):
        LandingStore("gs://councils/landing")


def test_where_unfinished_uploads_cannot_be_listed_none_are_looked_for() -> None:
    assert abort_uploads(SimpleNamespace(protocol=("gs", "gcs")), "councils", dt.datetime.now(dt.UTC)) == 0


# On S3 alone


def test_a_store_that_does_not_answer_is_tried_again(s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    store = LandingStore(s3)
    for ask in (
        lambda: store.put_raw(file_of(tmp_path, b"1")),
        lambda: store.read("a"),
        lambda: store.names("a"),
        lambda: sink(s3).index(),
    ):
        with pytest.raises(TransportError):
            ask()


def test_a_bucket_that_is_not_there_is_a_matter_of_settings(s3: str) -> None:
    with pytest.raises(ConfigurationError, match="the bucket that LOCAL_DIGITAL_LANDING names"):
        LandingStore(s3.replace(_BUCKET, "nobody-s")).put_text("a", "b")


def test_credentials_that_are_missing_are_a_matter_of_settings(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(ConfigurationError, match="a store that lets us in"):
        LandingStore(s3).put_text("a", "b")


def test_uploads_of_others_in_the_bucket_are_left_alone(s3: str, tmp_path: Path) -> None:
    others = Place(f"{s3}-of-others", LandingStore(f"{s3}-of-others"))
    path = file_of(tmp_path, os.urandom(_LARGE))
    assert others.elsewhere("die putting raw", path) == -signal.SIGKILL
    later = dt.datetime.now(dt.UTC) + _AN_HOUR
    assert LandingStore(s3).remove_unfinished(later) == 0
    # One that may still be under way is left alone too.
    assert others.store.remove_unfinished(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) == 0
    assert others.store.remove_unfinished(later) == 1


def test_the_site_goes_to_a_bucket_and_the_next_builder_knows_it(s3: str) -> None:
    def page(words: str) -> File:
        return File("index.html", words.encode)

    more = File("data/figures.csv", lambda: b"a,b\r\n")
    assert sink(s3).write([page("old"), more], {"all": "1"}).written == 2
    s3fs.S3FileSystem.clear_instance_cache()
    written = sink(s3).write([page("new")], {"all": "2"})
    assert (written.written, written.removed) == (1, 1)
    assert sorted(LandingStore(s3).names("")) == ["index.html", "site.json"]
