"""The rows of a Spark data frame as Arrow batches, some at a time, however many there are."""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame


def arrow_batches(rows: DataFrame) -> Iterator[pa.RecordBatch]:
    """The batches in the order of the partitions; the driver holds one partition at a time."""
    for row in rows.mapInArrow(_as_bytes, "batch BINARY").toLocalIterator():
        yield from pa.ipc.open_stream(row["batch"])


def _as_bytes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch as one value, so that Spark neither takes its rows apart nor merges them."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        yield pa.RecordBatch.from_pydict({"batch": [sink.getvalue().to_pybytes()]})
