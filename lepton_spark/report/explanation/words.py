"""An explained forecast in words: what the model adds and takes off, why it won, how wrong it may be."""

from collections.abc import Iterator, Sequence
from datetime import date

from lepton_spark.errors import InputError, explain
from lepton_spark.models.data.parts import (
    EVENTS,
    GROUPS,
    LEVEL,
    MODEL,
    OTHER,
    PRICE,
    PROMOTION,
    REMAINDER,
    SEASON,
    SIMILAR_PRODUCTS,
    TREND,
    WEEKDAY,
)
from lepton_spark.report.explanation.explained import (
    Adjustment,
    Choice,
    Day,
    Explained,
    Override,
    WindowErrors,
)

MOST_PARTS = 5
"""Parts that are put into words; the rest is one sum."""

MOST_ADJUSTMENTS = 5

_REASONS = {
    LEVEL: "how much it sells now, compared with its usual day",
    TREND: "its rising or falling sales",
    SEASON: "the same weeks of past years",
    EVENTS: "holidays and events",
    PROMOTION: "planned promotions",
    PRICE: "its price",
    SIMILAR_PRODUCTS: "what similar products sell",
    MODEL: "what the regressor predicts; it gives no parts",
}

_RULES = {
    "spike": "far above all earlier sales; counts as {after} for pooled and shrunk_weekday",
    "stock_out": "out of stock, so demand is unknown",
}


def day_of(explained: Explained, day: date | None, step: int | None) -> Day:
    """The day ahead of a date or a step, by default the first. Raises: InputError for another day."""
    found = [
        item
        for item in explained.days
        if (day is None or item.date == day) and (step is None or item.step == step)
    ]
    if not found:
        asked = f"--date {day}" if day is not None else f"--step {step}"
        first, last = explained.days[0], explained.days[-1]
        allowed = f"{first.date} to {last.date}, steps {first.step} to {last.step}"
        raise InputError(explain(asked, "no forecast of that day", allowed, "Choose one of these."))
    return found[0]


def headline(explained: Explained, day: Day) -> str:
    """The product, the day and its forecast."""
    where = "" if explained.location_id == "all" else f" at {explained.location_id}"
    return (
        f"Product {explained.product_id}{where}, {_when(explained, day)}, step {day.step} after "
        f"{explained.cutoff}: {_units(day.forecast, day)} units expected"
    )


def _when(explained: Explained, day: Day) -> str:
    return f"{day.date:%A} {day.date}" if explained.period == 1 else f"week from {day.date:%A} {day.date}"


def _span(explained: Explained) -> str:
    return "day" if explained.period == 1 else "week"


def sentences(explained: Explained, day: Day) -> list[str]:
    """The usual day, at most five parts by size, and the rest as one sum."""
    shown, rest = main_parts(day)
    lines = [f"A usual {_span(explained)} of this product has {_units(day.base, day)} units."]
    for number, (group, units) in enumerate(shown):
        subject = "The model" if number == 0 else "It"
        does = f"adds {_units(units, day)}" if units > 0 else f"takes {_units(-units, day)} off"
        lines.append(f"{subject} {does} for {_reason(group, explained, day)}.")
    if _is_visible(rest, day):
        verb = f"add {_units(rest, day)}" if rest > 0 else f"take {_units(-rest, day)} off"
        lines.append(f"Other reasons together {verb}.")
    lines.append("These are steps of the model's calculation, not causes.")
    if day.override is not None:
        lines.append(_override_words(day.override, day))
    return lines


def _override_words(override: Override, day: Day) -> str:
    """For example: The override of Ann (trade fair) adds 12.0 to the model's 45.8."""
    author = "A planner's override" if override.who is None else f"The override of {override.who}"
    reason = "" if override.why is None else f" ({override.why})"
    model = f"the model's {_units(day.model_forecast, day)}"
    if not _is_visible(override.units, day):
        return f"{author}{reason} leaves {model} as it is."
    if override.units > 0:
        return f"{author}{reason} adds {_units(override.units, day)} to {model}."
    return f"{author}{reason} takes {_units(-override.units, day)} off {model}."


def main_parts(day: Day) -> tuple[list[tuple[str, float]], float]:
    """The largest parts that are not 0 when rounded, and the sum of all others."""
    named = [(group, units) for group, units in day.parts.items() if group != OTHER]
    visible = [pair for pair in named if _is_visible(pair[1], day)]
    shown = sorted(visible, key=lambda pair: -abs(pair[1]))[:MOST_PARTS]
    return shown, sum(day.parts.values()) - sum(units for _, units in shown)


def _reason(group: str, explained: Explained, day: Day) -> str:
    if group == WEEKDAY:
        return f"{day.date:%A}"
    if group != REMAINDER:
        return _REASONS[group]
    if explained.status == "obsolete":
        return "a product that has not been sold for a long time"
    if explained.prior_level is not None:
        return f"the planner's level of {explained.prior_level:g}"
    if day.model_forecast == 0:
        return "a time without sales: closed, delisted, or forecast below 0"
    return "rounding"


def why(choice: Choice) -> Iterator[str]:
    """Which model made the forecast, why it was chosen, and why not another one."""
    yield f"Model: {choice.model}. Demand class: {choice.demand_class}."
    if choice.status == "fallback":
        yield f"It is a fallback, because the chosen model gave no forecast: {choice.reason}."
        return
    if choice.status != "ok":
        yield f"Status {choice.status}: {choice.reason}."
    if choice.status == "obsolete":
        return
    level, _, segment = (choice.choice_level or "").partition(" ")
    yield {
        "series": "It was chosen by the product's own backtest errors.",
        "class": "It was chosen by the backtest errors of all products of this demand class.",
        "segment": "It was chosen by the backtest errors of all products of its segment.",
    }.get(level, "Neither the product nor its class has enough errors to choose by.")
    if segment:
        yield f"The product is in the segment {segment.strip('()').partition('=')[2]} of the configuration."
    if choice.runner_up is not None and choice.margin is not None:
        side = "lower" if choice.margin >= 0 else "higher"
        yield (
            f"Its squared error is {abs(choice.margin):.1%} {side} than that of the runner-up, "
            f"{choice.runner_up}."
        )
        if choice.margin < 0:
            yield "A class keeps its usual model unless another one's error is more than 1 % lower."


def how_wrong(explained: Explained, day: Day) -> Iterator[str]:
    """Errors on the test window, and the range in which sales are expected."""
    span = _span(explained)
    if explained.errors is None:
        yield "Errors: no day of this product was in a test window."
    else:
        yield f"Errors on the last {explained.errors.n_obs} known {span}s: {_errors(explained.errors, span)}."
        if explained.naive is not None and explained.naive.mae is not None:
            yield f"Repeating the last week would have missed by {explained.naive.mae:.2f} units a {span}."
    low, high = day.quantiles["p10"], day.quantiles["p90"]
    half = day.quantiles["p50"]
    yield (
        f"Of ten {span}s like this one, eight are expected to sell {low:.4g} to {high:.4g} units, and five "
        f"at most {half:.4g}."
    )


def _errors(errors: WindowErrors, span: str) -> str:
    texts = [] if errors.mae is None else [f"{errors.mae:.2f} units a {span} off"]
    if errors.wape is not None:
        texts.append(f"{errors.wape:.0%} of what was sold")
    if errors.bias is not None:
        texts.append(f"{abs(errors.bias):.0%} too {'high' if errors.bias > 0 else 'low'} in total")
    return ", ".join(texts) or "nothing was sold"


def cleaning(adjustments: Sequence[Adjustment]) -> Iterator[str]:
    """What was changed before fitting, the latest days first."""
    if not adjustments:
        yield "Cleaning changed no day of this product."
        return
    yield f"Cleaning changed {len(adjustments)} days of this product before fitting:"
    for item in adjustments[::-1][:MOST_ADJUSTMENTS]:
        before = "unknown" if item.before is None else f"{item.before:g}"
        after = "unknown" if item.after is None else f"{item.after:.4g}"
        yield f"  {item.date}: {before} sold, {_RULES.get(item.rule, item.rule).format(after=after)}"
    if len(adjustments) > MOST_ADJUSTMENTS:
        yield f"  and {len(adjustments) - MOST_ADJUSTMENTS} earlier ones, in the table adjustments"


def table(explained: Explained) -> tuple[list[str], list[list[str]]]:
    """Head and rows, one for each day ahead; groups that add nothing on any day are left out."""
    days = explained.days
    groups = [group for group in GROUPS if any(_is_visible(day.parts[group], day) for day in days)]
    has_override = any(day.override is not None for day in days)
    head = [
        "date",
        "",
        f"usual {_span(explained)}",
        *(group.replace("_", " ") for group in groups),
        *(["override"] if has_override else []),
        "forecast",
        "p10",
        "p90",
    ]
    return head, [
        [
            f"{day.date}",
            f"{day.date:%a}",
            _units(day.base, day),
            *(_signed(day.parts[group], day) for group in groups),
            *([_signed(0.0 if day.override is None else day.override.units, day)] if has_override else []),
            _units(day.forecast, day),
            *(f"{day.quantiles[name]:.4g}" for name in ("p10", "p90")),
        ]
        for day in days
    ]


def _signed(units: float, day: Day) -> str:
    return f"{units:+.{_decimals(day)}f}" if _is_visible(units, day) else ""


def _units(units: float, day: Day) -> str:
    return f"{units:.{_decimals(day)}f}"


def _decimals(day: Day) -> int:
    """Two decimals for small products, one for those that sell ten a day."""
    return 1 if max(day.base, day.forecast) >= 10 else 2


def _is_visible(units: float, day: Day) -> bool:
    return abs(units) >= 0.5 * 10.0 ** -_decimals(day)
