"""The segments of a configuration: what of them a run's id depends on, and listed products without sales."""

import json
from collections.abc import Iterator, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import SegmentSettings


def segment_versions(segments: Sequence[SegmentSettings]) -> list[str]:
    """Texts that differ where segments take other series or have other models; none without segments."""
    made = [
        {
            "name": segment.name,
            "products": sorted(segment.product_ids()),
            "category": sorted(segment.category),
            "demand_class": sorted(segment.demand_class),
            "models": segment.models,
        }
        for segment in segments
    ]
    return [f"segment:{json.dumps(one, sort_keys=True)}" for one in made]


def unknown_products(panel: DataFrame, segments: Sequence[SegmentSettings]) -> Iterator[str]:
    """A warning for each segment that lists products without sales.

    panel: rows with `product_id`, any number for each.
    """
    lists = {segment.name: segment.product_ids() for segment in segments}
    pairs = [(name, product) for name, products in lists.items() for product in sorted(products)]
    if not pairs:
        return
    listed = panel.sparkSession.createDataFrame(pairs, "segment STRING, product_id STRING")
    missing = listed.join(panel, "product_id", "left_anti").groupBy("segment")
    found = missing.agg(F.count("*").alias("n"), F.min("product_id").alias("example")).collect()
    counts = {row["segment"]: (row["n"], row["example"]) for row in found}
    for name, products in lists.items():
        if name in counts:
            n, example = counts[name]
            listed_here = f"{n:,} of {len(products):,} listed products"
            yield f"segment {name}: {listed_here} have no sales, such as {example!r}"
