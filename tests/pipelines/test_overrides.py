"""Overrides by planners: from their file to the published forecasts, and to their scores."""

import io
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.covariates import load_covariates
from lepton_spark.pipelines.maintenance.forget import count_rows, planner_subject, run_forget
from lepton_spark.pipelines.monitor.monitor import run_monitor
from lepton_spark.pipelines.publish.publish import PublishResult, run_publish
from lepton_spark.pipelines.publish.rollback import run_rollback
from lepton_spark.report.overrides import print_override_scores, print_overrides
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from tests.pipelines import test_monitor
from tests.pipelines.job_context import NOON, context_for
from tests.pipelines.test_forget import folders_with
from tests.pipelines.test_monitor import FORECAST, HIDDEN, LOW, RIGHT

HEADER = "sku,from,to,units,times,by,why,set"
GOOD = (
    f"{LOW},2021-01-10,2021-01-16,5,,Annabel,fair,2021-01-08",
    f"{RIGHT},2021-01-14,2021-01-15,,1.5,,,2021-01-08",
    f"{HIDDEN},2021-01-10,2021-01-10,4,,,,2021-01-08",
    "other 0,2021-01-10,2021-01-16,,2,,old,2021-01-01",
    "other 0,2021-01-11,2021-01-15,7,,,new,2021-01-13",
)
BAD = (
    "other 1,2021-01-10,2021-01-16,5,2,Secret,,2021-01-08",
    "other 1,2021-01-10,2021-01-16,,,,,2021-01-08",
    "other 1,2021-01-10,2021-01-16,-1,,,,2021-01-08",
    "other 1,2021-01-10,2021-01-16,,101,,,2021-01-08",
    "other 1,2021-01-10,2021-01-09,5,,,,2021-01-08",
    "other 1,2021-01-10,2021-01-16,5,,,,",
    "other 2,2021-01-10,2021-01-16,5,,,,2021-01-08",
    "other 2,2021-01-10,2021-01-16,6,,,,2021-01-08",
)
TABLES = ("latest_forecasts", "applied_overrides", "override_scores", "overrides", "side_rejects", "runs")


@dataclass(frozen=True)
class Shop(test_monitor.Shop):
    """The shop of the monitoring tests, whose planner has a file of overrides."""

    now: datetime = NOON

    @property
    def context(self) -> JobContext:
        columns = {"product_id": "sku", "first_date": "from", "last_date": "to", "value": "units"}
        columns |= {"factor": "times", "who": "by", "why": "why", "known_at": "set"}
        config = Config.model_validate(
            {
                "warehouse": {"root": str(self.root)},
                "overrides": {"path": str(self.root.parent / "overrides.csv"), "columns": columns},
                "gates": {"enabled": False},
            }
        )
        return context_for(self.spark, config, lambda: self.now)

    def plan(self, *lines: str) -> None:
        (self.root.parent / "overrides.csv").write_text("\n".join([HEADER, *lines, ""]))
        load_covariates(self.context, only="overrides")

    def put_online(self, run_id: str) -> PublishResult:
        return run_publish(self.context, run_id)

    def versions(self) -> dict[str, int | None]:
        return {name: self.warehouse.version(name) for name in TABLES}

    def published(self, product: str) -> dict[date, tuple[float, float | None, str | None]]:
        rows = self.warehouse.read("latest_forecasts").where(f"product_id = '{product}'").collect()
        return {
            row["date"]: (row["forecast"], row["model_forecast"], row["override_why"])
            for row in rows
            if row["step"] <= 7
        }

    def scores(self) -> dict[str, dict[str, Any]]:
        rows = self.warehouse.read("override_scores").collect()
        return {f"{row['product_id']} {row['why'] or ''}".strip(): row.asDict() for row in rows}


def _day(day: int) -> date:
    return date(2021, 1, day)


def _printed(shop: Shop, **arguments: Any) -> str:
    console = Console(width=120, file=io.StringIO())
    show = print_override_scores if arguments else print_overrides
    show(console, shop.warehouse, **arguments)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Sales of three weeks, and the run made after the first one, published with its overrides."""
    shop = Shop(spark, tmp_path_factory.mktemp("shop") / "tables")
    shop.sell(21)
    shop.publish(1)
    shop.plan(*GOOD, *BAD)
    shop.put_online("abc1")
    return shop


def test_invalid_overrides_are_kept_with_their_reason_and_without_names(shop: Shop) -> None:
    rejects = shop.warehouse.read("side_rejects").collect()
    assert sorted(row["reason"] for row in rejects) == [
        *("conflicting_rows", "conflicting_rows", "ends_before_it_starts", "factor_not_from_0_to_100"),
        *("not_either_value_or_factor", "not_either_value_or_factor"),
        *("unparsable_known_at", "value_not_from_0_up"),
    ]
    lines = " ".join(row["line"] for row in rejects)
    assert "Secret" not in lines
    assert '"by":"***"' in lines
    assert shop.warehouse.read("overrides").count() == len(GOOD)


def test_published_forecasts_are_overridden_beside_the_models(shop: Shop) -> None:
    assert shop.published(LOW) == {_day(day): (5.0, 1.0, "fair") for day in range(10, 17)}
    right = shop.published(RIGHT)
    assert right[_day(13)] == (2.0, None, None)
    assert right[_day(14)] == right[_day(15)] == (3.0, 2.0, None)
    row = shop.warehouse.read("latest_forecasts").where(f"product_id = '{RIGHT}' AND step = 5").first()
    assert row is not None
    assert [row[name] for name in QUANTILE_LEVELS] == [3.0] * 7  # the model's are 2, as its mean
    model = shop.warehouse.read("forecasts").where(f"product_id = '{LOW}'").collect()
    assert {row["forecast"] for row in model} == {FORECAST[LOW]}


def test_of_overlapping_overrides_the_one_known_last_counts_from_then_on(shop: Shop) -> None:
    both = dict.fromkeys((10, 11, 12, 16), (4.0, 2.0, "old")) | dict.fromkeys((13, 14, 15), (7.0, 2.0, "new"))
    assert shop.published("other 0") == {_day(day): values for day, values in both.items()}


def test_publishing_again_without_news_writes_nothing(shop: Shop) -> None:
    before = shop.versions()
    shop.plan(*GOOD, *BAD)
    result = shop.put_online("abc1")
    assert (result.published, result.why) == (True, "run abc1 is already published")
    assert shop.versions() == before
    assert _printed(shop) == "5 overrides change 17 forecasts, in total from 28.0 to 82.0 units.\n"


def test_changed_overrides_reach_the_published_run_in_one_commit(shop: Shop) -> None:
    before = shop.versions()
    later = replace(shop, now=NOON + timedelta(hours=1))
    later.plan(*GOOD[1:], f"{LOW},2021-01-10,2021-01-16,8,,Annabel,fair,2021-01-08")
    assert later.put_online("abc1").why == "run abc1 is published with changed overrides"
    assert shop.published(LOW)[_day(10)] == (8.0, 1.0, "fair")
    after = shop.versions()
    changed = {name for name in TABLES if after[name] != before[name]}
    assert changed == {"latest_forecasts", "applied_overrides", "overrides", "side_rejects"}
    assert after["latest_forecasts"] == (before["latest_forecasts"] or 0) + 1
    shop.plan(*GOOD, *BAD)
    shop.put_online("abc1")
    assert shop.published(LOW)[_day(10)] == (5.0, 1.0, "fair")


@pytest.fixture(scope="module")
def scored(shop: Shop) -> Shop:
    """The shop a week later: the next run is published, and the first one's week is scored."""
    shop.put_online(shop.publish(2))
    assert shop.warehouse.read("latest_forecasts").where("override_id IS NOT NULL").isEmpty()
    assert _printed(shop) == ""
    shop.put_online(shop.publish(3))
    run_monitor(shop.context)
    return shop


def test_overrides_are_scored_against_the_model_on_the_days_with_known_sales(scored: Shop) -> None:
    scores = scored.scores()
    assert set(scores) == {f"{LOW} fair", RIGHT, HIDDEN, "other 0 old", "other 0 new"}
    assert {row["run_id"] for row in scores.values()} == {"abc1"}
    fair, right = scores[f"{LOW} fair"], scores[RIGHT]
    sums = ("n_obs", "forecast", "model_forecast", "actual", "abs_error", "model_abs_error", "value_added")
    assert [fair[name] for name in sums] == [6, 30.0, 6.0, 30.0, 0.0, 24.0, 1.0]  # nothing on the 12th
    assert [right[name] for name in sums] == [2, 6.0, 4.0, 4.0, 2.0, 0.0, None]
    assert (scores[HIDDEN]["n_obs"], scores[HIDDEN]["abs_error"]) == (0, None)
    assert [scores["other 0 old"][name] for name in sums[:3]] == [3, 12.0, 6.0]
    assert [scores["other 0 new"][name] for name in sums[:3]] == [3, 21.0, 6.0]


def test_scores_are_printed_in_one_line_and_a_table(scored: Shop) -> None:
    lines = _printed(scored, run_id="abc1").splitlines()
    # saved: 24 by the fair, -2 by the factor 1.5, -6 and -15 by the two of `other 0`
    assert lines[0] == (
        "4 overrides: 1 closer to the sales than the model, 3 further off; "
        "together they saved 1.0 units of error."
    )
    shown = [line.replace("│", " ").split() for line in lines if "fair" in line or "new" in line]
    assert shown == [
        [LOW, "6", "6.0", "30.0", "30.0", "+24.0", "fair"],
        ["other", "0", "3", "6.0", "21.0", "6.0", "-15.0", "new"],
    ]
    assert _printed(scored, run_id="abc2") == ""


def test_scores_of_a_scored_week_are_not_written_again(scored: Shop) -> None:
    before = scored.versions()
    run_monitor(scored.context)
    assert scored.versions() == before


def test_rollback_publishes_the_overrides_of_the_earlier_run_again(scored: Shop) -> None:
    before = scored.warehouse.version("applied_overrides")
    assert run_rollback(scored.context, "abc1").published.published
    assert scored.published(LOW)[_day(10)] == (5.0, 1.0, "fair")
    assert scored.warehouse.version("applied_overrides") == before


def test_overrides_are_renewed_where_another_run_is_not_published(scored: Shop) -> None:
    scored.plan(*GOOD[1:])
    result = scored.put_online("abc3")
    assert (result.published, result.why[:33]) == (False, "not published: it was rolled back")
    assert scored.published(LOW)[_day(10)] == (1.0, None, None)
    scored.plan(*GOOD)
    scored.put_online("abc3")
    assert scored.published(LOW)[_day(10)] == (5.0, 1.0, "fair")


def test_name_of_a_planner_is_erased_and_the_override_stays(scored: Shop) -> None:
    assert folders_with(scored.root, "Annabel") == {"overrides", "applied_overrides"}
    subject = planner_subject("Annabel")
    assert count_rows(scored.context, subject) == {"overrides": 1, "applied_overrides": 7}
    run_forget(scored.context, subject)
    assert folders_with(scored.root, "Annabel") == set()
    assert scored.warehouse.read("applied_overrides").where("why = 'fair' AND who IS NULL").count() == 7
