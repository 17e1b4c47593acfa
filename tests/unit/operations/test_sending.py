"""Alerts sent to a real server and by real commands."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lepton_spark.operations.alerts.sending import Outcome, post, run_command, send


@dataclass
class Server:
    """A web server that answers with each status in turn, the last one again and again."""

    port: int
    statuses: list[int] = field(default_factory=lambda: [200])
    delay: float = 0.0
    bodies: list[str] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?secret=hush"


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            made.types.append(self.headers["Content-Type"])
            time.sleep(made.delay)
            status = made.statuses.pop(0) if len(made.statuses) > 1 else made.statuses[0]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{made.port}/other")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    web = HTTPServer(("127.0.0.1", 0), Handler)
    made = Server(web.server_port)
    thread = threading.Thread(target=partial(web.serve_forever, poll_interval=0.01))
    thread.start()
    yield made
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def pauses() -> list[float]:
    return []


def test_post_sends_the_text_as_json(server: Server) -> None:
    assert post(server.url, '{"text": "é"}', 5.0) == Outcome()
    assert (server.bodies, server.types) == (['{"text": "é"}'], ["application/json; charset=utf-8"])


def test_server_error_is_followed_by_another_attempt(server: Server, pauses: list[float]) -> None:
    server.statuses = [500, 429, 200]
    assert send(lambda: post(server.url, "{}", 5.0), 2, pauses.append) is None
    assert (len(server.bodies), pauses) == (3, [1.0, 2.0])


def test_attempts_end_with_the_last_retry(server: Server, pauses: list[float]) -> None:
    server.statuses = [500]
    assert send(lambda: post(server.url, "{}", 5.0), 1, pauses.append) == "status 500"
    assert (len(server.bodies), pauses) == (2, [1.0])


@pytest.mark.parametrize("status", [302, 404], ids=["redirection", "unknown"])
def test_answer_that_will_not_change_is_not_asked_for_again(
    server: Server, pauses: list[float], status: int
) -> None:
    server.statuses = [status]
    assert send(lambda: post(server.url, "{}", 5.0), 5, pauses.append) == f"status {status}"
    assert (len(server.bodies), pauses) == (1, [])


def test_slow_answer_ends_with_the_time_limit(server: Server) -> None:
    server.delay = 1.0
    started = time.monotonic()
    assert post(server.url, "{}", 0.1) == Outcome("no answer within 0.1 s")
    assert time.monotonic() - started < 0.9


def test_refused_connection_is_a_failure_without_the_url() -> None:
    refusing = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = refusing.server_port
    refusing.server_close()  # now nothing listens there
    outcome = post(f"http://127.0.0.1:{port}/hook?secret=hush", "{}", 5.0)
    assert outcome == Outcome("no connection: Connection refused")


def test_unusable_url_is_a_failure_without_the_url() -> None:
    assert post("http://host:hush/", "{}", 5.0) == Outcome("no answer: InvalidURL")


Command = Callable[[str], list[str]]


@pytest.fixture
def command() -> Command:
    """A program of Python statements."""
    return lambda statements: [sys.executable, "-c", f"import json, sys, time\n{statements}"]


def test_command_gets_the_text_without_a_shell(command: Command, tmp_path: Path) -> None:
    target = tmp_path / "got; $(echo x)"
    write = command("open(sys.argv[1], 'w').write(json.load(sys.stdin)['text'])")
    assert run_command([*write, str(target)], json.dumps({"text": "3 Produkte für *"}), 10.0) == Outcome()
    assert target.read_text() == "3 Produkte für *"


def test_command_that_fails_says_why(command: Command) -> None:
    failing = command("sys.exit('no route to pager')")
    assert run_command(failing, "{}", 10.0) == Outcome("exit code 1, no route to pager")
    assert run_command(command("sys.exit(3)"), "{}", 10.0) == Outcome("exit code 3")


def test_command_that_reads_nothing_succeeds(command: Command) -> None:
    assert run_command(command("sys.stdin.close()"), "x" * 1_000_000, 10.0) == Outcome()


def test_slow_command_is_ended(command: Command) -> None:
    started = time.monotonic()
    assert run_command(command("time.sleep(20)"), "{}", 0.2) == Outcome("no end within 0.2 s")
    assert time.monotonic() - started < 10


def test_absent_command_is_not_tried_again(pauses: list[float]) -> None:
    fault = send(lambda: run_command(["/no/such/program"], "{}", 1.0), 3, pauses.append)
    assert (fault, pauses) == ("not started: No such file or directory", [])
