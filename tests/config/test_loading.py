"""A broken file names file, key, expected and found, and leaves the others alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from local_digital.config.loading import load_council, load_councils, load_transactions
from local_digital.errors import ConfigurationError
from local_digital.settings import ROOT


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "include" / "transactions", tmp_path / "transactions")
    text = (ROOT / "include" / "councils" / "solihull.yaml").read_text("utf-8")
    (tmp_path / "councils").mkdir()
    (tmp_path / "councils" / "solihull.yaml").write_text(text, "utf-8")
    (tmp_path / "councils" / "otherham.yaml").write_text(
        text.replace("council: solihull", "council: otherham")
        .replace("E08000029", "E08000027")
        .replace("data_group: solihull-", "data_group: otherham-"),
        "utf-8",
    )
    return tmp_path


REF = "record_ref: { from: Case Ref }"
WARD = "ward: { from: Ward }"
COLLECTED = "{ stream: refuse, a_week: 90000, valid_from: 2025-10-07, source: the rounds"


@pytest.mark.parametrize(
    ("was", "becomes", "key", "message"),
    [
        ("phase: 1", "phase: 9", "phase", "less than or equal to 3; found `9`"),
        ("tier: metropolitan", "tier: county", "tier", "`metropolitan`, as Dudley has it"),
        ("gss_code: E08000027", "gss_code: E08999999", "gss_code", "of an authority that exists"),
        ("bank_holidays: england-and-wales", "bank_holidays: scotland", "the whole file", "`bank_holidays: england"),
        (
            "gss_code: E08000027\ntier: metropolitan",
            "gss_code: E10000031\ntier: county",
            "feeds.report-missed-bin",
            "a council that provides this",
        ),
        (
            "council: otherham",
            "council: otherham\nelsewhere: {pay-concil-tax: nobody}",
            "elsewhere",
            "that have a contract",
        ),
        (
            "delivery: rolling",
            (
                "delivery: rolling\n    unit_costs: [{channel: phone, pounds: 1, valid_from: 2025-10-07, "
                "source: x}, {channel: phone, pounds: 2, valid_from: 2025-10-07, source: x}]"
            ),
            "feeds.report-missed-bin",
            "one entry for each day",
        ),
        ("phase: 1", "phase: 1\ncompare_with: {neighbours: [solihul]}", "compare_with", "slugs of councils"),
        (
            "kind: sftp",
            "kind: ftp",
            "feeds.report-missed-bin.source.kind",
            "'sftp', 'folder', 'api', 'open311'; found `ftp`",
        ),
        ("gss_code: E08000027", "", "gss_code", "this key; found it is missing"),
        ("phase: 1", "phase: 1\nfase: 1", "fase", "only the known keys"),
        ("phase: 1", "phase: 1\nphase: 2", "otherham.yaml", "stands here twice"),
        ("Online: online", "Online: onlin", "columns.channel.map", "found onlin"),
        ("unmapped: Other", "unmaped: Other", "publish.transactions-by-channel.labels", "unmaped"),
        ("digital-takeup: {}", "completion-rate: {}", "publish.completion-rate", "a data set of the contract"),
        (
            'formats: ["%d/%m/%Y %H:%M"] }\n      closed_at',
            "}\n      closed_at",
            "feeds.report-missed-bin",
            "`formats`",
        ),
        ("digital-takeup: {}", "monitoring: {}", "feeds.report-missed-bin.page", "which `monitoring` is about"),
        ("delivery: rolling", "page: ftp://x.example/\n    delivery: rolling", "page", "http or https"),
        ("delivery: rolling", "page: https://me@x.example/\n    delivery: rolling", "page", "without user name"),
        ("delivery: rolling", 'page: "https://x.example/#bins"\n    delivery: rolling', "page", "or fragment"),
        ("delivery: rolling", "page: www.x.example/bins\n    delivery: rolling", "page", "the address of a page"),
        ("stage: live", "stage: trial", "the whole file", "the sink for trials, since report-missed-bin has"),
        ("stage: live", "stage: published", "stage", "'draft', 'trial' or 'live'; found `published`"),
        ("stage: live", "embargo_until: soon", "embargo_until", "valid date"),
        (
            "platform:\n  connection: solihull_platform",
            "platform:\n  connection: solihull_platform\n  trial: solihull_platform",
            "platform",
            "`trial` another connection than `connection`",
        ),
        ("digital-takeup: {}", "cost-per-transaction: {labels: {fone: Phone, unmapped: Other}}", "labels", "fone"),
        ("digital-takeup: {}", "digital-takeup: {labels: {unmapped: x}}", "labels", "by one breakdown only"),
        ("council: otherham", "council: elsewhere", "council", "as the file is called"),
        ("council: otherham", "council: [", "otherham.yaml", "YAML"),
        ("gss_code: E08000027", "gss_code: E0800027", "gss_code", "and eight digits; found `E0800027`"),
        ("council: otherham", "council: Otherham", "council", "small letters and digits"),
        ('"20 5 * * *"', '"05:20"', "schedule", "found `05:20`"),
        ('"20 5 * * *"', "*/5 * * * *", "otherham.yaml", "on line 8, column 12"),
        ("    delivery: rolling", "\tdelivery: rolling", "otherham.yaml", "Indent with spaces"),
        ("Online: online", "Online: now: online", "otherham.yaml", "a text that has `: `"),
        ("covers_from: 2025", "cover_from: 2025", "cover_from", "nothing reads (`covers_from`?)"),
        ("phase: 1", "phase: 1\nexpected_by: 09:00", "expected_by", "see how far in it stands"),
        ("covers_from: 2025-10-06", "covers_from: 06/10/2025", "covers_from", "such as 2026-04-30; found `06/10/2025`"),
        ("covers_from: 2025-10-06", "covers_from: 2025-10-06\n    covers_until: 2024-01-01", "feeds", "`covers_until`"),
        ('expected_by: "09:00"', "expected_by: 9am", "expected_by", "such as 09:00; found `9am`"),
        ('formats: ["%d/%m/%Y %H:%M"]', 'formats: "%d/%m/%Y %H:%M"', "formats", "a list"),
        ('formats: ["%d/%m/%Y %H:%M"]', 'formats: ["dd/mm/yyyy"]', "columns.reported_at", "such as `%d/%m/%Y`"),
        ("retention_days: 90", "retention_days: 90 days", "privacy.retention_days", "a whole number; found `90 days`"),
        ("retention_days: 90", "retention_days:", "privacy.retention_days", "found nothing"),
        ("{date:%Y%m%d}.csv", "YYYYMMDD.csv", "source.sftp.files", "a date as `{date:%Y%m%d}`"),
        ("{date:%Y%m%d}.csv", "\\\\d+.csv", "source.sftp.files", "no regular expression"),
        ("  report-missed-bin:", "  missed-bins:", "feeds.missed-bins", "renew-library-book"),
        ("digital-takeup: {}", "missed-bin-by-reason: {}", "publish.missed-bin-by-reason", "a column for `reason`"),
        (WARD, "ward: { value: North, otherwise: [Ward] }", "columns.ward", "`time_from` only beside `from`"),
        (WARD, f"{WARD}\n      event_at: {{ from: When, formats: [iso] }}", "feeds.report-missed-bin",
         "no mapping for event_at, which rolling deliveries do not have"),
        (WARD, "ward: { from: Ward, formats: [iso] }", "feeds.report-missed-bin", "only on dates, not on `ward`"),
        (WARD, "ward: { derived_from: [Ward, UPRN] }", "report-missed-bin", "only on `record_ref`, not on `ward`"),
        (REF, 'record_ref: { from: Case Ref, "yes": open }', "feeds.report-missed-bin",
         "only on labels, not on `record_ref`"),
        (REF, "record_ref: { value: '1' }", "feeds.report-missed-bin", "`value` only on labels, not on `record_ref`"),
        (REF, "record_ref: { from_file_name: true }", "feeds.report-missed-bin", "`from_file_name` only on dates"),
        (WARD, "branch: { from: Branch }", "columns.branch", "a field of the contract; found one it does not have"),
        ("    delivery: rolling", "    delivery: rolling\n    aggregate: { period: week }", "feeds.report-missed-bin",
         "`aggregate` exactly with `delivery: aggregate`"),
        ("delivery: rolling", f"delivery: rolling\n    collections: [{COLLECTED}, valid_until: 2025-10-06}}]",
         "feeds.report-missed-bin.collections.0", "`valid_until` not before `valid_from`"),
        ("delivery: rolling", f"delivery: rolling\n    collections: [{COLLECTED.replace('refuse', 'paper')}}}]",
         "feeds.report-missed-bin.collections", "bin types of the contract (refuse, recycling"),
        ("delivery: rolling", "delivery: rolling\n    cycle: { weeks: 2, starts: 2025-10-07 }",
         "feeds.report-missed-bin.cycle", "`starts` on a Monday"),
        ("phase: 1", "phase: 1\ncovers: [solihull]", "the whole file", "`covers` exactly with `tier: transport"),
        ("phase: 1", "phase: 1\nelsewhere: { report-missed-bin: Serco }", "the whole file",
         "report-missed-bin either among the feeds or under `elsewhere`"),
        ("    data_group: otherham-renew-library-book\n", "", "the whole file",
         "otherham_local_authority_digital_takeup, otherham_local_authority_transactions_by_channel would hold"),
        ("  tier: metropolitan".strip(), "tier: transport-executive\ncovers: [dudley, dudly]", "covers",
         "slugs of authorities in the reference table; found dudly"),
        ("name_date: extract-day", "archive: /done", "source.sftp.archive", "a folder below the feed's own"),
        ("name_date: extract-day", "report_folder: done/..", "report_folder", "without `..` or a leading `/`"),
        ("_{date:%Y%m%d}.csv", "_{date:%Y%m}.csv", "source.sftp", "`name_date: data-day` where the name"),
        ("name_date: extract-day", "marker: done/{name}.ok", "source.sftp", "a name in the file's own folder"),
        ("name_date: extract-day", "marker: _SUCCESS\n      manifest: '*.lst'", "source.sftp",
         "either `marker` or `manifest`"),
        ("name_date: extract-day", "manifest: ../*.lst", "manifest", "inside the feed's folder, without `..`"),
        ("folder: outgoing/missed-bins", "folder: \u201coutgoing/missed-bins\u201d", "source.sftp.folder",
         "without curly quotes round it"),
        ("name_date: extract-day", "archive: \u2018done\u2019", "source.sftp.archive", "without curly quotes round it"),
        ("{ kind: csv,", "{ kind: csv, header_line: 3, names: [Case Ref],", "format.csv",
         "either `header_line` or `names`"),
    ],
)  # fmt: skip
def test_broken_council_is_named_with_its_key_and_leaves_the_others_alone(
    config: Path, was: str, becomes: str, key: str, message: str
) -> None:
    broken = config / "councils" / "otherham.yaml"
    text = broken.read_text("utf-8")
    assert was in text
    broken.write_text(text.replace(was, becomes, 1), "utf-8")
    councils, errors = load_councils(config)
    assert list(councils) == ["solihull"]
    assert len(errors) == 1
    assert str(broken) in str(errors[0])
    assert key in str(errors[0])
    assert message in str(errors[0])


def test_code_of_another_authority_than_the_file_is_named_after_is_refused(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    text = other.read_text("utf-8").replace("council: otherham", "council: calderdale")
    other.rename(config / "councils" / "calderdale.yaml").write_text(text, "utf-8")
    (error,) = load_councils(config)[1]
    assert "gss_code: expected `E08000033`, as Calderdale has it" in str(error)
    assert "`E08000027`, which is Dudley's" in str(error)


def test_file_in_another_encoding_is_told_with_its_line(config: Path) -> None:
    broken = config / "councils" / "otherham.yaml"
    broken.write_bytes(broken.read_bytes().replace(b"tier: metropolitan", b"tier: metropolitan # \xa3"))
    (error,) = load_councils(config)[1]
    assert "another encoding, on line 4. Save the file as UTF-8." in str(error)


def test_who_logs_in_at_an_address_is_in_no_message(config: Path) -> None:
    broken = config / "councils" / "otherham.yaml"
    text = broken.read_text("utf-8").replace("connection: solihull_sftp", "connection: sftp://me:secret@x.example", 1)
    broken.write_text(text, "utf-8")
    (error,) = load_councils(config)[1]
    assert "the id of a connection" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("login", ["me:secret", "me:s/secret", "me:s@secret", "secret" * 100])
def test_login_in_the_address_of_a_folder_is_refused_and_in_no_message(config: Path, login: str) -> None:
    broken = config / "councils" / "otherham.yaml"
    facts = yaml.safe_load(broken.read_text("utf-8"))
    for feed in facts["feeds"].values():
        folder = f"ftp://{login}@x.example/drop"
        feed["source"] = {"kind": "folder", "folder": folder, "files": "bins_{date:%Y%m%d}.csv"}
    broken.write_text(yaml.safe_dump(facts), "utf-8")
    (error,) = load_councils(config)[1]
    assert "a URL without user name and password" in str(error)
    assert "secret" not in str(error)


def test_list_whose_only_entry_is_wrong_is_told_once(config: Path) -> None:
    broken = config / "councils" / "otherham.yaml"
    broken.write_text(broken.read_text("utf-8") + "alerts: [{ kind: email, to: bins@x.example }]\n", "utf-8")
    (error,) = load_councils(config)[1]
    assert "alerts.0.email.to: expected a list" in str(error)
    assert "Also" not in str(error)


def test_council_that_names_its_page_may_publish_how_available_it_is_or_not(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    page = "https://www.otherham.gov.uk/bins?report=missed"
    text = other.read_text("utf-8").replace("delivery: rolling", f"page: {page}\n    delivery: rolling")
    other.write_text(text, "utf-8")
    assert load_council(config, "otherham").feeds["report-missed-bin"].page == page
    other.write_text(text.replace("digital-takeup: {}", "monitoring: {}", 1), "utf-8")
    assert "monitoring" in load_council(config, "otherham").feeds["report-missed-bin"].publish


def test_availability_has_no_labels_to_spell(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    text = other.read_text("utf-8").replace("delivery: rolling", "page: https://x.example/\n    delivery: rolling")
    other.write_text(text.replace("digital-takeup: {}", "monitoring: {labels: {unmapped: x}}", 1), "utf-8")
    (error,) = load_councils(config)[1]
    assert "labels on data sets by one breakdown only" in str(error)


def test_words_that_yaml_would_change_stay_words(config: Path) -> None:
    broken = config / "councils" / "otherham.yaml"
    broken.write_text(broken.read_text("utf-8").replace("Web: online", "No: online\n          NULL: post"), "utf-8")
    mapped = load_council(config, "otherham").feeds["report-missed-bin"].columns["channel"].map
    assert (mapped["No"], mapped["NULL"]) == ("online", "post")


def test_unknown_council_says_which_there_are(config: Path) -> None:
    with pytest.raises(ConfigurationError, match="otherham, solihull"):
        load_council(config, "nowhere")


def test_second_file_of_one_authority_is_refused(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    other.write_text(other.read_text("utf-8").replace("E08000027", "E08000029"), "utf-8")
    (error,) = load_councils(config)[1]
    assert "one file for each authority" in str(error)


def test_two_councils_cannot_write_into_one_data_set(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    text = other.read_text("utf-8")
    other.write_text(text.replace("data_group: otherham-local", "data_group: solihull-local"), "utf-8")
    (error,) = load_councils(config)[1]
    assert "data sets of its own" in str(error)


def assert_solihull_is_refused_alone_as_among_all(config: Path, edited: str, was: str, becomes: str) -> None:
    """Edit a council's file so that Solihull's clashes with another's; it is refused with the same words both ways."""
    file = config / "councils" / f"{edited}.yaml"
    assert was in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(was, becomes), "utf-8")
    (error,) = load_councils(config)[1]
    with pytest.raises(ConfigurationError) as alone:
        load_council(config, "solihull")
    assert str(alone.value) == str(error)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("gss_code: E08000029", "gss_code: E08000027"),
        ("gss_code: E08000029", 'gss_code: "E08000027"'),
        ("data_group: solihull-local-authority", "data_group: otherham-local-authority"),
        ("data_group: solihull-local-authority", "data_group:   'otherham-local-authority' # theirs"),
    ],
)
def test_one_council_read_alone_is_refused_for_the_same_clash(config: Path, was: str, becomes: str) -> None:
    assert_solihull_is_refused_alone_as_among_all(config, "solihull", was, becomes)
    # The first one stands, for itself as among all.
    assert load_council(config, "otherham") == load_councils(config)[0]["otherham"]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("gss_code: E08000027", "gss_code: !!str E08000029"),
        ("data_group: otherham-local-authority", "data_group:\n    solihull-local-authority"),
        ("data_group: otherham-local-authority", "data_group: &ours solihull-local-authority"),
    ],
)
def test_clash_with_a_file_that_writes_it_in_another_way_is_found_too(config: Path, was: str, becomes: str) -> None:
    assert_solihull_is_refused_alone_as_among_all(config, "otherham", was, becomes)


def test_transport_executive_is_no_authority_and_serves_some(config: Path) -> None:
    text = (ROOT / "include" / "councils" / "nottinghamshire.yaml").read_text("utf-8")
    start, end = text.index("  # The last five weeks"), text.index("  # A workbook on the first Monday")
    text = (text[:start] + text[end:]).replace("council: nottinghamshire", "council: transport-for-north")
    executive = config / "councils" / "transport-for-north.yaml"
    executive.write_text(
        text.replace("E10000024\ntier: county", "E47000099\ntier: transport-executive\ncovers: [dudley, solihull]"),
        "utf-8",
    )
    council = load_council(config, "transport-for-north")
    assert (council.covers, [*council.feeds]) == (("dudley", "solihull"), ["renew-transport-concession"])


def test_feed_without_a_field_that_its_contract_requires_is_refused(config: Path) -> None:
    contract = config / "transactions" / "report-missed-bin.yaml"
    contract.write_text(contract.read_text("utf-8").replace("  ward: {}", "  ward: { required: true }", 1), "utf-8")
    other = config / "councils" / "otherham.yaml"
    other.write_text(other.read_text("utf-8").replace(f"      {WARD}\n", ""), "utf-8")
    (error,) = load_councils(config)[1]
    assert "feeds.report-missed-bin.columns: expected a mapping for the required field `ward`; found none" in str(error)


def test_one_council_is_read_without_the_files_that_cannot_be_in_its_way(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    parse = yaml.load
    monkeypatch.setattr(yaml, "load", lambda text, Loader: parsed.append(text) or parse(text, Loader))  # noqa: N803

    load_council(config, "solihull")

    assert any("council: solihull" in text for text in parsed)
    assert not any("council: otherham" in text for text in parsed)


def test_one_council_is_read_once_until_a_file_is_another_one(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    parse = yaml.load
    monkeypatch.setattr(yaml, "load", lambda text, Loader: parsed.append(text) or parse(text, Loader))  # noqa: N803
    before = load_council(config, "solihull")
    parsed.clear()

    assert load_council(config, "solihull") == before
    assert load_transactions(config)[0]
    assert parsed == []

    own = config / "councils" / "solihull.yaml"
    own.write_text(own.read_text("utf-8").replace("phase: 1", "phase: 2"), "utf-8")
    assert (before.phase, load_council(config, "solihull").phase) == (1, 2)


def test_one_council_is_refused_once_another_file_or_a_contract_is_in_its_way(config: Path) -> None:
    load_council(config, "solihull")
    contract = config / "transactions" / "report-missed-bin.yaml"
    kept = contract.read_text("utf-8")
    contract.write_text("nothing: here", "utf-8")
    with pytest.raises(ConfigurationError, match="a contract"):
        load_council(config, "solihull")
    contract.write_text(kept, "utf-8")
    load_council(config, "solihull")
    other = config / "councils" / "otherham.yaml"
    other.write_text(other.read_text("utf-8").replace("E08000027", "E08000029"), "utf-8")
    with pytest.raises(ConfigurationError, match="one file for each authority"):
        load_council(config, "solihull")


def test_feed_on_trial_has_a_sink_for_trials(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    text = other.read_text("utf-8").replace("stage: live", "stage: trial", 1)
    other.write_text(text.replace("platform:\n", "platform:\n  trial: otherham_trial\n", 1), "utf-8")
    council = load_council(config, "otherham")
    assert (council.feeds["report-missed-bin"].stage, council.platform.trial) == ("trial", "otherham_trial")


def test_costs_may_be_spelt_by_channel(config: Path) -> None:
    other = config / "councils" / "otherham.yaml"
    labels = "{labels: {online: Digital, app: Digital, unmapped: Other}}"
    other.write_text(
        other.read_text("utf-8").replace("digital-takeup: {}", f"cost-per-transaction: {labels}", 1), "utf-8"
    )
    assert load_council(config, "otherham").feeds["report-missed-bin"].publish["cost-per-transaction"].labels


COSTS = '{ period: quarter, kpi: cost-per-transaction, version: "1", measure: count, threshold: 0 }'
TAKEUP = "{ period: week, kpi: digital-takeup, version: current, measure: rate, threshold: 0 }"
MONITORING = "{ period: hour, availability: true, measure: uptime, threshold: 0 }"
ONE_KIND = "`breakdown` with `dimension`, or `kpi` with `version`, or `availability: true`"
BY_WARD = "missed-bin-by-ward: { period: week, breakdown: ward, dimension: ward, measure: missed_bins"
NO_SUCH_PERIOD = "in a period that it has, and one figure a period"


@pytest.mark.parametrize(
    ("was", "becomes", "key", "message"),
    [
        (MONITORING, MONITORING.replace("hour", "week"), "data_sets.monitoring", "`period: hour` for such a data set"),
        (MONITORING, MONITORING.replace("true", "false"), "data_sets.monitoring", ONE_KIND),
        (
            MONITORING,
            MONITORING.replace("true", "true, breakdown: ward, dimension: ward"),
            "data_sets.monitoring",
            ONE_KIND,
        ),
        (TAKEUP, TAKEUP.replace("week,", "week, breakdown: channel,"), "data_sets.digital-takeup", ONE_KIND),
        (
            TAKEUP,
            TAKEUP.replace("week,", "week, breakdown: channel, dimension: channel,"),
            "data_sets.digital-takeup",
            ONE_KIND,
        ),
        (TAKEUP, TAKEUP.replace("week,", "week, availability: true,"), "data_sets.digital-takeup", ONE_KIND),
        (TAKEUP, TAKEUP.replace("week", "hour"), "data_sets.digital-takeup", "`period: week` or `month` or `quarter`"),
        (TAKEUP, TAKEUP.replace("week", "quarter"), "the whole file", NO_SUCH_PERIOD),
        (TAKEUP, TAKEUP.replace("digital-takeup", "uptake"), "data_sets.digital-takeup", "a KPI that is defined"),
        (TAKEUP, TAKEUP.replace("current", '"2031"'), "data_sets.digital-takeup", "in a version that it has"),
        (TAKEUP, TAKEUP.replace("kpi: digital-takeup, version: current", 'kpi: channel-mix, version: "1"'),
         "the whole file", NO_SUCH_PERIOD),
        (COSTS, COSTS.replace("quarter", "month"), "the whole file", NO_SUCH_PERIOD),
        ("  cost-by-channel: {}\n", "", "the whole file", "`cost-by-channel` among the KPIs"),
        ("  missed-bin-by-ward: { period: week", "  missed-bin-by-ward: { period: quarter", "missed-bin-by-ward",
         "`period: week` or `month` for such a data set"),
        ("breakdowns:", "holds: { periods: 3 }\nbreakdowns:", "holds.periods", "greater than or equal to 4; found `3`"),
        ("breakdowns:", "holds: { periods: 60 }\nbreakdowns:", "holds.periods", "less than or equal to 52"),
        ("breakdowns:", "holds: { volume_factor: 1 }\nbreakdowns:", "holds.volume_factor", "greater than 1"),
        ("breakdowns:", "holds: { takeup_points: 20 }\nbreakdowns:", "holds.takeup_points", "less than or equal to 1"),
        ("breakdowns:", "holds: { withheld_share: 0 }\nbreakdowns:", "holds.withheld_share", "greater than 0"),
        ("breakdowns:", "holds: { factor: 3 }\nbreakdowns:", "holds.factor", "only the known keys"),
        (BY_WARD, f"{BY_WARD}, threshold: 2", "data_sets.missed-bin-by-ward", "`threshold: 0` for no control, or 3"),
        (BY_WARD, f"{BY_WARD}, threshold: 11", "data_sets.missed-bin-by-ward", "`sensitive_threshold` not below"),
        ("across: reason", "across: stream", "data_sets.missed-bin-by-stream-and-reason", "another breakdown than"),
        ("  premises_key: {}", "  premises_key: { values: { flat: { name: Flat } } }", "the whole file",
         "`values` only on labels, not on `premises_key`"),
        ("  ward: {}", "  ward: { values: { unmapped: { name: No ward } } }", "the whole file",
         "no value called `unmapped` in `ward`"),
        ("  ward: {}", "  ward: {}\n  period: {}", "the whole file", "only fields of records (record_ref, "),
        ("  record_ref: { required: true }", "  record_ref: {}", "the whole file",
         "`record_ref` among the fields, with `required: true`"),
        ("[ward, stream, reason]", "[ward, closed_at]", "the whole file",
         "a breakdown by a label of this contract, not `closed_at`"),
        ("[ward, stream, reason]", "[ward, stream]", "the whole file",
         "`reason` among the breakdowns, since a data set needs it"),
        ("  volume: {}", "  volumes: {}", "the whole file", "a KPI that is defined (volume, "),
        ("  volume: {}", "  user-satisfaction: {}", "the whole file",
         "rating among the fields, which `user-satisfaction` is made of"),
        ("channel: phone, pounds", "channel: fax, pounds", "the whole file", "other, not `fax`"),
        ("missed-bin-by-stream: { period: month, breakdown: stream, dimension: stream",
         "missed-bin-by-stream: { period: month, breakdown: ward, dimension: ward", "the whole file",
         "at most one data set by the same breakdowns"),
        ("dimension: stream, measure: missed_bins }", "dimension: stream, measure: missed_bins, threshold: 0 }",
         "the whole file", "a `threshold` on every data set by `stream`, since another has one"),
        ("missed-bin-by-stream: { period: month", "missed-bin-by-stream: { period: week", "the whole file",
         "all data sets by `stream` by week or all by month"),
        ("  digital-takeup: {}\n", "", "the whole file", "digital-takeup` among the KPIs, since a data set needs it"),
    ],
)  # fmt: skip
def test_broken_contract_is_named_with_its_key(config: Path, was: str, becomes: str, key: str, message: str) -> None:
    broken = config / "transactions" / "report-missed-bin.yaml"
    text = broken.read_text("utf-8")
    assert was in text
    broken.write_text(text.replace(was, becomes, 1), "utf-8")
    errors = [str(error) for error in load_councils(config)[1]]
    assert any(str(broken) in error and key in error and message in error for error in errors), errors


def test_contract_says_when_its_figures_are_held(config: Path) -> None:
    contract = config / "transactions" / "report-missed-bin.yaml"
    text = contract.read_text("utf-8").replace(
        "breakdowns:", "holds: { volume_factor: 4, periods: 12 }\nbreakdowns:", 1
    )
    contract.write_text(text, "utf-8")
    holds = load_transactions(config)[0]["report-missed-bin"].holds
    assert (holds.volume_factor, holds.periods, holds.takeup_points) == (4, 12, 0.2)


def test_data_set_of_a_kpi_that_would_tell_withheld_counts_is_refused(config: Path) -> None:
    contract = config / "transactions" / "renew-transport-concession.yaml"
    more = '  applications: { period: month, kpi: applications, version: "1", measure: passes, threshold: 0 }\n'
    contract.write_text(contract.read_text("utf-8").replace("data_sets:\n", f"data_sets:\n{more}"), "utf-8")
    errors = [str(error) for error in load_councils(config)[1]]
    assert any("no data set of `applications`, which tells what is withheld" in error for error in errors), errors
