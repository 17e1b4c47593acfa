from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.pooled.features.weeks import regression_columns, regression_ratio
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.linear import PooledRegression
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings
from lepton_spark.models.pooled.training import Examples, TrainingSet, finite_series, train, training_set
from tests.unit.models.pooled.examples import FIRST, HORIZON, random_sales, small_settings

NAN = np.nan


def _history(quantity: np.ndarray, period: int = 1) -> History:
    return History(quantity, FIRST + period * np.arange(quantity.shape[1]), period=period)


def _set(history: History, horizon: int = HORIZON, **training: Any) -> TrainingSet:
    examples = training_set(history, horizon, small_settings(**training))
    assert examples is not None
    return examples


def _train(history: History, **training: Any) -> PooledTrees:
    trained = train(history, HORIZON, small_settings(**training))
    assert trained is not None
    return trained


def _same(first: Trees, second: Trees) -> bool:
    return np.array_equal(first.value, second.value) and np.array_equal(first.threshold, second.threshold)


@pytest.fixture(scope="module")
def history() -> History:
    return random_sales()


def test_targets_are_the_days_after_each_cutoff_and_end_with_the_history(history: History) -> None:
    examples = _set(history)
    assert examples.target.shape == (30, 6, HORIZON)
    np.testing.assert_array_equal(examples.target[0, 0, :7], history.quantity[0, 133:140])
    assert np.isnan(examples.target[:, 0, 7:]).all()
    np.testing.assert_array_equal(examples.target[5, 2], history.quantity[5, 119:133])


@pytest.mark.parametrize("period", [1, 7], ids=["days", "weeks"])
def test_age_of_a_cutoff_is_the_days_to_the_end(period: int) -> None:
    history = _history(np.ones((2, 140)), period)
    assert _set(history, n_cutoffs=3, n_yearly=0).age.tolist() == [7, 14, 21]


def test_series_too_young_at_a_cutoff_is_left_out_there(history: History) -> None:
    # its first known day is column 60, so it is 50 days old from column 109 on
    known = ~np.isnan(_set(history, min_age=50).target[3, :, 0])
    assert known.tolist() == [True, True, True, True, False, False]


def test_series_without_a_recent_sale_is_left_out() -> None:
    quantity = np.ones((2, 140))
    quantity[1, 60:] = 0.0
    # its last sale is 73 days before the first cutoff, 66 before the second
    target = _set(_history(quantity), recent_days=70).target
    assert np.isnan(target[1, :, 0]).tolist() == [True, False, False, False, False, False]


@pytest.mark.parametrize(
    ("n_columns", "period", "n_cutoffs"),
    [(60 + 16 + 9, 7, 16 + 8), (60 + 16, 7, 16), (700, 1, 16)],
    ids=["weeks of a last year", "weeks", "days"],
)
def test_weekly_histories_have_more_cutoffs_where_a_last_year_is_known(
    n_columns: int, period: int, n_cutoffs: int
) -> None:
    """60 weeks are a year and the eight weeks before it; the earliest cutoff is the 61st week."""
    history = History(np.ones((2, n_columns)), 7 * np.arange(n_columns), period=period)
    examples = training_set(history, 2, PooledSettings())
    assert examples is not None
    assert examples.target.shape[1] == n_cutoffs


@pytest.mark.parametrize(
    ("n_days", "ages"),
    [
        (900, [343, 350, 357, 364, 371, 378, 385, 392]),
        (792, [343, 350, 357, 364, 371]),
        (764, [343]),
        (763, []),
    ],
    ids=["all", "some", "one", "none"],
)
def test_daily_histories_have_cutoffs_around_the_same_week_a_year_ago(n_days: int, ages: list[int]) -> None:
    """The earliest is column 420: a year and the 56 days before it."""
    examples = training_set(_history(np.ones((2, n_days))), HORIZON, PooledSettings())
    assert examples is not None
    assert examples.age.tolist() == [*range(7, 113, 7), *ages]


def test_first_cutoff_has_the_minimum_history() -> None:
    assert training_set(_history(np.ones((2, 63))), HORIZON, PooledSettings()) is None
    examples = training_set(_history(np.ones((2, 64))), HORIZON, PooledSettings())
    assert examples is not None
    assert examples.age.tolist() == [7]  # column 56


def closed_for_ten_weeks(closed: slice) -> History:
    """Two series of 300 days; the closed ones are unknown from column 200 to 269."""
    quantity = np.ones((2, 300))
    quantity[closed, 200:270] = NAN
    return _history(quantity)


def test_weeks_in_which_the_shop_was_closed_have_no_cutoff() -> None:
    # of the week up to column 271 two days are known, and of the week up to column 201 five
    examples = _set(closed_for_ten_weeks(slice(2)), n_cutoffs=6)
    assert examples.age.tolist() == [7, 14, 21, 28, 98, 105]


def test_first_sales_after_a_closure_are_no_example() -> None:
    """The days after column 264, 35 days before the end, begin with five closed days."""
    examples = _set(closed_for_ten_weeks(slice(1, 2)), n_cutoffs=6)
    assert examples.age.tolist() == [7, 14, 21, 28, 35, 42]
    assert np.isnan(examples.target[1, 4]).all()
    assert np.isfinite(examples.target[0, 4]).all()
    assert np.isfinite(examples.target[1, 3]).all()


def test_history_without_a_series_has_no_training_set() -> None:
    assert training_set(_history(np.ones((0, 140))), HORIZON, PooledSettings()) is None


def _tiny() -> TrainingSet:
    """Two products that sold 4 and 16 a day, and twice and half as much in the week to learn from.

    All weekdays are alike, so that the weekday forecast is 4 and 16; variances are 0. Three days of the
    second product are known.
    """
    quantity = np.repeat([[4.0], [16.0]], 70, axis=1)
    quantity[0, 63:] = 8.0
    quantity[1, 63:] = [8.0, 8.0, NAN, NAN, NAN, NAN, 8.0]
    return _set(_history(quantity), 7, n_cutoffs=1)


def test_target_of_a_week_is_its_units_over_the_forecast_of_its_known_days() -> None:
    np.testing.assert_allclose(_tiny().weeks().target, [56.0 / 28.0, 24.0 / 48.0])


def test_weight_of_a_week_is_its_forecast_times_the_fourth_root_of_the_level() -> None:
    np.testing.assert_allclose(_tiny().weeks().weight, [28.0 * 4.0**0.25, 48.0 * 2.0])


def test_weight_of_a_week_is_divided_by_the_dispersion() -> None:
    """Sales of 0 and 28 on alternate weeks have a mean of 14 and a variance over mean of 14."""
    quantity = np.tile(np.repeat([0.0, 28.0], 7), 182)[np.newaxis, :-1]
    examples = _set(_history(quantity), 7, n_cutoffs=1)
    log_dispersion = examples.features.series["log_dispersion"][0, 0]
    assert log_dispersion == pytest.approx(np.log(14.0), abs=0.05)
    forecast, level = examples.features.weekday_forecast[0, 0].sum(), examples.features.level[0, 0]
    assert examples.weeks().weight[0] == pytest.approx(forecast * level**0.25 / np.exp(log_dispersion))


def test_columns_of_a_week_end_with_its_number(history: History) -> None:
    examples = _set(history)
    # the latest cutoff has one week before the end, the others have two
    assert examples.weeks(np.array([0])).columns[:, -1].tolist() == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert examples.weeks(np.array([0])).columns.shape[1] == 22 + 3 + 1


def test_weeks_of_some_series_are_the_same_rows(history: History) -> None:
    examples = _set(history)
    first, both, alone = (examples.weeks(np.array(rows)) for rows in ([0], [0, 5], [5]))
    np.testing.assert_array_equal(both.columns, np.vstack([first.columns, alone.columns]))
    np.testing.assert_array_equal(both.target, np.append(first.target, alone.target))
    assert len(examples.weeks().target) == np.count_nonzero(examples.has_outcome())


def test_week_has_an_outcome_if_a_day_is_known(history: History) -> None:
    examples = _set(history, n_cutoffs=3)
    has_outcome = examples.has_outcome()
    assert has_outcome[0].tolist() == [[True, False], [True, True], [True, True]]
    target = examples.target.copy()
    target[0, 1, 8:] = NAN  # one day of the second week is known
    partly = replace(examples, target=target)
    assert partly.has_outcome()[0, 1].tolist() == [True, True]
    found = partly.weeks(np.array([0])).target[2]
    assert found == pytest.approx(target[0, 1, 7] / examples.features.weekday_forecast[0, 1, 7])


def _shop(ratio: tuple[float, ...], n_young: int = 0) -> TrainingSet:
    """100 products at 4 a day, which is multiplied by `ratio` in the last week, product by product in turn.

    The first `n_young` of them are 56 days old at the only cutoff.
    """
    quantity = np.full((100, 161), 4.0)
    quantity[:, 154:] *= np.resize(ratio, 100)[:, np.newaxis]
    quantity[:n_young, : 154 - 56] = NAN
    return _set(_history(quantity), 7, n_cutoffs=1)


def _predicted(examples: TrainingSet) -> float:
    """The mean outcome over the weekday forecast, as the regression predicts it for a steady product.

    All 19 averages are 1, so it is the weighted mean of the outcomes less the ridge penalty.
    """
    columns = regression_columns(examples.features)[0, 0, 0]
    np.testing.assert_allclose(columns, [1.0] * 19 + [0.0] * 2)
    return 1.0 + float(columns @ examples.regression().weights) * 19.01 / 19.0


def test_regression_weighs_a_product_by_the_square_of_its_share() -> None:
    examples = _shop((1.0,), n_young=50)
    target = examples.target.copy()
    target[:50] *= 3.0
    # at half of a full history the regression has half the share: (2 x 0.25 + 0 x 1) / 1.25
    assert _predicted(replace(examples, target=target)) == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("outcome", "expected"), [(3.0, 2.0), (8.0, 3.0), (10.0, 3.0), (11.0, 1.0), (1e6, 1.0), (NAN, 1.0)]
)
def test_regression_counts_an_outcome_as_five_at_most_and_ignores_one_above_ten(
    outcome: float, expected: float
) -> None:
    """Every second product sells as usual."""
    assert _predicted(_shop((1.0, outcome))) == pytest.approx(expected)


def test_regression_ignores_series_without_finite_columns(history: History) -> None:
    negative = _history(np.vstack([history.quantity, -history.quantity[:1]]))
    with np.errstate(invalid="ignore"):
        examples = _set(negative)
        assert np.isnan(regression_columns(examples.features)).any()
        assert np.isfinite(examples.regression().weights).all()


def _following(n_series: int, n_days: int = 210) -> History:
    """Expected sales of a week are half those of the week before and half the product's own level."""
    rng = np.random.default_rng(8)
    level = rng.uniform(5.0, 20.0, n_series)
    weeks = np.empty((n_series, n_days // 7))
    weeks[:, 0] = level
    for week in range(1, n_days // 7):
        weeks[:, week] = rng.poisson(3.5 * (weeks[:, week - 1] + level)) / 7.0
    return _history(np.repeat(weeks, 7, axis=1))


def test_regression_learns_how_much_the_last_week_counts() -> None:
    history = _following(200)
    last = np.array([history.n_days - 1])
    features = pooled_features(history, last, HORIZON, fit_pool(history, last))
    level = history.quantity[:, ::7].mean(axis=1)
    expected = (history.quantity[:, -1] + level) / 2.0

    def squared_error(regression: PooledRegression | None) -> float:
        mean = features.weekday_forecast[:, 0, 0] * regression_ratio(features, regression)[:, 0, 0]
        return float(np.mean((mean - expected) ** 2))

    trained = _set(history, n_cutoffs=16).regression()
    assert squared_error(trained) < 0.7 * squared_error(None)


def test_regression_hardly_depends_on_cutoffs_long_ago() -> None:
    examples = _set(_following(40), n_cutoffs=4)
    latest = examples.target.copy()
    latest[:, 1:] = NAN
    last_only = replace(examples, target=latest).regression().weights
    aged = replace(examples, age=np.array([7, 900, 900, 900])).regression().weights
    np.testing.assert_allclose(aged, last_only, atol=2e-3)  # the cap of the weights differs
    assert np.abs(examples.regression().weights - last_only).max() > 0.01


def test_regression_is_not_determined_by_many_products_that_hardly_sell() -> None:
    """Sales of these ended; the products that sell every day go on."""
    steady = _following(60)
    rare = np.random.default_rng(2).poisson(0.15, (3_000, 210)).astype(float)
    rare[:, 150:] = 0.0
    crowd = _history(np.vstack([steady.quantity, rare]))
    last = np.array([209])
    features = pooled_features(steady, last, HORIZON, fit_pool(steady, last))
    alone, among_many = (
        (features.weekday_forecast * regression_ratio(features, _set(each, n_cutoffs=16).regression())).sum()
        for each in (steady, crowd)
    )
    assert among_many == pytest.approx(alone, rel=0.01)


def test_days_of_the_median_are_those_with_a_mean_of_half_a_unit() -> None:
    examples = _tiny()
    mean = np.stack([np.full((1, 7), 4.0), np.array([[0.5, 0.49, 0.5, 0.5, 0.5, 0.5, 16.0]])])
    found = examples.days(mean, 100, 0)
    # seven days of the first product, and the two known ones of the second
    base = np.array([4.0] * 7 + [0.5, 16.0])
    np.testing.assert_allclose(found.weight, np.sqrt(base))
    exact = np.array([2.0] * 7 + [16.0, 0.5])
    assert (found.target <= exact).all()
    assert (found.target > exact - 0.01).all()  # ties are broken by at most a hundredth
    assert len(set(found.target[:7])) == 7
    assert found.columns.shape == (9, 22 + 11 + 3)


def test_days_of_the_median_are_sampled_by_the_seed(history: History) -> None:
    examples = _set(history)
    mean = np.full(examples.target.shape, 2.0)
    first, again, other = (examples.days(mean, 50, seed) for seed in (0, 0, 1))
    assert len(first.target) == 50
    np.testing.assert_array_equal(first.target, again.target)
    assert not np.array_equal(first.target, other.target)


def test_examples_are_drawn_by_weight_and_rare_ones_weigh_more() -> None:
    weight = np.concatenate([np.full(1_000, 100.0), np.full(20_000, 1.0)])
    examples = Examples(np.arange(21_000.0)[:, np.newaxis], np.ones(21_000), weight)
    sampled = examples.sampled(2_000, 0)
    assert 1_200 < len(sampled.target) < 2_200
    assert sampled.weight.sum() == pytest.approx(weight.sum(), rel=0.05)
    is_heavy = sampled.columns[:, 0] < 1_000
    assert is_heavy.sum() == 1_000
    assert (sampled.weight[is_heavy] == 100.0).all()
    np.testing.assert_allclose(sampled.weight[~is_heavy], 120_000 / 2_000)  # one of 60 is drawn
    assert examples.sampled(21_000, 0) is examples


def test_examples_are_capped_at_a_target_and_a_quantile_of_the_weights() -> None:
    examples = Examples(np.zeros((5, 1)), np.array([0.0, 1.0, 9.0, 11.0, 5.0]), np.arange(5.0))
    capped = examples.capped(9.5, 0.5)
    assert capped.target.tolist() == [0.0, 1.0, 9.0, 9.5, 5.0]
    assert capped.weight.tolist() == [0.0, 1.0, 2.0, 2.0, 2.0]
    assert examples.capped().target.tolist() == [0.0, 1.0, 9.0, 10.0, 5.0]


def test_training_has_bags_that_differ_a_median_and_a_regression(history: History) -> None:
    trained = _train(history)
    assert len(trained.mean) == 2
    assert not _same(*trained.mean)
    assert trained.median is not None
    assert trained.regression is not None
    assert trained.regression.weights.shape == (21,)


def test_bag_is_trained_on_its_share_of_the_series() -> None:
    """Without a split a bag is the weighted mean of its products: 1 or 3 times as usual."""
    quantity = np.full((400, 77), 4.0)
    quantity[::2, 70:] = 12.0
    trees = BoostingSettings(1, 2, 10_000, 0.1)
    all_series, some = (
        _train(_history(quantity), n_cutoffs=1, n_bags=3, bag_share=share, mean=trees).mean
        for share in (1.0, 0.6)
    )
    assert [np.exp(bag.baseline) for bag in all_series] == pytest.approx([2.0] * 3)
    means = [float(np.exp(bag.baseline)) for bag in some]
    assert len(set(means)) == 3
    assert means == pytest.approx([2.0] * 3, abs=0.2)


@pytest.mark.parametrize(("part", "setting"), [("median", "use_median"), ("regression", "use_regression")])
def test_training_leaves_out_a_part_that_is_switched_off(history: History, part: str, setting: str) -> None:
    trained = train(history, HORIZON, replace(small_settings(), **{setting: False}))
    assert trained is not None
    assert getattr(trained, part) is None


def test_training_has_no_median_where_too_few_days_have_enough_demand(history: History) -> None:
    rare = _history(np.random.default_rng(3).poisson(0.1, history.quantity.shape).astype(float))
    assert _train(rare).median is None


def test_median_is_trained_over_the_forecast_of_the_regression(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    means: list[tuple[PooledFeatures, np.ndarray]] = []
    days = TrainingSet.days

    def note(self: TrainingSet, mean: np.ndarray, max_rows: int, seed: int) -> Examples:
        means.append((self.features, mean))
        return days(self, mean, max_rows, seed)

    monkeypatch.setattr(TrainingSet, "days", note)
    trained = _train(history)
    ((features, mean),) = means
    np.testing.assert_array_equal(
        mean, features.weekday_forecast * regression_ratio(features, trained.regression)
    )
    assert not np.array_equal(mean, features.weekday_forecast)


@pytest.mark.parametrize("small", [_history(np.ones((2, 40))), random_sales(4)], ids=["short", "few weeks"])
def test_training_needs_a_cutoff_and_enough_weeks(small: History) -> None:
    assert train(small, HORIZON, small_settings()) is None


def test_training_repeats_itself_to_the_bit(history: History) -> None:
    first, again = _train(history), _train(history)
    assert all(_same(one, other) for one, other in zip(first.mean, again.mean, strict=True))
    assert first.median is not None
    assert again.median is not None
    assert _same(first.median, again.median)


def test_training_with_another_seed_draws_other_series(history: History) -> None:
    other = train(history, HORIZON, small_settings(), seed=5)
    assert other is not None
    assert not _same(_train(history).mean[0], other.mean[0])


def test_series_without_finite_sums_is_not_trained_on(history: History) -> None:
    poisoned = _history(np.vstack([history.quantity, np.full((1, 140), 1e200)]))
    np.testing.assert_array_equal(finite_series(poisoned).quantity, history.quantity)
    assert finite_series(history) is history
    trained, expected = _train(poisoned), _train(history)
    assert all(_same(one, other) for one, other in zip(trained.mean, expected.mean, strict=True))
