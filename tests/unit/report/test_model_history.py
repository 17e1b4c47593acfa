"""The page of a product's models."""

from dataclasses import replace
from datetime import date

from lepton_spark.report.explanation.explained import Choice
from lepton_spark.report.model_history.history import History, ModelRun, Sold
from lepton_spark.report.model_history.page import reasons, row_of, with_changes

CHOICE = Choice("pooled", "ok", None, "smooth", "ridge", 0.25, "class")
RUN = ModelRun("0123456789abcdef", date(2024, 5, 19), None, None, True, CHOICE, 0.2, 0.305, None)
SAME = replace(RUN, cutoff=date(2024, 5, 12), kept_from=date(2024, 5, 5))
OLDEST = replace(RUN, cutoff=date(2024, 5, 5), choice=replace(CHOICE, model="ridge"))
HISTORY = History("milk", "all", (RUN, SAME, OLDEST))


def test_change_is_marked_at_the_run_with_the_new_model() -> None:
    assert [change for _, change in with_changes(HISTORY)] == [None, "ridge", None]
    assert row_of(SAME, "ridge")[3] == "* pooled"
    assert row_of(RUN, None)[3] == "  pooled"


def test_row_has_short_id_day_of_the_choice_and_errors() -> None:
    assert row_of(RUN, None)[:3] == ["2024-05-19", "01234567", "2024-05-19"]
    assert row_of(SAME, None)[2] == "2024-05-05"
    scored = replace(RUN, sold=Sold(0.4, -0.125, "watch"))
    assert row_of(scored, None)[4:] == ["20.0%", "30.5%", "40.0%", "-12.5%", "watch"]


def test_run_that_was_not_scored_has_no_error_on_sales() -> None:
    assert row_of(RUN, None)[6:] == ["-", "-", "not scored"]
    assert row_of(replace(RUN, published=False), None)[8] == "not published"
    nothing_sold = replace(RUN, sold=Sold(None, None, "ok"))
    assert row_of(nothing_sold, None)[6:] == ["-", "-", "ok"]


def test_newest_model_and_changes_are_explained() -> None:
    newest, changed = reasons(replace(HISTORY, runs=(replace(RUN, because="drift"), SAME, OLDEST)))
    assert newest.startswith(
        "  2024-05-19: Model: pooled. Demand class: smooth. It was chosen by the backtest"
    )
    assert newest.endswith("The run chose all models anew: drift.")
    assert changed.startswith("* 2024-05-12, instead of ridge: Model: pooled.")
    assert "anew" not in changed
