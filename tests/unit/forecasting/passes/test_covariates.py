"""Events, days out of stock, planners' levels and delistings in the forecasts of a batch."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.models.registry import Candidate, candidates_for
from tests.unit.forecasting.frames import (
    CUTOFF,
    N_DAYS,
    QUICK_TRAINING,
    assert_same_rows,
    by_window,
    daily_settings,
    fit_rows_of,
    packed_rows,
    pools_of,
    random_units,
    records,
    trees_of,
    with_candidates,
    with_lists,
)
from tests.unit.models.events import events


@pytest.fixture
def settings() -> FitSettings:
    return daily_settings()


@pytest.mark.parametrize("model", ["ridge", "shrunk_weekday"])
def test_events_reach_pools_and_forecasts(settings: FitSettings, model: str) -> None:
    """Demand doubles on one day, and the same event comes again five days after the cutoff."""
    units = random_units(30)
    units[:, -101] *= 2.0
    rows = packed_rows(units)
    given = with_candidates(settings, *candidates_for((model,), (84.0,)))
    assert given.uses_pool == (model == "shrunk_weekday")
    given = replace(given, events=events([CUTOFF - 100, CUTOFF + 5], [0, 0]))
    assert given.uses_pool
    pools = pools_of(rows, given)
    (factors,) = pools[CUTOFF].factors["public_days"]
    assert factors[4] > 1.8
    assert (np.delete(factors, 4) == 1.0).all()
    fitted = fit_rows_of(rows, replace(given, pools=pools))
    forecast = fitted["forecast"][0]
    assert forecast[4] / np.delete(forecast, 4).mean() > 1.6
    assert "public_days" not in pools_of(rows, settings)[CUTOFF].factors


def test_days_out_of_stock_do_not_lower_the_forecast(settings: FitSettings) -> None:
    units = random_units(3)
    out = np.arange(N_DAYS - 60, N_DAYS, 2)
    empty = units.copy()
    empty[1, out] = 0.0
    stock_outs = [float(CUTOFF - N_DAYS + 1 + day) for day in out]
    rows = packed_rows(empty)
    listed = with_lists(rows, stock_outs={"p01": stock_outs})
    sold, unexplained, known = (
        records(fit_rows_of(one, settings)) for one in (packed_rows(units), rows, listed)
    )
    assert np.mean(unexplained[1]["forecast"]) < 0.75 * np.mean(sold[1]["forecast"])
    assert np.mean(known[1]["forecast"]) == pytest.approx(np.mean(sold[1]["forecast"]), rel=0.15)
    assert known[1]["n_days_known"] == N_DAYS - len(out)
    n_obs = by_window(known[1], "n_obs", 4)
    assert n_obs[:, 0].tolist() == [14, 0, 14]  # of the test window; nothing was chosen, so no runner-up
    for position in (0, 2):
        np.testing.assert_allclose(known[position]["forecast"], unexplained[position]["forecast"], rtol=1e-9)


def test_prior_moves_its_series_alone_up_to_its_last_day(settings: FitSettings) -> None:
    rows = packed_rows(random_units(3))
    plain = fit_rows_of(rows, settings)
    moved = fit_rows_of(with_lists(rows, prior={"p01": [50.0, 0.5, CUTOFF + 14.0]}), settings)
    before, after = records(plain)[1], records(moved)[1]
    half_way = (50.0 + np.mean(before["forecast"])) / 2.0
    assert np.mean(after["forecast"][:14]) == pytest.approx(half_way, rel=0.05)
    assert after["forecast"][14:].tolist() == before["forecast"][14:].tolist()
    assert (after["parameters"]["prior_level"], after["parameters"]["prior_weight"]) == (50.0, 0.5)
    assert np.mean(after["quantiles"][3][:14]) == pytest.approx(half_way, rel=0.1)
    for name in ("n_obs", "sse", "pinball_sum", "covered_sum"):  # the backtest is the model's
        np.testing.assert_array_equal(after[name], before[name])
    others = (rows.drop(columns="group_sums").iloc[[0, 2]] for rows in (moved, plain))
    assert_same_rows(*others)


def test_prior_replaces_the_median_of_trees(settings: FitSettings) -> None:
    settings = replace(settings, pooled=QUICK_TRAINING)
    rows = packed_rows(random_units(30))
    pools = with_trees(pools_of(rows, settings), trees_of(rows, settings, CUTOFF))
    alone = replace(with_candidates(settings, Candidate("pooled")), pools=pools)
    listed = with_lists(rows, prior={"p01": [50.0, 1.0, CUTOFF + 99.0]})
    made = records(FitBatch(alone, ClassErrors.none(1))(listed, pd.DataFrame()))
    medians = [np.mean(row["quantiles"][3]) for row in made]
    assert pools[CUTOFF].trees is not None
    assert medians[1] == pytest.approx(50.0, rel=0.1)
    assert max(medians[:1] + medians[2:]) < 10.0


def test_prior_reactivates_an_obsolete_series(settings: FitSettings) -> None:
    units = random_units(2)
    units[1, 5:] = 0.0
    rows = packed_rows(units)
    assert fit_rows_of(rows, settings)["status"].tolist() == ["ok", "obsolete"]
    listed = with_lists(rows, prior={"p01": [3.0, 1.0, CUTOFF + 99.0]})
    reactivated = records(fit_rows_of(listed, settings))[1]
    assert reactivated["status"] != "obsolete"
    assert np.mean(reactivated["forecast"]) == pytest.approx(3.0)


def test_delisted_product_is_forecast_up_to_its_last_day(settings: FitSettings) -> None:
    rows = with_lists(packed_rows(random_units(2)), delisted={"p00": [CUTOFF + 8.0]})
    made = records(fit_rows_of(rows, settings))
    assert min(made[0]["forecast"][:7]) > 0.0
    assert made[0]["forecast"][7:].tolist() == [0.0] * 21
    assert {level[7] for level in made[0]["quantiles"]} == {0.0}
    assert min(made[1]["forecast"]) > 0.0
