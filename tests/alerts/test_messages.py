"""Whoever must act is told once, of everything that failed in a run, with what to do; and nobody else is."""

from __future__ import annotations

import datetime as dt
import json
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from demo.authority import Authority
from local_digital.alerts import channels, outbox
from local_digital.alerts.faults import Step, mend
from local_digital.alerts.message import ROWS, Message
from local_digital.alerts.outbox import send_pending
from local_digital.alerts.run import FailedRun, tell
from local_digital.alerts.silences import lift, silence, silences
from local_digital.alerts.trial_message import send_test
from local_digital.config.loading import load_alerts, load_council
from local_digital.errors import (
    ConfigurationError,
    DataError,
    LateError,
    ReconciliationError,
    RefusedError,
    TransportError,
)
from local_digital.settings import ROOT, Connection, from_environment
from local_digital.sql import statement
from tests.alerts.conftest import AIRFLOW, BINS, BOOKS, SECRETS
from tests.alerts.servers import MailServer, mail_serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import House

RUN = "scheduled__2026-11-03T05:20:00+00:00"
NEXT = "scheduled__2026-11-04T05:20:00+00:00"
EXTRACT, VALIDATE = f"{BINS}.extract", f"{BINS}.validate"
LATE = LateError("solihull bins", expected="the export of 3 November", found="no such file", action="Tell the council.")
REJECTED = DataError("solihull bins: a.csv", expected="rows", found="a web page", action="Ask the council.")
DIFFERS = ReconciliationError("solihull: reconcile", expected="the same", found="1 missing", action="Clear `publish`.")
HOOKS = [{"kind": "webhook", "connection": "chat", "shape": shape} for shape in ("slack", "teams")]
PROGRAM = {"kind": "webhook", "connection": "program"}


def test_a_failed_run_is_one_message_that_says_what_where_and_what_to_do(house: House) -> None:
    house.fails(RUN, EXTRACT, LATE)
    house.fails(RUN, VALIDATE, REJECTED)
    house.fails(RUN, "reconcile", DIFFERS)

    assert house.tell(RUN, EXTRACT, VALIDATE, "reconcile") == []

    ((to, mail),) = house.mail.mails
    assert to == ["everybody@example.org"]
    assert (
        mail["Subject"] == "[Local Digital] Solihull Metropolitan Borough Council: 3 steps failed (data, publication)"
    )
    words = mail.get_content()
    for said in (
        "1. report-missed-bin extract (data).", "Expected: the export of 3 November", "Found: no such file",
        "What to do: Tell the council.", "Runbook: https://docs.example.org/runbook#message-late-export",
        "2. report-missed-bin validate (data).", "3. reconcile (publication).",
        f"{AIRFLOW}/dags/council_solihull/runs/scheduled__2026-11-03T05%3A20%3A00%2B00%3A00",
    ):  # fmt: skip
        assert said in words
    assert "Still" not in words


def test_every_kind_of_error_says_whose_matter_it_is(house: House) -> None:
    for number, error in enumerate((TransportError, RefusedError, ConfigurationError, DataError, ReconciliationError)):
        house.fails(RUN, f"{BINS}.step{number}", error("x", expected="a", found="b", action="c"))

    house.tell(RUN)

    ((_, mail),) = house.mail.mails
    assert [line.partition("(")[2].rstrip(").") for line in mail.get_content().splitlines() if ". report-" in line] == [
        "technical", "technical", "contract", "data", "publication",
    ]  # fmt: skip


@pytest.mark.parametrize("environment", ["development", "staging", ""])
def test_nothing_is_sent_outside_production(house: House, environment: str) -> None:
    house.fails(RUN, EXTRACT, LATE)

    house.tell(RUN, EXTRACT, environment=environment)
    with pytest.raises(ConfigurationError, match="LOCAL_DIGITAL_ENVIRONMENT=production"):
        send_test(replace(house.settings, environment=environment), "solihull")

    assert house.mail.mails == []
    assert house.rows("select 1 from ledger.message") == []
    # The fault is on record all the same.
    assert len(house.rows("select 1 from ledger.fault where told_at is null")) == 1


def test_production_is_what_the_environment_says(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").touch()
    config = {"LOCAL_DIGITAL_CONFIG": str(tmp_path)}
    assert not from_environment(config).is_production
    assert from_environment({**config, "LOCAL_DIGITAL_ENVIRONMENT": "production"}).is_production
    assert from_environment(config).alerts == tmp_path / "alerts.yaml"
    assert from_environment({**config, "LOCAL_DIGITAL_ALERTS": "/else.yaml"}).alerts.as_posix() == "/else.yaml"  # type: ignore[union-attr]


def test_a_council_s_own_channels_take_the_place_of_the_installation_s(house: House) -> None:
    house.route({"kind": "email", "to": ["bins@solihull.example"]}, *HOOKS, PROGRAM)
    house.fails(RUN, EXTRACT, LATE)

    house.tell(RUN, EXTRACT)

    assert [to for to, _ in house.mail.mails] == [["bins@solihull.example"]]
    slack, teams, program = (body for _, _, body in house.hooks.taken)
    assert "report-missed-bin extract failed (data)" in slack["text"]
    assert slack["mrkdwn"] is False
    (attachment,) = teams["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert "Found: no such file" in json.dumps(attachment["content"]["body"])
    assert attachment["content"]["actions"][0]["url"].startswith(f"{AIRFLOW}/dags/council_solihull/runs/")
    (problem,) = program["problems"]
    assert {name: problem[name] for name in ("transaction", "step", "kind", "found", "since")} == {
        "transaction": BINS, "step": "extract", "kind": "data", "found": "no such file", "since": None,
    }  # fmt: skip
    assert (program["council"], program["about"], program["run_id"]) == ("solihull", "run", RUN)
    assert [authorization for _, authorization, _ in house.hooks.taken] == [None, None, f"Bearer {SECRETS[1]}"]
    assert house.hooks.taken[0][0] == f"{SECRETS[2]}?sig=a"


def test_a_broken_council_file_goes_to_the_installation_s_people(house: House) -> None:
    house.file.write_text("council: solihull\n", "utf-8")
    house.fails(RUN, "aggregate", ConfigurationError("solihull.yaml: name", expected="a", found="b", action="Mend it."))

    house.tell(RUN, "aggregate")

    assert house.mail.subjects == ["[Local Digital] solihull: aggregate failed (contract)"]


@pytest.mark.parametrize("channel", [
    {"kind": "email", "to": []}, {"kind": "email", "to": ["nobody"]}, {"kind": "email", "to": ["a@b\nBcc: c@d"]},
    {"kind": "pager", "to": ["a@b"]}, {"kind": "webhook"}, {"kind": "webhook", "connection": "c", "shape": "fax"},
])  # fmt: skip
def test_channels_that_make_no_sense_are_refused_with_their_key(house: House, channel: dict[str, object]) -> None:
    house.route(channel)  # type: ignore[arg-type]

    with pytest.raises(ConfigurationError, match=r"solihull\.yaml: alerts"):
        load_council(house.settings.config, "solihull")


def test_a_council_cannot_name_nobody_at_all(house: House) -> None:
    house.file.write_text(house.file.read_text("utf-8") + "\nalerts: []\n", "utf-8")

    with pytest.raises(ConfigurationError, match="alerts"):
        load_council(house.settings.config, "solihull")


def test_an_installation_s_file_that_is_not_there_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_alerts(tmp_path / "alerts.yaml")


def test_no_secret_is_in_a_message_or_in_what_is_said_of_a_channel_that_fails(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.route({"kind": "email", "to": ["a@example.org"]}, *HOOKS, PROGRAM)
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    house.mail.password, house.hooks.status = "another", 403
    house.fails(NEXT, EXTRACT, LATE)

    faults = house.tell(NEXT, EXTRACT)

    assert len(faults) == 4
    assert {type(fault) for fault in faults} == {RefusedError}
    kept = house.rows("select facts::text from ledger.message union all select channel from ledger.message_sent")
    told = [mail.as_string() for _, mail in house.mail.mails] + [json.dumps(body) for _, _, body in house.hooks.taken]
    for secret in (*SECRETS, "a@example.org"):
        assert secret not in caplog.text + str(kept) + " ".join(map(str, faults))
        assert secret == "a@example.org" or secret not in " ".join(told)


def test_the_text_of_a_defect_is_not_told_for_it_may_hold_a_row(house: House) -> None:
    house.fails(RUN, VALIDATE, ValueError("Ann Other, 1 Oak Road"))

    house.tell(RUN, VALIDATE)

    ((_, mail),) = house.mail.mails
    assert "ValueError, a defect of the pipeline" in mail.get_content()
    assert "Ann Other" not in mail.as_string()


def test_names_from_outside_make_no_header_no_mention_and_no_link(house: House) -> None:
    house.route({"kind": "email", "to": ["a@example.org"]}, *HOOKS)
    found = "a file `<!channel>\r\nBcc: x@example.org\r\n[free](https://evil.example).csv`"
    house.fails(RUN, EXTRACT, DataError(found, expected="a", found=found, action="c"))

    house.tell(RUN, EXTRACT)

    ((to, mail),) = house.mail.mails
    assert (to, mail["Bcc"]) == (["a@example.org"], None)
    slack, teams = (body for _, _, body in house.hooks.taken)
    assert "<" not in slack["text"]
    blocks = teams["attachments"][0]["content"]["body"]
    # What such a block says is shown as it stands.
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    assert {run["type"] for block in blocks for run in block["inlines"]} == {"TextRun"}


def test_the_same_fault_in_the_next_night_is_told_as_still_there(house: House) -> None:
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    house.fails(NEXT, EXTRACT, LateError("elsewhere", expected="that of 4 November", found="none", action="c"))
    house.fails(NEXT, f"{BOOKS}.extract", LATE)

    house.tell(NEXT, EXTRACT, f"{BOOKS}.extract")

    words = house.mail.mails[1][1].get_content()
    assert "report-missed-bin extract (data). Still: since " in words
    assert words.count("Still") == 1
    assert house.mail.subjects[1].endswith("2 steps failed (data)")


def test_a_run_in_which_nothing_is_new_says_so_in_its_subject(house: House) -> None:
    for run in (RUN, NEXT):
        house.fails(run, EXTRACT, LATE)
        house.tell(run, EXTRACT)

    assert "report-missed-bin extract still failing since " in house.mail.subjects[1]


def test_a_fault_that_was_mended_in_between_and_another_fault_are_new(house: House) -> None:
    house.fails(RUN, EXTRACT, LATE)
    house.fails(RUN, VALIDATE, REJECTED)
    mend(house.workspace, Step.of("council_solihull", "manual__1", EXTRACT))
    house.fails(NEXT, EXTRACT, LATE)
    house.fails(NEXT, VALIDATE, TransportError("warehouse", expected="a", found="b", action="c"))

    house.tell(NEXT)

    assert "Still" not in house.mail.mails[0][1].get_content()


def test_a_task_that_got_through_at_another_try_is_not_told(house: House) -> None:
    house.fails(RUN, EXTRACT, TransportError("sftp", expected="a", found="b", action="c"))
    mend(house.workspace, Step.of("council_solihull", RUN, EXTRACT))
    house.fails(RUN, VALIDATE, REJECTED)

    house.tell(RUN, VALIDATE, "reconcile")

    words = house.mail.mails[0][1].get_content()
    assert "sftp" not in words
    # The verdict on the others is no fault of its own.
    assert "reconcile" not in words


def test_one_run_is_told_once_and_again_when_it_fails_anew_after_it_was_cleared(house: House) -> None:
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    house.tell(RUN, EXTRACT)
    assert len(house.mail.mails) == 1

    house.fails(RUN, EXTRACT, RefusedError("sftp", expected="a", found="b", action="c"))
    house.tell(RUN, EXTRACT)

    assert len(house.mail.mails) == 2


@pytest.mark.parametrize(
    ("failed", "step"), [((EXTRACT, "reconcile"), "extract"), (("reconcile",), "reconcile"), ((), "run")]
)
def test_a_task_that_was_killed_is_told_too(house: House, failed: tuple[str, ...], step: str) -> None:
    house.tell(RUN, *failed)

    ((_, mail),) = house.mail.mails
    assert f"{step} failed (technical)" in mail["Subject"]
    assert "#message-unexplained" in mail.get_content()


def test_a_warehouse_that_does_not_answer_is_told_without_it(house: House) -> None:
    gone = "postgresql+psycopg2://nobody@127.0.0.1:1/none"

    assert house.tell(RUN, EXTRACT, warehouse=gone) == []

    ((_, mail),) = house.mail.mails
    assert "PostgreSQL to answer" in mail.get_content()
    assert f"Failed tasks: {EXTRACT}" in mail.get_content()
    assert house.tell(RUN, EXTRACT, warehouse=gone, environment="test") == []
    assert len(house.mail.mails) == 1


def test_a_warehouse_that_does_not_answer_is_told_on_every_channel_that_works(house: House) -> None:
    house.route(PROGRAM, {"kind": "email", "to": ["a@example.org"]})
    house.hooks.status = 500
    gone = "postgresql+psycopg2://nobody@127.0.0.1:1/none"

    (fault,) = house.tell(RUN, EXTRACT, warehouse=gone)

    assert "status 500" in str(fault)
    assert [to for to, _ in house.mail.mails] == [["a@example.org"]]


def test_what_goes_out_without_the_ledger_stays_in_outside_production_too(house: House) -> None:
    message = Message("test", "", "Local Digital", "A subject", "A lead")

    assert outbox.send_without_ledger(replace(house.settings, environment="test"), message, "1") == []

    assert house.mail.mails == []


def test_the_installation_s_own_dags_are_told_once_until_they_are_mended(house: House) -> None:
    def fails(run_id: str) -> None:
        step = Step.of("availability", run_id, "check")
        tell(house.settings, FailedRun("availability", run_id, ["check"], AIRFLOW))
        assert step.council == ""

    for run_id in ("1", "2", "3"):
        fails(run_id)
    assert house.mail.subjects == ["[Local Digital] Local Digital: availability.check failed (technical)"]
    mend(house.workspace, Step.of("availability", "4", "check"))
    fails("5")
    assert len(house.mail.mails) == 2


def test_a_silence_needs_a_reason_a_name_and_an_end_that_is_near(house: House) -> None:
    today = dt.datetime.now(dt.UTC).date()
    for wrong in (
        {"reason": "  "}, {"by": ""}, {"until": today - dt.timedelta(days=2)}, {"until": today + dt.timedelta(days=99)},
    ):  # fmt: skip
        with pytest.raises(ConfigurationError):
            silence(house.workspace, "solihull", **{"until": today, "reason": "a", "by": "Ada", **wrong})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        silence(house.workspace, "solihull", "pay-council-tax", until=today, reason="a", by="Ada")


def test_what_is_silenced_is_not_told_and_the_rest_says_what_is_silenced(house: House) -> None:
    now = dt.datetime.now(dt.UTC)
    silence(house.workspace, "solihull", BINS, until=now.date() + dt.timedelta(days=9), reason="new system", by="Ada")
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT, "reconcile")
    assert house.mail.mails == []

    house.fails(RUN, f"{BOOKS}.extract", LATE)
    house.tell(RUN, EXTRACT, f"{BOOKS}.extract", "reconcile")

    words = house.mail.mails[0][1].get_content()
    assert "renew-library-book extract" in words
    assert "report-missed-bin extract" not in words
    assert "Silenced by Ada until " in words
    assert "report-missed-bin (new system)" in words


def test_a_silence_that_has_expired_or_was_lifted_silences_nothing(house: House) -> None:
    now = dt.datetime.now(dt.UTC)
    then = now - dt.timedelta(days=5)
    silence(house.workspace, "solihull", until=then.date(), reason="a", by="Ada", now=then)
    with house.workspace.engine.connect() as db:
        assert len(silences(db, "solihull", then)) == 1
        assert silences(db, "solihull", now) == []
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    assert len(house.mail.mails) == 1

    silence(house.workspace, "solihull", until=now.date() + dt.timedelta(days=1), reason="a", by="Ada")
    house.fails(NEXT, EXTRACT, LATE)
    house.tell(NEXT, EXTRACT)
    assert len(house.mail.mails) == 1
    assert lift(house.workspace, "solihull") == 1
    house.tell(NEXT, EXTRACT)
    assert len(house.mail.mails) == 2


def test_a_channel_that_fails_stops_no_other_and_gets_the_message_later_alone(house: House) -> None:
    house.route({"kind": "email", "to": ["a@example.org"]}, PROGRAM)
    house.mail.busy = True
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)
    assert isinstance(fault, TransportError)
    assert (len(house.mail.mails), len(house.hooks.taken)) == (0, 1)
    house.mail.busy = False
    assert send_pending(house.workspace) == []
    assert send_pending(house.workspace) == []

    assert (len(house.mail.mails), len(house.hooks.taken)) == (1, 1)


def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.route({"kind": "email", "to": ["a@example.org"]}, PROGRAM)
    house.fails(RUN, EXTRACT, LATE)

    def killed(*arguments: object) -> None:
        channels_send(*arguments)  # type: ignore[arg-type]
        if house.hooks.taken:
            raise KeyboardInterrupt

    channels_send = channels.send
    with monkeypatch.context() as patched:
        patched.setattr(outbox.channels, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            house.tell(RUN, EXTRACT)
    assert send_pending(house.workspace) == []

    # The mail was noted before; the webhook gets it twice and can tell.
    assert len(house.mail.mails) == 1
    first, second = (body for _, _, body in house.hooks.taken)
    assert first == second


def test_a_message_that_nobody_takes_is_given_up_after_three_days(house: House) -> None:
    house.mail.busy = True
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    with house.workspace.engine.begin() as db:
        db.exec_driver_sql("update ledger.message set made_at = made_at - interval '4 days'")
    house.mail.busy = False

    assert send_pending(house.workspace) == []
    assert house.mail.mails == []


@pytest.mark.parametrize("status", [301, 400, 403, 404, 429, 500])
def test_a_webhook_that_does_not_take_a_message_is_not_followed_elsewhere(house: House, status: int) -> None:
    house.route(PROGRAM)
    house.hooks.status = status
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert f"status {status}" in str(fault)
    assert isinstance(fault, TransportError if status >= 429 else RefusedError)
    assert [path for path, _, _ in house.hooks.taken] == ["/program"]


@pytest.mark.parametrize("url", ["http://hooks.example.org/a", "ftp://127.0.0.1/a", "https://u:p@127.0.0.1/", "", "x"])
def test_a_webhook_is_https_or_on_this_machine(house: House, url: str) -> None:
    house.route(PROGRAM)
    house.connections["program"] = Connection("program", password=url)
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert isinstance(fault, ConfigurationError)
    assert not url or url == "x" or url not in str(fault)


@pytest.mark.parametrize("implicit", [False, True])
def test_mail_goes_over_tls_with_a_certificate_that_is_trusted_and_no_other(
    house: House, tmp_path: Path, *, implicit: bool
) -> None:
    authority = Authority.make(tmp_path)
    house.fails(RUN, EXTRACT, LATE)
    with mail_serving(MailServer("robot", SECRETS[0]), pem=authority.server, implicit=implicit) as server:
        tls = "implicit" if implicit else "starttls"
        extra: dict[str, object] = {"from": "Robot <a@example.org>", "tls": tls}
        login = ("alerts_smtp", "127.0.0.1", server.port, "robot", SECRETS[0])
        house.connections["alerts_smtp"] = Connection(*login, extra)
        (fault,) = house.tell(RUN, EXTRACT)
        assert "certificate" in str(fault)
        assert server.mails == []
        house.connections["alerts_smtp"] = Connection(*login, {**extra, "ca": authority.ca})
        assert send_pending(house.workspace) == []
        assert (len(server.mails), server.encrypted) == (1, True)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"from": None}, "`from` in its extra, an e-mail address"),
        ({"from": "the robot"}, "`from` in its extra, an e-mail address"),
        ({"from": "a@example.org\nBcc: spy@example.org"}, "`from` in its extra, an e-mail address"),
        ({"tls": "sometimes"}, "`tls` in its extra to be one of starttls, implicit, none"),
        ({"ca": "no certificate"}, "`ca` or `ca_file` in its extra to be certificates in PEM"),
        ({"ca_file": "/nowhere/ca.pem"}, "`ca` or `ca_file` in its extra to be certificates in PEM"),
    ],
)
def test_mail_server_s_connection_that_makes_no_sense_is_refused_and_nothing_is_sent(
    house: House, extra: dict[str, object], expected: str
) -> None:
    facts = house.connections["alerts_smtp"]
    house.connections["alerts_smtp"] = replace(facts, extra={**facts.extra, **extra})
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert isinstance(fault, ConfigurationError)
    assert f"connection alerts_smtp: expected {expected}" in str(fault)
    assert house.mail.mails == []
    # Once it is mended the message goes out after all.
    house.connections["alerts_smtp"] = facts
    assert send_pending(house.workspace) == []
    assert len(house.mail.mails) == 1


def test_mail_server_that_lets_everybody_in_is_told_no_password(house: House) -> None:
    house.mail.login = ""
    house.connections["alerts_smtp"] = replace(house.connections["alerts_smtp"], login="")
    house.fails(RUN, EXTRACT, LATE)

    assert house.tell(RUN, EXTRACT) == []

    assert len(house.mail.mails) == 1


def test_message_whose_addresses_are_all_refused_is_not_taken_for_sent(house: House) -> None:
    house.mail.refused = {"everybody@example.org"}
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert "1 of 1 addresses refused" in str(fault)
    assert "everybody@example.org" not in str(fault)
    house.mail.refused = set()
    assert send_pending(house.workspace) == []
    assert len(house.mail.mails) == 1


def test_message_that_another_process_is_sending_is_left_to_it(house: House) -> None:
    house.mail.busy = True
    house.fails(RUN, EXTRACT, LATE)
    house.tell(RUN, EXTRACT)
    house.mail.busy = False
    (number,) = house.rows("select message_id from ledger.message")[0]
    with house.workspace.engine.begin() as other:
        assert other.execute(statement("alerts/claim_message"), {"message_id": number}).first() is not None
        assert send_pending(house.workspace) == []
        assert house.mail.mails == []
    send_pending(house.workspace)
    assert len(house.mail.mails) == 1


def test_mail_without_tls_is_for_this_machine_only(house: House) -> None:
    extra = {"from": "a@example.org", "tls": "none"}
    house.connections["alerts_smtp"] = Connection("alerts_smtp", "mail.example.org", extra=extra)
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert isinstance(fault, ConfigurationError)


def test_a_server_that_offers_no_tls_gets_no_password(house: House) -> None:
    facts = house.connections["alerts_smtp"]
    house.connections["alerts_smtp"] = replace(facts, extra={"from": "a@example.org"})
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert isinstance(fault, RefusedError)
    assert house.mail.mails == []


def test_one_address_that_is_refused_does_not_cost_the_others_their_message(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.route({"kind": "email", "to": ["a@example.org", "gone@example.org"]})
    house.mail.refused = {"gone@example.org"}
    house.fails(RUN, EXTRACT, LATE)

    assert house.tell(RUN, EXTRACT) == []

    assert [to for to, _ in house.mail.mails] == [["a@example.org"]]
    assert "1 of 2 addresses refused; the others have it" in caplog.text
    # They are not sent it again and again for the sake of the one.
    send_pending(house.workspace)
    assert len(house.mail.mails) == 1


def test_a_server_that_is_not_there_is_a_fault_that_may_pass(house: House) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    house.connections["alerts_smtp"] = replace(house.connections["alerts_smtp"], port=port)
    house.fails(RUN, EXTRACT, LATE)

    (fault,) = house.tell(RUN, EXTRACT)

    assert isinstance(fault, TransportError)


def test_without_a_channel_nothing_is_lost(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.fails(RUN, EXTRACT, LATE)

    house.tell(RUN, EXTRACT, alerts=None)

    assert "no channel is set up" in caplog.text
    house.tell(RUN, EXTRACT)
    assert len(house.mail.mails) == 1


def test_a_test_message_goes_to_every_channel(house: House) -> None:
    house.route({"kind": "email", "to": ["a@example.org"]}, PROGRAM)

    assert send_test(house.settings, "solihull").as_json() == {"channels": 2, "taken": 2, "faults": []}
    assert send_test(house.settings, "").channels == 1

    assert [to for to, _ in house.mail.mails] == [["a@example.org"], ["everybody@example.org"]]
    assert house.hooks.taken[0][2]["about"] == "test"


def test_the_runbook_has_a_row_for_every_message() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text("utf-8")

    assert [row for row in ROWS if f'<a id="{row}"></a>' not in runbook] == []
