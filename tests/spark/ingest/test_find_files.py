"""Files under a path: readable, too large, and of 0 bytes, which Spark lists but does not read."""

from pathlib import Path

from pyspark.sql import SparkSession

from lepton_spark.ingest.files.delivery import find_files


def test_every_file_is_found_once_and_empty_ones_are_not_passed_over(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "a [box] d"
    (folder / "below").mkdir(parents=True)
    for name, text in {
        "ok.csv": "1,2\n",
        "below/large.csv": "1" * 50,
        "empty.csv": "",
        ".hidden": "",
    }.items():
        (folder / name).write_text(text)
    found = find_files(spark, str(folder), max_bytes=20)
    names = [[Path(file.name).name for file in files] for files in (found.readable, found.large, found.empty)]
    assert names == [["ok.csv"], ["large.csv"], ["empty.csv"]]
    assert found.empty[0].name == str(folder / "empty.csv")
    assert found.empty[0].bytes == 0


def test_file_in_a_known_state_is_not_read(spark: SparkSession, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("1,2\n")
    first = find_files(spark, str(tmp_path), max_bytes=20).readable
    assert first[0].content_hash == first[1].content_hash
    known = {first[0].state: "as loaded"}
    again = find_files(spark, str(tmp_path), max_bytes=20, known=known).readable
    assert [file.content_hash for file in again] == ["as loaded", first[1].content_hash]

    (tmp_path / "a.csv").write_text("1,2,3\n")
    changed = find_files(spark, str(tmp_path), max_bytes=20, known=known).readable
    assert changed[0].content_hash not in ("as loaded", first[0].content_hash)
