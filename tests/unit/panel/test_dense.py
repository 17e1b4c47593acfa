from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.panel.calendar import Calendar
from lepton_spark.panel.dense import (
    PackedBatch,
    Ragged,
    delisted_ahead,
    dense_history,
    prior_of,
    series_facts,
)

NAN = np.nan
CALENDAR = Calendar({"a": np.array([10, 11, 12, 14, 15]), "b": np.array([12, 15])}, cutoff=15)


def packed(*series: tuple[str, int, list[float]]) -> PackedBatch:
    lengths = [len(values) for _, _, values in series]
    return PackedBatch(
        product_ids=tuple(f"p{n}" for n in range(len(series))),
        location_ids=tuple(location for location, _, _ in series),
        series=np.arange(len(series)),
        first_day=np.array([first for _, first, _ in series]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        quantity=np.array([value for _, _, values in series for value in values]),
    )


def test_dense_history_is_zero_where_the_location_delivered_and_nan_elsewhere() -> None:
    history = dense_history(packed(("a", 10, [5.0, NAN, 2.0]), ("b", 12, [3.0])), CALENDAR, 99)
    assert history.days.tolist() == [10, 11, 12, 13, 14, 15]
    np.testing.assert_array_equal(
        history.quantity, [[5.0, 0.0, 2.0, NAN, 0.0, 0.0], [NAN, NAN, 3.0, NAN, NAN, 0.0]]
    )


def test_dense_history_joins_the_years_of_a_series() -> None:
    one = packed(("a", 10, [5.0]), ("a", 14, [3.0]), ("b", 12, [1.0]))
    years = replace(one, series=np.array([0, 0, 1]), product_ids=("p0", "p1"), location_ids=("a", "b"))
    np.testing.assert_array_equal(
        dense_history(years, CALENDAR, 99).quantity,
        [[5.0, 0.0, 0.0, NAN, 3.0, 0.0], [NAN, NAN, 1.0, NAN, NAN, 0.0]],
    )


def test_dense_history_begins_with_the_first_sale() -> None:
    history = dense_history(packed(("a", 10, [0.0, NAN, 2.0])), CALENDAR, 99)
    assert history.days.tolist() == [12, 13, 14, 15]
    np.testing.assert_array_equal(history.quantity, [[2.0, NAN, 0.0, 0.0]])


def test_dense_history_of_an_unsold_product_begins_with_its_first_row() -> None:
    history = dense_history(packed(("a", 11, [0.0])), CALENDAR, 99)
    np.testing.assert_array_equal(history.quantity, [[0.0, 0.0, NAN, 0.0, 0.0]])


def test_dense_history_is_cut_to_the_last_history_days() -> None:
    history = dense_history(packed(("a", -300_000, [5.0]), ("a", 12, [3.0])), CALENDAR, 5)
    assert history.days.tolist() == [11, 12, 13, 14, 15]
    np.testing.assert_array_equal(history.quantity, [[0.0, 0.0, NAN, 0.0, 0.0], [NAN, 3.0, NAN, 0.0, 0.0]])


def test_series_facts_count_known_days_and_recent_units() -> None:
    quantity = np.full((2, 40), 1.0)
    quantity[0, 35:] = NAN
    quantity[1] = 0.0
    facts = series_facts(History(quantity, np.arange(100, 140)))
    assert facts.n_days_known.tolist() == [35, 40]
    assert facts.last_sale.tolist() == [134, -1]
    assert facts.recent_quantity.tolist() == [28.0, 0.0]


def test_a_typing_error_counts_in_recent_units_only_as_far_as_it_is_not_damped() -> None:
    quantity = np.full((1, 40), 5.0)
    quantity[0, 30] = 40_123_455.0
    history = History(quantity, np.arange(100, 140), damped=damp_outliers(quantity))
    assert series_facts(history).recent_quantity.tolist() == [27 * 5.0 + 25.0]  # 5 plus 8 deviations of 2.5


def _with_side(**lists: tuple[list[int], list[float]]) -> PackedBatch:
    one = packed(("a", 10, [5.0, 4.0, 2.0, NAN, 1.0]), ("a", 10, [1.0, 1.0, 1.0, NAN, 1.0]))
    side = {name: Ragged(np.array(of), np.array(values)) for name, (of, values) in lists.items()}
    return replace(one, covariates=side)


def test_dense_history_withholds_days_out_of_stock() -> None:
    # a day before the first one, two with a sale, one without a row
    batch = _with_side(stock_outs=([0, 0, 0, 1], [9.0, 11.0, 14.0, 15.0]))
    history = dense_history(batch, CALENDAR, 99)
    np.testing.assert_array_equal(
        history.quantity, [[5.0, NAN, 2.0, NAN, NAN, 0.0], [1.0, 1.0, 1.0, NAN, 1.0, NAN]]
    )
    assert history.stock_out_sales is not None
    np.testing.assert_array_equal(
        history.stock_out_sales, [[NAN, 4.0, NAN, NAN, 1.0, NAN], [NAN, NAN, NAN, NAN, NAN, 0.0]]
    )
    assert dense_history(_with_side(), CALENDAR, 99).stock_out_sales is None


def test_delisted_ahead_from_the_day_of_delisting() -> None:
    ahead = 15 + np.arange(1, 4)
    delisted = delisted_ahead(_with_side(delisted=([1], [17.0])), ahead)
    assert delisted.tolist() == [[False] * 3, [False, True, True]]
    assert not delisted_ahead(_with_side(), ahead).any()
    assert not delisted_ahead(
        _with_side(delisted=([1], [17.0])), np.array([16])
    ).any()  # a week that began before the day


def test_prior_has_weight_until_its_end_date() -> None:
    batch = _with_side(prior=([1, 1, 1], [3.0, 0.5, 17.0]))
    prior = prior_of(batch, np.array([16, 17, 18]), 1)
    assert prior is not None
    np.testing.assert_array_equal(prior.level, [NAN, 3.0])
    np.testing.assert_array_equal(prior.weight, [[0.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    weeks = prior_of(batch, np.array([16, 23]), 7)
    assert weeks is not None
    np.testing.assert_array_equal(weeks.level, [NAN, 21.0])
    assert prior_of(_with_side(), np.array([16]), 1) is None


def test_dense_history_has_no_quantity_where_a_line_was_rejected() -> None:
    history = dense_history(packed(("a", 10, [-1.0, 5.0, -1.0, NAN, 2.0])), CALENDAR, 99)
    np.testing.assert_array_equal(history.quantity, [[5.0, NAN, NAN, 2.0, 0.0]])
    assert history.rejected is not None
    np.testing.assert_array_equal(history.rejected, [[False, True, False, False, False]])


def test_dense_history_does_not_take_a_zero_for_a_fact_on_a_day_that_was_not_delivered() -> None:
    history = dense_history(packed(("a", 10, [5.0, 0.0, 2.0, 0.0])), CALENDAR, 99)
    np.testing.assert_array_equal(history.quantity, [[5.0, 0.0, 2.0, NAN, 0.0, 0.0]])
