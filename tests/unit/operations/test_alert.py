"""The words of an alert."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lepton_spark.config.sections.operations_settings import ALERT_EVENTS
from lepton_spark.gates import FRESHNESS, Gate
from lepton_spark.operations.alerts.alert import compose
from lepton_spark.operations.job_end import JobEnd, State
from lepton_spark.pipelines.ingest.ingest import RefusedFile
from lepton_spark.pipelines.publish.published_state import PublishedState
from lepton_spark.pipelines.runs.run import Run

AT = datetime(2021, 2, 1, 3, tzinfo=UTC)
FRESH = Gate(FRESHNESS, True, "2021-01-31, 1 day old", "at most 2 days old (monitoring.max_age_days)")
OLD = Gate(FRESHNESS, False, "2021-01-20, 12 days old", "at most 2 days old (monitoring.max_age_days)")
PUBLISHED = PublishedState("r1", date(2021, 1, 31), date(2021, 2, 7), AT)
QUIET = JobEnd("run", AT, 0, State(PUBLISHED, (FRESH,)), counts={"ok": 9, "watch": 2})
REFUSED = (RefusedFile("a.csv", "bad_gzip", "not gzip"), RefusedFile("b.csv", "empty", "no line"))


def test_nothing_is_sent_when_nothing_happened() -> None:
    assert compose(QUIET, [], ALERT_EVENTS, {}) is None


@pytest.mark.parametrize(
    ("end", "event", "words"),
    [
        (
            replace(QUIET, fault="table sales: found no rows."),
            "failed_run",
            "lepton run: failed: table sales: found no rows.",
        ),
        (
            replace(QUIET, why_refused="refused by no_null: found 3 rows with a null; allowed: 0 rows"),
            "publication_refused",
            (
                "lepton run: the new forecasts were not published: refused by no_null: found 3 rows with "
                "a null; allowed: 0 rows."
            ),
        ),
        (
            replace(QUIET, state=State(PUBLISHED, (OLD,))),
            "stale_sales",
            (
                "lepton run: the newest complete day of sales is 2021-01-20, 12 days old, allowed is at most "
                "2 days old (monitoring.max_age_days)."
            ),
        ),
        (
            replace(QUIET, state=State(replace(PUBLISHED, valid_until=date(2021, 1, 31)), (FRESH,))),
            "forecasts_expired",
            "lepton run: the published forecasts were valid until 2021-01-31, 1 day ago.",
        ),
        (
            replace(QUIET, refused=REFUSED),
            "refused_files",
            "lepton run: 2 files were refused: 'a.csv', 'b.csv'.",
        ),
        (
            replace(QUIET, counts={"ok": 9, "alarm": 3}),
            "product_alarms",
            "lepton run: 3 products have an alarm: the forecasts are wrong for longer than by chance.",
        ),
    ],
    ids=[
        "failed_run",
        "publication_refused",
        "stale_sales",
        "forecasts_expired",
        "refused_files",
        "product_alarms",
    ],
)
def test_each_event_is_put_into_words(end: JobEnd, event: str, words: str) -> None:
    alert = compose(end, [], ALERT_EVENTS, {})
    assert alert is not None
    assert alert.text == words
    assert json.loads(alert.body)["events"] == [event]
    assert compose(end, [], set(ALERT_EVENTS) - {event}, {}) is None


def test_last_valid_day_is_not_expired() -> None:
    assert (
        compose(
            replace(QUIET, state=State(replace(PUBLISHED, valid_until=AT.date()), (FRESH,))),
            [],
            ALERT_EVENTS,
            {},
        )
        is None
    )


def test_body_has_the_facts_as_json() -> None:
    withdrawn = Run("p2", "publish", input_fingerprint="r2")
    state = State(replace(PUBLISHED, withdrawn=withdrawn), (OLD,))
    alarm = {"product_id": "p", "location_id": "all", "since": date(2021, 1, 23), "reason": "more sold"}
    alert = compose(replace(QUIET, exit_code=7, state=state, refused=REFUSED[:1]), [alarm], ALERT_EVENTS, {})
    assert alert is not None
    body = json.loads(alert.body)
    assert body["text"] == alert.text
    assert body["events"] == ["stale_sales", "refused_files"]  # the most urgent first
    assert (body["job"], body["exit_code"], body["at"]) == ("run", 7, "2021-02-01T03:00:00+00:00")
    assert body["published"] == {
        "run_id": "r1",
        "cutoff": "2021-01-31",
        "valid_until": "2021-02-07",
        "rolled_back_run_id": "r2",
    }
    assert body["counts"] == {"ok": 9, "watch": 2}
    assert body["alarms"] == [alarm | {"since": "2021-01-23"}]
    assert body["gates"] == [{"name": FRESHNESS, "passed": False, "found": OLD.found, "allowed": OLD.allowed}]
    assert body["refused_files"] == [{"name": "a.csv", "reason": "bad_gzip", "words": "not gzip"}]


def test_facts_are_reported_once_a_day() -> None:
    end = replace(QUIET, refused=REFUSED, state=State(PUBLISHED, (OLD,)))
    first = compose(end, [], ALERT_EVENTS, {})
    assert first is not None
    assert compose(replace(end, job="monitor", at=AT.replace(hour=23)), [], ALERT_EVENTS, first.facts) is None
    more = compose(replace(end, refused=REFUSED[:1]), [], ALERT_EVENTS, first.facts)
    assert more is not None
    assert json.loads(more.body)["events"] == ["refused_files"]  # the old sales were reported before
    assert compose(replace(end, at=AT.replace(day=2)), [], ALERT_EVENTS, first.facts) is not None
