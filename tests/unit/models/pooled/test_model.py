from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import Fit, History
from lepton_spark.models.pooled.boosting import BoostingSettings
from lepton_spark.models.pooled.features import pooled_features
from lepton_spark.models.pooled.model import (
    LARGEST_LOG_RATIO,
    MEDIAN_FROM,
    PLANNED_SHARE,
    TREES_SHARE,
    UNITS_TO_GO_BY,
    Pooled,
    mean_forecast,
    median_forecast,
    median_over,
    trees_share,
)
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday, averaged_level, pool_at
from lepton_spark.models.pooled.training import PickedRows, PooledSettings, train, training_rows
from lepton_spark.models.pooled.trees import PooledTrees, Trees
from lepton_spark.models.pooled.weeks import linear_ratio, over_level, week_sums

HORIZON = 14
SMALL = PooledSettings(
    n_cutoffs=6,
    n_rows=4_000,
    least_rows=100,
    mean=BoostingSettings(20, 4, 20, 0.1),
    median=BoostingSettings(20, 4, 50, 0.1),
)


def _sales(n_series: int = 30, n_days: int = 140) -> History:
    rng = np.random.default_rng(11)
    week = np.array([0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 1.2])
    rate = rng.gamma(1.0, 3.0, n_series)[:, np.newaxis] * week[np.arange(n_days) % 7]
    quantity = rng.poisson(rate).astype(float)
    quantity[3, :60] = np.nan
    return History(quantity, 20_000 + np.arange(n_days))


def _with(history: History, trees: PooledTrees | None) -> History:
    pool = replace(pool_at(history, np.array([history.n_days - 1])), trees=trees)
    return replace(history, pools={int(history.days[-1]): pool})


def _fit(history: History) -> Fit:
    return Pooled().fit_forecast(history, HORIZON)


@pytest.fixture(scope="module")
def history() -> History:
    return _sales()


@pytest.fixture(scope="module")
def trees(history: History) -> PooledTrees:
    trained = train(history, HORIZON, SMALL)
    assert trained is not None
    return trained


@pytest.fixture(scope="module")
def given(history: History, trees: PooledTrees) -> History:
    return _with(history, trees)


def test_features_know_nothing_after_their_cutoff(history: History) -> None:
    cutoffs = np.array([100, 120])
    whole = pooled_features(history, cutoffs, HORIZON)
    for place, cutoff in enumerate(cutoffs):
        alone = pooled_features(history.until(int(cutoff)), cutoffs[[place]], HORIZON)
        for name in ("level", "shrunk", "series", "weekday_index", "since_sale", "age", "log_dispersion"):
            np.testing.assert_allclose(
                getattr(alone, name)[:, 0], getattr(whole, name)[:, place], rtol=1e-9, err_msg=name
            )


def test_features_are_free_of_units_but_the_last_two_of_a_series(history: History) -> None:
    cutoff = np.array([139])
    once = pooled_features(history, cutoff, HORIZON)
    tenfold = pooled_features(History(history.quantity * 16.0, history.days), cutoff, HORIZON)
    np.testing.assert_allclose(tenfold.series[..., :-2], once.series[..., :-2], rtol=1e-9)
    np.testing.assert_allclose(tenfold.series[..., -1], once.series[..., -1] + np.log(16.0))


def test_averages_are_all_features_of_a_series_but_its_times_spread_and_size(history: History) -> None:
    features = pooled_features(history, np.array([100, 139]), HORIZON)
    others = [features.since_sale, features.age, features.log_dispersion, np.log(features.level)]
    whole = np.concatenate([features.averages, np.stack(others, axis=2)], axis=2)
    np.testing.assert_array_equal(features.series, whole)


def test_times_of_a_series_are_counted_from_the_cutoff() -> None:
    quantity = np.array([[np.nan, 1.0, 0.0, 2.0, 0.0, 0.0]])
    features = pooled_features(History(quantity, np.arange(6)), np.array([2, 5]), 2)
    assert features.since_sale.tolist() == [[1, 2]]
    assert features.age.tolist() == [[2, 5]]
    assert features.calendar[1].tolist() == [
        [1.0, 2.0, 7.0],
        [2.0, 3.0, 8.0],
    ]  # Wednesday and Thursday of 1970


def test_weeks_are_of_seven_days_and_the_last_may_be_shorter() -> None:
    assert week_sums(np.arange(10.0)).tolist() == [21.0, 24.0]


def test_a_week_is_the_weekday_forecast_a_day_over_the_level(history: History) -> None:
    features = pooled_features(history, np.array([139]), 10)
    a_day = features.shrunk[:, 0, 7:].mean(axis=1)
    np.testing.assert_allclose(over_level(features)[:, 0, 1], a_day / features.level[:, 0])


def _rows(history: History) -> np.ndarray:
    rows = training_rows(history, HORIZON, SMALL)
    assert rows is not None
    return rows.target


def test_training_targets_end_with_the_history(history: History) -> None:
    target = _rows(history)
    assert target.shape == (30, 6, HORIZON)
    np.testing.assert_array_equal(target[0, 0, :7], history.quantity[0, 133:140])
    assert np.isnan(target[:, 0, 7:]).all()
    np.testing.assert_array_equal(target[5, 2], history.quantity[5, 119:133])


def test_a_series_too_young_at_a_cutoff_is_not_trained_on_there(history: History) -> None:
    # its first known day is column 60, so it is 50 days old from column 109 on
    rows = training_rows(history, HORIZON, replace(SMALL, least_age=50))
    assert rows is not None
    known = ~np.isnan(rows.target[3, :, 0])
    assert known.tolist() == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("n_columns", "period", "n_cutoffs"), [(60 + 16 + 9, 7, 16 + 8), (60 + 16, 7, 16), (700, 1, 16)]
)
def test_weeks_with_a_last_year_are_learnt_from_further_back(
    n_columns: int, period: int, n_cutoffs: int
) -> None:
    """60 weeks are a year and the eight weeks before it; the earliest cutoff is the 61st week."""
    history = History(np.ones((2, n_columns)), 7 * np.arange(n_columns), period=period)
    rows = training_rows(history, 2, PooledSettings())
    assert rows is not None
    assert rows.target.shape[1] == n_cutoffs


def test_a_series_long_without_a_sale_is_not_trained_on() -> None:
    quantity = np.ones((2, 140))
    quantity[1, 60:] = 0.0
    settings = replace(SMALL, recent_days=70)
    rows = training_rows(History(quantity, 20_000 + np.arange(140)), HORIZON, settings)
    assert rows is not None
    # its last sale is 73 days before the first cutoff, 66 before the second
    assert np.isnan(rows.target[1, :, 0]).tolist() == [True, False, False, False, False, False]


def test_weeks_to_learn_from_hold_known_days_over_their_own_base(history: History) -> None:
    rows = training_rows(history, HORIZON, SMALL)
    assert rows is not None
    rows.target[0, 1, 8:] = np.nan  # of its second week one day is known
    picked = rows.weeks(np.array([0]))
    # cutoff 0 has one week before the end, cutoffs 1 to 5 have two
    assert picked.columns[:, -1].tolist() == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert picked.target[2] == pytest.approx(rows.target[0, 1, 7] / rows.features.shrunk[0, 1, 7])
    assert picked.target[0] == pytest.approx(
        rows.target[0, 0, :7].sum() / rows.features.shrunk[0, 0, :7].sum()
    )


def test_trees_that_say_nothing_leave_the_weekday_forecast(history: History) -> None:
    none = np.zeros(0, dtype=np.int64)
    silent = Trees(0.0, none, np.zeros(0), none, none.astype(np.uint16), np.zeros((1, 16)))
    fit = _fit(_with(history, PooledTrees((silent,), silent)))
    shrunk = ShrunkWeekday().fit_forecast(_with(history, None), HORIZON).forecast
    np.testing.assert_allclose(fit.forecast, shrunk, rtol=1e-9)
    share = fit.coefficients["trees"][:, np.newaxis]
    assert ((share > TREES_SHARE) & (share < 1.0)).all()
    np.testing.assert_allclose(fit.coefficients["level"], averaged_level(history, np.array([139]))[:, 0])
    loud = replace(silent, baseline=100.0)
    features = pooled_features(history, np.array([history.n_days - 1]), HORIZON)
    most = mean_forecast(features, PooledTrees((loud,), silent))
    np.testing.assert_allclose(most, shrunk * (1.0 - share + share * np.exp(LARGEST_LOG_RATIO)), rtol=1e-12)


def test_what_is_not_the_trees_part_is_the_regressions(history: History, trees: PooledTrees) -> None:
    features = pooled_features(history, np.array([history.n_days - 1]), HORIZON)
    share = trees_share(features)[:, np.newaxis]
    one, other = (mean_forecast(features, replace(trees, linear=linear)) for linear in (trees.linear, None))
    ratio = linear_ratio(features, trees.linear)[:, 0]
    assert (np.abs(ratio - 1.0) > 0.01).any()
    np.testing.assert_allclose(one - other, features.shrunk[:, 0] * (1.0 - share) * (ratio - 1.0), atol=1e-9)


def test_a_product_is_not_thought_to_go_on_as_its_first_days() -> None:
    """Products that sell on one day in twenty, each known from its first sale on."""
    n_days, rate = 200, 0.05
    rng = np.random.default_rng(4)
    age = rng.integers(1, n_days + 1, 600)
    quantity = (rng.random((600, n_days)) < rate).astype(float)
    quantity[np.arange(600), n_days - age] = 1.0
    quantity[np.arange(n_days) < n_days - age[:, np.newaxis]] = np.nan
    history = History(quantity, 20_000 + np.arange(n_days))
    fit = _fit(_with(history, train(history, HORIZON, replace(SMALL, n_cutoffs=16))))
    young = age <= 14
    own = averaged_level(history, np.array([n_days - 1]))[young, 0]
    assert own.mean() > 4.0 * rate
    assert fit.forecast[young].mean() < 2.0 * rate
    assert fit.forecast[age > 112].mean() == pytest.approx(rate, rel=0.2)


def test_the_trees_part_is_less_the_longer_a_product_sold() -> None:
    quantity = np.full((3, 140), 4.0)
    for row, age in enumerate((7, 56, 112)):
        quantity[row, : 140 - age] = np.nan
    week, half, whole = trees_share(pooled_features(History(quantity, np.arange(140)), np.array([139]), 7))
    units = 4.0 * 112
    assert whole == pytest.approx(1.0 - (1.0 - TREES_SHARE) * units / (units + UNITS_TO_GO_BY))
    assert half == pytest.approx(1.0 - (1.0 - TREES_SHARE) * 0.5 * (units / 2) / (units / 2 + UNITS_TO_GO_BY))
    assert week > 1.0 - 0.04 * (1.0 - TREES_SHARE)


def test_the_trees_part_is_more_where_promotions_are_planned() -> None:
    history = History(np.full((1, 140), 400.0), np.arange(140))
    planned = replace(history, regressors=np.zeros((1, 147, 1)))
    plain, more = (trees_share(pooled_features(each, np.array([139]), 7))[0] for each in (history, planned))
    assert plain == pytest.approx(TREES_SHARE, abs=0.001)
    assert more == PLANNED_SHARE > plain


def test_the_forecast_learns_what_follows_a_high_week() -> None:
    """Demand that halves after each high week: the level cannot know, the trees can."""
    rng = np.random.default_rng(1)
    high = rng.random((200, 30)) < 0.5
    rate = np.where(high, 20.0, 10.0)
    rate[:, 1:] *= np.where(high[:, :-1], 0.5, 1.5)
    quantity = rng.poisson(np.repeat(rate, 7, axis=1)).astype(float)
    history = History(quantity, 20_000 + np.arange(210))
    settings = replace(SMALL, n_cutoffs=16, mean=BoostingSettings(60, 4, 20, 0.1))
    fit = _fit(_with(history, train(history, HORIZON, settings)))
    first = fit.forecast[:, :7].mean(axis=1)
    assert first[~high[:, -1]].mean() > 1.1 * first[high[:, -1]].mean()


@pytest.mark.parametrize("n_lumpy", [50, 90])
def test_the_median_is_below_the_mean_of_skewed_demand(n_lumpy: int) -> None:
    """However many products sell on few days: the median of the others must not be drawn to 0."""
    rng = np.random.default_rng(2)
    quantity = rng.poisson(3.0, (100, 150)) * (rng.random((100, 150)) < 0.3) * 5.0
    quantity[n_lumpy:] = rng.poisson(6.0, (100 - n_lumpy, 150))
    lumpy = History(quantity, 20_000 + np.arange(150))
    settings = replace(SMALL, median=BoostingSettings(60, 4, 50, 0.08))
    fit = _fit(_with(lumpy, train(lumpy, HORIZON, settings)))
    assert fit.median is not None
    assert (fit.median >= 0).all()
    assert fit.median[:n_lumpy].mean() < 0.5 * fit.forecast[:n_lumpy].mean()
    assert fit.median[n_lumpy:].mean() == pytest.approx(6.0, abs=0.5)


def test_a_batch_does_not_change_what_a_series_gets(given: History) -> None:
    rows = np.array([20, 3, 7])
    part, whole = _fit(given.select(rows)), _fit(given)
    np.testing.assert_allclose(part.forecast, whole.forecast[rows], rtol=1e-9)
    assert part.median is not None
    assert whole.median is not None
    np.testing.assert_allclose(part.median, whole.median[rows], rtol=1e-9)


def test_the_median_is_learnt_where_it_can_be_above_nought(history: History) -> None:
    rows = training_rows(history, HORIZON, SMALL)
    assert rows is not None
    assert (rows.features.shrunk < MEDIAN_FROM).any()
    mean = 1.5 * rows.features.shrunk
    picked = rows.days(mean, 10_000, 0)
    base = picked.weight**2
    assert base.min() >= MEDIAN_FROM
    assert len(base) == (~np.isnan(rows.target) & (mean >= MEDIAN_FROM)).sum()
    known = rows.target[~np.isnan(rows.target) & (mean >= MEDIAN_FROM)]
    np.testing.assert_allclose(picked.target * base, known, atol=0.01 * base.max())  # over the mean itself


def test_light_rows_are_drawn_rarely_and_weigh_as_much_more() -> None:
    weight = np.concatenate([np.full(1_000, 100.0), np.full(20_000, 1.0)])
    rows = PickedRows(np.arange(21_000.0)[:, np.newaxis], np.ones(21_000), weight)
    drawn = rows.drawn(2_000, 0)
    assert 1_200 < len(drawn.target) < 2_200
    assert drawn.weight.sum() == pytest.approx(weight.sum(), rel=0.05)
    heavy = drawn.columns[:, 0] < 1_000
    assert heavy.sum() == 1_000
    assert (drawn.weight[heavy] == 100.0).all()
    assert rows.drawn(21_000, 0) is rows


def test_demand_of_less_than_half_a_unit_has_a_median_of_nought(given: History, trees: PooledTrees) -> None:
    assert trees.median is not None
    features = pooled_features(given, np.array([139]), 3)
    high = replace(trees.median, baseline=5.0)
    forecast = np.tile([0.4, 0.6, 0.4], (30, 1))
    assert (median_forecast(features, high, forecast) == np.array([0.0, 3.0, 0.0])).mean() > 0.5
    assert (median_forecast(features, high, forecast)[:, [0, 2]] == 0.0).all()


def test_training_again_gives_the_same_bits(history: History, given: History) -> None:
    again = _fit(_with(history, train(history, HORIZON, SMALL)))
    assert again.forecast.tobytes() == _fit(given).forecast.tobytes()


def test_a_series_beyond_all_numbers_is_not_trained_on(history: History, given: History) -> None:
    poisoned = History(np.vstack([history.quantity, np.full((1, 140), 1e200)]), history.days)
    trained = train(poisoned, HORIZON, SMALL)
    alone = _with(history, trained)
    assert _fit(alone).forecast.tobytes() == _fit(given).forecast.tobytes()


def test_a_series_without_a_known_day_has_no_forecast(given: History) -> None:
    fit = _fit(replace(given, quantity=np.full((2, given.n_days), np.nan)))
    assert np.isnan(fit.forecast).all()


@pytest.mark.parametrize("history", [History(np.ones((2, 40)), np.arange(40)), _sales(4)])
def test_a_pool_that_teaches_too_little_gives_no_trees(history: History) -> None:
    assert train(history, HORIZON, SMALL) is None
    alone = _with(history, None)
    fit = _fit(alone)
    np.testing.assert_array_equal(fit.forecast, ShrunkWeekday().fit_forecast(alone, HORIZON).forecast)
    assert (fit.coefficients["trees"] == 0.0).all()


def test_the_pools_median_stands_over_any_models_mean(
    history: History, given: History, trees: PooledTrees
) -> None:
    own = _fit(given)
    assert own.median is not None
    np.testing.assert_array_equal(median_over(given, own.forecast), own.median)
    doubled = median_over(given, 2.0 * own.forecast)
    rich = own.median > 5.0
    assert rich.any()
    assert np.median(doubled[rich] / own.median[rich]) == pytest.approx(2.0, rel=0.1)
    assert np.isnan(median_over(history, own.forecast)).all()  # no pool
    assert np.isnan(median_over(_with(history, None), own.forecast)).all()  # no trees
    no_median = PooledTrees(trees.mean, None)
    assert np.isnan(median_over(_with(history, no_median), own.forecast)).all()
