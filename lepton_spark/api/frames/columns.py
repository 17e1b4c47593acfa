"""The caller's columns: which one is the product, the location, the date, the quantity."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lepton_spark.errors import InputError, examples, explain


@dataclass(frozen=True)
class Columns:
    """Names of the caller's columns; location: None if all sales are of one location."""

    product: str
    date: str
    quantity: str
    location: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of a series."""
        return (self.product,) if self.location is None else (self.product, self.location)

    def require_in(self, found: Sequence[object]) -> None:
        """Raises InputError for a column that a data frame lacks, or that has two meanings."""
        wanted = [*self.key, self.date, self.quantity]
        missing = [name for name in wanted if name not in found]
        if missing:
            remedy = "Name your columns: product_col=, date_col=, quantity_col=, location_col=."
            raise InputError(
                explain(
                    "data frame", f"no column {examples(missing)}", f"one of {examples(list(found))}", remedy
                )
            )
        if len(set(wanted)) < len(wanted):
            found_twice = examples(sorted({name for name in wanted if wanted.count(name) > 1}))
            remedy = "Give each of product_col=, date_col=, quantity_col= and location_col= another column."
            raise InputError(explain("data frame", f"{found_twice} twice", "each column once", remedy))

    def require_free(self, names: Collection[str]) -> None:
        """Raises InputError if a column of the caller has the name of a column of the result."""
        taken = sorted({*self.key, self.date} & set(names))
        if taken:
            remedy = f"Rename it first: df.rename(columns={{{taken[0]!r}: 'my_{taken[0]}'}})."
            raise InputError(
                explain(
                    "data frame",
                    f"a column {examples(taken)}",
                    "a name that the result does not have",
                    remedy,
                )
            )
