"""Sales of a product at its other locations, by week."""

from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.panel.dense import ELSEWHERE, PackedBatch, Ragged
from lepton_spark.panel.elsewhere import elsewhere_lists, elsewhere_of

NAN = np.nan
DAYS = np.arange(100, 110)  # three days of a week, then a week
HERE = [1.0, 1, 1, 2, 2, 2, 2, 2, 2, 2]
YOUNG = [NAN, NAN, NAN, NAN, NAN, 5, 5, 5, 5, NAN]
ALONE = [9.0] * 10


def batch(lists: list[list[float]]) -> PackedBatch:
    series = np.repeat(np.arange(len(lists)), [len(values) for values in lists])
    n = len(lists)
    packed = PackedBatch(
        tuple(f"p{row}" for row in range(n)),
        ("here",) * n,
        np.arange(n),
        np.zeros(n, dtype=np.int64),
        np.arange(n + 1),
        np.ones(n),
    )
    values = np.array([value for each in lists for value in each], dtype=np.float64)
    return replace(packed, covariates={ELSEWHERE: Ragged(series, values)})


def test_lists_are_the_units_and_known_days_of_the_other_locations_by_week() -> None:
    lists = elsewhere_lists(History(np.array([HERE, YOUNG, ALONE]), DAYS), ["a", "a", "b"])
    assert [values.tolist() for values in lists] == [
        [20.0, 4.0],  # from the week in which the other location begins
        [3.0, 14.0, 3.0, 7.0],
        [],
    ]


def test_lists_of_weekly_histories_have_a_value_for_each_week() -> None:
    history = History(np.array([[7.0, 8, 9], [1, NAN, 3]]), np.array([100, 107, 114]), period=7)
    lists = elsewhere_lists(history, ["a", "a"])
    assert [values.tolist() for values in lists] == [[1.0, 0, 3, 1, 0, 1], [7.0, 8, 9, 1, 1, 1]]


def test_lists_do_not_contain_outliers() -> None:
    history = History(np.array([HERE, HERE]), DAYS, damped=np.array([HERE, np.minimum(HERE, 1.5)]))
    assert elsewhere_lists(history, ["a", "a"])[0].tolist() == [3.0, 10.5, 3.0, 7.0]


def test_weeks_of_a_batch_end_with_the_cutoff() -> None:
    found = elsewhere_of(batch([[20.0, 4.0], [], [3.0, 14.0, 3.0, 7.0]]), 109)
    assert found is not None
    assert found.units.tolist() == [[0.0, 20.0], [0.0, 0.0], [3.0, 14.0]]
    assert found.columns.tolist() == [[0.0, 4.0], [0.0, 0.0], [3.0, 7.0]]
    assert found.days.tolist() == [102, 109]


def test_batch_without_lists_has_nothing_elsewhere() -> None:
    assert elsewhere_of(batch([[], []]), 109) is None
    assert elsewhere_of(replace(batch([[]]), covariates={}), 109) is None
