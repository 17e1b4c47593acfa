"""Types of the settings that describe how files are read."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo

from lepton_spark.config.invalid_settings import raise_if_any
from lepton_spark.config.values.reader_options import invalid_options
from lepton_spark.config.values.types import OptionText

FileFormat = Literal["csv", "json", "parquet", "delta"]
SalesFormat = Literal["csv", "json", "parquet", "delta", "excel"]
"""Formats of sales; side inputs are not read from workbooks."""


def _valid_for_format(options: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    if "format" in info.data:
        raise_if_any(invalid_options(info.data["format"], options))
    return options


ReaderOptions = Annotated[dict[str, OptionText], AfterValidator(_valid_for_format)]
"""Reader options, checked against the field `format`, which must be declared before this one."""
