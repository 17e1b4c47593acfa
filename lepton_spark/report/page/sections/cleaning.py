"""What cleaning rejected and changed."""

from collections.abc import Iterator, Sequence

from lepton_spark.language import later
from lepton_spark.language import translated as _
from lepton_spark.report.page.blocks import Block, Section, Table, Text, cells
from lepton_spark.report.page.figures import Adjusted, Cleaning, Reject
from lepton_spark.report.page.formats import count, share, units

_RULES = {
    "spike": later("far above all earlier sales, so it counts as less"),
    "stock_out": later("out of stock, so the demand is unknown"),
}


def cleaning(found: Cleaning) -> Section:
    """Lines in words, rejected lines by reason, changed days by rule."""
    return Section("cleaning", _("What cleaning rejected and changed"), tuple(_blocks(found)))


def _blocks(found: Cleaning) -> Iterator[Block]:
    rejected = sum(one.n_lines for one in found.rejects if one.source == "sales")
    part = f" ({share(rejected / found.lines_read)})" if found.lines_read else ""
    text = _(
        "All loads together: {read} lines read, {accepted} accepted, {rejected} rejected{share}. Rejected "
        "lines are not lost: they are in the table rejects, and lepton reingest validates them again after "
        "you change the rules."
    )
    numbers = {
        "read": count(found.lines_read),
        "accepted": count(found.accepted),
        "rejected": count(rejected),
    }
    yield Text(text.format(**numbers, share=part))
    if found.rejects:
        yield _reject_table(found.rejects)
    if found.refused:
        refused = tuple(cells(name, words) for name, words in found.refused)
        yield Table(_("Refused files"), (_("file"), _("why")), refused)
    if found.adjusted:
        yield _adjusted_table(found.adjusted)


def _reject_table(rejects: Sequence[Reject]) -> Table:
    head = (_("input"), _("reason"), _("lines"), _("in words"), _("an example"))
    rows = tuple(
        cells(one.source, one.reason.replace("_", " "), count(one.n_lines), one.words, one.example)
        for one in rejects
    )
    return Table(_("Rejected lines by reason"), head, rows, frozenset({2}))


def _adjusted_table(adjusted: Sequence[Adjusted]) -> Table:
    head = (
        _("rule"),
        _("days"),
        _("products"),
        _("units sold"),
        _("units used instead"),
        _("in words"),
    )
    rows = tuple(
        cells(
            one.rule.replace("_", " "),
            count(one.n_days),
            count(one.n_series),
            units(one.before),
            units(one.after),
            _(_RULES.get(one.rule, "")),
        )
        for one in adjusted
    )
    return Table(_("Days that were changed before fitting"), head, rows, frozenset({1, 2, 3, 4}))
