"""Past years: which of their days compare with the days ahead."""

from lepton_spark.models.data.history import SEASON_LENGTH

BASE_DAYS = 56
"""Days up to the cutoff, and up to the same day in past years, that the days after it are compared with."""

N_YEARS = 3
"""Past years that are looked at."""

MIN_KNOWN = 0.5
"""Share of the days compared that must be known for a past year to count."""


def weeks_of_years(n_years: int) -> int:
    """Whole weeks nearest to so many years.

    >>> [weeks_of_years(n_years) for n_years in (1, 2, 3)]
    [52, 104, 157]
    """
    return round(n_years * 365.25 / SEASON_LENGTH)
