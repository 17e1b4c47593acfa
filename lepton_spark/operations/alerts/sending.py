"""Sends a text by a command or to a webhook, with a time limit and further attempts."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice as long."""

MAX_WORDS = 200
"""Longest message of a command that is shown."""

Attempt = Callable[[], "Outcome"]
"""Tries once to send."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of an attempt.

    fault: why it failed, in words without secrets; None if it succeeded. final: not to be repeated.
    """

    fault: str | None = None
    final: bool = False


def send(attempt: Attempt, retries: int, sleep: Callable[[float], None]) -> str | None:
    """Tries until it succeeds, at most 1 + `retries` times; returns why the last attempt failed, or None."""
    outcome = attempt()
    for number in range(retries):
        if outcome.fault is None or outcome.final:
            break
        sleep(FIRST_PAUSE * 2**number)
        outcome = attempt()
    return outcome.fault


def run_command(command: Sequence[str], text: str, timeout: float) -> Outcome:
    """Starts a program without a shell, with the text as its standard input; it must end with 0."""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(f"no end within {timeout:g} s")
    except OSError as fault:
        return Outcome(f"not started: {fault.strerror}", final=True)
    if done.returncode == 0:
        return Outcome()
    message = done.stderr.decode(errors="replace").strip()[:MAX_WORDS]
    return Outcome(f"exit code {done.returncode}{f', {message}' if message else ''}")


def post(url: str, text: str, timeout: float) -> Outcome:
    """Posts JSON; any answer but a success is a failure, a redirection too. The URL is in no message."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "lepton_spark"}
    try:
        request = Request(url, text.encode(), headers, method="POST")  # noqa: S310 - the URL is http or https
        with build_opener(_NoRedirection).open(request, timeout=timeout):
            return Outcome()
    except HTTPError as answer:
        with answer:
            again = (
                answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.code == HTTPStatus.TOO_MANY_REQUESTS
            )
            return Outcome(f"status {answer.code}", final=not again)
    except TimeoutError:
        return Outcome(f"no answer within {timeout:g} s")
    except URLError as fault:
        if isinstance(fault.reason, TimeoutError):
            return Outcome(f"no connection within {timeout:g} s")
        words = fault.reason.strerror if isinstance(fault.reason, OSError) else None
        return Outcome(f"no connection: {words or type(fault.reason).__name__}")
    except (HTTPException, OSError, ValueError) as fault:
        return Outcome(f"no answer: {type(fault).__name__}")


class _NoRedirection(HTTPRedirectHandler):
    """Follows no redirection: it would turn the post into a request without a body."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Nothing to request instead."""
