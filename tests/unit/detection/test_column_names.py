"""Meanings of columns by their names."""

import pytest

from lepton_spark.detection.column_names import ROLES, fitness, is_personal, is_total

HEADERS = {
    "UCI": {
        "InvoiceNo": "transaction_id",
        "StockCode": "product_id",
        "Quantity": "quantity",
        "InvoiceDate": "date",
        "UnitPrice": "price",
        "CustomerID": "customer_id",
    },
    "Shopify": {"Created at": "date", "Lineitem quantity": "quantity", "Lineitem sku": "product_id"},
    "Amazon": {"amazon-order-id": "transaction_id", "purchase-date": "date", "sku": "product_id"},
    "Chinese": {
        "日期": "date",
        "商品ID": "product_id",
        "销售量": "quantity",
        "门店": "location_id",
        "单价": "price",
        "订单编号": "transaction_id",
    },
    "German": {
        "Belegdatum": "date",
        "Artikelnummer": "product_id",
        "Menge": "quantity",
        "Filiale": "location_id",
        "Einzelpreis": "price",
        "Bonnummer": "transaction_id",
    },
    "M5": {"store_id": "location_id", "item_id": "product_id", "sell_price": "price"},
}
CASES = [(shop, name, role) for shop, columns in HEADERS.items() for name, role in columns.items()]


@pytest.mark.parametrize(("shop", "name", "role"), CASES, ids=[f"{shop}-{name}" for shop, name, _ in CASES])
def test_name_fits_its_role_best(shop: str, name: str, role: str) -> None:  # noqa: ARG001 - names the case
    scores = {each: fitness(each, name) for each in ROLES}
    assert scores[role] > 0
    assert max(score for each, score in scores.items() if each != role) < scores[role]


@pytest.mark.parametrize(
    ("name", "role"),
    [("product_name", "product_id"), ("unit_price", "quantity"), ("order_date", "transaction_id"),
     ("shipped_at", "date"), ("order status", "transaction_id"), ("金额", "quantity")],
)  # fmt: skip
def test_name_of_something_else_does_not_fit(name: str, role: str) -> None:
    assert fitness(role, name) == 0


def test_personal_columns_and_totals_are_known_by_name() -> None:
    personal = ["Email", "Customer Name", "Billing Zip", "手机号", "Kunden-Email", "First Name"]
    assert all(map(is_personal, personal))
    assert not any(map(is_personal, ["product name", "zip", "sku", "Filiale", "商品名称"]))
    assert all(map(is_total, ["sales_value", "总价"]))
    assert not any(map(is_total, ["unit value", "price"]))
