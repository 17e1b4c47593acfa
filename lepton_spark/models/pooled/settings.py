"""Settings of the pooled models: what an experiment may change is a field here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BoostingSettings:
    """How a sum of boosted trees is grown."""

    n_trees: int
    n_leaves: int
    min_leaf_rows: int
    learning_rate: float
    feature_share: float = 0.7
    n_bins: int = 63


@dataclass(frozen=True)
class TrainingSettings:
    """Which past cutoffs and series the pooled model is trained on.

    n_cutoffs: weekly, the latest a week before the history's end, where targets are cut off.
    n_yearly: further cutoffs before them for weekly histories, where a last year is known.
    n_year_ago: further cutoffs for daily histories, half of them up to the same week a year ago and half
    after it, where a year before them is known: the trees see what this season did to such series.
    min_history: days before the first cutoff. min_age, recent_days: a series is left out at cutoffs where
    it is younger than this, or has had no sale for longer than this.
    n_bags: sums of trees for the mean, each on `bag_share` of the series and at most `max_weeks` of their
    weeks. max_days: rows that the median is learned from. min_weeks: fewer weeks train nothing.
    """

    n_cutoffs: int = 16
    n_yearly: int = 16
    n_year_ago: int = 8
    min_history: int = 56
    stride: int = 7
    min_age: int = 1
    recent_days: int = 180
    n_bags: int = 5
    bag_share: float = 0.6
    max_weeks: int = 40_000
    max_days: int = 100_000
    min_weeks: int = 2_000
    mean: BoostingSettings = BoostingSettings(100, 8, 50, 0.1)
    median: BoostingSettings = BoostingSettings(60, 4, 200, 0.08)


@dataclass(frozen=True)
class PooledSettings:
    """Settings of `shrunk_weekday` and `pooled`.

    weekday_prior_units: units of Poisson demand that the pool's weekday profile is worth.
    location_prior_units: units that the mean location is worth in the share of a location in its product.
    product_prior_units: units that the product at all locations is worth in each decayed mean.
    tree_share: share of the trees in the mean of a series with a full history; the regression has the rest.
    tree_share_with_plans, tree_share_with_last_year: minimum share where promotions are planned, or where
    the series' last year is known: neither effect is linear.
    full_history_days: age from which a series' own history has its full weight.
    use_*: switch a part off.
    """

    weekday_prior_units: float = 80.0
    location_prior_units: float = 1.0
    product_prior_units: float = 20.0
    tree_share: float = 0.4
    tree_share_with_plans: float = 0.6
    tree_share_with_last_year: float = 0.75
    full_history_days: int = 112
    use_trees: bool = True
    use_regression: bool = True
    use_median: bool = True
    use_last_year: bool = True
    use_year_weeks: bool = True
    training: TrainingSettings = TrainingSettings()


DEFAULT_SETTINGS = PooledSettings()
