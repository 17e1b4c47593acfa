"""Reads delivered files as a load would, for `lepton init`: what it would accept and what can be forecast."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.ingest.lines.deduplication import ACCEPTED
from lepton_spark.ingest.lines.reading.quantities import is_return
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.delivery import find_delivery
from lepton_spark.pipelines.ingest.examination import examine
from lepton_spark.pipelines.ingest.ingest import RefusedFile, planned_load, refused_files

SERIES = ["product_id", "location_id"]
SERIES_AT_ONCE = 2_000
"""Series whose days are laid side by side in one call."""


@dataclass(frozen=True)
class FirstRead:
    """What a load of all delivered files would do, and the sales that it would make.

    counts: lines by outcome; rejected ones also by reason (`rejected.REASON`). examples: a message for each
    reason. days: from the first to the last day with an accepted line. open_days: those with any line.
    classes: series and units by demand class. returned: lines with units that came back.
    """

    counts: Mapping[str, int]
    refused: tuple[RefusedFile, ...]
    examples: Mapping[str, str] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    open_days: int = 0
    products: int = 0
    locations: int = 0
    returned: int = 0
    classes: Mapping[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """Days from the first to the last one."""
        return 0 if self.first is None or self.last is None else (self.last - self.first).days + 1

    @property
    def words(self) -> str:
        """The days, products and returns that a load would accept, for people; empty without any."""
        if self.first is None:
            return ""
        closed = self.days - self.open_days
        return (
            f"{self.first} to {self.last}: {self.days:,} days, {closed:,} of them without a sale anywhere; "
            f"{self.products:,} products, {self.locations:,} locations, {self.series:,} series; "
            f"{self.returned:,} lines with returns"
        )

    @property
    def series(self) -> int:
        """Products, counted once for each location that sold them."""
        return sum(n_series for n_series, _ in self.classes.values())


def read_first(context: JobContext) -> FirstRead:
    """Reads and validates all files under `input.path`; writes nothing.

    Raises: InputError for a path that cannot be read, or without a file.
    """
    with context.stage("find files") as stage:
        delivery = find_delivery(context)
        stage.note(delivery.summary)
    if not delivery.readable:
        return FirstRead({}, refused_files(delivery))
    load = planned_load(context, delivery, 1)
    with context.stage("read all lines"), examine(load, delivery, context.clock()) as examined:
        accepted = examined.lines.where(F.col("outcome") == ACCEPTED)
        size = accepted.agg(
            F.min("date").alias("first"),
            F.max("date").alias("last"),
            F.count_distinct("date").alias("open_days"),
            F.count_distinct("product_id").alias("products"),
            F.count_distinct("location_id").alias("locations"),
            F.count_if(is_return()).alias("returned"),
        ).first()
        if size is None or size["first"] is None:
            return FirstRead(examined.report.total, refused_files(delivery), _examples(examined.lines))
        return FirstRead(
            examined.report.total,
            refused_files(delivery),
            _examples(examined.lines),
            classes=_classes(context, accepted),
            **size.asDict(),
        )


def _examples(lines: DataFrame) -> dict[str, str]:
    """The least message of each reason for rejection."""
    reason = F.col("reject.reasons")[0].alias("reason")
    rows = lines.where("is_rejected").groupBy(reason).agg(F.min("reject.words").alias("words")).collect()
    return {row["reason"]: row["words"] for row in rows}


def _classes(context: JobContext, accepted: DataFrame) -> dict[str, tuple[int, float]]:
    """Series and units sold by demand class."""
    sold = accepted.where(~is_return()).groupBy(*SERIES, "date").agg(F.sum("quantity").alias("units"))
    n_series = sold.select(*SERIES).distinct().count()
    n_batches = max(1, n_series // SERIES_AT_ONCE)
    numbered = sold.join(_open_days(accepted), ["location_id", "date"])
    batch = F.pmod(F.xxhash64(*SERIES), F.lit(n_batches))
    panel = context.config.panel
    classify = _classifier(panel.new_days, panel.obsolete_days)
    schema = "demand_class STRING, n_series BIGINT, units DOUBLE"
    rows = (
        numbered.withColumn("batch", batch)
        .groupBy("batch")
        .applyInPandas(classify, schema)
        .groupBy("demand_class")
        .agg(F.sum("n_series").alias("n_series"), F.sum("units").alias("units"))
        .collect()
    )
    return {row["demand_class"]: (row["n_series"], row["units"]) for row in rows}


def _open_days(accepted: DataFrame) -> DataFrame:
    """location_id, date, and how many days with a line the location has after this one."""
    days = accepted.select("location_id", "date").distinct()
    later = F.row_number().over(Window.partitionBy("location_id").orderBy(F.desc("date"))) - 1
    return days.withColumn("days_back", later)


def _classifier(new_days: int, obsolete_days: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def classify(rows: pd.DataFrame) -> pd.DataFrame:
        series = rows.groupby(SERIES, sort=True).ngroup().to_numpy()
        back = rows["days_back"].to_numpy()
        quantity = np.zeros((series.max() + 1, back.max() + 1))  # [S, T]
        quantity[series, back.max() - back] = rows["units"]
        found = demand_classes(quantity, new_days, obsolete_days)
        units = quantity.sum(axis=1)
        n_series = Counter(found.tolist())
        return pd.DataFrame(
            {
                "demand_class": list(n_series),
                "n_series": list(n_series.values()),
                "units": [float(units[found == name].sum()) for name in n_series],
            }
        )

    return classify
