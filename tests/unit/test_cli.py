from pathlib import Path

import pytest
import yaml

from lepton_spark import cli
from lepton_spark.cli import entry, job, messages
from lepton_spark.errors import FilesError
from lepton_spark.pipelines.ingest.ingest import IngestResult, RefusedFile
from lepton_spark.pipelines.publish.publish import PublishResult
from lepton_spark.version import __version__


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"warehouse": {"root": str(tmp_path / "tables")}}), encoding="utf-8")
    return path


def test_expand_gives_each_file_its_own_option() -> None:
    given = ["run", "--conf", "a", "b", "--set", "x=1", "--conf", "c", "--publish"]
    wanted = ["run", "--conf", "a", "--conf", "b", "--set", "x=1", "--conf", "c", "--publish"]
    assert entry.expand(given) == wanted
    assert entry.expand(wanted) == wanted


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"lepton_spark {__version__}\n"


def test_config_prints_values_with_their_source_and_masks_secrets(
    conf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = "spark.options.fs.s3a.secret.key=hush"
    assert cli.main(["config", "--conf", str(conf), "--set", setting, "--cutoff", "2021-01-31"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"warehouse.root: {conf.parent / 'tables'}  # {conf}" in lines
    assert "forecast.horizon: 28  # default" in lines
    assert "forecast.cutoff: 2021-01-31  # --cutoff" in lines
    assert "spark.options.fs.s3a.secret.key: ***  # --set" in lines


def test_tables_lists_every_table_with_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tables", "--set", "warehouse.root=here"]) == 0
    out = capsys.readouterr().out
    assert "Tables under here" in out
    assert "latest_forecasts" in out
    assert "One row per series and day" in out


def test_tables_lists_the_columns_of_a_table_and_explains_their_terms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["tables", "models"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "product_id (key)" in out
    assert "margin: how clearly the model won" in out
    assert "demand_class: smooth: sells on most days" in out
    assert "rmsse:" not in out


def test_tables_suggests_a_similar_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tables", "forecast"]) == 2
    words = " ".join(capsys.readouterr().err.replace("│", "").split())
    assert "no table 'forecast'" in words
    assert "did you mean forecasts?" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cutoff", "tomorrow"], "--cutoff: forecast.cutoff: found 'tomorrow'; allowed: a day of the"),
        (
            ["--set", "forecast.models=[mean, arma]"],
            "forecast.models[1]: found 'arma'; allowed: a known model",
        ),
        (["--set", "forecast.horizn=3"], "forecast.horizn: found an unknown key; allowed: one of horizon"),
        ([], "default: input.path: found nothing; allowed: a file, a folder"),
        (["--set", "input.path=/no/where"], "--set: input.path: found nothing at /no/where; allowed: a file"),
        (
            ["--set", "input.date_formats=[YYYY-MM-DD]"],
            "input.date_formats[0]: found 'YYYY-MM-DD'; allowed: a date form of y (year), M (month), d (day)",
        ),
        (
            ["--set", "input.options.separator=||"],
            "input.options.separator: found '||'; allowed: one character",
        ),
        (
            ["--set", "input.options.encoding=latin-foo"],
            "input.options.encoding: found 'latin-foo'; allowed: a text",
        ),
        (
            ["--set", "input.product_pattern='(?P<a>x)'"],
            "input.product_pattern: found '(?P<a>x)'; allowed: a regular",
        ),
        (
            ["--set", "publish.valid_days=29"],
            "publish.valid_days: found 29; allowed: up to forecast.horizon, 28",
        ),
        (
            ["--set", "input.columns.customer_id=who"],
            "input.columns.customer_id: found 'who'; allowed: nothing with",
        ),
        (["--set", "input.price_is=line_total"], "input.price_is: found 'line_total'; allowed: only with"),
        (
            ["--set", "spark.options.spark.sql.session.timeZone=CET"],
            "--set: spark.options.spark.sql.session.timeZone: found 'CET'; allowed: 'UTC', because",
        ),
        (
            ["--set", "input.decimal=,", "--set", "input.thousands=,"],
            "input.thousands: found ','; allowed: another sign than input.decimal",
        ),
        (["--set", "spark.master=banana"], "spark.master: found 'banana'; allowed: local[*]"),
    ],
    ids=[
        *(
            "cutoff",
            "model",
            "key",
            "no_input",
            "missing_input",
            "date_form",
            "separator",
            "encoding",
            "pattern",
        ),
        *(
            "valid_days",
            "daily_customer",
            "no_price",
            "fixed_option",
            "thousands",
            "master",
        ),
    ],
)
def test_wrong_configuration_ends_with_2_and_writes_nothing(
    conf: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert cli.main(["run", "--conf", str(conf), *arguments]) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert "nothing was written" in output.err
    assert output.out == ""
    assert [path.name for path in conf.parent.iterdir()] == ["c.yaml"]


def test_job_without_any_setting_asks_for_a_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor"]) == 2
    words = "--conf: found nothing; allowed: your configuration files, as in lepton monitor --conf"
    assert words in capsys.readouterr().err


def test_faults_of_files_and_models_are_reported_together(
    conf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "forecast.models=[mean, arma]", "--set", "forecast.horizon=0", "--cutoff", "x"]
    assert cli.main(["forecast", "--conf", str(conf), str(conf.parent / "absent.yaml"), *settings]) == 2
    output = capsys.readouterr().err
    assert "4 faults" in output
    assert "absent.yaml: (file): found no such file" in output


def test_root_below_a_file_is_refused_before_spark_starts(
    conf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = conf / "tables"
    assert cli.main(["panel", "--set", f"warehouse.root={root}"]) == 2
    assert f"--set: warehouse.root: found '{root}'; allowed: a folder to write to" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["ingest", "panel", "reingest", "unload", "rollback", "maintain", "forget", "migrate"]
)
def test_command_that_has_no_use_for_a_cutoff_does_not_accept_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--cutoff", "2021-01-31"]) == 2
    assert "No such option: --cutoff" in " ".join(capsys.readouterr().err.split())


def test_unknown_option_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--nope"]) == 2
    assert "--nope" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted; run it again"),
        (FilesError("table sales: found 9"), 4, "lepton: table sales: found 9\n"),
        (ZeroDivisionError("by zero"), 1, "lepton: ZeroDivisionError: by zero\nAdd --debug to see where.\n"),
    ],
    ids=["interrupt", "known", "unexpected"],
)
def test_failure_is_reported_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    words: str,
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(job, "load_config", fail)
    assert cli.main(["config"]) == code
    output = capsys.readouterr().err
    assert words in output
    assert "Traceback" not in output


def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job, "load_config", lambda *_: 1 / 0)
    assert cli.main(["config", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_refused_files_and_gates_have_their_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    bad = RefusedFile("b.csv.gz", "unreadable", "not a gzip file")
    messages.print_refused_files(IngestResult("b", {}, (bad,), 1.0))
    assert messages.refused_files_code(IngestResult("b", {}, (bad,), 1.0)) == 4
    assert messages.refused_files_code(IngestResult("b", {}, (), 1.0)) == 0
    assert (
        messages.print_publish_result(PublishResult("r", False, "refused by no_null", (), refused=True)) == 3
    )
    assert messages.print_publish_result(PublishResult("r", False, "a later one is published")) == 0
    output = capsys.readouterr().err
    assert "refused: b.csv.gz: unreadable: not a gzip file" in output
    assert "run r: refused by no_null" in output
