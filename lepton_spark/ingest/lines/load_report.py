"""What a load came to: lines by where they ended, and what was found of them, as delivered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.errors import BalanceError, explain
from lepton_spark.ingest.files.delivery import ReadFile
from lepton_spark.ingest.lines.deduplication import ACCEPTED, ALREADY_LOADED, PLACES, REJECTED, REPEAT

Counts = dict[str, int]


def findings(numbered: DataFrame) -> tuple[Counts, date | None, date | None]:
    """Counts over every raw line, repeats included, and the first and last day of the load."""
    quantity, price = F.col("quantity"), F.col("unit_price")
    negative = quantity < 0
    counted = {
        "negative_quantity": negative,
        "cancellation_lines": negative & F.col("is_cancellation"),
        "write_off_lines": negative & ~F.col("is_cancellation"),
        "zero_price": price == 0,
        "negative_price": price < 0,
        "not_a_product_lines": F.array_contains("reasons", "not_a_product"),
    }
    by_code = numbered.groupBy("product_text", "product_id").agg(
        *(F.count_if(condition).alias(name) for name, condition in counted.items()),
        F.min("date").alias("first"),
        F.max("date").alias("last"),
    )
    row = by_code.agg(
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in counted),
        F.count("product_text").alias("product_codes_as_written"),
        F.count_distinct("product_id").alias("product_codes_folded"),
        F.min("first").alias("first"),
        F.max("last").alias("last"),
    ).first()
    found = {} if row is None else row.asDict()
    first, last = found.pop("first", None), found.pop("last", None)
    return {name: int(value) for name, value in found.items()}, first, last


@dataclass(frozen=True)
class Ended:
    """Lines by place, and rejected ones by first reason, of the load and by file; accepted lines' days.

    barren: files of which every line stands in `rejects`, repeats left aside, with words for it.
    """

    total: Counts
    by_file: Mapping[int, Counts]
    barren: Mapping[int, str]
    first_accepted: date | None
    last_accepted: date | None


def places(placed: DataFrame, copies: Sequence[ReadFile]) -> Ended:
    """Where the lines of a load ended; those of a file delivered twice at once are already loaded."""
    reason = F.when(F.col("is_refused"), F.col("reasons")[0])
    groups = placed.groupBy("file", "place", reason.alias("reason"), "replaces").agg(
        F.count("*").alias("lines"),
        F.min("date").alias("first"),
        F.max("date").alias("last"),
        F.min("words").alias("words"),
    )
    rows = groups.collect()
    total: Counts = dict.fromkeys(PLACES, 0) | {"replaced": 0}
    by_file: dict[int, Counts] = {}
    for row in rows:
        of_file = by_file.setdefault(row["file"], dict.fromkeys(PLACES, 0))
        for name in _names(row):
            total[name] = total.get(name, 0) + row["lines"]
            of_file[name] = of_file.get(name, 0) + row["lines"]
    total[ALREADY_LOADED] += sum(copy.inspection.lines for copy in copies)
    accepted = [row for row in rows if row["place"] == ACCEPTED]
    first = min((row["first"] for row in accepted), default=None)
    last = max((row["last"] for row in accepted), default=None)
    return Ended(total, by_file, _barren(rows), first, last)


def _barren(rows: Sequence[Row]) -> dict[int, str]:
    fertile = {row["file"] for row in rows if row["place"] != REPEAT and row["reason"] is None}
    by_file: dict[int, list[Row]] = {}
    for row in rows:
        if row["file"] not in fertile and row["reason"] is not None:
            by_file.setdefault(row["file"], []).append(row)
    return {file: _barren_words(of_file) for file, of_file in by_file.items()}


def _barren_words(rows: Sequence[Row]) -> str:
    lines, words = Counter[str](), dict[str, str]()
    for row in sorted(rows, key=lambda row: str(row["words"])):
        lines[row["reason"]] += row["lines"]
        words.setdefault(row["reason"], str(row["words"]))
    reason, count = min(lines.items(), key=lambda item: (-item[1], item[0]))
    return explain(
        "lines",
        f"none accepted, {count} of {lines.total()} rejected as {reason} (such as {words[reason]})",
        "at least one that the rules accept",
        "Mend the rules under input, or have the file delivered again; it is then read anew",
    )


def _names(row: Row) -> list[str]:
    reasons = [f"rejected.{row['reason']}"] if row["place"] == REJECTED else []
    return [row["place"], *reasons, *(["replaced"] if row["replaces"] else [])]


def missing_values(loaded: Sequence[ReadFile]) -> Counts:
    """Lines without a value, by source column, as the inspection counted them."""
    total: Counts = {}
    for read in loaded:
        for name, count in read.inspection.missing.items():
            total[f"missing.{name}"] = total.get(f"missing.{name}", 0) + count
    return total


def check_balance(lines_read: int, counts: Mapping[str, int]) -> None:
    """Every line read ends in exactly one place.

    lines_read: as the inspection counted them, independently of what became of the lines since.

    Raises: BalanceError when they do not add up.
    """
    ended = sum(counts.get(place, 0) for place in PLACES)
    if ended != lines_read:
        parts = " + ".join(f"{counts.get(place, 0)} {place}" for place in PLACES)
        remedy = "Nothing was published; the files may have changed while they were read: run it again."
        raise BalanceError(
            explain("lines of this load", f"{parts} = {ended}", f"{lines_read} lines read", remedy)
        )
