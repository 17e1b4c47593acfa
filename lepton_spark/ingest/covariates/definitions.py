"""What each input beside sales says, column by column."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import (
    Config,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    SideSettings,
    StockSettings,
)
from lepton_spark.ingest.covariates.source import Fact, SideInput, text_of
from lepton_spark.ingest.lines.parsing import folded, number, sold_on, trimmed
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN, EVERYWHERE, NO_END

_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def side_inputs(config: Config) -> list[SideInput]:
    """Those that are configured."""
    case = config.input.product_case
    every = (
        _plans(config.plans, case),
        _products(config.products, case),
        _stock(config.stock, case),
        _priors(config.priors, case),
    )
    return [side for side in every if side.settings.path is not None]


def _plans(settings: PlanSettings, case: str) -> SideInput:
    names = settings.columns
    start, end = _day("start_date", names.start_date, settings), _day("end_date", names.end_date, settings)
    measures = F.array(*(_share(_text(name)) for name in names.measures))
    whole = F.when(~F.exists(measures, lambda value: value.isNull()), measures)
    facts = [
        _product(names.product_id, case),
        start,
        end,
        Fact("measures", whole, "measure_not_from_0_to_1"),
        _known_at(names.known_at, settings),
        _place(names.location_id),
    ]
    early = [("ends_before_it_starts", end.value < start.value)]
    return SideInput("plans", settings, _mapped(names.model_dump()), facts, early)


def _products(settings: ProductSettings, case: str) -> SideInput:
    names = settings.columns
    facts = [
        _product(names.product_id, case),
        _place(names.location_id),
        Fact("category", _text(names.category)),
        _day("delisted_on", names.delisted_on, settings, F.lit(None).cast("date")),
        _known_at(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "known_at")
    return SideInput("products", settings, _mapped(names.model_dump()), facts, key=key)


def _stock(settings: StockSettings, case: str) -> SideInput:
    names = settings.columns
    held, said = _text(names.on_hand), _text(names.out_of_stock)
    on_hand, flag = number(held), _flag(said)
    facts = [
        _product(names.product_id, case),
        _place(names.location_id),
        _day("date", names.date, settings),
        Fact("on_hand", on_hand, "unparsable_on_hand", told=held.isNotNull()),
        Fact("out_of_stock", F.coalesce(flag, on_hand <= 0), "stock_not_told"),
    ]
    unread = [("unparsable_out_of_stock", said.isNotNull() & flag.isNull())]
    key = ("product_id", "location_id", "date")
    return SideInput("stock", settings, _mapped(names.model_dump()), facts, unread, key)


def _priors(settings: PriorSettings, case: str) -> SideInput:
    names = settings.columns
    level = number(_text(names.level))
    weight = _share(_text(names.weight)) if names.weight else F.lit(1.0)
    facts = [
        _product(names.product_id, case),
        _place(names.location_id),
        Fact("level", F.when(level >= 0, level), "level_not_from_0_up"),
        Fact("weight", weight, "weight_not_from_0_to_1"),
        _day("end_date", names.end_date, settings, F.lit(NO_END)),
        _known_at(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "end_date", "known_at")
    return SideInput("priors", settings, _mapped(names.model_dump()), facts, key=key)


def _mapped(columns: Mapping[str, Any]) -> Sequence[str]:
    named = [name for name in columns.values() if isinstance(name, str)]
    return [*named, *columns.get("measures", ())]


def _product(name: str, case: str) -> Fact:
    return Fact("product_id", folded(_text(name), case), "missing_product_id")


def _place(name: str | None) -> Fact:
    return Fact("location_id", _text(name) if name else F.lit(EVERYWHERE), "missing_location_id")


def _known_at(name: str | None, settings: SideSettings) -> Fact:
    """A day that must be told where its column is mapped: else a row would count before it was known."""
    if name is None:
        return Fact("known_at", F.lit(ALWAYS_KNOWN))
    return _day("known_at", name, settings)


def _day(fact: str, name: str | None, settings: SideSettings, untold: Column | None = None) -> Fact:
    """untold: the value where nothing is said; None: something must be said."""
    text = _text(name)
    day = sold_on(text, F.lit(None).cast("timestamp"), settings.date_formats, "UTC")
    if untold is None:
        return Fact(fact, day, f"unparsable_{fact}")
    value = F.when(text.isNull(), untold).otherwise(day)
    return Fact(fact, value, f"unparsable_{fact}", told=text.isNotNull())


def _text(name: str | None) -> Column:
    """Trimmed; null where no column is mapped."""
    return trimmed(text_of(name)) if name else F.lit(None).cast("string")


def _share(text: Column) -> Column:
    value = number(text)
    return F.when(value.between(0.0, 1.0), value)


def _flag(text: Column) -> Column:
    bare = F.lower(text)
    return F.when(bare.isin(*_YES), F.lit(True)).when(bare.isin(*_NO), F.lit(False))
