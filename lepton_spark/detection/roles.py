"""Which column is the date, the product, the quantity and so on: by its name and by its values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from lepton_spark.config.values.date_forms import NAMED_FORMS
from lepton_spark.detection.column_names import ROLES, fitness
from lepton_spark.detection.sampled_lines import SampledLines
from lepton_spark.detection.trials import ColumnTrial, DateFit
from lepton_spark.errors import InputError, explain

REQUIRED = ("date", "product_id", "quantity")
READ_SHARE = 0.9
"""Share of a column's values that must be dates, or numbers, for it to be a column of them."""

_FIRST_YEAR, _LAST_YEAR = 1990, 2100


@dataclass(frozen=True)
class Columns:
    """The sampled columns with what the trials found in them."""

    lines: SampledLines
    trials: Mapping[str, ColumnTrial]

    def dates(self, name: str) -> list[DateFit]:
        """The date forms that read most of a column of text, those that read most values first."""
        trial = self.trials.get(name, ColumnTrial())
        fits = [fit for fit in trial.dates if _is_plausible(fit, name)]
        best = max((fit.n_read for fit in fits), default=0)
        return [fit for fit in fits if fit.n_read == best >= READ_SHARE * trial.n_values]

    def are_dates(self, name: str) -> bool:
        """Whether a column has dates, typed or as text."""
        return self.lines.kinds[name] in ("date", "timestamp") or bool(self.dates(name))

    def are_numbers(self, name: str) -> bool:
        """Whether a column has numbers, typed or as text."""
        trial = self.trials.get(name, ColumnTrial())
        n_read = max(trial.numbers.values(), default=0)
        return self.lines.kinds[name] == "number" or n_read > READ_SHARE * trial.n_values > 0


def _is_plausible(fit: DateFit, name: str) -> bool:
    """Whether the days are of our time; numbers count as dates only under a name of dates."""
    is_named = fit.form not in NAMED_FORMS or fitness("date", name) > 0
    return is_named and fit.first.year >= _FIRST_YEAR and fit.last.year <= _LAST_YEAR


def find_roles(columns: Columns, given: Mapping[str, str]) -> dict[str, str]:
    """The column of each role that has one. given: columns that the user has named, by role.

    Raises: InputError if a required role has no column, or a given column does not exist.
    """
    names = columns.lines.names
    unknown = [name for name in given.values() if name not in names]
    if unknown:
        raise InputError(
            explain("--column", ", ".join(unknown), f"one of {', '.join(names)}", "Correct the name.")
        )
    roles = dict(given)
    for role in ROLES:
        if role not in roles:
            free = [name for name in names if name not in roles.values()]
            found = _by_name(role, free, columns) or _by_values(role, free, columns)
            if found is not None:
                roles[role] = found
    missing = [role for role in REQUIRED if role not in roles]
    if missing:
        found = f"{', '.join(names) or 'none'}, of which none seems to be {' or '.join(missing)}"
        remedy = " ".join(f"--column {role}=NAME" for role in missing)
        raise InputError(explain("columns", found, "a date, a product and a quantity", f"Name it: {remedy}"))
    return {role: roles[role] for role in ROLES if role in roles}


def _by_name(role: str, free: list[str], columns: Columns) -> str | None:
    """The column whose name fits best and whose values are possible; of several, the first."""
    scores = {name: fitness(role, name) for name in free if _can_be(role, name, columns)}
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] else None


def _can_be(role: str, name: str, columns: Columns) -> bool:
    if role == "date":
        return columns.are_dates(name)
    if role in ("quantity", "price"):
        return columns.are_numbers(name) and not columns.dates(name)
    texts = columns.lines.texts(name)
    if role == "location_id":  # with one location only, there is nothing to divide
        return len(texts) > 1 and not columns.are_dates(name)
    return bool(texts) and not columns.are_dates(name)


def _by_values(role: str, free: list[str], columns: Columns) -> str | None:
    """The column that a role has by its values alone."""
    nameless = [name for name in free if _can_be(role, name, columns) and not any(_other_roles(role, name))]
    if role == "date":
        return next(iter(nameless), None)
    if role == "quantity":
        small = {name: _median(columns.lines.texts(name)) for name in nameless}
        return min(small, key=lambda name: small[name], default=None)
    if role == "product_id":
        codes = {name: len(columns.lines.texts(name)) for name in nameless if not columns.are_numbers(name)}
        repeated = {name: n for name, n in codes.items() if n < 0.8 * len(columns.lines.rows)}
        return max(repeated, key=lambda name: repeated[name], default=None)
    if role == "transaction_id":
        return next((name for name in nameless if _are_numbered(columns.lines.texts(name))), None)
    return None


def _other_roles(role: str, name: str) -> Iterator[bool]:
    return (fitness(other, name) > 1 for other in ROLES if other != role)


def _are_numbered(texts: Mapping[str, int]) -> bool:
    """Whether every text is like #1001, as shops number their orders."""
    return all(text.startswith("#") and text[1:].isdigit() for text in texts)


def _median(texts: Mapping[str, int]) -> float:
    """The median length of the texts: codes are longer than quantities."""
    return median(len(text) for text in texts)
