"""`lepton models` on tables written by hand."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.errors import InputError
from lepton_spark.report.model_history.history import History, Sold, find_history
from lepton_spark.tables import Warehouse

FULL, KEPT, LATEST, FAILED = "f1", "k1", "f2", "x9"
CUTOFFS = {
    FULL: date(2024, 5, 5),
    KEPT: date(2024, 5, 12),
    LATEST: date(2024, 5, 19),
    FAILED: date(2024, 6, 1),
}
MILK = {"product_id": "milk", "location_id": "north"}


def _run(run_id: str, job: str = "forecast", **more: Any) -> dict[str, Any]:
    noon = datetime(2024, 5, 20, 12, tzinfo=UTC)
    row = {"run_id": run_id, "job": job, "state": "complete", "started_at": noon, "finished_at": noon}
    return {**row, "cutoff": CUTOFFS.get(run_id), **more}


def _model(run_id: str, model: str, **more: Any) -> dict[str, Any]:
    choice = {"demand_class": "smooth", "runner_up": "mean", "margin": 0.25, "choice_level": "class"}
    return {**MILK, "run_id": run_id, "model": model, "status": "ok", **choice, **more}


def _errors(run_id: str, role: str, wape: float, split: str = "test") -> dict[str, Any]:
    return {**MILK, "run_id": run_id, "model": role, "role": role, "split": split, "window": 0, "wape": wape}


def _tables() -> Mapping[str, list[dict[str, Any]]]:
    week = {"segment": "product", "last_day": CUTOFFS[LATEST], "n_obs": 7, "n_series": 1}
    return {
        "runs": [
            _run(FULL),
            _run(KEPT, refit_run_id=FULL),
            _run(LATEST, chosen_because="drift"),
            _run(FAILED, state="failed", cutoff=date(2024, 6, 1)),
            _run("c1", "challenger", cutoff=date(2024, 5, 19)),
            _run("p1", "publish", input_fingerprint=FULL),
            _run("p2", "publish", input_fingerprint=KEPT),
            _run("p3", "publish", input_fingerprint=LATEST, state="refused"),
        ],
        "models": [
            _model(FULL, "ridge"),
            _model(KEPT, "ridge"),
            _model(LATEST, "pooled"),
            _model(FAILED, "mean"),
            _model("c1", "mean"),
            _model(FULL, "mean") | {"location_id": "south"},
        ],
        "metrics": [
            _errors(FULL, "chosen", 0.3),
            _errors(FULL, "chosen", 0.9, "validation"),
            _errors(FULL, "seasonal_naive", 0.5),
            _errors(FULL, "runner_up", 0.8),
            _errors(LATEST, "chosen", 0.2),
        ],
        "monitoring": [
            {**MILK, **week, "run_id": KEPT, "cutoff": CUTOFFS[KEPT], "wape": 0.4, "bias": -0.125}
            | {"state": "watch", "reason": "more sold"}
        ],
    }


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    warehouse = Warehouse(spark, str(folder))
    for name, rows in _tables().items():
        warehouse.append(name, warehouse.rows(name, rows))
    return folder


@pytest.fixture(scope="module")
def history(spark: SparkSession, root: Path) -> History:
    return find_history(Warehouse(spark, str(root)), "milk", "north")


def test_complete_runs_are_listed_the_newest_first(history: History) -> None:
    assert [run.run_id for run in history.runs] == [LATEST, KEPT, FULL]
    assert [run.choice.model for run in history.runs] == ["pooled", "ridge", "ridge"]
    assert [run.kept_from for run in history.runs] == [None, CUTOFFS[FULL], None]
    assert [run.because for run in history.runs] == ["drift", None, None]
    assert [run.published for run in history.runs] == [False, True, True]


def test_run_that_keeps_models_has_the_backtest_errors_of_its_full_run(history: History) -> None:
    errors = [(run.backtest_wape, run.naive_wape) for run in history.runs]
    assert errors == [(0.2, None), (0.3, 0.5), (0.3, 0.5)]


def test_scored_run_has_its_error_on_sales(history: History) -> None:
    assert [run.sold for run in history.runs] == [None, Sold(0.4, -0.125, "watch"), None]


def test_product_at_several_locations_needs_one(spark: SparkSession, root: Path) -> None:
    with pytest.raises(InputError, match="product 'milk': found several locations; allowed: one of north"):
        find_history(Warehouse(spark, str(root)), "milk", None)


def test_command_prints_the_page(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = tmp_path / "c.yaml"
    conf.write_text(yaml.safe_dump({"warehouse": {"root": str(root)}}), encoding="utf-8")
    assert main(["models", "--conf", str(conf), "--product", "milk", "--location", "north"]) == 0
    text = capsys.readouterr().out
    assert "Product milk at north: its model in 3 runs, the newest first" in text
    assert "* 2024-05-19, instead of ridge: Model: pooled. Demand class: smooth." in text
    assert main(["models", "--conf", str(conf), "--product", "silk"]) == 1
    assert "product 'silk': found no forecast; allowed: a product with one. Similar: milk." in (
        capsys.readouterr().err
    )
