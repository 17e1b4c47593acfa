"""How often a challenger replaces the champion within a year, by how much better or worse it is.

`python benchmarks/challenger.py`. 2,000 contests of 52 weeks with normal gains. The true mean gain is given
in standard deviations of the gain of a week.
"""

import numpy as np
from accuracy_parts.console_table import print_rows

from lepton_spark.config.sections.choice.challenger_settings import ChallengerSettings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.monitoring.policy.challenge import verdict

N_CONTESTS, N_WEEKS = 2_000, 52
TRUE_GAINS = (-0.5, -0.25, 0.0, 0.25, 0.5)
SEED = 11


def main() -> None:
    rng = np.random.default_rng(SEED)
    noise = rng.standard_normal((N_CONTESTS, N_WEEKS))
    min_weeks = ChallengerSettings().min_weeks
    rows: list[dict[str, object]] = []
    for true_gain in TRUE_GAINS:
        first = [first_win(gains, min_weeks) for gains in noise + true_gain]
        won = [week for week in first if week is not None]
        row = {"true gain": f"{true_gain:+.2f}", "replaced": f"{len(won) / N_CONTESTS:.1%}"}
        rows.append({**row, "half of them by week": f"{np.median(won):.0f}"})
    print_rows("challengers that replace the champion within a year", rows, 100)


def first_win(gains: FloatArray, min_weeks: int) -> int | None:
    """The number of weeks after which the challenger wins for the first time; None if it never does."""
    champion = np.zeros(len(gains))
    weeks = range(min_weeks, len(gains) + 1)
    return next((n for n in weeks if verdict(champion[:n], -gains[:n], min_weeks).wins), None)


if __name__ == "__main__":
    main()
