from lepton_spark.evaluation.windows import Role, Window, of_role, plan_windows


def test_windows_keep_validation_outcomes_out_of_the_test_window() -> None:
    windows = plan_windows(horizon=28, n_validation=3, stride=14)
    assert windows == (
        Window(0, Role.TEST, 28),
        Window(1, Role.VALIDATION, 56),
        Window(2, Role.VALIDATION, 70),
        Window(3, Role.VALIDATION, 84),
    )
    assert all(window.cutoff_offset - 28 >= 28 for window in windows[1:])


def test_windows_are_found_by_role() -> None:
    windows = plan_windows(7, 2, 7)
    assert (of_role(windows, Role.TEST), of_role(windows, Role.VALIDATION)) == ([0], [1, 2])
