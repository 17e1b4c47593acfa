"""The calendar, from its file to forecasts: closures, openings, events, and when they were announced."""

from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import (
    BacktestSettings,
    CalendarSettings,
    Config,
    ForecastSettings,
    InputSettings,
    PanelSettings,
    WarehouseSettings,
)
from lepton_spark.config.sections.inputs.covariate_settings import CalendarColumns
from tests.pipelines.covariate_store import CovariateStore

pytestmark = pytest.mark.slow

CUTOFF = date(2024, 3, 31)
N_DAYS = 820
FAIRS = [CUTOFF + timedelta(days=ahead) for ahead in (-726, -361, 6)]
"""A fair moves by a day or two; it sells threefold, and its eve twofold."""

CLOSED_PAST, CLOSED_AHEAD = CUTOFF - timedelta(days=8), CUTOFF + timedelta(days=3)


class Store(CovariateStore):
    @property
    def config(self) -> Config:
        return Config(
            warehouse=WarehouseSettings(root=str(self.root / "tables")),
            input=InputSettings(path=str(self.root / "in")),
            calendar=CalendarSettings(
                path=str(self.root / "calendar.csv"),
                columns=CalendarColumns(
                    location_id="shop",
                    status="state",
                    event="name",
                    days_before="run_up",
                    days_after="after",
                    known_at="known",
                ),
            ),
            panel=PanelSettings(last_day="complete"),
            forecast=ForecastSettings(horizon=10, models=("shrunk_weekday",)),
            backtest=BacktestSettings(validation_windows=0),
        )


def _units(day: date) -> int:
    if day in FAIRS:
        return 30
    return 20 if day + timedelta(days=1) in FAIRS else 10


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("calendar")
    (root / "in").mkdir()
    days = [CUTOFF - timedelta(days=back) for back in range(N_DAYS)]
    lines = [f"{item},{day},{_units(day)}" for day in days for item in ("a", "b")]
    (root / "in" / "sales.csv").write_text("\n".join(["product_id,date,quantity", *lines]) + "\n")
    announced = CUTOFF - timedelta(days=5)
    rows = [
        *(f"{day},,,fair,1,0,2020-01-01" for day in FAIRS[:2]),
        f"{FAIRS[2]},,,fair,1,0,{announced}",
        f"{CLOSED_PAST},,closed,,,,2020-01-01",
        f"{CLOSED_AHEAD},,Closed,,,,{announced}",
        f"{CLOSED_AHEAD + timedelta(days=1)},all,closed,,,,{CUTOFF + timedelta(days=1)}",
        f"{CUTOFF},,shut,,,,2020-01-01",
        f"{CUTOFF},,,,,,2020-01-01",
        f"{CUTOFF},all,,fair,,,2020-01-01",
        f"{CUTOFF},,,fair,99,,2020-01-01",
        f"{CUTOFF},,closed,x,1,1,2020-01-02",
        f"{CUTOFF},,open,x,1,1,2020-01-02",
    ]
    header = "date,shop,state,name,run_up,after,known"
    (root / "calendar.csv").write_text("\n".join([header, *rows]) + "\n")
    made = Store(spark, root)
    made.ingest()
    return made


def _forecast(store: Store, run_id: str) -> dict[date, tuple[float, float]]:
    """The forecast and the highest quantile of product a by day."""
    rows = store.warehouse.read("forecasts").where(f"run_id = '{run_id}' AND product_id = 'a'").collect()
    return {row["date"]: (row["forecast"], row["p95"]) for row in rows}


def test_closure_is_forecast_as_0_and_an_event_as_it_sold_before(store: Store) -> None:
    run = store.forecast_at(CUTOFF)
    found = _forecast(store, run.run_id)
    assert found[CLOSED_AHEAD] == (0.0, 0.0)
    assert found[FAIRS[2]][0] == pytest.approx(30.0, rel=0.05)
    assert found[FAIRS[2] - timedelta(days=1)][0] == pytest.approx(20.0, rel=0.05)
    others = {CLOSED_AHEAD, FAIRS[2], FAIRS[2] - timedelta(days=1)}
    assert [value for day, (value, _) in found.items() if day not in others] == pytest.approx([10.0] * 7)
    (fit,) = store.warehouse.read("fits").where(f"run_id = '{run.run_id}' AND product_id = 'a'").collect()
    assert fit["n_days_known"] == N_DAYS - 1


def test_run_for_an_earlier_cutoff_knows_nothing_that_was_announced_later(store: Store) -> None:
    found = _forecast(store, store.forecast_at(CUTOFF - timedelta(days=6)).run_id)
    assert max(found) > CLOSED_AHEAD
    assert [value for value, _ in found.values()] == pytest.approx([10.0] * 10)


def test_rows_that_cannot_be_read_are_rejected_with_their_reason(store: Store) -> None:
    assert store.warehouse.read("calendar").count() == 6
    rejects = store.warehouse.read("side_rejects").orderBy("reason").collect()
    assert [(row["source"], row["reason"]) for row in rejects] == [
        ("calendar", "conflicting_rows"),
        ("calendar", "conflicting_rows"),
        ("calendar", "event_of_one_location"),
        ("calendar", "missing_status_and_event"),
        ("calendar", "unknown_status"),
        ("calendar", "window_not_from_0_to_60"),
    ]


def test_changed_calendar_gives_another_run(store: Store) -> None:
    before = store.forecast_at(CUTOFF)
    assert store.forecast_at(CUTOFF).already_complete
    path = store.root / "calendar.csv"
    path.write_text(path.read_text().replace(f"{CLOSED_AHEAD},,Closed", f"{CLOSED_AHEAD},,open"))
    store.ingest()
    after = store.forecast_at(CUTOFF)
    assert after.run_id != before.run_id
    assert _forecast(store, after.run_id)[CLOSED_AHEAD][0] == pytest.approx(10.0)
