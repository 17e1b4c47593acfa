"""Sends the alert about a job, if anything happened that was not reported before."""

import logging
import time
from collections.abc import Callable
from functools import partial

from pyspark.sql import functions as F

from lepton_spark.config import AlertSettings
from lepton_spark.operations.alerts.alert import Alarm, Alert, compose
from lepton_spark.operations.alerts.sending import Attempt, post, run_command, send
from lepton_spark.operations.job_end import JobEnd
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import ALARM, PRODUCT

log = logging.getLogger(__name__)

SHOWN = 10
"""Alarms that an alert lists."""


def alert(
    end: JobEnd,
    settings: AlertSettings,
    warehouse: Warehouse | None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Sends the alert about a job by each configured way; returns what failed, in words.

    warehouse: None for a job that failed before it had one; then the alert is not compared with the last.
    No failure is raised.
    """
    attempts = _ways(settings)
    if not attempts:
        return []
    try:
        store = None if warehouse is None else warehouse.sent_alerts()
        sent = {} if store is None else store.read()
        made = compose(end, _alarms(warehouse, end.scored), settings.events, sent)
        if made is None:
            return []
        faults = _send(made, attempts, settings, sleep)
        if store is not None and len(faults) < len(attempts):
            store.record(made.facts)
    except Exception as fault:
        log.info("no alert about %s", end.job, exc_info=True)
        return [f"alert: not sent: {type(fault).__name__}"]
    return faults


def _send(
    made: Alert,
    attempts: dict[str, Callable[[str], Attempt]],
    settings: AlertSettings,
    sleep: Callable[[float], None],
) -> list[str]:
    """Why the ways failed that did."""
    outcomes = {way: send(attempt(made.body), settings.retries, sleep) for way, attempt in attempts.items()}
    failed = {way: fault for way, fault in outcomes.items() if fault is not None}
    for way, fault in failed.items():
        log.info("alert not sent by %s: %s", way, fault)
    n_attempts = 1 + settings.retries
    return [
        f"alert: not sent by {way}, at most {n_attempts} attempts: {fault}" for way, fault in failed.items()
    ]


def _ways(settings: AlertSettings) -> dict[str, Callable[[str], Attempt]]:
    """How an alert can be sent, by the name of the setting."""
    ways: dict[str, Callable[[str], Attempt]] = {}
    limit = settings.timeout_seconds
    if settings.command is not None:
        command = settings.command
        ways["alerts.command"] = lambda body: partial(run_command, command, body, limit)
    if settings.webhook is not None:
        url = settings.webhook
        ways["alerts.webhook"] = lambda body: partial(post, url, body, limit)
    return ways


def _alarms(warehouse: Warehouse | None, run_id: str | None) -> list[Alarm]:
    """The products with an alarm that are off by most units."""
    if warehouse is None or run_id is None:
        return []
    rows = warehouse.read("monitoring").where(F.col("run_id") == F.lit(run_id))
    alarms = rows.where((F.col("segment") == PRODUCT) & (F.col("state") == ALARM))
    off = F.abs(F.col("actual") - F.col("forecast"))
    shown = alarms.select("product_id", "location_id", "since", "reason", "forecast", "actual")
    return [
        row.asDict() for row in shown.orderBy(off.desc(), "product_id", "location_id").limit(SHOWN).collect()
    ]
