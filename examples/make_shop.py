"""Writes 18 months of a made-up shop with three stores: python examples/make_shop.py FOLDER."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

STORES = {"Köln": 1.0, "Düsseldorf": 0.7, "Münster": 0.5}
HEADER = "Belegdatum;Filiale;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Bonnummer;Kunden-Email"
FIRST, N_DAYS, N_PRODUCTS = date(2025, 5, 1), 548, 200
SUNDAY, SATURDAY = 6, 5


def lines() -> Iterator[tuple[date, str]]:
    """The lines of all receipts by day; closed on Sundays, and one sale in a hundred comes back."""
    chance = np.random.default_rng(5)
    usual = chance.gamma(0.6, 2.0, N_PRODUCTS)  # units of a day in the largest store
    receipt = 100_000
    for day in (FIRST + timedelta(days=n) for n in range(N_DAYS)):
        if day.weekday() == SUNDAY:
            continue
        for store, size in STORES.items():
            sold = chance.poisson(usual * size * (1.3 if day.weekday() == SATURDAY else 1.0))
            for product in np.flatnonzero(sold):
                receipt += 1
                yield day, line(day, store, int(product), int(sold[product]), f"{receipt}")
                if chance.random() < 0.01:
                    yield day, line(day, store, int(product), -1, f"R{receipt}")


def line(day: date, store: str, product: int, units: int, receipt: str) -> str:
    """A line as a German till writes it."""
    price = f"{1 + product % 40 * 0.45:.2f}".replace(".", ",")
    name, customer = f'"Ware ""Nr. {product}"""', f"kunde{product}@example.org"
    return ";".join((f"{day:%d.%m.%Y}", store, f"{product:05d}", name, f"{units}", price, receipt, customer))


def write(folder: Path) -> None:
    """One file a month, in the encoding of Windows."""
    months: dict[str, list[str]] = {}
    for day, text in lines():
        months.setdefault(f"umsatz_{day:%Y_%m}.csv", [HEADER]).append(text)
    folder.mkdir(parents=True, exist_ok=True)
    for name, texts in months.items():
        (folder / name).write_text("\r\n".join(texts) + "\r\n", encoding="cp1252", newline="")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
