"""The gate on lines that a load would lose."""

import pytest

from lepton_spark.errors import LossError
from lepton_spark.ingest.losses import FileLoss, Losses, ProductLoss, require_products, too_lossy_files

WORDS = "unparsable_date (such as date: found 'x')"
FILES = {0: FileLoss("/in/good.csv", 100, 5, WORDS), 1: FileLoss("/in/bad.csv", 100, 6, WORDS)}


def test_file_that_loses_more_than_the_share_is_refused_with_the_commonest_reason() -> None:
    refused = too_lossy_files(Losses(FILES), 0.05, {})
    assert list(refused) == [1]
    assert refused[1] == (
        f"lines: found 6 of 100 (6%) would be lost, most of them as {WORDS}; "
        "allowed: 5% (gates.max_lost_share). Correct the settings under input, "
        "or accept the file: --accept FILE --reason TEXT"
    )


def test_reason_of_a_refused_file_is_plain_text_as_a_table_needs() -> None:
    assert [type(words) for words in too_lossy_files(Losses(FILES), 0.05, {}).values()] == [str]


@pytest.mark.parametrize(("name", "refused"), [("bad.csv", []), ("/in/bad.csv", []), ("ad.csv", [1])])
def test_accepted_file_is_named_by_its_path_or_the_end_of_it(name: str, refused: list[int]) -> None:
    assert list(too_lossy_files(Losses(FILES), 0.05, {name: "known"})) == refused


def test_products_that_lose_too_much_stop_a_load_if_they_hold_more_than_the_share_of_its_lines() -> None:
    worst = [ProductLoss("BIG", 9, 6), ProductLoss("SMALL", 2, 1)]
    require_products(Losses(FILES, worst, 7, 10), 0.05)  # exactly 5 % of 200 lines
    found = (
        r"6% of the lines belong to products that lose too many: BIG loses 6 of 9 lines, "
        r"SMALL loses 1 of 2 lines, 5 others lose too many as well, most of them as unparsable_date \(such"
    )
    with pytest.raises(LossError, match=found):
        require_products(Losses(FILES, worst, 7, 11), 0.05)


def test_load_without_lines_loses_nothing() -> None:
    require_products(Losses({}), 0.0)
    assert too_lossy_files(Losses({0: FileLoss("a", 0, 0, "")}), 0.0, {}) == {}
