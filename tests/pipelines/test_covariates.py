"""Products, stock and priors, from their files to forecasts; only rows known by the cutoff count."""

from datetime import date, timedelta

import pytest
from pyspark.sql import Row, SparkSession

from lepton_spark.config import (
    BacktestSettings,
    ColumnNames,
    Config,
    ForecastSettings,
    InputSettings,
    PanelSettings,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    StockSettings,
    WarehouseSettings,
)
from lepton_spark.config.sections.inputs.covariate_settings import PriorColumns, ProductColumns, StockColumns
from lepton_spark.errors import InputError
from lepton_spark.pipelines.forecast.forecast import ForecastResult, run_forecast
from tests.pipelines.covariate_store import CovariateStore, clock
from tests.pipelines.job_context import context_for, with_cutoff

pytestmark = pytest.mark.slow

FIRST = date(2024, 1, 1)
N_DAYS = 60
CUTOFF = FIRST + timedelta(days=N_DAYS - 1)
SHORT = range(40, N_DAYS)
"""Days on which product B was out of stock in `east` and sold nothing there."""


def _day(day: int) -> date:
    return FIRST + timedelta(days=day)


class Store(CovariateStore):
    @property
    def config(self) -> Config:
        return Config(
            warehouse=WarehouseSettings(root=str(self.root / "tables")),
            input=InputSettings(
                path=str(self.root / "in"), product_case="upper", columns=ColumnNames(location_id="shop")
            ),
            products=ProductSettings(
                path=str(self.root / "products.csv"),
                columns=ProductColumns(
                    location_id="shop", category="kind", delisted_on="gone", known_at="known"
                ),
            ),
            stock=StockSettings(
                path=str(self.root / "stock.json"),
                format="json",
                columns=StockColumns(location_id="shop", out_of_stock="empty", on_hand="left"),
            ),
            priors=PriorSettings(
                path=str(self.root / "priors.csv"),
                columns=PriorColumns(location_id="shop", weight="share", end_date="until", known_at="known"),
            ),
            panel=PanelSettings(last_day="complete", damp_spikes=False),
            forecast=ForecastSettings(horizon=4, models=("mean",)),
            backtest=BacktestSettings(validation_windows=0),
        )

    def forecast(self) -> ForecastResult:
        return self.forecast_at(CUTOFF)

    def rows(self, table: str, order: str) -> list[Row]:
        return self.warehouse.read(table).orderBy(*order.split()).collect()


def _sold(item: str, shop: str, day: int) -> int | None:
    """10 units a day; none of B in `east` while it is out of stock there."""
    return None if (item, shop) == ("b", "east") and day in SHORT else 10


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("side")
    (root / "in").mkdir()
    sales = [
        f"{item},{shop},{_day(day)},{sold}"
        for item in ("a", "b", "c")
        for shop in ("east", "west")
        for day in range(N_DAYS)
        if (sold := _sold(item, shop, day)) is not None
    ]
    (root / "in" / "sales.csv").write_text("\n".join(["product_id,shop,date,quantity", *sales, ""]))
    products = [
        f"a,east,fruit,{_day(62)},{_day(50)}",  # delisted at step 3, known in time
        f"a,west,fruit,{_day(62)},{_day(50)}",
        f"A,east,old,,{_day(10)}",  # an earlier row
        f"b,east,fruit,{_day(60)},{_day(60)}",  # known one day too late
        f"b,east,fruit,,{_day(0)}",
        f"b,*,fruit,,{_day(0)}",
        f"c,*,,,{_day(0)}",
        f"c,east,sweet,,{_day(0)}",  # wins over the row for every location
        f"d,*,x,,{_day(0)}",
        f"d,*,y,,{_day(0)}",  # contradicts the line above
        f"e,*,x,soon,{_day(0)}",
        "f,*,x,,",
    ]
    (root / "products.csv").write_text("\n".join(["product_id,shop,kind,gone,known", *products, ""]))
    stock = [f'{{"product_id":"b","shop":"east","date":"{_day(day)}","empty":"Yes"}}' for day in SHORT]
    stock += [
        f'{{"product_id":"c","shop":"west","date":"{_day(3)}","left":0}}',
        f'{{"product_id":"c","shop":"west","date":"{_day(4)}","left":7}}',
        f'{{"product_id":"c","shop":"west","date":"{_day(5)}","empty":"no","left":0}}',
        f'{{"product_id":"c","shop":"west","date":"{_day(6)}"}}',
        f'{{"product_id":"c","shop":"west","date":"{_day(7)}","empty":"perhaps"}}',
    ]
    (root / "stock.json").write_text("\n".join([*stock, ""]))
    priors = [
        f"c,east,30,0.5,{_day(61)},{_day(59)}",  # steps 1 and 2
        f"c,east,99,,{_day(90)},{_day(60)}",  # no weight
        f"c,west,99,1,,{_day(60)}",  # known one day too late
        f"c,west,-1,1,,{_day(1)}",
    ]
    (root / "priors.csv").write_text("\n".join(["product_id,shop,level,share,until,known", *priors, ""]))
    made = Store(spark, root)
    made.ingest()
    return made


@pytest.fixture(scope="module")
def done(store: Store) -> ForecastResult:
    return store.forecast()


def test_forecasts_use_stock_priors_and_delisting_known_by_the_cutoff(
    store: Store, done: ForecastResult
) -> None:
    assert done.n_series == 6
    found: dict[tuple[str, str], list[float]] = {}
    for row in store.rows("forecasts", "product_id location_id step"):
        found.setdefault((row["product_id"], row["location_id"]), []).append(row["forecast"])
    assert found == {
        ("A", "east"): [10.0, 10.0, 0.0, 0.0],
        ("A", "west"): [10.0, 10.0, 0.0, 0.0],
        ("B", "east"): [10.0] * 4,  # days out of stock do not count as zero demand
        ("B", "west"): [10.0] * 4,
        ("C", "east"): [pytest.approx(20.0)] * 2 + [10.0] * 2,
        ("C", "west"): [10.0] * 4,
    }
    adjusted = store.rows("adjustments", "product_id location_id date")
    found_adjustments = [
        (row["product_id"], row["location_id"], row["date"], row["rule"], row["after"]) for row in adjusted
    ]
    short = [("B", "east", _day(day), "stock_out", None) for day in SHORT]
    assert found_adjustments == [*short, ("C", "west", _day(3), "stock_out", None)]
    marked = {
        row["product_id"] + row["location_id"]: row["parameters"] for row in store.rows("models", "model")
    }
    assert {name for name, parameters in marked.items() if "prior_level" in parameters} == {"Ceast"}


def test_group_forecasts_are_also_summed_by_category(store: Store, done: ForecastResult) -> None:
    assert done.n_series == 6
    first_day = [row for row in store.rows("group_forecasts", "segment") if row["step"] == 1]
    segments = {row["segment"]: (row["forecast"], row["n_series"]) for row in first_day}
    assert segments["category=fruit"] == (40.0, 4)
    assert segments["all"] == (pytest.approx(70.0), 6)
    assert segments["location=east"] == (pytest.approx(40.0), 3)
    assert segments["category=sweet"] == (pytest.approx(20.0), 1)
    categories = [name for name in segments if name.startswith("category=")]
    assert categories == ["category=fruit", "category=sweet"]


def test_product_at_several_locations_has_its_total_in_groups_but_not_in_metrics(
    store: Store, done: ForecastResult
) -> None:
    assert done.n_series == 6
    totals: dict[tuple[str, int], float] = {}
    for row in store.rows("forecasts", "product_id location_id step"):
        key = f"product={row['product_id']}", row["step"]
        totals[key] = totals.get(key, 0.0) + row["forecast"]
    found = {
        (row["segment"], row["step"]): row["forecast"]
        for row in store.rows("group_forecasts", "segment")
        if row["segment"].startswith("product=")
    }
    assert found == {key: pytest.approx(units) for key, units in totals.items()}
    assert found["product=C", 1] == pytest.approx(30.0)
    assert not [row for row in store.rows("metrics_summary", "segment") if "product=" in row["segment"]]


def test_invalid_and_contradicting_rows_are_kept_with_their_reason(store: Store) -> None:
    rejects = store.rows("side_rejects", "source reason line")
    assert [(row["source"], row["reason"]) for row in rejects] == [
        ("priors", "level_not_from_0_up"),
        ("priors", "weight_not_from_0_to_1"),
        ("products", "conflicting_rows"),
        ("products", "conflicting_rows"),
        ("products", "unparsable_delisted_on"),
        ("products", "unparsable_known_at"),
        ("stock", "missing_stock"),
        ("stock", "unparsable_out_of_stock"),
    ]


def test_unchanged_stock_gives_the_same_run_and_a_changed_one_another(
    store: Store, done: ForecastResult
) -> None:
    names = ("products", "stock", "priors", "side_rejects")
    versions = [store.warehouse.version(name) for name in names]
    store.ingest()
    assert [store.warehouse.version(name) for name in names] == versions
    assert store.forecast().already_complete
    (store.root / "stock.json").write_text(
        f'{{"product_id":"c","shop":"west","date":"{_day(4)}","left":0,"empty":""}}\n'
    )
    store.ingest()
    other = store.forecast()
    assert other.run_id != done.run_id
    rows = store.warehouse.read("adjustments").where(f"run_id = '{other.run_id}'").collect()
    assert [(row["product_id"], row["date"]) for row in rows] == [("C", _day(4))]
    assert {row["source"] for row in store.rows("side_rejects", "line")} == {"priors", "products"}


def test_covariate_that_was_never_loaded_is_an_error(store: Store, done: ForecastResult) -> None:
    config = store.config.model_copy(update={"plans": PlanSettings(path="plans.csv")})
    with pytest.raises(InputError, match=r"table plans: found none; allowed: the rows of plans\.path"):
        run_forecast(context_for(store.spark, with_cutoff(config, done.cutoff), clock))
