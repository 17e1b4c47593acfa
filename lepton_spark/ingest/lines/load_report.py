"""The report of a load: lines by outcome, checked against the lines read, and statistics of its raw lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.errors import BalanceError, explain
from lepton_spark.ingest.files.delivery import ReadFile
from lepton_spark.ingest.lines.deduplication import (
    ACCEPTED,
    ALREADY_LOADED,
    OUTCOMES,
    REJECTED,
    REPEAT,
    SKIPPED,
)
from lepton_spark.ingest.lines.reading.quantities import is_return
from lepton_spark.ingest.losses import EXCLUSIONS

Counts = dict[str, int]

Words = Mapping[tuple[int, str], str]
"""An example in words, by file number and reason."""

EQUAL_LINES = "equal_lines"
"""Count of a load: accepted lines that have the identity of an earlier line of their file."""


def raw_statistics(numbered: DataFrame) -> Counts:
    """Counts over every raw line, repeats included."""
    price, negative = F.col("price"), is_return()
    counted = {
        "negative_quantity": negative,
        "cancellation_lines": negative & F.col("is_cancellation"),
        "write_off_lines": negative & ~F.col("is_cancellation"),
        "zero_price": price == 0,
        "negative_price": price < 0,
        "unreadable_price": F.col("has_unreadable_price"),
        "not_a_product_lines": F.array_contains("reject.reasons", "not_a_product"),
    }
    by_code = numbered.groupBy("code_as_written", "product_id").agg(
        *(F.count_if(condition).alias(name) for name, condition in counted.items())
    )
    row = by_code.agg(
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in counted),
        F.count(F.coalesce("code_as_written", "product_id")).alias("product_codes_as_written"),
        F.count_distinct("product_id").alias("product_codes_folded"),
    ).first()
    return {} if row is None else {name: int(value) for name, value in row.asDict().items()}


@dataclass(frozen=True)
class LoadReport:
    """Lines by outcome, and rejected lines by first reason, of the load and of each file number.

    files_without_accepted: file number -> explanation, for files of which every line is rejected,
    repeats not counted.
    losses: file number -> lines that could be demand, those of them that are rejected, and the commonest
    reason with an example.
    first_accepted, last_accepted: the days that the accepted lines span; None without one.
    """

    total: Counts
    by_file: Mapping[int, Counts]
    files_without_accepted: Mapping[int, str]
    losses: Mapping[int, tuple[int, int, str]]
    first_accepted: date | None
    last_accepted: date | None

    @property
    def n_lost(self) -> int:
        """Lines rejected by this load that could be demand."""
        excluded = sum(self.total.get(f"rejected.{reason}", 0) for reason in EXCLUSIONS)
        return self.total[REJECTED] - excluded


def summarize(
    deduplicated: DataFrame,
    copies: Sequence[ReadFile],
    counted: Mapping[str, Mapping[int, int]] = MappingProxyType({}),
) -> LoadReport:
    """The report of a load.

    copies: further deliveries of a file of this load; their lines count as already loaded.
    counted: further counts by name and file number.
    """
    reason = F.when(F.col("is_rejected"), F.col("reject.reasons")[0]).alias("reason")
    groups = deduplicated.groupBy("file", "outcome", reason, "replaces").agg(
        F.count("*").alias("lines"),
        F.min("date").alias("first"),
        F.max("date").alias("last"),
        F.count_if(F.col("occurrence") > 1).alias("equal_lines"),
    )
    rows = groups.collect()
    has_rejected = any(row["reason"] is not None for row in rows)
    words = _examples(deduplicated, reason) if has_rejected else {}
    total: Counts = dict.fromkeys(OUTCOMES, 0) | {"replaced": 0}
    by_file: dict[int, Counts] = {}
    for row in rows:
        of_file = by_file.setdefault(row["file"], dict.fromkeys(OUTCOMES, 0))
        for name in _count_names(row):
            total[name] = total.get(name, 0) + row["lines"]
            of_file[name] = of_file.get(name, 0) + row["lines"]
    for name, of_files in counted.items():
        for file, n_lines in of_files.items():
            by_file.setdefault(file, {})[name] = n_lines
            total[name] = total.get(name, 0) + n_lines
    total[ALREADY_LOADED] += sum(copy.inspection.lines for copy in copies)
    accepted = [row for row in rows if row["outcome"] == ACCEPTED]
    total[EQUAL_LINES] = sum(row["equal_lines"] for row in accepted)
    first = min((row["first"] for row in accepted), default=None)
    last = max((row["last"] for row in accepted), default=None)
    without = _files_without_accepted(rows, words)
    return LoadReport(total, by_file, without, _losses(rows, words), first, last)


def _examples(deduplicated: DataFrame, reason: Column) -> Words:
    """The least message of rejected lines, by file and reason.

    A query of its own, because Spark sorts all lines to keep the least text of each group.
    """
    rejected = deduplicated.where("is_rejected").groupBy("file", reason)
    return {
        (row["file"], row["reason"]): str(row["words"])
        for row in rejected.agg(F.min("reject.words").alias("words")).collect()
    }


def lost_lines() -> Column:
    """Whether a line could be demand and is rejected, by this load or an earlier one."""
    return F.col("is_rejected") & ~F.col("reject.reasons")[0].isin(*EXCLUSIONS)


def could_be_demand() -> Column:
    """Whether a line is neither skipped nor excluded by a rule."""
    excluded = F.col("is_rejected") & F.col("reject.reasons")[0].isin(*EXCLUSIONS)
    return (F.col("outcome") != F.lit(SKIPPED)) & ~excluded


def lossy_products(deduplicated: DataFrame, max_share: float, files: Sequence[int]) -> DataFrame:
    """Products that lose more than a share of their lines: product_id, lines, lost. files: those counted."""
    counted = deduplicated.where(F.col("file").isin(*files) & could_be_demand())
    lost = F.count_if(lost_lines()).alias("lost")
    by_product = counted.where(F.col("product_id").isNotNull()).groupBy("product_id")
    counts = by_product.agg(F.count("*").alias("lines"), lost)
    return counts.where(F.col("lost") > F.lit(max_share) * F.col("lines"))


def _losses(rows: Sequence[Row], words: Words) -> dict[int, tuple[int, int, str]]:
    by_file: dict[int, list[Row]] = {}
    for row in rows:
        if row["outcome"] != SKIPPED and row["reason"] not in EXCLUSIONS:
            by_file.setdefault(row["file"], []).append(row)
    return {file: _loss(of_file, words) for file, of_file in by_file.items()}


def _loss(rows: Sequence[Row], words: Words) -> tuple[int, int, str]:
    lost = [row for row in rows if row["reason"] is not None]
    reason, example, _ = _commonest(lost, words) if lost else ("", "", 0)
    n_lost = sum(row["lines"] for row in lost)
    return sum(row["lines"] for row in rows), n_lost, f"{reason} (such as {example})"


def _files_without_accepted(rows: Sequence[Row], words: Words) -> dict[int, str]:
    loadable = {row["file"] for row in rows if row["outcome"] != REPEAT and row["reason"] is None}
    by_file: dict[int, list[Row]] = {}
    for row in rows:
        if row["file"] not in loadable and row["reason"] is not None:
            by_file.setdefault(row["file"], []).append(row)
    return {file: _explanation(of_file, words) for file, of_file in by_file.items()}


def _explanation(rows: Sequence[Row], words: Words) -> str:
    reason, example, count = _commonest(rows, words)
    total = sum(row["lines"] for row in rows)
    words_of_file = explain(
        "lines",
        f"none accepted, {count} of {total} rejected as {reason} (such as {example})",
        "at least one that the rules accept",
        "Correct the rules under input, or have the file delivered again; it is then read anew",
    )
    return str(words_of_file)  # a table takes plain text


def _commonest(rows: Sequence[Row], words: Words) -> tuple[str, str, int]:
    """The commonest reason of a file's rejected lines, an example in words, and the number of lines."""
    lines = Counter[str]()
    for row in rows:
        lines[row["reason"]] += row["lines"]
    reason, count = min(lines.items(), key=lambda item: (-item[1], item[0]))
    return reason, words[rows[0]["file"], reason], count


def _count_names(row: Row) -> list[str]:
    reasons = [f"rejected.{row['reason']}"] if row["outcome"] == REJECTED else []
    return [row["outcome"], *reasons, *(["replaced"] if row["replaces"] else [])]


def missing_values(loaded: Sequence[ReadFile]) -> Counts:
    """Lines without a value by source column, as counted by the inspection."""
    total: Counts = {}
    for read in loaded:
        for name, count in read.inspection.missing.items():
            total[f"missing.{name}"] = total.get(f"missing.{name}", 0) + count
    return total


def check_balance(lines_read: int, counts: Mapping[str, int]) -> None:
    """Every line read must have exactly one outcome.

    lines_read: as counted by the inspection, independently of the outcomes.

    Raises: BalanceError when the outcomes do not add up to the lines read.
    """
    n_outcomes = sum(counts.get(outcome, 0) for outcome in OUTCOMES)
    if n_outcomes != lines_read:
        parts = " + ".join(f"{counts.get(outcome, 0)} {outcome}" for outcome in OUTCOMES)
        remedy = "Nothing was published; the files may have changed while they were read: run it again."
        raise BalanceError(
            explain("lines of this load", f"{parts} = {n_outcomes}", f"{lines_read} lines read", remedy)
        )
