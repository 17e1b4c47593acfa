"""Reports about real jobs: alerts, the Prometheus file, lineage events."""

import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.config import Config, load_config
from lepton_spark.models.registry import known_models
from lepton_spark.operations.alerts.alerting import alert
from lepton_spark.operations.job_end import JobEnd, present_state
from lepton_spark.operations.prometheus import write_prometheus
from lepton_spark.pipelines.report import gather
from lepton_spark.report.gathered.products import embedded_products
from lepton_spark.report.page.figures import Series
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.test_publish import Shop
from tests.unit.operations.test_lineage import parsed
from tests.unit.operations.test_prometheus import read

KEEP = 'import sys; open(sys.argv[1], "a").write(sys.stdin.read() + "\\n")'
"""A program that appends its standard input to a file, as a line."""


@dataclass(frozen=True)
class Reported:
    """A folder with files of sales of 2021, and the reports about the jobs that read them."""

    folder: Path

    @property
    def conf(self) -> Path:
        return self.folder / "c.yaml"

    def configure(self) -> None:
        settings = {
            "warehouse": {"root": str(self.folder / "tables")},
            "input": {"path": str(self.folder / "in"), "product_pattern": "[a-z]"},
            "forecast": {"models": ["mean"], "horizon": 2},
            "monitoring": {"max_age_days": 2},
            "prometheus": {"file": str(self.folder / "lepton.prom")},
            "lineage": {"file": str(self.folder / "lineage.jsonl"), "namespace": "shop"},
            "alerts": {"command": [sys.executable, "-c", KEEP, str(self.folder / "alerts.jsonl")]},
        }
        self.conf.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def run(self, *arguments: str) -> "Ran":
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["run", "--conf", str(self.conf), *arguments])
        lines = {name: self._lines(name) for name in ("alerts", "lineage")}
        return Ran(code, out.getvalue(), err.getvalue(), **lines, figures=read(self.folder / "lepton.prom"))

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@dataclass(frozen=True)
class Ran:
    """A run: its exit code, what it printed, and all reports until then."""

    code: int
    out: str
    err: str
    alerts: list[dict[str, Any]]
    lineage: list[dict[str, Any]]
    figures: dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Reported:  # noqa: ARG001 - the command takes the running session
    made = Reported(tmp_path_factory.mktemp("reported"))
    made.configure()
    (made.folder / "in").mkdir()
    lines = [
        "date,product_id,quantity",
        "2021-01-01,p,5",
        "2021-01-02,p,6",
        "2021-01-03,q,7",
        "2021-01-03,8,1",
    ]
    (made.folder / "in" / "a.csv").write_text("\n".join([*lines, ""]))
    return made


@pytest.fixture(scope="module")
def first(reported: Reported) -> Ran:
    return reported.run("--set", f"report.file={reported.folder / 'report.html'}")


@pytest.fixture(scope="module")
def second(reported: Reported, first: Ran) -> Ran:  # noqa: ARG001 - it runs before
    return reported.run()


@pytest.fixture(scope="module")
def failed(reported: Reported, second: Ran) -> Ran:  # noqa: ARG001 - it runs before
    return reported.run("--cutoff", "2020-01-01")


def test_old_sales_are_published_recorded_and_reported(
    first: Ran, reported: Reported, spark: SparkSession
) -> None:
    assert first.code == 7
    assert "newest complete day of sales: found 2021-01-03, " in first.err
    assert "allowed: at most 2 days old (monitoring.max_age_days)" in first.err
    warehouse = Warehouse(spark, str(reported.folder / "tables"))
    row = warehouse.read("runs").where("job = 'publish' AND state = 'complete'").first()
    assert row is not None
    (gate,) = (gate for gate in row.gates if gate.name == "sales_freshness")
    assert gate.passed is False
    assert gate.found.startswith("2021-01-03, ")
    assert warehouse.read("latest_forecasts").count() == 4


def test_forecasts_whose_days_have_passed_are_named(first: Ran) -> None:
    assert " of cutoff 2021-01-03; valid until 2021-01-05" in first.out
    assert "published forecasts: found valid until 2021-01-05, " in first.err
    assert "Do not order by them." in first.err


def test_alert_names_what_happened_once(first: Ran, second: Ran) -> None:
    (sent,) = first.alerts
    assert sent["events"] == ["forecasts_expired", "stale_sales"]
    assert sent["text"].startswith("lepton run: the published forecasts were valid until 2021-01-05, ")
    assert sent["exit_code"] == 7
    assert sent["published"]["cutoff"] == "2021-01-03"
    assert second.alerts == first.alerts


def test_prometheus_file_has_the_figures_of_the_run(first: Ran) -> None:
    figures, midnight = first.figures, datetime(2021, 1, 3, tzinfo=UTC).timestamp()
    assert figures["lepton_newest_complete_day_timestamp_seconds", ""] == midnight
    assert figures["lepton_sales_age_days", ""] == (datetime.now(UTC).date() - date(2021, 1, 3)).days
    assert figures["lepton_published_cutoff_timestamp_seconds", ""] == midnight
    assert figures["lepton_published_valid_until_timestamp_seconds", ""] == midnight + 3 * 86_400
    assert figures["lepton_published_rolled_back", ""] == 0
    assert figures["lepton_series", "short_history"] == 2
    assert figures["lepton_last_load_lines", "lines_read"] == 4
    assert figures["lepton_last_load_rejected_lines", "not_a_product"] == 1
    assert figures["lepton_gate_passed", "sales_freshness"] == 0
    assert figures["lepton_gate_passed", "all_products"] == 1
    assert figures["lepton_last_job_exit_code", ""] == 7
    assert ("lepton_last_success_timestamp_seconds", "") not in figures
    assert figures["lepton_stage_duration_seconds", "fit and forecast"] > 0


def test_run_without_news_keeps_the_figures_of_the_tables(first: Ran, second: Ran) -> None:
    assert second.code == 7

    def of_tables(ran: Ran) -> dict[tuple[str, str], float]:
        return {
            key: value
            for key, value in ran.figures.items()
            if "_job_" not in key[0] and "stage" not in key[0]
        }

    assert of_tables(second) == of_tables(first)


def test_lineage_names_the_jobs_of_a_run_with_what_they_read_and_wrote(
    first: Ran, reported: Reported
) -> None:
    events = [parsed(event) for event in first.lineage]
    assert [(event.job.name, event.eventType.value) for event in events] == [
        ("lepton run", "START"),
        *(
            (job, kind)
            for job in ("ingest", "panel", "forecast", "publish")
            for kind in ("START", "COMPLETE")
        ),
        ("lepton run", "COMPLETE"),
    ]
    assert {event.job.namespace for event in events} == {"shop"}
    assert len({event.run.runId for event in events}) == 5
    ends = {event.job.name: event for event in events if event.eventType.value == "COMPLETE"}
    tables = f"{reported.folder / 'tables'}/"
    outputs = {
        name: {one.name.removeprefix(tables): one for one in end.outputs} for name, end in ends.items()
    }
    assert next(one.name for one in ends["ingest"].inputs) == str(reported.folder / "in")
    assert {"files", "transactions", "rejects", "sales"} <= outputs["ingest"].keys()
    assert outputs["publish"].keys() == {"latest_forecasts"}
    assert outputs["publish"]["latest_forecasts"].facets["version"].datasetVersion == "1"
    assert {"forecasts", "models", "metrics"} & outputs["forecast"].keys()
    assert ends["lepton run"].outputs == []
    assert {event.run.facets["parent"].run.runId for event in events[1:-1]} == {events[0].run.runId}


def test_lineage_of_a_run_without_news_has_no_jobs(first: Ran, second: Ran) -> None:
    added = [(event["job"]["name"], event["eventType"]) for event in second.lineage[len(first.lineage) :]]
    assert added == [("lepton run", "START"), ("lepton run", "COMPLETE")]


def test_failed_run_sends_an_alert_and_ends_its_lineage(second: Ran, failed: Ran) -> None:
    assert failed.code == 1
    (sent,) = failed.alerts[len(second.alerts) :]
    assert sent["events"] == ["failed_run"]
    assert sent["fault"] in failed.err
    last = parsed(failed.lineage[-1])
    assert (last.job.name, last.eventType.value) == ("lepton run", "FAIL")
    assert sent["fault"][:50] in last.run.facets["errorMessage"].message
    assert failed.figures == second.figures  # of the last run that ended


def test_run_writes_a_report_of_its_tables(first: Ran, reported: Reported, spark: SparkSession) -> None:
    path = reported.folder / "report.html"
    assert f"report: {path}" in first.out
    assert "Forecasts after 2021-01-03" in path.read_text(encoding="utf-8")
    context = context_for(spark, load_config([reported.conf], [], known_models(), None).config)
    found = gather(context)
    assert (found.run.cutoff, found.run.horizon, found.n_series) == (date(2021, 1, 3), 2, 2)
    products = {product.series: product for product in found.products}
    assert set(products) == {Series("p", "all"), Series("q", "all")}
    p, q = products[Series("p", "all")], products[Series("q", "all")]
    assert p.history[-4:] == (None, 5.0, 6.0, 0.0)
    assert q.history[-3:] == (None, None, 7.0)
    assert (p.first_day, len(p.history)) == (date(2020, 7, 6), 182)
    sold = [(total.date.day, total.sold) for total in found.totals if total.sold is not None]
    assert sold == [(1, 5.0), (2, 6.0), (3, 7.0)]
    ahead = [total.forecast for total in found.totals if total.forecast is not None]
    assert ahead == [pytest.approx(p.forecast[step] + q.forecast[step]) for step in (0, 1)]
    assert (found.cleaning.lines_read, found.cleaning.accepted) == (4, 3)
    assert [(one.reason, one.n_lines) for one in found.cleaning.rejects] == [("not_a_product", 1)]
    assert (found.changes, found.monitored) == (None, None)
    assert embedded_products(
        context.warehouse, found.run.run_id, found.run.run_id, None, found.run.cutoff, 1, [q.series], most=1
    ) == (q,)


def test_product_of_the_run_is_drawn(first: Ran, reported: Reported) -> None:  # noqa: ARG001 - it runs before
    path = reported.folder / "q.svg"
    with redirect_stdout(StringIO()) as out:
        assert main(["plot", "--product", "q", "-o", str(path), "--conf", str(reported.conf)]) == 0
    assert f"chart: {path}" in out.getvalue()
    assert "Product q: sales, forecast after 2021-01-03, p10 to p90" in path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def monitored(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A published run, and the monitoring of an earlier one with twelve alarms."""
    shop = Shop(spark, tmp_path_factory.mktemp("monitored") / "tables")
    shop.publish(shop.forecast(5.0))
    same = {
        "run_id": "r0",
        "cutoff": date(2021, 3, 1),
        "last_day": date(2021, 3, 8),
        "n_series": 1,
        "n_obs": 7,
    }
    alarms = [
        same
        | {"segment": "product", "product_id": f"p{units}", "location_id": "all", "forecast": 20.0}
        | {"actual": float(units), "state": "alarm", "reason": f"{units} sold", "since": date(2021, 3, 8)}
        for units in range(1, 13)
    ]
    total = same | {"segment": "all", "product_id": "*", "location_id": "*"}
    ratios = {"wape": 0.5, "bias": -0.25, "coverage": 0.75}
    earlier = total | ratios | {"run_id": "r-1", "cutoff": date(2021, 2, 22), "wape": 0.9}
    rows = [*alarms, total | ratios, earlier]
    shop.warehouse.append("monitoring", shop.warehouse.rows("monitoring", rows))
    return shop


def test_alarms_are_counted_listed_and_exposed(monitored: Shop, tmp_path: Path) -> None:
    settings = {
        "warehouse": {"root": monitored.config.warehouse.root},
        "prometheus": {"file": str(tmp_path / "a.prom")},
        "alerts": {"command": [sys.executable, "-c", KEEP, str(tmp_path / "alerts.jsonl")]},
    }
    config = Config.model_validate(settings)
    monitored.config = config
    context = monitored.context
    end = JobEnd(
        "monitor", context.clock(), 0, present_state(context), scored="r0", counts={"alarm": 12, "ok": 88}
    )
    assert alert(end, config.alerts, monitored.warehouse) == []
    sent = json.loads((tmp_path / "alerts.jsonl").read_text("utf-8"))
    assert sent["text"].startswith("lepton monitor: 12 products have an alarm")
    assert [one["product_id"] for one in sent["alarms"]] == [f"p{units}" for units in range(1, 11)]
    assert write_prometheus(context, end, []) == []
    figures = read(tmp_path / "a.prom")
    assert figures["lepton_monitored_series", "alarm"] == 12
    assert figures["lepton_monitored_wape_ratio", ""] == 0.5
    assert figures["lepton_monitored_bias_ratio", ""] == -0.25
    assert figures["lepton_monitored_coverage_ratio", ""] == 0.75
    assert figures["lepton_last_success_timestamp_seconds", ""] == end.at.timestamp()


def test_figures_that_cannot_be_written_are_reported(monitored: Shop, tmp_path: Path) -> None:
    prometheus = {"file": str(tmp_path / "absent" / "a.prom")}
    monitored.config = Config.model_validate(
        {"warehouse": {"root": monitored.config.warehouse.root}, "prometheus": prometheus}
    )
    context = monitored.context
    end = JobEnd("monitor", context.clock(), 0, present_state(context))
    assert write_prometheus(context, end, []) == ["prometheus.file: not written: FileNotFoundError"]
