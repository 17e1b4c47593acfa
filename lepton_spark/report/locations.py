"""The location of a product that a planner asks about."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message

N_NEAR = 3
"""Products of similar ids that an error names."""


def location_of(rows: DataFrame, product: str, location: str | None, what: str) -> str:
    """The given location of a product, or its only one.

    rows: of series. what: a row in words, for the message.

    Raises: InputError for a product or a location without a row, or if the location is left out of several.
    """
    of_product = rows.where(F.col("product_id") == F.lit(product)).select("location_id").distinct()
    places = sorted(row["location_id"] for row in of_product.limit(1000).collect())
    subject = Message("product '{product}'", product=product)
    if not places:
        near = ", ".join(_near(rows, product))
        raise InputError(
            explain(
                subject,
                Message("no {what}", what=what),
                Message("a product with one"),
                Message("Similar: {ids}.", ids=near),
            )
        )
    if location is None and len(places) == 1:
        return str(places[0])
    if location not in places:
        found = Message("no forecast at '{location}'", location=location)
        if location is None:
            found = Message("several locations")
        allowed = Message("one of {names}{hint}", names=_some(places), hint="")
        raise InputError(explain(subject, found, allowed, Message("Name it with --location.")))
    return str(location)


def _near(rows: DataFrame, product: str) -> list[str]:
    """The products whose ids are most similar."""
    distance: Column = F.levenshtein(F.lower("product_id"), F.lower(F.lit(product)))
    ids = rows.select("product_id").distinct().orderBy(distance, "product_id").limit(N_NEAR)
    return [row["product_id"] for row in ids.collect()]


def _some(places: list[str]) -> str:
    more = f" and {len(places) - 10} more" if len(places) > 10 else ""
    return ", ".join(places[:10]) + more
