"""The section `plans`: promotions that are known ahead."""

from collections.abc import Iterator

from pydantic import Field, field_validator

from lepton_spark.config.options import ALIASES
from lepton_spark.config.reading import FileFormat, ReaderOptions
from lepton_spark.config.refusal import Refusal, refuse
from lepton_spark.config.section import DateForm, Name, Section

MAX_MEASURES = 4
SPARK_ENCODINGS = ("UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32")


class PlanColumns(Section):
    """The source's name of each column."""

    product_id: Name = "product_id"
    location_id: Name | None = Field(None, description="none: a plan is for every location")
    start_date: Name = "start_date"
    end_date: Name = "end_date"
    known_at: Name | None = Field(None, description="the day from which the plan was known; none: always")
    measures: tuple[Name, ...] = Field(
        ("promotion",),
        min_length=1,
        max_length=MAX_MEASURES,
        description="numbers from 0 to 1, such as the share of stores that promote the product",
    )


class PlanSettings(Section):
    """Where plans stand and how they are read."""

    path: Name | None = Field(None, description="a file, a folder, a glob, or a Delta table; none: no plans")
    format: FileFormat = "csv"
    columns: PlanColumns = PlanColumns()
    options: ReaderOptions = Field(default_factory=dict, description="reader options of the format")
    date_formats: tuple[DateForm, ...] = Field(
        ("yyyy-MM-dd",), min_length=1, description="the forms a date may have, tried in this order"
    )

    @property
    def n_measures(self) -> int:
        """Measures a day; 0 without plans."""
        return len(self.columns.measures) if self.path else 0

    @field_validator("columns")
    @classmethod
    def _each_column_once(cls, columns: PlanColumns) -> PlanColumns:
        refuse(_twice(columns))
        return columns

    @field_validator("options")
    @classmethod
    def _options_of_a_table_with_names(cls, options: dict[str, str]) -> dict[str, str]:
        refuse(_unreadable(options))
        return options


def _unreadable(options: dict[str, str]) -> Iterator[Refusal]:
    """Spark reads plans itself, unlike deliveries, and knows fewer encodings."""
    for name, value in options.items():
        if name == "header" and value != "true":
            yield Refusal((name,), value, "true: columns are found by their names")
        if ALIASES.get(name, name) == "encoding" and value.upper() not in SPARK_ENCODINGS:
            yield Refusal((name,), value, f"one of {', '.join(SPARK_ENCODINGS)}; convert the file first")


def _twice(columns: PlanColumns) -> Iterator[Refusal]:
    named = {key: value for key, value in columns.model_dump().items() if isinstance(value, str)}
    seen: dict[str, str] = {}
    for key, name in [*named.items(), *(("measures", name) for name in columns.measures)]:
        if name in seen:
            yield Refusal((key,), name, f"a column of its own; {seen[name]} is mapped to it")
        seen[name] = key
