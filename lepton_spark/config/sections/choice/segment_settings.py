"""The section `segments`: products that choose from models of their own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lepton_spark.config.invalid_settings import InvalidSetting, raise_if_any
from lepton_spark.config.sections.forecast_settings import Models
from lepton_spark.config.sections.inputs.covariate_settings import ProductSettings
from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name

STANDARD = "standard"

DemandClass = Literal["smooth", "intermittent", "erratic", "lumpy", "new", "obsolete"]


def _plain_name(name: str) -> str:
    if set(name) & set("/=()") or name != name.strip():
        raise ValueError("a name without / = ( ) and without spaces around it")
    return name


def _own_models(models: object) -> object:
    return None if models == STANDARD else models


def _product_file(path: str) -> str:
    try:
        found = _lines(path)
    except UnicodeDecodeError as fault:
        raise ValueError("a text file saved as UTF-8") from fault
    except OSError as fault:
        raise ValueError(f"a readable file with one product id a line ({fault.strerror})") from fault
    if not found:
        raise ValueError("a file with one product id a line; this one is empty")
    return path


def _lines(path: str) -> list[str]:
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    return [line.strip() for line in lines if line.strip()]


class SegmentSettings(Section):
    """Products that choose from models of their own; the first segment that matches a product takes it."""

    name: Annotated[Name, AfterValidator(_plain_name)] = Field(description="name in reports and tables")
    products: tuple[Name, ...] = Field((), description="product ids of the segment")
    products_file: Annotated[Name, AfterValidator(_product_file)] | None = Field(
        None, description="a local text file with further product ids, one a line"
    )
    category: tuple[Name, ...] = Field((), description="categories of the segment, as in the products input")
    demand_class: tuple[DemandClass, ...] = Field((), description="demand classes of the segment")
    models: Annotated[Models | None, BeforeValidator(_own_models)] = Field(
        None, description="models that its products choose from; unset or standard: those of forecast.models"
    )

    @model_validator(mode="after")
    def _has_a_rule(self) -> "SegmentSettings":
        if not (self.products or self.products_file or self.category or self.demand_class):
            allowed = "at least one of products, products_file, category and demand_class"
            raise_if_any([InvalidSetting((), self.name, allowed)])
        return self

    def product_ids(self) -> frozenset[str]:
        """All ids, of the list and of the file, which is read again."""
        of_file = _lines(self.products_file) if self.products_file else []
        return frozenset((*self.products, *of_file))


def invalid_segments(
    segments: Sequence[SegmentSettings], products: ProductSettings | None
) -> Iterator[InvalidSetting]:
    """Names that are used twice, and categories where products have none."""
    names = [segment.name for segment in segments]
    for position, segment in enumerate(segments):
        if segment.name in names[:position]:
            yield InvalidSetting((position, "name"), segment.name, "a name of its own for each segment")
        if segment.category and products is not None and not _has_categories(products):
            allowed = "unset, or set products.path and products.columns.category, which categories come from"
            yield InvalidSetting((position, "category"), list(segment.category), allowed)


def _has_categories(products: ProductSettings) -> bool:
    return products.path is not None and products.columns.category is not None
