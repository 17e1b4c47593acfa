from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.batch import History
from lepton_spark.models.boosting import BoostingSettings
from lepton_spark.models.pooled import PooledModel, sells_whole_units
from lepton_spark.models.pooled_features import pooled_features
from lepton_spark.models.pooled_training import PooledSettings, train, training_rows

HORIZON = 14
SMALL = PooledSettings(
    n_cutoffs=6,
    n_rows=4_000,
    mean=BoostingSettings(20, 4, 50, 0.1),
    quantile=BoostingSettings(20, 4, 50, 0.1),
)


def _sales(n_series: int = 30, n_days: int = 140) -> History:
    rng = np.random.default_rng(11)
    week = np.array([0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 1.2])
    rate = rng.gamma(1.0, 3.0, n_series)[:, np.newaxis] * week[np.arange(n_days) % 7]
    quantity = rng.poisson(rate).astype(float)
    quantity[3, :60] = np.nan
    return History(quantity, 20_000 + np.arange(n_days))


@pytest.fixture(scope="module")
def history() -> History:
    return _sales()


@pytest.fixture(scope="module")
def model(history: History) -> PooledModel:
    return train(history, HORIZON, SMALL)


def test_features_know_nothing_after_their_cutoff(history: History) -> None:
    cutoffs = np.array([100, 120])
    whole = pooled_features(history, cutoffs, HORIZON)
    for place, cutoff in enumerate(cutoffs):
        alone = pooled_features(history.until(int(cutoff)), cutoffs[[place]], HORIZON)
        for name in ("level", "shrunk", "series", "days", "since_sale", "age"):
            np.testing.assert_allclose(
                getattr(alone, name)[:, 0], getattr(whole, name)[:, place], rtol=1e-9, err_msg=name
            )


def test_features_are_free_of_units_but_the_last_of_a_series(history: History) -> None:
    cutoff = np.array([139])
    once = pooled_features(history, cutoff, HORIZON)
    tenfold = pooled_features(History(history.quantity * 16.0, history.days), cutoff, HORIZON)
    np.testing.assert_allclose(tenfold.series[..., :-1], once.series[..., :-1], rtol=1e-9)
    np.testing.assert_allclose(tenfold.series[..., -1], once.series[..., -1] + np.log(16.0))


def test_times_of_a_series_are_counted_from_the_cutoff() -> None:
    quantity = np.array([[np.nan, 1.0, 0.0, 2.0, 0.0, 0.0]])
    features = pooled_features(History(quantity, np.arange(6)), np.array([2, 5]), 2)
    assert features.since_sale.tolist() == [[1, 2]]
    assert features.age.tolist() == [[2, 5]]
    assert features.calendar[1].tolist() == [
        [1.0, 2.0, 7.0],
        [2.0, 3.0, 8.0],
    ]  # Wednesday and Thursday of 1970


def test_training_targets_end_with_the_history(history: History) -> None:
    rows = training_rows(history, HORIZON, SMALL)
    assert rows.target.shape == (30, 6, HORIZON)
    np.testing.assert_array_equal(rows.target[0, 0, :7], history.quantity[0, 133:140])
    assert np.isnan(rows.target[:, 0, 7:]).all()
    np.testing.assert_array_equal(rows.target[5, 2], history.quantity[5, 119:133])


def test_a_series_too_young_at_a_cutoff_is_not_trained_on_there(history: History) -> None:
    rows = training_rows(history, HORIZON, SMALL)
    # its first known day is column 60, so it is 56 days old from column 115 on
    known = ~np.isnan(rows.target[3, :, 0])
    assert known.tolist() == [True, True, True, False, False, False]


def test_the_forecast_learns_the_week(history: History, model: PooledModel) -> None:
    forecast = model.forecast(history, HORIZON).forecast
    assert forecast.shape == (30, HORIZON)
    assert (forecast > 0).all()
    total = forecast.sum(axis=0)[:7]
    weekday = history.days[-1] + 1 + np.arange(7)
    best = total[np.argmax(weekday % 7 == (20_000 + 5) % 7)]
    worst = total[np.argmax(weekday % 7 == 20_000 % 7)]
    assert best > 2.0 * worst


def test_quantiles_rise_are_whole_and_never_negative(history: History, model: PooledModel) -> None:
    quantiles = model.quantile_forecast(history, HORIZON)
    assert quantiles.shape == (30, HORIZON, 7)
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert (quantiles >= 0).all()
    np.testing.assert_array_equal(quantiles, np.round(quantiles))


def test_a_batch_does_not_change_what_a_series_gets(history: History, model: PooledModel) -> None:
    rows = np.array([20, 3, 7])
    part, whole = history.select(rows), model.forecast(history, HORIZON).forecast
    np.testing.assert_allclose(model.forecast(part, HORIZON).forecast, whole[rows], rtol=1e-9)
    np.testing.assert_allclose(
        model.quantile_forecast(part, HORIZON), model.quantile_forecast(history, HORIZON)[rows], rtol=1e-9
    )


def test_training_again_gives_the_same_bits(history: History, model: PooledModel) -> None:
    again = train(history, HORIZON, SMALL)
    assert (
        again.forecast(history, HORIZON).forecast.tobytes()
        == model.forecast(history, HORIZON).forecast.tobytes()
    )


def test_a_series_without_a_known_day_has_no_forecast(model: PooledModel, history: History) -> None:
    unknown = replace(history, quantity=np.full((2, history.n_days), np.nan))
    assert np.isnan(model.forecast(unknown, HORIZON).forecast).all()
    assert np.isnan(model.quantile_forecast(unknown, HORIZON)).all()


def test_a_pool_too_young_to_train_on_is_refused() -> None:
    with pytest.raises(ValueError, match="none of 2 series has a target after 56 days of history"):
        train(History(np.ones((2, 40)), np.arange(40)), HORIZON, SMALL)


def test_whole_units_are_seen_per_series() -> None:
    history = History(np.array([[1.0, np.nan, 2.0], [1.0, 0.5, 2.0]]), np.arange(3))
    assert sells_whole_units(history).tolist() == [True, False]
