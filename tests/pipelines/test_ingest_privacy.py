"""Personal data: only keyed tokens of open orders are stored, for the cancellation window."""

import logging
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lepton_spark.errors import ConfigError
from lepton_spark.ingest.lines.identity import token
from tests.pipelines.shop import Shop, a_shop

DAY_1 = "1,A,2021-01-01 10:00,2,5,c1\nC1,A,2021-01-01 11:00,-2,5,c1\n2,A,2021-01-01 12:00,3,5,c2\n"
DAY_2 = "2,A,2021-01-01 12:00,3,5,c2\nC2,A,2021-01-02 12:00,-3,5,c2\n"


@pytest.mark.slow
def test_without_a_key_cancellations_match_within_a_load_and_a_later_key_is_refused(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = a_shop(spark, tmp_path)
    shop.deliver("day1.csv", DAY_1)
    with caplog.at_level(logging.WARNING, "lepton_spark.pipelines.ingest.ingest"):
        shop.load(key=None)
    assert "no privacy key: found LEPTON_PRIVACY_KEY unset" in caplog.text
    assert shop.sales() == {("A", "2021-01-01"): (3.0, 5.0, 2.0, 0.0, 2, 5.0)}

    shop.deliver("day2.csv", DAY_2)
    before = shop.versions()
    words = (
        r"LEPTON_PRIVACY_KEY: found a key with check value [0-9a-f]{16}, "
        r"but earlier lines were loaded with 'no key'"
    )
    with pytest.raises(ConfigError, match=words):
        shop.load(key=b"set later")
    assert shop.versions() == before

    counts = shop.load(key=None).counts
    assert (counts["already_loaded"], counts["accepted"]) == (1, 1)
    assert shop.sales() == {
        ("A", "2021-01-01"): (3.0, 5.0, 2.0, 0.0, 2, 5.0),
        ("A", "2021-01-02"): (0.0, 0.0, 0.0, 3.0, 0, None),
    }


def stored_bytes(shop: Shop) -> str:
    """The content of all files in the table's folder; Parquet is decoded."""
    files = [path for path in Path(shop.warehouse.path("open_orders")).rglob("*") if path.is_file()]
    texts = [
        str(pq.read_table(path).to_pylist())
        if path.suffix == ".parquet"
        else path.read_bytes().decode("latin-1")
        for path in files
    ]
    return "\n".join(texts)


@pytest.mark.slow
def test_token_past_the_window_is_deleted_from_disk_and_another_key_is_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = a_shop(spark, tmp_path, cancel_window_days=5)
    shop.deliver("day1.csv", "1,A,2021-01-01 10:00,2,5,c1\n")
    shop.load()
    first, second = (token(b"key", name) for name in ("c1", "c2"))
    assert first in stored_bytes(shop)

    shop.deliver("day7.csv", "2,A,2021-01-07 10:00,2,5,c2\n")
    with pytest.raises(ConfigError, match=r"allowed: the key of the earlier loads"):
        shop.load(key=b"rotated")
    shop.load()
    assert second in stored_bytes(shop)
    assert first not in stored_bytes(shop)
    assert '"delta.deletedFileRetentionDuration":"interval 0 hours"' in stored_bytes(shop).replace("\\", "")


@pytest.mark.slow
def test_key_is_rotated_by_loading_into_a_new_warehouse(spark: SparkSession, tmp_path: Path) -> None:
    """The procedure of docs/security.md; open orders can be cancelled under the new key."""
    shop = a_shop(spark, tmp_path)
    shop.deliver("day1.csv", DAY_1)
    shop.load(key=b"old")
    rotated = replace(shop, root=tmp_path / "rotated")
    assert rotated.load(key=b"new").counts["accepted"] == 3
    assert rotated.sales() == shop.sales()
    under_old, under_new = (token(key, "c2") for key in (b"old", b"new"))
    assert under_old in stored_bytes(shop)
    assert under_new in stored_bytes(rotated)
    assert under_old not in stored_bytes(rotated)

    shop.deliver("day2.csv", DAY_2)
    counts = rotated.load(key=b"new").counts
    assert (counts["already_loaded"], counts["accepted"]) == (1, 1)
    assert rotated.sales()["A", "2021-01-01"][2] == 5.0  # one of c1 on the same day, one of c2 on the next


def test_kept_repeats_count_twice_and_overlapping_files_once(spark: SparkSession, tmp_path: Path) -> None:
    shop = a_shop(spark, tmp_path, duplicates="keep")
    line = "1,A,2021-01-01 10:00,2,5,c1\n"
    shop.deliver("a.csv", line + line)
    shop.deliver("b.csv", line + line + "2,A,2021-01-01 12:00,3,5,c2\n")
    counts = shop.load().counts
    assert (counts["accepted"], counts["already_loaded"], counts["repeat"]) == (3, 2, 0)
    assert shop.sales() == {("A", "2021-01-01"): (7.0, 7.0, 0.0, 0.0, 3, 5.0)}
