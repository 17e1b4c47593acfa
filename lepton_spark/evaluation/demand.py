"""Demand classes."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, StringArray

SMOOTH, INTERMITTENT, ERRATIC, LUMPY = "smooth", "intermittent", "erratic", "lumpy"
NEW, OBSOLETE = "new", "obsolete"
DEMAND_CLASSES = (SMOOTH, INTERMITTENT, ERRATIC, LUMPY, NEW, OBSOLETE)

ADI_LIMIT = 1.32
CV2_LIMIT = 0.49
MIN_SALES = 4
"""Days with a sale below which sizes and intervals cannot be estimated; such a series is new."""


def is_obsolete(quantity: FloatArray, obsolete_days: int) -> BoolArray:
    """[S], whether the last `obsolete_days` known days, which must exist, had no sale.

    quantity: [S, T], units; NaN = unknown.
    """
    n_days = quantity.shape[1]
    if not n_days:
        return np.full(len(quantity), obsolete_days <= 0)
    sold = quantity > 0
    after = np.where(sold.any(axis=1), n_days - np.argmax(sold[:, ::-1], axis=1), 0)  # [S], the last sale
    long_ago = np.flatnonzero(n_days - after >= obsolete_days)
    known = ~np.isnan(quantity[long_ago]) & (np.arange(n_days) >= after[long_ago, np.newaxis])
    obsolete = np.zeros(len(quantity), dtype=np.bool_)
    obsolete[long_ago] = np.count_nonzero(known, axis=1) >= obsolete_days
    return obsolete


def demand_classes(quantity: FloatArray, new_days: int, obsolete_days: int) -> StringArray:
    """[S], one of `DEMAND_CLASSES`; obsolete takes precedence over new, new over the others.

    New: the first sale is within the last `new_days` days, or fewer than 4 days have a sale. The others are
    defined by the average interval between sales (ADI, known days since the first sale over days with a
    sale; above 1.32 intermittent or lumpy) and by the squared coefficient of variation of the sizes (above
    0.49 erratic or lumpy).

    quantity: [S, T], units; NaN = unknown; without any column every series is new.
    Source: Syntetos, Boylan and Croston (2005), On the categorization of demand patterns.
    """
    if not quantity.shape[1]:
        return np.full(len(quantity), NEW)
    known = ~np.isnan(quantity)
    sold = quantity > 0
    n_sales = np.count_nonzero(sold, axis=1)
    first = np.argmax(sold, axis=1)
    n_days = quantity.shape[1]
    since_first = np.count_nonzero(known & (np.arange(n_days) >= first[:, np.newaxis]), axis=1)
    is_rare = since_first > ADI_LIMIT * n_sales
    is_variable = _squared_variation(quantity, sold) > CV2_LIMIT
    is_new = (n_sales < MIN_SALES) | (first >= n_days - new_days)
    classes: StringArray = np.select(
        [is_obsolete(quantity, obsolete_days), is_new, is_rare & is_variable, is_rare, is_variable],
        [OBSOLETE, NEW, LUMPY, INTERMITTENT, ERRATIC],
        SMOOTH,
    )
    return classes


def _squared_variation(quantity: FloatArray, sold: BoolArray) -> FloatArray:
    """[S], variance of the sizes of sales over their squared mean; 0 without a sale."""
    n_sales = np.maximum(np.count_nonzero(sold, axis=1), 1)
    size = np.where(sold, quantity, 0.0)
    mean = size.sum(axis=1) / n_sales
    deviation = np.where(sold, quantity - mean[:, np.newaxis], 0.0)
    variance = np.einsum("st,st->s", deviation, deviation) / n_sales
    squared: FloatArray = np.divide(variance, mean**2, out=np.zeros_like(mean), where=mean > 0)
    return squared
