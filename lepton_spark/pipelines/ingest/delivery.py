"""A delivery: the files under the configured path, compared with those already in `files`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Self

from pyspark.sql import Row
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.files.delivery import FileState, FoundFile, ReadFile
from lepton_spark.ingest.files.inspection import Inspection
from lepton_spark.ingest.lines import load_report
from lepton_spark.ingest.losses import reason_to_accept
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.mappings import changed_mappings
from lepton_spark.pipelines.ingest.sources import find_sources, inspect_sources, rules_of
from lepton_spark.pipelines.runs.recorded_config import masked_json
from lepton_spark.pipelines.runs.run_id import code_version
from lepton_spark.tables import Warehouse

NO_LINE_ACCEPTED = "no_line_accepted"
"""The reason for refusing a file when all of its lines were rejected."""


_EMPTY = Inspection(reason="empty_file", words="content: found 0 bytes; allowed: a header and its lines")


@dataclass(frozen=True)
class Delivery:
    """The files under the configured path, grouped by what the load does with them.

    readable: new files that are read. copies: further new files with the content of one in `readable`.
    n_known: number of files that were loaded before. recorded_reasons: content hash and reason of refusal of
    every file in `files`; the reason of a loaded file is empty. changed: how the mapping of columns differs
    from the one that known files were loaded with; None if it does not.
    """

    readable: tuple[ReadFile, ...]
    copies: tuple[ReadFile, ...]
    refused: tuple[tuple[FoundFile, Inspection], ...]
    n_known: int
    recorded_reasons: frozenset[tuple[str, str]]
    changed: str | None = None

    @property
    def summary(self) -> str:
        """The numbers of files, for the user."""
        known = self.n_known + len(self.copies)
        return f"{len(self.readable)} new, {known} known, {len(self.refused)} refused"

    @property
    def lines_read(self) -> int:
        """Lines of all files that are read, as counted by the inspection."""
        return sum(read.inspection.lines for read in (*self.readable, *self.copies))

    def without(self, rejected: Mapping[int, str], reason: str) -> Self:
        """The delivery as if some of its files could not be read; the others are numbered anew."""
        remaining = self.refusing(rejected, reason)
        kept = {read.file.content_hash for read in remaining.readable}
        readable = tuple(replace(read, number=number) for number, read in enumerate(remaining.readable))
        copies = tuple(copy for copy in self.copies if copy.file.content_hash in kept)
        return replace(remaining, readable=readable, copies=copies)

    def by_hash(self, by_number: Mapping[int, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
        """Counts by the content hash of each file instead of its number."""
        return {read.file.content_hash: by_number.get(read.number, {}) for read in self.readable}

    def refusing(self, rejected: Mapping[int, str], reason: str) -> Self:
        """The delivery with some files refused for the same reason.

        rejected: the explanation for each of these files, by file number.
        """
        refused = tuple(
            (read.file, replace(read.inspection, reason=reason, words=_hinted(read, rejected[read.number])))
            for read in self.readable
            if read.number in rejected
        )
        kept = tuple(read for read in self.readable if read.number not in rejected)
        return replace(self, readable=kept, refused=self.refused + refused)


@dataclass(frozen=True)
class LoadStamp:
    """Columns of `files` that are the same for all files of a load.

    key_check: check value of the key of customers' tokens; None when the input has no customers.
    accepted: names of files that are loaded whatever they lose, with the reason.
    """

    batch: str
    started_at: datetime
    key_check: str | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)


def find_delivery(context: JobContext) -> Delivery:
    """Finds the files under the paths of all sources and inspects the new ones.

    Raises: InputError for a path that cannot be read, or when neither the path nor `files` has a file.
    """
    config = context.config
    recorded = context.warehouse.read("files").drop("loaded_at").collect()
    unchanged = {} if context.verify else _states(recorded)
    files = find_sources(context.spark, config, unchanged, is_first=not recorded)
    found = files.readable
    known = {row["content_hash"]: row["reason"] or "" for row in recorded}
    rejected = _still_rejected(context, recorded)
    to_read = [file for file in found if known.get(file.content_hash) != ""]
    loaded = {file.content_hash: file.source for file in found if known.get(file.content_hash) == ""}
    batches = {
        (loaded[row["content_hash"]], row["ingest_batch"])
        for row in recorded
        if row["content_hash"] in loaded
    }
    new = [file for file in to_read if file.content_hash not in rejected]
    first = {file.content_hash: file for file in reversed(new)}
    unique = [file for file in new if first[file.content_hash] is file]
    inspected = inspect_sources(context.spark, unique, config)
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
        + tuple((file, rejected[file.content_hash]) for file in to_read if file.content_hash in rejected)
        + tuple(map(_too_large(config), files.large))
        + tuple((file, _EMPTY) for file in files.empty),
        len(found) - len(to_read),
        frozenset(known.items()),
        changed_mappings(context.runs, config, batches),
    )


def _still_rejected(context: JobContext, recorded: Sequence[Row]) -> dict[str, Inspection]:
    """Files whose lines were all rejected, by content hash; only those with the present rules and code.

    Files with dates in the future are left out, because those lines may be valid by now.
    """
    refused = [
        row
        for row in recorded
        if row["reason"] == NO_LINE_ACCEPTED and "rejected.future_date" not in (row["counts"] or {})
    ]
    if not refused:
        return {}
    of_loads = F.col("ingest_batch").isin([row["ingest_batch"] for row in refused])
    same_code = F.col("code_version") == F.lit(code_version())
    loads = context.warehouse.read("runs").where(of_loads & same_code)
    rules = _rules(masked_json(context.config))
    same_rules = {row["ingest_batch"] for row in loads.collect() if _rules(row["config"]) == rules}
    return {
        row["content_hash"]: Inspection(reason=row["reason"], words=row["words"])
        for row in refused
        if row["ingest_batch"] in same_rules
    }


def _rules(config: str) -> list[str]:
    """The settings of every source; in a list with the path, which decides which files are read by them."""
    given = json.loads(config)["input"]
    sources = given if isinstance(given, list) else [given | {"path": None}]
    return sorted(json.dumps(source, sort_keys=True) for source in sources)


def _states(recorded: Sequence[Row]) -> dict[FileState, str]:
    """The content hashes of loaded files by their state when they were loaded."""
    return {
        (row["name"], row["bytes"], row["modified_at"]): row["content_hash"]
        for row in recorded
        if row["reason"] is None and row["modified_at"] is not None
    }


def _too_large(config: Config) -> Callable[[FoundFile], tuple[FoundFile, Inspection]]:
    def refused(file: FoundFile) -> tuple[FoundFile, Inspection]:
        limit, key = (
            config.inputs[file.source].max_file_bytes,
            config.input_key(file.source, "max_file_bytes"),
        )
        allowed = f"up to {limit}. Split it, or raise {key}"
        words = f"size: found {file.bytes} bytes; allowed: {allowed}"
        return file, Inspection(reason="file_too_large", words=words)

    return refused


def load_id(delivery: Delivery, config: Config, load_number: int) -> str:
    """The load's id: a hash of the files' content, the settings of `input` and the load's number.

    The number makes it unique, because a file without an accepted line may be read again by the same rules.
    """
    hashes = sorted(read.file.content_hash for read in delivery.readable)
    return sha256("\n".join([*hashes, rules_of(config), str(load_number)]).encode()).hexdigest()[:32]


def record_files(
    warehouse: Warehouse,
    delivery: Delivery,
    counts: Mapping[str, Mapping[str, int]],
    stamp: LoadStamp,
) -> None:
    """Writes one row of `files` for each loaded or refused file.

    A refusal that is recorded already is written only if the file was read again.
    counts: content hash of a file -> its lines by outcome.
    """
    loaded = [
        _file_row(read.file, read.inspection, stamp)
        | {
            "words": _accepted_words(read, stamp),
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
        if inspection.lines or (file.content_hash, inspection.reason) not in delivery.recorded_reasons
    ]
    rows = [*loaded, *refused]
    recorded = {content_hash for content_hash, _ in delivery.recorded_reasons}
    if rows:
        are_new = recorded.isdisjoint(row["content_hash"] for row in rows)
        write = warehouse.append if are_new else warehouse.merge  # an append takes half the time
        write("files", warehouse.rows("files", rows))


def _hinted(read: ReadFile, words: str) -> str:
    """The explanation, with the form of the file's dates if these are the reason and one was recognised."""
    hint = read.inspection.date_hint
    return f"{words}; {hint}" if hint is not None and " as unparsable_date " in words else words


def _accepted_words(read: ReadFile, stamp: LoadStamp) -> str | None:
    why = reason_to_accept(read.file.name, stamp.accepted)
    return None if why is None else f"accepted in spite of lost lines: {why}"


def _file_row(file: FoundFile, found: Inspection, stamp: LoadStamp) -> dict[str, object]:
    lines = None if found.reason and not found.lines else found.lines
    known = {"content_hash": file.content_hash, "name": file.name, "bytes": file.bytes, "lines": lines}
    of_load = {"ingest_batch": stamp.batch, "loaded_at": stamp.started_at}
    more = {"modified_at": file.modified_at, "reason": found.reason, "words": found.words}
    return known | of_load | more


def file_counts(delivery: Delivery) -> dict[str, int]:
    """The numbers of files loaded, known and refused."""
    return {
        "files_loaded": len(delivery.readable),
        "files_known": delivery.n_known + len(delivery.copies),
        "files_refused": len(delivery.refused),
    }
