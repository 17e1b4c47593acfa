"""Series that choose from the portfolio of their segment."""

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.portfolios import STANDARD, Portfolio, Portfolios
from lepton_spark.evaluation.selection import Selection, ValidationErrors, class_choice, select
from lepton_spark.models.registry import Candidate

NAIVE, MEAN, ZERO, LINE = (
    Candidate(name) for name in ("seasonal_naive", "mean", "zero", "linear_regression")
)
CANDIDATES = (NAIVE, MEAN, ZERO, LINE)
BOTH = Portfolios.of([Portfolio(STANDARD, (NAIVE, MEAN)), Portfolio("own", (LINE, MEAN))], CANDIDATES)
OWN_SERIES = 1


def _errors(**groups: tuple[list[float], float]) -> ClassErrors:
    """By class, own__smooth for a class of a segment: the errors of the candidates, and the series."""
    names = tuple(name.replace("__", "/") for name in groups)
    scaled = np.array([errors for errors, _ in groups.values()])
    return ClassErrors(names, scaled, np.array([[count] * 4 for _, count in groups.values()]))


def _select(
    errors: ClassErrors, mse: list[list[float]] | None = None, n_obs: float = 28.0, **more: np.ndarray
) -> Selection:
    """Two series with the same errors by candidate and window; the second is in the segment `own`."""
    each = np.full((4, 3), np.nan) if mse is None else np.array(mse)
    scored = np.where(np.isnan(each), 0.0, n_obs)
    both = ValidationErrors(
        *(np.stack([part, part], axis=2) for part in (scored, np.nan_to_num(each) * n_obs))
    )
    return select(
        both, np.array(["smooth"] * 2), errors, 28, portfolios=BOTH, segment=np.array([0, 1]), **more
    )


def test_portfolios_are_positions_of_their_candidates() -> None:
    assert BOTH.allowed.tolist() == [[True, True, False, False], [False, True, False, True]]
    assert (BOTH.names, BOTH.first.tolist()) == (("", "own"), [0, 3])


def test_without_portfolios_every_candidate_is_allowed() -> None:
    alone = Portfolios.of((), CANDIDATES)
    assert (alone.names, alone.allowed.tolist(), alone.first.tolist()) == (("",), [[True] * 4], [0])


def test_series_without_errors_get_the_first_model_of_their_portfolio() -> None:
    found = _select(ClassErrors.none(4))
    assert found.chosen.tolist() == [0, 3]
    assert found.level.tolist() == ["default", "default"]


def test_young_series_get_the_first_model_of_their_portfolio() -> None:
    errors = _errors(smooth=([2.0, 1.0, 3.0, 3.0], 50), all=([2.0, 1.0, 3.0, 3.0], 50))
    found = _select(errors, is_young=np.array([True, True]))
    assert (found.chosen.tolist(), found.level.tolist()) == ([0, 3], ["default", "default"])


def test_own_errors_choose_among_the_models_of_the_portfolio() -> None:
    mse = [[8.0] * 3, [2.0] * 3, [0.1] * 3, [6.0] * 3]
    found = _select(ClassErrors.none(4), mse)
    assert found.chosen.tolist() == [
        1,
        1,
    ]  # 2 is less than half of 8, and of 6; the 0.1 of zero is not allowed
    assert found.runner_up.tolist() == [0, 3]
    assert found.level.tolist() == ["series", "series"]
    np.testing.assert_allclose(found.margin, [0.75, 2 / 3])


def test_days_that_only_a_forbidden_model_scored_do_not_count() -> None:
    """Only candidates of the portfolio are compared, so one of another with more days rules out none."""
    n_obs = np.array([28.0, 28.0, 35.0, 28.0])[:, np.newaxis, np.newaxis] * np.ones((4, 3, 1))
    sse = np.array([224.0, 56.0, 1.0, 224.0])[:, np.newaxis, np.newaxis] * np.ones((4, 3, 1))
    found = select(
        ValidationErrors(n_obs, sse),
        np.array(["smooth"]),
        ClassErrors.none(4),
        28,
        portfolios=BOTH,
        segment=np.array([OWN_SERIES]),
    )
    assert (found.chosen[0], found.level[0]) == (1, "series")


def test_class_errors_of_the_segment_come_before_those_of_all_series() -> None:
    errors = _errors(
        smooth=([3.0, 1.0, 0.1, 2.0], 500),
        all=([3.0, 1.0, 0.1, 2.0], 900),
        own__smooth=([1.0, 3.0, 0.1, 2.0], 20),
        own__all=([1.0, 1.0, 0.1, 2.0], 40),
    )
    found = _select(errors)
    assert found.chosen.tolist() == [1, 3]
    assert found.level.tolist() == ["class", "class"]
    assert found.runner_up.tolist() == [0, 1]


def test_small_class_of_a_segment_uses_the_errors_of_the_whole_segment() -> None:
    errors = _errors(
        smooth=([3.0, 9.0, 0.1, 2.0], 500),
        all=([3.0, 9.0, 0.1, 2.0], 900),
        own__smooth=([1.0, 3.0, 0.1, 2.0], 19),
        own__all=([1.0, 1.0, 0.1, 2.0], 20),
    )
    found = _select(errors)
    assert (found.chosen[OWN_SERIES], found.level[OWN_SERIES]) == (1, "segment")


def test_small_segment_uses_the_class_errors_of_all_series_among_its_models() -> None:
    errors = _errors(
        smooth=([0.5, 1.0, 0.1, 2.0], 500),
        all=([3.0, 9.0, 0.1, 2.0], 900),
        own__smooth=([1.0, 9.0, 0.1, 2.0], 5),
        own__all=([1.0, 9.0, 0.1, 2.0], 5),
    )
    found = _select(errors)
    assert found.chosen.tolist() == [0, 1]
    assert found.level.tolist() == ["class", "class"]


def test_class_of_a_segment_leaves_its_first_model_for_a_gain_above_one_percent_only() -> None:
    groups = {"all": ([1.0] * 4, 900.0), "own__smooth": ([0.1, 1.985, 0.1, 2.0], 20.0)}
    assert _select(_errors(**groups)).chosen[OWN_SERIES] == 3
    groups["own__smooth"] = ([0.1, 1.975, 0.1, 2.0], 20.0)
    assert _select(_errors(**groups)).chosen[OWN_SERIES] == 1


def test_usual_model_of_a_class_of_a_segment_is_its_own() -> None:
    errors = _errors(smooth=([1.0] * 4, 50), all=([1.0] * 4, 50), own__smooth=([1.0] * 4, 50))
    usual = ClassErrors(errors.classes, errors.scaled_mse, errors.n_series, {"smooth": 1, "own/smooth": 1})
    assert class_choice(errors, portfolios=BOTH).tolist() == [0, 0, 3]
    assert class_choice(usual, portfolios=BOTH).tolist() == [1, 0, 1]
    assert _select(usual).chosen.tolist() == [1, 1]


def test_usual_model_of_a_class_of_all_series_is_not_that_of_a_segment() -> None:
    """The segment is too small for errors of its own, so those of the class decide between equal models."""
    errors = _errors(smooth=([1.0] * 4, 50), all=([1.0] * 4, 50))
    usual = ClassErrors(errors.classes, errors.scaled_mse, errors.n_series, {"smooth": 1})
    assert _select(usual).chosen.tolist() == [1, 3]


def test_class_errors_of_a_segment_are_those_of_its_series() -> None:
    mse = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 1.0]])[:, np.newaxis]  # [C, 1, S]
    counts = np.full(mse.shape, 10.0)
    sums = ErrorSums(
        n_obs=counts,
        n_scaled=counts,
        sse=mse * counts,
        abs_error=mse,
        sum_error=mse,
        sum_actual=mse,
        scaled_sse=mse * counts,
        scaled_abs_error=mse,
    )
    found = class_errors(sums, np.array(["smooth", "smooth", "lumpy"]), np.array(["own", "", "own"]))
    assert found.classes == ("lumpy", "smooth", "all", "own/lumpy", "own/smooth", "own/all")
    np.testing.assert_allclose(
        found.scaled_mse, [[4.0, 1.0], [1.5, 3.0], [7 / 3, 7 / 3], [4.0, 1.0], [1.0, 3.0], [2.5, 2.0]]
    )
    assert found.n_series[:, 0].tolist() == [1, 2, 3, 1, 1, 2]
