import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.local.naive import Mean, SeasonalNaive, SeasonalWindowAverage, Zero

NAN = np.nan


def _history(*series: list[float]) -> History:
    return History(np.array(series), np.arange(len(series[0])))


def test_seasonal_naive_repeats_the_last_known_value_of_the_weekday() -> None:
    history = _history([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, NAN, 12, 13, 14])
    assert SeasonalNaive().fit_forecast(history, 9).forecast.tolist() == [[8, 9, 10, 4, 12, 13, 14, 8, 9]]


def test_seasonal_naive_uses_the_mean_of_the_others_for_a_weekday_never_known() -> None:
    history = _history([1.0, 2, 3, 4, 5, 9, NAN])
    assert SeasonalNaive().fit_forecast(history, 7).forecast.tolist() == [[1, 2, 3, 4, 5, 9, 4]]


def test_seasonal_models_need_a_first_known_day_a_week_old() -> None:
    history = _history([NAN, 1.0, 2, 3, 4, 5, 6], [0.0, 1, 2, 3, 4, 5, 6])
    for model in (SeasonalNaive(), SeasonalWindowAverage()):
        finite = np.isfinite(model.fit_forecast(history, 3).forecast)
        assert finite.all(axis=1).tolist() == [False, True]
        assert not finite[0].any()


def test_seasonal_window_average_uses_the_last_eight_known_values() -> None:
    weeks = np.repeat(np.arange(10.0), 7)  # weeks 0..9: the last eight are 2..9, mean 5.5
    weeks[-7] = NAN  # this weekday uses weeks 1..8, mean 4.5
    forecast = SeasonalWindowAverage().fit_forecast(_history(weeks.tolist()), 8).forecast[0]
    assert forecast.tolist() == [4.5, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5, 4.5]


def test_mean_ignores_unknown_days() -> None:
    assert Mean().fit_forecast(_history([1.0, NAN, 5.0]), 2).forecast.tolist() == [[3.0, 3.0]]


def test_zero_forecasts_zero_where_a_day_is_known() -> None:
    forecast = Zero().fit_forecast(_history([NAN, 4.0], [NAN, NAN]), 1).forecast
    assert forecast[0].tolist() == [0.0]
    assert np.isnan(forecast[1]).all()


def test_seasonal_models_reach_back_as_far_as_a_weekday_was_unknown() -> None:
    """30 weeks 0..29; the first weekday is unknown in the last 20, a second product in all but those.

    Of a third product the second weekday is known in the first 14 weeks only, and nothing else then.
    """
    weeks = np.repeat(np.arange(30.0), 7)
    closed, young = weeks.copy(), weeks.copy()
    closed[70::7] = NAN
    young[:70] = NAN
    moved = np.where((np.arange(210) % 7 == 1) == (weeks < 14), weeks, NAN)
    # the average is that of weeks 22..29, or of the last eight in which the weekday is known
    for units, last in ((closed, [9.0, 29.0]), (young, [29.0, 29.0]), (moved, [29.0, 13.0])):
        history = History(units[np.newaxis], np.arange(210))
        assert SeasonalNaive().fit_forecast(history, 2).forecast[0].tolist() == last
        average = SeasonalWindowAverage().fit_forecast(history, 2).forecast[0]
        assert average.tolist() == [week - 3.5 for week in last]
