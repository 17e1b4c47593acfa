import pytest

from lepton_spark.panel.series import batch_count


@pytest.mark.parametrize(
    ("n_series", "n_batches"),
    [(0, 1), (1, 1), (512, 1), (767, 1), (768, 2), (1_500, 2), (1_536, 4), (20_000, 32), (60_000, 128)],
)
def test_batch_count_is_the_nearest_power_of_two(n_series: int, n_batches: int) -> None:
    assert batch_count(n_series, 512) == n_batches
