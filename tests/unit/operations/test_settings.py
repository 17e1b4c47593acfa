"""The settings for operators: what is wrong with them is reported before a job starts."""

import sys
from pathlib import Path

import pytest
import yaml

from lepton_spark import cli
from lepton_spark.operations import opening


def run(folder: Path, *settings: str, command: str = "run") -> int:
    """A command, mostly `lepton run`, with these settings; the tables would be in `tables`."""
    conf = folder / "c.yaml"
    given = {"warehouse": {"root": str(folder / "tables")}, "input": {"path": str(folder)}}
    conf.write_text(yaml.safe_dump(given), encoding="utf-8")
    return cli.main([command, "--conf", str(conf), *(part for one in settings for part in ("--set", one))])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "alerts.webhook=ftp://host/hush",
            "alerts.webhook: found '***'; allowed: a URL that starts with http",
        ),
        ("alerts.command=[]", "alerts.command: found []; allowed: "),
        ("alerts.events=[smoke]", "alerts.events[0]: found 'smoke'; allowed: "),
        (
            "prometheus.file=lepton.txt",
            "prometheus.file: found 'lepton.txt'; allowed: a file that ends with .prom",
        ),
        (
            "prometheus.file=/no/where/a.prom",
            "prometheus.file: found '/no/where/a.prom'; allowed: a file in a",
        ),
        (
            "lineage.file=/no/where/a",
            "lineage.file: found '/no/where/a'; allowed: a file in a folder that exists",
        ),
        (
            "report.file=s3a://bucket/a.html",
            "report.file: found 's3a://bucket/a.html'; allowed: a local file that ends with .html",
        ),
        (
            "report.file=/dev/null/a.html",
            "report.file: found '/dev/null/a.html'; allowed: a file in a folder that exists",
        ),
    ],
    ids=[
        "webhook",
        "command",
        "event",
        "suffix",
        "prometheus_folder",
        "lineage_folder",
        "report_elsewhere",
        "report_folder",
    ],
)
def test_wrong_setting_ends_with_2_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, words: str
) -> None:
    assert run(tmp_path, setting) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert "hush" not in output.err
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize(
    ("key", "suffix", "module", "extra"),
    [
        ("prometheus.file", ".prom", "prometheus_client", "metrics"),
        ("lineage.file", ".jsonl", "openlineage", "lineage"),
        ("report.file", ".html", "jinja2", "report"),
    ],
    ids=["prometheus", "lineage", "report"],
)
def test_setting_without_its_package_names_the_extra(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    suffix: str,
    module: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    file = tmp_path / f"out{suffix}"
    assert run(tmp_path, f"{key}={file}") == 2
    words = f"--set: {key}: found '{file}'; allowed: only with the package {module}: run pip install"
    assert f"{words} 'lepton-spark[{extra}]'" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def test_config_masks_the_webhook_and_secrets_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["alerts.webhook=https://host/hush", "alerts.command=[notify, --api-key=hush, --to, ops]"]
    assert cli.main(["config", *(part for one in settings for part in ("--set", one))]) == 0
    output = capsys.readouterr().out
    assert "alerts.webhook: ***  # --set" in output
    assert "alerts.command: [notify, ***, --to, ops]  # --set" in output
    assert "hush" not in output


def test_job_that_fails_before_it_has_tables_sends_an_alert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_session(*_: object) -> None:
        raise RuntimeError("no Java\n\tat org.apache.spark.Main")

    monkeypatch.setattr(opening, "open_session", no_session)
    target = tmp_path / "alert.json"
    write = (
        f"[{sys.executable}, -c, 'import sys; open(sys.argv[1], \"w\").write(sys.stdin.read())', {target}]"
    )
    assert run(tmp_path, f"alerts.command={write}") == 1
    assert '"text": "lepton run: failed: RuntimeError: no Java."' in target.read_text("utf-8")
    assert "lepton: RuntimeError: no Java" in capsys.readouterr().err


def test_alert_that_fails_is_reported_and_changes_no_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("alerts.command=[/no/such/program]", "input.path=/no/where")
    assert run(tmp_path, *settings) == 2
    output = capsys.readouterr().err
    assert "alert: not sent by alerts.command" in output
    assert "not started: No such file or directory" in output
    assert "/no/where" in output


def test_failure_of_a_command_that_is_not_scheduled_sends_no_alert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("alerts.command=[/no/such/program]", "input.path=/no/where")
    assert run(tmp_path, *settings, command="check") == 2
    assert "alert" not in capsys.readouterr().err
