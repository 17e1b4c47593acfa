"""Raw lines: the source columns of delivered files as columns of a frame, text or typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StringType, TimestampNTZType, TimestampType

WRITTEN_FORMS: Mapping[type[DataType], str] = MappingProxyType(
    {
        DateType: "yyyy-MM-dd",
        TimestampType: "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'",
        TimestampNTZType: "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
    }
)
"""The date form in which a typed day or instant is written as text; PARSED_FORMS parse it again."""


@dataclass(frozen=True)
class RawLines:
    """Lines with the same source columns.

    columns: their names; personal ones last. frame: file (a number), line_number, malformed (what is wrong
    with the line, else null), raw (the text of such a line), and the source columns as `source_0`,
    `source_1`, ..., because their names may be those of other columns.
    """

    columns: tuple[str, ...]
    frame: DataFrame

    def column(self, name: str | None) -> Column:
        """A source column as delivered; null without a name."""
        return F.lit(None).cast("string") if name is None else F.col(self._position(name))

    def kind(self, name: str | None) -> DataType:
        """The type of a source column."""
        return StringType() if name is None else self.frame.schema[self._position(name)].dataType

    def text(self, name: str | None) -> Column:
        """A source column as text; dates and instants in WRITTEN_FORMS."""
        column, kind = self.column(name), self.kind(name)
        form = WRITTEN_FORMS.get(type(kind))
        if form is not None:
            return F.date_format(column, form)
        if isinstance(kind, StringType):
            return column
        simple = kind.typeName() not in ("array", "map", "struct", "variant")
        return column.cast("string") if simple else F.to_json(column)

    def _position(self, name: str) -> str:
        return f"source_{self.columns.index(name)}"


def source_columns(columns: Sequence[Column]) -> list[Column]:
    """Columns under the names that RawLines gives them."""
    return [column.alias(f"source_{position}") for position, column in enumerate(columns)]
