"""What the tables know of a product's models in the runs that are kept; a few rows are collected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.language import Message
from lepton_spark.report.explanation.explained import Choice
from lepton_spark.report.locations import location_of
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT

_OF_RUNS = ("run_id", "job", "cutoff", "finished_at", "refit_run_id", "input_fingerprint", "chosen_because")


@dataclass(frozen=True)
class Sold:
    """How wrong the forecast of a scored week was; None where nothing was sold."""

    wape: float | None
    bias: float | None
    state: str


@dataclass(frozen=True)
class ModelRun:
    """A complete forecast run and its model of one series.

    kept_from: cutoff of the full run whose models it keeps; None for a full run. because: why a full run
    chose its models anew, None where that was not recorded. backtest_wape, naive_wape: on the test window of
    the backtest that chose the model, None without one. sold: None unless monitoring has scored the run.
    """

    run_id: str
    cutoff: date
    kept_from: date | None
    because: str | None
    published: bool
    choice: Choice
    backtest_wape: float | None
    naive_wape: float | None
    sold: Sold | None


@dataclass(frozen=True)
class History:
    """The runs of a series, the newest first."""

    product_id: str
    location_id: str
    runs: tuple[ModelRun, ...]


def find_history(warehouse: Warehouse, product: str, location: str | None) -> History:
    """The models of a product at a location, which may be left out if there is one only.

    Runs of a challenger are part of it once they are published.

    Raises: InputError for a product or a location that no kept run has forecast.
    """
    models = warehouse.read("models")
    place = location_of(models, product, location, Message("forecast"))
    is_series = (F.col("product_id") == F.lit(product)) & (F.col("location_id") == F.lit(place))
    recorded = warehouse.read("runs").where("state = 'complete'")
    columns = (
        "run_id",
        "job",
        "cutoff",
        "finished_at",
        "refit_run_id",
        "input_fingerprint",
        "chosen_because",
    )
    runs = {row["run_id"]: row for row in recorded.select(*columns).collect()}
    published = {row["input_fingerprint"] for row in runs.values() if row["job"] == "publish"}
    shown = {one for one, row in runs.items() if row["job"] == "forecast" or one in published}
    chosen = {row["run_id"]: row for row in models.where(is_series).collect() if row["run_id"] in shown}
    newest = sorted(chosen, key=lambda one: (runs[one]["cutoff"], runs[one]["finished_at"], one))[::-1]
    wapes = _test_wapes(warehouse.read("metrics").where(is_series))
    is_scored = is_series & (F.col("segment") == F.lit(PRODUCT))
    sold = {row["run_id"]: row for row in warehouse.read("monitoring").where(is_scored).collect()}
    return History(
        product,
        place,
        tuple(
            _model_run(runs[run_id], runs, chosen[run_id], wapes, sold.get(run_id), run_id in published)
            for run_id in newest
        ),
    )


def _test_wapes(metrics: DataFrame) -> dict[tuple[str, str], float | None]:
    """By run and role, the error on the test window."""
    rows = metrics.where("split = 'test' and role in ('chosen', 'seasonal_naive')")
    return {(row["run_id"], row["role"]): row["wape"] for row in rows.collect()}


def _model_run(
    run: Row,
    runs: Mapping[str, Row],
    model: Row,
    wapes: Mapping[tuple[str, str], float | None],
    sold: Row | None,
    published: bool,
) -> ModelRun:
    run_id, full = run["run_id"], run["refit_run_id"]
    chose_anew = full is None or (run_id, "chosen") in wapes
    errors_from = run_id if chose_anew else full
    return ModelRun(
        run_id=run_id,
        cutoff=run["cutoff"],
        kept_from=None if full is None or full not in runs else runs[full]["cutoff"],
        because=run["chosen_because"],
        published=published,
        choice=Choice(**{name: model[name] for name in Choice.__dataclass_fields__}),
        backtest_wape=wapes.get((errors_from, "chosen")),
        naive_wape=wapes.get((errors_from, "seasonal_naive")),
        sold=None if sold is None else Sold(sold["wape"], sold["bias"], sold["state"]),
    )
