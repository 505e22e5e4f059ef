"""The look at the site: right types, one version at a time, and nothing from outside of it."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from local_digital.site.file import File
from local_digital.site.serving import serving
from local_digital.site.sink import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TYPES = {
    "index.html": "text/html; charset=utf-8",
    "data/index.html": "text/html; charset=utf-8",
    "data/bins/by-ward.csv": "text/csv; charset=utf-8",
    "data/bins/by-ward.json": "application/json",
    "data/catalogue.jsonld": "application/ld+json",
    "charts/1.svg": "image/svg+xml",
    "assets/style.css": "text/css; charset=utf-8",
}


def show(place: Path, words: str = "shown") -> None:
    Folder(place).write([File(path, words.encode) for path in TYPES], {})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    show(tmp_path / "public" / "site")
    return tmp_path / "public" / "site"


@pytest.fixture
def address(place: Path) -> Iterator[str]:
    with serving(place) as found:
        yield found


def raw(address: str, path: str) -> tuple[int, bytes]:
    """Ask for a path as it is; clients mend what attackers write."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = (answer.status, answer.read())
    connection.close()
    return found


def test_every_kind_of_file_has_its_type(address: str) -> None:
    for path, media_type in TYPES.items():
        answer = requests.get(address + path, timeout=30)
        assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (200, "shown", media_type)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_answers_on_this_machine_only(address: str) -> None:
    assert urlsplit(address).hostname == "127.0.0.1"


def test_a_folder_is_its_index_page_or_nothing(address: str) -> None:
    assert requests.get(address, timeout=30).text == "shown"
    assert requests.get(f"{address}data", timeout=30).url == f"{address}data/"
    assert requests.get(f"{address}charts/", timeout=30).status_code == 404
    assert requests.get(f"{address}nothing", timeout=30).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret.txt", "/data/../../../secret.txt", "/%2e%2e/%2e%2e/secret.txt", "/..%2f..%2fsecret.txt",
        "//../secret.txt", "/data/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.txt", "/..\\..\\secret.txt",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_site(address: str, path: str) -> None:
    status, content = raw(address, path)
    assert status == 404
    assert b"secret\n" not in content
    assert content != b"secret"


def test_no_link_leads_out_of_the_site(address: str, place: Path, tmp_path: Path) -> None:
    (place / "out.txt").symlink_to(tmp_path / "secret.txt")
    (place / "out").symlink_to(tmp_path)
    (place / "charts" / "index.html").symlink_to(tmp_path / "secret.txt")
    for path in ("out.txt", "out/secret.txt", "charts/"):
        assert requests.get(address + path, timeout=30).status_code == 404


def test_a_new_version_shows_at_once(address: str, place: Path) -> None:
    show(place, "changed")
    assert requests.get(address, timeout=30).text == "changed"


def test_what_has_not_changed_need_not_be_sent_again(address: str, place: Path) -> None:
    moment = requests.get(address, timeout=30).headers["Last-Modified"]
    show(place)
    assert requests.get(address, headers={"If-Modified-Since": moment}, timeout=30).status_code == 304
