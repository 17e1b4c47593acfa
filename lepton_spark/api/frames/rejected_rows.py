"""Why a row of a data frame does not count, in the words of the table `rejects`."""

import warnings
from collections.abc import Mapping
from datetime import date

from lepton_spark.api.frames.columns import Columns
from lepton_spark.config import InputSettings
from lepton_spark.errors import InputError, LossError, explain

MISSING_PRODUCT, MISSING_LOCATION = "missing_product_id", "missing_location_id"
NO_DATE, TOO_EARLY, TOO_LATE = "unparsable_date", "implausible_date", "future_date"
NO_QUANTITY, CONFLICT = "unparsable_quantity", "conflicting_day"

UNKNOWN = (NO_QUANTITY, CONFLICT)
"""Reasons that leave the sales of a series and day unknown."""


def messages(columns: Columns, settings: InputSettings, today: date) -> Mapping[str, str]:
    """The message for each reason, in the order in which the rules apply."""
    return {
        MISSING_PRODUCT: f"{columns.product}: found nothing; allowed: a product code",
        MISSING_LOCATION: f"{columns.location}: found nothing; allowed: a location",
        NO_DATE: f"{columns.date}: found nothing; allowed: a date",
        TOO_EARLY: f"{columns.date}: allowed: days from {settings.earliest_date} on (input.earliest_date)",
        TOO_LATE: f"{columns.date}: allowed: days up to {today}",
        NO_QUANTITY: f"{columns.quantity}: found no finite number; allowed: a number",
        CONFLICT: f"{columns.quantity}: found several values for one series and day; allowed: one. "
        "Name location_col= if they are of two stores, or add them up: "
        f"df.groupby({[*columns.key, columns.date]}, as_index=False)[{columns.quantity!r}].sum()",
    }


def require_few(counts: Mapping[str, int], n_rows: int, max_share: float) -> None:
    """Warns of rejected rows. counts: rejected rows by reason, of `n_rows` rows.

    Raises: InputError without an accepted row; LossError if more than `max_share` of the rows are rejected.
    """
    n_rejected = sum(counts.values())
    words = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
    if n_rejected == n_rows:
        remedy = "Correct the data frame."
        found = f"no row that counts ({words})" if words else "no rows"
        raise InputError(explain("data frame", found, "at least one day of sales", remedy))
    if not n_rejected:
        return
    found = f"{n_rejected:,} of {n_rows:,} rows that do not count: {words}"
    if n_rejected > max_share * n_rows:
        remedy = (
            "Correct them: lepton_spark.rejects has these rows with messages. Or allow them: "
            'config={"gates": {"max_lost_share": 0.5}}.'
        )
        raise LossError(explain("data frame", found, f"{max_share:.0%} (gates.max_lost_share)", remedy))
    warnings.warn(f"data frame: {found}; see .rejects", stacklevel=4)
