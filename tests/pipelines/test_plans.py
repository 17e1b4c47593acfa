"""Planned promotions, from their file to forecasts; only plans known by the cutoff have an effect."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import (
    BacktestSettings,
    Config,
    ForecastSettings,
    InputSettings,
    PanelSettings,
    WarehouseSettings,
)
from lepton_spark.config.sections.inputs.covariate_settings import PlanColumns, PlanSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.forecast.forecast import ForecastResult
from tests.pipelines.covariate_store import CovariateStore

FIRST = date(2024, 1, 1)
CUTOFF = FIRST + timedelta(days=99)
HORIZON = 7
HEADER = "item,from,to,share,known\n"
PAST = [(day, day + 2) for day in range(10, 90, 20)]
"""Promotions of both products: first and last day, counted from `FIRST`."""


class Store(CovariateStore):
    @property
    def config(self) -> Config:
        return Config(
            warehouse=WarehouseSettings(root=str(self.root / "tables")),
            input=InputSettings(path=str(self.root / "in"), product_case="upper"),
            plans=PlanSettings(
                path=str(self.root / "plans.csv"),
                columns=PlanColumns(
                    product_id="item", start_date="from", end_date="to", measures=("share",), known_at="known"
                ),
            ),
            panel=PanelSettings(last_day="complete"),
            forecast=ForecastSettings(horizon=HORIZON, models=("sklearn_linear_regression",)),
            backtest=BacktestSettings(validation_windows=0),
        )

    def plan(self, *lines: str) -> None:
        (self.root / "plans.csv").write_text(HEADER + "\n".join(lines) + "\n")

    def forecast(self) -> ForecastResult:
        self.ingest()
        return self.forecast_at(CUTOFF)

    def days_ahead(self, run_id: str) -> dict[str, list[float]]:
        rows = self.warehouse.read("forecasts").where(f"run_id = '{run_id}'").orderBy("product_id", "step")
        found: dict[str, list[float]] = {}
        for row in rows.collect():
            found.setdefault(row["product_id"], []).append(row["forecast"])
        return found


def _line(item: str, first: int, last: int, share: float | str, known: int | str = 0) -> str:
    days = [FIRST + timedelta(days=day) for day in (first, last)]
    known_at = FIRST + timedelta(days=known) if isinstance(known, int) else known
    return f"{item},{days[0]},{days[1]},{share},{known_at}"


def _past(item: str) -> list[str]:
    return [_line(item, *days, 1) for days in PAST]


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("store")
    (root / "in").mkdir()
    promoted = {day for first, last in PAST for day in range(first, last + 1)}
    lines = [
        f"{item},{FIRST + timedelta(days=day)},{30 if day in promoted else 10}"
        for item in ("a", "b")
        for day in range(100)
    ]
    (root / "in" / "sales.csv").write_text("\n".join(["product_id,date,quantity", *lines, ""]))
    made = Store(spark, root)
    made.plan(
        *_past("a"),
        *_past("B"),
        _line(" a ", 102, 103, 1, known=99),  # steps 3 and 4, known on the cutoff
        _line("b", 102, 103, 1, known=100),  # known one day too late
        _line("nobody", 102, 103, 1),
        _line("a", 104, 103, 1),
        _line("a", 104, 103, 1),
        _line("a", 104, 105, 1.5),
        "a,soon,2024-05-01,1,2024-01-01",
        _line("a", 104, 105, "", known=0),
        _line("a", 104, 105, 1, known="?"),
        ",2024-01-01,2024-01-01,1,2024-01-01",
    )
    return made


@pytest.fixture(scope="module")
def done(store: Store) -> ForecastResult:
    return store.forecast()


def test_only_plans_known_by_the_cutoff_change_the_forecast(store: Store, done: ForecastResult) -> None:
    ahead = store.days_ahead(done.run_id)
    assert ahead["A"] == pytest.approx([10, 10, 30, 30, 10, 10, 10], abs=1.0)
    assert ahead["B"] == pytest.approx([10.0] * HORIZON, abs=1.0)


def test_invalid_rows_are_kept_with_their_reason(store: Store, done: ForecastResult) -> None:
    assert done.n_series == 2  # a plan alone makes no series
    rejects = store.warehouse.read("side_rejects").collect()
    assert {row["source"] for row in rejects} == {"plans"}
    assert sorted((row["reason"], row["n_rows"]) for row in rejects) == [
        ("ends_before_it_starts", 2),  # the same row twice
        ("measure_not_from_0_to_1", 1),
        ("measure_not_from_0_to_1", 1),
        ("missing_product_id", 1),
        ("unparsable_known_at", 1),
        ("unparsable_start_date", 1),
    ]
    assert store.warehouse.read("plans").count() == 2 * len(PAST) + 3


def test_unchanged_plans_give_the_same_run_and_changed_ones_another(
    store: Store, done: ForecastResult
) -> None:
    versions = [store.warehouse.version(name) for name in ("plans", "side_rejects")]
    again = store.forecast()
    assert again.already_complete
    assert again.run_id == done.run_id
    assert [store.warehouse.version(name) for name in ("plans", "side_rejects")] == versions
    store.plan(*_past("a"), *_past("b"), _line("a", 104, 104, 1), _line("b", 104, 104, 1, known=200))
    other = store.forecast()
    assert other.run_id != done.run_id
    assert store.days_ahead(other.run_id)["A"] == pytest.approx([10, 10, 10, 10, 30, 10, 10], abs=1.0)
    store.plan(*_past("a"), *_past("b"), _line("a", 104, 104, 1), _line("b", 105, 106, 1, known=201))
    assert store.forecast().run_id == other.run_id  # plans that were not known do not count as input


def test_source_that_cannot_be_read_is_an_error_before_any_write(store: Store, done: ForecastResult) -> None:
    assert not done.already_complete
    versions = {name: store.warehouse.version(name) for name in ("files", "plans", "runs")}
    (store.root / "plans.csv").write_text("item,from,to\na,2024-01-01,2024-01-02\n")
    with pytest.raises(InputError, match=r"found no column .*share.*Map them under plans\.columns"):
        store.ingest()
    pq.write_table(pa.table({"item": ["a"], "share": [1.0]}), store.root / "plans.csv")
    with pytest.raises(
        InputError, match=r"not text; allowed: csv\. Set plans\.format to the format of the file"
    ):
        store.ingest()
    (store.root / "plans.csv").unlink()
    with pytest.raises(InputError, match=r"plans\.csv"):
        store.ingest()
    assert {name: store.warehouse.version(name) for name in versions} == versions
