"""The parts that a section of the page is made of; the template knows how each one looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lepton_spark.report.page.figures import Series

Level = Literal["good", "warn", "bad", "info"]


@dataclass(frozen=True)
class Cell:
    """A value of a table. series: what a click on it draws, None for plain text. level: how it is marked."""

    text: str
    series: Series | None = None
    level: Level | None = None


@dataclass(frozen=True)
class Table:
    """Rows under column names. numeric: numbers of the columns that are aligned to the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification with its data. description: what it shows, in words. table: the same data."""

    title: str
    description: str
    spec: Mapping[str, Any]
    table: Table
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True)
class Notice:
    """One thing to know, or to do."""

    level: Level
    title: str
    text: str
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Code:
    """Text that is shown as it is, under a summary that opens it."""

    title: str
    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True)
class ProductBox:
    """The search box and the product that it draws."""

    kind: Literal["products"] = "products"


Block = Table | Chart | Notice | Text | Code | ProductBox


@dataclass(frozen=True)
class Tile:
    """A figure at the top of the page."""

    label: str
    value: str
    note: str
    level: Level | None = None


@dataclass(frozen=True)
class Section:
    """A heading and what is below it; anchor: its id in the page."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


def cells(*values: Cell | str) -> tuple[Cell, ...]:
    """A row; texts become plain cells."""
    return tuple(value if isinstance(value, Cell) else Cell(value) for value in values)


def named(series: Series) -> Cell:
    """The cell of a series, which draws it."""
    return Cell(series.label, series)
