"""Settings of the backtest, the choice and the forecast of a batch."""

from dataclasses import dataclass
from functools import cached_property

from lepton_spark.evaluation.portfolios import Portfolio, Portfolios
from lepton_spark.evaluation.quantiles.dispersion import DEFAULT_DISPERSION, DispersionSettings
from lepton_spark.evaluation.selection import DEFAULT_SELECTION, SelectionSettings
from lepton_spark.evaluation.windows import Role, Window, of_role
from lepton_spark.models.registry import Candidate


@dataclass(frozen=True)
class EvaluationSettings:
    """Both passes over a batch need these; all ages, horizons and offsets are in columns.

    levels: quantile levels, rising, with 0.1 and 0.9 among them.
    min_train: known columns a series needs before a window scores it.
    new, obsolete: limits of the demand classes.
    min_choice: scored columns from which a series may choose by its own errors.
    portfolios: of the standard series, then of each segment; without segments none: all candidates.
    """

    candidates: tuple[Candidate, ...]
    windows: tuple[Window, ...]
    horizon: int
    levels: tuple[float, ...]
    min_train: int
    new: int
    obsolete: int
    min_choice: int
    selection: SelectionSettings = DEFAULT_SELECTION
    dispersion: DispersionSettings = DEFAULT_DISPERSION
    portfolios: tuple[Portfolio, ...] = ()

    @cached_property
    def choices(self) -> Portfolios:
        """The portfolios as positions of candidates."""
        return Portfolios.of(self.portfolios, self.candidates)

    @property
    def validation(self) -> list[int]:
        """Positions of the validation windows."""
        return of_role(self.windows, Role.VALIDATION)

    @property
    def test(self) -> list[int]:
        """Positions of the test windows: one, or none."""
        return of_role(self.windows, Role.TEST)

    @property
    def has_choice(self) -> bool:
        """Whether there are candidates to choose from and windows to choose by; else pass A is not needed."""
        return len(self.candidates) > 1 and bool(self.validation)
