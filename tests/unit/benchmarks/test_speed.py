import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import speed
from speed_parts import catalogue as made_up
from speed_parts.catalogue import LAST_DAY, Catalogue, make_catalogue
from speed_parts.chart import name_of
from speed_parts.event_log import Task, tasks_of
from speed_parts.measures import MIB, StageCost, Stages, Subject, rows_of
from speed_parts.peers import Peer
from speed_parts.processes import own_processes, processor_seconds, resident_memory
from speed_parts.results import read_rows, write_csv, write_markdown


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return make_catalogue(tmp_path_factory.mktemp("sales") / "sales-30", 30)


def test_first_products_of_a_catalogue_sell_alike_in_every_size(catalogue: Catalogue, tmp_path: Path) -> None:
    smaller = make_catalogue(tmp_path / "sales-10", 10)
    theirs = pq.read_table(catalogue.history, filters=Catalogue(catalogue.folder, 10).condition)
    assert theirs.equals(pq.read_table(smaller.history))


def test_history_ends_and_the_next_day_follows(catalogue: Catalogue) -> None:
    assert pc.max(pq.read_table(catalogue.history)["day"]).as_py() <= LAST_DAY
    days = set(pq.read_table(catalogue.next_day)["day"].to_pylist())
    assert [(day - LAST_DAY).days for day in days] == [1]


def test_count_leaves_out_products_without_a_sale(catalogue: Catalogue) -> None:
    lines = pq.read_table(catalogue.history).to_pylist()
    assert catalogue.count() == (len({line["sku"] for line in lines}), len(lines))
    few = [line for line in lines if line["sku"] < "SKU-00000005"]
    assert Catalogue(catalogue.folder, 5).count() == (len({line["sku"] for line in few}), len(few))


def test_an_unfinished_catalogue_is_written_again(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(made_up.pq, "write_table", stop)
        with pytest.raises(KeyboardInterrupt):
            make_catalogue(tmp_path / "sales", 30)
    assert make_catalogue(tmp_path / "sales", 30).count() == catalogue.count()


def test_rows_hold_the_tasks_that_began_in_their_stage() -> None:
    costs = [StageCost("first", 10.0, 12.0, 3.0, {"java": 700.4}), StageCost("second", 12.0, 13.0)]
    tasks = [
        Task(10.0, 4 * MIB, MIB, 0, 90 * MIB),
        Task(11.5, 0, MIB, 0, 80 * MIB),
        Task(12.0, 0, 0, 7 * MIB, 0),
    ]
    first, second = rows_of(costs, tasks, Subject(1_000, "full run", 800, 6_000))
    assert (first["seconds"], first["ms/series"], first["series/s"], first["lines/s"]) == (
        2.0,
        2.5,
        400,
        3_000,
    )
    sums = [first[f"{name} MiB"] for name in ("read", "shuffled", "written", "heap", "java", "worker")]
    assert sums == [4.0, 2.0, 0.0, 90, 700, 0]
    assert (first["processor s"], second["written MiB"], second["read MiB"]) == (3.0, 7.0, 0.0)


def test_tasks_are_read_from_the_event_log(tmp_path: Path) -> None:
    done = {
        "Event": "SparkListenerTaskEnd",
        "Task Info": {"Launch Time": 1500},
        "Task Executor Metrics": {"JVMHeapMemory": 5},
        "Task Metrics": {
            "Input Metrics": {"Bytes Read": 1},
            "Shuffle Write Metrics": {"Shuffle Bytes Written": 2},
            "Output Metrics": {"Bytes Written": 3},
        },
    }
    killed = {"Event": "SparkListenerTaskEnd", "Task Info": {"Launch Time": 1600}}
    events = [{"Event": "SparkListenerJobEnd"}, done, killed]
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "events").write_text("\n".join(map(json.dumps, events)))
    assert tasks_of(tmp_path) == [Task(1.5, 1, 2, 3, 5)]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_memory_and_processor_are_those_of_own_processes() -> None:
    code = "import sys; print(sum(range(20_000_000)), flush=True); sys.stdin.read()"
    before = processor_seconds()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        own, memory = own_processes(), resident_memory()
        child.communicate()
    assert {os.getpid(), child.pid} <= own.keys()
    assert os.getppid() not in own
    assert memory["driver"] > 1
    assert memory["worker"] > 1
    used = own[child.pid] / os.sysconf("SC_CLK_TCK")
    assert processor_seconds() - before >= used > 0.1, "an ended child counts too"


PARENT_THAT_IGNORES = """
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    print(sum(range(20_000_000)), flush=True)
    os.read(0, 1)
    os._exit(0)
try:
    os.wait()
except ChildProcessError:
    print("ended", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_processor_keeps_the_time_of_children_whose_end_is_ignored() -> None:
    command = [sys.executable, "-c", PARENT_THAT_IGNORES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdout.readline()
        before = processor_seconds()
        parent.stdin.write(b"x")
        parent.stdin.flush()
        assert parent.stdout.readline() == b"ended\n"
        assert processor_seconds() >= before
        parent.communicate()


def test_a_slow_peer_gets_the_first_products_and_names_them(catalogue: Catalogue, tmp_path: Path) -> None:
    peer = Peer("slow", lambda some, _scratch, _memory: lambda: some.count()[0], 5)
    (row,) = peer(catalogue, tmp_path, "1g")
    assert (row["catalogue"], row["series"]) == (30, Catalogue(catalogue.folder, 5).count()[0])
    assert str(row["note"]).startswith("the first 5 products; no backtest")
    (row,) = Peer("fast", peer.prepare, 30)(catalogue, tmp_path, "1g")
    assert str(row["note"]).startswith("no backtest")


def test_a_peer_that_loses_products_is_not_reported(catalogue: Catalogue, tmp_path: Path) -> None:
    peer = Peer("lossy", lambda *_: lambda: 1, 30)
    with pytest.raises(RuntimeError, match="lossy: found forecasts of 1 products; allowed: "):
        peer(catalogue, tmp_path, "1g")


def test_every_size_and_part_is_tried_although_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def run(command: list[str], *, check: bool) -> Namespace:
        assert not check
        tried.append((command[command.index("--series") + 1], command[command.index("--one") + 1]))
        return Namespace(returncode=int(tried[-1] == ("10", "full-run")))

    monkeypatch.setattr(speed.subprocess, "run", run)
    arguments = Namespace(series=[10, 20], parts=["run", "limits"], memory="1g")
    assert list(speed.measure_all(tmp_path, arguments)) == ["full-run of 10 products"]
    assert tried == [(size, name) for size in ("10", "20") for name in ("full-run", "next-day", "limits")]


def test_results_hold_the_rows_of_all_sizes_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "write_chart", lambda _rows, _path: None)
    for size in (9_000, 10_000):
        monkeypatch.setitem(
            speed.MEASUREMENTS,
            "limits",
            lambda given, _scratch, _memory: rows_of(
                [StageCost("read", 0.0, 1.0)], [], Subject(given.n_products, "limit", 1, 1)
            ),
        )
        monkeypatch.setattr(speed, "make_catalogue", Catalogue)
        speed.measure(tmp_path, size, "limits", "1g")
    speed.write_results(tmp_path)
    assert [row["catalogue"] for row in read_rows(tmp_path / "speed.csv")] == ["9000", "10000"]


def test_markdown_has_a_section_for_each_size(tmp_path: Path) -> None:
    write_csv([{"catalogue": 1_000, "s": 1.5}, {"catalogue": 10_000, "s": 2.0}], tmp_path / "rows.csv")
    write_markdown(read_rows(tmp_path / "rows.csv"), tmp_path / "rows.md")
    assert (tmp_path / "rows.md").read_text() == (
        "## 1,000 products\n\n| s |\n| --- |\n| 1.5 |\n\n## 10,000 products\n\n| s |\n| --- |\n| 2.0 |\n"
    )


def test_stages_measure_those_that_failed_too() -> None:
    stages = Stages()
    with pytest.raises(ValueError, match="bad"), stages.stage("work"):
        raise ValueError("bad")
    assert [(cost.title, cost.end >= cost.begin) for cost in stages.costs] == [("work", True)]


@pytest.mark.parametrize(
    ("work", "stage", "name"),
    [
        ("full run", "all", "lepton, full run"),
        ("peer", "statsforecast AutoETS", "statsforecast AutoETS"),
        ("limit", "read", "limit: read"),
    ],
)
def test_a_line_of_the_chart_is_named_by_its_work(work: str, stage: str, name: str) -> None:
    assert name_of({"work": work, "stage": stage}) == name
