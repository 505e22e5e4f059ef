"""What happens in the canary's installation: nights that go well, and failures of every kind, council by council."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import logging
import os
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
from sqlalchemy import text

from local_digital import data_docs, lineage, metrics, validate
from local_digital.alerts.run import FailedRun, tell
from local_digital.alerts.watch import watch
from local_digital.publishing.publish import publish
from local_digital.publishing.reconcile import reconcile
from local_digital.settings import Connection
from local_digital.site.build import build as build_site
from local_digital.workspace import Workspace
from tests.canary.hunting import unpacked
from tests.canary.nights import (
    AIRFLOW,
    API,
    ARCHIVES,
    COLUMNS,
    COUNCILS,
    FEED,
    IGNORED,
    OPEN,
    RUN,
    SFTP,
    SHEETS,
    TREES,
    Nights,
    given,
)
from tests.canary.planted import (
    FAMILY,
    FIRST_DAY,
    FORGOTTEN,
    GIVEN,
    HEADER,
    SECRETS,
    STREET,
    UPRN,
    as_csv,
    odd_rows,
    person,
    row,
    weeks,
)
from tests.signing import sign_off
from tests.sources.http_server import service_request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.workspace import FeedHandle

_CHANNELS = {"from": "how", "map": {"Web": "online", "Phone": "phone"}}
_SAMPLE = "20251104.csv"
# How an OpenPGP message begins.
_SEALED = b"\x85\x01\x0c\x03"


def everything(nights: Nights) -> None:
    """All of it, up to the end of what a council's files are kept for."""
    exports_over_sftp(nights)
    workbooks(nights)
    archives(nights)
    trees(nights)
    an_api(nights)
    an_open311_server(nights)
    figures(nights)
    defects(nights)
    messages(nights)
    a_terminal(nights)
    nights.raw = [
        piece.decode(errors="replace")
        for path in (nights.folder / "landing" / "raw").rglob("*") if path.is_file()
        for piece in unpacked(path.read_bytes())
    ]  # fmt: skip
    somebody_is_forgotten(nights)
    retention_ends(nights)


def exports_over_sftp(nights: Nights) -> None:
    """A good night with odd rows, a night of everything that is no export, and a server that refuses or breaks."""
    source = {
        "kind": "sftp", "connection": "sftp", "folder": "outgoing", "files": "bins/{date:%Y%m%d}.csv",
        "settle_seconds": 0.1, "report_folder": "returned", "max_bytes": 1_000_000,
    }  # fmt: skip
    feed = nights.configure(SFTP, source=source, ignored_columns=IGNORED)
    good = [*weeks("SF", "sftp"), *odd_rows("SF", "sftp"), row(FORGOTTEN, "forgotten")]
    _put(nights, _SAMPLE, as_csv(good))
    # What does not fit the pattern that was agreed on is not taken, and not told of either.
    for name in (f"{GIVEN} {FAMILY}filename.xlsx", f"{FAMILY}filename.csv.part", "20251104.csv.part"):
        _put(nights, name, as_csv([row("1", "neighbour")]))
    nights.night(feed)

    someone = row("X-1", "broken")
    spoilt: list[bytes | str] = [
        # No header: a person stands where one should be.
        as_csv([someone]).partition("\r\n")[2],
        f"<html><title>{someone['Customer']}</title><p>{someone['Notes']}</p></html>",
        as_csv([someone])[:-30],
        as_csv([someone], [name for name in HEADER if name != "How"]),
        as_csv([someone]).replace("Notes", f"Notes of {someone['Customer']}") + "\0",
        gzip.compress(as_csv([someone]).encode())[:-20],
        as_csv([someone]).replace("Telephone", "Ref"),
        f"-----BEGIN PGP MESSAGE-----\n\n{someone['Notes']}\n-----END PGP MESSAGE-----\n",
        as_csv([someone, row("X-2", "ragged")]).rstrip() + f",{someone['Customer']},{someone['Notes']}\r\n",
        as_csv([someone]).replace("X-1", '"X-1') + as_csv([someone]),
    ]
    for number, content in enumerate(spoilt):
        _put(nights, f"202511{10 + number}.csv", content)
    nights.night(feed, until=dt.date(2025, 11, 19))
    _put(nights, "20251120.csv", as_csv(weeks("XL", "toolarge")) * 20)
    nights.night(feed, until=dt.date(2025, 11, 20))
    (nights.folder / "sftp" / "outgoing" / "bins" / "20251120.csv").unlink()

    usual = nights.connections["sftp"]
    _put(nights, "20251121.csv", as_csv([row("X-3", "fault")]))
    nights.sftp.fault = " ".join(person("serverfault").values())
    nights.night(feed, until=dt.date(2025, 11, 21))
    nights.sftp.fault = ""
    other_key = {
        **usual.extra,
        "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    }
    for wrong in (
        replace(usual, password=SECRETS["wrong-sftp-password"]),
        replace(usual, extra={**usual.extra, "passphrase": SECRETS["wrong-sftp-password"]}),
        replace(usual, extra=other_key),
        replace(usual, port=9),
    ):
        nights.connections["sftp"] = wrong
        nights.night(feed, until=dt.date(2025, 11, 21))
    nights.connections["sftp"] = usual
    nights.night(nights.configure(SFTP, source={**source, "folder": "nowhere"}), until=dt.date(2025, 11, 22))
    nights.configure(SFTP, source=source, ignored_columns=IGNORED)


def workbooks(nights: Nights) -> None:
    """Excel: a sheet, a title and an author with a person's name; a sheet that is not there; a damaged file."""
    facts = {"source": {"kind": "folder", "files": "{date:%Y%m%d}.dat"}, "ignored_columns": IGNORED}
    name = f"Mr {GIVEN} {FAMILY}sheet"
    book = _workbook(name, [*weeks("XL", "xlsx"), *odd_rows("XL", "xlsx")])
    nights.give(nights.configure(SHEETS, **facts, format={"kind": "xlsx"}), n04=book)
    nights.give(
        nights.configure(SHEETS, **facts, format={"kind": "xlsx", "sheet": "Cases"}),
        n05=_workbook(name, [row("1", "othersheet")]),
    )
    nights.give(
        nights.configure(SHEETS, **facts, format={"kind": "xlsx"}), n06=book[:-400], n07=as_csv([row("1", "nobook")])
    )


def archives(nights: Nights) -> None:
    """Zips: members nobody asked for, with people in their names; none that fits; damaged; encrypted."""
    facts = {"source": {"kind": "folder", "files": "{date:%Y%m%d}.dat"}, "ignored_columns": IGNORED}
    feed = nights.configure(ARCHIVES, **facts, format={"kind": "csv", "member": "bins*.csv", "pgp": "pgp"})
    other = {f"{GIVEN}_{FAMILY}member.txt": person("member")["Notes"]}
    rows = as_csv([*weeks("ZI", "zip"), *odd_rows("ZI", "zip")])
    good = _zip({"bins.csv": rows, **other})
    nights.give(
        feed, n04=good, n05=_zip(other), n06=good[:-60], n07=_zip({f"../bins{FAMILY}member.csv": rows}),
        n08=_zip({"bins.csv": as_csv([row("1", "inside")]).partition("\r\n")[2]}),
        n09=_SEALED + person("sealed")["Notes"].encode(),
    )  # fmt: skip
    # With a key that cannot be used it waits to be read; without any it is turned down.
    nights.night(nights.configure(ARCHIVES, **facts, format={"kind": "csv", "member": "bins*.csv"}), extracts=False)


def trees(nights: Nights) -> None:
    """XML: people in attributes, elements, comments, names of elements; broken, with an entity, without the records."""
    columns = {**COLUMNS, "record_ref": {"from": "@Ref"}}
    facts = {"source": {"kind": "folder", "files": "{date:%Y%m%d}.dat"}, "columns": columns}
    feed = nights.configure(TREES, **facts, format={"kind": "xml", "records": "case"}, ignored_columns=IGNORED)
    good = _xml([*weeks("TR", "xml"), *odd_rows("TR", "xml")])
    entity = f'<!DOCTYPE c [<!ENTITY who "{person("entity")["Notes"]}">]>' + good.partition("?>")[2].replace(
        "Blythe", "&who;"
    )
    nights.give(
        feed, n04=good, n05=good[:-50], n06=entity, n07=f"<cases><note>{person('norecords')['Notes']}</note></cases>",
        n08=good.replace("<case ", "<case <", 1).replace("Blythe", f"{GIVEN} {FAMILY}brokenxml"),
    )  # fmt: skip


def an_api(nights: Nights) -> None:
    """A JSON API: every answer that is none, with a person in body and headers; wrong secrets; links that lead away."""
    columns = {
        "record_ref": {"from": "id"}, "reported_at": {"from": "at", "formats": ["iso"]}, "channel": _CHANNELS,
        "status": {"from": "state", "map": {"Open": "open", "Closed": "closed"}}, "ward": {"from": "place.ward"},
        "premises_key": {"from": "uprn"},
    }  # fmt: skip

    def asking(path: str, auth: str = "bearer", **more: Any) -> FeedHandle:
        source = {
            "kind": "api",
            "connection": "api",
            "path": path,
            "auth": auth,
            "token_path": "token",
            "timeout_seconds": 5,
            **more,
        }
        return nights.configure(
            API, source=source, columns=columns, format={"kind": "json", "records": "items"}, delivery="snapshot"
        )

    nights.api.cases = [_case(cells) for cells in [*weeks("AP", "json"), *odd_rows("AP", "json")]]
    days = iter(dt.date(2025, 11, 4) + dt.timedelta(days=number) for number in range(40))
    nights.night(asking("bearer"), until=next(days))
    nights.api.cap = 50
    nights.night(asking("oauth2", "oauth2", paging={"kind": "cursor", "path": "meta.next"}), until=next(days))
    header = {"X-Case-Worker": person("header")["Notes"], "Set-Cookie": f"who={FAMILY}cookie"}
    for status in (400, 401, 403, 404, 410, 418):
        nights.api.faults = [(status, header)]
        nights.night(asking("all", query={"q": f"{FAMILY}query"}), until=next(days))
    nights.api.faults = [(500, header), (429, {**header, "Retry-After": "0"}), (0, {})]
    nights.night(asking("all"), until=next(days))
    nights.api.faults = []
    nights.api.away = f"https://elsewhere.example/{FAMILY}redirect?token={SECRETS['issued-token']}"
    for path in ("away", "login_page", "cut", "error"):
        nights.night(asking(path), until=next(days))
    nights.night(asking("leading_away", paging={"kind": "next-link", "path": "links.next"}), until=next(days))
    usual = nights.connections["api"]
    nights.connections["api"] = replace(usual, password=SECRETS["wrong-api-password"])
    for auth in ("bearer", "header", "basic", "oauth2"):
        nights.night(asking(auth, auth), until=next(days))
    for wrong in (
        replace(usual, extra={}),
        replace(usual, host="https://127.0.0.1:9"),
        replace(usual, password="a\nb"),
    ):
        nights.connections["api"] = wrong
        nights.night(asking("bearer"), until=next(days))
    nights.connections["api"] = usual


def an_open311_server(nights: Nights) -> None:
    """Open311: people in every free text and the key in every question; every answer that is none."""
    columns = {
        "record_ref": {"from": "service_request_id"}, "reported_at": {"from": "requested_datetime", "formats": ["iso"]},
        "channel": {"value": "online"}, "status": {"from": "status", "map": {"open": "open", "closed": "closed"}},
        "ward": {"from": "agency_responsible"},
    }  # fmt: skip
    source = {"kind": "open311", "connection": "open311", "first_day": str(FIRST_DAY), "timeout_seconds": 5}
    feed = nights.configure(OPEN, source=source, columns=columns)
    nights.open311.requests = [
        service_request(
            number, dt.datetime.fromisoformat(cells["Reported"]).replace(tzinfo=dt.UTC), description=cells["Notes"],
            address=cells["Address"], media_url=f"https://photos.example/{FAMILY}photo", email=cells["Email"],
            first_name=GIVEN, last_name=f"{FAMILY}open311", phone=cells["Telephone"], agency_responsible=cells["Ward"],
        )
        for number, cells in enumerate(weeks("OP", "open311"))
    ]  # fmt: skip
    nights.night(feed)
    for mood in ("list of errors", "error", "errors", "web page"):
        nights.open311.mood = mood
        nights.night(feed, until=dt.date(2025, 11, 6))
    nights.open311.mood = ""
    usual = nights.connections["open311"]
    for wrong in (
        replace(usual, password=SECRETS["wrong-open311-key"]),
        replace(usual, host=usual.host.replace("v2", "v3")),
    ):
        nights.connections["open311"] = wrong
        nights.night(feed, until=dt.date(2025, 11, 6))
    nights.connections["open311"] = usual


def figures(nights: Nights) -> None:
    """Signing off, publishing and reading back, with the right token, a wrong one and none; Data Docs; the site."""
    usual = nights.connections["platform"]
    wrong = {"tokens": dict.fromkeys(usual.extra["tokens"], SECRETS["wrong-platform-token"])}  # type: ignore[arg-type, call-overload]
    for slug in COUNCILS:
        sign_off(nights.workspace, slug)
        refused = [replace(usual, extra=wrong), replace(usual, extra={}), replace(usual, host="http://127.0.0.1:9")]
        for connection in (*(refused if slug == SFTP else ()), usual):
            nights.connections["platform"] = connection
            sent = nights.attempt(slug, "publish", lambda slug=slug: publish(nights.workspace, slug, run_id=RUN))
            compared = nights.attempt(
                slug, "reconcile", lambda slug=slug: reconcile(nights.workspace, slug, run_id=RUN)
            )
            if connection is usual:
                nights.texts["lineage"] += [
                    str(lineage.published(nights.workspace, slug, sent)),
                    str(lineage.reconciled(nights.workspace, slug, compared)),
                ]  # fmt: skip
    data_docs.build(nights.workspace)
    build_site(nights.workspace, processes=1)
    nights.texts["metrics"].append(metrics.metrics(nights.workspace))


def defects(nights: Nights) -> None:
    """Faults that nobody foresaw, whose own words hold a row or a secret: a library's, a database's, a wrong login."""
    words = f"{person('defect')['Notes']} {SECRETS['privacy-secret']}"
    feed = nights.workspace.feed(SFTP, FEED)
    _put(nights, "20251123.csv", as_csv([row("D-1", "defect")]))

    def broken(*_: object, **__: object) -> None:
        raise ValueError(words)

    with given(validate, "judge", broken):
        nights.night(feed, until=dt.date(2025, 11, 23))
    with nights.workspace.engine.begin() as db:
        db.execute(text("alter table core.record add constraint canary check (record_ref <> 'D-2') not valid"))
    _put(nights, "20251124.csv", as_csv([row("D-2", "constraint")]))
    nights.night(feed, until=dt.date(2025, 11, 24))
    with nights.workspace.engine.begin() as db:
        db.execute(text("alter table core.record drop constraint canary"))
    nights.night(feed, until=dt.date(2025, 11, 24))
    url = nights.workspace.engine.url.set(password=SECRETS["wrong-database-password"])
    shut_out = replace(nights.settings, warehouse=url.render_as_string(hide_password=False))

    def opened() -> None:
        with Workspace.open(shut_out) as workspace, workspace.engine.connect():
            pass

    nights.attempt(SFTP, "open", opened, noted=False)
    tell(shut_out, FailedRun(f"council_{SFTP}", "manual__1", (f"{FEED}.extract",), AIRFLOW))


def messages(nights: Nights) -> None:
    """Every failed run is told over every channel, which are down, refuse us and take it, in this order."""
    for slug in COUNCILS:
        steps = sorted({failed.partition(":")[0] for failed in nights.failed[slug]})
        run = FailedRun(f"council_{slug}", RUN, [f"{FEED}.{step}" for step in steps], AIRFLOW)
        if slug == SFTP:
            usual = nights.connections["alerts_smtp"]
            nights.hooks.status = 500
            nights.connections["alerts_smtp"] = replace(usual, password=SECRETS["wrong-smtp-password"])
            nights.texts["faults of channels"] += map(str, tell(nights.settings, run))
            nights.hooks.status = 302
            nights.connections["alerts_smtp"] = replace(usual, port=9)
            nights.texts["faults of channels"] += map(str, watch(nights.workspace, airflow=AIRFLOW).unsent)
            nights.hooks.status, nights.connections["alerts_smtp"] = 200, usual
            # What was not taken over plain http elsewhere never will be.
            far = Connection("chat", password=f"http://chat.example.org/{SECRETS['webhook-address']}")
            with given(nights, "connections", nights.connections):
                usual_chat, nights.connections["chat"] = nights.connections["chat"], far
                nights.texts["faults of channels"] += map(str, watch(nights.workspace, airflow=AIRFLOW).unsent)
                nights.connections["chat"] = usual_chat
        nights.texts["faults of channels"] += map(str, tell(nights.settings, run))
    nights.texts["faults of channels"] += map(str, watch(nights.workspace, airflow=AIRFLOW).unsent)


def a_terminal(nights: Nights) -> None:
    """Every command that shows something, on samples with people in them too."""
    sample = nights.folder / "sample" / _SAMPLE
    sample.parent.mkdir()
    sample.write_text(as_csv([*weeks("SA", "sample"), *odd_rows("SA", "sample")]), "utf-8")
    broken = sample.with_name("20251105.csv")
    broken.write_text(as_csv([row("1", "nohead")]).partition("\r\n")[2], "utf-8")
    for shape in ((), ("--json",)):
        for arguments in (
            ("check",), ("status",), ("kpis", SFTP), ("approvals",), ("watch",), ("silences",), ("metrics",),
            ("alert-test", SFTP), ("try", SFTP, FEED, str(broken)),
            ("try", SFTP, FEED, str(sample), "--output", str(nights.folder / "reports")),
            ("profile", str(sample), "--transaction", FEED, "--output", "-"),
            ("profile", str(broken), "--transaction", FEED, "--output", "-"),
            ("report", SFTP, FEED), ("report", SHEETS, FEED, "--output", str(nights.folder / "reports")),
            ("publish", SFTP, "--dry-run"), ("reconcile", SFTP), ("expire", "--dry-run"), ("data-docs", "--dry-run"),
            ("ingest", TREES, FEED, str(sample)), ("ingest", API, FEED), ("aggregate", SFTP),
            ("replay", ARCHIVES, FEED, "--dry-run"), ("compare", FEED, "digital-takeup"), ("site",),
            ("report", "nowhere", FEED),
        ):  # fmt: skip
            nights.command(*arguments, *(shape if arguments[0] != "metrics" else ()))
    sample.unlink()
    broken.unlink()


def somebody_is_forgotten(nights: Nights) -> None:
    """A case by its reference, and all cases of some premises by their number."""
    partial = nights.folder / "spool" / "half.partial"
    partial.write_text(as_csv([row("1", "spooled")]))
    assert nights.command("forget", SFTP, FEED, "--record-ref", "-", "--by", "A. Clerk", typed=f"{FORGOTTEN}\n") == 0
    assert (
        nights.command("forget", SHEETS, FEED, "--premises", "-", "--by", "A. Clerk", "--json", typed=f"{UPRN}\n") == 0
    )


def retention_ends(nights: Nights) -> None:
    """The day after the councils' files have been kept for as long as is agreed."""
    partial = nights.folder / "spool" / "left.partial"
    partial.write_text(as_csv([row("1", "left")]))
    unfinished = nights.folder / "landing" / "raw" / "ab" / "ab12.0001.part"
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(as_csv([row("1", "unfinished")]))
    for path in (partial, unfinished):
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    with nights.workspace.engine.begin() as db:
        db.execute(text("update ledger.delivery set received_at = received_at - interval '91 days'"))
    assert nights.command("expire") == 0
    assert nights.command("data-docs") == 0
    logging.getLogger("task").info("the end")


def _put(nights: Nights, name: str, content: bytes | str) -> None:
    path = nights.folder / "sftp" / "outgoing" / "bins" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (time.time() - 3600,) * 2)


def _workbook(sheet: str, rows: Iterable[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    table = book.active
    table.title = sheet
    book.properties.creator = f"{GIVEN} {FAMILY}author"
    book.properties.title = person("title")["Notes"]
    table.append([f"Cases of {person('titleline')['Customer']}"])
    table.append(list(HEADER))
    for cells in rows:
        table.append([cells.get(name, "") for name in HEADER])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _zip(members: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
        archive.comment = person("comment")["Notes"].encode()
    return content.getvalue()


def _xml(rows: Iterable[dict[str, str]]) -> str:
    mapped = ("Reported", "How", "State", "Ward", "UPRN", *IGNORED, "Comments")
    cases = [
        f"<case Ref={quoteattr(cells['Ref'])} By={quoteattr(cells['Customer'])}><!-- {person('remark')['Customer']} -->"
        + "".join(f"<{name}>{escape(cells[name])}</{name}>" for name in mapped)
        + f"<Extra>{STREET}</Extra></case>"
        for cells in rows
    ]
    return '<?xml version="1.0"?><cases>' + "".join(cases) + "</cases>"


def _case(cells: dict[str, str]) -> dict[str, Any]:
    return {
        "id": cells["Ref"], "at": f"{cells['Reported']}Z", "how": cells["How"], "state": cells["State"],
        "uprn": cells["UPRN"],
        "place": {"ward": cells["Ward"], "address": cells["Address"]}, "by": {name: cells[name] for name in IGNORED},
        f"note of {cells['Email']}": cells["Notes"],
    }  # fmt: skip
