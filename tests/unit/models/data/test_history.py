import datetime as dt

import numpy as np

from lepton_spark.models.data.history import History, weekdays


def test_weekdays_agree_with_the_calendar() -> None:
    days = np.arange(19_000, 19_020)
    expected = [(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).weekday() for day in days]
    assert weekdays(days).tolist() == expected


def test_history_until_keeps_the_horizon_of_its_regressors() -> None:
    regressors = np.arange(8.0).reshape(1, 8, 1)  # T = 5, H = 3
    history = History(np.zeros((1, 5)), np.arange(5), regressors).until(2)
    assert history.quantity.shape == (1, 3)
    assert history.regressors is not None
    assert history.regressors[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_history_select_takes_rows_in_order() -> None:
    history = History(np.array([[1.0], [2.0], [3.0]]), np.arange(1), np.arange(6.0).reshape(3, 2, 1))
    chosen = history.select(np.array([2, 0]))
    assert chosen.quantity[:, 0].tolist() == [3.0, 1.0]
    assert chosen.regressors is not None
    assert chosen.regressors[:, 0, 0].tolist() == [4.0, 0.0]
