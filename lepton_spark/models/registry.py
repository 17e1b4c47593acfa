"""Registry of models by name; creates the candidates of a configuration and their forecasters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from lepton_spark.errors import InputError
from lepton_spark.models.data.forecaster import Forecaster
from lepton_spark.models.local import sklearn_adapter
from lepton_spark.models.local.exponential_smoothing import ExponentialSmoothing
from lepton_spark.models.local.intermittent import TSB, CrostonSBA
from lepton_spark.models.local.isolated_process import Limits
from lepton_spark.models.local.linear import LinearRegression
from lepton_spark.models.local.naive import Mean, SeasonalNaive, SeasonalWindowAverage, Zero
from lepton_spark.models.local.ridge import Ridge
from lepton_spark.models.local.seasonal_last_year import SeasonalLastYear
from lepton_spark.models.local.sklearn_adapter import PerProductRegressor, RegressorFactory
from lepton_spark.models.local.theta import Theta
from lepton_spark.models.pooled.factors import EVENTS
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.with_events import WithEvents

HALF_LIFE = "half_life"
SEASONAL_LAST_YEAR = "seasonal_last_year"
SHRUNK_WEEKDAY = "shrunk_weekday"
POOLED = "pooled"
POOLED_MODELS = frozenset({SHRUNK_WEEKDAY, POOLED})
"""Models based on pool statistics."""
MODELS_WITHOUT_EVENTS = frozenset({SEASONAL_LAST_YEAR, "zero"})
"""Models that the pool's event factors do not multiply: last year's weeks hold its events."""

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Model:
    """A function that creates a forecaster from parameters and a pool, and the names of its parameters."""

    factory: Callable[[Parameters, Pool | None], Forecaster]
    parameters: frozenset[str] = frozenset()


def _local(factory: Callable[[], Forecaster]) -> Model:
    """A model without parameters that does not use the pool."""
    return Model(lambda _, __: factory())


def _ridge(*, planned: bool) -> Model:
    return Model(lambda parameters, _: Ridge(parameters[HALF_LIFE], planned), frozenset({HALF_LIFE}))


def _regressor(factory: RegressorFactory, limits: Limits | None = None) -> Model:
    return _local(lambda: PerProductRegressor(factory, limits))


BUILT_IN: Mapping[str, Model] = MappingProxyType(
    {
        "croston_sba": _local(CrostonSBA),
        "exponential_smoothing": _local(ExponentialSmoothing),
        "linear_regression": _local(LinearRegression),
        "planned_ridge": _ridge(planned=True),
        "ridge": _ridge(planned=False),
        SEASONAL_LAST_YEAR: _local(SeasonalLastYear),
        "seasonal_naive": _local(SeasonalNaive),
        "seasonal_window_average": _local(SeasonalWindowAverage),
        SHRUNK_WEEKDAY: Model(lambda _, pool: ShrunkWeekday(pool or neutral_pool())),
        POOLED: Model(lambda _, pool: Pooled(pool or neutral_pool())),
        "mean": _local(Mean),
        "theta": _local(Theta),
        "tsb": _local(TSB),
        "zero": _local(Zero),
        "sklearn_linear_regression": _regressor(sklearn_adapter.sklearn_linear_regression),
        "hist_gradient_boosting": _regressor(sklearn_adapter.hist_gradient_boosting),
        "mlp": _regressor(sklearn_adapter.mlp),
    }
)


@dataclass(frozen=True)
class CustomRegressor:
    """A registered scikit-learn regressor.

    limits: of the separate process that fits a product. None: fit in the worker itself, which is faster but
    unlimited. version: change it with every change of the regressor, so that runs get a new id.
    """

    factory: RegressorFactory
    limits: Limits | None = field(default_factory=Limits)
    version: str = "1"


_registered: dict[str, CustomRegressor] = {}


@dataclass(frozen=True, order=True)
class Candidate:
    """A model with its parameters, as (name, value) pairs sorted by name."""

    model: str
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The candidate's name in tables.

        >>> Candidate("ridge", (("half_life", 56.0),)).key
        'ridge(half_life=56)'
        """
        if not self.parameters:
            return self.model
        inside = ",".join(f"{name}={value:.15g}" for name, value in self.parameters)
        return f"{self.model}({inside})"


def known_models() -> tuple[str, ...]:
    """Names that a configuration may use, sorted."""
    return tuple(sorted({*BUILT_IN, *_registered}))


def register_regressor(
    name: str,
    factory: RegressorFactory,
    *,
    seconds: float = 60.0,
    memory_mb: int = 2048,
    version: str = "1",
) -> None:
    """Register a scikit-learn regressor under a name; `factory` returns a new, unfitted one on each call.

    It is fitted in a separate process. A product that exceeds a limit falls back, with the reason.

    seconds, memory_mb: limits per product. version: change it with every change of the regressor, so that
    runs get a new id.

    Raises: InputError if the name belongs to a built-in model or to another regressor.
    """
    register(name, CustomRegressor(factory, Limits(seconds, memory_mb), version))


def register(name: str, regressor: CustomRegressor) -> None:
    """Register a regressor, in the driver or again in a worker; raises like `register_regressor`."""
    if name in BUILT_IN:
        raise InputError(f"model '{name}': built-in models cannot be replaced; use another name")
    existing = _registered.get(name)
    if existing is not None and not _is_same(existing.factory, regressor.factory):
        found = f"{_origin(regressor.factory)}, but the name belongs to {_origin(existing.factory)}"
        raise InputError(f"model '{name}': found {found}; allowed: one regressor per name; use another name")
    _registered[name] = regressor


def _is_same(one: RegressorFactory, other: RegressorFactory) -> bool:
    """Whether two factories are the same, also if one came from another process."""
    if isinstance(one, partial) and isinstance(other, partial):
        same_arguments = (one.args, one.keywords) == (other.args, other.keywords)
        return same_arguments and _is_same(one.func, other.func)
    same_code = getattr(one, "__code__", None) == getattr(other, "__code__", None)
    return same_code and _origin(one) == _origin(other)


def _origin(factory: RegressorFactory) -> str:
    """Module and name of a factory."""
    name = getattr(factory, "__qualname__", type(factory).__name__)
    return f"{getattr(factory, '__module__', '')}.{name}"


def registered_regressors() -> Mapping[str, CustomRegressor]:
    """The regressors registered in this process, to be registered in the worker processes."""
    return dict(_registered)


def candidates_for(names: Sequence[str], half_lives: Sequence[float]) -> tuple[Candidate, ...]:
    """The candidates of the named models in that order; one per half-life for models with that parameter.

    Raises: InputError for an unknown name.
    """
    found: dict[Candidate, None] = {}
    for name in names:
        if HALF_LIFE in _model(name).parameters:
            found.update({Candidate(name, ((HALF_LIFE, float(days)),)): None for days in half_lives})
        else:
            found[Candidate(name)] = None
    return tuple(found)


def create(candidate: Candidate, pool: Pool | None = None) -> Forecaster:
    """The forecaster of a candidate.

    pool: as known at the cutoff of the histories to forecast; None if there is none.

    Raises: InputError for an unknown model, for other parameters than the model has, or for one not above 0.
    """
    model = _model(candidate.model)
    given = dict(candidate.parameters)
    if given.keys() != model.parameters or not all(value > 0 for value in given.values()):
        allowed = ", ".join(f"{name} > 0" for name in sorted(model.parameters)) or "none"
        raise InputError(f"model '{candidate.model}': found parameters {given}; allowed: {allowed}")
    forecaster = model.factory(given, pool)
    learned = None if pool is None else pool.factors.get(EVENTS.name)
    if learned is None or candidate.model in MODELS_WITHOUT_EVENTS:
        return forecaster
    return WithEvents(forecaster, learned)


def _model(name: str) -> Model:
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name in _registered:
        regressor = _registered[name]
        return _regressor(regressor.factory, regressor.limits)
    raise InputError(f"unknown model '{name}'; known: {', '.join(known_models())}")
