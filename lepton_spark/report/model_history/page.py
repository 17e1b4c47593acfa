"""Prints a product's models over the runs that are kept."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import translated as _
from lepton_spark.report.explanation.words import why
from lepton_spark.report.model_history.history import History, ModelRun
from lepton_spark.report.page.figures import Series
from lepton_spark.report.terms import WHERE_EXPLAINED, state_name

ID_LENGTH = 8
"""Characters of a run id that are printed."""


def print_history(console: Console, history: History) -> None:
    """Prints a row for each run, then why the newest model and those that replaced another were chosen."""
    label = Series(history.product_id, history.location_id).label
    title = _("Product {product}: its model in {n} runs, the newest first")
    title = title.format(product=label, n=len(history.runs))
    grid = Grid(_("cutoff"), _("run"), _("chosen on"), title=title, title_justify="left")
    grid.add_column(_("model"), no_wrap=True)
    for name in (_("backtest WAPE"), _("naive WAPE"), _("WAPE of sales"), _("bias")):
        grid.add_column(name, justify="right")
    grid.add_column(_("state"))
    for run, change in with_changes(history):
        grid.add_row(*row_of(run, change))
    console.print(grid)
    for line in (*reasons(history), _(WHERE_EXPLAINED)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def with_changes(history: History) -> list[tuple[ModelRun, str | None]]:
    """Each run with the model that its own replaced; None if it is the same, or if there is no run before."""
    older = (*(run.choice.model for run in history.runs[1:]), None)
    return [
        (run, before if before != run.choice.model else None)
        for run, before in zip(history.runs, older, strict=True)
    ]


def row_of(run: ModelRun, change: str | None) -> list[str]:
    """The texts of a run; a model that replaced another one is marked by an asterisk."""
    unscored = _("not scored") if run.published else _("not published")
    return [
        f"{run.cutoff}",
        run.run_id[:ID_LENGTH],
        f"{run.kept_from or run.cutoff}",
        f"{'  ' if change is None else '* '}{run.choice.model}",
        _per_cent(run.backtest_wape),
        _per_cent(run.naive_wape),
        _per_cent(run.sold.wape if run.sold else None),
        "-" if run.sold is None or run.sold.bias is None else f"{run.sold.bias:+.1%}",
        state_name(run.sold.state) if run.sold else unscored,
    ]


def reasons(history: History) -> Iterator[str]:
    """Why the newest model, and each one that replaced another, was chosen."""
    for number, (run, change) in enumerate(with_changes(history)):
        if number == 0 or change is not None:
            mark = f"  {run.cutoff}:"
            if change is not None:
                mark = _("* {cutoff}, instead of {model}:").format(cutoff=run.cutoff, model=change)
            anew = ""
            if run.because:
                anew = _(" The run chose all models anew: {reason}.").format(reason=run.because)
            yield f"{mark} {' '.join(why(run.choice))}{anew}"


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
