"""Samples of files."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

from lepton_spark.detection.samples import PIECE, pieces_of, sample_of


def test_short_text_is_one_piece_also_from_gzip() -> None:
    text = b"date,sku\n2026-09-01,A\n"
    assert sample_of("a.csv", text).pieces == (text,)
    assert sample_of("a.csv.gz", gzip.compress(text)).pieces == (text,)


def test_long_text_has_whole_lines_from_start_middle_and_end() -> None:
    lines = [b"%07d,x\n" % number for number in range(100_003)]
    pieces = pieces_of(b"".join(lines))
    assert all(len(piece) <= PIECE and piece.endswith(b"\n") for piece in pieces)
    assert [len(line) for piece in pieces for line in piece.splitlines(keepends=True)].count(10) == sum(
        map(len, pieces)
    ) // 10
    first, middle, last = (piece.splitlines() for piece in pieces)
    assert (first[0], last[-1]) == (b"0000000,x", b"0100002,x")
    assert 45_000 < int(middle[0][:7]) < 55_000


def test_file_that_cannot_be_read_is_an_empty_sample() -> None:
    assert sample_of("a.csv.gz", gzip.compress(b"date")[:-4]).pieces == ()
    assert sample_of("a.parquet", b"PAR1 but no more").pieces == ()


def test_rows_of_parquet_keep_their_kinds() -> None:
    table = pa.table({"day": pa.array([0], pa.date32()), "sku": ["007"], "qty": [2.5]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    typed = json.loads(sample_of("a.parquet", buffer.getvalue()).typed or "")
    assert typed["kinds"] == ["date", "text", "number"]
    assert typed["rows"][0] == ["1970-01-01", "007", "2.5"]
