"""The meaning of a column by its name, in English, Chinese and German."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Words:
    """Words in the names of columns with one meaning.

    strong: hardly mean anything else. weak: count only if no other column has a strong word.
    against: words of names that mean something else.
    """

    strong: tuple[str, ...]
    weak: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


ROLES: Mapping[str, Words] = MappingProxyType(
    {
        "date": Words(
            (*("date", "datum", "timestamp", "日期", "时间"), *("day", "tag", "日")),
            ("created", "purchased", "ordered", "sold", "week", "time", "zeit", "周"),
            (
                *(
                    "updated",
                    "shipped",
                    "delivered",
                    "delivery",
                    "due",
                    "paid",
                    "birth",
                    "更新",
                    "发货",
                    "付款",
                ),
                *("uhrzeit", "weekday", "holiday"),
            ),
        ),
        "product_id": Words(
            (
                *("sku", "asin", "ean", "upc", "gtin", "barcode", "stockcode", "plu", "货号", "条码"),
                *("product", "produkt", "item", "article", "artikel", "material", "商品", "产品", "货品"),
            ),
            ("stock", "code", "id", "编码", "编号"),
            (
                *("name", "description", "title", "category", "group", "type", "price", "quantity", "qty"),
                *(
                    "status",
                    "count",
                    "bezeichnung",
                    "gruppe",
                    "preis",
                    "menge",
                    "名称",
                    "描述",
                    "类别",
                    "分类",
                    "数量",
                    "单价",
                ),
            ),
        ),
        "quantity": Words(
            (
                *("quantity", "qty", "units", "pcs", "pieces", "menge", "anzahl", "absatz", "stück"),
                *("数量", "销量", "销售量", "件数"),
            ),
            ("sold", "sales", "demand", "volume", "count", "verkauft", "销售"),
            (
                *("price", "value", "amount", "revenue", "id", "date", "stock", "unit", "total", "preis"),
                *("umsatz", "金额", "单价", "库存", "日期", "销售额"),
            ),
        ),
        "location_id": Words(
            (
                *("store", "shop", "location", "warehouse", "branch", "outlet", "site", "filiale", "lager"),
                *("markt", "standort", "门店", "店铺", "仓库", "店"),
            ),
            ("channel", "market", "渠道"),
            ("name", "address", "country", "date", "名称", "地址"),
        ),
        "price": Words(
            ("price", "preis", "单价", "价格", "售价"),
            (
                *("amount", "revenue", "total", "value", "umsatz", "betrag"),
                *("金额", "销售额", "总价"),
            ),
            ("id", "quantity", "qty", "tax", "discount", "shipping", "折扣", "税"),
        ),
        "transaction_id": Words(
            (
                *("invoice", "order", "ticket", "receipt", "basket", "transaction", "bon", "beleg"),
                *("bonnummer", "bestellung", "rechnung", "订单", "单号", "小票", "流水"),
            ),
            (),
            (
                *("date", "day", "time", "status", "type", "quantity", "qty", "amount", "total", "line"),
                *("item", "product", "channel", "datum", "日期", "时间", "状态", "金额", "数量"),
            ),
        ),
        "customer_id": Words(
            (
                *("customer", "member", "buyer", "household", "kunde", "kunden", "kundennummer"),
                *("客户", "会员", "用户", "顾客"),
            ),
            ("client", "user"),
            ("name", "email", "mail", "phone", "type", "group", "姓名", "电话"),
        ),
    }
)
"""The words of each role, in the order in which roles are given to columns."""

TOTALS = frozenset(
    {"amount", "revenue", "total", "value", "sales", "umsatz", "betrag", "金额", "销售额", "总价"}
)
"""Words in the name of a price that is for the whole line."""

_PERSONAL = frozenset(
    {
        *("email", "mail", "phone", "telephone", "mobile", "address", "street", "firstname", "lastname"),
        *("birthday", "iban", "telefon", "adresse", "strasse", "vorname", "nachname"),
        *("邮箱", "电话", "手机", "手机号", "姓名", "地址", "收货人"),
    }
)
_PERSONS = frozenset({"customer", "billing", "shipping", "buyer", "recipient", "kunde", "client"})


_JOINED = frozenset(
    {"datum", "artikel", "menge", "preis", "umsatz", "filiale", "beleg", "bestell", "rechnung"}
)
"""German words that are parts of longer ones."""


def words_in(name: str) -> list[str]:
    """The words of a column's name, in lower case.

    >>> words_in("InvoiceDate"), words_in("商品ID"), words_in("Lineitem sku")
    (['invoice', 'date'], ['商品', 'id'], ['lineitem', 'sku'])
    """
    parts = re.findall(r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüß]+|[\u4e00-\u9fff]+", name)
    return [part.lower() for part in parts]


def fitness(role: str, name: str) -> int:
    """How well a column's name fits a role: 3 or 2 for a strong word, 1 for a weak one, else 0."""
    words, found = ROLES[role], words_in(name)
    if any(_has(found, word) for word in words.against):
        return 0
    if any(_has(found, word) for word in words.strong):
        return 3 if len(found) <= 2 else 2
    return int(any(_has(found, word) for word in words.weak))


def is_personal(name: str) -> bool:
    """Whether a column's name means personal data beside a customer's number."""
    found = words_in(name)
    of_person = bool(_PERSONS.intersection(found)) and bool({"name", "zip", "city"}.intersection(found))
    return of_person or any(_has(found, word) for word in _PERSONAL)


def is_total(name: str) -> bool:
    """Whether the name of a price means the price of the whole line."""
    found = words_in(name)
    return "unit" not in found and any(_has(found, word) for word in TOTALS)


def _has(found: Sequence[str], word: str) -> bool:
    """Whether a word is in a name; Chinese has no blanks between words, and German joins them."""
    joins = not word.isascii() or word in _JOINED
    return word in found or word == "".join(found) or (joins and any(word in part for part in found))
