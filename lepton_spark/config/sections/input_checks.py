"""Rules over several keys of `input`; each gives the keys it refuses."""

from collections.abc import Iterator, Mapping, Sequence

from lepton_spark.config.refusal import Refusal

_OF_TRANSACTIONS = ("transaction_id", "customer_id")


def column_faults(kind: str | None, columns: Mapping[str, str | None]) -> Iterator[Refusal]:
    """A source column that is to be two things, and columns that daily figures have no use for."""
    first: dict[str, str] = {}
    for key, name in columns.items():
        if name is not None and first.setdefault(name, key) != key:
            yield Refusal((key,), name, f"a column of its own; {first[name]} is mapped to this one")
    for key in _OF_TRANSACTIONS:
        if kind == "daily" and columns[key] is not None:
            yield Refusal(
                (key,),
                columns[key],
                "nothing with input.kind daily; set input.kind: transactions, or leave it out "
                "(input.personal_columns masks a column about persons)",
            )


def cancelling_faults(
    pattern: str | None, kind: str | None, columns: Mapping[str, str | None]
) -> Iterator[Refusal]:
    """A pattern of transaction ids where there are none."""
    if pattern is None:
        return
    if kind == "daily":
        yield Refusal(
            (), pattern, "nothing with input.kind daily; set input.kind: transactions, or leave it out"
        )
    elif columns["transaction_id"] is None:
        yield Refusal((), pattern, "only with input.columns.transaction_id, whose values it is matched with")


def price_faults(value: object, columns: Mapping[str, str | None]) -> Iterator[Refusal]:
    """A rule about prices where no column holds one."""
    if value not in (None, "unit") and columns["price"] is None:
        yield Refusal((), value, "only with input.columns.price")


def personal_faults(personal: Sequence[str], columns: Mapping[str, str | None]) -> Iterator[Refusal]:
    """Personal columns are masked; what is stored as it stands cannot be one."""
    stored = {name: key for key, name in columns.items() if name is not None and key != "customer_id"}
    for position, name in enumerate(personal):
        if name in stored:
            yield Refusal(
                (position,), name, f"a column that is not stored; it is input.columns.{stored[name]}"
            )
