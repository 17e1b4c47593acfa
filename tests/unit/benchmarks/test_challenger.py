import challenger
import numpy as np


def test_first_win_is_the_first_week_with_a_mean_above_its_standard_error() -> None:
    gains = np.array([1.0, -3.0, 1.0, 2.0, 4.0, 4.0])  # means 0.25 and 1 after 4 and 5; errors 1.1 and 1.1
    assert challenger.first_win(gains, 2) == 6
    assert challenger.first_win(gains[:5], 2) is None
    assert challenger.first_win(np.ones(9), 4) == 4
