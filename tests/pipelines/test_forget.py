"""What is forgotten stands nowhere under the root: no table, no old file, no line of a log."""

from datetime import date
from pathlib import Path

import deltalake
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config, InputSettings, WarehouseSettings
from lepton_spark.errors import InputError
from lepton_spark.ingest.lines.identity import token
from lepton_spark.pipelines.context import SilentProgress
from lepton_spark.pipelines.maintenance.forget import count_rows, customer, forget, product
from lepton_spark.pipelines.panel import update_panel
from tests.pipelines.shop import NOON, Shop, a_shop

GONE, STAYS = "FORGETMEATONCE", "KEEPMEHERE"
DAY_1 = (
    f"1,{GONE},2021-01-01 10:00,2,5,c1\n2,{STAYS},2021-01-01 11:00,3,6,c2\n"
    f"3,{GONE.lower()},2021-01-01 11:00,x,6,c2\n4,{GONE},2021-01-01\n5,{STAYS},2021-01-01 12:00,y,6,c2\n"
)


def places_of(root: Path, words: str) -> set[str]:
    """Files under the root in which a text stands, packed or not, in any case."""
    wanted = words.lower()
    found = set()
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        told = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            told += str(pq.read_table(path, partitioning=None).to_pylist())
        if wanted in told.lower():
            found.add(str(path.relative_to(root)).partition("/")[0])
    return found


def config_of(shop: Shop) -> Config:
    settings = InputSettings(**{**shop.settings, "product_pattern": "[A-Z]+"})
    return Config(warehouse=WarehouseSettings(root=str(shop.root)), input=settings)


def quantities(shop: Shop) -> dict[tuple[str, str], float]:
    return {key: figures[0] for key, figures in shop.sales().items()}


def publish_something(shop: Shop, *product_ids: str) -> None:
    """As a run would that forecast these; replaced once, so that the table has a past."""
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


def refuse_something(shop: Shop) -> None:
    """Lines of another input, and one that could not be taken apart, of a source without persons."""
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


def test_a_product_and_a_customer_are_forgotten_and_work_goes_on(spark: SparkSession, tmp_path: Path) -> None:
    shop = a_shop(spark, tmp_path, product_pattern="[A-Z]+")
    shop.deliver("day1.csv", DAY_1)
    shop.deliver("barren.csv", f"9,{STAYS},{GONE},1,1,c9\n")
    shop.load()
    config = config_of(shop)
    update_panel(spark, config, lambda: NOON, SilentProgress())
    publish_something(shop, GONE, STAYS)
    refuse_something(shop)
    cut_short = shop.root / "_aside" / "half.txt"
    cut_short.parent.mkdir()
    cut_short.write_text(GONE)
    everywhere = {"transactions", "rejects", "open_orders", "sales", "panel"}
    everywhere |= {"forecasts", "latest_forecasts", "group_forecasts"}
    assert places_of(shop.root, GONE) == everywhere | {"files", "side_rejects", "_aside"}
    kept = places_of(shop.root, STAYS)

    subject = product(GONE)
    before = shop.versions()
    assert count_rows(spark, config, subject) == {
        **dict.fromkeys(everywhere, 1),
        "rejects": 3,
        "side_rejects": 1,
    }
    assert shop.versions() == before  # to say it changes nothing
    forget(spark, config, subject, lambda: NOON, SilentProgress())
    assert places_of(shop.root, GONE) == set()
    assert places_of(shop.root, STAYS) == kept
    assert count_rows(spark, config, subject) == {}
    for name in everywhere:
        outside = deltalake.DeltaTable(str(shop.root / name))
        n_rows = 3 if name == "rejects" else 1
        assert outside.to_pyarrow_table().num_rows == shop.warehouse.read(name).count() == n_rows, name
        assert len(list((shop.root / name / "_delta_log").glob("*.json"))) == 1

    mine = token(b"key", "client", "c2")
    assert places_of(shop.root, mine) == {"open_orders"}
    forget(spark, config, customer("c2", config, b"key"), lambda: NOON, SilentProgress())
    assert places_of(shop.root, mine) == set()
    for key, settings in ((None, config), (b"key", Config())):
        with pytest.raises(InputError, match="customer to forget: found"):
            customer("c2", settings, key)

    shop.deliver("day2.csv", f"6,{STAYS},2021-01-02 10:00,4,5,c3\n")
    shop.load()
    assert quantities(shop) == {(STAYS, "2021-01-01"): 3.0, (STAYS, "2021-01-02"): 4.0}
    update_panel(spark, config, lambda: NOON, SilentProgress())  # the feed of changes begins anew
    packed = shop.warehouse.read("panel").collect()
    assert [(row["product_id"], list(row["quantity"])) for row in packed] == [(STAYS, [3.0, 4.0])]
