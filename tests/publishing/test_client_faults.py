"""The client against a real server that fails in every way a platform, or a proxy before it, has failed."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_digital.embedded import free_port
from local_digital.errors import (
    ConfigurationError,
    DataError,
    LocalDigitalError,
    RefusedError,
    TransportError,
)
from local_digital.publishing.client import UNPACKED_BELOW, DataSetClient
from local_digital.publishing.records import Record, record_id, timestamp
from tests.publishing.scripted_server import (
    Script,
    Step,
    answer,
    cut_before_the_answer,
    cut_in_the_answer,
    failing,
    holding,
    serving,
    silent,
    stored,
    trickling,
)

TOKEN = "f3b1c0ffee-never-shown"
GROUP, TYPE = "solihull-local-authority", "transactions-by-channel"
PATH = f"/data/{GROUP}/{TYPE}"
MONDAY = dt.date(2026, 11, 9)
PERSON = "Mrs Miggins"
PASSING = [429, 500, 502, 503, 504]


def record(number: int, **changes: Any) -> Record:
    week = MONDAY + dt.timedelta(weeks=number)
    return {
        "_id": record_id(week, "week", "Digital"),
        "_timestamp": timestamp(week),
        "period": "week",
        "channel": "Digital",
        "count": number,
        **changes,
    }


@dataclass
class Waits:
    """Stands for the clock: notes each wait and returns at once."""

    taken: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def script() -> Iterator[Script]:
    with serving() as running:
        yield running


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(script: Script, waits: Waits) -> Iterator[DataSetClient]:
    with DataSetClient(script.url, GROUP, TYPE, TOKEN, sleep=waits) as opened:
        yield opened


def send(client: DataSetClient, *records: Record) -> list[list[Record]]:
    return list(client.send(records or [record(0)]))


# Every operation, with the steps of a server that lets it succeed.
OPERATIONS: dict[str, tuple[Callable[[DataSetClient], object], Step]] = {
    "send": (send, stored()),
    "delete": (lambda client: client.delete("abc"), stored()),
    "empty": (lambda client: client.empty(), answer(200, {"message": "now contains 0 records", "status": "ok"})),
    "read_all": (lambda client: client.read_all(), holding()),
}
each_operation = pytest.mark.parametrize("name", OPERATIONS)


def everything_shown(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """All that a log, an error report or a debugger's first look would show of an error."""
    shown = [*traceback.format_exception(error), repr(error), caplog.text]
    while error.__context__ is not None:
        error = error.__context__
        shown += [str(error), repr(error.args)]
    return "\n".join(shown)


class TestSending:
    def test_records_arrive_as_json_with_a_length_and_the_token(self, client: DataSetClient, script: Script) -> None:
        script.then(stored())
        assert send(client, record(0), record(1)) == [[record(0), record(1)]]
        (request,) = script.received
        assert (request.method, request.path) == ("POST", PATH)
        assert json.loads(request.body) == [record(0), record(1)]
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Content-Length"] == str(len(request.raw))
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert "Content-Encoding" not in request.headers

    def test_records_leave_five_hundred_at_a_time(self, client: DataSetClient, script: Script) -> None:
        script.then(stored(), stored(), stored())
        sent = [record(number) for number in range(1_200)]
        assert [len(batch) for batch in client.send(sent)] == [500, 500, 200]
        assert [each for request in script.received for each in json.loads(request.body)] == sent

    def test_a_batch_is_handed_back_before_the_next_one_leaves(self, client: DataSetClient, script: Script) -> None:
        script.then(stored(), stored())
        batches = client.send([record(number) for number in range(501)])
        assert script.received == []
        next(batches)
        assert len(script.received) == 1
        next(batches)
        assert len(script.received) == 2

    def test_batches_stored_before_a_refusal_were_handed_back(self, client: DataSetClient, script: Script) -> None:
        script.then(stored(), failing(403))
        batches = client.send([record(number) for number in range(1_200)])
        assert len(next(batches)) == 500
        with pytest.raises(RefusedError):
            next(batches)
        assert len(script.received) == 2

    def test_nothing_leaves_when_one_record_is_bad(self, client: DataSetClient, script: Script) -> None:
        sent = [*(record(number) for number in range(1_100)), record(1_100, count=float("nan"))]
        with pytest.raises(DataError, match=TYPE):
            client.send(sent)
        assert script.received == []

    def test_nothing_to_send_asks_nothing(self, client: DataSetClient, script: Script) -> None:
        assert list(client.send([])) == []
        assert script.received == []

    def test_a_long_body_is_packed(self, client: DataSetClient, script: Script) -> None:
        script.then(stored())
        sent = [record(number) for number in range(100)]
        send(client, *sent)
        (request,) = script.received
        assert request.headers["Content-Encoding"] == "gzip"
        assert request.headers["Content-Length"] == str(len(request.raw))
        assert json.loads(gzip.decompress(request.raw)) == sent

    def test_what_would_unpack_to_more_than_the_limit_is_split(self, client: DataSetClient, script: Script) -> None:
        script.then(*[stored()] * 4)
        sent = [record(number, note="ŵ" * 1_000_000) for number in range(10)]
        batches = send(client, *sent)
        assert [each for batch in batches for each in batch] == sent
        assert len(batches) > 1
        assert all(len(request.body) < UNPACKED_BELOW for request in script.received)
        assert [request.ids for request in script.received] == [[each["_id"] for each in batch] for batch in batches]

    def test_a_single_record_beyond_the_limit_leaves_unpacked(self, client: DataSetClient, script: Script) -> None:
        script.then(stored())
        send(client, record(0, note="x" * UNPACKED_BELOW))
        assert "Content-Encoding" not in script.received[0].headers

    def test_a_batch_stored_after_the_client_gave_up_is_sent_again_under_the_same_ids(
        self, script: Script, waits: Waits
    ) -> None:
        over = threading.Event()
        script.then(silent(over), stored())
        with DataSetClient(script.url, GROUP, TYPE, TOKEN, timeout=0.1, sleep=waits) as client:
            assert send(client, record(0)) == [[record(0)]]
        over.set()
        first, second = script.received
        assert first.raw == second.raw

    def test_an_answer_that_trickles_for_ever_is_given_up_although_no_byte_is_late(
        self, script: Script, waits: Waits
    ) -> None:
        over = threading.Event()
        script.then(trickling(over), stored())
        with DataSetClient(script.url, GROUP, TYPE, TOKEN, timeout=20, longest=2, sleep=waits) as client:
            assert send(client, record(0)) == [[record(0)]]
        over.set()
        assert script.methods == ["POST", "POST"]


class TestFaultsThatPass:
    @each_operation
    @pytest.mark.parametrize(
        "fault",
        [
            *(pytest.param(failing(status), id=str(status)) for status in PASSING if status != 500),
            pytest.param(cut_before_the_answer(), id="cut before the answer"),
            pytest.param(cut_in_the_answer(), id="cut in the answer"),
            pytest.param(answer(200, "<html>Sorry</html>"), id="page"),
            pytest.param(answer(200, '{"status": "o'), id="truncated"),
            pytest.param(answer(200, "[" * 100_000), id="deep"),
            pytest.param(answer(200, [["status", "ok"]]), id="list"),
            pytest.param(answer(200, {"status": "error"}), id="other facts"),
            pytest.param(answer(200, {"data": ["x"]}), id="no records"),
            pytest.param(answer(200, "not gzip", {"Content-Encoding": "gzip"}), id="wrong encoding"),
        ],
    )
    def test_are_tried_again(self, name: str, fault: Step, client: DataSetClient, script: Script, waits: Waits) -> None:
        operation, success = OPERATIONS[name]
        script.then(fault, fault, success)
        operation(client)
        assert len(script.received) == 3
        assert len(waits.taken) == 2

    @pytest.mark.parametrize("name", ["send", "empty", "read_all"])
    def test_a_500_is_tried_again(self, name: str, client: DataSetClient, script: Script) -> None:
        operation, success = OPERATIONS[name]
        script.then(failing(500), success)
        operation(client)
        assert len(script.received) == 2

    @each_operation
    def test_end_in_a_transport_error_that_names_data_set_and_status(
        self, name: str, client: DataSetClient, script: Script, waits: Waits
    ) -> None:
        script.then(*[failing(502)] * 5)
        with pytest.raises(TransportError) as caught:
            OPERATIONS[name][0](client)
        assert len(script.received) == 5
        assert len(waits.taken) == 4
        assert f"{GROUP}/{TYPE}" in str(caught.value)
        assert "502" in str(caught.value)

    def test_a_server_that_is_down_is_a_passing_fault(self, waits: Waits) -> None:
        with (
            DataSetClient(f"http://127.0.0.1:{free_port()}", GROUP, TYPE, TOKEN, attempts=3, sleep=waits) as client,
            pytest.raises(TransportError, match="ConnectionError"),
        ):
            client.read_all()
        assert len(waits.taken) == 2

    def test_waits_grow_and_stay_below_the_longest(self, script: Script, waits: Waits) -> None:
        script.then(*[failing(503)] * 30)
        with (
            DataSetClient(script.url, GROUP, TYPE, TOKEN, attempts=30, longest_wait=7.0, sleep=waits) as client,
            pytest.raises(TransportError),
        ):
            client.empty()
        assert all(0 <= wait <= min(7.0, 2.0**number) for number, wait in enumerate(waits.taken))
        assert len(set(waits.taken)) > 20

    @pytest.mark.parametrize(("asked", "waited"), [("17", 17.0), ("0", 0.0), ("86400", 60.0), ("9" * 400, 60.0)])
    def test_retry_after_is_obeyed_up_to_the_longest_wait(
        self, asked: str, waited: float, client: DataSetClient, script: Script, waits: Waits
    ) -> None:
        script.then(failing(503, {"Retry-After": asked}), stored())
        client.empty()
        assert waits.taken == [waited]

    def test_retry_after_may_be_a_date(self, client: DataSetClient, script: Script, waits: Waits) -> None:
        now = dt.datetime.now(dt.UTC)
        past, future = (format_datetime(now + dt.timedelta(days=day), usegmt=True) for day in (-1, 1))
        script.then(failing(429, {"Retry-After": past}), failing(429, {"Retry-After": future}), stored())
        client.empty()
        assert waits.taken == [0.0, 60.0]

    @pytest.mark.parametrize("asked", ["soon", "-5", "1.5", "٣", ""])
    def test_a_retry_after_nobody_can_read_is_left_aside(
        self, asked: str, client: DataSetClient, script: Script, waits: Waits
    ) -> None:
        script.then(failing(503, {"Retry-After": asked.encode().decode("latin-1")}), stored())
        client.empty()
        assert 0 <= waits.taken[0] <= 1

    def test_a_retry_is_logged_with_its_reason(
        self, client: DataSetClient, script: Script, caplog: pytest.LogCaptureFixture
    ) -> None:
        script.then(failing(503), stored())
        client.empty()
        (line,) = [entry.getMessage() for entry in caplog.records if entry.name.startswith("local_digital")]
        assert "status 503 at attempt 1 of 5" in line


class TestFaultsForGood:
    @each_operation
    @pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 405, 413, 418, 501])
    def test_are_not_tried_again(self, name: str, status: int, client: DataSetClient, script: Script) -> None:
        script.then(answer(status, "" if status == 204 else {"message": "no", "status": "error"}))
        with pytest.raises(RefusedError) as caught:
            OPERATIONS[name][0](client)
        assert len(script.received) == 1
        assert f"{GROUP}/{TYPE}" in str(caught.value)
        assert f"status {status}" in str(caught.value)

    @each_operation
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_token_does_not_follow_a_redirect(
        self, name: str, status: int, client: DataSetClient, script: Script
    ) -> None:
        with serving() as elsewhere:
            elsewhere.then(OPERATIONS[name][1])
            script.then(answer(status, "", {"Location": f"{elsewhere.url}{PATH}"}))
            with pytest.raises(RefusedError, match=f"status {status}"):
                OPERATIONS[name][0](client)
            assert elsewhere.received == []

    def test_a_401_that_echoes_the_token_is_not_shown(
        self, client: DataSetClient, script: Script, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        script.then(answer(401, {"message": f"Unauthorized: Invalid bearer token '{TOKEN}'", "status": "error"}))
        with pytest.raises(RefusedError) as caught:
            send(client)
        assert TOKEN not in everything_shown(caught.value, caplog)

    def test_a_400_tells_how_many_messages_and_which_keys_but_no_value(
        self, client: DataSetClient, script: Script, caplog: pytest.LogCaptureFixture
    ) -> None:
        messages = [f"'{TOKEN}' is not of type 'integer': count", f"{PERSON} is not a channel", "bad row"]
        script.then(answer(400, {"messages": messages}))
        with pytest.raises(RefusedError) as caught:
            send(client, record(0, channel=PERSON))
        assert "status 400 with 3 messages about `channel`, `count`" in str(caught.value)
        shown = everything_shown(caught.value, caplog)
        assert PERSON not in shown
        assert TOKEN not in shown

    @pytest.mark.parametrize("body", ["<html>", [], {"messages": 5}, {"message": "no"}, "[" * 100_000])
    def test_a_400_without_messages_is_a_plain_refusal(
        self, body: object, client: DataSetClient, script: Script
    ) -> None:
        script.then(answer(400, body))
        with pytest.raises(RefusedError, match=r"found status 400\. "):
            send(client)

    @each_operation
    @pytest.mark.parametrize("fault", [failing(503), cut_before_the_answer(), failing(404), answer(200, "page")])
    def test_no_error_shows_the_token(
        self, name: str, fault: Step, client: DataSetClient, script: Script, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        script.then(*[fault] * 5)
        with pytest.raises(LocalDigitalError) as caught:
            OPERATIONS[name][0](client)
        assert TOKEN not in everything_shown(caught.value, caplog)


class TestDeleting:
    def test_a_record_is_deleted_by_its_id(self, client: DataSetClient, script: Script) -> None:
        script.then(stored())
        client.delete(record_id(MONDAY, "week", "Digital"))
        (request,) = script.received
        assert request.method == "DELETE"
        assert request.path.replace("%3D", "=") == f"{PATH}/{record_id(MONDAY, 'week', 'Digital')}"

    def test_a_500_for_a_record_that_is_gone_is_fine(self, client: DataSetClient, script: Script, waits: Waits) -> None:
        script.then(failing(500), holding())
        client.delete("abc")
        assert script.methods == ["DELETE", "GET"]
        assert script.received[1].path.replace("%3A", ":") == f"{PATH}?filter_by=_id:abc"
        assert "no-cache" in script.received[1].headers["Cache-Control"]
        assert waits.taken == []

    def test_other_records_do_not_count_as_the_one_to_delete(self, client: DataSetClient, script: Script) -> None:
        script.then(failing(500), holding({"_id": "other"}, {"count": 5}))
        client.delete("abc")
        assert script.methods == ["DELETE", "GET"]

    def test_a_500_for_a_record_that_is_still_there_is_tried_again(self, client: DataSetClient, script: Script) -> None:
        script.then(failing(500), holding({"_id": "abc"}), stored())
        client.delete("abc")
        assert script.methods == ["DELETE", "GET", "DELETE"]

    def test_a_check_that_fails_proves_nothing(self, client: DataSetClient, script: Script) -> None:
        script.then(failing(500), failing(503), stored())
        client.delete("abc")
        assert script.methods == ["DELETE", "GET", "DELETE"]

    def test_a_record_that_cannot_be_deleted_is_a_transport_error(self, client: DataSetClient, script: Script) -> None:
        script.then(*[failing(500), holding({"_id": "abc"})] * 5)
        with pytest.raises(TransportError, match="status 500"):
            client.delete("abc")
        assert script.methods == ["DELETE", "GET"] * 5

    @pytest.mark.parametrize("id_", ["a?b", "a#b", "a%2Fb", "a:b", "a&b=c", "..a", "a;b"])
    def test_signs_with_a_meaning_in_an_address_stay_part_of_the_id(
        self, id_: str, client: DataSetClient, script: Script
    ) -> None:
        script.then(stored())
        client.delete(id_)
        assert unquote(script.received[0].path) == f"{PATH}/{id_}"
        assert "?" not in script.received[0].path

    @pytest.mark.parametrize("id_", ["", ".", "..", "a/b", "a b", "é", "x" * 1_000])
    def test_what_can_be_no_id_never_reaches_the_platform(
        self, id_: str, client: DataSetClient, script: Script
    ) -> None:
        with pytest.raises(DataError):
            client.delete(id_)
        assert script.received == []


class TestReadingAndEmptying:
    def test_records_come_back_as_they_were_sent(self, client: DataSetClient, script: Script) -> None:
        added = {"_week_start_at": timestamp(MONDAY), "_updated_at": "2026-11-16T05:31:07.123456"}
        script.then(holding({**record(0), **added}, {**record(1), **added}))
        assert client.read_all() == [record(0), record(1)]

    def test_a_read_asks_for_no_cache_and_carries_no_token(self, client: DataSetClient, script: Script) -> None:
        script.then(holding())
        client.read_all()
        (request,) = script.received
        assert (request.method, request.path) == ("GET", PATH)
        assert request.headers["Cache-Control"] == "no-cache"
        assert "Authorization" not in request.headers

    def test_reading_may_have_an_address_of_its_own(self, script: Script) -> None:
        with serving() as reading:
            reading.then(holding(record(0)), holding())
            script.then(stored(), failing(500))
            with DataSetClient(script.url, GROUP, TYPE, TOKEN, read_url=f"{reading.url}/api/") as client:
                send(client)
                assert client.read_all() == [record(0)]
                client.delete("abc")
            assert script.methods == ["POST", "DELETE"]
            assert [request.path.partition("?")[0] for request in reading.received] == [f"/api{PATH}"] * 2

    def test_emptying_puts_an_empty_list(self, client: DataSetClient, script: Script) -> None:
        script.then(stored())
        client.empty()
        (request,) = script.received
        assert (request.method, request.path, request.body) == ("PUT", PATH, b"[]")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"


class TestConfiguration:
    connect = staticmethod(partial(DataSetClient, data_group=GROUP, data_type=TYPE, token=TOKEN))

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "platform.example",
            "http://platform.example",
            "http://10.0.0.5",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "https://",
            "https://user:pass@platform.example",
            "https://platform.example/?key=1",
            "https://platform.example/#x",
            "https://platform.example:port",
            "https://[::1",
            "https://platform.example/a b",
            "https://platform.example\n",
            "ftp://platform.example",
            "file:///etc/passwd",
        ],
    )
    def test_an_address_that_cannot_be_right_is_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="base_url") as caught:
            self.connect(url)
        assert not url or url not in str(caught.value)

    def test_an_address_to_read_from_is_held_to_the_same(self) -> None:
        with pytest.raises(ConfigurationError, match="read_url"):
            self.connect("https://platform.example", read_url="http://platform.example")

    @pytest.mark.parametrize(
        "url",
        [
            "https://platform.example",
            "https://platform.example:8443/api/",
            "http://localhost:1",
            "http://127.0.0.9:1",
            "http://[::1]:1",
        ],
    )
    def test_https_anywhere_and_http_on_this_machine_are_fine(self, url: str) -> None:
        assert self.connect(url).base_url == url

    @pytest.mark.parametrize("token", ["", " ", f" {TOKEN}", f"{TOKEN}\n", f"a {TOKEN}", f"{TOKEN}é", f"{TOKEN}\0"])
    def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(self, token: str) -> None:
        with pytest.raises(ConfigurationError, match="token") as caught:
            DataSetClient("https://platform.example", GROUP, TYPE, token)
        assert TOKEN not in str(caught.value)

    @pytest.mark.parametrize("name", ["", "Solihull", "a_b", "a/b", "..", "a\n", "x" * 61])
    def test_a_name_the_platform_does_not_know_is_refused(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="data_group"):
            DataSetClient("https://platform.example", name, TYPE, TOKEN)
        with pytest.raises(ConfigurationError, match="data_type"):
            DataSetClient("https://platform.example", GROUP, name, TOKEN)

    def test_the_token_is_in_no_representation(self) -> None:
        client = self.connect("https://platform.example")
        assert TOKEN not in f"{client!r} {client}"

    def test_a_netrc_or_proxy_of_the_account_is_not_asked(
        self, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        script.then(stored(), holding())
        with self.connect(script.url) as client:
            client.empty()
            client.read_all()
        assert script.received[0].headers["Authorization"] == f"Bearer {TOKEN}"
        assert "Authorization" not in script.received[1].headers


class TestCertificates:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A PEM with a self-signed certificate for 127.0.0.1 and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform of a test")])
        now = dt.datetime.now(dt.UTC)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(address, critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = tmp_path / "platform.pem"
        pem.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return pem

    def test_a_certificate_nobody_vouches_for_is_refused_at_once(self, certificate: Path, waits: Waits) -> None:
        with (
            serving(certificate) as script,
            DataSetClient(script.url, GROUP, TYPE, TOKEN, sleep=waits) as client,
            pytest.raises(RefusedError, match="certificate"),
        ):
            send(client)
        assert script.received == []
        assert waits.taken == []

    def test_a_certificate_of_its_own_is_trusted_by_file(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with (
            serving(certificate) as script,
            DataSetClient(script.url, GROUP, TYPE, TOKEN, ca_file=certificate) as client,
        ):
            script.then(stored())
            send(client)
        assert script.methods == ["POST"]

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_a_file_without_certificates_is_a_fault_of_configuration(self, content: str | None, tmp_path: Path) -> None:
        if content:
            (tmp_path / "ca.pem").write_text(content)
        with pytest.raises(ConfigurationError, match="ca_file"):
            DataSetClient("https://platform.example", GROUP, TYPE, TOKEN, ca_file=tmp_path / "ca.pem")
