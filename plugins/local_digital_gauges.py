"""The feeds' gauges through whatever Airflow sends its own metrics by: OpenTelemetry, StatsD or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import conf
from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_digital.metrics import Gauge


def metrics_are_sent() -> bool:
    """Say whether Airflow's settings name anywhere to send metrics to."""
    return any(conf.getboolean("metrics", name) for name in ("otel_on", "statsd_on", "statsd_datadog_enabled"))


def send(gauges: Iterable[Gauge]) -> int:
    """Hand every value to Airflow's metrics; return how many there were.

    Council and transaction are tags. Plain StatsD knows none: there they are the last parts of the name, since all
    feeds would share one gauge otherwise.
    """
    sent = 0
    for gauge in gauges:
        for labels, value in gauge.values:
            name = gauge.name if _has_tags() else ".".join([gauge.name, *labels.values()])
            stats.gauge(name, float(value), tags=labels)
            sent += 1
    return sent


def _has_tags() -> bool:
    if conf.getboolean("metrics", "statsd_datadog_enabled"):
        return True
    return not conf.getboolean("metrics", "statsd_on") or conf.getboolean("metrics", "statsd_influxdb_enabled")
