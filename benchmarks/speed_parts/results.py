"""Rows of measurements as CSV and Markdown."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_csv(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write rows of equal keys; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_markdown(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """A section for each size of the catalogue."""
    sections = groupby(rows, key=lambda row: row["catalogue"])
    path.write_text("\n".join(f"## {int(size):,} products\n\n{_table(part)}" for size, part in sections))


def _table(rows: Iterable[Mapping[str, str]]) -> str:
    shown = [{key: value for key, value in row.items() if key != "catalogue"} for row in rows]
    header = list(shown[0])
    lines = [header, ["---"] * len(header), *(list(row.values()) for row in shown)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
