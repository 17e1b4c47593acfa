import dataclasses

import numpy as np

from lepton_spark.evaluation.error_sums import ErrorSums
from lepton_spark.evaluation.selection import ClassTable, class_table, select


def _sums(mse: np.ndarray, n_obs: float = 28.0) -> ErrorSums:
    """Sums of mean squared errors [C, W, S] over `n_obs` days a window, with a scale of 1."""
    n = np.full(mse.shape, n_obs)
    zeros = np.zeros(mse.shape)
    return ErrorSums(n, n, mse * n, zeros, zeros, zeros, mse * n, zeros)


def _table(smooth: list[float], everyone: list[float], n_smooth: int = 100) -> ClassTable:
    count = np.array([[float(n_smooth)] * len(smooth), [200.0] * len(smooth)])
    return ClassTable(("smooth", "all"), np.array([smooth, everyone]), count)


def _one(windows: list[list[float]]) -> np.ndarray:
    """One series: a list of window errors for each candidate, as [C, W, 1]."""
    return np.array(windows)[:, :, np.newaxis]


SMOOTH = np.array(["smooth"])
PREFERS_FIRST = _table([1.0, 2.0], [2.0, 1.0])


def test_series_with_a_clear_gain_chooses_by_itself() -> None:
    chosen = select(_sums(_one([[4.0, 4.2, 4.1], [2.0, 2.1, 2.0]])), SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.runner_up[0], chosen.level[0]) == (1, 0, "series")
    np.testing.assert_allclose(chosen.margin, [1 - 6.1 / 12.3])


def test_series_with_an_unsteady_gain_keeps_its_class_choice() -> None:
    chosen = select(_sums(_one([[9.0, 2.0, 2.0], [2.0, 3.0, 3.0]])), SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.level[0], chosen.margin[0]) == (0, "class", 0.5)


def test_series_with_a_gain_of_three_standard_errors_keeps_its_class_choice() -> None:
    # it saves 4, 1 and 2.5 of 6: 42 % and 2.9 standard errors, of which four are asked
    windows = [[6.0, 6.0, 6.0], [2.0, 5.0, 3.5]]
    chosen = select(_sums(_one(windows)), SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.level[0]) == (0, "class")


def test_series_with_a_small_gain_keeps_its_class_choice() -> None:
    chosen = select(_sums(_one([[4.0, 4.0, 4.0], [3.9, 3.9, 3.9]])), SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.level[0]) == (0, "class")


def test_series_with_too_few_days_takes_its_class_choice() -> None:
    chosen = select(_sums(_one([[4.0], [1.0]]), n_obs=10), SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.level[0]) == (0, "class")


def test_sparse_series_needs_twice_the_days() -> None:
    table = dataclasses.replace(PREFERS_FIRST, classes=("lumpy", "all"))
    few, many = (
        select(_sums(_one([[4.0], [1.0]]), n_obs=n), np.array(["lumpy"]), table, 28) for n in (55, 56)
    )
    assert (few.level[0], many.level[0]) == ("class", "series")


def test_small_class_gives_way_to_every_series() -> None:
    table = _table([1.0, 2.0], [2.0, 1.0], n_smooth=3)
    chosen = select(_sums(_one([[4.0], [1.0]]), n_obs=0), SMOOTH, table, min_obs=28)
    assert (chosen.chosen[0], chosen.level[0]) == (1, "default")


def test_without_any_class_the_first_candidate_wins() -> None:
    empty = ClassTable((), np.zeros((0, 2)), np.zeros((0, 2)))
    chosen = select(_sums(_one([[4.0], [1.0]]), n_obs=0), SMOOTH, empty, min_obs=28)
    assert (chosen.chosen[0], chosen.runner_up[0], chosen.level[0]) == (0, -1, "default")
    assert np.isnan(chosen.margin[0])


def test_tie_goes_to_the_earlier_candidate() -> None:
    table = _table([1.0, 1.0], [1.0, 1.0])
    chosen = select(_sums(_one([[3.0, 3.0], [3.0, 3.0]])), SMOOTH, table, min_obs=28)
    assert (chosen.chosen[0], chosen.runner_up[0], chosen.margin[0]) == (0, 1, 0.0)


def test_candidate_scored_on_fewer_days_is_no_choice_of_the_series() -> None:
    sums = _sums(_one([[4.0, 4.0], [1.0, 1.0]]))
    sums.n_obs[1, 1, 0] = sums.sse[1, 1, 0] = 0.0
    chosen = select(sums, SMOOTH, PREFERS_FIRST, min_obs=28)
    assert (chosen.chosen[0], chosen.runner_up[0], chosen.level[0]) == (0, -1, "series")


def test_class_table_caps_what_one_series_counts() -> None:
    mse = np.array([[[1.0, 1.0, 1000.0]], [[2.0, 2.0, 2.0]]])  # [C=2, W=1, S=3]
    table = class_table(_sums(mse), np.array(["smooth", "lumpy", "smooth"]))
    assert table.classes == ("lumpy", "smooth", "all")
    np.testing.assert_allclose(table.scaled_mse, [[1.0, 2.0], [5.5, 2.0], [4.0, 2.0]])
    assert table.n_series[:, 0].tolist() == [1, 2, 3]


def test_class_leaves_the_first_candidate_only_for_a_gain_worth_it() -> None:
    nothing = ErrorSums.zeros(2, 1, 1)
    chosen, margin = [], []
    for other in (0.995, 0.985):
        made = select(nothing, SMOOTH, _table([1.0, other], [1.0, 1.0]), min_obs=28)
        chosen.append(int(made.chosen[0]))
        margin.append(float(made.margin[0]))
    assert chosen == [0, 1]
    np.testing.assert_allclose(margin, [(0.995 - 1.0) / 0.995, 0.015])


def test_a_series_unjudged_that_was_judged_takes_the_first_candidate() -> None:
    table = _table([2.0, 1.0], [2.0, 1.0])
    nothing = _sums(np.zeros((2, 1, 2)), n_obs=0.0)
    classes = np.array(["smooth", "smooth"])
    chosen = select(nothing, classes, table, min_obs=28, unjudged=np.array([True, False]))
    assert chosen.chosen.tolist() == [0, 1]
    assert chosen.level.tolist() == ["default", "class"]
    assert chosen.runner_up.tolist() == [1, 0]
    assert chosen.margin.tolist() == [-1.0, 0.5]
