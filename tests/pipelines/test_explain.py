"""`lepton explain`, `show` and `export` on tables written by hand."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyarrow import parquet
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.errors import InputError
from lepton_spark.models.data.parts import GROUPS
from lepton_spark.report.explanation.explained import Explained, Override, find_explained, published_run
from lepton_spark.report.explanation.recent import weeks_sold
from lepton_spark.report.export.rows import Exported, exported_rows
from lepton_spark.report.export.writing import write_rows
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

CUTOFF = date(2024, 5, 31)
RUN, FULL = "aa", "bb"
SERIES = [("milk", "north"), ("milk", "south"), ("silk", "north")]
DAYS = (1, 2)


def _tables() -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "latest_forecasts",
            "explanations",
            "models",
            "metrics",
            "adjustments",
            "applied_overrides",
        )
    }
    for product, place in SERIES:
        key = {"run_id": RUN, "product_id": product, "location_id": place}
        for step in DAYS:
            day = {**key, "date": CUTOFF + timedelta(days=step), "step": step, "forecast": 10.0 + step}
            published = {"cutoff": CUTOFF, "published_at": datetime(2024, 6, 1, tzinfo=UTC)}
            published |= {"valid_until": CUTOFF, "model": "pooled", "status": "ok"}
            quantiles = dict(zip(QUANTILE_LEVELS, map(float, range(7)), strict=True))
            rows["latest_forecasts"].append(day | published | quantiles)
            parts = dict.fromkeys(GROUPS, 0.0) | {"weekday": float(step)}
            rows["explanations"].append({**day, "base": 10.0, **parts})
        if product == "silk":  # a planner expects 20 on the first day, of which the model knows nothing
            override = {"override_id": "o1", "model_forecast": 11.0, "forecast": 20.0}
            first = rows["latest_forecasts"][-2]
            first |= override | {"override_why": "fair"}
            author = {"value": 20.0, "why": "fair", "who": "Ann", "known_at": CUTOFF}
            rows["applied_overrides"].append({**first, **author})
        choice = {"runner_up": "ridge", "margin": 0.25, "choice_level": "class", "demand_class": "smooth"}
        model = {"model": "pooled", "status": "ok", "parameters": {"prior_level": 3.0}}
        rows["models"].append({**key, **choice, **model})
        for role, mae in (("chosen", 2.5), ("seasonal_naive", 3.5), ("runner_up", 9.0)):
            errors = {"n_obs": 28, "mae": mae, "wape": 0.2, "bias": -0.1}
            split = {"split": "test", "window": 0, "role": role, "model": role}
            rows["metrics"].append({**key, "run_id": FULL, **split, **errors})
            rows["metrics"].append({**key, "run_id": RUN, **split, **errors, "mae": 99.0})
    spike = {"run_id": RUN, "product_id": "milk", "location_id": "north", "date": CUTOFF, "rule": "spike"}
    rows["adjustments"].append({**spike, "before": 90.0, "after": 11.0})
    return rows


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    warehouse = Warehouse(spark, str(folder))
    for name, rows in _tables().items():
        warehouse.append(name, warehouse.rows(name, rows))
    warehouse.append("runs", warehouse.read("runs"))
    return folder


@pytest.fixture
def warehouse(spark: SparkSession, root: Path) -> Warehouse:
    return Warehouse(spark, str(root))


def _find(warehouse: Warehouse, product: str = "milk", location: str | None = "north") -> Explained:
    return find_explained(warehouse, published_run(warehouse), FULL, product, location)


def test_published_forecast_is_found_with_its_parts_model_errors_and_cleaning(warehouse: Warehouse) -> None:
    found = _find(warehouse)
    assert [(day.step, day.base, day.forecast) for day in found.days] == [(1, 10.0, 11.0), (2, 10.0, 12.0)]
    assert found.days[1].parts == dict.fromkeys(GROUPS, 0.0) | {"weekday": 2.0}
    assert found.days[0].quantiles["p90"] == 5.0
    assert (found.cutoff, found.model, found.runner_up, found.margin) == (CUTOFF, "pooled", "ridge", 0.25)
    assert found.prior_level == 3.0
    assert found.errors is not None
    assert found.naive is not None
    assert (found.errors.mae, found.naive.mae) == (2.5, 3.5)  # of the full run whose models are kept
    assert [(item.before, item.after) for item in found.adjustments] == [(90.0, 11.0)]
    assert _find(warehouse, location="south").adjustments == ()


def test_override_is_the_difference_between_the_published_forecast_and_the_models(
    warehouse: Warehouse,
) -> None:
    one, two = _find(warehouse, "silk").days
    assert one.override == Override(9.0, "Ann", "fair")
    assert (one.forecast, one.model_forecast) == (20.0, 11.0)
    assert one.base + sum(one.parts.values()) + one.override.units == one.forecast
    assert (two.override, two.model_forecast) == (None, 12.0)


def test_location_may_be_left_out_where_there_is_one(warehouse: Warehouse) -> None:
    assert _find(warehouse, "silk", None).location_id == "north"
    with pytest.raises(
        InputError, match="product 'milk': found several locations; allowed: one of north, south"
    ):
        _find(warehouse, "milk", None)
    with pytest.raises(
        InputError, match="product 'silk': found no forecast at 'south'; allowed: one of north"
    ):
        _find(warehouse, "silk", "south")


def test_unknown_product_is_an_error_that_names_similar_ones(warehouse: Warehouse) -> None:
    with pytest.raises(
        InputError, match=r"product 'Milc': found no published forecast.*Similar: milk, silk\."
    ):
        _find(warehouse, "Milc")


def test_run_of_an_earlier_version_has_no_explanations(warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="no rows of the published run other"):
        find_explained(warehouse, "other", FULL, "milk", "north")


def test_nothing_published_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table latest_forecasts: found no rows"):
        published_run(Warehouse(spark, str(tmp_path)))


def test_command_prints_the_page(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = tmp_path / "c.yaml"
    conf.write_text(yaml.safe_dump({"warehouse": {"root": str(root)}}), encoding="utf-8")
    given = ["explain", "--conf", str(conf), "--product", "milk", "--location", "north"]
    assert main([*given, "--date", "2024-06-02"]) == 0
    text = capsys.readouterr().out
    assert "Product milk at north, Sunday 2024-06-02, step 2 after 2024-05-31: 12.0 units expected" in text
    assert "The model adds 2.0 for Sunday." in text
    assert main([*given, "--step", "3"]) == 1
    assert "--step 3: found no forecast of that day" in capsys.readouterr().err
    assert main([*given, "-o", "page.pdf"]) == 1
    assert "chart page.pdf: found '.pdf'" in capsys.readouterr().err


def test_product_is_shown_with_its_last_weeks_its_band_and_why(
    root: Path, warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    sold = {"product_id": "silk", "location_id": "north", "ingest_batch": "b", "year": 2024}
    sold |= {"cancelled_quantity": 0.0, "returned_quantity": 0.0, "n_transactions": 1}
    days = {CUTOFF: 5.0, CUTOFF - timedelta(days=6): 2.0, CUTOFF - timedelta(days=7): 9.0}
    sales = [{**sold, "date": day, "quantity": n, "sold_quantity": n} for day, n in days.items()]
    warehouse.append("sales", warehouse.rows("sales", sales))
    weeks = weeks_sold(warehouse, _find(warehouse, "silk"))
    assert [(week.first, week.last, week.units) for week in weeks[-2:]] == [
        (date(2024, 5, 18), date(2024, 5, 24), 9.0),
        (date(2024, 5, 25), date(2024, 5, 31), 7.0),
    ]
    assert [week.units for week in weeks[:-2]] == [0.0] * 6

    assert main(["show", "silk", "--set", f"warehouse.root={root}"]) == 0

    text = capsys.readouterr().out
    assert "Expected in the 2 days ahead: 32.0 units" in text  # 20 of the planner, 12 of the model
    assert "2024-05-25 │ 2024-05-31 │    7" in text
    assert "Sat 2024-06-01 │    20.00 │   1 │   3 │   5" in text
    assert "Model: pooled." in text
    assert "What these words mean: lepton tables" in text


def test_forecasts_are_exported_in_order_with_their_types(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out" / "f.parquet"
    assert main(["export", "forecasts", "-o", str(target), "--set", f"warehouse.root={root}"]) == 0
    assert f"export: {target} (6 rows, 0.0 MB)" in capsys.readouterr().out
    table = parquet.read_table(target)
    keys = list(
        zip(*(table[name].to_pylist() for name in ("product_id", "location_id", "step")), strict=True)
    )
    assert keys == [(*series, step) for series in SERIES for step in DAYS]
    assert table["date"].to_pylist()[:2] == [date(2024, 6, 1), date(2024, 6, 2)]
    assert table["published_at"].to_pylist()[0] == datetime(2024, 6, 1, tzinfo=UTC)


def test_rejects_are_exported_with_masked_lines_and_reasons_as_text(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    reject = {"line_hash": "h", "occurrence": 1, "ingest_batch": "b", "content_hash": "c", "file": "a.csv"}
    why = {"reason": "no_date", "reasons": ["no_date", "no_units"], "line": '{"mail":"***"}'}
    lines = [{**reject, **why, "line_number": number} for number in (10, 9)]
    warehouse.append("rejects", warehouse.rows("rejects", lines))
    path = tmp_path / "r.csv"
    assert write_rows(exported_rows(warehouse, Exported.REJECTS), path).n_rows == 2
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["line_number"] for row in found] == ["9", "10"]
    assert (found[0]["reasons"], found[0]["line"]) == ("no_date, no_units", '{"mail":"***"}')


def test_orders_that_were_never_made_are_a_file_without_rows(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    assert write_rows(exported_rows(warehouse, Exported.ORDERS), path).n_rows == 0
    assert path.read_text(encoding="utf-8-sig").startswith('"run_id","product_id","location_id"')
