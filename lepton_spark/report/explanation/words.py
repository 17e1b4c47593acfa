"""An explained forecast in words: what the model adds and takes off, why it won, how wrong it may be."""

from collections.abc import Iterator, Sequence
from datetime import date

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message, later, short_weekday, weekday
from lepton_spark.language import translated as _
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
from lepton_spark.report.page.figures import Series
from lepton_spark.report.terms import class_name

MOST_PARTS = 5
"""Parts that are put into words; the rest is one sum."""

MOST_ADJUSTMENTS = 5

_REASONS = {
    LEVEL: later("how much it sells now, compared with its usual day"),
    TREND: later("its rising or falling sales"),
    SEASON: later("the same weeks of past years"),
    EVENTS: later("holidays and events"),
    PROMOTION: later("planned promotions"),
    PRICE: later("its price"),
    SIMILAR_PRODUCTS: later("what similar products sell"),
    MODEL: later("what the regressor predicts; it gives no parts"),
}

_RULES = {
    "spike": later("far above all earlier sales; counts as {after} for pooled and shrunk_weekday"),
    "stock_out": later("out of stock, so demand is unknown"),
}


_DOES = {
    (True, True): later("The model adds {units} for {reason}."),
    (True, False): later("The model takes {units} off for {reason}."),
    (False, True): later("It adds {units} for {reason}."),
    (False, False): later("It takes {units} off for {reason}."),
}
"""What the model does for a part, by whether it is the first and whether it adds."""


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
        allowed = Message(
            "{first} to {last}, steps {low} to {high}",
            first=first.date,
            last=last.date,
            low=first.step,
            high=last.step,
        )
        found_none = Message("no forecast of that day")
        raise InputError(explain(asked, found_none, allowed, Message("Choose one of these.")))
    return found[0]


def headline(explained: Explained, day: Day) -> str:
    """The product, the day and its forecast."""
    text = _("Product {product}, {when}, step {step} after {cutoff}: {units} units expected")
    return text.format(
        product=Series(explained.product_id, explained.location_id).label,
        when=_when(explained, day),
        step=day.step,
        cutoff=explained.cutoff,
        units=_units(day.forecast, day),
    )


def _when(explained: Explained, day: Day) -> str:
    first = f"{weekday(day.date)} {day.date}"
    return first if explained.period == 1 else _("week from {day}").format(day=first)


def _span(explained: Explained) -> str:
    return _("day") if explained.period == 1 else _("week")


def sentences(explained: Explained, day: Day) -> list[str]:
    """The usual day, at most five parts by size, and the rest as one sum."""
    shown, rest = main_parts(day)
    usual = _("A usual {span} of this product has {units} units.")
    lines = [usual.format(span=_span(explained), units=_units(day.base, day))]
    for number, (group, units) in enumerate(shown):
        does = _DOES[number == 0, units > 0]
        lines.append(_(does).format(units=_units(abs(units), day), reason=_reason(group, explained, day)))
    if _is_visible(rest, day):
        others = _("Other reasons together add {units}.")
        if rest < 0:
            others = _("Other reasons together take {units} off.")
        lines.append(others.format(units=_units(abs(rest), day)))
    lines.append(_("These are steps of the model's calculation, not causes."))
    if day.override is not None:
        lines.append(_override_words(day.override, day))
    return lines


def _override_words(override: Override, day: Day) -> str:
    """For example: The override of Ann (trade fair) adds 12.0 to the model's 45.8."""
    author = _("A planner's override")
    if override.who is not None:
        author = _("The override of {who}").format(who=override.who)
    reason = "" if override.why is None else _(" ({reason})").format(reason=override.why)
    text = _("{author}{reason} leaves the model's {model} as it is.")
    if _is_visible(override.units, day):
        text = _("{author}{reason} takes {units} off the model's {model}.")
        if override.units > 0:
            text = _("{author}{reason} adds {units} to the model's {model}.")
    units, model = _units(abs(override.units), day), _units(day.model_forecast, day)
    return text.format(author=author, reason=reason, units=units, model=model)


def main_parts(day: Day) -> tuple[list[tuple[str, float]], float]:
    """The largest parts that are not 0 when rounded, and the sum of all others."""
    named = [(group, units) for group, units in day.parts.items() if group != OTHER]
    visible = [pair for pair in named if _is_visible(pair[1], day)]
    shown = sorted(visible, key=lambda pair: -abs(pair[1]))[:MOST_PARTS]
    return shown, sum(day.parts.values()) - sum(units for _, units in shown)


def _reason(group: str, explained: Explained, day: Day) -> str:
    if group == WEEKDAY:
        return weekday(day.date)
    if group != REMAINDER:
        return _(_REASONS[group])
    if explained.status == "obsolete":
        return _("a product that has not been sold for a long time")
    if explained.prior_level is not None:
        return _("the planner's level of {level}").format(level=f"{explained.prior_level:g}")
    if day.model_forecast == 0:
        return _("a time without sales: closed, delisted, or forecast below 0")
    return _("rounding")


def why(choice: Choice) -> Iterator[str]:
    """Which model made the forecast, why it was chosen, and why not another one."""
    names = _("Model: {model}. Demand class: {demand_class}.")
    yield names.format(model=choice.model, demand_class=class_name(choice.demand_class))
    if choice.status == "fallback":
        fallback = _("It is a fallback, because the chosen model gave no forecast: {reason}.")
        yield fallback.format(reason=choice.reason)
        return
    if choice.status != "ok":
        yield _("Status {status}: {reason}.").format(status=choice.status, reason=choice.reason)
    if choice.status == "obsolete":
        return
    level, segment = (choice.choice_level or "").partition(" ")[::2]
    yield {
        "series": _("It was chosen by the product's own backtest errors."),
        "class": _("It was chosen by the backtest errors of all products of this demand class."),
        "segment": _("It was chosen by the backtest errors of all products of its segment."),
    }.get(level, _("Neither the product nor its class has enough errors to choose by."))
    if segment:
        text = _("The product is in the segment {segment} of the configuration.")
        yield text.format(segment=segment.strip("()").partition("=")[2])
    if choice.runner_up is not None and choice.margin is not None:
        text = _("Its squared error is {share} lower than that of the runner-up, {model}.")
        if choice.margin < 0:
            text = _("Its squared error is {share} higher than that of the runner-up, {model}.")
        yield text.format(share=f"{abs(choice.margin):.1%}", model=choice.runner_up)
        if choice.margin < 0:
            yield _("A class keeps its usual model unless another one's error is more than 1 % lower.")


def how_wrong(explained: Explained, day: Day) -> Iterator[str]:
    """Errors on the test window, and the range in which sales are expected."""
    span, spans = _span(explained), _("days") if explained.period == 1 else _("weeks")
    if explained.errors is None:
        yield _("Errors: no day of this product was in a test window.")
    else:
        text = _("Errors on the last {n} known {spans}: {errors}.")
        yield text.format(n=explained.errors.n_obs, spans=spans, errors=_errors(explained.errors, span))
        if explained.naive is not None and explained.naive.mae is not None:
            text = _("Repeating the last week would have missed by {units} units a {span}.")
            yield text.format(units=f"{explained.naive.mae:.2f}", span=span)
    text = _(
        "Of ten {spans} like this one, eight are expected to sell {low} to {high} units, and five "
        "at most {half}."
    )
    low, half, high = (f"{day.quantiles[name]:.4g}" for name in ("p10", "p50", "p90"))
    yield text.format(spans=spans, low=low, high=high, half=half)


def _errors(errors: WindowErrors, span: str) -> str:
    texts = []
    if errors.mae is not None:
        texts.append(_("{units} units a {span} off").format(units=f"{errors.mae:.2f}", span=span))
    if errors.wape is not None:
        texts.append(_("{share} of what was sold").format(share=f"{errors.wape:.0%}"))
    if errors.bias is not None:
        text = _("{share} too high in total") if errors.bias > 0 else _("{share} too low in total")
        texts.append(text.format(share=f"{abs(errors.bias):.0%}"))
    return _(", ").join(texts) or _("nothing was sold")


def cleaning(adjustments: Sequence[Adjustment]) -> Iterator[str]:
    """What was changed before fitting, the latest days first."""
    if not adjustments:
        yield _("Cleaning changed no day of this product.")
        return
    yield _("Cleaning changed {n} days of this product before fitting:").format(n=len(adjustments))
    for item in adjustments[::-1][:MOST_ADJUSTMENTS]:
        before = _("unknown") if item.before is None else f"{item.before:g}"
        after = _("unknown") if item.after is None else f"{item.after:.4g}"
        rule = _(_RULES.get(item.rule, item.rule)).format(after=after)
        yield _("  {day}: {units} sold, {rule}").format(day=item.date, units=before, rule=rule)
    if len(adjustments) > MOST_ADJUSTMENTS:
        earlier = _("  and {n} earlier ones, in the table adjustments")
        yield earlier.format(n=len(adjustments) - MOST_ADJUSTMENTS)


def table(explained: Explained) -> tuple[list[str], list[list[str]]]:
    """Head and rows, one for each day ahead; groups that add nothing on any day are left out."""
    days = explained.days
    groups = [group for group in GROUPS if any(_is_visible(day.parts[group], day) for day in days)]
    has_override = any(day.override is not None for day in days)
    head = [
        _("date"),
        "",
        _("usual {span}").format(span=_span(explained)),
        *(_(group.replace("_", " ")) for group in groups),
        *([_("override")] if has_override else []),
        _("forecast"),
        "p10",
        "p90",
    ]
    return head, [
        [
            f"{day.date}",
            short_weekday(day.date),
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
