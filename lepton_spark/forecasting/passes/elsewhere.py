"""Before the passes, where there are several locations: what the others sold of each series' product."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.forecasting.failure_isolation import worker_limits
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.panel.dense import ELSEWHERE, STOCK_OUTS, PackedBatch
from lepton_spark.panel.elsewhere import elsewhere_lists
from lepton_spark.tables.schemas.schema import SERIES_KEY

_SCHEMA = f"product_id STRING, location_id STRING, {ELSEWHERE} ARRAY<DOUBLE>"


def sales_elsewhere(series: DataFrame, settings: FitSettings, n_groups: int) -> DataFrame:
    """The series key and the list `elsewhere` of each series whose product is sold at several locations.

    Products are divided into groups by a hash; a group has all locations of its products.
    """
    work = ProductGroup(settings)

    def product_group(rows: pd.DataFrame) -> pd.DataFrame:
        return work(rows)

    kept = [name for name in (*SERIES_KEY, "first_day", "quantity", STOCK_OUTS) if name in series.columns]
    group = F.pmod(F.xxhash64("product_id"), F.lit(n_groups))
    return series.select(*kept, group.alias("group")).groupBy("group").applyInPandas(product_group, _SCHEMA)


@dataclass(frozen=True)
class ProductGroup:
    """Packed rows of all series of some products -> the lists of those sold at several locations."""

    settings: FitSettings

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add up; if that raises, product by product, so that only the failing ones get no lists.

        A series that raises here raises in pass A too, which stores the reason.
        """
        shared = rows[rows.groupby("product_id")["location_id"].transform("nunique") > 1]
        with worker_limits():
            try:
                return self._lists(shared)
            except Exception:  # noqa: BLE001  no series may fail a run
                parts = [self._lists_or_none(part) for _, part in shared.groupby("product_id")]
                return pd.concat(parts, ignore_index=True)

    def _lists_or_none(self, rows: pd.DataFrame) -> pd.DataFrame:
        try:
            return self._lists(rows)
        except Exception:  # noqa: BLE001  the series of this product are forecast by their own sales
            return _rows((), (), ())

    def _lists(self, rows: pd.DataFrame) -> pd.DataFrame:
        if not rows["first_day"].notna().any():
            return _rows((), (), ())
        packed = packed_batch(rows)
        found = lists_of(packed, self.settings)
        made = _rows(packed.product_ids, packed.location_ids, found)
        return made[[len(values) > 0 for values in found]]


def lists_of(packed: PackedBatch, settings: FitSettings) -> list[FloatArray]:
    """[S], see `elsewhere_lists`; outliers are damped without regard to plans, which are known only later."""
    history = replace(settings, n_measures=0).history(packed)
    return elsewhere_lists(history, packed.product_ids)


def _rows(
    product_ids: Sequence[str], location_ids: Sequence[str], lists: Sequence[FloatArray]
) -> pd.DataFrame:
    return pd.DataFrame(
        {"product_id": product_ids, "location_id": location_ids, ELSEWHERE: lists}, dtype=object
    )
