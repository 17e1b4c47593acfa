from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.selection import (
    Selection,
    SelectionSettings,
    ValidationErrors,
    class_choice,
    select,
)


def _validation(mse: list[list[float]], n_obs: float = 28.0) -> ValidationErrors:
    """One series: for each candidate the mean squared errors of its windows, over `n_obs` days each."""
    errors = np.array(mse)[:, :, np.newaxis]
    return ValidationErrors(np.full(errors.shape, n_obs), errors * n_obs)


def _class_errors(smooth: list[float], everyone: list[float], n_smooth: int = 100) -> ClassErrors:
    count = np.array([[float(n_smooth)] * len(smooth), [200.0] * len(smooth)])
    return ClassErrors(("smooth", "all"), np.array([smooth, everyone]), count)


SMOOTH = np.array(["smooth"])
PREFERS_FIRST = _class_errors([1.0, 2.0], [2.0, 1.0])


def _select(
    validation: ValidationErrors, errors: ClassErrors = PREFERS_FIRST, **settings: float
) -> Selection:
    return select(validation, SMOOTH, errors, min_obs=28, settings=SelectionSettings(**settings))


def test_series_with_a_clear_gain_chooses_by_its_own_errors() -> None:
    found = _select(_validation([[4.0, 4.2, 4.1], [2.0, 2.1, 2.0]]))
    assert (found.chosen[0], found.runner_up[0], found.level[0]) == (1, 0, "series")
    np.testing.assert_allclose(found.margin, [1 - 6.1 / 12.3])


def test_series_with_an_unsteady_gain_keeps_its_class_choice() -> None:
    found = _select(_validation([[9.0, 2.0, 2.0], [2.0, 3.0, 3.0]]))
    assert (found.chosen[0], found.level[0], found.margin[0]) == (0, "class", 0.5)


# It saves 6, 4.1 and 5 of 8: 63 %, with a mean of 5.03 and a standard error of 0.549: 9.2 of them.
STEADY = _validation([[8.0, 8.0, 8.0], [2.0, 3.9, 3.0]])
# It saves 6, 3 and 7 of 8: 67 %, with a mean of 5.33 and a standard error of 1.20: 4.4 of them.
UNSTEADY = _validation([[8.0, 8.0, 8.0], [2.0, 5.0, 1.0]])


@pytest.mark.parametrize(
    ("validation", "limits", "level"),
    [
        (STEADY, {}, "series"),
        (STEADY, {"series_gain": 0.62}, "series"),
        (STEADY, {"series_gain": 0.64}, "class"),
        (STEADY, {"series_standard_errors": 9.1}, "series"),
        (STEADY, {"series_standard_errors": 9.3}, "class"),
        (UNSTEADY, {}, "series"),
        (UNSTEADY, {"series_standard_errors": 4.5}, "class"),
    ],
)
def test_series_chooses_for_a_gain_above_both_limits(
    validation: ValidationErrors, limits: dict[str, float], level: str
) -> None:
    assert _select(validation, **limits).level[0] == level


def test_series_with_a_gain_of_three_standard_errors_keeps_its_class_choice() -> None:
    # it saves 4, 1 and 2.5 of 6: 42 % and 2.9 standard errors, of which four are needed
    found = _select(_validation([[6.0, 6.0, 6.0], [2.0, 5.0, 3.5]]))
    assert (found.chosen[0], found.level[0]) == (0, "class")


def test_series_with_a_small_gain_keeps_its_class_choice() -> None:
    found = _select(_validation([[4.0, 4.0, 4.0], [3.9, 3.9, 3.9]]))
    assert (found.chosen[0], found.level[0]) == (0, "class")


def test_series_with_too_few_days_gets_its_class_choice() -> None:
    found = _select(_validation([[4.0], [1.0]], n_obs=10))
    assert (found.chosen[0], found.level[0]) == (0, "class")


def test_sparse_series_needs_twice_the_days() -> None:
    errors = replace(PREFERS_FIRST, classes=("lumpy", "all"))
    few, many = (
        select(_validation([[4.0], [1.0]], n_obs=n), np.array(["lumpy"]), errors, 28) for n in (55, 56)
    )
    assert (few.level[0], many.level[0]) == ("class", "series")


def test_sparse_series_without_a_sale_on_the_windows_gets_its_class_choice() -> None:
    errors = replace(PREFERS_FIRST, classes=("lumpy", "all"))
    silent, sold = (
        select(_validation([[4.0, 4.0], [best, best]]), np.array(["lumpy"]), errors, 28)
        for best in (0.0, 0.1)
    )
    assert (silent.level[0], sold.level[0]) == ("class", "series")
    assert _select(_validation([[4.0, 4.0], [0.0, 0.0]])).level[0] == "series"  # smooth: it has sold


@pytest.mark.parametrize(
    ("n_smooth", "limits", "choice"),
    [
        (19, {}, (1, "default")),
        (20, {}, (0, "class")),
        (3, {"min_class_series": 3}, (0, "class")),
        (20, {"min_class_series": 21}, (1, "default")),
    ],
)
def test_small_class_gives_way_to_all_series(
    n_smooth: int, limits: dict[str, float], choice: tuple[int, str]
) -> None:
    errors = _class_errors([1.0, 2.0], [2.0, 1.0], n_smooth)
    found = _select(_validation([[4.0], [1.0]], n_obs=0), errors, **limits)
    assert (found.chosen[0], found.level[0]) == choice


def test_without_any_class_the_first_candidate_is_chosen() -> None:
    found = _select(_validation([[4.0], [1.0]], n_obs=0), ClassErrors.none(2))
    assert (found.chosen[0], found.runner_up[0], found.level[0]) == (0, -1, "default")
    assert np.isnan(found.margin[0])


def test_tie_goes_to_the_earlier_candidate() -> None:
    errors = _class_errors([1.0, 1.0], [1.0, 1.0])
    found = _select(_validation([[3.0, 3.0], [3.0, 3.0]]), errors)
    assert (found.chosen[0], found.runner_up[0], found.margin[0]) == (0, 1, 0.0)


def test_candidate_scored_on_fewer_days_is_not_chosen_by_a_series() -> None:
    validation = _validation([[4.0, 4.0], [1.0, 1.0]])
    validation.n_obs[1, 1, 0] = validation.sse[1, 1, 0] = 0.0
    found = _select(validation)
    assert (found.chosen[0], found.runner_up[0], found.level[0]) == (0, -1, "series")


@pytest.mark.parametrize(
    ("other", "limits", "choice"),
    [(0.995, {}, 0), (0.985, {}, 1), (0.985, {"class_gain": 0.02}, 0), (0.995, {"class_gain": 0.0}, 1)],
)
def test_class_leaves_the_first_candidate_only_for_enough_of_a_gain(
    other: float, limits: dict[str, float], choice: int
) -> None:
    found = _select(ValidationErrors.none(2, 1), _class_errors([1.0, other], [1.0, 1.0]), **limits)
    assert found.chosen[0] == choice
    margin = 1.0 - other if choice else (other - 1.0) / other
    np.testing.assert_allclose(found.margin, [margin])


def _of_all(*errors: float, usual: dict[str, int] | None = None) -> ClassErrors:
    """The error of each candidate on all series, in one class."""
    return ClassErrors(("all",), np.array([errors]), np.full((1, len(errors)), 50.0), usual or {})


def test_class_keeps_its_usual_candidate_unless_another_is_clearly_better() -> None:
    assert class_choice(_of_all(4.0, 3.99, 3.97)).tolist() == [0]
    assert class_choice(_of_all(4.0, 3.99, 3.97, usual={"all": 1})).tolist() == [1]
    assert class_choice(_of_all(4.0, 3.99, 3.9, usual={"all": 1})).tolist() == [2]
    assert class_choice(_of_all(4.0, 3.99, 3.97, usual={"smooth": 1})).tolist() == [0]  # another class


def test_class_takes_the_best_candidate_if_its_usual_one_was_hardly_scored() -> None:
    errors = _of_all(1.0, 3.0, 2.0)
    errors.n_series[0, 0] = 19.0
    assert class_choice(errors).tolist() == [2]
    errors.n_series[0, :] = 19.0
    assert class_choice(replace(errors, usual={"all": 1})).tolist() == [1]


def test_series_too_young_for_the_backtest_gets_the_first_candidate() -> None:
    errors = _class_errors([2.0, 1.0], [2.0, 1.0])
    is_young, classes = np.array([True, False]), np.array(["smooth", "smooth"])
    found = select(ValidationErrors.none(2, 2, 1), classes, errors, min_obs=28, is_young=is_young)
    assert found.chosen.tolist() == [0, 1]
    assert found.level.tolist() == ["default", "class"]
    assert found.runner_up.tolist() == [1, 0]
    assert found.margin.tolist() == [-1.0, 0.5]


def test_validation_errors_are_those_of_the_named_windows() -> None:
    sums = ErrorSums.zeros(1, 3, 1)
    sums.n_obs[0, :, 0], sums.sse[0, :, 0] = [1.0, 2.0, 3.0], [10.0, 20.0, 30.0]
    validation = ValidationErrors.of(sums, [1, 2])
    assert validation.n_obs.tolist() == [[[2.0], [3.0]]]
    assert validation.sse.tolist() == [[[20.0], [30.0]]]


def test_no_validation_errors_have_the_shape_of_the_batch() -> None:
    none = ValidationErrors.none(n_candidates=2, n_series=3, n_windows=4)
    assert (none.n_obs.shape, none.sse.any()) == ((2, 4, 3), False)
