"""Composes the alert about a job from what is known at its end."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lepton_spark.config.sections.operations_settings import ALERT_EVENTS, AlertEvent
from lepton_spark.errors import examples
from lepton_spark.operations.job_end import JobEnd
from lepton_spark.pipelines.publish.freshness import in_days
from lepton_spark.pipelines.publish.published_state import PublishedState
from lepton_spark.tables.schemas.monitoring_tables import ALARM

Alarm = Mapping[str, Any]
"""A row of `monitoring` with an alarm: product, location, since, reason, forecast, actual."""


@dataclass(frozen=True)
class Alert:
    """What is sent; facts: a hash of each event, the same for the same facts on the same day."""

    text: str
    body: str
    facts: Mapping[str, str]


def compose(
    end: JobEnd, alarms: Sequence[Alarm], wanted: Iterable[AlertEvent], sent: Mapping[str, str]
) -> Alert | None:
    """The alert about a job; None if nothing happened that is wanted and new.

    alarms: the rows with an alarm that are shown. sent: the hash of each event that was sent last.
    """
    found = {event: words for event, words in _events(end).items() if event in set(wanted)}
    facts: dict[str, str] = {event: _digest(f"{end.at.date()} {words}") for event, words in found.items()}
    events = {event: words for event, words in found.items() if sent.get(event) != facts[event]}
    if not events:
        return None
    text = f"lepton {end.job}: {'; '.join(events.values())}."
    body = {
        "text": text,
        "events": list(events),
        "job": end.job,
        "at": end.at.isoformat(),
        "exit_code": end.exit_code,
        "fault": end.fault,
        "published": _published(end),
        "gates": [] if end.state is None else [asdict(gate) for gate in end.state.gates],
        "counts": dict(end.counts),
        "alarms": [dict(alarm) for alarm in alarms],
        "refused_files": [asdict(file) for file in end.refused],
    }
    return Alert(text, json.dumps(body, default=str, ensure_ascii=False), facts)


def _events(end: JobEnd) -> dict[AlertEvent, str]:
    """What happened, in words, the most urgent first."""
    found = dict(_words(end))
    return {event: found[event] for event in ALERT_EVENTS if event in found}


def _words(end: JobEnd) -> Iterator[tuple[AlertEvent, str]]:
    if end.fault is not None:
        yield "failed_run", f"failed: {end.fault.rstrip('.')}"
    if end.why_refused is not None:
        yield "publication_refused", f"the new forecasts were not published: {end.why_refused}"
    if end.refused:
        files = f"{len(end.refused)} files were" if len(end.refused) > 1 else "1 file was"
        yield "refused_files", f"{files} refused: {examples([file.name for file in end.refused])}"
    n_alarms = end.counts.get(ALARM, 0)
    if n_alarms:
        products = f"{n_alarms:,} products have" if n_alarms > 1 else "1 product has"
        yield "product_alarms", f"{products} an alarm: the forecasts are wrong for longer than by chance"
    if end.state is None:
        return
    gate, published = end.state.freshness, end.state.published
    if gate.failed:
        yield "stale_sales", f"the newest complete day of sales is {gate.found}, allowed is {gate.allowed}"
    if published is not None and published.days_expired(end.at.date()):
        yield "forecasts_expired", _expired(published, end.at.date())


def _expired(published: PublishedState, today: date) -> str:
    days = in_days(published.days_expired(today))
    return f"the published forecasts were valid until {published.valid_until}, {days} ago"


def _published(end: JobEnd) -> dict[str, Any] | None:
    published = None if end.state is None else end.state.published
    if published is None:
        return None
    withdrawn = published.withdrawn
    return {
        "run_id": published.run_id,
        "cutoff": published.cutoff,
        "valid_until": published.valid_until,
        "rolled_back_run_id": None if withdrawn is None else withdrawn.input_fingerprint,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
