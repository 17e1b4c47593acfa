"""Erased data is nowhere under the root: in no table, no old file and no log entry."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import deltalake
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.errors import InputError
from lepton_spark.ingest.lines.identity import token
from lepton_spark.pipelines.maintenance.forget import (
    count_rows,
    customer_subject,
    product_subject,
    run_forget,
)
from lepton_spark.pipelines.panel import run_panel
from tests.pipelines.job_context import NOON
from tests.pipelines.shop import Shop, a_shop

pytestmark = pytest.mark.slow

GONE, STAYS = "FORGETMEATONCE", "KEEPMEHERE"
DAY_1 = (
    f"1,{GONE},2021-01-01 10:00,2,5,c1\n2,{STAYS},2021-01-01 11:00,3,6,c2\n"
    f"3,{GONE.lower()},2021-01-01 11:00,x,6,c2\n4,{GONE},2021-01-01\n5,{STAYS},2021-01-01 12:00,y,6,c2\n"
)


TABLES_WITH_ROWS = {
    *("transactions", "rejects", "open_orders", "sales", "panel"),
    *("forecasts", "latest_forecasts", "group_forecasts"),
}


def folders_with(root: Path, text: str) -> set[str]:
    """The folders under the root with a file that contains the text, in any case; Parquet is decoded."""
    wanted = text.lower()
    found = set()
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            content += str(pq.read_table(path, partitioning=None).to_pylist())
        if wanted in content.lower():
            found.add(str(path.relative_to(root)).partition("/")[0])
    return found


def quantities(shop: Shop) -> dict[tuple[str, str], float]:
    return {key: figures[0] for key, figures in shop.sales().items()}


def write_forecasts(shop: Shop, *product_ids: str) -> None:
    """Writes forecasts of these products."""
    levels = dict.fromkeys(("p05", "p10", "p25", "p50", "p75", "p90", "p95"), 1.0)
    common = {"run_id": "r1", "location_id": "all", "cutoff": date(2021, 1, 1), "date": date(2021, 1, 2)}
    more = {"step": 1, "forecast": 1.0, "model": "mean", "status": "ok"}
    dated = {"published_at": NOON, "valid_until": date(2021, 1, 2)}
    rows = [common | levels | more | dated | {"product_id": name} for name in product_ids]
    for name in ("forecasts", "latest_forecasts"):
        shop.warehouse.append(name, shop.warehouse.rows(name, rows))
    summed = {name: common[name] for name in ("run_id", "cutoff", "date")} | {"step": 1, "forecast": 1.0}
    totals = [summed | {"segment": f"product={name}", "n_series": 2} for name in product_ids]
    shop.warehouse.append("group_forecasts", shop.warehouse.rows("group_forecasts", totals))


def write_more_rejects(shop: Shop) -> None:
    """Adds rejected rows of a covariate, and malformed lines, both kept as text."""
    texts = (f'{{"sku":" {GONE.lower()}\\u00a0"}}', f'{{"sku":"{STAYS}"}}')
    side = [{"source": "plans", "reason": "unparsable_date", "line": line, "n_rows": 1} for line in texts]
    shop.warehouse.append("side_rejects", shop.warehouse.rows("side_rejects", side))
    common = {"occurrence": 1, "ingest_batch": "b", "content_hash": "c", "file": "f"}
    more = {"reason": "malformed_line", "reasons": ["malformed_line"]}
    broken = [
        common | more | {"line_hash": name, "line": f'{{"malformed":"7;{name.lower()};"}}'}
        for name in (GONE, STAYS)
    ]
    shop.warehouse.append("rejects", shop.warehouse.rows("rejects", broken))


@pytest.fixture(scope="module")
def loaded(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with the product in every table, and in a leftover of an interrupted write."""
    shop = a_shop(spark, tmp_path_factory.mktemp("forget"), product_pattern="[A-Z]+")
    shop.deliver("day1.csv", DAY_1)
    shop.deliver("rejected.csv", f"9,{STAYS},{GONE},1,1,c9\n")
    shop.load()
    run_panel(shop.context())
    write_forecasts(shop, GONE, STAYS)
    write_more_rejects(shop)
    leftover = shop.root / "_aside" / "half.txt"
    leftover.parent.mkdir()
    leftover.write_text(GONE)
    return shop


@pytest.fixture(scope="module")
def erased(loaded: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of the shop without the product."""
    shop = loaded.copied_to(tmp_path_factory.mktemp("erased") / "warehouse")
    run_forget(shop.context(), product_subject(GONE))
    return shop


def test_rows_of_a_product_are_counted_without_a_change(loaded: Shop) -> None:
    assert folders_with(loaded.root, GONE) == TABLES_WITH_ROWS | {"files", "side_rejects", "_aside"}
    before = loaded.versions()
    expected = {**dict.fromkeys(TABLES_WITH_ROWS, 1), "rejects": 3, "side_rejects": 1}
    assert count_rows(loaded.context(), product_subject(GONE)) == expected
    assert loaded.versions() == before


def test_erased_product_is_in_no_file_and_others_are_kept(loaded: Shop, erased: Shop) -> None:
    assert folders_with(erased.root, GONE) == set()
    assert folders_with(erased.root, STAYS) == folders_with(loaded.root, STAYS)
    assert count_rows(erased.context(), product_subject(GONE)) == {}


def test_tables_have_no_earlier_version_after_erasure(erased: Shop) -> None:
    for name in TABLES_WITH_ROWS:
        outside = deltalake.DeltaTable(str(erased.root / name))
        n_rows = 3 if name == "rejects" else 1
        assert outside.to_pyarrow_table().num_rows == erased.warehouse.read(name).count() == n_rows, name
        assert len(list((erased.root / name / "_delta_log").glob("*.json"))) == 1


def test_loads_and_panels_work_after_erasure(erased: Shop, tmp_path: Path) -> None:
    shop = erased.copied_to(tmp_path / "warehouse")
    shop.deliver("day2.csv", f"6,{STAYS},2021-01-02 10:00,4,5,c3\n")
    shop.load()
    unknown = {(STAYS, "2021-01-01"): None}  # one of its lines was rejected
    assert quantities(shop) == unknown | {(STAYS, "2021-01-02"): 4.0}
    run_panel(shop.context())  # the change feed starts again
    packed = shop.warehouse.read("panel").collect()
    assert [(row["product_id"], list(row["quantity"])) for row in packed] == [(STAYS, [-1.0, 4.0])]


def test_erased_customer_has_no_token_in_any_file(erased: Shop, tmp_path: Path) -> None:
    shop = erased.copied_to(tmp_path / "warehouse")
    customer = token(b"key", "c2")
    assert folders_with(shop.root, customer) == {"open_orders"}
    run_forget(shop.context(), customer_subject(shop.context(), "c2"))
    assert folders_with(shop.root, customer) == set()


def test_customer_cannot_be_erased_without_key_or_customer_column(loaded: Shop) -> None:
    context = loaded.context()
    unset = {
        "LEPTON_PRIVACY_KEY": replace(context, privacy_key=None),
        "input.columns.customer_id": replace(context, config=Config()),
    }
    for name, without in unset.items():
        with pytest.raises(InputError, match=f"customer to forget: found {name} unset"):
            customer_subject(without, "c2")
