"""Types of values that say how files are read."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo

from lepton_spark.config.refusal import refuse
from lepton_spark.config.sections.reader_options import option_faults
from lepton_spark.config.sections.section import OptionText

FileFormat = Literal["csv", "json", "parquet", "delta"]


def _of_the_format(options: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    if "format" in info.data:
        refuse(option_faults(info.data["format"], options))
    return options


ReaderOptions = Annotated[dict[str, OptionText], AfterValidator(_of_the_format)]
"""Options that the section's `format`, which stands before them, knows."""
