"""Training of the pooled model on a sample of series, over frames."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from lepton_spark.forecasting.failure_isolation import worker_limits
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.passes.tree_training import NOT_TRAINED, TrainSample, trees_by_day
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.models.pooled.training import train
from tests.unit.forecasting.frames import (
    CUTOFF,
    N_DAYS,
    QUICK_TRAINING,
    assert_same_rows,
    daily_settings,
    packed_rows,
    pools_of,
    random_units,
    records,
    trees_of,
)


@pytest.fixture
def settings() -> FitSettings:
    return replace(daily_settings(), pooled=QUICK_TRAINING)


def _leaves(value: Any) -> Iterator[Any]:
    if is_dataclass(value):
        for item in fields(value):
            yield from _leaves(getattr(value, item.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def test_trees_do_not_depend_on_later_days_and_are_read_as_trained(settings: FitSettings) -> None:
    until = CUTOFF - 28
    units = random_units(20)
    later = units.copy()
    later[:, -28:] = 1e6
    made, other = (TrainSample(settings)(packed_rows(one).assign(until=until)) for one in (units, later))
    assert_same_rows(other, made)
    assert made["foretells"].tolist() == ["mean"] * 2 + ["median", "linear"]
    assert made["n_series"].tolist() == [20] * 4
    history = settings.history(packed_batch(packed_rows(units))).until(N_DAYS - 29)
    with worker_limits():
        trained = train(history, settings.horizon, settings.pooled)
    found = trees_by_day(records(made))
    assert list(found) == [until]
    assert trained is not None
    assert trained.regression is not None
    pairs = list(zip(_leaves(found[until]), _leaves(trained), strict=True))
    assert len(pairs) == 3 * 7 + 1  # three sums of trees of seven fields, and the regression's weights
    for stored, original in pairs:
        np.testing.assert_array_equal(stored, original)


def test_trees_that_cannot_be_trained_have_a_reason(settings: FitSettings) -> None:
    few = TrainSample(daily_settings())(packed_rows(random_units(2)).assign(until=CUTOFF))
    assert few[["foretells", "reason"]].to_numpy().tolist() == [["none", NOT_TRAINED]]
    before_all = CUTOFF - N_DAYS - 10
    early = TrainSample(settings)(packed_rows(random_units(20)).assign(until=before_all))
    assert early["reason"].tolist() == [NOT_TRAINED]
    broken = packed_rows(random_units(1), first_day=[CUTOFF + 5_000]).assign(until=CUTOFF)
    (row,) = records(TrainSample(settings)(broken))
    assert row["reason"].startswith("ValueError: ")
    assert trees_by_day([row]) == {}


def test_trees_that_were_given_up_have_the_reason(settings: FitSettings) -> None:
    rows = packed_rows(random_units(30)).assign(until=CUTOFF)
    (row,) = records(TrainSample(settings, "the worker died")(rows))
    assert (row["foretells"], row["reason"], row["n_series"]) == ("none", "the worker died", 30)
    assert trees_by_day([row]) == {}


def test_pool_gets_the_latest_trees_trained_on_no_day_after_its_cutoff(settings: FitSettings) -> None:
    assert settings.training_days == [CUTOFF - 112, CUTOFF]
    pools = pools_of(packed_rows(random_units(30)), settings)
    last = trees_of(packed_rows(random_units(30)), settings, CUTOFF)[CUTOFF]
    early = replace(last, mean=last.mean[:1])
    given = with_trees(pools, {CUTOFF - 84: early, CUTOFF: last})
    assert {day - CUTOFF: pool.trees for day, pool in given.items()} == {
        -112: None,
        -84: early,
        -56: early,
        -28: early,
        0: last,
    }
