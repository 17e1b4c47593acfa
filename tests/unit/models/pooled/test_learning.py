from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled import learning
from lepton_spark.models.pooled.learning import learn_pools, with_trees
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.trees import PooledTrees
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings, TrainingSettings

FIRST, N_DAYS, HORIZON = 20_000, 140, 14
SMALL = PooledSettings(
    use_median=False,
    training=TrainingSettings(n_cutoffs=4, n_bags=1, min_weeks=50, mean=BoostingSettings(5, 4, 10, 0.1)),
)


def _sales(n_series: int = 30) -> History:
    quantity = np.random.default_rng(11).poisson(4.0, (n_series, N_DAYS)).astype(float)
    return History(quantity, FIRST + np.arange(N_DAYS))


def _assert_same_statistics(found: Pool, expected: Pool) -> None:
    np.testing.assert_allclose(found.index, expected.index, rtol=1e-9)
    np.testing.assert_allclose(found.log_dispersion, expected.log_dispersion, rtol=1e-9)


def _same_trees(first: PooledTrees | None, second: PooledTrees | None) -> bool:
    assert first is not None
    assert second is not None
    return all(
        np.array_equal(one.value, other.value) for one, other in zip(first.mean, second.mean, strict=True)
    )


def test_learn_pools_has_a_pool_of_each_window_and_of_the_end() -> None:
    history = _sales()
    pools = learn_pools(history, np.array([111, 97]), HORIZON, trees=False)
    assert list(pools) == [FIRST + 97, FIRST + 111, FIRST + 139]
    for column in (97, 111, 139):
        alone = fit_pool(history.until(column), np.array([column]))
        _assert_same_statistics(pools[FIRST + column], alone)
        assert pools[FIRST + column].trees is None


def test_learn_pools_leaves_out_windows_before_the_history() -> None:
    pools = learn_pools(_sales(), np.array([-3, 111]), HORIZON, trees=False)
    assert list(pools) == [FIRST + 111, FIRST + 139]


def test_learn_pools_of_no_window_has_a_pool_of_the_end_only() -> None:
    pools = learn_pools(_sales(), np.zeros(0, dtype=np.int64), HORIZON, trees=True, settings=SMALL)
    assert list(pools) == [FIRST + 139]
    assert pools[FIRST + 139].trees is not None


def test_learn_pools_trains_up_to_the_earliest_window_and_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    trained_until = []

    def note(history: History, horizon: int, settings: PooledSettings) -> None:
        assert (horizon, settings) == (HORIZON, SMALL)
        trained_until.append((history.n_days, int(history.days[-1])))

    monkeypatch.setattr(learning, "train", note)
    pools = learn_pools(_sales(), np.array([118, 97, 111]), HORIZON, trees=True, settings=SMALL)
    assert trained_until == [(98, FIRST + 97), (140, FIRST + 139)]
    assert [pool.trees for pool in pools.values()] == [None] * 4  # nothing could be trained


def test_no_window_gets_trees_that_were_trained_on_its_outcome() -> None:
    """The sales after the earliest window decide nothing about the trees of any window."""
    history, windows = _sales(), np.array([111, 118])
    changed = history.quantity.copy()
    changed[:, 112:] = np.random.default_rng(1).poisson(9.0, (30, 28))
    found, otherwise = (
        learn_pools(replace(history, quantity=quantity), windows, HORIZON, trees=True, settings=SMALL)
        for quantity in (history.quantity, changed)
    )
    for column in (111, 118):
        assert _same_trees(found[FIRST + column].trees, otherwise[FIRST + column].trees)
    assert not _same_trees(found[FIRST + 139].trees, otherwise[FIRST + 139].trees)
    assert not _same_trees(found[FIRST + 139].trees, found[FIRST + 118].trees)
    _assert_same_statistics(found[FIRST + 111], otherwise[FIRST + 111])


def test_learn_pools_keeps_the_settings() -> None:
    pools = learn_pools(_sales(), np.array([111]), HORIZON, trees=False, settings=SMALL)
    assert [pool.settings for pool in pools.values()] == [SMALL, SMALL]


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        ([100, 139], {99: None, 100: 100, 120: 100, 139: 139}),
        ([139], {99: None, 100: None, 120: None, 139: 139}),
        ([90, 110], {99: 90, 100: 90, 120: 110, 139: 110}),
        ([], {99: None, 100: None, 120: None, 139: None}),
    ],
    ids=["window and end", "end", "both before", "none"],
)
def test_pools_get_the_latest_trees_that_were_trained_on_no_later_day(
    trained: list[int], expected: dict[int, int | None]
) -> None:
    pools = {day: neutral_pool() for day in expected}
    trees = {day: PooledTrees((), None) for day in trained}
    found = with_trees(pools, trees)
    for day, until in expected.items():
        assert found[day].trees is (None if until is None else trees[until])
    assert all(pool.trees is None for pool in pools.values())  # the given pools are unchanged
