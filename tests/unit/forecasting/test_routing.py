"""Series to segments, and both passes over a batch with segments, without Spark."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.forecasting.packing import packed_batch, single
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.routing import Rule, segment_names, segments_of
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.panel.covariates import CATEGORY
from tests.unit.forecasting.frames import daily_settings, fit_rows_of, packed_rows, random_units, records

SMOOTH = np.array(["smooth"] * 4)
GARDEN = {"p01": "Garden", "p02": "Garden", "p03": "Kitchen"}
MODELS = {"forecast": {"models": ["mean", "zero"]}}
BY_LIST = {"name": "list", "products": ["p00", "p01"], "models": ["seasonal_naive", "mean"]}
BY_CATEGORY = {"name": "kind", "category": ["Garden"], "models": ["tsb"]}
PRODUCTS = {"products": {"path": "p.csv", "columns": {"category": "kind"}}}


def _rows() -> pd.DataFrame:
    """Four series, three of them with a category; each series has a row for its category."""
    years = packed_rows(random_units(4))
    kinds = pd.DataFrame(
        {"batch": 3, "product_id": list(GARDEN), "location_id": "all", CATEGORY: GARDEN.values()}
    )
    return pd.concat([kinds, years], ignore_index=True)


def _settings(*segments: dict[str, Any]) -> FitSettings:
    return daily_settings(**MODELS, **PRODUCTS, segments=list(segments))


def test_first_rule_that_matches_takes_a_series() -> None:
    rules = [Rule("list", products=frozenset({"p00", "p01"})), Rule("kind", categories=frozenset({"Garden"}))]
    packed = packed_batch(_rows())
    assert segments_of(rules, packed, SMOOTH).tolist() == [1, 1, 2, 0]
    assert segments_of(rules[::-1], packed, SMOOTH).tolist() == [2, 1, 1, 0]
    assert segment_names(rules, np.array([1, 1, 2, 0])) == ["list", "list", "kind", None]
    assert segments_of(rules, single(packed, 2), SMOOTH[:1]).tolist() == [2]


def test_rule_takes_what_meets_all_of_its_conditions() -> None:
    rule = Rule("a", frozenset({"p01", "p02", "p03"}), frozenset({"Garden"}), frozenset({"smooth"}))
    classes = np.array(["smooth", "smooth", "lumpy", "smooth"])
    assert segments_of([rule], packed_batch(_rows()), classes).tolist() == [0, 1, 0, 0]


def test_no_series_has_a_category_where_products_have_none() -> None:
    rule = Rule("kind", categories=frozenset({"Garden"}))
    assert segments_of([rule], packed_batch(packed_rows(random_units(4))), SMOOTH).tolist() == [0] * 4


def test_settings_without_segments_have_no_portfolios() -> None:
    settings = daily_settings(**MODELS)
    assert (settings.rules, settings.evaluation.portfolios) == ((), ())


def test_candidates_of_all_portfolios_are_scored_once() -> None:
    evaluation = _settings(BY_LIST, BY_CATEGORY).evaluation
    assert [candidate.key for candidate in evaluation.candidates] == ["mean", "zero", "seasonal_naive", "tsb"]
    assert evaluation.choices.names == ("", "list", "kind")
    assert evaluation.choices.allowed.astype(int).tolist() == [[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]]
    assert evaluation.choices.first.tolist() == [0, 2, 3]


def test_segment_without_models_has_the_standard_portfolio() -> None:
    standard = {"name": "a", "products": ["p00"]}
    assert _settings(standard).evaluation.choices.names == ("", "")


def test_series_of_segments_get_models_of_their_own() -> None:
    rows = records(fit_rows_of(_rows(), _settings(BY_LIST, BY_CATEGORY)))
    assert [row["model"] for row in rows] == ["seasonal_naive", "seasonal_naive", "tsb", "mean"]
    suffixes = [row["choice_level"].partition(" ")[2] for row in rows]
    assert suffixes == ["(segment=list)", "(segment=list)", "(segment=kind)", ""]


def test_errors_of_a_class_are_also_summed_over_the_series_of_a_segment() -> None:
    scored = records(ScoreBatch(_settings(BY_LIST, BY_CATEGORY))(_rows()))
    sums = scored[0]["class_sums"]
    counts = {(one["demand_class"], one["n_series"]) for one in sums}
    assert counts == {
        ("smooth", 4),
        ("all", 4),
        ("list/smooth", 2),
        ("list/all", 2),
        ("kind/smooth", 1),
        ("kind/all", 1),
    }
    assert {row["class_sums"] is None for row in scored[1:]} == {True}


def test_series_in_no_segment_have_the_same_row_as_without_segments() -> None:
    with_segments = records(fit_rows_of(_rows(), _settings(BY_LIST, BY_CATEGORY)))[3]
    without = records(fit_rows_of(_rows(), _settings()))[3]
    different = [name for name in without if repr(without[name]) != repr(with_segments[name])]
    assert different == []


def test_standard_sums_are_those_of_the_standard_choice_on_the_test_window() -> None:
    """By hand from the sums of a batch without segments, in which every series has the standard choice."""
    made = records(fit_rows_of(_rows(), _settings(BY_LIST, BY_CATEGORY)))[0]["metric_sums"]
    found = {one["segment"]: one for one in made if one["model"] == "standard"}
    settings = _settings()
    without = records(fit_rows_of(_rows(), settings))
    test = settings.evaluation.test[0]  # the first role's sums come first
    for name, members in {"list": without[:2], "kind": without[2:3]}.items():
        one = found[f"segment={name}"]
        assert (one["split"], one["n_series"], one["n_obs"]) == ("test", len(members), 28.0 * len(members))
        for column in ("sse", "abs_error", "sum_error", "sum_actual", "scaled_sse", "scaled_abs_error"):
            assert one[column] == pytest.approx(sum(row[column][test] for row in members))


def test_standard_choice_of_a_segment_with_the_standard_models_is_the_chosen_one() -> None:
    made = records(fit_rows_of(_rows(), _settings({"name": "a", "products": ["p00", "p02"]})))[0][
        "metric_sums"
    ]
    found = {one["model"]: one for one in made if one["segment"] == "segment=a" and one["split"] == "test"}
    names = ErrorSums.names()
    assert {name: found["standard"][name] for name in names} == {
        name: found["chosen"][name] for name in names
    }


def test_failed_batch_keeps_its_series_in_their_segments() -> None:
    settings = _settings(BY_LIST)
    work = FitBatch(settings, ClassErrors.none(3), failure="out of memory")
    made = records(work(_rows(), pd.DataFrame()))
    assert [row["model"] for row in made] == ["seasonal_naive"] * 4
    groups = {one["segment"]: one["n_series"] for one in made[0]["group_sums"]}
    assert groups["segment=list"] == 2
    assert [row["choice_level"] for row in made[:3]] == ["default (segment=list)"] * 2 + ["default"]
