from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.pooled.features.pooled_features import (
    AVERAGES,
    CALENDAR_FEATURES,
    DAY_FEATURES,
    SERIES_FEATURES,
    Features,
    pooled_features,
)
from lepton_spark.models.pooled.pool import neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from tests.unit.models.pooled.examples import HORIZON, random_sales


@pytest.fixture(scope="module")
def history() -> History:
    return random_sales()


def test_features_are_addressed_by_name() -> None:
    features = Features(("a", "b", "c"), np.arange(12.0).reshape(2, 2, 3))
    assert features["b"].tolist() == [[1.0, 4.0], [7.0, 10.0]]
    assert features.select(["c", "a"]).tolist() == [[[2.0, 0.0], [5.0, 3.0]], [[8.0, 6.0], [11.0, 9.0]]]


def test_features_of_an_unknown_name_are_an_error() -> None:
    features = Features(("a",), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="not in tuple"):
        features["b"]
    with pytest.raises(ValueError, match="not in tuple"):
        features.select(["a", "b"])


@pytest.mark.parametrize("names", [SERIES_FEATURES, DAY_FEATURES, CALENDAR_FEATURES], ids=len)
def test_feature_names_are_unique(names: tuple[str, ...]) -> None:
    assert len(set(names)) == len(names)


def test_features_have_a_value_for_each_name(history: History) -> None:
    features = pooled_features(history, np.array([100, 139]), HORIZON, neutral_pool(2))
    assert features.series.values.shape == (30, 2, len(SERIES_FEATURES))
    assert features.calendar.values.shape == (2, HORIZON, len(CALENDAR_FEATURES))
    some = np.array([0, 1])
    assert features.days(some, some, some, np.ones(2)).shape == (2, len(DAY_FEATURES))
    assert not features.has_plans


def test_features_of_a_series_agree_with_a_hand_calculation() -> None:
    """A week without sales, then a week of four units a day."""
    quantity = np.array([[0.0] * 7 + [4.0] * 7])
    features = pooled_features(History(quantity, 4 + np.arange(14)), np.array([13]), 1, neutral_pool())

    def share(half_life: float) -> float:
        """Weight of the second week, whose days all weigh 1."""
        return 1.0 / (1.0 + 0.5 ** (7.0 / half_life))

    level = (4.0 * share(28.0) + 4.0 * share(112.0)) / 2.0
    assert features.level[0, 0] == pytest.approx(level)
    expected = {
        "mean_3": 4.0 * share(3.0) / level,
        "mean_364": 4.0 * share(364.0) / level,
        "root_mean_14": (2.0 * share(14.0)) ** 2 / level,
        "share_of_days_sold_28": share(28.0),
        "root_mean_square_112": np.sqrt(16.0 * share(112.0)) / level,
        "days_since_sale": 0.0,
        "age": 14.0,
        "log_level": np.log(level),
        # variance over mean at the longest half-life: 4 p (1 - p) 4 / (4 p)
        "log_dispersion": max(np.log(4.0 * (1.0 - share(364.0))), 0.0),
    }
    for name, value in expected.items():
        assert features.series[name][0, 0] == pytest.approx(value), name


def test_days_since_sale_and_age_count_from_the_cutoff() -> None:
    quantity = np.array([[np.nan, 1.0, 0.0, 2.0, 0.0, 0.0]])
    features = pooled_features(History(quantity, np.arange(6)), np.array([2, 5]), 2, neutral_pool(2))
    assert features.series["days_since_sale"].tolist() == [[1, 2]]
    assert features.series["age"].tolist() == [[2, 5]]


def test_series_as_old_as_the_data_share_no_age_that_tells_the_date() -> None:
    quantity = np.ones((2, 200))
    quantity[1, :150] = np.nan
    features = pooled_features(History(quantity, np.arange(200)), np.array([120, 199]), 2, neutral_pool(2))
    assert features.series["age"].tolist() == [[112, 112], [-29, 50]]


def test_days_since_sale_and_age_are_in_days_for_weekly_columns() -> None:
    quantity = np.array([[np.nan, 1.0, 0.0, 2.0, 0.0, 0.0]])
    weeks = History(quantity, 7 * np.arange(6), period=7)
    features = pooled_features(weeks, np.array([2, 5]), 2, neutral_pool(2))
    assert features.series["days_since_sale"].tolist() == [[7, 14]]
    assert features.series["age"].tolist() == [[14, 35]]


def test_calendar_has_the_step_the_weekday_and_the_day_of_the_month() -> None:
    features = pooled_features(History(np.ones((1, 6)), np.arange(6)), np.array([2, 5]), 2, neutral_pool(2))
    # the second cutoff is 6 January 1970, a Tuesday
    assert features.calendar["step"][1].tolist() == [1.0, 2.0]
    assert features.calendar["weekday"][1].tolist() == [2.0, 3.0]
    assert features.calendar["day_of_month"][1].tolist() == [7.0, 8.0]


def test_weekday_forecast_of_the_features_is_that_of_the_model(history: History) -> None:
    pool = fit_pool(history, np.array([139]))
    factored = replace(pool, factors={"year_weeks": np.array([[2.0, 0.5]])})
    features = pooled_features(history, np.array([139]), HORIZON, factored)
    fit = ShrunkWeekday(factored).fit_forecast(history, HORIZON)
    np.testing.assert_allclose(features.weekday_forecast[:, 0], fit.forecast, rtol=1e-9)
    np.testing.assert_allclose(features.weekday_level[:, 0], fit.coefficients["level"], rtol=1e-9)


def test_day_features_are_those_of_the_weekday_and_the_base(history: History) -> None:
    features = pooled_features(
        history, np.array([100, 139]), HORIZON, fit_pool(history, np.array([100, 139]))
    )
    series, cutoff, step = np.array([4, 7]), np.array([0, 1]), np.array([2, 9])
    found = Features(DAY_FEATURES, features.days(series, cutoff, step, np.array([3.0, 0.0])))
    weekday = [(20_000 + 100 + 3 + 3) % 7, (20_000 + 139 + 10 + 3) % 7]
    for row in (0, 1):
        indices = features.weekday_index[series[row], cutoff[row], weekday[row]]
        np.testing.assert_array_equal(found.values[row, :8], indices)
        assert found["pool_weekday_index"][row] == features.pool_index[cutoff[row], weekday[row]]
        over = (
            features.weekday_forecast[series[row], cutoff[row], step[row]]
            / features.level[series[row], cutoff[row]]
        )
        assert found["forecast_over_level"][row] == pytest.approx(over)
    np.testing.assert_allclose(found["log_forecast"], np.log([3.0, 0.001]))  # bounded below


def test_own_weekday_index_is_the_mean_of_the_weekday_over_the_level() -> None:
    week = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    history = History(np.tile(week, (1, 8)), 4 + np.arange(56))
    features = pooled_features(history, np.array([55]), 7, neutral_pool())
    step = np.arange(7)
    days = features.days(np.zeros(7, dtype=int), np.zeros(7, dtype=int), step, np.ones(7))
    found = Features(DAY_FEATURES, days)
    for half_life in (14, 28, 112, 364):
        np.testing.assert_allclose(found[f"own_weekday_index_{half_life}"], week / 4.0)


def test_features_are_not_changed_by_days_after_the_cutoff(history: History) -> None:
    cutoffs = np.array([100, 120])
    both = pooled_features(history, cutoffs, HORIZON, neutral_pool(2))
    for position, cutoff in enumerate(cutoffs):
        alone = pooled_features(history.until(int(cutoff)), cutoffs[[position]], HORIZON, neutral_pool())
        for name in ("level", "weekday_forecast", "weekday_index", "weekday_level", "last_year"):
            found, expected = getattr(both, name)[:, position], getattr(alone, name)[:, 0]
            np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=name)
        for name in SERIES_FEATURES:
            found, expected = both.series[name][:, position], alone.series[name][:, 0]
            np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=name)


def test_series_features_have_no_units_but_dispersion_and_level(history: History) -> None:
    cutoff = np.array([139])
    once = pooled_features(history, cutoff, HORIZON, neutral_pool()).series
    larger = replace(history, quantity=history.quantity * 16.0)
    sixteenfold = pooled_features(larger, cutoff, HORIZON, neutral_pool()).series
    for name in (*AVERAGES, "days_since_sale", "age"):
        np.testing.assert_allclose(sixteenfold[name], once[name], rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(sixteenfold["log_level"], once["log_level"] + np.log(16.0))


def test_features_are_computed_from_damped_quantities(history: History) -> None:
    quantity = history.quantity.copy()
    quantity[5, 130] = 1e9
    spiked = replace(history, quantity=quantity, damped=damp_outliers(quantity))
    plain = replace(spiked, quantity=spiked.damped, damped=None)
    found, expected = (
        pooled_features(each, np.array([139]), HORIZON, neutral_pool()) for each in (spiked, plain)
    )
    np.testing.assert_array_equal(found.series.values, expected.series.values)
    np.testing.assert_array_equal(found.weekday_forecast, expected.weekday_forecast)
