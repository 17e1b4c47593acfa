"""Plans from their source: text to values by rule, what cannot be read named."""

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import PlanSettings
from lepton_spark.config.options import reader_options
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.ingest.delivery import resolve
from lepton_spark.ingest.parsing import folded, number, sold_on, trimmed
from lepton_spark.tables.plan_tables import ALWAYS_KNOWN, EVERYWHERE

CSV_OPTIONS = {"separator": "sep", "encoding": "encoding", "quote": "quote", "compression": "compression"}


def read_plans(spark: SparkSession, settings: PlanSettings, product_case: str) -> DataFrame:
    """Every row of the source: the columns of `plans`, `line` and `reason` (null where the row is good).

    Raises: InputError when the source lacks a mapped column, or cannot be read.
    """
    source = _source(spark, settings)
    columns = settings.columns
    mapped = [name for name in columns.model_dump(exclude={"measures"}).values() if name] + [
        *columns.measures
    ]
    missing = [name for name in mapped if name not in source.columns]
    if missing:
        found = f"no column {examples(missing)}; there are {examples(source.columns)}"
        remedy = "Map them under plans.columns."
        raise InputError(explain(f"plans {settings.path}", found, "every mapped column", remedy))
    text = {name: source[_quoted(name)].cast("string") for name in mapped}
    values = {
        "product_id": folded(trimmed(text[columns.product_id]), product_case),
        "location_id": trimmed(text[columns.location_id]) if columns.location_id else F.lit(EVERYWHERE),
        "start_date": _day(text[columns.start_date], settings),
        "end_date": _day(text[columns.end_date], settings),
        "known_at": _day(text[columns.known_at], settings) if columns.known_at else F.lit(ALWAYS_KNOWN),
        "measures": F.array(*(_measure(text[name]) for name in columns.measures)),
    }
    line = F.to_json(F.struct(*(text[name].alias(name) for name in mapped)))
    rows = source.select(line.alias("line"), *(value.alias(name) for name, value in values.items()))
    return rows.withColumn("reason", _reason(columns.known_at is not None, columns.location_id is not None))


def _source(spark: SparkSession, settings: PlanSettings) -> DataFrame:
    options = reader_options(settings.options)
    path = resolve(settings.path)
    try:
        if settings.format == "csv":
            given = {CSV_OPTIONS[name]: value for name, value in options.items() if name in CSV_OPTIONS}
            return spark.read.options(header=True, inferSchema=False, mode="PERMISSIVE", **given).csv(path)
        if settings.format == "json":
            return spark.read.options(primitivesAsString=True, **options).json(path)
        return spark.read.format(settings.format).options(**options).load(path)
    except AnalysisException as fault:
        found, remedy = str(fault).splitlines()[0], "Mend plans.path or plans.format."
        raise InputError(explain(f"plans {settings.path}", found, settings.format, remedy)) from fault


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _day(text: Column, settings: PlanSettings) -> Column:
    return sold_on(trimmed(text), F.lit(None).cast("timestamp"), settings.date_formats, "UTC")


def _measure(text: Column) -> Column:
    value = number(trimmed(text))
    return F.when(value.between(0.0, 1.0), value)


def _reason(has_known: bool, has_location: bool) -> Column:
    """The first of what is wrong with a row."""
    found = (
        F.when(F.col("product_id").isNull(), "missing_product_id")
        .when(F.col("start_date").isNull(), "unparsable_start_date")
        .when(F.col("end_date").isNull(), "unparsable_end_date")
        .when(F.col("end_date") < F.col("start_date"), "ends_before_it_starts")
        .when(F.exists("measures", lambda value: value.isNull()), "measure_not_from_0_to_1")
    )
    if has_known:
        found = found.when(F.col("known_at").isNull(), "unparsable_known_at")
    return found.when(F.col("location_id").isNull(), "missing_location_id") if has_location else found
