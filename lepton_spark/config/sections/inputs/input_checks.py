"""Rules over several keys of `input`; each yields the invalid settings."""

from collections.abc import Iterator, Mapping, Sequence

from lepton_spark.config.invalid_settings import InvalidSetting

_OF_TRANSACTIONS = ("transaction_id", "customer_id")
_WITH_HEADERS = ("csv", "excel")


def invalid_columns(kind: str | None, columns: Mapping[str, str | None]) -> Iterator[InvalidSetting]:
    """A source column mapped twice, and columns that kind daily does not use."""
    first: dict[str, str] = {}
    for key, name in columns.items():
        if name is not None and first.setdefault(name, key) != key:
            yield InvalidSetting((key,), name, f"a column of its own; {first[name]} is mapped to this one")
    for key in _OF_TRANSACTIONS:
        if kind == "daily" and columns[key] is not None:
            yield InvalidSetting(
                (key,),
                columns[key],
                "nothing with input.kind daily; set input.kind: transactions, or leave it out "
                "(input.personal_columns masks a column of personal data)",
            )


def invalid_cancellation(
    pattern: str | None, kind: str | None, columns: Mapping[str, str | None]
) -> Iterator[InvalidSetting]:
    """A pattern for transaction ids when there are none."""
    if pattern is None:
        return
    if kind == "daily":
        yield InvalidSetting(
            (), pattern, "nothing with input.kind daily; set input.kind: transactions, or leave it out"
        )
    elif columns["transaction_id"] is None:
        yield InvalidSetting(
            (), pattern, "only with input.columns.transaction_id, against which it is matched"
        )


def invalid_price(value: object, columns: Mapping[str, str | None]) -> Iterator[InvalidSetting]:
    """A rule about prices when there is no price column."""
    if value not in (None, "unit") and columns["price"] is None:
        yield InvalidSetting((), value, "only with input.columns.price")


def invalid_identity(
    identity: Sequence[str] | None, personal: Sequence[str | None]
) -> Iterator[InvalidSetting]:
    """An identity by personal data, which could be guessed from a hash without a key."""
    for name in identity or ():
        if name in personal:
            yield InvalidSetting((), name, "no personal column in input.identity, of which a hash is stored")


def invalid_personal(personal: Sequence[str], columns: Mapping[str, str | None]) -> Iterator[InvalidSetting]:
    """Personal columns that are mapped: their values would be stored unmasked."""
    stored = {name: key for key, name in columns.items() if name is not None and key != "customer_id"}
    for position, name in enumerate(personal):
        if name in stored:
            yield InvalidSetting((position,), name, f"an unmapped column; it is input.columns.{stored[name]}")


def invalid_layout(
    layout: str, file_format: str | None, kind: str | None, options: Mapping[str, str]
) -> Iterator[InvalidSetting]:
    """A layout with a column for each day, where columns have no names or lines are single sales."""
    if layout != "wide":
        return
    if file_format not in (None, *_WITH_HEADERS):
        yield InvalidSetting((), layout, f"long with input.format {file_format}; wide with csv or excel")
    if kind == "transactions":
        yield InvalidSetting((), layout, "long with input.kind transactions; a wide file has daily figures")
    if options.get("header", "true").lower() == "false":
        yield InvalidSetting((), layout, "long with input.options.header false; wide needs the days' names")
