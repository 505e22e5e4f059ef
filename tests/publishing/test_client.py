"""The client retries what passes, gives up on what does not, and never shows a token."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_digital.errors import ConfigurationError, LocalDigitalError, RefusedError, TransportError
from local_digital.publishing.client import DataSetClient
from local_digital.publishing.records import Record
from tests.publishing.test_records import record

TOKEN = "a-token-nobody-may-see"
Answer = tuple[int, dict[str, str], bytes] | None
OK: Answer = (200, {}, b'{"status":"ok"}')


class Scripted:
    """A real HTTP server that gives the scripted answers in turn (None cuts the connection), then 200s."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                script.requests.append((self.command, self.path, dict(self.headers), body))
                answer = script.answers.pop(0) if script.answers else OK
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def platform() -> Iterator[Scripted]:
    scripted = Scripted()
    thread = threading.Thread(target=scripted.server.serve_forever)
    thread.start()
    yield scripted
    scripted.server.shutdown()
    scripted.server.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(platform: Scripted, waits: list[float]) -> DataSetClient:
    return DataSetClient(platform.url, "solihull-local-authority", "transactions-by-channel", TOKEN, sleep=waits.append)


def many(count: int) -> list[Record]:
    return [record(_id=f"id-{number}") for number in range(count)]


def test_records_travel_in_gzipped_batches_of_500_with_a_length(platform: Scripted, client: DataSetClient) -> None:
    assert [len(batch) for batch in client.send(many(1200))] == [500, 500, 200]
    sent = []
    for method, path, headers, body in platform.requests:
        assert (method, path) == ("POST", "/data/solihull-local-authority/transactions-by-channel")
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["Content-Encoding"] == "gzip"
        assert int(headers["Content-Length"]) == len(body)
        sent += json.loads(gzip.decompress(body))
    assert sent == many(1200)


def test_small_body_is_sent_plain(platform: Scripted, client: DataSetClient) -> None:
    list(client.send(many(2)))
    (_, _, headers, body) = platform.requests[0]
    assert "Content-Encoding" not in headers
    assert json.loads(body) == many(2)


@pytest.mark.parametrize("passing", [(500, {}, b""), (502, {}, b""), (503, {}, b""), (504, {}, b""), (429, {}, b""),
                                     (200, {}, b"<html>"), None])  # fmt: skip
def test_passing_fault_is_tried_again(platform: Scripted, client: DataSetClient, passing: Answer) -> None:
    platform.answers = [passing, passing, OK]
    assert len(list(client.send(many(1)))) == 1
    assert len(platform.requests) == 3


def test_retry_after_is_obeyed_up_to_the_cap(platform: Scripted, client: DataSetClient, waits: list[float]) -> None:
    platform.answers = [(503, {"Retry-After": "7"}, b""), (503, {"Retry-After": "86400"}, b""), OK]
    list(client.send(many(1)))
    assert waits == [7, 60]


def test_fault_that_lasts_is_given_up_for_this_run(platform: Scripted, client: DataSetClient) -> None:
    platform.answers = [(500, {}, b"")] * 9
    with pytest.raises(TransportError) as failed:
        list(client.send(many(1)))
    assert failed.value.retry
    assert len(platform.requests) == 5


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 405, 413])
def test_lasting_refusal_is_not_tried_again_and_shows_no_token(
    platform: Scripted, client: DataSetClient, status: int
) -> None:
    echo = json.dumps({"message": f"bad token {TOKEN}"}).encode()
    platform.answers = [(status, {"Location": "http://127.0.0.1:9/"}, echo)]
    with pytest.raises(RefusedError) as refused:
        list(client.send(many(1)))
    assert not refused.value.retry
    assert TOKEN not in str(refused.value) + repr(refused.value) + repr(client)
    assert len(platform.requests) == 1


def test_nothing_is_sent_when_one_record_is_bad(platform: Scripted, client: DataSetClient) -> None:
    with pytest.raises(LocalDigitalError):
        list(client.send([*many(600), record(count=float("nan"))]))
    assert platform.requests == []


def test_deleting_what_is_gone_is_fine(platform: Scripted, client: DataSetClient) -> None:
    platform.answers = [(500, {}, b""), (200, {}, b'{"data":[]}')]
    client.delete("id-1")
    assert [(method, path.partition("?")[2]) for method, path, _, _ in platform.requests] == [
        ("DELETE", ""), ("GET", "filter_by=_id%3Aid-1"),
    ]  # fmt: skip


def test_failing_delete_of_a_record_that_is_there_is_tried_again(platform: Scripted, client: DataSetClient) -> None:
    platform.answers = [(500, {}, b""), (200, {}, b'{"data":[{"_id":"id-1"}]}'), OK]
    client.delete("id-1")
    assert [method for method, *_ in platform.requests] == ["DELETE", "GET", "DELETE"]


def test_reading_asks_for_no_cache(platform: Scripted, client: DataSetClient) -> None:
    platform.answers = [(200, {}, b'{"data":[]}')]
    assert client.read_all() == []
    assert platform.requests[0][2]["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "make",
    [
        lambda: DataSetClient("http://platform.example", "g", "t", TOKEN),
        lambda: DataSetClient("ftp://127.0.0.1", "g", "t", TOKEN),
        lambda: DataSetClient("https://platform.example", "g", "t", ""),
        lambda: DataSetClient("https://platform.example", "g", "t", "two words"),
    ],
)
def test_open_line_or_missing_token_is_a_configuration_error(make: Callable[[], DataSetClient]) -> None:
    with pytest.raises(ConfigurationError):
        make()
