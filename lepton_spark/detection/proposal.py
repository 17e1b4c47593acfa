"""A proposed section `input` for sampled lines, with the reason of each setting."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lepton_spark.config.sections.forecast_settings import WEEKDAYS
from lepton_spark.detection.column_names import is_personal, is_total, words_in
from lepton_spark.detection.number_signs import number_formats
from lepton_spark.detection.roles import Columns, find_roles
from lepton_spark.detection.trials import DateFit
from lepton_spark.ingest.lines.reading.numbers import NumberFormat
from lepton_spark.ingest.lines.reading.parsing import has_offset, has_time

_CANCELLED = re.compile("cancel|refund|void|storn|\u53d6\u6d88|\u9000\u6b3e|\u4f5c\u5e9f", re.IGNORECASE)
_STATUS = frozenset({"status", "state", "zustand", "\u72b6\u6001", "\u8ba2\u5355\u72b6\u6001"})
DAYS_AHEAD, WEEKS_AHEAD = 28, 8
MIN_WEEKS = 8
"""Figures of fewer weeks are not recognised as such."""

_REPEATED_SHARE = 0.05
"""Share of sampled lines with the product and day of another one above which lines are single sales; with
returns among them, one such line is enough."""


@dataclass(frozen=True)
class Choice:
    """A setting that the sample leaves open: the values that fit, the more probable one first, in words."""

    key: str
    values: tuple[object, ...]
    words: tuple[str, ...]

    def is_chosen(self, value: object, settings: Mapping[str, object]) -> bool:
        """Whether the settings have this value."""
        if isinstance(value, Mapping):
            return all(settings.get(key) == other for key, other in value.items())
        return settings.get(self.key) == value


@dataclass(frozen=True)
class Proposal:
    """Settings of the sections `input` and `forecast` in the order in which they are written.

    columns: the name of each role's column.

    reasons: why, by key (`columns.date` for a column). choices: settings that the sample leaves open; the
    first value of each is the one in `settings`.
    """

    columns: Mapping[str, str]
    settings: Mapping[str, object]
    forecast: Mapping[str, object]
    reasons: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()

    @property
    def date_form(self) -> str | None:
        """The form of dates in text; None for typed dates."""
        forms = self.settings.get("date_formats")
        return str(forms[0]) if isinstance(forms, list) else None

    def described_columns(self) -> Iterator[tuple[str, str, str]]:
        """Name, role and reason of each column that has a role."""
        for role, name in self.columns.items():
            form = f", read as {self.date_form}" if role == "date" and self.date_form else ""
            yield name, role, f"{self.reasons[f'columns.{role}']}{form}"

    def choosing(self, choice: Choice, value: object) -> "Proposal":
        """The proposal with another value of an open setting."""
        chosen = value if isinstance(value, Mapping) else {choice.key: value}
        return replace(self, settings={**self.settings, **chosen})


def propose(columns: Columns, given: Mapping[str, str]) -> Proposal:
    """The settings by which the sampled lines are read. given: columns that the user has named, by role.

    Raises: InputError if a required role has no column.
    """
    roles = find_roles(columns, given)
    dates = _date_fits(columns, roles["date"])
    kind, why_kind = _kind(columns, roles, dates)
    if kind == "daily":
        roles = {role: name for role, name in roles.items() if role not in ("transaction_id", "customer_id")}
    formats = _number_formats(columns, roles, dates)
    settings: dict[str, object] = {"format": columns.lines.format, "kind": kind}
    settings |= _reader(columns) | _numbers(formats[0]) | _dates(dates)
    if kind == "transactions":
        settings |= _skipped(columns) | _cancellations(columns, roles)
    if "price" in roles and is_total(roles["price"]):
        settings["price_is"] = "line_total"
    personal = _personal(columns, roles)
    if personal:
        settings["personal_columns"] = personal
    forecast, why_forecast = _forecast(columns, roles["date"], dates)
    reasons = {"kind": why_kind, **_reasons(columns, roles, dates), **why_forecast}
    return Proposal(roles, settings, forecast, reasons, (*_date_choice(dates), *_number_choice(formats)))


def _date_fits(columns: Columns, name: str) -> list[DateFit]:
    """The forms that read the column, without those that read the same days as an earlier one.

    Of forms that read other days, the one with the shorter span of days is first: a day taken for a month
    spreads a few weeks over a year.
    """
    distinct: dict[object, DateFit] = {}
    for fit in columns.dates(name):
        distinct.setdefault((fit.first, fit.last), fit)
    return sorted(distinct.values(), key=lambda fit: fit.last - fit.first)


def _kind(columns: Columns, roles: Mapping[str, str], dates: list[DateFit]) -> tuple[str, str]:
    lines = columns.lines
    if "transaction_id" in roles:
        return "transactions", f"{roles['transaction_id']} numbers single sales"
    keys = [roles[role] for role in ("product_id", "location_id", "date") if role in roles]
    counts = Counter(zip(*(lines.values(name) for name in keys), strict=True))
    n_repeated = sum(count - 1 for count in counts.values())
    has_returns = any(quantity[:1] == "-" for quantity in lines.values(roles["quantity"]))
    if n_repeated > (0 if has_returns else _REPEATED_SHARE * len(lines.rows)):
        return "transactions", f"{n_repeated:,} of {len(lines.rows):,} sampled lines repeat a product and day"
    is_timed = any(has_time(fit.form) for fit in dates) or lines.kinds[roles["date"]] == "timestamp"
    texts = columns.lines.texts(roles["date"])
    if is_timed and not all("00:00" in text for text in texts):
        return "transactions", "the lines have a time of day"
    return "daily", "each product and day has one line"


def _reader(columns: Columns) -> dict[str, object]:
    lines, options = columns.lines, {}
    if lines.format in ("csv", "json") and lines.encoding != "utf-8":
        options["encoding"] = lines.encoding
    if lines.csv is None:
        return {"options": options} if options else {}
    if lines.csv.separator != ",":
        options["separator"] = {"\t": "\\t"}.get(lines.csv.separator, lines.csv.separator)
    if lines.csv.escape:
        options["escape"] = lines.csv.escape
    if not lines.csv.has_header:
        options["header"] = "false"
    settings: dict[str, object] = {"options": options} if options else {}
    return settings | ({"skip_rows": lines.csv.skip_rows} if lines.csv.skip_rows else {})


def _number_formats(columns: Columns, roles: Mapping[str, str], dates: list[DateFit]) -> list[NumberFormat]:
    lines = columns.lines
    names = [roles[role] for role in ("quantity", "price") if role in roles]
    texts = [name for name in names if lines.kinds[name] == "text"]
    is_english = (lines.csv is None or lines.csv.separator != ";") and not any(
        fit.form.startswith("d.") for fit in dates
    )
    found = [columns.trials[name] for name in texts]
    return number_formats(
        found, (text for name in texts for text in lines.texts(name)), is_english=is_english
    )


def _numbers(written: NumberFormat) -> dict[str, object]:
    settings: dict[str, object] = {}
    if written.decimal != ".":
        settings["decimal"] = written.decimal
    if written.thousands:
        settings["thousands"] = written.thousands
    if written.forms:
        settings["number_forms"] = list(written.forms)
    return settings


def _dates(dates: list[DateFit]) -> dict[str, object]:
    return {"date_formats": [dates[0].form]} if dates else {}


def _forecast(columns: Columns, name: str, dates: list[DateFit]) -> tuple[dict[str, object], dict[str, str]]:
    """Weekly forecasts for figures of weeks: those whose days are all the same weekday."""
    if dates and dates[0].weekdays == 1 and len(columns.lines.texts(name)) >= MIN_WEEKS:
        weekday = WEEKDAYS[dates[0].first.weekday()]
        why = {"forecast.frequency": f"all days are {weekday.capitalize()}s: these are figures of weeks"}
        return {"frequency": "weekly", "week_end": weekday, "horizon": WEEKS_AHEAD}, why
    return {"horizon": DAYS_AHEAD}, {"forecast.horizon": "days ahead"}


def _date_choice(dates: list[DateFit]) -> tuple[Choice, ...]:
    if len(dates) < 2:
        return ()
    words = tuple(f"the days are {fit.first} to {fit.last}" for fit in dates)
    return (Choice("date_formats", tuple([fit.form] for fit in dates), words),)


def _number_choice(formats: list[NumberFormat]) -> tuple[Choice, ...]:
    if len(formats) < 2:
        return ()
    values = tuple({"decimal": written.decimal, "thousands": written.thousands} for written in formats)
    words = tuple(
        f"1{each.thousands}120 means 1120" if each.thousands else f"1{each.decimal}120 has a fraction"
        for each in formats
    )
    return (Choice("decimal", values, words),)


def _skipped(columns: Columns) -> dict[str, object]:
    """Values of a status that mean that nothing was sold."""
    found = {}
    for name in columns.lines.names:
        if _STATUS.intersection(words_in(name)):
            values = sorted(text for text in columns.lines.texts(name) if _CANCELLED.search(text))
            if values:
                found[name] = values
    return {"skip_where": found} if found else {}


def _cancellations(columns: Columns, roles: Mapping[str, str]) -> dict[str, object]:
    """A letter with which the tickets of negative lines begin, and no others."""
    if "transaction_id" not in roles:
        return {}
    tickets, quantities = (columns.lines.values(roles[role]) for role in ("transaction_id", "quantity"))
    of_returns = {ticket for ticket, quantity in zip(tickets, quantities, strict=True) if quantity[:1] == "-"}
    of_sales = {ticket for ticket in tickets if ticket} - of_returns
    letters = Counter(ticket[:1] for ticket in of_returns if ticket[:1].isalpha())
    letter, n_tickets = next(iter(letters.most_common(1)), ("", 0))
    is_mark = 2 * n_tickets > len(of_returns) and not any(ticket.startswith(letter) for ticket in of_sales)
    return {"cancellation_pattern": f"^{letter}"} if letter and is_mark else {}


def _personal(columns: Columns, roles: Mapping[str, str]) -> list[str]:
    """Columns with personal data by their name or because their values are e-mail addresses."""
    lines = columns.lines
    others = [name for name in lines.names if name not in roles.values()]
    return [name for name in others if is_personal(name) or _are_addresses(lines.texts(name))]


def _are_addresses(texts: Mapping[str, int]) -> bool:
    return bool(texts) and sum("@" in text for text in texts) > len(texts) / 2


def _reasons(columns: Columns, roles: Mapping[str, str], dates: list[DateFit]) -> dict[str, str]:
    lines = columns.lines
    reasons = {
        f"columns.{role}": f"{len(lines.texts(name)):,} different values" for role, name in roles.items()
    }
    if dates:
        fit = dates[0]
        reasons["date_formats"] = f"reads {fit.n_read:,} sampled values, {fit.first} to {fit.last}"
        if any(has_offset(each.form) for each in dates):
            reasons["timezone"] = "times have an offset: set the zone in which your business days begin"
    return reasons
