"""The figures that the report page shows, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from lepton_spark.gates import Gate
from lepton_spark.language import translated as _


@dataclass(frozen=True, order=True)
class Series:
    """A product at a location; `all` where the data has no locations."""

    product_id: str
    location_id: str

    @property
    def label(self) -> str:
        """The product, with its location if there are several."""
        if self.location_id == "all":
            return self.product_id
        return _("{product} at {location}").format(product=self.product_id, location=self.location_id)


@dataclass(frozen=True)
class PublishedRun:
    """The run that readers see, and a later one that was not published, if any.

    refused: the gates that a later run failed. period: days of one forecast, 1 or 7.
    models_of: cutoff of the full run whose models are kept; None: its own.
    """

    run_id: str
    cutoff: date
    valid_until: date
    published_at: datetime
    horizon: int
    period: int
    gates: tuple[Gate, ...]
    refused_cutoff: date | None = None
    refused: tuple[Gate, ...] = ()
    models_of: date | None = None


@dataclass(frozen=True)
class SegmentErrors:
    """Errors of a segment on the test window; ratios, None where they are undefined.

    standard_rmsse: of what the series of a configured segment would have chosen without it.
    """

    segment: str
    n_series: int
    n_obs: int
    wape: float | None
    naive_wape: float | None
    rmsse: float | None
    naive_rmsse: float | None
    bias: float | None
    coverage: float | None
    standard_rmsse: float | None = None


@dataclass(frozen=True)
class Order:
    """An order, or a level where there is no stock data; units, None where unknown."""

    series: Series
    words: str | None
    order_date: date | None
    order_quantity: float | None
    stockout_risk: float | None
    units_short: float | None
    mean_until_next: float | None
    safety_stock: float | None
    level: float | None


@dataclass(frozen=True)
class Orders:
    """The orders of a run: totals over all series, then the most urgent ones.

    counts: series by status. at_risk: series by likelihood of a stock-out, in tenths from 0 to 9.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    n_orders: int = 0
    units: float = 0.0
    value: float | None = None
    units_short: float = 0.0
    at_risk: tuple[int, ...] = ()
    urgent: tuple[Order, ...] = ()
    most_demanded: tuple[Order, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """Something that is not as it was; series: None for a segment or a measure of the whole shop."""

    subject: str
    state: str
    since: date | None
    reason: str
    series: Series | None = None
    forecast: float | None = None
    actual: float | None = None


@dataclass(frozen=True)
class Monitored:
    """A past period against its sales: the last that was scored.

    counts: series by state. alarms: the largest, of the shop first. segments: errors on the period.
    """

    cutoff: date
    last_day: date
    counts: Mapping[str, int]
    alarms: tuple[Alarm, ...]
    segments: tuple[SegmentErrors, ...]


@dataclass(frozen=True)
class Reject:
    """Rejected lines of one reason, with the words and the source columns of one of them."""

    source: str
    reason: str
    n_lines: int
    words: str
    example: str


@dataclass(frozen=True)
class Adjusted:
    """Days that cleaning changed before fitting, by rule; units."""

    rule: str
    n_days: int
    n_series: int
    before: float
    after: float | None


@dataclass(frozen=True)
class Cleaning:
    """What was read, rejected and changed.

    lines_read, accepted: of all loads together. refused: files with the reason.
    """

    lines_read: int
    accepted: int
    rejects: tuple[Reject, ...]
    adjusted: tuple[Adjusted, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Change:
    """The forecast of the days that two runs share, units; None: the run does not know the series."""

    series: Series
    before: float | None
    after: float | None

    @property
    def difference(self) -> float:
        """Units more than before."""
        return (self.after or 0.0) - (self.before or 0.0)


@dataclass(frozen=True)
class Changes:
    """The published run against the one published before it, on the days that both forecast.

    before, after: units in total, over n_days days. largest: by size of the difference.
    """

    cutoff: date
    n_days: int
    before: float
    after: float
    n_new: int
    n_gone: int
    n_other_model: int
    largest: tuple[Change, ...]


@dataclass(frozen=True)
class DayTotal:
    """All series together on a day, units; None where unknown."""

    date: date
    sold: float | None
    forecast: float | None
    earlier: float | None


@dataclass(frozen=True)
class Product:
    """An embedded series: what it sold, what is forecast, how wrong the backtest was.

    history: units by day from `first_day` on (by week for weekly forecasts), None = unknown; it goes past
    the cutoff where sales are known. forecast, p10, p50, p90: by step. earlier: the forecast of the run
    published before, by step of this run, None where it has none. value: forecast units at the last known
    price; None without one. sold: units in the test window. wape, naive_wape, bias: on the test window.
    """

    series: Series
    model: str
    status: str
    demand_class: str
    first_day: date
    history: tuple[float | None, ...]
    forecast: tuple[float, ...]
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    earlier: tuple[float | None, ...]
    value: float | None
    sold: float | None
    wape: float | None
    naive_wape: float | None
    bias: float | None

    @property
    def units(self) -> float:
        """Units forecast for the whole horizon."""
        return sum(self.forecast)

    @property
    def spread(self) -> float | None:
        """Width of the range p10 to p90 over the forecast, both added up over the steps; None if it is 0."""
        width = sum(self.p90) - sum(self.p10)
        return width / self.units if self.units > 0 else None


@dataclass(frozen=True)
class StageRun:
    """A job of the manifest: when it ran, how long, what it counted."""

    job: str
    run_id: str
    finished_at: datetime | None
    seconds: float | None
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Manifest:
    """What the run was made of. config: as JSON, secrets masked. stages: the newest first."""

    code_version: str
    library_versions: Mapping[str, str]
    input_fingerprint: str
    settings_id: str
    config: str
    stages: tuple[StageRun, ...]


@dataclass(frozen=True)
class Figures:
    """Everything on the page.

    n_series: all of the run; `products` has some of them, the most valuable first.
    """

    made_at: datetime
    root: str
    run: PublishedRun
    freshness: Gate
    n_series: int
    n_ok: int
    errors: tuple[SegmentErrors, ...]
    totals: tuple[DayTotal, ...]
    orders: Orders
    monitored: Monitored | None
    products: tuple[Product, ...]
    cleaning: Cleaning
    changes: Changes | None
    manifest: Manifest

    @property
    def unit(self) -> str:
        """What the counts of the page count: products, or products at locations where there are several."""
        located = any(product.series.location_id != "all" for product in self.products)
        return _("products at locations") if located else _("products")
