"""Rules over the sources of `input`: settings and columns in which all of them must agree."""

from collections.abc import Iterator, Sequence

from lepton_spark.config.invalid_settings import InvalidSetting
from lepton_spark.config.sections.inputs.input_settings import InputSettings

COMMON = (
    *("kind", "timezone", "earliest_date", "conflicts", "product_case", "product_pattern"),
    *("cancellation_pattern", "cancel_window_days", "non_positive_price", "min_unit_price"),
)
"""Settings of what a line means; all others, of how it is written, belong to each source."""

_COMPARED = ("price", "transaction_id")
"""Columns by which a line is recognised in another source, unless `identity` names others."""


def invalid_sources(sources: Sequence[InputSettings]) -> Iterator[InvalidSetting]:
    """Settings of later sources that differ from the first one's, although they must agree."""
    first = sources[0]
    for position, source in enumerate(sources[1:], start=1):
        for key in COMMON:
            found, expected = getattr(source, key), getattr(first, key)
            if found != expected:
                allowed = f"{_shown(expected)} as in input.0.{key}: all sources share this setting"
                yield InvalidSetting((position, key), found, allowed)
        yield from _invalid_identity(position, source, first)
        yield from _invalid_columns(position, source, first)


def _invalid_identity(position: int, source: InputSettings, first: InputSettings) -> Iterator[InvalidSetting]:
    """An identity of another number of columns, so that its lines would equal none of the other source."""
    found, expected = (len(settings.identity or ()) for settings in (source, first))
    if found != expected:
        allowed = (
            f"as many columns as in input.0.identity, which has {expected}, in the same order: "
            "lines of all sources are compared by them"
        )
        yield InvalidSetting((position, "identity"), source.identity, allowed)


def _invalid_columns(position: int, source: InputSettings, first: InputSettings) -> Iterator[InvalidSetting]:
    """A column mapped in one of the two sources only, by which their lines are compared."""
    remedy = {"location_id": "the series of all sources have the same key"}
    if first.identity is None:
        compared = "lines are compared by this column; map it in both, or set identity in each source"
        remedy |= dict.fromkeys(_COMPARED, compared)
    for key, why in remedy.items():
        found, expected = (getattr(settings.columns, key) for settings in (source, first))
        if (found is None) != (expected is None):
            allowed = "a column" if found is None else "nothing"
            yield InvalidSetting(
                (position, "columns", key), found, f"{allowed}, as in input.0.columns.{key}: {why}"
            )


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
