"""Sampled files with a column for each day, as lines with a day and its figure."""

from collections.abc import Sequence
from dataclasses import replace

from lepton_spark.detection.sampled_lines import SampledLines
from lepton_spark.detection.trials import DAY_FORMS
from lepton_spark.ingest.files.date_forms import shape

DATE, QUANTITY = "date", "quantity"
"""The names that the days and their figures get."""

MIN_DAYS = 3
"""Fewer columns that are named by days are taken for other columns, such as a price of that day."""

MAX_LINES = 200_000
"""Lines that the rows become; of more, rows are left out evenly."""


def as_lines(lines: SampledLines) -> SampledLines:
    """The lines of a wide file; those of any other file as they are."""
    days = _days(lines.names) if lines.format in ("csv", "excel") else []
    if len(days) < MIN_DAYS:
        return lines
    kept = [
        position
        for position, name in enumerate(lines.names)
        if position not in days and name not in (DATE, QUANTITY)
    ]
    names = (*(lines.names[position] for position in kept), DATE, QUANTITY)
    every = max(1, len(lines.rows) * len(days) // MAX_LINES)
    rows = tuple(
        (*(row[position] for position in kept), lines.names[day], row[day])
        for row in lines.rows[::every]
        for day in days
        if (row[day] or "").strip()
    )
    headers = tuple(lines.names[day] for day in days)
    return replace(lines, names=names, kinds=dict.fromkeys(names, "text"), rows=rows, days=headers)


def _days(names: Sequence[str]) -> list[int]:
    """The positions of the names in the form of days that most names have."""
    found = (
        [position for position, name in enumerate(names) if shape(form).fullmatch(name)] for form in DAY_FORMS
    )
    return max(found, key=len, default=[])
