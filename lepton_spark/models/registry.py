"""The models by name, and the candidates that a configuration makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lepton_spark.errors import InputError
from lepton_spark.models.data.history import Forecaster
from lepton_spark.models.local import sklearn_adapter
from lepton_spark.models.local.exponential_smoothing import ExponentialSmoothing
from lepton_spark.models.local.intermittent import TSB, CrostonSBA
from lepton_spark.models.local.isolated_process import Limits
from lepton_spark.models.local.linear import LinearRegression
from lepton_spark.models.local.naive import Mean, SeasonalNaive, SeasonalWindowAverage, Zero
from lepton_spark.models.local.ridge import Ridge
from lepton_spark.models.local.theta import Theta
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday

HALF_LIFE = "half_life"
SHRUNK_WEEKDAY = "shrunk_weekday"
POOLED = "pooled"
SHARING = frozenset({SHRUNK_WEEKDAY, POOLED})
"""Models that read what a history's pool shares."""
READS_HOLIDAYS = SHARING | {"planned_ridge", "ridge"}
"""Models that read what it shares of public holidays, where a configuration names a country."""


@dataclass(frozen=True)
class Model:
    """How a model is made from its parameters, all of which it needs."""

    factory: Callable[[Mapping[str, float]], Forecaster]
    parameters: frozenset[str] = frozenset()


BUILT_IN: Mapping[str, Model] = MappingProxyType(
    {
        "croston_sba": Model(lambda _: CrostonSBA()),
        "exponential_smoothing": Model(lambda _: ExponentialSmoothing()),
        "linear_regression": Model(lambda _: LinearRegression()),
        "planned_ridge": Model(lambda given: Ridge(given[HALF_LIFE], planned=True), frozenset({HALF_LIFE})),
        "ridge": Model(lambda given: Ridge(given[HALF_LIFE]), frozenset({HALF_LIFE})),
        "seasonal_naive": Model(lambda _: SeasonalNaive()),
        "seasonal_window_average": Model(lambda _: SeasonalWindowAverage()),
        SHRUNK_WEEKDAY: Model(lambda _: ShrunkWeekday()),
        POOLED: Model(lambda _: Pooled()),
        "mean": Model(lambda _: Mean()),
        "theta": Model(lambda _: Theta()),
        "tsb": Model(lambda _: TSB()),
        "zero": Model(lambda _: Zero()),
        "sklearn_linear_regression": Model(
            lambda _: sklearn_adapter.PerProductRegressor(sklearn_adapter.sklearn_linear_regression)
        ),
        "hist_gradient_boosting": Model(
            lambda _: sklearn_adapter.PerProductRegressor(sklearn_adapter.hist_gradient_boosting)
        ),
        "mlp": Model(lambda _: sklearn_adapter.PerProductRegressor(sklearn_adapter.mlp)),
    }
)


@dataclass(frozen=True)
class Foreign:
    """A regressor that was registered: how it is made, what it may take, and which it is.

    limits: None: fitted in the worker itself, quicker, for a regressor that is known to behave.
    """

    factory: sklearn_adapter.RegressorFactory
    limits: Limits | None = field(default_factory=Limits)
    version: str = "1"


_registered: dict[str, Foreign] = {}


@dataclass(frozen=True, order=True)
class Candidate:
    """A model with its parameters, as (name, value) pairs sorted by name."""

    model: str
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The candidate as tables name it, such as `ridge(half_life=56)`."""
        if not self.parameters:
            return self.model
        inside = ",".join(f"{name}={value:.15g}" for name, value in self.parameters)
        return f"{self.model}({inside})"


def known_models() -> tuple[str, ...]:
    """Names that a configuration may use, sorted."""
    return tuple(sorted({*BUILT_IN, *_registered}))


def register_regressor(
    name: str,
    factory: sklearn_adapter.RegressorFactory,
    *,
    seconds: float = 60.0,
    memory_mb: int = 2048,
    version: str = "1",
) -> None:
    """Make a scikit-learn regressor known under a name; `factory` gives a new, unfitted one each time.

    It is fitted in a process of its own. seconds, memory_mb: what one product may take; beyond it the product
    falls back, with the reason. version: to be raised with every change of the regressor, so that runs with
    another are other runs.

    Raises: InputError if the name is that of a shipped model.
    """
    register(name, Foreign(factory, Limits(seconds, memory_mb), version))


def register(name: str, foreign: Foreign) -> None:
    """The same for a regressor that was registered in another process."""
    if name in BUILT_IN:
        raise InputError(f"model '{name}' is shipped with lepton_spark and stays as it is; take another name")
    _registered[name] = foreign


def registered_regressors() -> Mapping[str, Foreign]:
    """What was registered in this process, to be registered again in the processes that fit."""
    return dict(_registered)


def candidates_for(names: Sequence[str], half_lives: Sequence[float]) -> tuple[Candidate, ...]:
    """The candidates of the named models in that order, one for each half-life where a model takes it.

    Raises: InputError for a name that is not known.
    """
    found: dict[Candidate, None] = {}
    for name in names:
        if HALF_LIFE in _model(name).parameters:
            found.update({Candidate(name, ((HALF_LIFE, float(days)),)): None for days in half_lives})
        else:
            found[Candidate(name)] = None
    return tuple(found)


def create(candidate: Candidate) -> Forecaster:
    """A forecaster, not yet fitted.

    Raises: InputError for an unknown model, or parameters other than the model's or not above 0.
    """
    model = _model(candidate.model)
    given = dict(candidate.parameters)
    if given.keys() != model.parameters or not all(value > 0 for value in given.values()):
        allowed = ", ".join(f"{name} > 0" for name in sorted(model.parameters)) or "none"
        raise InputError(f"model '{candidate.model}': found parameters {given}; allowed: {allowed}")
    return model.factory(given)


def _model(name: str) -> Model:
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in _registered:
        foreign = _registered[name]
        return Model(lambda _: sklearn_adapter.PerProductRegressor(foreign.factory, foreign.limits))
    raise InputError(f"unknown model '{name}'; known: {', '.join(known_models())}")
