"""How right the forecasts are: by class, category and location, on hidden weeks and on the last period."""

from collections.abc import Callable, Iterator, Sequence

from lepton_spark.language import later
from lepton_spark.language import translated as _
from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Block, Chart, Section, Table, Text, cells
from lepton_spark.report.page.figures import Figures, SegmentErrors
from lepton_spark.report.page.formats import NONE, count, ratio, share, signed_share
from lepton_spark.report.terms import class_name

NOMINAL = 0.8
"""Share of days that the range p10 to p90 is meant to hold."""

SHOWN = 20
"""Categories, or locations, that are listed: those with most observations."""

_READ = later(
    "WAPE is the sum of the errors over the units sold: at 50 %, a forecast of 10 is off by 5 on average. "
    "Seasonal naive repeats the last week; forecasts that do not beat it are not worth their trouble. "
    "A product that sells a few times a month has a high WAPE by nature."
)


def accuracy(figures: Figures) -> Section:
    """Tables with a chart each: errors beside seasonal naive, bias, coverage."""
    if not figures.errors:
        text = _("No product has enough history for a test, so nobody knows how good its forecasts are.")
        return Section("accuracy", _("Accuracy"), (Text(text),))
    return Section("accuracy", _("Accuracy"), tuple(_blocks(figures)))


def _blocks(figures: Figures) -> Iterator[Block]:
    measured = _("Measured on the last weeks of sales, which were hidden from the models.")
    if figures.run.models_of is not None:
        measured = _(
            "Measured on the last weeks of sales, which were hidden from the models "
            "of the full run of {cutoff}."
        ).format(cutoff=figures.run.models_of)
    yield Text(f"{measured} {_(_READ)}")
    everything = [one for one in figures.errors if one.segment == "all"]
    classes = [*_group(figures.errors, "demand_class"), *everything]
    yield _errors_chart(classes, _("demand class"))
    yield _bias_chart(classes)
    yield _coverage_chart(classes)
    for name, group in (("category", _("category")), ("location", _("location"))):
        found = _group(figures.errors, name)
        if found:
            yield _errors_chart(_largest(found), group, len(found))
    configured = _group(figures.errors, "segment")
    if configured:
        yield _gains(configured)
    if figures.monitored is not None and figures.monitored.segments:
        last = figures.monitored
        caption = _("Forecasts of {cutoff} against the sales up to {day}")
        caption = caption.format(cutoff=last.cutoff, day=last.last_day)
        yield _table(caption, _("segment"), [one for one in last.segments if one.n_obs])


def _group(errors: Sequence[SegmentErrors], name: str) -> list[SegmentErrors]:
    return [one for one in errors if one.segment.startswith(f"{name}=")]


def _largest(errors: list[SegmentErrors]) -> list[SegmentErrors]:
    return sorted(errors, key=lambda one: (-one.n_obs, one.segment))[:SHOWN]


def _errors_chart(errors: list[SegmentErrors], group: str, n_all: int | None = None) -> Chart:
    title = _("Error by {group}, beside seasonal naive").format(group=group)
    if n_all is not None and n_all > len(errors):
        some = _(" (the largest {n} of {every})").format(n=len(errors), every=f"{n_all:,}")
        title = f"{title}{some}"
    circles = _("Circles are these forecasts, diamonds seasonal naive.")
    description = f"{_better(errors)} {circles}"
    spec = charts.errors_beside_naive(errors, _names(errors))
    return Chart(title, description, spec, _table(title, group, errors))


def _better(errors: list[SegmentErrors]) -> str:
    known = [(one.wape, one.naive_wape) for one in errors if one.segment != "all"]
    pairs = [(ours, naive) for ours, naive in known if ours is not None and naive is not None]
    better = sum(ours < naive for ours, naive in pairs)
    return _("Better than seasonal naive in {n} of {every}.").format(n=better, every=len(pairs))


def _bias_chart(errors: list[SegmentErrors]) -> Chart:
    title = _("Bias by demand class")
    description = _("What was forecast in total less what was sold, over what was sold. 0 is best.")
    head = (_("demand class"), _("bias"))
    names = _names(errors)
    rows = tuple(cells(names[one.segment], signed_share(one.bias)) for one in errors)
    table = Table(title, head, rows, frozenset({1}))
    return Chart(title, description, charts.bias(errors, names), table)


def _coverage_chart(errors: list[SegmentErrors]) -> Chart:
    title = _("Coverage by demand class")
    description = _(
        "Days whose sales were inside the range p10 to p90. {share} is meant (dashed); products that "
        "sell rarely have more, because units are whole."
    ).format(share=f"{NOMINAL:.0%}")
    names = _names(errors)
    rows = tuple(cells(names[one.segment], share(one.coverage)) for one in errors)
    table = Table(title, (_("demand class"), _("inside p10 to p90")), rows, frozenset({1}))
    return Chart(title, description, charts.coverage(errors, names, NOMINAL), table)


def _gains(segments: Sequence[SegmentErrors]) -> Table:
    """What the configured segments gained over the models of forecast.models."""
    names = _names(segments)
    rows = tuple(
        cells(
            names[one.segment],
            count(one.n_series),
            ratio(one.rmsse),
            ratio(one.standard_rmsse),
            signed_share(1.0 - one.rmsse / one.standard_rmsse)
            if one.rmsse is not None and one.standard_rmsse
            else NONE,
        )
        for one in segments
    )
    standard = _("RMSSE of the standard models")
    head = (_("segment"), _("products"), _("RMSSE"), standard, _("gain"))
    caption = _("What segments gained: errors of their own models beside those of forecast.models")
    return Table(caption, head, rows, frozenset(range(1, len(head))))


def _table(caption: str, group: str, errors: Sequence[SegmentErrors]) -> Table:
    columns: dict[str, Callable[[SegmentErrors], str]] = {
        _("products"): lambda one: count(one.n_series),
        _("WAPE"): lambda one: share(one.wape),
        _("naive WAPE"): lambda one: share(one.naive_wape),
        _("RMSSE"): lambda one: ratio(one.rmsse),
        _("naive RMSSE"): lambda one: ratio(one.naive_rmsse),
        _("bias"): lambda one: signed_share(one.bias),
        _("inside p10 to p90"): lambda one: share(one.coverage),
    }
    known = [name for name, text in columns.items() if any(text(one) != NONE for one in errors)]
    names = _names(errors)
    rows = tuple(cells(names[one.segment], *(columns[name](one) for name in known)) for one in errors)
    return Table(caption, (group, *known), rows, frozenset(range(1, len(known) + 1)))


def _names(errors: Sequence[SegmentErrors]) -> dict[str, str]:
    """A segment without its kind, where it is clear."""
    return {one.segment: _segment_name(one.segment) for one in errors}


def _segment_name(segment: str) -> str:
    kind, _sign, name = segment.partition("=")
    if segment == "all":
        return _("all products")
    return class_name(name) if kind == "demand_class" else name
