"""Whatever a mail server or a webhook says, a message ends within its limits, taken or told as not taken."""

from __future__ import annotations

import contextlib
import itertools
import socket
import socketserver
import threading
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local_digital.alerts.channels import send
from local_digital.alerts.message import Message
from local_digital.config.alerts import Email, Webhook
from local_digital.errors import LocalDigitalError, TransportError
from local_digital.settings import Connection, Settings
from tests.hostile import answers as made_up
from tests.hostile.answers import PERSON
from tests.hostile.raw_server import RawServer, endless, raw_serving
from tests.hostile.told import must_end_well

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SECRET = "pass-phrase-never-shown"
MIB = 2**20
MESSAGE = Message("test", "", "Local Digital", "[Local Digital] test", "This is a test.")
HOOK, MAIL = Webhook(kind="webhook", connection="hook"), Email(kind="email", to=("a@x.example",), connection="mail")


@contextmanager
def speaking(script: Iterable[bytes]) -> Iterator[int]:
    """Say this to whoever connects, a piece for each line that is heard, on a port that is given."""
    pieces = iter(script)

    class Conversation(socketserver.StreamRequestHandler):
        timeout = 0.3

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    self.wfile.write(piece)
                    if not piece.endswith(b"-more\r\n") and not self.rfile.readline():
                        return
                self.connection.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def tell(channel: Any, connection: Connection) -> None:
    send(Settings({connection.connection_id: connection}.__getitem__), channel, MESSAGE, "1")


def mail(port: int) -> Connection:
    return Connection(
        "mail", "127.0.0.1", port, login="us", password=SECRET, extra={"tls": "none", "from": "us@x.example"}
    )


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[RawServer]:
    with raw_serving(lambda *_: [b"HTTP/1.1 200 OK\r\n\r\n"]) as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_serving(lambda *_: []) as running:
        yield running


some = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
replies = st.sampled_from(
    [
        b"220 x\r\n",
        b"250 x\r\n",
        b"250-AUTH CRAM-MD5 PLAIN LOGIN\r\n250 SIZE x\r\n",
        b"334 !!!\r\n",
        b"334 \xff\r\n",
        b"235 x\r\n",
        b"354 x\r\n",
        b"421 x\r\n",
        b"535 " + PERSON.encode() + b"\r\n",
        b"550 x\r\n",
        b"99999999999 x\r\n",
        b"x\r\n",
        b"\r\n",
        b"\0\xff\r\n",
        b"250-\r\n" * 100,
        b"250 SIZE 99999999999999999999999\r\n",
        b"250 AUTH=\r\n",
        b"2" * 9000 + b"\r\n",
        b"-1 x\r\n",
    ]
)


@some
@given(script=st.lists(replies | st.binary(max_size=10).map(lambda said: said + b"\r\n"), max_size=8))
@example(script=[b"220 x\r\n", b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334 !!!\r\n"])
@example(script=[b"220 x\r\n", b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334 \xff\xff\r\n"])
def test_no_word_of_a_mail_server_does_more_than_end_in_an_error_of_ours(
    script: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with speaking(script) as port:
        must_end_well(lambda: tell(MAIL, mail(port)), caplog, SECRET)


def test_a_reply_without_end_is_given_up_before_it_fills_the_memory() -> None:
    tracemalloc.start()
    with (
        speaking(itertools.repeat(b"250-more\r\n")) as port,
        pytest.raises(TransportError, match="SMTPServerDisconnected"),
    ):
        tell(MAIL, mail(port))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MIB


@some
@given(data=st.data())
def test_no_answer_of_a_webhook_does_more_than_end_in_an_error_of_ours(
    data: st.DataObject, server: RawServer, elsewhere: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = data.draw(made_up.answers(elsewhere.url))
    server.answers = lambda *_: [answer]
    must_end_well(lambda: tell(HOOK, Connection("hook", server.url, password=SECRET)), caplog, SECRET)
    assert elsewhere.asked == []


@pytest.mark.parametrize("status", [b"200 OK", b"302 x\r\nLocation: /", b"500 x"])
def test_nothing_is_read_of_what_a_webhook_answers(server: RawServer, status: bytes) -> None:
    server.answers = lambda *_: endless(b" " * 60_000, status=status)
    tracemalloc.start()
    with contextlib.suppress(LocalDigitalError):
        tell(HOOK, Connection("hook", server.url))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * MIB


@pytest.mark.parametrize("what", ["webhook", "mail"])
def test_what_only_drips_is_given_up(server: RawServer, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("local_digital.alerts.channels._LONGEST", 0.5)
    over = threading.Event()

    def drops(*_: object) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX: "
        while not over.wait(0.1):
            yield b"x"

    server.answers = drops
    with speaking(_dripping(over)) as port:
        connection = mail(port) if what == "mail" else Connection("hook", server.url)
        with pytest.raises(TransportError, match="TimeoutError"):
            tell(HOOK if what == "webhook" else MAIL, connection)
        over.set()


def _dripping(over: threading.Event) -> Iterator[bytes]:
    while not over.wait(0.1):
        yield b"220-more\r\n"
