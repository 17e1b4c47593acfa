"""What was delivered: the files under the configured path against those on record."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Self

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.files.delivery import FoundFile, ReadFile, find_files, find_table, resolve
from lepton_spark.ingest.files.inspection import Inspection
from lepton_spark.ingest.files.layout import Layout
from lepton_spark.ingest.files.reading import inspect_files, inspect_table
from lepton_spark.ingest.lines import load_report
from lepton_spark.pipelines.runs.run_log import code_version, masked_json
from lepton_spark.tables import Warehouse

NO_LINE_ACCEPTED = "no_line_accepted"
"""Why a file is refused of which every line stands in `rejects`."""


@dataclass(frozen=True)
class Delivery:
    """What was found under the configured path, against what is known.

    copies: further files of this delivery with the content of one in `readable`; their lines are known.
    """

    readable: tuple[ReadFile, ...]
    copies: tuple[ReadFile, ...]
    refused: tuple[tuple[FoundFile, Inspection], ...]
    n_known: int
    known_refusals: frozenset[tuple[str, str]]

    @property
    def lines_read(self) -> int:
        """Lines of every file that is read, as the inspection counted them."""
        return sum(read.inspection.lines for read in (*self.readable, *self.copies))

    def by_hash(self, by_number: Mapping[int, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
        """What was counted of each file by number, by its content instead."""
        return {read.file.content_hash: by_number.get(read.number, {}) for read in self.readable}

    def without_barren(self, barren: Mapping[int, str]) -> Self:
        """The delivery with these files, by number with words, refused: no line of theirs was accepted."""
        refused = tuple(
            (read.file, replace(read.inspection, reason=NO_LINE_ACCEPTED, words=barren[read.number]))
            for read in self.readable
            if read.number in barren
        )
        kept = tuple(read for read in self.readable if read.number not in barren)
        return replace(self, readable=kept, refused=self.refused + refused)


@dataclass(frozen=True)
class Stamp:
    """What rows of `files` say of their load; key_check: of the privacy key in its lines' hashes."""

    batch: str
    begun: datetime
    key_check: str | None = None


def look_for_files(spark: SparkSession, warehouse: Warehouse, config: Config) -> Delivery:
    """Finds and inspects what is new under `input.path`.

    Raises: InputError for a path that cannot be worked with, or without a file ever.
    """
    layout = Layout.of(config.input)
    found, large = _found(spark, config)
    on_record = warehouse.read("files").drop("loaded_at").collect()
    if not (found or large or on_record):
        raise _nothing_there(config)
    known = {row["content_hash"]: row["reason"] or "" for row in on_record}
    barren = _still_barren(warehouse, config, on_record)
    to_read = [file for file in found if known.get(file.content_hash) != ""]
    new = [file for file in to_read if file.content_hash not in barren]
    first = {file.content_hash: file for file in reversed(new)}
    unique = [file for file in new if first[file.content_hash] is file]
    inspected = _inspect(spark, unique, layout)
    readable = tuple(
        ReadFile(number, file, inspection)
        for number, (file, inspection) in enumerate(pair for pair in inspected if pair[1].reason is None)
    )
    by_hash = {read.file.content_hash: read for read in readable}
    copies = [file for file in new if first[file.content_hash] is not file and file.content_hash in by_hash]
    return Delivery(
        readable,
        tuple(replace(by_hash[file.content_hash], file=file) for file in copies),
        tuple(pair for pair in inspected if pair[1].reason is not None)
        + tuple((file, barren[file.content_hash]) for file in to_read if file.content_hash in barren)
        + tuple(map(_too_large(config), large)),
        len(found) - len(to_read),
        frozenset(known.items()),
    )


def _nothing_there(config: Config) -> InputError:
    allowed = "a file whose name starts neither with _ nor with ."
    remedy = "Check the path, and that something was delivered."
    return InputError(explain("input.path", f"no file at {config.input.path}", allowed, remedy))


def _still_barren(warehouse: Warehouse, config: Config, on_record: Sequence[Row]) -> dict[str, Inspection]:
    """By content, files whose lines were all rejected, and would be again under the same rules.

    Lines of the future may have become lines of the past.
    """
    refused = [
        row
        for row in on_record
        if row["reason"] == NO_LINE_ACCEPTED and "rejected.future_date" not in (row["counts"] or {})
    ]
    if not refused:
        return {}
    of_loads = F.col("ingest_batch").isin([row["ingest_batch"] for row in refused])
    loads = warehouse.read("runs").where(of_loads & (F.col("code_version") == F.lit(code_version())))
    rules = _rules(masked_json(config))
    alike = {row["ingest_batch"] for row in loads.collect() if _rules(row["config"]) == rules}
    return {
        row["content_hash"]: Inspection(reason=row["reason"], words=row["words"])
        for row in refused
        if row["ingest_batch"] in alike
    }


def _rules(config: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(config)["input"].items() if name != "path"}


def _found(spark: SparkSession, config: Config) -> tuple[list[FoundFile], list[FoundFile]]:
    path = resolve(config.input.path)
    if config.input.format == "delta":
        return [find_table(spark, path, config.input.options.get("versionAsOf"))], []
    return find_files(spark, path, config.input.max_file_bytes)


def _inspect(
    spark: SparkSession, files: Sequence[FoundFile], layout: Layout
) -> list[tuple[FoundFile, Inspection]]:
    if layout.format == "delta":
        return [(file, inspect_table(spark, file, layout)) for file in files]
    return list(zip(files, inspect_files(spark, files, layout), strict=True))


def _too_large(config: Config) -> Callable[[FoundFile], tuple[FoundFile, Inspection]]:
    allowed = f"up to {config.input.max_file_bytes}. Split it, or raise input.max_file_bytes"
    return lambda file: (
        file,
        Inspection(reason="file_too_large", words=f"size: found {file.bytes} bytes; allowed: {allowed}"),
    )


def batch_of(delivery: Delivery, config: Config, load_number: int) -> str:
    """The load's id: of the content that is read, the rules that read it, and its place among the loads.

    A file of which no line was accepted may be read by the same rules again.
    """
    hashes = sorted(read.file.content_hash for read in delivery.readable)
    rules = config.input.model_dump_json(exclude={"path"})
    return sha256("\n".join([*hashes, rules, str(load_number)]).encode()).hexdigest()[:32]


def record_files(
    warehouse: Warehouse,
    delivery: Delivery,
    counts: Mapping[str, Mapping[str, int]],
    stamp: Stamp,
) -> None:
    """Rows of `files`; a refusal that is on record already is not written again, unless it was read again.

    counts: lines by what became of them, by the file's content.
    """
    loaded = [
        _file_row(read.file, read.inspection, stamp)
        | {
            "state": "loaded",
            "counts": {**counts.get(read.file.content_hash, {}), **load_report.missing_values([read])},
            "key_check": stamp.key_check,
        }
        for read in delivery.readable
    ]
    refused = [
        _file_row(file, inspection, stamp) | {"state": "refused", "counts": counts.get(file.content_hash)}
        for file, inspection in {
            file.content_hash: (file, found) for file, found in delivery.refused
        }.values()
        if inspection.lines or (file.content_hash, inspection.reason) not in delivery.known_refusals
    ]
    if loaded or refused:
        warehouse.merge("files", warehouse.rows("files", [*loaded, *refused]))


def _file_row(file: FoundFile, found: Inspection, stamp: Stamp) -> dict[str, object]:
    lines = None if found.reason and not found.lines else found.lines
    known = {"content_hash": file.content_hash, "name": file.name, "bytes": file.bytes, "lines": lines}
    of_load = {"ingest_batch": stamp.batch, "loaded_at": stamp.begun}
    return known | of_load | {"reason": found.reason, "words": found.words}


def file_counts(delivery: Delivery) -> dict[str, int]:
    """How many files were loaded, known, refused."""
    return {
        "files_loaded": len(delivery.readable),
        "files_known": delivery.n_known + len(delivery.copies),
        "files_refused": len(delivery.refused),
    }
